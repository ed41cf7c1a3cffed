//! What events and acknowledgements are made of. Borrowed, written once.

use std::fmt::Display;

use serde::{Serialize, Serializer};

use crate::domain::id::{ProposalId, RoomId};
use crate::domain::notice::{Found, Partner};
use crate::domain::relay::Relays;
use crate::domain::talk::ChatMessage;

/// Writes an id as it is spelled.
pub(super) fn spelled<S: Serializer>(id: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

/// Somebody was found.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FoundBody<'a> {
    #[serde(serialize_with = "spelled")]
    match_id: ProposalId,
    partner_id: &'a str,
    #[serde(serialize_with = "spelled")]
    session_id: RoomId,
    expires_at: u64,
    stage: u8,
    initiator: bool,
    partner: PartnerBody<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ice_servers: Option<[&'a Relays; 1]>,
}

impl<'a> FoundBody<'a> {
    pub(super) fn new(found: &'a Found, relays: Option<&'a Relays>) -> Self {
        Self {
            match_id: found.proposal,
            partner_id: found.partner.user.as_str(),
            session_id: found.room,
            expires_at: found.expires_at.as_ms(),
            stage: found.stage.number(),
            initiator: found.initiator,
            partner: PartnerBody::new(&found.partner),
            ice_servers: relays.map(|relays| [relays]),
        }
    }
}

/// What is told about the other one, in the words they joined with.
#[derive(Serialize)]
pub(super) struct PartnerBody<'a> {
    native_language: &'a str,
    target_language: &'a str,
    proficiency_level: &'static str,
}

impl<'a> PartnerBody<'a> {
    pub(super) fn new(partner: &'a Partner) -> Self {
        Self {
            native_language: partner.speaks.as_str(),
            target_language: partner.learns.as_str(),
            proficiency_level: partner.proficiency.as_str(),
        }
    }
}

/// A chat message; its room stands around it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MessageBody<'a> {
    from: &'a str,
    content: &'a str,
    sequence: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_message_id: Option<&'a str>,
    timestamp: u64,
}

impl<'a> MessageBody<'a> {
    pub(super) fn new(message: &'a ChatMessage) -> Self {
        Self {
            from: message.from.as_str(),
            content: &message.content,
            sequence: message.sequence,
            client_message_id: message.client_message_id.as_deref(),
            timestamp: message.at.as_ms(),
        }
    }
}
