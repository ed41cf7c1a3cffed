//! What one store was asked and answered, to be asked of another.

use std::cell::RefCell;
use std::sync::{Mutex, PoisonError};

use qala::domain::operation::{Operation, Outcome};
use qala::domain::time::Time;
use qala::store::memory::MemoryStore;
use qala::store::redis::RedisStore;
use qala::store::{Store, Submitted};
use redis::{Client, Connection};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use crate::store::redis::{SINGLE, settings, store};

/// An operation, when it was asked, and the answer.
type Heard = (Operation, Time, Outcome);

/// The embedded store, with a record of everything.
#[derive(Default)]
pub(crate) struct Recorder {
    store: MemoryStore,
    heard: Mutex<Vec<Heard>>,
}

impl Recorder {
    /// Everything so far.
    pub(crate) fn heard(self) -> Vec<Heard> {
        self.heard.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Recorder {
    fn submit(&self, operation: Operation, now: Time) -> Submitted {
        let Submitted::Answered(outcome) = self.store.submit(operation.clone(), now) else {
            panic!("the embedded store answers at once");
        };
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).push((operation, now, outcome.clone()));
        Submitted::Answered(outcome)
    }
}

/// A server that is asked a whole scene at once, and emptied afterwards.
pub(crate) struct RealRedis {
    runtime: Runtime,
    store: RedisStore,
    aside: Connection,
}

impl RealRedis {
    fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime for one thread");
        let url = SINGLE.url.as_str();
        let aside =
            Client::open(url).and_then(|client| client.get_connection()).expect("a server that answers");
        Self { runtime, store: store(settings(&SINGLE)), aside }
    }

    /// Asks an empty server the same, everything at once and in the same order: one connection keeps it.
    pub(crate) fn told(heard: &[Heard]) -> Vec<Outcome> {
        thread_local! {
            static SERVER: RefCell<Option<RealRedis>> = const { RefCell::new(None) };
        }
        SERVER.with_borrow_mut(|server| {
            let server = server.get_or_insert_with(|| {
                let mut server = Self::new();
                // Whatever is asked before the connection stands would be sent in any order.
                server.ask(&heard[..1.min(heard.len())]);
                server
            });
            redis::cmd("FLUSHDB").exec(&mut server.aside).expect("a server that answers");
            let told = server.ask(heard);
            let found: Vec<String> = redis::Script::new(include_str!("audit.lua"))
                .invoke(&mut server.aside)
                .expect("a script without mistakes");
            assert_eq!(found, [""; 0], "what is written does not fit together");
            told
        })
    }

    fn ask(&mut self, heard: &[Heard]) -> Vec<Outcome> {
        let mut told = vec![Outcome::Done; heard.len()];
        self.runtime.block_on(async {
            let mut answers = JoinSet::new();
            for (index, (operation, now, _)) in heard.iter().enumerate() {
                // One that waits for an earlier one of its room would be overtaken by what is asked after it.
                let alone = matches!(operation, Operation::Append { .. });
                if alone {
                    collect(&mut answers, &mut told).await;
                }
                match self.store.submit(operation.clone(), *now) {
                    Submitted::Answered(outcome) => told[index] = outcome,
                    Submitted::Underway(answer) => drop(answers.spawn(async move { (index, answer.await) })),
                }
                if alone {
                    collect(&mut answers, &mut told).await;
                }
            }
            collect(&mut answers, &mut told).await;
        });
        told
    }
}

async fn collect(answers: &mut JoinSet<(usize, Outcome)>, told: &mut [Outcome]) {
    while let Some(answer) = answers.join_next().await {
        let (index, outcome) = answer.expect("no answer panics");
        told[index] = outcome;
    }
}
