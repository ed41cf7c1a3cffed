//! A crowd and a server in one process, in virtual time: no sockets, nothing random but by seed.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::double::{Double, Fault, Out, STAGE_SECONDS};
use crate::crowd::{Action, Crowd, Input};
use crate::event::Client;
use crate::oracle::Oracle;
use crate::people::{Pair, People};
use crate::scenario::{Scenario, Talk};
use crate::time::Moment;

/// Between client and server, each way.
const ON_THE_WAY: Duration = Duration::from_millis(2);

/// Some who wish for much, so that wishes matter, and few, so that they would meet again.
pub(super) fn scenario() -> Scenario {
    Scenario {
        clients: 60,
        rate: 25.0,
        duration_seconds: 16.0,
        stage_seconds: STAGE_SECONDS,
        ramp_seconds: 0.5,
        people: People {
            pairs: vec![Pair { languages: ["en".into(), "es".into()], weight: 1.0 }],
            level_percent: 40.0,
            gender_percent: 30.0,
            reject_percent: 5.0,
            ..People::default()
        },
        talk: Talk { seconds: 1.0, signals: 4, lines: 3, ..Talk::default() },
        ..Scenario::default()
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Mail {
    ToServer(Client, Option<u32>, String),
    Packet(Client, u32, String),
    Acknowledgement(Client, u32, u32, String),
    Enter(Client, u32),
}

struct World {
    crowd: Crowd,
    server: Double,
    oracle: Oracle,
    mail: BinaryHeap<Reverse<(Moment, u64, Mail)>>,
    posted: u64,
    /// Which connection of a client it is: what was sent over an earlier one is lost.
    connections: Vec<u32>,
}

/// Plays `scenario` against a server with that fault.
pub(super) fn play(fault: Fault, scenario: &Scenario) -> Oracle {
    let mut world = World {
        crowd: Crowd::new(scenario),
        server: Double::new(fault),
        oracle: Oracle::new(scenario),
        mail: BinaryHeap::new(),
        posted: 0,
        connections: vec![0; scenario.clients as usize],
    };
    let mut now = Moment::default();
    while !world.crowd.is_over(now) {
        let mail = world.mail.peek().map(|Reverse((due, _, _))| *due);
        let next = [mail, world.crowd.poll_timeout(), world.server.next_look()].into_iter().flatten().min();
        now = next.expect("something is to come until it is over").max(now);
        world.step(now);
    }
    world.crowd.finish(now);
    world.drain(now);
    world.oracle.finish(now);
    world.oracle
}

impl World {
    fn step(&mut self, now: Moment) {
        while self.mail.peek().is_some_and(|Reverse((due, _, _))| *due <= now) {
            let Some(Reverse((_, _, mail))) = self.mail.pop() else { return };
            self.deliver(mail, now);
        }
        self.crowd.handle(Input::Time, now);
        let said = self.server.look(now);
        self.send(said, now);
        self.drain(now);
    }

    fn deliver(&mut self, mail: Mail, now: Moment) {
        match mail {
            Mail::ToServer(client, acknowledge, packet) => {
                let said = self.server.take(client, acknowledge, &packet, now);
                self.send(said, now);
            }
            Mail::Packet(client, connection, text) if self.is_current(client, connection) => {
                self.crowd.handle(Input::Packet { client, text: &text }, now);
            }
            Mail::Acknowledgement(client, connection, id, arguments)
                if self.is_current(client, connection) =>
            {
                self.crowd.handle(Input::Acknowledged { client, id, arguments: &arguments }, now);
            }
            Mail::Enter(client, connection) if self.is_current(client, connection) => {
                self.crowd.handle(Input::Entered { client, sid: &format!("sid-{client}") }, now);
                let said = self.server.enter(client, now);
                self.send(said, now);
            }
            Mail::Packet(..) | Mail::Acknowledgement(..) | Mail::Enter(..) => {}
        }
        self.drain(now);
    }

    fn is_current(&self, client: Client, connection: u32) -> bool {
        self.connections[client as usize] == connection
    }

    fn drain(&mut self, now: Moment) {
        loop {
            while let Some(event) = self.crowd.poll_event() {
                self.oracle.take(&event);
            }
            let Some(action) = self.crowd.poll_action() else { return };
            match action {
                Action::Connect(client) => {
                    let connection = self.connections[client as usize];
                    self.post(Mail::Enter(client, connection), now);
                }
                Action::Send { client, acknowledge, packet } => {
                    self.post(Mail::ToServer(client, acknowledge, packet), now);
                }
                Action::HangUp(client) => {
                    self.connections[client as usize] += 1;
                    self.server.drop_client(client);
                    self.crowd.handle(Input::Lost { client, why: "hung up" }, now);
                }
                Action::Read { .. } => {}
            }
        }
    }

    fn send(&mut self, said: Vec<Out>, now: Moment) {
        for out in said {
            let connection = |client: Client| self.connections[client as usize];
            let mail = match out {
                Out::Packet(client, text) => Mail::Packet(client, connection(client), text),
                Out::Answer(client, id, text) => Mail::Acknowledgement(client, connection(client), id, text),
            };
            self.post(mail, now);
        }
    }

    fn post(&mut self, mail: Mail, now: Moment) {
        self.posted += 1;
        self.mail.push(Reverse((now + ON_THE_WAY, self.posted, mail)));
    }
}
