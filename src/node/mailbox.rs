//! What reaches a shard from the edges, in order, bounded.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::dialect::Dialect;
use crate::domain::command::{Command, Refusal};
use crate::domain::errand::Token;
use crate::domain::id::{AckId, ConnectionId, UserId};

use super::clock::Clock;
use super::figures::Surveyed;
use super::outlet::Outlet;
use crate::metrics;

/// Commands that may wait in one shard's mailbox; more are refused as busy. A shard takes about a
/// microsecond for each.
pub(super) const COMMANDS_IN_MAILBOX: usize = 16_384;

/// Something from an edge.
pub(super) enum Mail {
    /// A client came in.
    Connected {
        connection: ConnectionId,
        user: UserId,
        guest: bool,
        token: Option<Token>,
        dialect: Dialect,
        outlet: Box<dyn Outlet>,
    },
    /// A client asks for something.
    Command {
        connection: ConnectionId,
        ack: Option<AckId>,
        command: Result<Command, Refusal>,
        /// By the node's clock, since its start.
        at: Duration,
    },
    /// A client's transport is closed.
    Disconnected { connection: ConnectionId, left: bool },
    /// The node is going down: tell everybody, then close them one after the other.
    Shutdown { retry_after_ms: u64, last_words: Duration, spread: Duration },
    /// An operator wants to know what that user does, or nobody's any more.
    Trace(Option<UserId>),
    /// Somebody wants to know how the shard is.
    Report(oneshot::Sender<metrics::Shard>),
    /// Somebody wants to know what its sessions do.
    Survey(oneshot::Sender<Surveyed>),
}

/// Where a shard is reached. Shared, so that a connection holds one pointer.
pub(super) struct Door {
    pub(super) mailbox: mpsc::Sender<Mail>,
    pub(super) clock: Clock,
}

/// A client of this node, as an edge holds it. Dropping it without [`Connection::closed`] counts as a lost
/// transport.
pub struct Connection {
    id: ConnectionId,
    door: Arc<Door>,
    /// Room kept in the mailbox from the start: a full mailbox never hides that somebody is gone.
    goodbye: Option<mpsc::OwnedPermit<Mail>>,
}

/// The mailbox holds as much as it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailboxFull;

impl Connection {
    /// Brings a client in. `outlet` is the way back to it.
    pub(super) fn open(id: ConnectionId, door: Arc<Door>, connected: Mail) -> Result<Self, MailboxFull> {
        let goodbye = door.mailbox.clone().try_reserve_owned().map_err(|_| MailboxFull)?;
        door.mailbox.try_send(connected).map_err(|_| MailboxFull)?;
        Ok(Self { id, door, goodbye: Some(goodbye) })
    }

    /// Hands a command to the client's session. Never waits: `Err` is a full mailbox, and the caller tells
    /// the client.
    pub fn command(&self, ack: Option<AckId>, command: Result<Command, Refusal>) -> Result<(), MailboxFull> {
        let mail = Mail::Command { connection: self.id, ack, command, at: self.door.clock.elapsed() };
        self.door.mailbox.try_send(mail).map_err(|_| MailboxFull)
    }

    /// The transport is closed; `left` when the client said good-bye.
    pub fn closed(mut self, left: bool) {
        self.say_goodbye(left);
    }

    fn say_goodbye(&mut self, left: bool) {
        if let Some(permit) = self.goodbye.take() {
            permit.send(Mail::Disconnected { connection: self.id, left });
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.say_goodbye(false);
    }
}
