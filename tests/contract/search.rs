//! Listing, looking and claiming.

use std::sync::Arc;

use qala::domain::criteria::{AgeRange, Stage};
use qala::domain::id::TicketId;
use qala::domain::operation::{Search, Searched, Standing, Withdrawn};
use qala::domain::person::{Gender, Proficiency};
use qala::domain::proposal::{Proposal, Side, Verdict};
use qala::domain::ticket::{PoolId, Priority, Ticket};

use super::asked::{
    ACCEPT_WITHIN, Asked, POOL, at, claimed, first_search, found, here, listed, place, search_at, speaking,
    there, user,
};
use crate::Factory;
use crate::store::{proposal_id, room_id};

fn since(ms: u64, ticket: Ticket) -> Ticket {
    Ticket { enqueued_at: at(ms), ..ticket }
}

fn aged(age: u8, wanted: AgeRange, mut ticket: Ticket) -> Ticket {
    (ticket.attributes.age, ticket.criteria.age) = (age, wanted);
    ticket
}

fn avoiding(users: &[u64], ticket: Ticket) -> Ticket {
    let mut avoid: Vec<_> = users.iter().copied().map(user).collect();
    avoid.sort();
    Ticket { avoid: avoid.into(), ..ticket }
}

fn wanting_level(level: Proficiency, mut ticket: Ticket) -> Ticket {
    (ticket.attributes.proficiency, ticket.criteria.same_proficiency) = (level, true);
    ticket
}

pub(crate) fn who_finds_nobody_is_listed_behind_those_before(new: Factory<'_>) {
    let store = Asked(new());
    assert_eq!(store.search(first_search(since(5, here(1))), at(5)), listed(1));
    assert_eq!(store.search(first_search(since(6, here(2))), at(6)), listed(2));
    assert_eq!(store.search(first_search(since(4, here(3))), at(6)), listed(1));
    assert_eq!(store.search(first_search(speaking("fr", "es", 4)), at(6)), listed(1), "a line of its own");
    let waiting = [2, 3, 1].map(|position| Standing::Waiting(place(position)));
    assert_eq!(store.renew([1, 2, 3], at(100), at(7)), waiting);
}

pub(crate) fn the_one_who_waited_longest_is_claimed(new: Factory<'_>) {
    let store = Asked(new());
    let longest = since(1, there(3));
    store.list([since(3, there(1)), since(2, there(2)), longest.clone()]);
    let claimer = since(9, here(4));
    let proposal =
        Proposal {
            id: proposal_id(4),
            room: room_id(4),
            pool: POOL,
            sides: [(claimer.clone(), Stage::WiderAge), (longest, Stage::Exact)]
                .map(|(ticket, stage)| Side { ticket: Arc::new(ticket), stage, accepted: false }),
            expires_at: at(10) + ACCEPT_WITHIN,
        };
    let searched = store.search(search_at(claimer, Stage::WiderAge), at(10));
    assert_eq!(searched, Searched::Claimed(Arc::new(proposal.clone())));
    let taken = || Standing::Taken(Arc::new(proposal.clone()));
    let waiting = |position| Standing::Waiting(place(position));
    assert_eq!(store.renew([1, 2, 3, 4], at(100), at(11)), [waiting(2), waiting(1), taken(), taken()]);
    assert_eq!(found(store.search(first_search(here(5)), at(12))), TicketId(2));
    assert_eq!(found(store.search(first_search(here(6)), at(12))), TicketId(1));
    assert_eq!(store.search(first_search(here(7)), at(12)), listed(1));
}

pub(crate) fn priority_goes_before_waiting(new: Factory<'_>) {
    let store = Asked(new());
    let with = |priority, ticket| Ticket { priority, ..ticket };
    store.list([
        since(1, there(1)),
        since(2, with(Priority::Requeued, there(2))),
        since(3, with(Priority::Wronged, there(3))),
        since(4, with(Priority::Wronged, there(4))),
    ]);
    let waiting = [4, 3, 1, 2].map(|position| Standing::Waiting(place(position)));
    assert_eq!(store.renew([1, 2, 3, 4], at(100), at(9)), waiting);
    let found = [5, 6, 7, 8].map(|number| found(store.search(first_search(here(number)), at(9))));
    assert_eq!(found, [3, 4, 2, 1].map(TicketId));
}

