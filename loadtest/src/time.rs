//! Time of a run: microseconds since its start. Arrives as an argument everywhere but in the fleet, whose clock it is.

use std::ops::Add;
use std::time::Duration;

/// A moment of the run, in microseconds since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(u64);

impl Moment {
    /// That many microseconds after the start.
    pub const fn from_us(us: u64) -> Self {
        Self(us)
    }

    /// That many seconds after the start.
    pub fn from_seconds(seconds: f64) -> Self {
        Self::default() + Duration::from_secs_f64(seconds.max(0.0))
    }

    /// Microseconds since the start.
    pub const fn as_us(self) -> u64 {
        self.0
    }

    /// Seconds since the start.
    pub const fn as_seconds(self) -> f64 {
        Duration::from_micros(self.0).as_secs_f64()
    }

    /// How long after `earlier` this is; zero if it is not later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(span.as_micros()).unwrap_or(u64::MAX)))
    }
}

/// A span in words: `0.31 ms`, `61 ms`, `2.1 s`.
pub fn span(us: u64) -> String {
    let (value, unit) = match us {
        0..10_000_000 => (Duration::from_micros(us).as_secs_f64() * 1e3, "ms"),
        10_000_000.. => (Duration::from_micros(us).as_secs_f64(), "s"),
    };
    match value {
        ..1.0 => format!("{value:.2} {unit}"),
        ..10.0 => format!("{value:.1} {unit}"),
        _ => format!("{value:.0} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn a_span_has_two_digits_that_matter() {
        let shown = [0, 310, 3_140, 61_200, 2_130_000, 61_000_000].map(span);
        assert_eq!(shown, ["0.00 ms", "0.31 ms", "3.1 ms", "61 ms", "2130 ms", "61 s"]);
    }
}
