//! What is asked for a picture, batch by batch, and put together.
//!
//! The first batch holds everything that can be asked without an answer; the second what rooms of a page and halls
//! are; the third where their members are.

use std::collections::BTreeSet;

use redis::Value;

use super::asking::Asking;
use super::reading::{self, RoomRead};
use super::{Call, Keys, NotSurveyed, Surveyor, health, scripts};
use crate::store::redis::text;
use crate::store::sight::{Line, Seen, Sight, Someone};
use crate::store::snapshot::{
    Detail, EventLine, Member, NodeFigures, Page, Room, RoomDetail, RoomKind, RoomsPage, StoreHealth, Survey,
};

/// Messages that a room's detail tells of.
const MESSAGES: u32 = 20;

/// What a first batch asks for, in the order of its calls: nodes, health, events, page, detail.
pub(super) struct Asked<'a> {
    keys: &'a Keys,
    survey: &'a Survey,
    names: &'a [String],
}

/// Everything that was seen.
pub(super) struct Looked {
    pub(super) nodes: Vec<NodeFigures>,
    pub(super) events: Vec<EventLine>,
    pub(super) health: StoreHealth,
    pub(super) sight: Sight,
}

impl<'a> Asked<'a> {
    pub(super) fn new(keys: &'a Keys, survey: &'a Survey, names: &'a [String]) -> Self {
        Self { keys, survey, names }
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        let mut calls: Vec<Call> =
            self.names.iter().map(|node| plain("GET", &[&self.keys.stats(node)])).collect();
        calls.push(plain("INFO", &[]));
        if self.survey.events > 0 {
            let most = self.survey.events.min(Survey::MOST_EVENTS).to_string();
            calls.push(plain("XREVRANGE", &[&self.keys.events(), "+", "-", "COUNT", &most]));
        }
        if let Some(page) = self.survey.rooms {
            let (rooms, limit) = (self.keys.rooms(), u64::from(page.limit.clamp(1, Survey::MOST_ROOMS)));
            let (first, last) = (page.offset.to_string(), page.offset.saturating_add(limit - 1).to_string());
            calls.push(plain("ZCARD", &[&rooms]));
            calls.push(plain("ZREVRANGE", &[&rooms, &first, &last, "WITHSCORES"]));
        }
        if let Some(detail) = &self.survey.detail {
            calls.extend(detail_calls(self.keys, detail));
        }
        calls
    }
}

fn plain(name: &str, arguments: &[&str]) -> Call {
    let mut command = redis::cmd(name);
    command.arg(arguments);
    Call::plain(command)
}

fn detail_calls(keys: &Keys, detail: &Detail) -> Vec<Call> {
    match detail {
        Detail::Node { .. } => Vec::new(),
        Detail::Queue { pool, one, other } => vec![pool_call(keys, pool, "", &directions(one, other))],
        Detail::Room { id } => room_calls(keys, id, MESSAGES).into(),
        Detail::Hall { pool, name } => vec![hall_call(keys, pool, name)],
        Detail::User { pool, user } => {
            vec![
                pool_call(keys, pool, user, &[]),
                plain("HMGET", &[&keys.session_named(user, pool), "address", "talk"]),
            ]
        }
    }
}

fn directions(one: &str, other: &str) -> Vec<String> {
    let forward = format!("{one}>{other}");
    if one == other { vec![forward] } else { vec![forward, format!("{other}>{one}")] }
}

fn pool_call(keys: &Keys, pool: &str, user: &str, directions: &[String]) -> Call {
    let (user, most) = (text::escaped(user), Survey::CANDIDATES.to_string());
    let mut arguments = vec!["0", "1", &user, &most];
    arguments.extend(directions.iter().map(String::as_str));
    Call::script(&scripts::SURVEY_POOL, &keys.pool_named(pool), &arguments)
}

fn room_calls(keys: &Keys, id: &str, messages: u32) -> [Call; 2] {
    let [room, _, written] = keys.room_named(id);
    let fields = [&room, "a", "b", "pool", "by_a", "by_b"];
    [plain("HMGET", &fields), plain("XREVRANGE", &[&written, "+", "-", "COUNT", &messages.to_string()])]
}

fn hall_call(keys: &Keys, pool: &str, name: &str) -> Call {
    let [.., beginning] = keys.halls_named(pool);
    plain("HGETALL", &[&format!("{beginning}{name}")])
}

impl Surveyor {
    /// Reads the answers of a first batch, and asks for what they lead to.
    pub(super) async fn look(
        &self,
        asking: &mut Asking<'_>,
        asked: Asked<'_>,
        answers: Vec<Value>,
    ) -> Result<Looked, NotSurveyed> {
        let survey = asked.survey;
        let mut answers = answers.into_iter();
        let mut next = || answers.next().unwrap_or(Value::Nil);
        let nodes: Vec<_> = asked.names.iter().map(|name| reading::figures(name, &next())).collect();
        let health = health::read(&next());
        let events = if survey.events > 0 { reading::events(next()) } else { Vec::new() };
        let page = survey.rooms.map(|page| (page, next(), next()));
        let pools: BTreeSet<&str> =
            nodes.iter().flat_map(|node| &node.pools).map(|pool| pool.pool.as_str()).collect();
        let mut seen = match &survey.detail {
            Some(detail) => seen_of(detail, next),
            None => Seen::Nothing,
        };
        let mut rooms = match page {
            Some((page, total, listed)) => Some(self.page(asking, page, total, listed, pools).await?),
            None => None,
        };
        self.place(asking, rooms.as_mut(), &mut seen).await?;
        Ok(Looked { nodes, events, health, sight: Sight { rooms, detail: seen } })
    }

