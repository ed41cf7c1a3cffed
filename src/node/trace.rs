//! What one user does and is told, as log lines, while an operator asks for it: names, ids and sizes, never what was
//! written.

use crate::dialect::{Dialect, Outgoing};
use crate::domain::command::{Command, Refusal, Reply};
use crate::domain::hall::HallCommand;
use crate::domain::id::{ConnectionId, UserId};

/// The target of these lines.
macro_rules! line {
    ($user:expr, $connection:expr, $what:literal $(, $($field:tt)*)?) => {
        tracing::info!(
            target: "qala::trace",
            user = $user.as_str(),
            connection = $connection.0,
            $($($field)*,)?
            $what
        )
    };
}

pub(super) fn connected(user: &UserId, connection: ConnectionId, dialect: Dialect) {
    line!(user, connection, "connected", dialect = dialect.name());
}

pub(super) fn disconnected(user: &UserId, connection: ConnectionId, left: bool) {
    line!(user, connection, "disconnected", left = left);
}

pub(super) fn asks(user: &UserId, connection: ConnectionId, command: &Result<Command, Refusal>) {
    match command {
        Ok(command) => line!(user, connection, "asks", command = name(command)),
        Err(refusal) => line!(user, connection, "asks", refused = refusal.code()),
    }
}

pub(super) fn answered(user: &UserId, connection: ConnectionId, answer: &Result<Reply, Refusal>) {
    match answer {
        Ok(_) => line!(user, connection, "answered"),
        Err(refusal) => line!(user, connection, "answered", refused = refusal.code()),
    }
}

pub(super) fn told(user: &UserId, connection: ConnectionId, said: &Outgoing) {
    line!(user, connection, "told", event = said.event, bytes = said.argument.get().len());
}

/// What is asked, without any of its parts.
const fn name(command: &Command) -> &'static str {
    match command {
        Command::Join { .. } => "join",
        Command::Skip { .. } => "skip",
        Command::LeaveQueue => "leave_queue",
        Command::Accept(_) => "accept",
        Command::Reject(_) => "reject",
        Command::Signal { .. } | Command::Hall(HallCommand::Signal { .. }) => "signal",
        Command::Typing { .. } => "typing",
        Command::Heartbeat => "heartbeat",
        Command::WhoAmI => "who_am_i",
        Command::CallFailed => "call_failed",
        Command::Quality { .. } => "quality",
        Command::Chat { .. } => "chat",
        Command::Sync { .. } => "sync",
        Command::Rejoin { .. } => "rejoin",
        Command::LeaveRoom(_) | Command::Hall(HallCommand::Leave { .. }) => "leave_room",
        Command::Hall(HallCommand::Enter { .. }) => "enter_room",
    }
}
