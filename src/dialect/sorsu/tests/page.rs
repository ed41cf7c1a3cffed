//! The page for those who write clients says what the code says.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::domain::command::{RoomRef, Scope};
use crate::domain::id::NodeId;
use crate::domain::notice::Resumed;
use crate::domain::talk::Departure;

const PAGE: &str = include_str!("../../../../docs/dialects/sorsu.md");

/// The rows of the tables under a heading, as their cells; heads and rules are not among them.
fn rows(heading: &str) -> Vec<Vec<&'static str>> {
    let section = PAGE.split("\n## ").find(|section| section.starts_with(heading)).expect("the section");
    let lines = section.lines().filter(|line| line.starts_with("| `") || line.starts_with("| a"));
    lines.map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect()).collect()
}

/// The words in backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The rows of events, by event: those of one row share it.
fn events(heading: &str) -> BTreeMap<&'static str, &'static str> {
    let of_row = |cells: Vec<&'static str>| {
        let shape = cells[1];
        quoted(cells[0]).map(move |event| (event, shape)).collect::<Vec<_>>()
    };
    rows(heading).into_iter().flat_map(of_row).collect()
}

/// At least one of everything that a client is told, in its longest form.
fn everything_told() -> Vec<String> {
    let talking = Resumed::Talking {
        proposal: ROOM.parse().expect("an id"),
        room: room(),
        partner: partner(),
        initiator: true,
        last_sequence: 0,
        told: false,
    };
    let notices = [
        Notice::Welcome { user: ben(), guest: true, node: NodeId::new("n-1") },
        Notice::Resumed(talking),
        Notice::Chat { room: room(), message: message("hi", Some("m-1")) },
        Notice::Typing { room: room(), user: ben(), on: true },
        Notice::PeerLeft { room: room(), user: ben(), departure: Departure::Left },
        Notice::RateLimited { scope: Scope::Chat, retry_after_ms: 1 },
        Notice::Shutdown { retry_after_ms: 1 },
        Notice::Replaced,
    ];
    let over = answered(Topic::Rejoin, &Ok(Reply::Over(RoomRef::Number(1))));
    notices.iter().flat_map(told).chain(over.into_iter().take(1)).collect()
}

#[test]
fn it_has_every_event_that_clients_send_and_no_other() {
    let known: BTreeSet<&str> = Topic::ALL.into_iter().map(Topic::event).collect();
    assert_eq!(events("Client to server").into_keys().collect::<BTreeSet<_>>(), known);
}

#[test]
fn it_has_every_event_that_clients_hear_with_its_fields() {
    let described = events("Server to client");
    let mut heard = BTreeSet::new();
    for said in everything_told() {
        let (event, argument) = said.split_once(' ').expect("an argument");
        let body: serde_json::Value = serde_json::from_str(argument).expect("JSON");
        let told: BTreeSet<&str> =
            body.as_object().into_iter().flatten().map(|(field, _)| &**field).collect();
        let (event, shape) = described.get_key_value(event).expect("a row");
        let fields = quoted(shape).flat_map(|shape| shape.split(['{', '}', ',', '?', ' ']));
        let fields: BTreeSet<&str> = fields.filter(|field| !field.is_empty()).collect();
        assert_eq!(fields, told, "{event}");
        heard.insert(*event);
    }
    assert_eq!(described.keys().copied().collect::<BTreeSet<_>>(), heard);
}

#[test]
fn it_has_every_refusal_with_its_code() {
    let retry_after_ms = 1;
    let rows: Vec<(&str, &str)> = rows("Refusals").iter().map(|cells| (cells[0], cells[1])).collect();
    for (topic, refusal) in [
        (Topic::Send, Refusal::Invalid { field: "content" }),
        (Topic::End, Refusal::Invalid { field: "chatId" }),
        (Topic::Send, Refusal::TooLarge { field: "content" }),
        (Topic::Send, Refusal::RateLimited { scope: Scope::Chat, retry_after_ms }),
        (Topic::Send, Refusal::NotInRoom),
        (Topic::Join, Refusal::InRoom),
        (Topic::Unknown, Refusal::UnknownEvent),
        (Topic::Send, Refusal::Busy { retry_after_ms }),
        (Topic::Send, Refusal::Unavailable { retry_after_ms }),
        (Topic::Join, Refusal::PoolFull { retry_after_ms }),
    ] {
        let said = answered(topic, &Err(refusal)).concat();
        let body: serde_json::Value =
            serde_json::from_str(said.strip_prefix("acknowledgement ").expect("one")).expect("JSON");
        let word = |field: &str| format!("`{}`", body[field].as_str().expect("text"));
        assert!(rows.contains(&(&word("error"), &word("code"))), "{said}");
    }
}

#[test]
fn it_has_the_numbers_of_the_policy() {
    let policy = Dialect::Sorsu.policy();
    let most = policy.events_per_minute.expect("budgets of its own");
    for sentence in [
        format!("| a lost connection may come back | {} s", policy.grace.as_secs()),
        format!("| a message | {} a minute", most.chat),
        format!("| a search, its end, the end of a chat | {} a minute", most.matching),
        format!("| anything else | {} a minute", most.signaling),
        format!("1 to {} characters", Limits::default().chat_characters),
        format!("--dialects {}", super::super::NAME),
    ] {
        assert!(PAGE.contains(&sentence), "{sentence}");
    }
}
