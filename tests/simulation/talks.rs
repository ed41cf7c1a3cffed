//! What was said in rooms: numbered signals and messages, who sent and who heard them.

use std::collections::{BTreeMap, BTreeSet};

use qala::domain::command::{Command, Refusal, Reply, RoomRef};
use qala::domain::id::{RoomId, UserId};
use qala::domain::notice::{Notice, Resumed};
use qala::domain::talk::ChatMessage;

/// Everything that was said. Its number is what a signal or a message says, so that it can be recognised.
#[derive(Default)]
pub(crate) struct Talks {
    pub(crate) signals: BTreeMap<u64, Said>,
    pub(crate) messages: BTreeMap<u64, Said>,
    /// By who listens, and where.
    pub(crate) hearings: BTreeMap<(UserId, RoomId), Hearing>,
    /// Some core held more signals than it may and dropped one.
    pub(crate) dropped_signals: bool,
}

/// One thing that was said.
pub(crate) struct Said {
    pub(crate) by: UserId,
    pub(crate) room: RoomId,
    /// It was acknowledged.
    pub(crate) done: bool,
    /// It was refused for want of a store, so that it is not known whether it is in the room, and where.
    pub(crate) doubtful: bool,
    /// How often it was sent.
    pub(crate) times: u32,
    /// The number that the room gave it.
    pub(crate) sequence: Option<u64>,
}

/// What one member heard in one room.
#[derive(Default)]
pub(crate) struct Hearing {
    pub(crate) signals: BTreeSet<u64>,
    /// Messages that it was told or found when it asked, by their number in the room.
    pub(crate) messages: BTreeMap<u64, ChatMessage>,
    /// The numbers of those that it was told.
    pub(crate) told: BTreeSet<u64>,
    /// The number in the room of the last message that it was told.
    pub(crate) last_told: u64,
    /// Something it was told did not reach it.
    pub(crate) missed: bool,
}

/// The number that a signal or a message says.
pub(crate) fn number(text: &str) -> Option<u64> {
    text.parse().ok()
}

impl Hearing {
    /// The last number that a client shows without a gap before it. Its own messages are known to it, so a
    /// gap is one only if it is in what others wrote: the client cannot tell, and asks from the first gap.
    pub(crate) fn shown(&self) -> u64 {
        (0..u64::MAX).find(|sequence| !self.messages.contains_key(&(sequence + 1))).unwrap_or(0)
    }
}

impl Talks {
    pub(crate) fn asked(&mut self, by: &UserId, command: &Command) {
        let said = |room: RoomId| Said {
            by: by.clone(),
            room,
            done: false,
            doubtful: false,
            times: 0,
            sequence: None,
        };
        match command {
            Command::Signal { room: RoomRef::Id(room), payload, .. } => {
                if let Some(number) = number(&payload.0) {
                    self.signals.entry(number).or_insert_with(|| said(*room));
                }
            }
            Command::Chat { room: RoomRef::Id(room), content, .. } => {
                if let Some(number) = number(content) {
                    self.messages.entry(number).or_insert_with(|| said(*room)).times += 1;
                }
            }
            _ => {}
        }
    }

    pub(crate) fn answered(&mut self, by: &UserId, command: &Command, answer: &Result<Reply, Refusal>) {
        match (command, answer) {
            (Command::Signal { payload, .. }, Ok(_)) => {
                if let Some(said) = number(&payload.0).and_then(|number| self.signals.get_mut(&number)) {
                    said.done = true;
                }
            }
            (Command::Chat { content, .. }, answer) => {
                let Some(said) = number(content).and_then(|number| self.messages.get_mut(&number)) else {
                    return;
                };
                match answer {
                    Ok(Reply::Sent { message, .. }) => {
                        said.done = true;
                        said.sequence = Some(message.sequence);
                    }
                    Ok(_) | Err(_) => said.doubtful = true,
                }
            }
            (Command::Sync { room: RoomRef::Id(room), .. }, Ok(Reply::Messages(messages))) => {
                let hearing = self.hearing(by, *room);
                let found = messages.iter().map(|message| (message.sequence, message.clone()));
                hearing.messages.extend(found);
            }
            _ => {}
        }
    }

    pub(crate) fn told(&mut self, user: &UserId, notice: &Notice) {
        match notice {
            Notice::Signal { room, payload, .. } => {
                if let Some(number) = number(&payload.0) {
                    self.hearing(user, *room).signals.insert(number);
                }
            }
            Notice::Chat { room, message } => {
                let hearing = self.hearing(user, *room);
                hearing.messages.insert(message.sequence, message.clone());
                hearing.told.insert(message.sequence);
                hearing.last_told = hearing.last_told.max(message.sequence);
            }
            Notice::Resumed(Resumed::Talking { room, last_sequence, .. }) => {
                self.should_know(user, *room, *last_sequence);
            }
            _ => {}
        }
    }

    /// `user` is told that it knows everything up to `sequence`. Should it not, it can ask.
    fn should_know(&mut self, user: &UserId, room: RoomId, sequence: u64) {
        let mine = |number| {
            self.messages
                .values()
                .any(|said| said.by == *user && said.room == room && said.sequence == Some(number))
        };
        let heard = |number: &u64| {
            self.heard(user, room).is_some_and(|hearing| hearing.messages.contains_key(number))
                || mine(*number)
        };
        let known = (1..=sequence).all(|number| heard(&number));
        if !known {
            self.hearing(user, room).missed = true;
        }
    }

    /// Something did not reach `user`, who was not there any more. The server cannot know.
    pub(crate) fn missed(&mut self, user: &UserId, notice: &Notice) {
        match notice {
            Notice::Chat { room, message } => {
                let hearing = self.hearing(user, *room);
                hearing.missed = true;
                hearing.last_told = hearing.last_told.max(message.sequence);
            }
            Notice::Signal { room, .. } | Notice::Resumed(Resumed::Talking { room, .. }) => {
                self.hearing(user, *room).missed = true;
            }
            _ => {}
        }
    }

    pub(crate) fn heard(&self, user: &UserId, room: RoomId) -> Option<&Hearing> {
        self.hearings.get(&(user.clone(), room))
    }

    fn hearing(&mut self, user: &UserId, room: RoomId) -> &mut Hearing {
        self.hearings.entry((user.clone(), room)).or_default()
    }
}
