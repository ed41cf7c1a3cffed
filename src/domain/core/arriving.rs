//! A session begins: what its user had elsewhere is brought here.
//!
//! ```text
//! Attach ─▶ nothing elsewhere ─────────────────────────────────────▶ settled
//!    │
//!    └────▶ TakeOver to the former session ─▶ HandedOver ──▶ GoOn ─▶ settled
//!                 │ no answer in time, or its node is gone    ▲
//!                 └─▶ Rejoin, Locate  or  Reclaim ────────────┘  what the store knows
//! ```
//! Of several sessions of a user the one counts to which the client came in, or came back, last. That is its rank,
//! by the store's clock, which is the same for all nodes: an answer that is lost and asked for again changes no order,
//! and whoever is asked by one of lower rank asks the store who counts.
//!
//! The client's commands wait meanwhile. What is handed over after its time is gone on with only where nothing
//! else was begun.

use super::super::envelope::{Envelope, GoingOn, Handover};
use super::super::id::{Address, Entropy, NodeId, RoomId, SessionId, UserId};
use super::super::operation::{Attached, Former, Operation, Outcome, Reclaimed, Registered, Superseded};
use super::super::policy::{RETRY_AFTER, TAKE_OVER_WITHIN};
use super::super::talk::Talk;
use super::super::ticket::PoolId;
use super::super::time::Time;
use super::Core;
use super::session::{Arrival, Flight, Session, State, Work};
use super::storing::Purpose;

impl Arrival {
    /// When something is to be done about it.
    pub(super) fn due_at(&self) -> Time {
        match self {
            Self::Unanswered { ask_at, .. } => *ask_at,
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

impl Session {
    /// Nobody else has anything. An earlier session that learned of this one from the store may have handed over
    /// what it had before it was asked: nothing was begun here since, and the client is told of that first.
    fn settle_arrival(&mut self) {
        self.arrival = Arrival::Settled;
        let came = self.queue.iter().position(|work| matches!(work, Work::GoOn { .. }));
        if let Some(Work::GoOn { handover, .. }) = came.and_then(|index| self.queue.remove(index)) {
            self.queue.push_front(Work::GoOn { handover, late: false });
        }
    }
}

impl<E: Entropy> Core<E> {
    /// Makes the session known, and learns what the store knows of its user.
    pub(super) fn attach(&mut self, id: SessionId) {
        let address = self.address(id);
        let Some(session) = self.sessions.get_mut(id) else { return };
        session.arrival = Arrival::Asked;
        let (user, pool, since) = (session.user.clone(), self.policies[session.policy].pool, session.since);
        self.ask(id, Purpose::Attach { since }, Operation::Attach { user, pool, address, since });
    }

    /// Without an answer nobody joins, until there is one. `since`: when the client had come in whom the store was
    /// asked about.
    pub(super) fn attached(&mut self, id: SessionId, since: Time, outcome: Outcome, now: Time) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        if let Outcome::Superseded(superseded) = outcome {
            return if session.since > since {
                // The client came back meanwhile.
                session.queue.push_front(Work::Attach);
            } else {
                self.superseded(id, superseded, now);
            };
        }
        let Outcome::Attached(Attached { mut history, former, rank }) = outcome else {
            session.arrival = Arrival::Unanswered { ask_at: now + RETRY_AFTER, gone: None };
            return;
        };
        session.rank = Some(rank + session.since.since(since));
        session.avoid.retain(|(user, _)| !history.iter().any(|(known, _)| known == user));
        history.append(&mut session.avoid);
        session.avoid = history;
        match former {
            None => session.settle_arrival(),
            Some(former) => self.follow(id, former, now),
        }
    }

    fn follow(&mut self, id: SessionId, former: Former, now: Time) {
        let Former { address, talk } = former;
        if self.gone.contains(&address.node) {
            return self.restore(id, talk);
        }
        let Some(session) = self.sessions.get_mut(id) else { return };
        let until = now + TAKE_OVER_WITHIN;
        session.arrival = Arrival::TakingOver { from: address.clone(), talk, until };
        session.flight = Flight::TakeOver;
        session.queue.retain(|work| !matches!(work, Work::HandOver { by, .. } if *by == address));
        self.take_over(id, &address);
    }

    /// The client is elsewhere, and what this session has goes there: what was to be brought here as well, of which
    /// nobody else knows.
    fn superseded(&mut self, id: SessionId, superseded: Superseded, now: Time) {
        let Superseded { by, former } = superseded;
        let Some(session) = self.sessions.get_mut(id) else { return };
        let Some(address) = former else { return self.hand_over(id, &by, now) };
        session.queue.retain(|work| !matches!(work, Work::HandOver { by: other, .. } if *other == by));
        session.queue.push_front(Work::HandOver { by, rank: Time::NEVER });
        self.follow(id, Former { address, talk: None }, now);
    }

    fn take_over(&mut self, id: SessionId, from: &Address) {
        let by = self.address(id);
        let Some(session) = self.sessions.get(id) else { return };
        let (user, rank) = (session.user.clone(), session.rank.unwrap_or(session.since));
        self.send(from, Envelope::TakeOver { user, by, rank });
    }

    /// Another session of the user asks for what this one has.
    pub(super) fn asked_to_hand_over(&mut self, id: SessionId, by: Address, rank: Time, now: Time) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        if session.rank.is_some_and(|own| own > rank) {
            // The client has come back here since, which the store may not know.
            return self.outrank(id, by);
        }
        match &mut session.arrival {
            // Both follow each other.
            Arrival::TakingOver { from, .. } if *from == by => {
                session.arrival = Arrival::Settled;
                session.flight = Flight::None;
                self.hand_over(id, &by, now);
            }
            // The client may have come back here since: the store decides.
            Arrival::Unanswered { ask_at, .. } => {
                *ask_at = Time::NEVER;
                session.queue.push_front(Work::HandOver { by, rank });
                session.queue.push_front(Work::Attach);
                self.advance(id, now);
            }
            Arrival::Asked | Arrival::TakingOver { .. } | Arrival::Settled => {
                self.hand_over_next(id, by, rank, now);
            }
        }
    }

    /// Tells the store that the client is here, and then the session that has asked in vain.
    fn outrank(&mut self, id: SessionId, other: Address) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        // What was wished for over an older connection is older than what may have been wished for there.
        let here = session.connection;
        session.queue.retain(|work| !(work.is_wish() && work.asked_by().is_some_and(|by| Some(by) != here)));
        let (user, pool) = (session.user.clone(), self.policies[session.policy].pool);
        if let Some(request) = self.registration(id) {
            self.ask_aside(Purpose::Outrank { session: id, user, pool, other }, request);
        }
    }

