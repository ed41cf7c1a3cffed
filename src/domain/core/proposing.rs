//! From a claim to a room, or back to the queue.

use std::sync::Arc;

use super::super::command::{Refusal, Reply};
use super::super::envelope::Envelope;
use super::super::event::{Event, TicketEnd};
use super::super::id::{Entropy, ProposalId, SessionId, UserId};
use super::super::notice::{Found, Notice, Partner};
use super::super::operation::{Answered, Expired, Operation, Outcome};
use super::super::policy::{Acceptance, NEWS_WITHIN, RETRY_AFTER};
use super::super::proposal::{Failure, Proposal, Side, Verdict};
use super::super::talk::Departure;
use super::super::ticket::{PoolId, Priority, Ticket};
use super::super::time::Time;
use super::Core;
use super::matching::NOT_WAITING;
use super::session::{Asker, Proposed, State};
use super::storing::{Answering, Purpose};

impl Proposal {
    /// What the user of one side is told of the other.
    pub(super) fn found_by(&self, user: &UserId) -> Option<Found> {
        let (own, other) = self.sides_of(user)?;
        Some(Found {
            proposal: self.id,
            room: self.room,
            partner: Partner::from(other),
            expires_at: self.expires_at,
            stage: own.stage,
            initiator: self.sides[0].ticket.user == *user,
        })
    }
}

impl Answering {
    /// How the ticket of one who leaves a proposal ends.
    fn ticket_end(self) -> TicketEnd {
        match self {
            Self::Asked => TicketEnd::Cancelled,
            Self::End(_) => TicketEnd::Gone,
        }
    }

    /// How one who leaves a proposal departs from its room.
    fn departure(self) -> Departure {
        match self {
            Self::Asked => Departure::Left,
            Self::End(departure) => departure,
        }
    }
}

impl From<&Side> for Partner {
    fn from(side: &Side) -> Self {
        let attributes = &side.ticket.attributes;
        Self {
            user: side.ticket.user.clone(),
            speaks: attributes.speaks,
            learns: attributes.learns,
            proficiency: attributes.proficiency,
        }
    }
}

impl<E: Entropy> Core<E> {
    /// This session's search claimed both: its client and the other's session are told.
    pub(super) fn propose_both(&mut self, id: SessionId, proposal: &Arc<Proposal>, now: Time) {
        let claimed = &proposal.sides[1];
        let sides = proposal.sides.each_ref();
        let sides = sides.map(|side| (side.stage, now.since(side.ticket.enqueued_at)));
        self.tally_waits(proposal, now);
        self.record(Event::Proposed { sides });
        self.propose(id, proposal);
        self.send(&claimed.ticket.owner, Envelope::Proposed(proposal.clone()));
        self.decline_for_gone(id, proposal);
        if proposal.agreed() {
            self.open(id, proposal.clone(), None);
        }
    }

