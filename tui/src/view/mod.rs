//! From a state to a picture of cells. Decides nothing and remembers nothing: the same state is the same picture.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use pen::{Part, Pen, part};
use theme::Tone;

use crate::input::{self, Spot, Target, When};
use crate::state::{Mode, State, Tab};
use crate::words;

mod confirm;
mod details;
mod events;
mod nodes;
mod overview;
mod pen;
mod queues;
mod rooms;
mod table;
#[cfg(test)]
mod tests;
mod theme;
mod user;

pub use theme::Theme;

/// Terminals narrower than this get the shortest words.
const NARROW: u16 = 60;

/// What a picture needs to be told of itself.
#[derive(Debug, Clone, Default)]
pub struct Drawn {
    /// Where it can be clicked.
    pub(crate) spots: Vec<Spot>,
    /// How many lines of its list fit.
    pub(crate) list_lines: usize,
}

/// Draws everything.
pub fn draw(state: &State, theme: Theme, frame: &mut Frame<'_>) -> Drawn {
    paint(state, theme, frame.buffer_mut())
}

/// The same into cells that nobody may ever see on a terminal.
pub(crate) fn paint(state: &State, theme: Theme, buffer: &mut Buffer) -> Drawn {
    let area = buffer.area;
    let mut pen = Pen::new(buffer, theme);
    let mut drawn = Drawn { spots: Vec::new(), list_lines: 1 };
    if area.height < 3 || area.width < 10 {
        pen.text((0, 0), area.width, "qala top: too small", Tone::Plain);
        return drawn;
    }
    header(&mut pen, area, state);
    tabs(&mut pen, Rect { y: 1, height: 1, ..area }, state, &mut drawn);
    let bottom = area.bottom() - 1;
    footer(&mut pen, Rect { y: bottom, height: 1, ..area }, state);
    let mut body = Rect { y: 2, height: bottom - 2, ..area };
    if state.timeline.is_some() && body.height > 2 {
        body.height -= 1;
        time_line(&mut pen, Rect { y: body.bottom(), height: 1, ..area }, state, &mut drawn);
    }
    if state.mode == Mode::Help {
        help(&mut pen, body, state);
        return drawn;
    }
    if !state.has_picture() {
        nothing_yet(&mut pen, body, state);
        return drawn;
    }
    match state.details.last() {
        Some(looking) => details::draw(&mut pen, body, state, looking, &mut drawn),
        None => match state.tab {
            Tab::Overview => overview::draw(&mut pen, body, state, &mut drawn),
            Tab::Queues => queues::draw(&mut pen, body, state, &mut drawn),
            Tab::Rooms => rooms::draw(&mut pen, body, state, &mut drawn),
            Tab::Nodes => nodes::draw(&mut pen, body, state, &mut drawn),
            Tab::Events => events::draw(&mut pen, body, state, &mut drawn),
        },
    }
    if let Some(question) = state.question() {
        confirm::draw(&mut pen, body, &question, &state.terms.by);
    }
    if state.stale().is_some() {
        // What is not of now looks as if it were not of now.
        pen.paint(body, Tone::Quiet);
    }
    drawn
}

/// Where pictures come from, of when they are, and whether more come.
fn header(pen: &mut Pen<'_>, area: Rect, state: &State) {
    let snapshot = &state.shown().snapshot;
    let narrow = area.width < NARROW;
    let mut address = state.terms.address.clone();
    if state.has_picture() && state.timeline.is_none() {
        address =
            format!("{address} ({})", words::duration(words::float(snapshot.store.latency_us) / 1_000.0));
    }
    let nodes = if snapshot.nodes.len() == 1 {
        "1 node".to_owned()
    } else {
        format!("{} nodes", snapshot.nodes.len())
    };
    let clock = words::clock(snapshot.taken_at_ms);
    let calls = state.shown().figures.calls_per_second();
    let parts = [
        part("qala top", Tone::Strong).rank(u8::from(narrow)),
        Part { text: address, tone: Tone::Plain, rank: 3 },
        part(if state.has_picture() { nodes } else { String::new() }, Tone::Plain).rank(4),
        part(if state.has_picture() { format!("{clock} UTC") } else { String::new() }, Tone::Plain).rank(1),
        pace(state).rank(5),
        condition(state),
        part(
            calls.map_or(String::new(), |calls| format!("cost {} calls/s", words::rate(calls))),
            Tone::Quiet,
        )
        .rank(6),
    ];
    let help = if narrow { 0 } else { 8 };
    pen.parts((1, 0), area.width.saturating_sub(help + 1), 3, &parts);
    if !narrow {
        pen.text_right((area.right() - 1, 0), 6, "? help", Tone::Quiet);
    }
}

