//! Clients that nobody here wrote: `rust_socketio`, for a second opinion on what our own clients find. One thread,
//! a task for each connection.
//!
//! What it does otherwise than a client should is kept away from the server: it would send before it is let in, so
//! that nothing is given to it before; it draws the numbers of acknowledgements from 999 by chance, so that a client
//! waits for one before it asks for the next. It does not tell what the server calls a connection, cannot stop
//! reading, and says good-bye whenever it hangs up: [`crate::settings`] refuses what would need that.

use std::collections::VecDeque;
use std::io;
use std::time::Instant;

use futures_util::FutureExt;
use rust_socketio::asynchronous::{Client as Socket, ClientBuilder};
use rust_socketio::{Event as Name, Payload, TransportType};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{CONNECT_WITHIN, Fleet, Harbour, SLEEP_AT_MOST};
use crate::credentials::Credentials;
use crate::crowd::{ACKNOWLEDGED_WITHIN, Action, Census, Crowd, Input};
use crate::event::{Client, Event};
use crate::scenario::Scenario;
use crate::time::Moment;

/// Words of all clients that wait to be taken; what comes then waits in its socket.
const UNHEARD: usize = 16_384;
/// Packets of one client that wait to be sent; a server that takes so few has stopped.
const UNSENT: usize = 256;

/// What a connection tells.
enum Word {
    /// It is let in.
    Entered,
    /// An event, a JSON array.
    Event(String),
    /// An acknowledgement, its arguments as a JSON array.
    Acknowledged(u32, String),
    /// It ended, or could not be opened.
    Lost(String),
}

/// Which connection tells it: a client may have another by now.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Line {
    client: Client,
    number: u32,
}

/// Where a connection tells it.
#[derive(Clone)]
struct Speaker {
    line: Line,
    words: Sender<(Line, Word)>,
}

impl Speaker {
    async fn say(&self, word: Word) {
        // Nobody listens when the run is over.
        let _ = self.words.send((self.line, word)).await;
    }
}

/// A packet to be sent.
struct Order {
    acknowledge: Option<u32>,
    packet: String,
}

/// A connection. Dropping it has its task say good-bye.
struct Held {
    line: Line,
    entered: bool,
    orders: Sender<Order>,
}

/// Clients of `rust_socketio`.
pub struct SecondFleet {
    runtime: Runtime,
    /// One for each connection.
    tasks: JoinSet<()>,
    crowd: Crowd,
    scenario: Scenario,
    harbour: Harbour,
    credentials: Credentials,
    held: Vec<Option<Held>>,
    /// Those who wait until fewer connections are being opened.
    queue: VecDeque<Client>,
    opening: u32,
    opened: u32,
    words: Receiver<(Line, Word)>,
    speaks: Sender<(Line, Word)>,
    started: Instant,
}

impl Fleet for SecondFleet {
    fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    fn now(&self) -> Moment {
        Moment::default() + self.started.elapsed()
    }

    fn census(&self) -> Census {
        self.crowd.census()
    }

    fn is_over(&self) -> bool {
        self.crowd.is_over(self.now())
    }

    fn turn(&mut self, take: &mut dyn FnMut(&Event)) -> io::Result<()> {
        let now = self.now();
        let sleep = self.crowd.poll_timeout().map_or(SLEEP_AT_MOST, |due| due.since(now).min(SLEEP_AT_MOST));
        let words = &mut self.words;
        let mut word = self.runtime.block_on(async {
            // The connections first: something may be due all the time.
            tokio::task::yield_now().await;
            timeout(sleep, words.recv()).await.ok().flatten()
        });
        // Nothing is added meanwhile: connections live in the runtime alone.
        while let Some((line, said)) = word {
            self.hear(line, said);
            self.act();
            self.show(take);
            word = self.words.try_recv().ok();
        }
        while self.tasks.try_join_next().is_some() {}
        self.crowd.handle(Input::Time, self.now());
        self.act();
        self.show(take);
        Ok(())
    }

    fn finish(&mut self, take: &mut dyn FnMut(&Event)) {
        self.crowd.finish(self.now());
        self.show(take);
        self.held.clear();
        self.tasks.abort_all();
    }
}

