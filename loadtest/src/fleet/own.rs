//! The tester's own clients. One thread, one poll, one buffer for all; what a client costs when it is idle is its
//! socket and some two hundred bytes.

use std::collections::VecDeque;
use std::io;
use std::time::Instant;

use mio::event::Event as Readiness;
use mio::{Events, Interest, Poll, Token};

use super::alarm::Alarm;
use super::connection::{Connection, Heard};
use super::sources::Sources;
use super::{CONNECT_WITHIN, Fleet, Harbour, SLEEP_AT_MOST};
use crate::credentials::Credentials;
use crate::crowd::{Action, Census, Crowd, Input};
use crate::event::{Client, Event};
use crate::scenario::Scenario;
use crate::time::Moment;

/// Bytes read at once.
const BUFFER_BYTES: usize = 64 * 1024;
/// The token that is no client's.
const ALARM: Token = Token(usize::MAX - 1);
/// Events of the poll that are taken at once.
const EVENTS: usize = 1_024;
/// Sockets that are served before it is looked what has become due meanwhile.
const READY_BEFORE_TIME: u32 = 32;

/// Clients of our own.
pub struct OwnFleet {
    events: Events,
    poll: Poll,
    alarm: Alarm,
    crowd: Crowd,
    scenario: Scenario,
    harbour: Harbour,
    credentials: Credentials,
    sources: Sources,
    connections: Vec<Option<Connection>>,
    /// Those who wait until fewer connections are being opened.
    queue: VecDeque<Client>,
    /// Connections being opened, and since when.
    opening: VecDeque<(Client, Moment)>,
    opening_count: u32,
    started: Instant,
    buffer: Vec<u8>,
}

impl Fleet for OwnFleet {
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
        self.sleep()?;
        // Taken out, so that the sockets may be served meanwhile.
        let events = std::mem::replace(&mut self.events, Events::with_capacity(0));
        for (place, readiness) in (1..).zip(&events) {
            if readiness.token() == ALARM {
                self.alarm.heard();
            } else if let Ok(client) = Client::try_from(readiness.token().0) {
                self.ready(client, readiness);
                self.act();
                self.show(take);
            }
            if place % READY_BEFORE_TIME == 0 {
                self.pass_time(take);
            }
        }
        self.events = events;
        self.give_up_on_slow_servers();
        self.pass_time(take);
        Ok(())
    }

    fn finish(&mut self, take: &mut dyn FnMut(&Event)) {
        self.crowd.finish(self.now());
        self.show(take);
        self.connections.clear();
    }
}

impl OwnFleet {
    /// Clients that play `scenario` against `harbour`. Time begins.
    #[expect(clippy::disallowed_methods, reason = "the one clock of a run")]
    pub fn new(scenario: &Scenario, harbour: Harbour, credentials: Credentials) -> io::Result<Self> {
        let poll = Poll::new()?;
        let alarm = Alarm::new(&poll, ALARM)?;
        Ok(Self {
            events: Events::with_capacity(EVENTS),
            poll,
            alarm,
            crowd: Crowd::new(scenario),
            scenario: scenario.clone(),
            sources: Sources::new(harbour.address, scenario.clients),
            harbour,
            credentials,
            connections: (0..scenario.clients).map(|_| None).collect(),
            queue: VecDeque::new(),
            opening: VecDeque::new(),
            opening_count: 0,
            started: Instant::now(),
            buffer: vec![0; BUFFER_BYTES],
        })
    }

    fn pass_time(&mut self, take: &mut dyn FnMut(&Event)) {
        self.crowd.handle(Input::Time, self.now());
        self.act();
        self.show(take);
    }

