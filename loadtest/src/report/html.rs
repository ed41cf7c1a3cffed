//! The report as one page: verdict on top, then how it went, in one file that needs no network and prints well.

use super::chart::{Chart, Line, Scale};
use super::page::{self, Section};
use super::{Report, megabytes, thousands};
use crate::figures::{Cell, Metric, Row};
use crate::time::span;

/// Metrics with charts of their own.
const CHARTED: [(Metric, &str); 5] = [
    (Metric::Match, "From search to match"),
    (Metric::Signal, "A signal from client to client"),
    (Metric::Chat, "A chat line from client to client"),
    (Metric::Room, "From the later yes to the room"),
    (Metric::Connect, "Connecting"),
];

/// A text where markup is.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The report as HTML.
pub(super) fn html(report: &Report) -> String {
    let mut sections = vec![page::held(report), page::figures(report)];
    for (metric, title) in CHARTED {
        if report.metrics.get(metric.name()).is_some_and(|summary| summary.count > 0) {
            let body = over_time(report, metric) + &rate(report, metric) + &distribution(report, metric);
            sections.push(Section { id: metric.name(), title: title.to_owned(), body });
        }
    }
    sections.push(processes(report));
    sections.push(page::parts("stages", "From search to match, by stage", &report.match_by_stage));
    sections.push(page::parts("pairs", "From search to match, by language pair", &report.match_by_pair));
    sections.push(page::wrong(report));
    sections.push(page::repeat(report));
    page::whole(report, &sections)
}

/// A line through the rows.
fn line<'a>(report: &Report, name: &'a str, class: &'a str, value: impl Fn(&Row) -> Option<f64>) -> Line<'a> {
    let end = end(report);
    let points = report.series.iter().filter_map(|row| Some((row.at_seconds / end, value(row)?))).collect();
    Line { name, class, points }
}

fn end(report: &Report) -> f64 {
    report.series.last().map_or(1.0, |row| row.at_seconds).max(1.0)
}

fn seconds(report: &Report) -> Vec<(f64, String)> {
    let end = end(report);
    [0.0, 0.25, 0.5, 0.75, 1.0].map(|part| (part, format!("{:.0} s", part * end))).to_vec()
}

fn cell(row: &Row, metric: Metric) -> Option<&Cell> {
    row.cells.get(metric as usize).filter(|cell| cell.per_second > 0.0)
}

#[expect(clippy::cast_precision_loss, reason = "latencies are far below 2^53")]
fn over_time(report: &Report, metric: Metric) -> String {
    let us = |value: fn(&Cell) -> u64| move |row: &Row| cell(row, metric).map(|cell| value(cell) as f64);
    let lines = vec![
        line(report, "p50", "a", us(|cell| cell.p50_us)),
        line(report, "p99", "b", us(|cell| cell.p99_us)),
        line(report, "max", "c", us(|cell| cell.max_us)),
    ];
    let label = format!("{}: p50, p99 and max of each second", metric.name());
    Chart { label: &label, scale: Scale::Powers, lines, ticks: seconds(report), show: us_shown }.svg()
}

fn rate(report: &Report, metric: Metric) -> String {
    let rate = |row: &Row| row.cells.get(metric as usize).map(|cell| cell.per_second);
    let lines = vec![line(report, "per second", "a", rate)];
    let label = format!("{}: how many each second", metric.name());
    let show = |value: f64| format!("{value:.0}/s");
    Chart { label: &label, scale: Scale::Even, lines, ticks: seconds(report), show }.svg()
}

/// By percentile, each nine as wide as the one before.
#[expect(clippy::cast_precision_loss, reason = "latencies are far below 2^53")]
fn distribution(report: &Report, metric: Metric) -> String {
    let Some(points) = report.distributions.get(metric.name()) else { return String::new() };
    let nines = |quantile: f64| -(1.0 - quantile).log10();
    let inner = points.iter().filter(|point| point.quantile < 1.0);
    let most = inner.clone().map(|point| nines(point.quantile)).fold(1.0_f64, f64::max);
    let points = inner.map(|point| (nines(point.quantile) / most, point.us as f64)).collect();
    let named =
        [(0.0, "0 %"), (1.0, "90 %"), (2.0, "99 %"), (3.0, "99.9 %"), (4.0, "99.99 %"), (5.0, "99.999 %")];
    let ticks = named.into_iter().filter(|(place, _)| *place <= most);
    let ticks = ticks.map(|(place, said)| (place / most, said.to_owned())).collect();
    let label = format!("{}: distribution", metric.name());
    let lines = vec![Line { name: "by percentile", class: "b", points }];
    Chart { label: &label, scale: Scale::Powers, lines, ticks, show: us_shown }.svg()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a latency")]
fn us_shown(value: f64) -> String {
    span(value as u64)
}

#[expect(clippy::cast_precision_loss, reason = "no memory is that large")]
fn processes(report: &Report) -> Section {
    let memory = vec![
        line(report, "server", "a", |row| row.server.map(|server| server.resident_bytes as f64)),
        line(report, "tester", "b", |row| Some(row.tester.resident_bytes as f64)),
    ];
    let cpu = vec![
        line(report, "server", "a", |row| row.server.map(|server| server.cpu_percent)),
        line(report, "tester", "b", |row| Some(row.tester.cpu_percent)),
    ];
    let people = vec![
        line(report, "connected", "a", |row| Some(f64::from(row.connected))),
        line(report, "waiting", "b", |row| Some(f64::from(row.waiting))),
        line(report, "talking", "c", |row| Some(f64::from(row.talking))),
    ];
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bytes, and people")]
    let bytes: fn(f64) -> String = |value| megabytes(value as u64);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bytes, and people")]
    let count: fn(f64) -> String = |value| thousands(value as u64);
    let percent: fn(f64) -> String = |value| format!("{value:.0} %");
    let chart =
        |label, lines, show| Chart { label, scale: Scale::Even, lines, ticks: seconds(report), show }.svg();
    let body = chart("memory in RAM", memory, bytes)
        + &chart("cpu, of one core", cpu, percent)
        + &chart("clients", people, count);
    Section { id: "processes", title: "Memory, CPU, clients".to_owned(), body }
}
