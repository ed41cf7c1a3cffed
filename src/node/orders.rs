//! What those who run the service want done: to whom it goes, and that it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{Notify, mpsc};

use super::Node;
use super::clock::Clock;
use super::herald::Herald;
use super::shard::Incoming;
use crate::domain::happening::{Happening, What};
use crate::domain::id::{NodeId, UserId};
use crate::domain::intervention::{Act, Intervention};
use crate::domain::ticket::PoolId;

use crate::store::snapshot::Member;
pub use crate::store::snapshot::{Order, Ordered, Outcome};

/// Orders that are remembered, so that one that comes twice is carried out once.
const REMEMBERED: usize = 256;

/// Carries orders out.
pub(super) struct Orders {
    node: NodeId,
    pools: Vec<PoolId>,
    shards: Vec<mpsc::Sender<Incoming>>,
    /// The shards': with them it ends, and whoever writes down what it tells can end too.
    herald: Weak<Herald>,
    clock: Clock,
    drain: Notify,
    /// Names of the last orders. A lock, because edges and the inbox give orders; held for a look.
    known: Mutex<VecDeque<String>>,
}

impl Orders {
    pub(super) fn new(
        node: NodeId,
        pools: Vec<PoolId>,
        shards: Vec<mpsc::Sender<Incoming>>,
        herald: Weak<Herald>,
        clock: Clock,
    ) -> Self {
        Self { node, pools, shards, herald, clock, drain: Notify::new(), known: Mutex::default() }
    }

    /// Gives an order to whom it concerns.
    pub(super) async fn give(&self, Ordered { order, by, id }: Ordered) -> Outcome {
        if !self.is_new(id) {
            return Outcome::Given;
        }
        tracing::warn!(?order, by, "somebody who runs the service gives an order");
        let by: Arc<str> = by.into();
        match order {
            Order::Drain { node } if node == self.node.as_str() => self.drain(&by),
            Order::Drain { .. } => Outcome::NotFound,
            Order::CloseRoom { pool, room, members } => {
                let Ok(room) = room.parse() else {
                    return Outcome::Refused("a hall ends when its members leave".to_owned());
                };
                // One of the two ends it for both: each by its own shard, they would end it twice.
                let is_here = |member: &&Member| member.node == self.node.as_str();
                match members.iter().find(is_here).or(members.first()) {
                    Some(member) => self.intervene(&pool, &member.user, Act::CloseRoom(room), &by).await,
                    None => Outcome::NotFound,
                }
            }
            Order::Disconnect { pool, user, .. } => self.intervene(&pool, &user, Act::Disconnect, &by).await,
        }
    }

    fn drain(&self, by: &str) -> Outcome {
        if let (Some(pool), Some(herald)) = (self.pools.first(), self.herald.upgrade()) {
            let happening = Happening { user: UserId::new(by), pool: *pool, what: What::Drained };
            herald.tell(happening, self.clock.now());
        }
        self.drain.notify_one();
        Outcome::Given
    }

    /// The user's shard knows the user; the others know nobody of that name.
    async fn intervene(&self, pool: &str, user: &str, act: Act, by: &Arc<str>) -> Outcome {
        let Some(pool) = self.pools.iter().copied().find(|PoolId(known)| *known == pool) else {
            return Outcome::NotFound;
        };
        let intervention = Intervention { user: UserId::new(user), pool, act, by: by.clone() };
        for shard in &self.shards {
            // A shard that is gone has nobody.
            let _ = shard.send(Incoming::Intervene(intervention.clone())).await;
        }
        Outcome::Given
    }

    fn is_new(&self, id: String) -> bool {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if id.is_empty() || known.contains(&id) {
            return id.is_empty();
        }
        if known.len() == REMEMBERED {
            known.pop_front();
        }
        known.push_back(id);
        true
    }
}

impl Node {
    /// Gives an order to whom it concerns here.
    pub async fn give_order(&self, ordered: Ordered) -> Outcome {
        self.orders.give(ordered).await
    }

    /// Waits until somebody orders that the node goes down.
    pub async fn asked_to_drain(&self) {
        self.orders.drain.notified().await;
    }
}
