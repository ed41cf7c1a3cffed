//! What one Redis can carry: a search while many others wait, and whether its cost grows with their number.
//!
//! Run it with `cargo bench -p qala --bench redis_search`, on a machine that does nothing else; it starts a
//! server of its own. Two figures each: microseconds of Redis' processor time for one operation, everything
//! included (reading the command, the script, writing the answer), in the best of several batches, in brackets
//! the ratio to the same among 1,000; and operations per second as they came back over one connection with
//! a batch under way, in the best batch. What a round needs before and after is not counted.

#![expect(clippy::disallowed_methods, clippy::disallowed_macros, reason = "a benchmark measures and prints")]

mod people;
#[allow(dead_code, reason = "one of its servers is enough")]
#[path = "../tests/store/servers.rs"]
mod servers;

use std::time::Instant;

use qala::domain::criteria::{AgeRange, Stage};
use qala::domain::id::TicketId;
use qala::domain::operation::{Operation, Outcome, Searched};
use qala::domain::proposal::Verdict;
use qala::domain::ticket::Ticket;
use qala::domain::time::Time;
use qala::store::redis::{Clock, RedisStore, Settings};
use qala::store::{Store, Submitted};
use redis::Connection;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use people::{BATCH, NOW, POOL, SIZES, Side, anywhere, newcomers, person, scattered, search};
use servers::Servers;

/// Rounds of one figure; the best counts, because everything else on the machine only ever adds.
const ROUNDS: u64 = 40;
/// Batches under way together: asking the server how much time it took has a price that must not show.
const BATCHES: u64 = 8;
/// Operations under way while a pool fills.
const FILLING: usize = 2_000;

/// What one operation costs Redis, and how many of them came back in a second.
#[derive(Clone, Copy)]
struct Figure {
    micros: f64,
    per_second: f64,
}

/// A server, asked through the store and, about itself, aside.
struct Bench {
    runtime: Runtime,
    store: RedisStore,
    aside: Connection,
    servers: Servers,
}

impl Bench {
    fn new() -> Self {
        let servers = servers::single();
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let url = servers.url.parse().expect("a URL of Redis");
        let settings = Settings { clock: Clock::Caller, ..Settings::new(url) };
        let store = RedisStore::new(settings, runtime.handle());
        let aside = servers.servers[0].connection().expect("a server that answers");
        Self { runtime, store, aside, servers }
    }

    /// Asks everything at once.
    fn ask(&self, operations: impl IntoIterator<Item = Operation>) -> Vec<Outcome> {
        self.runtime.block_on(async {
            let mut answers = JoinSet::new();
            for operation in operations {
                match self.store.submit(operation, NOW) {
                    Submitted::Underway(answer) => drop(answers.spawn(answer)),
                    Submitted::Answered(outcome) => panic!("nothing is answered at once: {outcome:?}"),
                }
            }
            answers.join_all().await
        })
    }

    /// An empty pool, or one of `size` people There.
    fn fill(&mut self, size: u64) {
        redis::cmd("FLUSHDB").exec(&mut self.aside).expect("a server that answers");
        let people = (0..size).map(|number| {
            let stage = Stage::ALL[usize::try_from(scattered(number) % 5).expect("small")];
            search(person(number, Side::There, 20, AgeRange::ALL), stage)
        });
        let people: Vec<_> = people.collect();
        for some in people.chunks(FILLING) {
            self.ask(some.iter().cloned());
        }
    }

    /// Processor time that the server has used, microseconds.
    fn used(&mut self) -> f64 {
        let info: String =
            redis::cmd("INFO").arg("cpu").query(&mut self.aside).expect("a server that answers");
        let of = |name: &str| {
            let line = info.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|seconds| seconds.parse::<f64>().ok()).expect("a number of seconds")
        };
        (of("used_cpu_user_main_thread:") + of("used_cpu_sys_main_thread:")) * 1e6
    }

    /// Times operations. `operations` makes the next, `after` puts the pool back as it was.
    fn time(
        &mut self,
        per_operation: u64,
        mut operations: impl FnMut(u64) -> Vec<Operation>,
        mut after: impl FnMut(&Self, u64, Vec<Outcome>),
    ) -> Figure {
        let mut best = Figure { micros: f64::MAX, per_second: 0.0 };
        for round in 0..ROUNDS {
            let operations: Vec<_> =
                (0..BATCHES).flat_map(|batch| operations(round * BATCHES + batch)).collect();
            let count =
                u32::try_from(operations.len()).expect("few") * u32::try_from(per_operation).expect("few");
            let (used, started) = (self.used(), Instant::now());
            let outcomes = self.ask(operations);
            let elapsed = started.elapsed();
            best.micros = best.micros.min((self.used() - used) / f64::from(count));
            best.per_second = best.per_second.max(f64::from(count) / elapsed.as_secs_f64());
            after(self, round, outcomes);
        }
        best
    }
}

/// Takes the newcomers of a round off again.
fn withdraw_newcomers(bench: &Bench, round: u64) {
    let numbers = (0..BATCHES).flat_map(|batch| newcomers(round * BATCHES + batch));
    bench.ask(numbers.map(|number| Operation::Withdraw { pool: POOL, ticket: TicketId(number) }));
}

/// A newcomer looks and nobody is acceptable: nobody is on the other side at all.
fn nobody_there(bench: &mut Bench, _: u64) -> Figure {
    let arrive = |number| search(person(number, Side::There, 30, AgeRange::ALL), Stage::PairOnly);
    bench.time(
        1,
        |batch| newcomers(batch).map(arrive).collect(),
        |bench, round, outcomes| {
            let listed = |outcome: &Outcome| matches!(outcome, Outcome::Searched(Searched::Listed(_)));
            assert!(outcomes.iter().all(listed), "nobody is on the other side");
            withdraw_newcomers(bench, round);
        },
    )
}

