//! A session begins: what its user had elsewhere is brought here.
//!
//! ```text
//! Attach ─▶ nothing elsewhere ─────────────────────────────────────▶ settled
//!    │
//!    └────▶ TakeOver to the former session ─▶ HandedOver ──▶ GoOn ─▶ settled
//!                 │ no answer in time, or its node is gone    ▲
//!                 └─▶ Rejoin, Locate  or  Reclaim ────────────┘  what the store knows
//! ```
//! The client's commands wait meanwhile. What is handed over after its time is gone on with only where nothing
//! else was begun.

use super::super::envelope::{Envelope, GoingOn, Handover};
use super::super::id::{Address, Entropy, NodeId, RoomId, SessionId};
use super::super::operation::{Attached, Former, Operation, Outcome, Reclaimed};
use super::super::policy::{RETRY_AFTER, TAKE_OVER_WITHIN};
use super::super::talk::Talk;
use super::super::time::Time;
use super::Core;
use super::session::{Arrival, Flight, State, Work};
use super::storing::Purpose;

impl Arrival {
    /// When something is to be done about it.
    pub(super) fn due_at(&self) -> Time {
        match self {
            Self::Unanswered { ask_at } => *ask_at,
            Self::TakingOver { until, .. } => *until,
            Self::Asked | Self::Settled => Time::NEVER,
        }
    }

    /// Whether the former session is on that node.
    pub(super) fn waits_for(&self, gone: &NodeId) -> bool {
        matches!(self, Self::TakingOver { from, .. } if from.node == *gone)
    }

    pub(super) fn is_settled(&self) -> bool {
        matches!(self, Self::Settled)
    }
}

impl Work {
    fn hands_over_to(&self, to: &Address) -> bool {
        matches!(self, Self::HandOver { by } if by == to)
    }
}

impl<E: Entropy> Core<E> {
    /// Makes the session known, and learns what the store knows of its user.
    pub(super) fn attach(&mut self, id: SessionId) {
        let address = self.address(id);
        let Some(session) = self.sessions.get_mut(id) else { return };
        session.arrival = Arrival::Asked;
        let (user, pool) = (session.user.clone(), self.policies[session.policy].pool);
        self.ask(id, Purpose::Attach, Operation::Attach { user, pool, address });
    }

