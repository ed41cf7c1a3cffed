//! A shard: the task that owns a core and is its shell.
//!
//! One turn takes what has come in, at one `now`, and carries out what the core wants; then others run.

use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::backend::Backend;
use crate::dialect::{Answering, Dialect};
use crate::domain::command::{Command, Refusal, Reply};
use crate::domain::core::{Comer, Core, Effect, Input};
use crate::domain::envelope::Envelope;
use crate::domain::errand::{Errand, Tidings};
use crate::domain::event::Event;
use crate::domain::id::{AckId, Address, ConnectionId, NodeId, OperationId, UserId};
use crate::domain::intervention::Intervention;
use crate::domain::notice::Notice;
use crate::domain::operation::{Operation, Outcome};
use crate::domain::time::Time;
use crate::metrics::{self, Counter, Counters, StoreOperation, Waiting};
use crate::store::{Letter, Store, Submitted};
use crate::turn::Turn;

use super::backlog::{Backlogs, Delivery};
use super::clock::Clock;
use super::closing::Closing;
use super::counting;
use super::entropy::SystemEntropy;
use super::figures::Surveying;
use super::herald::Herald;
use super::mailbox::Mail;
use super::outlet::{Outlet, Undelivered};
use super::post::Outgoing;
use super::presence::Presences;
use super::trace;

/// Inputs of one turn. Small enough that writers get their turn long before a connection's outgoing
/// messages reach their limit.
const TURN: usize = 64;
/// Envelopes that may wait for one shard.
pub(super) const LETTERS_IN_INBOX: usize = 16_384;
/// The longest sleep: timers wake earlier, nothing needs a later one.
const LONGEST_SLEEP: Duration = Duration::from_mins(1);

/// What reaches a shard besides mail.
pub(super) enum Incoming {
    /// An envelope, from another shard or another node.
    Letter(Letter),
    /// A node gives no sign of life any more.
    NodeGone(NodeId),
    /// One that was thought dead does again.
    NodeBack(NodeId),
    /// The store does not know this node any more.
    Forgotten,
    /// Somebody who runs the service gives an order.
    Intervene(Intervention),
}

/// What a shard is given.
pub(super) struct Shard {
    pub(super) node: NodeId,
    /// Its place among the shards.
    pub(super) number: u8,
    pub(super) core: Core<SystemEntropy>,
    pub(super) clock: Clock,
    pub(super) store: Arc<dyn Store>,
    pub(super) counters: Arc<Counters>,
    pub(super) presences: Arc<Presences>,
    /// Who wants to know what happens.
    pub(super) herald: Arc<Herald>,
    pub(super) mailbox: mpsc::Receiver<Mail>,
    pub(super) inbox: mpsc::Receiver<Incoming>,
    /// The inboxes of all shards of the node, by number.
    pub(super) shards: Vec<mpsc::Sender<Incoming>>,
    /// Where letters to other nodes go, if there are any.
    pub(super) outgoing: Option<mpsc::Sender<Outgoing>>,
    pub(super) clients: HashMap<ConnectionId, Client>,
    /// What waits for connections that had no room.
    pub(super) backlogs: Backlogs,
    /// Letters for shards whose inbox is full. While there are any, nothing is taken from the mailbox.
    pub(super) outbox: VecDeque<Letter>,
    /// Operations that the store answers later.
    pub(super) underway: JoinSet<(Asked, Outcome)>,
    /// Whether the input that is handled carried a signal on.
    pub(super) relayed: bool,
    /// The backend of those pools that have one.
    pub(super) backend: Option<Backend>,
    /// Relays that calls may take, if there are some.
    pub(super) turn: Option<Arc<Turn>>,
    /// Errands that it runs.
    pub(super) errands: JoinSet<(OperationId, Tidings)>,
    pub(super) closing: Option<Closing>,
    /// Who wants to know what the sessions do, and how far counting has come.
    pub(super) surveying: Surveying,
    /// Of whom it is logged what they ask and are told.
    pub(super) traced: Option<UserId>,
}

/// What the store was asked.
pub(super) struct Asked {
    operation: OperationId,
    kind: StoreOperation,
    /// By the node's clock, since its start.
    at: Duration,
}

/// A connection, as its shard knows it.
pub(super) struct Client {
    pub(super) dialect: Dialect,
    /// Seconds since the node's start. This small, because there are many.
    pub(super) since_seconds: u32,
    pub(super) outlet: Box<dyn Outlet>,
}

