//! The proposals of one pool, from the claim until they come to nothing or are forgotten. An agreed one
//! outlives the opening of its room: a side that missed the news learns of it when it asks. One that came to
//! nothing stays as long, with what ended it: whoever asks the same again, because the answer was lost, is
//! answered the same. Its tickets are free at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::domain::id::{Address, ProposalId, TicketId, UserId};
use crate::domain::proposal::{Proposal, Verdict};
use crate::domain::time::Time;

/// How long a proposal is kept after its time is over, for those who ask late. A core asks when the time is
/// over and every second from then on; by now it has asked ten times, or is gone.
const KEPT_AFTER_EXPIRY: Duration = Duration::from_secs(10);
/// Forgotten proposals that one operation clears away: more than the one that it may make.
const SWEPT_AT_ONCE: usize = 4;

/// What a proposal came to nothing by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// One of the two said so.
    Answer(UserId, Verdict),
    /// Its time was over.
    Expiry,
}

/// A proposal that is known.
pub(super) struct Kept {
    pub(super) proposal: Arc<Proposal>,
    /// What ended it, if anything did.
    pub(super) ended: Option<End>,
}

/// Claimed pairs.
#[derive(Default)]
pub(super) struct Proposals {
    /// All of them. The others find their way here.
    kept: BTreeMap<ProposalId, Kept>,
    /// Both tickets of each that stands, so that whoever lost the notice learns of it.
    by_ticket: BTreeMap<TicketId, ProposalId>,
    /// Both users of each that stands; of several proposals of one user, the latest.
    by_user: BTreeMap<UserId, ProposalId>,
    /// The order in which they are forgotten.
    by_expiry: BTreeSet<(Time, ProposalId)>,
}

impl Proposals {
    /// Keeps a new one.
    pub(super) fn add(&mut self, proposal: Arc<Proposal>) {
        let id = proposal.id;
        // One of the same name may be forgotten and not cleared away yet.
        self.forget(id);
        for side in &proposal.sides {
            self.by_ticket.insert(side.ticket.id, id);
            self.by_user.insert(side.ticket.user.clone(), id);
        }
        self.by_expiry.insert((proposal.expires_at, id));
        self.kept.insert(id, Kept { proposal, ended: None });
    }

    /// The one of this name. It is not there any more once it is due to be forgotten, whether or not a sweep
    /// came by since: answers must not depend on when it did.
    pub(super) fn get(&self, id: ProposalId, now: Time) -> Option<&Kept> {
        self.kept.get(&id).filter(|kept| !forgotten(kept.proposal.expires_at, now))
    }

    /// The one this ticket is part of.
    pub(super) fn of_ticket(&self, ticket: TicketId, now: Time) -> Option<&Arc<Proposal>> {
        self.get(*self.by_ticket.get(&ticket)?, now).map(|kept| &kept.proposal)
    }

    /// The latest that this user is part of, unless another ticket was listed since.
    pub(super) fn of_user(&self, user: &UserId, now: Time) -> Option<&Arc<Proposal>> {
        self.get(*self.by_user.get(user)?, now).map(|kept| &kept.proposal)
    }

    /// A user lists another ticket: what both accepted before is the user's no more.
    pub(super) fn supersede(&mut self, user: &UserId) {
        self.by_user.remove(user);
    }

    /// The side of `user` belongs to another session from now on.
    pub(super) fn hand_to(
        &mut self,
        id: ProposalId,
        user: &UserId,
        owner: &Address,
    ) -> Option<Arc<Proposal>> {
        let proposal = &mut self.kept.get_mut(&id)?.proposal;
        for side in Arc::make_mut(proposal).sides.iter_mut().filter(|side| side.ticket.user == *user) {
            Arc::make_mut(&mut side.ticket).owner = owner.clone();
        }
        Some(Arc::clone(proposal))
    }

    /// `user` accepts.
    pub(super) fn accept(&mut self, id: ProposalId, user: &UserId) -> Option<Arc<Proposal>> {
        let proposal = &mut self.kept.get_mut(&id)?.proposal;
        for side in &mut Arc::make_mut(proposal).sides {
            side.accepted |= side.ticket.user == *user;
        }
        Some(Arc::clone(proposal))
    }

    /// One comes to nothing: its tickets are free.
    pub(super) fn end(&mut self, id: ProposalId, by: End) {
        let Some(kept) = self.kept.get_mut(&id) else { return };
        kept.ended = Some(by);
        let proposal = Arc::clone(&kept.proposal);
        self.release(&proposal);
    }

    fn forget(&mut self, id: ProposalId) {
        let Some(Kept { proposal, .. }) = self.kept.remove(&id) else { return };
        self.release(&proposal);
        self.by_expiry.remove(&(proposal.expires_at, id));
    }

    fn release(&mut self, proposal: &Proposal) {
        for side in &proposal.sides {
            // A ticket or its user may be part of a newer proposal when this one goes long after its time.
            if self.by_ticket.get(&side.ticket.id) == Some(&proposal.id) {
                self.by_ticket.remove(&side.ticket.id);
            }
            if self.by_user.get(&side.ticket.user) == Some(&proposal.id) {
                self.by_user.remove(&side.ticket.user);
            }
        }
    }

    /// Clears away a few whose time is long over.
    pub(super) fn sweep(&mut self, now: Time) {
        for _ in 0..SWEPT_AT_ONCE {
            match self.by_expiry.first() {
                Some(&(expires_at, id)) if forgotten(expires_at, now) => self.forget(id),
                Some(_) | None => return,
            }
        }
    }
}

fn forgotten(expires_at: Time, now: Time) -> bool {
    expires_at + KEPT_AFTER_EXPIRY <= now
}

#[cfg(test)]
impl Proposals {
    /// Whether nothing at all is kept.
    pub(super) fn is_bare(&self) -> bool {
        self.kept.is_empty()
            && self.by_ticket.is_empty()
            && self.by_user.is_empty()
            && self.by_expiry.is_empty()
    }
}
