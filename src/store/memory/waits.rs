//! How long people of each direction waited lately, for the estimates that those who wait are told.

use std::collections::BTreeMap;
use std::mem;
use std::time::Duration;

use crate::domain::person::Direction;

/// How many times its own weight the past outweighs one more wait.
const PAST: u64 = 8;
/// Estimated before anybody was matched, milliseconds.
const START_MS: u64 = 30_000;
/// The longest estimate told, seconds.
const LONGEST_SECONDS: u64 = 300;
/// Directions kept in one generation. Clients choose languages freely, and there are some 10^8 directions:
/// without a limit their waits would outlive the queues for ever.
const DIRECTIONS: usize = 1_024;

/// Exponentially weighted mean waits by direction.
///
/// A direction's mean outlives its queue, or a queue that empties now and then would never learn anything.
#[derive(Default)]
pub(super) struct Waits {
    /// Eight times the mean in milliseconds. Whole numbers, so that every store comes to the same ones.
    recent: BTreeMap<Direction, u64>,
    /// The generation before. What no match has touched for a whole generation goes with it.
    former: BTreeMap<Direction, u64>,
}

impl Waits {
    /// Somebody of this direction was matched after this long.
    pub(super) fn record(&mut self, direction: Direction, waited: Duration) {
        let waited_ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
        let sum = self.sum(direction);
        self.recent.insert(direction, (sum - sum / PAST).saturating_add(waited_ms));
        if self.recent.len() >= DIRECTIONS {
            self.former = mem::take(&mut self.recent);
        }
    }

    /// The mean, in seconds, rounded up.
    pub(super) fn estimate(&self, direction: Direction) -> u32 {
        let seconds = self.sum(direction).div_ceil(PAST * 1_000).min(LONGEST_SECONDS);
        u32::try_from(seconds).unwrap_or(u32::MAX)
    }

    fn sum(&self, direction: Direction) -> u64 {
        let known = self.recent.get(&direction).or_else(|| self.former.get(&direction));
        known.copied().unwrap_or(START_MS * PAST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn direction(number: usize) -> Direction {
        let letter = |index: usize| char::from(b"abcdefghijklmnopqrstuvwxyz"[index % 26]);
        let speaks: String = [number, number / 26, number / 676].map(letter).iter().collect();
        let language = |text: &str| text.parse().expect("three letters");
        Direction { speaks: language(&speaks), learns: language("en") }
    }

    #[test]
    fn one_wait_moves_the_mean_by_an_eighth() {
        let mut waits = Waits::default();
        assert_eq!(waits.estimate(direction(0)), 30);
        waits.record(direction(0), Duration::from_secs(38));
        assert_eq!(waits.estimate(direction(0)), 31);
        waits.record(direction(0), Duration::from_millis(31_008));
        assert_eq!(waits.estimate(direction(0)), 32, "31.001 seconds are rounded up");
        assert_eq!(waits.estimate(direction(1)), 30);
    }

    #[test]
    fn no_wait_makes_an_estimate_longer_than_five_minutes() {
        let mut waits = Waits::default();
        waits.record(direction(0), Duration::MAX);
        waits.record(direction(0), Duration::MAX);
        assert_eq!(waits.estimate(direction(0)), 300);
    }

    #[test]
    fn directions_without_matches_are_forgotten_and_the_others_are_not() {
        let mut waits = Waits::default();
        for number in 0..10_000 {
            waits.record(direction(number), Duration::ZERO);
            waits.record(direction(0), Duration::ZERO);
            assert!(waits.recent.len() + waits.former.len() <= 2 * DIRECTIONS);
        }
        assert_eq!(waits.estimate(direction(0)), 1);
        assert_eq!(waits.estimate(direction(1)), 30);
    }
}
