//! Signals: relayed as sent, plus `from`. What is inside stays the text it came as, in both directions.

use std::sync::Arc;

use serde_json::value::RawValue;

use super::super::Outgoing;
use super::super::json::{self, Field};
use super::decode::{SESSION_ID, room_id};
use super::event;
use crate::domain::command::{Command, Refusal};
use crate::domain::id::UserId;
use crate::domain::limits::Limits;
use crate::domain::talk::{Payload, SignalKind};

/// What a signal may hold beside its body: the session's id, and small fields of a client's own.
const EXTRA_BYTES: usize = 1_024;
/// Who sent it. Only the server writes this field.
const FROM: &str = "from";

/// The field that makes a signal of this kind one.
pub(super) const fn required(kind: SignalKind) -> Option<&'static str> {
    match kind {
        SignalKind::Offer => Some("offer"),
        SignalKind::Answer => Some("answer"),
        SignalKind::Candidate => Some("candidate"),
        SignalKind::Other => Some("signal"),
        SignalKind::Ready => None,
    }
}

/// A signal as its only pass over the client's object leaves it.
struct Reading<'a> {
    body_name: Option<&'static str>,
    session: Option<&'a RawValue>,
    body: Option<&'a RawValue>,
    /// A field that we rely on came a second time: its readers might not agree which one counts.
    twice: Option<&'static str>,
    /// The object again, without what the client said about where it comes from.
    relayed: String,
}

impl<'a> Reading<'a> {
    fn take(&mut self, field: &Field<'a>) {
        if field.name == FROM {
            return;
        }
        if field.name == SESSION_ID {
            if self.session.replace(field.value).is_some() {
                self.twice = Some(SESSION_ID);
            }
        } else if let Some(body_name) = self.body_name.filter(|name| field.name == *name)
            && self.body.replace(field.value).is_some()
        {
            self.twice = Some(body_name);
        }
        if !self.relayed.ends_with('{') {
            self.relayed.push(',');
        }
        self.relayed.push_str(field.key);
        self.relayed.push(':');
        self.relayed.push_str(field.value.get());
    }
}

/// Reads a signal of this kind.
pub(super) fn signal(
    kind: SignalKind,
    argument: Option<&RawValue>,
    limits: &Limits,
) -> Result<Command, Refusal> {
    let written = argument.map_or("{}", RawValue::get);
    let mut relayed = String::with_capacity(written.len());
    relayed.push('{');
    let mut reading = Reading { body_name: required(kind), session: None, body: None, twice: None, relayed };
    json::each_field(written, |field| reading.take(&field))
        .map_err(|json::WrongShape| Refusal::Invalid { field: SESSION_ID })?;
    if let Some(field) = reading.twice {
        return Err(Refusal::Invalid { field });
    }
    let session = reading.session.and_then(json::text).ok_or(Refusal::Invalid { field: SESSION_ID })?;
    let room = room_id(&session)?;
    if let Some(field) = reading.body_name {
        let body = reading.body.ok_or(Refusal::Invalid { field })?;
        if body.get().len() > limits.sdp_bytes {
            return Err(Refusal::TooLarge { field });
        }
    }
    // A peer that is away keeps signals: what else is in them counts as well.
    if reading.relayed.len() > limits.sdp_bytes + EXTRA_BYTES {
        return Err(Refusal::TooLarge { field: reading.body_name.unwrap_or(SESSION_ID) });
    }
    reading.relayed.push('}');
    Ok(Command::Signal { room: room.into(), kind, payload: Payload(Arc::from(reading.relayed)) })
}

/// The event that carries `payload` to its receiver. `None` for what [`signal`] does not make: it may come
/// from another node, and what is not JSON would end the receiver's connection.
pub(super) fn relay(kind: SignalKind, payload: &Payload, from: &UserId) -> Option<Outgoing> {
    const LABEL: &[u8] = b",\"from\":";
    let fields = payload.0.strip_suffix('}')?;
    // Exact for an id without escapes: then this is the only allocation.
    let length = fields.len() + LABEL.len() + from.as_str().len() + 3;
    let mut text = Vec::with_capacity(length);
    text.extend_from_slice(fields.as_bytes());
    text.extend_from_slice(LABEL);
    serde_json::to_writer(&mut text, from.as_str()).ok()?;
    text.push(b'}');
    let argument = RawValue::from_string(String::from_utf8(text).ok()?).ok()?;
    Some(Outgoing { event: event::of_signal(kind), argument })
}
