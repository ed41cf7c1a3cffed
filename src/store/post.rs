//! What carries envelopes between nodes, and knows which nodes live.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::domain::envelope::Envelope;
use crate::domain::id::{NodeId, SessionId};
use crate::domain::presence::Presence;
use crate::domain::ticket::PoolId;

use super::snapshot::Ordered;

/// Something that takes a while.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An envelope and the session it is for, on a node that is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Letter {
    /// The session.
    pub to: SessionId,
    /// What it is told.
    pub envelope: Envelope,
}

/// What came in.
#[derive(Debug, Default, PartialEq)]
pub struct Received {
    /// In the order of each sender, each once.
    pub letters: Vec<Letter>,
    /// So many more were sent and did not come, or mean nothing here.
    pub lost: u64,
    /// When the first of them was put there, by the clock of [`Pulse::now_ms`]; `None` if there are none.
    pub oldest_ms: Option<u64>,
    /// Orders of those who run the service. One may come twice.
    pub orders: Vec<Ordered>,
}

/// What a sign of life is answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pulse {
    /// What time it is for all nodes, ms.
    pub now_ms: u64,
    /// Every node and the time of its last sign of life, this one included.
    pub nodes: Vec<(NodeId, u64)>,
    /// How many people each node says to have, this one included.
    pub people: Vec<(NodeId, PoolId, Presence)>,
    /// Whether this node's sign of life before this one, the last that was answered, was still there. If not,
    /// others thought the node dead, or the store lost what it knew, or an answer was lost on its way.
    pub known: bool,
}

impl Pulse {
    /// How many people there are on nodes that gave a sign of life within that time.
    pub fn people(&self, within: Duration) -> Vec<(NodeId, PoolId, Presence)> {
        let lives = |node: &NodeId| {
            let last = self.nodes.iter().find(|(listed, _)| listed == node).map(|(_, last)| *last);
            last.is_some_and(|last| u128::from(self.now_ms.saturating_sub(last)) < within.as_millis())
        };
        self.people.iter().filter(|(node, ..)| lives(node)).cloned().collect()
    }
}

/// Why a node cannot take part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotEntered {
    /// A living node has this name.
    NameTaken(NodeId),
    /// Nobody answers.
    Unavailable,
}

impl fmt::Display for NotEntered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameTaken(node) => write!(f, "a node named {} is running already", node.as_str()),
            Self::Unavailable => f.write_str("redis did not answer"),
        }
    }
}

impl std::error::Error for NotEntered {}

/// Carries envelopes between nodes, for one of them.
///
/// Letters to one node arrive in the order they were sent, each once; those of different nodes in any order.
/// One call of [`Post::send`] for a node follows the end of the one before.
pub trait Post: Send + Sync + 'static {
    /// Takes part from now on, unless a living node has the same name.
    fn enter(&self) -> Pending<'_, Result<(), NotEntered>>;

    /// Brings letters to a node, however long the way there is interrupted. `false` if there was no such node
    /// for a while. `first` is the number of the first letter, counted for each node from 1.
    fn send(&self, to: NodeId, first: u64, letters: Vec<Letter>) -> Pending<'static, bool>;

    /// The node's inbox. One at a time reads it.
    fn inbox(&self) -> Box<dyn Inbox>;

    /// Entries in the node's inbox that were not removed yet; `None`: nobody answers.
    fn inbox_entries(&self) -> Pending<'_, Option<u64>>;

    /// What the next signs of life say of the people here.
    fn count(&self, people: Vec<(PoolId, Presence)>);

    /// Tells viewers how this node is: JSON of [`NodeFigures`]. Forgotten a minute later.
    ///
    /// [`NodeFigures`]: crate::store::snapshot::NodeFigures
    fn publish(&self, figures: String) -> Pending<'_, ()>;

    /// Gives a sign of life and learns of those of others. `None`: nobody answers.
    fn beat(&self) -> Pending<'_, Option<Pulse>>;

    /// Waits until there is a connection that this was not told of before.
    fn connected(&self) -> Pending<'_, ()>;

    /// Removes what a dead node left, unless it gave a sign of life after `last_ms`. Should it live after all,
    /// it finds its letters for a while.
    fn bury(&self, node: NodeId, last_ms: u64) -> Pending<'_, ()>;

    /// Takes part no longer.
    fn leave(&self) -> Pending<'_, ()>;
}

/// Where the letters of other nodes come in.
pub trait Inbox: Send {
    /// Waits for what comes next. What an earlier call gave counts as handled.
    fn receive(&mut self) -> Pending<'_, Received>;
}
