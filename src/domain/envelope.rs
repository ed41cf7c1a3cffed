//! What one session tells another: within a core, between the cores of a node, between nodes.

use std::sync::Arc;

use super::hall::{HallNews, HandedHall};
use super::id::{Address, HallName, ProposalId, RoomId, UserId};
use super::proposal::{Failure, Proposal};
use super::talk::{ChatMessage, Departure, Payload, Quality, SignalKind, Talk};
use super::ticket::Ticket;
use super::time::Time;

/// What one session tells another. The sender is known by the proposal or the room; an envelope about one
/// that its receiver is not part of is dropped.
#[derive(Clone, Debug, PartialEq)]
pub enum Envelope {
    /// I claimed us both.
    Proposed(Arc<Proposal>),
    /// I accepted.
    Accepted(Arc<Proposal>),
    /// I accepted as the second: the room stands.
    Agreed(Arc<Proposal>),
    /// It came to nothing.
    Failed {
        /// Which.
        proposal: ProposalId,
        /// Why.
        failure: Failure,
    },
    /// For you.
    Signal {
        /// The room we are in.
        room: RoomId,
        /// What kind.
        kind: SignalKind,
        /// What it is.
        payload: Payload,
    },
    /// How my call goes.
    Quality {
        /// The room we are in.
        room: RoomId,
        /// The figures.
        quality: Quality,
    },
    /// I am writing something, or no longer.
    Typing {
        /// The room we are in.
        room: RoomId,
        /// Whether I am.
        on: bool,
    },
    /// I wrote this.
    Chat {
        /// The room we are in.
        room: RoomId,
        /// What.
        message: ChatMessage,
    },
    /// I lost my connection.
    Away {
        /// The room we are in.
        room: RoomId,
        /// Where I am.
        from: Address,
    },
    /// I am back.
    Back {
        /// The room we are in.
        room: RoomId,
        /// Where I am, which may be elsewhere than before.
        from: Address,
    },
    /// I am in this room, and here. Nothing that a client need know.
    Here {
        /// The room we are in.
        room: RoomId,
        /// Where I am.
        from: Address,
    },
    /// I am gone for good.
    Left {
        /// The room we were in.
        room: RoomId,
        /// Why.
        departure: Departure,
        /// Where I was.
        from: Address,
    },
    /// Your client has come to me: hand over what you have.
    TakeOver {
        /// Whose session I am.
        user: UserId,
        /// Where I am.
        by: Address,
        /// When your client came to me, by the store's clock.
        rank: Time,
    },
    /// What the session that you asked had; nothing if it is not there any more.
    HandedOver(Option<Box<Handover>>),
    /// Something about a hall.
    Hall {
        /// Which.
        hall: HallName,
        /// What.
        news: HallNews,
    },
    /// Something that came for a session after it had moved.
    Forwarded {
        /// How often.
        times: u8,
        /// What it is; not itself forwarded.
        envelope: Box<Envelope>,
    },
}

impl Envelope {
    /// How often it was forwarded, and what it is.
    pub fn unwrapped(self) -> (u8, Self) {
        if let Self::Forwarded { times, envelope } = self { (times, *envelope) } else { (0, self) }
    }

    /// Whether it is of use only now: whoever missed it asks for another, or does without.
    pub fn is_of_the_moment(&self) -> bool {
        match self {
            Self::Signal { .. }
            | Self::Quality { .. }
            | Self::Typing { .. }
            | Self::Hall { news: HallNews::Signal { .. }, .. } => true,
            Self::Proposed(_)
            | Self::Accepted(_)
            | Self::Agreed(_)
            | Self::Failed { .. }
            | Self::Chat { .. }
            | Self::Away { .. }
            | Self::Back { .. }
            | Self::Here { .. }
            | Self::Left { .. }
            | Self::TakeOver { .. }
            | Self::HandedOver(_)
            | Self::Hall { .. } => false,
            Self::Forwarded { envelope, .. } => envelope.is_of_the_moment(),
        }
    }
}

/// What a session has that goes on elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Handover {
    /// Whose it is.
    pub user: UserId,
    /// What it was doing.
    pub going_on: GoingOn,
    /// The last proposals that ended for it, newest last.
    pub settled: Vec<ProposalId>,
    /// Whom it was brought together with last, which may not be written down yet, and until when the two are not
    /// again.
    pub met: Vec<(UserId, Time)>,
    /// The halls it is in.
    pub halls: Vec<HandedHall>,
    /// The room that ended while the client was away, where it is to be told.
    pub ended: Option<Ended>,
    /// It wants somebody to talk to, whom a backend finds.
    pub seeks: bool,
}

/// A room that the other one ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Which.
    pub room: RoomId,
    /// Who.
    pub user: UserId,
    /// Why.
    pub departure: Departure,
}

/// What a session is doing, as far as another can go on with it.
#[derive(Clone, Debug, PartialEq)]
pub enum GoingOn {
    /// Nothing.
    Idle,
    /// Waiting, with this ticket.
    Waiting(Arc<Ticket>),
    /// Before an agreement.
    Proposed {
        /// The proposal as it was told last, its accepted sides included.
        proposal: Arc<Proposal>,
        /// The other one left the room before it was open here.
        peer_gone: Option<Departure>,
    },
    /// In a room.
    Talking {
        /// The talk.
        talk: Box<Talk>,
        /// Every chat message up to this number is the client's own or went to it.
        last_sequence: u64,
        /// The highest number heard of.
        heard_sequence: u64,
        /// Whether the client was told of the match.
        told: bool,
        /// Signals that came while the client was away, oldest first.
        held: Vec<(SignalKind, Payload)>,
    },
}
