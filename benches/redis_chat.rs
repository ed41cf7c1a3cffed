//! What chat in one room costs over Redis: messages that follow each other without waiting, near and far away.
//!
//! Run it with `cargo bench -p qala --bench redis_chat`, on a machine that does nothing else; it starts a server
//! of its own. A burst is as many messages as may wait for one session, submitted at once: milliseconds until
//! the last has its answer, median of the rounds, and microseconds of Redis' processor time for each message in
//! the best round. The same over links that take a while, because there the number of round trips shows.

#![expect(clippy::disallowed_methods, clippy::disallowed_macros, reason = "a benchmark measures and prints")]

#[allow(dead_code, reason = "one of its servers is enough")]
#[path = "../tests/store/servers.rs"]
mod servers;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use qala::domain::id::{Entropy, RoomId, UserId};
use qala::domain::operation::{Appended, Operation, Outcome};
use qala::domain::ticket::PoolId;
use qala::domain::time::Time;
use qala::store::redis::{RedisStore, Settings};
use qala::store::{Store, Submitted};
use redis::Connection;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use servers::Servers;

/// Bursts of one figure.
const ROUNDS: u64 = 20;
/// Messages of a burst: what may wait for one session.
const BURST: u64 = 256;
/// What a link adds to a round trip.
const LINKS: [Duration; 3] = [Duration::ZERO, Duration::from_millis(1), Duration::from_millis(10)];
const NOW: Time = Time::from_ms(1_000);

struct Number(u64);

impl Entropy for Number {
    fn next_u64(&mut self) -> u64 {
        self.0
    }
}

struct Bench {
    runtime: Runtime,
    store: RedisStore,
    aside: Connection,
}

impl Bench {
    fn new(servers: &Servers, link: Duration) -> Self {
        let port = servers.servers[0].port;
        let port = if link.is_zero() { port } else { linked(port, link / 2) };
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let url = format!("redis://127.0.0.1:{port}").parse().expect("a URL of Redis");
        let store = RedisStore::new(Settings::new(url), runtime.handle());
        let mut aside = servers.servers[0].connection().expect("a server that answers");
        redis::cmd("FLUSHDB").exec(&mut aside).expect("a server that answers");
        Self { runtime, store, aside }
    }

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

    /// Milliseconds of a burst of so many messages, and Redis' microseconds for each.
    fn bursts(&mut self, messages: u64) -> (f64, f64) {
        let mut took = Vec::new();
        let mut least = f64::MAX;
        for round in 0..ROUNDS {
            let room = RoomId::random(&mut Number(messages << 32 | round));
            let members = ["ana", "ben"].map(UserId::new);
            self.ask([Operation::OpenRoom {
                pool: PoolId("qala"),
                room,
                members,
                heard: None,
                written: [0; 2],
            }]);
            let operations: Vec<_> = (0..messages).map(|number| message(room, number)).collect();
            let (used, began) = (self.used(), Instant::now());
            let outcomes = self.ask(operations);
            took.push(began.elapsed().as_secs_f64() * 1e3);
            let count = u32::try_from(outcomes.len()).expect("few");
            least = least.min((self.used() - used) / f64::from(count));
            let added = |outcome: &Outcome| matches!(outcome, Outcome::Appended(Appended::Added(_)));
            assert!(outcomes.iter().all(added), "every message is new");
        }
        took.sort_by(f64::total_cmp);
        (took[took.len() / 2], least)
    }
}

fn message(room: RoomId, number: u64) -> Operation {
    let content = "a sentence as people write them to each other".into();
    let client_message_id = Some(format!("m{number}").into());
    Operation::Append { room, from: UserId::new("ana"), content, client_message_id }
}

/// The port of a link to the server on `port` that takes `delay` each way.
fn linked(port: u16, delay: Duration) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let own = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let server = TcpStream::connect(("127.0.0.1", port)).expect("a server that answers");
            for (from, to) in [(&client, &server), (&server, &client)] {
                from.set_nodelay(true).expect("a socket");
                let copies = (from.try_clone().expect("a socket"), to.try_clone().expect("a socket"));
                relay(copies.0, copies.1, delay);
            }
        }
    });
    own
}

fn relay(mut from: TcpStream, mut to: TcpStream, delay: Duration) {
    let (sender, receiver) = mpsc::sync_channel::<(Instant, Vec<u8>)>(1_024);
    thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1_024];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            if sender.send((Instant::now() + delay, buffer[..length].to_vec())).is_err() {
                return;
            }
        }
    });
    thread::spawn(move || {
        for (due, bytes) in receiver {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                return;
            }
        }
        drop(to.shutdown(Shutdown::Both));
    });
}

fn main() {
    let servers = servers::single();
    println!("{:<24}{:>16}{:>16}{:>22}", "link adds", "one, ms", "burst, ms", "Redis us per message");
    for link in LINKS {
        let mut bench = Bench::new(&servers, link);
        let (one, _) = bench.bursts(1);
        let (burst, micros) = bench.bursts(BURST);
        println!("{:<24}{one:>16.2}{burst:>16.1}{micros:>22.1}", format!("{link:?}"));
    }
}
