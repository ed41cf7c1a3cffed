//! What happens, as it happens: the newest at the end.

use qala::store::snapshot::EventLine;
use ratatui::layout::Rect;

use super::pen::{Pen, part};
use super::queues::counted;
use super::table::{self, Cell, Column, Window};
use super::theme::Tone;
use super::{Drawn, below, inset, line_of, title};
use crate::state::{State, rows};
use crate::words;

const COLUMNS: [Column; 8] = [
    Column::text("time", 8, 0),
    Column::text("what", 14, 0).growing(),
    Column::text("user", 12, 1).growing(),
    Column::text("peer", 10, 4).growing(),
    Column::text("room", 10, 3).growing(),
    Column::text("reason", 10, 2),
    Column::text("node", 8, 5),
    Column::text("dialect", 8, 6),
];

pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, state: &State, drawn: &mut Drawn) {
    let live = state.shown();
    let all = rows::events(live, state.tab_list());
    let follows = state.tab_list().is_free();
    let parts = [
        part("Events", Tone::Strong),
        part(counted(all.len(), live.events.len()), Tone::Plain),
        part(if follows { "newest below" } else { "standing still; End follows again" }, Tone::Quiet).rank(1),
    ];
    title(pen, line_of(area, 0), &parts);
    if live.events.is_empty() {
        let text = "nothing told yet; nodes tell events with --events redis";
        pen.text((area.x + 1, area.y + 1), area.width - 1, text, Tone::Quiet);
        return;
    }
    let chosen = state.event_place(&rows::names(&all));
    let cells = |row: usize| all.get(row).map_or_else(Vec::new, |row| cells(row.what));
    let window = Window { tail: follows, ..Window::of(all.len(), chosen) };
    let (spot, fits) = table::draw(pen, inset(below(area, 1)), &COLUMNS, window, cells);
    drawn.spots.extend(spot);
    drawn.list_lines = fits;
}

fn cells(event: &EventLine) -> Vec<Cell> {
    let plain = |text: &str| (text.to_owned(), Tone::Plain);
    vec![
        (words::clock(event.at_ms), Tone::Quiet),
        plain(&event.kind),
        plain(&event.user),
        plain(&event.peer),
        plain(&event.room),
        plain(&event.reason),
        plain(&event.node),
        plain(&event.dialect),
    ]
}

/// The newest few, for the overview.
pub(super) fn last(pen: &mut Pen<'_>, area: Rect, state: &State) {
    let events = &state.shown().events;
    let lines = usize::from(area.height.saturating_sub(1));
    pen.text((area.x + 1, area.y), area.width - 1, "Events", Tone::Strong);
    if events.is_empty() {
        pen.text((area.x + 9, area.y), area.width.saturating_sub(9), "none told", Tone::Quiet);
    }
    for (line, event) in (area.y + 1..).zip(events.iter().skip(events.len().saturating_sub(lines))) {
        let behind = pen.text((area.x + 1, line), 8, &words::clock(event.at_ms), Tone::Quiet);
        pen.text((behind + 2, line), area.right().saturating_sub(behind + 2), &sentence(event), Tone::Plain);
    }
}

/// An event in a line.
fn sentence(event: &EventLine) -> String {
    let mut text = event.kind.replace(['.', '_'], " ");
    for (before, part) in [
        (" ", &event.user),
        (" with ", &event.peer),
        (" in ", &event.room),
        (": ", &event.reason),
        (" on ", &event.node),
    ] {
        if !part.is_empty() {
            text.push_str(before);
            text.push_str(part);
        }
    }
    text
}
