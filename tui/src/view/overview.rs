//! The whole at a glance: people, matching, talk, the store; then the queues where people wait longest, the nodes
//! and what happened last.

use qala::store::snapshot::NodeFigures;
use ratatui::layout::Rect;

use super::pen::{Pen, columns, part};
use super::theme::{Tone, sparkline};
use super::{Drawn, below, events, line_of, nodes, or_dash, queues, title};
use crate::state::history::History;
use crate::state::{Live, State, rows};
use crate::{text, words};

/// Lines of the boxes, frames included.
const BOX_LINES: u16 = 8;
/// Lower than this there are no frames.
const FRAMES_FROM_LINES: u16 = 17;
/// As wide as a label is.
const LABEL: u16 = 11;
/// Values end there.
const VALUE: u16 = 20;

/// A figure with its name and how it went.
struct Line<'a> {
    label: &'static str,
    value: String,
    tone: Tone,
    trend: Option<&'a History>,
}

fn line<'a>(label: &'static str, value: String) -> Line<'a> {
    Line { label, value, tone: Tone::Plain, trend: None }
}

impl<'a> Line<'a> {
    fn trend(self, trend: &'a History) -> Self {
        Self { trend: Some(trend), ..self }
    }

    /// Something that should not be.
    fn unwanted(self, is_there: bool, tone: Tone) -> Self {
        if is_there { Self { tone, ..self } } else { self }
    }
}

pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, state: &State, drawn: &mut Drawn) {
    let live = state.shown();
    let used = if area.height >= FRAMES_FROM_LINES && area.width >= 72 {
        boxes(pen, area, live)
    } else {
        short(pen, area, live)
    };
    let rest = below(area, used);
    // Queues take what nodes and events leave.
    let node_lines = if rest.height >= 8 { 2 } else { 0 };
    let event_lines = match rest.height {
        0..=9 => 0,
        10..=19 => 2,
        _ => 4,
    };
    let queue_area = Rect { height: rest.height - node_lines - event_lines, ..rest };
    queue_lines(pen, queue_area, state, drawn);
    if node_lines > 0 {
        node_line(pen, line_of(rest, queue_area.height + 1), live);
    }
    if event_lines > 0 {
        let area = below(rest, queue_area.height + node_lines);
        events::last(pen, area, state);
    }
}

fn groups(live: &Live) -> [(&'static str, Vec<Line<'_>>); 4] {
    let (figures, trends) = (&live.figures, &live.figures.trends);
    let rates = figures.rates();
    let sum = |of: fn(&NodeFigures) -> u64| words::count(live.snapshot.nodes.iter().map(of).sum());
    let rate = |known: Option<f64>| or_dash(known, words::rate);
    let wait = |share| or_dash(figures.wait_ms(share), words::duration);
    let some = |known: Option<f64>| known.is_some_and(|rate| rate > 0.0);
    let totals = &live.snapshot.totals;
    let store = &live.snapshot.store;
    let people = vec![
        line("connected", sum(|node| node.connections)).trend(&trends.connections),
        line("talking", sum(|node| node.talking)),
        line("waiting", sum(|node| node.waiting)).trend(&trends.waiting),
        line("away", sum(|node| node.away)),
        line("in halls", sum(|node| node.in_halls)),
        line("refused/s", rate(rates.refusals))
            .trend(&trends.refusals)
            .unwanted(some(rates.refusals), Tone::Warning),
    ];
    let matching = vec![
        line("arrivals/s", rate(rates.tickets)),
        line("matches/s", rate(rates.matches)).trend(&trends.matches),
        line("wait p50", wait(0.5)),
        line("wait p99", wait(0.99)),
        line("accepted", or_dash(figures.accepted(), words::percent)),
        line("errors/s", rate(rates.errors)).trend(&trends.errors).unwanted(some(rates.errors), Tone::Bad),
    ];
    let talk = vec![
        line("rooms", words::count(totals.rooms_opened.saturating_sub(totals.rooms_closed)))
            .trend(&trends.rooms),
        line("relays/s", rate(rates.relays)).trend(&trends.relays),
        line("chat/s", rate(rates.chat)).trend(&trends.chat),
        line("relay p99", or_dash(figures.relay_us(0.99), |us| words::duration(us / 1_000.0))),
        line("letters/s", rate(rates.letters)),
        line("slow closed", words::count(totals.slow_consumers)),
    ];
    let store = vec![
        line("latency", words::duration(words::float(store.latency_us) / 1_000.0))
            .trend(&trends.store_latency_us),
        line("memory", words::bytes(store.memory_bytes)),
        line("commands/s", words::count(store.commands_per_second)),
        line("clients", words::count(store.clients)),
        line("this view/s", rate(figures.calls_per_second())).trend(&trends.calls),
        line("up", words::age(store.uptime_seconds.saturating_mul(1_000))),
    ];
    [("People", people), ("Matching", matching), ("Talk", talk), ("Store", store)]
}

