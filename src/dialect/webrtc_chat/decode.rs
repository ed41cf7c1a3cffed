//! Client to server: every row of the contract's table.

use std::sync::Arc;

use serde_json::value::RawValue;

use super::super::Asked;
use super::super::field::{self, pick};
use super::super::json;
use super::super::packet::Packet;
use super::markup;
use super::topic::Topic;
use crate::domain::command::{Command, Refusal, RoomRef};
use crate::domain::criteria::{AgeRange, Criteria, Strict};
use crate::domain::limits::Limits;
use crate::domain::person::{Attributes, Language, Proficiency};
use crate::domain::talk::{Payload, Quality, SignalKind};

/// The language that everybody has in common here, as the tag for an undetermined one.
const ANY_LANGUAGE: &str = "und";
/// What a message is called when it is refused: it is no field, but the event's argument itself.
const MESSAGE: &str = "message";

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
        Topic::FindMatch => anybody().map(|(attributes, criteria)| Command::Join { attributes, criteria }),
        Topic::Skip => anybody().map(|(attributes, criteria)| Command::Skip { attributes, criteria }),
        Topic::CancelMatch => Ok(Command::LeaveQueue),
        Topic::Offer => description(SignalKind::Offer, argument, limits),
        Topic::Answer => description(SignalKind::Answer, argument, limits),
        Topic::Candidate => candidate(argument, limits),
        Topic::Message => message(argument, limits),
        Topic::Quality => quality(argument),
        Topic::Ping | Topic::Validate => Ok(Command::WhoAmI),
        Topic::CallFailed => Ok(Command::CallFailed),
        Topic::Unknown => Err(Refusal::UnknownEvent),
    }
}

/// The one wish there is: to meet anybody.
fn anybody() -> Result<(Attributes, Criteria), Refusal> {
    let language: Language = ANY_LANGUAGE.parse().map_err(|_| Refusal::Invalid { field: "language" })?;
    let attributes = Attributes {
        speaks: language,
        learns: language,
        proficiency: Proficiency::Any,
        age: 0,
        gender: None,
    };
    let criteria =
        Criteria { same_proficiency: false, age: AgeRange::ALL, gender: None, strict: Strict::default() };
    Ok((attributes, criteria))
}

/// `{sdp: {type, sdp}}` as deployed clients send it, or `{sdp, type}` as the documentation says.
fn description(kind: SignalKind, argument: Option<&RawValue>, limits: &Limits) -> Result<Command, Refusal> {
    let [sdp, type_word] = pick(argument, ["sdp", "type"])?;
    let value = sdp.required(Some)?;
    if json::text(value).is_some() {
        type_word.required(json::text)?;
    } else {
        let [text, type_word] = pick(Some(value), ["sdp", "type"])?;
        text.required(json::text)?;
        type_word.required(json::text)?;
    }
    signal(kind, argument, sdp, limits)
}

/// `{candidate: {candidate, sdpMid, sdpMLineIndex}}`, or these three alone.
fn candidate(argument: Option<&RawValue>, limits: &Limits) -> Result<Command, Refusal> {
    let [given] = pick(argument, ["candidate"])?;
    let value = given.required(Some)?;
    let object = if json::text(value).is_some() { argument } else { Some(value) };
    let [text, mid, line] = pick(object, ["candidate", "sdpMid", "sdpMLineIndex"])?;
    text.required(json::text)?;
    mid.optional(json::text)?;
    line.optional(json::whole)?;
    signal(SignalKind::Candidate, argument, given, limits)
}

/// Carries the argument as it is written.
fn signal(
    kind: SignalKind,
    argument: Option<&RawValue>,
    field: field::Asked<'_>,
    limits: &Limits,
) -> Result<Command, Refusal> {
    let written = argument.ok_or(field.invalid())?.get();
    if written.len() > limits.sdp_bytes {
        return Err(field.too_large());
    }
    Ok(Command::Signal { room: RoomRef::Current, kind, payload: Payload(Arc::from(written)) })
}

fn message(argument: Option<&RawValue>, limits: &Limits) -> Result<Command, Refusal> {
    let text = argument.and_then(json::text).ok_or(Refusal::Invalid { field: MESSAGE })?;
    if text.chars().nth(limits.chat_characters).is_some() {
        return Err(Refusal::TooLarge { field: MESSAGE });
    }
    let content = markup::stripped(&text);
    if content.trim().is_empty() {
        return Err(Refusal::Invalid { field: MESSAGE });
    }
    Ok(Command::Chat { room: RoomRef::Current, content: Arc::from(content), client_message_id: None })
}

/// `overall` is the client's own judgement of the figures, in words of its own.
fn quality(argument: Option<&RawValue>) -> Result<Command, Refusal> {
    let [rtt, lost, bandwidth] = pick(argument, ["rtt", "packetsLost", "bandwidth"])?;
    let quality = Quality {
        rtt_ms: rtt.required(measure)?,
        jitter_ms: None,
        // Browsers count a packet that arrived twice as less than none lost.
        packets_lost: lost.optional(json::number)?.map(|lost| lost.max(0.0)),
        bitrate_kbps: bandwidth.optional(measure)?,
    };
    Ok(Command::Quality { room: None, quality })
}

fn measure(value: &RawValue) -> Option<f64> {
    json::number(value).filter(|number| *number >= 0.0)
}
