//! The client half of this dialect: commands written, notices read. The exact inverse of `decode` and `notice`,
//! and of what other servers of the family say.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::super::client::{Heard, Line, Meeting, bare, body, packet};
use super::super::json;
use super::event;
use crate::domain::command::{Command, RoomRef};
use crate::domain::talk::{Payload, Quality, SignalKind};

/// The packet that asks for `command`.
pub(in crate::dialect) fn encode(command: &Command) -> Option<String> {
    match command {
        Command::Join { .. } => bare(event::FIND_MATCH),
        Command::Skip { .. } => bare(event::SKIP),
        Command::LeaveQueue => bare(event::CANCEL_MATCH),
        Command::Signal { room: _, kind, payload } => {
            // Written once already, by whoever made the command.
            Some(format!("[\"{}\",{}]", event::of_signal(*kind)?, payload.0))
        }
        Command::WhoAmI => bare(event::PING),
        Command::CallFailed => bare(event::WEBRTC_ERROR),
        Command::Quality { room: _, quality } => packet(event::CONNECTION_QUALITY, &Figures::new(quality)),
        Command::Chat { room: _, content, client_message_id: _ } => packet(event::MESSAGE, content),
        // Nobody is asked before a match, shows who writes, or asks for old messages; who wants to leave skips.
        Command::Accept(_)
        | Command::Reject(_)
        | Command::Typing { .. }
        | Command::Heartbeat
        | Command::Sync { .. }
        | Command::Rejoin { .. }
        | Command::Hall(_)
        | Command::Safety(_)
        | Command::LeaveRoom(_) => None,
    }
}

/// The command that carries `content` to the peer.
pub(in crate::dialect) fn signal_of(kind: SignalKind, content: &str) -> Option<Command> {
    let object = match kind {
        SignalKind::Offer | SignalKind::Answer => format!(r#"{{"sdp":{content}}}"#),
        SignalKind::Candidate => format!(r#"{{"candidate":{content}}}"#),
        SignalKind::Ready | SignalKind::Other => return None,
    };
    Some(Command::Signal { room: RoomRef::Current, kind, payload: Payload(Arc::from(object)) })
}

/// What a client hears.
pub(in crate::dialect) fn hear<'a>(event: &str, argument: Option<&'a RawValue>) -> Option<Heard<'a>> {
    Some(match event {
        event::CONNECTED => Heard::Welcome { user: body::<Connected<'_>>(argument)?.socket_id },
        event::SESSION_RESUMED => body::<Resumed<'_>>(argument)?.heard(),
        event::WAITING => Heard::Waiting,
        event::MATCH_FOUND => Heard::Ready(body::<Found<'_>>(argument)?.meeting(false)),
        event::MATCH_TIMEOUT => Heard::Expired,
        event::MATCH_CANCELLED => Heard::Cancelled,
        event::OFFER => Heard::Signal { kind: SignalKind::Offer, body: argument? },
        event::ANSWER => Heard::Signal { kind: SignalKind::Answer, body: argument? },
        event::ICE_CANDIDATE => Heard::Signal { kind: SignalKind::Candidate, body: argument? },
        event::MESSAGE => {
            let content = json::text(argument?)?;
            Heard::Chat(Line { from: None, content, sequence: None })
        }
        event::PEER_AWAY => Heard::Peer { here: false },
        event::PEER_BACK => Heard::Peer { here: true },
        event::PEER_SKIPPED | event::PEER_DISCONNECTED => Heard::PeerLeft,
        event::SIGNALING_ERROR | event::MESSAGE_ERROR => {
            Heard::Refused { code: body::<NotDone<'_>>(argument)?.error }
        }
        event::RATE_LIMITED => Heard::Refused { code: Cow::Borrowed(event::RATE_LIMITED) },
        event::ERROR => Heard::Refused { code: body::<Wrong<'_>>(argument)?.kind },
        event::INACTIVE_TIMEOUT | event::SERVER_SHUTDOWN | event::REPLACED => Heard::Ending,
        event::PONG | event::CONNECTION_VALID => Heard::Aside,
        _ => return None,
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Figures {
    rtt: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    packets_lost: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bandwidth: Option<f64>,
}

impl Figures {
    fn new(quality: &Quality) -> Self {
        Self { rtt: quality.rtt_ms, packets_lost: quality.packets_lost, bandwidth: quality.bitrate_kbps }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Connected<'a> {
    #[serde(borrow)]
    socket_id: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found<'a> {
    #[serde(borrow)]
    room_id: Cow<'a, str>,
    #[serde(borrow)]
    peer_id: Cow<'a, str>,
    initiator: Option<bool>,
}

impl<'a> Found<'a> {
    fn meeting(self, resumed: bool) -> Meeting<'a> {
        let Self { room_id, peer_id, initiator } = self;
        Meeting { proposal: None, room: room_id, partner: Some(peer_id), stage: None, initiator, resumed }
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
struct NotDone<'a> {
    #[serde(borrow)]
    error: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Wrong<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
}
