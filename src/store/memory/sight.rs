//! What the store sees of what a viewer asks for.

use super::State;
use super::halls::Halls;
use super::pool::Pool;
use super::queue::Listed;
use super::rooms::Room;
use crate::domain::explain::Candidate;
use crate::domain::hall::Roster;
use crate::domain::id::{HallName, RoomId, UserId};
use crate::domain::person::Direction;
use crate::domain::ticket::PoolId;
use crate::domain::time::Time;
use crate::store::sight::{Line, Seen, Sight, Someone};
use crate::store::snapshot::{self, Detail, Member, Message, Page, RoomDetail, RoomKind, RoomsPage, Survey};

/// Messages that a room's detail tells of.
const MESSAGES: usize = 20;

impl State {
    /// What of `survey` is here.
    pub fn sight(&self, survey: &Survey, now: Time) -> Sight {
        let rooms = survey.rooms.map(|page| self.page(page, now));
        let detail = survey.detail.as_ref().and_then(|detail| self.seen(detail, now));
        Sight { rooms, detail: detail.unwrap_or_default() }
    }

    fn page(&self, Page { offset, limit }: Page, now: Time) -> RoomsPage {
        let halls = self.halls.values().map(Halls::len).sum::<usize>();
        let skipped = usize::try_from(offset).unwrap_or(usize::MAX);
        let limit = limit.min(Survey::MOST_ROOMS) as usize;
        let rooms = self.rooms.newest().map(|(id, room)| self.room(id, room, now));
        let halls_shown = self
            .halls
            .iter()
            .flat_map(|(pool, halls)| halls.newest().map(|(name, roster)| hall(*pool, name, roster)));
        // The store's own length is known without walking there.
        let pairs = self.rooms.len();
        let rooms = if skipped >= pairs {
            halls_shown.skip(skipped - pairs).take(limit).collect()
        } else {
            rooms.skip(skipped).chain(halls_shown).take(limit).collect()
        };
        RoomsPage { total: (pairs + halls) as u64, offset, rooms }
    }

    fn seen(&self, detail: &Detail, now: Time) -> Option<Seen> {
        match detail {
            Detail::Node { .. } => None,
            Detail::Queue { pool, one, other } => {
                let (_, pool) = self.pool_named(pool)?;
                let (one, other) = (one.parse().ok()?, other.parse().ok()?);
                let forward = Direction { speaks: one, learns: other };
                let backward =
                    if one == other { Line::default() } else { line(pool, forward.reverse(), now) };
                Some(Seen::Lines([line(pool, forward, now), backward]))
            }
            Detail::Room { id } => {
                let id: RoomId = id.parse().ok()?;
                let room = self.rooms.get(id)?;
                Some(Seen::Room(RoomDetail { room: self.room(id, room, now), messages: messages(room) }))
            }
            Detail::Hall { pool, name } => {
                let (pool, halls) = self.halls.iter().find(|(id, _)| id.0 == *pool)?;
                let name = HallName::new(name.as_str());
                let room = hall(*pool, &name, halls.roster(&name)?);
                Some(Seen::Room(RoomDetail { room, messages: Vec::new() }))
            }
            Detail::User { pool, user } => self.someone(pool, user, now),
        }
    }

    fn someone(&self, pool: &str, user: &str, now: Time) -> Option<Seen> {
        let user = UserId::new(user);
        let named = self.pool_named(pool);
        let listed = named.and_then(|(_, pool)| pool.waiting().listed_of(&user));
        let others = listed
            .zip(named)
            .map(|(listed, (_, pool))| line(pool, listed.ticket.attributes.direction().reverse(), now));
        let session = self.sessions.known_in(&user, pool, now);
        if session.is_none() && listed.is_none() {
            return None;
        }
        Some(Seen::User(Box::new(Someone {
            session: session.map(|(address, _)| address.clone()),
            talk: session.and_then(|(_, talk)| talk.cloned()),
            proposed: named.is_some_and(|(_, pool)| pool.is_proposed(&user, now)),
            ticket: listed.map(|listed| candidate(listed, now)),
            others: others.unwrap_or_default(),
        })))
    }

    fn pool_named(&self, name: &str) -> Option<(PoolId, &Pool)> {
        self.pools.iter().find(|(pool, _)| pool.0 == name).map(|(pool, kept)| (*pool, kept))
    }

    fn room(&self, id: RoomId, room: &Room, now: Time) -> snapshot::Room {
        let member = |user: &UserId| {
            let known = self.sessions.known(&(user.clone(), room.pool), now);
            let node = known.map(|(address, _)| address.node.as_str().to_owned()).unwrap_or_default();
            Member { user: user.as_str().to_owned(), node }
        };
        snapshot::Room {
            id: id.to_string(),
            kind: RoomKind::Pair,
            pool: room.pool.0.to_owned(),
            members: room.members.iter().map(member).collect(),
            opened_at_ms: room.opened_at.as_ms(),
            messages: room.written.iter().sum(),
            last_message_at_ms: room.messages.back().map(|message| message.at.as_ms()),
        }
    }
}

fn hall(PoolId(pool): PoolId, name: &HallName, roster: &Roster) -> snapshot::Room {
    let members = roster.members.iter().map(|member| Member {
        user: member.name.as_str().to_owned(),
        node: member.address.node.as_str().to_owned(),
    });
    snapshot::Room {
        id: name.as_str().to_owned(),
        kind: RoomKind::Hall,
        pool: pool.to_owned(),
        members: members.collect(),
        opened_at_ms: roster.created_at.as_ms(),
        messages: 0,
        last_message_at_ms: None,
    }
}

fn messages(room: &Room) -> Vec<Message> {
    let first = room.messages.len().saturating_sub(MESSAGES);
    let told = room.messages.iter().skip(first).map(|message| Message {
        sequence: message.sequence,
        from: message.from.as_str().to_owned(),
        at_ms: message.at.as_ms(),
        length_bytes: message.content.len() as u64,
    });
    told.collect()
}

fn line(pool: &Pool, direction: Direction, now: Time) -> Line {
    let Some(queue) = pool.waiting().queue(direction) else { return Line::default() };
    let first = queue.first(Survey::CANDIDATES).into_iter().map(|listed| candidate(listed, now));
    Line { total: queue.len() as u64, first: first.collect() }
}

fn candidate(listed: &Listed, now: Time) -> Candidate {
    Candidate { ticket: (*listed.ticket).clone(), stage: listed.stage, lives: !listed.ran_out(now) }
}