    /// The session's ticket is part of `proposal`: its client is told, once.
    pub(super) fn propose(&mut self, id: SessionId, proposal: &Arc<Proposal>) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        if session.settled.contains(&proposal.id) {
            return;
        }
        let Some((own, _)) = proposal.sides_of(&session.user) else { return };
        let Some(waiting) = session.waiting().filter(|waiting| waiting.ticket.id == own.ticket.id) else {
            return;
        };
        let proposed = Proposed {
            ticket: waiting.ticket.clone(),
            accepted: own.accepted,
            settle_at: proposal.expires_at,
            lost: false,
            peer_gone: None,
            peer: None,
            brought: false,
            proposal: proposal.clone(),
        };
        session.state = State::Proposed(Box::new(proposed));
        // Where nobody is asked, the client hears of the room when it stands.
        let asked = self.policies[session.policy].acceptance != Acceptance::AtOnce;
        let found = proposal.found_by(&session.user).filter(|_| asked);
        self.listed.remove(&id);
        if let Some(found) = found {
            self.notify(id, Notice::MatchFound(found));
            self.tell_proposed(id, proposal);
        }
    }

    /// Another session claimed this one's ticket, or the store says so.
    pub(super) fn proposed_by_other(&mut self, id: SessionId, proposal: &Arc<Proposal>) {
        let Some(session) = self.sessions.get_mut(id) else { return self.decline_for_absent(id, proposal) };
        let known = session.settled.contains(&proposal.id) || session.proposed(proposal.id).is_some();
        let own = proposal.sides_of(&session.user).map(|(own, _)| own.ticket.id);
        let waits = session.waiting().is_some_and(|waiting| Some(waiting.ticket.id) == own);
        if known {
            return;
        }
        if !waits {
            return self.decline_for_absent(id, proposal);
        }
        if let Ok(joiner) = self.take_joiner(id) {
            self.acknowledge_joined(joiner, NOT_WAITING);
            self.propose(id, proposal);
            self.schedule(id);
        }
    }

    /// A ticket was claimed whose owner no longer stands behind it.
    fn decline_for_absent(&mut self, id: SessionId, proposal: &Arc<Proposal>) {
        if let Some((own, _)) = self.sides_for(id, proposal) {
            self.decline(proposal.pool, proposal.id, own.ticket.user.clone());
        }
    }

    /// The side of this session, which may be over, and the other.
    pub(super) fn sides_for<'a>(
        &self,
        id: SessionId,
        proposal: &'a Proposal,
    ) -> Option<(&'a Side, &'a Side)> {
        if let Some(session) = self.sessions.get(id) {
            return proposal.sides_of(&session.user);
        }
        let here = self.address(id);
        let own = proposal.sides.iter().find(|side| side.ticket.owner == here)?;
        proposal.sides_of(&own.ticket.user)
    }

    /// Answers a proposal for somebody who is not there.
    pub(super) fn decline(&mut self, pool: PoolId, proposal: ProposalId, user: UserId) {
        let request = Operation::Answer { pool, proposal, user, verdict: Verdict::Leave };
        self.ask_aside(Purpose::Decline, request);
    }

    pub(super) fn declined(&mut self, outcome: Outcome) {
        let Outcome::Answered(answered) = outcome else { return };
        match answered {
            // The one it was declined for may be there after all, on a node that was thought dead.
            Answered::Ended(proposal) => {
                for side in &proposal.sides {
                    self.tell_failed(&proposal, &side.ticket.user, Failure::PartnerLeft);
                }
            }
            Answered::Agreed(proposal) => {
                let (room, departure) = (proposal.room, Departure::Left);
                let [one, other] = proposal.sides.each_ref().map(|side| side.ticket.owner.clone());
                self.send(&other, Envelope::Left { room, departure, from: one.clone() });
                self.send(&one, Envelope::Left { room, departure, from: other });
            }
            Answered::Pending(_) | Answered::Gone => {}
        }
    }

    /// A client answers a proposal.
    pub(super) fn answer(&mut self, id: SessionId, proposal: ProposalId, verdict: Verdict, asker: Asker) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let agreed = matches!(&session.state, State::Talking(talking) if talking.talk.proposal == proposal);
        if agreed && verdict == Verdict::Accept {
            return self.acknowledge(asker, Ok(Reply::Done));
        }
        match session.proposed(proposal) {
            Some(proposed) if proposed.accepted && verdict == Verdict::Accept => {
                self.acknowledge(asker, Ok(Reply::Done));
            }
            Some(_) => self.ask_answer(id, proposal, verdict, asker, Answering::Asked),
            None => self.acknowledge(asker, Err(Refusal::NoSuchProposal)),
        }
    }

    pub(super) fn ask_answer(
        &mut self,
        id: SessionId,
        proposal: ProposalId,
        verdict: Verdict,
        asker: Asker,
        why: Answering,
    ) {
        let Some(session) = self.sessions.get(id) else { return };
        let (pool, user) = (self.policy(session).pool, session.user.clone());
        let purpose = Purpose::Answer { proposal, verdict, asker, why };
        self.ask(id, purpose, Operation::Answer { pool, proposal, user, verdict });
    }

    #[expect(clippy::too_many_arguments, reason = "what was asked, and what the store says to it")]
    pub(super) fn answered_proposal(
        &mut self,
        id: SessionId,
        asked: ProposalId,
        verdict: Verdict,
        asker: Asker,
        why: Answering,
        outcome: Outcome,
        now: Time,
    ) {
        if let (Some(retry_after_ms), Verdict::Accept | Verdict::Reject) = (outcome.retry_after_ms(), verdict)
        {
            return self.acknowledge(asker, Err(Refusal::Unavailable { retry_after_ms }));
        }
        if let (Outcome::Answered(Answered::Gone), Verdict::Leave) = (&outcome, verdict) {
            self.tell_lost(id, asked, now);
        }
        let answered = if let Outcome::Answered(answered) = outcome { answered } else { Answered::Gone };
        match answered {
            Answered::Pending(proposal) => self.accepted_first(id, asker, &proposal),
            Answered::Agreed(proposal) => self.agreed_by(id, verdict, asker, why, proposal, now),
            Answered::Ended(proposal) => self.ended_by(id, verdict, asker, why, &proposal, now),
            Answered::Gone => self.answered_too_late(id, asked, verdict, asker, why, now),
        }
    }

    fn accepted_first(&mut self, id: SessionId, asker: Asker, proposal: &Arc<Proposal>) {
        self.acknowledge(asker, Ok(Reply::Done));
        let Some(session) = self.sessions.get_mut(id) else { return };
        let user = session.user.clone();
        if let Some(proposed) = session.proposed(proposal.id) {
            proposed.accepted = true;
            proposed.proposal = proposal.clone();
        }
        if let Some((_, other)) = proposal.sides_of(&user) {
            self.send(&other.ticket.owner, Envelope::Accepted(proposal.clone()));
        }
    }

    /// Both have accepted, says the store. One who wanted out is too late, but does not enter: it would be told
    /// of a room that it has left already.
    fn agreed_by(
        &mut self,
        id: SessionId,
        verdict: Verdict,
        asker: Asker,
        why: Answering,
        proposal: Arc<Proposal>,
        now: Time,
    ) {
        match verdict {
            Verdict::Accept => {
                self.accepted_first(id, None, &proposal);
                self.open(id, proposal, asker);
            }
            Verdict::Reject => self.acknowledge(asker, Err(Refusal::NoSuchProposal)),
            Verdict::Leave if self.came_back(id, why) => self.open(id, proposal, None),
            Verdict::Leave => {
                if self.sessions.get_mut(id).is_some_and(|session| session.proposed(proposal.id).is_some()) {
                    self.stay_away(id, &proposal, why.departure());
                    self.settle(id, &proposal, now);
                    self.give_up(id, why.ticket_end());
                }
                self.answered_and_gone(id, asker, why, now);
            }
        }
    }

    /// The proposal is over by this session's answer.
    fn ended_by(
        &mut self,
        id: SessionId,
        verdict: Verdict,
        asker: Asker,
        why: Answering,
        proposal: &Arc<Proposal>,
        now: Time,
    ) {
        let failure = match verdict {
            Verdict::Reject => Failure::Rejected,
            Verdict::Leave | Verdict::Accept => Failure::PartnerLeft,
        };
        self.record(Event::ProposalFailed(failure));
        let Some(session) = self.sessions.get_mut(id) else { return };
        let user = session.user.clone();
        let ticket = session.proposed(proposal.id).map(|proposed| proposed.ticket.clone());
        if ticket.is_some() {
            self.tell_proposal_failed(id, proposal, failure);
        }
        self.tell_failed(proposal, &user, failure);
        self.settle(id, proposal, now);
        match (verdict, ticket) {
            (Verdict::Reject, Some(ticket)) => {
                self.acknowledge(asker, Ok(Reply::Done));
                self.requeue(id, &ticket, Priority::Requeued, now);
            }
            (Verdict::Leave | Verdict::Accept, Some(ticket)) => {
                self.let_go(id, &ticket, why, now);
                self.answered_and_gone(id, asker, why, now);
            }
            (_, None) => self.answered_and_gone(id, asker, why, now),
        }
    }

    /// The store knows nothing of the proposal any more. Its end is on its way as an envelope, or comes up
    /// when the store is asked again.
    fn answered_too_late(
        &mut self,
        id: SessionId,
        asked: ProposalId,
        verdict: Verdict,
        asker: Asker,
        why: Answering,
        now: Time,
    ) {
        match verdict {
            Verdict::Accept | Verdict::Reject => {
                if let Some(proposed) = self.sessions.get_mut(id).and_then(|session| session.proposed(asked))
                {
                    // Should the store have lost it, nobody would tell.
                    proposed.settle_at = proposed.settle_at.min(now + NEWS_WITHIN);
                }
                self.acknowledge(asker, Err(Refusal::NoSuchProposal));
            }
            Verdict::Leave => {
                let Some(session) = self.sessions.get_mut(id) else { return };
                if let Some(proposed) = session.proposed(asked) {
                    let (proposal, ticket) = (proposed.proposal.clone(), proposed.ticket.clone());
                    self.settle(id, &proposal, now);
                    self.let_go(id, &ticket, why, now);
                }
                self.answered_and_gone(id, asker, why, now);
            }
        }
    }

    /// Whether a client that was given up is there again.
    fn came_back(&self, id: SessionId, why: Answering) -> bool {
        let connected = self.sessions.get(id).is_some_and(|session| session.connection.is_some());
        connected && matches!(why, Answering::End(_))
    }

    /// The session left its proposal. A client that came back meanwhile waits on, and will be told so.
    fn let_go(&mut self, id: SessionId, ticket: &Ticket, why: Answering, now: Time) {
        if self.came_back(id, why) {
            self.requeue(id, ticket, Priority::Usual, now);
        } else {
            self.give_up(id, why.ticket_end());
        }
    }

    /// The session is out of its proposal, as it wanted. Should that have failed before and its ticket have
    /// been queued again, or claimed again already, it leaves that as well.
    fn answered_and_gone(&mut self, id: SessionId, asker: Asker, why: Answering, now: Time) {
        match why {
            Answering::Asked => self.leave_queue(id, asker, now),
            Answering::End(departure) => self.end(id, departure, now),
        }
    }

    fn tell_failed(&mut self, proposal: &Proposal, from: &UserId, failure: Failure) {
        if let Some((_, other)) = proposal.sides_of(from) {
            let envelope = Envelope::Failed { proposal: proposal.id, failure };
            self.send(&other.ticket.owner, envelope);
        }
    }

    /// The store knows nothing of the proposal any more. Should it have lost it, the other side waits in vain.
    fn tell_lost(&mut self, id: SessionId, lost: ProposalId, now: Time) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let user = session.user.clone();
        let Some(proposal) = session.proposed(lost).map(|proposed| proposed.proposal.clone()) else { return };
        let in_time = now < proposal.expires_at;
        let failure = if in_time { Failure::PartnerLeft } else { Failure::Expired };
        self.tell_failed(&proposal, &user, failure);
    }

    /// The proposal is over for this session; the two do not meet again for a while.
    pub(super) fn settle(&mut self, id: SessionId, proposal: &Proposal, now: Time) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        session.settle(proposal.id);
        if let Some((_, other)) = proposal.sides_of(&session.user) {
            let partner = other.ticket.user.clone();
            self.remember(id, partner, now);
        }
    }

    /// The proposal came to nothing, and not by this session's answer.
    pub(super) fn failed(&mut self, id: SessionId, failed: ProposalId, failure: Failure, now: Time) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        // Whom nobody asked does not hear that it came to nothing either.
        let asked = self.policies[session.policy].acceptance != Acceptance::AtOnce;
        let Some(proposed) = session.proposed(failed) else { return };
        let (proposal, ticket) = (proposed.proposal.clone(), proposed.ticket.clone());
        let blameless = proposed.accepted || failure != Failure::Expired;
        self.tell_proposal_failed(id, &proposal, failure);
        self.settle(id, &proposal, now);
        if blameless {
            self.requeue(id, &ticket, Priority::Wronged, now);
        } else {
            self.give_up(id, TicketEnd::Expired);
        }
        if asked {
            self.notify(id, Notice::MatchFailed { proposal: failed, failure, requeued: blameless });
        }
        self.advance(id, now);
    }

    /// The other side accepted.
    pub(super) fn accepted_by_other(&mut self, id: SessionId, proposal: &Arc<Proposal>) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let user = session.user.clone();
        let Some(proposed) = session.proposed(proposal.id) else { return };
        proposed.proposal = proposal.clone();
        if let Some((_, other)) = proposal.sides_of(&user) {
            let by = other.ticket.user.clone();
            self.notify(id, Notice::MatchAccepted { proposal: proposal.id, room: proposal.room, by });
        }
    }

    /// The proposal's time is over.
    pub(super) fn expire(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get(id) else { return };
        let State::Proposed(proposed) = &session.state else { return };
        let (pool, proposal) = (proposed.proposal.pool, proposed.proposal.id);
        self.ask(id, Purpose::Expire { proposal }, Operation::Expire { pool, proposal });
    }

    pub(super) fn expired(&mut self, id: SessionId, asked: ProposalId, expired: Expired, now: Time) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let user = session.user.clone();
        let Some(proposed) = session.proposed(asked) else { return };
        match expired {
            Expired::Ended(proposal) => {
                if let Some((own, _)) = proposal.sides_of(&user) {
                    proposed.accepted = own.accepted;
                }
                self.record(Event::ProposalFailed(Failure::Expired));
                self.tell_failed(&proposal, &user, Failure::Expired);
                self.failed(id, asked, Failure::Expired, now);
            }
            Expired::Agreed(proposal) => self.open(id, proposal, None),
            Expired::Early => proposed.settle_at = now + RETRY_AFTER,
            // Whoever ended it tells; after a while nobody will.
            Expired::Gone if proposed.lost => {
                let proposal = proposed.proposal.clone();
                self.tell_lost(id, asked, now);
                // The other one may be in the room, or the answer was lost that it is open.
                self.stay_away(id, &proposal, Departure::Left);
                self.failed(id, asked, Failure::PartnerLeft, now);
            }
            Expired::Gone => {
                proposed.lost = true;
                proposed.settle_at = now + NEWS_WITHIN;
            }
        }
    }
}
