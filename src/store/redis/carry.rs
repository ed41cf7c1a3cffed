//! Carries calls out: sends, waits, and sends again what may not have arrived.

use std::time::Duration;

use redis::{Cmd, RedisError, RedisResult, Value};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::Timeouts;
use super::call::{Call, Caller};
use super::keeper::Keeping;
use super::lanes::Place;
use super::link::{Fault, Link, fault};
use super::reply;
use crate::domain::operation::Outcome;

/// When somebody who was refused may try again: Redis is asked that often while it is away.
const RETRY_AFTER_MS: u64 = 1_000;
/// How long a Cluster that is busy with itself is left alone.
const MOMENT: Duration = Duration::from_millis(50);
/// How much longer than an operation may take the next one in its lane waits for it, so that it gives up first.
pub(super) const COURTESY: Duration = Duration::from_secs(1);

/// What an operation is answered with that came to nothing, as far as is known.
pub(super) fn unavailable() -> Outcome {
    Outcome::Unavailable { retry_after_ms: RETRY_AFTER_MS }
}

/// Everything that carrying out takes.
pub(super) struct Carrier {
    pub(super) keeping: Keeping,
    pub(super) timeouts: Timeouts,
}

impl Carrier {
    /// When an operation that begins now ends.
    pub(super) fn deadline(&self) -> Instant {
        Instant::now() + self.timeouts.operation
    }

    /// Carries out a call.
    pub(super) async fn carry_out(&self, call: Call) -> Outcome {
        let expected = call.expected.clone();
        self.read(&call, self.deadline(), |value| expected.read(value)).await.unwrap_or_else(unavailable)
    }

    /// Writes a message, and what else gathered in its lane if it leads there.
    pub(super) async fn write(&self, caller: &Caller, place: Place) -> Outcome {
        let mut lead = match place.lead().await {
            Ok(lead) => lead,
            Err(outcome) => return outcome,
        };
        let now = Instant::now();
        if lead.deadline <= now {
            return unavailable();
        }
        let appends = lead.gather(now);
        let call = caller.append(lead.room, &appends);
        let outcomes = self.read(&call, lead.deadline, |value| reply::appends(value, appends)).await;
        lead.tell(outcomes)
    }

    /// What the answer to an operation's call means, unless there is none in time.
    async fn read<T>(
        &self,
        call: &Call,
        deadline: Instant,
        meaning: impl FnOnce(Value) -> Option<T>,
    ) -> Option<T> {
        match timeout_at(deadline, self.answer(call)).await {
            Ok(Ok(value)) => {
                let meaning = meaning(value);
                if meaning.is_none() {
                    tracing::error!(
                        "a script's reply means nothing: its keys were written by something else"
                    );
                }
                meaning
            }
            Ok(Err(Some(error))) => {
                tracing::error!(%error, "Redis refused an operation");
                None
            }
            Ok(Err(None)) | Err(_) => None,
        }
    }

    /// The answer to a call of no operation, unless there is none in time.
    pub(super) async fn fetch(&self, call: &Call) -> Option<Value> {
        match timeout(self.timeouts.operation, self.answer(call)).await {
            Ok(Ok(value)) => Some(value),
            Ok(Err(Some(error))) => {
                tracing::error!(%error, "Redis refused a command");
                None
            }
            Ok(Err(None)) | Err(_) => None,
        }
    }

    /// The answer, from whichever connection brings one. `None` for an error: there is no connection.
    async fn answer(&self, call: &Call) -> Result<Value, Option<RedisError>> {
        let (mut lost, mut in_full) = (0, None);
        loop {
            let (generation, mut link) = self.keeping.link(lost).await.ok_or(None)?;
            let command = in_full.as_ref().unwrap_or(&call.command);
            let error = match self.ask(&mut link, command).await {
                Some(Ok(value)) => return Ok(value),
                Some(Err(error)) => error,
                None => {
                    lost = generation;
                    self.keeping.report_lost(generation);
                    continue;
                }
            };
            match fault(&error) {
                Fault::NoScript if in_full.is_none() => in_full = call.in_full(),
                Fault::NoScript | Fault::Final => return Err(Some(error)),
                Fault::Moment => sleep(MOMENT).await,
                Fault::Link => {
                    tracing::debug!(%error, "asking again over another connection");
                    lost = generation;
                    self.keeping.report_lost(generation);
                }
            }
        }
    }

    /// `None` if there is no answer in time.
    async fn ask(&self, link: &mut Link, command: &Cmd) -> Option<RedisResult<Value>> {
        timeout(self.timeouts.response, link.ask(command)).await.ok()
    }
}
