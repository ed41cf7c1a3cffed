//! Looking through several lists as if they were one: who of them has waited longest and is acceptable?

use std::collections::btree_map::Range;
use std::ops::Bound;

use super::queue::{List, Listed};
use crate::domain::id::TicketId;
use crate::domain::search::SearchPlan;
use crate::domain::ticket::Order;
use crate::domain::time::Time;

/// What a look brought.
pub(super) struct Look {
    /// How it ended.
    pub(super) end: End,
    /// Tickets it met whose lease has run out: to be taken off their lists.
    pub(super) dead: Vec<TicketId>,
}

/// How a look ended.
pub(super) enum End {
    /// At the first acceptable ticket.
    Found(TicketId),
    /// At the limit of candidates; this was the last one, and there are more.
    More(Order),
    /// At the end of all lists.
    Nobody,
}

/// Looks through `lists` in waiting order for somebody acceptable to the plan's ticket.
///
/// A ticket whose lease has run out counts as a candidate: whatever dead nodes left behind, one operation
/// never looks at more than the plan says.
pub(super) fn look<'a>(lists: impl Iterator<Item = &'a List>, plan: &SearchPlan, now: Time) -> Look {
    let mut dead = Vec::new();
    // A plan of no candidates would be told to search on for ever.
    let mut left = plan.candidates.max(1);
    let mut last = None;
    let others = Merged::new(lists, plan.after).filter(|(order, _)| order.ticket != plan.ticket.id);
    for (order, listed) in others {
        if let (0, Some(last)) = (left, last) {
            return Look { end: End::More(last), dead };
        }
        left -= 1;
        last = Some(order);
        if listed.ran_out(now) {
            dead.push(order.ticket);
        } else if acceptable(plan, listed) {
            return Look { end: End::Found(order.ticket), dead };
        }
    }
    Look { end: End::Nobody, dead }
}

/// Whether the two accept each other, given that their buckets do.
fn acceptable(plan: &SearchPlan, listed: &Listed) -> bool {
    let (own, other) = (&plan.ticket, &listed.ticket);
    plan.accepts_age.contains(other.attributes.age)
        && listed.accepts_age.contains(own.attributes.age)
        && !own.avoids(&other.user)
        && !other.avoids(&own.user)
}

/// The first ticket of a list that was not looked at, and those behind it.
struct Head<'a> {
    order: Order,
    listed: &'a Listed,
    rest: Range<'a, Order, Listed>,
}

/// Several lists as one, in waiting order. Finds the smallest of at most forty heads by looking at each:
/// most searches end after one or two, which a heap would not pay for.
struct Merged<'a> {
    heads: Vec<Head<'a>>,
}

impl<'a> Merged<'a> {
    /// Everything in `lists` behind `after`.
    fn new(lists: impl Iterator<Item = &'a List>, after: Option<Order>) -> Self {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let heads = lists.filter_map(|list| {
            let mut rest = list.range((from, Bound::Unbounded));
            let (order, listed) = rest.next()?;
            Some(Head { order: *order, listed, rest })
        });
        Self { heads: heads.collect() }
    }
}

impl<'a> Iterator for Merged<'a> {
    type Item = (Order, &'a Listed);

    fn next(&mut self) -> Option<Self::Item> {
        let (index, head) = self.heads.iter_mut().enumerate().min_by_key(|(_, head)| head.order)?;
        let first = (head.order, head.listed);
        match head.rest.next() {
            Some((order, listed)) => (head.order, head.listed) = (*order, listed),
            None => drop(self.heads.swap_remove(index)),
        }
        Some(first)
    }
}
