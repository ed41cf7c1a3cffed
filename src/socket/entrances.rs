//! Clients that have not said who they are. Nothing is known of them, and each costs as much as one that has: so
//! there is a number of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Room for clients that have not said who they are.
pub struct Entrances {
    most: usize,
    taken: Arc<AtomicUsize>,
}

/// A place, until it is dropped.
pub(super) struct Entrance(Arc<AtomicUsize>);

impl Entrances {
    /// For so many at once.
    pub fn new(most: usize) -> Self {
        Self { most, taken: Arc::default() }
    }

    /// One more place; `None` if there is none.
    pub(super) fn enter(&self) -> Option<Entrance> {
        let place = Entrance(self.taken.clone());
        // Taken first: of two that come at once for the last place, one finds one too many.
        (self.taken.fetch_add(1, Ordering::AcqRel) < self.most).then_some(place)
    }
}

impl Drop for Entrance {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_so_many_and_again_when_one_leaves() {
        let entrances = Entrances::new(2);
        let (first, second) = (entrances.enter(), entrances.enter());
        assert!(first.is_some() && second.is_some());
        assert!((0..10).all(|_| entrances.enter().is_none()));
        drop(first);
        let third = entrances.enter();
        assert!(third.is_some() && entrances.enter().is_none());
    }
}
