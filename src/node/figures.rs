//! How the node is, for those who watch the service: put together once a second, from what its shards say, and told
//! through the post. Sessions are counted a few at a time, so that nobody waits while thousands are.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};

use super::clock::Clock;
use super::entropy::SystemEntropy;
use super::mailbox::{Door, Mail};
use crate::domain::core::Core;
use crate::domain::id::NodeId;
use crate::domain::policy::Policy;
use crate::domain::survey::{Doing, QueueKey, Survey, Tally};
use crate::domain::time::Time;
use crate::metrics::{Counter, Counters, Sink, Usage};
use crate::store::snapshot::{
    Directed, Histogram, NodeFigures, PoolFigures, Proposals, RELAY_BOUNDS_US, Side, Totals,
};
use crate::store::{Post, Store};

/// How often figures are put together.
const EVERY: Duration = Duration::from_secs(1);
/// How often it is looked how late a timer is.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Looks in that time.
const LOOKS: u32 = 10;
/// What shards say is waited for this long.
const SHARDS_WITHIN: Duration = Duration::from_millis(800);
/// Sessions that a shard counts before others have their turn.
const COUNTED_AT_ONCE: usize = 512;
/// Directions that are told of: those in which most wait, then those in which most arrived.
const QUEUES_TOLD: usize = 512;

/// What one shard says.
#[derive(Debug, Default)]
pub(super) struct Surveyed {
    survey: Survey,
    tallies: Vec<(QueueKey, Tally)>,
    mailbox: u64,
}

/// Who wants to know what a shard's sessions do, and how far counting has come.
#[derive(Default)]
pub(super) struct Surveying {
    askers: Vec<oneshot::Sender<Surveyed>>,
    next: usize,
    survey: Survey,
}

impl Surveying {
    /// Somebody asks.
    pub(super) fn ask(&mut self, asker: oneshot::Sender<Surveyed>) {
        // Who has given up makes room.
        self.askers.retain(|asker| !asker.is_closed());
        self.askers.push(asker);
    }

    /// Whether there is something left to count.
    pub(super) fn is_under_way(&self) -> bool {
        !self.askers.is_empty()
    }

    /// Counts some, and answers once all are.
    pub(super) fn go_on(&mut self, core: &Core<SystemEntropy>, mailbox: usize) {
        if !self.is_under_way() {
            return;
        }
        let places = self.next..self.next + COUNTED_AT_ONCE;
        self.next = places.end;
        if core.survey(places, &mut self.survey) {
            return;
        }
        self.next = 0;
        let survey = std::mem::take(&mut self.survey);
        for asker in self.askers.drain(..) {
            let tallies = core.tallies().map(|(key, tally)| (key, tally.clone())).collect();
            // Who asked may have given up.
            let _ = asker.send(Surveyed { survey: survey.clone(), tallies, mailbox: mailbox as u64 });
        }
    }
}

/// How the node was a moment ago. A lock, because edges read what a task writes; held while it is copied.
#[derive(Default)]
pub(super) struct Latest(Mutex<NodeFigures>);

impl Latest {
    /// The figures, with what changes from moment to moment as it was.
    pub(super) fn get(&self) -> NodeFigures {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, figures: NodeFigures) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = figures;
    }
}

/// What figures are made of.
pub(super) struct Watched {
    pub(super) node: NodeId,
    pub(super) policies: Vec<Policy>,
    pub(super) clock: Clock,
    pub(super) counters: Arc<Counters>,
    pub(super) doors: Vec<Arc<Door>>,
    pub(super) store: Arc<dyn Store>,
    pub(super) post: Option<Arc<dyn Post>>,
    pub(super) draining: Arc<AtomicBool>,
    pub(super) latest: Arc<Latest>,
}

impl Watched {
    /// Puts figures together for as long as the node lives.
    pub(super) async fn run(self) {
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut usage = Usage::default();
        loop {
            let event_lag = worst_lag(&mut looks).await;
            let before = usage;
            usage = Usage::read().unwrap_or(before);
            let mut figures = self.figures(usage, event_lag).await;
            figures.cpu_permille = permille(usage.cpu.saturating_sub(before.cpu));
            if let Some(post) = &self.post {
                let told = serde_json::to_string(&figures).unwrap_or_default();
                self.latest.set(figures);
                post.publish(told).await;
            } else {
                self.latest.set(figures);
            }
        }
    }