pub(crate) fn one_millisecond_is_decided_by_name(new: Factory<'_>) {
    let store = Asked(new());
    store.list([there(10), there(9), there(100)]);
    let found = [11, 12, 13].map(|number| found(store.search(first_search(here(number)), at(1))));
    assert_eq!(found, [9, 10, 100].map(TicketId), "by number, not by spelling");
}

pub(crate) fn both_ages_must_be_accepted(new: Factory<'_>) {
    let store = Asked(new());
    let range = |min, max| AgeRange { min, max };
    store.list([
        aged(40, range(20, 30), there(1)),
        aged(30, range(20, 29), there(2)),
        aged(30, range(31, 40), there(3)),
        aged(30, range(30, 30), there(4)),
    ]);
    assert_eq!(found(store.search(first_search(aged(30, range(30, 39), here(5))), at(1))), TicketId(4));
    assert_eq!(store.search(first_search(aged(30, range(30, 39), here(6))), at(1)), listed(1));
    assert_eq!(found(store.search(first_search(aged(30, range(30, 40), here(7))), at(1))), TicketId(1));
}

pub(crate) fn either_side_may_avoid_the_other(new: Factory<'_>) {
    let store = Asked(new());
    store.list([avoiding(&[8, 9], there(1)), there(2)]);
    assert_eq!(store.search(first_search(avoiding(&[1, 2, 3], here(8))), at(1)), listed(1));
    assert_eq!(found(store.search(first_search(here(9)), at(1))), TicketId(2));
    assert_eq!(found(store.search(first_search(avoiding(&[2], here(7))), at(1))), TicketId(1));
}

pub(crate) fn nobody_meets_oneself(new: Factory<'_>) {
    let store = Asked(new());
    // A language pair that is its own reverse: the ticket stands in a bucket that it looks through.
    let twin = |number| Ticket { user: user(1), ..speaking("en", "en", number) };
    assert_eq!(store.search(first_search(twin(1)), at(1)), listed(1));
    assert_eq!(store.search(first_search(twin(1)), at(2)), listed(1));
    assert_eq!(store.search(first_search(twin(2)), at(3)), listed(1), "another ticket of the same person");
    assert_eq!(found(store.search(first_search(speaking("en", "en", 3)), at(4))), TicketId(2));
}

pub(crate) fn the_listed_stage_decides(new: Factory<'_>) {
    let store = Asked(new());
    let beginner = || wanting_level(Proficiency::Beginner, there(1));
    let advanced = || wanting_level(Proficiency::Advanced, here(2));
    assert_eq!(store.search(search_at(beginner(), Stage::Exact), at(90_000)), listed(1));
    let later = at(100_000);
    assert_eq!(
        store.search(search_at(advanced(), Stage::PairOnly), later),
        listed(1),
        "its wish still holds"
    );
    assert_eq!(found(store.search(search_at(beginner(), Stage::AnyLevel), later)), TicketId(2));
    let mut asking = there(3);
    asking.criteria.gender = Some(Gender::Female);
    store.list([asking.clone()]);
    assert_eq!(store.search(first_search(here(4)), later), listed(1));
    assert_eq!(found(store.search(search_at(asking, Stage::AnyGender), later)), TicketId(4));
}

