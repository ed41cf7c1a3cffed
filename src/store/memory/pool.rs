//! One pool: who waits in it, who was claimed, and how the two change together.

use std::sync::Arc;

use super::look;
use super::proposals::{End, Proposals};
use super::queue::{Listed, Spot};
use super::waiting::{Standpoint, Waiting};
use super::waits::Waits;
use crate::domain::id::{Address, ProposalId, TicketId, UserId};
use crate::domain::operation::{Answered, Expired, Place, Reclaimed, Search, Searched, Standing, Withdrawn};
use crate::domain::proposal::{Proposal, Side, Verdict};
use crate::domain::time::Time;

/// Tickets that may be matched with each other. A ticket waits or is part of a proposal, never both, and a user
/// has one at most that waits or whose proposal is open: who stands still somewhere with an older one is not
/// matched by it.
#[derive(Default)]
pub(super) struct Pool {
    waiting: Waiting,
    proposals: Proposals,
    waits: Waits,
}

impl Pool {
    /// Lists a ticket and looks for somebody acceptable; claims both if there is one.
    pub(super) fn search(&mut self, search: Search, now: Time) -> Searched {
        self.proposals.sweep(now);
        // Asked again, because the answer was lost: it has claimed already, whatever became of that since.
        if let Some(made) = self.proposals.get(search.proposal, now) {
            return Searched::Claimed(Arc::clone(&made.proposal));
        }
        let plan = &search.plan;
        let (ticket, user) = (plan.ticket.id, &plan.ticket.user);
        let taken = self.taken(ticket, now).or_else(|| self.taken(plan.replaces?, now));
        let open = || self.proposals.of_user(user, now).filter(|latest| !latest.agreed()).map(Arc::clone);
        if let Some(taken) = taken.or_else(open) {
            return Searched::Taken(taken);
        }
        self.waiting.sweep(now);
        let replaced = [plan.replaces, self.waiting.of_user(user)];
        for replaced in replaced.into_iter().flatten().filter(|replaced| *replaced != ticket) {
            self.waiting.remove(replaced);
        }
        if !self.waiting.contains(ticket) && self.waiting.len() >= search.most_waiting {
            return Searched::Full;
        }
        // The look comes before the listing: a ticket that finds somebody need not be listed at all.
        let look = self.waiting.look(plan, now);
        for dead in look.dead {
            self.waiting.remove(dead);
        }
        match look.end {
            look::End::Found(other) => self.claim(search, other, now),
            look::End::More(last) => {
                self.list(search);
                Searched::More(last)
            }
            look::End::Nobody => {
                let standpoint = self.list(search);
                Searched::Listed(self.place(standpoint))
            }
        }
    }

    /// Who waits.
    pub(super) fn waiting(&self) -> &Waiting {
        &self.waiting
    }

    /// Whether a user is before an agreement.
    pub(super) fn is_proposed(&self, user: &UserId, now: Time) -> bool {
        let latest = self.proposals.of_user(user, now);
        latest.is_some_and(|latest| !latest.agreed() && now < latest.expires_at)
    }

    /// Takes a ticket off its list.
    pub(super) fn withdraw(&mut self, ticket: TicketId, now: Time) -> Withdrawn {
        self.proposals.sweep(now);
        match (self.taken(ticket, now), self.waiting.remove(ticket)) {
            (Some(taken), _) => Withdrawn::Taken(taken),
            (None, Some(_)) => Withdrawn::Removed,
            (None, None) => Withdrawn::Unknown,
        }
    }

    /// What `user` has belongs to the session at `owner` from now on.
    pub(super) fn reclaim(&mut self, user: &UserId, owner: &Address, now: Time) -> Reclaimed {
        self.proposals.sweep(now);
        let waiting = self.waiting.of_user(user);
        if let Some(ticket) = waiting.and_then(|ticket| self.waiting.hand_to(ticket, owner)) {
            return Reclaimed::Waiting(ticket);
        }
        match self.proposals.of_user(user, now).map(|latest| (latest.id, latest.expires_at)) {
            Some((id, expires_at)) if now < expires_at => {
                self.proposals.hand_to(id, user, owner).map_or(Reclaimed::Nothing, Reclaimed::Taken)
            }
            Some(_) | None => Reclaimed::Nothing,
        }
    }

    /// Lets the leases of `tickets` end at another time, and tells how each of them stands.
    pub(super) fn renew(
        &mut self,
        tickets: Vec<TicketId>,
        lease_until: Time,
        now: Time,
    ) -> Vec<(TicketId, Standing)> {
        self.proposals.sweep(now);
        tickets.into_iter().map(|ticket| (ticket, self.standing(ticket, lease_until, now))).collect()
    }