    async fn figures(&self, usage: Usage, event_lag: Duration) -> NodeFigures {
        let inbox = async {
            match &self.post {
                Some(post) => post.inbox_entries().await.unwrap_or_default(),
                None => 0,
            }
        };
        let (shards, inbox_entries) = tokio::join!(surveys(&self.doors), inbox);
        let mut sum = Sum::default();
        shards.iter().flatten().for_each(|shard| sum.add(shard));
        let doing = sum.doing();
        let counters = &self.counters;
        let mailboxes = shards.iter().map(|shard| shard.as_ref().map_or(0, |shard| shard.mailbox));
        let pools = self.policies.iter().map(|policy| pool(policy, &sum)).collect();
        let (queues, queues_left_out) = sum.queues();
        NodeFigures {
            node: self.node.as_str().to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at_ms: self.clock.started_at().as_ms(),
            at_ms: self.clock.now().as_ms(),
            draining: self.draining.load(Ordering::Relaxed),
            connections: counters.connections(),
            sessions: doing.sessions,
            waiting: doing.waiting,
            talking: doing.talking,
            away: doing.away,
            in_halls: doing.in_halls,
            cpu_ms: u64::try_from(usage.cpu.as_millis()).unwrap_or(u64::MAX),
            cpu_permille: 0,
            resident_bytes: usage.resident_bytes,
            event_lag_ms: u64::try_from(event_lag.as_millis()).unwrap_or(u64::MAX),
            inbox_entries,
            inbox_lag_p99_us: p99_us(&Histogram { counts: counters.timings().inbox_lag.counts() }),
            shard_mailboxes: mailboxes.collect(),
            store_available: self.store.is_available(),
            totals: totals(counters),
            pools,
            queues,
            queues_left_out,
        }
    }
}

/// How late a timer was at worst, of those of one round.
async fn worst_lag(looks: &mut tokio::time::Interval) -> Duration {
    debug_assert_eq!(LOOK_EVERY * LOOKS, EVERY, "a round is one second");
    let mut worst = Duration::ZERO;
    for _ in 0..LOOKS {
        let due = looks.tick().await;
        worst = worst.max(Instant::now().saturating_duration_since(due));
    }
    worst
}

/// Thousandths of one core, of processor time used in one round.
fn permille(used: Duration) -> u32 {
    u32::try_from(used.as_millis() * 1_000 / EVERY.as_millis()).unwrap_or(u32::MAX)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "below the last bound, never negative"
)]
fn p99_us(histogram: &Histogram) -> u64 {
    histogram.quantile(0.99, &RELAY_BOUNDS_US).unwrap_or_default() as u64
}

/// Asks all at once, and waits for all of them together.
async fn surveys(doors: &[Arc<Door>]) -> Vec<Option<Surveyed>> {
    let deadline = Instant::now() + SHARDS_WITHIN;
    let mut answers = Vec::with_capacity(doors.len());
    for door in doors {
        let (asker, answer) = oneshot::channel();
        let asked = timeout_at(deadline, door.mailbox.send(Mail::Survey(asker))).await;
        answers.push(matches!(asked, Ok(Ok(()))).then_some(answer));
    }
    let mut surveys = Vec::with_capacity(answers.len());
    for answer in answers {
        surveys.push(match answer {
            Some(answer) => timeout_at(deadline, answer).await.ok().and_then(Result::ok),
            None => None,
        });
    }
    surveys
}

/// What all shards say together.
#[derive(Default)]
struct Sum {
    pools: BTreeMap<&'static str, Doing>,
    queues: BTreeMap<QueueKey, Side>,
}