fn pace(state: &State) -> Part {
    let text = match &state.timeline {
        Some(timeline) => format!("{} x", timeline.speed),
        None if state.pace_ms < 1_000 => format!("every {} ms", state.pace_ms),
        None => format!("every {} s", state.pace_ms / 1_000),
    };
    part(text, Tone::Quiet)
}

/// In one word, or as many as it takes.
fn condition(state: &State) -> Part {
    if let Some(timeline) = &state.timeline {
        return part(if timeline.plays { "replay" } else { "replay, held" }, Tone::Warning);
    }
    match state.stale() {
        Some((ms, _)) if !state.has_picture() => {
            part(format!("waiting for {}", words::age(ms)), Tone::Warning)
        }
        Some((ms, _)) => part(format!("STALE {}", words::age(ms)), Tone::Bad),
        None if state.is_held() => part("HELD", Tone::Warning),
        None if state.has_picture() => part("live", Tone::Good),
        None => part("connecting", Tone::Warning),
    }
}

fn tabs(pen: &mut Pen<'_>, line: Rect, state: &State, drawn: &mut Drawn) {
    let mut column = 1;
    for (place, tab) in Tab::ALL.into_iter().enumerate() {
        let name = if line.width < NARROW { &tab.name()[..4] } else { tab.name() };
        let chosen = tab == state.tab;
        let begin = column;
        column = pen.text((column, line.y), line.width, &format!("{} {name}", place + 1), Tone::Plain);
        if chosen {
            let wide = column - begin;
            pen.paint(Rect { x: begin, width: wide, ..line }, Tone::Chosen);
        }
        let lines = (line.y, line.y + 1);
        drawn.spots.push(Spot { columns: (begin, column), lines, target: Target::Tab(tab) });
        column += if line.width < NARROW { 1 } else { 2 };
    }
}

/// What is asked, written or to be said; else the keys that are most of use.
fn footer(pen: &mut Pen<'_>, line: Rect, state: &State) {
    let place = (line.x + 1, line.y);
    let most = line.width - 1;
    let filter = &state.list().filter;
    let cursor = pen.theme.pick("▏", "_");
    let (text, tone) = match state.mode {
        Mode::Confirm => ("y does it, any other key does not".to_owned(), Tone::Strong),
        Mode::Jump => (format!("jump to (UTC): {}{cursor}", state.written), Tone::Strong),
        Mode::Filter => (format!("/ {filter}{cursor}"), Tone::Strong),
        Mode::Help => ("any key goes back".to_owned(), Tone::Quiet),
        Mode::Browse => match (state.note(), state.stale()) {
            (Some(note), _) => (note.to_owned(), Tone::Warning),
            (None, Some((ms, why))) => (silence(state, ms, why), Tone::Bad),
            (None, None) if !filter.is_empty() => (format!("/ {filter}   Esc: filter off"), Tone::Strong),
            (None, None) => (keys(state, line.width), Tone::Quiet),
        },
    };
    pen.text(place, most, &text, tone);
}

fn silence(state: &State, ms: u64, why: &str) -> String {
    let address = &state.terms.address;
    match why {
        "" => format!("no answer from {address} for {}, retrying", words::age(ms)),
        why => format!("no answer from {address} for {} ({why}), retrying", words::age(ms)),
    }
}

