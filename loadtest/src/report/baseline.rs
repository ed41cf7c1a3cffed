//! An earlier result beside this one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::figures::{Figures, Metric, Summary};

/// Differences smaller than this are noise, whatever part of the whole they are.
const NOISE_US: u64 = 500;

/// An earlier `result.json`, as far as it is compared.
#[derive(Clone, Debug, Deserialize)]
pub struct Baseline {
    metrics: BTreeMap<String, Summary>,
}

/// A figure then and now.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// Which, as in an assertion.
    pub name: String,
    /// Then, microseconds.
    pub before_us: u64,
    /// Now, microseconds.
    pub now_us: u64,
    /// By how many percent it may be more.
    pub allowed_percent: f64,
    /// Whether it is no more than that.
    pub held: bool,
}

impl Baseline {
    /// Reads a `result.json`.
    pub fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    /// Holds this run against it. What either did not measure is not compared.
    pub fn compare(&self, figures: &Figures, allowed_percent: f64) -> Vec<Compared> {
        let compared =
            [Metric::Connect, Metric::Match, Metric::Room, Metric::Signal, Metric::Chat, Metric::Ack];
        let mut all = Vec::new();
        for metric in compared {
            let now = figures.summary(metric);
            let before = self.metrics.get(metric.name()).filter(|before| before.count > 0 && now.count > 0);
            let Some(before) = before else { continue };
            for (figure, before_us, now_us) in
                [("p50", before.p50_us, now.p50_us), ("p99", before.p99_us, now.p99_us)]
            {
                let name = format!("{}.{figure}", metric.name());
                let held = holds(before_us, now_us, allowed_percent);
                all.push(Compared { name, before_us, now_us, allowed_percent, held });
            }
        }
        all
    }
}

#[expect(clippy::cast_precision_loss, reason = "latencies are far below 2^53")]
fn holds(before_us: u64, now_us: u64, allowed_percent: f64) -> bool {
    let limit = before_us as f64 * (1.0 + allowed_percent / 100.0);
    now_us as f64 <= limit || now_us.saturating_sub(before_us) < NOISE_US
}

#[cfg(test)]
mod tests {
    use super::holds;

    #[test]
    fn more_than_allowed_is_held_against_it_if_it_is_more_than_noise() {
        assert!(holds(10_000, 11_000, 10.0));
        assert!(!holds(10_000, 11_001, 10.0));
        assert!(holds(100, 599, 10.0));
        assert!(!holds(100, 600, 10.0));
        assert!(holds(10_000, 1, 0.0));
    }
}
