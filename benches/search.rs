//! What a search costs while many others wait, and whether that grows with their number.
//!
//! Run it with `cargo bench -p qala --bench search`, on a machine that does nothing else. Each figure is the
//! mean time of one operation of the embedded store in nanoseconds, in the best of several batches; in brackets
//! the ratio to the same operation among 1,000. What a round needs before and after the operation (people
//! arriving and leaving again, so that the number of the waiting stays what it says) is not timed.

#![expect(clippy::disallowed_methods, clippy::disallowed_macros, reason = "a benchmark measures and prints")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use qala::domain::criteria::{AgeRange, Criteria, Ladder, Stage, Strict};
use qala::domain::id::{Address, Entropy, NodeId, ProposalId, RoomId, SessionId, TicketId, UserId};
use qala::domain::operation::{Operation, Outcome, Search, Searched};
use qala::domain::person::{Attributes, Gender, Proficiency};
use qala::domain::proposal::Verdict;
use qala::domain::search::SearchPlan;
use qala::domain::ticket::{PoolId, Priority, Ticket};
use qala::domain::time::Time;
use qala::store::memory::State;

const POOL: PoolId = PoolId("bench");
const NOW: Time = Time::from_ms(1_000_000_000);
/// How many wait.
const SIZES: [u64; 4] = [0, 1_000, 10_000, 100_000];
/// Operations timed together.
const BATCH: u64 = 64;
/// Batches of one figure; the best counts, because everything else on the machine only ever adds.
const ROUNDS: u64 = 60;

/// Ids in the order of their numbers, so that a bench is the same each time.
struct Number(u64);

impl Entropy for Number {
    fn next_u64(&mut self) -> u64 {
        self.0
    }
}

/// Numbers that look random and are the same each time (splitmix64).
fn scattered(number: u64) -> u64 {
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// Which way somebody faces: nobody of one side is acceptable to the same side.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Here,
    There,
}

/// Person number `number`; wishes and facts differ from person to person, so that every bucket is in use.
fn person(number: u64, side: Side, age: u8, wanted: AgeRange) -> Ticket {
    let bits = scattered(number);
    let pick = |shift: u32, of: usize| usize::try_from(bits >> shift & 0xFFFF).expect("16 bits") % of;
    let (speaks, learns) = if side == Side::Here { ("en", "es") } else { ("es", "en") };
    let language = |tag: &str| tag.parse().expect("a language");
    Ticket {
        id: TicketId(number),
        user: UserId::new(format!("user-{number}")),
        owner: Address { node: NodeId::new("node"), session: SessionId { shard: 0, slot: 0, generation: 0 } },
        pool: POOL,
        attributes: Attributes {
            speaks: language(speaks),
            learns: language(learns),
            proficiency: Proficiency::ALL[pick(0, 4)],
            age,
            gender: [None, Some(Gender::Male), Some(Gender::Female)][pick(16, 3)],
        },
        criteria: Criteria {
            same_proficiency: pick(32, 2) == 0,
            age: wanted,
            gender: [None, Some(Gender::Male), Some(Gender::Female)][pick(48, 3)],
            strict: Strict { age: true, ..Strict::default() },
        },
        enqueued_at: Time::from_ms(NOW.as_ms() + number),
        priority: Priority::Usual,
        avoid: Arc::default(),
    }
}

fn search(ticket: Ticket, stage: Stage) -> Operation {
    let id = &mut Number(ticket.id.0);
    Operation::Search(Box::new(Search {
        proposal: ProposalId::random(id),
        room: RoomId::random(id),
        plan: SearchPlan::new(Arc::new(ticket), stage, &Ladder::default()),
        accept_within: Duration::from_secs(20),
        lease_until: Time::NEVER,
        most_waiting: 1_000_000,
    }))
}

/// A pool of `size` people There, all of one age. Nobody is matched while it fills, because nobody is Here.
fn filled(size: u64, age: u8) -> State {
    let mut store = State::new();
    for number in 0..size {
        let stage = Stage::ALL[usize::try_from(scattered(number) % 5).expect("small")];
        store.execute(search(person(number, Side::There, age, AgeRange::ALL), stage), NOW);
    }
    store
}

/// The mean time of one operation, nanoseconds: the best of all batches. `operations` makes the next batch,
/// `after` puts the store back as it was.
fn time(
    store: &mut State,
    mut operations: impl FnMut(&mut State, u64) -> Vec<Operation>,
    mut after: impl FnMut(&mut State, Vec<Outcome>),
) -> f64 {
    let mut best = Duration::MAX;
    for round in 0..ROUNDS {
        let operations = operations(store, round);
        let mut outcomes = Vec::with_capacity(operations.len());
        let started = Instant::now();
        for operation in operations {
            outcomes.push(black_box(store.execute(operation, NOW)));
        }
        best = best.min(started.elapsed());
        after(store, outcomes);
    }
    let batch = u32::try_from(BATCH).expect("small");
    best.as_secs_f64() * 1e9 / f64::from(batch)
}

/// Numbers of newcomers, behind all who wait.
fn newcomers(round: u64) -> impl Iterator<Item = u64> {
    let first = 10_000_000 + round * BATCH;
    first..first + BATCH
}

fn withdraw_all(store: &mut State, tickets: impl Iterator<Item = u64>) {
    for number in tickets {
        store.execute(Operation::Withdraw { pool: POOL, ticket: TicketId(number) }, NOW);
    }
}

