//! An event as JSON: what `docs/events.v1.schema.json` describes.
//!
//! The types are the words that consumers of the webrtc-chat family know, and two of our own for proposals.

use serde::Serialize;

use super::Source;
use crate::domain::happening::{Happening, What};
use crate::domain::id::{ProposalId, RoomId};
use crate::domain::intervention::Act;
use crate::domain::proposal::Failure;
use crate::domain::talk::{Departure, Quality};
use crate::node::News;

/// The version of the schema. Fields and types may be added to it; anything else is a new one.
const VERSION: u8 = 1;

/// All that an event may have; most have few.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event<'a> {
    version: u8,
    /// The same for an event that comes twice, and for no other.
    id: String,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    /// Milliseconds since 1970.
    timestamp: u64,
    node: &'a str,
    pub(super) dialect: &'static str,
    pub(super) user_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) peer_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) room_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) proposal_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) by: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resumed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) waited_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) duration_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) messages: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rtt_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jitter_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    packets_lost: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bitrate_kbps: Option<f64>,
}

/// The text of `news`.
pub(super) fn json(news: &News, from: &Source) -> String {
    serde_json::to_string(&event(news, from)).unwrap_or_default()
}

/// What `news` says.
pub(super) fn event<'a>(news: &'a News, from: &'a Source) -> Event<'a> {
    let Happening { user, pool, what } = &news.happening;
    let mut event = Event {
        version: VERSION,
        id: format!("{}-{:x}-{}", from.node.as_str(), from.started_at.as_ms(), news.number),
        timestamp: news.at.as_ms(),
        node: from.node.as_str(),
        dialect: pool.0,
        user_id: user.as_str(),
        ..Event::default()
    };
    fill(&mut event, what);
    event
}

fn fill<'a>(event: &mut Event<'a>, what: &'a What) {
    event.kind = kind(what);
    match what {
        What::Connected { back } => event.resumed = Some(*back),
        What::Disconnected { left } => event.reason = Some(if *left { "left" } else { "lost" }),
        What::Searching | What::SearchCancelled | What::SearchExpired | What::CallFailed => {}
        What::Proposed { proposal, peer, stage, waited } => {
            event.proposal_id = Some(proposal.to_string());
            event.peer_id = Some(peer.as_str());
            event.stage = Some(stage.number());
            event.waited_ms = Some(ms(*waited));
        }
        What::ProposalFailed { proposal, peer, failure } => {
            event.proposal_id = Some(ProposalId::to_string(proposal));
            event.peer_id = Some(peer.as_str());
            event.reason = Some(Failure::as_str(*failure));
        }
        What::RoomOpened { room, peer, proposal, waited } => {
            event.room_id = Some(RoomId::to_string(room));
            event.peer_id = Some(peer.as_str());
            event.proposal_id = Some(proposal.to_string());
            event.waited_ms = Some(ms(*waited));
        }
        What::Skipped { room, peer } => {
            event.room_id = Some(room.to_string());
            event.peer_id = Some(peer.as_str());
        }
        What::RoomClosed { room, peer, departure, own, lasted, messages } => {
            event.room_id = Some(room.to_string());
            event.peer_id = Some(peer.as_str());
            event.reason = Some(Departure::as_str(*departure));
            event.by = Some(if *own { "user" } else { "peer" });
            event.duration_ms = Some(ms(*lasted));
            event.messages = Some(*messages);
        }
        What::Quality(Quality { rtt_ms, jitter_ms, packets_lost, bitrate_kbps }) => {
            event.rtt_ms = Some(*rtt_ms);
            event.jitter_ms = *jitter_ms;
            event.packets_lost = *packets_lost;
            event.bitrate_kbps = *bitrate_kbps;
        }
        What::Intervened { act, by } => {
            event.action = Some(act.as_str());
            event.operator = Some(by);
            event.room_id = match act {
                Act::CloseRoom(room) => Some(room.to_string()),
                Act::Disconnect => None,
            };
        }
        What::Drained => {
            event.action = Some("drain");
            event.operator = Some(event.user_id);
        }
        What::Refused { code } => event.reason = Some(code),
    }
}

const fn kind(what: &What) -> &'static str {
    match what {
        What::Connected { .. } => "connect",
        What::Disconnected { .. } => "disconnect",
        What::Searching => "added_to_queue",
        What::SearchCancelled => "match_cancelled",
        What::SearchExpired => "match_timeout",
        What::Proposed { .. } => "proposed",
        What::ProposalFailed { .. } => "proposal_failed",
        What::RoomOpened { .. } => "match_found",
        What::Skipped { .. } => "user_skipped",
        What::RoomClosed { .. } => "match_ended",
        What::Quality(_) => "connection_quality",
        What::CallFailed => "webrtc_error",
        What::Intervened { .. } | What::Drained => "intervention",
        What::Refused { .. } => "error",
    }
}

fn ms(span: std::time::Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
