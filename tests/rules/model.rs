//! What a store means, written to be read and not to be fast: a list of those who wait, searched from one end
//! to the other with the domain's own rule. Of pools it knows no buckets, and of plans only the place they give a ticket.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use qala::domain::criteria::{AgeRange, Ladder, Stage, Wishes};
use qala::domain::id::{Address, ProposalId, TicketId, UserId};
use qala::domain::operation::{
    Answered, Expired, Operation, Outcome, Place, Reclaimed, Search, Searched, Standing, Withdrawn,
};
use qala::domain::person::Direction;
use qala::domain::proposal::{Proposal, Side, Verdict};
use qala::domain::ticket::{Order, Ticket};
use qala::domain::time::Time;

use super::aside::Aside;

/// Tickets without an owner that one search clears away, besides those it meets.
const SWEPT_AT_ONCE: usize = 4;
/// How long a proposal is known after its time is over.
const KEPT_AFTER_EXPIRY: Duration = Duration::from_secs(10);

/// Somebody who waits.
#[derive(Clone)]
pub(crate) struct Waiter {
    /// Who.
    pub(crate) ticket: Arc<Ticket>,
    /// How far the wishes have relaxed.
    pub(crate) stage: Stage,
    /// Its place among all.
    pub(crate) order: Order,
    /// Until when the owner counts as alive.
    pub(crate) lease_until: Time,
}

/// A proposal that is known, and what it came to nothing by.
#[derive(Clone)]
struct Made {
    proposal: Arc<Proposal>,
    ended: Option<End>,
    /// Those of the two who have searched again since.
    superseded_for: BTreeSet<UserId>,
}

/// What ends a proposal: an answer, or its time.
type End = Option<(UserId, Verdict)>;

/// One pool.
pub(crate) struct Model {
    /// How wishes relax.
    pub(crate) ladder: Ladder,
    /// Everybody who waits, in no order.
    pub(crate) waiting: Vec<Waiter>,
    proposals: Vec<Made>,
    /// Every wait that ended in a match, as it happened.
    waits: Vec<(Direction, Duration)>,
    aside: Aside,
}

impl Model {
    /// An empty pool.
    pub(crate) fn new(ladder: Ladder) -> Self {
        Self {
            ladder,
            waiting: Vec::new(),
            proposals: Vec::new(),
            waits: Vec::new(),
            aside: Aside::default(),
        }
    }

    /// Carries out an operation.
    pub(crate) fn execute(&mut self, operation: &Operation, now: Time) -> Outcome {
        self.proposals.retain(|made| now < made.proposal.expires_at + KEPT_AFTER_EXPIRY);
        match operation {
            Operation::Search(search) => Outcome::Searched(self.search(search, now)),
            Operation::Withdraw { ticket, .. } => Outcome::Withdrawn(self.withdraw(*ticket)),
            Operation::Renew { tickets, lease_until, .. } => {
                let standing = |ticket: &TicketId| (*ticket, self.standing(*ticket, *lease_until));
                Outcome::Renewed(tickets.iter().map(standing).collect())
            }
            Operation::Answer { proposal, user, verdict, .. } => {
                Outcome::Answered(self.answer(*proposal, user, *verdict, now))
            }
            Operation::Expire { proposal, .. } => Outcome::Expired(self.expire(*proposal, now)),
            Operation::Reclaim { user, owner, .. } => Outcome::Reclaimed(self.reclaim(user, owner, now)),
            Operation::Attach { .. }
            | Operation::Register { .. }
            | Operation::Locate { .. }
            | Operation::Detach { .. }
            | Operation::Remember { .. }
            | Operation::OpenRoom { .. }
            | Operation::Rejoin { .. }
            | Operation::CloseRoom { .. }
            | Operation::Append { .. }
            | Operation::Messages { .. }
            | Operation::Hall { .. } => {
                self.aside.execute(operation, now).expect("it is of a user or a room")
            }
        }
    }

    /// The first behind `after` of those alive whom `ticket` at `stage` may meet.
    pub(crate) fn first_acceptable(
        &self,
        ticket: &Ticket,
        stage: Stage,
        after: Option<Order>,
        now: Time,
    ) -> Option<&Waiter> {
        let acceptable = self.waiting.iter().filter(|waiter| {
            waiter.ticket.id != ticket.id
                && Some(waiter.order) > after
                && now < waiter.lease_until
                && self.may_meet(ticket, stage, waiter)
        });
        acceptable.min_by_key(|waiter| waiter.order)
    }

    fn may_meet(&self, ticket: &Ticket, stage: Stage, waiter: &Waiter) -> bool {
        ticket.may_meet(stage, &waiter.ticket, waiter.stage, &self.ladder)
    }

