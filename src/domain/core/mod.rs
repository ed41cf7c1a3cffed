//! The machine: sessions and what becomes of them, as a function of inputs and time.
//!
//! ```text
//! handle(Input, now)         a (dis)connect, a command, a store's answer, an envelope
//! handle_timeout(now)        time has passed
//! poll_effect() -> Effect    drain after either
//! poll_timeout() -> Time     when to be woken next; call last
//! ```
//!
//! A core owns its sessions alone and asks the store by an effect; at most one operation of a session is
//! under way (chat appends may follow each other), later commands of that session wait in order.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap, VecDeque};

use super::command::{Command, Refusal, Reply};
use super::criteria::Stage;
use super::envelope::Envelope;
use super::errand::{Errand, Tidings, Token};
use super::event::Event;
use super::happening::Happening;
use super::id::{AckId, Address, ConnectionId, Entropy, NodeId, OperationId, SessionId, TicketId, UserId};
use super::intervention::Intervention;
use super::limits::Limits;
use super::notice::Notice;
use super::operation::{Operation, Outcome};
use super::policy::Policy;
use super::presence::Presence;
use super::survey::Tallies;
use super::ticket::PoolId;
use super::time::Time;

mod announcing;
mod arriving;
mod attending;
mod burying;
mod closing;
mod commanding;
mod connecting;
mod consulting;
mod entering;
mod going_down;
mod hall_news;
mod halls;
mod handing;
mod intervening;
mod joining;
mod matching;
mod moving;
mod proposing;
mod rebuilding;
mod rejoining;
mod session;
mod storing;
mod surveying;
mod talking;
mod telling;
#[cfg(test)]
mod tests;
mod timing;

use announcing::Announcing;
use burying::{Gone, Widowed};
use closing::Unclosed;
use halls::Halls;
use moving::Moved;
use rebuilding::Rebuild;
use session::{Asker, Session, Sessions, State};
use storing::Asked;

/// Somebody who comes in.
#[derive(Clone, Debug)]
pub struct Comer {
    /// Who it is.
    pub user: UserId,
    /// Whether it came without a token.
    pub guest: bool,
    /// The pool of the dialect it speaks.
    pub pool: PoolId,
    /// What it shows a backend, where its pool has one.
    pub token: Option<Token>,
}

/// What happens to a core.
#[derive(Clone, Debug)]
pub enum Input {
    /// A client came in.
    Connected {
        /// Its transport.
        connection: ConnectionId,
        /// Who it is.
        comer: Comer,
    },
    /// A client's transport is closed.
    Disconnected {
        /// Which.
        connection: ConnectionId,
        /// The client said good-bye: nothing is kept for its return.
        left: bool,
    },
    /// A client asks for something, or for something that cannot be.
    Command {
        /// Who.
        connection: ConnectionId,
        /// Where the answer goes, if one is wanted.
        ack: Option<AckId>,
        /// What.
        command: Result<Command, Refusal>,
    },
    /// The store answers.
    Stored {
        /// Which operation.
        operation: OperationId,
        /// What it says.
        outcome: Outcome,
    },
    /// Another session says something.
    Envelope {
        /// To whom.
        to: SessionId,
        /// What.
        envelope: Envelope,
    },
    /// Another node gives no sign of life any more.
    NodeGone {
        /// Which.
        node: NodeId,
    },
    /// A node that was gone gives signs of life again.
    NodeBack {
        /// Which.
        node: NodeId,
    },
    /// The store does not know this node any more: it lost its memory, or others thought the node dead.
    Forgotten,
    /// The backend answers.
    Consulted {
        /// Which operation.
        operation: OperationId,
        /// What it says.
        tidings: Tidings,
    },
    /// So many people are in a pool, on all nodes.
    Online {
        /// Which.
        pool: PoolId,
        /// How many.
        people: u64,
    },
    /// Somebody who runs the service gives an order.
    Intervene(Intervention),
    /// The node is going down: everybody is told when to come back.
    Shutdown {
        /// When.
        retry_after_ms: u64,
        /// There are other nodes, where what is here goes on.
        elsewhere: bool,
    },
}

