//! How many people a pool has: counted, and told to those who are there.
//!
//! One round a second, a few sessions at a time: it tells what the round before counted, on all nodes, to whom that
//! is new. So nobody is told more than once a second, and nobody waits while thousands are told.

use super::super::id::{Entropy, SessionId};
use super::super::limits::ANNOUNCED_AT_ONCE;
use super::super::notice::Notice;
use super::super::policy::{PRESENCE_EVERY, Policy};
use super::super::presence::Presence;
use super::super::ticket::PoolId;
use super::super::time::Time;
use super::session::{Session, State};
use super::{Core, Effect};

/// How far a round has come.
pub(super) struct Announcing {
    /// When the round goes on, or the next one begins.
    due: Time,
    began: Time,
    /// The place among the sessions where it goes on.
    next: usize,
    /// What was counted in it, by policy.
    counted: Vec<Presence>,
    /// How many people there are on all nodes, by policy; `None` until it is known.
    online: Vec<Option<u64>>,
}

impl Announcing {
    /// None where no pool wants it.
    pub(super) fn new(policies: &[Policy]) -> Self {
        let wanted = policies.iter().any(|policy| policy.shows_presence);
        Self {
            due: if wanted { Time::default() } else { Time::NEVER },
            began: Time::default(),
            next: 0,
            counted: vec![Presence::default(); policies.len()],
            online: vec![None; policies.len()],
        }
    }

    pub(super) fn due_at(&self) -> Time {
        self.due
    }
}

impl<E: Entropy> Core<E> {
    /// So many people are in a pool.
    pub(super) fn online(&mut self, pool: PoolId, people: u64) {
        if let Some(policy) = self.policies.iter().position(|policy| policy.pool == pool) {
            self.announcing.online[policy] = Some(people);
        }
    }

    /// Goes on with a round.
    pub(super) fn announce_if_due(&mut self, now: Time) {
        if now < self.announcing.due {
            return;
        }
        if self.announcing.next == 0 {
            self.announcing.began = now;
            self.announcing.counted.fill(Presence::default());
        }
        let first = self.announcing.next;
        let more = self.sessions.places() > first + ANNOUNCED_AT_ONCE;
        let some: Vec<SessionId> = self.sessions.at(self.shard, first..first + ANNOUNCED_AT_ONCE).collect();
        for id in some {
            self.count_and_tell(id);
        }
        if more {
            self.announcing.next = first + ANNOUNCED_AT_ONCE;
            self.announcing.due = now;
            return;
        }
        self.announcing.next = 0;
        self.announcing.due = self.announcing.began + PRESENCE_EVERY;
        for (policy, presence) in self.policies.iter().zip(&self.announcing.counted) {
            if policy.shows_presence {
                self.effects.push_back(Effect::Count { pool: policy.pool, presence: *presence });
            }
        }
    }

    fn count_and_tell(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let policy = session.policy;
        if !self.policies[policy].shows_presence {
            return;
        }
        self.announcing.counted[policy] += session.presence();
        let Some(people) = self.announcing.online[policy] else { return };
        if session.listening().is_some() && session.told_online.replace(people) != Some(people) {
            self.notify(id, Notice::Online { people });
        }
    }
}

impl Session {
    fn presence(&self) -> Presence {
        let online = self.connection.is_some();
        let (waiting, talking) = match self.state {
            State::Idle => (false, false),
            State::Waiting(_) | State::Proposed(_) => (online, false),
            State::Talking(_) => (false, true),
        };
        Presence { online: online.into(), waiting: waiting.into(), talking: talking.into() }
    }
}
