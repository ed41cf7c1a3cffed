//! The store knows this node no more, because it lost its memory or others thought the node dead: it is told of
//! everything again. And of a single room that it does not know.

use std::collections::VecDeque;

use super::super::command::Refusal;
use super::super::envelope::Envelope;
use super::super::id::{Entropy, RoomId, SessionId, UserId};
use super::super::limits::REBUILT_AT_ONCE;
use super::super::operation::{Operation, Outcome};
use super::super::policy::RETRY_AFTER;
use super::super::talk::Talk;
use super::super::ticket::PoolId;
use super::super::time::Time;
use super::Core;
use super::matching::ms;
use super::session::{Asker, Session, State, Work};
use super::storing::Purpose;

/// Sessions that the store is to be told of, and how far that has come.
pub(super) struct Rebuild {
    left: VecDeque<SessionId>,
    under_way: usize,
    again_at: Time,
}

impl Default for Rebuild {
    fn default() -> Self {
        Self { left: VecDeque::new(), under_way: 0, again_at: Time::NEVER }
    }
}

impl Rebuild {
    /// When to ask a store again that did not answer.
    pub(super) fn again_at(&self) -> Time {
        self.again_at
    }
}

impl<E: Entropy> Core<E> {
    /// Tells the store of every session, its ticket and its room, some at a time.
    pub(super) fn rebuild(&mut self, now: Time) {
        let mut sessions: Vec<SessionId> = self.by_user.values().copied().collect();
        sessions.sort_unstable();
        self.rebuild.left = sessions.into();
        self.rebuild.again_at = Time::NEVER;
        self.rebuild_on(now);
    }

    pub(super) fn rebuild_if_due(&mut self, now: Time) {
        if self.rebuild.again_at <= now {
            self.rebuild.again_at = Time::NEVER;
            self.rebuild_on(now);
        }
    }

    fn rebuild_on(&mut self, now: Time) {
        while self.rebuild.under_way < REBUILT_AT_ONCE && self.rebuild.again_at == Time::NEVER {
            let Some(id) = self.rebuild.left.pop_front() else { return };
            self.rebuild_one(id, now);
        }
    }

    fn rebuild_one(&mut self, id: SessionId, now: Time) {
        // One that has not begun makes itself known: it follows whoever the store knows.
        if self.sessions.get(id).is_none_or(|session| !session.arrival.is_settled()) {
            return;
        }
        let Some(request) = self.registration(id) else { return };
        self.ask_aside(Purpose::Register { session: id }, request);
        self.rebuild.under_way += 1;
        let Some(session) = self.sessions.get_mut(id) else { return };
        match &mut session.state {
            State::Idle => {}
            State::Waiting(waiting) if waiting.search_queued => {}
            State::Waiting(waiting) => {
                waiting.search_queued = true;
                self.enqueue(id, Work::Search, now);
            }
            State::Proposed(proposed) => {
                proposed.settle_at = now;
                self.schedule(id);
            }
            State::Talking(_) => {
                if let Some((room, request)) = self.reopening(id) {
                    self.ask_aside(Purpose::Reopen { session: id, room }, request);
                }
            }
        }
    }

    pub(super) fn registered(&mut self, id: SessionId, outcome: Outcome, now: Time) {
        self.rebuild.under_way -= 1;
        if outcome.retry_after_ms().is_some() {
            self.rebuild.left.push_back(id);
            self.rebuild.again_at = now + RETRY_AFTER;
        }
        // Its user came back elsewhere, where nothing of this may be known: the node was thought dead, or the store
        // had lost its memory.
        if let Outcome::Registered(registered) = outcome {
            if registered.lives_at == self.address(id) {
                self.ask_peer(id);
            }
            self.counts(id, registered, now);
        }
        self.rebuild_on(now);
    }

    /// The room that a session is in may have been over for long: a peer that is not in it says so.
    fn ask_peer(&mut self, id: SessionId) {
        let Some(State::Talking(talking)) = self.sessions.get(id).map(|session| &session.state) else {
            return;
        };
        let Talk { peer, room, .. } = talking.talk.clone();
        let from = self.address(id);
        self.send(&peer, Envelope::Here { room, from });
    }

    /// Where the session lives and the talk it is in, for whoever goes on with it should this node be gone.
    pub(super) fn register(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get(id) else { return };
        let (user, pool) = (session.user.clone(), self.policy(session).pool);
        if let Some(request) = self.registration(id) {
            self.ask_aside(Purpose::Known { session: id, user, pool }, request);
        }
    }

    /// A session was made known, perhaps. It may have gone elsewhere meanwhile, and the next one may be over already:
    /// then nobody else would make the store forget it.
    pub(super) fn known(&mut self, id: SessionId, user: UserId, pool: PoolId, outcome: Outcome, now: Time) {
        if self.sessions.get(id).is_none() {
            let address = self.address(id);
            self.ask_aside(Purpose::Nothing, Operation::Detach { user, pool, address });
        } else if let Outcome::Registered(registered) = outcome {
            self.counts(id, registered, now);
        }
    }

    pub(super) fn registration(&self, id: SessionId) -> Option<Operation> {
        let session = self.sessions.get(id)?;
        let talk = match &session.state {
            State::Talking(talking) => Some(Box::new(talking.talk.clone())),
            State::Idle | State::Waiting(_) | State::Proposed(_) => None,
        };
        let (user, pool) = (session.user.clone(), self.policy(session).pool);
        Some(Operation::Register { user, pool, address: self.address(id), rank: session.rank?, talk })
    }

    /// The store does not know the room. Either the other one has just left it, and will be heard of; or the store
    /// lost it, and it is opened again.
    pub(super) fn room_unknown(&mut self, id: SessionId, room: RoomId, asker: Asker, now: Time) {
        let Some(talking) = self.sessions.get_mut(id).and_then(|session| session.talking(room)) else {
            return self.acknowledge(asker, Err(Refusal::NotInRoom));
        };
        talking.reopen_at = talking.reopen_at.min(now + RETRY_AFTER);
        self.acknowledge(asker, Err(Refusal::Unavailable { retry_after_ms: ms(RETRY_AFTER) }));
    }

    pub(super) fn reopen(&mut self, id: SessionId) {
        if let Some((room, request)) = self.reopening(id) {
            self.ask(id, Purpose::Reopen { session: id, room }, request);
        }
    }

    /// A room was opened again, perhaps: should the talk be over by now, it may have come back after it was closed.
    pub(super) fn reopened(&mut self, id: SessionId, room: RoomId, outcome: &Outcome, now: Time) {
        let Some(talking) = self.sessions.get_mut(id).and_then(|session| session.talking(room)) else {
            return self.close_room(room);
        };
        if outcome.retry_after_ms().is_some() {
            talking.reopen_at = now + RETRY_AFTER;
            self.schedule(id);
        }
    }

    fn reopening(&mut self, id: SessionId) -> Option<(RoomId, Operation)> {
        let Session { user, state, policy, .. } = self.sessions.get_mut(id)?;
        let pool = self.policies[*policy].pool;
        let State::Talking(talking) = state else { return None };
        talking.reopened = true;
        let heard = Some(talking.heard_sequence.max(talking.last_sequence));
        let (room, members) = (talking.talk.room, [user.clone(), talking.talk.partner.user.clone()]);
        Some((room, Operation::OpenRoom { pool, room, members, heard, written: talking.written }))
    }
}