    /// The rooms of a page, and behind the last room the halls.
    async fn page(
        &self,
        asking: &mut Asking<'_>,
        page: Page,
        total: Value,
        listed: Value,
        pools: BTreeSet<&str>,
    ) -> Result<RoomsPage, NotSurveyed> {
        let listed = reading::scored(listed);
        let mut calls: Vec<Call> = listed.iter().flat_map(|(id, _)| room_calls(&self.keys, id, 1)).collect();
        for pool in &pools {
            let [halls, ..] = self.keys.halls_named(pool);
            calls.push(plain("ZREVRANGE", &[&halls, "0", &HALLS_READ.to_string()]));
            calls.push(plain("ZCARD", &[&halls]));
        }
        let mut answers = asking.all(calls).await?.into_iter();
        let mut next = || answers.next().unwrap_or(Value::Nil);
        let mut rooms = Vec::new();
        for (id, opened_at_ms) in &listed {
            let (record, messages) = (next(), next());
            // One that stands no more is still listed for a moment.
            if let Some(RoomRead(room)) = RoomRead::of(id, record, &messages) {
                rooms.push(Room { opened_at_ms: *opened_at_ms, ..room });
            }
        }
        let (mut halls, mut halls_total) = (Vec::new(), 0);
        for pool in &pools {
            halls.extend(reading::texts(next()).into_iter().map(|name| ((*pool).to_owned(), name)));
            halls_total += reading::count(&next());
        }
        let pairs = reading::count(&total);
        let room = u64::from(page.limit.clamp(1, Survey::MOST_ROOMS)).saturating_sub(listed.len() as u64);
        let skipped = page.offset.saturating_sub(pairs);
        let halls = halls.into_iter().skip(usize::try_from(skipped).unwrap_or(usize::MAX));
        for (pool, name) in halls.take(usize::try_from(room).unwrap_or(0)) {
            rooms.push(Room { id: name, kind: RoomKind::Hall, pool, ..Room::default() });
        }
        Ok(RoomsPage { total: pairs + halls_total, offset: page.offset, rooms })
    }

    /// Finds out where the members of rooms are, and who is in halls.
    async fn place(
        &self,
        asking: &mut Asking<'_>,
        page: Option<&mut RoomsPage>,
        seen: &mut Seen,
    ) -> Result<(), NotSurveyed> {
        let of_page = page.into_iter().flat_map(|page| &mut page.rooms);
        let detail = if let Seen::Room(detail) = seen { Some(&mut detail.room) } else { None };
        let rooms: Vec<&mut Room> = of_page.chain(detail).collect();
        let calls = rooms.iter().flat_map(|room| self.place_calls(room)).collect();
        let mut answers = asking.all(calls).await?.into_iter();
        for room in rooms {
            match room.kind {
                RoomKind::Pair => {
                    for Member { node, .. } in &mut room.members {
                        let (address, talk) = reading::session(answers.next().unwrap_or(Value::Nil));
                        *node = address.map(|address| address.node.as_str().to_owned()).unwrap_or_default();
                        if let Some(talk) = talk.filter(|talk| talk.room.to_string() == room.id) {
                            let since = talk.since.as_ms();
                            room.opened_at_ms =
                                if room.opened_at_ms == 0 { since } else { room.opened_at_ms.min(since) };
                        }
                    }
                }
                RoomKind::Hall if room.members.is_empty() => {
                    let answer = answers.next().unwrap_or(Value::Nil);
                    if let Some(hall) = reading::hall(&room.pool, &room.id, answer) {
                        *room = hall;
                    }
                }
                RoomKind::Hall => {}
            }
        }
        Ok(())
    }

    fn place_calls(&self, room: &Room) -> Vec<Call> {
        match room.kind {
            RoomKind::Pair => {
                let session = |member: &Member| self.keys.session_named(&member.user, &room.pool);
                let members = room.members.iter();
                members.map(|member| plain("HMGET", &[&session(member), "address", "talk"])).collect()
            }
            RoomKind::Hall if room.members.is_empty() => vec![hall_call(&self.keys, &room.pool, &room.id)],
            RoomKind::Hall => Vec::new(),
        }
    }
}

/// What the answers to [`detail_calls`] say.
fn seen_of(detail: &Detail, mut next: impl FnMut() -> Value) -> Seen {
    match detail {
        Detail::Node { .. } => Seen::Nothing,
        Detail::Queue { .. } => reading::pool(next()).map_or(Seen::Nothing, |(_, _, mut lines)| {
            let mut line = || if lines.is_empty() { Line::default() } else { lines.remove(0) };
            Seen::Lines([line(), line()])
        }),
        Detail::Room { id } => {
            let (record, messages) = (next(), next());
            let room = RoomRead::of(id, record, &messages);
            room.map_or(Seen::Nothing, |room| {
                Seen::Room(RoomDetail { room: room.0, messages: reading::messages(messages) })
            })
        }
        Detail::Hall { pool, name } => match reading::hall(pool, name, next()) {
            Some(room) => Seen::Room(RoomDetail { room, messages: Vec::new() }),
            None => Seen::Nothing,
        },
        Detail::User { .. } => {
            let (waits, session) = (reading::pool(next()), reading::session(next()));
            if session.0.is_none() && waits.as_ref().is_none_or(|(_, ticket, _)| ticket.is_none()) {
                return Seen::Nothing;
            }
            let (state, ticket, mut lines) = waits.unwrap_or_default();
            Seen::User(Box::new(Someone {
                session: session.0,
                talk: session.1,
                proposed: state == "taken",
                others: lines.pop().unwrap_or_default(),
                ticket,
            }))
        }
    }
}

/// Halls of a pool that can be paged through, the newest.
const HALLS_READ: u32 = 999;
