//! `docs/dialects/signaling.md` says what the tables do: the same events, the same fields, the same numbers.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{NAME, policy};
use super::*;
use crate::domain::command::Scope;
use crate::domain::hall::HallRefusal;
use crate::domain::limits::{HALL_NAME_CHARACTERS, HALLS_OF_A_SESSION, HALLS_RESERVED, HALLS_SHOWN};
use crate::domain::policy::{HALL_RESERVED_FOR, HALLS_RENEWED_EVERY, Policy};

const PAGE: &str = include_str!("../../../../docs/dialects/signaling.md");

/// The rows of the tables under a heading, as their cells; head and rule are not among them.
fn rows(heading: &str) -> Vec<Vec<&'static str>> {
    let section = PAGE.split("\n## ").find(|section| section.starts_with(heading)).expect("the section");
    let lines = section.lines().filter(|line| line.starts_with('|'));
    let cells = lines.map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect::<Vec<_>>());
    let heads = ["event", "what", "code"];
    cells.filter(|cells| !cells[0].starts_with("---") && !heads.contains(&cells[0])).collect()
}

/// The words in backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The rows of events: each event with its payload.
fn events(heading: &str) -> BTreeMap<&'static str, &'static str> {
    let rows = rows(heading).into_iter().filter(|cells| cells.len() == 3);
    rows.map(|cells| (quoted(cells[0]).next().expect("a name"), cells[1])).collect()
}

/// The names in a shape: `{a, b: [{c}]}` has a, b and c.
fn fields(shape: &str) -> BTreeSet<&str> {
    let word = |letter: char| letter.is_ascii_alphabetic();
    shape.split(|letter| !word(letter)).filter(|field| !field.is_empty()).collect()
}

/// The names of fields anywhere in a body, and what stands for a list of texts.
fn fields_of(body: &serde_json::Value, names: &mut BTreeSet<String>) {
    if let Some(object) = body.as_object() {
        for (name, value) in object {
            names.insert(name.clone());
            fields_of(value, names);
        }
    }
    for element in body.as_array().into_iter().flatten() {
        if element.is_string() {
            names.insert("userId".to_owned());
        }
        fields_of(element, names);
    }
}

fn refusals() -> [Refusal; 12] {
    let retry_after_ms = 1;
    [
        Refusal::Hall(HallRefusal::NoSuchHall),
        Refusal::NotInRoom,
        Refusal::Hall(HallRefusal::NoSuchMember),
        Refusal::Hall(HallRefusal::Full),
        Refusal::Invalid { field: "roomId" },
        Refusal::TooLarge { field: "roomId" },
        Refusal::Hall(HallRefusal::InTooMany),
        Refusal::Hall(HallRefusal::NoMoreHalls),
        Refusal::RateLimited { scope: Scope::Signaling, retry_after_ms },
        Refusal::Busy { retry_after_ms },
        Refusal::Unavailable { retry_after_ms },
        Refusal::UnknownEvent,
    ]
}

/// At least one of everything that a client is told.
fn everything_told() -> Vec<(&'static str, String)> {
    let of_hall = [
        HallNotice::Resumed(vec![view()]),
        HallNotice::Joined { hall: hall(), name: ana() },
        HallNotice::Away { hall: hall(), name: ana(), grace_ms: 1 },
        HallNotice::Back { hall: hall(), name: ana() },
        HallNotice::Replaced { hall: hall(), name: ana() },
    ];
    let signals =
        [SignalKind::Offer, SignalKind::Answer, SignalKind::Candidate].map(|kind| signal(kind, "1"));
    let notices = of_hall
        .map(Notice::Hall)
        .into_iter()
        .chain(signals)
        .chain([left(Leaving::Left), Notice::Shutdown { retry_after_ms: 1 }]);
    let of_answers = answered(Topic::Join, &Ok(Reply::Entered(view()))).1;
    notices.flat_map(|notice| told(&notice)).chain(of_answers).collect()
}

