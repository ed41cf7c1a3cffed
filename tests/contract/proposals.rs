//! From the claim to the room, or to nothing.

use std::sync::Arc;

use qala::domain::id::TicketId;
use qala::domain::operation::{Answered, Expired, Searched, Standing, Withdrawn};
use qala::domain::proposal::{Proposal, Verdict};
use qala::domain::ticket::Ticket;
use qala::domain::time::Time;

use super::asked::{ACCEPT_WITHIN, Asked, at, claimed, first_search, found, here, listed, there, user};
use crate::Factory;
use crate::store::{proposal_id, room_id};

/// The proposal after the claimer, the claimed, both or none accepted.
fn with(accepted: [bool; 2], proposal: &Proposal) -> Arc<Proposal> {
    let mut proposal = proposal.clone();
    for (side, accepted) in proposal.sides.iter_mut().zip(accepted) {
        side.accepted = accepted;
    }
    Arc::new(proposal)
}

/// The last moment before the time of [`Asked::pair`]'s proposal is over, and that moment.
fn around_expiry() -> [Time; 2] {
    let over = at(0) + ACCEPT_WITHIN;
    [Time::from_ms(over.as_ms() - 1), over]
}

pub(crate) fn both_must_accept(new: Factory<'_>) {
    let store = Asked(new());
    let proposal = store.pair();
    let (id, [in_time, _]) = (proposal.id, around_expiry());
    let pending = || Answered::Pending(with([false, true], &proposal));
    assert_eq!(store.accept(id, 1, at(1)), pending());
    assert_eq!(store.accept(id, 1, at(2)), pending(), "twice is once");
    assert_eq!(store.standing(2, at(3)), Standing::Taken(with([false, true], &proposal)));
    let agreed = || with([true, true], &proposal);
    assert_eq!(store.accept(id, 2, in_time), Answered::Agreed(agreed()));
    assert_eq!(store.accept(id, 2, in_time), Answered::Agreed(agreed()));
    assert_eq!(store.accept(id, 1, in_time), Answered::Agreed(agreed()));
    assert_eq!(store.standing(1, in_time), Standing::Taken(agreed()));
}

pub(crate) fn who_rejects_or_leaves_ends_it(new: Factory<'_>) {
    for (verdict, by, accepted) in [
        (Verdict::Reject, 1, false),
        (Verdict::Leave, 2, false),
        (Verdict::Reject, 2, true),
        (Verdict::Leave, 1, true),
    ] {
        let store = Asked(new());
        let proposal = store.pair();
        // The other one accepts before; whoever accepted may also change its mind.
        if accepted {
            store.accept(proposal.id, 1, at(1));
        }
        let ended = with([false, accepted], &proposal);
        assert_eq!(store.answer(proposal.id, user(by), verdict, at(2)), Answered::Ended(ended));
        assert_eq!(store.accept(proposal.id, 3 - by, at(3)), Answered::Gone);
        assert_eq!(store.expire(proposal.id, around_expiry()[1]), Expired::Gone);
        assert_eq!(store.renew([1, 2], at(9), at(3)), [Standing::Unknown, Standing::Unknown]);
        assert_eq!(store.search(first_search(there(1)), at(4)), listed(1), "it may be listed again");
    }
}

pub(crate) fn whoever_repeats_what_ended_it_is_told_so_again(new: Factory<'_>) {
    let last = at(29_999);
    for verdict in [Verdict::Reject, Verdict::Leave] {
        let store = Asked(new());
        let proposal = store.pair();
        let ended = || Answered::Ended(Arc::clone(&proposal));
        for now in [at(1), at(2), last] {
            assert_eq!(store.answer(proposal.id, user(1), verdict, now), ended(), "the answer was lost");
        }
        let other = if verdict == Verdict::Leave { Verdict::Reject } else { Verdict::Leave };
        assert_eq!(store.answer(proposal.id, user(1), other, last), Answered::Gone);
        assert_eq!(store.answer(proposal.id, user(2), verdict, last), Answered::Gone, "not by the other one");
        assert_eq!(store.expire(proposal.id, last), Expired::Gone, "nor by its time");
        assert_eq!(store.answer(proposal.id, user(1), verdict, at(30_000)), Answered::Gone, "forgotten");
    }
    let store = Asked(new());
    let proposal = store.pair();
    for now in [around_expiry()[1], last] {
        assert_eq!(store.expire(proposal.id, now), Expired::Ended(Arc::clone(&proposal)));
    }
    assert_eq!(store.answer(proposal.id, user(1), Verdict::Leave, last), Answered::Gone);
    assert_eq!(store.expire(proposal.id, at(30_000)), Expired::Gone);
}

