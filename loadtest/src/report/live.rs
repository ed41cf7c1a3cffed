//! What is shown while a run goes on: a function of what is known so far.

use super::text::head;
use super::{megabytes, thousands};
use crate::crowd::Census;
use crate::figures::{Figures, Metric, Row};
use crate::oracle::{Kind, Oracle};
use crate::scenario::Scenario;
use crate::time::{Moment, span};

/// Cells of a bar.
const BAR: u32 = 20;
/// Seconds in a sparkline.
const SPARKS: usize = 8;
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// What is known so far.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// What is played.
    pub scenario: &'a Scenario,
    /// Against what.
    pub target: &'a str,
    /// For how long.
    pub now: Moment,
    /// How many are doing what.
    pub census: Census,
    /// The figures.
    pub figures: &'a Figures,
    /// The oracle.
    pub oracle: &'a Oracle,
}

/// The lines for a terminal of 80 columns.
pub fn live(view: &View<'_>) -> Vec<String> {
    let mut lines = vec![title(view), phases(view), head()];
    let rows = view.figures.series().rows();
    for metric in Metric::ALL {
        let summary = view.figures.summary(metric);
        if summary.count > 0 && metric != Metric::Lag {
            let now = rows
                .last()
                .and_then(|row| row.cells.get(metric as usize))
                .map_or(0.0, |cell| cell.per_second);
            let cells = [summary.p50_us, summary.p90_us, summary.p99_us, summary.p999_us, summary.max_us];
            let cells = cells.map(|us| format!("{:>9}", span(us))).concat();
            lines.push(format!("{:<9}{now:>9.0}/s{cells}  {}", metric.name(), sparks(rows, metric)));
        }
    }
    lines.push(processes(view, rows.last()));
    lines.push(oracle(view.oracle));
    lines
}

/// One line for where there is no terminal.
pub fn plain(view: &View<'_>) -> String {
    let counts = view.figures.counts();
    let p99 = |metric| view.figures.quantile_us(metric, 0.99).map_or("-".to_owned(), span);
    format!(
        "{:>4.0} s  connected {}  waiting {}  talking {}  matches {}  match p99 {}  signal p99 {}  errors {}",
        view.now.as_seconds(),
        thousands(view.census.connected.into()),
        thousands(view.census.waiting.into()),
        thousands(view.census.talking.into()),
        thousands(view.oracle.matched()),
        p99(Metric::Match),
        p99(Metric::Signal),
        thousands(counts.errors),
    )
}

fn title(view: &View<'_>) -> String {
    let Scenario { clients, rate, duration_seconds, closed, ref dialects, .. } = *view.scenario;
    let names: Vec<_> = dialects.iter().map(|family| family.name()).collect();
    let rate = if closed { "closed".to_owned() } else { format!("{rate} joins/s") };
    format!(
        "qala bench  {}  {}  {} clients  {rate}  {duration_seconds} s",
        view.target,
        names.join(", "),
        thousands(clients.into())
    )
}

fn phases(view: &View<'_>) -> String {
    let (connected, all) = (view.census.connected, view.scenario.clients);
    let begins = view.scenario.ramp_seconds + 1.0;
    let joined = (view.now.as_seconds() - begins).clamp(0.0, view.scenario.duration_seconds);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 20")]
    let cells = (joined / view.scenario.duration_seconds * f64::from(BAR)) as u32;
    format!(
        "connect {} {}/{}   join {} {joined:.0} s",
        bar(connected * BAR / all.max(1)),
        thousands(connected.into()),
        thousands(all.into()),
        bar(cells)
    )
}

fn bar(full: u32) -> String {
    let full = full.min(BAR);
    "█".repeat(full as usize) + &"░".repeat((BAR - full) as usize)
}

/// The 99th percentile of the last seconds, the highest of them as the full height.
fn sparks(rows: &[Row], metric: Metric) -> String {
    let last = &rows[rows.len().saturating_sub(SPARKS)..];
    let p99 = |row: &Row| row.cells.get(metric as usize).map_or(0, |cell| cell.p99_us);
    let highest = last.iter().map(p99).max().unwrap_or(0).max(1);
    let level = |row: &Row| {
        let place = p99(row) * (LEVELS.len() as u64 - 1) / highest;
        LEVELS[usize::try_from(place).unwrap_or(0)]
    };
    last.iter().map(level).collect()
}

fn processes(view: &View<'_>, row: Option<&Row>) -> String {
    let lag = view.figures.quantile_us(Metric::Lag, 0.99).unwrap_or(0);
    let Some(row) = row else { return "server -".to_owned() };
    let shown = |usage: crate::figures::Usage| {
        format!("{}  {:.0} % cpu", megabytes(usage.resident_bytes), usage.cpu_percent)
    };
    let server = row.server.map_or("out of sight".to_owned(), shown);
    format!("server  {server}   tester  {}  schedule lag p99 {}", shown(row.tester), span(lag))
}

fn oracle(oracle: &Oracle) -> String {
    let shown = [
        ("one-sided", Kind::OneSided),
        ("double", Kind::Double),
        ("wishes broken", Kind::Wish),
        ("lost", Kind::Lost),
    ];
    let counts = shown.map(|(words, kind)| format!("{words} {}", oracle.count(kind)));
    let others: u64 = Kind::ALL.into_iter().map(|kind| oracle.count(kind)).sum::<u64>()
        - shown.into_iter().map(|(_, kind)| oracle.count(kind)).sum::<u64>();
    let others = if others > 0 { format!("  other {others}") } else { String::new() };
    format!("oracle  matched {}  {}{others}", thousands(oracle.matched()), counts.join("  "))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::event::{Event, What};
    use crate::figures::Usage;

    #[test]
    fn the_view_fits_eighty_columns_and_says_how_it_goes() {
        let scenario = Scenario::default();
        let (mut figures, oracle) = (Figures::new(&scenario), Oracle::new(&scenario));
        for ms in [1, 2, 1_900] {
            let what = What::Connected { took: Duration::from_millis(ms) };
            figures.take(&Event { at: Moment::default(), client: 0, what });
            let usage = Usage { resident_bytes: 304_000_000, cpu_percent: 133.0 };
            figures.second(Row { seconds: 1.0, server: Some(usage), tester: usage, ..Row::default() });
        }
        let view = View {
            scenario: &scenario,
            target: "http://127.0.0.1:43547",
            now: Moment::from_seconds(36.0),
            census: Census { connected: 5_000, waiting: 7, talking: 8 },
            figures: &figures,
            oracle: &oracle,
        };
        let lines = live(&view);
        assert!(lines.iter().all(|line| line.chars().count() <= 80), "{lines:#?}");
        assert_eq!(
            lines[1],
            format!("connect {0}{1} 5,000/10,000   join {0}{1} 30 s", "█".repeat(10), "░".repeat(10))
        );
        assert_eq!(lines[3], "connect          1/s   2.0 ms  1901 ms  1901 ms  1901 ms  1901 ms  ▁▁█");
        assert_eq!(lines[5], "oracle  matched 0  one-sided 0  double 0  wishes broken 0  lost 0");
        assert!(plain(&view).starts_with("  36 s  connected 5,000  waiting 7  talking 8  matches 0  "));
    }
}
