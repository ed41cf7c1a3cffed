//! What is measured, and what is said of it.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// The longest that is told apart, microseconds: five minutes.
const LONGEST_US: u64 = 300_000_000;
/// Digits that hold.
const DIGITS: u8 = 3;

/// An empty histogram.
pub(super) fn histogram() -> Histogram<u32> {
    Histogram::new_with_bounds(1, LONGEST_US, DIGITS).expect("the bounds are a histogram's")
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Until the client is let in.
    Connect,
    /// From the moment at which a match was possible until a side is told.
    Match,
    /// From the search until the match, whoever was there.
    Wait,
    /// From the later yes until the room.
    Room,
    /// A signal, from client to client.
    Signal,
    /// A chat line, from client to client.
    Chat,
    /// Until what was asked is acknowledged.
    Ack,
    /// How much later than planned the tester itself did something.
    Lag,
}

impl Metric {
    /// All.
    pub const ALL: [Self; 8] =
        [Self::Connect, Self::Match, Self::Wait, Self::Room, Self::Signal, Self::Chat, Self::Ack, Self::Lag];

    /// The name in assertions and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Match => "match",
            Self::Wait => "wait",
            Self::Room => "room",
            Self::Signal => "signal",
            Self::Chat => "chat",
            Self::Ack => "ack",
            Self::Lag => "lag",
        }
    }

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.name() == name)
    }
}

/// The usual figures of one metric, microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// How often it was measured.
    pub count: u64,
    /// For each second in which there was any.
    pub per_second: f64,
    /// The average.
    pub mean_us: f64,
    /// The median.
    pub p50_us: u64,
    /// Nine of ten took no longer.
    pub p90_us: u64,
    /// 99 of 100.
    pub p99_us: u64,
    /// 999 of 1,000.
    pub p999_us: u64,
    /// The longest.
    pub max_us: u64,
}

impl Summary {
    #[expect(clippy::cast_precision_loss, reason = "no run counts to 2^53")]
    pub(super) fn of(histogram: &Histogram<u32>, seconds: f64) -> Self {
        if histogram.is_empty() {
            return Self::default();
        }
        Self {
            count: histogram.len(),
            per_second: histogram.len() as f64 / seconds.max(0.001),
            mean_us: histogram.mean(),
            p50_us: histogram.value_at_quantile(0.5),
            p90_us: histogram.value_at_quantile(0.9),
            p99_us: histogram.value_at_quantile(0.99),
            p999_us: histogram.value_at_quantile(0.999),
            max_us: histogram.max(),
        }
    }
}

/// A point of a distribution.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The part that took no longer, up to 1.
    pub quantile: f64,
    /// Microseconds.
    pub us: u64,
    /// How many took no longer.
    pub count: u64,
}

/// Points of a distribution, denser towards the end.
pub(super) fn distribution(histogram: &Histogram<u32>) -> Vec<Point> {
    if histogram.is_empty() {
        return Vec::new();
    }
    let mut count = 0;
    let points = histogram.iter_quantiles(4).map(|step| {
        count += step.count_since_last_iteration();
        Point { quantile: step.quantile_iterated_to(), us: step.value_iterated_to(), count }
    });
    points.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_exact_to_three_digits() {
        let mut histogram = histogram();
        for ms in 1..=1_000 {
            histogram.saturating_record(ms * 1_000);
        }
        let summary = Summary::of(&histogram, 10.0);
        assert_eq!((summary.count, summary.per_second), (1_000, 100.0));
        for (figure, expected) in
            [(summary.p50_us, 500_000), (summary.p99_us, 990_000), (summary.max_us, 1_000_000)]
        {
            assert!(figure.abs_diff(expected) <= expected / 1_000, "{figure} {expected}");
        }
        let points = distribution(&histogram);
        assert_eq!(points.last().map(|point| (point.quantile, point.count)), Some((1.0, 1_000)));
        assert!(points.is_sorted_by_key(|point| point.us));
    }

    #[test]
    fn metrics_are_counted_where_they_stand() {
        for (place, metric) in Metric::ALL.into_iter().enumerate() {
            assert_eq!(metric as usize, place);
            assert_eq!(Metric::named(metric.name()), Some(metric));
        }
    }

    #[test]
    fn nothing_measured_is_nothing_said() {
        assert_eq!(Summary::of(&histogram(), 10.0), Summary::default());
        assert_eq!(distribution(&histogram()), []);
    }
}
