//! Which store, and which way to other nodes.

use std::sync::Arc;

use tokio::runtime::Handle;

use super::StartError;
use crate::config;
use crate::events::RedisSink;
use crate::node::{self, Hears};
use crate::store::memory::MemoryStore;
use crate::store::redis::{ControlStream, EventStream, RedisPost, RedisStore, RedisUrl, Settings, reach};
use crate::store::{Post, Store};

/// What a node shares with others, and how.
pub(super) struct Shared {
    pub(super) store: Arc<dyn Store>,
    /// `None` where there are no others.
    pub(super) post: Option<Arc<dyn Post>>,
    /// What operators order of all nodes; `None` where there are no others.
    pub(super) control: Option<ControlStream>,
    /// Where events go in Redis, and which.
    pub(super) events: Option<(RedisSink, Hears)>,
    /// As people are told.
    pub(super) shown: String,
}

/// Opens what the configuration names, and takes the node's name among others.
pub(super) async fn open(
    store: &config::Store,
    events: &config::Events,
    setup: &node::Setup,
) -> Result<Shared, StartError> {
    let redis = match store {
        config::Store::Embedded => {
            let shown = "embedded (one node, nothing survives a restart)".to_owned();
            let store = Arc::new(MemoryStore::new());
            return Ok(Shared { store, post: None, control: None, events: None, shown });
        }
        config::Store::Redis(redis) => redis,
    };
    let config::Redis { url, password, origin } = redis;
    let mut url: RedisUrl =
        url.expose().parse().map_err(|error| StartError::RedisUrl { origin: origin.clone(), error })?;
    if let Some(password) = password {
        url = url.or_password(password.expose());
    }
    let settings = Settings::new(url);
    reach(&settings).await.map_err(|error| StartError::Redis { origin: origin.clone(), error })?;
    let shown = format!("redis at {}", settings.url.hosts_shown());
    let store = RedisStore::new(settings.clone(), &Handle::current());
    let pools = setup.policies.iter().map(|policy| policy.pool).collect();
    let post = RedisPost::new(setup.node.clone(), pools, &settings, &store);
    post.enter().await.map_err(StartError::NotEntered)?;
    let hears = if events.redis { Hears::Everything } else { Hears::Interventions };
    let stream = RedisSink::new(EventStream::new(&store, events.stream_length));
    let control = Some(ControlStream::new(&store));
    let (store, post, events) =
        (Arc::new(store), Some(Arc::new(post) as Arc<dyn Post>), Some((stream, hears)));
    Ok(Shared { store, post, control, events, shown })
}
