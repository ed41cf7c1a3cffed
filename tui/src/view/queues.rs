//! Who waits for whom: a line for each language pair of a pool.

use qala::store::snapshot::Queue;
use ratatui::layout::Rect;

use super::pen::{Pen, part};
use super::table::{self, Cell, Column, Window};
use super::theme::{Theme, Tone, sparkline};
use super::{Drawn, below, inset, line_of, or_dash, title};
use crate::state::figures::QueueFigures;
use crate::state::rows::{QueueRow, Row};
use crate::state::{Live, State, rows};
use crate::words;

pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, state: &State, drawn: &mut Drawn) {
    let all = rows::queues(state.shown(), state.tab_list());
    heading(pen, line_of(area, 0), state, all.len());
    table(pen, below(area, 1), state, &all, drawn);
}

pub(super) fn heading(pen: &mut Pen<'_>, line: Rect, state: &State, shown: usize) {
    let snapshot = &state.shown().snapshot;
    let left_out = snapshot.queues_left_out;
    title(
        pen,
        line,
        &[
            part("Queues", Tone::Strong),
            part(counted(shown, snapshot.queues.len()), Tone::Plain).rank(1),
            part(sorted(state), Tone::Quiet).rank(2),
            part(
                if left_out > 0 { format!("{left_out} more are not told of") } else { String::new() },
                Tone::Warning,
            )
            .rank(3),
        ],
    );
}

/// How many of how many.
pub(super) fn counted(shown: usize, all: usize) -> String {
    if shown == all { words::count(all as u64) } else { format!("{shown} of {}", words::count(all as u64)) }
}

/// What the list is sorted by.
pub(super) fn sorted(state: &State) -> String {
    let list = state.tab_list();
    let column = state.sorting().get(list.sort).copied().unwrap_or_default();
    if list.turned { format!("by {column}, turned round") } else { format!("by {column}") }
}

pub(super) fn table(
    pen: &mut Pen<'_>,
    area: Rect,
    state: &State,
    all: &[Row<QueueRow<'_>>],
    drawn: &mut Drawn,
) {
    if all.is_empty() {
        let nobody = if state.tab_list().filter.is_empty() {
            "nobody has come yet"
        } else {
            "no queue has this in it"
        };
        pen.text((area.x + 1, area.y), area.width - 1, nobody, Tone::Quiet);
        return;
    }
    let theme = pen.theme;
    let columns = [
        Column::text("pool", 6, 4),
        Column::text("pair", 9, 0).growing(),
        Column::number("waiting", 7, 0),
        Column::number(theme.pick("→", "->"), 5, 7),
        Column::number(theme.pick("←", "<-"), 5, 7),
        Column::number("oldest", 7, 0),
        Column::number("in/s", 6, 6),
        Column::number("matched/s", 9, 3),
        Column::number("p50", 7, 5),
        Column::number("p99", 7, 2),
        Column::text("stage 0-4", 9, 8),
    ];
    let chosen = state.tab_list().place(&rows::names(all));
    let live = state.shown();
    let cells = |row: usize| all.get(row).map_or_else(Vec::new, |row| cells(row.what, live, theme));
    let (spot, fits) = table::draw(pen, inset(area), &columns, Window::of(all.len(), chosen), cells);
    drawn.spots.extend(spot);
    drawn.list_lines = fits;
}

fn cells(row: QueueRow<'_>, live: &Live, theme: Theme) -> Vec<Cell> {
    let QueueRow { queue, figures } = row;
    let plain = |text: String| (text, Tone::Plain);
    let rate = |of: fn(&QueueFigures) -> Option<f64>| plain(or_dash(figures.and_then(of), words::rate));
    let wait = |share| plain(or_dash(figures.and_then(|figures| figures.wait_ms(share)), words::duration));
    vec![
        plain(queue.pool.clone()),
        plain(pair(queue, theme)),
        plain(words::count(queue.waiting())),
        plain(words::count(queue.forward.total_waiting())),
        plain(words::count(queue.backward.total_waiting())),
        oldest(queue, live),
        rate(QueueFigures::arrivals_per_second),
        rate(QueueFigures::matched_per_second),
        wait(0.5),
        wait(0.99),
        plain(stages(queue, theme)),
    ]
}

/// How long the longest waiting waits; a warning where all wishes are relaxed already.
fn oldest(queue: &Queue, live: &Live) -> Cell {
    let Some(since_ms) = queue.oldest_at_ms() else { return ("-".to_owned(), Tone::Quiet) };
    let waits_ms = live.snapshot.taken_at_ms.saturating_sub(since_ms);
    let pool = live.snapshot.pools.iter().find(|pool| pool.pool == queue.pool);
    let last_ms = pool.and_then(|pool| pool.opens_after_ms.last().copied()).unwrap_or_default();
    let tone = if last_ms > 0 && waits_ms > last_ms { Tone::Warning } else { Tone::Plain };
    (words::age(waits_ms), tone)
}

/// The two languages.
pub(super) fn pair(queue: &Queue, theme: Theme) -> String {
    if queue.one == queue.other && queue.one == "und" {
        return "anyone".to_owned();
    }
    format!("{} {} {}", queue.one, theme.pick("⇄", "<->"), queue.other)
}

/// How many wait at each stage, as bars.
fn stages(queue: &Queue, theme: Theme) -> String {
    let both = queue
        .forward
        .waiting
        .iter()
        .zip(queue.backward.waiting)
        .map(|(one, other)| words::float(one + other));
    sparkline(both, theme)
}
