//! Deadlines: what a session waits for besides words.

use std::cmp::Reverse;

use super::super::id::{Entropy, SessionId};
use super::super::policy::Policy;
use super::super::talk::Departure;
use super::super::time::Time;
use super::Core;
use super::session::{Session, State, Work};

impl<E: Entropy> Core<E> {
    /// When something is due next; [`Time::NEVER`] if nothing is.
    pub fn poll_timeout(&self) -> Time {
        let wake = self.wakes.peek().map_or(Time::NEVER, |Reverse((at, _))| *at);
        let again = self.rebuild.again_at().min(self.unclosed.again_at());
        let again = again.min(self.announcing.due_at());
        let again = again.min(self.halls.due_at());
        wake.min(self.renew_at).min(self.widowed.next()).min(again)
    }

    /// Sees to it that the core wakes up for the session's next deadline. A wake-up that comes too early
    /// looks again, so that a deadline that moves away costs nothing.
    pub(super) fn schedule(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let deadline = session.deadline(&self.policies[session.policy]);
        if deadline < session.wake_at {
            session.wake_at = deadline;
            self.wakes.push(Reverse((deadline, id)));
        }
    }

    pub(super) fn wake_due(&mut self, now: Time) {
        while let Some(Reverse((at, id))) = self.wakes.peek().copied() {
            if at > now {
                break;
            }
            self.wakes.pop();
            let Some(session) = self.sessions.get_mut(id) else { continue };
            if session.wake_at != at {
                continue;
            }
            session.wake_at = Time::NEVER;
            self.wake(id, now);
            self.schedule(id);
        }
    }

    fn wake(&mut self, id: SessionId, now: Time) {
        self.run_errands(id, now);
        let Some(session) = self.sessions.get_mut(id) else { return };
        let policy = &self.policies[session.policy];
        let silent_at = session.silent_at(policy);
        let mut work = None;
        if session.away_until <= now {
            session.away_until = Time::NEVER;
            work = Some(Work::End(Departure::Disconnected));
        } else if session.arrival.due_at() <= now {
            return self.arrival_due(id, now);
        } else {
            let silent = session.seen_at + policy.waiting_timeout <= now;
            match &mut session.state {
                State::Waiting(waiting) if waiting.search_queued => {}
                State::Waiting(waiting) if waiting.ends_at(policy) <= now || waiting.listed && silent => {
                    waiting.search_queued = true;
                    work = Some(Work::Silence);
                }
                State::Waiting(waiting) if waiting.search_at(policy) <= now => {
                    waiting.search_queued = true;
                    work = Some(Work::Search);
                }
                State::Proposed(proposed) if proposed.settle_at <= now => {
                    proposed.settle_at = Time::NEVER;
                    work = Some(Work::Expire);
                }
                State::Talking(talking) if talking.catch_up_at <= now => {
                    talking.catch_up_at = Time::NEVER;
                    work = Some(Work::CatchUp);
                }
                State::Talking(talking) if talking.reopen_at <= now => {
                    talking.reopen_at = Time::NEVER;
                    work = Some(Work::Reopen);
                }
                State::Idle if silent_at <= now => {
                    return self.close_silent(id, now);
                }
                State::Waiting(_) | State::Proposed(_) | State::Idle | State::Talking(_) => {}
            }
        }
        if let Some(work) = work {
            self.enqueue(id, work, now);
        }
    }
}

impl super::session::Waiting {
    /// When the next search is due: the next stage opens, or an unavailable store is asked again.
    fn search_at(&self, policy: &Policy) -> Time {
        let opens = policy.ladder.next_stage_at(self.ticket.enqueued_at, self.stage);
        if self.listed { opens.min(self.retry_at) } else { self.retry_at }
    }
}

impl super::session::Waiting {
    /// When a search that found nobody is over, where the pool has an end for it.
    fn ends_at(&self, policy: &Policy) -> Time {
        policy.search_within.map_or(Time::NEVER, |within| self.ticket.enqueued_at + within)
    }
}

impl Session {
    /// When a client that neither searches nor talks has been silent for too long.
    fn silent_at(&self, policy: &Policy) -> Time {
        let silence = policy.silence.filter(|_| self.connection.is_some());
        silence.map_or(Time::NEVER, |silence| self.seen_at + silence)
    }

    fn deadline(&self, policy: &Policy) -> Time {
        let of_state = match &self.state {
            State::Waiting(waiting) if waiting.search_queued => Time::NEVER,
            State::Waiting(waiting) => {
                let silence =
                    if waiting.listed { self.seen_at + policy.waiting_timeout } else { Time::NEVER };
                silence.min(waiting.search_at(policy)).min(waiting.ends_at(policy))
            }
            State::Proposed(proposed) => proposed.settle_at,
            State::Talking(talking) => talking.catch_up_at.min(talking.reopen_at),
            State::Idle => self.silent_at(policy),
        };
        of_state.min(self.away_until).min(self.arrival.due_at()).min(self.errand_at())
    }
}
