//! The contract as data: every event of every dialect with the shape of what it carries, from which
//! `docs/asyncapi.json` is written. Tests hold it to the code: what decoders accept and what encoders write must be
//! as it says, and what it allows decoders must accept.
//!
//! For tests alone: the server hands out the document that they have written.

mod asyncapi;
mod tests;

use serde_json::Value;

use super::{Answering, Asked, Dialect, Outgoing, animochat, qala, signaling, sorsu, webrtc_chat};
use crate::contract::{Checker, Shape, Writer, parse};

/// One dialect. Shapes are written as `src/contract/notation.rs` says.
pub(super) struct Contract {
    /// What it is for, in one sentence.
    pub(super) purpose: &'static str,
    /// Shapes that several events have, by their names.
    pub(super) shapes: &'static [(&'static str, &'static str)],
    /// What clients send.
    pub(super) asked: &'static [AskedEvent],
    /// What they hear.
    pub(super) told: &'static [ToldEvent],
    /// Every name in its table, so that none is missing here.
    pub(super) names: &'static str,
}

/// An event that clients send.
pub(super) struct AskedEvent {
    pub(super) event: &'static str,
    pub(super) what: &'static str,
    /// Its first argument.
    pub(super) argument: &'static str,
    /// The only argument of its acknowledgement.
    pub(super) acknowledgement: &'static str,
}

/// An event that clients hear.
pub(super) struct ToldEvent {
    pub(super) event: &'static str,
    pub(super) what: &'static str,
    /// Its only argument.
    pub(super) argument: &'static str,
}

/// A row of what clients send.
pub(super) const fn asked(
    event: &'static str,
    what: &'static str,
    argument: &'static str,
    acknowledgement: &'static str,
) -> AskedEvent {
    AskedEvent { event, what, argument, acknowledgement }
}

/// A row of what they hear.
pub(super) const fn told(event: &'static str, what: &'static str, argument: &'static str) -> ToldEvent {
    ToldEvent { event, what, argument }
}

/// All of them, by name.
const ALL: [(&str, &Contract); 5] = [
    (qala::NAME, &qala::CONTRACT),
    (sorsu::NAME, &sorsu::CONTRACT),
    (signaling::NAME, &signaling::CONTRACT),
    (animochat::NAME, &animochat::CONTRACT),
    (webrtc_chat::NAME, &webrtc_chat::CONTRACT),
];

/// That of a dialect.
fn of(dialect: Dialect) -> &'static Contract {
    match dialect {
        Dialect::Qala => &qala::CONTRACT,
        Dialect::Animochat(_) => &animochat::CONTRACT,
        Dialect::WebrtcChat => &webrtc_chat::CONTRACT,
        Dialect::Signaling => &signaling::CONTRACT,
        Dialect::Sorsu => &sorsu::CONTRACT,
    }
}

impl Contract {
    const fn checker(&'static self, writer: Writer) -> Checker {
        Checker { shapes: self.shapes, writer }
    }
}

/// The same way to a client, on which every event must be one of the contract, and be as it says: nothing more,
/// nothing less.
pub(super) fn held_told(dialect: Dialect, say: &mut dyn FnMut(Outgoing)) -> impl FnMut(Outgoing) {
    move |outgoing| {
        assert_told(dialect, &outgoing);
        say(outgoing);
    }
}

/// The same for answers: an acknowledgement must be as the contract says of one event at least.
pub(super) fn held_answered(dialect: Dialect, say: &mut dyn FnMut(Answering)) -> impl FnMut(Answering) {
    move |part| {
        match &part {
            Answering::Acknowledgement(said) => assert_acknowledged(dialect, said.get()),
            Answering::Event(outgoing) => assert_told(dialect, outgoing),
        }
        say(part);
    }
}

fn assert_told(dialect: Dialect, outgoing: &Outgoing) {
    let contract = of(dialect);
    // What was carried unread need not be what others can read: halves of surrogate pairs, huge numbers, depth.
    let Ok(said) = serde_json::from_str(outgoing.argument.get()) else { return };
    let row = contract.told.iter().find(|row| row.event == outgoing.event);
    let row = row.unwrap_or_else(|| panic!("`{}` is not in the contract", outgoing.event));
    let shape = parse(row.argument);
    let fits = contract.checker(Writer::Server).fits(&shape, &said);
    // What was carried unread is as its sender's decoder let it in, or whatever a test put there.
    let carried = matches!(shape, Shape::Object { open: true, .. }) && said.is_object();
    assert!(fits || carried, "{}: {said} is not {}", row.event, row.argument);
}

fn assert_acknowledged(dialect: Dialect, said: &str) {
    let contract = of(dialect);
    let said: Value = serde_json::from_str(said).expect("JSON");
    let fits = |shape: &str| contract.checker(Writer::Server).fits(&parse(shape), &said);
    assert!(contract.asked.iter().any(|row| fits(row.acknowledgement)), "no event is answered by {said}");
}

/// A packet that a decoder accepts must be as the contract says.
pub(super) fn assert_asked(dialect: Dialect, packet: &str, asked: &Asked) {
    let (Ok(_), Ok(Value::Array(parts))) = (&asked.command, serde_json::from_str(packet)) else { return };
    let event = parts[0].as_str().expect("a name");
    let contract = of(dialect);
    let row = contract.asked.iter().find(|row| row.event == event);
    let row = row.unwrap_or_else(|| panic!("`{event}` is not in the contract"));
    let shape = parse(row.argument);
    let argument = parts.get(1).unwrap_or(&Value::Null);
    let fits = shape == Shape::None || contract.checker(Writer::Client).fits(&shape, argument);
    // Deployed clients of one family send fields as arguments of their own.
    let spread = dialect == Dialect::Signaling && argument.is_string();
    assert!(fits || spread, "{packet} is accepted and is not {}", row.argument);
}
