//! Where a user's session lives, and which talk it is in.

use qala::domain::id::{Address, UserId};
use qala::domain::notice::Partner;
use qala::domain::operation::{Attached, Former, Operation, Outcome};
use qala::domain::talk::Talk;
use qala::domain::ticket::PoolId;

use super::asked::{Asked, POOL, at, here, user};
use crate::Factory;
use crate::store::{address, answer, proposal_id, room_id};

/// The talk of user number 1 with user number `number`, whose name is not made of letters alone.
fn talk_with(number: u64) -> Talk {
    let attributes = here(number).attributes;
    let partner = Partner {
        user: UserId::new(format!("user {number}\n%20")),
        speaks: attributes.speaks,
        learns: attributes.learns,
        proficiency: attributes.proficiency,
    };
    Talk {
        proposal: proposal_id(number),
        room: room_id(number),
        peer: address(77),
        partner,
        initiator: number.is_multiple_of(2),
        since: at(number),
    }
}

/// User number 1, asked about in the pool of most cases.
struct One(Asked);

impl One {
    fn new(new: Factory<'_>) -> Self {
        Self(Asked(new()))
    }

    fn asked(&self, operation: Operation) -> Outcome {
        answer(&*self.0.0, operation, at(0))
    }

    fn attach_in(&self, pool: PoolId, number: u64, slot: u32) -> Option<Former> {
        let operation = Operation::Attach { user: user(number), pool, address: address(slot) };
        let Outcome::Attached(Attached { history, former }) = self.asked(operation) else {
            panic!("a session is attached");
        };
        assert_eq!(history, []);
        former
    }

    fn attach(&self, slot: u32) -> Option<Former> {
        self.attach_in(POOL, 1, slot)
    }

    fn register(&self, slot: u32, talk: Option<Talk>) -> Address {
        let talk = talk.map(Box::new);
        let operation = Operation::Register { user: user(1), pool: POOL, address: address(slot), talk };
        let Outcome::Registered(known) = self.asked(operation) else { panic!("a session is registered") };
        known
    }

    fn locate(&self) -> Option<Address> {
        let Outcome::Located(known) = self.asked(Operation::Locate { user: user(1), pool: POOL }) else {
            panic!("a session is located");
        };
        known
    }

    fn detach(&self, slot: u32) {
        self.0.done(Operation::Detach { user: user(1), pool: POOL, address: address(slot) }, at(0));
    }
}

fn former(slot: u32, talk: Option<Talk>) -> Former {
    Former { address: address(slot), talk: talk.map(Box::new) }
}

pub(crate) fn a_session_is_known_from_its_beginning_to_its_end(new: Factory<'_>) {
    let one = One::new(new);
    assert_eq!(one.locate(), None);
    assert_eq!(one.attach(1), None);
    assert_eq!(one.locate(), Some(address(1)));
    for _ in 0..2 {
        one.detach(1);
        assert_eq!(one.locate(), None);
    }
    assert_eq!(one.attach(2), None, "what is over is not followed");
}

pub(crate) fn a_session_follows_the_one_before(new: Factory<'_>) {
    let one = One::new(new);
    one.attach(1);
    assert_eq!(one.register(1, Some(talk_with(2))), address(1));
    assert_eq!(one.attach(2), Some(former(1, Some(talk_with(2)))));
    assert_eq!(one.locate(), Some(address(2)));
    assert_eq!(one.attach(3), Some(former(2, None)), "the talk was that of another session");
    one.register(3, Some(talk_with(3)));
    one.register(3, Some(talk_with(4)));
    assert_eq!(one.attach(4), Some(former(3, Some(talk_with(4)))), "as it was registered last");
    one.register(4, Some(talk_with(4)));
    one.register(4, None);
    assert_eq!(one.attach(5), Some(former(4, None)), "it was in none any more");
}

pub(crate) fn a_session_that_attaches_again_is_told_the_same(new: Factory<'_>) {
    let one = One::new(new);
    assert_eq!([one.attach(1), one.attach(1)], [None, None]);
    one.register(1, Some(talk_with(2)));
    for _ in 0..3 {
        assert_eq!(one.attach(2), Some(former(1, Some(talk_with(2)))));
    }
    for _ in 0..2 {
        assert_eq!(one.attach(3), Some(former(2, None)), "of the one right before");
    }
    one.register(3, Some(talk_with(3)));
    assert_eq!(one.attach(3), None, "once it is registered, nobody asks again");
    assert_eq!(one.attach(4), Some(former(3, Some(talk_with(3)))), "nor was anything changed by asking");
}

pub(crate) fn only_the_latest_session_registers(new: Factory<'_>) {
    let one = One::new(new);
    assert_eq!(one.register(1, Some(talk_with(2))), address(1), "nobody else is known");
    assert_eq!(one.locate(), Some(address(1)));
    one.attach(2);
    assert_eq!(one.register(1, Some(talk_with(3))), address(2));
    assert_eq!(one.attach(2), Some(former(1, Some(talk_with(2)))), "nothing was changed");
    assert_eq!(one.register(2, Some(talk_with(4))), address(2));
    assert_eq!(one.register(1, None), address(2));
    assert_eq!(one.attach(3), Some(former(2, Some(talk_with(4)))));
}

pub(crate) fn an_end_takes_no_later_session_along(new: Factory<'_>) {
    let one = One::new(new);
    one.attach(1);
    one.attach(2);
    one.detach(1);
    assert_eq!(one.locate(), Some(address(2)));
    assert_eq!(one.attach(2), Some(former(1, None)), "nothing was changed");
    one.detach(2);
    assert_eq!(one.register(1, None), address(1), "one that is left is known again");
}

pub(crate) fn a_session_is_of_one_user_in_one_pool(new: Factory<'_>) {
    let one = One::new(new);
    let elsewhere = PoolId("elsewhere");
    assert_eq!(one.attach(1), None);
    assert_eq!(one.attach_in(elsewhere, 1, 2), None);
    assert_eq!(one.attach_in(POOL, 2, 3), None);
    assert_eq!(one.locate(), Some(address(1)));
    assert_eq!(one.attach_in(elsewhere, 1, 4), Some(former(2, None)));
}
