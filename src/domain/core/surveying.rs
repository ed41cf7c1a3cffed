//! What the sessions of a core do, in numbers, and what happened in its queues.

use std::ops::Range;
use std::time::Duration;

use super::super::criteria::Stage;
use super::super::id::{Entropy, SessionId};
use super::super::person::{Direction, Language};
use super::super::proposal::Proposal;
use super::super::survey::{QueueKey, Survey, Tally};
use super::super::time::Time;
use super::Core;
use super::session::{Session, State};

impl<E: Entropy> Core<E> {
    /// Counts what the sessions in these places do; `false` when none follow them.
    pub fn survey(&self, places: Range<usize>, survey: &mut Survey) -> bool {
        let more = self.sessions.places() > places.end;
        for id in self.sessions.at(self.shard, places) {
            if let Some(session) = self.sessions.get(id) {
                self.count(session, survey);
            }
        }
        more
    }

    /// What happened in each queue since the start.
    pub fn tallies(&self) -> impl Iterator<Item = (QueueKey, &Tally)> {
        self.tallies.iter()
    }

    fn count(&self, session: &Session, survey: &mut Survey) {
        let pool = self.policy(session).pool;
        let doing = survey.pools.entry(pool).or_default();
        doing.sessions += 1;
        doing.away += u64::from(session.connection.is_none());
        doing.in_halls += session.halls.len() as u64;
        match &session.state {
            State::Talking(_) => doing.talking += 1,
            State::Waiting(waiting) => {
                doing.waiting += 1;
                let key = (pool, waiting.ticket.attributes.direction());
                survey.lines.entry(key).or_default().join(waiting.stage, waiting.ticket.enqueued_at);
            }
            // Its ticket is no longer in the queue, and its user still waits.
            State::Proposed(_) => doing.waiting += 1,
            State::Idle if session.seeks() => {
                doing.waiting += 1;
                survey.lines.entry((pool, NOWHERE)).or_default().join(Stage::Exact, session.since);
            }
            State::Idle => {}
        }
    }

    /// Somebody wants to be matched.
    pub(super) fn tally_arrival(&mut self, id: SessionId, now: Time) {
        if let Some(key) = self.queue_of(id) {
            self.tallies.arrived(key, now);
        }
    }

    /// A session enters the room of its proposal, or that of a backend's match.
    pub(super) fn tally_match(&mut self, id: SessionId, proposal: Option<&Proposal>, now: Time) {
        let Some(session) = self.sessions.get(id) else { return };
        let own = proposal.and_then(|proposal| proposal.sides_of(&session.user));
        let direction = own.map_or(NOWHERE, |(own, _)| own.ticket.attributes.direction());
        self.tallies.matched((self.policy(session).pool, direction), now);
    }

    /// Two found each other.
    pub(super) fn tally_waits(&mut self, proposal: &Proposal, now: Time) {
        for side in &proposal.sides {
            let waited: Duration = now.since(side.ticket.enqueued_at);
            let key = (proposal.pool, side.ticket.attributes.direction());
            self.tallies.waited(key, side.stage, waited, now);
        }
    }

    /// Where the wish of a session is counted.
    fn queue_of(&self, id: SessionId) -> Option<QueueKey> {
        let session = self.sessions.get(id)?;
        let direction = match &session.state {
            State::Waiting(waiting) => waiting.ticket.attributes.direction(),
            State::Idle | State::Proposed(_) | State::Talking(_) => NOWHERE,
        };
        Some((self.policy(session).pool, direction))
    }
}

/// The direction of those who do not say.
const NOWHERE: Direction = Direction { speaks: Language::UNDETERMINED, learns: Language::UNDETERMINED };
