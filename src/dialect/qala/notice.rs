//! Server to client: every row of the contract's table.

use serde::Serialize;
use serde_json::value::to_raw_value;

use super::super::Outgoing;
use super::shape::{FoundBody, MessageBody, PartnerBody, spelled};
use super::{event, signal};
use crate::domain::id::{ProposalId, RoomId};
use crate::domain::notice::{Notice, Resumed};
use crate::domain::relay::Relays;
use crate::domain::talk::Quality;

/// Why waiting ended without anybody having asked for it: the only reason there is.
const NO_SIGN_OF_LIFE: &str = "no_sign_of_life";

/// Whether relays are told with it: where a call may begin, or begin anew.
pub(in crate::dialect) const fn tells_relays(notice: &Notice) -> bool {
    matches!(notice, Notice::MatchFound(_) | Notice::Resumed(Resumed::Proposed(_) | Resumed::Talking { .. }))
}

/// How these clients are told.
pub(in crate::dialect) fn notice(notice: &Notice, relays: Option<&Relays>) -> Option<Outgoing> {
    match notice {
        Notice::Welcome { user, guest, node } => {
            let (user_id, node) = (user.as_str(), node.as_str());
            let version = env!("CARGO_PKG_VERSION");
            outgoing(event::WELCOME, &Welcome { user_id, guest: *guest, node, version })
        }
        Notice::Resumed(resumed) => outgoing(event::RESUMED, &ResumedBody::new(resumed, relays)),
        Notice::MatchFound(found) => outgoing(event::MATCH_FOUND, &FoundBody::new(found, relays)),
        Notice::MatchAccepted { proposal, room, by } => {
            outgoing(event::MATCH_ACCEPTED, &Agreement::new(*proposal, *room, Some(by.as_str())))
        }
        Notice::MatchReady { proposal, room, .. } => {
            outgoing(event::MATCH_READY, &Agreement::new(*proposal, *room, None))
        }
        Notice::MatchFailed { proposal, failure, requeued } => {
            let reason = failure.as_str();
            outgoing(event::MATCH_REJECTED, &Failed { match_id: *proposal, reason, requeued: *requeued })
        }
        Notice::Position { place, stage } => {
            let (position, estimated_wait) = (place.position, place.estimated_wait_seconds);
            outgoing(event::POSITION_UPDATE, &Standing { position, estimated_wait, stage: stage.number() })
        }
        Notice::WaitingExpired => outgoing(event::QUEUE_EXPIRED, &Expired { reason: NO_SIGN_OF_LIFE }),
        Notice::Signal { room: _, kind, payload, from } => signal::relay(*kind, payload, from),
        // Its clients show neither who is writing nor how many there are, and its pool closes nobody who is silent.
        Notice::Typing { .. } | Notice::Online { .. } | Notice::Inactive | Notice::Hall(_) => None,
        Notice::Quality { room, from, quality } => {
            outgoing(event::QUALITY, &QualityBody::new(*room, from.as_str(), quality))
        }
        Notice::Chat { room, message } => {
            let message = MessageBody::new(message);
            outgoing(event::CHAT_MESSAGE, &Chat { session_id: *room, message })
        }
        Notice::PeerAway { room, user, grace_ms } => {
            let peer = Peer { grace_ms: Some(*grace_ms), ..Peer::new(*room, user.as_str()) };
            outgoing(event::PEER_AWAY, &peer)
        }
        Notice::PeerBack { room, user } => outgoing(event::PEER_BACK, &Peer::new(*room, user.as_str())),
        Notice::PeerLeft { room, user, departure } => {
            let peer = Peer { reason: Some(departure.as_str()), ..Peer::new(*room, user.as_str()) };
            outgoing(event::PEER_LEFT, &peer)
        }
        Notice::RateLimited { scope, retry_after_ms } => {
            let retry = Retry { scope: Some(scope.as_str()), retry_after_ms: *retry_after_ms };
            outgoing(event::RATE_LIMITED, &retry)
        }
        Notice::Shutdown { retry_after_ms } => {
            outgoing(event::SERVER_SHUTDOWN, &Retry { scope: None, retry_after_ms: *retry_after_ms })
        }
        Notice::Replaced => outgoing(event::REPLACED, &Empty {}),
    }
}

