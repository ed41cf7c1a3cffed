//! The contract's table, row by row, and what must hold for any input.

mod client;
mod decoding;
mod encoding;
mod joining;
mod properties;

use serde_json::value::RawValue;

use crate::dialect::{Answering, Dialect, Outgoing};
use crate::domain::command::{Command, Refusal, Reply};
use crate::domain::id::{ProposalId, RoomId};
use crate::domain::limits::Limits;
use crate::domain::notice::Notice;
use crate::domain::relay::Relays;
use crate::domain::time::Time;

const ROOM: &str = "11111111-2222-4333-8444-555555555555";
const PROPOSAL: &str = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";

fn room() -> RoomId {
    ROOM.parse().expect("an id")
}

fn proposal() -> ProposalId {
    PROPOSAL.parse().expect("an id")
}

/// Decodes `["<event>",<arguments>]`. `$R` and `$P` in it stand for a room's and a proposal's id.
fn decoded(event: &str, arguments: &str) -> Result<Command, Refusal> {
    let comma = if arguments.is_empty() { "" } else { "," };
    let arguments = arguments.replace("$R", ROOM).replace("$P", PROPOSAL);
    decode(&format!("[\"{event}\"{comma}{arguments}]"), &Limits::default())
}

fn decode(packet: &str, limits: &Limits) -> Result<Command, Refusal> {
    Dialect::Qala.decode(packet, limits).command
}

/// The event that a notice is, if it is one; it is never more than one.
fn event_of(notice: &Notice) -> Option<Outgoing> {
    event_with(notice, None)
}

fn relays() -> Relays {
    Relays { urls: ["turn:r:1".to_owned()].into(), username: "9:ana".to_owned(), credential: "c=".to_owned() }
}

/// The same with relays.
fn event_with(notice: &Notice, relays: Option<&Relays>) -> Option<Outgoing> {
    let mut said = Vec::new();
    Dialect::Qala.notice(notice, relays, Time::default(), &mut |outgoing| said.push(outgoing));
    assert!(said.len() < 2, "{said:?}");
    said.pop()
}

/// The acknowledgement that an answer is; it is nothing else.
fn acknowledged(answer: &Result<Reply, Refusal>) -> Box<RawValue> {
    let mut said = Vec::new();
    Dialect::Qala.answer(0, answer, Time::default(), &mut |part| said.push(part));
    let Some(Answering::Acknowledgement(argument)) = said.pop() else { panic!("no acknowledgement") };
    assert!(said.is_empty(), "{said:?}");
    argument
}

const fn invalid<T>(field: &'static str) -> Result<T, Refusal> {
    Err(Refusal::Invalid { field })
}
