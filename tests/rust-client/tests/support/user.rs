//! One person with the client: everything received is kept in order, and every wait is bounded.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use rust_socketio::asynchronous::{Client, ClientBuilder};
use rust_socketio::{Payload, TransportType};
use serde_json::{Value, json};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::timeout;

use super::server::Server;

const WAIT: Duration = Duration::from_secs(10);
/// Events and answers that may wait for the test to look at them.
const UNREAD: usize = 1_024;

/// Numbers of guests' secrets, so that no two are the same user.
static GUESTS: AtomicU64 = AtomicU64::new(0);

/// An event with its first argument.
type Received = (String, Value);

/// A connected person.
pub(crate) struct User {
    /// The user id, as the server tells it.
    pub(crate) id: Value,
    client: Client,
    events: Receiver<Received>,
    /// Events that something else was waited for.
    unread: VecDeque<Received>,
}

impl User {
    /// Connects a new guest. Ends when the server has said welcome: what this client sends earlier is not
    /// held back until it is let in, and the server closes whoever talks before.
    pub(crate) async fn connect(server: &Server, transport: TransportType) -> Self {
        let (sender, events) = channel(UNREAD);
        let guest = GUESTS.fetch_add(1, Ordering::Relaxed);
        let client = ClientBuilder::new(server.url())
            .transport_type(transport)
            .reconnect(false)
            .auth(json!({ "guest": format!("a secret of at least 16 bytes, number {guest}") }))
            .on_any(move |event, payload, _| {
                let (sender, received) = (sender.clone(), (String::from(event), first(payload)));
                async move { keep(&sender, received) }.boxed()
            })
            .connect()
            .await
            .unwrap_or_else(|error| panic!("the client does not connect: {error}"));
        let mut user = Self { id: Value::Null, client, events, unread: VecDeque::new() };
        user.id = user.next("session:welcome").await["userId"].clone();
        user
    }

    /// Sends an event.
    pub(crate) async fn emit(&self, event: &str, payload: Value) {
        let sent = self.client.emit(event, payload).await;
        sent.unwrap_or_else(|error| panic!("cannot send {event}: {error}"));
    }

    /// Sends an event and waits for its acknowledgement, which has one argument.
    pub(crate) async fn ask(&self, event: &str, payload: Value) -> Value {
        let (sender, mut answers) = channel(1);
        let answered = move |payload, _| {
            let (sender, answer) = (sender.clone(), first(payload));
            async move { keep(&sender, answer) }.boxed()
        };
        let sent = self.client.emit_with_ack(event, payload, WAIT, answered).await;
        sent.unwrap_or_else(|error| panic!("cannot send {event}: {error}"));
        let answer = timeout(WAIT, answers.recv()).await.ok().flatten();
        let answer = answer.unwrap_or_else(|| panic!("{event} was not acknowledged"));
        // The client hands over the list of arguments as if it were the first.
        let arguments = answer.as_array().map_or(&[][..], Vec::as_slice);
        assert_eq!(arguments.len(), 1, "{event}: an acknowledgement has one argument, not {answer}");
        arguments[0].clone()
    }

    /// The first argument of the next event of that name; others are kept for later.
    pub(crate) async fn next(&mut self, event: &str) -> Value {
        if let Some(position) = self.unread.iter().position(|(name, _)| name == event) {
            return self.unread.remove(position).expect("it was just found").1;
        }
        loop {
            let (name, argument) = self.receive(event).await;
            if name == event {
                return argument;
            }
            self.unread.push_back((name, argument));
        }
    }

    /// Everything not waited for yet, up to and including the next event of that name. Places in the queue
    /// are told when it suits the server, and left out.
    pub(crate) async fn until(&mut self, event: &str) -> Vec<Received> {
        let mut received: Vec<Received> = self.unread.drain(..).collect();
        while received.last().is_none_or(|(name, _)| name != event) {
            received.push(self.receive(event).await);
        }
        received.retain(|(name, _)| name != "queue:position_update");
        received
    }

    /// Says good-bye.
    pub(crate) async fn leave(self) {
        let left = self.client.disconnect().await;
        left.unwrap_or_else(|error| panic!("cannot disconnect: {error}"));
    }

    async fn receive(&mut self, waiting_for: &str) -> Received {
        let received = timeout(WAIT, self.events.recv()).await.ok().flatten();
        received.unwrap_or_else(|| panic!("no {waiting_for}; unread: {:?}", self.unread))
    }
}

/// The client calls back from its only reading task, which must not wait.
fn keep<T>(sender: &Sender<T>, received: T) {
    assert!(sender.try_send(received).is_ok(), "more came than the test reads");
}

fn first(payload: Payload) -> Value {
    let Payload::Text(arguments) = payload else { panic!("qala sends texts, not {payload:?}") };
    arguments.into_iter().next().unwrap_or_default()
}
