//! The verdict: what must hold, whether it held, and how the command ends.

use serde::{Deserialize, Serialize};

use crate::figures::{Figures, Metric, Summary};
use crate::oracle::Oracle;
use crate::report::Processes;
use crate::time::span;

/// How the command ends; the codes are an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// Everything held.
    Held,
    /// An assertion was missed, or the baseline.
    Missed,
    /// The server could not be reached.
    Unreachable,
    /// The tester was too slow to tell.
    Bottleneck,
    /// The oracle saw something wrong.
    Violation,
    /// Interrupted before it was over.
    Interrupted,
}

impl Ending {
    /// The exit code. 2 is for what was asked wrongly.
    pub const fn code(self) -> u8 {
        match self {
            Self::Held => 0,
            Self::Missed => 1,
            Self::Unreachable => 3,
            Self::Bottleneck => 4,
            Self::Violation => 5,
            Self::Interrupted => 130,
        }
    }
}

/// How two numbers are to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Less,
    AtMost,
    Equal,
    Other,
    AtLeast,
    More,
}

impl Comparison {
    /// Longer signs first: `<=` begins with `<`.
    const SIGNS: [(&'static str, Self); 6] = [
        ("<=", Self::AtMost),
        (">=", Self::AtLeast),
        ("==", Self::Equal),
        ("!=", Self::Other),
        ("<", Self::Less),
        (">", Self::More),
    ];

    #[expect(clippy::float_cmp, reason = "counts are compared exactly")]
    fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Self::Less => value < limit,
            Self::AtMost => value <= limit,
            Self::Equal => value == limit,
            Self::Other => value != limit,
            Self::AtLeast => value >= limit,
            Self::More => value > limit,
        }
    }
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Quantity {
    /// A figure of a metric, in microseconds.
    Quantile(Metric, f64),
    Mean(Metric),
    Count(Metric),
    Rate(Metric),
    Errors,
    Violations,
    Matched,
    Unmatched,
    ServerMegabytes,
    ServerCpu,
    TesterMegabytes,
    TesterCpu,
}

/// Something that must hold: `match.p99 < 50ms`.
#[derive(Clone, Debug, PartialEq)]
pub struct Assertion {
    text: String,
    quantity: Quantity,
    comparison: Comparison,
    limit: f64,
}

/// An assertion, and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// As it was asked.
    pub assertion: String,
    /// What was compared.
    pub name: String,
    /// What it was, in words.
    pub value: String,
    /// What was asked of it, in words.
    pub limit: String,
    /// Whether it held.
    pub held: bool,
    /// From which second of the run on it did not, where that can be said.
    pub missed_from_seconds: Option<f64>,
}

/// What there is to judge by.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// The figures.
    pub figures: &'a Figures,
    /// The oracle.
    pub oracle: &'a Oracle,
    /// Memory and CPU.
    pub processes: &'a Processes,
}

