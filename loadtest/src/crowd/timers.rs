//! What is due when. Deeds that have lost their meaning are found out when their time comes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use crate::event::Client;
use crate::plan::Trouble;
use crate::time::Moment;

/// Something to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Deed {
    /// Open a connection.
    Connect(Client),
    /// Whoever has not been told where it stands begins anew.
    Settle(Client),
    /// A search arrives.
    Arrive,
    /// All begin to search, in the closed model.
    Begin,
    /// Give up that search.
    GiveUp(Client, u32),
    /// Send the next signal of that talk.
    Signal(Client, u32),
    /// Send the next chat line of that talk.
    Line(Client, u32),
    /// Leave that talk.
    Leave(Client, u32),
    /// Drop all connections, from that client on.
    Storm(Client),
    /// Never say or hear anything again.
    FallSilent(Client),
    /// Read nothing for so long.
    ReadNothing(Client, Duration),
    /// Read again.
    ReadAgain(Client),
}

/// Deeds in the order they are due.
#[derive(Debug, Default)]
pub(super) struct Timers {
    heap: BinaryHeap<Reverse<(Moment, u64, Deed)>>,
    /// Of two that are due together the one set first goes first.
    set: u64,
}

impl Timers {
    pub(super) fn set(&mut self, due: Moment, deed: Deed) {
        self.set += 1;
        self.heap.push(Reverse((due, self.set, deed)));
    }

    pub(super) fn set_trouble(&mut self, client: Client, trouble: Trouble) {
        match trouble {
            Trouble::Slow(at, span) => self.set(at, Deed::ReadNothing(client, span)),
            Trouble::Silent(at) => self.set(at, Deed::FallSilent(client)),
        }
    }

    /// The next deed that is due at `now`, and since when.
    pub(super) fn due(&mut self, now: Moment) -> Option<(Moment, Deed)> {
        let Reverse((due, _, deed)) = self.heap.peek().copied()?;
        (due <= now).then(|| {
            self.heap.pop();
            (due, deed)
        })
    }

    pub(super) fn next(&self) -> Option<Moment> {
        self.heap.peek().map(|Reverse((due, _, _))| *due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deeds_come_when_they_are_due_in_the_order_they_were_set() {
        let mut timers = Timers::default();
        let at = Moment::from_us;
        for (due, deed) in [(5, Deed::Storm(0)), (3, Deed::Arrive), (3, Deed::Begin)] {
            timers.set(at(due), deed);
        }
        assert_eq!(timers.next(), Some(at(3)));
        assert_eq!(timers.due(at(2)), None);
        assert_eq!(timers.due(at(4)), Some((at(3), Deed::Arrive)));
        assert_eq!(timers.due(at(4)), Some((at(3), Deed::Begin)));
        assert_eq!(timers.due(at(4)), None);
        assert_eq!(timers.next(), Some(at(5)));
    }
}
