//! What cores want done, done: as the shard does it, with a network instead of sockets.

use std::time::Duration;

use qala::domain::command::{Command, Refusal, Reply, RoomRef};
use qala::domain::core::{Core, Effect, Input};
use qala::domain::envelope::Envelope;
use qala::domain::id::{AckId, Address, ConnectionId, OperationId};
use qala::domain::notice::{Notice, Resumed};
use qala::domain::operation::Operation;

use super::super::ledger::Standing;
use super::{Due, Observation, Seen, UNAVAILABLE, World};

/// How long a node takes to hear that a transport it closed is closed.
const CLOSING: Duration = Duration::from_millis(20);
/// A client whose request for what it missed was refused asks again after this long.
const SYNC_AGAIN: Duration = Duration::from_millis(700);

impl World {
    /// Does what `core` wants, until it wants nothing more.
    pub(super) fn carry_out(&mut self, core: usize, from: Option<ConnectionId>) -> Seen {
        let mut effects = 0;
        while let Some(effect) = self.nodes.core(core).and_then(Core::poll_effect) {
            effects += 1;
            match effect {
                Effect::Notify { connection, notice } => self.notify(connection, notice)?,
                Effect::Acknowledge { connection, ack, answer } => {
                    self.acknowledge(connection, ack, answer)?;
                }
                Effect::Close { connection } | Effect::Cut { connection } => self.dismiss(connection)?,
                Effect::Ask { operation, request } => self.submit(core, operation, request)?,
                Effect::Send { to, envelope } => self.post(core, &to, envelope),
                // Its pool does not show how many people it has, and has no backend.
                Effect::Count { .. } | Effect::Consult { .. } | Effect::Tell(_) => {}
                Effect::Record(event) => self.see(Observation::Recorded { event })?,
            }
        }
        self.see(Observation::Load { core, from, operations: self.underway[core], effects })
    }

    fn notify(&mut self, connection: ConnectionId, notice: Notice) -> Seen {
        if self.hears(connection) {
            self.see(Observation::Told { connection, notice: notice.clone() })?;
            self.react(connection, &notice);
            return Ok(());
        }
        self.see(Observation::Swallowed { connection, notice })
    }

    /// Whether what is said reaches a client, or was said to one who is known to be gone.
    fn hears(&self, connection: ConnectionId) -> bool {
        self.ledger.lines.get(&connection).is_none_or(|line| line.standing != Standing::Vanished)
    }

    /// A client that is back asks for what did not reach it: what a dead transport swallowed, or what the node
    /// that it came from took along. Nothing else is for it to do at once.
    fn react(&mut self, connection: ConnectionId, notice: &Notice) {
        let Notice::Resumed(Resumed::Talking { room, .. }) = notice else { return };
        let Some(user) = self.ledger.user(connection) else { return };
        if self.ledger.talks.heard(user, *room).is_some_and(|hearing| hearing.missed) {
            self.plan(self.now, Due::Sync { connection, room: *room });
        }
    }

    fn acknowledge(&mut self, connection: ConnectionId, ack: AckId, answer: Result<Reply, Refusal>) -> Seen {
        let Some(line) = self.ledger.lines.get(&connection) else { return Ok(()) };
        if matches!(line.standing, Standing::Vanished | Standing::Closed | Standing::Left) {
            return Ok(());
        }
        let asked = line.pending.get(&ack).map(|asked| asked.command.clone());
        if let (Some(Ok(Command::Sync { room: RoomRef::Id(room), .. })), Err(refusal)) = (asked, &answer)
            && refusal.retry_after_ms().is_some()
        {
            self.plan(self.now + SYNC_AGAIN, Due::Sync { connection, room });
        }
        self.see(Observation::Answered { connection, ack, answer })
    }

    fn dismiss(&mut self, connection: ConnectionId) -> Seen {
        self.plan(self.now + CLOSING, Due::Closed { connection, left: false });
        self.see(Observation::Dismissed { connection })
    }

    fn submit(&mut self, core: usize, operation: OperationId, request: Operation) -> Seen {
        let way = (core, self.nodes.place_of(core));
        let Some(passage) = self.link.passage(way, &request, self.now) else {
            let outcome = self.store.execute(request.clone(), self.now);
            self.see(Observation::Carried { core, request, outcome: outcome.clone() })?;
            let now = self.now;
            if let Some(it) = self.nodes.core(core) {
                it.handle(Input::Stored { operation, outcome }, now);
            }
            return Ok(());
        };
        self.underway[core] += 1;
        let (answered_at, lost) = (passage.answered_at, passage.lost);
        if lost {
            self.see(Observation::Lost { core, request: request.clone() })?;
        }
        match passage.carried_at {
            Some(at) => {
                let request = Box::new(request);
                self.plan(at, Due::Carry { core, operation, request, answered_at, lost });
            }
            None => self.plan(answered_at, Due::Answer { core, operation, outcome: UNAVAILABLE }),
        }
        Ok(())
    }

    /// Letters to another node pass through the store, in the order sent.
    fn post(&mut self, core: usize, to: &Address, envelope: Envelope) {
        let Some(other) = self.nodes.find(to) else { return };
        let (from, at) = (self.nodes.place_of(core), self.nodes.place_of(other));
        let delay = Duration::from_millis(self.random.between(0, self.scene.post_ms));
        let last = self.post.get(&(core, other)).copied().unwrap_or_default();
        let mut arrives = (self.now + delay).max(last);
        if self.nodes.node_of(core) != self.nodes.node_of(other) {
            arrives = self.link.passes_at(at, self.link.passes_at(from, arrives));
        }
        self.post.insert((core, other), arrives);
        self.plan(arrives, Due::Deliver { from: core, core: other, to: to.session, envelope });
    }
}
