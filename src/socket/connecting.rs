//! From a handshake to a [`Connection`]: who may come in, and what happens between the engine's middleware
//! and the moment the connection stands.

use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::addresses::AddressLimit;
use super::admissions::{Renewal, StayId};
use super::extract::{Arrival, Said};
use super::lock;
use super::outlet::SocketOutlet;
use super::{Edge, Spoken};
use crate::auth::{Authenticator, Denied, Identity, Profile, Shown};
use crate::dialect::{ATTACHMENTS, Dialect, Outgoing, Renewed};
use crate::domain::command::{Command, Refusal, Scope};
use crate::domain::id::{AckId, UserId};
use crate::domain::time::Time;
use crate::metrics::Counter;
use crate::node::{Connection, Outlet};

/// Commands that may arrive in the instant before a connection stands.
const EARLY_COMMANDS: usize = 256;
/// What a client is told to wait when a mailbox is full.
const BUSY_RETRY_MS: u64 = 250;
/// Between two newer tokens of one connection: looking at one costs as much as a hundred messages.
const RENEWS_EVERY: Duration = Duration::from_secs(1);

/// Why somebody was turned away, in the words the client sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turned {
    /// Because of who it is not, in the words of its family.
    Denied(&'static str),
    /// The address has tried too often to enter.
    TooManyAttempts,
    /// The node holds as many as it may.
    Full,
    /// The address holds as many as it may.
    AddressFull(usize),
    /// A session was opened over this transport before: a second one needs its own.
    Again,
    /// The node is going down.
    GoingDown,
}

impl fmt::Display for Turned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(refusal) => f.write_str(refusal),
            Self::TooManyAttempts => f.write_str("Too many authentication attempts. Please try again later."),
            Self::Full => f.write_str("Server is full. Please try again later."),
            Self::Again => f.write_str("This connection was used before. Please open a new one."),
            Self::GoingDown => f.write_str("Server is going down. Please try again in a moment."),
            Self::AddressFull(most) => write!(
                f,
                "Too many connections from this IP (max {most}). Please close other tabs or wait a moment."
            ),
        }
    }
}

/// Between a client's events and its connection. Before the connection stands, events wait here: the engine
/// sends nothing until then.
pub(super) struct Gate {
    edge: Arc<Edge>,
    /// What the client speaks, and who knows who it is.
    spoken: Arc<Spoken>,
    /// Whether it may come back as the same user.
    returns: AtomicBool,
    /// What holds of its user whatever it says.
    profile: Option<Profile>,
    /// When it may show the next token, ms; [`Time::NEVER`] while one is looked at.
    renews_at_ms: AtomicU64,
    /// The address that is counted for it, and where.
    counted: Option<(IpAddr, AddressLimit)>,
    /// The engine's id, where the session began by polling.
    polling: Option<String>,
    /// Guards the state. A lock, because the engine calls from its reading task and from its connecting
    /// task; held while one event is handed on.
    state: Mutex<State>,
}

enum State {
    /// Holds nothing that leads back to the socket: should the engine drop it now, nobody is told, and all
    /// this must go with it.
    Entering {
        identity: Identity,
        early: Vec<(Option<AckId>, Result<Command, Refusal>)>,
    },
    /// Turned away by an event, which it is told when it listens.
    Turning(Outgoing),
    Open {
        connection: Connection,
        user: UserId,
        stay: StayId,
    },
    Closed,
}

impl Gate {
    /// Lets a client in, or says why not.
    pub(super) async fn admit(
        edge: &Arc<Edge>,
        spoken: &Arc<Spoken>,
        arrival: &Arrival,
    ) -> Result<Self, Turned> {
        let counters = edge.node.counters();
        if edge.node.is_draining() {
            return Err(Turned::GoingDown);
        }
        if arrival.peer().is_some_and(|peer| peer.was_admitted()) {
            return Err(Turned::Again);
        }
        if counters.connections() >= edge.setup.max_connections as u64 {
            counters.add(Counter::ConnectionsOverLimit);
            return Err(Turned::Full);
        }
        let address = arrival.peer().map(|peer| peer.address.ip());
        let now = edge.node.clock().now();
        if let Some(retry_after_ms) = address.and_then(|address| spoken.attempts.spend(address, now).err()) {
            counters.add(Counter::AttemptsPerAddressOverLimit);
            let told = spoken.dialect.too_many_attempts(retry_after_ms).ok_or(Turned::TooManyAttempts)?;
            return Ok(Self::turning(edge, spoken, told));
        }
        let identity = identify(edge, &spoken.authenticator, arrival).await.map_err(|denied| {
            counters.add(counted(denied));
            Turned::Denied(spoken.authenticator.refusal(denied))
        })?;
        let counted = spoken.addresses.enter(address).map_err(|most| {
            counters.add(Counter::ConnectionsPerAddressOverLimit);
            Turned::AddressFull(most)
        })?;
        let counted = counted.map(|address| (address, spoken.addresses.clone()));
        if let Some(peer) = arrival.peer() {
            peer.admit();
        }
        Ok(Self {
            edge: edge.clone(),
            spoken: spoken.clone(),
            returns: AtomicBool::new(identity.returns),
            profile: identity.profile,
            renews_at_ms: AtomicU64::new(0),
            counted,
            polling: arrival.polling_sid(),
            state: Mutex::new(State::Entering { identity, early: Vec::new() }),
        })
    }

