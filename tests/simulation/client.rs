//! Model clients: what somebody who knows this much might do next, sensible or not.

use std::sync::Arc;

use qala::domain::command::{Command, Refusal};
use qala::domain::criteria::{AgeRange, Criteria, Strict};
use qala::domain::id::{ProposalId, RoomId, UserId};
use qala::domain::person::{Attributes, Gender, Language, Proficiency};
use qala::domain::talk::{Payload, Quality, SignalKind};

use super::ledger::{Ledger, View};
use super::random::Random;

/// What a client does.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// Comes in, perhaps while an older connection stands.
    Connect,
    /// Closes its connection.
    Close { left: bool },
    /// Is out of reach at once; its node will know this many milliseconds later.
    Vanish { unnoticed_ms: u64 },
    /// Asks, and waits for an answer or not.
    Ask { waits: bool, command: Result<Command, Refusal> },
}

/// What a client has in mind.
#[derive(Clone, Copy)]
enum Mind {
    Nothing,
    Connect,
    Close,
    Leave,
    Vanish,
    Join,
    JoinAgain,
    Skip,
    LeaveQueue,
    Accept,
    Reject,
    Signals,
    Chat,
    ChatAgain,
    Sync,
    Quality,
    LeaveRoom,
    Heartbeat,
    Foreign,
    Garbage,
}

const AWAY: [(u64, Mind); 2] = [(70, Mind::Connect), (30, Mind::Nothing)];
const IDLE: [(u64, Mind); 11] = [
    (60, Mind::Join),
    (3, Mind::LeaveQueue),
    (5, Mind::Foreign),
    (3, Mind::Garbage),
    (4, Mind::Heartbeat),
    (4, Mind::Vanish),
    (4, Mind::Close),
    (2, Mind::Leave),
    (4, Mind::Connect),
    (2, Mind::Quality),
    (9, Mind::Nothing),
];
const WAITING: [(u64, Mind); 11] = [
    (30, Mind::Nothing),
    (10, Mind::Heartbeat),
    (6, Mind::JoinAgain),
    (8, Mind::Join),
    (8, Mind::LeaveQueue),
    (8, Mind::Vanish),
    (8, Mind::Close),
    (3, Mind::Leave),
    (6, Mind::Connect),
    (4, Mind::Foreign),
    (2, Mind::Garbage),
];
const PROPOSED: [(u64, Mind); 11] = [
    (60, Mind::Accept),
    (10, Mind::Reject),
    (8, Mind::Nothing),
    (4, Mind::Join),
    (4, Mind::LeaveQueue),
    (5, Mind::Close),
    (3, Mind::Vanish),
    (2, Mind::Leave),
    (4, Mind::Connect),
    (3, Mind::Foreign),
    (1, Mind::LeaveRoom),
];
const TALKING: [(u64, Mind); 16] = [
    (24, Mind::Signals),
    (24, Mind::Chat),
    (8, Mind::ChatAgain),
    (6, Mind::Sync),
    (4, Mind::Quality),
    (5, Mind::LeaveRoom),
    (4, Mind::Join),
    (6, Mind::Close),
    (5, Mind::Vanish),
    (6, Mind::Connect),
    (2, Mind::Leave),
    (3, Mind::Foreign),
    (2, Mind::Garbage),
    (1, Mind::Accept),
    (1, Mind::Reject),
    (2, Mind::LeaveQueue),
];

/// What `user` does next. `numbers` counts what is said, so that it can be recognised.
pub(crate) fn next(random: &mut Random, ledger: &Ledger, user: &UserId, numbers: &mut u64) -> Vec<Action> {
    let mind = match ledger.view_of(user) {
        None => random.weighted(&AWAY),
        Some(View::Idle) => random.weighted(&IDLE),
        Some(View::Waiting) => random.weighted(&WAITING),
        Some(View::Proposed { .. }) => random.weighted(&PROPOSED),
        Some(View::Talking { .. }) => random.weighted(&TALKING),
    };
    let mind = match (ledger.view_of(user), mind) {
        (Some(View::Talking { .. }), Mind::LeaveRoom | Mind::Join | Mind::Leave) if ledger.scene.loyal => {
            Mind::Chat
        }
        (Some(View::Talking { .. }), Mind::LeaveRoom | Mind::Join) if ledger.scene.is_at_once() => {
            if random.percent(70) { Mind::Skip } else { mind }
        }
        (_, Mind::Join) if ledger.scene.is_at_once() && random.percent(20) => Mind::Skip,
        (_, mind) => mind,
    };
    Someone { random, ledger, user, numbers }.act(mind)
}

