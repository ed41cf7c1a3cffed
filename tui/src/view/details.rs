//! Something in detail: a queue, a room, a node, a user.

use qala::store::snapshot::{
    Detail, Found, NodeFigures, Queue, QueueDetail, Room, RoomDetail, Side, WAIT_BOUNDS_MS,
};
use ratatui::layout::Rect;

use super::pen::{Pen, part};
use super::table::{self, Column, Window};
use super::theme::{Theme, Tone, sparkline};
use super::{Drawn, below, inset, line_of, nodes, or_dash, queues, rooms, title, user};
use crate::state::figures::{NodeMeters, QueueFigures, Rates};
use crate::state::{Live, Looking, State, rows};
use crate::{text, words};

pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, state: &State, looking: &Looking, drawn: &mut Drawn) {
    let live = state.shown();
    let heading = [part(heading(&looking.detail), Tone::Strong), part("Esc back", Tone::Quiet).rank(1)];
    title(pen, line_of(area, 0), &heading);
    let area = below(area, 1);
    match (&looking.detail, state.found()) {
        (Detail::Queue { pool, one, other }, found) => {
            let is_it = |queue: &&Queue| queue.pool == *pool && queue.one == *one && queue.other == *other;
            let queue = live.snapshot.queues.iter().find(is_it);
            let detail = match found {
                Some(Found::Queue(detail)) => Some(detail),
                Some(Found::Room(_) | Found::Node(_) | Found::User(_)) | None => None,
            };
            of_queue(pen, area, state, (queue, detail), drawn);
        }
        (_, Some(Found::Room(room))) => of_room(pen, area, state, room, drawn),
        (Detail::Node { name }, found) => {
            let listed = live.snapshot.nodes.iter().find(|node| node.node == *name);
            let detailed = match found {
                Some(Found::Node(node)) => Some(node.as_ref()),
                Some(Found::Queue(_) | Found::Room(_) | Found::User(_)) | None => None,
            };
            match detailed.or(listed) {
                Some(node) => of_node(pen, area, node, live),
                None => missing(pen, area, state),
            }
        }
        (_, Some(Found::User(found))) => user::draw(pen, area, found, live),
        (Detail::Room { .. } | Detail::Hall { .. } | Detail::User { .. }, _) => missing(pen, area, state),
    }
}

fn heading(detail: &Detail) -> String {
    match detail {
        Detail::Queue { pool, one, other } => format!("Queue {pool} {one}-{other}"),
        Detail::Room { id } => format!("Room {id}"),
        Detail::Hall { name, .. } => format!("Hall {name}"),
        Detail::Node { name } => format!("Node {name}"),
        Detail::User { user, .. } => format!("User {user}"),
    }
}

fn missing(pen: &mut Pen<'_>, area: Rect, state: &State) {
    let text = if state.timeline.is_some() {
        "not recorded: details are those that were open then"
    } else {
        "not there, or gone by now"
    };
    pen.text((area.x + 1, area.y), area.width - 1, text, Tone::Quiet);
}

/// Names and values, in two rows where there is room. Gives how many lines it took.
pub(super) fn facts(pen: &mut Pen<'_>, area: Rect, facts: &[(&str, String)]) -> u16 {
    let mut line = area.y;
    for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        if line >= area.bottom() {
            break;
        }
        pen.text((area.x + 1, line), 11, name, Tone::Quiet);
        pen.text((area.x + 13, line), area.width.saturating_sub(13), value, Tone::Plain);
        line += 1;
    }
    line - area.y
}

fn of_queue(
    pen: &mut Pen<'_>,
    area: Rect,
    state: &State,
    (queue, detail): (Option<&Queue>, Option<&QueueDetail>),
    drawn: &mut Drawn,
) {
    let used = queue.map_or(0, |queue| queue_numbers(pen, area, queue, state.shown()));
    let area = below(area, used);
    let Some(detail) = detail else {
        return missing_people(pen, area, state);
    };
    let live = state.shown();
    let all = rows::people(&detail.longest, state.list());
    if all.is_empty() {
        pen.text((area.x + 1, area.y), area.width - 1, "nobody waits", Tone::Quiet);
        return;
    }
    let narrow = user::is_narrow(area);
    let columns = [
        Column::text("waits longest", if narrow { 10 } else { 16 }, 0),
        Column::text("speaks", 6, 3),
        Column::number("for", 6, 0),
        Column::number("stage", 5, 2),
        Column::text("why", if narrow { 14 } else { 20 }, 1).growing(),
    ];
    let taken_ms = live.snapshot.taken_at_ms;
    let cells = |row: usize| {
        let Some(row) = all.get(row) else { return Vec::new() };
        let person = row.what;
        let waits = person.waiting_since_ms.map(|since_ms| taken_ms.saturating_sub(since_ms));
        let why = person.explanation.as_ref().map_or_else(String::new, |known| user::why(known, taken_ms));
        [
            person.user.clone(),
            person.person.speaks.clone(),
            or_dash(waits, words::age),
            person.stage.to_string(),
            why,
        ]
        .map(|text| (text, Tone::Plain))
        .to_vec()
    };
    let window = Window::of(all.len(), state.list().place(&rows::names(&all)));
    let (spot, fits) = table::draw(pen, inset(area), &columns, window, cells);
    drawn.spots.extend(spot);
    drawn.list_lines = fits;
}

