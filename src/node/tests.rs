//! The shell around the core: what becomes of the others when something goes wrong for one.

use std::sync::Mutex;

use serde_json::value::RawValue;
use tokio::sync::mpsc;

use super::*;
use crate::domain::command::Command;
use crate::domain::id::AckId;
use crate::domain::operation::Operation;
use crate::domain::time::Time;
use crate::metrics::Counter;
use crate::store::Submitted;
use crate::store::memory::MemoryStore;

/// The embedded store, which panics for one user.
struct Panicking(MemoryStore);

impl Store for Panicking {
    fn submit(&self, operation: Operation, now: Time) -> Submitted {
        if let Operation::Attach { user, .. } = &operation {
            assert!(user.as_str() != "bad", "a store that panics, as this test wants");
        }
        self.0.submit(operation, now)
    }
}

/// Passes on what a client would hear.
struct Ear(Mutex<mpsc::Sender<String>>);

impl Ear {
    fn hear(&self, text: String) -> Result<(), Undelivered> {
        let ear = self.0.lock().expect("no test panics while it holds this");
        ear.try_send(text).map_err(|_| Undelivered::Full)
    }
}

impl Outlet for Ear {
    fn emit(&self, event: &str, _: &RawValue) -> Result<(), Undelivered> {
        self.hear(event.to_owned())
    }

    fn acknowledge(&self, number: u64, _: &RawValue) -> Result<(), Undelivered> {
        self.hear(format!("ack {number}"))
    }

    fn dismiss(&self) {
        let _ = self.hear("dismissed".to_owned());
    }

    fn cut(&self) {
        let _ = self.hear("cut".to_owned());
    }
}

fn start() -> (Arc<Node>, Tasks) {
    let setup = Setup {
        node: NodeId::new("n-test"),
        shards: 1,
        policies: vec![Dialect::Qala.policy()],
        limits: Limits::default(),
        backend: None,
        max_connections: 10,
        turn: None,
        kept_back: 2,
        traced: None,
        ears: Vec::new(),
    };
    let store: Arc<dyn Store> = Arc::new(Panicking(MemoryStore::new()));
    Node::start(setup, &store, None)
}

fn enter(node: &Node, user: &str, hears: usize) -> (Connection, mpsc::Receiver<String>) {
    let (sender, receiver) = mpsc::channel(hears);
    let outlet = Box::new(Ear(Mutex::new(sender)));
    let connection = node.connect(UserId::new(user), false, None, Dialect::Qala, outlet);
    (connection.expect("the mailbox has room"), receiver)
}

#[tokio::test]
async fn a_panic_gives_up_one_session_and_the_others_go_on() {
    let (node, _tasks) = start();
    let (good, mut good_hears) = enter(&node, "good", 8);
    assert_eq!(good_hears.recv().await.as_deref(), Some("session:welcome"));
    let (_bad, mut bad_hears) = enter(&node, "bad", 8);
    assert_eq!(bad_hears.recv().await.as_deref(), Some("session:welcome"));
    assert_eq!(bad_hears.recv().await.as_deref(), Some("dismissed"));
    good.command(Some(AckId::from(7)), Ok(Command::Heartbeat)).expect("the mailbox has room");
    assert_eq!(good_hears.recv().await.as_deref(), Some("ack 7"));
    assert_eq!(node.counters().get(Counter::Panics), 1);
    assert_eq!(node.counters().sessions(), 1);
}

#[tokio::test]
async fn a_burst_over_the_room_of_a_connection_reaches_a_client_that_reads_in_order() {
    let (node, _tasks) = start();
    // Room for the welcome and for one answer; two more are kept for it.
    let (full, mut hears) = enter(&node, "full", 2);
    for number in 0..3 {
        full.command(Some(AckId::from(number)), Ok(Command::Heartbeat)).expect("the mailbox has room");
    }
    for heard in ["session:welcome", "ack 0", "ack 1", "ack 2"] {
        assert_eq!(hears.recv().await.as_deref(), Some(heard));
    }
    assert_eq!(node.counters().get(Counter::SlowConsumers), 0);
}

#[tokio::test]
async fn a_client_with_no_room_for_a_message_is_cut_and_counted() {
    let (node, _tasks) = start();
    let (full, mut hears) = enter(&node, "full", 2);
    for number in 0..4 {
        full.command(Some(AckId::from(number)), Ok(Command::Heartbeat)).expect("the mailbox has room");
    }
    while node.counters().get(Counter::SlowConsumers) == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(hears.recv().await.as_deref(), Some("session:welcome"));
    assert_eq!(hears.recv().await.as_deref(), Some("ack 0"));
    assert_eq!(node.counters().get(Counter::SlowConsumers), 1);
}

#[tokio::test]
async fn a_mailbox_without_room_refuses_commands_and_still_takes_good_byes() {
    let (node, _tasks) = start();
    let (connection, mut hears) = enter(&node, "many", 100_000);
    assert_eq!(hears.recv().await.as_deref(), Some("session:welcome"));
    // The shard runs on this thread and gets no turn until the next await.
    let taken = (0..100_000).take_while(|_| connection.command(None, Ok(Command::Heartbeat)).is_ok()).count();
    // One place of each connection is kept for its good-bye.
    assert_eq!(taken, COMMANDS_IN_MAILBOX + 10 - 1);
    connection.closed(true);
    while node.counters().sessions() > 0 {
        tokio::task::yield_now().await;
    }
}