/// A client that is about to do something.
struct Someone<'a> {
    random: &'a mut Random,
    ledger: &'a Ledger,
    user: &'a UserId,
    numbers: &'a mut u64,
}

impl Someone<'_> {
    fn act(&mut self, mind: Mind) -> Vec<Action> {
        let (proposal, room) = self.here();
        match mind {
            Mind::Nothing => Vec::new(),
            Mind::Connect => vec![Action::Connect],
            Mind::Close => vec![Action::Close { left: false }],
            Mind::Leave => vec![Action::Close { left: true }],
            Mind::Vanish => {
                let unnoticed_ms = self.random.pick(&[0, 1, 50, 3_000]).unwrap_or(0);
                vec![Action::Vanish { unnoticed_ms }]
            }
            Mind::Join => {
                let (attributes, criteria) = self.wish();
                vec![asked(Command::Join { attributes, criteria })]
            }
            Mind::Skip => {
                let (attributes, criteria) = self.wish();
                vec![asked(Command::Skip { attributes, criteria })]
            }
            Mind::JoinAgain => {
                let wishes = self.ledger.people.get(self.user).map(|person| &person.wishes);
                let last = wishes.and_then(|wishes| wishes.last()).cloned();
                last.map(|(_, attributes, criteria)| asked(Command::Join { attributes, criteria }))
                    .into_iter()
                    .collect()
            }
            Mind::LeaveQueue => vec![asked(Command::LeaveQueue)],
            Mind::Accept => {
                let times = if self.random.percent(10) { 2 } else { 1 };
                vec![self.maybe_asked(Ok(Command::Accept(proposal))); times]
            }
            Mind::Reject => vec![asked(Command::Reject(proposal))],
            Mind::Signals => (0..self.few()).map(|_| self.signal(room)).collect(),
            Mind::Chat => (0..self.few()).flat_map(|_| self.chat(room)).collect(),
            Mind::ChatAgain => self.chat_again(room),
            Mind::Sync => vec![asked(Command::Sync { room: room.into(), after: self.random.below(4) })],
            Mind::Quality => vec![self.quality(room)],
            Mind::LeaveRoom => vec![asked(Command::LeaveRoom(room.into()))],
            Mind::Heartbeat => vec![self.maybe_asked(Ok(Command::Heartbeat))],
            Mind::Foreign => self.foreign(),
            Mind::Garbage => {
                let refusals = [
                    Refusal::UnknownEvent,
                    Refusal::Invalid { field: "age" },
                    Refusal::TooLarge { field: "content" },
                ];
                let refusal = self.random.pick(&refusals).unwrap_or(Refusal::UnknownEvent);
                vec![self.maybe_asked(Err(refusal))]
            }
        }
    }

    /// The proposal and the room that the client is in, or any other.
    fn here(&mut self) -> (ProposalId, RoomId) {
        match self.ledger.view_of(self.user) {
            Some(View::Proposed { proposal, room, .. } | View::Talking { proposal, room, .. }) => {
                (*proposal, *room)
            }
            Some(View::Idle | View::Waiting) | None => self.anywhere(),
        }
    }

    /// A proposal and a room of anybody, over or not, or of nobody.
    fn anywhere(&mut self) -> (ProposalId, RoomId) {
        let lately = self.ledger.names.iter().rev().take(8).copied().collect::<Vec<_>>();
        self.random
            .pick(&lately)
            .unwrap_or_else(|| (ProposalId::random(self.random), RoomId::random(self.random)))
    }

    fn foreign(&mut self) -> Vec<Action> {
        let (proposal, room) = self.anywhere();
        match self.random.below(6) {
            0 => vec![self.signal(room)],
            1 => self.chat(room),
            2 => vec![asked(Command::Sync { room: room.into(), after: 0 })],
            3 => vec![asked(Command::LeaveRoom(room.into()))],
            4 => vec![asked(Command::Reject(proposal))],
            _ => vec![asked(Command::Accept(proposal))],
        }
    }

    /// Once in a while more than may wait.
    fn few(&mut self) -> u64 {
        let most = u64::try_from(self.ledger.scene.limits.commands_waiting).unwrap_or(16).min(32);
        if self.random.percent(10) { most + 2 } else { self.random.between(1, 4) }
    }

    fn signal(&mut self, room: RoomId) -> Action {
        *self.numbers += 1;
        let kinds = [SignalKind::Offer, SignalKind::Answer, SignalKind::Candidate, SignalKind::Ready];
        let kind = self.random.pick(&kinds).unwrap_or(SignalKind::Other);
        let payload = Payload(self.numbers.to_string().into());
        self.maybe_asked(Ok(Command::Signal { room: room.into(), kind, payload }))
    }

    fn chat(&mut self, room: RoomId) -> Vec<Action> {
        *self.numbers += 1;
        let action = self.maybe_asked(Ok(message(room, *self.numbers)));
        // Only what has a name may be sent twice.
        let twice = has_name(*self.numbers) && self.random.percent(10);
        vec![action; if twice { 2 } else { 1 }]
    }

    /// Once more what was refused for want of a store, or what was acknowledged long ago.
    fn chat_again(&mut self, room: RoomId) -> Vec<Action> {
        let mine = self
            .ledger
            .talks
            .messages
            .iter()
            .filter(|(number, said)| has_name(**number) && said.by == *self.user && said.room == room);
        let doubtful: Vec<u64> =
            mine.clone().filter(|(_, said)| said.doubtful && !said.done).map(|(number, _)| *number).collect();
        let any: Vec<u64> = mine.map(|(number, _)| *number).collect();
        let number = self.random.pick(&doubtful).or_else(|| self.random.pick(&any));
        number.map(|number| asked(message(room, number))).into_iter().collect()
    }

    fn quality(&mut self, room: RoomId) -> Action {
        let room = self.random.percent(70).then_some(room);
        let quality = Quality { rtt_ms: 20.0, jitter_ms: None, packets_lost: None, bitrate_kbps: None };
        self.maybe_asked(Ok(Command::Quality { room, quality }))
    }

    fn wish(&mut self) -> (Attributes, Criteria) {
        if self.ledger.scene.languages == 1 {
            return anybody();
        }
        let languages: [Language; 3] = ["en", "es", "fr"].map(|tag| tag.parse().expect("a language"));
        let languages = &languages[..self.ledger.scene.languages];
        let speaks = self.random.pick(languages).expect("not empty");
        let others: Vec<Language> = languages.iter().copied().filter(|other| *other != speaks).collect();
        let learns = self.random.pick(&others).expect("not empty");
        let genders = [None, Some(Gender::Female), Some(Gender::Male), Some(Gender::NonBinary)];
        let age = u8::try_from(self.random.between(18, 40)).expect("an age");
        let min = u8::try_from(self.random.between(13, 30)).expect("an age");
        let age_range = AgeRange { min, max: min + u8::try_from(self.random.between(3, 40)).expect("years") };
        let asks_gender = self.random.percent(30);
        let attributes = Attributes {
            speaks,
            learns,
            proficiency: self.random.pick(&Proficiency::ALL).expect("not empty"),
            age,
            gender: self.random.pick(&genders).expect("not empty"),
        };
        let criteria = Criteria {
            same_proficiency: self.random.percent(30),
            age: if self.random.percent(60) { AgeRange::ALL } else { age_range },
            gender: self.random.pick(&genders).filter(|_| asks_gender).flatten(),
            strict: Strict {
                age: self.random.percent(15),
                gender: self.random.percent(15),
                proficiency: self.random.percent(15),
            },
        };
        (attributes, criteria)
    }

    fn maybe_asked(&mut self, command: Result<Command, Refusal>) -> Action {
        Action::Ask { waits: self.random.percent(80), command }
    }
}

/// The wish of somebody who says nothing of itself and asks for nothing.
fn anybody() -> (Attributes, Criteria) {
    let (speaks, learns) = (Language::UNDETERMINED, Language::UNDETERMINED);
    let attributes = Attributes { speaks, learns, proficiency: Proficiency::Any, age: 0, gender: None };
    let criteria =
        Criteria { same_proficiency: false, age: AgeRange::ALL, gender: None, strict: Strict::default() };
    (attributes, criteria)
}

fn asked(command: Command) -> Action {
    Action::Ask { waits: true, command: Ok(command) }
}

/// Whether the writer gives that message a name.
const fn has_name(number: u64) -> bool {
    !number.is_multiple_of(4)
}

fn message(room: RoomId, number: u64) -> Command {
    let client_message_id: Option<Arc<str>> = has_name(number).then(|| format!("m{number}").into());
    Command::Chat { room: room.into(), content: number.to_string().into(), client_message_id }
}