    /// For a client that comes in no further than it takes to be told why.
    fn turning(edge: &Arc<Edge>, spoken: &Arc<Spoken>, told: Outgoing) -> Self {
        Self {
            edge: edge.clone(),
            spoken: spoken.clone(),
            returns: AtomicBool::new(false),
            profile: None,
            renews_at_ms: AtomicU64::new(0),
            counted: None,
            polling: None,
            state: Mutex::new(State::Turning(told)),
        }
    }

    /// The connection stands: its session begins, with what was said early.
    pub(super) fn open(self: &Arc<Self>, arrival: &Arrival) {
        let mut state = lock(&self.state);
        let outlet = || arrival.outlet();
        let (identity, early) = match std::mem::replace(&mut *state, State::Closed) {
            State::Entering { identity, early } => (identity, early),
            State::Turning(told) => {
                // To dismiss is to close, which takes the lock.
                drop(state);
                // Nothing waits before it; should it not be told all the same, the end of the connection is.
                let _ = outlet().emit(told.event, &told.argument);
                return outlet().dismiss();
            }
            State::Open { .. } | State::Closed => return,
        };
        let Identity { user, guest, returns: _, token, until, profile: _ } = identity;
        match self.edge.node.connect(user.clone(), guest, token, self.dialect(), Box::new(outlet())) {
            Ok(connection) => {
                if let (Some(sid), Some(peer)) = (&self.polling, arrival.peer()) {
                    self.edge.polling.opened(sid.clone(), peer.clone());
                }
                for (ack, asked) in early {
                    self.hand_on(&connection, outlet, ack, asked);
                }
                let stay = self.edge.admissions.enter(&user, until, self, arrival.way());
                *state = State::Open { connection, user: user.clone(), stay };
                drop(state);
                // Put out since it was let in: nobody who was looked for then was in yet.
                if self.edge.bans.holds(&user, self.edge.node.clock().now()) {
                    self.edge.admissions.expel(&user);
                }
            }
            Err(_) => outlet().cut(),
        }
    }

    /// What the client speaks.
    pub(super) fn dialect(&self) -> Dialect {
        self.spoken.dialect
    }

    /// Who knows who it is.
    pub(super) fn authenticator(&self) -> &Authenticator {
        &self.spoken.authenticator
    }

    /// Who is in by it, if somebody is.
    pub(super) fn stay(&self) -> Option<(UserId, StayId)> {
        match &*lock(&self.state) {
            State::Open { user, stay, .. } => Some((user.clone(), *stay)),
            State::Entering { .. } | State::Turning(_) | State::Closed => None,
        }
    }

    /// Its client does not come back.
    pub(super) fn banish(&self) {
        self.returns.store(false, Ordering::Relaxed);
    }

    /// A newer token was looked at.
    pub(super) fn renewed(&self) {
        let again = self.edge.node.clock().now() + RENEWS_EVERY;
        self.renews_at_ms.store(again.as_ms(), Ordering::Relaxed);
    }

    /// A newer token: looked at elsewhere, one at a time.
    fn renew(self: &Arc<Self>, said: &Said, token: Result<String, Refusal>) {
        let now_ms = self.edge.node.clock().now().as_ms();
        let refused = match (token, self.renews_at_ms.load(Ordering::Relaxed)) {
            (Err(refusal), _) => refusal,
            (Ok(_), again_ms) if again_ms > now_ms => {
                let wait = again_ms.saturating_sub(now_ms);
                let retry_after_ms = wait.min(u64::try_from(RENEWS_EVERY.as_millis()).unwrap_or(wait));
                Refusal::RateLimited { scope: Scope::Signaling, retry_after_ms }
            }
            (Ok(token), _) => {
                self.renews_at_ms.store(Time::NEVER.as_ms(), Ordering::Relaxed);
                let (gate, outlet, ack) = (self.clone(), said.outlet(), said.ack);
                return self.edge.admissions.renew(Renewal { gate, outlet, ack, token });
            }
        };
        self.edge.node.counters().add(Counter::RenewalsRefused);
        if let Some(ack) = said.ack {
            // As above.
            let _ = said.outlet().acknowledge(ack, &self.dialect().renewed(&Renewed::Refused(refused)));
        }
    }