/// What a core wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Tell a client.
    Notify {
        /// Which.
        connection: ConnectionId,
        /// What.
        notice: Notice,
    },
    /// Answer a client.
    Acknowledge {
        /// Which.
        connection: ConnectionId,
        /// Where the answer goes.
        ack: AckId,
        /// What.
        answer: Result<Reply, Refusal>,
    },
    /// Close a client's transport after everything it was told.
    Close {
        /// Which.
        connection: ConnectionId,
    },
    /// Ask the store.
    Ask {
        /// Its name, to come back with the answer.
        operation: OperationId,
        /// What.
        request: Operation,
    },
    /// Ask the backend.
    Consult {
        /// Its name, to come back with the answer.
        operation: OperationId,
        /// What.
        errand: Errand,
    },
    /// Tell a session of another core.
    Send {
        /// Whom.
        to: Address,
        /// What.
        envelope: Envelope,
    },
    /// So many people of a pool are here.
    Count {
        /// Which.
        pool: PoolId,
        /// How many.
        presence: Presence,
    },
    /// Something happened.
    Record(Event),
    /// Others want to know what happened. Only where the core is [`Core::telling`], but for interventions.
    Tell(Box<Happening>),
}

/// The sessions of one shard.
pub struct Core<E> {
    node: NodeId,
    shard: u8,
    policies: Vec<Policy>,
    limits: Limits,
    entropy: E,
    sessions: Sessions,
    by_user: HashMap<(PoolId, UserId), SessionId>,
    by_connection: HashMap<ConnectionId, SessionId>,
    /// Operations under way, by name: what to do with the answer.
    asked: HashMap<OperationId, Asked>,
    next_operation: u64,
    /// Sessions whose tickets are listed and want their leases renewed.
    listed: BTreeSet<SessionId>,
    renew_at: Time,
    /// Wake-ups, soonest first. An entry that its session no longer wants is skipped when it comes up.
    wakes: BinaryHeap<Reverse<(Time, SessionId)>>,
    /// Sessions whose peer's node is gone, or who have not heard of their peer since they came here.
    widowed: Widowed,
    /// Nodes that are gone.
    gone: Gone,
    /// Where sessions are that were here.
    moved: Moved,
    /// Rooms that are to be closed in the store.
    unclosed: Unclosed,
    /// Sessions that the store is told of again.
    rebuild: Rebuild,
    /// Who is in halls.
    halls: Halls,
    /// How many people there are.
    announcing: Announcing,
    /// What happened in its queues.
    tallies: Tallies,
    /// Whether others want to know what happens.
    tells: bool,
    /// Whether the node is going down and others go on.
    leaving: bool,
    /// Envelopes from this core to itself, handled within the same turn.
    local: VecDeque<(SessionId, Envelope)>,
    effects: VecDeque<Effect>,
}

impl<E: Entropy> Core<E> {
    /// The core of shard `shard` of `node`, with one policy for each pool it serves.
    pub fn new(node: NodeId, shard: u8, policies: Vec<Policy>, limits: Limits, entropy: E) -> Self {
        let announcing = Announcing::new(&policies);
        Self {
            node,
            shard,
            policies,
            limits,
            entropy,
            sessions: Sessions::default(),
            by_user: HashMap::new(),
            by_connection: HashMap::new(),
            asked: HashMap::new(),
            next_operation: 0,
            listed: BTreeSet::new(),
            renew_at: Time::NEVER,
            wakes: BinaryHeap::new(),
            widowed: Widowed::default(),
            gone: Gone::default(),
            moved: Moved::default(),
            unclosed: Unclosed::default(),
            rebuild: Rebuild::default(),
            halls: Halls::default(),
            announcing,
            tallies: Tallies::default(),
            tells: false,
            leaving: false,
            local: VecDeque::new(),
            effects: VecDeque::new(),
        }
    }