/// Every body below has text keys and writes into memory, so that none is refused.
fn outgoing(event: &'static str, body: &impl Serialize) -> Option<Outgoing> {
    to_raw_value(body).ok().map(|argument| Outgoing { event, argument })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Welcome<'a> {
    user_id: &'a str,
    guest: bool,
    node: &'a str,
    version: &'static str,
}

#[derive(Serialize)]
#[serde(tag = "state", rename_all = "lowercase", rename_all_fields = "camelCase")]
enum ResumedBody<'a> {
    Idle,
    Waiting {
        stage: u8,
    },
    Proposed(FoundBody<'a>),
    Talking {
        #[serde(serialize_with = "spelled")]
        match_id: ProposalId,
        #[serde(serialize_with = "spelled")]
        session_id: RoomId,
        partner_id: &'a str,
        partner: PartnerBody<'a>,
        initiator: bool,
        last_sequence: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        ice_servers: Option<[&'a Relays; 1]>,
    },
}

impl<'a> ResumedBody<'a> {
    fn new(resumed: &'a Resumed, relays: Option<&'a Relays>) -> Self {
        match resumed {
            Resumed::Idle => Self::Idle,
            Resumed::Waiting { stage } => Self::Waiting { stage: stage.number() },
            Resumed::Proposed(found) => Self::Proposed(FoundBody::new(found, relays)),
            Resumed::Talking { proposal, room, partner, initiator, last_sequence, told: _ } => {
                Self::Talking {
                    match_id: *proposal,
                    session_id: *room,
                    partner_id: partner.user.as_str(),
                    partner: PartnerBody::new(partner),
                    initiator: *initiator,
                    last_sequence: *last_sequence,
                    ice_servers: relays.map(|relays| [relays]),
                }
            }
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Agreement<'a> {
    #[serde(serialize_with = "spelled")]
    match_id: ProposalId,
    #[serde(serialize_with = "spelled")]
    session_id: RoomId,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted_by: Option<&'a str>,
}

impl<'a> Agreement<'a> {
    fn new(match_id: ProposalId, session_id: RoomId, accepted_by: Option<&'a str>) -> Self {
        Self { match_id, session_id, accepted_by }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failed {
    #[serde(serialize_with = "spelled")]
    match_id: ProposalId,
    reason: &'static str,
    requeued: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Standing {
    position: u32,
    estimated_wait: u32,
    stage: u8,
}

#[derive(Serialize)]
struct Expired {
    reason: &'static str,
}

#[derive(Serialize)]
struct QualityBody<'a> {
    #[serde(rename = "sessionId", serialize_with = "spelled")]
    session_id: RoomId,
    from: &'a str,
    rtt_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    jitter_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    packets_lost: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bitrate_kbps: Option<f64>,
}

impl<'a> QualityBody<'a> {
    fn new(session_id: RoomId, from: &'a str, quality: &Quality) -> Self {
        let Quality { rtt_ms, jitter_ms, packets_lost, bitrate_kbps } = *quality;
        Self { session_id, from, rtt_ms, jitter_ms, packets_lost, bitrate_kbps }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Chat<'a> {
    #[serde(serialize_with = "spelled")]
    session_id: RoomId,
    #[serde(flatten)]
    message: MessageBody<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Peer<'a> {
    #[serde(serialize_with = "spelled")]
    session_id: RoomId,
    user_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    grace_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

impl<'a> Peer<'a> {
    fn new(session_id: RoomId, user_id: &'a str) -> Self {
        Self { session_id, user_id, grace_ms: None, reason: None }
    }
}

#[derive(Serialize)]
struct Retry {
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'static str>,
    retry_after_ms: u64,
}

#[derive(Serialize)]
struct Empty {}
