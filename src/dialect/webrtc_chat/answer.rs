//! Answers: an acknowledgement for who passes a callback, and what everybody is told by events.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::super::{Answering, Outgoing};
use super::event;
use super::shape::{RateLimited, Waiting, outgoing, timestamp};
use super::topic::Topic;
use crate::domain::command::{Refusal, Reply};
use crate::domain::time::Time;

/// How what was asked under `topic` is answered at `now`.
pub(in crate::dialect) fn answer(
    topic: u8,
    answer: &Result<Reply, Refusal>,
    now: Time,
    say: &mut dyn FnMut(Answering),
) {
    let topic = Topic::numbered(topic);
    say(Answering::Acknowledgement(acknowledgement(topic, answer)));
    let told = match answer {
        Ok(reply) => done(topic, reply, now),
        Err(refusal) => refused(topic, *refusal),
    };
    if let Some(told) = told {
        say(Answering::Event(told));
    }
}

fn done(topic: Topic, reply: &Reply, now: Time) -> Option<Outgoing> {
    let timestamp = timestamp(now);
    match reply {
        // Matched at once: `match_found` says so.
        Reply::Joined { position: 0, .. } => None,
        Reply::Joined { position, estimated_wait_seconds } => {
            outgoing(event::WAITING, &Waiting::new(*position, *estimated_wait_seconds, now))
        }
        Reply::Done if topic == Topic::CancelMatch => {
            outgoing(event::MATCH_CANCELLED, &Cancelled { timestamp })
        }
        Reply::You { user: _, node } if topic == Topic::Ping => {
            let worker = node.as_str();
            outgoing(event::PONG, &Pong { timestamp, server_time: timestamp, worker })
        }
        Reply::You { user, node } => {
            let (socket_id, worker) = (user.as_str(), node.as_str());
            outgoing(event::CONNECTION_VALID, &Valid { socket_id, timestamp, worker })
        }
        Reply::Done
        | Reply::Alive { .. }
        | Reply::Sent { .. }
        | Reply::Messages(_)
        | Reply::Missed { .. }
        | Reply::Left { .. }
        | Reply::Over(_)
        | Reply::Entered(_) => None,
    }
}

fn refused(topic: Topic, refusal: Refusal) -> Option<Outgoing> {
    if let Refusal::RateLimited { scope, retry_after_ms } = refusal {
        return outgoing(event::RATE_LIMITED, &RateLimited::new(scope, retry_after_ms));
    }
    match topic {
        Topic::Unknown => None,
        // Somebody was found before the search was cancelled, and that was told.
        Topic::CancelMatch if refusal == Refusal::InRoom => None,
        Topic::Offer | Topic::Answer | Topic::Candidate => not_carried(topic, refusal),
        Topic::Message => {
            let (error, message) = (not_written(refusal), sentence(refusal));
            outgoing(event::MESSAGE_ERROR, &MessageError { error, message })
        }
        Topic::FindMatch
        | Topic::CancelMatch
        | Topic::Skip
        | Topic::Quality
        | Topic::Ping
        | Topic::Validate
        | Topic::CallFailed => {
            let (kind, message, retry_after) =
                (error_type(topic, refusal), sentence(refusal), refusal.retry_after_ms());
            outgoing(event::ERROR, &Error { kind, message, retry_after })
        }
    }
}

/// A signal was not carried. Candidates that are none are dropped without a word.
fn not_carried(topic: Topic, refusal: Refusal) -> Option<Outgoing> {
    let error = match refusal {
        Refusal::Invalid { .. } | Refusal::TooLarge { .. } if topic == Topic::Candidate => return None,
        Refusal::Invalid { .. } | Refusal::TooLarge { .. } => "invalid_data",
        Refusal::NotInRoom => "no_active_match",
        Refusal::UnknownEvent
        | Refusal::NoSuchProposal
        | Refusal::InRoom
        | Refusal::Searching
        | Refusal::CoolingDown { .. }
        | Refusal::RateLimited { .. }
        | Refusal::Busy { .. }
        | Refusal::Unavailable { .. }
        | Refusal::PoolFull { .. }
        | Refusal::TooManyBlocks
        | Refusal::Hall(_) => "forwarding_failed",
    };
    outgoing(
        event::SIGNALING_ERROR,
        &SignalingError { kind: topic.event(), error, message: sentence(refusal) },
    )
}

