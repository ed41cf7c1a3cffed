//! Asking the store, and what becomes of its answers.

use std::sync::Arc;

use super::super::event::Event;
use super::super::id::{Address, Entropy, OperationId, ProposalId, RoomId, SessionId, TicketId, UserId};
use super::super::operation::{Expired, Operation, Outcome};
use super::super::proposal::{Proposal, Verdict};
use super::super::talk::{Departure, Talk};
use super::super::ticket::PoolId;
use super::super::time::Time;
use super::consulting::{Match, Missing, Writing};
use super::halls::HallPurpose;
use super::rejoining::Reading;
use super::session::{Asker, Flight, Work};
use super::{Core, Effect};

/// An operation under way.
pub(super) struct Asked {
    /// Whose, where somebody waits for it.
    session: Option<SessionId>,
    purpose: Purpose,
}

/// What an operation is for.
pub(super) enum Purpose {
    Attach {
        /// When its client had come in.
        since: Time,
    },
    Search {
        asker: Asker,
        ticket: TicketId,
    },
    Withdraw {
        why: Withdrawal,
        ticket: TicketId,
    },
    /// The place of who is away, while the node goes down.
    Park {
        ticket: TicketId,
    },
    Answer {
        proposal: ProposalId,
        verdict: Verdict,
        asker: Asker,
        why: Answering,
    },
    Expire {
        proposal: ProposalId,
    },
    Open {
        proposal: Arc<Proposal>,
        asker: Asker,
    },
    Append(Appending),
    Sync {
        asker: Asker,
    },
    /// What was said in a room that its client came back to.
    Reread(Box<Reading>),
    CatchUp {
        room: RoomId,
        /// The highest number heard of when the store was asked.
        heard: u64,
    },
    /// Whether the room of this talk still stands.
    Rejoin {
        talk: Box<Talk>,
    },
    /// Where the peer of this talk is.
    Locate {
        talk: Box<Talk>,
        last_sequence: u64,
    },
    /// What the user had in the pool, besides a talk that is over.
    Reclaim {
        over: Option<RoomId>,
    },
    /// The room that the store did not know.
    Reopen {
        session: SessionId,
        room: RoomId,
    },
    /// That session counts, and not the other one which asked for what it has.
    Outrank {
        session: SessionId,
        user: UserId,
        pool: PoolId,
        other: Address,
    },
    /// That session is made known again.
    Register {
        session: SessionId,
    },
    /// That session is made known with the talk that it is in.
    Known {
        session: SessionId,
        user: UserId,
        pool: PoolId,
    },
    /// The tickets of these sessions, in the order asked.
    Renew {
        sessions: Vec<SessionId>,
    },
    /// A ticket without an owner is taken off its list.
    Disown {
        pool: PoolId,
        user: UserId,
    },
    /// A proposal without an owner is answered.
    Decline,
    /// Something about halls.
    Hall(HallPurpose),
    /// A room that is over.
    Close {
        room: RoomId,
    },
    /// The backend was asked for a partner of that session.
    Start {
        session: SessionId,
    },
    /// The backend was told that the user of that session is there.
    Beat {
        session: SessionId,
    },
    /// The room of whom a backend found.
    OpenFound(Box<Match>),
    /// Where that one is.
    LocateFound(Box<Match>),
    /// A message that a backend keeps.
    Write(Writing),
    /// What was said, as a backend knows it.
    Said(Box<Missing>),
    /// Nobody waits.
    Nothing,
}

/// A chat message on its way into the store.
#[derive(Clone, Copy)]
pub(super) struct Appending {
    pub(super) room: RoomId,
    pub(super) asker: Asker,
}

/// Why a ticket is taken off its list.
#[derive(Clone, Copy)]
pub(super) enum Withdrawal {
    /// Its owner asked for it.
    Leave(Asker),
    /// Its owner is away.
    Suspend,
    /// There was no sign of life.
    Silence,
    /// The session is over.
    End(Departure),
}

/// Why a proposal is answered.
#[derive(Clone, Copy)]
pub(super) enum Answering {
    /// Its owner said so.
    Asked,
    /// The session is over.
    End(Departure),
}

impl<E: Entropy> Core<E> {
    /// Asks for a session, which then waits for the answer.
    pub(super) fn ask(&mut self, id: SessionId, purpose: Purpose, request: Operation) {
        let operation = self.ask_for(Some(id), purpose, request);
        self.wait_for(id, operation);
    }