fn keys(state: &State, width: u16) -> String {
    if width < NARROW {
        return "? help  / filter  s sort  q quit".to_owned();
    }
    let more = match (&state.timeline, state.details.is_empty()) {
        (Some(_), _) => "Left/Right 10 s   [/] 5 min   t jump   Space hold",
        (None, false) => "Esc back   Enter further in",
        (None, true) => "/ filter   s sort   Enter detail   Space hold   +/- pace",
    };
    let act = if state.terms.allow_actions && state.timeline.is_none() { "   x act" } else { "" };
    format!("{more}{act}   q quit")
}

/// The record from beginning to end, and where one is in it.
fn time_line(pen: &mut Pen<'_>, line: Rect, state: &State, drawn: &mut Drawn) {
    let Some(timeline) = &state.timeline else { return };
    let (first, last) = (words::clock(timeline.first_ms), words::clock(timeline.last_ms));
    let begin = pen.text((1, line.y), 8, &first, Tone::Quiet) + 1;
    let end = line.width.saturating_sub(10);
    if end <= begin + 2 {
        return;
    }
    let wide = end - begin;
    let done = words::rounded(timeline.share() * f64::from(wide - 1));
    let done = u16::try_from(done).unwrap_or(wide - 1);
    for column in 0..wide {
        let (mark, tone) = match column.cmp(&done) {
            std::cmp::Ordering::Less => (pen.theme.pick("━", "="), Tone::Plain),
            std::cmp::Ordering::Equal => (pen.theme.pick("●", "#"), Tone::Strong),
            std::cmp::Ordering::Greater => (pen.theme.pick("─", "-"), Tone::Quiet),
        };
        pen.text((begin + column, line.y), 1, mark, tone);
    }
    pen.text((end + 1, line.y), 8, &last, Tone::Quiet);
    drawn.spots.push(Spot { columns: (begin, end), lines: (line.y, line.y + 1), target: Target::Time });
}

fn help(pen: &mut Pen<'_>, area: Rect, state: &State) {
    let shown = input::KEYS.iter().filter(|key| match key.when {
        When::Always => true,
        When::Replaying => state.timeline.is_some(),
        When::Allowed => state.terms.allow_actions,
    });
    let indent = if area.width < NARROW { 9 } else { 18 };
    for (line, key) in (area.y..area.bottom()).zip(shown) {
        pen.text((1, line), indent - 1, key.keys, Tone::Strong);
        pen.text((1 + indent, line), area.width.saturating_sub(indent + 1), key.does, Tone::Plain);
    }
}

/// Before the first picture.
fn nothing_yet(pen: &mut Pen<'_>, area: Rect, state: &State) {
    let why = state.stale().map_or("", |(_, why)| why);
    let first = format!("asking {}", state.terms.address);
    pen.text((1, area.y + area.height.min(2) / 2), area.width - 1, &first, Tone::Plain);
    pen.text((1, area.y + area.height.min(3) / 2 + 1), area.width - 1, why, Tone::Warning);
}

/// A title over a list: what it is, how many, how it is sorted.
fn title(pen: &mut Pen<'_>, line: Rect, parts: &[Part]) {
    pen.parts((line.x + 1, line.y), line.width - 1, 3, parts);
}

/// One line of an area.
fn line_of(area: Rect, number: u16) -> Rect {
    Rect { y: area.y + number, height: 1, ..area }
}

/// An area without its first lines.
fn below(area: Rect, lines: u16) -> Rect {
    let lines = lines.min(area.height);
    Rect { y: area.y + lines, height: area.height - lines, ..area }
}

/// An area without its first and last column.
fn inset(area: Rect) -> Rect {
    Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area }
}

/// A number that may not be known.
fn or_dash<T>(known: Option<T>, shown: impl Fn(T) -> String) -> String {
    known.map_or_else(|| "-".to_owned(), shown)
}
