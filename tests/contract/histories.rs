//! Whom a user has met and is not to meet again for a while.

use qala::domain::limits::AVOIDED;
use qala::domain::operation::Operation;
use qala::domain::ticket::PoolId;

use super::asked::{Asked, POOL, at, user};
use crate::Factory;
use crate::store::address;

pub(crate) fn a_partner_is_remembered_until_then(new: Factory<'_>) {
    let store = Asked(new());
    assert_eq!(store.attach(1, POOL, at(0)), []);
    store.remember(1, POOL, 3, at(200), at(0));
    store.remember(1, POOL, 2, at(100), at(0));
    store.remember(1, POOL, 4, at(200), at(0));
    let [two, three, four] = [(2, 100), (3, 200), (4, 200)].map(|(number, until)| (user(number), at(until)));
    let all = [two, three.clone(), four.clone()];
    assert_eq!(store.attach(1, POOL, at(99)), all, "by the end, then by name");
    assert_eq!(store.attach(1, POOL, at(100)), [three, four]);
    assert_eq!(store.attach(1, POOL, at(200)), []);
    store.remember(1, POOL, 5, at(200), at(200));
    assert_eq!(store.attach(1, POOL, at(200)), [], "past already");
}

pub(crate) fn a_history_is_of_one_user_in_one_pool(new: Factory<'_>) {
    let store = Asked(new());
    let elsewhere = PoolId("elsewhere");
    store.remember(1, POOL, 2, at(100), at(0));
    store.remember(1, elsewhere, 3, at(100), at(0));
    assert_eq!(store.attach(1, POOL, at(1)), [(user(2), at(100))]);
    assert_eq!(store.attach(1, elsewhere, at(1)), [(user(3), at(100))]);
    assert_eq!(store.attach(2, POOL, at(1)), [], "each side is told separately");
}

pub(crate) fn the_later_of_two_ends_holds(new: Factory<'_>) {
    let store = Asked(new());
    store.remember(1, POOL, 2, at(100), at(0));
    store.remember(1, POOL, 2, at(300), at(0));
    store.remember(1, POOL, 2, at(200), at(0));
    assert_eq!(store.attach(1, POOL, at(1)), [(user(2), at(300))]);
}

pub(crate) fn the_newest_are_kept(new: Factory<'_>) {
    let store = Asked(new());
    let most = u64::try_from(AVOIDED).expect("a few hundred");
    for number in 1..=most + 2 {
        store.remember(0, POOL, number, at(1_000 + number), at(number));
    }
    let kept: Vec<_> = (3..=most + 2).map(|number| (user(number), at(1_000 + number))).collect();
    assert_eq!(store.attach(0, POOL, at(999)), kept);
}

pub(crate) fn a_session_that_ends_takes_no_history_along(new: Factory<'_>) {
    let store = Asked(new());
    store.remember(1, POOL, 2, at(100), at(0));
    store.attach(1, POOL, at(1));
    store.done(Operation::Detach { user: user(1), pool: POOL, address: address(1) }, at(2));
    store.done(Operation::Detach { user: user(9), pool: POOL, address: address(1) }, at(2));
    assert_eq!(store.attach(1, POOL, at(3)), [(user(2), at(100))]);
}
