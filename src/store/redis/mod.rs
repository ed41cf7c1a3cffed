//! The shared store: any number of nodes keep what they share in Redis, one server, a set watched by
//! Sentinels, or a Cluster.
//!
//! Every operation is one script (or one command) that touches one slot, sent over one multiplexed connection.
//! Nothing is decided here that the embedded store does not decide as well: one suite holds for both.
//!
//! - **Order.** Operations of one session arrive one after the other, except chat appends: those of one room go
//!   in batches that wait for each other (`lanes`), whatever happens to the connection.
//! - **Retries.** An operation whose answer is lost is sent again within its time-out. Each script answers a
//!   repetition as it answered first and changes nothing more.
//! - **Limits.** So many operations are under way and no more; while Redis is known to be away each is
//!   answered at once.
//! - **Time.** [`Clock`] says whose.
//!
//! [`RedisPost`] carries envelopes between the nodes that share it. Of sessions it is kept here where they live and
//! which talk they are in; everything else of them is their node's.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rand::TryRng;
use rand::rngs::SysRng;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use super::{Store, Submitted};
use crate::domain::id::RoomId;
use crate::domain::operation::Operation;
use crate::domain::time::Time;

mod address;
mod call;
mod carry;
mod control;
mod events;
mod halls;
mod inbox;
mod keeper;
mod keys;
mod lanes;
mod link;
mod listing;
mod nodes;
mod post;
mod reach;
mod reply;
mod scripts;
mod survey;
mod text;
mod wire;
mod words;

pub use address::{NotARedisUrl, RedisUrl};
pub use control::ControlStream;
pub use events::EventStream;
pub use inbox::Senders;
pub use keys::PREFIX;
pub use post::RedisPost;
pub use reach::{Unreachable, reach};
pub use survey::{NotSurveyed, Surveyor};
pub use wire::{parse_letter, write_letter};

use call::{Caller, Request};
use carry::{Carrier, unavailable};
use keys::Keys;
use lanes::Lanes;
use listing::Listing;

/// Operations under way at once. Each holds some kilobytes; more than this many wait for Redis only when it
/// does not keep up, and then more of them would only wait longer.
const UNDER_WAY: usize = 16_384;

/// Whose time decides about leases, expiry and waiting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// The `now` of each operation. For tests, which choose it, and for services of one node.
    #[default]
    Caller,
    /// Redis' own, so that nodes whose clocks differ by seconds agree. Times that the node names (lease ends, ends
    /// of a history, enqueue times) are moved by the difference of the two clocks as they arrive, and times that
    /// it is told are moved back. Chat messages carry Redis' time.
    Server,
}

/// How long to wait for what.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For one connection to one server, with TLS and password.
    pub connect: Duration,
    /// For everything up to a connection that is known to work: Sentinels asked, scripts loaded.
    pub dial: Duration,
    /// For one answer. Longer than Redis waits for a slow disk.
    pub response: Duration,
    /// For an operation with all its repetitions.
    pub operation: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(1),
            dial: Duration::from_secs(2),
            response: Duration::from_secs(2),
            operation: Duration::from_millis(3_500),
        }
    }
}

/// What a store is made of.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where Redis is.
    pub url: RedisUrl,
    /// What every key begins with.
    pub prefix: String,
    /// Whose time decides.
    pub clock: Clock,
    /// How long to wait.
    pub timeouts: Timeouts,
}

impl Settings {
    /// What a service in production wants of that Redis.
    pub fn new(url: RedisUrl) -> Self {
        Self { url, prefix: PREFIX.to_owned(), clock: Clock::Server, timeouts: Timeouts::default() }
    }
}

/// The store of nodes that share a Redis.
pub struct RedisStore {
    caller: Arc<Caller>,
    carrier: Arc<Carrier>,
    under_way: Arc<Semaphore>,
    lanes: Lanes,
    /// Where rooms are told of that are opened and closed, to be listed.
    rooms: mpsc::Sender<(RoomId, Listing)>,
    /// Names submissions: at random for each store, then counted.
    name: u64,
    submissions: AtomicU64,
    /// The task that keeps the connection; it ends with the store and the posts that share it.
    keeper: Arc<JoinSet<()>>,
}

impl RedisStore {
    /// A store that begins to connect at once, by a task on `runtime`.
    pub fn new(settings: Settings, runtime: &Handle) -> Self {
        let Settings { url, prefix, clock, timeouts } = settings;
        let (keeping, task) = keeper::keep(url, timeouts);
        let mut tasks = JoinSet::new();
        tasks.spawn_on(task, runtime);
        let caller = Arc::new(Caller { keys: Keys::new(&prefix), clock });
        let carrier = Arc::new(Carrier { keeping, timeouts });
        let (rooms, task) = listing::list(caller.clone(), carrier.clone());
        tasks.spawn_on(task, runtime);
        Self {
            caller,
            carrier,
            rooms,
            under_way: Arc::new(Semaphore::new(UNDER_WAY)),
            lanes: Lanes::default(),
            name: SysRng.try_next_u64().unwrap_or_default(),
            submissions: AtomicU64::new(0),
            keeper: Arc::new(tasks),
        }
    }

    /// Whether a connection stands: what a node's readiness tells.
    pub fn is_connected(&self) -> bool {
        self.carrier.keeping.is_up()
    }

    fn next_submission(&self) -> String {
        format!("{:x}-{:x}", self.name, self.submissions.fetch_add(1, Ordering::Relaxed))
    }
}

impl Store for RedisStore {
    fn submit(&self, operation: Operation, now: Time) -> Submitted {
        if self.carrier.keeping.is_away() {
            return Submitted::Answered(unavailable());
        }
        let Ok(permit) = Arc::clone(&self.under_way).try_acquire_owned() else {
            return Submitted::Answered(unavailable());
        };
        if let Some(listing) = Listing::of(&operation)
            && self.rooms.try_send(listing).is_err()
        {
            tracing::warn!("more rooms are opened and closed than can be listed for viewers");
        }
        let carrier = Arc::clone(&self.carrier);
        match self.caller.request(operation, self.next_submission(), now) {
            Request::Call(call) => Submitted::Underway(Box::pin(async move {
                let outcome = carrier.carry_out(call).await;
                drop(permit);
                outcome
            })),
            Request::Append(room, append) => {
                let caller = Arc::clone(&self.caller);
                let place = self.lanes.join(room, append, carrier.deadline());
                Submitted::Underway(Box::pin(async move {
                    let outcome = carrier.write(&caller, place).await;
                    drop(permit);
                    outcome
                }))
            }
        }
    }

    fn name(&self) -> &'static str {
        "redis"
    }

    fn is_available(&self) -> bool {
        self.is_connected()
    }
}
