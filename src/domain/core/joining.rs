//! Wishes: joining, and skipping somebody for somebody else.

use std::sync::Arc;

use super::super::command::{Command, Refusal};
use super::super::criteria::Criteria;
use super::super::event::{Event, TicketEnd};
use super::super::happening::What;
use super::super::id::{Entropy, SessionId, TicketId};
use super::super::person::Attributes;
use super::super::policy::{JoinAgain, RETRY_AFTER};
use super::super::proposal::Verdict;
use super::super::talk::Departure;
use super::super::ticket::{Priority, Ticket};
use super::super::time::Time;
use super::Core;
use super::matching::ms;
use super::session::{Arrival, Asker, State, Waiting, Work};
use super::storing::Answering;

impl<E: Entropy> Core<E> {
    /// A client wants to be matched, which needs a store that says where its user was. Where its pool lets it, it
    /// leaves the room it is in, lets go of a proposal, and replaces an earlier wish; a wish that did not change
    /// keeps its age.
    pub(super) fn join(
        &mut self,
        id: SessionId,
        asker: Asker,
        attributes: Attributes,
        criteria: Criteria,
        now: Time,
    ) {
        if let Some(refusal) = self.may_not_join(id, now) {
            return self.acknowledge(asker, Err(refusal));
        }
        let Some(session) = self.sessions.get_mut(id) else { return };
        match &mut session.state {
            State::Idle => self.wish(id, attributes, criteria, None, now),
            State::Talking(_) => {
                self.leave_room(id, Departure::Left, now);
                self.wish(id, attributes, criteria, None, now);
            }
            State::Proposed(proposed) => {
                let proposal = proposed.proposal.id;
                let command = Command::Join { attributes, criteria };
                session.queue.push_front(Work::Command { asker, command });
                self.ask_answer(id, proposal, Verdict::Leave, None, Answering::Asked);
                return;
            }
            State::Waiting(waiting) => {
                let ticket = &waiting.ticket;
                if ticket.attributes != attributes || ticket.criteria != criteria {
                    let replaced = ticket.id;
                    self.record(Event::TicketEnded(TicketEnd::Replaced));
                    self.wish(id, attributes, criteria, Some(replaced), now);
                }
            }
        }
        self.search(id, asker, now);
    }

    /// Why the session may not join now.
    fn may_not_join(&self, id: SessionId, now: Time) -> Option<Refusal> {
        let session = self.sessions.get(id)?;
        if let (State::Idle, Arrival::Unanswered { .. }) = (&session.state, &session.arrival) {
            // The user may be in a match elsewhere.
            return Some(Refusal::Unavailable { retry_after_ms: ms(RETRY_AFTER) });
        }
        let particular = self.policy(session).join_again == JoinAgain::Refused;
        match &session.state {
            // Who skipped waits already, and is to hear for how long.
            State::Idle | State::Waiting(_) if session.cooled_at > now => {
                Some(Refusal::CoolingDown { retry_after_ms: session.cooled_at.ms_until_from(now) })
            }
            State::Waiting(_) | State::Proposed(_) if particular => Some(Refusal::Searching),
            State::Talking(_) if particular => Some(Refusal::InRoom),
            State::Idle | State::Waiting(_) | State::Proposed(_) | State::Talking(_) => None,
        }
    }

    /// A client wants somebody else than the one it is with.
    pub(super) fn skip(
        &mut self,
        id: SessionId,
        asker: Asker,
        attributes: Attributes,
        criteria: Criteria,
        now: Time,
    ) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        if !matches!(session.state, State::Talking(_)) {
            return self.join(id, asker, attributes, criteria, now);
        }
        session.cooled_at = now + self.policies[session.policy].skip_cooldown;
        self.leave_room(id, Departure::Skipped, now);
        self.wish(id, attributes, criteria, None, now);
        self.search(id, asker, now);
    }

    fn wish(
        &mut self,
        id: SessionId,
        attributes: Attributes,
        criteria: Criteria,
        replaces: Option<TicketId>,
        now: Time,
    ) {
        let ticket_id = TicketId(self.entropy.next_ticket());
        let owner = self.address(id);
        let Some(session) = self.sessions.get_mut(id) else { return };
        let ticket = Ticket {
            id: ticket_id,
            user: session.user.clone(),
            owner,
            pool: self.policies[session.policy].pool,
            attributes,
            criteria,
            enqueued_at: now.max(session.cooled_at),
            priority: Priority::Usual,
            avoid: Arc::default(),
        };
        session.state = State::Waiting(Box::new(Waiting::new(Arc::new(ticket), replaces, now)));
        self.tally_arrival(id, now);
        self.record(Event::Searching);
        self.tell(id, What::Searching);
    }
}
