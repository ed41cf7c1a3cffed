//! The tickets of one direction: by bucket, for those who search them, and in one line, for positions.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::line::Line;
use crate::domain::criteria::{AgeRange, Stage};
use crate::domain::search::Bucket;
use crate::domain::ticket::{Order, Ticket};
use crate::domain::time::Time;

/// A ticket as it is listed.
pub(super) struct Listed {
    /// Who.
    pub(super) ticket: Arc<Ticket>,
    /// The stage it was listed at.
    pub(super) stage: Stage,
    /// The ages it accepts at that stage.
    pub(super) accepts_age: AgeRange,
    /// Until when its owner counts as alive.
    pub(super) lease_until: Time,
}

impl Listed {
    /// Whether nobody is there any more to be matched.
    pub(super) fn ran_out(&self, now: Time) -> bool {
        self.lease_until <= now
    }
}

/// Where a ticket is listed.
#[derive(Clone, Copy)]
pub(super) struct Spot {
    /// In which bucket.
    pub(super) bucket: Bucket,
    /// Where in it.
    pub(super) order: Order,
}

/// The tickets of one bucket in waiting order.
pub(super) type List = BTreeMap<Order, Listed>;

/// The waiting of one direction.
#[derive(Default)]
pub(super) struct Queue {
    /// Everybody, for positions.
    line: Line,
    /// Everybody again, each in one bucket. No list in here is empty.
    lists: BTreeMap<Bucket, List>,
}

impl Queue {
    /// Lists a ticket that is not in this queue.
    pub(super) fn insert(&mut self, spot: Spot, listed: Listed) {
        self.line.join(spot.order);
        self.put(spot, listed);
    }

    /// Lists a ticket of this queue in another bucket, or in the same one with other facts. Its place in
    /// line stays as it is: a stage that opens must not cost a walk through a long line.
    pub(super) fn relist(&mut self, old: Spot, new: Spot, listed: Listed) {
        if old.bucket != new.bucket {
            self.take(old);
        }
        self.put(new, listed);
    }

    /// Takes a ticket out.
    pub(super) fn remove(&mut self, spot: Spot) -> Option<Listed> {
        self.line.leave(spot.order);
        self.take(spot)
    }

    /// The tickets of one bucket, if there are any.
    pub(super) fn list(&self, bucket: &Bucket) -> Option<&List> {
        self.lists.get(bucket)
    }

    /// A ticket of this queue.
    pub(super) fn get_mut(&mut self, spot: Spot) -> Option<&mut Listed> {
        self.lists.get_mut(&spot.bucket)?.get_mut(&spot.order)
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.line.len()
    }

    /// The first `most` of them, in waiting order.
    pub(super) fn first(&self, most: usize) -> Vec<&Listed> {
        let of_buckets = self.lists.values().flat_map(|list| list.iter().take(most));
        let mut first: Vec<_> = of_buckets.collect();
        first.sort_unstable_by_key(|(order, _)| **order);
        first.into_iter().take(most).map(|(_, listed)| listed).collect()
    }

    /// The place of `order`, from 1.
    pub(super) fn position(&self, order: Order) -> u32 {
        self.line.position(order)
    }

    /// Whether nobody waits.
    pub(super) fn is_empty(&self) -> bool {
        self.line.is_empty()
    }

    fn put(&mut self, spot: Spot, listed: Listed) {
        self.lists.entry(spot.bucket).or_default().insert(spot.order, listed);
    }

    fn take(&mut self, spot: Spot) -> Option<Listed> {
        let list = self.lists.get_mut(&spot.bucket)?;
        let listed = list.remove(&spot.order);
        if list.is_empty() {
            self.lists.remove(&spot.bucket);
        }
        listed
    }
}
