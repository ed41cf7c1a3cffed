//! Server to client, unasked: every row of the contract's table.

use serde::Serialize;
use serde_json::value::RawValue;

use super::super::Outgoing;
use super::event;
use super::shape::{RateLimited, Waiting, outgoing, timestamp};
use crate::domain::id::{RoomId, UserId};
use crate::domain::notice::{Notice, Resumed};
use crate::domain::relay::Relays;
use crate::domain::talk::{Departure, Payload, SignalKind};
use crate::domain::time::Time;

/// What a match is here.
const MATCH_TYPE: &str = "webrtc_chat";
/// How much of what was wished for a match has, of 1: nobody wishes for anything.
const MATCH_QUALITY: u8 = 1;

/// Whether relays are told with it: where a call begins, or may begin anew.
pub(in crate::dialect) const fn tells_relays(notice: &Notice) -> bool {
    matches!(notice, Notice::MatchReady { .. } | Notice::Resumed(Resumed::Talking { .. }))
}

/// How these clients are told at `now`.
pub(in crate::dialect) fn notice(notice: &Notice, relays: Option<&Relays>, now: Time) -> Option<Outgoing> {
    let timestamp = timestamp(now);
    match notice {
        Notice::Welcome { user, guest: _, node } => {
            let version = env!("CARGO_PKG_VERSION");
            let server_info = ServerInfo { worker: node.as_str(), version };
            outgoing(event::CONNECTED, &Connected { socket_id: user.as_str(), timestamp, server_info })
        }
        Notice::Resumed(resumed) => outgoing(event::SESSION_RESUMED, &ResumedBody::new(resumed, relays)),
        Notice::MatchReady { proposal: _, room, partner, initiator } => {
            let body = Found {
                room_id: *room,
                peer_id: partner.user.as_str(),
                timestamp,
                match_type: MATCH_TYPE,
                match_quality: MATCH_QUALITY,
                initiator: *initiator,
                ice_servers: relays.map(|relays| [relays]),
            };
            outgoing(event::MATCH_FOUND, &body)
        }
        Notice::Position { place, stage: _ } => {
            outgoing(event::WAITING, &Waiting::new(place.position, place.estimated_wait_seconds, now))
        }
        // Who is queued again waits as before, and was told of nothing else.
        Notice::MatchFailed { requeued, .. } if *requeued => None,
        Notice::WaitingExpired | Notice::MatchFailed { .. } => timed_out(timestamp),
        Notice::Signal { room: _, kind, payload, from: _ } => relay(*kind, payload),
        Notice::Chat { room: _, message } => outgoing(event::MESSAGE, &message.content),
        Notice::PeerAway { room, user, grace_ms } => {
            let peer = Peer { grace_period: Some(*grace_ms), ..Peer::new(*room, user, timestamp) };
            outgoing(event::PEER_AWAY, &peer)
        }
        Notice::PeerBack { room, user } => outgoing(event::PEER_BACK, &Peer::new(*room, user, timestamp)),
        Notice::PeerLeft { room, user, departure } => left(*room, user, *departure, timestamp),
        Notice::RateLimited { scope, retry_after_ms } => {
            outgoing(event::RATE_LIMITED, &RateLimited::new(*scope, *retry_after_ms))
        }
        Notice::Shutdown { retry_after_ms } => {
            let message = "The server goes down. Come back in a moment.";
            outgoing(event::SERVER_SHUTDOWN, &Shutdown { message, timestamp, grace_period: *retry_after_ms })
        }
        Notice::Inactive => {
            outgoing(event::INACTIVE_TIMEOUT, &Said { message: "You were not active for too long." })
        }
        Notice::Replaced => outgoing(
            event::REPLACED,
            &Said { message: "You connected somewhere else; that connection goes on." },
        ),
        // Nobody is asked before a match or enters halls, and these clients show neither who writes, nor the other one's figures, nor
        // how many there are.
        Notice::MatchFound(_)
        | Notice::Hall(_)
        | Notice::MatchAccepted { .. }
        | Notice::Typing { .. }
        | Notice::Online { .. }
        | Notice::Quality { .. } => None,
    }
}