/// A newcomer looks and nobody is acceptable: nobody is on the other side at all.
fn nobody_there(store: &mut State) -> f64 {
    let operations = |store: &mut State, round: u64| {
        if round > 0 {
            withdraw_all(store, newcomers(round - 1));
        }
        let arrive = |number| search(person(number, Side::There, 30, AgeRange::ALL), Stage::PairOnly);
        newcomers(round).map(arrive).collect()
    };
    time(store, operations, |_, outcomes| {
        let listed = |outcome: &Outcome| matches!(outcome, Outcome::Searched(Searched::Listed(_)));
        assert!(outcomes.iter().all(listed), "nobody is on the other side");
    })
}

/// A newcomer looks at as many as one operation may, and all are too young.
fn nobody_of_that_age(store: &mut State) -> f64 {
    let operations = |store: &mut State, round: u64| {
        if round > 0 {
            withdraw_all(store, newcomers(round - 1));
        }
        let wanted = AgeRange { min: 60, max: 70 };
        let arrive = |number| search(person(number, Side::Here, 30, wanted), Stage::PairOnly);
        newcomers(round).map(arrive).collect()
    };
    time(store, operations, |_, outcomes| {
        let none =
            |outcome: &Outcome| matches!(outcome, Outcome::Searched(Searched::Listed(_) | Searched::More(_)));
        assert!(outcomes.iter().all(none), "all are too young");
    })
}

/// A newcomer finds the one who has waited longest. The claimed come back with their old place afterwards.
fn somebody(store: &mut State, stage: Stage) -> f64 {
    let arrive = |number| search(person(number, Side::Here, 30, AgeRange::ALL), stage);
    let operations = |_: &mut State, round| newcomers(round).map(arrive).collect();
    time(store, operations, |store, outcomes| {
        for outcome in outcomes {
            let Outcome::Searched(Searched::Claimed(proposal)) = outcome else {
                panic!("somebody acceptable waits, but: {outcome:?}");
            };
            let [one, other] = &proposal.sides;
            let user = one.ticket.user.clone();
            let (pool, proposal, verdict) = (POOL, proposal.id, Verdict::Leave);
            store.execute(Operation::Answer { pool, proposal, user, verdict }, NOW);
            store.execute(search(Ticket::clone(&other.ticket), other.stage), NOW);
        }
    })
}

/// People anywhere in the line.
fn anywhere(size: u64, round: u64) -> impl Iterator<Item = u64> {
    let mut chosen: Vec<u64> = Vec::new();
    let mut number = round * 1_000_003;
    while u64::try_from(chosen.len()).expect("small") < BATCH {
        number += 1;
        let one = scattered(number) % size;
        if !chosen.contains(&one) {
            chosen.push(one);
        }
    }
    chosen.into_iter()
}

/// A stage opens for somebody in the middle of the line.
fn stage_opens(store: &mut State, size: u64) -> f64 {
    let operations = |_: &mut State, round: u64| {
        let stage = Stage::ALL[usize::try_from(round % 5).expect("small")];
        let relist = move |number| search(person(number, Side::There, 20, AgeRange::ALL), stage);
        anywhere(size, round).map(relist).collect()
    };
    time(store, operations, |_, _| {})
}

/// Somebody in the middle of the line gives up.
fn withdraw(store: &mut State, size: u64) -> f64 {
    let operations = |_: &mut State, round| {
        let leave = |number| Operation::Withdraw { pool: POOL, ticket: TicketId(number) };
        anywhere(size, round).map(leave).collect()
    };
    let mut round = 0;
    time(store, operations, |store, _| {
        for number in anywhere(size, round) {
            store.execute(search(person(number, Side::There, 20, AgeRange::ALL), Stage::Exact), NOW);
        }
        round += 1;
    })
}

/// One ticket's share of a renewal.
fn renew(store: &mut State, size: u64) -> f64 {
    let operations = |_: &mut State, round: u64| {
        let tickets = anywhere(size, round).map(TicketId).collect();
        vec![Operation::Renew {
            pool: POOL,
            tickets,
            lease_until: Time::from_ms(NOW.as_ms() + 9_000 + round),
        }]
    };
    time(store, operations, |_, _| {})
}

/// A row of the table: its name, whether it needs somebody who waits, and how to come by its figures.
type Row = (&'static str, bool, fn(&mut State, u64) -> f64);

const FIGURES: [Row; 7] = [
    ("search, nobody on the other side", false, |store, _| nobody_there(store)),
    ("search, nobody of that age (32 looked at)", false, |store, _| nobody_of_that_age(store)),
    ("search, somebody, first stage", true, |store, _| somebody(store, Stage::Exact)),
    ("search, somebody, last stage", true, |store, _| somebody(store, Stage::PairOnly)),
    ("search, a stage opens", true, stage_opens),
    ("withdraw, anywhere in line", true, withdraw),
    ("renew, each ticket", true, renew),
];

fn main() {
    let mut rows: BTreeMap<(usize, &str), Vec<Option<f64>>> = BTreeMap::new();
    for size in SIZES {
        let mut store = filled(size, 20);
        for (index, (name, needs_waiting, figure)) in FIGURES.into_iter().enumerate() {
            let figure = (size > 0 || !needs_waiting).then(|| figure(&mut store, size));
            rows.entry((index, name)).or_default().push(figure);
        }
    }
    println!("{:<44}{}", "ns per operation among", SIZES.map(|size| format!("{size:>18}")).concat());
    for ((_, name), figures) in rows {
        let base = figures[1].unwrap_or(f64::NAN);
        let cell = |figure: Option<f64>| match figure {
            Some(ns) => format!("{ns:>10.0} ({:>4.1}x)", ns / base),
            None => format!("{:>18}", "-"),
        };
        println!("{name:<44}{}", figures.into_iter().map(cell).collect::<String>());
    }
}
