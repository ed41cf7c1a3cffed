//! What events and acknowledgements are made of. Borrowed, written once.

use std::fmt::{self, Display};

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::writing::Written;
use crate::domain::id::RoomId;
use crate::domain::talk::ChatMessage;
use crate::domain::time::Time;

/// Who says what no person says.
const SYSTEM: &str = "system";
/// What two who meet are told.
const GREETING: &str = "You are now chatting with a stranger. Say hi!";
/// What the second vocabulary calls everybody.
pub(super) const STRANGER: &str = "Stranger";

/// Writes something as it is spelled.
pub(super) fn spelled<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// The message of that number in a room. Numbers begin at 1: 0 is the greeting.
struct MessageId(RoomId, u64);

impl Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.0, self.1)
    }
}

/// A message, in the first vocabulary.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MessageBody<'a> {
    #[serde(serialize_with = "spelled")]
    id: MessageId,
    #[serde(serialize_with = "spelled")]
    room_id: RoomId,
    sender_id: &'a str,
    content: &'a str,
    timestamp: u64,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_message_id: Option<&'a str>,
}

impl<'a> MessageBody<'a> {
    pub(super) fn new(room: RoomId, message: &'a ChatMessage) -> Self {
        Self {
            id: MessageId(room, message.sequence),
            room_id: room,
            sender_id: message.from.as_str(),
            content: Written::read(&message.content).content,
            timestamp: message.at.as_ms(),
            kind: "text",
            client_message_id: message.client_message_id.as_deref(),
        }
    }
}

impl MessageBody<'static> {
    pub(super) fn greeting(room: RoomId, now: Time) -> Self {
        Self {
            id: MessageId(room, 0),
            room_id: room,
            sender_id: SYSTEM,
            content: GREETING,
            timestamp: now.as_ms(),
            kind: SYSTEM,
            client_message_id: None,
        }
    }
}

/// A message, in the second.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReceivedBody<'a> {
    #[serde(serialize_with = "spelled")]
    id: MessageId,
    sender_id: &'a str,
    content: &'a str,
    timestamp: u64,
    #[serde(rename = "type")]
    kind: &'static str,
    reply_to: Option<&'a RawValue>,
}

impl<'a> ReceivedBody<'a> {
    pub(super) fn new(room: RoomId, message: &'a ChatMessage) -> Self {
        let Written { reply_to, content } = Written::read(&message.content);
        Self {
            id: MessageId(room, message.sequence),
            sender_id: message.from.as_str(),
            content,
            timestamp: message.at.as_ms(),
            kind: "text",
            reply_to,
        }
    }
}

/// Two met.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Matched<'a> {
    #[serde(serialize_with = "spelled")]
    room_id: RoomId,
    partner_id: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    resumed: bool,
}

impl<'a> Matched<'a> {
    pub(super) fn first(room_id: RoomId, partner_id: &'a str, resumed: bool) -> Self {
        Self { room_id, partner_id, resumed }
    }

    pub(super) fn second(room_id: RoomId, resumed: bool) -> Self {
        Self { room_id, partner_id: STRANGER, resumed }
    }
}

/// The peer writes, or no longer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TypingBody {
    pub(super) is_typing: bool,
}

/// Something is wrong.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ErrorBody<M: Display> {
    #[serde(serialize_with = "spelled")]
    pub(super) message: M,
    pub(super) code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) retry_after_ms: Option<u64>,
}
