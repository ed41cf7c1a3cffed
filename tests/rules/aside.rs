//! What is kept of users and rooms, written as `model` is: lists, searched from one end to the other.

use std::collections::BTreeMap;
use std::sync::Arc;

use qala::domain::id::{Address, RoomId, UserId};
use qala::domain::limits::SEQUENCE_GAP;
use qala::domain::operation::{Appended, Attached, Former, Operation, Outcome, Registered, Superseded};
use qala::domain::talk::{ChatMessage, Talk};
use qala::domain::time::Time;

/// A session that began or was registered.
struct Session {
    user: UserId,
    address: Address,
    rank: Time,
    talk: Option<Box<Talk>>,
    /// The one before, until this one is registered.
    former: Option<Former>,
    /// That one and those before it, the latest first.
    before: Vec<Address>,
}

/// A room that stands.
struct Room {
    id: RoomId,
    members: [UserId; 2],
    last: u64,
    /// How many messages who has written.
    written: BTreeMap<UserId, u64>,
    messages: Vec<ChatMessage>,
}

/// Users and rooms. There is one pool.
#[derive(Default)]
pub(crate) struct Aside {
    sessions: Vec<Session>,
    /// Who is not to meet whom until when.
    histories: Vec<(UserId, UserId, Time)>,
    rooms: Vec<Room>,
}

impl Aside {
    /// Carries out an operation of a user or a room; `None` if it is neither.
    pub(crate) fn execute(&mut self, operation: &Operation, now: Time) -> Option<Outcome> {
        Some(match operation.clone() {
            Operation::Attach { user, address, since, .. } => self.attach(&user, address, since, now),
            Operation::Register { user, address, rank, talk, .. } => {
                Outcome::Registered(self.register(user, address, rank, talk))
            }
            Operation::Locate { user, .. } => {
                Outcome::Located(self.session(&user).map(|known| known.address.clone()))
            }
            Operation::Detach { user, address, .. } => {
                self.sessions.retain(|known| known.user != user || known.address != address);
                Outcome::Done
            }
            Operation::Remember { user, partner, until, .. } => {
                self.histories.push((user, partner, until));
                Outcome::Done
            }
            Operation::OpenRoom { pool: _, room, members, heard, written } => {
                self.open(room, members, heard, written);
                Outcome::Done
            }
            Operation::Rejoin { room, user } => {
                let room = self.room(room).filter(|room| room.members.contains(&user));
                Outcome::Rejoined(room.map(|room| room.last))
            }
            Operation::CloseRoom { room } => {
                self.rooms.retain(|known| known.id != room);
                Outcome::Done
            }
            Operation::Append { room, from, content, client_message_id } => {
                Outcome::Appended(self.append(room, from, content, client_message_id, now))
            }
            Operation::Messages { room, after } => {
                let messages = self.room(room).map(|room| room.messages.clone()).unwrap_or_default();
                Outcome::Messages(messages.into_iter().filter(|message| message.sequence > after).collect())
            }
            Operation::Search(_)
            | Operation::Reclaim { .. }
            | Operation::Withdraw { .. }
            | Operation::Renew { .. }
            | Operation::Answer { .. }
            | Operation::Expire { .. }
            // The contract plays these at random, against the embedded store.
            | Operation::Hall { .. } => return None,
        })
    }

    fn session(&mut self, user: &UserId) -> Option<&mut Session> {
        self.sessions.iter_mut().find(|known| known.user == *user)
    }

    fn room(&mut self, room: RoomId) -> Option<&mut Room> {
        self.rooms.iter_mut().find(|known| known.id == room)
    }

    fn attach(&mut self, user: &UserId, address: Address, since: Time, now: Time) -> Outcome {
        let history = self.history(user, now);
        let Some(known) = self.session(user) else {
            let user = user.clone();
            self.sessions.push(Session {
                user,
                address,
                rank: since,
                talk: None,
                former: None,
                before: Vec::new(),
            });
            return Outcome::Attached(Attached { history, former: None, rank: since });
        };
        if known.address == address {
            known.rank = known.rank.max(since);
        } else if known.rank > since {
            let followed = known.before.iter().skip_while(|before| **before != address).nth(1).cloned();
            return Outcome::Superseded(Superseded { by: known.address.clone(), former: followed });
        } else {
            let (former, talk) = (std::mem::replace(&mut known.address, address), known.talk.take());
            known.before.insert(0, former.clone());
            known.before.truncate(9);
            known.former = Some(Former { address: former, talk });
            known.rank = since.max(Time::from_ms(known.rank.as_ms() + 1));
        }
        Outcome::Attached(Attached { history, former: known.former.clone(), rank: known.rank })
    }

    fn register(
        &mut self,
        user: UserId,
        address: Address,
        mut rank: Time,
        talk: Option<Box<Talk>>,
    ) -> Registered {
        let mut former = None;
        if let Some(known) = self.session(&user) {
            if known.address != address && known.rank >= rank {
                return Registered { lives_at: known.address.clone(), rank: known.rank, former: None };
            }
            if known.address == address {
                rank = rank.max(known.rank);
            } else {
                former = Some(known.address.clone());
            }
        }
        self.sessions.retain(|known| known.user != user);
        self.sessions.push(Session {
            user,
            address: address.clone(),
            rank,
            talk,
            former: None,
            before: Vec::new(),
        });
        Registered { lives_at: address, rank, former }
    }

    fn history(&self, user: &UserId, now: Time) -> Vec<(UserId, Time)> {
        let mut partners: Vec<(Time, UserId)> = Vec::new();
        for (_, partner, until) in self.histories.iter().filter(|(of, _, until)| of == user && *until > now) {
            match partners.iter_mut().find(|(_, known)| known == partner) {
                Some((known, _)) => *known = (*known).max(*until),
                None => partners.push((*until, partner.clone())),
            }
        }
        partners.sort();
        partners.into_iter().map(|(until, partner)| (partner, until)).collect()
    }

    fn open(&mut self, id: RoomId, members: [UserId; 2], heard: Option<u64>, written: [u64; 2]) {
        let last = heard.map_or(0, |heard| heard + SEQUENCE_GAP);
        if self.room(id).is_none() {
            let members = members.clone();
            self.rooms.push(Room { id, members, last, written: BTreeMap::new(), messages: Vec::new() });
        }
        let room = self.room(id).expect("it was opened");
        if Some(room.last) < heard {
            room.last = last;
        }
        for (member, count) in members.into_iter().zip(written) {
            if room.members.contains(&member) {
                let known = room.written.entry(member).or_default();
                *known = count.max(*known);
            }
        }
    }

    fn append(
        &mut self,
        room: RoomId,
        from: UserId,
        content: Arc<str>,
        client_message_id: Option<Arc<str>>,
        now: Time,
    ) -> Appended {
        let Some(room) = self.room(room).filter(|room| room.members.contains(&from)) else {
            return Appended::NoRoom;
        };
        let same = |known: &&ChatMessage| known.from == from && known.client_message_id == client_message_id;
        if let (Some(_), Some(known)) = (&client_message_id, room.messages.iter().find(same)) {
            return Appended::Duplicate(known.clone());
        }
        room.last += 1;
        let written = room.written.entry(from.clone()).or_default();
        *written += 1;
        let (sequence, own_sequence) = (room.last, *written);
        let message = ChatMessage { sequence, own_sequence, from, content, client_message_id, at: now };
        room.messages.push(message.clone());
        Appended::Added(message)
    }
}
