//! Each event as its exact text.

use std::collections::BTreeSet;
use std::time::Duration;

use super::*;
use crate::domain::criteria::Stage;
use crate::domain::id::{NodeId, UserId};
use crate::domain::ticket::PoolId;
use crate::domain::time::Time;

const ID: &str = "00000000-0000-4000-8000-000000000007";

/// Every event, and what it has besides what all have.
fn all() -> Vec<(What, &'static str, String)> {
    let (proposal, room, peer) = (ID.parse().expect("an id"), ID.parse().expect("an id"), UserId::new("ben"));
    let (waited, lasted) = (Duration::from_millis(1_500), Duration::from_mins(1));
    let quality = Quality { rtt_ms: 80.5, jitter_ms: Some(2.0), packets_lost: None, bitrate_kbps: None };
    let none = String::new;
    vec![
        (What::Connected { back: true }, "connect", r#","resumed":true"#.to_owned()),
        (What::Disconnected { left: true }, "disconnect", r#","reason":"left""#.to_owned()),
        (What::Disconnected { left: false }, "disconnect", r#","reason":"lost""#.to_owned()),
        (What::Searching, "added_to_queue", none()),
        (What::SearchCancelled, "match_cancelled", none()),
        (What::SearchExpired, "match_timeout", none()),
        (
            What::Proposed { proposal, peer: peer.clone(), stage: Stage::WiderAge, waited },
            "proposed",
            format!(r#","peerId":"ben","proposalId":"{ID}","stage":2,"waitedMs":1500"#),
        ),
        (
            What::ProposalFailed { proposal, peer: peer.clone(), failure: Failure::Expired },
            "proposal_failed",
            format!(r#","peerId":"ben","proposalId":"{ID}","reason":"expired""#),
        ),
        (
            What::RoomOpened { room, peer: peer.clone(), proposal, waited },
            "match_found",
            format!(r#","peerId":"ben","roomId":"{ID}","proposalId":"{ID}","waitedMs":1500"#),
        ),
        (
            What::Skipped { room, peer: peer.clone() },
            "user_skipped",
            format!(r#","peerId":"ben","roomId":"{ID}""#),
        ),
        (
            What::RoomClosed { room, peer, departure: Departure::Skipped, own: false, lasted, messages: 3 },
            "match_ended",
            format!(
                r#","peerId":"ben","roomId":"{ID}","reason":"skipped","by":"peer","durationMs":60000,"messages":3"#
            ),
        ),
        (What::Quality(quality), "connection_quality", r#","rttMs":80.5,"jitterMs":2.0"#.to_owned()),
        (What::CallFailed, "webrtc_error", none()),
        (
            What::Intervened { act: Act::CloseRoom(room), by: "ops@host".into() },
            "intervention",
            format!(r#","roomId":"{ID}","action":"close_room","operator":"ops@host""#),
        ),
        (
            What::Intervened { act: Act::Disconnect, by: "ops@host".into() },
            "intervention",
            r#","action":"disconnect","operator":"ops@host""#.to_owned(),
        ),
        (What::Drained, "intervention", r#","action":"drain","operator":"ana""#.to_owned()),
        (What::Refused { code: "busy" }, "error", r#","reason":"busy""#.to_owned()),
    ]
}

fn source() -> Source {
    Source { node: NodeId::new("n-1"), started_at: Time::from_ms(255) }
}

fn news(what: What) -> News {
    let happening = Happening { user: UserId::new("ana"), pool: PoolId("qala"), what };
    News { number: 4, at: Time::from_ms(1_000), happening }
}

#[test]
fn what_each_event_says() {
    for (what, kind, more) in all() {
        let common = format!(
            r#"{{"version":1,"id":"n-1-ff-4","type":"{kind}","timestamp":1000,"node":"n-1","dialect":"qala","userId":"ana""#
        );
        assert_eq!(json(&news(what), &source()), format!("{common}{more}}}"));
    }
}

#[test]
fn the_schema_knows_every_type_and_field() {
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../../../docs/events.v1.schema.json")).expect("JSON");
    let fields = schema["properties"].as_object().expect("an object");
    let types = schema["properties"]["type"]["enum"].as_array().expect("a list");
    let mut told = BTreeSet::new();
    for (what, kind, _) in all() {
        told.insert(kind);
        let event: serde_json::Value = serde_json::from_str(&json(&news(what), &source())).expect("JSON");
        for name in event.as_object().expect("an object").keys() {
            assert!(fields.contains_key(name), "{name}");
        }
    }
    assert_eq!(types.iter().filter_map(serde_json::Value::as_str).collect::<BTreeSet<_>>(), told);
}
