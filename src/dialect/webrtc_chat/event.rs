//! The names of events, each once.

use crate::domain::talk::SignalKind;

pub(super) const FIND_MATCH: &str = "find_match";
pub(super) const CANCEL_MATCH: &str = "cancel_match";
pub(super) const SKIP: &str = "skip";
pub(super) const CONNECTION_QUALITY: &str = "connection_quality";
pub(super) const PING: &str = "ping";
pub(super) const VALIDATE_CONNECTION: &str = "validate_connection";
pub(super) const WEBRTC_ERROR: &str = "webrtc_error";

// Sent by one client and heard by the other under the same name.
pub(super) const OFFER: &str = "webrtc_offer";
pub(super) const ANSWER: &str = "webrtc_answer";
pub(super) const ICE_CANDIDATE: &str = "webrtc_ice_candidate";
pub(super) const MESSAGE: &str = "message";

pub(super) const CONNECTED: &str = "connected";
pub(super) const SESSION_RESUMED: &str = "session_resumed";
pub(super) const WAITING: &str = "waiting";
pub(super) const MATCH_FOUND: &str = "match_found";
pub(super) const MATCH_TIMEOUT: &str = "match_timeout";
pub(super) const MATCH_CANCELLED: &str = "match_cancelled";
pub(super) const PEER_AWAY: &str = "peer_away";
pub(super) const PEER_BACK: &str = "peer_back";
pub(super) const PEER_SKIPPED: &str = "peer_skipped";
pub(super) const PEER_DISCONNECTED: &str = "peer_disconnected";
pub(super) const PONG: &str = "pong";
pub(super) const CONNECTION_VALID: &str = "connection_valid";
pub(super) const SIGNALING_ERROR: &str = "signaling_error";
pub(super) const MESSAGE_ERROR: &str = "message_error";
pub(super) const RATE_LIMITED: &str = "rate_limited";
pub(super) const ERROR: &str = "error";
pub(super) const INACTIVE_TIMEOUT: &str = "inactive_timeout";
pub(super) const SERVER_SHUTDOWN: &str = "server_shutdown";
pub(super) const REPLACED: &str = "replaced";

/// The event that carries a signal of this kind, if these clients have one.
pub(super) const fn of_signal(kind: SignalKind) -> Option<&'static str> {
    match kind {
        SignalKind::Offer => Some(OFFER),
        SignalKind::Answer => Some(ANSWER),
        SignalKind::Candidate => Some(ICE_CANDIDATE),
        SignalKind::Ready | SignalKind::Other => None,
    }
}
