//! The two ways to see a service, as one.

use std::future::pending;

use qala::store::redis::{RedisUrl, Settings, Surveyor};
use qala::store::snapshot::{Ordered, Outcome, Snapshot, Survey};
use tokio::runtime::Handle;

use super::http::NodeUrl;

/// Sees a service. Why it does not is said in a few words.
pub(super) enum Eyes {
    /// Through the Redis that its nodes share.
    Redis {
        surveyor: Box<Surveyor>,
        /// The connection that was used last.
        told: u64,
    },
    /// Through its only node.
    Node(Box<NodeUrl>),
}

impl Eyes {
    pub(super) fn redis(url: RedisUrl, runtime: &Handle) -> Self {
        let settings = Settings { timeouts: Surveyor::timeouts(), ..Settings::new(url) };
        Self::Redis { surveyor: Box::new(Surveyor::new(settings, runtime)), told: 0 }
    }

    pub(super) fn node(node: NodeUrl) -> Self {
        Self::Node(Box::new(node))
    }

    /// A picture of this moment.
    pub(super) async fn snapshot(&mut self, survey: &Survey) -> Result<Snapshot, String> {
        match self {
            Self::Redis { surveyor, told } => {
                let snapshot = surveyor.snapshot(survey).await.map_err(|error| error.to_string());
                *told = surveyor.generation();
                snapshot
            }
            Self::Node(node) => node.snapshot(survey).await,
        }
    }

    /// Whether anybody answers, at the least cost.
    pub(super) async fn probe(&mut self) -> Result<(), String> {
        match self {
            Self::Redis { surveyor, .. } => surveyor.probe().await.map_err(|error| error.to_string()),
            Self::Node(node) => node.snapshot(&Survey::default()).await.map(drop),
        }
    }

    /// Waits until there is a connection again that was not used before; for ever where that is not known.
    pub(super) async fn back(&mut self) {
        match self {
            Self::Redis { surveyor, told } => *told = surveyor.connected_since(*told).await,
            Self::Node(_) => pending().await,
        }
    }

    /// Gives an order.
    pub(super) async fn order(&mut self, ordered: &Ordered) -> Result<Outcome, String> {
        match self {
            Self::Redis { surveyor, .. } => surveyor.order(ordered).await.map_err(|error| error.to_string()),
            Self::Node(node) => node.order(ordered).await,
        }
    }
}
