//! What one session tells another: within a core, between the cores of a node, between nodes.

use std::sync::Arc;

use super::id::{ProposalId, RoomId};
use super::proposal::{Failure, Proposal};
use super::talk::{ChatMessage, Departure, Payload, Quality, SignalKind};

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
    },
    /// I am back.
    Back {
        /// The room we are in.
        room: RoomId,
    },
    /// I am gone for good.
    Left {
        /// The room we were in.
        room: RoomId,
        /// Why.
        departure: Departure,
    },
}
