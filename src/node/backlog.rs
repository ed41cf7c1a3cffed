//! Messages for which a connection had no room yet.
//!
//! A burst can fill a connection's own queue before whoever writes it out has had a turn: that says nothing about its
//! reader. So what has no room is kept here for a moment and tried again. Only a client that takes nothing at all for
//! that moment, or whose messages have no room here either, is a slow consumer.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::outlet::{Outlet, Undelivered};
use super::shard::Client;
use crate::dialect::Answering;
use crate::domain::id::ConnectionId;
use crate::domain::time::Time;

/// How long a client may take nothing: many times what a busy machine keeps a writer waiting.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often it is tried again.
const AGAIN: Duration = Duration::from_millis(2);

/// What is to be sent.
pub(super) enum Delivery {
    /// A notice, or a part of an answer, with the number of the acknowledgement where one is wanted.
    Part(Option<u64>, Answering),
    /// The good-bye after everything else.
    Goodbye,
}

/// The connections that had no room, with what waits for each.
pub(super) struct Backlogs {
    most: usize,
    behind: HashMap<ConnectionId, Backlog>,
}

struct Backlog {
    waiting: VecDeque<Delivery>,
    /// When the client last took something, as far as is known.
    moved_at: Time,
}

impl Backlogs {
    /// At most `most` messages wait for one connection.
    pub(super) fn new(most: usize) -> Self {
        Self { most, behind: HashMap::new() }
    }

    /// Sends, or keeps for later, in the order of the calls. [`Undelivered::Full`] if there is no room here either.
    pub(super) fn deliver(
        &mut self,
        connection: ConnectionId,
        outlet: &dyn Outlet,
        delivery: Delivery,
        now: Time,
    ) -> Result<(), Undelivered> {
        if !self.behind.is_empty()
            && let Some(backlog) = self.behind.get_mut(&connection)
        {
            if backlog.waiting.len() >= self.most {
                return Err(Undelivered::Full);
            }
            backlog.waiting.push_back(delivery);
            return Ok(());
        }
        match delivery.send(outlet) {
            Err(Undelivered::Full) => {
                self.behind.insert(connection, Backlog { waiting: [delivery].into(), moved_at: now });
                Ok(())
            }
            sent @ (Ok(()) | Err(Undelivered::Closed)) => sent,
        }
    }

    /// Forgets what waits for a connection that is no more.
    pub(super) fn forget(&mut self, connection: ConnectionId) {
        self.behind.remove(&connection);
    }

    /// Tries everything again. The connections whose clients have taken nothing for too long come back.
    pub(super) fn retry(&mut self, clients: &HashMap<ConnectionId, Client>, now: Time) -> Vec<ConnectionId> {
        let mut slow = Vec::new();
        // Every turn asks, and hardly ever is somebody behind.
        if self.behind.is_empty() {
            return slow;
        }
        self.behind.retain(|&connection, backlog| {
            let Some(client) = clients.get(&connection) else { return false };
            let stays = backlog.drain(client.outlet.as_ref(), now);
            if stays && now >= backlog.moved_at + PATIENCE {
                slow.push(connection);
            }
            stays
        });
        if self.behind.is_empty() {
            self.behind.shrink_to_fit();
        }
        slow
    }

    /// How long until [`Self::retry`] is worth a call.
    pub(super) fn wait(&self) -> Option<Duration> {
        (!self.behind.is_empty()).then_some(AGAIN)
    }
}

impl Backlog {
    /// Sends what there is room for; whether something stays.
    fn drain(&mut self, outlet: &dyn Outlet, now: Time) -> bool {
        while let Some(delivery) = self.waiting.front() {
            match delivery.send(outlet) {
                Ok(()) => self.moved_at = now,
                Err(Undelivered::Full) => return true,
                Err(Undelivered::Closed) => return false,
            }
            self.waiting.pop_front();
        }
        false
    }
}

