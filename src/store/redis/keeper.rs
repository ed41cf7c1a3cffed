//! Keeps a connection: gets one, replaces it when it is reported lost, and tells whether there is one.

use std::time::Duration;

use rand::rngs::{StdRng, SysRng};
use rand::{RngExt, SeedableRng};
use tokio::sync::watch;
use tokio::time::sleep;

use super::Timeouts;
use super::address::{Kind, RedisUrl};
use super::link::{Link, dial};

/// The shortest and the longest wait between two attempts. "Everything goes on within two seconds of Redis' return"
/// also holds for Sentinels, who need more than one of them to agree on and to name another master.
const WAIT: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(250)];

/// How it stands with the connection.
#[derive(Clone)]
pub(super) enum Status {
    /// The first attempt since the store began, or since a connection was lost: worth a wait.
    Connecting,
    /// It stands. Which one it is, counted from 1.
    Up(u64, Link),
    /// The last attempt failed: nothing to wait for.
    Away,
}

/// What a store and its keeper know of each other.
pub(super) struct Keeping {
    status: watch::Receiver<Status>,
    /// The latest connection that somebody found lost.
    lost: watch::Sender<u64>,
}

impl Keeping {
    /// The connection, if there is one or there will be one presently; not the one that is named as lost.
    pub(super) async fn link(&self, lost: u64) -> Option<(u64, Link)> {
        let mut status = self.status.clone();
        let decided = status.wait_for(|status| match status {
            Status::Connecting => false,
            Status::Up(generation, _) => *generation > lost,
            Status::Away => true,
        });
        match &*decided.await.ok()? {
            Status::Up(generation, link) => Some((*generation, link.clone())),
            Status::Connecting | Status::Away => None,
        }
    }

    /// Waits for a connection later than that one, and tells which it is.
    pub(super) async fn connected_since(&self, told: u64) -> u64 {
        let mut status = self.status.clone();
        loop {
            let generation = match &*status.borrow_and_update() {
                Status::Up(generation, _) => *generation,
                Status::Connecting | Status::Away => 0,
            };
            if generation > told {
                return generation;
            }
            if status.changed().await.is_err() {
                // The keeper is gone: nothing comes any more.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Tells that a connection is of no use any more.
    pub(super) fn report_lost(&self, generation: u64) {
        self.lost.send_if_modified(|latest| {
            let news = generation > *latest;
            *latest = generation.max(*latest);
            news
        });
    }

    /// The connection that stands, counted from 1; of one that does not, the last that was lost.
    pub(super) fn generation(&self) -> u64 {
        match &*self.status.borrow() {
            Status::Up(generation, _) => *generation,
            Status::Connecting | Status::Away => *self.lost.borrow(),
        }
    }

    /// Whether there is a connection.
    pub(super) fn is_up(&self) -> bool {
        matches!(&*self.status.borrow(), Status::Up(..))
    }

    /// Whether it is known that there is none.
    pub(super) fn is_away(&self) -> bool {
        matches!(&*self.status.borrow(), Status::Away)
    }
}

/// The two ends: what a store knows, and the task that keeps its connection for as long as the store is there.
pub(super) fn keep(
    url: RedisUrl,
    timeouts: Timeouts,
) -> (Keeping, impl Future<Output = ()> + Send + 'static) {
    let (status_sender, status) = watch::channel(Status::Connecting);
    let (lost, lost_receiver) = watch::channel(0);
    (Keeping { status, lost }, run(url, timeouts, status_sender, lost_receiver))
}

async fn run(
    url: RedisUrl,
    timeouts: Timeouts,
    status: watch::Sender<Status>,
    mut lost: watch::Receiver<u64>,
) {
    let mut rng = StdRng::try_from_rng(&mut SysRng).unwrap_or_else(|_| StdRng::seed_from_u64(0));
    for generation in 1.. {
        let link = connect(&url, &timeouts, &status, &mut rng).await;
        if generation > 1 {
            tracing::info!(redis = %url, "connected again");
        }
        status.send_replace(Status::Up(generation, link));
        if lost.wait_for(|latest| *latest >= generation).await.is_err() {
            return;
        }
        tracing::warn!(redis = %url, "lost the connection to Redis");
        // One node of a Cluster being away leaves the others: they are asked on until a new connection stands.
        if url.kind != Kind::Cluster {
            status.send_replace(Status::Connecting);
        }
        sleep(rng.random_range(Duration::ZERO..WAIT[0])).await;
    }
}

/// Tries until it succeeds, waiting longer from time to time.
async fn connect(
    url: &RedisUrl,
    timeouts: &Timeouts,
    status: &watch::Sender<Status>,
    rng: &mut StdRng,
) -> Link {
    let [mut wait, longest] = WAIT;
    loop {
        match dial(url, timeouts).await {
            Ok(link) => return link,
            Err(error) => {
                let known = matches!(status.send_replace(Status::Away), Status::Away);
                if !known {
                    tracing::warn!(redis = %url, %error, "cannot reach Redis, trying on");
                }
            }
        }
        // Nodes that lost Redis in the same moment must not come back in the same moment.
        sleep(rng.random_range(wait / 2..wait)).await;
        wait = (wait * 2).min(longest);
    }
}