    /// Asks for a chat append, which others of the same session may follow.
    pub(super) fn ask_append(&mut self, id: SessionId, appending: Appending, request: Operation) {
        let operation = self.ask_for(Some(id), Purpose::Append(appending), request);
        if let Some(session) = self.sessions.get_mut(id) {
            let under_way = match session.flight {
                Flight::Appends(count) => count,
                Flight::None | Flight::One(_) | Flight::TakeOver => 0,
            };
            session.flight = Flight::Appends(under_way + 1);
            session.appends.push_back((operation, None));
        }
    }

    /// Asks for something that no session waits for.
    pub(super) fn ask_aside(&mut self, purpose: Purpose, request: Operation) {
        self.ask_for(None, purpose, request);
    }

    fn ask_for(&mut self, session: Option<SessionId>, purpose: Purpose, request: Operation) -> OperationId {
        let operation = self.name_operation(session, purpose);
        self.effects.push_back(Effect::Ask { operation, request });
        operation
    }

    /// Names something that will be answered.
    pub(super) fn name_operation(&mut self, session: Option<SessionId>, purpose: Purpose) -> OperationId {
        let operation = OperationId(self.next_operation);
        self.next_operation += 1;
        self.asked.insert(operation, Asked { session, purpose });
        operation
    }

    /// Who waits for an answer that is there, and what for.
    pub(super) fn taken(&mut self, operation: OperationId) -> Option<(Option<SessionId>, Purpose)> {
        self.asked.remove(&operation).map(|Asked { session, purpose }| (session, purpose))
    }

    /// The session waits for that answer.
    pub(super) fn wait_for(&mut self, id: SessionId, operation: OperationId) {
        if let Some(session) = self.sessions.get_mut(id) {
            session.flight = Flight::One(operation);
        }
    }

    /// The one who waits for the search that is under way, taken away from it: a proposal came first, and
    /// the acknowledgement of joining comes before it. `Err` while the ticket is being withdrawn: that
    /// answer will tell of the proposal.
    pub(super) fn take_joiner(&mut self, id: SessionId) -> Result<Asker, BeingWithdrawn> {
        let Some(Flight::One(operation)) = self.sessions.get(id).map(|session| session.flight) else {
            return Ok(None);
        };
        match self.asked.get_mut(&operation).map(|asked| &mut asked.purpose) {
            Some(Purpose::Search { asker, .. }) => Ok(asker.take()),
            Some(Purpose::Withdraw { .. }) => Err(BeingWithdrawn),
            Some(_) | None => Ok(None),
        }
    }

    /// The store's answer to `operation`.
    pub(super) fn stored(&mut self, operation: OperationId, outcome: Outcome, now: Time) {
        let Some(Asked { session, purpose }) = self.asked.remove(&operation) else { return };
        if matches!(outcome, Outcome::Unavailable { .. }) {
            self.record(Event::StoreUnavailable);
        }
        match (session, purpose) {
            (Some(id), Purpose::Append(appending)) => {
                self.append_answered(id, operation, appending, outcome, now);
                self.advance(id, now);
            }
            (Some(id), purpose) => {
                self.land(id);
                self.answered(id, purpose, outcome, now);
                self.advance(id, now);
            }
            (None, purpose) => self.answered_aside(purpose, outcome, now),
        }
    }

    /// Chat is answered in the order in which it was written: what a writer is told of its own messages is their
    /// order in the room.
    fn append_answered(
        &mut self,
        id: SessionId,
        operation: OperationId,
        appending: Appending,
        outcome: Outcome,
        now: Time,
    ) {
        let Some(session) = self.sessions.get_mut(id) else {
            return self.appended(id, appending, outcome, now);
        };
        if let Some((_, answer)) = session.appends.iter_mut().find(|(asked, _)| *asked == operation) {
            *answer = Some((appending, outcome));
        }
        while let Some(session) = self.sessions.get_mut(id)
            && let Some((_, answer)) = session.appends.front_mut()
            && let Some((appending, outcome)) = answer.take()
        {
            session.appends.pop_front();
            self.land(id);
            self.appended(id, appending, outcome, now);
        }
    }

    pub(super) fn land(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        session.flight = match session.flight {
            Flight::Appends(count) if count > 1 => Flight::Appends(count - 1),
            Flight::Appends(_) | Flight::One(_) | Flight::TakeOver | Flight::None => Flight::None,
        };
    }

