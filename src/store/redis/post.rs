//! The post of nodes that share a Redis: an inbox each, and a list of who lives.
//!
//! Sending and signs of life go over the store's connection, among its operations; reading blocks, so it has a
//! connection of its own.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::TryRng;
use rand::rngs::SysRng;
use redis::Value;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::RedisStore;
use super::call::Call;
use super::carry::Carrier;
use super::inbox::{self, RedisInbox};
use super::keys::Keys;
use super::{Settings, nodes};
use crate::domain::id::NodeId;
use crate::domain::presence::Presence;
use crate::domain::ticket::PoolId;
use crate::store::{Inbox, Letter, NotEntered, Pending, Post, Pulse};

/// Between two attempts to send: Redis is away, or the other node has not made its inbox again yet.
const SEND_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// A node without an inbox for so long is gone: one that lives makes it anew as soon as it sees that it is not
/// there.
const NOBODY_THERE_AFTER: Duration = Duration::from_secs(10);

/// How long what a node says of itself is kept, seconds.
const STATS_SECONDS: u32 = 60;

/// The post of one node.
pub struct RedisPost {
    node: NodeId,
    /// Tells this run of the node from earlier ones of the same name.
    start: u64,
    keys: Keys,
    carrier: Arc<Carrier>,
    /// Keeps the connection while the post is there.
    _keeper: Arc<JoinSet<()>>,
    pools: Vec<PoolId>,
    settings: Settings,
    /// The time of the last sign of life that was answered, ms.
    last_ms: AtomicU64,
    /// What the next signs of life say of the people here. Guarded by a lock that is held while it is copied.
    people: Mutex<Vec<(PoolId, Presence)>>,
    /// The connection that was told of last.
    told: AtomicU64,
    /// The connection over which the last sign of life was answered.
    beaten_over: AtomicU64,
}

impl RedisPost {
    /// The post of `node`, which serves `pools`, over the connection of `store`.
    pub fn new(node: NodeId, pools: Vec<PoolId>, settings: &Settings, store: &RedisStore) -> Self {
        Self {
            node,
            start: SysRng.try_next_u64().unwrap_or_default(),
            keys: store.caller.keys.clone(),
            carrier: Arc::clone(&store.carrier),
            _keeper: Arc::clone(&store.keeper),
            pools,
            settings: settings.clone(),
            last_ms: AtomicU64::new(0),
            people: Mutex::default(),
            told: AtomicU64::new(0),
            beaten_over: AtomicU64::new(0),
        }
    }
}

impl Post for RedisPost {
    fn enter(&self) -> Pending<'_, Result<(), NotEntered>> {
        Box::pin(async {
            let now_ms = nodes::enter(&self.carrier, &self.keys, &self.node).await?;
            self.last_ms.store(now_ms, Ordering::Relaxed);
            Ok(())
        })
    }

    fn send(&self, to: NodeId, first: u64, letters: Vec<Letter>) -> Pending<'static, bool> {
        let command = inbox::append(&self.keys.inbox(&to), &self.node, self.start, first, &letters);
        let (call, carrier) = (Call::plain(command), Arc::clone(&self.carrier));
        Box::pin(async move {
            let mut missing_since = None;
            loop {
                match carrier.fetch(&call).await {
                    Some(Value::BulkString(_)) => return true,
                    Some(_) => {
                        let since = *missing_since.get_or_insert_with(Instant::now);
                        if since.elapsed() >= NOBODY_THERE_AFTER {
                            return false;
                        }
                    }
                    None => missing_since = None,
                }
                sleep(SEND_AGAIN_AFTER).await;
            }
        })
    }

    fn inbox(&self) -> Box<dyn Inbox> {
        let Settings { url, timeouts, .. } = &self.settings;
        Box::new(RedisInbox::new(url.clone(), timeouts, self.keys.inbox(&self.node), self.pools.clone()))
    }

    fn inbox_entries(&self) -> Pending<'_, Option<u64>> {
        let mut length = redis::cmd("XLEN");
        length.arg(self.keys.inbox(&self.node));
        let call = Call::plain(length);
        Box::pin(async move {
            let length = self.carrier.fetch(&call).await?;
            if let Value::Int(entries) = length { u64::try_from(entries).ok() } else { None }
        })
    }

    fn count(&self, people: Vec<(PoolId, Presence)>) {
        *self.people.lock().unwrap_or_else(PoisonError::into_inner) = people;
    }

    fn publish(&self, figures: String) -> Pending<'_, ()> {
        let mut set = redis::cmd("SET");
        set.arg(self.keys.stats(self.node.as_str())).arg(figures).arg("EX").arg(STATS_SECONDS);
        Box::pin(async move {
            // Nobody waits for what a store that is away does not hear: the next ones are newer.
            if self.carrier.keeping.is_up() {
                self.carrier.fetch(&Call::plain(set)).await;
            }
        })
    }

    fn beat(&self) -> Pending<'_, Option<Pulse>> {
        Box::pin(async {
            let people = self.people.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let last_ms = self.last_ms.load(Ordering::Relaxed);
            let mut pulse =
                nodes::beat(&self.carrier, &self.keys, &self.node, last_ms, &people, &self.pools).await?;
            self.last_ms.store(pulse.now_ms, Ordering::Relaxed);
            // Another connection may lead to a replica that was promoted, which need not know what was written last.
            let over = self.carrier.keeping.generation();
            let before = self.beaten_over.swap(over, Ordering::Relaxed);
            pulse.known &= before == 0 || before == over;
            Some(pulse)
        })
    }

    fn connected(&self) -> Pending<'_, ()> {
        Box::pin(async {
            let told = self.told.load(Ordering::Relaxed);
            self.told.store(self.carrier.keeping.connected_since(told).await, Ordering::Relaxed);
        })
    }

    fn bury(&self, node: NodeId, last_ms: u64) -> Pending<'_, ()> {
        Box::pin(async move {
            if nodes::bury(&self.carrier, &self.keys, &node, last_ms).await {
                tracing::info!(node = node.as_str(), "removed what a dead node left");
            }
        })
    }

    fn leave(&self) -> Pending<'_, ()> {
        Box::pin(nodes::leave(&self.carrier, &self.keys, &self.node))
    }
}
