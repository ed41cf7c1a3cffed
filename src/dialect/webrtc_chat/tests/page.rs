//! `docs/dialects/webrtc-chat.md` says what the tables do: the same events, the same fields, the same numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::topic::Topic;
use super::super::{NAME, policy};
use super::{ana, answered, partner, room, told};
use crate::domain::command::{Refusal, Reply, Scope};
use crate::domain::id::NodeId;
use crate::domain::notice::{Notice, Resumed};
use crate::domain::policy::Policy;
use crate::domain::talk::{ChatMessage, Departure, Payload, SignalKind};
use crate::domain::time::Time;

const PAGE: &str = include_str!("../../../../docs/dialects/webrtc-chat.md");

/// The rows of the tables under a heading, as their cells; head and rule are not among them.
fn rows(heading: &str) -> Vec<Vec<&'static str>> {
    let section = PAGE.split("\n## ").find(|section| section.starts_with(heading)).expect("the section");
    let lines = section.lines().filter(|line| line.starts_with('|'));
    let cells = lines.map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect::<Vec<_>>());
    cells.filter(|cells| !cells[0].starts_with("---") && cells[0] != "event" && cells[0] != "what").collect()
}

/// The words in backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The rows of events, by event: those of one row share it.
fn events(heading: &str) -> BTreeMap<&'static str, String> {
    let rows = rows(heading).into_iter().filter(|cells| cells.len() == 3);
    rows.flat_map(|cells| {
        let text = cells[1..].join(" ");
        quoted(cells[0]).map(move |event| (event, text.clone())).collect::<Vec<_>>()
    })
    .collect()
}

/// At least one of everything that a client is told.
fn everything_told() -> Vec<(&'static str, String)> {
    let (room, user) = (room(), ana());
    let proposal = super::ROOM.parse().expect("an id");
    let message = ChatMessage {
        sequence: 1,
        own_sequence: 1,
        from: ana(),
        content: Arc::from("hi"),
        client_message_id: None,
        at: Time::default(),
    };
    let left = |departure| Notice::PeerLeft { room, user: ana(), departure };
    let signal = |kind| Notice::Signal { room, kind, payload: Payload(Arc::from("{}")), from: ana() };
    let resumed = Resumed::Talking {
        proposal,
        room,
        partner: partner(),
        initiator: true,
        last_sequence: 0,
        told: true,
    };
    let notices = [
        Notice::Welcome { user: ana(), guest: true, node: NodeId::new("n-1") },
        Notice::Resumed(resumed),
        Notice::MatchReady { proposal, room, partner: partner(), initiator: true },
        Notice::WaitingExpired,
        signal(SignalKind::Offer),
        signal(SignalKind::Answer),
        signal(SignalKind::Candidate),
        Notice::Chat { room, message },
        Notice::PeerAway { room, user: user.clone(), grace_ms: 1 },
        Notice::PeerBack { room, user: user.clone() },
        left(Departure::Skipped),
        left(Departure::Disconnected),
        Notice::RateLimited { scope: Scope::Chat, retry_after_ms: 1 },
        Notice::Shutdown { retry_after_ms: 1 },
        Notice::Inactive,
        Notice::Replaced,
    ];
    let you = || Ok(Reply::You { user: ana(), node: NodeId::new("n-1") });
    let answers = [
        (Topic::FindMatch, Ok(Reply::Joined { position: 1, estimated_wait_seconds: 1 })),
        (Topic::CancelMatch, Ok(Reply::Done)),
        (Topic::Ping, you()),
        (Topic::Validate, you()),
        (Topic::Offer, Err(Refusal::NotInRoom)),
        (Topic::Message, Err(Refusal::NotInRoom)),
        (Topic::FindMatch, Err(Refusal::PoolFull { retry_after_ms: 1 })),
    ];
    let of_notices = notices.iter().flat_map(told);
    of_notices.chain(answers.iter().flat_map(|(topic, answer)| answered(*topic, answer).1)).collect()
}

