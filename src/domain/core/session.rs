//! A client as it survives reconnects, and the arena that holds all of a core's.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use super::super::budget::Budgets;
use super::super::command::Command;
use super::super::criteria::Stage;
use super::super::envelope::{Ended, Handover};
use super::super::id::{
    AckId, Address, ConnectionId, OperationId, ProposalId, RoomId, SessionId, TicketId, UserId,
};
use super::super::operation::{Outcome, Place};
use super::super::policy::RETRY_AFTER;
use super::super::proposal::Proposal;
use super::super::rejections::{RejectionRule, Rejections};
use super::super::talk::{Departure, Payload, SignalKind, Talk};
use super::super::ticket::{Order, Ticket};
use super::super::time::Time;

use super::consulting::Backing;
use super::halls::{Attendance, Entering};
use super::storing::Appending;

/// Who waits for an answer, if anybody does.
pub(super) type Asker = Option<(ConnectionId, AckId)>;

/// A client as it survives reconnects.
pub(super) struct Session {
    pub(super) user: UserId,
    /// Its pool's place among the core's policies.
    pub(super) policy: usize,
    /// `None` while the client is away.
    pub(super) connection: Option<ConnectionId>,
    /// The client is back and was not told where it stands: what it asked for over an older connection is
    /// still being done. Until then it is told nothing else.
    pub(super) resuming: bool,
    /// When the client came in, or came back.
    pub(super) since: Time,
    /// The same by the store's clock, once it has answered: the user's session of the highest rank counts.
    pub(super) rank: Option<Time>,
    /// Whether what the user had elsewhere is here.
    pub(super) arrival: Arrival,
    pub(super) state: State,
    /// The halls it is in, besides.
    pub(super) halls: Vec<Attendance>,
    /// The hall that it is coming into.
    pub(super) entering: Option<Box<Entering>>,
    pub(super) flight: Flight,
    /// Chat appends under way, in order, and what was answered to those whose turn has not come: answers may
    /// overtake each other on their way from the store.
    pub(super) appends: VecDeque<(OperationId, Option<(Appending, Outcome)>)>,
    /// What waits for the operation under way, in order.
    pub(super) queue: VecDeque<Work>,
    /// Whom not to meet, and until when; newest last.
    pub(super) avoid: Vec<(UserId, Time)>,
    pub(super) budgets: Budgets,
    /// The room that the other one ended while the client was away, where it is to be told.
    pub(super) ended: Option<Box<Ended>>,
    /// The room of whose end the client was told over this connection. Boxed, as what else is seldom there.
    pub(super) told_over: Option<Box<RoomId>>,
    /// The room it was in last, and with whom.
    pub(super) parted: Option<Box<(RoomId, UserId)>>,
    /// How often its user said no lately.
    pub(super) rejections: Rejections,
    /// How many people there are, as the client was told.
    pub(super) told_online: Option<u64>,
    /// The last sign of life.
    pub(super) seen_at: Time,
    /// Who skipped somebody searches again from then on.
    pub(super) cooled_at: Time,
    /// When the place is given up; [`Time::NEVER`] while connected.
    pub(super) away_until: Time,
    /// The earliest wake-up that stands in the core's heap for this session.
    pub(super) wake_at: Time,
    /// The last proposals that ended for this session, newest last, so that news of them that come late are
    /// known as old. A ticket that is queued again may be claimed again while such news are on their way.
    pub(super) settled: Vec<ProposalId>,
    /// What it has to do with a backend, where its pool has one.
    pub(super) backing: Option<Box<Backing>>,
    /// The ticket that was brought here from an earlier session. It may be handed over once more, late.
    pub(super) brought: Option<TicketId>,
}

/// How far the beginning of a session has come. Until it is settled, its client's commands wait.
pub(super) enum Arrival {
    /// The store is asked where the user was.
    Asked,
    /// It did not say: it is asked again at that moment. Commands do not wait for that, but nobody joins. A client
    /// that is gone for good ends the session once there is an answer.
    Unanswered { ask_at: Time, gone: Option<Departure> },
    /// The session that this one follows is asked for what it has, until then.
    TakingOver { from: Address, talk: Option<Box<Talk>>, until: Time },
    /// Everything that could be found is here.
    Settled,
}

/// What a session is doing. Boxed, because most sessions do nothing.
pub(super) enum State {
    Idle,
    Waiting(Box<Waiting>),
    Proposed(Box<Proposed>),
    Talking(Box<Talking>),
}

