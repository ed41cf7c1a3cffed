//! The way from the cores to their store: slow, and not always there.
//!
//! What one session asks arrives in the order asked and is answered in that order; what different sessions
//! ask may overtake each other. An operation whose answer is lost may have been carried out or not, but
//! never after its core has given it up: a connection that is closed carries nothing out.

use std::collections::BTreeMap;
use std::time::Duration;

use qala::domain::id::{RoomId, TicketId, UserId};
use qala::domain::operation::Operation;
use qala::domain::time::Time;

use super::random::Random;
use super::scene::{Faults, Scene};

/// The way to the store.
pub(crate) struct Link {
    faults: Faults,
    /// When the store is away, and for which place if not for all.
    outages: Vec<(Time, Time, Option<usize>)>,
    random: Random,
    lanes: BTreeMap<(usize, Lane), Lately>,
    owners: BTreeMap<TicketId, UserId>,
    healed: bool,
}

/// What keeps its order. Operations that name neither a user nor a room are in nobody's way: their session
/// asks nothing else until they are answered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Lane {
    User(UserId),
    Room(RoomId),
    Renewals,
}

/// When the last operation of a lane is carried out and answered.
#[derive(Clone, Copy, Default)]
struct Lately {
    carried_at: Time,
    answered_at: Time,
}

/// What becomes of an operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passage {
    /// When it is carried out, if it is.
    pub(crate) carried_at: Option<Time>,
    /// When the core hears of it.
    pub(crate) answered_at: Time,
    /// The core hears only that it does not know.
    pub(crate) lost: bool,
}

impl Link {
    pub(crate) fn new(scene: &Scene, random: Random) -> Self {
        let (faults, outages) = (scene.link.clone(), scene.outages().collect());
        Self { faults, outages, random, lanes: BTreeMap::new(), owners: BTreeMap::new(), healed: false }
    }

    /// Nothing gets lost from now on.
    pub(crate) fn heal(&mut self) {
        self.healed = true;
    }

    /// When something that is to pass between the store and the node at `place` then does pass.
    pub(crate) fn passes_at(&self, place: usize, at: Time) -> Time {
        let away = self.outages.iter().filter(|outage| hits(outage, place, at));
        away.map(|(_, until, _)| *until).max().map_or(at, |until| self.passes_at(place, until))
    }

    /// The passage of an operation that `core` of the node at `place` asks for; `None` if there is no way at all
    /// between it and the store.
    pub(crate) fn passage(
        &mut self,
        (core, place): (usize, usize),
        request: &Operation,
        now: Time,
    ) -> Option<Passage> {
        let Faults::Network { delay_ms, lost_percent, timeout_ms, .. } = self.faults else { return None };
        let lane = self.lane(request);
        let before = lane.as_ref().and_then(|lane| self.lanes.get(&(core, lane.clone())).copied());
        let before = before.unwrap_or_default();
        let mut carried_at = (now + self.delay(delay_ms)).max(before.carried_at);
        let mut answered_at = (carried_at + self.delay(delay_ms)).max(before.answered_at);
        let (out, back) = (self.is_down(place, carried_at), self.is_down(place, answered_at));
        let lost = !self.healed && (out || back || self.random.percent(lost_percent));
        let mut carried = true;
        if lost {
            carried = !out && (back || self.random.percent(50));
            let patience = if out { self.random.pick(&[1, timeout_ms])? } else { timeout_ms };
            let given_up_at = now + Duration::from_millis(patience);
            carried_at = carried_at.min(given_up_at).max(before.carried_at);
            answered_at = given_up_at.max(carried_at).max(before.answered_at + Duration::from_millis(1));
        }
        if let Some(lane) = lane {
            let carried_at = if carried { carried_at } else { before.carried_at };
            self.lanes.insert((core, lane), Lately { carried_at, answered_at });
        }
        Some(Passage { carried_at: carried.then_some(carried_at), answered_at, lost })
    }

    fn is_down(&self, place: usize, at: Time) -> bool {
        self.passes_at(place, at) > at
    }

    fn delay(&mut self, most_ms: u64) -> Duration {
        Duration::from_millis(self.random.between(0, most_ms))
    }

    fn lane(&mut self, request: &Operation) -> Option<Lane> {
        match request {
            Operation::Attach { user, .. }
            | Operation::Register { user, .. }
            | Operation::Locate { user, .. }
            | Operation::Reclaim { user, .. }
            | Operation::Detach { user, .. }
            | Operation::Remember { user, .. }
            | Operation::Answer { user, .. }
            | Operation::Rejoin { user, .. }
            | Operation::Append { from: user, .. } => Some(Lane::User(user.clone())),
            Operation::Search(search) => {
                let ticket = &search.plan.ticket;
                self.owners.insert(ticket.id, ticket.user.clone());
                Some(Lane::User(ticket.user.clone()))
            }
            Operation::Withdraw { ticket, .. } => self.owners.get(ticket).cloned().map(Lane::User),
            Operation::Renew { .. } => Some(Lane::Renewals),
            Operation::OpenRoom { room, .. }
            | Operation::CloseRoom { room }
            | Operation::Messages { room, .. } => Some(Lane::Room(*room)),
            Operation::Expire { .. } | Operation::Hall { .. } => None,
        }
    }
}

fn hits((from, until, cut): &(Time, Time, Option<usize>), place: usize, at: Time) -> bool {
    (*from..*until).contains(&at) && cut.is_none_or(|cut| cut == place)
}
