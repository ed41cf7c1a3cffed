//! What Redis answers to a viewer. Nothing here trusts what it reads: what means nothing is not there.

use redis::Value;

use crate::domain::explain::Candidate;
use crate::domain::id::Address;
use crate::domain::talk::Talk;
use crate::domain::ticket::PoolId;
use crate::store::redis::reply::Parts;
use crate::store::redis::text::{self, unescaped};
use crate::store::sight::Line;
use crate::store::snapshot::{EventLine, Member, Message, NodeFigures, Room, RoomKind};

/// The time, and who lives.
pub(super) struct Nodes {
    pub(super) now_ms: u64,
    pub(super) names: Vec<String>,
}

impl Nodes {
    pub(super) fn read(value: Value, gone_after_ms: u64) -> Option<Self> {
        let mut parts = Parts::of(value)?;
        let now_ms: u64 = parts.text()?.parse().ok()?;
        let mut beats = parts.parts()?;
        let mut names = Vec::new();
        while !beats.is_empty() {
            let (name, last_ms) = (beats.text()?, number(&beats.text()?)?);
            if now_ms.saturating_sub(last_ms) < gone_after_ms {
                names.push(name);
            }
        }
        Some(Self { now_ms, names })
    }
}

/// A score of Redis, which may be written with a fraction or an exponent.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "moments are exact below 2^53 and positive"
)]
fn number(text: &str) -> Option<u64> {
    text.parse::<f64>().ok().filter(|number| number.is_finite()).map(|number| number as u64)
}

/// What a node says; of one that said nothing that means something, its name.
pub(super) fn figures(name: &str, value: &Value) -> NodeFigures {
    let told = if let Value::BulkString(json) = value { serde_json::from_slice(json).ok() } else { None };
    NodeFigures { node: name.to_owned(), ..told.unwrap_or_default() }
}

pub(super) fn count(value: &Value) -> u64 {
    if let Value::Int(count) = value { u64::try_from(*count).unwrap_or_default() } else { 0 }
}

pub(super) fn texts(value: Value) -> Vec<String> {
    let Some(mut parts) = Parts::of(value) else { return Vec::new() };
    let mut texts = Vec::new();
    while !parts.is_empty() {
        texts.extend(parts.text());
    }
    texts
}

/// Names and scores, as `WITHSCORES` gives them.
pub(super) fn scored(value: Value) -> Vec<(String, u64)> {
    let texts = texts(value);
    let (pairs, _) = texts.as_chunks::<2>();
    pairs.iter().filter_map(|[name, score]| Some((name.clone(), number(score)?))).collect()
}

/// Entries of a stream: the number of each and its fields.
fn entries(value: Value) -> Vec<(String, Vec<String>)> {
    let Some(mut parts) = Parts::of(value) else { return Vec::new() };
    let mut entries = Vec::new();
    while !parts.is_empty() {
        let Some(mut entry) = parts.parts() else { continue };
        if let (Some(id), Some(fields)) = (entry.text(), entry.any()) {
            entries.push((id, texts(fields)));
        }
    }
    entries
}

fn field<'a>(fields: &'a [String], name: &str) -> Option<&'a str> {
    let (pairs, _) = fields.as_chunks::<2>();
    pairs.iter().find(|[known, _]| known == name).map(|[_, value]| value.as_str())
}

/// The newest events, of which the newest comes first in the answer and last in a picture.
pub(super) fn events(value: Value) -> Vec<EventLine> {
    let mut events: Vec<_> = entries(value)
        .into_iter()
        .filter_map(|(id, fields)| Some(EventLine::read(id, field(&fields, "event")?)))
        .collect();
    events.reverse();
    events
}

/// A room that stands.
pub(super) struct RoomRead(pub(super) Room);

