//! The client half of this dialect: commands written, notices read. The exact inverse of `decode` and `notice`.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::super::client::{Heard, Line, Meeting, bare, body, packet};
use super::decode::SESSION_ID;
use super::event;
use super::shape::spelled;
use super::signal::required;
use crate::domain::command::{Command, RoomRef};
use crate::domain::criteria::{Criteria, Strict};
use crate::domain::id::{ProposalId, RoomId};
use crate::domain::person::Attributes;
use crate::domain::safety::SafetyCommand;
use crate::domain::talk::{Payload, Quality, SignalKind};

/// The packet that asks for `command`.
pub(in crate::dialect) fn encode(command: &Command) -> Option<String> {
    match command {
        Command::Join { attributes, criteria } => packet(event::JOIN_QUEUE, &Join::new(attributes, criteria)),
        Command::LeaveQueue => bare(event::LEAVE_QUEUE),
        Command::Accept(proposal) => packet(event::ACCEPT_MATCH, &Answer { match_id: *proposal }),
        Command::Reject(proposal) => packet(event::REJECT_MATCH, &Answer { match_id: *proposal }),
        Command::Signal { room: _, kind, payload } => {
            // Written once already, by whoever made the command.
            Some(format!("[\"{}\",{}]", event::of_signal(*kind), payload.0))
        }
        Command::Heartbeat => bare(event::HEARTBEAT),
        Command::Quality { room, quality } => packet(event::QUALITY, &Figures::new(*room, quality)),
        Command::Chat { room, content, client_message_id } => {
            let client_message_id = client_message_id.as_deref();
            packet(event::CHAT_SEND, &Send { session_id: id(*room)?, content, client_message_id })
        }
        Command::Sync { room, after } => {
            packet(event::CHAT_SYNC, &Sync { session_id: id(*room)?, after: *after })
        }
        Command::LeaveRoom(room) => packet(event::LEAVE_SESSION, &Leave { session_id: id(*room)? }),
        Command::Safety(SafetyCommand::Block(user)) => {
            packet(event::BLOCK, &Block { user_id: user.as_str() })
        }
        Command::Safety(SafetyCommand::Report { room, reason }) => {
            packet(event::REPORT, &Report { session_id: *room, reason: reason.as_str() })
        }
        Command::Skip { .. }
        | Command::Typing { .. }
        | Command::WhoAmI
        | Command::CallFailed
        | Command::Rejoin { .. }
        | Command::Hall(_) => None,
    }
}

