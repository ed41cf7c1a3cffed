//! Rooms that are over are closed in the store, however long it is away.

use std::collections::VecDeque;

use super::super::id::{Entropy, RoomId};
use super::super::limits::CLOSED_AT_ONCE;
use super::super::operation::{Operation, Outcome};
use super::super::policy::RETRY_AFTER;
use super::super::time::Time;
use super::Core;
use super::storing::Purpose;

/// Rooms that wait to be closed. Of more, the oldest are left to the store, which forgets silent rooms.
const MOST_UNCLOSED: usize = 65_536;

/// Rooms that the store did not say are closed.
pub(super) struct Unclosed {
    rooms: VecDeque<RoomId>,
    again_at: Time,
}

impl Default for Unclosed {
    fn default() -> Self {
        Self { rooms: VecDeque::new(), again_at: Time::NEVER }
    }
}

impl Unclosed {
    /// When to ask the store again.
    pub(super) fn again_at(&self) -> Time {
        self.again_at
    }
}

impl<E: Entropy> Core<E> {
    /// A room is over.
    pub(super) fn close_room(&mut self, room: RoomId) {
        self.ask_aside(Purpose::Close { room }, Operation::CloseRoom { room });
    }

    pub(super) fn closed(&mut self, room: RoomId, outcome: &Outcome, now: Time) {
        if outcome.retry_after_ms().is_some() {
            if self.unclosed.rooms.len() >= MOST_UNCLOSED {
                self.unclosed.rooms.pop_front();
            }
            self.unclosed.rooms.push_back(room);
            self.unclosed.again_at = self.unclosed.again_at.min(now + RETRY_AFTER);
        }
    }

    pub(super) fn close_if_due(&mut self, now: Time) {
        if self.unclosed.again_at > now {
            return;
        }
        let some = self.unclosed.rooms.len().min(CLOSED_AT_ONCE);
        let due: Vec<RoomId> = self.unclosed.rooms.drain(..some).collect();
        self.unclosed.again_at = if self.unclosed.rooms.is_empty() { Time::NEVER } else { now + RETRY_AFTER };
        for room in due {
            self.close_room(room);
        }
    }
}
