//! Every event of this dialect with the shape of what it carries.

use super::super::contract::{Contract, asked, told};
use super::event;

pub(in crate::dialect) const CONTRACT: Contract = Contract {
    purpose: "Language exchange by video: people are matched by languages, level, age and gender, both are asked, and \
              then signals and chat are carried between them.",
    names: include_str!("event.rs"),
    shapes: &[
        ("Refused", "{success: false, error: text, code: text, field?: text, retry_after_ms?: ms}"),
        (
            "Partner",
            "{native_language: language, target_language: language, proficiency_level: 'beginner' | 'intermediate' | 'advanced' | 'any'}",
        ),
        ("Relay", "{urls: [text], username: text, credential: text}"),
        ("Message", "{from: text, content: text, sequence: whole, clientMessageId?: text, timestamp: at}"),
        ("Done", "{success: true}"),
    ],
    asked: &[
        asked(
            event::JOIN_QUEUE,
            "Search for somebody. Joining again replaces the earlier wish.",
            "{native_language: language, target_language: language, age: 13..120, \
             proficiency_level: 'beginner' | 'intermediate' | 'advanced' | 'any', \
             gender?: 'male' | 'female' | 'non-binary', age_min?: 13..120, age_max?: 13..120, \
             gender_preference?: 'male' | 'female' | 'non-binary' | 'any', \
             strict?: ['age' | 'gender' | 'proficiency']}",
            "{success: true, queuePosition: whole, estimatedWait: seconds} | Refused",
        ),
        asked(event::LEAVE_QUEUE, "Search no longer.", "none", "Done | Refused"),
        asked(event::ACCEPT_MATCH, "Say yes to a match.", "{matchId: id, sessionId?: any}", "Done | Refused"),
        asked(event::REJECT_MATCH, "Say no to it, and go on waiting.", "{matchId: id}", "Done | Refused"),
        asked(
            event::OFFER,
            "To the partner, as it is.",
            "{sessionId: id, offer: any, ...}",
            "Done | Refused",
        ),
        asked(
            event::ANSWER,
            "To the partner, as it is.",
            "{sessionId: id, answer: any, ...}",
            "Done | Refused",
        ),
        asked(
            event::ICE_CANDIDATE,
            "To the partner, as it is.",
            "{sessionId: id, candidate: any, ...}",
            "Done | Refused",
        ),
        asked(event::CONNECTION_READY, "The call stands.", "{sessionId: id, ...}", "Done | Refused"),
        asked(
            event::SIGNAL,
            "To the partner, as it is.",
            "{sessionId: id, signal: any, type?: any, ...}",
            "Done | Refused",
        ),
        asked(event::HEARTBEAT, "A sign of life while waiting.", "none", "{timestamp: at} | Refused"),
        asked(
            event::QUALITY,
            "How good the connection is.",
            "{sessionId?: id, rtt_ms: measure, jitter_ms?: measure, packets_lost?: number, bitrate_kbps?: measure}",
            "Done | Refused",
        ),
        asked(
            event::CHAT_SEND,
            "Write to the partner. The same clientMessageId again is the same message.",
            "{sessionId: id, content: text(1..1000), clientMessageId?: text(1..64)}",
            "{success: true, sequence: whole} | Refused",
        ),
        asked(
            event::CHAT_SYNC,
            "What was written after that number.",
            "{sessionId: id, after?: whole}",
            "{success: true, messages: [Message]} | Refused",
        ),
        asked(event::LEAVE_SESSION, "End the session, for both.", "{sessionId: id}", "Done | Refused"),
        asked(
            event::BLOCK,
            "Never be matched with that user again; a talk with them ends.",
            "{userId: text(1..128)}",
            "Done | Refused",
        ),
        asked(
            event::REPORT,
            "Tell operators of the partner of the talk that you are in, or were in last.",
            "{sessionId: id, reason: 'harassment' | 'sexual' | 'minor' | 'hate' | 'spam' | 'other'}",
            "Done | Refused",
        ),
        asked(
            event::AUTH_RENEW,
            "A newer token, before the older one's time is over.",
            "{token: text}",
            "{success: true, expiresAt?: at} | Refused",
        ),
    ],
    told: &[
        told(event::AUTH_EXPIRED, "The token's time is over; come back with a newer one.", "none"),
        told(event::AUTH_SUSPENDED, "You are put out.", "none"),
        told(
            event::WELCOME,
            "First of all on every connection.",
            "{userId: text, guest: boolean, node: text, version: text}",
        ),
        told(
            event::RESUMED,
            "Behind the welcome, when the session was still there.",
            "{state: 'idle'} | {state: 'waiting', stage: 0..4} \
             | {state: 'proposed', matchId: id, partnerId: text, sessionId: id, expiresAt: at, stage: 0..4, \
                initiator: boolean, partner: Partner, iceServers?: [Relay]} \
             | {state: 'talking', matchId: id, sessionId: id, partnerId: text, partner: Partner, initiator: boolean, \
                lastSequence: whole, iceServers?: [Relay]}",
        ),
        told(
            event::MATCH_FOUND,
            "Somebody fits; both are asked until `expiresAt`.",
            "{matchId: id, partnerId: text, sessionId: id, expiresAt: at, stage: 0..4, initiator: boolean, \
             partner: Partner, iceServers?: [Relay]}",
        ),
        told(
            event::MATCH_ACCEPTED,
            "The partner said yes.",
            "{matchId: id, sessionId: id, acceptedBy: text}",
        ),
        told(event::MATCH_READY, "Both said yes: signals and chat are open.", "{matchId: id, sessionId: id}"),
        told(
            event::MATCH_REJECTED,
            "The match came to nothing.",
            "{matchId: id, reason: 'rejected' | 'expired' | 'partner_left', requeued: boolean}",
        ),
        told(
            event::POSITION_UPDATE,
            "The place in the queue.",
            "{position: whole, estimatedWait: seconds, stage: 0..4}",
        ),
        told(event::QUEUE_EXPIRED, "No sign of life came for too long.", "{reason: 'no_sign_of_life'}"),
        told(event::OFFER, "As the partner sent it.", "{sessionId: id, offer: any, from: text, ...}"),
        told(event::ANSWER, "As the partner sent it.", "{sessionId: id, answer: any, from: text, ...}"),
        told(
            event::ICE_CANDIDATE,
            "As the partner sent it.",
            "{sessionId: id, candidate: any, from: text, ...}",
        ),
        told(event::CONNECTION_READY, "As the partner sent it.", "{sessionId: id, from: text, ...}"),
        told(event::SIGNAL, "As the partner sent it.", "{sessionId: id, signal: any, from: text, ...}"),
        told(
            event::QUALITY,
            "The partner's report.",
            "{sessionId: id, from: text, rtt_ms: measure, jitter_ms?: measure, packets_lost?: measure, bitrate_kbps?: measure}",
        ),
        told(
            event::CHAT_MESSAGE,
            "The partner wrote.",
            "{sessionId: id, from: text, content: text, sequence: whole, clientMessageId?: text, timestamp: at}",
        ),
        told(
            event::PEER_AWAY,
            "The partner lost the connection, and may come back.",
            "{sessionId: id, userId: text, graceMs: ms}",
        ),
        told(event::PEER_BACK, "The partner is here again.", "{sessionId: id, userId: text}"),
        told(
            event::PEER_LEFT,
            "The session is over.",
            "{sessionId: id, userId: text, reason: 'left' | 'skipped' | 'disconnected'}",
        ),
        told(
            event::RATE_LIMITED,
            "An event that asked for no acknowledgement was refused.",
            "{scope: 'matching' | 'chat' | 'signaling', retry_after_ms: ms}",
        ),
        told(event::SERVER_SHUTDOWN, "The node goes down.", "{retry_after_ms: ms}"),
        told(event::REPLACED, "You connected somewhere else.", "{}"),
    ],
};
