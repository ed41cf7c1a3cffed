//! What happens in a pool, at random: who comes, and what they and their nodes do.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use qala::domain::criteria::{AgeRange, Criteria, Ladder, Strict};
use qala::domain::id::{TicketId, UserId};
use qala::domain::notice::Partner;
use qala::domain::operation::Operation;
use qala::domain::person::{Attributes, Gender, Proficiency};
use qala::domain::proposal::Verdict;
use qala::domain::talk::Talk;
use qala::domain::ticket::{PoolId, Priority, Ticket};
use qala::domain::time::Time;

use crate::store::{address, proposal_id, room_id};

/// The pool of these tests.
pub(crate) const POOL: PoolId = PoolId("rules");
/// When they begin.
pub(crate) const START: Time = Time::from_ms(1_700_000_000_000);

/// Somebody who comes, and what that person wants.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    user: u8,
    direction: (&'static str, &'static str),
    proficiency: Proficiency,
    age: u8,
    gender: Option<Gender>,
    criteria: Criteria,
    avoid: Vec<u8>,
    /// Milliseconds that the ticket has waited before it is first listed.
    waited: u64,
}

impl Person {
    /// The same wishes of somebody else.
    pub(crate) fn as_user(&self, user: usize) -> Self {
        Self { user: u8::try_from(user).expect("few people"), ..self.clone() }
    }

    /// The ticket of that name.
    pub(crate) fn ticket(&self, id: u64, now: Time) -> Ticket {
        let language = |tag: &str| tag.parse().expect("a language");
        Ticket {
            id: TicketId(id),
            user: user(self.user),
            owner: address(0),
            pool: POOL,
            attributes: Attributes {
                speaks: language(self.direction.0),
                learns: language(self.direction.1),
                proficiency: self.proficiency,
                age: self.age,
                gender: self.gender,
            },
            criteria: self.criteria.clone(),
            enqueued_at: Time::from_ms(now.as_ms() - self.waited),
            priority: Priority::Usual,
            avoid: avoid(&self.avoid),
        }
    }
}

/// User number `number`.
pub(crate) fn user(number: u8) -> UserId {
    UserId::new(format!("user-{number}"))
}

/// A list of users as tickets have it.
pub(crate) fn avoid(users: &[u8]) -> std::sync::Arc<[UserId]> {
    let mut users: Vec<_> = users.iter().copied().map(user).collect();
    users.sort();
    users.into()
}

/// Something that happens. `which` chooses among the tickets or proposals there have been, the latest first.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// Somebody comes, perhaps in place of an earlier ticket.
    Arrive {
        person: Person,
        replaces: Option<usize>,
        lease_ms: u64,
    },
    /// A ticket searches, perhaps at the next stage: from the start, or from anywhere where anyone may be chosen.
    Search {
        which: usize,
        climb: bool,
        from: u64,
        lease_ms: u64,
    },
    /// A ticket whose search stopped at the limit goes on.
    Continue {
        which: usize,
    },
    /// A ticket searches again with another priority and avoids more people.
    Requeue {
        which: usize,
        priority: Priority,
        avoid: Vec<u8>,
    },
    Withdraw {
        which: usize,
    },
    Renew {
        which: Vec<usize>,
        lease_ms: u64,
    },
    /// A side answers; the third one is a stranger.
    Answer {
        which: usize,
        side: usize,
        verdict: Verdict,
    },
    Expire {
        which: usize,
    },
    /// The user of a ticket has another session.
    Reclaim {
        which: usize,
        slot: u32,
    },
    /// Something that is about no pool.
    Aside(Aside),
    /// The last operation once more, as a store does whose answer was lost.
    Repeat,
    Wait {
        ms: u64,
    },
}

/// Something that users do beside waiting: few of them, at few addresses, in few rooms.
#[derive(Clone, Debug)]
pub(crate) enum Aside {
    /// Whose client came in so long ago.
    Attach {
        user: u8,
        slot: u32,
        ago_ms: u64,
    },
    Register {
        user: u8,
        slot: u32,
        ago_ms: u64,
        talk: Option<u8>,
    },
    Locate {
        user: u8,
    },
    Detach {
        user: u8,
        slot: u32,
    },
    Remember {
        user: u8,
        partner: u8,
        ms: u64,
    },
    OpenRoom {
        room: u64,
        members: [u8; 2],
        heard: Option<u64>,
        written: [u64; 2],
    },
    Rejoin {
        room: u64,
        user: u8,
    },
    CloseRoom {
        room: u64,
    },
    Append {
        room: u64,
        user: u8,
        name: Option<u8>,
        text: u8,
    },
    Messages {
        room: u64,
        after: u64,
    },
}

