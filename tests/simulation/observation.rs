//! What can be seen of a run from outside the cores. Checks know nothing else.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use qala::domain::command::{Command, Refusal, Reply};
use qala::domain::event::Event;
use qala::domain::id::{AckId, ConnectionId, RoomId, TicketId, UserId};
use qala::domain::notice::Notice;
use qala::domain::operation::{Answered, Operation, Outcome, Searched, Withdrawn};
use qala::domain::proposal::Proposal;
use qala::domain::time::Time;

use super::scene::Blow;

/// One thing that was seen.
#[derive(Clone, Debug)]
pub(crate) enum Observation {
    /// A client came in.
    Connected { connection: ConnectionId, user: UserId, core: usize },
    /// A client closed its connection, or its node did, which knows. `left`: it said good-bye.
    Disconnected { connection: ConnectionId, left: bool },
    /// A client is out of reach. Its node will find out; what it says until then is swallowed.
    Vanished { connection: ConnectionId },
    /// A client asked for something.
    Asked { connection: ConnectionId, ack: Option<AckId>, command: Result<Command, Refusal> },
    /// A client was told something.
    Told { connection: ConnectionId, notice: Notice },
    /// A client was told something and did not hear it.
    Swallowed { connection: ConnectionId, notice: Notice },
    /// A client was answered.
    Answered { connection: ConnectionId, ack: AckId, answer: Result<Reply, Refusal> },
    /// A node closed a client's connection.
    Dismissed { connection: ConnectionId },
    /// Some core recorded an event.
    Recorded { event: Event },
    /// The store carried an operation out.
    Carried { core: usize, request: Operation, outcome: Outcome },
    /// A core will not hear of its operation, whether it was carried out or not.
    Lost { core: usize, request: Operation },
    /// How much a core holds, after what it was given, and by whom.
    Load { core: usize, from: Option<ConnectionId>, operations: usize, effects: usize },
    /// A blow falls.
    Struck { blow: Blow },
    /// A core stands still or is cut off until then.
    Troubled { core: usize, until: Time },
    /// A core is no more, and whatever was in it.
    Killed { core: usize },
    /// These tickets were in a core that is no more, or on their way to it, and nowhere else.
    TicketsLost { tickets: BTreeSet<TicketId> },
    /// The store lost the newest that it knew, or everything.
    StoreLost { everything: bool, undone: Vec<Operation> },
    /// From here on nobody does anything and nothing goes wrong.
    Healed,
    /// Everything that was under way has come to its end.
    Settled { listed: BTreeSet<TicketId>, sessions: usize },
    /// Everybody has gone, and every place kept for a return was given up. `known`: whose session the store
    /// still knows, and at which core.
    Emptied { sessions: usize, wakes: Time, rooms: Vec<RoomId>, known: Vec<(UserId, usize)> },
}

/// When it was seen.
#[derive(Clone, Debug)]
pub(crate) struct Moment {
    /// The step of the run.
    pub(crate) step: u64,
    /// The run's time.
    pub(crate) at: Time,
    /// What.
    pub(crate) seen: Observation,
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>6} {:>9} ms  ", self.step, self.at.since(super::scene::BEGIN).as_millis())?;
        match &self.seen {
            Observation::Carried { core, request, outcome } => {
                write!(f, "Carried {core}: {} -> {}", operation(request), answer(outcome))
            }
            Observation::Lost { core, request } => write!(f, "Lost {core}: {}", operation(request)),
            Observation::Struck { blow } => write!(f, "Struck {blow:?}"),
            seen => write!(f, "{seen:?}"),
        }
    }
}

fn operation(request: &Operation) -> String {
    match request {
        Operation::Search(search) => {
            let (ticket, plan) = (&search.plan.ticket, &search.plan);
            let replaces = plan.replaces.map(|ticket| ticket.0);
            format!(
                "Search {} ticket {} {:?} {:?} replaces {replaces:?} avoids {:?}",
                ticket.user, ticket.id.0, plan.stage, ticket.priority, ticket.avoid
            )
        }
        other => format!("{other:?}"),
    }
}

fn answer(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Searched(Searched::Claimed(it)) => format!("Claimed {}", proposal(it)),
        Outcome::Searched(Searched::Taken(it)) | Outcome::Withdrawn(Withdrawn::Taken(it)) => {
            format!("Taken {}", proposal(it))
        }
        Outcome::Answered(Answered::Pending(it)) => format!("Pending {}", proposal(it)),
        Outcome::Answered(Answered::Agreed(it)) => format!("Agreed {}", proposal(it)),
        Outcome::Answered(Answered::Ended(it)) => format!("Ended {}", proposal(it)),
        other => format!("{other:?}"),
    }
}

fn proposal(it: &Arc<Proposal>) -> String {
    let [one, other] = it.sides.each_ref().map(|side| format!("{} {}", side.ticket.user, side.ticket.id.0));
    format!("{} room {} of {one} and {other}", it.id, it.room)
}
