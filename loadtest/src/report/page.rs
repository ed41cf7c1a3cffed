//! The parts of the HTML report that are tables and words.

use std::fmt::Write;

use super::html::escaped;
use super::text::in_order;
use super::{Part, Report, megabytes, thousands};
use crate::figures::Summary;
use crate::time::span;
use crate::verdict::Ending;

const STYLE: &str = include_str!("page.css");

const HELD: &str = "held";
const MISSED: &str = "missed";

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
        Ending::Held => ("PASS", "pass"),
        Ending::Interrupted => ("STOPPED", "fail"),
        Ending::Missed | Ending::Unreachable | Ending::Bottleneck | Ending::Violation => ("FAIL", "fail"),
    };
    let first = linked(&escaped(&report.verdict.first));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>qala bench: {word}</title>\
         <style>{STYLE}</style></head><body>\n<header class=\"{class}\"><h1><span>{word}</span> {first}</h1>\n{}\
         </header>\n{}",
        subtitle(report),
        cards(report),
    );
    let told = || sections.iter().filter(|section| !section.body.is_empty());
    let links = told().map(|Section { id, title, .. }| format!("<a href=\"#{id}\">{}</a>", escaped(title)));
    // Writing to a string cannot fail.
    let _ = writeln!(page, "<nav>{}</nav>", links.collect::<Vec<_>>().join(" "));
    for Section { id, title, body } in told() {
        let _ = write!(page, "<section id=\"{id}\"><h2>{}</h2>\n{body}</section>\n", escaped(title));
    }
    page.push_str("</body></html>\n");
    page
}

/// On the page itself the way to a part of it is a link.
fn linked(first: &str) -> String {
    let Some((before, rest)) = first.split_once("see report.html#") else { return first.to_owned() };
    let end = rest.find(|letter: char| !letter.is_alphanumeric()).unwrap_or(rest.len());
    let (id, after) = rest.split_at(end);
    format!("{before}<a href=\"#{id}\">see {id}</a>{after}")
}

/// What one wants to know first.
fn cards(report: &Report) -> String {
    let p99 = |name: &str| {
        let summary = report.metrics.get(name).filter(|summary| summary.count > 0)?;
        Some((format!("{name} p99"), span(summary.p99_us)))
    };
    let mut cards: Vec<(String, String)> =
        ["match", "signal", "chat", "ack"].into_iter().filter_map(p99).collect();
    let per_second = report.metrics.get("match").map_or(0.0, |summary| summary.per_second / 2.0);
    cards.push(("matches/s".into(), format!("{per_second:.1}")));
    if let Some(server) = report.processes.server {
        cards.push(("server memory".into(), megabytes(server.resident_peak_bytes)));
        cards.push(("server cpu".into(), format!("{:.0} %", server.cpu_percent)));
    }
    let wrong: u64 = report.oracle.counts.values().sum();
    let oracle = if report.oracle.clean { "clean".to_owned() } else { format!("{} wrong", thousands(wrong)) };
    cards.push(("oracle".into(), oracle));
    cards.push(("errors".into(), thousands(report.counts.errors)));
    let card = |(name, value): &(String, String)| format!("<div><b>{value}</b>{name}</div>");
    format!("<div class=\"cards\">{}</div>\n", cards.iter().map(card).collect::<String>())
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
    let mut table = format!("<div class=\"wide\"><table><tr><th>{head}</th></tr>\n");
    for row in rows {
        let cell = |text: &String| match text.as_str() {
            HELD => format!("<td class=\"good\">{HELD}</td>"),
            MISSED => format!("<td class=\"bad\">{MISSED}</td>"),
            other => format!("<td>{}</td>", escaped(other)),
        };
        let _ = writeln!(table, "<tr>{}</tr>", row.iter().map(cell).collect::<String>());
    }
    table + "</table></div>\n"
}

/// What had to hold.
pub(super) fn held(report: &Report) -> Section {
    let word = |held: bool| if held { HELD } else { MISSED }.to_owned();
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
