//! What somebody who runs the service does to a user.

use std::sync::Arc;

use super::id::{RoomId, UserId};
use super::ticket::PoolId;

/// An order that concerns one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intervention {
    /// Whom.
    pub user: UserId,
    /// In which pool.
    pub pool: PoolId,
    /// What is done.
    pub act: Act,
    /// Who gives it, as `name@host`.
    pub by: Arc<str>,
}

/// What is done to a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// The room ends for both, if the user is in it.
    CloseRoom(RoomId),
    /// The session ends, and its connection is closed.
    Disconnect,
}

impl Act {
    /// The word in events.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CloseRoom(_) => "close_room",
            Self::Disconnect => "disconnect",
        }
    }
}