/// A wish, listed or about to be.
pub(super) struct Waiting {
    pub(super) ticket: Arc<Ticket>,
    /// The stage of the last search.
    pub(super) stage: Stage,
    /// Whether the store lists it, as far as is known.
    pub(super) listed: bool,
    /// Where a search that met its limit goes on.
    pub(super) after: Option<Order>,
    /// How far a search in no particular order has come.
    pub(super) sweep: Sweep,
    /// An earlier ticket that the next search takes off the list.
    pub(super) replaces: Option<TicketId>,
    /// The last proposal of another wish of the user that a search met and that was declined.
    pub(super) declined: Option<ProposalId>,
    /// Whether a search stands in the queue already.
    pub(super) search_queued: bool,
    /// When to ask an unavailable store again.
    pub(super) retry_at: Time,
    /// What the client was told last, and when.
    pub(super) told: (Place, Stage),
    pub(super) told_at: Time,
}

/// How far a search has come that may choose anyone: it begins anywhere and goes round.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sweep {
    /// The next search begins anywhere.
    Begins,
    /// It looks at those after the place where it began.
    FromAnywhere,
    /// It looks at all.
    FromTheFirst,
}

/// Before an agreement.
pub(super) struct Proposed {
    pub(super) proposal: Arc<Proposal>,
    /// The own ticket, to be queued again.
    pub(super) ticket: Arc<Ticket>,
    pub(super) accepted: bool,
    /// When to ask the store what became of it.
    pub(super) settle_at: Time,
    /// The store no longer knows it, and its end was not told yet.
    pub(super) lost: bool,
    /// The other one left the room before it was open here.
    pub(super) peer_gone: Option<Departure>,
    /// Where the other one is, if not where its ticket says.
    pub(super) peer: Option<Address>,
    /// It was brought here: the other one may not know where this side is.
    pub(super) brought: bool,
}

/// What a session heard of its peer's signals, the later the newer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum HeardSignal {
    Nothing,
    /// One that was sent to where the session was before, perhaps.
    Some,
    /// One of a peer that knew where the session is.
    Here,
}

/// In a room.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact that no other one depends on")]
pub(super) struct Talking {
    pub(super) talk: Talk,
    /// The client was told of the match.
    pub(super) told: bool,
    /// What came of signals: none that is older may follow.
    pub(super) heard_signal: HeardSignal,
    /// Signals that came while the client was away.
    pub(super) held: VecDeque<(SignalKind, Payload)>,
    /// Every chat message up to this number is the client's own or went to it.
    pub(super) last_sequence: u64,
    /// The highest number heard of, shown or not.
    pub(super) heard_sequence: u64,
    /// How many messages the client and the other one have written, as far as was heard.
    pub(super) written: [u64; 2],
    /// Missed messages are being fetched: newer ones wait, so that order holds.
    pub(super) catching_up: bool,
    /// They are to be fetched once more, a moment after they were.
    pub(super) looks_again: bool,
    /// When to ask an unavailable store for them again.
    pub(super) catch_up_at: Time,
    /// When to open the room again that the store does not know any more.
    pub(super) reopen_at: Time,
    /// Where the other one was before. A session that its user has left behind does not speak for the room.
    pub(super) left_behind: Vec<Address>,
    /// It was opened again, or may have been: should the other one have closed it before, it is closed once more.
    pub(super) reopened: bool,
}

impl Talking {
    /// Missed messages were fetched; `more`: and are at once again, which comes back.
    pub(super) fn fetched(&mut self, more: bool, now: Time) -> bool {
        self.catching_up = more;
        if !more && std::mem::take(&mut self.looks_again) {
            self.catch_up_at = now + RETRY_AFTER;
        }
        more
    }
}

/// Operations of a session that are under way.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flight {
    None,
    /// Chat appends, which may follow each other.
    Appends(u32),
    /// One operation; everything else waits.
    One(OperationId),
    /// The session that this one follows is asked for what it has; everything else waits.
    TakeOver,
}

/// Something to do for a session, in its turn.
pub(super) enum Work {
    Command {
        asker: Asker,
        command: Command,
    },
    /// List the ticket and look for somebody.
    Search,
    /// The client is away: take the ticket off the list and keep its place.
    Suspend,
    /// There was no sign of life: the ticket ends.
    Silence,
    /// The proposal's time is over.
    Expire,
    /// Tell the peer that the client is away.
    Away,
    /// Tell a client that is back where it stands.
    Resume,
    /// Fetch the chat messages that the client missed.
    CatchUp,
    /// The session is over.
    End(Departure),
    /// The client is at that session now: it gets what this one has.
    HandOver {
        by: Address,
        /// Its rank.
        rank: Time,
    },
    /// Go on with what an earlier session had, which came in time or late.
    GoOn {
        handover: Box<Handover>,
        late: bool,
    },
    /// Ask the store again where the user was.
    Attach,
    /// Open the room again that the store does not know any more.
    Reopen,
}