    /// Without an answer nobody joins, until there is one.
    pub(super) fn attached(&mut self, id: SessionId, outcome: Outcome, now: Time) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let Outcome::Attached(Attached { mut history, former }) = outcome else {
            session.arrival = Arrival::Unanswered { ask_at: now + RETRY_AFTER };
            return;
        };
        history.append(&mut session.avoid);
        session.avoid = history;
        match former {
            None => session.arrival = Arrival::Settled,
            Some(Former { address, talk }) if self.gone.contains(&address.node) => {
                self.restore(id, talk);
            }
            Some(Former { address, talk }) => {
                let until = now + TAKE_OVER_WITHIN;
                session.arrival = Arrival::TakingOver { from: address.clone(), talk, until };
                session.flight = Flight::TakeOver;
                let waits = session.queue.iter().position(|work| work.hands_over_to(&address));
                let asked = waits.and_then(|index| session.queue.remove(index));
                let (user, by) = (session.user.clone(), self.address(id));
                self.send(&address, Envelope::TakeOver { user, by });
                if asked.is_some() {
                    self.agree_who_stays(id, &address, now);
                }
            }
        }
    }

    /// Two sessions of a user wait for each other, as both were told by the store to follow the other: the
    /// attachment of one was repeated because its answer was lost. One stays, by the order of their addresses,
    /// and makes itself known once more.
    fn agree_who_stays(&mut self, id: SessionId, other: &Address, now: Time) {
        let stays = self.address(id) > *other;
        let Some(session) = self.sessions.get_mut(id) else { return };
        if stays {
            session.queue.push_front(Work::Attach);
        } else {
            session.arrival = Arrival::Settled;
            session.flight = Flight::None;
            self.hand_over(id, other, now);
        }
    }

    /// A newer session of the user asks for what this one has.
    pub(super) fn asked_to_hand_over(&mut self, id: SessionId, by: Address, now: Time) {
        match self.sessions.get(id).map(|session| &session.arrival) {
            Some(Arrival::TakingOver { from, .. }) if *from == by => self.agree_who_stays(id, &by, now),
            Some(_) => self.hand_over_next(id, by, now),
            None => {}
        }
    }

    /// Time to ask the store again, or to wait for the former session no longer.
    pub(super) fn arrival_due(&mut self, id: SessionId, now: Time) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        match &mut session.arrival {
            Arrival::Unanswered { ask_at } => {
                *ask_at = Time::NEVER;
                self.enqueue(id, Work::Attach, now);
            }
            Arrival::TakingOver { talk, .. } => {
                let talk = talk.take();
                self.restore(id, talk);
            }
            Arrival::Asked | Arrival::Settled => {}
        }
    }

    /// The former session answers.
    pub(super) fn handed_over(&mut self, id: SessionId, handover: Option<Box<Handover>>, now: Time) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        match (&mut session.arrival, handover) {
            (Arrival::TakingOver { .. }, Some(handover)) => {
                session.arrival = Arrival::Settled;
                session.flight = Flight::None;
                session.queue.push_front(Work::GoOn { handover, late: false });
                self.advance(id, now);
            }
            // It was over, and what it had ended with it.
            (Arrival::TakingOver { .. }, None) => {
                session.arrival = Arrival::Settled;
                session.flight = Flight::None;
                self.advance(id, now);
            }
            (_, Some(handover)) => self.enqueue(id, Work::GoOn { handover, late: true }, now),
            (_, None) => {}
        }
    }

    /// Brings back what the store knows: a talk first, because who talks does not wait.
    fn restore(&mut self, id: SessionId, talk: Option<Box<Talk>>) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        session.arrival = Arrival::Asked;
        let user = session.user.clone();
        match talk {
            Some(talk) => {
                let room = talk.room;
                self.ask(id, Purpose::Rejoin { talk }, Operation::Rejoin { room, user });
            }
            None => self.reclaim(id, None),
        }
    }

    /// Looks for a ticket or a proposal of the user. `over`: the talk that became of an earlier proposal is.
    fn reclaim(&mut self, id: SessionId, over: Option<RoomId>) {
        let owner = self.address(id);
        let Some(session) = self.sessions.get(id) else { return };
        let (user, pool) = (session.user.clone(), self.policy(session).pool);
        self.ask(id, Purpose::Reclaim { over }, Operation::Reclaim { pool, user, owner });
    }

    pub(super) fn rejoined(&mut self, id: SessionId, talk: Box<Talk>, outcome: &Outcome, now: Time) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        if outcome.retry_after_ms().is_some() {
            session.arrival = Arrival::Unanswered { ask_at: now + RETRY_AFTER };
        } else if let Outcome::Rejoined(Some(last_sequence)) = outcome {
            let (user, pool) = (talk.partner.user.clone(), self.policies[session.policy].pool);
            let last_sequence = *last_sequence;
            self.ask(id, Purpose::Locate { talk, last_sequence }, Operation::Locate { user, pool });
        } else {
            self.reclaim(id, Some(talk.room));
        }
    }

    pub(super) fn located(
        &mut self,
        id: SessionId,
        mut talk: Box<Talk>,
        last_sequence: u64,
        outcome: Outcome,
        now: Time,
    ) {
        if let Outcome::Located(Some(peer)) = outcome {
            talk.peer = peer;
        }
        let held = Vec::new();
        // A room is made known when its members are told of it.
        let told = true;
        let talking = GoingOn::Talking { talk, last_sequence, heard_sequence: last_sequence, told, held };
        self.found(id, talking, now);
    }

    pub(super) fn reclaimed(&mut self, id: SessionId, over: Option<RoomId>, outcome: Outcome, now: Time) {
        if outcome.retry_after_ms().is_some() {
            if let Some(session) = self.sessions.get_mut(id) {
                session.arrival = Arrival::Unanswered { ask_at: now + RETRY_AFTER };
            }
            return;
        }
        let reclaimed = if let Outcome::Reclaimed(found) = outcome { found } else { Reclaimed::Nothing };
        let going_on = match reclaimed {
            Reclaimed::Waiting(ticket) => GoingOn::Waiting(ticket),
            Reclaimed::Taken(proposal) if proposal.agreed() && Some(proposal.room) == over => GoingOn::Idle,
            Reclaimed::Taken(proposal) => GoingOn::Proposed { proposal, peer_gone: None },
            Reclaimed::Nothing => GoingOn::Idle,
        };
        self.found(id, going_on, now);
    }

    fn found(&mut self, id: SessionId, going_on: GoingOn, now: Time) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        session.arrival = Arrival::Settled;
        // A session that asked again may have begun something else meanwhile.
        let late = !matches!(session.state, State::Idle);
        let (settled, met, halls) = (Vec::new(), Vec::new(), Vec::new());
        let user = session.user.clone();
        let handover = Handover { user, going_on, settled, met, halls, ended: None, seeks: false };
        self.go_on(id, handover, late, now);
    }
}
