//! A scene being played to a store and to the model, every reply compared.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use qala::domain::criteria::Stage;
use qala::domain::id::{TicketId, UserId};
use qala::domain::operation::{
    Answered, Appended, Attached, Expired, Former, Operation, Outcome, Reclaimed, Registered, Searched,
    Standing, Withdrawn,
};
use qala::domain::proposal::Proposal;
use qala::domain::ticket::{Order, Ticket};
use qala::domain::time::Time;
use qala::store::Store;

use super::actions::{Action, POOL, Person, START, Scene, avoid};
use super::model::Model;
use crate::store::{address, answer, search};

/// A ticket of the scene.
#[derive(Clone)]
pub(crate) struct Known {
    ticket: Ticket,
    pub(crate) stage: Stage,
    /// Where its search stopped at the limit.
    stopped_at: Option<Order>,
}

/// A scene being played.
pub(crate) struct Play<'a> {
    store: &'a dyn Store,
    pub(crate) model: Model,
    scene: &'a Scene,
    pub(crate) now: Time,
    pub(crate) tickets: Vec<Known>,
    proposals: Vec<Arc<Proposal>>,
    last: Option<Operation>,
    /// What was answered so far, by name: shows that scenes reach everything.
    pub(crate) seen: BTreeSet<&'static str>,
}

impl<'a> Play<'a> {
    pub(crate) fn new(store: &'a dyn Store, scene: &'a Scene) -> Self {
        let model = Model::new(scene.ladder.clone());
        let (tickets, proposals, seen) = (Vec::new(), Vec::new(), BTreeSet::new());
        Self { store, model, scene, now: START, tickets, proposals, last: None, seen }
    }

    /// Asks both, and finds the same.
    fn ask(&mut self, operation: &Operation) -> Result<Outcome, TestCaseError> {
        let expected = self.model.execute(operation, self.now);
        let outcome = answer(self.store, operation.clone(), self.now);
        prop_assert_eq!(&outcome, &expected, "to {:?} at {:?}", operation, self.now);
        self.seen.extend(names(&outcome));
        self.last = Some(operation.clone());
        Ok(outcome)
    }

    pub(crate) fn act(&mut self, action: &Action) -> Result<(), TestCaseError> {
        match action {
            Action::Arrive { person, replaces, lease_ms } => {
                let replaces =
                    replaces.and_then(|which| self.ticket(which)).map(|index| self.tickets[index].ticket.id);
                let index = self.arrive(person);
                self.search(index, None, replaces, *lease_ms)?;
            }
            Action::Search { which, climb, from, lease_ms } => {
                let Some(index) = self.ticket(*which) else { return Ok(()) };
                let known = &mut self.tickets[index];
                let next = usize::from(known.stage.number()) + usize::from(*climb);
                known.stage = Stage::ALL.get(next).copied().unwrap_or(Stage::PairOnly);
                let after = self.scene.shuffled.then(|| Ticket::anywhere(*from));
                self.search(index, after, None, *lease_ms)?;
            }
            Action::Continue { which } => {
                let stopped = self.tickets.iter().rev().filter(|known| known.stopped_at.is_some());
                let Some(id) = stopped.cycle().nth(*which).map(|known| known.ticket.id) else {
                    return Ok(());
                };
                let index = self.tickets.iter().position(|known| known.ticket.id == id).expect("it is known");
                self.search(index, self.tickets[index].stopped_at, None, 1_000_000)?;
            }
            Action::Requeue { which, priority, avoid: users } => {
                let Some(index) = self.ticket(*which) else { return Ok(()) };
                let ticket = &mut self.tickets[index].ticket;
                (ticket.priority, ticket.avoid) = (*priority, avoid(users));
                self.search(index, None, None, 1_000_000)?;
            }
            Action::Repeat => {
                let Some(operation) = self.last.clone() else { return Ok(()) };
                // One that stopped at its limit may have cleared enough away to find somebody the second time.
                if let Outcome::Searched(Searched::Claimed(proposal)) = self.ask(&operation)?
                    && self.proposals.iter().all(|known| known.id != proposal.id)
                {
                    self.proposals.push(proposal);
                }
            }
            Action::Wait { ms } => self.now = self.now + Duration::from_millis(*ms),
            Action::Withdraw { .. }
            | Action::Renew { .. }
            | Action::Answer { .. }
            | Action::Reclaim { .. }
            | Action::Aside(_)
            | Action::Expire { .. } => {
                if let Some(operation) = self.operation(action) {
                    self.ask(&operation)?;
                }
            }
        }
        Ok(())
    }