/// Proposals that a session remembers once they are over: more than can end while news of the first are on
/// their way.
const SETTLED: usize = 8;

impl Session {
    /// The proposal is over for this session.
    pub(super) fn settle(&mut self, proposal: ProposalId) {
        if self.settled.len() == SETTLED {
            self.settled.remove(0);
        }
        self.settled.push(proposal);
    }

    /// Whether nothing is lost with the session of a client that wants nothing: it could as well begin anew.
    pub(super) fn owes_nothing(&self, rule: &RejectionRule, now: Time) -> bool {
        self.budgets.are_full(now) && self.cooled_at <= now && self.rejections.are_past(rule, now)
    }

    /// Where the client can be told what happens, if it can.
    pub(super) fn listening(&self) -> Option<ConnectionId> {
        self.connection.filter(|_| !self.resuming)
    }

    /// How much waits for its turn or, of the chat appends that may follow each other, for the store: nothing
    /// else bounds those while a store is slow.
    pub(super) fn waiting_commands(&self) -> usize {
        let appends = match self.flight {
            Flight::Appends(count) => usize::try_from(count).unwrap_or(usize::MAX),
            Flight::None | Flight::One(_) | Flight::TakeOver => 0,
        };
        self.queue.len().saturating_add(appends)
    }

    pub(super) fn waiting(&mut self) -> Option<&mut Waiting> {
        match &mut self.state {
            State::Waiting(waiting) => Some(waiting),
            State::Idle | State::Proposed(_) | State::Talking(_) => None,
        }
    }

    /// The ticket that waits or is before an agreement.
    pub(super) fn ticket(&self) -> Option<TicketId> {
        match &self.state {
            State::Waiting(waiting) => Some(waiting.ticket.id),
            State::Proposed(proposed) => Some(proposed.ticket.id),
            State::Idle | State::Talking(_) => None,
        }
    }

    pub(super) fn proposed(&mut self, id: ProposalId) -> Option<&mut Proposed> {
        match &mut self.state {
            State::Proposed(proposed) if proposed.proposal.id == id => Some(proposed),
            State::Proposed(_) | State::Idle | State::Waiting(_) | State::Talking(_) => None,
        }
    }

    pub(super) fn talking(&mut self, room: RoomId) -> Option<&mut Talking> {
        match &mut self.state {
            State::Talking(talking) if talking.talk.room == room => Some(talking),
            State::Talking(_) | State::Idle | State::Waiting(_) | State::Proposed(_) => None,
        }
    }
}

/// The arena. A place is used again under a higher generation, so an old id finds nothing.
#[derive(Default)]
pub(super) struct Sessions {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

#[derive(Default)]
struct Slot {
    generation: u32,
    session: Option<Box<Session>>,
}

impl Sessions {
    pub(super) fn insert(&mut self, shard: u8, session: Session) -> SessionId {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            u32::try_from(self.slots.len() - 1).expect("connections are limited far below 2^32")
        });
        let place = &mut self.slots[slot as usize];
        place.session = Some(Box::new(session));
        SessionId { shard, slot, generation: place.generation }
    }

    pub(super) fn remove(&mut self, id: SessionId) -> Option<Session> {
        let place = self.slots.get_mut(id.slot as usize).filter(|place| place.generation == id.generation)?;
        let session = place.session.take()?;
        place.generation = place.generation.wrapping_add(1);
        self.free.push(id.slot);
        self.shrink();
        Some(*session)
    }

    pub(super) fn get(&self, id: SessionId) -> Option<&Session> {
        let place = self.slots.get(id.slot as usize).filter(|place| place.generation == id.generation)?;
        place.session.as_deref()
    }

    pub(super) fn get_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        let place = self.slots.get_mut(id.slot as usize).filter(|place| place.generation == id.generation)?;
        place.session.as_deref_mut()
    }

    /// How many places there are, free ones included.
    pub(super) fn places(&self) -> usize {
        self.slots.len()
    }

    /// The sessions in these places.
    pub(super) fn at(&self, shard: u8, places: Range<usize>) -> impl Iterator<Item = SessionId> {
        let slots = self.slots.iter().enumerate().take(places.end).skip(places.start);
        slots.filter(|(_, place)| place.session.is_some()).filter_map(move |(slot, place)| {
            Some(SessionId { shard, slot: u32::try_from(slot).ok()?, generation: place.generation })
        })
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Sixteen bytes a place stay after a mass disconnect; the generations must, or old ids would lie.
    fn shrink(&mut self) {
        if self.len() == 0 {
            self.free.sort_unstable_by(|a, b| b.cmp(a));
        }
    }
}
