//! Answers: an acknowledgement for who passes a callback, and what everybody is told by events.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::super::{Answering, Outgoing};
use super::event;
use super::shape::{Error, InRoom, RoomParticipants, RoomUsers, outgoing};
use super::topic::Topic;
use crate::domain::command::{Refusal, Reply};
use crate::domain::hall::HallRefusal;

/// How what was asked under `topic` is answered.
pub(in crate::dialect) fn answer(topic: u8, answer: &Result<Reply, Refusal>, say: &mut dyn FnMut(Answering)) {
    say(Answering::Acknowledgement(acknowledgement(answer)));
    let mut tell = |told: Option<Outgoing>| {
        if let Some(told) = told {
            say(Answering::Event(told));
        }
    };
    match answer {
        Ok(Reply::Entered(view)) => {
            tell(outgoing(event::ROOM_USERS, &RoomUsers::new(view)));
            tell(outgoing(event::ROOM_PARTICIPANTS, &RoomParticipants::new(view)));
        }
        Ok(
            Reply::Done
            | Reply::Joined { .. }
            | Reply::Alive { .. }
            | Reply::You { .. }
            | Reply::Sent { .. }
            | Reply::Messages(_)
            | Reply::Missed { .. }
            | Reply::Left { .. }
            | Reply::Over(_),
        ) => {}
        // Events that nobody knows were always passed over: applications send some of their own.
        Err(_) if Topic::numbered(topic) == Topic::Unknown => {}
        Err(refusal) => tell(outgoing(event::ERROR, &error(*refusal))),
    }
}

/// What did not work, and why.
pub(super) fn error(refusal: Refusal) -> Error<'static> {
    let (code, message) = (code(refusal), sentence(refusal));
    Error { code, message, field: field_of(refusal), retry_after_ms: refusal.retry_after_ms() }
}

/// The contract's words; where it has none, the house's.
const fn code(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::NotInRoom => "not_in_room",
        Refusal::Invalid { .. }
        | Refusal::TooLarge { .. }
        | Refusal::UnknownEvent
        | Refusal::NoSuchProposal
        | Refusal::InRoom
        | Refusal::Searching
        | Refusal::CoolingDown { .. }
        | Refusal::RateLimited { .. }
        | Refusal::Busy { .. }
        | Refusal::Unavailable { .. }
        | Refusal::PoolFull { .. }
        | Refusal::TooManyBlocks
        | Refusal::Hall(_) => refusal.code(),
    }
}

const fn field_of(refusal: Refusal) -> Option<&'static str> {
    match refusal {
        Refusal::Invalid { field } | Refusal::TooLarge { field } => Some(field),
        Refusal::UnknownEvent
        | Refusal::NoSuchProposal
        | Refusal::NotInRoom
        | Refusal::InRoom
        | Refusal::Searching
        | Refusal::CoolingDown { .. }
        | Refusal::RateLimited { .. }
        | Refusal::Busy { .. }
        | Refusal::Unavailable { .. }
        | Refusal::PoolFull { .. }
        | Refusal::TooManyBlocks
        | Refusal::Hall(_) => None,
    }
}

/// A refusal for people. Programs read the code.
const fn sentence(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Invalid { .. } => "This is not what the server can read. Correct it and try again.",
        Refusal::TooLarge { .. } => "This is too long. Shorten it and try again.",
        Refusal::UnknownEvent => "This server does not know that event.",
        Refusal::NotInRoom | Refusal::NoSuchProposal => "You are not in that room. Join it first.",
        Refusal::Hall(HallRefusal::NoSuchHall) => "There is no such room. Join it first.",
        Refusal::Hall(HallRefusal::NoSuchMember) => "Nobody in that room has that id.",
        Refusal::Hall(HallRefusal::Full) => "The room is full.",
        Refusal::Hall(HallRefusal::InTooMany) => "You are in too many rooms. Leave one first.",
        Refusal::Hall(HallRefusal::NoMoreHalls) => "There are too many rooms. Try again later.",
        Refusal::InRoom | Refusal::Searching => "Your earlier request is still being handled.",
        Refusal::CoolingDown { .. } | Refusal::RateLimited { .. } => "Too many requests. Wait a moment.",
        Refusal::Busy { .. } => "Your earlier requests are still being handled. Try again in a moment.",
        Refusal::Unavailable { .. } | Refusal::PoolFull { .. } | Refusal::TooManyBlocks => {
            "The service is not available at the moment. Try again in a moment."
        }
    }
}

/// The one argument of a callback.
fn acknowledgement(answer: &Result<Reply, Refusal>) -> Box<RawValue> {
    let written = match answer {
        Ok(Reply::Entered(view)) => to_raw_value(&Joined { ok: true, room: InRoom::new(view) }),
        Ok(
            Reply::Done
            | Reply::Joined { .. }
            | Reply::Alive { .. }
            | Reply::You { .. }
            | Reply::Sent { .. }
            | Reply::Messages(_)
            | Reply::Missed { .. }
            | Reply::Left { .. }
            | Reply::Over(_),
        ) => to_raw_value(&Done { ok: true }),
        Err(refusal) => to_raw_value(&Refused { ok: false, error: error(*refusal) }),
    };
    // It has text keys and is written into memory, so that it does not fail; and a client that waits for an
    // acknowledgement gets one even then.
    written.unwrap_or_else(|_| RawValue::NULL.to_owned())
}

#[derive(Serialize)]
struct Done {
    ok: bool,
}

#[derive(Serialize)]
struct Joined<'a> {
    ok: bool,
    #[serde(flatten)]
    room: InRoom<'a>,
}

#[derive(Serialize)]
struct Refused {
    ok: bool,
    #[serde(flatten)]
    error: Error<'static>,
}