#[test]
fn it_has_every_event_that_clients_send_and_no_other() {
    let known: BTreeSet<&str> = Topic::ALL.into_iter().map(Topic::event).collect();
    assert_eq!(events("Client to server").into_keys().collect::<BTreeSet<_>>(), known);
}

#[test]
fn it_has_every_event_that_clients_hear_with_its_fields() {
    let described = events("Server to client");
    let told = everything_told();
    let known: BTreeSet<&str> = told.iter().map(|(event, _)| *event).chain(["error"]).collect();
    assert_eq!(described.keys().copied().collect::<BTreeSet<_>>(), known);
    for (event, argument) in told {
        let mut names = BTreeSet::new();
        fields_of(&serde_json::from_str(&argument).expect("JSON"), &mut names);
        let names: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(fields(quoted(described[event]).next().expect("a shape")), names, "{event}");
    }
    let of_errors: BTreeSet<String> = refusals()
        .into_iter()
        .flat_map(|refusal| answered(Topic::Join, &Err(refusal)).1)
        .flat_map(|(_, argument)| {
            let mut names = BTreeSet::new();
            fields_of(&serde_json::from_str(&argument).expect("JSON"), &mut names);
            names
        })
        .collect();
    assert_eq!(fields(described["error"]), of_errors.iter().map(String::as_str).collect::<BTreeSet<_>>());
}

#[test]
fn it_has_every_code() {
    let codes: Vec<String> = refusals()
        .into_iter()
        .map(|refusal| {
            let (acknowledgement, _) = answered(Topic::Join, &Err(refusal));
            let body: serde_json::Value = serde_json::from_str(&acknowledgement).expect("JSON");
            body["code"].as_str().expect("a code").to_owned()
        })
        .collect();
    let two = rows("Server to client").into_iter().filter(|cells| cells.len() == 2);
    let written: Vec<&str> = two.filter_map(|cells| quoted(cells[0]).next()).collect();
    assert_eq!(written, codes);
}

#[test]
fn it_has_every_reason() {
    for leaving in [Leaving::Left, Leaving::Disconnected, Leaving::Replaced] {
        let row = rows("Server to client").into_iter().find(|cells| cells[0] == "`user-left`");
        assert!(
            row.is_some_and(|cells| cells[2].contains(&format!("`{}`", leaving.as_str()))),
            "{leaving:?}"
        );
    }
}

#[test]
fn it_has_the_numbers() {
    let Policy { grace, events_per_minute, .. } = policy();
    let (most, limits) = (events_per_minute.expect("budgets of its own"), Limits::default());
    let minute = |most: u32| format!("{most} a minute");
    let expected = [
        ("members of a room", limits.hall_members.to_string()),
        ("rooms of a connection", HALLS_OF_A_SESSION.to_string()),
        ("rooms", limits.halls.to_string()),
        ("reserved rooms", HALLS_RESERVED.to_string()),
        ("characters of an id", HALL_NAME_CHARACTERS.to_string()),
        ("coming back, with a secret", format!("{} s", grace.as_secs())),
        ("`join-room`, `leave-room`", minute(most.matching)),
        ("everything else, and what cannot be understood", minute(most.signaling)),
    ];
    let written: Vec<(&str, String)> =
        rows("Times and limits").into_iter().map(|cells| (cells[0], cells[1].to_owned())).collect();
    assert_eq!(written, expected);
    let reserved = format!("It is there for {} s", HALL_RESERVED_FOR.as_secs());
    let shown = format!("the newest first, {HALLS_SHOWN} at most");
    let made_up_for = format!("made up for within {} s", HALLS_RENEWED_EVERY.as_secs());
    let held = format!("({} are kept for each room", limits.candidates_buffered);
    for sentence in [reserved, shown, made_up_for, held, format!("--dialects {NAME}")] {
        assert!(PAGE.contains(&sentence), "{sentence}");
    }
}