    fn answered(&mut self, id: SessionId, purpose: Purpose, outcome: Outcome, now: Time) {
        match purpose {
            Purpose::Attach { since } => self.attached(id, since, outcome, now),
            Purpose::Rejoin { talk } => self.rejoined(id, talk, &outcome, now),
            Purpose::Locate { talk, last_sequence } => self.located(id, talk, last_sequence, outcome, now),
            Purpose::Reclaim { over } => self.reclaimed(id, over, outcome, now),
            Purpose::Reopen { session: _, room } => self.reopened(id, room, &outcome, now),
            Purpose::Search { asker, ticket } => self.searched(id, asker, ticket, outcome, now),
            Purpose::Withdraw { why, ticket } => self.withdrawn(id, why, ticket, outcome, now),
            Purpose::Park { ticket } => self.parked(id, ticket, outcome, now),
            Purpose::Answer { proposal, verdict, asker, why } => {
                self.answered_proposal(id, proposal, verdict, asker, why, outcome, now);
            }
            Purpose::Expire { proposal } => {
                // An unavailable store is asked again, as one whose clock is behind.
                let expired = if let Outcome::Expired(expired) = outcome { expired } else { Expired::Early };
                self.expired(id, proposal, expired, now);
            }
            Purpose::Open { proposal, asker } => self.opened(id, &proposal, asker, &outcome, now),
            Purpose::Hall(purpose) => self.hall_answered(id, purpose, outcome, now),
            Purpose::Sync { asker } => self.synced(asker, outcome),
            Purpose::Reread(reading) => self.reread(id, *reading, outcome),
            Purpose::CatchUp { room, heard } => self.caught_up(id, room, heard, outcome, now),
            // Appends are answered in their own turn.
            Purpose::Append(_)
            | Purpose::Outrank { .. }
            | Purpose::Register { .. }
            | Purpose::Known { .. }
            | Purpose::Close { .. }
            | Purpose::Renew { .. }
            | Purpose::Disown { .. }
            | Purpose::Decline
            | Purpose::Start { .. }
            | Purpose::Beat { .. }
            | Purpose::OpenFound(_)
            | Purpose::LocateFound(_)
            | Purpose::Write(_)
            | Purpose::Said(_)
            | Purpose::Nothing => {}
        }
    }

    fn answered_aside(&mut self, purpose: Purpose, outcome: Outcome, now: Time) {
        match purpose {
            Purpose::Renew { sessions } => self.renewed(&sessions, outcome, now),
            Purpose::Disown { pool, user } => self.disowned(pool, user, outcome),
            Purpose::Decline => self.declined(outcome),
            Purpose::Hall(purpose) => self.hall_answered_aside(purpose, outcome, now),
            Purpose::Close { room } => self.closed(room, &outcome, now),
            Purpose::Reopen { session, room } => self.reopened(session, room, &outcome, now),
            Purpose::Register { session } => self.registered(session, outcome, now),
            Purpose::OpenFound(found) => self.opened_found(*found, &outcome, now),
            Purpose::LocateFound(found) => self.located_found(*found, outcome, now),
            Purpose::Known { session, user, pool } => self.known(session, user, pool, outcome, now),
            Purpose::Outrank { session, user, pool, other } => {
                self.outranked(session, user, pool, &other, outcome, now);
            }
            Purpose::Attach { .. }
            | Purpose::Rejoin { .. }
            | Purpose::Locate { .. }
            | Purpose::Reclaim { .. }
            | Purpose::Search { .. }
            | Purpose::Withdraw { .. }
            | Purpose::Park { .. }
            | Purpose::Answer { .. }
            | Purpose::Expire { .. }
            | Purpose::Open { .. }
            | Purpose::Append(_)
            | Purpose::Sync { .. }
            | Purpose::Reread(_)
            | Purpose::CatchUp { .. }
            | Purpose::Start { .. }
            | Purpose::Beat { .. }
            | Purpose::Write(_)
            | Purpose::Said(_)
            | Purpose::Nothing => {}
        }
    }

    /// Does what waits for a session, in order, until something has to wait for the store again.
    pub(super) fn advance(&mut self, id: SessionId, now: Time) {
        while let Some(session) = self.sessions.get_mut(id) {
            let ready = match (session.flight, session.queue.front()) {
                (_, None) | (Flight::One(_) | Flight::TakeOver, _) => false,
                (Flight::None, Some(_)) => true,
                (Flight::Appends(_), Some(work)) => work.is_append(),
            };
            if !ready {
                break;
            }
            if let Some(work) = session.queue.pop_front() {
                self.perform(id, work, now);
            }
        }
        self.schedule(id);
    }

    /// Queues something for a session and does it if nothing is in its way.
    pub(super) fn enqueue(&mut self, id: SessionId, work: Work, now: Time) {
        if let Some(session) = self.sessions.get_mut(id) {
            session.queue.push_back(work);
            self.advance(id, now);
        }
    }
}

/// The ticket is being taken off its list.
pub(super) struct BeingWithdrawn;