impl Assertion {
    /// Reads one.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "the condition `{text}` cannot be read; expected one like `match.p99 < 50ms` or `errors == 0`"
            )
        };
        let found = Comparison::SIGNS.iter().find_map(|(sign, comparison)| {
            let (name, limit) = text.split_once(sign)?;
            Some((name.trim(), *comparison, limit.trim()))
        });
        let (name, comparison, limit) = found.ok_or_else(wrong)?;
        let quantity = Quantity::named(name).ok_or_else(wrong)?;
        let limit = quantity.limit(limit).ok_or_else(wrong)?;
        Ok(Self { text: text.trim().to_owned(), quantity, comparison, limit })
    }

    /// How long that metric may take by it, if it says anything of the kind.
    pub(crate) fn limit_us_of(&self, of: Metric) -> Option<f64> {
        match self.quantity {
            Quantity::Quantile(metric, _) | Quantity::Mean(metric) if metric == of => Some(self.limit),
            Quantity::Quantile(..)
            | Quantity::Mean(_)
            | Quantity::Count(_)
            | Quantity::Rate(_)
            | Quantity::Errors
            | Quantity::Violations
            | Quantity::Matched
            | Quantity::Unmatched
            | Quantity::ServerMegabytes
            | Quantity::ServerCpu
            | Quantity::TesterMegabytes
            | Quantity::TesterCpu => None,
        }
    }

    /// Whether it holds.
    pub fn judge(&self, evidence: Evidence<'_>) -> Judged {
        let value = self.quantity.value(evidence);
        let held = value.is_some_and(|value| self.comparison.holds(value, self.limit));
        let (name, rest) = self.text.split_at(self.text.find(['<', '>', '=', '!']).unwrap_or(0));
        Judged {
            assertion: self.text.clone(),
            name: name.trim().to_owned(),
            value: value.map_or_else(|| "not measured".to_owned(), |value| self.quantity.shown(value)),
            limit: rest.trim().to_owned(),
            held,
            missed_from_seconds: if held { None } else { self.missed_from(evidence.figures) },
        }
    }

    fn missed_from(&self, figures: &Figures) -> Option<f64> {
        let Quantity::Quantile(metric, quantile) = self.quantity else { return None };
        #[expect(clippy::cast_precision_loss, reason = "microseconds are far below 2^53")]
        let missed = |us: u64| us > 0 && !self.comparison.holds(us as f64, self.limit);
        let row = figures.series().rows().iter().find(|row| {
            row.cells.get(metric as usize).is_some_and(|cell| match quantile {
                ..0.9 => missed(cell.p50_us),
                0.9..=0.99 => missed(cell.p99_us),
                _ => missed(cell.max_us),
            })
        });
        row.map(|row| row.at_seconds - row.seconds)
    }
}

impl Quantity {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "errors" => Self::Errors,
            "violations" => Self::Violations,
            "matched" => Self::Matched,
            "unmatched" => Self::Unmatched,
            "server.rss" => Self::ServerMegabytes,
            "server.cpu" => Self::ServerCpu,
            "tester.rss" => Self::TesterMegabytes,
            "tester.cpu" => Self::TesterCpu,
            _ => {
                let (metric, figure) = name.split_once('.')?;
                let metric = Metric::named(metric)?;
                match figure {
                    "max" => Self::Quantile(metric, 1.0),
                    "mean" => Self::Mean(metric),
                    "count" => Self::Count(metric),
                    "rate" => Self::Rate(metric),
                    _ => Self::Quantile(metric, quantile(figure.strip_prefix('p')?)?),
                }
            }
        })
    }

    /// A limit in the quantity's own unit: microseconds, megabytes, percent, or how many.
    fn limit(self, text: &str) -> Option<f64> {
        let units: &[(&str, f64)] = match self {
            Self::Quantile(..) | Self::Mean(_) => &[("us", 1.0), ("ms", 1e3), ("s", 1e6)],
            Self::ServerMegabytes | Self::TesterMegabytes => &[("MB", 1.0), ("GB", 1e3), ("kB", 1e-3)],
            Self::ServerCpu | Self::TesterCpu => &[("%", 1.0), ("", 1.0)],
            Self::Rate(_) => &[("/s", 1.0), ("", 1.0)],
            Self::Count(_) | Self::Errors | Self::Violations | Self::Matched | Self::Unmatched => {
                &[("", 1.0)]
            }
        };
        units.iter().find_map(|(unit, times)| {
            let number: f64 = text.strip_suffix(unit)?.trim().replace(',', "").parse().ok()?;
            (number.is_finite() && number >= 0.0).then_some(number * times)
        })
    }

    #[expect(clippy::cast_precision_loss, reason = "no run counts to 2^53")]
    fn value(self, evidence: Evidence<'_>) -> Option<f64> {
        let Evidence { figures, oracle, processes } = evidence;
        let summary = |metric| Some(figures.summary(metric)).filter(|summary: &Summary| summary.count > 0);
        let megabytes = |bytes: u64| bytes as f64 / 1e6;
        match self {
            Self::Quantile(metric, quantile) => figures.quantile_us(metric, quantile).map(|us| us as f64),
            Self::Mean(metric) => summary(metric).map(|summary| summary.mean_us),
            Self::Count(metric) => Some(figures.summary(metric).count as f64),
            Self::Rate(metric) => Some(figures.summary(metric).per_second),
            Self::Errors => Some(figures.counts().errors as f64),
            Self::Violations => {
                Some(crate::oracle::Kind::ALL.into_iter().map(|kind| oracle.count(kind) as f64).sum())
            }
            Self::Matched => Some(oracle.matched() as f64),
            Self::Unmatched => Some(figures.counts().unmatched as f64),
            Self::ServerMegabytes => processes.server.map(|server| megabytes(server.resident_peak_bytes)),
            Self::ServerCpu => processes.server.map(|server| server.cpu_percent),
            Self::TesterMegabytes => Some(megabytes(processes.tester.resident_peak_bytes)),
            Self::TesterCpu => Some(processes.tester.cpu_percent),
        }
    }

    fn shown(self, value: f64) -> String {
        match self {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a latency")]
            Self::Quantile(..) | Self::Mean(_) => span(value as u64),
            Self::ServerMegabytes | Self::TesterMegabytes => format!("{value:.0} MB"),
            Self::ServerCpu | Self::TesterCpu => format!("{value:.0} %"),
            Self::Rate(_) => format!("{value:.1}/s"),
            Self::Count(_) | Self::Errors | Self::Violations | Self::Matched | Self::Unmatched => {
                format!("{value:.0}")
            }
        }
    }
}

