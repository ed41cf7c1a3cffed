//! Carries calls out: sends, waits, and sends again what may not have arrived.

use std::time::Duration;

use redis::{Cmd, RedisError, RedisResult, Value};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::Timeouts;
use super::call::Call;
use super::keeper::Keeping;
use super::lanes::Turn;
use super::link::{Fault, Link, fault};
use crate::domain::operation::Outcome;

/// When somebody who was refused may try again: Redis is asked that often while it is away.
const RETRY_AFTER_MS: u64 = 1_000;
/// How long a Cluster that is busy with itself is left alone.
const MOMENT: Duration = Duration::from_millis(50);
/// How much longer than an operation may take the next one in its lane waits for it, so that it gives up first.
const COURTESY: Duration = Duration::from_secs(1);

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
    /// Carries out a call when it is its turn.
    pub(super) async fn carry_out(&self, call: Call, turn: Option<Turn>) -> Outcome {
        let deadline = Instant::now() + self.timeouts.operation;
        let mut turn = turn;
        if let Some(turn) = &mut turn {
            let came = timeout_at(deadline + COURTESY, turn.come()).await.is_ok();
            if !came || Instant::now() >= deadline {
                return unavailable();
            }
        }
        let Call { expected, .. } = &call;
        let expected = expected.clone();
        match timeout_at(deadline, self.answer(&call)).await {
            Ok(Ok(value)) => expected.read(value).unwrap_or_else(|| {
                tracing::error!("a script's reply means nothing: its keys were written by something else");
                unavailable()
            }),
            Ok(Err(Some(error))) => {
                tracing::error!(%error, "Redis refused an operation");
                unavailable()
            }
            Ok(Err(None)) | Err(_) => unavailable(),
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
