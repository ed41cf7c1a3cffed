//! Which nodes live, as one of them sees it.
//!
//! A node is gone when it gave no sign of life for five seconds in which this one gave all of its own: who could
//! not reach the store knows nothing about others, and neither do they.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::domain::id::NodeId;
use crate::domain::time::Time;
use crate::store::Pulse;

/// A node that was silent for longer is gone.
pub(super) const GONE_AFTER: Duration = Duration::from_secs(5);
/// How often a node gives a sign of life.
const BEAT_EVERY: Duration = Duration::from_secs(1);
/// After a longer pause of its own, a node gives all others their time anew.
const PAUSE: Duration = Duration::from_millis(2_500);
/// Dead nodes that are remembered, in case they come back.
const MOST_GONE: usize = 1_024;

/// What this node knows of others.
pub(super) struct Roll {
    own: NodeId,
    known: BTreeMap<NodeId, Known>,
    gone: BTreeSet<NodeId>,
    /// When this node's own signs of life began to come without a pause, and the last of them.
    since: Time,
    beaten_at: Option<Time>,
}

#[derive(Clone, Copy)]
struct Known {
    /// Its last sign of life by the store's clock, ms, and by this node's.
    last_ms: u64,
    alive_at: Time,
}

/// What is new after a pulse.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    /// These are gone, and gave their last sign of life then by the store's clock.
    pub(super) gone: Vec<(NodeId, u64)>,
    /// These were gone and are not.
    pub(super) back: Vec<NodeId>,
}

impl Roll {
    pub(super) fn new(own: NodeId) -> Self {
        let (known, gone) = (BTreeMap::new(), BTreeSet::new());
        Self { own, known, gone, since: Time::default(), beaten_at: None }
    }

    /// Takes what was learned at `now`.
    pub(super) fn take(&mut self, pulse: &Pulse, now: Time) -> News {
        if self.beaten_at.is_none_or(|before| now.since(before) > PAUSE) {
            self.since = now;
        }
        self.beaten_at = Some(now);
        let mut news = News::default();
        for (node, last_ms) in pulse.nodes.iter().filter(|(node, _)| *node != self.own) {
            let before = self.known.get(node).map(|known| known.last_ms);
            if before == Some(*last_ms) {
                continue;
            }
            let ago = Duration::from_millis(pulse.now_ms.saturating_sub(*last_ms));
            let alive_at = Time::from_ms(now.as_ms().saturating_sub(ms(ago)));
            self.known.insert(node.clone(), Known { last_ms: *last_ms, alive_at });
            if ago < GONE_AFTER && self.gone.remove(node) {
                news.back.push(node.clone());
            }
        }
        let since = self.since;
        let silent = |known: &Known| now.since(known.alive_at.max(since)) >= GONE_AFTER;
        news.gone = self
            .known
            .extract_if(.., |_, known| silent(known))
            .map(|(node, known)| (node, known.last_ms))
            .collect();
        for (node, _) in &news.gone {
            if self.gone.len() >= MOST_GONE {
                self.gone.pop_first();
            }
            self.gone.insert(node.clone());
        }
        news
    }

    /// How long until the next sign of life: sooner where it will decide about another node.
    pub(super) fn next(&self, now: Time) -> Duration {
        let decides = |known: &Known| known.alive_at.max(self.since) + GONE_AFTER;
        let soonest = self.known.values().map(decides).min().unwrap_or(Time::NEVER);
        Duration::from_millis(soonest.ms_until_from(now).max(20)).min(BEAT_EVERY)
    }
}

fn ms(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The store's clock is a day ahead of the node's.
    const AHEAD: u64 = 86_400_000;

    fn pulse(now: u64, others: &[(&str, u64)]) -> (Pulse, Time) {
        let nodes = others.iter().map(|(node, last)| (NodeId::new(*node), last + AHEAD)).collect();
        (Pulse { now_ms: now + AHEAD, nodes, people: Vec::new(), known: true }, Time::from_ms(now))
    }

    fn roll() -> Roll {
        Roll::new(NodeId::new("a"))
    }

    fn take(roll: &mut Roll, now: u64, others: &[(&str, u64)]) -> (Vec<String>, Vec<String>) {
        let (pulse, now) = pulse(now, others);
        let News { gone, back } = roll.take(&pulse, now);
        let name = |node: &NodeId| node.as_str().to_owned();
        (gone.iter().map(|(node, _)| name(node)).collect(), back.iter().map(name).collect())
    }

    #[test]
    fn five_seconds_of_silence_are_the_end_and_are_told_once() {
        let mut roll = roll();
        for second in 10..15 {
            assert_eq!(
                take(&mut roll, second * 1_000, &[("a", 0), ("b", 9_500)]),
                (vec![], vec![]),
                "{second}"
            );
        }
        assert_eq!(roll.next(Time::from_ms(14_000)), BEAT_EVERY);
        assert_eq!(take(&mut roll, 15_000, &[("b", 9_500)]).0, ["b"]);
        assert_eq!(take(&mut roll, 16_000, &[("b", 15_900)]).1, ["b"]);
        assert_eq!(roll.next(Time::from_ms(20_800)), Duration::from_millis(100));
    }

    #[test]
    fn one_that_is_no_longer_listed_is_gone_as_well() {
        let mut roll = roll();
        for second in 10..=14 {
            take(&mut roll, second * 1_000, if second == 10 { &[("b", 10_000)] } else { &[] });
        }
        assert_eq!(take(&mut roll, 15_000, &[]).0, ["b"]);
    }

    #[test]
    fn who_was_away_itself_declares_nobody_dead_at_once() {
        let mut roll = roll();
        take(&mut roll, 10_000, &[("b", 10_000)]);
        assert_eq!(take(&mut roll, 60_000, &[("b", 10_000)]), (vec![], vec![]));
        for second in 61..65 {
            assert_eq!(take(&mut roll, second * 1_000, &[("b", 10_000)]), (vec![], vec![]), "{second}");
        }
        assert_eq!(take(&mut roll, 65_000, &[("b", 10_000)]).0, ["b"]);
    }
}
