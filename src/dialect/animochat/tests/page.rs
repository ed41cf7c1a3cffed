//! The page for those who write clients says what the code says.

use std::collections::BTreeSet;

use super::*;
use crate::domain::command::Scope;
use crate::domain::policy::PRESENCE_EVERY;

const PAGE: &str = include_str!("../../../../docs/dialects/animochat.md");
const EVENTS: &str = include_str!("../event.rs");

/// The part of the page under that heading.
fn section(heading: &str) -> &'static str {
    let (_, rest) = PAGE.split_once(&format!("\n## {heading}\n")).expect("a heading");
    rest.split("\n## ").next().unwrap_or_default()
}

/// What stands in code marks in the cells of the first columns of a section's tables.
fn named(heading: &str, columns: usize) -> BTreeSet<&'static str> {
    let rows = section(heading).lines().filter(|line| line.starts_with("| "));
    let cells = rows.flat_map(|row| row.split('|').skip(1).take(columns));
    // Every second part stands between two marks; of an event with its argument the first word is the event.
    let names = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    names.filter_map(|name| name.split(' ').next()).collect()
}

#[test]
fn every_event_stands_in_its_table_and_no_other() {
    let declared = EVENTS.lines().filter_map(|line| line.split('"').nth(1));
    let declared: BTreeSet<_> = declared.collect();
    let is_understood = |event: &&str| asked(&format!("[\"{event}\"]")).0 != Topic::Unknown;
    let (up, down): (BTreeSet<_>, BTreeSet<_>) = declared.into_iter().partition(is_understood);
    assert_eq!(up.len(), 12);
    assert_eq!(named("Client to server", 2), up);
    assert_eq!(named("Server to client", 2), down);
}

#[test]
fn every_error_stands_there_with_its_code() {
    let retry_after_ms = 5_000;
    let in_table = |refusal: Refusal| {
        let parts = answered(FIRST, Topic::Send, &Err(refusal));
        let body: serde_json::Value =
            serde_json::from_str(parts[0].strip_prefix("error ").expect("an error")).expect("JSON");
        let (message, code) = (body["message"].as_str().expect("text"), body["code"].as_str().expect("text"));
        let row = format!("| `{message}` | `{code}` |").replace("5s", "Ns").replace("roomId", "<field>");
        assert!(section("Errors").contains(&row), "{row}");
    };
    for refusal in [
        Refusal::InRoom,
        Refusal::CoolingDown { retry_after_ms },
        Refusal::NotInRoom,
        Refusal::Invalid { field: "content" },
        Refusal::TooLarge { field: "content" },
        Refusal::Invalid { field: "attachments" },
        Refusal::Invalid { field: "roomId" },
        Refusal::UnknownEvent,
        Refusal::RateLimited { scope: Scope::Chat, retry_after_ms },
        Refusal::Busy { retry_after_ms },
        Refusal::Unavailable { retry_after_ms },
        Refusal::PoolFull { retry_after_ms },
    ] {
        if refusal != Refusal::UnknownEvent {
            in_table(refusal);
        }
    }
    let nobody = told(FIRST, &Notice::WaitingExpired).concat();
    assert!(nobody.contains("\"No available matches found. Try again later.\",\"code\":\"no_match\""));
    assert!(section("Errors").contains("| `No available matches found. Try again later.` | `no_match` |"));
    assert!(section("Errors").contains("`unknown_event`"));
}

#[test]
fn the_numbers_are_those_of_the_policy() {
    let policy = FIRST.policy();
    let limits = Limits::default();
    for sentence in [
        format!("| a search that finds nobody | {} s |", policy.search_within.expect("an end").as_secs()),
        format!("| after skipping somebody | {} s |", policy.skip_cooldown.as_secs()),
        format!("| two who met do not meet again | {} h, ", policy.rematch_after.as_secs() / 3_600),
        format!("of the last {} partners", policy.partners_remembered),
        format!("| a lost connection may come back | {} s", policy.grace.as_secs()),
        format!("| the online count changes | {} s |", PRESENCE_EVERY.as_secs()),
        format!("1 to {} characters", limits.chat_characters),
    ] {
        assert!(PAGE.contains(&sentence), "{sentence}");
    }
}