    /// Takes one input at `now`.
    pub fn handle(&mut self, input: Input, now: Time) {
        match input {
            Input::Connected { connection, comer } => self.connected(connection, comer, now),
            Input::Disconnected { connection, left } => self.disconnected(connection, left, now),
            Input::Command { connection, ack, command } => self.command(connection, ack, command, now),
            Input::Stored { operation, outcome } => self.stored(operation, outcome, now),
            Input::Consulted { operation, tidings } => self.consulted(operation, tidings, now),
            Input::Envelope { to, envelope } => self.envelope(to, envelope, now),
            Input::NodeGone { node } => self.node_gone(&node, now),
            Input::NodeBack { node } => self.node_back(&node),
            Input::Forgotten => {
                self.rebuild(now);
                self.renew_halls(now);
            }
            Input::Online { pool, people } => self.online(pool, people),
            Input::Intervene(intervention) => self.intervene(intervention, now),
            Input::Shutdown { retry_after_ms, elsewhere } => self.shutdown(retry_after_ms, elsewhere, now),
        }
        self.deliver_local(now);
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Time) {
        self.renew_if_due(now);
        self.wake_due(now);
        self.part_due(now);
        self.rebuild_if_due(now);
        self.close_if_due(now);
        self.renew_halls_if_due(now);
        self.announce_if_due(now);
        self.deliver_local(now);
    }

    /// The next thing to do, until there is none.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// How many sessions there are, those of clients that are away included.
    pub fn session_count(&self) -> usize {
        self.sessions.len()
    }

    /// Who came in over that connection, as long as the session is there.
    pub fn user(&self, connection: ConnectionId) -> Option<&UserId> {
        let session = self.sessions.get(*self.by_connection.get(&connection)?)?;
        Some(&session.user)
    }

    /// The tickets that wait here or are before an agreement.
    pub fn tickets(&self) -> impl Iterator<Item = TicketId> {
        let sessions = self.by_user.values().filter_map(|id| self.sessions.get(*id));
        sessions.filter_map(Session::ticket)
    }

    /// How many tickets wait, by stage, in each pool it serves.
    pub fn waiting(&self) -> impl Iterator<Item = (PoolId, [u64; Stage::ALL.len()])> {
        let mut counts = vec![[0; Stage::ALL.len()]; self.policies.len()];
        for session in self.listed.iter().filter_map(|id| self.sessions.get(*id)) {
            if let State::Waiting(waiting) = &session.state {
                counts[session.policy][usize::from(waiting.stage.number())] += 1;
            }
        }
        self.policies.iter().map(|policy| policy.pool).zip(counts)
    }

    /// Forgets the session of a connection without a word to anybody: for the shell, when handling its
    /// input panicked and nothing that is known about it can be relied on. Its ticket's lease runs out, its
    /// peer is told by the envelope this leaves behind.
    pub fn abandon(&mut self, connection: ConnectionId) {
        let Some(id) = self.by_connection.get(&connection).copied() else { return };
        self.effects.push_back(Effect::Close { connection });
        self.forget(id);
    }

    fn deliver_local(&mut self, now: Time) {
        while let Some((to, envelope)) = self.local.pop_front() {
            self.envelope(to, envelope, now);
        }
    }

    fn send(&mut self, to: &Address, envelope: Envelope) {
        if to.node == self.node && to.session.shard == self.shard {
            self.local.push_back((to.session, envelope));
        } else {
            self.effects.push_back(Effect::Send { to: to.clone(), envelope });
        }
    }

    fn notify(&mut self, id: SessionId, notice: Notice) {
        if let Some(connection) = self.sessions.get(id).and_then(Session::listening) {
            self.effects.push_back(Effect::Notify { connection, notice });
        }
    }

    fn acknowledge(&mut self, asker: Asker, answer: Result<Reply, Refusal>) {
        if let Err(refusal) = &answer {
            self.record(Event::Refused(*refusal));
            if let Some((connection, _)) = asker {
                self.tell_refused(connection, refusal);
            }
        }
        if let Some((connection, ack)) = asker {
            self.effects.push_back(Effect::Acknowledge { connection, ack, answer });
        }
    }

    fn record(&mut self, event: Event) {
        self.effects.push_back(Effect::Record(event));
    }

    fn address(&self, session: SessionId) -> Address {
        Address { node: self.node.clone(), session }
    }

    fn policy(&self, session: &Session) -> &Policy {
        &self.policies[session.policy]
    }
}