    pub(super) fn outranked(
        &mut self,
        id: SessionId,
        user: UserId,
        pool: PoolId,
        other: &Address,
        mut outcome: Outcome,
        now: Time,
    ) {
        if let Outcome::Registered(registered) = &mut outcome {
            let by = self.address(id);
            if registered.lives_at == by {
                // Should the client have left since, what the other one has ends as well.
                self.send(other, Envelope::TakeOver { user: user.clone(), by, rank: registered.rank });
                self.wait_again_for(id, other, now);
            }
            registered.former.take_if(|former| former == other);
        }
        self.known(id, user, pool, outcome, now);
    }

    /// The former session lives, if it is that one, and was asked once more.
    fn wait_again_for(&mut self, id: SessionId, former: &Address, now: Time) {
        if let Some(session) = self.sessions.get_mut(id)
            && let Arrival::TakingOver { from, until, .. } = &mut session.arrival
            && from == former
        {
            *until = now + TAKE_OVER_WITHIN;
        }
    }

    /// The store says which session of the user counts.
    pub(super) fn counts(&mut self, id: SessionId, registered: Registered, now: Time) {
        let Registered { lives_at, rank, former } = registered;
        if lives_at != self.address(id) {
            self.hand_over_next(id, lives_at, rank, now);
        } else if let Some(former) = former {
            self.take_over(id, &former);
        }
    }

    /// Time to ask the store again, or to wait for the former session no longer.
    pub(super) fn arrival_due(&mut self, id: SessionId, now: Time) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        match &mut session.arrival {
            Arrival::Unanswered { ask_at, gone } => {
                *ask_at = Time::NEVER;
                session.queue.extend(gone.take().map(Work::End));
                session.queue.push_front(Work::Attach);
                self.advance(id, now);
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
            // It was over, and what it had ended with it, or came before it was asked for.
            (Arrival::TakingOver { .. }, None) => {
                session.settle_arrival();
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
            session.arrival = Arrival::Unanswered { ask_at: now + RETRY_AFTER, gone: None };
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
        let room = talk.room;
        let talking = GoingOn::Talking { talk, last_sequence, heard_sequence: last_sequence, told, held };
        self.found(id, talking, now);
        // What the peer wrote to the dead node just when it was read here what there is, nobody else tells.
        if let Some(talking) = self.sessions.get_mut(id).and_then(|session| session.talking(room)) {
            talking.looks_again = true;
        }
    }

    pub(super) fn reclaimed(&mut self, id: SessionId, over: Option<RoomId>, outcome: Outcome, now: Time) {
        if outcome.retry_after_ms().is_some() {
            if let Some(session) = self.sessions.get_mut(id) {
                session.arrival = Arrival::Unanswered { ask_at: now + RETRY_AFTER, gone: None };
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
