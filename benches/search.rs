//! What a search costs while many others wait, and whether that grows with their number.
//!
//! Run it with `cargo bench -p qala --bench search`, on a machine that does nothing else. Each figure is the
//! mean time of one operation of the embedded store in nanoseconds, in the best of several batches; in brackets
//! the ratio to the same operation among 1,000. What a round needs before and after the operation (people
//! arriving and leaving again, so that the number of the waiting stays what it says) is not timed.

#![expect(clippy::disallowed_methods, clippy::disallowed_macros, reason = "a benchmark measures and prints")]

mod people;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use qala::domain::criteria::{AgeRange, Stage};
use qala::domain::id::TicketId;
use qala::domain::operation::{Operation, Outcome, Searched};
use qala::domain::proposal::Verdict;
use qala::domain::ticket::Ticket;
use qala::domain::time::Time;
use qala::store::memory::State;

use people::{BATCH, NOW, POOL, SIZES, Side, anywhere, newcomers, person, scattered, search};

/// Batches of one figure; the best counts, because everything else on the machine only ever adds.
const ROUNDS: u64 = 60;

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
    let operations =
        |_: &mut State, round| newcomers(round + people::rounds_before(stage)).map(arrive).collect();
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
