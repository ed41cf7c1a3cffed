//! The crowd: all clients of a run as one state machine. Decides what each does next; knows neither sockets nor
//! clock nor randomness of its own.
//!
//! ```text
//! handle(Input, now)          a connection stands or ended, a packet came, time has passed
//! poll_action() -> Action     drain after every handle: connect, send, hang up
//! poll_event() -> Event       drain after every handle: what happened, for the reporters
//! poll_timeout() -> Moment    when to be woken next; call last
//! ```

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::event::{Client, Event, What};
use crate::plan::{Arrival, Plan};
use crate::scenario::{Family, Scenario};
use crate::time::Moment;

mod asking;
mod calling;
mod connecting;
mod hearing;
mod person;
mod searching;
mod tag;
mod talking;
mod timers;

#[cfg(feature = "rust-socketio")]
pub(crate) use person::ACKNOWLEDGED_WITHIN;
use person::{Person, Phase};
use timers::{Deed, Timers};

/// Searches that wait for a free client; more are given up.
const OVERDUE_AT_MOST: usize = 100_000;
/// After the last search, this long beyond the longest talk at most.
const DRAIN: Duration = Duration::from_secs(12);
/// After the last search, for what is still on its way. Longer than somebody may be left waiting.
const SETTLE: Duration = Duration::from_millis(2_500);

/// What the crowd is told.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// Time has passed.
    Time,
    /// The connection stands, and the client is let in; the server calls the connection so.
    Entered {
        /// Whose.
        client: Client,
        /// The connection's name.
        sid: &'a str,
    },
    /// A packet `["event", ...]` came.
    Packet {
        /// To whom.
        client: Client,
        /// The text.
        text: &'a str,
    },
    /// An acknowledgement came.
    Acknowledged {
        /// To whom.
        client: Client,
        /// Of what.
        id: u32,
        /// Its arguments, an array.
        arguments: &'a str,
    },
    /// The connection ended, or could not be opened.
    Lost {
        /// Whose.
        client: Client,
        /// Why, in few words.
        why: &'a str,
    },
}

/// What the crowd wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Open a connection.
    Connect(Client),
    /// Send a packet.
    Send {
        /// Whose.
        client: Client,
        /// What its acknowledgement is to be called, where one is wanted.
        acknowledge: Option<u32>,
        /// The text.
        packet: String,
    },
    /// Close the connection without a word.
    HangUp(Client),
    /// Read nothing from it any more, or again.
    Read {
        /// Whose.
        client: Client,
        /// Whether to.
        on: bool,
    },
}

/// How many are doing what: for the live view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// With a connection that stands.
    pub connected: u32,
    /// Searching.
    pub waiting: u32,
    /// In a room.
    pub talking: u32,
}

/// All clients of a run.
#[derive(Debug)]
pub struct Crowd {
    scenario: Scenario,
    plan: Plan,
    people: Vec<Person>,
    /// Who is called what. Looked up, never walked through.
    names: HashMap<Box<str>, Client>,
    /// Who may be free; whether they are is asked when their turn comes.
    free: VecDeque<Client>,
    /// Searches that are due and have no client.
    overdue: VecDeque<Arrival>,
    next: Option<Arrival>,
    timers: Timers,
    talks: u32,
    /// Halls so far, and who waits in the last one.
    halls: u32,
    waits_in_hall: Option<Client>,
    /// What the server called the first connection: no other run has that.
    first_sid: Box<str>,
    /// Talks that began before the searches ended, and go on: the run ends with them.
    awaited: u32,
    census: Census,
    actions: VecDeque<Action>,
    events: VecDeque<Event>,
}

