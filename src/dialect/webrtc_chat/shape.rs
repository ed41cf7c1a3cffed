//! What events are made of. Borrowed, written once.

use serde::Serialize;
use serde_json::value::to_raw_value;

use super::super::Outgoing;
use crate::domain::command::Scope;
use crate::domain::time::Time;

/// An event with that body. Every body here has text keys and writes into memory, so that none is refused.
pub(super) fn outgoing(event: &'static str, body: &impl Serialize) -> Option<Outgoing> {
    to_raw_value(body).ok().map(|argument| Outgoing { event, argument })
}

/// Milliseconds since 1970: this family's times are numbers.
pub(super) fn timestamp(now: Time) -> u64 {
    now.as_ms()
}

/// The search goes on.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Waiting {
    message: &'static str,
    timestamp: u64,
    queue_position: u32,
    /// Seconds.
    estimated_wait: u32,
}

impl Waiting {
    pub(super) fn new(position: u32, estimated_wait_seconds: u32, now: Time) -> Self {
        Self {
            message: "Looking for somebody to talk to.",
            timestamp: timestamp(now),
            queue_position: position,
            estimated_wait: estimated_wait_seconds,
        }
    }
}

/// A budget is spent.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RateLimited {
    #[serde(rename = "type")]
    kind: &'static str,
    message: &'static str,
    /// Milliseconds.
    retry_after: u64,
}

impl RateLimited {
    pub(super) fn new(scope: Scope, retry_after_ms: u64) -> Self {
        let (kind, message) = match scope {
            Scope::Matching => ("matchmaking", "You search too often. Wait a moment."),
            Scope::Chat => ("messaging", "You write too often. Wait a moment."),
            Scope::Signaling => ("signaling", "You send too much. Wait a moment."),
        };
        Self { kind, message, retry_after: retry_after_ms }
    }

    /// Of an address that tries to enter too often.
    pub(super) const fn connection(retry_after_ms: u64) -> Self {
        let message = "You connect too often. Wait a moment.";
        Self { kind: "connection", message, retry_after: retry_after_ms }
    }
}