impl SecondFleet {
    /// Clients that play `scenario` against `harbour`. Time begins.
    #[expect(clippy::disallowed_methods, reason = "the one clock of a run")]
    pub fn new(scenario: &Scenario, harbour: Harbour, credentials: Credentials) -> io::Result<Self> {
        let (speaks, words) = channel(UNHEARD);
        Ok(Self {
            runtime: Builder::new_current_thread().enable_all().build()?,
            tasks: JoinSet::new(),
            crowd: Crowd::new(scenario),
            scenario: scenario.clone(),
            harbour,
            credentials,
            held: (0..scenario.clients).map(|_| None).collect(),
            queue: VecDeque::new(),
            opening: 0,
            opened: 0,
            words,
            speaks,
            started: Instant::now(),
        })
    }

    fn show(&mut self, take: &mut dyn FnMut(&Event)) {
        while let Some(event) = self.crowd.poll_event() {
            take(&event);
        }
    }

    fn hear(&mut self, line: Line, word: Word) {
        let client = line.client;
        let Some(held) = self.held[client as usize].as_mut().filter(|held| held.line == line) else { return };
        let now = Moment::default() + self.started.elapsed();
        match word {
            Word::Entered => {
                held.entered = true;
                self.opening -= 1;
                // As good as what the server calls it, for families whose servers say who is who.
                let sid = format!("connection-{}", line.number);
                self.crowd.handle(Input::Entered { client, sid: &sid }, now);
            }
            Word::Event(text) => self.crowd.handle(Input::Packet { client, text: &text }, now),
            Word::Acknowledged(id, arguments) => {
                self.crowd.handle(Input::Acknowledged { client, id, arguments: &arguments }, now);
            }
            Word::Lost(why) => self.lose(client, &why),
        }
    }

    fn act(&mut self) {
        while let Some(action) = self.crowd.poll_action() {
            match action {
                Action::Connect(client) => self.queue.push_back(client),
                Action::Send { client, acknowledge, packet } => {
                    let Some(held) = &self.held[client as usize] else { continue };
                    if held.orders.try_send(Order { acknowledge, packet }).is_err() {
                        self.lose(client, "server reads nothing");
                    }
                }
                Action::HangUp(client) => self.lose(client, "hung up"),
                // Of scenarios that are refused.
                Action::Read { .. } => {}
            }
        }
        while self.opening < self.scenario.connecting_at_once {
            let Some(client) = self.queue.pop_front() else { return };
            self.open(client);
        }
    }

    fn open(&mut self, client: Client) {
        let family = self.scenario.family(client);
        let address = format!("http://{}{}", self.harbour.host, self.harbour.path);
        let auth: Value = serde_json::from_str(&self.credentials.of(family, client)).unwrap_or_default();
        let mut builder =
            ClientBuilder::new(address).transport_type(TransportType::Websocket).reconnect(false).auth(auth);
        if let Some(namespace) = self.scenario.namespace(family) {
            builder = builder.namespace(namespace);
        }
        self.opened += 1;
        let line = Line { client, number: self.opened };
        let (orders, to_send) = channel(UNSENT);
        let speaker = Speaker { line, words: self.speaks.clone() };
        self.tasks.spawn_on(connection(builder, speaker, to_send), self.runtime.handle());
        self.held[client as usize] = Some(Held { line, entered: false, orders });
        self.opening += 1;
    }

    fn lose(&mut self, client: Client, why: &str) {
        let Some(held) = self.held[client as usize].take() else { return };
        self.opening -= u32::from(!held.entered);
        let now = self.now();
        self.crowd.handle(Input::Lost { client, why }, now);
    }
}

/// One connection, from its beginning until it fails or nobody wants it any more.
async fn connection(builder: ClientBuilder, speaker: Speaker, orders: Receiver<Order>) {
    if let Err(why) = live(builder, &speaker, orders).await {
        speaker.say(Word::Lost(why)).await;
    }
}

async fn live(builder: ClientBuilder, speaker: &Speaker, mut orders: Receiver<Order>) -> Result<(), String> {
    let (entered, let_in) = oneshot::channel();
    let connecting = heard_by(builder, speaker, entered).connect();
    let late = |_| "does not let in within 20 s".to_owned();
    let socket = timeout(CONNECT_WITHIN, connecting).await.map_err(late)?.map_err(|error| reason(&error))?;
    // Whoever was refused has been told of it as an error.
    let _ = timeout(CONNECT_WITHIN, let_in).await.map_err(late)?;
    while let Some(Order { acknowledge, packet }) = orders.recv().await {
        let (name, arguments) = parted(&packet);
        let sent = match acknowledge {
            None => socket.emit(name, Payload::Text(arguments)).await,
            Some(id) => ask(&socket, id, name, arguments, speaker.clone()).await,
        };
        sent.map_err(|error| reason(&error))?;
    }
    // Fails where the server was first.
    let _ = socket.disconnect().await;
    Ok(())
}

