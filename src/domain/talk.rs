//! What members of a room send each other: opaque signals, chat messages, how the call goes.

use std::sync::Arc;

use super::id::{Address, ProposalId, RoomId, UserId};
use super::notice::Partner;
use super::time::Time;

/// A talk as one of the two knows it: enough to go on with it anywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Talk {
    /// The match.
    pub proposal: ProposalId,
    /// Where they talk.
    pub room: RoomId,
    /// Where the other one's session lives.
    pub peer: Address,
    /// Who the other one is.
    pub partner: Partner,
    /// Whether this side starts the call.
    pub initiator: bool,
    /// When it began, by the clock of the node that says so.
    pub since: Time,
}

/// Kinds of signal. What is inside is the two clients' affair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignalKind {
    /// A session description that opens or changes a call.
    Offer,
    /// Its answer.
    Answer,
    /// One way to reach the sender.
    Candidate,
    /// The sender's call stands.
    Ready,
    /// Any of them, as a client's own format.
    Other,
}

impl SignalKind {
    /// The word in logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Offer => "offer",
            Self::Answer => "answer",
            Self::Candidate => "candidate",
            Self::Ready => "ready",
            Self::Other => "other",
        }
    }
}

/// Text that is carried and never read: what the sender's dialect made of the sender's message. Shared, so
/// that a relay copies a pointer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload(pub Arc<str>);

/// One chat message as its room keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatMessage {
    /// Its place in the room: 1, 2, 3, ...
    pub sequence: u64,
    /// Its place among those of its writer, for families that count what each reader receives: 1, 2, 3, ...
    pub own_sequence: u64,
    /// Who wrote it.
    pub from: UserId,
    /// The text.
    pub content: Arc<str>,
    /// The writer's own name for it; the same name twice is one message.
    pub client_message_id: Option<Arc<str>>,
    /// When the node took it.
    pub at: Time,
}

/// How a call goes, as one side measures it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// Round trip, milliseconds.
    pub rtt_ms: f64,
    /// Variation of delay, milliseconds.
    pub jitter_ms: Option<f64>,
    /// Packets lost since the last report.
    pub packets_lost: Option<f64>,
    /// Throughput, kilobits per second.
    pub bitrate_kbps: Option<f64>,
}

/// Why somebody is no longer in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Departure {
    /// Left, or went on to somebody else.
    Left,
    /// Skipped the other one.
    Skipped,
    /// Was away longer than the grace period.
    Disconnected,
}

impl Departure {
    /// The word in logs and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Skipped => "skipped",
            Self::Disconnected => "disconnected",
        }
    }
}
