//! Client to server: every row of the contract's table, in both vocabularies.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::super::Asked;
use super::super::field::{self, pick};
use super::super::json;
use super::super::packet::Packet;
use super::event;
use super::topic::Topic;
use super::writing::Written;
use crate::domain::command::{Command, Refusal, RoomRef};
use crate::domain::criteria::{AgeRange, Criteria, Strict};
use crate::domain::id::{NotAnId, RoomId};
use crate::domain::limits::Limits;
use crate::domain::person::{Attributes, Language, Proficiency};

/// What a message says.
pub(super) const CONTENT: &str = "content";
/// Whether somebody writes.
const IS_TYPING: &str = "isTyping";
/// The room, as the second vocabulary names it.
const ROOM_ID: &str = "roomId";
/// What a message replies to.
pub(super) const REPLY_TO: &str = "replyTo";
/// A client's own name for a message.
const CLIENT_MESSAGE_ID: &str = "clientMessageId";
/// Characters of such a name.
const CLIENT_MESSAGE_ID_CHARACTERS: usize = 64;
/// Bytes of what a message replies to: an id, or a message with some text of it.
const REPLY_TO_BYTES: usize = 2_048;

/// What a client asks by `packet`.
pub(in crate::dialect) fn decode(packet: &str, limits: &Limits) -> Asked {
    let (topic, command) = match Packet::split(packet) {
        Ok(packet) => event(&packet.event, packet.argument(), limits),
        Err(refusal) => (Topic::Unknown, Err(refusal)),
    };
    Asked { topic: topic.number(), command }
}

fn event(name: &str, argument: Option<&RawValue>, limits: &Limits) -> (Topic, Result<Command, Refusal>) {
    match name {
        event::FIND_MATCH => (Topic::Search, Ok(find())),
        event::NEXT_MATCH => (Topic::Search, Ok(skip())),
        event::MATCH_FIND => (Topic::SearchSecond, Ok(find())),
        event::MATCH_SKIP => (Topic::SearchSecond, Ok(skip())),
        event::CANCEL_MATCH | event::MATCH_CANCEL => (Topic::Cancel, Ok(Command::LeaveQueue)),
        event::LEAVE_ROOM => (Topic::Leave, Ok(Command::LeaveRoom(RoomRef::Current))),
        event::ROOM_LEAVE => (Topic::Leave, leave(argument)),
        event::SEND_MESSAGE => (Topic::Send, send(argument, limits)),
        event::MESSAGE_SEND => (Topic::Send, send_fields(argument, limits)),
        event::TYPING => (Topic::Typing, typing(argument)),
        event::USER_TYPING => (Topic::Typing, typing_fields(argument)),
        _ => (Topic::Unknown, Err(Refusal::UnknownEvent)),
    }
}

fn find() -> Command {
    Command::Join { attributes: anybody(), criteria: with_anybody() }
}

fn skip() -> Command {
    Command::Skip { attributes: anybody(), criteria: with_anybody() }
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

fn leave(argument: Option<&RawValue>) -> Result<Command, Refusal> {
    let [room] = pick(argument, [ROOM_ID])?;
    room_meant(room).map(Command::LeaveRoom)
}

/// The first vocabulary's message: a text, or an object around it.
fn send(argument: Option<&RawValue>, limits: &Limits) -> Result<Command, Refusal> {
    if let Some(text) = argument.and_then(json::text) {
        let content = content_of(&text, limits)?;
        let written = Written { reply_to: None, content };
        return Ok(chat(RoomRef::Current, written, None));
    }
    let [content, name] = pick(argument, [CONTENT, CLIENT_MESSAGE_ID])?;
    let text = content.required(json::text)?;
    let written = Written { reply_to: None, content: content_of(&text, limits)? };
    Ok(chat(RoomRef::Current, written, name.optional(message_name)?))
}

fn send_fields(argument: Option<&RawValue>, limits: &Limits) -> Result<Command, Refusal> {
    let [room, content, reply_to, name] = pick(argument, [ROOM_ID, CONTENT, REPLY_TO, CLIENT_MESSAGE_ID])?;
    let text = content.required(json::text)?;
    let content = content_of(&text, limits)?;
    let replied = reply_to.optional(Some)?;
    if replied.is_some_and(|raw| raw.get().len() > REPLY_TO_BYTES) {
        return Err(reply_to.too_large());
    }
    let written = Written { reply_to: replied, content };
    Ok(chat(room_meant(room)?, written, name.optional(message_name)?))
}

fn chat(room: RoomRef, written: Written<'_>, client_message_id: Option<Arc<str>>) -> Command {
    Command::Chat { room, content: written.kept(), client_message_id }
}

fn content_of<'a>(text: &'a str, limits: &Limits) -> Result<&'a str, Refusal> {
    let content = text.trim();
    if content.is_empty() {
        return Err(Refusal::Invalid { field: CONTENT });
    }
    if longer_than(content, limits.chat_characters) {
        return Err(Refusal::TooLarge { field: CONTENT });
    }
    Ok(content)
}

fn typing(argument: Option<&RawValue>) -> Result<Command, Refusal> {
    let on = argument.and_then(json::boolean).ok_or(Refusal::Invalid { field: IS_TYPING })?;
    Ok(Command::Typing { room: RoomRef::Current, on })
}

fn typing_fields(argument: Option<&RawValue>) -> Result<Command, Refusal> {
    let [room, is_typing] = pick(argument, [ROOM_ID, IS_TYPING])?;
    let on = is_typing.required(json::boolean)?;
    Ok(Command::Typing { room: room_meant(room)?, on })
}

/// The room that is named, or the one the client is in: it has no other.
fn room_meant(room: field::Asked<'_>) -> Result<RoomRef, Refusal> {
    match room.optional(json::text)? {
        Some(id) => id.parse::<RoomId>().map(RoomRef::Id).map_err(|NotAnId| Refusal::NotInRoom),
        None => Ok(RoomRef::Current),
    }
}

fn message_name(value: &RawValue) -> Option<Arc<str>> {
    let fits = |id: &Cow<'_, str>| !id.is_empty() && !longer_than(id, CLIENT_MESSAGE_ID_CHARACTERS);
    json::text(value).filter(fits).map(Arc::from)
}

/// Stops counting where it knows.
fn longer_than(text: &str, characters: usize) -> bool {
    text.chars().nth(characters).is_some()
}
