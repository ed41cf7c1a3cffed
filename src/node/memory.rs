//! Memory goes back to the system after a mass disconnect.

use std::sync::Arc;
use std::time::Duration;

use crate::metrics::{Counter, Counters};

/// How often it is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Connections that must have closed since the last time for a trim to be worth its 30 ms (measured at
/// 10,000 connections: 180 to 8 MB).
const WORTH_IT: u64 = 500;

/// Looks after memory until dropped: when many connections have closed and no more are closing, freed pages
/// are returned.
pub(super) async fn give_back(counters: Arc<Counters>) {
    let (mut trimmed_at, mut seen) = (0, 0);
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let closed = counters.get(Counter::ConnectionsClosed);
        if closed == seen && closed - trimmed_at >= WORTH_IT {
            trimmed_at = closed;
            // glibc walks its arenas: not on a thread that serves clients.
            let _ = tokio::task::spawn_blocking(trim).await;
        }
        seen = closed;
    }
}

/// Returns freed pages to the system. Does nothing with another allocator than glibc's.
fn trim() {
    if let Some(released) = qala_trim::trim() {
        tracing::debug!(released, "gave freed memory back to the system");
    }
}
