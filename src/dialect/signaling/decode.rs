//! Client to server: every row of the contract's table.

use serde_json::value::RawValue;

use super::super::Asked;
use super::super::field::{self, pick};
use super::super::json;
use super::super::packet::Packet;
use super::topic::Topic;
use crate::domain::command::{Command, Refusal};
use crate::domain::hall::HallCommand;
use crate::domain::id::{HallName, MemberName};
use crate::domain::limits::{HALL_NAME_CHARACTERS, Limits};
use crate::domain::talk::{Payload, SignalKind};

pub(super) const ROOM_ID: &str = "roomId";
pub(super) const USER_ID: &str = "userId";
pub(super) const TARGET_ID: &str = "targetId";

/// What a client asks by `packet`.
pub(in crate::dialect) fn decode(packet: &str, limits: &Limits) -> Asked {
    let packet = match Packet::split(packet) {
        Ok(packet) => packet,
        Err(refusal) => return Asked { topic: Topic::Unknown.number(), command: Err(refusal) },
    };
    let topic = Topic::named(&packet.event);
    Asked { topic: topic.number(), command: command(topic, &packet, limits).map(Command::Hall) }
}

fn command(topic: Topic, packet: &Packet<'_>, limits: &Limits) -> Result<HallCommand, Refusal> {
    match topic {
        Topic::Join => join(packet),
        Topic::Leave => leave(packet),
        Topic::Offer => signal(SignalKind::Offer, "offer", packet.argument(), limits),
        Topic::Answer => signal(SignalKind::Answer, "answer", packet.argument(), limits),
        Topic::Candidate => signal(SignalKind::Candidate, "candidate", packet.argument(), limits),
        Topic::Unknown => Err(Refusal::UnknownEvent),
    }
}

/// `{roomId, userId}`, or the two as two arguments.
fn join(packet: &Packet<'_>) -> Result<HallCommand, Refusal> {
    let [first, second, ..] = packet.arguments;
    if let Some(room) = first.filter(|first| json::text(first).is_some()) {
        let hall = name(Some(room), ROOM_ID)?;
        return Ok(HallCommand::Enter {
            hall: HallName::new(hall),
            name: MemberName::new(name(second, USER_ID)?),
        });
    }
    let [room, user] = pick(first, [ROOM_ID, USER_ID])?;
    let (hall, name) = (named(room)?, named(user)?);
    Ok(HallCommand::Enter { hall: HallName::new(hall), name: MemberName::new(name) })
}

/// `{roomId}`, or it and who leaves as two arguments: it is always the one who says so.
fn leave(packet: &Packet<'_>) -> Result<HallCommand, Refusal> {
    let first = packet.argument();
    if let Some(room) = first.filter(|first| json::text(first).is_some()) {
        return Ok(HallCommand::Leave { hall: HallName::new(name(Some(room), ROOM_ID)?) });
    }
    let [room] = pick(first, [ROOM_ID])?;
    Ok(HallCommand::Leave { hall: HallName::new(named(room)?) })
}

/// `{roomId, targetId, <what is carried>}`; deployed clients say `targetUserId`.
fn signal(
    kind: SignalKind,
    carried: &'static str,
    argument: Option<&RawValue>,
    limits: &Limits,
) -> Result<HallCommand, Refusal> {
    let [room, target, target_user, carried] = pick(argument, [ROOM_ID, TARGET_ID, "targetUserId", carried])?;
    let hall = HallName::new(named(room)?);
    let to = if target.is_given() || !target_user.is_given() { target } else { target_user };
    let to = MemberName::new(named(to)?);
    let value = carried.required(Some)?.get();
    if value.len() > limits.sdp_bytes {
        return Err(carried.too_large());
    }
    Ok(HallCommand::Signal { hall, to, kind, payload: Payload(value.into()) })
}

/// A name that is an argument of its own.
fn name(value: Option<&RawValue>, field: &'static str) -> Result<String, Refusal> {
    let text = value.and_then(json::text).ok_or(Refusal::Invalid { field })?;
    check(&text).map_err(
        |too_long| {
            if too_long { Refusal::TooLarge { field } } else { Refusal::Invalid { field } }
        },
    )?;
    Ok(text.into_owned())
}

/// A name that is a field.
fn named(field: field::Asked<'_>) -> Result<String, Refusal> {
    let text = field.required(json::text)?;
    check(&text).map_err(|too_long| if too_long { field.too_large() } else { field.invalid() })?;
    Ok(text.into_owned())
}

/// Whether it can be a name: of some characters and not too many. The error says whether there are too many.
fn check(text: &str) -> Result<(), bool> {
    let characters = text.chars().take(HALL_NAME_CHARACTERS + 1).count();
    match characters {
        0 => Err(false),
        _ if characters > HALL_NAME_CHARACTERS => Err(true),
        _ => Ok(()),
    }
}
