//! What follows from two pictures and more: rates, waits of the last minutes, and how figures went.

use std::collections::HashMap;

use qala::store::snapshot::{
    Histogram, NodeFigures, Queue, RELAY_BOUNDS_US, Snapshot, Totals, WAIT_BOUNDS_MS,
};

use super::history::{History, Meter};
use crate::words::float;

/// Queues tell of few people: their rates are over this long.
const QUEUE_WINDOW_MS: u64 = 10_000;
/// Waits are those of the last one to two of these.
const WAITS_WINDOW_MS: u64 = 60_000;

/// Everything that the overview draws a line of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trends {
    pub(crate) connections: History,
    pub(crate) waiting: History,
    pub(crate) rooms: History,
    pub(crate) matches: History,
    pub(crate) relays: History,
    pub(crate) chat: History,
    pub(crate) refusals: History,
    pub(crate) errors: History,
    pub(crate) store_latency_us: History,
    pub(crate) calls: History,
}

/// How fast totals grow, each a second; unknown before the second picture.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Rates {
    pub(crate) opened: Option<f64>,
    pub(crate) tickets: Option<f64>,
    pub(crate) matches: Option<f64>,
    pub(crate) relays: Option<f64>,
    pub(crate) letters: Option<f64>,
    pub(crate) chat: Option<f64>,
    pub(crate) refusals: Option<f64>,
    pub(crate) errors: Option<f64>,
}

/// A histogram that grows, and what of it is of the last minutes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recent {
    /// As it was at the beginning of this window, and of the one before.
    began: Option<(u64, Histogram)>,
    before: Option<Histogram>,
    since: Histogram,
}

impl Recent {
    fn read(&mut self, now: Histogram, at_ms: u64) {
        let Some((began_ms, began)) = &self.began else {
            self.began = Some((at_ms, now));
            return;
        };
        self.since = now.since(self.before.as_ref().unwrap_or(began));
        if at_ms.saturating_sub(*began_ms) >= WAITS_WINDOW_MS {
            self.before = self.began.replace((at_ms, now)).map(|(_, began)| began);
        }
    }

    /// The value that such a share does not exceed; nothing where nothing happened.
    pub(crate) fn quantile(&self, share: f64, bounds: &[u64]) -> Option<f64> {
        self.since.quantile(share, bounds)
    }
}

/// What is known of one queue beside its own numbers.
#[derive(Debug, Clone)]
pub(crate) struct QueueFigures {
    arrivals: Meter,
    matched: Meter,
    waits: Recent,
}

impl QueueFigures {
    fn new() -> Self {
        Self {
            arrivals: Meter::over(QUEUE_WINDOW_MS),
            matched: Meter::over(QUEUE_WINDOW_MS),
            waits: Recent::default(),
        }
    }

    fn read(&mut self, queue: &Queue, at_ms: u64) {
        self.arrivals.read(queue.forward.arrivals + queue.backward.arrivals, at_ms);
        self.matched.read(queue.forward.matched + queue.backward.matched, at_ms);
        let mut waits = queue.forward.all_waits();
        waits.add(&queue.backward.all_waits());
        self.waits.read(waits, at_ms);
    }

    /// People that came, each second.
    pub(crate) fn arrivals_per_second(&self) -> Option<f64> {
        self.arrivals.per_second()
    }

    /// People whose match both accepted, each second.
    pub(crate) fn matched_per_second(&self) -> Option<f64> {
        self.matched.per_second()
    }

    /// How long people waited lately, ms.
    pub(crate) fn wait_ms(&self, share: f64) -> Option<f64> {
        self.waits.quantile(share, &WAIT_BOUNDS_MS)
    }
}

/// The totals of one node, as rates.
#[derive(Debug, Clone)]
pub(crate) struct NodeMeters {
    meters: [Meter; 8],
    /// How many were connected.
    pub(crate) connections: History,
    /// How late its timer was, ms.
    pub(crate) lag_ms: History,
}

impl NodeMeters {
    fn new() -> Self {
        Self {
            meters: std::array::from_fn(|_| Meter::over(0)),
            connections: History::default(),
            lag_ms: History::default(),
        }
    }

    fn read(&mut self, node: &NodeFigures) {
        let Totals {
            connections_opened,
            tickets,
            rooms_opened,
            relays,
            letters_sent,
            chat_messages,
            refusals,
            errors,
            ..
        } = &node.totals;
        let totals = [
            *connections_opened,
            *tickets,
            *rooms_opened,
            *relays,
            *letters_sent,
            *chat_messages,
            *refusals,
            *errors,
        ];
        for (meter, total) in self.meters.iter_mut().zip(totals) {
            meter.read(total, node.at_ms);
        }
        self.connections.push(float(node.connections));
        self.lag_ms.push(float(node.event_lag_ms));
    }

    /// Its rates.
    pub(crate) fn rates(&self) -> Rates {
        let [opened, tickets, matches, relays, letters, chat, refusals, errors] =
            self.meters.each_ref().map(Meter::per_second);
        Rates { opened, tickets, matches, relays, letters, chat, refusals, errors }
    }
}

