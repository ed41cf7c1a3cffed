//! Between the shards of this node and other nodes: letters out, letters in, signs of life.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::clock::Clock;
use super::orders::Orders;
use super::presence::Presences;
use super::roll::{GONE_AFTER, Roll};
use super::shard::Incoming;
use crate::domain::id::NodeId;
use crate::domain::time::Time;
use crate::metrics::{Counter, Counters};
use crate::store::{Inbox, Letter, Post};

/// Letters that shards have handed over and that were not looked at yet.
const LETTERS_HANDED_OVER: usize = 16_384;
/// Letters that wait for one node. More are lost: whoever does not read for so long misses newer ones anyway.
const LETTERS_WAITING: usize = 16_384;
/// A signal that could not be sent for longer is of no use any more. After minutes without a way to other nodes,
/// what is should not wait behind what was.
const SIGNAL_FRESH: Duration = Duration::from_secs(30);
/// Letters that go out together.
const LETTERS_AT_ONCE: usize = 128;
/// Letters taken over at once.
const TURN: usize = 256;
/// Between two signs of life of which the first did not arrive.
const BEAT_AGAIN_AFTER: Duration = Duration::from_millis(250);

/// A letter to a session of another node.
pub(super) struct Outgoing {
    pub(super) node: NodeId,
    pub(super) letter: Letter,
}

/// Where this node's sessions are.
pub(super) struct Rooms {
    pub(super) node: NodeId,
    pub(super) shards: Vec<mpsc::Sender<Incoming>>,
}

/// Starts the three tasks; what shards have for other nodes goes into the channel.
pub(super) fn start(
    post: &Arc<dyn Post>,
    rooms: Rooms,
    clock: Clock,
    (counters, presences, orders): (&Arc<Counters>, &Arc<Presences>, &Arc<Orders>),
    tasks: &mut JoinSet<()>,
) -> mpsc::Sender<Outgoing> {
    let (outgoing, letters) = mpsc::channel(LETTERS_HANDED_OVER);
    let lanes = Lanes {
        post: post.clone(),
        clock,
        counters: counters.clone(),
        by_node: HashMap::new(),
        underway: JoinSet::new(),
    };
    tasks.spawn(lanes.run(letters));
    let ahead = Arc::new(Ahead::default());
    let lag = Lag { clock, ahead: ahead.clone(), counters: counters.clone() };
    tasks.spawn(bring_in(post.inbox(), rooms.shards.clone(), lag, orders.clone()));
    tasks.spawn(live(post.clone(), rooms, clock, ahead, counters.clone(), presences.clone()));
    outgoing
}

/// Letters on their way out, in order for each node.
struct Lanes {
    post: Arc<dyn Post>,
    clock: Clock,
    counters: Arc<Counters>,
    /// A lane stays when its node is gone: should that come back, its letters go on being counted.
    by_node: HashMap<NodeId, Lane>,
    /// One batch for each node that letters are on their way to.
    underway: JoinSet<(NodeId, bool)>,
}

#[derive(Default)]
struct Lane {
    waiting: VecDeque<(Time, Letter)>,
    /// How many were sent.
    sent: u64,
    /// How many are on their way.
    underway: Option<u64>,
}

impl Lane {
    /// What goes out next, and how much that is too old for it was given up.
    fn next_batch(&mut self, now: Time) -> (Vec<Letter>, u64) {
        let (mut letters, mut stale) = (Vec::new(), 0);
        while letters.len() < LETTERS_AT_ONCE
            && let Some((since, letter)) = self.waiting.pop_front()
        {
            if letter.envelope.is_of_the_moment() && now.since(since) >= SIGNAL_FRESH {
                stale += 1;
            } else {
                letters.push(letter);
            }
        }
        (letters, stale)
    }
}