/// `99` is 0.99; `99.9` and `999` are 0.999.
fn quantile(digits: &str) -> Option<f64> {
    let number: f64 = digits.parse().ok()?;
    let nines = digits.len() > 2 && digits.bytes().all(|digit| digit == b'9');
    let percent = if nines {
        let more = i32::try_from(digits.len()).ok()? - 2;
        number / 10_f64.powi(more)
    } else {
        number
    };
    // Rounded: 99.9 / 100 is not quite 0.999.
    (0.0..=100.0).contains(&percent).then(|| (percent * 1e7).round() / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;

    #[test]
    fn conditions_are_read() {
        let read = |text| Assertion::parse(text).map(|read| (read.quantity, read.comparison, read.limit));
        let quantile = Quantity::Quantile;
        for (text, expected) in [
            ("match.p99 < 50ms", (quantile(Metric::Match, 0.99), Comparison::Less, 50_000.0)),
            ("signal.p99.9<=1.5 s", (quantile(Metric::Signal, 0.999), Comparison::AtMost, 1_500_000.0)),
            ("signal.p999 < 300us", (quantile(Metric::Signal, 0.999), Comparison::Less, 300.0)),
            ("chat.max != 1ms", (quantile(Metric::Chat, 1.0), Comparison::Other, 1_000.0)),
            ("errors == 0", (Quantity::Errors, Comparison::Equal, 0.0)),
            ("match.count >= 1,000", (Quantity::Count(Metric::Match), Comparison::AtLeast, 1_000.0)),
            ("server.rss < 300 MB", (Quantity::ServerMegabytes, Comparison::Less, 300.0)),
            ("tester.cpu < 50%", (Quantity::TesterCpu, Comparison::Less, 50.0)),
        ] {
            assert_eq!(read(text), Ok(expected), "{text}");
        }
        for text in [
            "",
            "match.p99",
            "match.p99 < 50",
            "match.p101 < 5ms",
            "x < 5",
            "errors == 0ms",
            "match.p99 < -5ms",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_was_not_measured_does_not_hold() {
        let scenario = Scenario::default();
        let (figures, oracle) = (Figures::new(&scenario), Oracle::new(&scenario));
        let evidence = Evidence { figures: &figures, oracle: &oracle, processes: &Processes::default() };
        let judged = |text| Assertion::parse(text).expect("a condition").judge(evidence);
        assert!(!judged("match.p99 < 50ms").held);
        assert_eq!(judged("match.p99 < 50ms").value, "not measured");
        assert!(!judged("server.rss < 1 GB").held);
        assert!(judged("errors == 0").held);
        assert_eq!(judged("errors > 0").limit, "> 0");
    }
}