pub(crate) fn an_ended_proposal_does_not_touch_the_next_one_of_its_ticket(new: Factory<'_>) {
    let store = Asked(new());
    let proposal = store.pair();
    store.answer(proposal.id, user(2), Verdict::Reject, at(1));
    store.search(first_search(there(1)), at(2));
    let next = claimed(store.search(first_search(here(3)), at(3)));
    let reject = |now| store.answer(proposal.id, user(2), Verdict::Reject, now);
    assert_eq!(reject(at(4)), Answered::Ended(Arc::clone(&proposal)));
    assert_eq!(store.standing(1, at(5)), Standing::Taken(Arc::clone(&next)));
    // It is forgotten now, and cleared away by the next operation.
    assert_eq!(reject(at(30_000)), Answered::Gone);
    assert_eq!(store.standing(1, at(30_000)), Standing::Taken(next));
}

pub(crate) fn nobody_else_may_answer(new: Factory<'_>) {
    let store = Asked(new());
    let proposal = store.pair();
    for verdict in [Verdict::Accept, Verdict::Reject, Verdict::Leave] {
        assert_eq!(store.answer(proposal.id, user(3), verdict, at(1)), Answered::Gone);
        assert_eq!(store.answer(proposal_id(9), user(1), verdict, at(1)), Answered::Gone);
    }
    assert_eq!(store.expire(proposal_id(9), at(1)), Expired::Gone);
    assert_eq!(store.standing(1, at(1)), Standing::Taken(Arc::clone(&proposal)), "it was not touched");
    store.accept(proposal.id, 1, at(2));
    store.accept(proposal.id, 2, at(2));
    assert_eq!(store.accept(proposal.id, 3, at(3)), Answered::Gone, "not of an agreed one either");
}

pub(crate) fn an_answer_after_its_time_is_none(new: Factory<'_>) {
    let store = Asked(new());
    let proposal = store.pair();
    let [in_time, over] = around_expiry();
    store.accept(proposal.id, 1, in_time);
    assert_eq!(store.expire(proposal.id, in_time), Expired::Early);
    for verdict in [Verdict::Accept, Verdict::Reject, Verdict::Leave] {
        assert_eq!(store.answer(proposal.id, user(2), verdict, over), Answered::Gone);
    }
    let kept = || with([false, true], &proposal);
    assert_eq!(store.standing(1, over), Standing::Taken(kept()), "it is there until somebody ends it");
    assert_eq!(store.search(first_search(there(1)), over), Searched::Taken(kept()));
    assert_eq!(store.withdraw(2, over), Withdrawn::Taken(kept()));
    assert_eq!(store.expire(proposal.id, over), Expired::Ended(kept()));
    assert_eq!(store.accept(proposal.id, 2, over), Answered::Gone);
    assert_eq!(store.renew([1, 2], at(9), over), [Standing::Unknown, Standing::Unknown]);
}

pub(crate) fn an_agreed_proposal_stands(new: Factory<'_>) {
    let store = Asked(new());
    let proposal = store.pair();
    let [in_time, over] = around_expiry();
    store.accept(proposal.id, 2, at(1));
    store.accept(proposal.id, 1, at(2));
    let agreed = || with([true, true], &proposal);
    for now in [in_time, over] {
        for verdict in [Verdict::Accept, Verdict::Reject, Verdict::Leave] {
            for by in [1, 2] {
                assert_eq!(store.answer(proposal.id, user(by), verdict, now), Answered::Agreed(agreed()));
            }
        }
        assert_eq!(store.expire(proposal.id, now), Expired::Agreed(agreed()));
        assert_eq!(store.search(first_search(there(1)), now), Searched::Taken(agreed()));
    }
}

pub(crate) fn an_agreed_proposal_outlives_the_opening_of_its_room(new: Factory<'_>) {
    let store = Asked(new());
    let proposal = store.pair();
    store.open(proposal.room, [2, 1]);
    assert_eq!(store.standing(1, at(0)), Standing::Taken(Arc::clone(&proposal)), "not agreed yet");
    store.accept(proposal.id, 2, at(1));
    store.accept(proposal.id, 1, at(2));
    store.open(proposal.room, [2, 1]);
    let agreed = || with([true, true], &proposal);
    assert_eq!(store.accept(proposal.id, 1, at(3)), Answered::Agreed(agreed()));
    assert_eq!(store.expire(proposal.id, at(3)), Expired::Agreed(agreed()));
    let taken = || Standing::Taken(agreed());
    assert_eq!(store.renew([1, 2], at(9), at(3)), [taken(), taken()]);
}

