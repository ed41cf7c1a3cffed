//! The summary and the verdict, for a screen of 80 columns.

use super::{Report, megabytes, thousands};
use crate::figures::Summary;
use crate::time::span;
use crate::verdict::Ending;

/// Errors that are shown; the report has all.
const ERRORS_SHOWN: usize = 3;
/// Violations that are shown.
const VIOLATIONS_SHOWN: usize = 3;

/// The figures, on one screen.
pub fn summary(report: &Report) -> Vec<String> {
    let counts = &report.counts;
    let mut lines = vec![
        String::new(),
        format!(
            "{} clients, {} searches, {} matches, {} messages in {:.0} s",
            thousands(report.scenario.clients.into()),
            thousands(counts.searches),
            thousands(counts.matches),
            thousands(counts.sent),
            report.setting.seconds,
        ),
        head(),
    ];
    for (name, summary) in in_order(report) {
        lines.push(figures(name, summary));
    }
    if let Some(server) = report.processes.server {
        let resident = megabytes(server.resident_peak_bytes);
        lines.push(format!("server   {resident} at most, {:.0} % cpu", server.cpu_percent));
    }
    for error in report.errors.iter().take(ERRORS_SHOWN) {
        lines.push(format!("error    {} times: {}", thousands(error.times), error.what));
    }
    if counts.nobody_free > 0 {
        lines.push(format!(
            "note     {} searches were due while no client was free: more --clients or a lower --rate",
            thousands(counts.nobody_free)
        ));
    }
    lines
}

/// The metrics that were measured, in the order in which they happen to a client.
pub(super) fn in_order(report: &Report) -> impl Iterator<Item = (&'static str, &Summary)> {
    let names = report.series_metrics.iter();
    names.filter_map(|name| Some((*name, report.metrics.get(name)?))).filter(|(_, summary)| summary.count > 0)
}

/// The head of the table of figures.
pub(super) fn head() -> String {
    let [p50, p90, p99, p999, max] = ["p50", "p90", "p99", "p99.9", "max"].map(|name| format!("{name:>9}"));
    format!("{:<9}{:>11}{p50}{p90}{p99}{p999}{max}", "", "per s")
}

/// A row of the table of figures.
pub(super) fn figures(name: &str, summary: &Summary) -> String {
    let Summary { per_second, p50_us, p90_us, p99_us, p999_us, max_us, .. } = *summary;
    let cells = [p50_us, p90_us, p99_us, p999_us, max_us].map(|us| format!("{:>9}", span(us))).concat();
    format!("{name:<9}{per_second:>11.1}{cells}")
}

/// What held and what did not, and the one line that matters first. The last thing on the screen.
pub fn verdict(report: &Report, reports_in: Option<&str>) -> Vec<String> {
    let mut lines = vec![String::new()];
    for judged in &report.assertions {
        let held = if judged.held { "held" } else { "missed" };
        lines.push(format!("{:<16} {:<12} {:<12} {held}", judged.name, judged.value, judged.limit));
    }
    for compared in &report.baseline {
        let held = if compared.held { "held" } else { "worse" };
        let (now, before) = (span(compared.now_us), span(compared.before_us));
        let allowed = format!("was {before}, +{:.0} %", compared.allowed_percent);
        lines.push(format!("{:<16} {now:<12} {allowed:<24} {held}", compared.name));
    }
    lines.push(oracle(report));
    for wrong in report.oracle.violations.iter().take(VIOLATIONS_SHOWN) {
        lines.push(format!("  {:.1} s: {}: client {}", wrong.at_seconds, wrong.kind, wrong.said));
    }
    let tester = &report.processes.tester;
    let lag = report.metrics.get("lag").map_or(0, |lag| lag.p99_us);
    let load = format!("{:.0} % cpu, lag p99 {}", tester.cpu_percent, span(lag));
    lines.push(match &report.verdict.bottleneck {
        None => format!("tester was not the bottleneck ({load}, {})", megabytes(tester.resident_peak_bytes)),
        Some(why) => format!("tester was the bottleneck: {why} ({load})"),
    });
    let files = reports_in.map(|folder| {
        format!("reports in {folder}: summary.md report.html result.json junit.xml match.hgrm")
    });
    let word = match report.verdict.ending {
        Ending::Held => "PASS",
        Ending::Interrupted => "STOPPED",
        Ending::Missed | Ending::Unreachable | Ending::Bottleneck | Ending::Violation => "FAIL",
    };
    let first = &report.verdict.first;
    lines.push(format!("{word:<6} {first}"));
    lines.extend(files.map(|files| format!("{:<6} {files}", "")));
    lines
}

fn oracle(report: &Report) -> String {
    if report.oracle.clean {
        return "oracle           clean".to_owned();
    }
    let seen = report.oracle.counts.iter().filter(|(_, times)| **times > 0);
    let seen: Vec<String> = seen.map(|(kind, times)| format!("{kind} {}", thousands(*times))).collect();
    format!("oracle           {}", seen.join(", "))
}