/// Everything that the server says goes to `speaker`; `entered` is told when the client is let in.
fn heard_by(builder: ClientBuilder, speaker: &Speaker, entered: oneshot::Sender<()>) -> ClientBuilder {
    let mut entered = Some(entered);
    let of = || speaker.clone();
    let (in_at, events, closed, failed) = (of(), of(), of(), of());
    builder
        .on(Name::Connect, move |_, _| {
            let (speaker, entered) = (in_at.clone(), entered.take());
            async move {
                speaker.say(Word::Entered).await;
                // Gone if it took too long.
                let _ = entered.map(|entered| entered.send(()));
            }
            .boxed()
        })
        .on_any(move |name, payload, _| {
            let speaker = events.clone();
            async move { speaker.say(Word::Event(packet_of(name, payload))).await }.boxed()
        })
        .on(Name::Close, move |_, _| {
            let speaker = closed.clone();
            async move { speaker.say(Word::Lost("told to leave".to_owned())).await }.boxed()
        })
        .on(Name::Error, move |payload, _| {
            let speaker = failed.clone();
            let word = match &arguments_of(payload)[..] {
                [Value::String(why), ..] => Word::Lost(why.to_lowercase()),
                // An event of the server's that is called so.
                arguments => Word::Event(json!(["error", arguments.first()]).to_string()),
            };
            async move { speaker.say(word).await }.boxed()
        })
}

/// Sends what is to be acknowledged, and waits until it is, or for as long as that may take.
async fn ask(
    socket: &Socket,
    id: u32,
    name: String,
    arguments: Vec<Value>,
    speaker: Speaker,
) -> Result<(), rust_socketio::Error> {
    let (answered, answer) = oneshot::channel();
    let mut answered = Some(answered);
    let callback = move |payload: Payload, _| {
        let (speaker, answered) = (speaker.clone(), answered.take());
        async move {
            // It hands over the list of arguments as if it were the first of them.
            let list = arguments_of(payload).into_iter().next().unwrap_or_default();
            speaker.say(Word::Acknowledged(id, list.to_string())).await;
            let _ = answered.map(|answered| answered.send(()));
        }
        .boxed()
    };
    socket.emit_with_ack(name, Payload::Text(arguments), ACKNOWLEDGED_WITHIN, callback).await?;
    // What does not come is missed by the crowd.
    let _ = timeout(ACKNOWLEDGED_WITHIN, answer).await;
    Ok(())
}

/// The name and the arguments of `["name", ...]`.
fn parted(packet: &str) -> (String, Vec<Value>) {
    let mut all: Vec<Value> = serde_json::from_str(packet).unwrap_or_default();
    let arguments = all.split_off(all.len().min(1));
    let name = all.first().and_then(Value::as_str).unwrap_or_default().to_owned();
    (name, arguments)
}

/// `["name", ...]`. An event without arguments is handed over as a message that is its name.
fn packet_of(name: Name, payload: Payload) -> String {
    let arguments = arguments_of(payload);
    if name == Name::Message && matches!(arguments[..], [Value::String(_)]) {
        return Value::Array(arguments).to_string();
    }
    let all = std::iter::once(Value::String(name.into())).chain(arguments);
    Value::Array(all.collect()).to_string()
}

fn arguments_of(payload: Payload) -> Vec<Value> {
    // No family's server sends bytes; the third kind is not made any more.
    if let Payload::Text(arguments) = payload { arguments } else { Vec::new() }
}

/// An error in the few words that it is counted by.
fn reason(error: &rust_socketio::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_parted_and_put_together() {
        for packet in [r#"["webrtc:offer",{"offer":{"sdp":"v=0"}}]"#, r#"["heartbeat"]"#, r#"["a",1,2]"#] {
            let (name, arguments) = parted(packet);
            // As the library hands it over.
            let (name, payload) = match &arguments[..] {
                [] => (Name::Message, vec![json!(name)]),
                _ => (Name::from(name.as_str()), arguments),
            };
            assert_eq!(packet_of(name, Payload::Text(payload)), packet);
        }
        let message = Payload::Text(vec![json!({ "content": "x" })]);
        assert_eq!(packet_of(Name::Message, message), r#"["message",{"content":"x"}]"#);
    }

    #[test]
    fn what_is_no_packet_is_an_event_without_a_name() {
        for packet in ["", "{}", "[]", "[1]"] {
            assert_eq!(parted(packet), (String::new(), vec![]), "{packet}");
        }
    }
}