impl Crowd {
    /// The crowd of `scenario`, before anybody has connected.
    pub fn new(scenario: &Scenario) -> Self {
        let mut plan = Plan::new(scenario);
        let mut timers = Timers::default();
        let people = (0..scenario.clients).map(|client| Person::new(scenario.family(client))).collect();
        for client in 0..scenario.clients {
            timers.set(plan.connect_due(client), Deed::Connect(client));
            if let Some(trouble) = plan.trouble(client) {
                timers.set_trouble(client, trouble);
            }
        }
        if let Some(at) = plan.storm() {
            timers.set(at, Deed::Storm(0));
        }
        let next = if scenario.closed { None } else { plan.next_arrival() };
        match &next {
            Some(arrival) => timers.set(arrival.due, Deed::Arrive),
            None => timers.set(plan.begins(), Deed::Begin),
        }
        Self {
            scenario: scenario.clone(),
            plan,
            people,
            names: HashMap::new(),
            free: VecDeque::new(),
            overdue: VecDeque::new(),
            next,
            timers,
            talks: 0,
            halls: 0,
            waits_in_hall: None,
            first_sid: Box::default(),
            awaited: 0,
            census: Census::default(),
            actions: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// Takes what happened, at `now`.
    pub fn handle(&mut self, input: Input<'_>, now: Moment) {
        match input {
            Input::Time => {
                while let Some((due, deed)) = self.timers.due(now) {
                    self.carry_out(deed, due, now);
                }
            }
            Input::Entered { client, sid } => self.entered(client, sid, now),
            Input::Packet { client, text } => self.hear(client, text, now),
            Input::Acknowledged { client, id, arguments } => self.acknowledged(client, id, arguments, now),
            Input::Lost { client, why } => self.lost(client, why, now),
        }
    }

    /// The next thing to do.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// The next thing that happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When to be woken.
    pub fn poll_timeout(&self) -> Option<Moment> {
        self.timers.next()
    }

    /// How many are doing what.
    pub fn census(&self) -> Census {
        self.census
    }

    /// Whether nothing more is to come: no search is due, all talks are over, and what was on its way is there.
    pub fn is_over(&self, now: Moment) -> bool {
        let longest = Duration::from_secs_f64(self.scenario.talk.seconds * 1.5);
        let all_over = self.awaited == 0 && self.overdue.is_empty();
        now >= self.plan.ends() + longest + DRAIN || (now >= self.plan.ends() + SETTLE && all_over)
    }

    /// The run ends: says what never came.
    pub fn finish(&mut self, now: Moment) {
        for client in 0..self.scenario.clients {
            for _ in 0..self.person(client).pending_since(now) {
                self.happened(client, What::Unacknowledged, now);
            }
        }
    }

    fn carry_out(&mut self, deed: Deed, due: Moment, now: Moment) {
        match deed {
            Deed::Connect(client) => self.connect(client, due),
            Deed::Settle(client) => self.settle(client, now),
            Deed::Arrive => self.arrive(now),
            Deed::Begin => self.begin(now),
            Deed::GiveUp(client, arrival) => self.give_up(client, arrival, now),
            Deed::Signal(client, talk) => self.send_signal(client, talk, due, now),
            Deed::Line(client, talk) => self.send_line(client, talk, due, now),
            Deed::Leave(client, talk) => self.leave_when_all_is_heard(client, talk, now),
            Deed::Storm(from) => self.storm(from, now),
            Deed::FallSilent(client) => self.fall_silent(client, now),
            Deed::ReadNothing(client, span) => self.read_nothing(client, span, now),
            Deed::ReadAgain(client) => self.read_again(client, now),
            Deed::Recover(client) => self.happened(client, What::Recovered, now),
        }
    }

    fn person(&self, client: Client) -> &Person {
        &self.people[client as usize]
    }

    fn person_mut(&mut self, client: Client) -> &mut Person {
        &mut self.people[client as usize]
    }

    fn family(&self, client: Client) -> Family {
        self.person(client).family
    }

    /// Puts somebody into another phase, and counts.
    fn enter_phase(&mut self, client: Client, phase: Phase) -> Phase {
        let count = |phase: &Phase| match phase {
            Phase::Idle => [0, 0, 0],
            Phase::Waiting(_) | Phase::Asked(_) => [1, 0, 0],
            Phase::Talking(talk) => [0, 1, u32::from(talk.awaited)],
        };
        let [waiting, talking, awaited] = count(&phase);
        let before = std::mem::replace(&mut self.person_mut(client).phase, phase);
        let [waited, talked, was_awaited] = count(&before);
        self.census.waiting = self.census.waiting + waiting - waited;
        self.census.talking = self.census.talking + talking - talked;
        self.awaited = self.awaited + awaited - was_awaited;
        before
    }

    fn happened(&mut self, client: Client, what: What, now: Moment) {
        self.events.push_back(Event { at: now, client, what });
    }

    fn went_wrong(&mut self, client: Client, what: String, now: Moment) {
        self.happened(client, What::Error { what: what.into() }, now);
    }

    fn do_soon(&mut self, action: Action) {
        self.actions.push_back(action);
    }
}
