//! One person's wish to be matched.

use std::sync::Arc;
use std::time::Duration;

use super::criteria::{Criteria, Ladder, Stage};
use super::id::{Address, TicketId, UserId};
use super::person::Attributes;
use super::time::Time;

/// Tickets that may be matched with each other. Every dialect has its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PoolId(pub &'static str);

/// Who goes first, before waiting time is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// By waiting time alone.
    #[default]
    Usual,
    /// Queued again after rejecting somebody.
    Requeued,
    /// Queued again after a proposal failed through no fault of its own: ahead of everyone.
    Wronged,
}

/// A ticket's place in waiting order: smaller is earlier. No two tickets share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Order {
    /// Enqueue time in milliseconds, moved ahead by priority.
    pub effective_ms: i64,
    /// Decides between tickets of one millisecond.
    pub ticket: TicketId,
}

/// One person's wish to be matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Its name.
    pub id: TicketId,
    /// Whose it is.
    pub user: UserId,
    /// Where that person's session lives.
    pub owner: Address,
    /// What it may be matched within.
    pub pool: PoolId,
    /// What it is.
    pub attributes: Attributes,
    /// What it wants.
    pub criteria: Criteria,
    /// When the wish was first made; kept when it is queued again.
    pub enqueued_at: Time,
    /// Whether it goes ahead of others.
    pub priority: Priority,
    /// Never matched with these, sorted. Written for both of a pair, so either list suffices.
    pub avoid: Arc<[UserId]>,
}

/// One step of priority outweighs any waiting time: ten years.
const PRIORITY_STEP: Duration = Duration::from_hours(10 * 365 * 24);

/// Places of pools that choose at random are spread over so many milliseconds: about as many as waiting order has.
const SPREAD_MS: u64 = 1 << 40;

/// Neighbouring numbers far apart: the finaliser of splitmix64.
const fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

impl Ticket {
    /// Its place where anyone may be chosen: nowhere in particular, and always the same.
    pub fn shuffled(&self) -> Order {
        Order { ticket: self.id, ..Self::anywhere(mixed(self.id.0)) }
    }

    /// The place that `bits` choose of all where a shuffled ticket may be.
    pub fn anywhere(bits: u64) -> Order {
        let effective_ms = i64::try_from(bits % SPREAD_MS).unwrap_or_default();
        Order { effective_ms, ticket: TicketId(0) }
    }

    /// Its place in waiting order.
    pub fn order(&self) -> Order {
        let ahead = u128::from(self.priority as u8) * PRIORITY_STEP.as_millis();
        let effective = i128::from(self.enqueued_at.as_ms()) - i128::try_from(ahead).unwrap_or(0);
        Order { effective_ms: i64::try_from(effective).unwrap_or(i64::MAX), ticket: self.id }
    }

    /// Whether it is one of the people this ticket must not meet, or the same person.
    pub fn avoids(&self, user: &UserId) -> bool {
        self.user == *user || self.avoid.binary_search(user).is_ok()
    }

    /// Whether the two may be matched when each stands at its own stage: the rule that every store keeps.
    pub fn may_meet(&self, stage: Stage, other: &Self, other_stage: Stage, ladder: &Ladder) -> bool {
        let mine = ladder.wishes(&self.criteria, stage);
        let theirs = ladder.wishes(&other.criteria, other_stage);
        self.pool == other.pool
            && mine.accept(&self.attributes, &other.attributes)
            && theirs.accept(&other.attributes, &self.attributes)
            && !self.avoids(&other.user)
            && !other.avoids(&self.user)
    }
}
