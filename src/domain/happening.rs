//! What happened to one user, told to others: those who count, bill, moderate or research.
//!
//! Ids and figures only: never what somebody wrote, a signal, a token or an address.

use std::sync::Arc;
use std::time::Duration;

use super::criteria::Stage;
use super::id::{ProposalId, RoomId, UserId};
use super::intervention::Act;
use super::proposal::Failure;
use super::talk::{Departure, Quality};
use super::ticket::PoolId;

/// Something happened to a user.
#[derive(Clone, Debug, PartialEq)]
pub struct Happening {
    /// To whom.
    pub user: UserId,
    /// In which pool.
    pub pool: PoolId,
    /// What.
    pub what: What,
}

impl What {
    /// Whether somebody who runs the service did it.
    pub const fn is_intervention(&self) -> bool {
        matches!(self, Self::Intervened { .. } | Self::Drained)
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A client came in.
    Connected {
        /// To the session it had.
        back: bool,
    },
    /// A client's transport is closed.
    Disconnected {
        /// It said good-bye.
        left: bool,
    },
    /// The user wants to be matched.
    Searching,
    /// The user no longer wants to be matched.
    SearchCancelled,
    /// Waiting ended without a match.
    SearchExpired,
    /// Somebody was found, and both are asked.
    Proposed {
        /// Its name.
        proposal: ProposalId,
        /// Who was found.
        peer: UserId,
        /// The user's stage.
        stage: Stage,
        /// Since the user's wish.
        waited: Duration,
    },
    /// A proposal came to nothing.
    ProposalFailed {
        /// Which.
        proposal: ProposalId,
        /// Who was found.
        peer: UserId,
        /// Why.
        failure: Failure,
    },
    /// The user is in a room.
    RoomOpened {
        /// Which.
        room: RoomId,
        /// With whom.
        peer: UserId,
        /// The match.
        proposal: ProposalId,
        /// Since the user's wish.
        waited: Duration,
    },
    /// The user went on to somebody else.
    Skipped {
        /// From which room.
        room: RoomId,
        /// Whom.
        peer: UserId,
    },
    /// The user's room is over.
    RoomClosed {
        /// Which.
        room: RoomId,
        /// With whom.
        peer: UserId,
        /// Why.
        departure: Departure,
        /// Whether it was this user who left, or was away for too long.
        own: bool,
        /// How long it stood.
        lasted: Duration,
        /// Chat messages in it, of both, as far as this side knows.
        messages: u64,
    },
    /// A client says how its call goes.
    Quality(Quality),
    /// A client says that its call came to nothing.
    CallFailed,
    /// Somebody who runs the service did something to the user.
    Intervened {
        /// What.
        act: Act,
        /// Who, as `name@host`.
        by: Arc<str>,
    },
    /// Somebody who runs the service has the node go down. Happens to nobody in particular: the user is who did it.
    Drained,
    /// A command was refused. Of spent budgets only now and then one is told.
    Refused {
        /// The refusal's code.
        code: &'static str,
    },
}
