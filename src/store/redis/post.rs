//! The post of nodes that share a Redis: an inbox each, and a list of who lives.
//!
//! Sending and signs of life go over the store's connection, among its operations; reading blocks, so it has a
//! connection of its own.

use std::sync::Arc;
use std::time::Duration;

use rand::TryRng;
use rand::rngs::SysRng;
use redis::Value;
use tokio::sync::Mutex;
use tokio::time::sleep;

use super::RedisStore;
use super::call::Call;
use super::carry::Carrier;
use super::inbox::{self, Inbox};
use super::keys::Keys;
use super::{Settings, nodes};
use crate::domain::id::NodeId;
use crate::domain::ticket::PoolId;
use crate::store::{Letter, NotEntered, Pending, Post, Pulse, Received};

/// Between two attempts to send: Redis is away, or the other node has not made its inbox again yet.
const SEND_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// The post of one node.
pub struct RedisPost {
    node: NodeId,
    /// Tells this run of the node from earlier ones of the same name.
    start: u64,
    keys: Keys,
    carrier: Arc<Carrier>,
    /// Behind a lock because reading goes on where it stopped; only one task ever reads.
    inbox: Mutex<Inbox>,
}

impl RedisPost {
    /// The post of `node`, which serves `pools`, over the connection of `store`.
    pub fn new(node: NodeId, pools: Vec<PoolId>, settings: &Settings, store: &RedisStore) -> Self {
        let keys = store.caller.keys.clone();
        let inbox = Inbox::new(settings.url.clone(), &settings.timeouts, keys.inbox(&node), pools);
        Self {
            node,
            start: SysRng.try_next_u64().unwrap_or_default(),
            keys,
            carrier: Arc::clone(&store.carrier),
            inbox: Mutex::new(inbox),
        }
    }
}

impl Post for RedisPost {
    fn enter(&self) -> Pending<'_, Result<(), NotEntered>> {
        Box::pin(nodes::enter(&self.carrier, &self.keys, &self.node))
    }

    fn send(&self, to: NodeId, first: u64, letters: Vec<Letter>) -> Pending<'static, ()> {
        let command = inbox::append(&self.keys.inbox(&to), &self.node, self.start, first, &letters);
        let (call, carrier) = (Call::plain(command), Arc::clone(&self.carrier));
        Box::pin(async move {
            // No stream is no answer: its node makes it anew as soon as it sees that, or is gone.
            while !matches!(carrier.fetch(&call).await, Some(Value::BulkString(_))) {
                sleep(SEND_AGAIN_AFTER).await;
            }
        })
    }

    fn receive(&self) -> Pending<'_, Received> {
        Box::pin(async { self.inbox.lock().await.receive().await })
    }

    fn beat(&self) -> Pending<'_, Option<Pulse>> {
        Box::pin(nodes::beat(&self.carrier, &self.keys, &self.node))
    }

    fn bury(&self, node: NodeId, last_ms: u64) -> Pending<'_, ()> {
        Box::pin(async move {
            if nodes::bury(&self.carrier, &self.keys, &node, last_ms).await {
                tracing::info!(node = node.as_str(), "removed what a dead node left");
            }
        })
    }

    fn leave(&self) -> Pending<'_, ()> {
        Box::pin(async {
            nodes::bury(&self.carrier, &self.keys, &self.node, u64::MAX >> 11).await;
        })
    }
}
