//! Stores that keep things in real servers, and tests that do not see each other there.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use qala::store::redis::{Clock, RedisStore, Settings};
use tokio::runtime::{Builder, Runtime};

use super::servers::{self, Servers};

/// Keeps the connections of all stores.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime"));

/// One server, started when it is first asked for.
pub(crate) static SINGLE: LazyLock<Servers> = LazyLock::new(servers::single);
/// A server that Sentinels watch.
pub(crate) static WATCHED: LazyLock<Servers> = LazyLock::new(servers::watched);
/// A Cluster.
pub(crate) static CLUSTER: LazyLock<Servers> = LazyLock::new(servers::cluster);

/// What a store of the suites is made of: keys that no other store has, and the caller's time.
pub(crate) fn settings(servers: &Servers) -> Settings {
    static STORES: AtomicU64 = AtomicU64::new(0);
    let number = STORES.fetch_add(1, Ordering::Relaxed);
    let url = servers.url.parse().expect("a URL of Redis");
    Settings { prefix: format!("test-{number}:"), clock: Clock::Caller, ..Settings::new(url) }
}

/// A store of those settings.
pub(crate) fn store(settings: Settings) -> RedisStore {
    RedisStore::new(settings, RUNTIME.handle())
}
