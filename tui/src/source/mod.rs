//! Where pictures of a service that runs come from: its Redis, or one of its nodes.
//!
//! A thread of its own asks, so that nobody who draws ever waits: what it learned is taken when somebody looks. An
//! answer that does not come is told within two seconds whatever the pace, and asked for again several times a second
//! until it comes.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use qala::store::redis::{NotARedisUrl, RedisUrl};
use qala::store::snapshot::{Ordered, Outcome, Snapshot, Survey};
use tokio::runtime::Builder;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

mod eyes;
mod http;

use eyes::Eyes;
use http::NodeUrl;

/// After a failure it is asked again this long after the attempt began.
const AGAIN_AFTER: Duration = Duration::from_millis(200);
/// Where pictures are farther apart, it is asked in between whether anybody answers.
const PROBE_EVERY: Duration = Duration::from_secs(1);
/// Orders that wait to be given. More than anybody confirms in a second.
const ORDERS: usize = 16;

/// Something that was learned.
#[derive(Debug)]
pub enum Reading {
    /// The next picture.
    Picture(Box<Snapshot>),
    /// Nobody answers; why, in a few words.
    Silence(String),
    /// What became of an order.
    Done(Ordered, Outcome),
}

/// Why there is nothing to ask: what is wrong, and what to do about it.
pub type Problem = (String, String);

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
struct Wanted {
    survey: Survey,
    pace: Duration,
}

/// Asks for pictures, on a thread of its own that ends with this.
pub struct Source {
    address: String,
    wanted: watch::Sender<Option<Wanted>>,
    orders: mpsc::Sender<Ordered>,
    learned: Arc<Learned>,
    /// Names orders: at random for each source, then counted.
    name: u64,
    given: u64,
}

/// What was learned and not looked at. A lock, because two threads meet here; held for a look. There are at most one
/// picture or silence, since a newer one replaces it, and as many outcomes as there are orders.
#[derive(Default)]
struct Learned(Mutex<VecDeque<Reading>>);

impl Learned {
    fn tell(&self, reading: Reading) {
        let mut readings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(reading, Reading::Done(..)) {
            readings.retain(|earlier| matches!(earlier, Reading::Done(..)));
        }
        readings.push_back(reading);
    }

    fn take(&self) -> Option<Reading> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

impl Source {
    /// Asks the Redis that nodes share, at a URL as `--redis-url` takes it.
    pub fn redis(url: &str, password: Option<&str>) -> Result<Self, Problem> {
        let url: RedisUrl = url.parse().map_err(|error: NotARedisUrl| {
            (format!("the URL of Redis {error}"), "for example redis://127.0.0.1:6379".to_owned())
        })?;
        let url = match password {
            Some(password) => url.or_password(password),
            None => url,
        };
        let address = url.to_string();
        Self::start(address, move |runtime| Eyes::redis(url, runtime))
    }

    /// Asks one node, which keeps everything in its own memory, at `http://host:port`.
    pub fn node(url: &str, token: Option<&str>) -> Result<Self, Problem> {
        let node = NodeUrl::new(url, token)
            .map_err(|error| (format!("--url {error}"), "for example http://127.0.0.1:3001".to_owned()))?;
        Self::start(node.address().to_owned(), move |_| Eyes::node(node))
    }

    fn start(
        address: String,
        eyes: impl FnOnce(&tokio::runtime::Handle) -> Eyes + Send + 'static,
    ) -> Result<Self, Problem> {
        let problem =
            |error: io::Error| (format!("cannot start a thread: {error}"), "look at its limits".to_owned());
        let runtime = Builder::new_current_thread().enable_all().build().map_err(problem)?;
        let (wanted, asked) = watch::channel(None);
        let (orders, given) = mpsc::channel(ORDERS);
        let learned = Arc::new(Learned::default());
        let told = learned.clone();
        let asking = move || {
            let eyes = eyes(runtime.handle());
            runtime.block_on(Asking { eyes, learned: told, asked, orders: given }.run());
        };
        thread::Builder::new().name("source".to_owned()).spawn(asking).map_err(problem)?;
        Ok(Self { address, wanted, orders, learned, name: RandomState::new().hash_one(0), given: 0 })
    }

    /// Where it asks, without a password.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What the next pictures are to have in them, and how many milliseconds are between two. The first comes at once.
    pub fn ask(&self, survey: &Survey, pace_ms: u64) {
        let wanted = Wanted { survey: survey.clone(), pace: Duration::from_millis(pace_ms) };
        self.wanted.send_if_modified(|known| {
            let is_new = known.as_ref() != Some(&wanted);
            *known = Some(wanted);
            is_new
        });
    }

