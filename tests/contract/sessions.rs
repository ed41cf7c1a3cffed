//! Where a user's session lives, and which talk it is in.

use qala::domain::id::{Address, UserId};
use qala::domain::notice::Partner;
use qala::domain::operation::{Attached, Former, Operation, Outcome, Registered, Superseded};
use qala::domain::talk::Talk;
use qala::domain::ticket::PoolId;
use qala::domain::time::Time;

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

    fn attach_since_in(&self, pool: PoolId, number: u64, slot: u32, since: Time) -> Outcome {
        self.asked(Operation::Attach { user: user(number), pool, address: address(slot), since })
    }

    fn attach_since(&self, slot: u32, ms: u64) -> Outcome {
        self.attach_since_in(POOL, 1, slot, at(ms))
    }

    /// A session begins whose client comes in later than every one before.
    fn attach_in(&self, pool: PoolId, number: u64, slot: u32) -> Option<Former> {
        let Outcome::Attached(Attached { history, former, rank }) =
            self.attach_since_in(pool, number, slot, since(slot))
        else {
            panic!("a session is attached");
        };
        assert_eq!((history, rank), (Vec::new(), since(slot)));
        former
    }

    fn attach(&self, slot: u32) -> Option<Former> {
        self.attach_in(POOL, 1, slot)
    }

    fn register_since(&self, slot: u32, rank: Time, talk: Option<Talk>) -> Registered {
        let talk = talk.map(Box::new);
        let operation = Operation::Register { user: user(1), pool: POOL, address: address(slot), rank, talk };
        let Outcome::Registered(registered) = self.asked(operation) else {
            panic!("a session is registered")
        };
        registered
    }

    fn register(&self, slot: u32, talk: Option<Talk>) -> Address {
        let Registered { lives_at, rank, former } = self.register_since(slot, since(slot), talk);
        assert_eq!((lives_at == address(slot), former), (rank == since(slot), None));
        lives_at
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

/// When the client of that session comes in: sessions of higher number are later ones.
fn since(slot: u32) -> Time {
    at(u64::from(slot) * 10)
}

fn superseded(by: u32, former: Option<u32>) -> Outcome {
    Outcome::Superseded(Superseded { by: address(by), former: former.map(address) })
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

pub(crate) fn of_two_sessions_the_one_counts_whose_client_came_in_last(new: Factory<'_>) {
    let one = One::new(new);
    one.attach(2);
    one.register(2, Some(talk_with(2)));
    // The first one had come in before, and asks again because it heard of no answer.
    for _ in 0..2 {
        assert_eq!(one.attach_since(1, 19), superseded(2, None));
    }
    assert_eq!(one.locate(), Some(address(2)), "nothing was changed");
    // Its client comes back to it.
    let Outcome::Attached(attached) = one.attach_since(1, 21) else { panic!("it is attached") };
    assert_eq!((attached.former, attached.rank), (Some(former(2, Some(talk_with(2)))), at(21)));
    assert_eq!(one.attach_since(2, 20), superseded(1, None));
    // Whoever follows at the same moment is later all the same.
    let Outcome::Attached(attached) = one.attach_since(3, 21) else { panic!("it is attached") };
    assert_eq!((attached.former, attached.rank), (Some(former(1, None)), at(22)));
    assert_eq!(one.attach_since(1, 21), superseded(3, Some(2)));
    // One that asks again has come in when it did, or has come back.
    for (ms, rank) in [(21, 22), (30, 30), (29, 30)] {
        let Outcome::Attached(attached) = one.attach_since(3, ms) else { panic!("it is attached") };
        assert_eq!((attached.former, attached.rank), (Some(former(1, None)), at(rank)));
    }
}

pub(crate) fn a_session_that_was_followed_before_it_heard_whom_it_follows_is_told(new: Factory<'_>) {
    let one = One::new(new);
    for slot in 1..=12 {
        one.attach(slot);
    }
    // The one right before, and eight more are remembered.
    for slot in 4..=11 {
        assert_eq!(one.attach_since(slot, 0), superseded(12, Some(slot - 1)));
    }
    for slot in 1..=3 {
        assert_eq!(one.attach_since(slot, 0), superseded(12, None));
    }
    assert_eq!(one.attach_since(13, 0), superseded(12, None), "it was never known");
    one.register(12, None);
    assert_eq!(one.attach_since(11, 0), superseded(12, None), "nobody asks any more");
    one.attach(13);
    assert_eq!(one.attach_since(12, 0), superseded(13, None), "it follows nobody who is left");
}

pub(crate) fn a_session_to_which_the_client_came_back_counts_again(new: Factory<'_>) {
    let one = One::new(new);
    one.attach(1);
    one.attach(2);
    let second = Registered { lives_at: address(2), rank: at(20), former: None };
    for ms in [10, 20] {
        assert_eq!(one.register_since(1, at(ms), None), second);
    }
    let instead = Registered { lives_at: address(1), rank: at(21), former: Some(address(2)) };
    assert_eq!(one.register_since(1, at(21), Some(talk_with(2))), instead);
    let first = Registered { former: None, ..instead };
    assert_eq!(one.register_since(2, at(20), None), first);
    assert_eq!(one.register_since(1, at(20), Some(talk_with(2))), first, "its client came in last at 21");
    assert_eq!(one.attach(3), Some(former(1, Some(talk_with(2)))));
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
