//! The server's processes: a line for each.

use qala::store::snapshot::NodeFigures;
use ratatui::layout::Rect;

use super::pen::{Pen, part};
use super::queues::{counted, sorted};
use super::table::{self, Cell, Column, Window};
use super::theme::Tone;
use super::{Drawn, below, inset, line_of, or_dash, title};
use crate::state::figures::{NodeMeters, Rates};
use crate::state::rows::NodeRow;
use crate::state::{State, rows};
use crate::words;

/// A timer that is later than this is worth a look.
const LATE_MS: u64 = 100;
/// Nearly a whole core.
const BUSY_PERMILLE: u32 = 900;
/// An inbox that is not emptied.
const MANY_ENTRIES: u64 = 1_000;

const COLUMNS: [Column; 13] = [
    Column::text("node", 10, 0).growing(),
    Column::text("state", 9, 1),
    Column::text("version", 8, 9),
    Column::number("up", 7, 6),
    Column::number("conn", 6, 0),
    Column::number("waiting", 7, 7),
    Column::number("talking", 7, 8),
    Column::number("matches/s", 9, 10),
    Column::number("relays/s", 8, 11),
    Column::number("cpu", 6, 2),
    Column::number("memory", 8, 3),
    Column::number("lag", 7, 4),
    Column::number("inbox", 6, 5),
];

pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, state: &State, drawn: &mut Drawn) {
    let live = state.shown();
    let all = rows::nodes(live, state.tab_list());
    let parts = [
        part("Nodes", Tone::Strong),
        part(counted(all.len(), live.snapshot.nodes.len()), Tone::Plain),
        part(sorted(state), Tone::Quiet).rank(1),
    ];
    title(pen, line_of(area, 0), &parts);
    let taken_ms = live.snapshot.taken_at_ms;
    let cells = |row: usize| all.get(row).map_or_else(Vec::new, |row| cells(row.what, taken_ms));
    let window = Window::of(all.len(), state.tab_list().place(&rows::names(&all)));
    let (spot, fits) = table::draw(pen, inset(below(area, 1)), &COLUMNS, window, cells);
    drawn.spots.extend(spot);
    drawn.list_lines = fits;
}

fn cells(row: NodeRow<'_>, taken_ms: u64) -> Vec<Cell> {
    let node = row.node;
    let rates = row.meters.map_or_else(Rates::default, NodeMeters::rates);
    let plain = |text: String| (text, Tone::Plain);
    let warn = |text: String, is_much: bool| (text, if is_much { Tone::Warning } else { Tone::Plain });
    let rate = |known: Option<f64>| plain(or_dash(known, words::rate));
    let (state, tone) = condition(node);
    vec![
        plain(node.node.clone()),
        (state.to_owned(), tone),
        plain(node.version.clone()),
        plain(words::age(taken_ms.saturating_sub(node.started_at_ms))),
        plain(words::count(node.connections)),
        plain(words::count(node.waiting)),
        plain(words::count(node.talking)),
        rate(rates.matches),
        rate(rates.relays),
        warn(cpu(node), node.cpu_permille >= BUSY_PERMILLE),
        plain(words::bytes(node.resident_bytes)),
        warn(words::duration(words::float(node.event_lag_ms)), node.event_lag_ms >= LATE_MS),
        warn(words::count(node.inbox_entries), node.inbox_entries >= MANY_ENTRIES),
    ]
}

/// How it is, in a word.
pub(super) fn condition(node: &NodeFigures) -> (&'static str, Tone) {
    match (node.draining, node.store_available) {
        (true, _) => ("draining", Tone::Warning),
        (false, false) => ("no store", Tone::Bad),
        (false, true) => ("ready", Tone::Good),
    }
}

/// Its processor time, as percent of one core.
pub(super) fn cpu(node: &NodeFigures) -> String {
    words::percent(f64::from(node.cpu_permille) / 1_000.0)
}

/// A node in a few words, or in fewer.
pub(super) fn in_short(node: &NodeFigures, has_room: bool) -> (String, Tone) {
    let name = &node.node;
    let connections = words::count(node.connections);
    let (state, tone) = condition(node);
    if tone == Tone::Good {
        let memory =
            if has_room { format!("  {}", words::bytes(node.resident_bytes)) } else { String::new() };
        (format!("{name}  {connections} conn{memory}  {} cpu", cpu(node)), Tone::Plain)
    } else {
        (format!("{name}  {state}  {connections} left"), tone)
    }
}
