//! Keeps what is written in one room in order, while everything else goes its own way.
//!
//! Chat appends are the only operations of a session that may be under way together. Each of them is sent once
//! the one before it in the same room has its answer, so a lost connection, a script that has to be sent in
//! full or a slot that moved cannot let one overtake another.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::domain::id::RoomId;

/// The last in each lane that is not empty.
type Tails = HashMap<RoomId, (u64, oneshot::Receiver<()>)>;

/// The rooms that somebody writes in just now.
#[derive(Clone, Default)]
pub(super) struct Lanes {
    /// Guards the order of arrival. A lock, because arrival is a synchronous call from several shards; held
    /// for one look into the map.
    tails: Arc<Mutex<(u64, Tails)>>,
}

/// A place in a lane. Dropping it lets the next one go.
pub(super) struct Turn {
    lanes: Lanes,
    room: RoomId,
    number: u64,
    before: Option<oneshot::Receiver<()>>,
    _done: oneshot::Sender<()>,
}

impl Lanes {
    /// Takes the last place in the lane of `room`.
    pub(super) fn join(&self, room: RoomId) -> Turn {
        let (done, next) = oneshot::channel();
        let mut tails = self.tails.lock().unwrap_or_else(PoisonError::into_inner);
        tails.0 += 1;
        let number = tails.0;
        let before = tails.1.insert(room, (number, next)).map(|(_, before)| before);
        Turn { lanes: self.clone(), room, number, before, _done: done }
    }
}

impl Turn {
    /// Waits for whoever is before it. Each of them has its time-out, so this comes to an end.
    pub(super) async fn come(&mut self) {
        if let Some(before) = self.before.take() {
            // It is never sent to: that it is closed says that the one before is done.
            before.await.unwrap_or_default();
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut tails = self.lanes.tails.lock().unwrap_or_else(PoisonError::into_inner);
        if tails.1.get(&self.room).is_some_and(|(last, _)| *last == self.number) {
            tails.1.remove(&self.room);
        }
    }
}