    /// The operation of an action that is just one; `None` where there is nothing yet to do it to.
    fn operation(&self, action: &Action) -> Option<Operation> {
        let pool = POOL;
        let proposal = |which: usize| self.proposals.iter().rev().cycle().nth(which);
        Some(match action {
            Action::Withdraw { which } => {
                Operation::Withdraw { pool, ticket: self.tickets[self.ticket(*which)?].ticket.id }
            }
            Action::Renew { which, lease_ms } => {
                let known = which.iter().filter_map(|which| self.ticket(*which));
                let mut tickets: Vec<_> = known.map(|index| self.tickets[index].ticket.id).collect();
                tickets.push(TicketId(0));
                Operation::Renew { pool, tickets, lease_until: self.now + Duration::from_millis(*lease_ms) }
            }
            Action::Answer { which, side, verdict } => {
                let proposal = proposal(*which)?;
                let stranger = || UserId::new("stranger");
                let user = proposal.sides.get(*side).map_or_else(stranger, |side| side.ticket.user.clone());
                Operation::Answer { pool, proposal: proposal.id, user, verdict: *verdict }
            }
            Action::Reclaim { which, slot } => {
                let user = self.tickets[self.ticket(*which)?].ticket.user.clone();
                Operation::Reclaim { pool, user, owner: address(*slot) }
            }
            Action::Aside(aside) => aside.operation(self.now),
            Action::Expire { which } => Operation::Expire { pool, proposal: proposal(*which)?.id },
            Action::Arrive { .. }
            | Action::Search { .. }
            | Action::Continue { .. }
            | Action::Requeue { .. }
            | Action::Repeat
            | Action::Wait { .. } => return None,
        })
    }

    fn ticket(&self, which: usize) -> Option<usize> {
        let count = self.tickets.len();
        (count > 0).then(|| count - 1 - which % count)
    }

    pub(crate) fn arrive(&mut self, person: &Person) -> usize {
        let id = u64::try_from(self.tickets.len()).expect("few tickets") + 1;
        // Not in the order of their ids, so that ties are decided by more than arrival.
        let ticket = person.ticket(id * 7 % 1_009, self.now);
        self.tickets.push(Known { ticket, stage: Stage::Exact, stopped_at: None });
        self.tickets.len() - 1
    }

    /// One operation of a search.
    pub(crate) fn search(
        &mut self,
        index: usize,
        after: Option<Order>,
        replaces: Option<TicketId>,
        lease_ms: u64,
    ) -> Result<Searched, TestCaseError> {
        let Known { ticket, stage, .. } = self.tickets[index].clone();
        let number = u64::try_from(self.proposals.len()).expect("few proposals") + 1;
        let mut search = search(ticket.clone(), stage, &self.scene.ladder, number);
        search.plan.candidates = self.scene.candidates;
        if self.scene.shuffled {
            search.plan.order = ticket.shuffled();
        }
        search.agreed = self.scene.agreed;
        (search.plan.after, search.plan.replaces) = (after, replaces);
        search.most_waiting = self.scene.most_waiting;
        search.lease_until = self.now + Duration::from_millis(lease_ms);
        let first =
            self.model.first_acceptable(&ticket, stage, after, self.now).map(|waiter| waiter.ticket.id);
        let outcome = self.ask(&Operation::Search(Box::new(search)))?;
        let Outcome::Searched(searched) = outcome else {
            return Err(TestCaseError::fail(format!("no answer to a search: {outcome:?}")));
        };
        self.tickets[index].stopped_at = None;
        match &searched {
            Searched::Claimed(proposal) => {
                let [one, other] = &proposal.sides;
                let (mine, theirs) = (&one.ticket, &other.ticket);
                prop_assert_ne!(&mine.user, &theirs.user);
                prop_assert!(mine.may_meet(one.stage, theirs, other.stage, &self.scene.ladder));
                prop_assert!(theirs.may_meet(other.stage, mine, one.stage, &self.scene.ladder));
                if replaces.is_none() {
                    prop_assert_eq!(Some(theirs.id), first, "somebody acceptable is before");
                }
                self.proposals.push(Arc::clone(proposal));
            }
            Searched::Listed(_) if replaces.is_none() => {
                prop_assert_eq!(None, first, "somebody acceptable was passed over");
            }
            Searched::More(order) => {
                prop_assert!(after < Some(*order), "a search that goes on does not come to an end");
                self.tickets[index].stopped_at = Some(*order);
            }
            Searched::Listed(_) | Searched::Taken(_) | Searched::Full => {}
        }
        Ok(searched)
    }
}