    /// Whether the two accept each other but for age and avoidance: such a one counts as a candidate.
    fn is_candidate(&self, ticket: &Ticket, stage: Stage, waiter: &Waiter) -> bool {
        let whatever_age = |ticket: &Ticket, stage| Wishes {
            age: AgeRange::ALL,
            ..self.ladder.wishes(&ticket.criteria, stage)
        };
        let (mine, theirs) = (&ticket.attributes, &waiter.ticket.attributes);
        whatever_age(ticket, stage).accept(mine, theirs)
            && whatever_age(&waiter.ticket, waiter.stage).accept(theirs, mine)
    }

    fn search(&mut self, search: &Search, now: Time) -> Searched {
        if let Some(made) = self.proposals.iter().find(|made| made.proposal.id == search.proposal) {
            return Searched::Claimed(Arc::clone(&made.proposal));
        }
        let plan = &search.plan;
        let own = plan.ticket.id;
        let taken = self.taken(own).or_else(|| self.taken(plan.replaces?));
        if let Some(taken) =
            taken.or_else(|| self.open_of(&plan.ticket.user).map(|made| made.proposal.clone()))
        {
            return Searched::Taken(taken);
        }
        self.sweep(now);
        self.waiting.retain(|waiter| {
            let replaced = Some(waiter.ticket.id) == plan.replaces || waiter.ticket.user == plan.ticket.user;
            !replaced || waiter.ticket.id == own
        });
        let listed = self.waiting.iter().any(|waiter| waiter.ticket.id == own);
        if !listed && self.waiting.len() >= search.most_waiting {
            return Searched::Full;
        }
        for made in &mut self.proposals {
            made.superseded_for.insert(plan.ticket.user.clone());
        }
        self.waiting.retain(|waiter| waiter.ticket.id != own);
        let mut candidates = self.waiting.clone();
        candidates.retain(|waiter| Some(waiter.order) > plan.after);
        candidates.retain(|waiter| self.is_candidate(&plan.ticket, plan.stage, waiter));
        candidates.sort_by_key(|waiter| waiter.order);
        self.waiting.push(Waiter {
            ticket: Arc::clone(&plan.ticket),
            stage: plan.stage,
            order: plan.order,
            lease_until: search.lease_until,
        });
        for (looked_at, candidate) in candidates.iter().enumerate() {
            if looked_at == plan.candidates {
                return Searched::More(candidates[looked_at - 1].order);
            }
            if candidate.lease_until <= now {
                self.waiting.retain(|waiter| waiter.ticket.id != candidate.ticket.id);
            } else if self.may_meet(&plan.ticket, plan.stage, candidate) {
                return Searched::Claimed(self.claim(search, candidate, now));
            }
        }
        Searched::Listed(self.place(&plan.ticket, plan.order))
    }

    fn claim(&mut self, search: &Search, other: &Waiter, now: Time) -> Arc<Proposal> {
        let plan = &search.plan;
        let both = [(&plan.ticket, plan.stage), (&other.ticket, other.stage)];
        self.waiting.retain(|waiter| both.iter().all(|(ticket, _)| waiter.ticket.id != ticket.id));
        let proposal = Arc::new(Proposal {
            id: search.proposal,
            room: search.room,
            pool: plan.ticket.pool,
            sides: both.map(|(ticket, stage)| Side {
                ticket: Arc::clone(ticket),
                stage,
                accepted: search.agreed,
            }),
            expires_at: now + search.accept_within,
        });
        self.proposals.push(Made {
            proposal: Arc::clone(&proposal),
            ended: None,
            superseded_for: BTreeSet::new(),
        });
        if search.agreed {
            self.count_waits(&proposal, now);
        }
        proposal
    }

    /// A match was agreed: both have waited until now.
    fn count_waits(&mut self, proposal: &Proposal, now: Time) {
        for Side { ticket, .. } in &proposal.sides {
            self.waits.push((ticket.attributes.direction(), now.since(ticket.enqueued_at)));
        }
    }

    fn sweep(&mut self, now: Time) {
        self.waiting.sort_by_key(|waiter| (waiter.lease_until, waiter.ticket.id));
        let dead = self.waiting.iter().take_while(|waiter| waiter.lease_until <= now).count();
        self.waiting.drain(..dead.min(SWEPT_AT_ONCE));
    }

    fn withdraw(&mut self, ticket: TicketId) -> Withdrawn {
        if let Some(taken) = self.taken(ticket) {
            return Withdrawn::Taken(taken);
        }
        let before = self.waiting.len();
        self.waiting.retain(|waiter| waiter.ticket.id != ticket);
        if self.waiting.len() < before { Withdrawn::Removed } else { Withdrawn::Unknown }
    }

    fn standing(&mut self, ticket: TicketId, lease_until: Time) -> Standing {
        if let Some(taken) = self.taken(ticket) {
            return Standing::Taken(taken);
        }
        let Some(waiter) = self.waiting.iter_mut().find(|waiter| waiter.ticket.id == ticket) else {
            return Standing::Unknown;
        };
        waiter.lease_until = lease_until;
        let (ticket, order) = (Arc::clone(&waiter.ticket), waiter.order);
        Standing::Waiting(self.place(&ticket, order))
    }