    fn sleep(&mut self) -> io::Result<()> {
        let now = self.now();
        let next = self.crowd.poll_timeout().map(|due| due.since(now));
        let longest = self.alarm.set(next.unwrap_or(SLEEP_AT_MOST).min(SLEEP_AT_MOST));
        match self.poll.poll(&mut self.events, Some(longest)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                self.events.clear();
                Ok(())
            }
            polled => polled,
        }
    }

    fn show(&mut self, take: &mut dyn FnMut(&Event)) {
        while let Some(event) = self.crowd.poll_event() {
            take(&event);
        }
    }

    /// Does what the crowd wants.
    fn act(&mut self) {
        while let Some(action) = self.crowd.poll_action() {
            match action {
                Action::Connect(client) => self.queue.push_back(client),
                Action::Send { client, acknowledge, packet } => {
                    let namespace = self.scenario.namespace(self.scenario.family(client));
                    let text = crate::wire::event(namespace, acknowledge, &packet);
                    self.send(client, &text);
                }
                Action::HangUp(client) => self.close(client, "hung up"),
                Action::Read { client, on } => self.read_or_not(client, on),
            }
        }
        while self.opening_count < self.scenario.connecting_at_once {
            let Some(client) = self.queue.pop_front() else { return };
            self.open(client);
        }
    }

    fn open(&mut self, client: Client) {
        let opened = self.sources.connect(client).and_then(|mut stream| {
            let token = Token(client as usize);
            self.poll.registry().register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
            Ok(stream)
        });
        match opened {
            Ok(stream) => {
                let hello = crate::wire::upgrade(&self.harbour.host, &self.harbour.path);
                let since = self.now();
                self.connections[client as usize] = Some(Connection::new(stream, hello, since));
                self.opening.push_back((client, since));
                self.opening_count += 1;
            }
            Err(error) => self.lose(client, &reason(&error)),
        }
    }

    /// A server that takes connections and says nothing would hold up all others.
    fn give_up_on_slow_servers(&mut self) {
        let now = self.now();
        while let Some((client, since)) = self.opening.front().copied() {
            let connection = self.connections[client as usize].as_ref();
            let is_opening =
                connection.is_some_and(|connection| !connection.is_in() && connection.since == since);
            if is_opening && now.since(since) < CONNECT_WITHIN {
                return;
            }
            self.opening.pop_front();
            if is_opening {
                self.close(client, "does not let in within 20 s");
                self.act();
            }
        }
    }

    fn send(&mut self, client: Client, text: &str) {
        let Some(connection) = self.connections[client as usize].as_mut() else { return };
        if let Err(error) = connection.send(text) {
            self.close(client, &reason(&error));
        }
    }

    fn read_or_not(&mut self, client: Client, on: bool) {
        let Some(connection) = self.connections[client as usize].as_mut() else { return };
        connection.reads = on;
        if on {
            self.read(client);
        }
    }

    fn ready(&mut self, client: Client, readiness: &Readiness) {
        let Some(connection) = self.connections[client as usize].as_mut() else { return };
        if readiness.is_writable()
            && let Err(error) = connection.flush()
        {
            return self.close(client, &reason(&error));
        }
        let may_read = readiness.is_readable() || readiness.is_read_closed() || readiness.is_error();
        if may_read && self.connections[client as usize].as_ref().is_some_and(|connection| connection.reads) {
            self.read(client);
        }
    }

    /// Reads until nothing is left: the poll tells of new bytes only.
    fn read(&mut self, client: Client) {
        loop {
            // Taken out, so that the crowd may be told meanwhile.
            let Some(mut connection) = self.connections[client as usize].take() else { return };
            let mut buffer = std::mem::take(&mut self.buffer);
            let read = connection.read(&mut buffer);
            let heard = read.and_then(|bytes| match bytes {
                0 => Ok(false),
                bytes => self.hear_all(client, &mut connection, &buffer[..bytes]).map(|()| true),
            });
            self.buffer = buffer;
            self.connections[client as usize] = Some(connection);
            match heard {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => return self.close(client, &reason(&error)),
            }
        }
    }

    fn hear_all(&mut self, client: Client, connection: &mut Connection, bytes: &[u8]) -> io::Result<()> {
        let now = self.now();
        let namespace = self.scenario.namespace(self.scenario.family(client));
        let credentials = &self.credentials;
        let family = self.scenario.family(client);
        let crowd = &mut self.crowd;
        let mut entered = false;
        let mut say = |heard: Heard<'_>| {
            let input = match heard {
                Heard::Entered(sid) => {
                    entered = true;
                    Input::Entered { client, sid }
                }
                Heard::Event(text) => Input::Packet { client, text },
                Heard::Acknowledgement(id, arguments) => Input::Acknowledged { client, id, arguments },
            };
            crowd.handle(input, now);
        };
        let hello = || crate::wire::connect(namespace, &credentials.of(family, client));
        let outcome = connection.take(bytes, hello, &mut say);
        if entered {
            self.opening_count -= 1;
        }
        outcome
    }

    fn close(&mut self, client: Client, why: &str) {
        let Some(mut connection) = self.connections[client as usize].take() else { return };
        if !connection.is_in() {
            self.opening_count -= 1;
        }
        // Fails for what was never registered, or is closed already.
        let _ = self.poll.registry().deregister(connection.stream());
        drop(connection);
        self.lose(client, why);
    }

    fn lose(&mut self, client: Client, why: &str) {
        let now = self.now();
        self.crowd.handle(Input::Lost { client, why }, now);
    }
}

/// An error in the few words that it is counted by.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}