fn missing_people(pen: &mut Pen<'_>, area: Rect, state: &State) {
    let text = if state.timeline.is_some() {
        "who waited was recorded only while this was open"
    } else {
        "asking who waits longest"
    };
    if area.height > 0 {
        pen.text((area.x + 1, area.y), area.width - 1, text, Tone::Quiet);
    }
}

/// What is waited for and how long, by stage. Gives how many lines it took.
fn queue_numbers(pen: &mut Pen<'_>, area: Rect, queue: &Queue, live: &Live) -> u16 {
    let theme = pen.theme;
    let figures = live.figures.queue(queue);
    let both = queue.both();
    let imbalance =
        if queue.imbalance() > 0.0 { words::percent(queue.imbalance()) } else { "even".to_owned() };
    let parts = [
        part(queues::pair(queue, theme), Tone::Strong),
        part(format!("{} waiting", words::count(queue.waiting())), Tone::Plain),
        part(directions(queue), Tone::Plain).rank(2),
        part(format!("imbalance {imbalance}"), Tone::Plain).rank(4),
        part(
            format!("{} in/s", or_dash(figures.and_then(QueueFigures::arrivals_per_second), words::rate)),
            Tone::Plain,
        )
        .rank(3),
        part(
            format!("p99 {}", or_dash(figures.and_then(|known| known.wait_ms(0.99)), words::duration)),
            Tone::Plain,
        )
        .rank(1),
    ];
    title(pen, area, &parts);
    // Half of the lines for those who wait.
    let wanted = u16::try_from(qala::store::snapshot::STAGES).unwrap_or(5) + 2;
    if area.height < wanted + 4 {
        return 1;
    }
    let columns = [
        Column::text("stage", 5, 0),
        Column::number("waiting", 7, 0),
        Column::number("matched", 8, 0),
        Column::number("p50", 7, 1),
        Column::number("p99", 7, 1),
        Column::text(theme.pick("waits from 10 ms … to 5 min", "waits from 10 ms .. to 5 min"), 28, 2)
            .growing(),
    ];
    let cells = |stage: usize| stage_cells(&both, stage, theme);
    table::draw(
        pen,
        Rect { height: wanted - 1, ..inset(below(area, 1)) },
        &columns,
        Window::only(usize::from(wanted - 2)),
        cells,
    );
    wanted + 1
}

fn directions(queue: &Queue) -> String {
    if queue.one == queue.other {
        return String::new();
    }
    let (forward, backward) = (queue.forward.total_waiting(), queue.backward.total_waiting());
    format!("{} speak {}, {} speak {}", words::count(forward), queue.one, words::count(backward), queue.other)
}

fn stage_cells(both: &Side, stage: usize, theme: Theme) -> Vec<table::Cell> {
    let waits = &both.waits[stage];
    let wait = |share| or_dash(waits.quantile(share, &WAIT_BOUNDS_MS), words::duration);
    // Places at the end that count nothing may be missing.
    let counts = (0..=WAIT_BOUNDS_MS.len()).map(|place| waits.counts.get(place).copied().unwrap_or(0));
    [
        stage.to_string(),
        words::count(both.waiting[stage]),
        words::count(waits.total()),
        wait(0.5),
        wait(0.99),
        sparkline(counts.map(words::float), theme),
    ]
    .map(|text| (text, Tone::Plain))
    .to_vec()
}

fn of_room(pen: &mut Pen<'_>, area: Rect, state: &State, detail: &RoomDetail, drawn: &mut Drawn) {
    let room = &detail.room;
    let taken_ms = state.shown().snapshot.taken_at_ms;
    let used = facts(pen, area, &room_facts(room, pen.theme, taken_ms));
    let area = below(area, used + u16::from(area.height > used + 8));
    if area.height < 2 {
        return;
    }
    let columns =
        [Column::text("member", 16, 0).growing(), Column::text("node", 10, 1), Column::number("wrote", 7, 2)];
    let cells = |row: usize| {
        let Some(member) = room.members.get(row) else { return Vec::new() };
        let wrote = detail.messages.iter().filter(|message| message.from == member.user).count();
        [member.user.clone(), member.node.clone(), words::count(wrote as u64)]
            .map(|text| (text, Tone::Plain))
            .to_vec()
    };
    let names: Vec<&str> = room.members.iter().map(|member| member.user.as_str()).collect();
    let lines = u16::try_from(names.len()).unwrap_or(u16::MAX).saturating_add(1).min(area.height);
    let window = Window::of(names.len(), state.list().place(&names));
    let (spot, fits) = table::draw(pen, inset(Rect { height: lines, ..area }), &columns, window, cells);
    drawn.spots.extend(spot);
    drawn.list_lines = fits;
    messages(pen, below(area, lines), detail);
}

