//! The lines of lists: filtered, and in the order that was asked for.

use std::cmp::Ordering;

use qala::store::snapshot::{EventLine, NodeFigures, Queue, Room, UserDetail};

use super::Live;
use super::figures::{NodeMeters, QueueFigures};
use super::list::List;

/// Something to sort by; what is largest comes first, names from A to Z.
pub(crate) type Sorting = &'static [&'static str];

/// Columns that queues can be sorted by, beginning with the one that counts without being asked.
pub(crate) const QUEUE_SORTING: Sorting =
    &["oldest", "waiting", "arrivals", "matched", "wait p99", "imbalance", "name"];
/// Columns that rooms can be sorted by.
pub(crate) const ROOM_SORTING: Sorting = &["newest", "messages", "last activity", "members", "node", "pool"];
/// Columns that nodes can be sorted by.
pub(crate) const NODE_SORTING: Sorting = &["name", "connections", "cpu", "memory", "lag", "inbox", "uptime"];
/// Events stand in the order in which they came.
pub(crate) const EVENT_SORTING: Sorting = &["time"];

/// A line and its name.
#[derive(Debug, Clone)]
pub(crate) struct Row<T> {
    /// What tells it from all others.
    pub(crate) name: String,
    /// What it shows.
    pub(crate) what: T,
}

/// A queue, and what is known beside its numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct QueueRow<'a> {
    pub(crate) queue: &'a Queue,
    pub(crate) figures: Option<&'a QueueFigures>,
}

/// A node, and what is known beside its numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NodeRow<'a> {
    pub(crate) node: &'a NodeFigures,
    pub(crate) meters: Option<&'a NodeMeters>,
}

/// The names alone.
pub(crate) fn names<T>(rows: &[Row<T>]) -> Vec<&str> {
    rows.iter().map(|row| row.name.as_str()).collect()
}

/// Queues that the list is to show.
pub(crate) fn queues<'a>(live: &'a Live, list: &List) -> Vec<Row<QueueRow<'a>>> {
    let shown = |queue: &&Queue| list.admits([&*queue.pool, &*queue.one, &*queue.other].into_iter());
    let row = |queue: &'a Queue| Row {
        name: format!("{}\0{}\0{}", queue.pool, queue.one, queue.other),
        what: QueueRow { queue, figures: live.figures.queue(queue) },
    };
    let mut rows: Vec<_> = live.snapshot.queues.iter().filter(shown).map(row).collect();
    sort(&mut rows, list, |one, other| by_queue(list.sort, one, other));
    rows
}

fn by_queue(sort: usize, one: &QueueRow<'_>, other: &QueueRow<'_>) -> Ordering {
    let rate =
        |row: &QueueRow<'_>, of: fn(&QueueFigures) -> Option<f64>| row.figures.and_then(of).unwrap_or(-1.0);
    let most = |of: fn(&QueueFigures) -> Option<f64>| rate(other, of).total_cmp(&rate(one, of));
    // Who waits longest was there first.
    let oldest = |row: &QueueRow<'_>| row.queue.oldest_at_ms().unwrap_or(u64::MAX);
    match sort {
        0 => oldest(one).cmp(&oldest(other)).then_with(|| other.queue.waiting().cmp(&one.queue.waiting())),
        1 => other.queue.waiting().cmp(&one.queue.waiting()),
        2 => most(QueueFigures::arrivals_per_second),
        3 => most(QueueFigures::matched_per_second),
        4 => most(|figures| figures.wait_ms(0.99)),
        5 => other.queue.imbalance().total_cmp(&one.queue.imbalance()),
        _ => Ordering::Equal,
    }
}

/// Rooms of the page that the list is to show.
pub(crate) fn rooms<'a>(live: &'a Live, list: &List) -> Vec<Row<&'a Room>> {
    let shown = |room: &&Room| {
        let members = room.members.iter().flat_map(|member| [&*member.user, &*member.node]);
        list.admits([&*room.id, &*room.pool].into_iter().chain(members))
    };
    let page = live.snapshot.rooms.iter().flat_map(|page| &page.rooms);
    let mut rows: Vec<_> = page
        .filter(shown)
        .map(|room| Row { name: format!("{}\0{}", room.pool, room.id), what: room })
        .collect();
    if list.sort == 0 {
        // As the store lists them.
        if list.turned {
            rows.reverse();
        }
    } else {
        sort(&mut rows, list, |one, other| by_room(list.sort, one, other));
    }
    rows
}

fn by_room(sort: usize, one: &Room, other: &Room) -> Ordering {
    let node = |room: &Room| room.members.first().map(|member| member.node.clone()).unwrap_or_default();
    match sort {
        1 => other.messages.cmp(&one.messages),
        2 => other.last_message_at_ms.cmp(&one.last_message_at_ms),
        3 => other.members.len().cmp(&one.members.len()),
        4 => node(one).cmp(&node(other)),
        5 => one.pool.cmp(&other.pool),
        _ => Ordering::Equal,
    }
}

/// Nodes that the list is to show.
pub(crate) fn nodes<'a>(live: &'a Live, list: &List) -> Vec<Row<NodeRow<'a>>> {
    let shown = |node: &&NodeFigures| list.admits([&*node.node, &*node.version].into_iter());
    let row = |node: &'a NodeFigures| Row {
        name: node.node.clone(),
        what: NodeRow { node, meters: live.figures.node(&node.node) },
    };
    let mut rows: Vec<_> = live.snapshot.nodes.iter().filter(shown).map(row).collect();
    sort(&mut rows, list, |one, other| by_node(list.sort, one.node, other.node));
    rows
}

fn by_node(sort: usize, one: &NodeFigures, other: &NodeFigures) -> Ordering {
    match sort {
        1 => other.connections.cmp(&one.connections),
        2 => other.cpu_permille.cmp(&one.cpu_permille),
        3 => other.resident_bytes.cmp(&one.resident_bytes),
        4 => other.event_lag_ms.cmp(&one.event_lag_ms),
        5 => other.inbox_entries.cmp(&one.inbox_entries),
        // Who runs longest started first.
        6 => one.started_at_ms.cmp(&other.started_at_ms),
        _ => Ordering::Equal,
    }
}

/// Events that the list is to show, oldest first.
pub(crate) fn events<'a>(live: &'a Live, list: &List) -> Vec<Row<&'a EventLine>> {
    let shown = |event: &&EventLine| {
        let words =
            [&event.kind, &event.node, &event.dialect, &event.user, &event.peer, &event.room, &event.reason];
        list.admits(words.into_iter().map(String::as_str))
    };
    live.events.iter().filter(shown).map(|event| Row { name: event.id.clone(), what: event }).collect()
}

/// People of a queue's detail.
pub(crate) fn people<'a>(longest: &'a [UserDetail], list: &List) -> Vec<Row<&'a UserDetail>> {
    let shown = |user: &&UserDetail| list.admits([&*user.user, &*user.node].into_iter());
    longest.iter().filter(shown).map(|user| Row { name: user.user.clone(), what: user }).collect()
}

/// Equal ones by name, so that they do not change places from picture to picture.
fn sort<T>(rows: &mut [Row<T>], list: &List, by: impl Fn(&T, &T) -> Ordering) {
    rows.sort_by(|one, other| {
        let ordered = by(&one.what, &other.what).then_with(|| one.name.cmp(&other.name));
        if list.turned { ordered.reverse() } else { ordered }
    });
}
