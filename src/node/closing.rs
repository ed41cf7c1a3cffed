//! A shutdown in progress: which connections are closed when, so that they do not all come back at once.

use std::time::Duration;

use crate::domain::id::ConnectionId;
use crate::domain::time::Time;

/// Connections are closed at most this often: a portion, not one by one.
const STEP: Duration = Duration::from_millis(20);

/// The connections of a shard that are still to be closed.
pub(super) struct Closing {
    /// The first is closed last.
    left: Vec<ConnectionId>,
    /// How many there were.
    all: usize,
    /// What everybody was told.
    pub(super) retry_after_ms: u64,
    begin: Time,
    spread: Duration,
    next: Time,
}

impl Closing {
    /// Closes `clients` evenly from `begin` on, within `spread`.
    pub(super) fn new(
        clients: Vec<ConnectionId>,
        retry_after_ms: u64,
        begin: Time,
        spread: Duration,
    ) -> Self {
        let mut left = clients;
        left.sort_unstable();
        Self { all: left.len(), left, retry_after_ms, begin, spread, next: begin }
    }

    /// One more, which is closed last.
    pub(super) fn add(&mut self, connection: ConnectionId) {
        self.left.insert(0, connection);
        self.all += 1;
        if self.next == Time::NEVER {
            self.next = self.begin;
        }
    }

    /// When to look again.
    pub(super) fn next(&self) -> Time {
        self.next
    }

    /// Those whose time has come: as large a part of all as of the time has passed.
    pub(super) fn due(&mut self, now: Time) -> Vec<ConnectionId> {
        if now < self.next {
            return Vec::new();
        }
        let (passed, spread) = (now.since(self.begin).as_millis(), self.spread.as_millis());
        let part =
            if passed < spread { (self.all as u128 * passed).div_ceil(spread) } else { self.all as u128 };
        let stay = self.all.saturating_sub(usize::try_from(part).unwrap_or(usize::MAX));
        let due = self.left.split_off(stay.min(self.left.len()));
        self.next = if self.left.is_empty() { Time::NEVER } else { now + STEP };
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: Time = Time::from_ms(1_000);

    fn closing(clients: u64, spread_ms: u64) -> Closing {
        let clients = (0..clients).map(ConnectionId).collect();
        Closing::new(clients, 2_000, BEGIN, Duration::from_millis(spread_ms))
    }

    /// How many are due at each of these moments after the beginning, ms.
    fn due<const N: usize>(closing: &mut Closing, after_ms: [u64; N]) -> [usize; N] {
        after_ms.map(|ms| closing.due(BEGIN + Duration::from_millis(ms)).len())
    }

    #[test]
    fn as_large_a_part_as_of_the_time_has_passed() {
        let mut closing = closing(1_000, 10_000);
        assert_eq!(closing.due(Time::from_ms(999)), []);
        assert_eq!(due(&mut closing, [0, 20, 40, 1_000, 5_000]), [0, 2, 2, 96, 400]);
        assert_eq!(closing.next(), BEGIN + Duration::from_millis(5_020));
        assert_eq!(due(&mut closing, [5_010, 9_999, 10_000, 10_020]), [0, 500, 0, 0]);
        assert_eq!(closing.next(), Time::NEVER);
    }

    #[test]
    fn few_of_them_are_spread_as_well() {
        let mut closing = closing(3, 900);
        assert_eq!(due(&mut closing, [0, 20, 300, 320, 600, 620, 900]), [0, 1, 0, 1, 0, 1, 0]);
    }

    #[test]
    fn without_time_all_go_at_once() {
        assert_eq!(due(&mut closing(1_000, 0), [0, 1]), [1_000, 0]);
        assert_eq!(closing(0, 1_000).due(BEGIN), []);
    }

    #[test]
    fn who_came_late_goes_last() {
        let mut closing = closing(2, 100);
        closing.add(ConnectionId(7));
        assert_eq!(closing.due(BEGIN + Duration::from_millis(60)), [ConnectionId(0), ConnectionId(1)]);
        closing.add(ConnectionId(8));
        let rest = closing.due(BEGIN + Duration::from_millis(100));
        assert_eq!(rest, [ConnectionId(8), ConnectionId(7)]);
        closing.add(ConnectionId(9));
        assert_eq!(closing.due(BEGIN + Duration::from_millis(120)), [ConnectionId(9)]);
    }
}