impl Sum {
    fn add(&mut self, Surveyed { survey, tallies, mailbox: _ }: &Surveyed) {
        for (pool, doing) in &survey.pools {
            let sum = self.pools.entry(pool.0).or_default();
            sum.sessions += doing.sessions;
            sum.away += doing.away;
            sum.waiting += doing.waiting;
            sum.talking += doing.talking;
            sum.in_halls += doing.in_halls;
        }
        for (key, line) in &survey.lines {
            let oldest_at_ms = line.oldest.map(Time::as_ms);
            let side = Side { waiting: line.by_stage, oldest_at_ms, ..Side::default() };
            self.queues.entry(*key).or_default().add(&side);
        }
        for (key, tally) in tallies {
            let waits = tally.waits.map(|counts| {
                let used = counts.iter().rposition(|count| *count > 0).map_or(0, |last| last + 1);
                Histogram { counts: counts[..used].to_vec() }
            });
            let side = Side { arrivals: tally.arrivals, matched: tally.matched, waits, ..Side::default() };
            self.queues.entry(*key).or_default().add(&side);
        }
    }

    fn doing(&self) -> Doing {
        let mut sum = Doing::default();
        for doing in self.pools.values() {
            sum.sessions += doing.sessions;
            sum.away += doing.away;
            sum.waiting += doing.waiting;
            sum.talking += doing.talking;
            sum.in_halls += doing.in_halls;
        }
        sum
    }

    /// Those that are told of, and how many more there are.
    fn queues(self) -> (Vec<Directed>, u64) {
        let mut queues: Vec<_> = self.queues.into_iter().collect();
        let left_out = queues.len().saturating_sub(QUEUES_TOLD);
        if left_out > 0 {
            queues.sort_by_key(|(_, side)| std::cmp::Reverse((side.total_waiting(), side.arrivals)));
            queues.truncate(QUEUES_TOLD);
        }
        let directed = |((pool, direction), side): (QueueKey, Side)| Directed {
            pool: pool.0.to_owned(),
            speaks: direction.speaks.as_str().to_owned(),
            learns: direction.learns.as_str().to_owned(),
            side,
        };
        (queues.into_iter().map(directed).collect(), left_out as u64)
    }
}

fn pool(policy: &Policy, sum: &Sum) -> PoolFigures {
    let doing = sum.pools.get(policy.pool.0).copied().unwrap_or_default();
    let ms = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    PoolFigures {
        pool: policy.pool.0.to_owned(),
        sessions: doing.sessions,
        waiting: doing.waiting,
        talking: doing.talking,
        opens_after_ms: policy.ladder.opens_after.map(ms),
        age_widening: policy.ladder.age_widening,
    }
}

/// Why somebody or something was refused.
const REFUSALS: &[Counter] = &[
    Counter::ConnectionsDenied,
    Counter::ConnectionsOverLimit,
    Counter::ConnectionsPerAddressOverLimit,
    Counter::AttemptsPerAddressOverLimit,
    Counter::OriginsRefused,
    Counter::RequestsPerAddressOverLimit,
    Counter::StreamsPerAddressOverLimit,
    Counter::RefusedInvalid,
    Counter::RefusedUnknownEvent,
    Counter::RefusedTooLarge,
    Counter::RefusedMatchGone,
    Counter::RefusedNotInSession,
    Counter::RefusedInSession,
    Counter::RefusedSearching,
    Counter::RefusedCoolingDown,
    Counter::RefusedRateLimited,
    Counter::RefusedBusy,
    Counter::RefusedUnavailable,
    Counter::RefusedQueueFull,
    Counter::RefusedRoomNotFound,
    Counter::RefusedTargetNotFound,
    Counter::RefusedRoomFull,
    Counter::RefusedTooManyRooms,
    Counter::RefusedRoomsFull,
];

/// What should not happen.
const FAILURES: &[Counter] = &[
    Counter::StoreUnavailable,
    Counter::BackendUnavailable,
    Counter::LettersLost,
    Counter::SignalsDropped,
    Counter::NodesGone,
    Counter::Panics,
];