impl Rates {
    /// Together with another node's; what only one of them knows counts alone.
    fn and(self, other: Self) -> Self {
        let both = |one: Option<f64>, other: Option<f64>| match (one, other) {
            (Some(one), Some(other)) => Some(one + other),
            (one, other) => one.or(other),
        };
        Self {
            opened: both(self.opened, other.opened),
            tickets: both(self.tickets, other.tickets),
            matches: both(self.matches, other.matches),
            relays: both(self.relays, other.relays),
            letters: both(self.letters, other.letters),
            chat: both(self.chat, other.chat),
            refusals: both(self.refusals, other.refusals),
            errors: both(self.errors, other.errors),
        }
    }
}

/// Everything that follows from the pictures so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Figures {
    pub(crate) trends: Trends,
    queues: HashMap<QueueKey, QueueFigures>,
    nodes: HashMap<String, NodeMeters>,
    waits: Recent,
    relays: Recent,
    accepted: Recent,
    calls: Option<f64>,
    last_ms: Option<u64>,
}

/// Which queue: pool and the two languages.
pub(crate) type QueueKey = (String, String, String);

/// Which queue this is.
pub(crate) fn key(queue: &Queue) -> QueueKey {
    (queue.pool.clone(), queue.one.clone(), queue.other.clone())
}

impl Figures {
    /// Learns from the next picture. One that is no later than the last one teaches nothing.
    pub(crate) fn read(&mut self, snapshot: &Snapshot) {
        let at_ms = snapshot.taken_at_ms;
        if self.last_ms.is_some_and(|last_ms| at_ms <= last_ms) {
            return;
        }
        self.read_nodes(snapshot);
        self.read_queues(snapshot);
        self.relays.read(snapshot.totals.relay_us.clone(), at_ms);
        let proposals = snapshot.totals.proposals;
        let failed = proposals.rejected + proposals.expired + proposals.left;
        self.accepted.read(Histogram { counts: vec![failed, proposals.agreed] }, at_ms);
        self.calls = self.last_ms.map(|last_ms| {
            float(u64::from(snapshot.cost.commands)) * 1_000.0 / float(at_ms.saturating_sub(last_ms).max(1))
        });
        self.last_ms = Some(at_ms);
        self.read_trends(snapshot);
    }

    fn read_nodes(&mut self, snapshot: &Snapshot) {
        self.nodes.retain(|name, _| snapshot.nodes.iter().any(|node| node.node == *name));
        for node in &snapshot.nodes {
            self.nodes.entry(node.node.clone()).or_insert_with(NodeMeters::new).read(node);
        }
    }

    fn read_queues(&mut self, snapshot: &Snapshot) {
        let at_ms = snapshot.taken_at_ms;
        let mut known = std::mem::take(&mut self.queues);
        let mut all = Histogram::default();
        for queue in &snapshot.queues {
            let key = key(queue);
            let mut figures = known.remove(&key).unwrap_or_else(QueueFigures::new);
            figures.read(queue, at_ms);
            self.queues.insert(key, figures);
            all.add(&queue.forward.all_waits());
            all.add(&queue.backward.all_waits());
        }
        self.waits.read(all, at_ms);
    }

    fn read_trends(&mut self, snapshot: &Snapshot) {
        let rates = self.rates();
        let sum = |of: fn(&NodeFigures) -> u64| float(snapshot.nodes.iter().map(of).sum());
        self.trends.connections.push(sum(|node| node.connections));
        self.trends.waiting.push(sum(|node| node.waiting));
        let rooms = snapshot.totals.rooms_opened.saturating_sub(snapshot.totals.rooms_closed);
        self.trends.rooms.push(float(rooms));
        for (history, rate) in [
            (&mut self.trends.matches, rates.matches),
            (&mut self.trends.relays, rates.relays),
            (&mut self.trends.chat, rates.chat),
            (&mut self.trends.refusals, rates.refusals),
            (&mut self.trends.errors, rates.errors),
            (&mut self.trends.calls, self.calls),
        ] {
            history.push(rate.unwrap_or(0.0));
        }
        self.trends.store_latency_us.push(float(snapshot.store.latency_us));
    }

    /// Of all nodes together.
    pub(crate) fn rates(&self) -> Rates {
        self.nodes.values().map(NodeMeters::rates).fold(Rates::default(), Rates::and)
    }

    /// Of one node.
    pub(crate) fn node(&self, name: &str) -> Option<&NodeMeters> {
        self.nodes.get(name)
    }

    /// Of one queue.
    pub(crate) fn queue(&self, queue: &Queue) -> Option<&QueueFigures> {
        self.queues.get(&key(queue))
    }

    /// How long people waited lately, ms.
    pub(crate) fn wait_ms(&self, share: f64) -> Option<f64> {
        self.waits.quantile(share, &WAIT_BOUNDS_MS)
    }

    /// How long relays took lately, us.
    pub(crate) fn relay_us(&self, share: f64) -> Option<f64> {
        self.relays.quantile(share, &RELAY_BOUNDS_US)
    }

    /// How many of those who found each other lately both accepted, as a share.
    pub(crate) fn accepted(&self) -> Option<f64> {
        let total = self.accepted.since.total();
        let agreed = self.accepted.since.counts.get(1).copied().unwrap_or_default();
        (total > 0).then(|| float(agreed) / float(total))
    }

    /// What the viewer itself costs the store, in commands a second.
    pub(crate) fn calls_per_second(&self) -> Option<f64> {
        self.calls
    }
}
