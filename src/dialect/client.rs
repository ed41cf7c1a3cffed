//! The client half: how a client writes what it asks, and what it makes of what it hears. For programs that play
//! clients; the server uses none of it.
//!
//! Ids are the texts that a server spells them with: any server of the family may be asked, and not all write
//! theirs as this one does.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use super::packet::Packet;
use super::{Dialect, animochat, json, qala, signaling, sorsu, webrtc_chat};
use crate::domain::command::{Command, RoomRef};
use crate::domain::talk::SignalKind;

/// Two who are brought together, as one of them is told. What a dialect does not tell is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meeting<'a> {
    /// What to accept or reject, where one is asked.
    pub proposal: Option<Cow<'a, str>>,
    /// Where they talk.
    pub room: Cow<'a, str>,
    /// The other one.
    pub partner: Option<Cow<'a, str>>,
    /// How far the own wishes had relaxed, 0 to 4.
    pub stage: Option<u8>,
    /// Whether to start the call.
    pub initiator: Option<bool>,
    /// Told again, to a client that came back.
    pub resumed: bool,
}

/// A chat message, as its reader hears it. What a dialect does not tell is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Who wrote it.
    pub from: Option<Cow<'a, str>>,
    /// The text.
    pub content: Cow<'a, str>,
    /// Its place in the room.
    pub sequence: Option<u64>,
}

/// A hall, as one of its members is told of it. What an event does not tell is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hall<'a> {
    /// Which.
    pub hall: Option<Cow<'a, str>>,
    /// What you are called there.
    pub name: Option<Cow<'a, str>>,
    /// The others, who came first, first.
    pub others: Vec<Cow<'a, str>>,
}