fn totals(counters: &Counters) -> Totals {
    let get = |counter| counters.get(counter);
    let named = |of: &[Counter]| -> Vec<(String, u64)> {
        let counts = of.iter().map(|counter| (counter.name().to_owned(), get(*counter)));
        counts.filter(|(_, count)| *count > 0).collect()
    };
    let (refused, failed) = (named(REFUSALS), named(FAILURES));
    let sum = |of: &[(String, u64)]| of.iter().map(|(_, count)| count).sum();
    Totals {
        connections_opened: get(Counter::ConnectionsOpened),
        tickets: get(Counter::TicketsSearching),
        proposals: Proposals {
            made: get(Counter::Proposals),
            agreed: get(Counter::ProposalsAgreed),
            rejected: get(Counter::ProposalsRejected),
            expired: get(Counter::ProposalsExpired),
            left: get(Counter::ProposalsPartnerLeft),
        },
        rooms_opened: get(Counter::RoomsOpened),
        rooms_closed: get(Counter::RoomsClosed),
        halls_entered: get(Counter::HallsEntered),
        relays: get(Counter::SignalsRelayed),
        relay_us: Histogram { counts: counters.timings().relay.counts() },
        letters_sent: get(Counter::LettersSent),
        chat_messages: get(Counter::ChatMessages),
        refusals: sum(&refused),
        refused,
        errors: sum(&failed),
        failed,
        slow_consumers: get(Counter::SlowConsumers),
        events_dropped: Sink::ALL.iter().map(|sink| counters.sink(*sink).read().dropped).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::criteria::Stage;
    use crate::domain::person::Direction;
    use crate::domain::survey::{Line, Tallies};
    use crate::domain::ticket::PoolId;

    fn key(speaks: &str) -> QueueKey {
        let language = |tag: &str| tag.parse().expect("a language");
        (PoolId("p"), Direction { speaks: language(speaks), learns: language("es") })
    }

    fn surveyed(speaks: &str, waiting: u64) -> Surveyed {
        let mut tallies = Tallies::default();
        tallies.arrived(key(speaks), Time::from_ms(1));
        tallies.waited(key(speaks), Stage::AnyLevel, Duration::from_millis(60), Time::from_ms(1));
        let mut survey = Survey::default();
        let mut line = Line::default();
        (0..waiting).for_each(|number| line.join(Stage::Exact, Time::from_ms(100 + number)));
        survey.lines.insert(key(speaks), line);
        let doing = Doing { sessions: 5, away: 1, waiting, talking: 2, in_halls: 0 };
        survey.pools.insert(PoolId("p"), doing);
        let tallies = tallies.iter().map(|(key, tally)| (key, tally.clone())).collect();
        Surveyed { survey, tallies, mailbox: 3 }
    }

    #[test]
    fn shards_add_up_by_queue() {
        let mut sum = Sum::default();
        for shard in [surveyed("en", 2), surveyed("en", 1), surveyed("fr", 0)] {
            sum.add(&shard);
        }
        assert_eq!(sum.doing(), Doing { sessions: 15, away: 3, waiting: 3, talking: 6, in_halls: 0 });
        let (queues, left_out) = sum.queues();
        assert_eq!((queues.len(), left_out), (2, 0));
        let english = &queues[0];
        assert_eq!(
            (english.speaks.as_str(), english.side.waiting, english.side.arrivals),
            ("en", [3, 0, 0, 0, 0], 2)
        );
        assert_eq!(english.side.oldest_at_ms, Some(100));
        assert_eq!(english.side.waits[1], Histogram { counts: vec![0, 0, 2] });
        assert_eq!(english.side.waits[0], Histogram::default());
    }

    #[test]
    fn of_more_queues_than_are_told_those_where_most_wait_are() {
        let letters = || (b'a'..=b'z').map(char::from);
        let names = letters().flat_map(|one| letters().map(move |other| format!("{one}{other}")));
        let mut sum = Sum::default();
        let mut all = 0;
        for (waiting, name) in (0..).zip(names) {
            sum.add(&surveyed(&name, waiting));
            all += 1;
        }
        let (queues, left_out) = sum.queues();
        assert_eq!((queues.len(), left_out), (QUEUES_TOLD, all - QUEUES_TOLD as u64));
        assert!(queues.iter().all(|queue| queue.side.total_waiting() >= left_out), "the longest");
    }

    #[test]
    fn every_refusal_counts_and_nothing_twice() {
        let counters = Counters::default();
        let refusals = Counter::ALL.iter().filter(|counter| counter.name().starts_with("refused_"));
        let listed = refusals.map(|counter| {
            assert!(REFUSALS.contains(counter), "{} is a refusal", counter.name());
            counters.add(*counter);
        });
        let count = listed.count() as u64;
        assert_eq!(totals(&counters).refusals, count);
    }
}