    /// What is known of a user goes before what its client says.
    fn corrected(&self, command: Result<Command, Refusal>) -> Result<Command, Refusal> {
        let mut command = command;
        if let (Ok(Command::Join { attributes, .. } | Command::Skip { attributes, .. }), Some(profile)) =
            (&mut command, &self.profile)
        {
            attributes.age = profile.age.unwrap_or(attributes.age);
            attributes.gender = profile.gender;
        }
        command
    }

    /// The client says something.
    pub(super) fn hear(self: &Arc<Self>, said: &Said) {
        if let Some(token) = self.dialect().renewal(&said.packet) {
            return self.renew(said, token);
        }
        let mut asked = self.dialect().decode(&said.packet, &self.edge.setup.limits);
        asked.command = self.corrected(asked.command);
        if said.attachments {
            asked.command = Err(Refusal::Invalid { field: ATTACHMENTS });
        }
        let answered = said.ack.is_some() || self.dialect().answers_by_event();
        let ack = answered.then_some(AckId { number: said.ack, topic: asked.topic });
        match &mut *lock(&self.state) {
            State::Entering { early, .. } if early.len() < EARLY_COMMANDS => early.push((ack, asked.command)),
            State::Entering { .. } => self.refuse_busy(|| said.outlet(), ack),
            State::Open { connection, .. } => self.hand_on(connection, || said.outlet(), ack, asked.command),
            State::Turning(_) | State::Closed => {}
        }
    }

    fn hand_on(
        &self,
        connection: &Connection,
        outlet: impl FnOnce() -> SocketOutlet,
        ack: Option<AckId>,
        command: Result<Command, Refusal>,
    ) {
        if connection.command(ack, command).is_err() {
            self.refuse_busy(outlet, ack);
        }
    }

    /// The shard cannot take more now: the client is told here, and the shard is spared.
    fn refuse_busy(&self, outlet: impl FnOnce() -> SocketOutlet, ack: Option<AckId>) {
        self.edge.node.counters().add(Counter::RefusedBusy);
        let Some(ack) = ack else { return };
        let (outlet, now) = (outlet(), self.edge.node.clock().now());
        let busy = Err(Refusal::Busy { retry_after_ms: BUSY_RETRY_MS });
        self.dialect().after(ack.topic).answer(ack.topic, &busy, now, &mut |part| {
            // A client whose outgoing messages are full as well is closed by its shard.
            let _ = outlet.answer(ack.number, &part);
        });
    }

    /// The transport is closed.
    pub(super) fn close(&self, left: bool) {
        let state = std::mem::replace(&mut *lock(&self.state), State::Closed);
        match state {
            State::Open { connection, user, stay } => {
                self.edge.admissions.leave(&user, stay);
                connection.closed(left || !self.returns.load(Ordering::Relaxed));
            }
            State::Entering { .. } | State::Turning(_) | State::Closed => {}
        }
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        if let State::Open { user, stay, .. } = &*lock(&self.state) {
            self.edge.admissions.leave(user, *stay);
        }
        if let Some(sid) = &self.polling {
            self.edge.polling.closed(sid);
        }
        if let Some((address, addresses)) = &self.counted {
            addresses.leave(*address);
        }
    }
}

async fn identify(edge: &Edge, authenticator: &Authenticator, arrival: &Arrival) -> Result<Identity, Denied> {
    let headers = &arrival.socket().req_parts().headers;
    let authorization = headers.get("authorization").and_then(|value| value.to_str().ok());
    let query = arrival.socket().req_parts().uri.query();
    let shown = Shown { auth: arrival.auth(), authorization, query };
    authenticator.identify(shown, edge.node.clock().now()).await
}

/// What the counters call somebody who may not come in.
const fn counted(denied: Denied) -> Counter {
    match denied {
        Denied::Unavailable => Counter::ConnectionsUnidentified,
        Denied::Missing
        | Denied::InvalidToken
        | Denied::Failed
        | Denied::Mismatch
        | Denied::NoProfile
        | Denied::Suspended => Counter::ConnectionsDenied,
    }
}
