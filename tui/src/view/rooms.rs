//! Who talks: a page of rooms and halls, the newest first.

use qala::store::snapshot::{Room, RoomKind};
use ratatui::layout::Rect;

use super::pen::{Pen, part};
use super::queues::sorted;
use super::table::{self, Cell, Column, Window};
use super::theme::Tone;
use super::{Drawn, below, inset, line_of, or_dash, title};
use crate::state::{State, rows};
use crate::words;

const COLUMNS: [Column; 8] = [
    Column::text("room", 10, 0).growing(),
    Column::text("dialect", 8, 3),
    Column::text("kind", 4, 7),
    Column::text("members", 18, 5).growing(),
    Column::text("node", 10, 4),
    Column::number("age", 7, 0),
    Column::number("chat", 6, 2),
    Column::number("last", 7, 1),
];

pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, state: &State, drawn: &mut Drawn) {
    let live = state.shown();
    let all = rows::rooms(live, state.tab_list());
    let Some(page) = &live.snapshot.rooms else {
        let text = if state.timeline.is_some() { "rooms were not recorded here" } else { "asking for rooms" };
        pen.text((area.x + 1, area.y), area.width - 1, text, Tone::Quiet);
        return;
    };
    let last = page.offset + page.rooms.len() as u64;
    let range = if page.rooms.is_empty() {
        "none".to_owned()
    } else {
        format!("{} to {} of {}", words::count(page.offset + 1), words::count(last), words::count(page.total))
    };
    let filtered =
        if all.len() < page.rooms.len() { format!("{} of this page", all.len()) } else { String::new() };
    let parts = [
        part("Rooms", Tone::Strong),
        part(range, Tone::Plain),
        part(filtered, Tone::Warning),
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

fn cells(room: &Room, taken_ms: u64) -> Vec<Cell> {
    let plain = |text: String| (text, Tone::Plain);
    let since = |at_ms: u64| words::age(taken_ms.saturating_sub(at_ms));
    vec![
        plain(room.id.clone()),
        plain(room.pool.clone()),
        plain(kind(room.kind).to_owned()),
        plain(members(room)),
        plain(homes(room)),
        plain(since(room.opened_at_ms)),
        plain(words::count(room.messages)),
        plain(or_dash(room.last_message_at_ms, since)),
    ]
}

pub(super) fn kind(kind: RoomKind) -> &'static str {
    match kind {
        RoomKind::Pair => "pair",
        RoomKind::Hall => "hall",
    }
}

/// The first of them by name; of many, how many more.
fn members(room: &Room) -> String {
    let named: Vec<&str> = room.members.iter().take(3).map(|member| member.user.as_str()).collect();
    let more = room.members.len().saturating_sub(named.len());
    let named = named.join(", ");
    if more > 0 { format!("{named} and {more} more") } else { named }
}

/// The nodes where its members are.
pub(super) fn homes(room: &Room) -> String {
    let mut nodes: Vec<&str> =
        room.members.iter().map(|member| member.node.as_str()).filter(|node| !node.is_empty()).collect();
    nodes.sort_unstable();
    nodes.dedup();
    nodes.join(" ")
}