#[test]
fn it_has_every_event_that_clients_send_and_no_other() {
    let known: BTreeSet<&str> = Topic::ALL.into_iter().map(Topic::event).collect();
    assert_eq!(events("Client to server").into_keys().collect::<BTreeSet<_>>(), known);
}

#[test]
fn it_has_every_event_that_clients_hear_with_its_fields() {
    let told = everything_told();
    let described = events("Server to client");
    let known: BTreeSet<&str> = told.iter().map(|(event, _)| *event).collect();
    assert_eq!(described.keys().copied().collect::<BTreeSet<_>>(), known);
    for (event, argument) in told {
        let value: serde_json::Value = serde_json::from_str(&argument).expect("JSON");
        let Some(body) = value.as_object() else { continue };
        let Some(shape) = quoted(&described[event]).find(|text| text.starts_with('{')) else { continue };
        let fields = shape.trim_start_matches('{').split(['{', '}', ',', ':']).map(str::trim);
        let fields: BTreeSet<&str> = fields.filter(|field| !field.is_empty()).collect();
        let inner = body.values().filter_map(serde_json::Value::as_object).flatten();
        let told: BTreeSet<&str> = body.iter().chain(inner).map(|(field, _)| field.as_str()).collect();
        assert_eq!(fields, told, "{event}");
    }
}

#[test]
fn it_has_the_numbers_of_the_policy() {
    let Policy { rematch_after, search_within, silence, grace, events_per_minute, .. } = policy();
    let most = events_per_minute.expect("budgets of its own");
    let seconds = |span: std::time::Duration| format!("{} s", span.as_secs());
    let minute = |most: u32| format!("{most} a minute");
    let expected = [
        ("a search", seconds(search_within.expect("an end"))),
        ("no rematch", seconds(rematch_after)),
        ("coming back", seconds(grace)),
        ("silence outside a match", seconds(silence.expect("an end"))),
        ("`find_match`, `cancel_match`, `skip`", minute(most.matching)),
        ("`message`", minute(most.chat)),
        ("everything else, and what cannot be understood", minute(most.signaling)),
    ];
    let written: Vec<(&str, String)> =
        rows("Times and limits").into_iter().map(|cells| (cells[0], cells[1].to_owned())).collect();
    assert_eq!(written, expected);
    assert!(PAGE.contains(&format!("--dialects {NAME}")));
}

#[test]
fn it_has_every_word_of_errors_and_acknowledgements() {
    let retry_after_ms = 1;
    let refusals = [
        Refusal::Invalid { field: "x" },
        Refusal::TooLarge { field: "x" },
        Refusal::NotInRoom,
        Refusal::InRoom,
        Refusal::Searching,
        Refusal::Busy { retry_after_ms },
        Refusal::Unavailable { retry_after_ms },
        Refusal::PoolFull { retry_after_ms },
        Refusal::RateLimited { scope: Scope::Matching, retry_after_ms },
        Refusal::RateLimited { scope: Scope::Chat, retry_after_ms },
        Refusal::RateLimited { scope: Scope::Signaling, retry_after_ms },
    ];
    let of_matching_and_talks =
        [Topic::FindMatch, Topic::Skip, Topic::Offer, Topic::Candidate, Topic::Message];
    for (topic, refusal) in
        of_matching_and_talks.into_iter().flat_map(|topic| refusals.map(|refusal| (topic, refusal)))
    {
        for (event, argument) in answered(topic, &Err(refusal)).1 {
            let body: serde_json::Value = serde_json::from_str(&argument).expect("JSON");
            for word in ["type", "error"].into_iter().filter_map(|field| body[field].as_str()) {
                assert!(PAGE.contains(&format!("`{word}`")), "{event}: {word}");
            }
        }
    }
    for topic in [Topic::Message] {
        for refusal in refusals {
            let (acknowledgement, _) = answered(topic, &Err(refusal));
            let body: serde_json::Value = serde_json::from_str(&acknowledgement).expect("JSON");
            let Some(word) = body["error"].as_str() else { continue };
            assert!(PAGE.contains(&format!("{{error: '{word}'")), "{word}");
        }
    }
}
