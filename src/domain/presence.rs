//! How many people a pool has.

use std::ops::AddAssign;

/// How many people a pool has, and what they do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    /// Connected.
    pub online: u64,
    /// Of those, searching.
    pub waiting: u64,
    /// In a room, also while away.
    pub talking: u64,
}

impl Presence {
    /// Rooms that stand. Two people are in each, but the two may be counted at different moments.
    pub const fn rooms(self) -> u64 {
        self.talking.div_ceil(2)
    }
}

impl AddAssign for Presence {
    fn add_assign(&mut self, other: Self) {
        self.online = self.online.saturating_add(other.online);
        self.waiting = self.waiting.saturating_add(other.waiting);
        self.talking = self.talking.saturating_add(other.talking);
    }
}