/// What was answered, as it is called.
fn names(outcome: &Outcome) -> Vec<&'static str> {
    let standing = |(_, standing): &(TicketId, Standing)| match standing {
        Standing::Waiting(_) => "renewed waiting",
        Standing::Taken(_) => "renewed taken",
        Standing::Unknown => "renewed unknown",
    };
    match outcome {
        Outcome::Hall(_) => vec!["halls"],
        Outcome::Renewed(standings) => standings.iter().map(standing).collect(),
        Outcome::Searched(Searched::Listed(_)) => vec!["searched listed"],
        Outcome::Searched(Searched::More(_)) => vec!["searched more"],
        Outcome::Searched(Searched::Claimed(proposal)) if proposal.agreed() => vec!["searched agreed"],
        Outcome::Searched(Searched::Claimed(_)) => vec!["searched claimed"],
        Outcome::Searched(Searched::Taken(_)) => vec!["searched taken"],
        Outcome::Searched(Searched::Full) => vec!["searched full"],
        Outcome::Withdrawn(Withdrawn::Removed) => vec!["withdrawn removed"],
        Outcome::Withdrawn(Withdrawn::Taken(_)) => vec!["withdrawn taken"],
        Outcome::Withdrawn(Withdrawn::Unknown) => vec!["withdrawn unknown"],
        Outcome::Answered(Answered::Pending(_)) => vec!["answered pending"],
        Outcome::Answered(Answered::Agreed(_)) => vec!["answered agreed"],
        Outcome::Answered(Answered::Ended(_)) => vec!["answered ended"],
        Outcome::Answered(Answered::Gone) => vec!["answered gone"],
        Outcome::Expired(Expired::Ended(_)) => vec!["expired ended"],
        Outcome::Expired(Expired::Agreed(_)) => vec!["expired agreed"],
        Outcome::Expired(Expired::Early) => vec!["expired early"],
        Outcome::Expired(Expired::Gone) => vec!["expired gone"],
        Outcome::Reclaimed(Reclaimed::Waiting(_)) => vec!["reclaimed waiting"],
        Outcome::Reclaimed(Reclaimed::Taken(_)) => vec!["reclaimed taken"],
        Outcome::Reclaimed(Reclaimed::Nothing) => vec!["reclaimed nothing"],
        Outcome::Attached(Attached { former: None, .. }) => vec!["attached first"],
        Outcome::Attached(Attached { former: Some(Former { talk: None, .. }), .. }) => vec!["attached"],
        Outcome::Attached(Attached { former: Some(Former { talk: Some(_), .. }), .. }) => {
            vec!["attached talking"]
        }
        Outcome::Superseded(_) => vec!["superseded"],
        Outcome::Registered(Registered { former: None, .. }) => vec!["registered"],
        Outcome::Registered(Registered { former: Some(_), .. }) => vec!["registered instead"],
        Outcome::Located(known) => vec![if known.is_some() { "located" } else { "not located" }],
        Outcome::Rejoined(last) => vec![if last.is_some() { "rejoined" } else { "not rejoined" }],
        Outcome::Appended(Appended::Added(_)) => vec!["appended"],
        Outcome::Appended(Appended::Duplicate(_)) => vec!["appended before"],
        Outcome::Appended(Appended::NoRoom) => vec!["not appended"],
        Outcome::Messages(messages) => vec![if messages.is_empty() { "no messages" } else { "messages" }],
        Outcome::Done => vec!["done"],
        Outcome::Unavailable { .. } => vec![],
    }
}
