//! The one clock of a node.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::domain::time::Time;

/// Milliseconds since 1970 that never go back: the wall clock is read once, at the start, and the
/// monotonic clock moves it on.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start_ms: u64,
    started: Instant,
}

impl Clock {
    /// A clock that agrees with the system's now.
    #[expect(clippy::disallowed_methods, reason = "this is the one clock")]
    pub fn start() -> Self {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { start_ms: u64::try_from(since_1970.as_millis()).unwrap_or(0), started: Instant::now() }
    }

    /// The moment it is.
    pub fn now(&self) -> Time {
        let elapsed = self.started.elapsed().as_millis();
        Time::from_ms(self.start_ms.saturating_add(u64::try_from(elapsed).unwrap_or(u64::MAX)))
    }

    /// How long ago the node started, as exactly as the system tells.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Whole seconds of that, in four bytes: there is room for a hundred years.
    pub fn elapsed_seconds(&self) -> u32 {
        u32::try_from(self.uptime_seconds()).unwrap_or(u32::MAX)
    }

    /// When the node started, by the system's clock.
    pub fn started_at(&self) -> Time {
        Time::from_ms(self.start_ms)
    }

    /// Seconds since the node started.
    pub fn uptime_seconds(&self) -> u64 {
        self.started.elapsed().as_secs()
    }
}