pub(crate) fn a_ticket_that_is_listed_anew_is_where_it_was_listed_last(new: Factory<'_>) {
    let store = Asked(new());
    let beginner = wanting_level(Proficiency::Beginner, there(1));
    store.list([beginner.clone(), there(2)]);
    assert_eq!(store.search(search_at(beginner.clone(), Stage::AnyLevel), at(1)), listed(1));
    let wronged = Ticket { priority: Priority::Wronged, ..since(50, there(2)) };
    assert_eq!(store.search(first_search(wronged.clone()), at(2)), listed(1), "ahead now");
    let waiting = [2, 1].map(|position| Standing::Waiting(place(position)));
    assert_eq!(store.renew([1, 2], at(100), at(3)), waiting);
    let first = claimed(store.search(first_search(here(3)), at(4)));
    assert_eq!(*first.sides[1].ticket, wronged);
    let second = claimed(store.search(first_search(here(4)), at(4)));
    assert_eq!((&*second.sides[1].ticket, second.sides[1].stage), (&beginner, Stage::AnyLevel));
    assert_eq!(store.search(first_search(here(5)), at(4)), listed(1), "nothing is left where they stood");
}

pub(crate) fn a_search_stops_at_its_limit_and_goes_on(new: Factory<'_>) {
    let store = Asked(new());
    let old = |number| since(number, aged(60, AgeRange::ALL, there(number)));
    // In two buckets by turns, to be looked at in one order all the same.
    let levels = [Proficiency::Beginner, Proficiency::Advanced];
    store.list((1..=5).zip(levels.into_iter().cycle()).map(|(number, level)| {
        let mut ticket = old(number);
        ticket.attributes.proficiency = level;
        ticket
    }));
    let seeker = || aged(30, AgeRange { min: 20, max: 40 }, here(9));
    let search = |candidates, after| {
        let mut search = first_search(seeker());
        (search.plan.candidates, search.plan.after) = (candidates, after);
        search
    };
    let more = |number| Searched::More(old(number).order());
    assert_eq!(store.search(search(2, None), at(10)), more(2));
    assert_eq!(store.standing(9, at(10)), Standing::Waiting(place(1)), "it can be found meanwhile");
    assert_eq!(store.search(search(2, Some(old(2).order())), at(10)), more(4));
    assert_eq!(store.search(search(2, Some(old(4).order())), at(10)), listed(1));
    assert_eq!(store.search(search(5, None), at(10)), listed(1), "the limit is reached, but so is the end");
    assert_eq!(store.search(search(4, None), at(10)), more(4));
    let young = since(6, there(6));
    let mut search_of_young = first_search(young);
    search_of_young.plan.candidates = 0;
    assert_eq!(found(store.search(search_of_young, at(11))), TicketId(9), "found between two operations");
}

pub(crate) fn a_search_of_no_candidates_looks_at_one(new: Factory<'_>) {
    let store = Asked(new());
    store.list([since(1, aged(60, AgeRange::ALL, there(1))), since(2, there(2))]);
    let mut search = first_search(aged(30, AgeRange { min: 20, max: 40 }, here(3)));
    search.plan.candidates = 0;
    let more = since(1, there(1)).order();
    assert_eq!(store.search(search.clone(), at(3)), Searched::More(more));
    search.plan.after = Some(more);
    assert_eq!(found(store.search(search, at(3))), TicketId(2));
}

pub(crate) fn a_claimed_ticket_is_told_of_its_proposal(new: Factory<'_>) {
    let store = Asked(new());
    let proposal = store.pair();
    store.list([here(3)]);
    let taken = || Searched::Taken(Arc::clone(&proposal));
    for ticket in [there(1), here(2)] {
        let mut search = first_search(ticket);
        search.proposal = proposal_id(7);
        assert_eq!(store.search(search.clone(), at(1)), taken());
        let mut replaces = search;
        replaces.plan.replaces = Some(TicketId(3));
        assert_eq!(store.search(replaces, at(1)), taken());
    }
    assert_eq!(store.standing(3, at(1)), Standing::Waiting(place(1)), "nothing else was changed");
    let mut newer = first_search(there(4));
    newer.plan.replaces = Some(TicketId(1));
    assert_eq!(store.search(newer.clone(), at(2)), taken());
    assert_eq!(store.standing(4, at(2)), Standing::Unknown, "nothing was listed");
    store.answer(proposal.id, user(2), Verdict::Reject, at(3));
    assert_eq!(found(store.search(newer, at(4))), TicketId(3), "once it is over, the search is carried out");
}

