//! What clients are told of each other: one match, the same on both sides, as both wished.

use super::client::State;
use super::room::{Room, Side};
use super::{CLOCKS_DIFFER, Kind, Look, Oracle, TOLD_WITHIN};
use crate::event::{Client, Told};
use crate::people::accepts;
use crate::time::Moment;

impl Oracle {
    pub(super) fn found(&mut self, client: Client, told: &Told, at: Moment) {
        if !self.is_new(client, told, at) {
            return;
        }
        let Some(partner) = self.partner(client, told, at) else { return };
        if !told.again {
            self.check_wishes(client, partner, told, at);
        }
        self.name_room(client, partner, told, at);
        self.seen_mut(client).state = State::asked(told.room.clone(), partner);
    }

    /// Whether this is news to somebody who waits. Whoever is in a match already is in two now.
    fn is_new(&mut self, client: Client, told: &Told, at: Moment) -> bool {
        let seen = self.seen(client);
        match &seen.state {
            State::Waiting { .. } => true,
            State::Asked { room, .. } | State::Talking { room, .. } if *room == told.room && told.again => {
                false
            }
            State::Asked { room, partner, .. } | State::Talking { room, partner, .. } => {
                if seen.shaken {
                    return true;
                }
                let said =
                    format!("{client} was told of room {} while it was in {room} with {partner}", told.room);
                let clients = [client, *partner];
                self.violated(Kind::Double, at, clients, said);
                false
            }
            State::Idle if seen.shaken => true,
            State::Idle => {
                let said = format!("{client} was told of room {} and was not searching", told.room);
                self.violated(Kind::Double, at, [client, client], said);
                false
            }
        }
    }

    fn partner(&mut self, client: Client, told: &Told, at: Moment) -> Option<Client> {
        match told.partner {
            Some(partner) if partner == client => {
                let said = format!("{client} was matched with itself");
                self.violated(Kind::Itself, at, [client, client], said);
                None
            }
            Some(partner) => Some(partner),
            None => {
                let said =
                    format!("{client} was told of room {} with somebody who is not of this run", told.room);
                self.violated(Kind::Stranger, at, [client, client], said);
                None
            }
        }
    }

    fn check_wishes(&mut self, client: Client, partner: Client, told: &Told, at: Moment) {
        let (seen, other) = (self.seen(client), self.seen(partner));
        if !seen.family.has_wishes() {
            return;
        }
        if seen.has_met(partner, other) {
            let said = format!("{client} met {partner} again");
            self.violated(Kind::Rematch, at, [client, partner], said);
        }
        let State::Waiting { since, wish, .. } = &self.seen(client).state else { return };
        let reached = self.stages.reached(at.since(*since) + CLOCKS_DIFFER);
        if told.stage.is_some_and(|stage| usize::from(stage) > reached) {
            let said = format!("{client} was matched at stage {:?}, having waited for {reached}", told.stage);
            self.violated(Kind::Wish, at, [client, partner], said);
        } else if let Some(theirs) = self.seen(partner).wish()
            && !accepts(wish, theirs, reached)
        {
            let said =
                format!("{client} was matched with {partner}, whom it does not accept at stage {reached}");
            self.violated(Kind::Wish, at, [client, partner], said);
        }
    }

    /// The client says that the room is its own and its partner's. So must the partner, and nobody else.
    fn name_room(&mut self, client: Client, partner: Client, told: &Told, at: Moment) {
        let key = (self.seen(client).family, told.room.clone());
        let elsewhere = self.room_of(partner).filter(|other| *other != key);
        if let Some((_, other)) = elsewhere
            && self.seen(partner).partner() == Some(client)
            && !self.seen(partner).shaken
        {
            let said =
                format!("{client} was told of room {} with {partner}, who was told of {other}", told.room);
            self.violated(Kind::Rooms, at, [client, partner], said);
        }
        self.seen_mut(client).keep_wish();
        let epoch = self.seen(partner).epoch;
        self.seen_mut(client).remember(partner, epoch);
        let shaken = self.seen(client).shaken || self.seen(partner).shaken;
        let side = Side::new(client, told.initiator);
        let Some(room) = self.rooms.get_mut(&key) else {
            self.rooms.insert(key.clone(), Room::new(side, partner, shaken));
            self.looks.push_back((at + TOLD_WITHIN, Look::Both, key));
            return;
        };
        let first = room.sides[0].client;
        if room.sides.len() == 1 && first == partner && room.partner == client {
            let both_lead = told.initiator.is_some() && told.initiator == room.sides[0].initiator;
            room.sides.push(side);
            room.shaken |= shaken;
            self.matched += 1;
            if both_lead {
                let said = format!("{client} and {partner} were told the same of who begins");
                self.violated(Kind::Initiator, at, [client, partner], said);
            }
        } else if room.sides.iter().all(|side| side.client != client) {
            let said =
                format!("{client} was told of room {}, which is {first}'s with {}", told.room, room.partner);
            self.violated(Kind::Rooms, at, [client, first], said);
        }
    }

    pub(super) fn ready(&mut self, client: Client, told: &Told, at: Moment) {
        let state = &self.seen(client).state;
        match state {
            State::Asked { room, partner, accepted } if *room == told.room => {
                let (partner, accepted) = (*partner, *accepted);
                if !accepted || !self.seen(partner).agreed_to(&told.room) {
                    let said = format!("{client} is in room {} before both said yes", told.room);
                    self.violated(Kind::Unasked, at, [client, partner], said);
                }
                self.seen_mut(client).talk();
            }
            State::Talking { room, .. } if *room == told.room && told.again => {}
            State::Asked { .. } if !self.seen(client).shaken => {
                let said = format!("{client} is in room {}, for which it was not asked", told.room);
                self.violated(Kind::Rooms, at, [client, client], said);
            }
            State::Idle | State::Waiting { .. } | State::Asked { .. } | State::Talking { .. } => {
                // Families that ask nobody tell all at once.
                self.found(client, told, at);
                self.seen_mut(client).talk();
            }
        }
    }

    pub(super) fn failed(&mut self, client: Client, requeued: bool, at: Moment) {
        if let Some(key) = self.room_of(client) {
            // The other one may not have been told of what ended so soon.
            if let Some(room) = self.rooms.get_mut(&key).filter(|room| room.sides.len() == 1) {
                room.shaken = true;
            }
            self.close(client, &key);
        }
        self.seen_mut(client).fail(requeued, at);
    }
}