fn boxes(pen: &mut Pen<'_>, area: Rect, live: &Live) -> u16 {
    let shown = if area.width >= 112 { 4 } else { 3 };
    let groups = groups(live);
    let wide = area.width / shown;
    for (place, (title, lines)) in (0..shown).zip(&groups) {
        let last = place + 1 == shown;
        let width = if last { area.width - place * wide } else { wide };
        let inside = pen.frame(Rect { x: area.x + place * wide, width, height: BOX_LINES, ..area }, title);
        for (line, figure) in (inside.y..inside.bottom()).zip(lines) {
            figure_line(pen, Rect { y: line, height: 1, ..inside }, figure);
        }
    }
    if shown == 4 {
        return BOX_LINES;
    }
    let store =
        groups[3].1.iter().take(5).map(|line| part(format!("{} {}", line.label, line.value), Tone::Plain));
    let mut parts = vec![part(live.snapshot.store.kind.clone(), Tone::Strong)];
    parts.extend(store.zip(1..).map(|(part, rank)| part.rank(rank)));
    title(pen, line_of(area, BOX_LINES), &parts);
    BOX_LINES + 1
}

fn figure_line(pen: &mut Pen<'_>, line: Rect, figure: &Line<'_>) {
    pen.text((line.x, line.y), LABEL, figure.label, Tone::Quiet);
    let value = VALUE.min(line.width);
    pen.text_right((line.x + value, line.y), value.saturating_sub(LABEL + 1), &figure.value, figure.tone);
    let room = line.width.saturating_sub(value + 1);
    if let Some(trend) = figure.trend {
        let bars = sparkline(trend.last(usize::from(room)), pen.theme);
        pen.text_right((line.right(), line.y), room, &bars, Tone::Quiet);
    }
}

/// The same without frames: two or three figures a line.
fn short(pen: &mut Pen<'_>, area: Rect, live: &Live) -> u16 {
    let groups = groups(live);
    let figure = |group: usize, place: usize| &groups[group].1[place];
    let most_wanted = [
        figure(0, 0),
        figure(0, 2),
        figure(1, 1),
        figure(2, 0),
        figure(1, 3),
        figure(1, 5),
        figure(0, 5),
        figure(3, 0),
        figure(0, 1),
        figure(2, 1),
        figure(2, 2),
        figure(1, 4),
    ];
    let across = (area.width / 20).max(1);
    let lines = if area.height > 8 { 3 } else { 2 };
    let wide = area.width / across;
    let cells = (0..lines).flat_map(|line| (0..across).map(move |column| (line, column)));
    for ((line, column), figure) in cells.zip(most_wanted) {
        let place = (area.x + column * wide, area.y + line);
        let behind = pen.text((place.0 + 1, place.1), wide - 1, figure.label, Tone::Quiet);
        let end = place.0 + wide - 1;
        pen.text_right((end, place.1), end.saturating_sub(behind + 1), &figure.value, figure.tone);
    }
    lines
}

fn queue_lines(pen: &mut Pen<'_>, area: Rect, state: &State, drawn: &mut Drawn) {
    if area.height < 2 {
        return;
    }
    let (live, list) = (state.shown(), state.tab_list());
    let all = rows::queues(live, list);
    let mut used = 0;
    if area.height > 4 {
        queues::heading(pen, line_of(area, 0), state, all.len());
        used = 1;
    }
    queues::table(pen, below(area, used), state, &all, drawn);
}

fn node_line(pen: &mut Pen<'_>, line: Rect, live: &Live) {
    let mut column = pen.text((line.x + 1, line.y), 7, "Nodes", Tone::Strong) + 2;
    let nodes = &live.snapshot.nodes;
    let whole: usize = nodes.iter().map(|node| text::width(&nodes::in_short(node, true).0) + 3).sum();
    let has_room = usize::from(column) + whole <= usize::from(line.right()) + 3;
    for node in nodes {
        let (text, tone) = nodes::in_short(node, has_room);
        let wide = columns(text::width(&text));
        if column + wide > line.right() {
            pen.text((column, line.y), line.right().saturating_sub(column), "...", Tone::Quiet);
            return;
        }
        column = pen.text((column, line.y), wide, &text, tone) + 3;
    }
}