impl Aside {
    /// The operation.
    pub(crate) fn operation(&self, now: Time) -> Operation {
        let pool = POOL;
        match *self {
            Self::Attach { user, slot, ago_ms } => Operation::Attach {
                user: self::user(user),
                pool,
                address: address(slot),
                since: Time::from_ms(now.as_ms() - ago_ms),
            },
            Self::Register { user, slot, ago_ms, talk } => Operation::Register {
                user: self::user(user),
                pool,
                address: address(slot),
                rank: Time::from_ms(now.as_ms() - ago_ms),
                talk: talk.map(|number| Box::new(self::talk(number))),
            },
            Self::Locate { user } => Operation::Locate { user: self::user(user), pool },
            Self::Detach { user, slot } => {
                Operation::Detach { user: self::user(user), pool, address: address(slot) }
            }
            Self::Remember { user, partner, ms } => Operation::Remember {
                user: self::user(user),
                pool,
                partner: self::user(partner),
                until: Time::from_ms(now.as_ms() + ms),
            },
            Self::OpenRoom { room, members, heard, written } => Operation::OpenRoom {
                pool: POOL,
                room: room_id(room),
                members: members.map(user),
                heard,
                written,
            },
            Self::Rejoin { room, user } => Operation::Rejoin { room: room_id(room), user: self::user(user) },
            Self::CloseRoom { room } => Operation::CloseRoom { room: room_id(room) },
            Self::Append { room, user, name, text } => Operation::Append {
                room: room_id(room),
                from: self::user(user),
                content: format!("hello {text}").into(),
                client_message_id: name.map(|name| name.to_string().into()),
            },
            Self::Messages { room, after } => Operation::Messages { room: room_id(room), after },
        }
    }
}

fn talk(number: u8) -> Talk {
    let language = |tag: &str| tag.parse().expect("a language");
    Talk {
        proposal: proposal_id(number.into()),
        room: room_id(number.into()),
        peer: address(number.into()),
        partner: Partner {
            user: user(number),
            speaks: language("en"),
            learns: language("es"),
            proficiency: Proficiency::Any,
        },
        initiator: number.is_multiple_of(2),
        since: START,
    }
}

fn aside() -> impl Strategy<Value = Aside> {
    let (user, slot) = (|| 0..3_u8, || 0..3_u32);
    let ago_ms = || prop_oneof![2 => Just(0_u64), 1 => 0..3_000_u64];
    // Mostly one room of the same two, or nobody would ever write in it.
    let room = || prop_oneof![5 => Just(0_u64), 1 => Just(1)];
    let members = prop_oneof![4 => Just([0_u8, 1]), 1 => Just([1, 0]), 1 => Just([1, 2])];
    let writer = prop_oneof![5 => 0..2_u8, 1 => Just(2)];
    prop_oneof![
        4 => (user(), slot(), ago_ms()).prop_map(|(user, slot, ago_ms)| Aside::Attach { user, slot, ago_ms }),
        4 => (user(), slot(), ago_ms(), option::of(0..4_u8))
            .prop_map(|(user, slot, ago_ms, talk)| Aside::Register { user, slot, ago_ms, talk }),
        1 => user().prop_map(|user| Aside::Locate { user }),
        1 => (user(), slot()).prop_map(|(user, slot)| Aside::Detach { user, slot }),
        1 => (user(), user(), 0..9_000_u64)
            .prop_map(|(user, partner, ms)| Aside::Remember { user, partner, ms }),
        3 => (room(), members, option::of(prop_oneof![0..6_u64, 200..600_u64]), [0..4_u64, 0..4_u64])
            .prop_map(|(room, members, heard, written)| Aside::OpenRoom { room, members, heard, written }),
        1 => (room(), user()).prop_map(|(room, user)| Aside::Rejoin { room, user }),
        1 => prop_oneof![1 => Just(0_u64), 3 => Just(1)].prop_map(|room| Aside::CloseRoom { room }),
        5 => (room(), writer, option::weighted(0.7, 0..2_u8), any::<u8>())
            .prop_map(|(room, user, name, text)| Aside::Append { room, user, name, text }),
        2 => (room(), 0..8_u64).prop_map(|(room, after)| Aside::Messages { room, after }),
    ]
}

/// A pool and what happens in it.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) ladder: Ladder,
    /// Candidates that one operation looks at: few, so that searches must go on.
    pub(crate) candidates: usize,
    /// Tickets that the pool holds.
    pub(crate) most_waiting: usize,
    /// Whether anyone may be chosen, and not the one who waits longest.
    pub(crate) shuffled: bool,
    /// Whether to search is to accept.
    pub(crate) agreed: bool,
    pub(crate) actions: Vec<Action>,
}

/// Scenes of up to `most` actions.
pub(crate) fn scene(most: usize) -> impl Strategy<Value = Scene> {
    let limits = (ladder(), 1..5_usize, prop_oneof![1 => 1..6_usize, 3 => Just(1_000)]);
    let kind = (prop::bool::weighted(0.3), prop::bool::weighted(0.12));
    (limits, kind, vec(action(), 1..=most)).prop_map(
        |((ladder, candidates, most_waiting), (shuffled, agreed), actions)| Scene {
            ladder,
            candidates,
            most_waiting,
            shuffled,
            agreed,
            actions,
        },
    )
}

