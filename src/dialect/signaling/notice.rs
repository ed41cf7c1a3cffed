//! Server to client, unasked: every row of the contract's table.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::super::Outgoing;
use super::answer::error;
use super::event;
use super::shape::{InRoom, outgoing};
use crate::domain::command::Refusal;
use crate::domain::hall::HallNotice;
use crate::domain::id::{HallName, MemberName};
use crate::domain::notice::Notice;
use crate::domain::talk::{Payload, SignalKind};

/// How these clients are told.
pub(in crate::dialect) fn notice(notice: &Notice) -> Option<Outgoing> {
    match notice {
        Notice::Hall(about_hall) => of_hall(about_hall),
        Notice::RateLimited { scope, retry_after_ms } => {
            let (scope, retry_after_ms) = (*scope, *retry_after_ms);
            outgoing(event::ERROR, &error(Refusal::RateLimited { scope, retry_after_ms }))
        }
        Notice::Shutdown { retry_after_ms } => {
            let message = "The server goes down. Come back in a moment.";
            outgoing(event::SERVER_SHUTDOWN, &Shutdown { message, retry_after_ms: *retry_after_ms })
        }
        Notice::Replaced => {
            let message = "You connected somewhere else; that connection goes on.";
            outgoing(event::REPLACED, &Replaced { room_id: None, user_id: None, message })
        }
        // Nobody is welcomed or matched here, or talks in rooms of two, and nobody who is silent is closed. What goes on
        // for who is back is said hall by hall.
        Notice::Welcome { .. }
        | Notice::Resumed(_)
        | Notice::MatchFound(_)
        | Notice::MatchAccepted { .. }
        | Notice::MatchReady { .. }
        | Notice::MatchFailed { .. }
        | Notice::Position { .. }
        | Notice::WaitingExpired
        | Notice::Signal { .. }
        | Notice::Typing { .. }
        | Notice::Quality { .. }
        | Notice::Chat { .. }
        | Notice::PeerAway { .. }
        | Notice::PeerBack { .. }
        | Notice::PeerLeft { .. }
        | Notice::Online { .. }
        | Notice::Inactive => None,
    }
}

fn of_hall(notice: &HallNotice) -> Option<Outgoing> {
    match notice {
        HallNotice::Resumed(views) => {
            let rooms = views.iter().map(InRoom::new).collect();
            outgoing(event::SESSION_RESUMED, &Resumed { rooms })
        }
        HallNotice::Joined { hall, name } => outgoing(event::USER_JOINED, &Somebody::new(hall, name)),
        HallNotice::Left { hall, name, leaving } => {
            let left = Somebody { reason: Some(leaving.as_str()), ..Somebody::new(hall, name) };
            outgoing(event::USER_LEFT, &left)
        }
        HallNotice::Away { hall, name, grace_ms } => {
            outgoing(event::USER_AWAY, &Somebody { grace_ms: Some(*grace_ms), ..Somebody::new(hall, name) })
        }
        HallNotice::Back { hall, name } => outgoing(event::USER_BACK, &Somebody::new(hall, name)),
        HallNotice::Signal { hall, from, to, kind, payload } => relay(hall, from, to, *kind, payload),
        HallNotice::Replaced { hall, name } => {
            let (room_id, user_id) = (Some(hall.as_str()), Some(name.as_str()));
            let message = "Somebody joined the room by the same id.";
            outgoing(event::REPLACED, &Replaced { room_id, user_id, message })
        }
    }
}

/// What is carried, with the sender's id under all three names that clients read. Nothing for what `decode` does not
/// make: it may come from another node, and what is not JSON would end the receiver's connection.
fn relay(
    hall: &HallName,
    from: &MemberName,
    to: &MemberName,
    kind: SignalKind,
    payload: &Payload,
) -> Option<Outgoing> {
    let (event, carried) = event::of_signal(kind)?;
    let value: &RawValue = serde_json::from_str(&payload.0).ok()?;
    outgoing(event, &Relayed { hall, from, to, carried, value })
}

struct Relayed<'a> {
    hall: &'a HallName,
    from: &'a MemberName,
    to: &'a MemberName,
    /// What the field is called that holds it.
    carried: &'static str,
    value: &'a RawValue,
}

impl Serialize for Relayed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let from = self.from.as_str();
        let mut map = serializer.serialize_map(Some(6))?;
        map.serialize_entry("roomId", self.hall.as_str())?;
        map.serialize_entry("fromId", from)?;
        map.serialize_entry("senderId", from)?;
        map.serialize_entry("userId", from)?;
        map.serialize_entry("targetUserId", self.to.as_str())?;
        map.serialize_entry(self.carried, self.value)?;
        map.end()
    }
}

#[derive(Serialize)]
struct Resumed<'a> {
    rooms: Vec<InRoom<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Somebody<'a> {
    room_id: &'a str,
    user_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// How long the place is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    grace_ms: Option<u64>,
}

impl<'a> Somebody<'a> {
    fn new(hall: &'a HallName, name: &'a MemberName) -> Self {
        Self { room_id: hall.as_str(), user_id: name.as_str(), reason: None, grace_ms: None }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replaced<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    room_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    message: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shutdown {
    message: &'static str,
    retry_after_ms: u64,
}
