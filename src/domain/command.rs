//! What a client asks, and how it is answered.

use std::sync::Arc;

use super::criteria::Criteria;
use super::hall::{HallCommand, HallRefusal, HallView};
use super::id::{NodeId, ProposalId, RoomId, UserId};
use super::person::Attributes;
use super::safety::SafetyCommand;
use super::talk::{ChatMessage, Payload, Quality, SignalKind};

/// What a client asks.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Match me. Replaces an earlier wish, and leaves a proposal or a room.
    Join {
        /// What I am.
        attributes: Attributes,
        /// What I want.
        criteria: Criteria,
    },
    /// I leave the room I am in for somebody else. Whoever skipped searches again when the cooldown of the pool is
    /// over; who is in no room just joins.
    Skip {
        /// What I am.
        attributes: Attributes,
        /// What I want.
        criteria: Criteria,
    },
    /// Do not match me any more.
    LeaveQueue,
    /// I want this match.
    Accept(ProposalId),
    /// I do not, match me with somebody else.
    Reject(ProposalId),
    /// Carry this to my peer.
    Signal {
        /// The room we are in.
        room: RoomRef,
        /// What kind it is.
        kind: SignalKind,
        /// What to carry.
        payload: Payload,
    },
    /// I am writing something, or no longer.
    Typing {
        /// The room.
        room: RoomRef,
        /// Whether I am.
        on: bool,
    },
    /// I am still here.
    Heartbeat,
    /// Who am I here, and where?
    WhoAmI,
    /// My call came to nothing; why is the two clients' affair.
    CallFailed,
    /// This is how my call goes.
    Quality {
        /// The room, if I am in one.
        room: Option<RoomId>,
        /// The figures.
        quality: Quality,
    },
    /// Write this to the room.
    Chat {
        /// The room.
        room: RoomRef,
        /// The text.
        content: Arc<str>,
        /// My own name for it.
        client_message_id: Option<Arc<str>>,
    },
    /// What was written after this number?
    Sync {
        /// The room.
        room: RoomRef,
        /// The last number I know.
        after: u64,
    },
    /// I come back to this room: what was I sent in it?
    Rejoin {
        /// The room.
        room: RoomRef,
        /// How many of my peer's messages I know.
        after: u64,
    },
    /// I leave this room.
    LeaveRoom(RoomRef),
    /// Something about a hall.
    Hall(HallCommand),
    /// Something about somebody who troubles me.
    Safety(SafetyCommand),
}

/// Which room a client speaks of: some families name it, by one id or another, and some have only one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomRef {
    /// This one.
    Id(RoomId),
    /// The one of that number.
    Number(u64),
    /// The one the client is in.
    Current,
}

impl From<RoomId> for RoomRef {
    fn from(room: RoomId) -> Self {
        Self::Id(room)
    }
}

impl RoomRef {
    /// Whether that room is meant, by somebody who is in it.
    pub fn means(self, room: RoomId) -> bool {
        match self {
            Self::Id(id) => id == room,
            Self::Number(number) => number == room.number(),
            Self::Current => true,
        }
    }
}

/// What a command may spend: each user has one budget of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Searching, answering proposals, leaving, blocking and reporting.
    Matching,
    /// Writing and reading messages.
    Chat,
    /// Signals, quality reports, signs of life, coming back to a room, and what nobody understands.
    Signaling,
}

impl Scope {
    /// The word in logs, metrics and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Matching => "matching",
            Self::Chat => "chat",
            Self::Signaling => "signaling",
        }
    }
}

impl Command {
    /// Which budget it is paid from.
    pub const fn scope(&self) -> Scope {
        match self {
            Self::Join { .. }
            | Self::Skip { .. }
            | Self::LeaveQueue
            | Self::Accept(_)
            | Self::Reject(_)
            | Self::LeaveRoom(_)
            | Self::Safety(_)
            | Self::Hall(HallCommand::Enter { .. } | HallCommand::Leave { .. }) => Scope::Matching,
            Self::Chat { .. } | Self::Sync { .. } => Scope::Chat,
            Self::Signal { .. }
            | Self::Typing { .. }
            | Self::Rejoin { .. }
            | Self::Heartbeat
            | Self::WhoAmI
            | Self::CallFailed
            | Self::Quality { .. }
            | Self::Hall(HallCommand::Signal { .. }) => Scope::Signaling,
        }
    }
}

