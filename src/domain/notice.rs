//! What a client is told without having asked.

use super::command::Scope;
use super::criteria::Stage;
use super::hall::HallNotice;
use super::id::{NodeId, ProposalId, RoomId, UserId};
use super::operation::Place;
use super::person::{Language, Proficiency};
use super::proposal::Failure;
use super::talk::{ChatMessage, Departure, Payload, Quality, SignalKind};
use super::time::Time;

/// What a client is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// First of all: who you are here.
    Welcome {
        /// Your id, as others see it.
        user: UserId,
        /// Whether you came without a token.
        guest: bool,
        /// The node you are on.
        node: NodeId,
    },
    /// Your session goes on where it was.
    Resumed(Resumed),
    /// Somebody was found.
    MatchFound(Found),
    /// The other one accepted.
    MatchAccepted {
        /// The proposal.
        proposal: ProposalId,
        /// Its room.
        room: RoomId,
        /// Who accepted.
        by: UserId,
    },
    /// Both accepted: the room stands.
    MatchReady {
        /// The proposal.
        proposal: ProposalId,
        /// The room.
        room: RoomId,
        /// With whom.
        partner: Partner,
        /// Whether you start the call.
        initiator: bool,
    },

    /// The proposal came to nothing.
    MatchFailed {
        /// The proposal.
        proposal: ProposalId,
        /// Why.
        failure: Failure,
        /// Whether you are waiting again.
        requeued: bool,
    },
    /// Your place in the queue.
    Position {
        /// Where you stand.
        place: Place,
        /// How far your wishes have relaxed.
        stage: Stage,
    },
    /// You wait no longer: there was no sign of life from you.
    WaitingExpired,
    /// Your peer sends this.
    Signal {
        /// The room.
        room: RoomId,
        /// What kind.
        kind: SignalKind,
        /// What it is.
        payload: Payload,
        /// Who sent it.
        from: UserId,
    },
    /// Your peer is writing something, or no longer.
    Typing {
        /// The room.
        room: RoomId,
        /// Who.
        user: UserId,
        /// Whether they are.
        on: bool,
    },
    /// How the call goes for your peer.
    Quality {
        /// The room.
        room: RoomId,
        /// Who reports.
        from: UserId,
        /// The figures.
        quality: Quality,
    },
    /// Your peer wrote this.
    Chat {
        /// The room.
        room: RoomId,
        /// What.
        message: ChatMessage,
    },
    /// Your peer lost its connection and may come back.
    PeerAway {
        /// The room.
        room: RoomId,
        /// Who.
        user: UserId,
        /// How long the place is kept.
        grace_ms: u64,
    },
    /// Your peer is back.
    PeerBack {
        /// The room.
        room: RoomId,
        /// Who.
        user: UserId,
    },
    /// Your peer will not come back; the room is over.
    PeerLeft {
        /// The room.
        room: RoomId,
        /// Who.
        user: UserId,
        /// Why.
        departure: Departure,
    },
    /// So many people are in your pool, on all nodes.
    Online {
        /// You included.
        people: u64,
    },
    /// You ask too much.
    RateLimited {
        /// Of what.
        scope: Scope,
        /// When there is budget again.
        retry_after_ms: u64,
    },
    /// The node is going down.
    Shutdown {
        /// When to come back.
        retry_after_ms: u64,
    },
    /// You have not said anything for so long that the connection is closed.
    Inactive,
    /// You connected somewhere else; that connection goes on.
    Replaced,
    /// Something about a hall.
    Hall(HallNotice),
}

/// Somebody was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The proposal.
    pub proposal: ProposalId,
    /// The room that opens when both accept.
    pub room: RoomId,
    /// Who it is.
    pub partner: Partner,
    /// Until when to accept.
    pub expires_at: Time,
    /// The stage you stood at.
    pub stage: Stage,
    /// Whether you start the call.
    pub initiator: bool,
}

/// What is told about the other one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partner {
    /// Who.
    pub user: UserId,
    /// The language they speak.
    pub speaks: Language,
    /// The language they learn.
    pub learns: Language,
    /// How well.
    pub proficiency: Proficiency,
}

/// Where a session goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resumed {
    /// Nothing was going on.
    Idle,
    /// Waiting, at the old place.
    Waiting {
        /// How far the wishes have relaxed.
        stage: Stage,
    },
    /// Before an answer to a proposal.
    Proposed(Found),
    /// In a room.
    Talking {
        /// The match.
        proposal: ProposalId,
        /// The room.
        room: RoomId,
        /// With whom.
        partner: Partner,
        /// Whether you start the call.
        initiator: bool,
        /// The number of the last chat message that you sent or were sent.
        last_sequence: u64,
        /// Whether you were told of the match before.
        told: bool,
    },
}
