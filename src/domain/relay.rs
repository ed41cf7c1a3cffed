//! Relays (TURN servers): the way between two clients that find none of their own.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

/// Relays, and what one client shows them. Written as browsers take it: an entry of `iceServers`.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Relays {
    /// Where they are: `turn:` or `turns:` with host, port and transport.
    pub urls: Arc<[String]>,
    /// Until when it holds, and whose it is.
    pub username: String,
    /// What proves it. A secret.
    pub credential: String,
}

impl fmt::Debug for Relays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relays").field("urls", &self.urls).finish_non_exhaustive()
    }
}