    /// What was learned meanwhile, if anything.
    pub fn news(&self) -> Option<Reading> {
        self.learned.take()
    }

    /// Gives an order. What became of it is news.
    pub fn give(&mut self, ordered: Ordered) {
        self.given += 1;
        let named = Ordered { id: format!("{:x}-{}", self.name, self.given), ..ordered };
        if let Err(mpsc::error::TrySendError::Full(ordered) | mpsc::error::TrySendError::Closed(ordered)) =
            self.orders.try_send(named)
        {
            let outcome = Outcome::Refused("too many orders wait: give it again in a moment".to_owned());
            self.learned.tell(Reading::Done(ordered, outcome));
        }
    }
}

/// The thread's part.
struct Asking {
    eyes: Eyes,
    learned: Arc<Learned>,
    asked: watch::Receiver<Option<Wanted>>,
    orders: mpsc::Receiver<Ordered>,
}

impl Asking {
    /// Asks until nobody wants to know any more.
    async fn run(mut self) {
        if self.asked.wait_for(Option::is_some).await.is_err() {
            return;
        }
        loop {
            let Some(Wanted { survey, pace }) = self.asked.borrow_and_update().clone() else { return };
            let began = Instant::now();
            let answered = match self.eyes.snapshot(&survey).await {
                Ok(snapshot) => {
                    self.learned.tell(Reading::Picture(Box::new(snapshot)));
                    true
                }
                Err(reason) => {
                    self.learned.tell(Reading::Silence(reason));
                    false
                }
            };
            let next = began + if answered { pace } else { AGAIN_AFTER };
            if !self.wait(next, answered).await {
                return;
            }
        }
    }

    /// Waits for the next picture's time, or until something else is wanted or nobody answers any more. `false` when
    /// nobody wants anything.
    async fn wait(&mut self, next: Instant, answered: bool) -> bool {
        let mut probe = Instant::now() + PROBE_EVERY;
        loop {
            tokio::select! {
                changed = self.asked.changed() => return changed.is_ok(),
                () = sleep_until(next.min(probe)) => {}
                () = self.eyes.back(), if !answered => return true,
                Some(ordered) = self.orders.recv() => {
                    self.give(ordered).await;
                    continue;
                }
            }
            if Instant::now() >= next {
                return true;
            }
            probe = Instant::now() + PROBE_EVERY;
            if let Err(reason) = self.eyes.probe().await {
                self.learned.tell(Reading::Silence(reason));
                // From now on it is asked as after any other failure.
                tokio::select! {
                    () = sleep(AGAIN_AFTER) => {}
                    () = self.eyes.back() => {}
                }
                return true;
            }
        }
    }

    async fn give(&mut self, ordered: Ordered) {
        let outcome = match self.eyes.order(&ordered).await {
            Ok(outcome) => outcome,
            Err(reason) => Outcome::Refused(format!("{reason}: it may have been given all the same")),
        };
        self.learned.tell(Reading::Done(ordered, outcome));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use qala::store::snapshot::Order;

    #[test]
    fn newer_pictures_replace_older_ones_and_outcomes_stay() {
        let learned = Learned::default();
        let picture =
            |taken_at_ms| Reading::Picture(Box::new(Snapshot { taken_at_ms, ..Snapshot::default() }));
        let order = Order::Drain { node: "n".to_owned() };
        let ordered = Ordered { order, by: "ops@host".to_owned(), id: String::new() };
        learned.tell(picture(1));
        learned.tell(Reading::Done(ordered, Outcome::Given));
        learned.tell(Reading::Silence("away".to_owned()));
        learned.tell(picture(2));
        assert!(matches!(learned.take(), Some(Reading::Done(_, Outcome::Given))));
        assert!(matches!(learned.take(), Some(Reading::Picture(picture)) if picture.taken_at_ms == 2));
        assert!(learned.take().is_none());
    }

    #[test]
    fn what_is_no_address_is_said_with_what_to_do() {
        let (error, hint) = Source::redis("db:6379", None).err().expect("no URL");
        assert!(error.starts_with("the URL of Redis begins with none of redis://"), "{error}");
        assert_eq!(hint, "for example redis://127.0.0.1:6379");
        let (error, _) = Source::node("ftp://h", None).err().expect("no URL");
        assert_eq!(error, "--url is `ftp://h`; expected http://host:port");
        let source = Source::redis("redis://ops:secret@127.0.0.1:1", None).expect("a URL");
        assert_eq!(source.address(), "redis://127.0.0.1:1/0");
    }
}
