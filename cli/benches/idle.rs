//! What an idle WebSocket connection costs in resident memory, and whether it is given back.
//!
//! ```text
//! cargo bench -p qala-cli --bench idle [-- 1000 10000]
//! ```
//!
//! For Linux. For each number of connections a fresh `qala serve` with its default options gets that many
//! guests: they connect, 64 at a time, are let in, answer the first ping and say nothing more. Resident is
//! `VmRSS`; "bytes each" is its growth from the start until all are idle, divided by their number. Then all
//! streams are closed at once without a word, as when a network fails. Figures of memory hold on a busy machine,
//! connects per second do not. Client and server are two processes, because each needs as many open files as
//! there are connections.

#![expect(clippy::disallowed_methods, clippy::disallowed_macros, reason = "a benchmark measures and prints")]

#[path = "idle/client.rs"]
mod client;
#[path = "idle/server.rs"]
mod server;

use std::env;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinSet;
use tokio::time::sleep;

use client::Client;
use server::Server;

const CONNECTIONS: [u32; 2] = [1_000, 10_000];
/// Handshakes under way at once.
const AT_ONCE: usize = 64;
/// Open files that are not connections.
const OTHER_FILES: u64 = 64;
/// From the last sign of life until memory is looked at.
const SETTLED_AFTER: Duration = Duration::from_secs(3);
/// How long freed memory may take to go back to the system.
const SECONDS_TO_GIVE_BACK: u32 = 45;
/// Memory that comes and goes for no reason of ours.
const NOISE_BYTES: f64 = 500_000.0;

fn main() {
    // Cargo adds an argument of its own, which is no number.
    let asked: Vec<u32> = env::args().filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if asked.is_empty() { CONNECTIONS.to_vec() } else { asked };
    let files = rlimit::increase_nofile_limit(u64::MAX).expect("the limit of open files can be asked");
    println!("connections  at start  all idle  bytes each  connects/s  all gone  after");
    for size in sizes {
        let needed = u64::from(size) + OTHER_FILES;
        assert!(needed <= files, "{size} connections need {needed} open files, {files} are allowed");
        Runtime::new().expect("threads can be started").block_on(measure(size));
    }
}

/// One line of the table.
async fn measure(size: u32) {
    let server = Server::start();
    sleep(SETTLED_AFTER).await;
    let start = server.resident_bytes();

    let began = Instant::now();
    let mut crowd = Crowd::gather(server.address(), size);
    crowd.all_let_in().await;
    let per_second = f64::from(size) / began.elapsed().as_secs_f64();
    crowd.all_idle().await;
    sleep(SETTLED_AFTER).await;
    let idle = server.resident_bytes();

    drop(crowd);
    let (gone, after) = given_back(&server).await;

    let each = (idle - start) / f64::from(size);
    let [start, idle, gone] = [start, idle, gone].map(|bytes| bytes / 1e6);
    println!(
        "{size:>11}  {start:>5.1} MB  {idle:>5.1} MB  {each:>10.0}  {per_second:>10.0}  {gone:>5.1} MB  {after:>3} s"
    );
    server.stop();
}

/// What is resident in the end, and the second from which on it was.
async fn given_back(server: &Server) -> (f64, usize) {
    let mut seen = Vec::new();
    for _ in 0..SECONDS_TO_GIVE_BACK {
        sleep(Duration::from_secs(1)).await;
        seen.push(server.resident_bytes());
    }
    let last = *seen.last().expect("it was looked at");
    let since = seen.iter().rposition(|bytes| *bytes > last + NOISE_BYTES).map_or(0, |position| position + 1);
    (last, since + 1)
}

/// Many guests. Dropping it closes all their streams.
struct Crowd {
    size: u32,
    let_in: Receiver<()>,
    idle: Receiver<()>,
    /// A guest that leaves by itself has failed.
    guests: JoinSet<io::Result<()>>,
}

impl Crowd {
    fn gather(address: SocketAddr, size: u32) -> Self {
        let turns = Arc::new(Semaphore::new(AT_ONCE));
        let (tell_let_in, let_in) = channel(AT_ONCE);
        let (tell_idle, idle) = channel(AT_ONCE);
        let mut guests = JoinSet::new();
        for number in 0..size {
            let (turns, tell_let_in, tell_idle) = (turns.clone(), tell_let_in.clone(), tell_idle.clone());
            guests.spawn(async move {
                let turn = turns.acquire().await.map_err(io::Error::other)?;
                let mut client = Client::connect(address, number).await?;
                drop(turn);
                tell(tell_let_in).await;
                client.answer_first_ping().await?;
                tell(tell_idle).await;
                client.stay().await
            });
        }
        Self { size, let_in, idle, guests }
    }

    async fn all_let_in(&mut self) {
        Self::all(self.size, &mut self.let_in, &mut self.guests).await;
    }

    async fn all_idle(&mut self) {
        Self::all(self.size, &mut self.idle, &mut self.guests).await;
    }

    async fn all(size: u32, told: &mut Receiver<()>, guests: &mut JoinSet<io::Result<()>>) {
        for _ in 0..size {
            tokio::select! {
                Some(()) = told.recv() => {}
                Some(ended) = guests.join_next() => panic!("a guest did not stay: {ended:?}"),
            }
        }
    }
}

async fn tell(whom: Sender<()>) {
    // Nobody listens only when the measurement is over.
    let _ = whom.send(()).await;
}