impl Shard {
    /// Runs until every mailbox handle is gone.
    pub(super) async fn run(mut self) {
        let mut mails = Vec::with_capacity(TURN);
        let mut letters = Vec::with_capacity(TURN);
        loop {
            let sleep = tokio::time::sleep(self.sleep_for());
            tokio::select! {
                biased;
                taken = self.inbox.recv_many(&mut letters, TURN) => if taken == 0 { break },
                Some(Ok((asked, outcome))) = self.underway.join_next() => {
                    let now = self.clock.now();
                    self.guarded(None, |shard| {
                        shard.stored(&asked, outcome, now);
                        shard.carry_out(now);
                    });
                }
                Some(Ok((operation, tidings))) = self.errands.join_next() => {
                    self.handle(Input::Consulted { operation, tidings }, None);
                }
                taken = self.mailbox.recv_many(&mut mails, TURN), if self.outbox.is_empty() => {
                    if taken == 0 {
                        break;
                    }
                }
                () = sleep => {}
            }
            self.core.tell_others(self.herald.is_heard(self.clock.now()));
            self.send_outbox();
            for incoming in letters.drain(..) {
                let input = match incoming {
                    Incoming::Letter(Letter { to, envelope }) => Input::Envelope { to, envelope },
                    Incoming::NodeGone(node) => Input::NodeGone { node },
                    Incoming::NodeBack(node) => Input::NodeBack { node },
                    Incoming::Forgotten => Input::Forgotten,
                    Incoming::Intervene(intervention) => Input::Intervene(intervention),
                };
                self.handle(input, None);
            }
            for mail in mails.drain(..) {
                self.take(mail);
            }
            self.tick();
            self.surveying.go_on(&self.core, self.mailbox.len());
            tokio::task::yield_now().await;
        }
    }

    fn sleep_for(&self) -> Duration {
        let next = self.closing.as_ref().map_or(Time::NEVER, Closing::next);
        let next = next.min(self.core.poll_timeout());
        if self.surveying.is_under_way() {
            return Duration::ZERO;
        }
        let retry = if self.outbox.is_empty() { LONGEST_SLEEP } else { Duration::from_millis(1) };
        let retry = self.backlogs.wait().map_or(retry, |again| again.min(retry));
        Duration::from_millis(next.ms_until_from(self.clock.now())).min(retry)
    }

    fn take(&mut self, mail: Mail) {
        match mail {
            Mail::Connected { connection, user, guest, token, dialect, outlet } => {
                self.counters.add(Counter::ConnectionsOpened);
                let since_seconds = self.clock.elapsed_seconds();
                self.clients.insert(connection, Client { dialect, since_seconds, outlet });
                if self.traced.as_ref() == Some(&user) {
                    trace::connected(&user, connection, dialect);
                }
                let comer = Comer { user, guest, pool: dialect.policy().pool, token };
                self.handle(Input::Connected { connection, comer }, Some(connection));
                self.tell_late_comer(connection);
            }
            Mail::Command { connection, ack, command, at } => {
                if let (Some(ack), Some(client)) = (ack, self.clients.get_mut(&connection)) {
                    client.dialect = client.dialect.after(ack.topic);
                }
                if command == Ok(Command::CallFailed) {
                    tracing::debug!(connection = connection.0, "a client says that its call came to nothing");
                }
                if let Some(user) = self.traced(connection) {
                    trace::asks(user, connection, &command);
                }
                let signal = matches!(command, Ok(Command::Signal { .. }));
                self.relayed = false;
                self.handle(Input::Command { connection, ack, command }, Some(connection));
                if signal && self.relayed {
                    self.counters.timings().relay.observe(self.clock.elapsed().saturating_sub(at));
                }
            }
            Mail::Disconnected { connection, left } => {
                self.counters.add(Counter::ConnectionsClosed);
                if let Some(user) = self.traced(connection) {
                    trace::disconnected(user, connection, left);
                }
                if let Some(client) = self.clients.remove(&connection) {
                    self.lasted(&client);
                }
                self.backlogs.forget(connection);
                if self.clients.is_empty() {
                    self.clients.shrink_to_fit();
                }
                // Where nothing goes on elsewhere, everybody was told what happens: nobody is told that others go too.
                if self.closing.is_none() || self.outgoing.is_some() {
                    self.handle(Input::Disconnected { connection, left }, Some(connection));
                }
            }
            Mail::Shutdown { retry_after_ms, last_words, spread } => {
                let elsewhere = self.outgoing.is_some();
                self.handle(Input::Shutdown { retry_after_ms, elsewhere }, None);
                let begin = self.clock.now() + last_words;
                let clients = self.clients.keys().copied().collect();
                self.closing = Some(Closing::new(clients, retry_after_ms, begin, spread));
            }
            Mail::Survey(asker) => self.surveying.ask(asker),
            Mail::Trace(user) => self.traced = user,
            Mail::Report(asker) => {
                // Who asked may have given up.
                let _ = asker.send(self.report());
            }
        }
    }

