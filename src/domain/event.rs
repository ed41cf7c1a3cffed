//! What happened: counted here, told to others by the event sinks.

use std::time::Duration;

use super::command::{Refusal, Scope};
use super::criteria::Stage;
use super::proposal::Failure;
use super::safety::ReportReason;
use super::talk::{Departure, Quality, SignalKind};

/// How a ticket ended: exactly one of these for each ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketEnd {
    /// Its proposal became a match.
    Matched,
    /// Its owner no longer wanted it, or said no to what it brought and cannot be queued again.
    Cancelled,
    /// There was no sign of life from its owner, or no answer to a proposal.
    Expired,
    /// Its owner made another wish.
    Replaced,
    /// Its owner is gone.
    Gone,
}

/// Something happened that somebody may want to know.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A session began.
    SessionOpened,
    /// A session is over.
    SessionClosed,
    /// A newer connection of the same user took a session over.
    SessionReplaced,
    /// A connection was closed because its client said nothing for too long.
    SessionInactive,
    /// A ticket is waiting for the first time.
    Searching,
    /// A ticket ended.
    TicketEnded(TicketEnd),
    /// Two tickets were claimed.
    Proposed {
        /// Of the one who found and the one who was found: the stage, and how long the wish was there.
        sides: [(Stage, Duration); 2],
    },
    /// A proposal came to nothing.
    ProposalFailed(Failure),
    /// Both accepted.
    RoomOpened,
    /// A room is over.
    RoomClosed {
        /// Why.
        departure: Departure,
        /// How long it stood.
        lasted: Duration,
    },
    /// Somebody entered a hall.
    HallEntered,
    /// A signal went to a peer.
    Relayed(SignalKind),
    /// A client says how its call goes.
    QualityReported(Quality),
    /// A client says that its call came to nothing.
    CallFailed,
    /// A chat message was added to a room.
    ChatAdded,
    /// A signal kept for somebody who is away was dropped for a newer one.
    HeldSignalDropped,
    /// A command was refused.
    Refused(Refusal),
    /// A command would have been refused for a spent budget, were those not only counted.
    OverBudget(Scope),
    /// Somebody blocked somebody.
    Blocked,
    /// Somebody reported somebody.
    Reported(ReportReason),
    /// A connection was closed whose client sent on and on, however much was refused.
    FlooderClosed,
    /// Somebody said no so often that the next search waits.
    SlowedDown,
    /// The store did not answer.
    StoreUnavailable,
    /// The backend did not answer.
    BackendUnavailable,
}
