//! Design section 9, 5: every command is answered once, nothing grows without bound, nobody is told
//! anything on a connection that is over.

use std::time::Duration;

use qala::domain::command::{Command, Refusal, Reply};
use qala::domain::id::ConnectionId;
use qala::domain::notice::Notice;
use qala::domain::policy::JoinAgain;

use super::super::ledger::{Asked, Ledger, Standing, View};
use super::super::observation::{Moment, Observation};
use super::{Verdict, ensure};

/// More than one input can bring about for one session: all of a room's messages that one answer holds, and
/// all signals that are held for somebody, with something to spare.
const EFFECTS: usize = 400;
/// Operations of one user that may be under way besides its commands: what a session's end leaves behind.
const ASIDES: usize = 8;

/// The first notice of a connection, and only the first, says welcome.
pub(super) fn welcome_comes_first(ledger: &Ledger, moment: &Moment) -> Verdict {
    let Observation::Told { connection, notice } = &moment.seen else { return Ok(()) };
    let welcomed = ledger.lines.get(connection).is_some_and(|line| line.welcomed);
    ensure(welcomed != matches!(notice, Notice::Welcome { .. }), || {
        format!("{connection:?} was told {notice:?}, welcomed before: {welcomed}")
    })
}

/// Nothing is told to a connection that the client has closed, that the node has closed, or after
/// `Replaced`.
pub(super) fn a_closed_connection_is_told_nothing(ledger: &Ledger, moment: &Moment) -> Verdict {
    let Observation::Told { connection, notice } = &moment.seen else { return Ok(()) };
    let line = ledger.lines.get(connection);
    ensure(line.is_some_and(|line| line.standing == Standing::Open), || {
        format!("{connection:?} was told {notice:?} when it was over")
    })
}

/// No answer comes to what was not asked or was answered already, and none is missing in the end.
pub(super) fn each_command_is_answered_once(ledger: &Ledger, moment: &Moment) -> Verdict {
    match &moment.seen {
        Observation::Answered { connection, ack, answer } => {
            let line = ledger.lines.get(connection);
            let waited_for =
                line.is_some_and(|line| line.standing == Standing::Over || line.pending.contains_key(ack));
            ensure(waited_for, || format!("{ack:?} of {connection:?} was answered {answer:?} unasked"))
        }
        Observation::Settled { .. } => {
            let silent = ledger.lines.iter().find(|(_, line)| !line.pending.is_empty());
            ensure(silent.is_none(), || {
                let (connection, line) = silent.expect("found");
                format!("{connection:?} of {} has no answer to {:?}", line.user, line.pending)
            })
        }
        _ => Ok(()),
    }
}

/// What is answered is an answer to that command, and a refusal says the truth: whom the server says that it
/// is not in a room was not told otherwise. (Chat is excepted: a room that is over in the store refuses it
/// before the news of its end arrive.)
pub(super) fn an_answer_fits_its_command(ledger: &Ledger, moment: &Moment) -> Verdict {
    let Observation::Answered { connection, ack, answer } = &moment.seen else { return Ok(()) };
    let Some(line) = ledger.lines.get(connection) else { return Ok(()) };
    let Some(Asked { command, .. }) = line.pending.get(ack) else { return Ok(()) };
    let fits = match (command, answer) {
        (Err(asked), Err(refusal)) => asked == refusal || is_overload(*refusal),
        (Err(_), Ok(_))
        | (Ok(_), Err(Refusal::Invalid { .. } | Refusal::UnknownEvent | Refusal::TooLarge { .. })) => false,
        (Ok(Command::Join { .. } | Command::Skip { .. }), Err(refusal)) if is_of_pool(*refusal) => {
            is_true(ledger, *connection, *refusal)
        }
        (Ok(Command::LeaveQueue), Err(refusal @ Refusal::InRoom)) => {
            ledger.scene.is_at_once() && is_true(ledger, *connection, *refusal)
        }
        (Ok(Command::Join { .. } | Command::Skip { .. }), Err(refusal)) => {
            is_overload(*refusal) || matches!(refusal, Refusal::Unavailable { .. } | Refusal::PoolFull { .. })
        }
        (Ok(_), Err(Refusal::PoolFull { .. })) => false,
        (Ok(command), Err(Refusal::NotInRoom)) => match command {
            Command::Chat { .. } => true,
            Command::Signal { room, .. } | Command::Sync { room, .. } | Command::LeaveRoom(room) => {
                !matches!(ledger.view(*connection), Some(View::Talking { room: own, .. }) if room.means(*own))
            }
            Command::Quality { room, .. } => room.is_some(),
            _ => false,
        },
        (Ok(command), Err(Refusal::NoSuchProposal)) => {
            matches!(command, Command::Accept(_) | Command::Reject(_))
        }
        (Ok(command), Err(refusal)) => is_overload(*refusal) || needs_the_store(command),
        (Ok(command), Ok(reply)) => is_reply_to(command, reply),
    };
    ensure(fits, || format!("{command:?} was answered {answer:?} while {:?}", ledger.view(*connection)))
}

