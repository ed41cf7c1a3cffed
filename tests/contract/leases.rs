//! Who still waits: withdrawals, renewals and tickets that nobody renews.

use qala::domain::id::TicketId;
use qala::domain::operation::{Search, Searched, Standing, Withdrawn};
use qala::domain::ticket::Ticket;
use qala::domain::time::Time;

use super::asked::{Asked, at, first_search, found, here, listed, place, speaking, there};
use crate::Factory;

/// A search whose ticket counts as alive until then.
fn until(lease_until: Time, ticket: Ticket) -> Search {
    Search { lease_until, ..first_search(ticket) }
}

fn waiting(position: u32) -> Standing {
    Standing::Waiting(place(position))
}

pub(crate) fn a_withdrawn_ticket_waits_no_longer(new: Factory<'_>) {
    let store = Asked(new());
    store.list([there(3), there(4)]);
    assert_eq!(store.withdraw(3, at(1)), Withdrawn::Removed);
    assert_eq!(store.withdraw(3, at(1)), Withdrawn::Unknown);
    assert_eq!(store.renew([3, 4], at(9), at(1)), [Standing::Unknown, waiting(1)]);
    assert_eq!(store.withdraw(4, at(1)), Withdrawn::Removed);
    let proposal = store.pair();
    assert_eq!(store.withdraw(1, at(2)), Withdrawn::Taken(proposal.clone()));
    assert_eq!(store.withdraw(2, at(2)), Withdrawn::Taken(proposal), "it wants an answer");
}

pub(crate) fn a_renewal_tells_how_each_ticket_stands(new: Factory<'_>) {
    let store = Asked(new());
    let proposal = store.pair();
    store.list([there(5), there(4)]);
    let taken = || Standing::Taken(proposal.clone());
    let standings = [waiting(2), taken(), Standing::Unknown, waiting(1), taken(), waiting(2)];
    assert_eq!(store.renew([5, 2, 3, 4, 1, 5], at(9), at(1)), standings);
    assert_eq!(store.renew([], at(9), at(1)), []);
}

pub(crate) fn nobody_is_matched_with_a_ticket_whose_lease_ran_out(new: Factory<'_>) {
    let store = Asked(new());
    assert_eq!(store.search(until(at(1_000), there(1)), at(0)), listed(1));
    assert_eq!(store.search(until(at(1_001), there(2)), at(0)), listed(2));
    assert_eq!(found(store.search(first_search(here(3)), at(1_000))), TicketId(2));
    assert_eq!(store.withdraw(1, at(1_000)), Withdrawn::Unknown, "it went when it was met");
}

pub(crate) fn a_renewal_moves_the_end_of_a_lease_either_way(new: Factory<'_>) {
    let store = Asked(new());
    for number in 1..=3 {
        store.search(until(at(1_000), there(number)), at(0));
    }
    assert_eq!(store.renew([1, 3], at(2_000), at(999)), [waiting(1), waiting(3)]);
    // Nobody searched since its lease ran out: it is still listed, and its owner is there after all.
    assert_eq!(store.renew([2], at(3_000), at(1_500)), [waiting(2)]);
    assert_eq!(store.renew([3], at(1_600), at(1_500)), [waiting(3)]);
    assert_eq!(found(store.search(first_search(here(4)), at(1_999))), TicketId(1));
    assert_eq!(store.standing(3, at(1_999)), Standing::Unknown, "cleared away by that search");
    // A search renews as well.
    assert_eq!(store.search(until(at(9_000), there(2)), at(2_000)), listed(1));
    assert_eq!(found(store.search(first_search(here(5)), at(8_999))), TicketId(2));
}

pub(crate) fn a_search_clears_four_dead_tickets_away_wherever_they_are(new: Factory<'_>) {
    let store = Asked(new());
    for number in 1..=6 {
        store.search(until(at(100 - number), here(number)), at(0));
    }
    assert_eq!(store.search(first_search(speaking("fr", "de", 7)), at(100)), listed(1));
    let alive = || store.renew([1, 2, 3, 4, 5, 6], at(50), at(100));
    let unknown = || Standing::Unknown;
    let left = [waiting(1), waiting(2), unknown(), unknown(), unknown(), unknown()];
    assert_eq!(alive(), left, "those that ended first");
    assert_eq!(store.search(Search { most_waiting: 1, ..first_search(here(8)) }, at(100)), Searched::Full);
    assert_eq!(alive(), [(); 6].map(|()| unknown()), "also by a search that finds the pool full");
}

pub(crate) fn a_dead_ticket_counts_as_a_candidate(new: Factory<'_>) {
    let store = Asked(new());
    let since = |number: u64, ticket| Ticket { enqueued_at: at(number), ..ticket };
    for number in 1..=8 {
        store.search(until(at(100), since(number, there(number))), at(0));
    }
    store.list([since(9, there(9))]);
    let mut search = first_search(here(10));
    search.plan.candidates = 3;
    // Four go because they are dead, three more because they are met.
    let last = since(7, there(7)).order();
    assert_eq!(store.search(search.clone(), at(100)), Searched::More(last));
    let standings = store.renew([4, 7, 8, 9], at(100), at(100));
    assert_eq!(standings, [Standing::Unknown, Standing::Unknown, waiting(1), waiting(2)]);
    store.renew([9], at(200), at(100));
    search.plan.after = Some(last);
    assert_eq!(found(store.search(search, at(100))), TicketId(9));
}
