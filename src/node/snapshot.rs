//! A picture of the service, of a node that shares its store with nobody.

use std::sync::Arc;

use super::{News, Node};

use crate::store::snapshot::{Cost, StoreHealth};
pub use crate::store::snapshot::{EventLine, Snapshot, Survey};

/// The node does not see the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSeen {
    /// It shares its store with others: who wants to see it looks there.
    Shared,
}

impl Node {
    /// The newest of what happened, oldest first, from the first time on that somebody asks.
    pub fn newest(&self, most: usize) -> Vec<Arc<News>> {
        self.herald.upgrade().map(|herald| herald.newest(most, self.clock.now())).unwrap_or_default()
    }

    /// The picture of this moment, figures as of the last second.
    pub fn snapshot(&self, survey: &Survey) -> Result<Snapshot, NotSeen> {
        let (now, began) = (self.clock.now(), self.clock.elapsed());
        let sight = self.store.sight(survey, now).ok_or(NotSeen::Shared)?;
        let latency_us =
            u64::try_from(self.clock.elapsed().saturating_sub(began).as_micros()).unwrap_or(u64::MAX);
        let picture = Snapshot::of(now.as_ms(), vec![self.figures.get()], survey, sight);
        let store = StoreHealth {
            kind: self.store.name().to_owned(),
            address: self.id.as_str().to_owned(),
            latency_us,
            uptime_seconds: self.clock.uptime_seconds(),
            masters: 1,
            ..StoreHealth::default()
        };
        let cost = Cost { round_trips: 1, commands: 1, took_us: latency_us };
        Ok(Snapshot { store, cost, ..picture })
    }
}
