//! The way to a backend over HTTP: runs errands, and finds out whose a token is.
//!
//! It may be slow or away without anybody else noticing (`src/outside/`); so many calls are under way at once and no
//! more.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::domain::errand::{Errand, Tidings, Token, What};
use crate::domain::id::UserId;
use crate::outside::{NotAUrl, Outside, PAUSE, Patience};

mod call;
mod wire;

use call::{Failed, LONGEST_ANSWER_BYTES, Request};

/// Calls that somebody waits for, at once.
const AWAITED: usize = 64;
/// Calls beside those, at once: they must not stand in the way of the others.
const ASIDE: usize = 64;
/// People who wait to be let in at once, for a backend that says whose their tokens are.
const ENTERING: usize = 4_096;
/// How long whose a token is may take.
pub const IDENTIFIES_WITHIN: Duration = Duration::from_secs(10);
/// How long anything else may take.
const WITHIN: Duration = Duration::from_secs(5);
/// How often a call is tried that may be repeated.
const TRIES: u32 = 3;

/// A backend.
#[derive(Clone)]
pub struct Backend(Arc<Inner>);

struct Inner {
    server: Outside,
    /// Those who wait to be let in: the only ones that nothing else bounds.
    entering: Semaphore,
    awaited: Semaphore,
    aside: Semaphore,
}

/// An answer that comes.
pub type Coming<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Why it is not known whose a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotIdentified {
    /// Nobody's.
    Invalid,
    /// The backend does not say.
    Unavailable,
}

impl Backend {
    /// The backend at that address. Nothing is sent yet.
    pub fn new(url: &str) -> Result<Self, String> {
        let server = Outside::with_paths(url, LONGEST_ANSWER_BYTES).map_err(|NotAUrl(reason)| reason)?;
        let (awaited, aside) = (Semaphore::new(AWAITED), Semaphore::new(ASIDE));
        let entering = Semaphore::new(ENTERING);
        Ok(Self(Arc::new(Inner { server, entering, awaited, aside })))
    }

    /// Whose token is it?
    pub fn identify(&self, token: Token) -> Coming<Result<UserId, NotIdentified>> {
        let inner = self.0.clone();
        Box::pin(async move {
            let request =
                Request { token, method: call::POST, path: "/guest/refresh".to_owned(), body: None };
            let Ok(_turn) = inner.entering.try_acquire() else { return Err(NotIdentified::Unavailable) };
            // As a whole: whoever wants in waits no longer, however often it is tried.
            let asked = inner.asked(&inner.awaited, request, IDENTIFIES_WITHIN, TRIES);
            match timeout(IDENTIFIES_WITHIN, asked).await.unwrap_or(Err(Failed::Unavailable)) {
                Ok(body) => wire::guest(&body).ok_or(NotIdentified::Invalid),
                Err(Failed::Refused) => Err(NotIdentified::Invalid),
                Err(Failed::Unavailable) => Err(NotIdentified::Unavailable),
            }
        })
    }

    /// Runs an errand.
    pub fn run(&self, Errand { token, what }: Errand) -> Coming<Tidings> {
        let inner = self.0.clone();
        Box::pin(async move {
            let lane = if is_awaited(&what) { &inner.awaited } else { &inner.aside };
            let request = wire::request(token, &what);
            match inner.asked(lane, request, WITHIN, tries(&what)).await {
                Ok(body) => wire::tidings(&what, &body).unwrap_or_else(|| inner.unavailable()),
                Err(Failed::Refused) => Tidings::Refused,
                Err(Failed::Unavailable) => inner.unavailable(),
            }
        })
    }
}

/// Whether a client waits for the answer.
const fn is_awaited(what: &What) -> bool {
    match what {
        What::Write { .. } | What::Said { .. } => true,
        What::Start | What::End { .. } | What::Present | What::Gone => false,
    }
}

/// A message that is sent twice may be kept twice, and the search is repeated anyway; all else may be repeated.
const fn tries(what: &What) -> u32 {
    match what {
        What::Write { .. } | What::Start => 1,
        What::End { .. } | What::Present | What::Gone | What::Said { .. } => TRIES,
    }
}

impl Inner {
    /// What the backend answers to `request`, each try within that time, waiting for its turn included.
    async fn asked(
        &self,
        lane: &Semaphore,
        request: Request,
        within: Duration,
        tries: u32,
    ) -> Result<wire::Body, Failed> {
        self.server.ask(lane, &request.sent()?, Patience { within, tries }, call::read).await
    }

    fn unavailable(&self) -> Tidings {
        let wait = self.server.left_alone_for().max(PAUSE);
        Tidings::Unavailable { retry_after_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX) }
    }
}
