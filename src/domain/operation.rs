//! The contract between the core and whatever keeps what nodes share: operations and their answers.
//!
//! Every operation is atomic, and each touches either one pool, the halls of one pool, one room or one user, so that a
//! store may keep these in different places. `now` is the node's; a store with a clock of its own may prefer it.

use std::sync::Arc;
use std::time::Duration;

use super::hall::{HallOperation, HallOutcome};
use super::id::{Address, ProposalId, RoomId, TicketId, UserId};
use super::proposal::{Proposal, Verdict};
use super::search::SearchPlan;
use super::talk::{ChatMessage, Talk};
use super::ticket::{Order, PoolId, Ticket};
use super::time::Time;

/// What the core asks of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A user's session begins: who has this user met lately, and where is the session that it follows?
    Attach {
        /// The user.
        user: UserId,
        /// Where.
        pool: PoolId,
        /// Where the session lives from now on.
        address: Address,
        /// When its client came in, by the node's clock. A session whose client came in later stays known.
        since: Time,
    },
    /// A session lives here and is in this talk, unless one of the same user is known whose client came in later.
    Register {
        /// The user.
        user: UserId,
        /// Where.
        pool: PoolId,
        /// Where the session lives.
        address: Address,
        /// When its client came in, by the store's clock.
        rank: Time,
        /// The talk it is in; what was known of an earlier one is forgotten.
        talk: Option<Box<Talk>>,
    },
    /// Where does a user's session live?
    Locate {
        /// The user.
        user: UserId,
        /// Where.
        pool: PoolId,
    },
    /// The user's session is another one from now on: its ticket and its proposal belong to `owner`.
    Reclaim {
        /// Where.
        pool: PoolId,
        /// Whose.
        user: UserId,
        /// Where the session lives from now on.
        owner: Address,
    },
    /// A user's session is over.
    Detach {
        /// The user.
        user: UserId,
        /// Where.
        pool: PoolId,
        /// The session that is over; a later one of the same user stays.
        address: Address,
    },
    /// The user is not to meet `partner` until then.
    Remember {
        /// Whose history.
        user: UserId,
        /// Where.
        pool: PoolId,
        /// Whom.
        partner: UserId,
        /// How long.
        until: Time,
    },
    /// List the ticket, look through the plan's buckets, and claim both if somebody acceptable is there.
    Search(Box<Search>),
    /// Take a ticket off its list.
    Withdraw {
        /// Where.
        pool: PoolId,
        /// Which.
        ticket: TicketId,
    },
    /// The owners of these tickets are alive.
    Renew {
        /// Where.
        pool: PoolId,
        /// Which.
        tickets: Vec<TicketId>,
        /// Until when they count as alive from now on.
        lease_until: Time,
    },
    /// One of the two answers a proposal.
    Answer {
        /// Where.
        pool: PoolId,
        /// Which.
        proposal: ProposalId,
        /// Who answers.
        user: UserId,
        /// What.
        verdict: Verdict,
    },
    /// A proposal's time is over.
    Expire {
        /// Where.
        pool: PoolId,
        /// Which.
        proposal: ProposalId,
    },
    /// The room of an agreed proposal begins, or is opened again. One that stands stays as it is, unless it forgot
    /// numbers that it gave: then those that follow are larger by [`SEQUENCE_GAP`] than any that was heard of.
    ///
    /// [`SEQUENCE_GAP`]: super::limits::SEQUENCE_GAP
    OpenRoom {
        /// Whose members are of that pool.
        pool: PoolId,
        /// Which.
        room: RoomId,
        /// Who may write and read.
        members: [UserId; 2],
        /// The highest number of a message that was heard of; `None` in a new room.
        heard: Option<u64>,
        /// How many messages each of the members is known to have written.
        written: [u64; 2],
    },
    /// Does the room still stand, with this member?
    Rejoin {
        /// Which.
        room: RoomId,
        /// Who asks.
        user: UserId,
    },
    /// The room is over, and what was said in it forgotten.
    CloseRoom {
        /// Which.
        room: RoomId,
    },
    /// Add a chat message and give it its number.
    Append {
        /// Where.
        room: RoomId,
        /// Who writes.
        from: UserId,
        /// The text.
        content: Arc<str>,
        /// The writer's name for it.
        client_message_id: Option<Arc<str>>,
    },
    /// Chat messages after a number, oldest first, at most [`MESSAGES_AT_ONCE`].
    ///
    /// [`MESSAGES_AT_ONCE`]: super::limits::MESSAGES_AT_ONCE
    Messages {
        /// Where.
        room: RoomId,
        /// The last number that is known already.
        after: u64,
    },
    /// Something about the halls of a pool.
    Hall {
        /// Where.
        pool: PoolId,
        /// What.
        request: HallOperation,
    },
}

/// What [`Operation::Search`] carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// What to do.
    pub plan: SearchPlan,
    /// The name of the proposal, should one be made.
    pub proposal: ProposalId,
    /// The name of its room.
    pub room: RoomId,
    /// How long both have to accept it.
    pub accept_within: Duration,
    /// Whether both have accepted by having searched.
    pub agreed: bool,
    /// Until when the ticket's owner counts as alive.
    pub lease_until: Time,
    /// Waiting tickets the pool may hold.
    pub most_waiting: usize,
}

