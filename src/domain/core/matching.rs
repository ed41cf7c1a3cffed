//! From a wish to a claim: searching, waiting, giving up.

use std::sync::Arc;

use super::super::command::{Refusal, Reply};
use super::super::criteria::Stage;
use super::super::event::{Event, TicketEnd};
use super::super::happening::What;
use super::super::id::{Entropy, ProposalId, RoomId, SessionId, TicketId, UserId};
use super::super::limits::RENEWED_AT_ONCE;
use super::super::notice::Notice;
use super::super::operation::{Operation, Outcome, Place, Search, Searched, Standing, Withdrawn};
use super::super::policy::{Acceptance, Choice, LEASE, POSITION_EVERY, Policy, RENEW_EVERY, RETRY_AFTER};
use super::super::proposal::{Proposal, Verdict};
use super::super::search::SearchPlan;
use super::super::ticket::{PoolId, Priority, Ticket};
use super::super::time::Time;
use super::Core;
use super::session::{Asker, Session, State, Sweep, Waiting, Work};
use super::storing::{Answering, Purpose, Withdrawal};

impl<E: Entropy> Core<E> {
    /// Puts a ticket whose proposal failed back into the queue, at once unless its client is away.
    pub(super) fn requeue(&mut self, id: SessionId, ticket: &Ticket, priority: Priority, now: Time) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let ticket = Ticket { priority: priority.max(ticket.priority), ..ticket.clone() };
        let mut waiting = Waiting::new(Arc::new(ticket), None, now);
        if session.connection.is_some() {
            waiting.search_queued = true;
            session.queue.push_back(Work::Search);
        }
        session.state = State::Waiting(Box::new(waiting));
    }

    /// Lists the ticket at the stage of the moment and looks for somebody.
    pub(super) fn search(&mut self, id: SessionId, asker: Asker, now: Time) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let policy = &self.policies[session.policy];
        let avoid = session.avoided(policy.partners_remembered, now);
        let (away, cooled_at) = (session.connection.is_none(), session.cooled_at);
        let Some(waiting) = session.waiting() else { return };
        waiting.search_queued = false;
        waiting.retry_at = Time::NEVER;
        if cooled_at > now {
            waiting.retry_at = cooled_at;
            return self.acknowledge_joined(asker, NOT_WAITING);
        }
        if away {
            // Somebody who is not there is not listed; coming back searches again.
            if waiting.listed {
                self.withdraw(id, Withdrawal::Suspend, now);
            }
            return;
        }
        if *waiting.ticket.avoid != *avoid {
            waiting.ticket = Arc::new(Ticket { avoid, ..(*waiting.ticket).clone() });
        }
        let ticket = waiting.ticket.id;
        let request = Operation::Search(Box::new(Search {
            plan: waiting.plan(policy, &mut self.entropy, now),
            proposal: ProposalId::random(&mut self.entropy),
            room: RoomId::random(&mut self.entropy),
            accept_within: policy.acceptance.within(),
            agreed: policy.acceptance == Acceptance::AtOnce,
            lease_until: now + LEASE,
            most_waiting: self.limits.waiting_tickets,
        }));
        self.ask(id, Purpose::Search { asker, ticket }, request);
    }

    pub(super) fn searched(
        &mut self,
        id: SessionId,
        asker: Asker,
        ticket: TicketId,
        outcome: Outcome,
        now: Time,
    ) {
        if self.waits_with(id, ticket).is_none() {
            // A proposal came while the search was under way, and took its asker with it.
            return self.acknowledge_joined(asker, NOT_WAITING);
        }
        let Outcome::Searched(searched) = outcome else {
            return self.search_failed(id, asker, &outcome, now);
        };
        match searched {
            Searched::Listed(_) if self.goes_round(id) => {
                self.list(id, now);
                self.search(id, asker, now);
            }
            Searched::Listed(place) => self.listed(id, asker, place, now),
            Searched::More(after) => {
                self.list(id, now);
                if let Some(waiting) = self.waits_with(id, ticket) {
                    waiting.after = Some(after);
                }
                self.search(id, asker, now);
            }
            Searched::Claimed(proposal) => {
                self.acknowledge_joined(asker, NOT_WAITING);
                self.propose_both(id, &proposal, now);
            }
            Searched::Taken(proposal) if !proposal.claims(ticket) => {
                self.replaced_too_late(id, asker, &proposal, now);
            }
            Searched::Taken(proposal) => {
                self.acknowledge_joined(asker, NOT_WAITING);
                self.propose(id, &proposal);
                if let Some(waiting) = self.waits_with(id, ticket) {
                    // The store holds it to a proposal that is over for this session.
                    waiting.retry_at = now + RETRY_AFTER;
                }
            }
            Searched::Full if asker.is_none() => {
                // Its owner was promised a place: it is asked for until there is one.
                if let Some(waiting) = self.waits_with(id, ticket) {
                    waiting.retry_at = now + RETRY_AFTER;
                }
            }
            Searched::Full => {
                self.give_up(id, TicketEnd::Cancelled);
                let retry_after_ms = ms(RETRY_AFTER);
                self.acknowledge(asker, Err(Refusal::PoolFull { retry_after_ms }));
            }
        }
    }

    /// A search found nobody. Whether it began anywhere, and is to look at those before that place as well.
    fn goes_round(&mut self, id: SessionId) -> bool {
        let Some(waiting) = self.sessions.get_mut(id).and_then(Session::waiting) else { return false };
        let begun = waiting.sweep == Sweep::FromAnywhere;
        waiting.sweep = if begun { Sweep::FromTheFirst } else { Sweep::Begins };
        waiting.after = None;
        begun
    }

    /// Another wish of the user had been claimed already: that proposal is declined, and the search repeated. At
    /// once only the first time: one whose time is over cannot be declined, and ends when the store says so.
    fn replaced_too_late(&mut self, id: SessionId, asker: Asker, proposal: &Proposal, now: Time) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let user = session.user.clone();
        let Some(waiting) = session.waiting() else { return };
        let again = waiting.declined.replace(proposal.id) == Some(proposal.id);
        if again {
            waiting.retry_at = now + RETRY_AFTER;
        }
        self.decline(proposal.pool, proposal.id, user);
        if again {
            let (pool, proposal) = (proposal.pool, proposal.id);
            self.ask_aside(Purpose::Nothing, Operation::Expire { pool, proposal });
            self.acknowledge_joined(asker, NOT_WAITING);
        } else {
            self.search(id, asker, now);
        }
    }

    fn search_failed(&mut self, id: SessionId, asker: Asker, outcome: &Outcome, now: Time) {
        let retry_after_ms = outcome.retry_after_ms().unwrap_or(ms(RETRY_AFTER));
        if asker.is_none() {
            if let Some(waiting) = self.sessions.get_mut(id).and_then(Session::waiting) {
                waiting.retry_at = now + RETRY_AFTER;
            }
            return;
        }
        self.acknowledge(asker, Err(Refusal::Unavailable { retry_after_ms }));
        self.disown(id);
        self.give_up(id, TicketEnd::Cancelled);
    }

    /// Takes a ticket off its list whose owner was told that it is not there.
    fn disown(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let user = session.user.clone();
        let Some(waiting) = session.waiting() else { return };
        let (pool, ticket) = (waiting.ticket.pool, waiting.ticket.id);
        self.ask_aside(Purpose::Disown { pool, user }, Operation::Withdraw { pool, ticket });
    }

    pub(super) fn disowned(&mut self, pool: PoolId, user: UserId, outcome: Outcome) {
        if let Outcome::Withdrawn(Withdrawn::Taken(proposal)) = outcome {
            self.decline(pool, proposal.id, user);
        }
    }

    /// The ticket counts as listed: its lease is renewed from now on.
    fn list(&mut self, id: SessionId, now: Time) {
        let Some(waiting) = self.sessions.get_mut(id).and_then(Session::waiting) else { return };
        waiting.listed = true;
        self.listed.insert(id);
        if self.renew_at == Time::NEVER {
            self.renew_at = now + RENEW_EVERY;
        }
    }

    fn listed(&mut self, id: SessionId, asker: Asker, place: Place, now: Time) {
        self.list(id, now);
        let Some(session) = self.sessions.get_mut(id) else { return };
        if session.connection.is_none() {
            // It left before a proposal that has failed since: the ticket waits again, but not the client.
            return self.suspend(id, now);
        }
        let Some(waiting) = session.waiting() else { return };
        if asker.is_some() {
            waiting.told = (place, waiting.stage);
            waiting.told_at = now;
            self.acknowledge_joined(asker, place);
        } else {
            self.tell_place(id, place, now);
        }
    }

    fn tell_place(&mut self, id: SessionId, place: Place, now: Time) {
        let Some(waiting) = self.sessions.get_mut(id).and_then(Session::waiting) else { return };
        let stage = waiting.stage;
        if waiting.told != (place, stage) && now >= waiting.told_at + POSITION_EVERY {
            waiting.told = (place, stage);
            waiting.told_at = now;
            self.notify(id, Notice::Position { place, stage });
        }
    }

    pub(super) fn acknowledge_joined(&mut self, asker: Asker, place: Place) {
        let Place { position, estimated_wait_seconds } = place;
        if asker.is_some() {
            self.acknowledge(asker, Ok(Reply::Joined { position, estimated_wait_seconds }));
        }
    }

    /// Takes the session's ticket off its list.
    pub(super) fn withdraw(&mut self, id: SessionId, why: Withdrawal, now: Time) {
        let waiting = self.sessions.get_mut(id).and_then(Session::waiting);
        let Some((pool, ticket)) = waiting.map(|waiting| (waiting.ticket.pool, waiting.ticket.id)) else {
            if let Withdrawal::Leave(asker) = why {
                self.acknowledge(asker, Ok(Reply::Done));
            }
            if let Withdrawal::End(departure) = why {
                self.end(id, departure, now);
            }
            return;
        };
        self.ask(id, Purpose::Withdraw { why, ticket }, Operation::Withdraw { pool, ticket });
    }

    pub(super) fn withdrawn(
        &mut self,
        id: SessionId,
        why: Withdrawal,
        ticket: TicketId,
        outcome: Outcome,
        now: Time,
    ) {
        if self.waits_with(id, ticket).is_none() {
            return;
        }
        if let Outcome::Withdrawn(Withdrawn::Taken(proposal)) = outcome
            && !self.lets_go_of(id, &proposal)
        {
            return self.withdrawn_too_late(id, why, &proposal, now);
        }
        // Should the store be away, the ticket is renewed no more and its lease runs out.
        match why {
            Withdrawal::Leave(asker) => {
                self.give_up(id, TicketEnd::Cancelled);
                self.acknowledge(asker, Ok(Reply::Done));
            }
            Withdrawal::Silence => {
                self.give_up(id, TicketEnd::Expired);
                self.notify(id, Notice::WaitingExpired);
            }
            Withdrawal::Suspend => self.suspended(id, now),
            Withdrawal::End(_) => {
                if self.sessions.get(id).is_some_and(|session| session.connection.is_some()) {
                    return self.suspended(id, now);
                }
                self.give_up(id, TicketEnd::Gone);
                self.close_session(id);
            }
        }
    }

    /// Declines a proposal that is over for this session and that the store, which lost that, holds it to. Asking
    /// to be off the list would be answered the same until the store forgets it.
    pub(super) fn lets_go_of(&mut self, id: SessionId, proposal: &Proposal) -> bool {
        let Some(session) = self.sessions.get(id) else { return false };
        let over = session.settled.contains(&proposal.id);
        if over {
            self.decline(proposal.pool, proposal.id, session.user.clone());
        }
        over
    }

    pub(super) fn suspended(&mut self, id: SessionId, now: Time) {
        self.listed.remove(&id);
        let Some(session) = self.sessions.get_mut(id) else { return };
        // Who is told where it stands first is searched for then.
        let back = session.listening().is_some();
        let Some(waiting) = session.waiting() else { return };
        waiting.listed = false;
        if back {
            self.search(id, None, now);
        }
    }

    fn withdrawn_too_late(&mut self, id: SessionId, why: Withdrawal, proposal: &Arc<Proposal>, now: Time) {
        self.propose(id, proposal);
        match why {
            Withdrawal::Leave(asker) => {
                self.ask_answer(id, proposal.id, Verdict::Leave, asker, Answering::Asked);
            }
            // Off the list either way, also if the proposal is over for this session.
            Withdrawal::Suspend => self.suspended(id, now),
            Withdrawal::Silence => {}
            Withdrawal::End(departure) => self.end(id, departure, now),
        }
    }

    /// The wish is over.
    pub(super) fn give_up(&mut self, id: SessionId, end: TicketEnd) {
        self.listed.remove(&id);
        if let Some(session) = self.sessions.get_mut(id) {
            session.state = State::Idle;
            self.record(Event::TicketEnded(end));
            match end {
                TicketEnd::Cancelled => self.tell(id, What::SearchCancelled),
                TicketEnd::Expired => self.tell(id, What::SearchExpired),
                TicketEnd::Matched | TicketEnd::Replaced | TicketEnd::Gone => {}
            }
        }
    }

    /// Renews the leases of all listed tickets when that is due.
    pub(super) fn renew_if_due(&mut self, now: Time) {
        if now < self.renew_at {
            return;
        }
        self.renew_at = if self.listed.is_empty() { Time::NEVER } else { now + RENEW_EVERY };
        let listed: Vec<SessionId> = self.listed.iter().copied().collect();
        for policy in 0..self.policies.len() {
            let of_pool: Vec<_> = listed
                .iter()
                .filter_map(|id| {
                    let session = self.sessions.get_mut(*id).filter(|session| session.policy == policy)?;
                    Some((*id, session.waiting()?.ticket.id))
                })
                .collect();
            let pool = self.policies[policy].pool;
            for batch in of_pool.chunks(RENEWED_AT_ONCE) {
                let (sessions, tickets) = batch.iter().copied().unzip();
                let request = Operation::Renew { pool, tickets, lease_until: now + LEASE };
                self.ask_aside(Purpose::Renew { sessions }, request);
            }
        }
    }

    pub(super) fn renewed(&mut self, sessions: &[SessionId], outcome: Outcome, now: Time) {
        let Outcome::Renewed(standings) = outcome else { return };
        for (id, (ticket, standing)) in sessions.iter().copied().zip(standings) {
            let Some(waiting) = self.waits_with(id, ticket) else { continue };
            match standing {
                Standing::Waiting(place) => self.tell_place(id, place, now),
                Standing::Taken(proposal) => {
                    self.proposed_by_other(id, &proposal);
                    self.decline_for_gone(id, &proposal);
                }
                Standing::Unknown if waiting.search_queued => {}
                Standing::Unknown => {
                    waiting.search_queued = true;
                    self.enqueue(id, Work::Search, now);
                }
            }
            self.schedule(id);
        }
    }

    /// The session's wish, if it is that ticket.
    pub(super) fn waits_with(&mut self, id: SessionId, ticket: TicketId) -> Option<&mut Waiting> {
        self.sessions.get_mut(id)?.waiting().filter(|waiting| waiting.ticket.id == ticket)
    }
}

