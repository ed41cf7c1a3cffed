//! What events are made of. Borrowed, written once.

use serde::Serialize;
use serde_json::value::to_raw_value;

use super::super::Outgoing;
use crate::domain::hall::HallView;
use crate::domain::id::MemberName;

/// An event with that body. Every body here has text keys and writes into memory, so that none is refused.
pub(super) fn outgoing(event: &'static str, body: &impl Serialize) -> Option<Outgoing> {
    to_raw_value(body).ok().map(|argument| Outgoing { event, argument })
}

/// A member, as lists of them have it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct User<'a> {
    user_id: &'a str,
}

pub(super) fn users(names: &[MemberName]) -> Vec<User<'_>> {
    names.iter().map(|name| User { user_id: name.as_str() }).collect()
}

pub(super) fn participants(names: &[MemberName]) -> Vec<&str> {
    names.iter().map(MemberName::as_str).collect()
}

/// Who is in a room already.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RoomUsers<'a> {
    room_id: &'a str,
    users: Vec<User<'a>>,
}

impl<'a> RoomUsers<'a> {
    pub(super) fn new(view: &'a HallView) -> Self {
        Self { room_id: view.hall.as_str(), users: users(&view.others) }
    }
}

/// The same for deployed clients.
#[derive(Serialize)]
pub(super) struct RoomParticipants<'a> {
    participants: Vec<&'a str>,
}

impl<'a> RoomParticipants<'a> {
    pub(super) fn new(view: &'a HallView) -> Self {
        Self { participants: participants(&view.others) }
    }
}

/// A room that the client is in.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InRoom<'a> {
    room_id: &'a str,
    user_id: &'a str,
    users: Vec<User<'a>>,
}

impl<'a> InRoom<'a> {
    pub(super) fn new(view: &'a HallView) -> Self {
        Self { room_id: view.hall.as_str(), user_id: view.name.as_str(), users: users(&view.others) }
    }
}

/// Something did not work.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Error<'a> {
    pub(super) code: &'a str,
    pub(super) message: &'a str,
    /// Which part of what was sent is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) field: Option<&'static str>,
    /// Milliseconds, where trying again makes sense.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) retry_after_ms: Option<u64>,
}
