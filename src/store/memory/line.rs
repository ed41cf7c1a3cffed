//! Who stands before whom among the tickets of one direction: only the order, to tell positions by.

use std::collections::VecDeque;

use crate::domain::ticket::Order;

/// Lines shorter than this keep their memory: giving it back would cost more than it frees.
const KEPT_CAPACITY: usize = 1_024;

/// The waiting of one direction in waiting order.
///
/// Arrivals join at the back and the matched leave near the front, and a deque moves its shorter side: both
/// ends cost nothing, whatever the length. Only who leaves from the middle of a long line moves others.
#[derive(Default)]
pub(super) struct Line(VecDeque<Order>);

impl Line {
    /// Takes its place.
    pub(super) fn join(&mut self, order: Order) {
        if self.0.back().is_none_or(|last| *last < order) {
            self.0.push_back(order);
        } else if let Err(place) = self.0.binary_search(&order) {
            self.0.insert(place, order);
        }
    }

    /// Gives its place up.
    pub(super) fn leave(&mut self, order: Order) {
        if let Ok(place) = self.0.binary_search(&order) {
            self.0.remove(place);
        }
        let (len, capacity) = (self.0.len(), self.0.capacity());
        // Half of it stays free, so that a line that breathes does not move its memory each time.
        if capacity > KEPT_CAPACITY && len < capacity / 4 {
            self.0.shrink_to((len * 2).max(KEPT_CAPACITY));
        }
    }

    /// The place of `order`, from 1; where it would stand if it is not in line.
    pub(super) fn position(&self, order: Order) -> u32 {
        let ahead = if self.0.back() == Some(&order) {
            self.0.len() - 1
        } else {
            self.0.binary_search(&order).unwrap_or_else(|place| place)
        };
        u32::try_from(ahead).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nobody waits.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::TicketId;

    fn order(effective_ms: i64, ticket: u64) -> Order {
        Order { effective_ms, ticket: TicketId(ticket) }
    }

    #[test]
    fn positions_follow_waiting_order_and_not_arrival() {
        let mut line = Line::default();
        for (effective_ms, ticket) in [(20, 1), (30, 2), (10, 3), (-5, 4), (20, 5)] {
            line.join(order(effective_ms, ticket));
        }
        line.join(order(20, 1));
        line.join(order(30, 2));
        assert_eq!(line.0.len(), 5, "who is in line stays where it is");
        let at = |line: &Line| {
            [(20, 1), (30, 2), (10, 3), (-5, 4), (20, 5)].map(|(ms, ticket)| line.position(order(ms, ticket)))
        };
        assert_eq!(at(&line), [3, 5, 2, 1, 4]);
        line.leave(order(10, 3));
        line.leave(order(10, 3));
        assert_eq!(at(&line), [2, 4, 2, 1, 3]);
    }

    #[test]
    fn a_line_that_empties_gives_its_memory_back() {
        let mut line = Line::default();
        (0..100_000).for_each(|n| line.join(order(n, 1)));
        (0..99_990).for_each(|n| line.leave(order(n, 1)));
        assert!(line.0.capacity() <= 2 * KEPT_CAPACITY, "{}", line.0.capacity());
        assert_eq!(line.position(order(99_999, 1)), 10);
    }
}
