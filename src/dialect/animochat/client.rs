//! The client half of this dialect: commands written, notices read, in either vocabulary. The exact inverse of
//! `decode` and `notice`.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::super::client::{Heard, Line, Meeting, bare, body, packet};
use super::writing::Written;
use super::{Vocabulary, event};
use crate::domain::command::{Command, RoomRef};

/// What the server says of itself in a room: no person's words.
const SYSTEM: &str = "system";

/// The packet that asks for `command`.
pub(in crate::dialect) fn encode(vocabulary: Vocabulary, command: &Command) -> Option<String> {
    match vocabulary {
        Vocabulary::First | Vocabulary::Unsaid => first(command),
        Vocabulary::Second => second(command),
    }
}

fn first(command: &Command) -> Option<String> {
    match command {
        Command::Join { .. } => bare(event::FIND_MATCH),
        Command::Skip { .. } => bare(event::NEXT_MATCH),
        Command::LeaveQueue => bare(event::CANCEL_MATCH),
        Command::LeaveRoom(RoomRef::Current) => bare(event::LEAVE_ROOM),
        Command::Chat { room: RoomRef::Current, content, client_message_id } => {
            let content = Written::read(content).content;
            match client_message_id.as_deref() {
                None => packet(event::SEND_MESSAGE, &content),
                Some(name) => packet(event::SEND_MESSAGE, &Send { content, client_message_id: name }),
            }
        }
        Command::Typing { room: RoomRef::Current, on } => packet(event::TYPING, on),
        // Nobody is asked before a match or calls, and who is there is told, not asked.
        Command::Accept(_)
        | Command::Reject(_)
        | Command::Signal { .. }
        | Command::Heartbeat
        | Command::WhoAmI
        | Command::CallFailed
        | Command::Quality { .. }
        | Command::Rejoin { .. }
        | Command::Hall(_)
        | Command::Safety(_)
        | Command::Sync { .. }
        // And no room is named.
        | Command::LeaveRoom(_)
        | Command::Chat { .. }
        | Command::Typing { .. } => None,
    }
}

fn second(command: &Command) -> Option<String> {
    match command {
        Command::Join { .. } => bare(event::MATCH_FIND),
        Command::Skip { .. } => bare(event::MATCH_SKIP),
        Command::LeaveQueue => bare(event::MATCH_CANCEL),
        Command::LeaveRoom(room) => packet(event::ROOM_LEAVE, &named(*room)?),
        Command::Chat { room, content, client_message_id } => {
            let Written { reply_to, content } = Written::read(content);
            let client_message_id = client_message_id.as_deref();
            let body = SendFields { room: named(*room)?, content, reply_to, client_message_id };
            packet(event::MESSAGE_SEND, &body)
        }
        Command::Typing { room, on } => {
            packet(event::USER_TYPING, &Typing { room: named(*room)?, is_typing: *on })
        }
        // Nobody is asked before a match or calls, and who is there is told, not asked.
        Command::Accept(_)
        | Command::Reject(_)
        | Command::Signal { .. }
        | Command::Heartbeat
        | Command::WhoAmI
        | Command::CallFailed
        | Command::Quality { .. }
        | Command::Rejoin { .. }
        | Command::Hall(_)
        | Command::Safety(_)
        | Command::Sync { .. } => None,
    }
}

/// The room by its id; the current one is not named.
fn named(room: RoomRef) -> Option<Room> {
    match room {
        RoomRef::Id(id) => Some(Room { room_id: Some(id.to_string()) }),
        RoomRef::Current => Some(Room { room_id: None }),
        RoomRef::Number(_) => None,
    }
}

/// What a client hears.
pub(in crate::dialect) fn hear<'a>(event: &str, argument: Option<&'a RawValue>) -> Option<Heard<'a>> {
    Some(match event {
        event::WELCOME => Heard::Welcome { user: body::<Welcome<'_>>(argument)?.user_id },
        event::RESUMED => match body::<Resumed>(argument)? {
            Resumed::Idle => Heard::Idle,
            Resumed::Waiting => Heard::Waiting,
            // Told by `matched` as well, which these clients act on.
            Resumed::Talking => Heard::Aside,
        },
        event::WAITING | event::MATCH_WAITING => Heard::Waiting,
        event::MATCHED | event::MATCH_SUCCESS => Heard::Ready(body::<Matched<'_>>(argument)?.meeting()),
        event::MESSAGE | event::MESSAGE_RECEIVE => body::<Message<'_>>(argument)?.heard(),
        event::PARTNER_DISCONNECTED | event::PARTNER_LEFT => Heard::PeerLeft,
        event::MATCH_CANCELLED => Heard::Cancelled,
        event::ERROR | event::MATCH_ERROR => body::<Wrong<'_>>(argument)?.heard(),
        event::PARTNER_TYPING | event::PARTNER_TYPING_SECOND | event::ONLINE_COUNT => Heard::Aside,
        event::REPLACED | event::SERVER_SHUTDOWN => Heard::Ending,
        _ => return None,
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Send<'a> {
    content: &'a str,
    client_message_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SendFields<'a> {
    #[serde(flatten)]
    room: Room,
    content: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_message_id: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Room {
    #[serde(skip_serializing_if = "Option::is_none")]
    room_id: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Typing {
    #[serde(flatten)]
    room: Room,
    is_typing: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Welcome<'a> {
    #[serde(borrow)]
    user_id: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
enum Resumed {
    Idle,
    Waiting,
    Talking,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Matched<'a> {
    #[serde(borrow)]
    room_id: Cow<'a, str>,
    #[serde(borrow)]
    partner_id: Cow<'a, str>,
    #[serde(default)]
    resumed: bool,
}

impl<'a> Matched<'a> {
    fn meeting(self) -> Meeting<'a> {
        let Self { room_id, partner_id, resumed } = self;
        // The second vocabulary calls everybody that.
        let partner = (partner_id != super::shape::STRANGER).then_some(partner_id);
        Meeting { room: room_id, partner, resumed, ..Meeting::default() }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    #[serde(borrow)]
    sender_id: Cow<'a, str>,
    #[serde(borrow)]
    content: Cow<'a, str>,
    #[serde(borrow, rename = "type", default)]
    kind: Cow<'a, str>,
}

impl<'a> Message<'a> {
    fn heard(self) -> Heard<'a> {
        if self.kind == SYSTEM {
            return Heard::Aside;
        }
        Heard::Chat(Line { from: Some(self.sender_id), content: self.content, sequence: None })
    }
}

#[derive(Deserialize)]
struct Wrong<'a> {
    #[serde(borrow)]
    message: Cow<'a, str>,
    code: Option<Cow<'a, str>>,
}

impl<'a> Wrong<'a> {
    fn heard(self) -> Heard<'a> {
        if self.message == super::notice::NOBODY {
            return Heard::Expired;
        }
        Heard::Refused { code: self.code.unwrap_or(self.message) }
    }
}