/// A newcomer looks at as many as one operation may, and all are too young.
fn nobody_of_that_age(bench: &mut Bench, _: u64) -> Figure {
    let wanted = AgeRange { min: 60, max: 70 };
    let arrive = |number| search(person(number, Side::Here, 30, wanted), Stage::PairOnly);
    bench.time(
        1,
        |batch| newcomers(batch).map(arrive).collect(),
        |bench, round, outcomes| {
            let claimed = |outcome: &Outcome| matches!(outcome, Outcome::Searched(Searched::Claimed(_)));
            assert!(!outcomes.iter().any(claimed), "all are too young");
            withdraw_newcomers(bench, round);
        },
    )
}

/// A newcomer finds the one who has waited longest. The claimed come back with their old place afterwards.
fn somebody(bench: &mut Bench, stage: Stage) -> Figure {
    let arrive = |number| search(person(number, Side::Here, 30, AgeRange::ALL), stage);
    bench.time(
        1,
        |batch| newcomers(batch + people::rounds_before(stage)).map(arrive).collect(),
        |bench, _, outcomes| {
            let proposals = outcomes.into_iter().map(|outcome| {
                let Outcome::Searched(Searched::Claimed(proposal)) = outcome else {
                    panic!("somebody acceptable waits, but: {outcome:?}");
                };
                proposal
            });
            let proposals: Vec<_> = proposals.collect();
            bench.ask(proposals.iter().map(|proposal| Operation::Answer {
                pool: POOL,
                proposal: proposal.id,
                user: proposal.sides[0].ticket.user.clone(),
                verdict: Verdict::Leave,
            }));
            let again = proposals.iter().map(|proposal| &proposal.sides[1]);
            bench.ask(again.map(|side| search(Ticket::clone(&side.ticket), side.stage)));
        },
    )
}

/// A stage opens for somebody in the middle of the line.
fn stage_opens(bench: &mut Bench, size: u64) -> Figure {
    let relist = |batch: u64| {
        let stage = Stage::ALL[usize::try_from(batch % 5).expect("small")];
        anywhere(size, batch).map(move |number| search(person(number, Side::There, 20, AgeRange::ALL), stage))
    };
    bench.time(1, |batch| relist(batch).collect(), |_, _, _| {})
}

/// Somebody in the middle of the line gives up.
fn withdraw(bench: &mut Bench, size: u64) -> Figure {
    let leave = |number| Operation::Withdraw { pool: POOL, ticket: TicketId(number) };
    bench.time(
        1,
        |batch| anywhere(size, batch).map(leave).collect(),
        |bench, round, _| {
            let gone = (0..BATCHES).flat_map(|batch| anywhere(size, round * BATCHES + batch));
            bench
                .ask(gone.map(|number| search(person(number, Side::There, 20, AgeRange::ALL), Stage::Exact)));
        },
    )
}

/// One ticket's share of a renewal.
fn renew(bench: &mut Bench, size: u64) -> Figure {
    let operations = |batch: u64| {
        let lease_until = Time::from_ms(NOW.as_ms() + 9_000 + batch);
        vec![Operation::Renew {
            pool: POOL,
            tickets: anywhere(size, batch).map(TicketId).collect(),
            lease_until,
        }]
    };
    bench.time(BATCH, operations, |_, _, _| {})
}

/// A row of the table: its name, whether it needs somebody who waits, and how to come by its figures.
type Row = (&'static str, bool, fn(&mut Bench, u64) -> Figure);

const ROWS: [Row; 7] = [
    ("search, nobody on the other side", false, nobody_there),
    ("search, nobody of that age (32 looked at)", false, nobody_of_that_age),
    ("search, somebody, first stage", true, |bench, _| somebody(bench, Stage::Exact)),
    ("search, somebody, last stage", true, |bench, _| somebody(bench, Stage::PairOnly)),
    ("search, a stage opens", true, stage_opens),
    ("withdraw, anywhere in line", true, withdraw),
    ("renew, each ticket", true, renew),
];

fn main() {
    let mut bench = Bench::new();
    let mut table = vec![Vec::new(); ROWS.len()];
    for size in SIZES {
        bench.fill(size);
        for (row, (_, needs_waiting, figure)) in table.iter_mut().zip(ROWS) {
            row.push((size > 0 || !needs_waiting).then(|| figure(&mut bench, size)));
        }
    }
    let version: String = bench.servers.servers[0].ask("INFO server").expect("a server that answers");
    let version = version.lines().find_map(|line| line.strip_prefix("redis_version:"));
    println!("Redis {}", version.unwrap_or_default());
    print_table("us of Redis per operation among", &table, |figure, base| {
        format!("{:>10.1} ({:>4.2}x)", figure.micros, figure.micros / base.micros)
    });
    print_table("operations per second among", &table, |figure, _| format!("{:>18.0}", figure.per_second));
}

fn print_table(title: &str, table: &[Vec<Option<Figure>>], cell: impl Fn(Figure, Figure) -> String) {
    println!("{title:<44}{}", SIZES.map(|size| format!("{size:>18}")).concat());
    for ((name, ..), figures) in ROWS.iter().zip(table) {
        let base = figures[1].unwrap_or(Figure { micros: f64::NAN, per_second: f64::NAN });
        let cell =
            |figure: &Option<Figure>| figure.map_or(format!("{:>18}", "-"), |figure| cell(figure, base));
        println!("{name:<44}{}", figures.iter().map(cell).collect::<String>());
    }
}