/// Why a message was not written.
const fn not_written(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::RateLimited { .. } => "rate_limited",
        Refusal::Invalid { .. } | Refusal::TooLarge { .. } => "invalid_message",
        Refusal::NotInRoom => "no_active_match",
        Refusal::UnknownEvent
        | Refusal::NoSuchProposal
        | Refusal::InRoom
        | Refusal::Searching
        | Refusal::CoolingDown { .. }
        | Refusal::Busy { .. }
        | Refusal::Unavailable { .. }
        | Refusal::PoolFull { .. }
        | Refusal::TooManyBlocks
        | Refusal::Hall(_) => "message_error",
    }
}

const fn error_type(topic: Topic, refusal: Refusal) -> &'static str {
    let of_matching = matches!(topic, Topic::FindMatch | Topic::CancelMatch | Topic::Skip);
    match refusal {
        Refusal::Searching | Refusal::InRoom => "duplicate_request",
        Refusal::Invalid { .. } | Refusal::TooLarge { .. } => "invalid_data",
        Refusal::UnknownEvent
        | Refusal::NoSuchProposal
        | Refusal::NotInRoom
        | Refusal::CoolingDown { .. }
        | Refusal::RateLimited { .. }
        | Refusal::Busy { .. }
        | Refusal::Unavailable { .. }
        | Refusal::PoolFull { .. }
        | Refusal::TooManyBlocks
        | Refusal::Hall(_) => {
            if of_matching {
                "matchmaking_error"
            } else {
                refusal.code()
            }
        }
    }
}

/// A refusal for people. Programs read the words beside it.
const fn sentence(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Invalid { .. } => "This is not what the server can read. Correct it and try again.",
        Refusal::TooLarge { .. } => "This is too long. Shorten it and try again.",
        Refusal::UnknownEvent => "This server does not know that event.",
        Refusal::NoSuchProposal | Refusal::NotInRoom | Refusal::Hall(_) => "You are not in a match.",
        Refusal::InRoom => "You are in a match already. Skip it first.",
        Refusal::Searching => "You are searching already.",
        Refusal::CoolingDown { .. } | Refusal::RateLimited { .. } => "Too many requests. Wait a moment.",
        Refusal::Busy { .. } => "Your earlier requests are still being handled. Try again in a moment.",
        Refusal::Unavailable { .. } | Refusal::TooManyBlocks => {
            "The service is not available at the moment. Try again in a moment."
        }
        Refusal::PoolFull { .. } => "Too many people are waiting. Try again in a moment.",
    }
}

/// The one argument of a callback. Those of `message` are the family's; the others ask for none, and whoever passes
/// a callback all the same is not left waiting.
fn acknowledgement(topic: Topic, answer: &Result<Reply, Refusal>) -> Box<RawValue> {
    let body = match answer {
        Ok(_) => Acknowledged { success: Some(true), ..Acknowledged::default() },
        Err(Refusal::NotInRoom) if topic == Topic::Message => {
            Acknowledged { success: Some(false), ..Acknowledged::default() }
        }
        Err(refusal) => {
            let of_message = topic == Topic::Message;
            let error = if of_message { not_written(*refusal) } else { refusal.code() };
            let success = if of_message { None } else { Some(false) };
            Acknowledged { success, error: Some(error), retry_after: refusal.retry_after_ms() }
        }
    };
    // It has text keys and is written into memory, so that it does not fail; and a client that waits for an
    // acknowledgement gets one even then.
    to_raw_value(&body).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Acknowledged {
    #[serde(skip_serializing_if = "Option::is_none")]
    success: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    /// Milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

#[derive(Serialize)]
struct Cancelled {
    timestamp: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Pong<'a> {
    timestamp: u64,
    server_time: u64,
    worker: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Valid<'a> {
    socket_id: &'a str,
    timestamp: u64,
    worker: &'a str,
}

#[derive(Serialize)]
struct SignalingError {
    #[serde(rename = "type")]
    kind: &'static str,
    error: &'static str,
    message: &'static str,
}

#[derive(Serialize)]
struct MessageError {
    error: &'static str,
    message: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Error {
    #[serde(rename = "type")]
    kind: &'static str,
    message: &'static str,
    /// Milliseconds, where trying again makes sense.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}
