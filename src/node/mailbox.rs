//! What reaches a shard from the edges, in order, bounded.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
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

/// Once so many wait, each connection has its share: who floods must not make others wait.
pub(super) const CROWDED: usize = 2_048;
/// Commands of one connection that may wait then; more are refused as busy.
const SHARE: usize = 8;

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
        /// Its place in the mailbox, until it is taken out.
        place: Place,
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
    /// Commands in the mailbox.
    commands: AtomicUsize,
}

impl Door {
    pub(super) fn new(mailbox: mpsc::Sender<Mail>, clock: Clock) -> Self {
        Self { mailbox, clock, commands: AtomicUsize::default() }
    }
}

/// A command in the mailbox.
pub(super) struct Place {
    door: Arc<Door>,
    of_connection: Arc<AtomicUsize>,
}

impl Place {
    /// One more; `None` where its connection has its share.
    fn take(door: &Arc<Door>, of_connection: &Arc<AtomicUsize>) -> Option<Self> {
        let place = Self { door: door.clone(), of_connection: of_connection.clone() };
        let own = of_connection.fetch_add(1, Ordering::Relaxed);
        let all = door.commands.fetch_add(1, Ordering::Relaxed);
        (all < CROWDED || own < SHARE).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.of_connection.fetch_sub(1, Ordering::Relaxed);
        self.door.commands.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A client of this node, as an edge holds it. Dropping it without [`Connection::closed`] counts as a lost
/// transport.
pub struct Connection {
    id: ConnectionId,
    door: Arc<Door>,
    /// Its commands in the mailbox.
    commands: Arc<AtomicUsize>,
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
        Ok(Self { id, door, commands: Arc::default(), goodbye: Some(goodbye) })
    }

    /// Hands a command to the client's session. Never waits: `Err` is a full mailbox, or a crowded one in which the
    /// client has its share, and the caller tells the client.
    pub fn command(&self, ack: Option<AckId>, command: Result<Command, Refusal>) -> Result<(), MailboxFull> {
        let place = Place::take(&self.door, &self.commands).ok_or(MailboxFull)?;
        let mail = Mail::Command { connection: self.id, ack, command, at: self.door.clock.elapsed(), place };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_a_crowded_mailbox_each_connection_has_its_share() {
        let (mailbox, mut taken) = mpsc::channel(10 * CROWDED);
        let door = Arc::new(Door { mailbox, clock: Clock::start(), commands: AtomicUsize::default() });
        let connection = |id| Connection {
            id: ConnectionId(id),
            door: door.clone(),
            commands: Arc::default(),
            goodbye: None,
        };
        let (flooding, other) = (connection(1), connection(2));
        let says = |connection: &Connection| connection.command(None, Ok(Command::Heartbeat)).is_ok();
        assert_eq!((0..2 * CROWDED).filter(|_| says(&flooding)).count(), CROWDED);
        assert_eq!((0..2 * SHARE).filter(|_| says(&other)).count(), SHARE);
        // As soon as it is crowded no more, everybody may say as much as there is room for.
        for _ in 0..=SHARE {
            drop(taken.try_recv().expect("a command"));
        }
        assert!(says(&flooding) && !says(&flooding) && !says(&other));
        while taken.try_recv().is_ok() {}
        assert_eq!(door.commands.load(Ordering::Relaxed), 0);
        assert!(says(&flooding) && says(&other));
    }
}