/// How a client is told that its address tries to enter too often.
pub(in crate::dialect) fn too_many_attempts(retry_after_ms: u64) -> Option<Outgoing> {
    outgoing(event::RATE_LIMITED, &RateLimited::connection(retry_after_ms))
}

fn timed_out(timestamp: u64) -> Option<Outgoing> {
    let message = "Nobody was found. Try again.";
    outgoing(event::MATCH_TIMEOUT, &TimedOut { message, timestamp, can_retry: true })
}

/// The data as sent. Nothing for what `decode` does not make: it may come from another node, and what is not JSON
/// would end the receiver's connection.
fn relay(kind: SignalKind, payload: &Payload) -> Option<Outgoing> {
    let argument = RawValue::from_string(payload.0.as_ref().to_owned()).ok()?;
    Some(Outgoing { event: event::of_signal(kind)?, argument })
}

fn left(room: RoomId, user: &UserId, departure: Departure, timestamp: u64) -> Option<Outgoing> {
    match departure {
        Departure::Skipped => outgoing(event::PEER_SKIPPED, &Skipped { reason: "user_skip", timestamp }),
        Departure::Left | Departure::Disconnected => {
            let peer = Peer { reason: Some(departure.as_str()), ..Peer::new(room, user, timestamp) };
            outgoing(event::PEER_DISCONNECTED, &peer)
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Connected<'a> {
    socket_id: &'a str,
    timestamp: u64,
    server_info: ServerInfo<'a>,
}

#[derive(Serialize)]
struct ServerInfo<'a> {
    worker: &'a str,
    version: &'static str,
}

#[derive(Serialize)]
#[serde(tag = "state", rename_all = "lowercase", rename_all_fields = "camelCase")]
enum ResumedBody<'a> {
    Idle,
    Waiting,
    Talking {
        #[serde(serialize_with = "spelled")]
        room_id: RoomId,
        peer_id: &'a str,
        initiator: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        ice_servers: Option<[&'a Relays; 1]>,
    },
}

impl<'a> ResumedBody<'a> {
    fn new(resumed: &'a Resumed, relays: Option<&'a Relays>) -> Self {
        match resumed {
            Resumed::Idle => Self::Idle,
            // Claimed and agreed in one step: the match itself is about to be told.
            Resumed::Waiting { .. } | Resumed::Proposed(_) => Self::Waiting,
            Resumed::Talking { room, partner, initiator, .. } => {
                let (room_id, peer_id) = (*room, partner.user.as_str());
                let ice_servers = relays.map(|relays| [relays]);
                Self::Talking { room_id, peer_id, initiator: *initiator, ice_servers }
            }
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found<'a> {
    #[serde(serialize_with = "spelled")]
    room_id: RoomId,
    peer_id: &'a str,
    timestamp: u64,
    match_type: &'static str,
    match_quality: u8,
    initiator: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    ice_servers: Option<[&'a Relays; 1]>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TimedOut {
    message: &'static str,
    timestamp: u64,
    can_retry: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Peer<'a> {
    #[serde(rename = "peerId")]
    user: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    timestamp: u64,
    #[serde(serialize_with = "spelled")]
    room_id: RoomId,
    /// Milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    grace_period: Option<u64>,
}

impl<'a> Peer<'a> {
    fn new(room_id: RoomId, user: &'a UserId, timestamp: u64) -> Self {
        Self { user: user.as_str(), reason: None, timestamp, room_id, grace_period: None }
    }
}

#[derive(Serialize)]
struct Skipped {
    reason: &'static str,
    timestamp: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shutdown {
    message: &'static str,
    timestamp: u64,
    /// Milliseconds until a new process is there.
    grace_period: u64,
}

#[derive(Serialize)]
struct Said {
    message: &'static str,
}

/// Writes an id as it is spelled.
fn spelled<S: serde::Serializer>(room: &RoomId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(room)
}
