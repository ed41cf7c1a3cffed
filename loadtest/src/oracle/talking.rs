//! What members of a room hear of each other: everything, in order, each once, and the end.

use super::client::State;
use super::{Kind, Look, Oracle, TOLD_WITHIN, room, word};
use crate::event::{Client, Message};
use crate::scenario::Family;
use crate::time::Moment;

impl Oracle {
    pub(super) fn sent(&mut self, client: Client, message: &Message) {
        let Some(key) = self.room_of(client) else { return };
        if let Some(side) = self.rooms.get_mut(&key).and_then(|room| room.side_mut(client)) {
            side.send(message);
        }
    }

    pub(super) fn heard(&mut self, client: Client, message: &Message, at: Moment) {
        let Message { from, stream, number, talk, .. } = *message;
        let key = self.room_of(client);
        let room = key.and_then(|key| self.rooms.get_mut(&key));
        let Some(room) = room.filter(|_| self.clients[client as usize].is_talking()) else {
            let said = format!("{client} heard a {} of {from} and is in no room", word(stream));
            return self.violated(Kind::Stray, at, [client, from], said);
        };
        let is_theirs = room.side_mut(from).is_some_and(|side| side.sent_in == Some(talk));
        if !is_theirs {
            let said = format!("{client} heard a {} of {from}, said in another room", word(stream));
            return self.violated(Kind::Stray, at, [client, from], said);
        }
        let Some(side) = room.side_mut(client) else { return };
        let (kind, how) = match side.hear(stream, number) {
            room::Order::Next => return,
            room::Order::Again => (Kind::Doubled, "a second time"),
            room::Order::Late => (Kind::Order, "after a later one"),
        };
        let said = format!("{client} heard {} {number} of {from} {how}", word(stream));
        self.violated(kind, at, [client, from], said);
    }

    /// The client leaves the room, or hears that its peer did: what the peer said must have arrived.
    pub(super) fn leave(&mut self, client: Client, at: Moment, told: bool) {
        let Some(key) = self.room_of(client) else { return };
        let missing = self.rooms.get_mut(&key).and_then(|room| {
            let [lost_signals, lost_lines] = room.missing(client)?;
            let excused = room.shaken;
            (!excused && lost_signals + lost_lines > 0).then_some((
                room.other(client),
                lost_signals,
                lost_lines,
            ))
        });
        if let Some((from, signals, lines)) = missing {
            let said = format!("{client} never heard {signals} signals and {lines} lines of {from}");
            self.violated(Kind::Lost, at, [client, from], said);
        }
        if !told {
            self.looks.push_back((at + TOLD_WITHIN, Look::Left, key.clone()));
        }
        self.close(client, &key);
        self.seen_mut(client).state = State::Idle;
    }

    /// The room that the client is in, or is asked to.
    pub(super) fn room_of(&self, client: Client) -> Option<(Family, Box<str>)> {
        let seen = self.seen(client);
        seen.room().map(|room| (seen.family, room.into()))
    }

    /// The client is done with the room; when both are, it is forgotten.
    pub(super) fn close(&mut self, client: Client, key: &(Family, Box<str>)) {
        let Some(room) = self.rooms.get_mut(key) else { return };
        if let Some(side) = room.side_mut(client) {
            side.closed = true;
        }
        if room.sides.len() == 2 && room.sides.iter().all(|side| side.closed) {
            self.rooms.remove(key);
        }
    }

    pub(super) fn look_at_rooms(&mut self, at: Moment) {
        while self.looks.front().is_some_and(|(due, _, _)| *due <= at) {
            let Some((due, look, key)) = self.looks.pop_front() else { return };
            match look {
                Look::Both => self.look_for_both(due, &key),
                Look::Left => self.look_for_the_other(due, &key),
            }
        }
    }

    pub(super) fn look_for_both(&mut self, at: Moment, key: &(Family, Box<str>)) {
        let Some(room) = self.rooms.get(key).filter(|room| room.sides.len() == 1) else { return };
        let (first, partner) = (room.sides[0].client, room.partner);
        let excused = room.shaken || self.seen(first).shaken || self.seen(partner).shaken;
        if !excused {
            let said = format!("{first} was told of room {} with {partner}, who never was", key.1);
            self.violated(Kind::OneSided, at, [first, partner], said);
        }
        if self.rooms.get(key).is_some_and(|room| room.sides[0].closed) {
            self.rooms.remove(key);
        }
    }

    pub(super) fn look_for_the_other(&mut self, at: Moment, key: &(Family, Box<str>)) {
        let Some(room) = self.rooms.get(key) else { return };
        let alone = room.sides.iter().find(|side| !side.closed).map(|side| side.client);
        if let Some(alone) = alone.filter(|alone| !room.shaken && !self.clients[*alone as usize].shaken) {
            let said = format!("{alone} was not told that its peer left room {}", key.1);
            let clients = [alone, room.other(alone)];
            self.violated(Kind::Alone, at, clients, said);
        }
    }
}
