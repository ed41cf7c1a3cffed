//! Going back to a room and out of it, for families whose clients name the room they mean.
//!
//! Who comes back asks by the number of its peer's messages, the room keeps all of them under one: what the room
//! keeps is read on until there is as much as one answer holds.

use super::super::command::{Refusal, Reply, RoomRef};
use super::super::id::{Entropy, RoomId, SessionId};
use super::super::limits::MESSAGES_AT_ONCE;
use super::super::operation::{Operation, Outcome};
use super::super::talk::{ChatMessage, Departure};
use super::super::time::Time;
use super::Core;
use super::session::Asker;
use super::storing::Purpose;

/// What a client that came back to its room is to be told.
pub(super) struct Reading {
    asker: Asker,
    room: RoomId,
    /// How many of the peer's messages the client knows.
    after: u64,
    /// What follows them, as far as was read.
    found: Vec<ChatMessage>,
    /// The same, as a backend kept it: for a room that lost its memory.
    kept: Vec<ChatMessage>,
}

impl<E: Entropy> Core<E> {
    /// The client leaves that room, if it is in it.
    pub(super) fn leave(&mut self, id: SessionId, asker: Asker, room: RoomRef, now: Time) {
        let meant = self.room_meant(id, room).map(|(room, _)| room);
        let left = meant.zip(self.sessions.get(id).map(|session| session.user.clone()));
        let Some((room, user)) = left else {
            return self.acknowledge(asker, Err(Refusal::NotInRoom));
        };
        self.leave_room(id, Departure::Left, now);
        if let Some(session) = self.sessions.get_mut(id) {
            session.told_over = Some(Box::new(room));
        }
        self.acknowledge(asker, Ok(Reply::Left { room, user }));
    }

    /// The client is back in a room that it names.
    pub(super) fn rejoin(&mut self, id: SessionId, asker: Asker, named: RoomRef, after: u64) {
        let Some((room, _)) = self.room_meant(id, named) else {
            let told = self.sessions.get(id).and_then(|session| session.told_over.as_deref());
            let knows = told.is_some_and(|over| named.means(*over));
            let over = if knows { Err(Refusal::NotInRoom) } else { Ok(Reply::Over(named)) };
            return self.acknowledge(asker, over);
        };
        if !self.asks_what_was_said(id, asker, room, after) {
            self.reread_from(id, asker, room, after, Vec::new());
        }
    }

    /// Reads what the room keeps.
    pub(super) fn reread_from(
        &mut self,
        id: SessionId,
        asker: Asker,
        room: RoomId,
        after: u64,
        kept: Vec<ChatMessage>,
    ) {
        // No message has a larger number of its own than in its room.
        self.read_on(id, Reading { asker, room, after, found: Vec::new(), kept }, after);
    }

    fn read_on(&mut self, id: SessionId, reading: Reading, after: u64) {
        let room = reading.room;
        self.ask(id, Purpose::Reread(Box::new(reading)), Operation::Messages { room, after });
    }

    pub(super) fn reread(&mut self, id: SessionId, mut reading: Reading, outcome: Outcome) {
        let asker = reading.asker;
        if let Some(retry_after_ms) = outcome.retry_after_ms() {
            let Reading { room, kept: messages, .. } = reading;
            if !messages.is_empty() {
                return self.acknowledge(asker, Ok(Reply::Missed { room, messages }));
            }
            return self.acknowledge(asker, Err(Refusal::Unavailable { retry_after_ms }));
        }
        let Outcome::Messages(messages) = outcome else {
            return self.acknowledge(asker, Err(Refusal::NotInRoom));
        };
        let Some(user) = self.sessions.get(id).map(|session| session.user.clone()) else { return };
        let last = messages.last().map(|message| message.sequence);
        let more = messages.len() >= MESSAGES_AT_ONCE;
        let new = |message: &ChatMessage| message.from != user && message.own_sequence > reading.after;
        reading.found.extend(messages.into_iter().filter(new));
        reading.found.truncate(MESSAGES_AT_ONCE);
        if let Some(last) = last.filter(|_| more && reading.found.len() < MESSAGES_AT_ONCE) {
            return self.read_on(id, reading, last);
        }
        let Reading { room, after, found, kept, .. } = reading;
        let forgotten = found.is_empty() && self.heard_from_peer_in(id, room) > after;
        let messages = if forgotten { kept } else { found };
        self.acknowledge(asker, Ok(Reply::Missed { room, messages }));
    }

    /// How many messages of the peer were heard of.
    fn heard_from_peer_in(&mut self, id: SessionId, room: RoomId) -> u64 {
        self.sessions
            .get_mut(id)
            .and_then(|session| session.talking(room))
            .map_or(0, |talking| talking.written[1])
    }
}
