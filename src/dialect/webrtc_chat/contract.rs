//! Every event of this dialect with the shape of what it carries.

use super::super::contract::{Contract, asked, told};
use super::event;

pub(in crate::dialect) const CONTRACT: Contract = Contract {
    purpose: "Video with strangers at random: signals and short messages are carried between the two.",
    names: include_str!("event.rs"),
    shapes: &[
        ("Acknowledged", "{success?: boolean, error?: text, retryAfter?: ms}"),
        ("Relay", "{urls: [text], username: text, credential: text}"),
    ],
    asked: &[
        asked(event::FIND_MATCH, "Search for somebody.", "none", "Acknowledged"),
        asked(event::CANCEL_MATCH, "Search no longer.", "none", "Acknowledged"),
        asked(event::SKIP, "Leave, and search for somebody else.", "none", "Acknowledged"),
        asked(
            event::OFFER,
            "To the peer, as it is.",
            "{sdp: {type: text, sdp: text, ...}, ...} | {sdp: text, type: text, ...}",
            "Acknowledged",
        ),
        asked(
            event::ANSWER,
            "To the peer, as it is.",
            "{sdp: {type: text, sdp: text, ...}, ...} | {sdp: text, type: text, ...}",
            "Acknowledged",
        ),
        asked(
            event::ICE_CANDIDATE,
            "To the peer, as it is.",
            "{candidate: {candidate: text, sdpMid?: text, sdpMLineIndex?: whole, ...}, ...} \
             | {candidate: text, sdpMid?: text, sdpMLineIndex?: whole, ...}",
            "Acknowledged",
        ),
        asked(event::MESSAGE, "Write to the peer; markup is taken out.", "text(1..1000)", "Acknowledged"),
        asked(
            event::CONNECTION_QUALITY,
            "How good the connection is.",
            "{overall?: any, rtt: measure, packetsLost?: number, bandwidth?: measure}",
            "Acknowledged",
        ),
        asked(event::PING, "Answered by `pong`.", "none", "Acknowledged"),
        asked(event::VALIDATE_CONNECTION, "Answered by `connection_valid`.", "none", "Acknowledged"),
        asked(
            event::WEBRTC_ERROR,
            "A call came to nothing; what is said about it is passed over.",
            "any",
            "Acknowledged",
        ),
    ],
    told: &[
        told(
            event::CONNECTED,
            "First of all on every connection.",
            "{socketId: text, timestamp: at, serverInfo: {worker: text, version: text}}",
        ),
        told(
            event::SESSION_RESUMED,
            "Behind it, when the session was still there.",
            "{state: 'idle'} | {state: 'waiting'} \
             | {state: 'talking', roomId: id, peerId: text, initiator: boolean, iceServers?: [Relay]}",
        ),
        told(
            event::WAITING,
            "Somebody is searched for.",
            "{message: text, timestamp: at, queuePosition: whole, estimatedWait: seconds}",
        ),
        told(
            event::MATCH_FOUND,
            "Two met.",
            "{roomId: id, peerId: text, timestamp: at, matchType: 'webrtc_chat', matchQuality: measure, \
             initiator: boolean, iceServers?: [Relay]}",
        ),
        told(event::MATCH_TIMEOUT, "Nobody was found.", "{message: text, timestamp: at, canRetry: true}"),
        told(event::MATCH_CANCELLED, "Nobody is searched for any more.", "{timestamp: at}"),
        told(event::OFFER, "As the peer sent it.", "{sdp: any, ...}"),
        told(event::ANSWER, "As the peer sent it.", "{sdp: any, ...}"),
        told(event::ICE_CANDIDATE, "As the peer sent it.", "{candidate: any, ...}"),
        told(event::MESSAGE, "The peer wrote.", "text"),
        told(
            event::PEER_AWAY,
            "The peer lost the connection, and may come back.",
            "{peerId: text, timestamp: at, roomId: id, gracePeriod: ms}",
        ),
        told(event::PEER_BACK, "The peer is here again.", "{peerId: text, timestamp: at, roomId: id}"),
        told(event::PEER_SKIPPED, "The peer wants somebody else.", "{reason: 'user_skip', timestamp: at}"),
        told(
            event::PEER_DISCONNECTED,
            "The peer is gone.",
            "{peerId: text, reason: 'left' | 'disconnected', timestamp: at, roomId: id}",
        ),
        told(event::PONG, "The answer to `ping`.", "{timestamp: at, serverTime: at, worker: text}"),
        told(
            event::CONNECTION_VALID,
            "The answer to `validate_connection`.",
            "{socketId: text, timestamp: at, worker: text}",
        ),
        told(
            event::SIGNALING_ERROR,
            "A signal was not carried.",
            "{type: 'webrtc_offer' | 'webrtc_answer' | 'webrtc_ice_candidate', \
             error: 'no_active_match' | 'invalid_data' | 'forwarding_failed', message: text}",
        ),
        told(event::MESSAGE_ERROR, "A message was not carried.", "{error: text, message: text}"),
        told(
            event::RATE_LIMITED,
            "A budget is spent.",
            "{type: 'connection' | 'matchmaking' | 'signaling' | 'messaging', message: text, retryAfter: ms}",
        ),
        told(event::ERROR, "Something did not work.", "{type: text, message: text, retryAfter?: ms}"),
        told(
            event::INACTIVE_TIMEOUT,
            "Nothing came for too long; the connection is closed.",
            "{message: text}",
        ),
        told(
            event::SERVER_SHUTDOWN,
            "The node goes down.",
            "{message: text, timestamp: at, gracePeriod: ms}",
        ),
        told(event::REPLACED, "You connected somewhere else.", "{message: text}"),
    ],
};
