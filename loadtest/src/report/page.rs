//! The parts of the HTML report that are tables and words.

use std::fmt::Write;

use super::html::escaped;
use super::text::in_order;
use super::{Part, Report, megabytes, thousands};
use crate::figures::Summary;
use crate::time::span;
use crate::verdict::Ending;

const STYLE: &str = "\
:root{color-scheme:light dark;--a:#2563a8;--b:#c2571a;--c:#8a8f98;--grid:#8884;--good:#1a7f4b;--bad:#c0392b}\
body{font:15px/1.5 system-ui,sans-serif;max-width:800px;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2.2rem}.good{color:var(--good)}.bad{color:var(--bad)}\
table{border-collapse:collapse;width:100%}td,th{padding:.2rem .6rem;text-align:right;border-bottom:1px solid \
var(--grid)}td:first-child,th:first-child{text-align:left}figure{margin:.6rem 0}svg{width:100%;height:auto}\
svg text{font:11px system-ui,sans-serif;fill:currentColor}polyline{fill:none;stroke-width:1.6}\
.grid{stroke:var(--grid)}polyline.a{stroke:var(--a)}polyline.b{stroke:var(--b)}polyline.c{stroke:var(--c)}\
.key{display:inline-block;width:.9em;height:.25em;margin:0 .35em .2em .8em}.key.a{background:var(--a)}\
.key.b{background:var(--b)}.key.c{background:var(--c)}figcaption{font-size:.85em}pre{white-space:pre-wrap}\
@media print{h2{break-after:avoid}figure{break-inside:avoid}}";

/// A part of the page.
pub(super) struct Section {
    pub(super) id: &'static str,
    pub(super) title: String,
    /// Nothing to say: the section is left out.
    pub(super) body: String,
}

/// The page.
pub(super) fn whole(report: &Report, sections: &[Section]) -> String {
    let (word, class) = match report.verdict.ending {
        Ending::Held => ("PASS", "good"),
        Ending::Interrupted => ("STOPPED", "bad"),
        Ending::Missed | Ending::Unreachable | Ending::Bottleneck | Ending::Violation => ("FAIL", "bad"),
    };
    let first = escaped(&report.verdict.first);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>qala bench: {word}</title>\
         <style>{STYLE}</style></head><body>\n<h1><span class=\"{class}\">{word}</span> {first}</h1>\n{}",
        subtitle(report)
    );
    for Section { id, title, body } in sections.iter().filter(|section| !section.body.is_empty()) {
        // Writing to a string cannot fail.
        let _ = write!(page, "<section id=\"{id}\"><h2>{}</h2>\n{body}</section>\n", escaped(title));
    }
    page.push_str("</body></html>\n");
    page
}

fn subtitle(report: &Report) -> String {
    format!(
        "<p>{} clients, {} searches, {} matches, {} messages in {:.0} s against {}; scenario {}.</p>\n",
        thousands(report.scenario.clients.into()),
        thousands(report.counts.searches),
        thousands(report.counts.matches),
        thousands(report.counts.sent),
        report.setting.seconds,
        escaped(&report.setting.target),
        escaped(&report.scenario.name),
    )
}

fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let head = head.join("</th><th>");
    let mut table = format!("<table><tr><th>{head}</th></tr>\n");
    for row in rows {
        let cells: Vec<_> = row.iter().map(|cell| escaped(cell)).collect();
        let _ = writeln!(table, "<tr><td>{}</td></tr>", cells.join("</td><td>"));
    }
    table + "</table>\n"
}

