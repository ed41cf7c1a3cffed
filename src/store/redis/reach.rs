//! Whether Redis can be reached at all: asked once, at the start, where the answer is worth an error.

use std::fmt;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::address::RedisUrl;
use super::link::dial;
use super::{Settings, Timeouts};

/// How often it is tried, and how long after each other the attempts begin.
const TRIES: u32 = 3;
const TRY_EVERY: Duration = Duration::from_millis(2_500);

/// Redis cannot be reached.
#[derive(Debug)]
pub struct Unreachable {
    at: String,
    reason: String,
    seconds: u64,
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, reason, seconds } = self;
        write!(f, "cannot reach redis at {at} ({reason}, tried {TRIES} times in {seconds} s)")
    }
}

impl std::error::Error for Unreachable {}

/// Tries to connect, a few times.
pub async fn reach(settings: &Settings) -> Result<(), Unreachable> {
    let began = Instant::now();
    let mut reason = String::new();
    for attempt in 0..TRIES {
        sleep_until(began + TRY_EVERY * attempt).await;
        match dial(&settings.url, &settings.timeouts).await {
            Ok(_) => return Ok(()),
            Err(error) => reason = error.to_string(),
        }
    }
    // The reason without the number that the standard library puts behind it, as one line.
    let reason = reason.to_lowercase();
    let reason = reason.lines().next().unwrap_or_default().split(" (os error").next().unwrap_or_default();
    let seconds = began.elapsed().as_secs_f64().round();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few seconds")]
    let seconds = seconds as u64;
    Err(Unreachable { at: settings.url.hosts_shown(), reason: reason.trim().to_owned(), seconds })
}

impl RedisUrl {
    /// The hosts as people write them: `db:6379`.
    pub fn hosts_shown(&self) -> String {
        let hosts: Vec<_> = self.hosts.iter().map(|(host, port)| format!("{host}:{port}")).collect();
        hosts.join(",")
    }

    /// The same with a password, if it has none yet.
    #[must_use]
    pub fn or_password(mut self, password: &str) -> Self {
        self.password.get_or_insert_with(|| password.to_owned());
        self
    }
}

/// Times for a connection whose reads block: its answers may take that much longer.
pub(super) fn blocking(timeouts: &Timeouts, block: Duration) -> Timeouts {
    Timeouts { response: timeouts.response + block, ..*timeouts }
}
