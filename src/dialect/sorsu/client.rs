//! The client half of this dialect: commands written, notices read. The exact inverse of `decode` and `notice`.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::super::client::{Heard, Line, Meeting, bare, body, packet};
use super::event;
use crate::domain::command::{Command, RoomRef};
use crate::domain::errand::Kept;

/// The packet that asks for `command`.
pub(in crate::dialect) fn encode(command: &Command) -> Option<String> {
    match command {
        Command::Join { .. } => bare(event::PRESENCE_JOIN),
        Command::LeaveQueue => bare(event::PRESENCE_LEAVE),
        Command::Chat { room, content, client_message_id } => {
            send(number(*room)?, content, client_message_id.as_deref())
        }
        Command::Typing { room, on } => {
            let event = if *on { event::TYPING_START } else { event::TYPING_STOP };
            packet(event, &Chat { chat_id: number(*room)? })
        }
        Command::Rejoin { room, after } => {
            packet(event::CHAT_REJOIN, &Rejoin { chat_id: number(*room)?, after_sequence: *after })
        }
        Command::LeaveRoom(room) => packet(event::CHAT_END, &Chat { chat_id: number(*room)? }),
        // Nobody is asked before a match, skips, calls or enters halls, and the connection is the sign of life.
        Command::Skip { .. }
        | Command::Accept(_)
        | Command::Reject(_)
        | Command::Signal { .. }
        | Command::Heartbeat
        | Command::WhoAmI
        | Command::CallFailed
        | Command::Quality { .. }
        | Command::Sync { .. }
        | Command::Safety(_)
        | Command::Hall(_) => None,
    }
}

fn send(chat_id: u64, kept: &str, client_message_id: Option<&str>) -> Option<String> {
    let Kept { stamp, content } = Kept::read(kept);
    // Only a backend stamps messages.
    if stamp.is_some() {
        return None;
    }
    packet(event::MESSAGE_SEND, &Send { chat_id, content, client_message_id })
}

/// These clients name a room by its number.
const fn number(room: RoomRef) -> Option<u64> {
    match room {
        RoomRef::Number(number) => Some(number),
        RoomRef::Id(_) | RoomRef::Current => None,
    }
}

/// What a client hears.
pub(in crate::dialect) fn hear<'a>(event: &str, argument: Option<&'a RawValue>) -> Option<Heard<'a>> {
    Some(match event {
        event::WELCOME => Heard::Welcome { user: body::<Welcome<'_>>(argument)?.guest_id },
        event::RESUMED => body::<Resumed<'_>>(argument)?.heard(),
        event::MATCH_FOUND => Heard::Ready(body::<Found<'_>>(argument)?.meeting(false)),
        event::MESSAGE => Heard::Chat(body::<Message<'_>>(argument)?.line()),
        // Also told to the one who ended it.
        event::CHAT_ENDED => Heard::PeerLeft,
        event::RATE_LIMITED => Heard::Refused { code: Cow::Borrowed(event::RATE_LIMITED) },
        event::REPLACED | event::SERVER_SHUTDOWN => Heard::Ending,
        event::TYPING => Heard::Aside,
        _ => return None,
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Chat {
    chat_id: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Send<'a> {
    chat_id: u64,
    content: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_message_id: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rejoin {
    chat_id: u64,
    after_sequence: u64,
}

#[derive(Deserialize)]
struct Welcome<'a> {
    #[serde(borrow)]
    guest_id: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Found<'a> {
    chat_id: u64,
    #[serde(borrow)]
    partner_id: Cow<'a, str>,
}

impl<'a> Found<'a> {
    fn meeting(self, resumed: bool) -> Meeting<'a> {
        let Self { chat_id, partner_id } = self;
        let room = Cow::Owned(chat_id.to_string());
        Meeting { room, partner: Some(partner_id), resumed, ..Meeting::default() }
    }
}

#[derive(Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
enum Resumed<'a> {
    Idle,
    Waiting,
    #[serde(borrow)]
    Talking(Found<'a>),
}

impl<'a> Resumed<'a> {
    fn heard(self) -> Heard<'a> {
        match self {
            Self::Idle => Heard::Idle,
            Self::Waiting => Heard::Waiting,
            Self::Talking(found) => Heard::Ready(found.meeting(true)),
        }
    }
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    sender_guest_id: Cow<'a, str>,
    #[serde(borrow)]
    content: Cow<'a, str>,
}

impl<'a> Message<'a> {
    fn line(self) -> Line<'a> {
        // Messages are numbered for each reader: their place in the room is not told.
        Line { from: Some(self.sender_guest_id), content: self.content, sequence: None }
    }
}