/// What had to hold.
pub(super) fn held(report: &Report) -> Section {
    let word = |held: bool| if held { "held" } else { "missed" }.to_owned();
    let mut rows: Vec<Vec<String>> = report
        .assertions
        .iter()
        .map(|judged| vec![judged.assertion.clone(), judged.value.clone(), word(judged.held)])
        .collect();
    rows.extend(report.baseline.iter().map(|compared| {
        let (before, now) = (span(compared.before_us), span(compared.now_us));
        let limit = format!("{} (before {before}, at most +{} %)", compared.name, compared.allowed_percent);
        vec![limit, now, word(compared.held)]
    }));
    let oracle = if report.oracle.clean { "clean" } else { "see below" };
    rows.push(vec!["oracle".into(), oracle.into(), word(report.oracle.clean)]);
    let lag = report.metrics.get("lag").map_or(0, |lag| lag.p99_us);
    let tester = report.processes.tester;
    let load = format!("lag p99 {}, {:.0} % cpu", span(lag), tester.cpu_percent);
    rows.push(vec!["tester not the bottleneck".into(), load, word(report.verdict.bottleneck.is_none())]);
    let body = table(&["condition", "was", ""], &rows);
    Section { id: "verdict", title: "What had to hold".to_owned(), body }
}

fn row(name: &str, summary: &Summary) -> Vec<String> {
    let Summary { count, per_second, p50_us, p90_us, p99_us, p999_us, max_us, .. } = *summary;
    let mut row = vec![name.to_owned(), thousands(count), format!("{per_second:.1}")];
    row.extend([p50_us, p90_us, p99_us, p999_us, max_us].map(span));
    row
}

const HEAD: [&str; 8] = ["", "count", "per s", "p50", "p90", "p99", "p99.9", "max"];

/// All metrics.
pub(super) fn figures(report: &Report) -> Section {
    let rows: Vec<_> = in_order(report).map(|(name, summary)| row(name, summary)).collect();
    let note = "<p>Every latency is counted from the moment the plan meant it to begin: a server that stands still \
        cannot hide it. <code>match</code> begins when the match was possible, <code>wait</code> with the search.</p>";
    let body = table(&HEAD, &rows) + note;
    Section { id: "figures", title: "Figures".to_owned(), body }
}

/// A breakdown.
pub(super) fn parts(id: &'static str, title: &str, parts: &[Part]) -> Section {
    let rows: Vec<_> = parts.iter().map(|part| row(&part.name, &part.summary)).collect();
    Section { id, title: title.to_owned(), body: table(&HEAD, &rows) }
}

/// What went wrong.
pub(super) fn wrong(report: &Report) -> Section {
    let errors: Vec<_> =
        report.errors.iter().map(|error| vec![error.what.clone(), thousands(error.times)]).collect();
    let seen = report.oracle.counts.iter().filter(|(_, times)| **times > 0);
    let kinds: Vec<_> = seen.map(|(kind, times)| vec![(*kind).to_owned(), thousands(*times)]).collect();
    let first: Vec<_> = report
        .oracle
        .violations
        .iter()
        .map(|wrong| {
            vec![
                wrong.kind.to_owned(),
                format!("client {}", wrong.said),
                format!("{:.3} s", wrong.at_seconds),
            ]
        })
        .collect();
    let mut body = table(&["error", "times"], &errors);
    body += &table(&["violation", "times"], &kinds);
    body += &table(&["violation", "what", "at"], &first);
    if body.is_empty() {
        "<p>No errors, no violations.</p>".clone_into(&mut body);
    }
    Section { id: "violations", title: "Errors and violations".to_owned(), body }
}

/// How to repeat it.
pub(super) fn repeat(report: &Report) -> Section {
    let setting = &report.setting;
    let machine = &setting.machine;
    let own =
        setting.own_server.as_ref().map_or(String::new(), |store| format!(", a server of its own, {store}"));
    let body = format!(
        "<pre>{}</pre><p>Seed {}, qala {}{}; {} cores of {}, {}, {}.</p><details><summary>The scenario</summary>\
         <pre>{}</pre></details>\n",
        escaped(&setting.command),
        report.scenario.seed,
        escaped(&setting.version),
        escaped(&own),
        machine.cores,
        escaped(&machine.processor),
        megabytes(machine.memory_bytes),
        escaped(&machine.system),
        escaped(&report.scenario.print()),
    );
    Section { id: "repeat", title: "To repeat it".to_owned(), body }
}