pub(crate) fn a_proposal_is_forgotten_ten_seconds_after_its_time(new: Factory<'_>) {
    for agreed in [false, true] {
        let store = Asked(new());
        let proposal = store.pair();
        if agreed {
            store.accept(proposal.id, 1, at(1));
            store.accept(proposal.id, 2, at(1));
        }
        let kept = || with([agreed; 2], &proposal);
        let last = at(29_999);
        assert_eq!(store.standing(1, last), Standing::Taken(kept()));
        assert_eq!(store.withdraw(2, last), Withdrawn::Taken(kept()));
        let over = at(30_000);
        assert_eq!(store.accept(proposal.id, 1, over), Answered::Gone);
        assert_eq!(store.expire(proposal.id, over), Expired::Gone);
        assert_eq!(store.withdraw(2, over), Withdrawn::Unknown);
        assert_eq!(store.standing(1, over), Standing::Unknown);
    }
}

pub(crate) fn a_forgotten_proposal_does_not_touch_the_next_one_of_its_ticket(new: Factory<'_>) {
    let store = Asked(new());
    // More of them than one operation clears away: the last pair is claimed again before its turn comes.
    let pairs: Vec<_> = (1..=20).map(|number| (there(number), here(100 + number))).collect();
    for (there, here) in &pairs {
        store.list([there.clone()]);
        assert_eq!(found(store.search(first_search(here.clone()), at(0))), there.id);
    }
    let (there, here) = pairs.last().cloned().expect("twenty");
    assert_eq!(store.search(first_search(there), at(30_000)), listed(1));
    let mut search = first_search(here);
    search.proposal = proposal_id(999);
    search.room = room_id(999);
    let next = claimed(store.search(search, at(30_000)));
    for _ in 0..20 {
        store.withdraw(7, at(59_999));
    }
    assert_eq!(store.standing(20, at(59_999)), Standing::Taken(Arc::clone(&next)));
    assert_eq!(store.standing(120, at(59_999)), Standing::Taken(next));
}

pub(crate) fn a_forgotten_name_used_again_is_another_proposal(new: Factory<'_>) {
    let store = Asked(new());
    // More of them than one operation clears away.
    for number in 1..=20 {
        store.list([there(number)]);
        assert_eq!(found(store.search(first_search(here(100 + number)), at(0))), TicketId(number));
    }
    assert_eq!(store.search(first_search(there(50)), at(30_000)), listed(1));
    let again = claimed(store.search(first_search(here(120)), at(30_000)));
    assert_eq!((again.id, again.sides[1].ticket.id), (proposal_id(120), TicketId(50)));
    assert_eq!(store.standing(20, at(30_000)), Standing::Unknown, "of the first of that name");
    assert_eq!(store.standing(50, at(30_000)), Standing::Taken(again));
}

/// What somebody who comes is told, who meets nobody.
fn estimates(store: &Asked, now: Time) -> [u32; 2] {
    [here(1_000), there(1_001)].map(|ticket| {
        let id = ticket.id.0;
        let told = store.search(first_search(ticket), now);
        assert_eq!(store.withdraw(id, now), Withdrawn::Removed);
        let Searched::Listed(place) = told else { panic!("somebody was there: {told:?}") };
        place.estimated_wait_seconds
    })
}

pub(crate) fn waits_are_counted_when_a_match_is_agreed(new: Factory<'_>) {
    let store = Asked(new());
    let since = |ms, ticket| Ticket { enqueued_at: at(ms), ..ticket };
    assert_eq!(estimates(&store, at(0)), [30, 30]);
    store.list([there(1)]);
    let rejected = claimed(store.search(first_search(since(60_000, here(2))), at(70_000)));
    store.answer(rejected.id, user(1), Verdict::Reject, at(70_000));
    assert_eq!(estimates(&store, at(70_000)), [30, 30], "neither claimed nor rejected");
    store.search(first_search(there(1)), at(70_000));
    let mut search = first_search(since(72_000, here(3)));
    search.proposal = proposal_id(3);
    let proposal = claimed(store.search(search, at(72_000)));
    store.accept(proposal.id, 1, at(73_000));
    assert_eq!(estimates(&store, at(74_000)), [30, 30], "nor accepted by one");
    store.accept(proposal.id, 3, at(78_000));
    store.accept(proposal.id, 3, at(79_000));
    // Here waited 6 s: 30 - 24/8 = 27. There waited 78 s: 30 + 48/8 = 36. Once each.
    assert_eq!(estimates(&store, at(30_000)), [27, 36]);
}

pub(crate) fn an_estimate_is_at_most_five_minutes(new: Factory<'_>) {
    let store = Asked(new());
    let waited: Vec<_> = (0..3_u64)
        .map(|round| {
            let (one, other) = (10 + round, 20 + round);
            let now = at(10_000_000);
            store.list([there(one)]);
            assert_eq!(found(store.search(first_search(here(other)), now)), TicketId(one));
            store.accept(proposal_id(other), one, now);
            store.accept(proposal_id(other), other, now);
            estimates(&store, now)
        })
        .collect();
    assert_eq!(waited, [[300, 300]; 3]);
}