/// The command that carries `content` to the peer in `room`.
pub(in crate::dialect) fn signal_of(room: RoomRef, kind: SignalKind, content: &str) -> Option<Command> {
    let session = id(room)?;
    let object = match required(kind) {
        Some(field) => format!(r#"{{"{SESSION_ID}":"{session}","{field}":{content}}}"#),
        None => format!(r#"{{"{SESSION_ID}":"{session}"}}"#),
    };
    Some(Command::Signal { room, kind, payload: Payload(Arc::from(object)) })
}

/// What a client hears.
pub(in crate::dialect) fn hear<'a>(event: &str, argument: Option<&'a RawValue>) -> Option<Heard<'a>> {
    if let Some(kind) = kind_of(event) {
        return Some(Heard::Signal { kind, body: argument? });
    }
    Some(match event {
        event::WELCOME => Heard::Welcome { user: body::<Welcome<'_>>(argument)?.user_id },
        event::RESUMED => body::<Resumed<'_>>(argument)?.heard(),
        event::MATCH_FOUND => Heard::Found(body::<Found<'_>>(argument)?.meeting(false)),
        event::MATCH_ACCEPTED => Heard::Accepted,
        event::MATCH_READY => Heard::Ready(body::<Found<'_>>(argument)?.meeting(false)),
        event::MATCH_REJECTED => {
            let Failed { match_id, requeued } = body(argument)?;
            Heard::Failed { proposal: match_id, requeued }
        }
        event::POSITION_UPDATE => Heard::Waiting,
        event::QUEUE_EXPIRED => Heard::Expired,
        event::CHAT_MESSAGE => Heard::Chat(body::<Message<'_>>(argument)?.line()),
        event::PEER_AWAY => Heard::Peer { here: false },
        event::PEER_BACK => Heard::Peer { here: true },
        event::PEER_LEFT => Heard::PeerLeft,
        event::RATE_LIMITED => Heard::Refused { code: Cow::Borrowed(event::RATE_LIMITED) },
        event::SERVER_SHUTDOWN | event::REPLACED => Heard::Ending,
        event::QUALITY => Heard::Aside,
        _ => return None,
    })
}

fn kind_of(name: &str) -> Option<SignalKind> {
    let kinds =
        [SignalKind::Offer, SignalKind::Answer, SignalKind::Candidate, SignalKind::Ready, SignalKind::Other];
    kinds.into_iter().find(|kind| event::of_signal(*kind) == name)
}

/// These clients name a room by its id.
const fn id(room: RoomRef) -> Option<RoomId> {
    match room {
        RoomRef::Id(id) => Some(id),
        RoomRef::Number(_) | RoomRef::Current => None,
    }
}

#[derive(Serialize)]
struct Join<'a> {
    native_language: &'a str,
    target_language: &'a str,
    age: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    gender: Option<&'static str>,
    proficiency_level: &'static str,
    age_min: u8,
    age_max: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    gender_preference: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    strict: Vec<&'static str>,
}

impl<'a> Join<'a> {
    fn new(attributes: &'a Attributes, criteria: &Criteria) -> Self {
        Self {
            native_language: attributes.speaks.as_str(),
            target_language: attributes.learns.as_str(),
            age: attributes.age,
            gender: attributes.gender.map(crate::domain::person::Gender::as_str),
            proficiency_level: attributes.proficiency.as_str(),
            age_min: criteria.age.min,
            age_max: criteria.age.max,
            gender_preference: criteria.gender.map(crate::domain::person::Gender::as_str),
            strict: strict(criteria.strict),
        }
    }
}

fn strict(strict: Strict) -> Vec<&'static str> {
    let Strict { age, gender, proficiency } = strict;
    let words = [(age, "age"), (gender, "gender"), (proficiency, "proficiency")];
    words.into_iter().filter(|(asked, _)| *asked).map(|(_, word)| word).collect()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(serialize_with = "spelled")]
    match_id: ProposalId,
}

#[derive(Serialize)]
struct Figures {
    #[serde(rename = "sessionId", skip_serializing_if = "Option::is_none")]
    session_id: Option<String>,
    rtt_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    jitter_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    packets_lost: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bitrate_kbps: Option<f64>,
}

impl Figures {
    fn new(room: Option<RoomId>, quality: &Quality) -> Self {
        let Quality { rtt_ms, jitter_ms, packets_lost, bitrate_kbps } = *quality;
        Self { session_id: room.map(|room| room.to_string()), rtt_ms, jitter_ms, packets_lost, bitrate_kbps }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Send<'a> {
    #[serde(serialize_with = "spelled")]
    session_id: RoomId,
    content: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_message_id: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sync {
    #[serde(serialize_with = "spelled")]
    session_id: RoomId,
    after: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Block<'a> {
    user_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    #[serde(serialize_with = "spelled")]
    session_id: RoomId,
    reason: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Leave {
    #[serde(serialize_with = "spelled")]
    session_id: RoomId,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Welcome<'a> {
    #[serde(borrow)]
    user_id: Cow<'a, str>,
}

/// A proposal, or the room it became; the latter says less.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found<'a> {
    #[serde(borrow)]
    match_id: Cow<'a, str>,
    #[serde(borrow)]
    session_id: Cow<'a, str>,
    partner_id: Option<Cow<'a, str>>,
    stage: Option<u8>,
    initiator: Option<bool>,
}

impl<'a> Found<'a> {
    fn meeting(self, resumed: bool) -> Meeting<'a> {
        let Self { match_id, session_id, partner_id, stage, initiator } = self;
        Meeting { proposal: Some(match_id), room: session_id, partner: partner_id, stage, initiator, resumed }
    }
}

#[derive(Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
enum Resumed<'a> {
    Idle,
    Waiting,
    #[serde(borrow)]
    Proposed(Found<'a>),
    Talking(Found<'a>),
}

impl<'a> Resumed<'a> {
    fn heard(self) -> Heard<'a> {
        match self {
            Self::Idle => Heard::Idle,
            Self::Waiting => Heard::Waiting,
            Self::Proposed(found) => Heard::Found(found.meeting(true)),
            Self::Talking(found) => Heard::Ready(found.meeting(true)),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failed<'a> {
    #[serde(borrow)]
    match_id: Cow<'a, str>,
    #[serde(default)]
    requeued: bool,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    from: Cow<'a, str>,
    #[serde(borrow)]
    content: Cow<'a, str>,
    sequence: u64,
}

impl<'a> Message<'a> {
    fn line(self) -> Line<'a> {
        Line { from: Some(self.from), content: self.content, sequence: Some(self.sequence) }
    }
}
