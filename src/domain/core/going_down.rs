//! The node goes down while others stay: what its clients had goes on with them there.
//!
//! Who is away when the node is gone has nobody to ask: of what only a session knows, the store is told before.

use std::collections::BTreeSet;

use super::super::id::{ConnectionId, Entropy, ProposalId, RoomId, SessionId, TicketId};
use super::super::notice::Notice;
use super::super::operation::{Operation, Outcome, Search, Searched};
use super::super::policy::Acceptance;
use super::super::search::SearchPlan;
use super::super::time::Time;
use super::session::{State, Work};
use super::storing::Purpose;
use super::{Core, Effect};

impl<E: Entropy> Core<E> {
    /// Tells everybody when to come back. `elsewhere`: to other nodes; from now on places are kept for that.
    pub(super) fn shutdown(&mut self, retry_after_ms: u64, elsewhere: bool, now: Time) {
        let connected: BTreeSet<ConnectionId> = self.by_connection.keys().copied().collect();
        for connection in connected {
            self.effects
                .push_back(Effect::Notify { connection, notice: Notice::Shutdown { retry_after_ms } });
        }
        self.leaving = elsewhere;
        if elsewhere {
            self.park_the_absent(now);
        }
    }

    /// Those who wait and were away before: their tickets are on no list.
    fn park_the_absent(&mut self, now: Time) {
        let sessions: BTreeSet<SessionId> = self.by_user.values().copied().collect();
        for id in sessions {
            let Some(session) = self.sessions.get(id) else { continue };
            if let (State::Waiting(_), None) = (&session.state, session.connection) {
                self.enqueue(id, Work::Suspend, now);
            }
        }
    }

    /// Keeps the place of a client that is away in the store, until its grace is over.
    pub(super) fn park(&mut self, id: SessionId, now: Time) {
        let Some(session) = self.sessions.get(id) else { return };
        let policy = &self.policies[session.policy];
        let until = now + policy.grace;
        let State::Waiting(waiting) = &session.state else { return };
        let ticket = waiting.ticket.id;
        let plan = SearchPlan::parked(waiting.ticket.clone(), waiting.stage, &policy.ladder);
        let request = Operation::Search(Box::new(Search {
            plan,
            proposal: ProposalId::random(&mut self.entropy),
            room: RoomId::random(&mut self.entropy),
            accept_within: policy.acceptance.within(),
            agreed: policy.acceptance == Acceptance::AtOnce,
            lease_until: until,
            most_waiting: self.limits.waiting_tickets,
        }));
        self.ask(id, Purpose::Park { ticket }, request);
    }

    /// The place is kept, or somebody was found just before. Without the store it is kept here alone.
    pub(super) fn parked(&mut self, id: SessionId, ticket: TicketId, outcome: Outcome, now: Time) {
        if self.waits_with(id, ticket).is_none() {
            return;
        }
        if let Outcome::Searched(Searched::Taken(proposal)) = outcome
            && !self.lets_go_of(id, &proposal)
        {
            return self.propose(id, &proposal);
        }
        self.suspended(id, now);
    }
}
