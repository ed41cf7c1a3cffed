//! The report as one page: verdict on top, then how it went, in one file that needs no network and prints well.

use super::chart::{Chart, Line, Scale, Size};
use super::page::{self, Section};
use super::{Report, megabytes, thousands};
use crate::figures::{Cell, Metric, Row};
use crate::plan::Plan;
use crate::time::span;
use crate::verdict::Assertion;

/// Metrics with charts of their own.
const CHARTED: [(Metric, &str); 5] = [
    (Metric::Match, "From search to match"),
    (Metric::Signal, "A signal from client to client"),
    (Metric::Chat, "A chat line from client to client"),
    (Metric::Room, "From the later yes to the room"),
    (Metric::Connect, "Connecting"),
];

/// Seconds between two ticks of the time.
const STEPS_SECONDS: [f64; 12] =
    [1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0];
/// Ticks that can be read beside each other.
const TICKS_AT_MOST: f64 = 8.0;

/// A text where markup is.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The report as HTML.
pub(super) fn html(report: &Report) -> String {
    let mut sections = vec![page::held(report), page::figures(report)];
    for (metric, title) in CHARTED {
        if report.metrics.get(metric.name()).is_some_and(|summary| summary.count > 0) {
            let (over_time, rate) = (over_time(report, metric), rate(report, metric));
            let body = format!(
                "<div class=\"pair\"><div>{over_time}{rate}</div>{}</div>",
                distribution(report, metric)
            );
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

/// Ticks at round times, few enough to be read.
fn seconds(report: &Report) -> Vec<(f64, String)> {
    let end = end(report);
    let step = STEPS_SECONDS.into_iter().find(|step| end / step <= TICKS_AT_MOST).unwrap_or(end);
    let times = std::iter::successors(Some(0.0), |time| Some(time + step)).take_while(|time| *time <= end);
    times.map(|time| (time / end, format!("{time:.0} s"))).collect()
}

/// When searches begin to arrive, and when they end.
fn phases(report: &Report) -> Vec<(f64, &'static str)> {
    let plan = Plan::new(&report.scenario);
    let places = [(plan.begins(), "searches begin"), (plan.ends(), "end")];
    let places = places.map(|(moment, said)| (moment.as_seconds() / end(report), said));
    places.into_iter().filter(|(place, _)| *place <= 1.0).collect()
}

/// What was asked of a metric's latencies.
fn limits(report: &Report, metric: Metric) -> Vec<(f64, String)> {
    let read = report.assertions.iter().filter_map(|judged| {
        let limit_us = Assertion::parse(&judged.assertion).ok()?.limit_us_of(metric)?;
        Some((limit_us, judged.assertion.clone()))
    });
    read.collect()
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
    let of = over_seconds(report, "Latency of each second", Size::Large, lines, us_shown);
    Chart { scale: Scale::Powers, marks: phases(report), limits: limits(report, metric), ..of }.svg()
}

fn rate(report: &Report, metric: Metric) -> String {
    let rate = |row: &Row| row.cells.get(metric as usize).map(|cell| cell.per_second);
    let lines = vec![line(report, "", "a", rate)];
    over_seconds(report, "How many each second", Size::Low, lines, |value| format!("{value:.0}/s")).svg()
}

/// A chart over the time of the run.
fn over_seconds<'a>(
    report: &Report,
    label: &'a str,
    size: Size,
    lines: Vec<Line<'a>>,
    show: fn(f64) -> String,
) -> Chart<'a> {
    let ticks = seconds(report);
    Chart { label, size, scale: Scale::Even, lines, ticks, marks: Vec::new(), limits: Vec::new(), show }
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
    let lines = vec![Line { name: "", class: "b", points }];
    let of = over_seconds(report, "Percentiles of the whole run", Size::Narrow, lines, us_shown);
    Chart { scale: Scale::Powers, ticks, limits: limits(report, metric), ..of }.svg()
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
    let chart = |label, size, lines, show| over_seconds(report, label, size, lines, show).svg();
    let body = chart("Memory in RAM", Size::Large, memory, bytes)
        + &chart("CPU, of one core", Size::Large, cpu, percent)
        + &chart("Clients", Size::Large, people, count);
    let body = format!("<div class=\"columns\">{body}</div>");
    Section { id: "processes", title: "Memory, CPU, clients".to_owned(), body }
}
