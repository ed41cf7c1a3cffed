//! Other servers over HTTP: sorsu's backend, and those that know whose a token is.
//!
//! Each may be slow or away without anybody else noticing: every call has a time limit, calls that may be repeated
//! are, with growing pauses; so many are under way at once and no more; and a server that fails again and again is
//! left alone for a while. What an answer means is the caller's affair.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};

mod breaker;
mod call;

use breaker::Breaker;
use call::Client;
pub use call::{Answer, GET, NotAUrl, POST, Request, bearer, secret_header};

/// The pause after the first try; every further one is twice as long, and each somewhat longer or shorter.
pub const PAUSE: Duration = Duration::from_millis(200);

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failed {
    /// It understood, and does not want to.
    Refused,
    /// It is not known whether it understood.
    Unavailable,
}

/// How long, and how often, it is waited for an answer.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For each try, waiting for its turn included.
    pub within: Duration,
    /// More than one only where it may be done twice.
    pub tries: u32,
}

/// One other server.
pub struct Outside {
    client: Client,
    /// A lock, because calls of all threads share it; held for a look.
    breaker: Mutex<Breaker>,
}

impl Outside {
    /// The server at `url`, of whose answers no more than `longest_answer_bytes` are read. Nothing is sent yet.
    pub fn new(url: &str, longest_answer_bytes: usize) -> Result<Self, NotAUrl> {
        Ok(Self { client: Client::new(url, longest_answer_bytes)?, breaker: Mutex::default() })
    }

    /// The same of one whose paths are added to `url`: it can have no query of its own.
    pub fn with_paths(url: &str, longest_answer_bytes: usize) -> Result<Self, NotAUrl> {
        if url.contains(['?', '#']) {
            return Err(NotAUrl("it has a query".to_owned()));
        }
        Self::new(url, longest_answer_bytes)
    }

    /// What `read` makes of the answer to `request`. `lane` says how many wait at once. An answer of which `read`
    /// says [`Failed::Unavailable`] counts as none.
    pub async fn ask<T>(
        &self,
        lane: &Semaphore,
        request: &Request,
        patience: Patience,
        read: impl Fn(&Answer) -> Result<T, Failed>,
    ) -> Result<T, Failed> {
        let Patience { within, tries } = patience;
        let mut pause = PAUSE;
        for left in (0..tries).rev() {
            let tried = timeout(within, self.tried(lane, request, &read)).await;
            let answer = tried.unwrap_or_else(|_| {
                self.breaker().failed(Instant::now());
                Err(Failed::Unavailable)
            });
            match answer {
                Err(Failed::Unavailable) if left > 0 => sleep(jittered(pause)).await,
                Ok(_) | Err(Failed::Refused | Failed::Unavailable) => return answer,
            }
            pause *= 2;
        }
        Err(Failed::Unavailable)
    }

    async fn tried<T>(
        &self,
        lane: &Semaphore,
        request: &Request,
        read: &impl Fn(&Answer) -> Result<T, Failed>,
    ) -> Result<T, Failed> {
        let _turn = lane.acquire().await.map_err(|_| Failed::Unavailable)?;
        if !self.breaker().lets_through(Instant::now()) {
            return Err(Failed::Unavailable);
        }
        let answer = self.client.call(request).await.and_then(|answer| read(&answer));
        match answer {
            Ok(_) | Err(Failed::Refused) => self.breaker().answered(),
            Err(Failed::Unavailable) => self.breaker().failed(Instant::now()),
        }
        answer
    }

    /// How long it is left alone from now on.
    pub fn left_alone_for(&self) -> Duration {
        self.breaker().closed_for(Instant::now())
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// From half of it to one and a half: those that failed together do not come back together.
fn jittered(pause: Duration) -> Duration {
    let percent = 50 + RandomState::new().build_hasher().finish() % 101;
    pause * u32::try_from(percent).unwrap_or(100) / 100
}