impl RoomRead {
    /// Of its record and its newest messages, the newest first. `None` of one that is over.
    pub(super) fn of(id: &str, record: Value, messages: &Value) -> Option<Self> {
        let mut parts = Parts::of(record)?;
        let mut text = || parts.optional_text().ok().flatten();
        let (one, other, pool) = (text()?, text()?, text().unwrap_or_default());
        let mut written = || text().and_then(|count| count.parse::<u64>().ok()).unwrap_or_default();
        let messages_written = written() + written();
        let last = entries(messages.clone()).into_iter().next();
        Some(Self(Room {
            id: id.to_owned(),
            kind: RoomKind::Pair,
            pool,
            members: [one, other].map(|user| Member { user, node: String::new() }).into(),
            opened_at_ms: 0,
            messages: messages_written,
            last_message_at_ms: last.and_then(|(_, fields)| field(&fields, "at")?.parse().ok()),
        }))
    }
}

/// Who wrote when, of messages of which the newest comes first.
pub(super) fn messages(value: Value) -> Vec<Message> {
    let message = |(id, fields): (String, Vec<String>)| {
        Some(Message {
            sequence: id.split_once('-')?.0.parse().ok()?,
            from: field(&fields, "from")?.to_owned(),
            at_ms: field(&fields, "at")?.parse().ok()?,
            length_bytes: field(&fields, "content")?.len() as u64,
        })
    };
    let mut messages: Vec<_> = entries(value).into_iter().filter_map(message).collect();
    messages.reverse();
    messages
}

/// A hall of that name, as its hash has it; `None` of one that is over.
pub(super) fn hall(pool: &str, name: &str, value: Value) -> Option<Room> {
    let fields = texts(value);
    let opened_at_ms = field(&fields, "created").and_then(number)?;
    let (pairs, _) = fields.as_chunks::<2>();
    let mut members: Vec<(u64, Member)> = pairs.iter().filter_map(|[_, value]| hall_member(value)).collect();
    members.sort_by_key(|(order, _)| *order);
    Some(Room {
        id: name.to_owned(),
        kind: RoomKind::Hall,
        pool: pool.to_owned(),
        members: members.into_iter().map(|(_, member)| member).collect(),
        opened_at_ms,
        messages: 0,
        last_message_at_ms: None,
    })
}

/// The end of a lease, a place in order, a name and an address. Other fields of a hall are one word.
fn hall_member(text: &str) -> Option<(u64, Member)> {
    let mut words = text.splitn(4, ' ').skip(1);
    let (order, name, address) = (words.next()?.parse().ok()?, words.next()?, words.next()?);
    let node = text::parse_address(address)?.node.as_str().to_owned();
    Some((order, Member { user: unescaped(name), node }))
}

/// Where a session lives, and its talk.
pub(super) fn session(value: Value) -> (Option<Address>, Option<Talk>) {
    let Some(mut parts) = Parts::of(value) else { return (None, None) };
    let mut text = || parts.optional_text().ok().flatten();
    let (address, talk) = (text(), text());
    (address.and_then(|text| text::parse_address(&text)), talk.and_then(|text| text::parse_talk(&text)))
}

/// What the script says of a pool: how its user stands, with which ticket, and the lines.
pub(super) fn pool(value: Value) -> Option<(String, Option<Candidate>, Vec<Line>)> {
    let mut parts = Parts::of(value)?;
    let state = parts.text()?;
    let own = parts.optional_parts().ok()?.and_then(candidate);
    let mut lines = Vec::new();
    while !parts.is_empty() {
        let mut line = parts.parts()?;
        let total = u64::try_from(line.number()?).ok()?;
        let (mut told, mut first) = (line.parts()?, Vec::new());
        while !told.is_empty() {
            first.extend(candidate(told.parts()?));
        }
        lines.push(Line { total, first });
    }
    Some((state, own, lines))
}

fn candidate(mut parts: Parts) -> Option<Candidate> {
    let (id, stage) = (parts.text()?, parts.number()?);
    let (user, avoid, body) = (parts.text()?, parts.text()?, parts.text()?);
    let lives = parts.number()? == 1;
    // Rules do not ask which pool it is: all are of one.
    let ticket = text::parse_ticket(&id, &user, &avoid, PoolId(""), &body)?;
    Some(Candidate { ticket, stage: text::parse_stage(stage)?, lives })
}
