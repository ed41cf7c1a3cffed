//! Numbers: of nodes, pools and queues, and what happened so far.

use serde::{Deserialize, Serialize};

pub use crate::domain::survey::WAIT_BOUNDS_MS;

/// How many stages a ladder has.
pub const STAGES: usize = 5;

/// Upper bounds of the first places of a [`Histogram`] of relays, us; the last place has none.
pub const RELAY_BOUNDS_US: [u64; 17] = [
    10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 2_500_000,
];

/// How many there were up to each bound: place `n` counts what is above bound `n - 1` and at most bound `n`. Places
/// at the end that count nothing may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Histogram {
    /// So many in each place.
    pub counts: Vec<u64>,
}

impl Histogram {
    /// How many in all.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// One more.
    pub fn observe(&mut self, value: u64, bounds: &[u64]) {
        let place = bounds.partition_point(|bound| *bound < value);
        if self.counts.len() <= place {
            self.counts.resize(place + 1, 0);
        }
        self.counts[place] += 1;
    }

    /// Adds those of `other`.
    pub fn add(&mut self, other: &Self) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (sum, more) in self.counts.iter_mut().zip(&other.counts) {
            *sum = sum.saturating_add(*more);
        }
    }

    /// What came since `earlier`. Where that counts more, a node began anew, and what it counts now is all there is.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        if self.total() < earlier.total() {
            return self.clone();
        }
        let before = earlier.counts.iter().chain(std::iter::repeat(&0));
        Self { counts: self.counts.iter().zip(before).map(|(now, then)| now.saturating_sub(*then)).collect() }
    }

    /// The value that `share` (0 to 1) of them do not exceed, taken evenly within its place; of those above the last
    /// bound, that bound. `None` if there are none.
    #[expect(clippy::cast_precision_loss, reason = "counts and bounds stay far below 2^52")]
    pub fn quantile(&self, share: f64, bounds: &[u64]) -> Option<f64> {
        let total = self.total();
        if total == 0 {
            return None;
        }
        let wanted = share.clamp(0.0, 1.0) * total as f64;
        let mut below = 0.0;
        for (place, count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let lower = place.checked_sub(1).and_then(|at| bounds.get(at)).map_or(0.0, |bound| *bound as f64);
            let Some(upper) = bounds.get(place) else { return Some(lower) };
            let within = *count as f64;
            if below + within >= wanted {
                return Some(lower + (*upper as f64 - lower) * ((wanted - below) / within));
            }
            below += within;
        }
        bounds.last().map(|bound| *bound as f64)
    }
}

/// One node, as it says itself about once a second.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NodeFigures {
    /// Its name.
    pub node: String,
    /// The version of qala that it runs.
    pub version: String,
    /// When it started.
    pub started_at_ms: u64,
    /// When it said this.
    pub at_ms: u64,
    /// Whether it is going down: it takes nobody new.
    pub draining: bool,
    /// Connections open.
    pub connections: u64,
    /// Sessions, those of clients that are away included.
    pub sessions: u64,
    /// Sessions that wait for somebody.
    pub waiting: u64,
    /// Sessions in a room, also while away.
    pub talking: u64,
    /// Sessions whose client is away.
    pub away: u64,
    /// Members in halls.
    pub in_halls: u64,
    /// Processor time used since the start, ms: of two pictures, 1,000 ms more in a second are one whole core.
    pub cpu_ms: u64,
    /// Processor time of the last second or so, thousandths of one core.
    pub cpu_permille: u32,
    /// Memory in use, bytes.
    pub resident_bytes: u64,
    /// How late its own timer was at worst in the last second or so, ms.
    pub event_lag_ms: u64,
    /// Entries in its inbox that it has not handled; zero without Redis.
    pub inbox_entries: u64,
    /// How long letters of other nodes lay in its inbox: 99 of 100 at most this long since the start, us.
    pub inbox_lag_p99_us: u64,
    /// Inputs that wait in the mailbox of each of its shards.
    pub shard_mailboxes: Vec<u64>,
    /// Whether it reaches its store.
    pub store_available: bool,
    /// What happened on it since its start.
    pub totals: Totals,
    /// Its part of each pool.
    pub pools: Vec<PoolFigures>,
    /// Its part of each queue. Empty in [`super::Snapshot::nodes`], where the sums are told instead.
    pub queues: Vec<Directed>,
    /// Directions that are not among them, because there are more than it tells of.
    pub queues_left_out: u64,
}

/// What happened since the start of a node, or of all that live.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Totals {
    /// Connections opened.
    pub connections_opened: u64,
    /// Tickets made: arrivals in queues.
    pub tickets: u64,
    /// Pairs that found each other, by what became of them.
    pub proposals: Proposals,
    /// Rooms opened: matches.
    pub rooms_opened: u64,
    /// Rooms that are over.
    pub rooms_closed: u64,
    /// Members that entered halls.
    pub halls_entered: u64,
    /// Signals carried to a peer.
    pub relays: u64,
    /// How long that took on this node; bounds [`RELAY_BOUNDS_US`].
    pub relay_us: Histogram,
    /// Letters that went to other nodes: signals, chat, and news of proposals and rooms.
    pub letters_sent: u64,
    /// Chat messages.
    pub chat_messages: u64,
    /// Commands refused, for whatever reason.
    pub refusals: u64,
    /// The same by reason: the name of its counter in `docs/METRICS.md`, without those that count nothing.
    pub refused: Vec<(String, u64)>,
    /// What went wrong: store or backend away, letters lost, panics.
    pub errors: u64,
    /// The same by reason.
    pub failed: Vec<(String, u64)>,
    /// Connections closed because their client did not read.
    pub slow_consumers: u64,
    /// Events that found no room in a sink.
    pub events_dropped: u64,
}