/// The place of somebody who was matched at once.
pub(super) const NOT_WAITING: Place = Place { position: 0, estimated_wait_seconds: 0 };

pub(super) fn ms(span: std::time::Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

impl Waiting {
    pub(super) fn new(ticket: Arc<Ticket>, replaces: Option<TicketId>, now: Time) -> Self {
        Self {
            ticket,
            stage: Stage::Exact,
            listed: false,
            after: None,
            sweep: Sweep::Begins,
            replaces,
            declined: None,
            search_queued: false,
            retry_at: Time::NEVER,
            told: (NOT_WAITING, Stage::Exact),
            told_at: now,
        }
    }

    /// Where to look now, and where to be found.
    fn plan(&mut self, policy: &Policy, entropy: &mut impl Entropy, now: Time) -> SearchPlan {
        let stage = policy.ladder.stage_at(self.ticket.enqueued_at, now);
        if stage != self.stage {
            self.stage = stage;
            self.after = None;
            self.sweep = Sweep::Begins;
        }
        let mut plan = SearchPlan::new(self.ticket.clone(), stage, &policy.ladder);
        if policy.choice == Choice::Random {
            plan.order = self.ticket.shuffled();
            if self.sweep == Sweep::Begins {
                self.sweep = Sweep::FromAnywhere;
                self.after = Some(Ticket::anywhere(entropy.next_u64()));
            }
        }
        plan.after = self.after;
        plan.replaces = self.replaces.take();
        plan
    }
}

impl Session {
    /// Whom not to meet now, as tickets carry it: sorted, of the newest so many.
    fn avoided(&self, most: usize, now: Time) -> Arc<[UserId]> {
        let still = self.avoid.iter().rev().filter(|(_, until)| *until > now).take(most);
        let mut users: Vec<UserId> = still.map(|(user, _)| user.clone()).collect();
        users.sort_unstable();
        users.into()
    }
}
