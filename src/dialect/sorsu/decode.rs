//! Client to server: every row of the contract's table.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::super::Asked;
use super::super::field::{self, pick};
use super::super::json;
use super::super::packet::Packet;
use super::topic::Topic;
use crate::domain::command::{Command, Refusal, RoomRef};
use crate::domain::criteria::{AgeRange, Criteria, Strict};
use crate::domain::errand::Kept;
use crate::domain::limits::Limits;
use crate::domain::person::{Attributes, Language, Proficiency};

const CHAT_ID: &str = "chatId";
const CONTENT: &str = "content";
/// A client's own name for a message.
const CLIENT_MESSAGE_ID: &str = "clientMessageId";
/// Characters of such a name.
const CLIENT_MESSAGE_ID_CHARACTERS: usize = 64;
/// How many of its peer's messages a client knows.
const AFTER_SEQUENCE: &str = "afterSequence";
/// The largest number that clients can hold exactly, and its digits.
const MOST_EXACT: u64 = 9_007_199_254_740_991;
const MOST_DIGITS: usize = 16;

/// What a client asks by `packet`.
pub(in crate::dialect) fn decode(packet: &str, limits: &Limits) -> Asked {
    let packet = match Packet::split(packet) {
        Ok(packet) => packet,
        Err(refusal) => return Asked { topic: Topic::Unknown.number(), command: Err(refusal) },
    };
    let topic = Topic::named(&packet.event);
    Asked { topic: topic.number(), command: command(topic, packet.argument(), limits) }
}

fn command(topic: Topic, argument: Option<&RawValue>, limits: &Limits) -> Result<Command, Refusal> {
    match topic {
        Topic::Join => Ok(Command::Join { attributes: anybody(), criteria: with_anybody() }),
        Topic::Leave => Ok(Command::LeaveQueue),
        Topic::Send => send(argument, limits),
        Topic::TypingStart => typing(argument, true),
        Topic::TypingStop => typing(argument, false),
        Topic::Rejoin => rejoin(argument),
        Topic::End => {
            let [chat] = pick(argument, [CHAT_ID])?;
            chat_meant(chat).map(Command::LeaveRoom)
        }
        Topic::Unknown => Err(Refusal::UnknownEvent),
    }
}

/// These people say nothing of themselves.
fn anybody() -> Attributes {
    let (speaks, learns) = (Language::UNDETERMINED, Language::UNDETERMINED);
    Attributes { speaks, learns, proficiency: Proficiency::Any, age: 0, gender: None }
}

/// And ask for nothing.
fn with_anybody() -> Criteria {
    Criteria { same_proficiency: false, age: AgeRange::ALL, gender: None, strict: Strict::default() }
}

fn send(argument: Option<&RawValue>, limits: &Limits) -> Result<Command, Refusal> {
    let [chat, content, name] = pick(argument, [CHAT_ID, CONTENT, CLIENT_MESSAGE_ID])?;
    let room = chat_meant(chat)?;
    let text = content.required(json::text)?;
    if text.trim().is_empty() {
        return Err(content.invalid());
    }
    if longer_than(&text, limits.chat_characters) {
        return Err(content.too_large());
    }
    let client_message_id = name.optional(message_name)?;
    let content = Kept { stamp: None, content: &text }.write();
    Ok(Command::Chat { room, content, client_message_id })
}

fn typing(argument: Option<&RawValue>, on: bool) -> Result<Command, Refusal> {
    let [chat] = pick(argument, [CHAT_ID])?;
    Ok(Command::Typing { room: chat_meant(chat)?, on })
}

fn rejoin(argument: Option<&RawValue>) -> Result<Command, Refusal> {
    let [chat, after] = pick(argument, [CHAT_ID, AFTER_SEQUENCE])?;
    let room = chat_meant(chat)?;
    Ok(Command::Rejoin { room, after: after.optional(json::whole)?.unwrap_or(0) })
}

/// A chat by its number, which some clients write as a text.
fn chat_meant(chat: field::Asked<'_>) -> Result<RoomRef, Refusal> {
    chat.required(|value| json::whole(value).or_else(|| json::text(value).and_then(|text| digits(&text))))
        .map(RoomRef::Number)
}

fn digits(text: &str) -> Option<u64> {
    let plain = (1..=MOST_DIGITS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| plain && *number <= MOST_EXACT)
}

fn message_name(value: &RawValue) -> Option<Arc<str>> {
    let fits = |id: &Cow<'_, str>| !id.is_empty() && !longer_than(id, CLIENT_MESSAGE_ID_CHARACTERS);
    json::text(value).filter(fits).map(Arc::from)
}

/// Stops counting where it knows.
fn longer_than(text: &str, characters: usize) -> bool {
    text.chars().nth(characters).is_some()
}