/// Pairs that found each other, by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Proposals {
    /// All of them.
    pub made: u64,
    /// Both accepted.
    pub agreed: u64,
    /// One said no.
    pub rejected: u64,
    /// Not answered in time.
    pub expired: u64,
    /// One left.
    pub left: u64,
}

impl Totals {
    /// Adds those of another node.
    pub fn add(&mut self, other: &Self) {
        self.connections_opened += other.connections_opened;
        self.tickets += other.tickets;
        self.proposals.made += other.proposals.made;
        self.proposals.agreed += other.proposals.agreed;
        self.proposals.rejected += other.proposals.rejected;
        self.proposals.expired += other.proposals.expired;
        self.proposals.left += other.proposals.left;
        self.rooms_opened += other.rooms_opened;
        self.rooms_closed += other.rooms_closed;
        self.halls_entered += other.halls_entered;
        self.relays += other.relays;
        self.relay_us.add(&other.relay_us);
        self.letters_sent += other.letters_sent;
        self.chat_messages += other.chat_messages;
        self.refusals += other.refusals;
        add_named(&mut self.refused, &other.refused);
        self.errors += other.errors;
        add_named(&mut self.failed, &other.failed);
        self.slow_consumers += other.slow_consumers;
        self.events_dropped += other.events_dropped;
    }
}

fn add_named(sums: &mut Vec<(String, u64)>, more: &[(String, u64)]) {
    for (name, count) in more {
        match sums.iter_mut().find(|(known, _)| known == name) {
            Some((_, sum)) => *sum += count,
            None => sums.push((name.clone(), *count)),
        }
    }
}

/// A pool: everybody of one client family.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PoolFigures {
    /// Its name, that of its dialect.
    pub pool: String,
    /// Sessions.
    pub sessions: u64,
    /// Sessions that wait.
    pub waiting: u64,
    /// Sessions in a room.
    pub talking: u64,
    /// Waiting after which each stage opens, ms.
    pub opens_after_ms: [u64; STAGES],
    /// Years added on each side of the asked ages from stage 2 on.
    pub age_widening: u8,
}

/// One side of a queue, as a node tells of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Directed {
    /// The pool.
    pub pool: String,
    /// The language that those here speak.
    pub speaks: String,
    /// The language that they learn.
    pub learns: String,
    /// The rest.
    #[serde(flatten)]
    pub side: Side,
}

/// One side of a queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Side {
    /// Tickets that wait, by stage.
    pub waiting: [u64; STAGES],
    /// When the longest waiting of them was made; `None` if nobody waits.
    pub oldest_at_ms: Option<u64>,
    /// Tickets made so far.
    pub arrivals: u64,
    /// Tickets whose proposal both accepted.
    pub matched: u64,
    /// From wish to proposal, by the stage then; bounds [`WAIT_BOUNDS_MS`].
    pub waits: [Histogram; STAGES],
}

impl Side {
    /// How many wait.
    pub fn total_waiting(&self) -> u64 {
        self.waiting.iter().sum()
    }

    /// Waits at all stages.
    pub fn all_waits(&self) -> Histogram {
        let mut sum = Histogram::default();
        for waits in &self.waits {
            sum.add(waits);
        }
        sum
    }

    /// Adds another node's part.
    pub fn add(&mut self, other: &Self) {
        for (sum, more) in self.waiting.iter_mut().zip(other.waiting) {
            *sum += more;
        }
        self.oldest_at_ms = [self.oldest_at_ms, other.oldest_at_ms].into_iter().flatten().min();
        self.arrivals += other.arrivals;
        self.matched += other.matched;
        for (sum, more) in self.waits.iter_mut().zip(&other.waits) {
            sum.add(more);
        }
    }
}

/// Those who may meet: a language pair of a pool, with both directions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Queue {
    /// The pool.
    pub pool: String,
    /// The language that `forward` speaks and `backward` learns; of the two the one that sorts first.
    pub one: String,
    /// The other one. `und` and `und` where nobody says.
    pub other: String,
    /// Those who speak `one`.
    pub forward: Side,
    /// Those who speak `other`. Nobody where both are the same language: then all are in `forward`.
    pub backward: Side,
}

impl Queue {
    /// How many wait, both sides.
    pub fn waiting(&self) -> u64 {
        self.forward.total_waiting() + self.backward.total_waiting()
    }

    /// When the longest waiting of both sides was made.
    pub fn oldest_at_ms(&self) -> Option<u64> {
        [self.forward.oldest_at_ms, self.backward.oldest_at_ms].into_iter().flatten().min()
    }

    /// How far the two sides are apart: 0 as many on each, 1 all on one. 0 where everybody may meet everybody.
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    pub fn imbalance(&self) -> f64 {
        let (forward, backward) = (self.forward.total_waiting(), self.backward.total_waiting());
        if self.one == self.other || forward + backward == 0 {
            return 0.0;
        }
        forward.abs_diff(backward) as f64 / (forward + backward) as f64
    }

    /// Both sides together.
    pub fn both(&self) -> Side {
        let mut sum = self.forward.clone();
        sum.add(&self.backward);
        sum
    }
}