    /// The proposal that this user has to answer, or the other one has.
    fn open_of(&mut self, user: &UserId) -> Option<&mut Made> {
        let of_user = |made: &&mut Made| made.proposal.sides.iter().any(|side| side.ticket.user == *user);
        let open = |made: &&mut Made| made.ended.is_none() && !made.proposal.agreed();
        self.proposals.iter_mut().filter(open).find(of_user)
    }

    /// The proposal that this user was last part of, unless it came to nothing or the user searched again since.
    fn latest_of(&mut self, user: &UserId) -> Option<&mut Made> {
        self.proposals.iter_mut().find(|made| {
            made.ended.is_none()
                && !made.superseded_for.contains(user)
                && made.proposal.sides.iter().any(|side| side.ticket.user == *user)
        })
    }

    fn reclaim(&mut self, user: &UserId, owner: &Address, now: Time) -> Reclaimed {
        if let Some(waiter) = self.waiting.iter_mut().find(|waiter| waiter.ticket.user == *user) {
            let ticket = Ticket { owner: owner.clone(), ..Ticket::clone(&waiter.ticket) };
            waiter.ticket = Arc::new(ticket);
            return Reclaimed::Waiting(Arc::clone(&waiter.ticket));
        }
        let Some(made) = self.latest_of(user).filter(|made| now < made.proposal.expires_at) else {
            return Reclaimed::Nothing;
        };
        let mut proposal = Proposal::clone(&made.proposal);
        for side in proposal.sides.iter_mut().filter(|side| side.ticket.user == *user) {
            side.ticket = Arc::new(Ticket { owner: owner.clone(), ..Ticket::clone(&side.ticket) });
        }
        made.proposal = Arc::new(proposal);
        Reclaimed::Taken(Arc::clone(&made.proposal))
    }

    fn answer(&mut self, id: ProposalId, user: &UserId, verdict: Verdict, now: Time) -> Answered {
        let Some(index) = self.proposals.iter().position(|made| made.proposal.id == id) else {
            return Answered::Gone;
        };
        let Made { proposal, ended, .. } = self.proposals[index].clone();
        if proposal.sides.iter().all(|side| side.ticket.user != *user) {
            return Answered::Gone;
        }
        let end = Some((user.clone(), verdict));
        match ended {
            Some(ended) if ended == end => return Answered::Ended(proposal),
            Some(_) => return Answered::Gone,
            None => {}
        }
        if proposal.agreed() {
            return Answered::Agreed(proposal);
        }
        if now >= proposal.expires_at {
            return Answered::Gone;
        }
        if verdict != Verdict::Accept {
            self.proposals[index].ended = Some(end);
            return Answered::Ended(proposal);
        }
        self.accept(index, user, now)
    }

    fn accept(&mut self, index: usize, user: &UserId, now: Time) -> Answered {
        let mut proposal = Proposal::clone(&self.proposals[index].proposal);
        proposal
            .sides
            .iter_mut()
            .filter(|side| side.ticket.user == *user)
            .for_each(|side| side.accepted = true);
        let proposal = Arc::new(proposal);
        self.proposals[index].proposal = Arc::clone(&proposal);
        if !proposal.agreed() {
            return Answered::Pending(proposal);
        }
        self.count_waits(&proposal, now);
        Answered::Agreed(proposal)
    }

    fn expire(&mut self, id: ProposalId, now: Time) -> Expired {
        let Some(made) = self.proposals.iter_mut().find(|made| made.proposal.id == id) else {
            return Expired::Gone;
        };
        let proposal = Arc::clone(&made.proposal);
        match made.ended {
            Some(None) => Expired::Ended(proposal),
            Some(Some(_)) => Expired::Gone,
            None if proposal.agreed() => Expired::Agreed(proposal),
            None if now < proposal.expires_at => Expired::Early,
            None => {
                made.ended = Some(None);
                Expired::Ended(proposal)
            }
        }
    }

    fn taken(&self, ticket: TicketId) -> Option<Arc<Proposal>> {
        let of_ticket = |made: &&Made| {
            made.ended.is_none() && made.proposal.sides.iter().any(|side| side.ticket.id == ticket)
        };
        self.proposals.iter().find(of_ticket).map(|made| Arc::clone(&made.proposal))
    }

    fn place(&self, ticket: &Ticket, order: Order) -> Place {
        let direction = ticket.attributes.direction();
        let before_it = self
            .waiting
            .iter()
            .filter(|waiter| waiter.ticket.attributes.direction() == direction && waiter.order < order);
        let position = u32::try_from(before_it.count() + 1).expect("few wait");
        let waits = self.waits.iter().filter(|(of, _)| *of == direction);
        // Eight times the mean in milliseconds, each wait with a weight of one eighth, from thirty seconds.
        let sum = waits.fold(240_000, |sum, (_, wait)| sum - sum / 8 + wait.as_millis());
        let seconds = sum.div_ceil(8_000).min(300);
        Place { position, estimated_wait_seconds: u32::try_from(seconds).expect("at most 300") }
    }
}