pub(crate) fn a_search_that_is_repeated_has_claimed_once(new: Factory<'_>) {
    let store = Asked(new());
    store.list([there(1), there(3)]);
    let search = || first_search(here(2));
    let proposal = claimed(store.search(search(), at(0)));
    assert_eq!(
        store.search(search(), at(1)),
        Searched::Claimed(Arc::clone(&proposal)),
        "the answer was lost"
    );
    assert_eq!(store.standing(3, at(1)), Standing::Waiting(place(1)), "nobody else was claimed");
    store.answer(proposal.id, user(1), Verdict::Accept, at(2));
    assert!(claimed(store.search(search(), at(3))).sides[1].accepted, "as it stands");
    store.answer(proposal.id, user(1), Verdict::Reject, at(4));
    assert_eq!(claimed(store.search(search(), at(29_999))).id, proposal.id, "even if it is over");
    assert_eq!(store.renew([2, 3], at(0), at(29_999)), [Standing::Unknown, Standing::Waiting(place(1))]);
    assert_eq!(store.search(search(), at(30_000)), listed(1), "until it is forgotten");
}

pub(crate) fn a_replaced_ticket_waits_no_longer(new: Factory<'_>) {
    let store = Asked(new());
    store.list([there(1), there(2)]);
    let replacing = |ticket: Ticket, replaced| {
        let mut search = first_search(ticket);
        search.plan.replaces = Some(TicketId(replaced));
        search
    };
    assert_eq!(store.search(replacing(since(9, there(3)), 1), at(9)), listed(2));
    assert_eq!(store.withdraw(1, at(9)), Withdrawn::Unknown);
    assert_eq!(store.search(replacing(since(9, there(3)), 3), at(9)), listed(2), "itself: as if it did not");
    assert_eq!(store.search(replacing(since(9, there(3)), 77), at(9)), listed(2), "one that is not known");
    assert_eq!(
        found(store.search(replacing(here(4), 2), at(9))),
        TicketId(3),
        "replaced before it is looked at"
    );
}

pub(crate) fn a_full_pool_lists_nobody_new(new: Factory<'_>) {
    let store = Asked(new());
    let full = |ticket| Search { most_waiting: 2, ..first_search(ticket) };
    store.list([there(1), there(2)]);
    assert_eq!(store.search(full(there(3)), at(1)), Searched::Full);
    assert_eq!(store.search(full(here(4)), at(1)), Searched::Full, "nor is anybody claimed");
    assert_eq!(store.renew([3, 4], at(9), at(1)), [Standing::Unknown, Standing::Unknown]);
    assert_eq!(store.search(full(there(2)), at(1)), listed(2), "one that is listed stays");
    let mut replacing = full(there(3));
    replacing.plan.replaces = Some(TicketId(1));
    assert_eq!(store.search(replacing, at(1)), listed(2), "one in place of another");
    let mut itself = Search { most_waiting: 1, ..first_search(there(2)) };
    itself.plan.replaces = Some(TicketId(2));
    assert_eq!(store.search(itself, at(1)), listed(1), "one that is said to replace itself stays as well");
    // Should the limit have been lowered meanwhile, a replaced ticket is gone all the same.
    let mut lowered = Search { most_waiting: 1, ..first_search(there(5)) };
    lowered.plan.replaces = Some(TicketId(2));
    assert_eq!(store.search(lowered, at(1)), Searched::Full);
    assert_eq!(store.standing(2, at(1)), Standing::Unknown);
    assert_eq!(found(store.search(full(here(4)), at(1))), TicketId(3));
    assert_eq!(store.search(full(here(6)), at(1)), listed(1), "claimed tickets do not wait");
}