    /// Somebody was let in just before the node began to go down.
    fn tell_late_comer(&mut self, connection: ConnectionId) {
        let Some(closing) = &mut self.closing else { return };
        closing.add(connection);
        let retry_after_ms = closing.retry_after_ms;
        self.notify(connection, &Notice::Shutdown { retry_after_ms }, self.clock.now());
    }

    /// Who came in over that connection, if it is logged what they do.
    fn traced(&self, connection: ConnectionId) -> Option<&UserId> {
        let traced = self.traced.as_ref()?;
        self.core.user(connection).filter(|user| *user == traced)
    }

    fn lasted(&self, client: &Client) {
        let seconds = self.clock.elapsed_seconds().saturating_sub(client.since_seconds);
        self.counters.timings().connection.observe(Duration::from_secs(seconds.into()));
    }

    fn report(&self) -> metrics::Shard {
        let waiting = self.core.waiting();
        metrics::Shard {
            mailbox: self.mailbox.len() as u64,
            connections: self.clients.len() as u64,
            sessions: self.core.session_count() as u64,
            waiting: waiting.map(|(pool, by_stage)| Waiting { pool: pool.0, by_stage }).collect(),
        }
    }

    fn handle(&mut self, input: Input, connection: Option<ConnectionId>) {
        let now = self.clock.now();
        self.guarded(connection, |shard| {
            shard.core.handle(input, now);
            shard.carry_out(now);
        });
    }

    /// What is due by time alone.
    fn tick(&mut self) {
        let now = self.clock.now();
        if self.core.poll_timeout() <= now {
            self.guarded(None, |shard| {
                shard.core.handle_timeout(now);
                shard.carry_out(now);
            });
        }
        let slow = self.backlogs.retry(&self.clients, now);
        for connection in slow {
            self.guarded(None, |shard| {
                shard.give_up(connection);
                shard.carry_out(now);
            });
        }
        self.close_due(now);
    }

    /// Closes the connections whose time has come.
    fn close_due(&mut self, now: Time) {
        let Some(closing) = &mut self.closing else { return };
        let (due, retry_after_ms) = (closing.due(now), closing.retry_after_ms);
        for connection in due {
            // A poll that is held is answered, and the next one learns that the session is over.
            if self.clients.get(&connection).is_some_and(|client| client.outlet.polls()) {
                self.notify(connection, &Notice::Shutdown { retry_after_ms }, now);
            }
            if let Some(client) = self.clients.get(&connection) {
                client.outlet.cut();
            }
        }
    }

    /// Does `work`. Should it panic, the session of `connection` is given up and the others go on.
    fn guarded(&mut self, connection: Option<ConnectionId>, work: impl FnOnce(&mut Self)) {
        if catch_unwind(AssertUnwindSafe(|| work(self))).is_ok() {
            return;
        }
        self.counters.add(Counter::Panics);
        tracing::error!("handling an input panicked; its session is given up, the others go on");
        if let Some(connection) = connection {
            self.core.abandon(connection);
            let now = self.clock.now();
            // What it leaves behind may hold what panicked; then its peer learns of it when grace ends.
            let _ = catch_unwind(AssertUnwindSafe(|| self.carry_out(now)));
        }
    }

    fn carry_out(&mut self, now: Time) {
        while let Some(effect) = self.core.poll_effect() {
            match effect {
                Effect::Notify { connection, notice } => self.notify(connection, &notice, now),
                Effect::Acknowledge { connection, ack, answer } => {
                    self.answer(connection, ack, &answer, now);
                }
                Effect::Close { connection } => {
                    if let Some(client) = self.clients.get(&connection) {
                        let sent =
                            self.backlogs.deliver(connection, client.outlet.as_ref(), Delivery::Goodbye, now);
                        self.sent(connection, sent);
                    }
                }
                Effect::Ask { operation, request } => self.ask(operation, request, now),
                Effect::Consult { operation, errand } => self.consult(operation, errand),
                Effect::Send { to, envelope } => {
                    if to.node == self.node {
                        self.outbox.push_back(Letter { to: to.session, envelope });
                        self.send_outbox();
                    } else {
                        self.send_away(to, envelope);
                    }
                }
                Effect::Count { pool, presence } => {
                    self.presences.count(self.number, pool, presence);
                    let people = self.presences.of(pool).online;
                    self.core.handle(Input::Online { pool, people }, now);
                }
                Effect::Tell(happening) => self.herald.tell(*happening, now),
                Effect::Record(event) => {
                    self.relayed |= matches!(event, Event::Relayed(_));
                    counting::count(&self.counters, &event);
                }
            }
        }
    }

