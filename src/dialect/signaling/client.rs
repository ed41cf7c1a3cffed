//! The client half of this dialect: commands written, notices read. The exact inverse of `decode` and `notice`.

use std::borrow::Cow;

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use super::super::client::{Hall, HallHeard, Heard, body, packet};
use super::super::field::pick;
use super::super::json;
use super::decode::{ROOM_ID, TARGET_ID, USER_ID};
use super::event;
use crate::domain::command::Command;
use crate::domain::hall::HallCommand;
use crate::domain::talk::SignalKind;

/// The packet that asks for `command`.
pub(in crate::dialect) fn encode(command: &Command) -> Option<String> {
    match command {
        Command::Hall(command) => of_hall(command),
        // Nobody is matched here or talks in rooms of two, and the connection is the sign of life.
        Command::Join { .. }
        | Command::Skip { .. }
        | Command::LeaveQueue
        | Command::Accept(_)
        | Command::Reject(_)
        | Command::Signal { .. }
        | Command::Typing { .. }
        | Command::Heartbeat
        | Command::WhoAmI
        | Command::CallFailed
        | Command::Quality { .. }
        | Command::Chat { .. }
        | Command::Sync { .. }
        | Command::Rejoin { .. }
        | Command::Safety(_)
        | Command::LeaveRoom(_) => None,
    }
}

fn of_hall(command: &HallCommand) -> Option<String> {
    match command {
        HallCommand::Enter { hall, name } => {
            packet(event::JOIN_ROOM, &Join { room_id: hall.as_str(), user_id: name.as_str() })
        }
        HallCommand::Leave { hall } => packet(event::LEAVE_ROOM, &Leave { room_id: hall.as_str() }),
        HallCommand::Signal { hall, to, kind, payload } => {
            let (event, carried) = event::of_signal(*kind)?;
            let value = serde_json::from_str(&payload.0).ok()?;
            packet(event, &Sent { hall: hall.as_str(), to: to.as_str(), carried, value })
        }
    }
}

/// What a client hears.
pub(in crate::dialect) fn hear<'a>(event: &str, argument: Option<&'a RawValue>) -> Option<Heard<'a>> {
    let of_hall = match event {
        event::ERROR => return Some(Heard::Refused { code: body::<NotDone<'_>>(argument)?.code }),
        event::SERVER_SHUTDOWN => return Some(Heard::Ending),
        event::REPLACED => return body::<Replaced<'_>>(argument)?.heard(),
        event::SESSION_RESUMED => {
            let Resumed { rooms } = body(argument)?;
            HallHeard::Resumed(rooms.into_iter().map(InRoom::hall).collect())
        }
        event::ROOM_USERS => HallHeard::Members(body::<InRoom<'_>>(argument)?.hall()),
        event::ROOM_PARTICIPANTS => {
            let Participants { participants } = body(argument)?;
            HallHeard::Members(Hall { hall: None, name: None, others: participants })
        }
        event::USER_JOINED => {
            let Somebody { room_id, user_id, .. } = body(argument)?;
            HallHeard::Joined { hall: room_id, name: user_id }
        }
        event::USER_LEFT => {
            let Somebody { room_id, user_id, reason } = body(argument)?;
            HallHeard::Left { hall: room_id, name: user_id, reason }
        }
        event::USER_AWAY | event::USER_BACK => {
            let Somebody { room_id, user_id, .. } = body(argument)?;
            HallHeard::Member { hall: room_id, name: user_id, here: event == event::USER_BACK }
        }
        _ => relayed(event, argument)?,
    };
    Some(Heard::Hall(of_hall))
}

/// A signal, with its sender under whichever of the three names a server writes.
fn relayed<'a>(event: &str, argument: Option<&'a RawValue>) -> Option<HallHeard<'a>> {
    let (kind, carried) = kind_of(event)?;
    let [hall, from, sender, user, carried] =
        pick(argument, [ROOM_ID, "fromId", "senderId", USER_ID, carried]).ok()?;
    let from = [from, sender, user].into_iter().find(|id| id.is_given())?;
    Some(HallHeard::Signal {
        hall: hall.required(json::text).ok()?,
        from: from.required(json::text).ok()?,
        kind,
        body: carried.required(Some).ok()?,
    })
}

/// What kind of signal that event carries, and under which name.
fn kind_of(event: &str) -> Option<(SignalKind, &'static str)> {
    let kinds = [SignalKind::Offer, SignalKind::Answer, SignalKind::Candidate];
    kinds.into_iter().find_map(|kind| {
        let (_, carried) = event::of_signal(kind).filter(|(name, _)| *name == event)?;
        Some((kind, carried))
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Join<'a> {
    room_id: &'a str,
    user_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Leave<'a> {
    room_id: &'a str,
}

struct Sent<'a> {
    hall: &'a str,
    to: &'a str,
    /// What the field is called that holds it.
    carried: &'static str,
    value: &'a RawValue,
}

impl Serialize for Sent<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry(ROOM_ID, self.hall)?;
        map.serialize_entry(TARGET_ID, self.to)?;
        map.serialize_entry(self.carried, self.value)?;
        map.end()
    }
}

#[derive(Deserialize)]
struct NotDone<'a> {
    #[serde(borrow)]
    code: Cow<'a, str>,
}

/// Out of one room, which is named, or of all.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Replaced<'a> {
    room_id: Option<Cow<'a, str>>,
    user_id: Option<Cow<'a, str>>,
}

impl<'a> Replaced<'a> {
    fn heard(self) -> Option<Heard<'a>> {
        let Some(hall) = self.room_id else { return Some(Heard::Ending) };
        Some(Heard::Hall(HallHeard::Replaced { hall, name: self.user_id? }))
    }
}

#[derive(Deserialize)]
struct Resumed<'a> {
    #[serde(borrow)]
    rooms: Vec<InRoom<'a>>,
}

/// A room that the client is in; who joined is not told its own id.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InRoom<'a> {
    #[serde(borrow)]
    room_id: Cow<'a, str>,
    user_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    users: Vec<User<'a>>,
}

impl<'a> InRoom<'a> {
    fn hall(self) -> Hall<'a> {
        let others = self.users.into_iter().map(|user| user.user_id).collect();
        Hall { hall: Some(self.room_id), name: self.user_id, others }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct User<'a> {
    #[serde(borrow)]
    user_id: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Participants<'a> {
    participants: Vec<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Somebody<'a> {
    #[serde(borrow)]
    room_id: Cow<'a, str>,
    #[serde(borrow)]
    user_id: Cow<'a, str>,
    reason: Option<Cow<'a, str>>,
}