impl Lanes {
    async fn run(mut self, mut letters: mpsc::Receiver<Outgoing>) {
        let mut taken = Vec::with_capacity(TURN);
        loop {
            tokio::select! {
                biased;
                Some(Ok((node, sent))) = self.underway.join_next() => self.ended(node, sent),
                count = letters.recv_many(&mut taken, TURN) => if count == 0 { return },
            }
            for Outgoing { node, letter } in taken.drain(..) {
                self.post_letter(node, letter);
            }
        }
    }

    fn post_letter(&mut self, node: NodeId, letter: Letter) {
        let lane = self.by_node.entry(node.clone()).or_default();
        if lane.waiting.len() >= LETTERS_WAITING {
            return self.counters.add(Counter::LettersLost);
        }
        lane.waiting.push_back((self.clock.now(), letter));
        self.send(node);
    }

    /// Sends what waits for a node, unless something is on its way there.
    fn send(&mut self, node: NodeId) {
        let Some(lane) = self.by_node.get_mut(&node) else { return };
        if lane.underway.is_some() || lane.waiting.is_empty() {
            return;
        }
        let (letters, stale) = lane.next_batch(self.clock.now());
        self.counters.add_many(Counter::LettersLost, stale);
        if letters.is_empty() {
            return;
        }
        let count = letters.len() as u64;
        let sending = self.post.send(node.clone(), lane.sent + 1, letters);
        lane.sent += count;
        self.underway.spawn(async move {
            let sent = sending.await;
            (node, sent)
        });
        lane.underway = Some(count);
    }

    fn ended(&mut self, node: NodeId, sent: bool) {
        let count = self.by_node.get_mut(&node).and_then(|lane| lane.underway.take()).unwrap_or(0);
        self.counters.add_many(if sent { Counter::LettersSent } else { Counter::LettersLost }, count);
        self.send(node);
    }
}

/// How much further the clock of all nodes is than this node's own, ms.
#[derive(Default)]
struct Ahead(AtomicI64);

impl Ahead {
    fn learn(&self, common_ms: u64, own: Time) {
        self.0.store(common_ms.cast_signed().wrapping_sub(own.as_ms().cast_signed()), Ordering::Relaxed);
    }

    /// How long ago `common_ms` was.
    fn since(&self, common_ms: u64, own: Time) -> Duration {
        let now_ms = own.as_ms().saturating_add_signed(self.0.load(Ordering::Relaxed));
        Duration::from_millis(now_ms.saturating_sub(common_ms))
    }
}

/// What measures how late letters come.
struct Lag {
    clock: Clock,
    ahead: Arc<Ahead>,
    counters: Arc<Counters>,
}

/// Letters of other nodes go to their shards. A shard that is behind is waited for: what is not taken stays in
/// the store.
async fn bring_in(
    mut inbox: Box<dyn Inbox>,
    shards: Vec<mpsc::Sender<Incoming>>,
    lag: Lag,
    orders: Arc<Orders>,
) {
    let counters = &lag.counters;
    loop {
        let received = inbox.receive().await;
        counters.add_many(Counter::LettersReceived, received.letters.len() as u64);
        if let Some(oldest_ms) = received.oldest_ms {
            counters.timings().inbox_lag.observe(lag.ahead.since(oldest_ms, lag.clock.now()));
        }
        if received.lost > 0 {
            counters.add_many(Counter::LettersLost, received.lost);
            tracing::warn!(lost = received.lost, "letters of other nodes were lost");
        }
        for order in received.orders {
            orders.give(order).await;
        }
        for letter in received.letters {
            let Some(shard) = shards.get(usize::from(letter.to.shard)) else { continue };
            if shard.send(Incoming::Letter(letter)).await.is_err() {
                return;
            }
        }
    }
}

