//! Rooms: who may write and read, and what was written last.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::domain::id::{RoomId, UserId};
use crate::domain::limits::{MESSAGES_AT_ONCE, ROOM_MESSAGES, SEQUENCE_GAP};
use crate::domain::operation::Appended;
use crate::domain::talk::ChatMessage;
use crate::domain::ticket::PoolId;
use crate::domain::time::Time;

/// A message as its writer names it.
type Name = (UserId, Arc<str>);

/// The rooms that stand.
#[derive(Default)]
pub(super) struct Rooms {
    by_id: BTreeMap<RoomId, Room>,
    /// The same in the order in which they were opened, for those who look at them.
    by_opening: BTreeSet<(Time, RoomId)>,
}

/// A room.
pub(super) struct Room {
    /// The pool of its members.
    pub(super) pool: PoolId,
    /// When it was opened.
    pub(super) opened_at: Time,
    /// Who may write and read.
    pub(super) members: [UserId; 2],
    /// The newest messages, oldest first. Numbers are missing where an earlier store lost messages that those
    /// who opened the room here had heard of.
    pub(super) messages: VecDeque<ChatMessage>,
    /// The numbers of those of them that have a name.
    named: BTreeMap<Name, u64>,
    /// The number of the last message.
    pub(super) last: u64,
    /// How many messages each of the members wrote.
    pub(super) written: [u64; 2],
}

impl Rooms {
    /// A room begins, or is opened again by somebody who heard of that number, and of so many messages of each. Both
    /// members' nodes may open it. Of a room that gave fewer numbers nobody knows how many it forgot: those that
    /// follow are larger than all of them.
    pub(super) fn open(
        &mut self,
        (pool, id): (PoolId, RoomId),
        members: &[UserId; 2],
        heard: Option<u64>,
        written: [u64; 2],
        now: Time,
    ) {
        let beyond = heard.map_or(0, |heard| heard.saturating_add(SEQUENCE_GAP));
        let room = self.by_id.entry(id).or_insert_with(|| Room {
            pool,
            opened_at: now,
            members: members.clone(),
            messages: VecDeque::new(),
            named: BTreeMap::new(),
            last: beyond,
            written,
        });
        self.by_opening.insert((room.opened_at, id));
        if heard.is_some_and(|heard| room.last < heard) {
            room.last = beyond;
        }
        for (member, count) in members.iter().zip(written) {
            if let Some(known) = room.written_by(member) {
                *known = count.max(*known);
            }
        }
    }

    /// The number of the last message of a room that stands, for a member.
    pub(super) fn rejoin(&self, room: RoomId, user: &UserId) -> Option<u64> {
        self.by_id.get(&room).filter(|room| room.members.contains(user)).map(|room| room.last)
    }

    /// A room is over.
    pub(super) fn close(&mut self, room: RoomId) {
        if let Some(known) = self.by_id.remove(&room) {
            self.by_opening.remove(&(known.opened_at, room));
        }
    }

    /// Adds a message, unless its writer has written it before.
    pub(super) fn append(
        &mut self,
        room: RoomId,
        from: UserId,
        content: Arc<str>,
        client_message_id: Option<Arc<str>>,
        now: Time,
    ) -> Appended {
        let Some(room) = self.by_id.get_mut(&room) else { return Appended::NoRoom };
        let name = client_message_id.clone().map(|id| (from.clone(), id));
        if let Some(known) = name.as_ref().and_then(|name| room.find(name)) {
            return Appended::Duplicate(known.clone());
        }
        let sequence = room.last + 1;
        let Some(written) = room.written_by(&from) else { return Appended::NoRoom };
        *written += 1;
        let own_sequence = *written;
        let message = ChatMessage { sequence, own_sequence, from, content, client_message_id, at: now };
        room.add(name, message.clone());
        Appended::Added(message)
    }

    /// A room that stands.
    pub(super) fn get(&self, room: RoomId) -> Option<&Room> {
        self.by_id.get(&room)
    }

    /// How many stand.
    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// All of them, the newest first.
    pub(super) fn newest(&self) -> impl Iterator<Item = (RoomId, &Room)> {
        self.by_opening.iter().rev().filter_map(|(_, id)| Some((*id, self.by_id.get(id)?)))
    }

    /// The first messages after a number; none of a room that does not stand.
    pub(super) fn messages(&self, room: RoomId, after: u64) -> Vec<ChatMessage> {
        let Some(room) = self.by_id.get(&room) else { return Vec::new() };
        let known = room.messages.partition_point(|message| message.sequence <= after);
        room.messages.iter().skip(known).take(MESSAGES_AT_ONCE).cloned().collect()
    }
}

impl Room {
    /// How many messages this member wrote; `None` of somebody else.
    fn written_by(&mut self, member: &UserId) -> Option<&mut u64> {
        let side = self.members.iter().position(|known| known == member)?;
        Some(&mut self.written[side])
    }

    /// The message of that name, as long as it is kept.
    fn find(&self, name: &Name) -> Option<&ChatMessage> {
        let sequence = self.named.get(name)?;
        let place = self.messages.binary_search_by_key(sequence, |message| message.sequence).ok()?;
        self.messages.get(place)
    }

    fn add(&mut self, name: Option<Name>, message: ChatMessage) {
        self.last = message.sequence;
        if let Some(name) = name {
            self.named.insert(name, message.sequence);
        }
        self.messages.push_back(message);
        if self.messages.len() > ROOM_MESSAGES
            && let Some(ChatMessage { from, client_message_id: Some(id), .. }) = self.messages.pop_front()
        {
            self.named.remove(&(from, id));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::Entropy;

    struct Zeros;

    impl Entropy for Zeros {
        fn next_u64(&mut self) -> u64 {
            0
        }
    }

    #[test]
    fn a_room_keeps_no_more_names_than_messages_and_nothing_once_it_is_closed() {
        let mut rooms = Rooms::default();
        let room = RoomId::random(&mut Zeros);
        let user = UserId::new("ana");
        rooms.open((PoolId("p"), room), &[user.clone(), UserId::new("ben")], None, [0; 2], Time::default());
        for number in 0..3 * ROOM_MESSAGES {
            let name = (number % 2 == 0).then(|| number.to_string().into());
            rooms.append(room, user.clone(), "hello".into(), name, Time::default());
        }
        assert_eq!(rooms.by_id[&room].messages.len(), ROOM_MESSAGES);
        assert_eq!(rooms.by_id[&room].named.len(), ROOM_MESSAGES / 2);
        rooms.close(room);
        assert!(rooms.by_id.is_empty() && rooms.by_opening.is_empty());
    }
}