/// A command was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Nothing more to say.
    Done,
    /// To [`Command::Join`].
    Joined {
        /// From 1; 0 when matched at once.
        position: u32,
        /// Seconds.
        estimated_wait_seconds: u32,
    },
    /// To [`Command::Heartbeat`]: the node's time, milliseconds since 1970.
    Alive {
        /// Milliseconds since 1970.
        timestamp_ms: u64,
    },
    /// To [`Command::WhoAmI`].
    You {
        /// Your id, as others see it.
        user: UserId,
        /// The node you are on.
        node: NodeId,
    },
    /// To [`Command::Chat`]: the message as the room keeps it, also one that was written before.
    Sent {
        /// The room.
        room: RoomId,
        /// The message.
        message: ChatMessage,
    },
    /// To [`Command::Sync`].
    Messages(Vec<ChatMessage>),
    /// To [`HallCommand::Enter`].
    Entered(HallView),
    /// To [`Command::Rejoin`]: the peer's messages, as many as one answer holds.
    Missed {
        /// The room.
        room: RoomId,
        /// The messages, in order.
        messages: Vec<ChatMessage>,
    },
    /// To [`Command::LeaveRoom`].
    Left {
        /// The room.
        room: RoomId,
        /// Who left it: you.
        user: UserId,
    },
    /// To [`Command::Rejoin`]: you are not in that room, and were not told over this connection that it is over.
    Over(RoomRef),
}

/// A command was not carried out, and nothing was changed by it. The exception is a join that the store
/// refused or did not answer: it has left the room or proposal it came from first, and its user waits no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It cannot be understood; this part of it is wrong.
    Invalid {
        /// The part, as the client calls it.
        field: &'static str,
    },
    /// No such event in this dialect.
    UnknownEvent,
    /// A part of it is longer than allowed.
    TooLarge {
        /// The part, as the client calls it.
        field: &'static str,
    },
    /// The proposal is over, or was never this user's.
    NoSuchProposal,
    /// The user is not in that room.
    NotInRoom,
    /// The user is in a room, and the pool does not let anybody search from there.
    InRoom,
    /// The user is searching already, and the pool knows no second wish.
    Searching,
    /// The user skipped somebody a moment ago, or has said no too often.
    CoolingDown {
        /// When a search may begin.
        retry_after_ms: u64,
    },
    /// The user spent the budget for such commands.
    RateLimited {
        /// Which budget.
        scope: Scope,
        /// When there is budget again.
        retry_after_ms: u64,
    },
    /// Too many commands of this session wait already.
    Busy {
        /// When to try again.
        retry_after_ms: u64,
    },
    /// The store does not answer.
    Unavailable {
        /// When to try again.
        retry_after_ms: u64,
    },
    /// The pool holds as many tickets as it may.
    PoolFull {
        /// When to try again.
        retry_after_ms: u64,
    },
    /// Something about a hall.
    Hall(HallRefusal),
    /// The user has blocked as many people as it may.
    TooManyBlocks,
}

impl Refusal {
    /// The stable code: logs, metrics and clients know a refusal by it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Invalid { .. } => "invalid",
            Self::UnknownEvent => "unknown_event",
            Self::TooLarge { .. } => "too_large",
            Self::NoSuchProposal => "match_gone",
            Self::NotInRoom => "not_in_session",
            Self::InRoom => "in_session",
            Self::Searching => "searching",
            Self::CoolingDown { .. } => "cooling_down",
            Self::RateLimited { .. } => "rate_limited",
            Self::Busy { .. } => "busy",
            Self::Unavailable { .. } => "unavailable",
            Self::PoolFull { .. } => "queue_full",
            Self::Hall(refusal) => refusal.code(),
            Self::TooManyBlocks => "too_many_blocks",
        }
    }

    /// When trying again makes sense, where it does.
    pub const fn retry_after_ms(&self) -> Option<u64> {
        match self {
            Self::RateLimited { retry_after_ms, .. }
            | Self::Busy { retry_after_ms }
            | Self::Unavailable { retry_after_ms }
            | Self::CoolingDown { retry_after_ms }
            | Self::PoolFull { retry_after_ms } => Some(*retry_after_ms),
            Self::Invalid { .. }
            | Self::UnknownEvent
            | Self::TooLarge { .. }
            | Self::NoSuchProposal
            | Self::NotInRoom
            | Self::InRoom
            | Self::Searching
            | Self::TooManyBlocks
            | Self::Hall(_) => None,
        }
    }
}
