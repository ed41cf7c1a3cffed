//! What events and acknowledgements are made of. Borrowed, written once.

use std::fmt::Display;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use super::super::Outgoing;
use crate::domain::errand::Kept;
use crate::domain::id::RoomId;
use crate::domain::talk::ChatMessage;
use crate::domain::time::{Time, Utc};

/// Bits of a message's id that are its number in the chat; the others are the chat's.
const SEQUENCE_BITS: u32 = 20;
/// Bits of a whole number that clients can hold exactly.
const EXACT_BITS: u32 = 53;

/// An event with that body. `()` is no argument.
pub(super) fn outgoing(event: &'static str, body: &impl Serialize) -> Outgoing {
    Outgoing { event, argument: raw(body) }
}

/// Every body here has text keys and is written into memory, so that it does not fail; and a client that waits for
/// an acknowledgement gets one even then.
pub(super) fn raw(body: &impl Serialize) -> Box<RawValue> {
    to_raw_value(body).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// Writes something as it is spelled.
pub(super) fn spelled<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// A message's id: a number, as these clients know ids. No two messages of a chat share one, and two of different
/// chats only by an accident of one in 2^33.
const fn message_id(room: RoomId, sequence: u64) -> u64 {
    let of_room = room.number() & ((1 << (EXACT_BITS - SEQUENCE_BITS)) - 1);
    (of_room << SEQUENCE_BITS) | (sequence & ((1 << SEQUENCE_BITS) - 1))
}

/// What a backend wrote on a message.
#[derive(Deserialize)]
struct Stamp<'a> {
    #[serde(borrow)]
    message_id: &'a RawValue,
    #[serde(borrow)]
    created_at: &'a RawValue,
    is_flagged: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum MessageId<'a> {
    Own(u64),
    Given(&'a RawValue),
}

#[derive(Serialize)]
#[serde(untagged)]
enum CreatedAt<'a> {
    Own(#[serde(serialize_with = "spelled")] Utc),
    Given(&'a RawValue),
}

/// A message, to its reader and to its writer.
#[derive(Serialize)]
pub(super) struct MessageBody<'a> {
    message_id: MessageId<'a>,
    sender_guest_id: &'a str,
    content: &'a str,
    created_at: CreatedAt<'a>,
    /// Whether a moderator is to look at it: nobody here judges, but a backend does.
    is_flagged: bool,
    /// Its number among those that its reader receives.
    sequence_number: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_message_id: Option<&'a str>,
}

impl<'a> MessageBody<'a> {
    pub(super) fn new(room: RoomId, message: &'a ChatMessage) -> Self {
        let Kept { stamp, content } = Kept::read(&message.content);
        let stamp: Option<Stamp<'_>> = stamp.and_then(|stamp| serde_json::from_str(stamp).ok());
        let (own_id, own_time) = (message_id(room, message.sequence), message.at.utc());
        Self {
            message_id: stamp
                .as_ref()
                .map_or(MessageId::Own(own_id), |stamp| MessageId::Given(stamp.message_id)),
            sender_guest_id: message.from.as_str(),
            content,
            created_at: stamp
                .as_ref()
                .map_or(CreatedAt::Own(own_time), |stamp| CreatedAt::Given(stamp.created_at)),
            is_flagged: stamp.is_some_and(|stamp| stamp.is_flagged),
            sequence_number: message.own_sequence,
            client_message_id: message.client_message_id.as_deref(),
        }
    }
}

/// A chat is over.
#[derive(Serialize)]
pub(super) struct EndedBody<'a> {
    pub(super) chat_id: u64,
    /// `None` where that is not known any more.
    pub(super) ended_by: Option<&'a str>,
    #[serde(serialize_with = "spelled")]
    ended_at: Utc,
}

impl<'a> EndedBody<'a> {
    pub(super) const fn new(chat_id: u64, ended_by: Option<&'a str>, now: Time) -> Self {
        Self { chat_id, ended_by, ended_at: now.utc() }
    }
}
