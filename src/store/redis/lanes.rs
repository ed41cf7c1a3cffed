//! Keeps what is written in one room in order, while everything else goes its own way.
//!
//! Chat appends are the only operations of a session that may be under way together. Of each room one batch is
//! under way; what is submitted meanwhile goes together as the next. So a room is not held to one message for
//! each round trip, and yet a lost connection, a script that has to be sent in full or a slot that moved cannot
//! let one message overtake another.
//!
//! There is no task that sends: who comes first into an empty lane has the [`Lead`], sends for all who came by
//! then, tells each its outcome, and whoever waits longest leads next.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::call::Append;
use super::carry::{COURTESY, unavailable};
use crate::domain::id::RoomId;
use crate::domain::operation::Outcome;

/// Messages of one batch. Redis does nothing else while it writes them, half a millisecond for so many.
const BATCH: usize = 64;

/// The rooms that somebody writes in just now, each with those who wait for its lead.
#[derive(Clone, Default)]
pub(super) struct Lanes {
    /// Guards the order of arrival. A lock, because arrival is a synchronous call from several shards; held
    /// for a look into the map.
    waiting: Arc<Mutex<HashMap<RoomId, VecDeque<Waiting>>>>,
}

/// A message that whoever leads has not sent yet, or has no answer to.
struct Waiting {
    append: Append,
    deadline: Instant,
    told: oneshot::Sender<Told>,
}

enum Told {
    Outcome(Outcome),
    Lead(Lead),
}

/// A message's place in the lane of its room.
pub(super) enum Place {
    Leads(Lead),
    Waits(Wait),
}

/// For somebody else's word.
pub(super) struct Wait {
    deadline: Instant,
    told: oneshot::Receiver<Told>,
}

/// The duty to send what is written in a room. Dropping it hands it on, with those whose outcome is not known.
pub(super) struct Lead {
    lanes: Lanes,
    pub(super) room: RoomId,
    /// When the leader's own operation ends.
    pub(super) deadline: Instant,
    own: Append,
    with: Vec<Waiting>,
}

impl Lanes {
    /// Takes the last place in the lane of `room`.
    pub(super) fn join(&self, room: RoomId, append: Append, deadline: Instant) -> Place {
        let mut lanes = self.lock();
        if let Some(lane) = lanes.get_mut(&room) {
            let (sender, told) = oneshot::channel();
            lane.push_back(Waiting { append, deadline, told: sender });
            return Place::Waits(Wait { deadline, told });
        }
        lanes.insert(room, VecDeque::new());
        Place::Leads(Lead { lanes: self.clone(), room, deadline, own: append, with: Vec::new() })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RoomId, VecDeque<Waiting>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whoever waits longest of those who still want to know; the lane ends if there is nobody.
    fn next(&self, room: RoomId, before: Vec<Waiting>) -> Option<Waiting> {
        let mut lanes = self.lock();
        let lane = lanes.get_mut(&room)?;
        for waiting in before.into_iter().rev() {
            lane.push_front(waiting);
        }
        while let Some(waiting) = lane.pop_front() {
            if !waiting.told.is_closed() {
                return Some(waiting);
            }
        }
        lanes.remove(&room);
        None
    }
}

impl Place {
    /// The outcome that another one brought, or the lead.
    pub(super) async fn lead(self) -> Result<Lead, Outcome> {
        match self {
            Self::Leads(lead) => Ok(lead),
            Self::Waits(Wait { deadline, told }) => match timeout_at(deadline + COURTESY, told).await {
                Ok(Ok(Told::Lead(lead))) => Ok(lead),
                Ok(Ok(Told::Outcome(outcome))) => Err(outcome),
                Ok(Err(_)) | Err(_) => Err(unavailable()),
            },
        }
    }
}

impl Lead {
    /// Takes those who wait into its batch, as many as one may have, but not those whose time is over: the
    /// messages to send, its own first.
    pub(super) fn gather(&mut self, now: Instant) -> Vec<Append> {
        let mut lanes = self.lanes.lock();
        let lane = lanes.entry(self.room).or_default();
        while self.with.len() + 1 < BATCH
            && let Some(waiting) = lane.pop_front()
        {
            if waiting.deadline > now {
                self.with.push(waiting);
            } else {
                drop(waiting.told.send(Told::Outcome(unavailable())));
            }
        }
        self.with.retain(|waiting| !waiting.told.is_closed());
        [&self.own].into_iter().chain(self.with.iter().map(|waiting| &waiting.append)).cloned().collect()
    }

