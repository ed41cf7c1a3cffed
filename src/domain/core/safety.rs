//! Blocks and reports.
//!
//! A block is an entry in the history of whom somebody met, without an end: stores keep it like any other, and a
//! search looks at the histories of both sides.

use std::sync::Arc;

use super::super::command::{Refusal, Reply, Scope};
use super::super::event::Event;
use super::super::happening::What;
use super::super::id::{Entropy, RoomId, SessionId, UserId};
use super::super::limits::{AVOIDED, BLOCKED};
use super::super::notice::Notice;
use super::super::operation::{Operation, Outcome};
use super::super::policy::Acceptance;
use super::super::proposal::Verdict;
use super::super::safety::{ReportReason, SafetyCommand};
use super::super::talk::Departure;
use super::super::time::Time;
use super::session::{Asker, Session, State, Work};
use super::storing::{Answering, Purpose};
use super::{Core, Effect};

impl<E: Entropy> Core<E> {
    pub(super) fn safety(&mut self, id: SessionId, asker: Asker, command: SafetyCommand, now: Time) {
        match command {
            SafetyCommand::Block(user) => self.block(id, asker, user, now),
            SafetyCommand::Report { room, reason } => self.report(id, asker, room, reason),
        }
    }

    fn block(&mut self, id: SessionId, asker: Asker, other: UserId, now: Time) {
        let Some(session) = self.sessions.get(id) else { return };
        // Nobody meets oneself anyway.
        if session.blocks(&other) || session.user == other {
            self.acknowledge(asker, Ok(Reply::Done));
            return self.part_from(id, &other, now);
        }
        if session.blocked() >= BLOCKED {
            return self.acknowledge(asker, Err(Refusal::TooManyBlocks));
        }
        let (user, pool) = (session.user.clone(), self.policy(session).pool);
        let request = Operation::Remember { user, pool, partner: other.clone(), until: Time::NEVER };
        self.ask(id, Purpose::Block { asker, other }, request);
    }

    pub(super) fn blocked(
        &mut self,
        id: SessionId,
        asker: Asker,
        other: &UserId,
        outcome: &Outcome,
        now: Time,
    ) {
        if let Some(retry_after_ms) = outcome.retry_after_ms() {
            return self.acknowledge(asker, Err(Refusal::Unavailable { retry_after_ms }));
        }
        let Some(session) = self.sessions.get_mut(id) else { return };
        session.avoid_until(other.clone(), Time::NEVER, now);
        self.record(Event::Blocked);
        self.tell(id, What::Blocked { peer: other.clone() });
        self.acknowledge(asker, Ok(Reply::Done));
        self.part_from(id, other, now);
    }

    /// Ends what the session has to do with that user, and sees to it that nothing begins.
    fn part_from(&mut self, id: SessionId, other: &UserId, now: Time) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        match &mut session.state {
            State::Talking(talking) if talking.talk.partner.user == *other => {
                self.leave_room(id, Departure::Left, now);
            }
            State::Proposed(proposed) if proposed.proposal.is_between(&session.user, other) => {
                let proposal = proposed.proposal.id;
                self.ask_answer(id, proposal, Verdict::Reject, None, Answering::Asked);
            }
            // The list has the ticket as it was; it is listed anew with whom it avoids now.
            State::Waiting(waiting) if !waiting.search_queued => {
                waiting.search_queued = true;
                session.queue.push_front(Work::Search);
            }
            State::Talking(_) | State::Proposed(_) | State::Waiting(_) | State::Idle => {}
        }
    }

    /// The session's user said no once more. Who does too often waits before the next search, and is told how long.
    pub(super) fn slow_down(&mut self, id: SessionId, now: Time) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let policy = &self.policies[session.policy];
        if policy.acceptance == Acceptance::AtOnce {
            return;
        }
        let Some(until) = session.rejections.add(&policy.rejections, now) else { return };
        session.cooled_at = session.cooled_at.max(until);
        let retry_after_ms = until.ms_until_from(now);
        self.record(Event::SlowedDown);
        self.notify(id, Notice::RateLimited { scope: Scope::Matching, retry_after_ms });
    }

    /// A command was refused for a spent budget. Who goes on and on regardless is closed: reading what is refused
    /// costs everybody.
    pub(super) fn refused_once_more(&mut self, id: SessionId, now: Time) {
        let most = self.limits.refusals_per_minute;
        let Some(session) = self.sessions.get_mut(id) else { return };
        let Some(connection) = session.connection.filter(|_| session.budgets.refuse(most, now).is_err())
        else {
            return;
        };
        self.record(Event::FlooderClosed);
        self.effects.push_back(Effect::Cut { connection });
        self.disconnected(connection, false, now);
    }

    fn report(&mut self, id: SessionId, asker: Asker, room: RoomId, reason: ReportReason) {
        let Some(session) = self.sessions.get(id) else { return };
        let Some(peer) = session.peer_in(room).cloned() else {
            return self.acknowledge(asker, Err(Refusal::NotInRoom));
        };
        self.record(Event::Reported(reason));
        self.tell(id, What::Reported { room, peer, reason });
        self.acknowledge(asker, Ok(Reply::Done));
    }
}

impl Session {
    /// Whom not to meet now, as tickets carry it: sorted. Everybody who is blocked, and of the others the newest so
    /// many.
    pub(super) fn avoided(&self, most: usize, now: Time) -> Arc<[UserId]> {
        let met =
            self.avoid.iter().rev().filter(|(_, until)| *until > now && *until != Time::NEVER).take(most);
        let blocked = self.avoid.iter().filter(|(_, until)| *until == Time::NEVER);
        let mut users: Vec<UserId> = met.chain(blocked).map(|(user, _)| user.clone()).collect();
        users.sort_unstable();
        users.into()
    }

    /// The user is not to be met until then. The later of two ends holds; blocks never make way.
    pub(super) fn avoid_until(&mut self, other: UserId, until: Time, now: Time) {
        let known = self.avoid.iter().find(|(user, _)| *user == other);
        let until = known.map_or(until, |(_, known)| until.max(*known));
        self.avoid.retain(|(user, until)| *until > now && *user != other);
        self.avoid.push((other, until));
        while self.avoid.len() > AVOIDED
            && let Some(first) = self.avoid.iter().position(|(_, until)| *until != Time::NEVER)
        {
            self.avoid.remove(first);
        }
    }

    fn blocked(&self) -> usize {
        self.avoid.iter().filter(|(_, until)| *until == Time::NEVER).count()
    }

    fn blocks(&self, other: &UserId) -> bool {
        self.avoid.iter().any(|(user, until)| user == other && *until == Time::NEVER)
    }

    /// With whom the session is in that room, or was last.
    fn peer_in(&self, room: RoomId) -> Option<&UserId> {
        match &self.state {
            State::Talking(talking) if talking.talk.room == room => Some(&talking.talk.partner.user),
            State::Talking(_) | State::Idle | State::Waiting(_) | State::Proposed(_) => {
                self.parted.as_ref().filter(|parted| parted.0 == room).map(|parted| &parted.1)
            }
        }
    }

    /// The talk is over. Whom it was with may still be reported.
    pub(super) fn end_talk(&mut self) {
        if let State::Talking(talking) = &self.state {
            self.parted = Some(Box::new((talking.talk.room, talking.talk.partner.user.clone())));
        }
        self.state = State::Idle;
    }
}
