//! The engine: shards that own sessions, the one clock, and the way between them and the edges.
//!
//! An edge opens a [`Connection`] with an [`Outlet`] back to the client and hands in decoded commands; it
//! never waits and never sees a session.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::backend::Backend;
use crate::dialect::Dialect;
use crate::domain::core::Core;
use crate::domain::errand::Token;
use crate::domain::id::{ConnectionId, NodeId, UserId};
use crate::domain::limits::Limits;
use crate::domain::policy::Policy;
use crate::domain::presence::Presence;
use crate::domain::ticket::PoolId;
use crate::metrics::Counters;
use crate::store::{Post, Store};
use crate::turn::Turn;

mod backlog;
mod clock;
mod closing;
mod counting;
mod entropy;
mod figures;
mod halls;
mod herald;
mod mailbox;
mod memory;
mod orders;
mod outlet;
mod post;
mod presence;
mod report;
mod roll;
mod shard;
mod snapshot;
#[cfg(test)]
mod tests;
mod trace;

pub use clock::Clock;
pub use entropy::SystemEntropy;
pub use halls::{HallShown, HallsDenied};
pub use herald::{Ear, Ears, Hears, News};
pub use mailbox::{Connection, MailboxFull};
pub use orders::{Order, Ordered, Outcome};
pub use outlet::{Outlet, Undelivered};
pub use snapshot::{EventLine, NotSeen, Snapshot, Survey};

use backlog::Backlogs;
use figures::{Latest, Surveying, Watched};
use herald::Herald;
use mailbox::{COMMANDS_IN_MAILBOX, Door, Mail};
use orders::Orders;
use presence::Presences;
use shard::{LETTERS_IN_INBOX, Shard};

/// How often a node that goes down looks whether its sessions have gone on elsewhere.
const LOOKS_AGAIN_AFTER: Duration = Duration::from_millis(50);

/// How a node is set up.
pub struct Setup {
    /// Its name.
    pub node: NodeId,
    /// How many shards; at most 256 count.
    pub shards: usize,
    /// One policy for each dialect that is spoken.
    pub policies: Vec<Policy>,
    /// Limits of commands and sessions.
    pub limits: Limits,
    /// The backend of those pools that have one.
    pub backend: Option<Backend>,
    /// Relays that calls may take, if there are some.
    pub turn: Option<Arc<Turn>>,
    /// Connections the node may hold: as many good-byes always have room.
    pub max_connections: usize,
    /// Messages that may wait for one connection besides those in its own queue.
    pub kept_back: usize,
    /// Who wants to know what happens.
    pub ears: Ears,
    /// Of whom it is logged what they ask and are told.
    pub traced: Option<UserId>,
}

/// A running node, as edges see it.
pub struct Node {
    id: NodeId,
    clock: Clock,
    counters: Arc<Counters>,
    doors: Vec<Arc<Door>>,
    store: Arc<dyn Store>,
    presences: Arc<Presences>,
    /// The pool that shows how many people it has, if one does.
    shown: Option<PoolId>,
    /// The pool whose people enter halls, if there is one.
    halls: Option<PoolId>,
    /// Halls that there may be.
    most_halls: usize,
    post: Option<Arc<dyn Post>>,
    next_connection: AtomicU64,
    draining: Arc<AtomicBool>,
    orders: Arc<Orders>,
    /// The shards': it ends with them.
    herald: Weak<Herald>,
    /// How the node was a moment ago.
    figures: Arc<Latest>,
}

/// The tasks of a node. Dropping it ends them.
pub struct Tasks(JoinSet<()>);