pub(crate) fn a_user_waits_with_one_ticket(new: Factory<'_>) {
    let store = Asked(new());
    let of_one = |ticket| Ticket { user: user(1), ..ticket };
    store.list([there(1), there(2)]);
    let waits_with = |ticket: u64| {
        for other in [1, 3, 4] {
            let waits = store.standing(other, at(1)) != Standing::Unknown;
            assert_eq!(waits, other == ticket, "{other} instead of {ticket}");
        }
    };
    assert_eq!(
        store.search(first_search(of_one(since(5, there(3)))), at(5)),
        listed(2),
        "behind the other one"
    );
    waits_with(3);
    // In another line, the same.
    assert_eq!(store.search(first_search(of_one(speaking("fr", "de", 4))), at(6)), listed(1));
    waits_with(4);
    assert_eq!(store.standing(2, at(6)), Standing::Waiting(place(1)));
    let full = |ticket| Search { most_waiting: 2, ..first_search(ticket) };
    assert_eq!(store.search(full(of_one(there(1))), at(7)), listed(1), "one in place of another");
    waits_with(1);
    let lowered = Search { most_waiting: 1, ..first_search(of_one(there(3))) };
    assert_eq!(store.search(lowered, at(8)), Searched::Full);
    assert_eq!(store.standing(1, at(8)), Standing::Unknown, "replaced all the same");
    assert_eq!(store.search(first_search(of_one(there(3))), at(8)), listed(2));
    assert_eq!(
        found(store.search(first_search(of_one(here(4))), at(9))),
        TicketId(2),
        "who claims waits no longer"
    );
    assert_eq!(store.standing(3, at(9)), Standing::Unknown);
}

pub(crate) fn a_user_before_an_agreement_lists_no_other_ticket(new: Factory<'_>) {
    let store = Asked(new());
    let proposal = store.pair();
    let other = |number: u64, ticket| Ticket { user: user(number), ..ticket };
    for (number, ticket) in [(1, there(3)), (2, here(4))] {
        let searched = store.search(first_search(other(number, ticket.clone())), at(1));
        assert_eq!(searched, Searched::Taken(Arc::clone(&proposal)));
        assert_eq!(store.standing(ticket.id.0, at(1)), Standing::Unknown, "nothing was listed");
    }
    store.accept(proposal.id, 1, at(2));
    let searched = store.search(first_search(other(1, there(3))), at(30_000 - 1));
    assert!(matches!(searched, Searched::Taken(_)), "until it is over or forgotten: {searched:?}");
    assert_eq!(store.search(first_search(other(1, there(3))), at(30_000)), listed(1), "it is forgotten");
    // One that ended, and one that is agreed, are in nobody's way.
    let rejected = claimed(store.search(first_search(here(5)), at(30_000)));
    store.answer(rejected.id, user(5), Verdict::Reject, at(30_001));
    assert_eq!(store.search(first_search(other(1, there(6))), at(30_002)), listed(1));
    let agreed = claimed(store.search(first_search(here(7)), at(30_003)));
    store.accept(agreed.id, 1, at(30_004));
    store.accept(agreed.id, 7, at(30_004));
    let searched = store.search(first_search(other(1, there(8))), at(30_005));
    assert!(matches!(searched, Searched::Listed(_)), "{searched:?}");
    assert_eq!(found(store.search(first_search(other(7, here(9))), at(30_006))), TicketId(8));
}

pub(crate) fn pools_do_not_mix(new: Factory<'_>) {
    let store = Asked(new());
    let elsewhere = Ticket { pool: PoolId("elsewhere"), ..there(1) };
    store.list([elsewhere.clone(), there(2)]);
    assert_eq!(found(store.search(first_search(here(3)), at(1))), TicketId(2));
    assert_eq!(store.search(first_search(here(4)), at(1)), listed(1));
    assert_eq!(store.withdraw(1, at(1)), Withdrawn::Unknown, "it waits in the other one");
    let mut search = first_search(Ticket { pool: elsewhere.pool, ..here(5) });
    search.most_waiting = 2;
    assert_eq!(claimed(store.search(search, at(1))).pool, elsewhere.pool);
}