/// Refused because of how the pool is run.
const fn is_of_pool(refusal: Refusal) -> bool {
    matches!(refusal, Refusal::InRoom | Refusal::Searching | Refusal::CoolingDown { .. })
}

/// Whether the client was told what such a refusal says.
fn is_true(ledger: &Ledger, connection: ConnectionId, refusal: Refusal) -> bool {
    let policy = &ledger.scene.policy;
    let view = ledger.view(connection);
    match refusal {
        Refusal::InRoom => matches!(view, Some(View::Talking { .. })),
        Refusal::Searching => {
            policy.join_again == JoinAgain::Refused
                && matches!(view, Some(View::Waiting | View::Proposed { .. }))
        }
        Refusal::CoolingDown { retry_after_ms } => {
            Duration::from_millis(retry_after_ms) <= policy.skip_cooldown
        }
        _ => false,
    }
}

const fn is_overload(refusal: Refusal) -> bool {
    matches!(refusal, Refusal::RateLimited { .. } | Refusal::Busy { .. })
}

const fn needs_the_store(command: &Command) -> bool {
    matches!(command, Command::Accept(_) | Command::Reject(_) | Command::Chat { .. } | Command::Sync { .. })
}

fn is_reply_to(command: &Command, reply: &Reply) -> bool {
    match (command, reply) {
        (Command::Sync { after, .. }, Reply::Messages(messages)) => {
            messages.iter().all(|message| message.sequence > *after)
                && messages.is_sorted_by(|one, other| one.sequence < other.sequence)
        }
        (Command::Join { .. } | Command::Skip { .. }, Reply::Joined { .. })
        | (Command::Heartbeat, Reply::Alive { .. })
        | (Command::Chat { .. }, Reply::Sent { .. })
        | (
            Command::LeaveQueue
            | Command::Accept(_)
            | Command::Reject(_)
            | Command::Signal { .. }
            | Command::Quality { .. },
            Reply::Done,
        )
        | (Command::LeaveRoom(_), Reply::Left { .. }) => true,
        _ => false,
    }
}

/// What waits for a client, what is under way for a core and what one input brings about have their limits.
pub(super) fn queues_stay_bounded(ledger: &Ledger, moment: &Moment) -> Verdict {
    let Observation::Load { core, from, operations, effects } = &moment.seen else { return Ok(()) };
    let waiting = ledger.scene.limits.commands_waiting;
    // One more than may wait: the one that is being carried out.
    let line = from.and_then(|connection| ledger.lines.get(&connection));
    // What came while the node stood still is handed to it at once.
    let line = line.filter(|line| !ledger.troubles.end_at(line.core, moment.at));
    let pending = line.map_or(0, |line| line.pending.len());
    ensure(pending <= waiting + 1, || format!("{pending} commands of {from:?} wait"))?;
    let most = ledger.scene.users * (waiting + ASIDES);
    ensure(*operations <= most, || format!("{operations} operations of core {core} are under way"))?;
    ensure(*effects <= EFFECTS, || format!("one input of core {core} brought about {effects} effects"))
}
