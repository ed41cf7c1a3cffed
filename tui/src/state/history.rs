//! What a figure was during the last minutes.

use std::collections::VecDeque;

/// How many samples are kept: five minutes at one a second.
pub(crate) const MOST_SAMPLES: usize = 300;

/// How many readings a meter keeps at most.
const MOST_READINGS: usize = 32;

/// The last values of one figure, oldest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    samples: VecDeque<f64>,
}

impl History {
    /// Adds the newest; the oldest goes where there is no room.
    pub(crate) fn push(&mut self, value: f64) {
        if self.samples.len() == MOST_SAMPLES {
            self.samples.pop_front();
        }
        self.samples.push_back(if value.is_finite() { value } else { 0.0 });
    }

    /// The last so many, oldest first; fewer where fewer are known.
    pub(crate) fn last(&self, many: usize) -> impl Iterator<Item = f64> + Clone + '_ {
        self.samples.iter().skip(self.samples.len().saturating_sub(many)).copied()
    }

    /// The value so many samples before the newest.
    pub(crate) fn before(&self, samples: usize) -> Option<f64> {
        let place = self.samples.len().checked_sub(samples + 1)?;
        self.samples.get(place).copied()
    }

    /// The newest.
    pub(crate) fn newest(&self) -> Option<f64> {
        self.samples.back().copied()
    }
}

/// A total that only grows, as a rate over a while. Starts anew where the total fell: whoever counted it was
/// started again, and nobody knows how much of it is new.
#[derive(Debug, Clone)]
pub(crate) struct Meter {
    /// Totals and when they were read, ms; the oldest is at least a window old, if any is.
    readings: VecDeque<(u64, u64)>,
    window_ms: u64,
}

impl Meter {
    /// Over so many milliseconds, or over the time between two readings where that is longer.
    pub(crate) fn over(window_ms: u64) -> Self {
        Self { readings: VecDeque::new(), window_ms }
    }

    /// Reads the total at a time in milliseconds. One of the same moment, or of an earlier one, changes nothing.
    pub(crate) fn read(&mut self, total: u64, at_ms: u64) {
        if let Some((last, last_ms)) = self.readings.back() {
            if at_ms <= *last_ms {
                return;
            }
            if total < *last {
                self.readings.clear();
            }
        }
        self.readings.push_back((total, at_ms));
        while self.readings.len() > 2
            && (self.readings.len() > MOST_READINGS || self.can_spare_the_first(at_ms))
        {
            self.readings.pop_front();
        }
    }

    fn can_spare_the_first(&self, at_ms: u64) -> bool {
        self.readings.get(1).is_some_and(|(_, second_ms)| at_ms.saturating_sub(*second_ms) >= self.window_ms)
    }

    /// How fast it grew; unknown before the second reading.
    pub(crate) fn per_second(&self) -> Option<f64> {
        let (first, first_ms) = self.readings.front()?;
        let (last, last_ms) = self.readings.back()?;
        let passed_ms = last_ms.checked_sub(*first_ms).filter(|passed| *passed > 0)?;
        Some(crate::words::float(last - first) * 1_000.0 / crate::words::float(passed_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::{History, MOST_SAMPLES, Meter};

    #[test]
    fn the_oldest_goes_where_there_is_no_room() {
        let mut history = History::default();
        assert_eq!((history.newest(), history.before(0)), (None, None));
        for sample in 0..MOST_SAMPLES + 2 {
            history.push(crate::words::float(sample as u64));
        }
        assert_eq!(history.last(3).collect::<Vec<_>>(), [299.0, 300.0, 301.0]);
        assert_eq!(history.last(1_000).count(), MOST_SAMPLES);
        assert_eq!(history.before(1), Some(300.0));
        assert_eq!(history.before(MOST_SAMPLES - 1), Some(2.0));
        assert_eq!(history.before(MOST_SAMPLES), None);
    }

    #[test]
    fn what_is_no_number_counts_for_nothing() {
        let mut history = History::default();
        history.push(f64::NAN);
        history.push(f64::INFINITY);
        assert_eq!(history.last(2).collect::<Vec<_>>(), [0.0, 0.0]);
    }

    #[test]
    fn a_rate_is_between_readings() {
        let mut meter = Meter::over(1_000);
        for (total, at_ms, expected) in [
            (100, 1_000, None),
            (150, 2_000, Some(50.0)),
            (150, 2_000, Some(50.0)),
            (175, 2_500, Some(50.0)),
            (175, 4_500, Some(0.0)),
            // Started again.
            (3, 5_500, None),
            (13, 6_500, Some(10.0)),
            // The clock went back.
            (99, 6_000, Some(10.0)),
        ] {
            meter.read(total, at_ms);
            assert_eq!(meter.per_second(), expected, "{total} at {at_ms}");
        }
    }

    #[test]
    fn a_longer_window_evens_out() {
        let mut meter = Meter::over(4_000);
        for (second, total) in [(1, 0), (2, 20), (3, 20), (4, 40), (5, 40), (6, 60), (7, 60)] {
            meter.read(total, second * 1_000);
        }
        assert_eq!(meter.per_second(), Some(10.0));
        for second in 8..1_000 {
            meter.read(60, second * 10_000);
        }
        assert_eq!((meter.per_second(), meter.readings.len()), (Some(0.0), 2));
    }
}