impl Delivery {
    fn send(&self, outlet: &dyn Outlet) -> Result<(), Undelivered> {
        match self {
            Self::Part(number, part) => outlet.answer(*number, part),
            Self::Goodbye => {
                outlet.dismiss();
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex, MutexGuard};

    use serde_json::value::RawValue;

    use super::*;
    use crate::dialect::Dialect;

    const CONNECTION: ConnectionId = ConnectionId(7);

    /// A connection with so much room, and what it took.
    #[derive(Clone)]
    struct Ear(Arc<Mutex<(usize, Vec<String>)>>);

    impl Ear {
        fn lock(&self) -> MutexGuard<'_, (usize, Vec<String>)> {
            self.0.lock().expect("no test panics while it holds this")
        }

        fn take(&self, text: String) -> Result<(), Undelivered> {
            let (room, taken) = &mut *self.lock();
            *room = room.checked_sub(1).ok_or(Undelivered::Full)?;
            taken.push(text);
            Ok(())
        }

        fn reads(&self, messages: usize) {
            self.lock().0 += messages;
        }

        fn taken(&self) -> Vec<String> {
            self.lock().1.clone()
        }
    }

    impl Outlet for Ear {
        fn emit(&self, event: &str, _: &RawValue) -> Result<(), Undelivered> {
            self.take(event.to_owned())
        }

        fn acknowledge(&self, number: u64, _: &RawValue) -> Result<(), Undelivered> {
            self.take(number.to_string())
        }

        fn dismiss(&self) {
            self.lock().1.push("goodbye".to_owned());
        }

        fn cut(&self) {}
    }

    type Clients = HashMap<ConnectionId, Client>;

    /// A connection with room for one message, behind which three more may wait.
    fn narrow() -> (Ear, Clients, Backlogs) {
        let ear = Ear(Arc::new(Mutex::new((1, Vec::new()))));
        let outlet: Box<dyn Outlet> = Box::new(ear.clone());
        let client = Client { dialect: Dialect::Qala, since_seconds: 0, outlet };
        (ear, HashMap::from([(CONNECTION, client)]), Backlogs::new(3))
    }

    fn acknowledgement(number: u64) -> Delivery {
        Delivery::Part(Some(number), Answering::Acknowledgement(RawValue::NULL.to_owned()))
    }

    fn at(ms: u64) -> Time {
        Time::from_ms(ms)
    }

    #[test]
    fn what_has_no_room_follows_in_order_when_there_is_some_and_the_good_bye_comes_last() {
        let (ear, clients, mut backlogs) = narrow();
        for delivery in [acknowledgement(1), acknowledgement(2), acknowledgement(3), Delivery::Goodbye] {
            assert_eq!(backlogs.deliver(CONNECTION, &ear, delivery, at(0)), Ok(()));
        }
        assert_eq!(backlogs.wait(), Some(AGAIN));
        ear.reads(1);
        assert!(backlogs.retry(&clients, at(2)).is_empty());
        assert_eq!(ear.taken(), ["1", "2"]);
        ear.reads(5);
        assert!(backlogs.retry(&clients, at(4)).is_empty());
        assert_eq!(ear.taken(), ["1", "2", "3", "goodbye"]);
        assert_eq!(backlogs.wait(), None);
    }

    #[test]
    fn there_is_an_end_to_what_is_kept() {
        let (ear, _, mut backlogs) = narrow();
        let sent: Vec<_> =
            (0..5).map(|number| backlogs.deliver(CONNECTION, &ear, acknowledgement(number), at(0))).collect();
        assert_eq!(sent, [Ok(()), Ok(()), Ok(()), Ok(()), Err(Undelivered::Full)]);
    }

    #[test]
    fn who_takes_nothing_for_half_a_second_is_too_slow_and_who_takes_something_is_not() {
        let (ear, clients, mut backlogs) = narrow();
        for number in 0..4 {
            assert_eq!(backlogs.deliver(CONNECTION, &ear, acknowledgement(number), at(0)), Ok(()));
        }
        assert!(backlogs.retry(&clients, at(499)).is_empty());
        ear.reads(1);
        assert!(backlogs.retry(&clients, at(600)).is_empty());
        assert!(backlogs.retry(&clients, at(1_099)).is_empty());
        assert_eq!(backlogs.retry(&clients, at(1_100)), [CONNECTION]);
    }

    #[test]
    fn nothing_waits_for_a_connection_that_is_gone() {
        let (ear, _, mut backlogs) = narrow();
        for number in 0..2 {
            assert_eq!(backlogs.deliver(CONNECTION, &ear, acknowledgement(number), at(0)), Ok(()));
        }
        assert!(backlogs.retry(&HashMap::new(), at(1)).is_empty());
        assert_eq!(backlogs.wait(), None);
    }
}