fn room_facts(room: &Room, theme: Theme, taken_ms: u64) -> Vec<(&'static str, String)> {
    let since = |at_ms: u64| words::age(taken_ms.saturating_sub(at_ms));
    vec![
        ("room", text::spelled(&room.id, theme.letters)),
        ("kind", rooms::kind(room.kind).to_owned()),
        ("dialect", room.pool.clone()),
        ("nodes", rooms::homes(room)),
        ("age", since(room.opened_at_ms)),
        ("chat", format!("{} messages", words::count(room.messages))),
        ("last", room.last_message_at_ms.map_or(String::new(), |at_ms| format!("{} ago", since(at_ms)))),
    ]
}

/// Who wrote when, never what.
fn messages(pen: &mut Pen<'_>, area: Rect, detail: &RoomDetail) {
    if area.height < 3 || detail.messages.is_empty() {
        return;
    }
    pen.text(
        (area.x + 1, area.y + 1),
        area.width - 1,
        "Newest messages (what they say is not shown)",
        Tone::Strong,
    );
    let lines = usize::from(area.height - 2);
    let newest = detail.messages.iter().skip(detail.messages.len().saturating_sub(lines));
    for (line, message) in (area.y + 2..area.bottom()).zip(newest) {
        let length = words::bytes(message.length_bytes);
        let text = format!("{}  {}  {length}", words::clock(message.at_ms), message.from);
        pen.text((area.x + 1, line), area.width - 1, &text, Tone::Plain);
    }
}

fn of_node(pen: &mut Pen<'_>, area: Rect, node: &NodeFigures, live: &Live) {
    let taken_ms = live.snapshot.taken_at_ms;
    let meters = live.figures.node(&node.node);
    let rates = meters.map_or_else(Rates::default, NodeMeters::rates);
    let rate = |known: Option<f64>| or_dash(known, words::rate);
    let mailboxes: Vec<String> = node.shard_mailboxes.iter().map(|inputs| words::count(*inputs)).collect();
    let room = usize::from(area.width.saturating_sub(24));
    let theme = pen.theme;
    let trend = meters.map_or_else(String::new, |meters| sparkline(meters.connections.last(room), theme));
    let lag = meters.map_or_else(String::new, |meters| sparkline(meters.lag_ms.last(room), theme));
    let (state, _) = nodes::condition(node);
    let totals = &node.totals;
    let reasons = |named: &[(String, u64)]| {
        let all: Vec<String> =
            named.iter().map(|(name, count)| format!("{name} {}", words::count(*count))).collect();
        all.join(", ")
    };
    let all = [
        ("state", format!("{state}, up {}", words::age(taken_ms.saturating_sub(node.started_at_ms)))),
        ("connected", format!("{:>8}  {trend}", words::count(node.connections))),
        ("people", people(node)),
        ("timer late", format!("{:>8}  {lag}", words::duration(words::float(node.event_lag_ms)))),
        ("inbox", inbox(node)),
        ("mailboxes", mailboxes.join(" ")),
        ("cpu", format!("{} of one core, memory {}", nodes::cpu(node), words::bytes(node.resident_bytes))),
        (
            "each second",
            format!(
                "{} matches, {} relays, {} chat",
                rate(rates.matches),
                rate(rates.relays),
                rate(rates.chat)
            ),
        ),
        ("to others", format!("{} letters/s", rate(rates.letters))),
        ("slow closed", words::count(totals.slow_consumers)),
        ("refused", format!("{}  {}", words::count(totals.refusals), reasons(&totals.refused))),
        ("failed", format!("{}  {}", words::count(totals.errors), reasons(&totals.failed))),
        ("events", format!("{} dropped", words::count(totals.events_dropped))),
        ("version", node.version.clone()),
    ];
    facts(pen, area, &all);
}

fn people(node: &NodeFigures) -> String {
    let [waiting, talking, away, halls] =
        [node.waiting, node.talking, node.away, node.in_halls].map(words::count);
    format!("{waiting} waiting, {talking} talking, {away} away, {halls} in halls")
}

fn inbox(node: &NodeFigures) -> String {
    let lag = words::duration(words::float(node.inbox_lag_p99_us) / 1_000.0);
    format!("{} entries, letters lie there {lag} at most (p99)", words::count(node.inbox_entries))
}
