//! Acknowledgements: one argument, `{success, ...}`.

use std::fmt;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::super::ATTACHMENTS;
use super::shape::{MessageBody, spelled};
use crate::domain::command::{Refusal, Reply};

/// How these clients are answered.
pub(in crate::dialect) fn answer(answer: &Result<Reply, Refusal>) -> Box<RawValue> {
    let written = match answer {
        // None of its events asks who it is, or to come back to a room: the welcome and what follows it say so. Nor do
        // its clients enter halls.
        Ok(
            Reply::Done
            | Reply::You { .. }
            | Reply::Missed { .. }
            | Reply::Left { .. }
            | Reply::Over(_)
            | Reply::Entered(_),
        ) => to_raw_value(&Done::default()),
        Ok(Reply::Joined { position, estimated_wait_seconds }) => to_raw_value(&Done {
            queue_position: Some(*position),
            estimated_wait: Some(*estimated_wait_seconds),
            ..Done::default()
        }),
        Ok(Reply::Alive { timestamp_ms }) => to_raw_value(&Alive { timestamp: *timestamp_ms }),
        Ok(Reply::Sent { message, .. }) => {
            to_raw_value(&Done { sequence: Some(message.sequence), ..Done::default() })
        }
        Ok(Reply::Messages(messages)) => {
            let messages = messages.iter().map(MessageBody::new).collect();
            to_raw_value(&Done { messages: Some(messages), ..Done::default() })
        }
        Err(refusal) => to_raw_value(&Refused::new(*refusal)),
    };
    // Every body has text keys and is written into memory, so that none fails; and a client that waits for
    // an acknowledgement gets one even then.
    written.unwrap_or_else(|_| RawValue::NULL.to_owned())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Done<'a> {
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_position: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_wait: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<Vec<MessageBody<'a>>>,
}

impl Default for Done<'_> {
    fn default() -> Self {
        Self { success: true, queue_position: None, estimated_wait: None, sequence: None, messages: None }
    }
}

#[derive(Serialize)]
struct Alive {
    timestamp: u64,
}

#[derive(Serialize)]
struct Refused {
    success: bool,
    #[serde(serialize_with = "spelled")]
    error: Sentence,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
}

impl Refused {
    fn new(refusal: Refusal) -> Self {
        Self {
            success: false,
            error: Sentence(refusal),
            code: refusal.code(),
            field: field_of(refusal),
            retry_after_ms: refusal.retry_after_ms(),
        }
    }
}

const fn field_of(refusal: Refusal) -> Option<&'static str> {
    match refusal {
        Refusal::Invalid { field } | Refusal::TooLarge { field } => Some(field),
        Refusal::UnknownEvent
        | Refusal::NoSuchProposal
        | Refusal::NotInRoom
        | Refusal::InRoom
        | Refusal::Searching
        | Refusal::CoolingDown { .. }
        | Refusal::RateLimited { .. }
        | Refusal::Busy { .. }
        | Refusal::Unavailable { .. }
        | Refusal::PoolFull { .. }
        | Refusal::TooManyBlocks
        | Refusal::Hall(_) => None,
    }
}

/// A refusal for people: what is wrong, and what to do about it. Programs read the code.
struct Sentence(Refusal);

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Refusal::Invalid { field: ATTACHMENTS } => {
                f.write_str("Attachments are not accepted. Send text and try again.")
            }
            Refusal::Invalid { field } => {
                write!(f, "The field {field} is missing or wrong. Correct it and try again.")
            }
            Refusal::TooLarge { field } => {
                write!(f, "The field {field} is too long. Shorten it and try again.")
            }
            Refusal::UnknownEvent => f.write_str("This server does not know that event."),
            // As is: clients compare this text.
            Refusal::NoSuchProposal => f.write_str("Match no longer available."),
            Refusal::NotInRoom | Refusal::Hall(_) => f.write_str("You are not in that session."),
            Refusal::InRoom => f.write_str("You are in a session. Leave it first."),
            Refusal::Searching => f.write_str("You are searching already."),
            Refusal::CoolingDown { retry_after_ms } => {
                write!(f, "You turned many people down. Try again in {}.", Seconds(retry_after_ms))
            }
            Refusal::TooManyBlocks => f.write_str("You have blocked as many people as you may."),
            Refusal::RateLimited { retry_after_ms, .. } => {
                write!(f, "Too many requests. Try again in {}.", Seconds(retry_after_ms))
            }
            Refusal::Busy { retry_after_ms } => {
                let again = Seconds(retry_after_ms);
                write!(f, "Your earlier requests are still being handled. Try again in {again}.")
            }
            Refusal::Unavailable { retry_after_ms } => {
                let again = Seconds(retry_after_ms);
                write!(f, "The service is not available at the moment. Try again in {again}.")
            }
            Refusal::PoolFull { retry_after_ms } => {
                write!(f, "Too many people are waiting. Try again in {}.", Seconds(retry_after_ms))
            }
        }
    }
}

/// Milliseconds as whole seconds, rounded up: who waits that long has waited long enough.
struct Seconds(u64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.0.div_ceil(1_000))
    }
}
