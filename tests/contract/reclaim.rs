//! What a user has goes on with another session of that user.

use std::sync::Arc;

use qala::domain::criteria::{Ladder, Stage};
use qala::domain::id::TicketId;
use qala::domain::operation::{Reclaimed, Search, Searched, Standing, Withdrawn};
use qala::domain::proposal::{Proposal, Verdict};
use qala::domain::search::SearchPlan;
use qala::domain::ticket::{PoolId, Ticket};

use super::asked::{Asked, at, claimed, first_search, found, here, listed, place, there, user};
use crate::Factory;
use crate::store::address;

/// The ticket, owned by session number `slot`.
fn owned(slot: u32, ticket: Ticket) -> Ticket {
    Ticket { owner: address(slot), ..ticket }
}

fn waiting(ticket: Ticket) -> Reclaimed {
    Reclaimed::Waiting(Arc::new(ticket))
}

/// The proposal, its side number `side` owned by session number `slot`.
fn with_owner(proposal: &Proposal, side: usize, slot: u32) -> Arc<Proposal> {
    let mut proposal = proposal.clone();
    Arc::make_mut(&mut proposal.sides[side].ticket).owner = address(slot);
    Arc::new(proposal)
}

pub(crate) fn a_waiting_ticket_changes_hands_and_keeps_its_place(new: Factory<'_>) {
    let store = Asked(new());
    let since = |ms, ticket| Ticket { enqueued_at: at(ms), ..ticket };
    let avoiding = Ticket { avoid: [user(7), user(9)].into(), ..since(3, there(1)) };
    store.list([avoiding.clone(), since(5, there(2))]);
    for _ in 0..2 {
        assert_eq!(store.reclaim(1, 30, at(9)), waiting(owned(30, avoiding.clone())));
    }
    assert_eq!(store.reclaim(2, 31, at(9)), waiting(owned(31, since(5, there(2)))));
    let standings = [1, 2].map(|position| Standing::Waiting(place(position)));
    assert_eq!(store.renew([1, 2], at(100), at(9)), standings);
    // Listed by its new owner, it is where it was.
    assert_eq!(store.search(first_search(owned(30, avoiding.clone())), at(10)), listed(1));
    let proposal = claimed(store.search(first_search(here(3)), at(11)));
    assert_eq!(*proposal.sides[1].ticket, owned(30, avoiding));
    let proposal = claimed(store.search(first_search(here(4)), at(11)));
    assert_eq!(*proposal.sides[1].ticket, owned(31, since(5, there(2))));
}

pub(crate) fn an_open_proposal_changes_hands(new: Factory<'_>) {
    let store = Asked(new());
    let made = store.pair();
    let once = with_owner(&made, 1, 30);
    for _ in 0..2 {
        assert_eq!(store.reclaim(1, 30, at(1)), Reclaimed::Taken(once.clone()));
    }
    let mut both = Proposal::clone(&with_owner(&once, 0, 31));
    assert_eq!(store.reclaim(2, 31, at(1)), Reclaimed::Taken(Arc::new(both.clone())));
    store.accept(made.id, 1, at(2));
    both.sides[1].accepted = true;
    let both = Arc::new(both);
    assert_eq!(
        store.standing(2, at(3)),
        Standing::Taken(both.clone()),
        "everybody is told of the new owners"
    );
    assert_eq!(store.search(first_search(here(2)), at(3)), Searched::Claimed(both.clone()));
    let last = with_owner(&both, 1, 32);
    assert_eq!(
        store.reclaim(1, 32, at(19_999)),
        Reclaimed::Taken(last.clone()),
        "accepted by one of the two"
    );
    assert_eq!(store.reclaim(1, 33, at(20_000)), Reclaimed::Nothing, "its time is over");
    assert_eq!(store.standing(1, at(20_000)), Standing::Taken(last), "nor was anything changed");
}