/// A store's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// To [`Operation::Attach`].
    Attached(Attached),
    /// To [`Operation::Attach`]: the user's client came in elsewhere since, and nothing was changed.
    Superseded(Superseded),
    /// To [`Operation::Register`].
    Registered(Registered),
    /// To [`Operation::Locate`].
    Located(Option<Address>),
    /// To [`Operation::Reclaim`].
    Reclaimed(Reclaimed),
    /// To an operation that has nothing to tell.
    Done,
    /// To [`Operation::Search`].
    Searched(Searched),
    /// To [`Operation::Withdraw`].
    Withdrawn(Withdrawn),
    /// To [`Operation::Renew`], in the order asked.
    Renewed(Vec<(TicketId, Standing)>),
    /// To [`Operation::Answer`].
    Answered(Answered),
    /// To [`Operation::Expire`].
    Expired(Expired),
    /// To [`Operation::Rejoin`]: the number of the room's last message, 0 before the first; `None` if there is no
    /// such room, or the user is not in it.
    Rejoined(Option<u64>),
    /// To [`Operation::Append`].
    Appended(Appended),
    /// To [`Operation::Messages`].
    Messages(Vec<ChatMessage>),
    /// To [`Operation::Hall`].
    Hall(HallOutcome),
    /// To any: nothing is known of what became of it. It may have been carried out.
    Unavailable {
        /// When to try again.
        retry_after_ms: u64,
    },
}

impl Outcome {
    /// When to try again, of a store that does not answer.
    pub fn retry_after_ms(&self) -> Option<u64> {
        if let Self::Unavailable { retry_after_ms } = self { Some(*retry_after_ms) } else { None }
    }
}

/// What is known of a user whose session begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attached {
    /// Whom not to meet, and until when.
    pub history: Vec<(UserId, Time)>,
    /// The session that this one follows, if it was not over.
    pub former: Option<Former>,
    /// When the client came in, by the store's clock: of two sessions of a user the one counts whose rank is higher.
    pub rank: Time,
}

/// A session that is asked about too late.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Superseded {
    /// The session that counts.
    pub by: Address,
    /// The session that the one asked about followed, if it was told so and may not have heard it.
    pub former: Option<Address>,
}

/// Which session of a user counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// Where it lives, which may be another one than asked for.
    pub lives_at: Address,
    /// When its client came in, by the store's clock.
    pub rank: Time,
    /// Where the one lived that counted until now, if that was another one.
    pub former: Option<Address>,
}

/// An earlier session of a user, as it was registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Former {
    /// Where it lived.
    pub address: Address,
    /// The talk it was in. Its room may be over.
    pub talk: Option<Box<Talk>>,
}

/// What a user had in a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reclaimed {
    /// A ticket that waits, now of the new owner.
    Waiting(Arc<Ticket>),
    /// A ticket that is part of a proposal whose time is not over, now of the new owner. Both may have accepted it.
    Taken(Arc<Proposal>),
    /// Neither.
    Nothing,
}

/// How a search ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Searched {
    /// Listed; nobody acceptable is there now.
    Listed(Place),
    /// Listed; the limit of candidates was reached. Search on after this place.
    More(Order),
    /// Both are claimed.
    Claimed(Arc<Proposal>),
    /// The ticket (or the one it replaces) had been claimed already.
    Taken(Arc<Proposal>),
    /// Not listed: the pool holds as many as it may.
    Full,
}

/// Where a ticket stands among those of its direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// From 1.
    pub position: u32,
    /// What people of this language pair waited lately, seconds.
    pub estimated_wait_seconds: u32,
}

/// How a withdrawal ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Withdrawn {
    /// It waits no longer.
    Removed,
    /// It had been claimed already: the proposal wants an answer.
    Taken(Arc<Proposal>),
    /// It did not wait.
    Unknown,
}

/// What a store knows of a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It waits.
    Waiting(Place),
    /// It is part of a proposal.
    Taken(Arc<Proposal>),
    /// It is not known: list it again.
    Unknown,
}

/// How an answer to a proposal ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// Accepted; the other has not answered yet.
    Pending(Arc<Proposal>),
    /// Both have accepted now.
    Agreed(Arc<Proposal>),
    /// The proposal is over by this answer.
    Ended(Arc<Proposal>),
    /// There is no such proposal of this user, or its time is over.
    Gone,
}

/// What became of a proposal whose time is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expired {
    /// It is over by this operation.
    Ended(Arc<Proposal>),
    /// Both had accepted in time.
    Agreed(Arc<Proposal>),
    /// Its time is not over by the store's clock.
    Early,
    /// It was over already.
    Gone,
}

/// How a chat message was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Appended {
    /// New, with its number.
    Added(ChatMessage),
    /// Known by its client message id: the message as it was written first.
    Duplicate(ChatMessage),
    /// There is no such room, or the writer is not in it.
    NoRoom,
}