    /// Tells the outcomes of what was gathered; the first is the leader's own and comes back. Where there is
    /// none, nothing is known.
    pub(super) fn tell(mut self, outcomes: Option<Vec<Outcome>>) -> Outcome {
        let mut outcomes = outcomes.into_iter().flatten().chain(std::iter::repeat_with(unavailable));
        let own = outcomes.next();
        for (waiting, outcome) in self.with.drain(..).zip(outcomes) {
            drop(waiting.told.send(Told::Outcome(outcome)));
        }
        own.unwrap_or_else(unavailable)
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        let before = std::mem::take(&mut self.with);
        let Some(Waiting { append, deadline, told }) = self.lanes.next(self.room, before) else { return };
        let (lanes, room) = (self.lanes.clone(), self.room);
        // One who does not want it any more drops it, and so hands it on.
        drop(told.send(Told::Lead(Self { lanes, room, deadline, own: append, with: Vec::new() })));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::id::UserId;
    use crate::domain::operation::Appended;
    use crate::domain::talk::ChatMessage;
    use crate::domain::time::Time;

    fn room() -> RoomId {
        "00000000-0000-4000-8000-000000000000".parse().expect("an id")
    }

    fn join(lanes: &Lanes, text: &str) -> Place {
        let append = Append {
            from: UserId::new("ana"),
            content: text.into(),
            client_message_id: None,
            submission: text.to_owned(),
            now: Time::from_ms(0),
        };
        lanes.join(room(), append, Instant::now() + Duration::from_secs(9))
    }

    /// What the lead of that place would send.
    fn gathered(lead: &mut Lead) -> Vec<String> {
        lead.gather(Instant::now()).iter().map(|append| append.content.to_string()).collect()
    }

    async fn lead(place: Place) -> Lead {
        place.lead().await.unwrap_or_else(|outcome| panic!("an outcome in place of the lead: {outcome:?}"))
    }

    #[tokio::test]
    async fn who_comes_first_sends_for_all_and_who_waits_longest_is_next() {
        let lanes = Lanes::default();
        let first = join(&lanes, "1");
        let [second, third] = ["2", "3"].map(|text| join(&lanes, text));
        let mut leader = lead(first).await;
        assert_eq!(gathered(&mut leader), ["1", "2", "3"]);
        let [fourth, fifth] = ["4", "5"].map(|text| join(&lanes, text));
        let duplicate = |number: u64| {
            let content = number.to_string().into();
            let (from, client_message_id, at) = (UserId::new("ana"), None, Time::default());
            let message =
                ChatMessage { sequence: number, own_sequence: number, from, content, client_message_id, at };
            Outcome::Appended(Appended::Duplicate(message))
        };
        assert_eq!(leader.tell(Some([1, 2, 3].map(duplicate).into())), duplicate(1));
        assert_eq!(second.lead().await.err(), Some(duplicate(2)));
        assert_eq!(third.lead().await.err(), Some(duplicate(3)));
        let mut leader = lead(fourth).await;
        assert_eq!(gathered(&mut leader), ["4", "5"]);
        assert_eq!(leader.tell(None), unavailable());
        assert_eq!(fifth.lead().await.err(), Some(unavailable()));
        assert!(lanes.lock().is_empty(), "nobody writes any more");
    }

    #[tokio::test]
    async fn a_leader_that_is_gone_leaves_its_batch_to_the_next_in_the_same_order() {
        let lanes = Lanes::default();
        let first = join(&lanes, "1");
        let [second, third, fourth] = ["2", "3", "4"].map(|text| join(&lanes, text));
        let mut leader = lead(first).await;
        assert_eq!(gathered(&mut leader), ["1", "2", "3", "4"]);
        let fifth = join(&lanes, "5");
        drop((second, leader));
        let mut leader = lead(third).await;
        assert_eq!(gathered(&mut leader), ["3", "4", "5"]);
        drop((leader, fourth, fifth));
        assert!(lanes.lock().is_empty(), "nobody writes any more");
    }

    #[tokio::test]
    async fn the_lead_is_not_lost_with_one_who_was_given_it_and_never_looked() {
        let lanes = Lanes::default();
        let first = join(&lanes, "1");
        let [second, third] = ["2", "3"].map(|text| join(&lanes, text));
        drop(first);
        drop(second);
        assert_eq!(gathered(&mut lead(third).await), ["3"]);
    }

    #[tokio::test]
    async fn a_batch_has_its_limit() {
        let lanes = Lanes::default();
        let mut leader = lead(join(&lanes, "first")).await;
        let waiting: Vec<_> = (0..BATCH).map(|_| join(&lanes, "more")).collect();
        assert_eq!(gathered(&mut leader).len(), BATCH);
        leader.tell(None);
        let mut places = waiting.into_iter().rev();
        let mut leader = lead(places.next().expect("the last")).await;
        assert_eq!(gathered(&mut leader), ["more"]);
    }

    #[tokio::test]
    async fn whose_time_is_over_is_told_and_not_sent() {
        let lanes = Lanes::default();
        let mut leader = lead(join(&lanes, "first")).await;
        let late = join(&lanes, "late");
        let own = leader.gather(Instant::now() + Duration::from_secs(10));
        assert_eq!(own.len(), 1);
        assert_eq!(late.lead().await.err(), Some(unavailable()));
    }
}
