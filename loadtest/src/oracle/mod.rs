//! The oracle: whether what the server told its clients can be true. Consumes events, knows the rules of the
//! contract, and nothing of how the server works.
//!
//! Both sides of a match name the same room and each other; nobody is in two; wishes hold at the stage of the
//! moment; two do not meet again; messages come from the peer, in order, each once; nobody who could be matched is
//! left waiting. Who loses its connection, or falls silent, excuses what is missing at that moment.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::event::{Client, Event, Stream, What};
use crate::people::{Stages, Wish};
use crate::scenario::{Family, Scenario};
use crate::time::Moment;

mod client;
mod matching;
mod room;
mod talking;
mod violation;

#[cfg(test)]
mod tests;

use client::{Seen, State};
use room::Room;
pub use violation::{Kind, Violation};

/// How long the second of two may take to learn of a match, or of its end.
const TOLD_WITHIN: Duration = Duration::from_secs(5);
/// Servers count in milliseconds of their own: a stage may open that much early by the tester's clock.
const CLOCKS_DIFFER: Duration = Duration::from_millis(20);
/// Violations that are kept in full; all are counted.
const KEPT: usize = 200;
/// For how long somebody must have been free to be matched before it counts as left waiting.
const MATCHED_WITHIN: Duration = Duration::from_secs(2);

/// What a look at a room is for, when its time comes.
#[derive(Clone, Copy, Debug)]
enum Look {
    /// Both must know of it.
    Both,
    /// Both must have left.
    Left,
}

/// What it has seen, and what of it was wrong.
#[derive(Debug)]
pub struct Oracle {
    stages: Stages,
    clients: Vec<Seen>,
    /// Rooms by the family that named them and their name. Looked up, never walked through.
    rooms: HashMap<(Family, Box<str>), Room>,
    /// Rooms to be looked at, in the order of time.
    looks: VecDeque<(Moment, Look, (Family, Box<str>))>,
    matched: u64,
    counts: [u64; Kind::ALL.len()],
    violations: Vec<Violation>,
}

impl Oracle {
    /// An oracle for `scenario`.
    pub fn new(scenario: &Scenario) -> Self {
        let clients = (0..scenario.clients).map(|client| Seen::new(scenario.family(client))).collect();
        Self {
            stages: scenario.stages(),
            clients,
            rooms: HashMap::new(),
            looks: VecDeque::new(),
            matched: 0,
            counts: [0; Kind::ALL.len()],
            violations: Vec::new(),
        }
    }

    /// How many pairs met.
    pub fn matched(&self) -> u64 {
        self.matched
    }

    /// How often that was seen.
    pub fn count(&self, kind: Kind) -> u64 {
        self.counts[kind as usize]
    }

    /// Whether nothing was wrong.
    pub fn is_clean(&self) -> bool {
        self.counts.iter().all(|count| *count == 0)
    }

    /// What was wrong, the first of it in full.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// Takes an event.
    pub fn take(&mut self, event: &Event) {
        let Event { at, client, ref what } = *event;
        self.look_at_rooms(at);
        match what {
            What::Known { new } => {
                if *new {
                    self.seen_mut(client).become_another();
                }
            }
            // Nobody waits for those who come back as somebody else.
            What::Dropped { .. } if !self.seen(client).family.returns() => self.fresh(client),
            What::Dropped { .. } => self.shake(client),
            What::Troubled => {
                self.seen_mut(client).troubled = true;
                self.shake(client);
            }
            What::Recovered => self.seen_mut(client).troubled = false,
            What::Fresh => self.fresh(client),
            What::Searched { due, wish, .. } => {
                let wish = wish.clone();
                let seen = self.seen_mut(client);
                seen.shaken = seen.troubled;
                seen.state = State::Waiting { since: *due, free_since: at, wish };
            }
            What::Unmatched { wanted } => {
                let seen = self.seen_mut(client);
                seen.state = State::Idle;
                // Found just before the server heard of it.
                seen.shaken |= wanted;
            }
            What::Found(told) => self.found(client, told, at),
            What::Accepted => self.seen_mut(client).accept(),
            What::Failed { requeued } => self.failed(client, *requeued, at),
            What::Ready { told, .. } => self.ready(client, told, at),
            What::Sent(message) => self.sent(client, message),
            What::Heard(message) => self.heard(client, message, at),
            What::HeardStrange(stream) => {
                let said = format!("{client} heard a {} that nobody of this run sent", word(*stream));
                self.violated(Kind::Stray, at, [client, client], said);
            }
            What::Left => self.leave(client, at, false),
            What::PeerLeft => self.leave(client, at, true),
            What::AcknowledgedTwice => {
                let said = format!("{client} got an acknowledgement it did not wait for");
                self.violated(Kind::DoubleAnswer, at, [client, client], said);
            }
            What::Unacknowledged => {
                let said = format!("{client} waited for an acknowledgement in vain");
                self.violated(Kind::NoAnswer, at, [client, client], said);
            }
            What::Rejected
            | What::Connected { .. }
            | What::Acknowledged { .. }
            | What::Late(_)
            | What::NobodyFree
            | What::Error { .. } => {}
        }
    }