impl Node {
    /// Starts the shards, and what connects them with other nodes if there is a post. Must be called within a
    /// runtime.
    pub fn start(setup: Setup, store: &Arc<dyn Store>, post: Option<Arc<dyn Post>>) -> (Arc<Self>, Tasks) {
        let (clock, counters) = (Clock::start(), Arc::new(Counters::default()));
        let count = u8::try_from(setup.shards.clamp(1, 256) - 1).unwrap_or(u8::MAX);
        let (inboxes, receivers): (Vec<_>, Vec<_>) =
            (0..=count).map(|_| mpsc::channel(LETTERS_IN_INBOX)).unzip();
        let presences = Arc::new(Presences::default());
        let herald = Arc::new(Herald::new(setup.ears, counters.clone()));
        let tickets = SystemEntropy::new().tickets();
        let pools: Vec<PoolId> = setup.policies.iter().map(|policy| policy.pool).collect();
        let told = Arc::downgrade(&herald);
        let orders = Arc::new(Orders::new(setup.node.clone(), pools, inboxes.clone(), told, clock));
        let mut tasks = JoinSet::new();
        let outgoing = post.as_ref().map(|post| {
            let rooms = post::Rooms { node: setup.node.clone(), shards: inboxes.clone() };
            post::start(post, rooms, clock, (&counters, &presences, &orders), &mut tasks)
        });
        let mut doors = Vec::new();
        for (number, inbox) in (0..=count).zip(receivers) {
            let (sender, mailbox) = mpsc::channel(COMMANDS_IN_MAILBOX + setup.max_connections);
            doors.push(Arc::new(Door::new(sender, clock)));
            let node = setup.node.clone();
            let (policies, limits) = (setup.policies.clone(), setup.limits.clone());
            let entropy = SystemEntropy::counting(tickets.clone());
            let core = Core::new(node.clone(), number, policies, limits, entropy);
            let shard = Shard {
                core,
                herald: herald.clone(),
                node,
                clock,
                number,
                presences: presences.clone(),
                store: store.clone(),
                backend: setup.backend.clone(),
                turn: setup.turn.clone(),
                counters: counters.clone(),
                mailbox,
                inbox,
                shards: inboxes.clone(),
                outgoing: outgoing.clone(),
                clients: HashMap::new(),
                backlogs: Backlogs::new(setup.kept_back),
                outbox: VecDeque::new(),
                underway: JoinSet::new(),
                relayed: false,
                errands: JoinSet::new(),
                closing: None,
                surveying: Surveying::default(),
                traced: setup.traced.clone(),
            };
            tasks.spawn(shard.run());
        }
        tasks.spawn(memory::give_back(counters.clone()));
        let next_connection = AtomicU64::new(1);
        let (draining, figures) = (Arc::new(AtomicBool::new(false)), Arc::new(Latest::default()));
        let store = store.clone();
        let watched = Watched {
            node: setup.node.clone(),
            policies: setup.policies.clone(),
            clock,
            counters: counters.clone(),
            doors: doors.clone(),
            store: store.clone(),
            post: post.clone(),
            draining: draining.clone(),
            latest: figures.clone(),
        };
        tasks.spawn(watched.run());
        let shown = setup.policies.iter().find(|policy| policy.shows_presence).map(|policy| policy.pool);
        let halls = setup.policies.iter().find(|policy| policy.has_halls).map(|policy| policy.pool);
        let node = Self {
            id: setup.node,
            clock,
            counters,
            doors,
            store,
            presences,
            shown,
            halls,
            most_halls: setup.limits.halls,
            post,
            next_connection,
            draining,
            orders,
            herald: Arc::downgrade(&herald),
            figures,
        };
        (Arc::new(node), Tasks(tasks))
    }

    /// Brings a client in: its session begins, or goes on.
    pub fn connect(
        &self,
        user: UserId,
        guest: bool,
        token: Option<Token>,
        dialect: Dialect,
        outlet: Box<dyn Outlet>,
    ) -> Result<Connection, MailboxFull> {
        let connection = ConnectionId(self.next_connection.fetch_add(1, Ordering::Relaxed));
        // A user's connections meet in one shard: there the newer takes over from the older.
        let mut hasher = DefaultHasher::new();
        (dialect.name(), &user).hash(&mut hasher);
        let shards = self.doors.len() as u64;
        let shard = usize::try_from(hasher.finish() % shards).unwrap_or(0);
        let door = self.doors[shard].clone();
        let connected = Mail::Connected { connection, user, guest, token, dialect, outlet };
        Connection::open(connection, door, connected)
    }

    /// Tells every client that the node is going down and, after `last_words`, closes them one after the
    /// other within `spread`.
    pub async fn shut_down(&self, retry_after: Duration, last_words: Duration, spread: Duration) {
        self.draining.store(true, Ordering::Relaxed);
        let ms = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        for door in &self.doors {
            let retry_after_ms = ms(retry_after);
            // A shard that is gone has no clients to tell.
            let _ = door.mailbox.send(Mail::Shutdown { retry_after_ms, last_words, spread }).await;
        }
    }

    /// Logs what that user asks and is told from now on, and nobody else; `None`: nobody.
    pub async fn trace(&self, user: Option<UserId>) {
        for door in &self.doors {
            // A shard that is gone has nobody to tell of.
            let _ = door.mailbox.send(Mail::Trace(user.clone())).await;
        }
    }

    /// Waits until no session is left here, at most `within`. Without other nodes there is nobody to wait for.
    pub async fn handed_over(&self, within: Duration) {
        if self.post.is_none() {
            return;
        }
        let none_left = async {
            while self.shards().await.iter().flatten().any(|shard| shard.sessions > 0) {
                tokio::time::sleep(LOOKS_AGAIN_AFTER).await;
            }
        };
        // Whoever comes later finds what the store knows.
        let _ = tokio::time::timeout(within, none_left).await;
    }

    /// Tells other nodes that this one is gone, after everything else it had to tell.
    pub async fn leave(&self) {
        if let Some(post) = &self.post {
            post.leave().await;
        }
    }

    /// Whether it is going down: nobody new comes in.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// The node's name.
    pub fn id(&self) -> &NodeId {
        &self.id
    }

    /// What it keeps shared things in.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// How many people there are on all nodes, as far as they were counted, where a pool shows it.
    pub fn presence(&self) -> Option<Presence> {
        self.shown.map(|pool| self.presences.of(pool))
    }

    /// The node's clock.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// What was counted.
    pub fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }
}

impl Tasks {
    /// Ends them.
    pub fn end(&mut self) {
        self.0.abort_all();
    }

    /// Waits until one of them ends, which none does while the node is in use.
    pub async fn ended(&mut self) {
        while let Some(ended) = self.0.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a task of the node ended");
                return;
            }
        }
    }
}
