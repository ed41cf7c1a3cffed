//! The contract is whole, means what decoders accept, and is what the document says.

use std::collections::BTreeSet;
use std::{env, fs};

use serde_json::{Value, json};

use super::{ALL, Contract, asyncapi};
use crate::contract::{Field, Shape, parse, sample};
use crate::dialect::{AnimochatVocabulary, Dialect};
use crate::domain::limits::Limits;

const DIALECTS: [Dialect; 5] = [
    Dialect::Qala,
    Dialect::Sorsu,
    Dialect::Signaling,
    Dialect::Animochat(AnimochatVocabulary::Unsaid),
    Dialect::WebrtcChat,
];

fn accepts(dialect: Dialect, event: &str, arguments: &[&Value]) -> bool {
    let mut packet = vec![json!(event)];
    packet.extend(arguments.iter().map(|argument| (*argument).clone()));
    let packet = Value::from(packet).to_string();
    // A newer token is taken before anything else is decoded.
    match dialect.renewal(&packet) {
        Some(renewal) => renewal.is_ok(),
        None => dialect.decode(&packet, &Limits::default()).command.is_ok(),
    }
}

fn rows() -> impl Iterator<Item = (Dialect, &'static Contract)> {
    DIALECTS.into_iter().map(|dialect| (dialect, super::of(dialect)))
}

/// The names declared in a dialect's table.
fn declared(contract: &Contract) -> BTreeSet<&'static str> {
    let lines = contract.names.lines().filter(|line| line.contains(": &str ="));
    lines.filter_map(|line| line.split('"').nth(1)).collect()
}

#[test]
fn every_event_of_every_dialect_is_there_and_no_other() {
    for (dialect, contract) in rows() {
        let (asked, told): (Vec<_>, Vec<_>) = (
            contract.asked.iter().map(|row| row.event).collect(),
            contract.told.iter().map(|row| row.event).collect(),
        );
        for rows in [&asked, &told] {
            assert_eq!(rows.iter().collect::<BTreeSet<_>>().len(), rows.len(), "{dialect:?}: a row twice");
        }
        let rows: BTreeSet<_> = asked.iter().chain(&told).copied().collect();
        assert_eq!(rows, declared(contract), "{dialect:?}");
        let unknown = |event: &&str| {
            let packet = format!("[\"{event}\"]");
            let refusal = dialect.decode(&packet, &Limits::default()).command.err();
            dialect.renewal(&packet).is_none()
                && refusal == Some(crate::domain::command::Refusal::UnknownEvent)
        };
        let understood: BTreeSet<_> = rows.iter().copied().filter(|event| !unknown(event)).collect();
        assert_eq!(asked.into_iter().collect::<BTreeSet<_>>(), understood, "{dialect:?}: what is understood");
    }
    assert_eq!(ALL.map(|(name, _)| name), DIALECTS.map(Dialect::name));
}

#[test]
fn what_the_contract_allows_is_accepted_and_what_it_does_not_is_not() {
    for (dialect, contract) in rows() {
        for row in contract.asked {
            let shape = parse(row.argument);
            if shape == Shape::None {
                assert!(accepts(dialect, row.event, &[]), "{}", row.event);
                continue;
            }
            let alternatives = if let Shape::OneOf(all) = shape { all } else { vec![shape] };
            for shape in alternatives {
                for full in [false, true] {
                    let value = sample(&shape, full);
                    assert!(accepts(dialect, row.event, &[&value]), "{}: {value}", row.event);
                }
                each_field_counts(dialect, row.event, &shape);
            }
        }
    }
}

/// Without a field that is required, or with one of another kind, an event is refused.
fn each_field_counts(dialect: Dialect, event: &str, shape: &Shape) {
    let Shape::Object { fields, .. } = shape else { return };
    for Field { name, required, shape: of_field } in fields {
        let whole = sample(shape, true);
        let mut without = whole.clone();
        without.as_object_mut().expect("an object").remove(name);
        assert_eq!(accepts(dialect, event, &[&without]), !required, "{event} without {name}");
        if !takes_anything(of_field) {
            for wrong in [json!([[1]]), json!({"no": "such"})] {
                let mut other = whole.clone();
                other[name] = wrong;
                assert!(!accepts(dialect, event, &[&other]), "{event}: {other}");
            }
        }
    }
}

fn takes_anything(shape: &Shape) -> bool {
    let of_several = if let Shape::OneOf(all) = shape { all.iter().any(takes_anything) } else { false };
    of_several || *shape == Shape::Any
}

#[test]
fn the_document_is_written_from_it() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/asyncapi.json");
    let text = asyncapi::document();
    if env::var_os("UPDATE").is_some() {
        fs::write(path, &text).unwrap_or_else(|error| panic!("{path}: {error}"));
    }
    let written = fs::read_to_string(path).unwrap_or_default();
    assert!(written == text, "{path} differs; UPDATE=1 writes it anew");
}
