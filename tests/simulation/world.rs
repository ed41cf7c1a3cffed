//! The whole service in one process: cores, their store, the post between them, clients, and time, which
//! jumps to whatever happens next.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::Write;
use std::time::Duration;

use qala::domain::command::{Command, Refusal};
use qala::domain::core::{Comer, Input};
use qala::domain::envelope::Envelope;
use qala::domain::id::{AckId, ConnectionId, OperationId, RoomId, SessionId, UserId};
use qala::domain::operation::{Appended, Operation, Outcome, Standing};
use qala::domain::policy::LEASE;
use qala::domain::time::Time;

use super::checks::{Broken, examine};
use super::client::{self, Action};
use super::ledger::Ledger;
use super::link::Link;
use super::observation::{Moment, Observation};
use super::random::Random;
use super::scene::{BEGIN, Blow, Scene};
use super::shared::Shared;
use super::talks::Hearing;

mod blows;
mod nodes;
mod shell;

use nodes::{Life, Nodes};

/// When to try again, as a store says that does not answer.
const UNAVAILABLE: Outcome = Outcome::Unavailable { retry_after_ms: 1_000 };

/// What is seen goes here; `Err` ends the run.
pub(crate) type Seen = Result<(), Box<Broken>>;

/// Something that will happen.
enum Due {
    Act { user: UserId },
    Carry { core: usize, operation: OperationId, request: Box<Operation>, answered_at: Time, lost: bool },
    Answer { core: usize, operation: OperationId, outcome: Outcome },
    Deliver { from: usize, core: usize, to: SessionId, envelope: Envelope },
    Closed { connection: ConnectionId, left: bool },
    Sync { connection: ConnectionId, room: RoomId },
    Strike { blow: Blow },
    Start { place: usize },
    Thaw { node: usize },
    GiveUp { connection: ConnectionId },
    Heard { node: usize },
    Gone { core: usize, node: usize },
    Back { core: usize, node: usize },
    Forgotten { node: usize },
    Lose { operations: Option<usize> },
}

/// A run.
pub(crate) struct World {
    pub(crate) scene: Scene,
    pub(crate) now: Time,
    pub(crate) step: u64,
    pub(crate) ledger: Ledger,
    /// What was seen last, or everything if `keeps` says so.
    pub(crate) trace: VecDeque<Moment>,
    pub(crate) keeps: usize,
    /// Everything that is seen is written to standard error.
    loud: bool,
    nodes: Nodes,
    /// Operations of each core that are under way.
    underway: Vec<usize>,
    store: Shared,
    link: Link,
    /// When the last envelope between two cores arrives: they do not overtake each other.
    post: BTreeMap<(usize, usize), Time>,
    agenda: BTreeMap<(Time, u64), Due>,
    entries: u64,
    random: Random,
    numbers: u64,
    connections: u64,
    acks: u64,
    left: BTreeMap<UserId, u64>,
}

impl World {
    /// Everybody is about to come.
    pub(crate) fn new(scene: Scene, keeps: usize, loud: bool) -> Self {
        let mut random = Random::new(scene.seed);
        let nodes = Nodes::new(&scene, random.fork());
        let link = Link::new(&scene, random.fork());
        let users = (0..scene.users).map(|number| UserId::new(format!("u{number:02}")));
        let left: BTreeMap<UserId, u64> = users.map(|user| (user, scene.actions)).collect();
        let mut world = Self {
            now: BEGIN,
            step: 0,
            ledger: Ledger::new(scene.clone()),
            trace: VecDeque::new(),
            keeps,
            loud,
            underway: vec![0; nodes.living().count()],
            nodes,
            store: Shared::default(),
            link,
            post: BTreeMap::new(),
            agenda: BTreeMap::new(),
            entries: 0,
            random,
            numbers: 0,
            connections: 0,
            acks: 0,
            left,
            scene,
        };
        for user in world.left.keys().cloned().collect::<Vec<_>>() {
            let pause = world.random.below(world.scene.pause_ms * 2 + 1);
            world.plan(world.now + Duration::from_millis(pause), Due::Act { user });
        }
        for (at, blow) in world.scene.blows.clone() {
            world.plan(at, Due::Strike { blow });
        }
        world
    }

    /// Lets the next thing happen, if there is one before `until`.
    pub(crate) fn turn(&mut self, until: Time) -> Result<bool, Box<Broken>> {
        let next = self.agenda.first_key_value().map(|(key, _)| *key);
        let wakes = self.nodes.awake().map(|(index, core)| (core.poll_timeout(), index));
        let wake = wakes.min().filter(|(at, _)| *at <= until);
        match (next.filter(|(at, _)| *at <= until), wake) {
            (None, None) => {
                self.now = self.now.max(until);
                return Ok(false);
            }
            (Some((at, _)), Some((woken_at, core))) if woken_at <= at => self.wake(core, woken_at)?,
            (None, Some((woken_at, core))) => self.wake(core, woken_at)?,
            (Some(key), _) => {
                self.begin_step(key.0);
                if let Some(due) = self.agenda.remove(&key) {
                    self.happen(due)?;
                }
            }
        }
        Ok(true)
    }

