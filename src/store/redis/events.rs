//! The stream of what happened, for others to read.

use std::sync::Arc;

use redis::Value;
use tokio::task::JoinSet;

use super::RedisStore;
use super::call::Call;
use super::carry::Carrier;
use super::scripts;

/// The stream, over the store's connection.
pub struct EventStream {
    key: String,
    /// About how many events it keeps; the oldest make way.
    most: usize,
    carrier: Arc<Carrier>,
    /// Keeps the connection while the stream is written.
    _keeper: Arc<JoinSet<()>>,
}

impl EventStream {
    /// The stream of all nodes that share `store`, which keeps about `most` events.
    pub fn new(store: &RedisStore, most: usize) -> Self {
        Self {
            key: store.caller.keys.events(),
            most,
            carrier: Arc::clone(&store.carrier),
            _keeper: Arc::clone(&store.keeper),
        }
    }

    /// Appends `events`, all or none of them. `false`: nothing is known of what became of them.
    pub async fn append(&self, events: &[String]) -> bool {
        let most = self.most.to_string();
        let arguments: Vec<&str> = std::iter::once(&most).chain(events).map(String::as_str).collect();
        let call = Call::script(&scripts::TELL, std::slice::from_ref(&self.key), &arguments);
        matches!(self.carrier.fetch(&call).await, Some(Value::Int(_)))
    }
}
