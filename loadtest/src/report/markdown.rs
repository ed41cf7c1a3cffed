//! The summary of a CI run.

use std::fmt::Write;

use super::text::in_order;
use super::{Report, megabytes, thousands};
use crate::time::span;
use crate::verdict::Ending;

/// The report as Markdown.
pub(super) fn markdown(report: &Report) -> String {
    let mut page = String::new();
    // Writing to a string cannot fail.
    let _ = write(report, &mut page);
    page
}

fn write(report: &Report, page: &mut String) -> std::fmt::Result {
    let passed = report.verdict.ending == Ending::Held;
    let word = if passed { "passed" } else { "failed" };
    writeln!(page, "## qala bench {word}\n\n{}\n", report.verdict.first)?;
    let scenario = &report.scenario;
    writeln!(
        page,
        "{} clients, {} searches, {} matches in {:.0} s against {} (scenario {}, seed {}).\n",
        thousands(scenario.clients.into()),
        thousands(report.counts.searches),
        thousands(report.counts.matches),
        report.setting.seconds,
        report.setting.target,
        scenario.name,
        scenario.seed,
    )?;
    if !report.assertions.is_empty() {
        writeln!(page, "| condition | was | |\n|---|---|---|")?;
        for judged in &report.assertions {
            let held = if judged.held { "held" } else { "**missed**" };
            writeln!(page, "| `{}` | {} | {held} |", judged.assertion, judged.value)?;
        }
        writeln!(page)?;
    }
    if !report.baseline.is_empty() {
        writeln!(page, "| figure | before | now | |\n|---|---|---|---|")?;
        for compared in &report.baseline {
            let held = if compared.held { "held" } else { "**worse**" };
            let (before, now) = (span(compared.before_us), span(compared.now_us));
            writeln!(page, "| {} | {before} | {now} | {held} |", compared.name)?;
        }
        writeln!(page)?;
    }
    writeln!(page, "| | per second | p50 | p90 | p99 | p99.9 | max |\n|---|---|---|---|---|---|---|")?;
    for (name, s) in in_order(report) {
        let [p50, p90, p99, p999, max] = [s.p50_us, s.p90_us, s.p99_us, s.p999_us, s.max_us].map(span);
        writeln!(page, "| {name} | {:.1} | {p50} | {p90} | {p99} | {p999} | {max} |", s.per_second)?;
    }
    writeln!(page)?;
    if let Some(server) = report.processes.server {
        let resident = megabytes(server.resident_peak_bytes);
        writeln!(page, "Server: {resident} at most, {:.0} % of a core.", server.cpu_percent)?;
    }
    let tester = report.processes.tester;
    let resident = megabytes(tester.resident_peak_bytes);
    writeln!(page, "Tester: {resident} at most, {:.0} % of a core.\n", tester.cpu_percent)?;
    if report.oracle.clean {
        writeln!(page, "Oracle: clean.")?;
    } else {
        writeln!(page, "| violation | times |\n|---|---|")?;
        for (kind, times) in report.oracle.counts.iter().filter(|(_, times)| **times > 0) {
            writeln!(page, "| {kind} | {times} |")?;
        }
    }
    for error in &report.errors {
        writeln!(page, "\n- {} times: {}", error.times, error.what.replace(['|', '<', '`'], " "))?;
    }
    writeln!(page, "\nTo repeat: `{}`", report.setting.command)
}