    /// Nobody does anything any more, and nothing goes wrong.
    pub(crate) fn heal(&mut self) -> Seen {
        self.left.clear();
        self.link.heal();
        self.see(Observation::Healed)
    }

    /// Whether everybody has done what they were to do.
    pub(crate) fn is_done(&self) -> bool {
        let blow = |due: &Due| {
            matches!(due, Due::Strike { .. } | Due::Thaw { .. } | Due::Heard { .. } | Due::Lose { .. })
        };
        self.left.values().all(|left| *left == 0) && !self.agenda.values().any(blow)
    }

    /// Whether nothing is on its way.
    pub(crate) fn is_quiet(&self) -> bool {
        self.underway.iter().all(|operations| *operations == 0)
            && self.agenda.values().all(|due| matches!(due, Due::Act { .. }))
    }

    /// Everything has come to its end: what does the store say?
    pub(crate) fn settle(&mut self) -> Seen {
        let tickets = self.ledger.listed.values().map(|ticket| ticket.id).collect();
        let pool = self.scene.pool();
        let renew = Operation::Renew { pool, tickets, lease_until: self.now + LEASE };
        let Outcome::Renewed(standings) = self.store.execute(renew, self.now) else { return Ok(()) };
        let waiting = |(ticket, standing)| matches!(standing, Standing::Waiting(_)).then_some(ticket);
        let listed: BTreeSet<_> = standings.into_iter().filter_map(waiting).collect();
        let sessions = self.nodes.living().map(|(_, core)| core.session_count()).sum();
        self.see(Observation::Settled { listed, sessions })
    }

    /// Everybody leaves, one way or the other.
    pub(crate) fn leave(&mut self) -> Seen {
        for connection in self.ledger.open_lines() {
            let left = self.random.percent(50);
            self.happen(Due::Closed { connection, left })?;
        }
        Ok(())
    }

    /// Everybody is gone: what is left?
    pub(crate) fn empty(&mut self) -> Seen {
        let sessions = self.nodes.living().map(|(_, core)| core.session_count()).sum();
        let wakes = self.nodes.living().map(|(_, core)| core.poll_timeout()).min().unwrap_or(Time::NEVER);
        let known = self.known();
        let deals = self.ledger.deals.values();
        let rooms: Vec<_> = deals
            .filter_map(|deal| {
                let (room, from) = (deal.proposal.room, deal.proposal.sides[0].ticket.user.clone());
                let probe = Operation::Append { room, from, content: "".into(), client_message_id: None };
                let none = Outcome::Appended(Appended::NoRoom);
                (self.store.execute(probe, self.now) != none).then_some(room)
            })
            .collect();
        self.see(Observation::Emptied { sessions, wakes, rooms, known })
    }

    /// Users whose session the store still knows, and at which core.
    fn known(&mut self) -> Vec<(UserId, usize)> {
        let mut known = Vec::new();
        for user in self.ledger.people.keys().cloned().collect::<Vec<_>>() {
            let locate = Operation::Locate { user: user.clone(), pool: self.scene.pool() };
            if let Outcome::Located(Some(address)) = self.store.execute(locate, self.now)
                && let Some(core) = self.nodes.find(&address)
            {
                known.push((user, core));
            }
        }
        known
    }

    fn begin_step(&mut self, at: Time) {
        self.now = self.now.max(at);
        self.step += 1;
    }

    fn plan(&mut self, at: Time, due: Due) {
        self.agenda.insert((at, self.entries), due);
        self.entries += 1;
    }

    fn see(&mut self, seen: Observation) -> Seen {
        let moment = Moment { step: self.step, at: self.now, seen };
        if self.loud {
            // Written at once: a run that never ends shows where it hangs. Nobody reads it: so be it.
            let _ = writeln!(std::io::stderr(), "{moment}");
        }
        if self.trace.len() >= self.keeps {
            self.trace.pop_front();
        }
        self.trace.push_back(moment.clone());
        examine(&mut self.ledger, &moment)
    }

    fn wake(&mut self, core: usize, at: Time) -> Seen {
        self.begin_step(at);
        self.tick(core)
    }

    fn tick(&mut self, core: usize) -> Seen {
        let now = self.now;
        let Some(it) = self.nodes.core(core) else { return Ok(()) };
        it.handle_timeout(now);
        self.carry_out(core, None)
    }