/// What a client hears of a hall.
#[derive(Clone, Debug)]
pub enum HallHeard<'a> {
    /// You came back, and still are in these.
    Resumed(Vec<Hall<'a>>),
    /// You came in, and these are there already.
    Members(Hall<'a>),
    /// Somebody came in.
    Joined {
        /// Where.
        hall: Cow<'a, str>,
        /// Who.
        name: Cow<'a, str>,
    },
    /// Somebody is gone.
    Left {
        /// Where.
        hall: Cow<'a, str>,
        /// Who.
        name: Cow<'a, str>,
        /// The dialect's word for why, where it is told.
        reason: Option<Cow<'a, str>>,
    },
    /// Somebody is away, or back.
    Member {
        /// Where.
        hall: Cow<'a, str>,
        /// Who.
        name: Cow<'a, str>,
        /// Whether it is there.
        here: bool,
    },
    /// Somebody sends you this.
    Signal {
        /// Where.
        hall: Cow<'a, str>,
        /// Who.
        from: Cow<'a, str>,
        /// What kind.
        kind: SignalKind,
        /// What, as it is written.
        body: &'a RawValue,
    },
    /// Somebody came in by your name: you are out.
    Replaced {
        /// Where.
        hall: Cow<'a, str>,
        /// The name.
        name: Cow<'a, str>,
    },
}

/// What a client hears, as far as it matters to one that waits, meets and talks, or is in halls.
#[derive(Clone, Debug)]
pub enum Heard<'a> {
    /// First of all: who you are here.
    Welcome {
        /// Your id, as others see it.
        user: Cow<'a, str>,
    },
    /// You came back, and nothing goes on.
    Idle,
    /// You are waiting.
    Waiting,
    /// Somebody was found: say whether you want to.
    Found(Meeting<'a>),
    /// The other one wants to.
    Accepted,
    /// You are in a room.
    Ready(Meeting<'a>),
    /// The proposal came to nothing.
    Failed {
        /// Which.
        proposal: Cow<'a, str>,
        /// Whether you are waiting again.
        requeued: bool,
    },
    /// You wait no longer, and did not ask for that.
    Expired,
    /// You wait no longer, as you asked.
    Cancelled,
    /// Your peer sends this.
    Signal {
        /// What kind.
        kind: SignalKind,
        /// What, as it is written.
        body: &'a RawValue,
    },
    /// Somebody wrote this, maybe yourself.
    Chat(Line<'a>),
    /// Your peer is away, or back.
    Peer {
        /// Whether it is there.
        here: bool,
    },
    /// Your peer will not come back; the room is over.
    PeerLeft,
    /// Something was refused.
    Refused {
        /// The dialect's word for why.
        code: Cow<'a, str>,
    },
    /// The connection is about to be closed by the server.
    Ending,
    /// Something about a hall.
    Hall(HallHeard<'a>),
    /// Nothing that such a client acts on.
    Aside,
    /// Nothing that this dialect has.
    Unknown,
}

/// What an acknowledgement says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered<'a> {
    /// It was done.
    Done {
        /// The number that a chat message has in its room, where it is told.
        sequence: Option<u64>,
    },
    /// It was not.
    Refused {
        /// The dialect's word for why.
        code: Cow<'a, str>,
    },
}

impl Dialect {
    /// The packet `["event", argument]` that asks for `command`: [`Dialect::decode`] makes the same command of it.
    /// `None` for what this dialect has no event for.
    pub fn encode(self, command: &Command) -> Option<String> {
        match self {
            Self::Qala => qala::encode(command),
            Self::Animochat(vocabulary) => animochat::encode(vocabulary, command),
            Self::WebrtcChat => webrtc_chat::encode(command),
            Self::Signaling => signaling::encode(command),
            Self::Sorsu => sorsu::encode(command),
        }
    }

    /// The command that carries `body` (JSON: a session description, or a candidate) to the peer. `None` where the
    /// dialect carries no such signals. Members of a hall name their receiver, by a command about the hall.
    pub fn signal(self, room: RoomRef, kind: SignalKind, body: &str) -> Option<Command> {
        match self {
            Self::Qala => qala::signal_of(room, kind, body),
            Self::Animochat(_) | Self::Signaling | Self::Sorsu => None,
            Self::WebrtcChat => webrtc_chat::signal_of(kind, body),
        }
    }

    /// What a client hears by `packet`, the JSON text `["event", argument]`.
    pub fn hear(self, packet: &str) -> Heard<'_> {
        let Ok(packet) = Packet::split(packet) else { return Heard::Unknown };
        let argument = packet.argument();
        let heard = match self {
            Self::Qala => qala::hear(&packet.event, argument),
            Self::Animochat(_) => animochat::hear(&packet.event, argument),
            Self::WebrtcChat => webrtc_chat::hear(&packet.event, argument),
            Self::Signaling => signaling::hear(&packet.event, argument),
            Self::Sorsu => sorsu::hear(&packet.event, argument),
        };
        heard.unwrap_or(Heard::Unknown)
    }

    /// What the acknowledgement with these arguments (JSON, an array) says. All families answer with one object, in
    /// which `success` or `ok` is false or `error` is there when something was not done.
    pub fn answered(self, arguments: &str) -> Answered<'_> {
        let mut answered = Answered::Done { sequence: None };
        let read = json::each_element(arguments, |place, element| {
            if place == 0 {
                answered = answer_in(element);
            }
        });
        if read.is_err() {
            return Answered::Refused { code: Cow::Borrowed("not JSON") };
        }
        answered
    }
}

fn answer_in(element: &RawValue) -> Answered<'_> {
    let (mut success, mut sequence, mut code, mut error) = (true, None, None, None);
    // What is no object says nothing against it.
    let _ = json::each_field(element.get(), |field| match field.name.as_ref() {
        "success" | "ok" => success = json::boolean(field.value).unwrap_or(true),
        "sequence" => sequence = json::whole(field.value),
        "code" => code = json::text(field.value),
        "error" => error = json::text(field.value),
        _ => {}
    });
    if success && error.is_none() {
        return Answered::Done { sequence };
    }
    Answered::Refused { code: code.or(error).unwrap_or(Cow::Borrowed("refused")) }
}

/// `["event", body]`.
pub(super) fn packet(event: &str, body: &impl Serialize) -> Option<String> {
    serde_json::to_string(&(event, body)).ok()
}

/// `["event"]`.
pub(super) fn bare(event: &str) -> Option<String> {
    serde_json::to_string(&[event]).ok()
}

/// Reads a body that borrows from the packet.
pub(super) fn body<'a, T: serde::Deserialize<'a>>(argument: Option<&'a RawValue>) -> Option<T> {
    serde_json::from_str(argument?.get()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acknowledgement_says_whether_it_was_done() {
        let refused = |code| Answered::Refused { code: Cow::Borrowed(code) };
        for (arguments, expected) in [
            ("[]", Answered::Done { sequence: None }),
            (r#"[{"success":true}]"#, Answered::Done { sequence: None }),
            (r#"[{"success":true,"sequence":7}]"#, Answered::Done { sequence: Some(7) }),
            (r#"[{"timestamp":7}]"#, Answered::Done { sequence: None }),
            (r#"[{"success":false,"error":"Too many","code":"rate_limited"}]"#, refused("rate_limited")),
            (r#"[{"error":"rate_limited"}]"#, refused("rate_limited")),
            (r#"[{"success":false}]"#, refused("refused")),
            (r#"[{"ok":true,"roomId":"r"}]"#, Answered::Done { sequence: None }),
            (r#"[{"ok":false,"code":"room_full","message":"Full"}]"#, refused("room_full")),
            ("[", refused("not JSON")),
        ] {
            assert_eq!(Dialect::Qala.answered(arguments), expected, "{arguments}");
        }
    }
}
