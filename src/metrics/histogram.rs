//! How often something took how long: an array of atomics, nothing locked and nothing allocated per event.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Counts by upper bound, and their sum. Shared by all threads.
#[derive(Debug)]
pub struct Histogram {
    /// Upper bounds in microseconds, ascending.
    bounds: &'static [u64],
    /// One more than bounds: the last for what is longer than all.
    counts: Box<[AtomicU64]>,
    /// Microseconds.
    sum: AtomicU64,
}

impl Histogram {
    /// One that counts nothing yet. `bounds` are in microseconds, ascending.
    pub fn new(bounds: &'static [u64]) -> Self {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self { bounds, counts, sum: AtomicU64::new(0) }
    }

    /// Something took that long.
    pub fn observe(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = self.bounds.partition_point(|bound| *bound < micros);
        self.counts[bucket].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(micros, Ordering::Relaxed);
    }

    /// How often in each place: as many as there are bounds, and one for what took longer than all.
    pub fn counts(&self) -> Vec<u64> {
        self.counts.iter().map(|count| count.load(Ordering::Relaxed)).collect()
    }

    /// How often so far.
    pub fn count(&self) -> u64 {
        self.counts.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }

    /// How long in all.
    pub fn sum(&self) -> Duration {
        Duration::from_micros(self.sum.load(Ordering::Relaxed))
    }

    /// Each upper bound, `None` for endless, and how many took no longer.
    pub(super) fn cumulative(&self) -> impl Iterator<Item = (Option<Duration>, u64)> {
        let bounds = self.bounds.iter().map(|bound| Some(Duration::from_micros(*bound))).chain([None]);
        bounds.zip(&self.counts).scan(0, |total, (bound, count)| {
            *total += count.load(Ordering::Relaxed);
            Some((bound, *total))
        })
    }

    /// How long it took on average in several; zero if it never happened.
    pub fn average<'a>(several: impl IntoIterator<Item = &'a Self>) -> Duration {
        let (mut sum, mut count) = (Duration::ZERO, 0_u64);
        for histogram in several {
            sum += histogram.sum();
            count += histogram.count();
        }
        let micros = u64::try_from(sum.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(micros.checked_div(count).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_observation_is_counted_under_the_first_bound_that_is_not_shorter() {
        let histogram = Histogram::new(&[10, 1_000]);
        for micros in [0, 10, 11, 1_000, 1_001, 5_000_000] {
            histogram.observe(Duration::from_micros(micros));
        }
        let bound = |micros| Some(Duration::from_micros(micros));
        let cumulative: Vec<_> = histogram.cumulative().collect();
        assert_eq!(cumulative, [(bound(10), 2), (bound(1_000), 4), (None, 6)]);
        assert_eq!((histogram.count(), histogram.sum()), (6, Duration::from_micros(5_002_022)));
    }

    #[test]
    fn the_average_is_over_all_that_happened() {
        let [one, other] = [Histogram::new(&[1]), Histogram::new(&[1])];
        assert_eq!(Histogram::average([&one, &other]), Duration::ZERO);
        for (histogram, micros) in [(&one, 2), (&other, 4), (&other, 6)] {
            histogram.observe(Duration::from_micros(micros));
        }
        assert_eq!(Histogram::average([&one, &other]), Duration::from_micros(4));
    }
}
