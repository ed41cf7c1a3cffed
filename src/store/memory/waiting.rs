//! Everybody who waits in one pool: by name, by queue, and by the end of their leases.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::look::{Look, look};
use super::queue::{Listed, Queue, Spot};
use crate::domain::id::{Address, TicketId, UserId};
use crate::domain::person::Direction;
use crate::domain::search::SearchPlan;
use crate::domain::ticket::Ticket;
use crate::domain::time::Time;

/// Tickets without an owner that one search clears away, wherever they are listed. More than the one ticket
/// that a search may add, so that what dead nodes left in buckets nobody looks through goes as well.
const SWEPT_AT_ONCE: usize = 4;

/// A place in line: whose line, and where.
pub(super) type Standpoint = (Direction, u32);

/// The waiting tickets of one pool. Trees throughout: unlike a hash table they give memory back as they
/// shrink, and no single operation pays for moving everything when they grow.
#[derive(Default)]
pub(super) struct Waiting {
    /// Where each ticket is listed.
    spots: BTreeMap<TicketId, Spot>,
    /// Where they are listed. No queue in here is empty.
    queues: BTreeMap<Direction, Queue>,
    /// The same tickets by whose they are. A user has one at most.
    by_user: BTreeMap<UserId, TicketId>,
    /// The same tickets by the end of their leases, so that the dead are found without looking for them.
    leases: BTreeSet<(Time, TicketId)>,
}

impl Waiting {
    /// How many wait, those included whose owner is gone and whom nobody has met yet.
    pub(super) fn len(&self) -> usize {
        self.spots.len()
    }

    /// Whether this ticket waits.
    pub(super) fn contains(&self, ticket: TicketId) -> bool {
        self.spots.contains_key(&ticket)
    }

    /// Who waits in one direction.
    pub(super) fn queue(&self, direction: Direction) -> Option<&Queue> {
        self.queues.get(&direction)
    }

    /// What a user waits with.
    pub(super) fn listed_of(&self, user: &UserId) -> Option<&Listed> {
        let spot = self.spots.get(self.by_user.get(user)?)?;
        self.queues.get(&spot.bucket.direction)?.list(&spot.bucket)?.get(&spot.order)
    }

    /// The ticket of a user.
    pub(super) fn of_user(&self, user: &UserId) -> Option<TicketId> {
        self.by_user.get(user).copied()
    }

    /// Lists a ticket, or lists it anew. Its user has no other.
    pub(super) fn list(&mut self, spot: Spot, listed: Listed) -> Standpoint {
        let (ticket, lease_until, bucket) = (listed.ticket.id, listed.lease_until, spot.bucket);
        match self.spots.get(&ticket).copied() {
            Some(old) if old.order == spot.order && old.bucket.direction == bucket.direction => {
                self.renew(ticket, lease_until);
                let queue = self.queues.entry(bucket.direction).or_default();
                queue.relist(old, spot, listed);
            }
            Some(_) | None => {
                self.remove(ticket);
                self.leases.insert((lease_until, ticket));
                self.by_user.insert(listed.ticket.user.clone(), ticket);
                self.queues.entry(bucket.direction).or_default().insert(spot, listed);
            }
        }
        self.spots.insert(ticket, spot);
        self.standpoint(spot)
    }

    /// Takes a ticket off its list.
    pub(super) fn remove(&mut self, ticket: TicketId) -> Option<Listed> {
        let spot = self.spots.remove(&ticket)?;
        let queue = self.queues.get_mut(&spot.bucket.direction)?;
        let listed = queue.remove(spot)?;
        if queue.is_empty() {
            self.queues.remove(&spot.bucket.direction);
        }
        self.leases.remove(&(listed.lease_until, ticket));
        self.by_user.remove(&listed.ticket.user);
        Some(listed)
    }

    /// Lets the lease of a waiting ticket end at another time, also one that ran out and was not met since.
    pub(super) fn renew(&mut self, ticket: TicketId, lease_until: Time) -> Option<Standpoint> {
        let spot = *self.spots.get(&ticket)?;
        let listed = self.queues.get_mut(&spot.bucket.direction)?.get_mut(spot)?;
        if listed.lease_until != lease_until {
            self.leases.remove(&(listed.lease_until, ticket));
            self.leases.insert((lease_until, ticket));
            listed.lease_until = lease_until;
        }
        Some(self.standpoint(spot))
    }

    /// A waiting ticket belongs to another session from now on.
    pub(super) fn hand_to(&mut self, ticket: TicketId, owner: &Address) -> Option<Arc<Ticket>> {
        let spot = *self.spots.get(&ticket)?;
        let listed = self.queues.get_mut(&spot.bucket.direction)?.get_mut(spot)?;
        Arc::make_mut(&mut listed.ticket).owner = owner.clone();
        Some(Arc::clone(&listed.ticket))
    }

    /// Clears away a few tickets whose lease has run out, the earliest first.
    pub(super) fn sweep(&mut self, now: Time) {
        for _ in 0..SWEPT_AT_ONCE {
            match self.leases.first() {
                Some(&(lease_until, ticket)) if lease_until <= now => self.remove(ticket),
                Some(_) | None => return,
            };
        }
    }

    /// Looks for somebody acceptable to the plan's ticket. Changes nothing.
    pub(super) fn look(&self, plan: &SearchPlan, now: Time) -> Look {
        let lists = plan.look_in.iter().filter_map(|bucket| self.queues.get(&bucket.direction)?.list(bucket));
        look(lists, plan, now)
    }

    fn standpoint(&self, spot: Spot) -> Standpoint {
        let direction = spot.bucket.direction;
        (direction, self.queues.get(&direction).map_or(1, |queue| queue.position(spot.order)))
    }
}

#[cfg(test)]
impl Waiting {
    /// Whether nothing at all is kept.
    pub(super) fn is_bare(&self) -> bool {
        self.spots.is_empty() && self.by_user.is_empty() && self.queues.is_empty() && self.leases.is_empty()
    }
}