pub(crate) fn what_is_over_is_not_reclaimed(new: Factory<'_>) {
    let store = Asked(new());
    let nothing = |number| assert_eq!(store.reclaim(number, 30, at(5)), Reclaimed::Nothing);
    nothing(1);
    store.list([there(3)]);
    assert_eq!(store.withdraw(3, at(1)), Withdrawn::Removed);
    nothing(3);
    let rejected = store.pair();
    store.answer(rejected.id, user(2), Verdict::Reject, at(1));
    nothing(1);
    nothing(2);
    store.list([there(6)]);
    let elsewhere = store.reclaim_in(PoolId("elsewhere"), 6, 30, at(5));
    assert_eq!(elsewhere, Reclaimed::Nothing, "it waits in another pool");
}

pub(crate) fn what_both_accepted_is_reclaimed_until_its_time_is_over(new: Factory<'_>) {
    let store = Asked(new());
    store.list([there(4)]);
    let agreed = claimed(store.search(first_search(here(5)), at(2)));
    store.accept(agreed.id, 4, at(3));
    store.accept(agreed.id, 5, at(3));
    let Reclaimed::Taken(proposal) = store.reclaim(4, 30, at(5)) else { panic!("it stands") };
    assert!(proposal.agreed() && proposal.id == agreed.id);
    assert_eq!(store.reclaim(4, 30, at(20_002)), Reclaimed::Nothing, "its time is over");
}

pub(crate) fn a_dead_ticket_is_reclaimed_until_it_is_cleared_away(new: Factory<'_>) {
    let store = Asked(new());
    let until_soon = |number| Search { lease_until: at(100), ..first_search(there(number)) };
    for number in 1..=5 {
        store.search(until_soon(number), at(0));
    }
    assert_eq!(store.reclaim(1, 30, at(500)), waiting(owned(30, there(1))));
    assert_eq!(store.renew([1], at(900), at(500)), [Standing::Waiting(place(1))], "it is not dead any more");
    assert_eq!(found(store.search(first_search(here(9)), at(500))), TicketId(1));
    for number in 2..=5 {
        assert_eq!(store.reclaim(number, 30, at(500)), Reclaimed::Nothing, "cleared away by that search");
    }
}

pub(crate) fn what_is_reclaimed_is_what_was_listed_last(new: Factory<'_>) {
    let store = Asked(new());
    let newer = Ticket { user: user(1), ..there(2) };
    store.list([there(1), newer.clone()]);
    assert_eq!(store.reclaim(1, 30, at(1)), waiting(owned(30, newer.clone())));
    let agreed = claimed(store.search(first_search(here(3)), at(2)));
    store.accept(agreed.id, 1, at(3));
    store.accept(agreed.id, 3, at(3));
    store.list([there(4)]);
    let next = Ticket { user: user(1), ..there(5) };
    store.list([next.clone()]);
    assert_eq!(store.reclaim(1, 31, at(4)), waiting(owned(31, next)), "not the agreed one");
    assert_eq!(store.withdraw(5, at(4)), Withdrawn::Removed);
    assert_eq!(store.reclaim(1, 32, at(4)), Reclaimed::Nothing, "not the agreed one either");
    assert_eq!(store.reclaim(4, 33, at(4)), waiting(owned(33, there(4))), "others have theirs");
}

pub(crate) fn a_parked_ticket_is_found_by_nobody_and_keeps_its_place(new: Factory<'_>) {
    let store = Asked(new());
    let since = |ms, ticket| Ticket { enqueued_at: at(ms), ..ticket };
    store.list([since(3, there(1)), since(5, there(2))]);
    let usual = first_search(since(3, there(1)));
    let plan = SearchPlan::parked(usual.plan.ticket.clone(), Stage::Exact, &Ladder::default());
    let parking = Search { plan, lease_until: at(1_000), ..usual };
    assert_eq!(store.search(parking.clone(), at(8)), listed(1));
    assert_eq!(found(store.search(first_search(here(3)), at(9))), TicketId(2), "the one behind it");
    assert_eq!(store.search(first_search(here(4)), at(10)), listed(1), "nobody else is there");
    // Nor does it look for anybody itself.
    assert_eq!(store.search(parking, at(11)), listed(1));
    assert_eq!(store.reclaim(1, 30, at(12)), waiting(owned(30, since(3, there(1)))));
    let back = first_search(owned(30, since(3, there(1))));
    assert_eq!(found(store.search(back, at(13))), TicketId(4));
}