fn action() -> impl Strategy<Value = Action> {
    let which = || prop_oneof![4 => 0..4_usize, 1 => 4..40_usize];
    let lease_ms = || prop_oneof![1 => 0..9_000_u64, 2 => Just(1_000_000)];
    // Mostly the newest: they can still be agreed.
    let newest = prop_oneof![6 => Just(0_usize), 3 => 1..4_usize, 1 => 4..40_usize];
    let verdict =
        prop_oneof![6 => Just(Verdict::Accept), 1 => Just(Verdict::Reject), 1 => Just(Verdict::Leave)];
    let priority = prop_oneof![Just(Priority::Usual), Just(Priority::Requeued), Just(Priority::Wronged)];
    let side = prop_oneof![8 => 0..2_usize, 1 => Just(2)];
    let ms = prop_oneof![8 => 0..4_000_u64, 4 => 4_000..25_000_u64, 1 => 60_000..90_000_u64];
    prop_oneof![
        12 => (person(), option::weighted(0.1, which()), lease_ms())
            .prop_map(|(person, replaces, lease_ms)| Action::Arrive { person, replaces, lease_ms }),
        6 => (which(), any::<bool>(), any::<u64>(), lease_ms())
            .prop_map(|(which, climb, from, lease_ms)| Action::Search { which, climb, from, lease_ms }),
        4 => which().prop_map(|which| Action::Continue { which }),
        2 => (which(), priority, vec(0..40_u8, 0..6))
            .prop_map(|(which, priority, avoid)| Action::Requeue { which, priority, avoid }),
        2 => which().prop_map(|which| Action::Withdraw { which }),
        2 => (vec(which(), 0..6), lease_ms()).prop_map(|(which, lease_ms)| Action::Renew { which, lease_ms }),
        10 => (newest, side, verdict)
            .prop_map(|(which, side, verdict)| Action::Answer { which, side, verdict }),
        8 => which().prop_map(|which| Action::Expire { which }),
        4 => (which(), 0..3_u32).prop_map(|(which, slot)| Action::Reclaim { which, slot }),
        16 => aside().prop_map(Action::Aside),
        4 => Just(Action::Repeat),
        4 => ms.prop_map(|ms| Action::Wait { ms }),
    ]
}

fn ladder() -> impl Strategy<Value = Ladder> {
    prop_oneof![Just(5_u8), Just(0), Just(200)]
        .prop_map(|age_widening| Ladder { age_widening, ..Ladder::default() })
}

/// Somebody of few kinds, so that people often fit and often just do not.
pub(crate) fn person() -> impl Strategy<Value = Person> {
    let direction = prop_oneof![
        6 => Just(("en", "es")),
        6 => Just(("es", "en")),
        1 => Just(("en", "en")),
        1 => Just(("fr", "en")),
    ];
    let level = prop_oneof![Just(Proficiency::Beginner), Just(Proficiency::Advanced), Just(Proficiency::Any)];
    let age = prop_oneof![Just(18_u8), Just(24), Just(30), Just(36), Just(90)];
    // Some come again and again: a user has one ticket.
    let user = prop_oneof![2 => 0..6_u8, 3 => 6..40_u8];
    let facts = (user, direction, level, age, gender());
    let avoid = prop_oneof![3 => Just(Vec::new()), 1 => vec(0..40_u8, 1..12)];
    (facts, criteria(), avoid, 0..3_u64).prop_map(|(facts, criteria, avoid, waited)| {
        let (user, direction, proficiency, age, gender) = facts;
        Person { user, direction, proficiency, age, gender, criteria, avoid, waited }
    })
}

fn gender() -> impl Strategy<Value = Option<Gender>> {
    prop_oneof![2 => Just(None), 2 => Just(Some(Gender::Female)), 1 => Just(Some(Gender::Male))]
}

fn criteria() -> impl Strategy<Value = Criteria> {
    let asked = prop_oneof![2 => Just(Gender::Female), 1 => Just(Gender::Male)];
    let age = prop_oneof![
        4 => Just(AgeRange::ALL),
        3 => (15..40_u8, 0..30_u8).prop_map(|(min, span)| AgeRange { min, max: min + span }),
    ];
    let strict = || prop::bool::weighted(0.3);
    let strict = (strict(), strict(), strict());
    (prop::bool::weighted(0.3), age, option::weighted(0.3, asked), strict).prop_map(
        |(same_proficiency, age, gender, strict)| {
            let (age_strict, gender_strict, proficiency) = strict;
            let strict = Strict { age: age_strict, gender: gender_strict, proficiency };
            Criteria { same_proficiency, age, gender, strict }
        },
    )
}