    /// The run is over: who could have been matched must have been.
    pub fn finish(&mut self, at: Moment) {
        self.look_at_rooms(at);
        let mut sides: HashMap<_, Vec<Client>> = HashMap::new();
        let mut directions = Vec::new();
        for (client, seen) in (0..).zip(&self.clients) {
            if let State::Waiting { wish, .. } = &seen.state
                && !seen.shaken
                && seen.family.is_matched()
            {
                let key = (seen.family, wish.is.direction());
                let side = sides.entry(key).or_default();
                if side.is_empty() {
                    directions.push(key);
                }
                side.push(client);
            }
        }
        for (family, direction) in directions {
            let none = Vec::new();
            let here = sides.get(&(family, direction)).unwrap_or(&none);
            let there = sides.get(&(family, direction.reverse())).unwrap_or(&none);
            // Each pair of sides is looked at from one of them; people without wishes have only one side.
            let same = direction == direction.reverse();
            if direction <= direction.reverse()
                && let Some([one, other]) = self.left_waiting(here, there, same, at)
            {
                let said = format!("{one} and {other} wait and would both talk to each other");
                self.violated(Kind::LeftWaiting, at, [one, other], said);
            }
        }
    }

    /// Two of the sides that wait although nothing keeps them apart.
    fn left_waiting(&self, here: &[Client], there: &[Client], same: bool, at: Moment) -> Option<[Client; 2]> {
        let pairs = here.iter().flat_map(|one| there.iter().map(move |other| [*one, *other]));
        let mut pairs = pairs.filter(|[one, other]| !same || one < other);
        pairs.find(|[one, other]| {
            let (one_seen, other_seen) = (self.seen(*one), self.seen(*other));
            let ready = |seen: &Seen, theirs: &Wish| match &seen.state {
                State::Waiting { since, free_since, wish } => {
                    let accepted = self.stages.accepts_after(wish, theirs).map(|after| *since + after);
                    accepted.is_some_and(|from| at.since(from.max(*free_since)) >= MATCHED_WITHIN)
                }
                State::Idle | State::Asked { .. } | State::Talking { .. } => false,
            };
            let wishes = one_seen.wish().zip(other_seen.wish());
            wishes.is_some_and(|(mine, theirs)| ready(one_seen, theirs) && ready(other_seen, mine))
                && !one_seen.has_met(*other, other_seen)
                && !other_seen.has_met(*one, one_seen)
        })
    }

    fn seen(&self, client: Client) -> &Seen {
        &self.clients[client as usize]
    }

    fn seen_mut(&mut self, client: Client) -> &mut Seen {
        &mut self.clients[client as usize]
    }

    fn violated(&mut self, kind: Kind, at: Moment, clients: [Client; 2], said: String) {
        self.counts[kind as usize] += 1;
        if self.violations.len() < KEPT {
            self.violations.push(Violation { kind, at, clients, said });
        }
    }

    /// The client may have missed something; so may its peer miss what it did not send.
    fn shake(&mut self, client: Client) {
        self.seen_mut(client).shaken = true;
        let Some(key) = self.room_of(client) else { return };
        if let Some(room) = self.rooms.get_mut(&key) {
            room.shaken = true;
        }
    }

    /// It came back to nothing: whatever it was in is over.
    fn fresh(&mut self, client: Client) {
        self.shake(client);
        if let Some(key) = self.room_of(client) {
            self.close(client, &key);
        }
        let seen = self.seen_mut(client);
        seen.state = State::Idle;
    }
}

const fn word(stream: Stream) -> &'static str {
    match stream {
        Stream::Signal => "signal",
        Stream::Chat => "line",
    }
}
