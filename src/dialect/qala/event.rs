//! The names of events, each once.

use crate::domain::talk::SignalKind;

pub(super) const JOIN_QUEUE: &str = "matching:join_queue";
pub(super) const LEAVE_QUEUE: &str = "matching:leave_queue";
pub(super) const ACCEPT_MATCH: &str = "matching:accept_match";
pub(super) const REJECT_MATCH: &str = "matching:reject_match";
pub(super) const HEARTBEAT: &str = "heartbeat";
pub(super) const CHAT_SEND: &str = "chat:send";
pub(super) const CHAT_SYNC: &str = "chat:sync";
pub(super) const LEAVE_SESSION: &str = "session:leave";
pub(super) const AUTH_RENEW: &str = "auth:renew";

// Sent by one client and heard by the other under the same name.
pub(super) const OFFER: &str = "webrtc:offer";
pub(super) const ANSWER: &str = "webrtc:answer";
pub(super) const ICE_CANDIDATE: &str = "webrtc:ice_candidate";
pub(super) const CONNECTION_READY: &str = "webrtc:connection_ready";
pub(super) const SIGNAL: &str = "webrtc:signal";
pub(super) const QUALITY: &str = "connection:quality";

pub(super) const WELCOME: &str = "session:welcome";
pub(super) const RESUMED: &str = "session:resumed";
pub(super) const MATCH_FOUND: &str = "matching:match_found";
pub(super) const MATCH_ACCEPTED: &str = "matching:match_accepted";
pub(super) const MATCH_READY: &str = "matching:match_ready";
pub(super) const MATCH_REJECTED: &str = "matching:match_rejected";
pub(super) const POSITION_UPDATE: &str = "queue:position_update";
pub(super) const QUEUE_EXPIRED: &str = "queue:expired";
pub(super) const CHAT_MESSAGE: &str = "chat:message";
pub(super) const PEER_AWAY: &str = "session:peer_away";
pub(super) const PEER_BACK: &str = "session:peer_back";
pub(super) const PEER_LEFT: &str = "session:peer_left";
pub(super) const RATE_LIMITED: &str = "rate_limited";
pub(super) const SERVER_SHUTDOWN: &str = "server_shutdown";
pub(super) const REPLACED: &str = "replaced";
pub(super) const AUTH_EXPIRED: &str = "auth:expired";
pub(super) const AUTH_SUSPENDED: &str = "auth:suspended";

/// The event that carries a signal of this kind.
pub(super) const fn of_signal(kind: SignalKind) -> &'static str {
    match kind {
        SignalKind::Offer => OFFER,
        SignalKind::Answer => ANSWER,
        SignalKind::Candidate => ICE_CANDIDATE,
        SignalKind::Ready => CONNECTION_READY,
        SignalKind::Other => SIGNAL,
    }
}