    fn happen(&mut self, due: Due) -> Seen {
        match due {
            Due::Act { user } => self.turn_of(&user),
            Due::Carry { core, operation, request, answered_at, lost } => {
                let outcome = self.store.execute((*request).clone(), self.now);
                let answer = if lost { UNAVAILABLE } else { outcome.clone() };
                self.plan(answered_at, Due::Answer { core, operation, outcome: answer });
                self.see(Observation::Carried { core, request: *request, outcome })
            }
            Due::Answer { core, operation, outcome } => {
                self.underway[core] = self.underway[core].saturating_sub(1);
                self.give(core, Input::Stored { operation, outcome }, None)
            }
            Due::Deliver { core, to, envelope, from: _ } => self.deliver(core, to, envelope),
            Due::Closed { connection, left } => {
                let core = self.core_of(connection);
                self.give(core, Input::Disconnected { connection, left }, Some(connection))
            }
            Due::Sync { connection, room } => self.sync(connection, room),
            Due::Strike { blow } => self.strike(blow),
            Due::Start { place } => {
                self.start_another(place);
                Ok(())
            }
            Due::Thaw { node } => self.thaw(node),
            Due::GiveUp { connection } => self.give_up(connection),
            Due::Heard { node } => self.heard(node),
            Due::Gone { core, node } => self.gone(core, node),
            Due::Back { core, node } => self.back(core, node),
            Due::Forgotten { node } => self.forgotten(node),
            Due::Lose { operations } => self.lose(operations),
        }
    }

    fn turn_of(&mut self, user: &UserId) -> Seen {
        let Some(left) = self.left.get_mut(user).filter(|left| **left > 0) else { return Ok(()) };
        *left -= 1;
        let at_once = if self.random.percent(15) { 3 } else { 1 };
        for _ in 0..at_once {
            for action in client::next(&mut self.random, &self.ledger, user, &mut self.numbers) {
                self.act(user, action)?;
            }
        }
        let usual = self.scene.pause_ms;
        let pause = self.random.weighted(&[(30, 3), (60, usual), (10, usual * 10)]);
        let at = self.now + Duration::from_millis(self.random.between(0, pause));
        self.plan(at, Due::Act { user: user.clone() });
        Ok(())
    }

    fn act(&mut self, user: &UserId, action: Action) -> Seen {
        let connection = self.ledger.people.get(user).and_then(|person| person.connection);
        match (action, connection) {
            (Action::Connect, _) => {
                let Some(core) = self.nodes.door(user, &mut self.random) else { return Ok(()) };
                self.connections += 1;
                let connection = ConnectionId(self.connections);
                self.see(Observation::Connected { connection, user: user.clone(), core })?;
                let (user, pool) = (user.clone(), self.scene.pool());
                let comer = Comer { user, guest: false, pool, token: None };
                self.give(core, Input::Connected { connection, comer }, Some(connection))
            }
            (Action::Close { left }, Some(connection)) => self.happen(Due::Closed { connection, left }),
            (Action::Vanish { unnoticed_ms }, Some(connection)) => {
                let at = self.now + Duration::from_millis(unnoticed_ms);
                self.plan(at, Due::Closed { connection, left: false });
                self.see(Observation::Vanished { connection })
            }
            (Action::Ask { waits, command }, Some(connection)) => self.ask(connection, waits, command),
            (Action::Close { .. } | Action::Vanish { .. } | Action::Ask { .. }, None) => Ok(()),
        }
    }

    fn ask(&mut self, connection: ConnectionId, waits: bool, command: Result<Command, Refusal>) -> Seen {
        self.acks += 1;
        let ack = waits.then_some(AckId::from(self.acks));
        self.see(Observation::Asked { connection, ack, command: command.clone() })?;
        let core = self.core_of(connection);
        self.give(core, Input::Command { connection, ack, command }, Some(connection))
    }

    /// A client asks for what a dead transport swallowed, until it is told.
    fn sync(&mut self, connection: ConnectionId, room: RoomId) -> Seen {
        let Some(user) = self.ledger.user(connection).cloned() else { return Ok(()) };
        if self.ledger.people.get(&user).is_none_or(|person| person.connection != Some(connection)) {
            return Ok(());
        }
        let known = self.ledger.talks.heard(&user, room).map(Hearing::shown);
        self.ask(connection, true, Ok(Command::Sync { room: room.into(), after: known.unwrap_or(0) }))
    }

    fn core_of(&self, connection: ConnectionId) -> usize {
        self.ledger.lines.get(&connection).map_or(0, |line| line.core)
    }

    /// An envelope arrives; one for a dead node is lost, with the ticket that it may hand over.
    fn deliver(&mut self, core: usize, to: SessionId, envelope: Envelope) -> Seen {
        if self.nodes.life_of(core) == Life::Dead {
            return self.lose_tickets(blows::ticket_of(&envelope).into_iter().collect());
        }
        if self.loud {
            let _ = writeln!(std::io::stderr(), "{:>6} to core {core} {to:?}: {envelope:?}", self.step);
        }
        self.give(core, Input::Envelope { to, envelope }, None)
    }

    fn give(&mut self, core: usize, input: Input, from: Option<ConnectionId>) -> Seen {
        if self.nodes.life_of(core) == Life::Frozen {
            let closed = from.filter(|_| matches!(input, Input::Disconnected { .. }));
            self.nodes.hold(core, input, from);
            return closed.map_or(Ok(()), |connection| self.see(Observation::Vanished { connection }));
        }
        if let Input::Disconnected { connection, left } = input {
            self.see(Observation::Disconnected { connection, left })?;
        }
        let now = self.now;
        let Some(it) = self.nodes.core(core) else { return Ok(()) };
        it.handle(input, now);
        self.carry_out(core, from)
    }
}