/// Gives signs of life, and tells every shard which nodes give none any more.
async fn live(
    post: Arc<dyn Post>,
    rooms: Rooms,
    clock: Clock,
    ahead: Arc<Ahead>,
    counters: Arc<Counters>,
    presences: Arc<Presences>,
) {
    let mut roll = Roll::new(rooms.node.clone());
    loop {
        post.count(presences.here());
        let Some(pulse) = post.beat().await else {
            pause(&*post, BEAT_AGAIN_AFTER).await;
            continue;
        };
        ahead.learn(pulse.now_ms, clock.now());
        if !pulse.known {
            tracing::warn!("the store does not know this node any more: it is told everything anew");
            tell(&rooms.shards, || Incoming::Forgotten).await;
        }
        presences.hear(&rooms.node, pulse.people(GONE_AFTER));
        let news = roll.take(&pulse, clock.now());
        for node in news.back {
            tracing::info!(node = node.as_str(), "a node that was thought dead is back");
            tell(&rooms.shards, || Incoming::NodeBack(node.clone())).await;
        }
        for (node, last_ms) in news.gone {
            tracing::warn!(node = node.as_str(), "a node gave no sign of life for 5 s");
            counters.add(Counter::NodesGone);
            tell(&rooms.shards, || Incoming::NodeGone(node.clone())).await;
            post.bury(node, last_ms).await;
        }
        pause(&*post, roll.next(clock.now())).await;
    }
}

/// Waits, but no longer than until a lost connection stands again: a store that came back empty is noticed at
/// once.
async fn pause(post: &dyn Post, longest: Duration) {
    let _ = timeout(longest, post.connected()).await;
}

async fn tell(shards: &[mpsc::Sender<Incoming>], incoming: impl Fn() -> Incoming) {
    for shard in shards {
        // A shard that is gone has nobody to tell.
        let _ = shard.send(incoming()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::envelope::Envelope;
    use crate::domain::id::{Address, Entropy, RoomId, SessionId};
    use crate::domain::talk::{Payload, SignalKind};

    struct Zeros;

    impl Entropy for Zeros {
        fn next_u64(&mut self) -> u64 {
            0
        }
    }

    fn letter(envelope: Envelope) -> Letter {
        Letter { to: SessionId { shard: 0, slot: 0, generation: 0 }, envelope }
    }

    #[test]
    fn signals_that_waited_too_long_are_given_up_and_nothing_else_is() {
        let room = RoomId::random(&mut Zeros);
        let from =
            Address { node: NodeId::new("n"), session: SessionId { shard: 0, slot: 0, generation: 0 } };
        let signal = letter(Envelope::Signal { room, kind: SignalKind::Offer, payload: Payload("o".into()) });
        let back = letter(Envelope::Back { room, from });
        let mut lane = Lane::default();
        let waiting = [(0, &signal), (0, &back), (1, &signal)];
        lane.waiting.extend(waiting.map(|(ms, letter)| (Time::from_ms(ms), letter.clone())));
        assert_eq!(lane.next_batch(Time::from_ms(30_000)), (vec![back, signal], 1));
        assert_eq!(lane.next_batch(Time::from_ms(30_000)), (vec![], 0));
    }

    #[test]
    fn how_late_a_letter_is_does_not_depend_on_whose_clock_is_ahead() {
        for own in [1_000_u64, 900_000] {
            let ahead = Ahead::default();
            ahead.learn(500_000, Time::from_ms(own));
            assert_eq!(ahead.since(500_010, Time::from_ms(own + 25)), Duration::from_millis(15));
            assert_eq!(ahead.since(500_030, Time::from_ms(own + 25)), Duration::ZERO);
        }
    }

    #[test]
    fn a_batch_has_a_limit() {
        let room = RoomId::random(&mut Zeros);
        let from =
            Address { node: NodeId::new("n"), session: SessionId { shard: 0, slot: 0, generation: 0 } };
        let back = letter(Envelope::Back { room, from });
        let mut lane = Lane::default();
        lane.waiting.extend((0..=LETTERS_AT_ONCE).map(|_| (Time::default(), back.clone())));
        assert_eq!(lane.next_batch(Time::default()).0.len(), LETTERS_AT_ONCE);
        assert_eq!(lane.next_batch(Time::default()).0.len(), 1);
    }
}