    fn notify(&mut self, connection: ConnectionId, notice: &Notice, now: Time) {
        let Some(Client { dialect, outlet, .. }) = self.clients.get(&connection) else { return };
        let mut sent = Ok(());
        let traced = self.traced(connection).cloned();
        let wanted = self.turn.as_ref().filter(|_| dialect.tells_relays(notice));
        let relays = wanted.zip(self.core.user(connection)).map(|(turn, user)| turn.relays(user, now));
        dialect.notice(notice, relays.as_ref(), now, &mut |said| {
            // Nothing follows what did not reach the client.
            if sent.is_ok() {
                if let Some(user) = &traced {
                    trace::told(user, connection, &said);
                }
                let delivery = Delivery::Part(None, Answering::Event(said));
                sent = self.backlogs.deliver(connection, outlet.as_ref(), delivery, now);
            }
        });
        self.sent(connection, sent);
    }

    fn answer(&mut self, connection: ConnectionId, ack: AckId, answer: &Result<Reply, Refusal>, now: Time) {
        let Some(Client { dialect, outlet, .. }) = self.clients.get(&connection) else { return };
        let mut sent = Ok(());
        if let Some(user) = self.traced(connection) {
            trace::answered(user, connection, answer);
        }
        dialect.answer(ack.topic, answer, now, &mut |part| {
            if sent.is_ok() {
                let delivery = Delivery::Part(ack.number, part);
                sent = self.backlogs.deliver(connection, outlet.as_ref(), delivery, now);
            }
        });
        self.sent(connection, sent);
    }

    /// Nothing is lost in silence: a client for whom a message had no room is disconnected, and finds what
    /// it missed when it comes back.
    fn sent(&mut self, connection: ConnectionId, sent: Result<(), Undelivered>) {
        match sent {
            Ok(()) | Err(Undelivered::Closed) => {}
            Err(Undelivered::Full) => self.give_up(connection),
        }
    }

    fn give_up(&mut self, connection: ConnectionId) {
        self.counters.add(Counter::SlowConsumers);
        self.backlogs.forget(connection);
        if let Some(client) = self.clients.remove(&connection) {
            client.outlet.cut();
            self.lasted(&client);
            tracing::info!(connection = connection.0, "closed a slow consumer");
        }
        // The rest of this turn must not count on it; the transport's own end comes later.
        let now = self.clock.now();
        self.core.handle(Input::Disconnected { connection, left: false }, now);
    }

    fn ask(&mut self, operation: OperationId, request: Operation, now: Time) {
        let asked = Asked { operation, kind: counting::kind(&request), at: self.clock.elapsed() };
        match self.store.submit(request, now) {
            Submitted::Answered(outcome) => self.stored(&asked, outcome, now),
            Submitted::Underway(answer) => {
                self.underway.spawn(async move { (asked, answer.await) });
            }
        }
    }

    fn stored(&mut self, asked: &Asked, outcome: Outcome, now: Time) {
        let took = self.clock.elapsed().saturating_sub(asked.at);
        self.counters.timings().of(asked.kind).observe(took);
        self.core.handle(Input::Stored { operation: asked.operation, outcome }, now);
    }

    /// How many errands run at once, the backend decides.
    fn consult(&mut self, operation: OperationId, errand: Errand) {
        let backend = self.backend.clone();
        self.errands.spawn(async move {
            let tidings = match backend {
                Some(backend) => backend.run(errand).await,
                None => Tidings::Refused,
            };
            (operation, tidings)
        });
    }

    /// A shard does not wait for other nodes: a letter that has no room is lost, and counted.
    fn send_away(&self, to: Address, envelope: Envelope) {
        let letter = Letter { to: to.session, envelope };
        let sent = self
            .outgoing
            .as_ref()
            .is_some_and(|outgoing| outgoing.try_send(Outgoing { node: to.node, letter }).is_ok());
        if !sent {
            self.counters.add(Counter::LettersLost);
        }
    }

    fn send_outbox(&mut self) {
        while let Some(letter) = self.outbox.pop_front() {
            let Some(inbox) = self.shards.get(usize::from(letter.to.shard)) else { continue };
            match inbox.try_reserve() {
                Ok(room) => room.send(Incoming::Letter(letter)),
                Err(mpsc::error::TrySendError::Full(())) => {
                    self.outbox.push_front(letter);
                    break;
                }
                Err(mpsc::error::TrySendError::Closed(())) => {}
            }
        }
    }
}
