//! Client to server: every row of the contract's table.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::super::field::{Asked, pick};
use super::super::json;
use super::super::packet::Packet;
use super::{event, join, signal};
use crate::domain::command::{Command, Refusal};
use crate::domain::id::{NotAnId, ProposalId, RoomId, UserId};
use crate::domain::limits::Limits;
use crate::domain::safety::{ReportReason, SafetyCommand};
use crate::domain::talk::{Quality, SignalKind};

/// The room, as these clients call it.
pub(super) const SESSION_ID: &str = "sessionId";
/// The other one, as these clients call it.
const USER_ID: &str = "userId";
/// The longest id that a user has, bytes.
const USER_ID_BYTES: usize = 128;
/// Characters of a client's own name for a message: the contract's length of a text field.
const CLIENT_MESSAGE_ID_CHARACTERS: usize = 64;

/// What a client asks by `packet`.
pub(in crate::dialect) fn decode(packet: &str, limits: &Limits) -> Result<Command, Refusal> {
    let packet = Packet::split(packet)?;
    let argument = packet.argument();
    match packet.event.as_ref() {
        event::JOIN_QUEUE => join::join(argument),
        event::LEAVE_QUEUE => Ok(Command::LeaveQueue),
        event::ACCEPT_MATCH => proposal(argument).map(Command::Accept),
        event::REJECT_MATCH => proposal(argument).map(Command::Reject),
        event::OFFER => signal::signal(SignalKind::Offer, argument, limits),
        event::ANSWER => signal::signal(SignalKind::Answer, argument, limits),
        event::ICE_CANDIDATE => signal::signal(SignalKind::Candidate, argument, limits),
        event::CONNECTION_READY => signal::signal(SignalKind::Ready, argument, limits),
        event::SIGNAL => signal::signal(SignalKind::Other, argument, limits),
        event::HEARTBEAT => Ok(Command::Heartbeat),
        event::QUALITY => quality(argument),
        event::CHAT_SEND => chat(argument, limits),
        event::CHAT_SYNC => sync(argument),
        event::LEAVE_SESSION => leave(argument),
        event::BLOCK => block(argument),
        event::REPORT => report(argument),
        _ => Err(Refusal::UnknownEvent),
    }
}

/// Of `{matchId, sessionId}` the first alone counts: it names the session as well.
fn proposal(argument: Option<&RawValue>) -> Result<ProposalId, Refusal> {
    let [id] = pick(argument, ["matchId"])?;
    id.required(json::text)?.parse().map_err(|NotAnId| Refusal::NoSuchProposal)
}

fn quality(argument: Option<&RawValue>) -> Result<Command, Refusal> {
    let [session, rtt, jitter, lost, bitrate] =
        pick(argument, [SESSION_ID, "rtt_ms", "jitter_ms", "packets_lost", "bitrate_kbps"])?;
    let room = if session.is_given() { Some(room(session)?) } else { None };
    let quality = Quality {
        rtt_ms: rtt.required(measure)?,
        jitter_ms: jitter.optional(measure)?,
        // Browsers count a packet that arrived twice as less than none lost.
        packets_lost: lost.optional(json::number)?.map(|lost| lost.max(0.0)),
        bitrate_kbps: bitrate.optional(measure)?,
    };
    Ok(Command::Quality { room, quality })
}

fn chat(argument: Option<&RawValue>, limits: &Limits) -> Result<Command, Refusal> {
    let [session, content, client_message_id] = pick(argument, [SESSION_ID, "content", "clientMessageId"])?;
    let room = room(session)?;
    let text = content.required(json::text)?;
    if text.trim().is_empty() {
        return Err(content.invalid());
    }
    if longer_than(&text, limits.chat_characters) {
        return Err(content.too_large());
    }
    let client_message_id = client_message_id.optional(client_message_id_text)?;
    Ok(Command::Chat { room: room.into(), content: Arc::from(text), client_message_id })
}

fn sync(argument: Option<&RawValue>) -> Result<Command, Refusal> {
    let [session, after] = pick(argument, [SESSION_ID, "after"])?;
    Ok(Command::Sync { room: room(session)?.into(), after: after.optional(json::whole)?.unwrap_or(0) })
}

fn leave(argument: Option<&RawValue>) -> Result<Command, Refusal> {
    let [session] = pick(argument, [SESSION_ID])?;
    room(session).map(|room| Command::LeaveRoom(room.into()))
}

fn block(argument: Option<&RawValue>) -> Result<Command, Refusal> {
    let [user] = pick(argument, [USER_ID])?;
    let id = user.required(json::text)?;
    if id.is_empty() || id.len() > USER_ID_BYTES {
        return Err(user.invalid());
    }
    Ok(Command::Safety(SafetyCommand::Block(UserId::new(id.into_owned()))))
}

fn report(argument: Option<&RawValue>) -> Result<Command, Refusal> {
    let [session, reason] = pick(argument, [SESSION_ID, "reason"])?;
    let room = room(session)?;
    let reason = reason.required(|value| ReportReason::named(&json::text(value)?))?;
    Ok(Command::Safety(SafetyCommand::Report { room, reason }))
}

fn room(session: Asked<'_>) -> Result<RoomId, Refusal> {
    room_id(&session.required(json::text)?)
}

/// A text that is not written like an id names no room that anybody is in.
pub(super) fn room_id(text: &str) -> Result<RoomId, Refusal> {
    text.parse().map_err(|NotAnId| Refusal::NotInRoom)
}

fn measure(value: &RawValue) -> Option<f64> {
    json::number(value).filter(|number| *number >= 0.0)
}

fn client_message_id_text(value: &RawValue) -> Option<Arc<str>> {
    let fits = |id: &Cow<'_, str>| !id.is_empty() && !longer_than(id, CLIENT_MESSAGE_ID_CHARACTERS);
    json::text(value).filter(fits).map(Arc::from)
}

/// Stops counting where it knows.
fn longer_than(text: &str, characters: usize) -> bool {
    text.chars().nth(characters).is_some()
}
