//! The report of a run: one value, from which every output is written. Nothing here measures.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::figures::{Counts, Figures, Metric, Point, Row, Summary};
use crate::machine::Machine;
use crate::oracle::{Kind, Oracle};
use crate::scenario::Scenario;
use crate::settings::Player;
use crate::verdict::{Ending, Judged};

mod baseline;
mod chart;
mod files;
mod hgrm;
mod html;
mod junit;
mod live;
mod markdown;
mod page;
mod text;

pub use baseline::{Baseline, Compared};
pub use files::write;
pub use live::{View, live, plain};
pub use text::{summary, verdict};

/// The version of the JSON's shape: changed when something that was there is gone or means something else.
pub const SCHEMA_VERSION: u32 = 1;

/// What a process took over a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ProcessUse {
    /// The most memory that was seen in RAM, bytes.
    pub resident_peak_bytes: u64,
    /// Memory in RAM at the end, bytes.
    pub resident_end_bytes: u64,
    /// Of one core, percent, on average.
    pub cpu_percent: f64,
    /// Seconds of processors.
    pub cpu_seconds: f64,
}

/// What the processes took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Processes {
    /// The server, where it could be seen.
    pub server: Option<ProcessUse>,
    /// The tester.
    pub tester: ProcessUse,
}

/// What was measured, and how.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Setting {
    /// The tester's version.
    pub version: String,
    /// As it was typed.
    pub command: String,
    /// The server's address.
    pub target: String,
    /// The store of the tester's own server; nothing is known of others.
    pub own_server: Option<String>,
    /// Whose clients played.
    pub client: Player,
    /// When it began, milliseconds since 1970.
    pub started_at_ms: u64,
    /// How long it took, seconds.
    pub seconds: f64,
    /// The machine.
    pub machine: Machine,
}

/// A breakdown of matches.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    /// Of which.
    pub name: String,
    /// Its figures.
    #[serde(flatten)]
    pub summary: Summary,
}

/// How often something happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Connections that stood.
    pub connects: u64,
    /// Searches.
    pub searches: u64,
    /// Matches, each of two.
    pub matches: u64,
    /// Searches that ended without one.
    pub unmatched: u64,
    /// Messages sent.
    pub sent: u64,
    /// Messages heard.
    pub heard: u64,
    /// Searches that were due while no client was free.
    pub nobody_free: u64,
    /// Errors.
    pub errors: u64,
}

/// An error and how often it was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErrorCount {
    /// What.
    pub what: String,
    /// How often.
    pub times: u64,
}

/// A violation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Wrong {
    /// What kind.
    pub kind: &'static str,
    /// When, in seconds since the start.
    pub at_seconds: f64,
    /// Of which clients.
    pub clients: Vec<u32>,
    /// In words.
    pub said: String,
}

/// What the oracle says.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct OracleSays {
    /// Nothing was wrong.
    pub clean: bool,
    /// Of every kind, how often.
    pub counts: BTreeMap<&'static str, u64>,
    /// The first of them.
    pub violations: Vec<Wrong>,
}

/// The verdict.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// How the command ends.
    pub ending: Ending,
    /// Its exit code.
    pub exit_code: u8,
    /// The one sentence that matters first.
    pub first: String,
    /// Why the tester was the bottleneck, if it was.
    pub bottleneck: Option<String>,
}

/// Everything there is to say of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// What was measured, and how.
    pub setting: Setting,
    /// What was played.
    pub scenario: Scenario,
    /// How it ends.
    pub verdict: Verdict,
    /// What was to hold.
    pub assertions: Vec<Judged>,
    /// An earlier run beside this one.
    pub baseline: Vec<Compared>,
    /// Every metric.
    pub metrics: BTreeMap<&'static str, Summary>,
    /// From search to match, by stage.
    pub match_by_stage: Vec<Part>,
    /// From search to match, by language pair.
    pub match_by_pair: Vec<Part>,
    /// How often what happened.
    pub counts: Tally,
    /// What went wrong, the most frequent first.
    pub errors: Vec<ErrorCount>,
    /// Whether what the server said can be true.
    pub oracle: OracleSays,
    /// Memory and CPU.
    pub processes: Processes,
    /// Distributions.
    pub distributions: BTreeMap<&'static str, Vec<Point>>,
    /// How it went over time; the cells of a row are in the order of `series_metrics`.
    pub series: Vec<Row>,
    /// The names of the cells of a row.
    pub series_metrics: Vec<&'static str>,
}

/// What a report is made of.
#[derive(Clone, Debug)]
pub struct Parts<'a> {
    /// What was measured, and how.
    pub setting: Setting,
    /// What was played.
    pub scenario: &'a Scenario,
    /// The figures.
    pub figures: &'a Figures,
    /// The oracle.
    pub oracle: &'a Oracle,
    /// Memory and CPU.
    pub processes: Processes,
    /// What was to hold.
    pub assertions: Vec<Judged>,
    /// An earlier run beside this one.
    pub baseline: Vec<Compared>,
    /// How it ends.
    pub verdict: Verdict,
}

impl Report {
    /// Puts it together.
    pub fn new(parts: Parts<'_>) -> Self {
        let Parts { setting, scenario, figures, oracle, processes, assertions, baseline, verdict } = parts;
        let metrics = Metric::ALL.map(|metric| (metric.name(), figures.summary(metric)));
        let distributions = Metric::ALL.map(|metric| (metric.name(), figures.distribution(metric)));
        let part = |name: String, summary| Part { name, summary };
        Self {
            schema_version: SCHEMA_VERSION,
            scenario: scenario.clone(),
            verdict,
            assertions,
            baseline,
            metrics: metrics.into(),
            match_by_stage: figures
                .by_stage()
                .into_iter()
                .map(|(stage, s)| part(stage.to_string(), s))
                .collect(),
            match_by_pair: figures.by_pair().into_iter().map(|(pair, s)| part(pair.to_owned(), s)).collect(),
            counts: tally(figures.counts(), oracle),
            errors: errors(figures),
            oracle: oracle_says(oracle),
            processes,
            distributions: distributions.into(),
            series: figures.series().rows().to_vec(),
            series_metrics: Metric::ALL.map(Metric::name).to_vec(),
            setting,
        }
    }
}

fn tally(counts: Counts, oracle: &Oracle) -> Tally {
    let Counts { connects, searches, found: _, unmatched, sent, heard, nobody_free, errors } = counts;
    Tally { connects, searches, matches: oracle.matched(), unmatched, sent, heard, nobody_free, errors }
}

fn errors(figures: &Figures) -> Vec<ErrorCount> {
    let mut errors: Vec<_> =
        figures.errors().map(|(what, times)| ErrorCount { what: what.to_owned(), times }).collect();
    errors.sort_by_key(|error| std::cmp::Reverse(error.times));
    errors
}

fn oracle_says(oracle: &Oracle) -> OracleSays {
    let wrong = oracle.violations().iter().map(|violation| {
        let [one, other] = violation.clients;
        Wrong {
            kind: violation.kind.name(),
            at_seconds: violation.at.as_seconds(),
            clients: if one == other { vec![one] } else { vec![one, other] },
            said: violation.said.clone(),
        }
    });
    OracleSays {
        clean: oracle.is_clean(),
        counts: Kind::ALL.into_iter().map(|kind| (kind.name(), oracle.count(kind))).collect(),
        violations: wrong.collect(),
    }
}

/// A number with commas between thousands.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// Bytes as megabytes.
#[expect(clippy::cast_precision_loss, reason = "no memory is that large")]
fn megabytes(bytes: u64) -> String {
    format!("{:.0} MB", bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests;
