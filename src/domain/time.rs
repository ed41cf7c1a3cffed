//! Time as the core sees it: a number that arrives with every input.

use std::ops::Add;
use std::time::Duration;

/// A moment: milliseconds since 1970, UTC. The core never asks for it, the shell passes it in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

impl Time {
    /// Later than every moment: a deadline that is not set.
    pub const NEVER: Self = Self(u64::MAX);

    /// The moment `ms` milliseconds after 1970.
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms)
    }

    /// Milliseconds since 1970.
    pub const fn as_ms(self) -> u64 {
        self.0
    }

    /// How long after `earlier` this is; zero if it is not later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// Milliseconds from `now` until this moment; zero once it has come.
    pub const fn ms_until_from(self, now: Self) -> u64 {
        self.0.saturating_sub(now.0)
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(span.as_millis()).unwrap_or(u64::MAX)))
    }
}
