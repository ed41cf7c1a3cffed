//! How many people there are, on this node and on others.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::domain::id::NodeId;
use crate::domain::presence::Presence;
use crate::domain::ticket::PoolId;

/// How many people each pool has.
#[derive(Default)]
pub(super) struct Presences {
    /// Guards the counts. A lock, because every shard says its own and anybody may ask; held while a few numbers are
    /// added.
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    here: BTreeMap<(PoolId, u8), Presence>,
    elsewhere: Vec<(PoolId, Presence)>,
}

impl Presences {
    /// What a shard counted.
    pub(super) fn count(&self, shard: u8, pool: PoolId, presence: Presence) {
        self.with(|counts| counts.here.insert((pool, shard), presence));
    }

    /// What other nodes said that live.
    pub(super) fn hear(&self, own: &NodeId, elsewhere: Vec<(NodeId, PoolId, Presence)>) {
        let others = elsewhere.into_iter().filter(|(node, ..)| node != own);
        let elsewhere = others.map(|(_, pool, presence)| (pool, presence)).collect();
        self.with(|counts| counts.elsewhere = elsewhere);
    }

    /// Of this node, by pool.
    pub(super) fn here(&self) -> Vec<(PoolId, Presence)> {
        let mut by_pool = BTreeMap::<PoolId, Presence>::new();
        self.with(|counts| {
            for ((pool, _), presence) in &counts.here {
                *by_pool.entry(*pool).or_default() += *presence;
            }
        });
        by_pool.into_iter().collect()
    }

    /// Of all nodes.
    pub(super) fn of(&self, asked: PoolId) -> Presence {
        let mut sum = Presence::default();
        self.with(|counts| {
            let here = counts.here.iter().map(|((pool, _), presence)| (pool, presence));
            let elsewhere = counts.elsewhere.iter().map(|(pool, presence)| (pool, presence));
            for (_, presence) in here.chain(elsewhere).filter(|(pool, _)| **pool == asked) {
                sum += *presence;
            }
        });
        sum
    }

    fn with<T>(&self, work: impl FnOnce(&mut Counts) -> T) -> T {
        work(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POOL: PoolId = PoolId("animochat");
    const OTHER: PoolId = PoolId("other");

    fn people(online: u64, waiting: u64, talking: u64) -> Presence {
        Presence { online, waiting, talking }
    }

    #[test]
    fn shards_and_other_nodes_add_up_and_the_newest_count_of_each_holds() {
        let presences = Presences::default();
        let own = NodeId::new("a");
        presences.count(0, POOL, people(9, 9, 9));
        presences.count(0, POOL, people(3, 1, 2));
        presences.count(1, POOL, people(4, 0, 1));
        presences.count(0, OTHER, people(100, 0, 0));
        assert_eq!(presences.here(), [(POOL, people(7, 1, 3)), (OTHER, people(100, 0, 0))]);
        assert_eq!(presences.of(POOL), people(7, 1, 3));
        let others = || {
            let b = NodeId::new("b");
            vec![
                (own.clone(), POOL, people(50, 50, 50)),
                (b.clone(), POOL, people(10, 2, 0)),
                (b, OTHER, people(1, 1, 1)),
            ]
        };
        presences.hear(&own, others());
        presences.hear(&own, others());
        assert_eq!(presences.of(POOL), people(17, 3, 3));
        assert_eq!(presences.here()[0], (POOL, people(7, 1, 3)));
        presences.hear(&own, Vec::new());
        assert_eq!((presences.of(POOL), presences.of(POOL).rooms()), (people(7, 1, 3), 2));
    }
}
