//! The contract's table, row by row, and what must hold for any input.

mod decoding;
mod encoding;
mod joining;
mod properties;

use crate::dialect::Dialect;
use crate::domain::command::{Command, Refusal};
use crate::domain::id::{ProposalId, RoomId};
use crate::domain::limits::Limits;

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
    Dialect::Qala.decode(&format!("[\"{event}\"{comma}{arguments}]"), &Limits::default())
}

const fn invalid<T>(field: &'static str) -> Result<T, Refusal> {
    Err(Refusal::Invalid { field })
}