    /// One of the two answers.
    pub(super) fn answer(&mut self, id: ProposalId, user: &UserId, verdict: Verdict, now: Time) -> Answered {
        self.proposals.sweep(now);
        let Some(kept) = self.proposals.get(id, now) else { return Answered::Gone };
        let proposal = &kept.proposal;
        if proposal.sides_of(user).is_none() {
            return Answered::Gone;
        }
        let end = End::Answer(user.clone(), verdict);
        if let Some(ended) = &kept.ended {
            return if *ended == end { Answered::Ended(Arc::clone(proposal)) } else { Answered::Gone };
        }
        if proposal.agreed() {
            return Answered::Agreed(Arc::clone(proposal));
        }
        if proposal.expires_at <= now {
            return Answered::Gone;
        }
        match verdict {
            Verdict::Accept => self.accept(id, user, now),
            Verdict::Reject | Verdict::Leave => {
                let ended = Arc::clone(proposal);
                self.proposals.end(id, end);
                Answered::Ended(ended)
            }
        }
    }

    /// Ends a proposal whose time is over.
    pub(super) fn expire(&mut self, id: ProposalId, now: Time) -> Expired {
        self.proposals.sweep(now);
        let Some(kept) = self.proposals.get(id, now) else { return Expired::Gone };
        let proposal = Arc::clone(&kept.proposal);
        if let Some(ended) = &kept.ended {
            return if *ended == End::Expiry { Expired::Ended(proposal) } else { Expired::Gone };
        }
        if proposal.agreed() {
            return Expired::Agreed(proposal);
        }
        if now < proposal.expires_at {
            return Expired::Early;
        }
        self.proposals.end(id, End::Expiry);
        Expired::Ended(proposal)
    }

    fn taken(&self, ticket: TicketId, now: Time) -> Option<Arc<Proposal>> {
        self.proposals.of_ticket(ticket, now).map(Arc::clone)
    }

    fn place(&self, (direction, position): Standpoint) -> Place {
        Place { position, estimated_wait_seconds: self.waits.estimate(direction) }
    }

    fn list(&mut self, Search { plan, lease_until, .. }: Search) -> Standpoint {
        let (stage, accepts_age) = (plan.stage, plan.accepts_age);
        self.proposals.supersede(&plan.ticket.user);
        let spot = Spot { bucket: plan.listed_in, order: plan.order };
        self.waiting.list(spot, Listed { ticket: plan.ticket, stage, accepts_age, lease_until })
    }

    fn claim(&mut self, search: Search, other: TicketId, now: Time) -> Searched {
        let Search { plan, proposal, room, accept_within, agreed, .. } = search;
        self.waiting.remove(plan.ticket.id);
        let other = self.waiting.remove(other).expect("a ticket that a look found is listed");
        let side = |ticket, stage| Side { ticket, stage, accepted: agreed };
        let proposal = Arc::new(Proposal {
            id: proposal,
            room,
            pool: plan.ticket.pool,
            sides: [side(plan.ticket, plan.stage), side(other.ticket, other.stage)],
            expires_at: now + accept_within,
        });
        self.proposals.add(Arc::clone(&proposal));
        if agreed {
            self.record_waits(&proposal, now);
        }
        Searched::Claimed(proposal)
    }

    fn standing(&mut self, ticket: TicketId, lease_until: Time, now: Time) -> Standing {
        if let Some(taken) = self.taken(ticket, now) {
            return Standing::Taken(taken);
        }
        match self.waiting.renew(ticket, lease_until) {
            Some(standpoint) => Standing::Waiting(self.place(standpoint)),
            None => Standing::Unknown,
        }
    }

    /// The waits of a match are counted when it is agreed, until that moment: each ticket counts once, with
    /// everything that proposals which came to nothing cost it.
    fn accept(&mut self, id: ProposalId, user: &UserId, now: Time) -> Answered {
        let proposal = self.proposals.accept(id, user).expect("the proposal was found a moment ago");
        if !proposal.agreed() {
            return Answered::Pending(proposal);
        }
        self.record_waits(&proposal, now);
        Answered::Agreed(proposal)
    }

    fn record_waits(&mut self, proposal: &Proposal, now: Time) {
        for Side { ticket, .. } in &proposal.sides {
            self.waits.record(ticket.attributes.direction(), now.since(ticket.enqueued_at));
        }
    }
}

#[cfg(test)]
impl Pool {
    /// Whether nothing but estimates is kept.
    pub(super) fn is_bare(&self) -> bool {
        self.waiting.is_bare() && self.proposals.is_bare()
    }
}
