//! Server to client, unasked: every row of the contract's table.

use serde::Serialize;

use super::super::Outgoing;
use super::event;
use super::shape::{EndedBody, MessageBody, outgoing, spelled};
use crate::domain::command::Scope;
use crate::domain::id::{RoomId, UserId};
use crate::domain::notice::{Notice, Resumed};
use crate::domain::time::{Time, Utc};

/// How these clients are told at `now`.
pub(in crate::dialect) fn notice(notice: &Notice, now: Time, say: &mut dyn FnMut(Outgoing)) {
    match notice {
        Notice::Welcome { user, .. } => {
            say(outgoing(event::WELCOME, &Welcome { guest_id: user.as_str() }));
        }
        Notice::Resumed(resumed) => tell_resumed(resumed, now, say),
        Notice::MatchReady { room, partner, .. } => say(found(*room, &partner.user, now)),
        Notice::Chat { room, message } => say(outgoing(event::MESSAGE, &MessageBody::new(*room, message))),
        Notice::Typing { user, on, .. } => say(typing(user, *on)),
        // Who is not there does not write.
        Notice::PeerAway { user, .. } => say(typing(user, false)),
        Notice::PeerLeft { room, user, .. } => {
            let body = EndedBody::new(room.number(), Some(user.as_str()), now);
            say(outgoing(event::CHAT_ENDED, &body));
        }
        Notice::RateLimited { scope, retry_after_ms } => {
            let body = RateLimited { scope: word(*scope), retry_after_ms: *retry_after_ms };
            say(outgoing(event::RATE_LIMITED, &body));
        }
        Notice::Shutdown { retry_after_ms } => {
            say(outgoing(event::SERVER_SHUTDOWN, &Shutdown { retry_after_ms: *retry_after_ms }));
        }
        Notice::Replaced => say(outgoing(event::REPLACED, &())),
        // Its clients wait without a word, however long; nobody is asked, nobody calls or enters halls, places and numbers of people
        // are not shown, and nobody who is silent is closed.
        Notice::MatchFailed { .. }
        | Notice::WaitingExpired
        | Notice::MatchFound(_)
        | Notice::MatchAccepted { .. }
        | Notice::Position { .. }
        | Notice::Signal { .. }
        | Notice::Quality { .. }
        | Notice::PeerBack { .. }
        | Notice::Online { .. }
        | Notice::Hall(_)
        | Notice::Inactive => {}
    }
}

/// Where the session goes on. A match that was made while the client was away is told now.
fn tell_resumed(resumed: &Resumed, now: Time, say: &mut dyn FnMut(Outgoing)) {
    match resumed {
        Resumed::Idle => say(outgoing(event::RESUMED, &ResumedBody::Idle)),
        // Claimed and agreed in one step: the match itself is about to be told.
        Resumed::Waiting { .. } | Resumed::Proposed(_) => {
            say(outgoing(event::RESUMED, &ResumedBody::Waiting));
        }
        Resumed::Talking { room, partner, told, .. } => {
            let body = ResumedBody::Talking { chat_id: room.number(), partner_id: partner.user.as_str() };
            say(outgoing(event::RESUMED, &body));
            if !told {
                say(found(*room, &partner.user, now));
            }
        }
    }
}

fn found(room: RoomId, partner: &UserId, now: Time) -> Outgoing {
    let body = Found { chat_id: room.number(), partner_id: partner.as_str(), started_at: now.utc() };
    outgoing(event::MATCH_FOUND, &body)
}

fn typing(user: &UserId, is_typing: bool) -> Outgoing {
    outgoing(event::TYPING, &Typing { sender_guest_id: user.as_str(), is_typing })
}

/// A budget, in words of these clients.
const fn word(scope: Scope) -> &'static str {
    match scope {
        Scope::Matching => "presence",
        Scope::Chat => "message",
        Scope::Signaling => "other",
    }
}

#[derive(Serialize)]
struct Welcome<'a> {
    guest_id: &'a str,
}

#[derive(Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
enum ResumedBody<'a> {
    Idle,
    Waiting,
    Talking { chat_id: u64, partner_id: &'a str },
}

#[derive(Serialize)]
struct Found<'a> {
    chat_id: u64,
    partner_id: &'a str,
    #[serde(serialize_with = "spelled")]
    started_at: Utc,
}

#[derive(Serialize)]
struct Typing<'a> {
    sender_guest_id: &'a str,
    is_typing: bool,
}

#[derive(Serialize)]
struct RateLimited {
    scope: &'static str,
    retry_after_ms: u64,
}

#[derive(Serialize)]
struct Shutdown {
    retry_after_ms: u64,
}
