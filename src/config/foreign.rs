//! Variables of the existing systems that have no option of their own: they scale one, or have no effect yet.
//! Either way they are checked, so that a wrong value is found now and not when it starts to matter.

use super::option::{Kind, count, milliseconds, not_blank, seconds};
use super::reader::Reader;

/// A variable without an option.
#[derive(Debug, Clone, Copy)]
pub struct VariableSpec {
    /// Its name.
    pub name: &'static str,
    /// What it accepts.
    pub kind: Kind,
    /// A valid value.
    pub example: &'static str,
    /// Whether its value must never be shown: credentials are often part of URLs.
    pub secret: bool,
    /// What it does here.
    pub role: Role,
}

/// What a variable without an option does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It changes the value of an option, as described.
    Changes {
        /// The option's flag, without dashes.
        flag: &'static str,
        /// How.
        how: &'static str,
    },
    /// It is understood, and what it is about does not exist in this version.
    WithoutEffect {
        /// Name and reason, as the start screen shows it.
        notice: &'static str,
    },
}

const fn changes(
    name: &'static str,
    kind: Kind,
    example: &'static str,
    flag: &'static str,
    how: &'static str,
) -> VariableSpec {
    VariableSpec { name, kind, example, secret: false, role: Role::Changes { flag, how } }
}

const fn idle(name: &'static str, kind: Kind, example: &'static str, notice: &'static str) -> VariableSpec {
    VariableSpec { name, kind, example, secret: false, role: Role::WithoutEffect { notice } }
}

const DAY_MS: u64 = 86_400_000;
const YEAR: u64 = 31_536_000;
const MILLION: u64 = 1_000_000;
const TEXT: Kind = Kind::Text { what: "a text", accepts: not_blank };

pub(super) static NODE_ENV: VariableSpec = changes(
    "NODE_ENV",
    TEXT,
    "production",
    "production",
    "`production`, whatever its case, turns it on; all else is ignored",
);
pub(super) static CONNECTIONS_PER_WORKER: VariableSpec = changes(
    "MAX_CONNECTIONS_PER_WORKER",
    count(1, 10 * MILLION),
    "10000",
    "max-connections",
    "times `--threads`",
);
pub(super) static RATE_LIMIT_MAX: VariableSpec = changes(
    "RATE_LIMIT_MAX_REQUESTS",
    count(0, MILLION),
    "100",
    "requests-per-address-per-minute",
    "per `RATE_LIMIT_WINDOW_MS`, scaled to a minute",
);
pub(super) static RATE_LIMIT_WINDOW: VariableSpec = changes(
    "RATE_LIMIT_WINDOW_MS",
    milliseconds(1, DAY_MS),
    "60000",
    "requests-per-address-per-minute",
    "the window of `RATE_LIMIT_MAX_REQUESTS`",
);
pub(super) static MESSAGE_LIMIT: VariableSpec = changes(
    "MESSAGE_RATE_LIMIT",
    count(0, MILLION),
    "10",
    "chat-events-per-minute",
    "per `MESSAGE_RATE_WINDOW`, scaled to a minute",
);
pub(super) static MESSAGE_WINDOW: VariableSpec = changes(
    "MESSAGE_RATE_WINDOW",
    milliseconds(1, DAY_MS),
    "60000",
    "chat-events-per-minute",
    "the window of `MESSAGE_RATE_LIMIT` in ms",
);
pub(super) static PRESENCE_TIMEOUT: VariableSpec = changes(
    "PRESENCE_TIMEOUT",
    milliseconds(1, DAY_MS),
    "30000",
    "grace-seconds",
    "in ms, rounded up to seconds",
);
pub(super) static REDIS_PASSWORD: VariableSpec = VariableSpec {
    name: "REDIS_PASSWORD",
    kind: TEXT,
    example: "secret",
    secret: true,
    role: Role::Changes { flag: "redis-url", how: "the password, where the address has none" },
};

/// Every variable without an option, in the order in which they are shown.
pub static VARIABLES: &[&VariableSpec] = &[
    &NODE_ENV,
    &CONNECTIONS_PER_WORKER,
    &RATE_LIMIT_MAX,
    &RATE_LIMIT_WINDOW,
    &MESSAGE_LIMIT,
    &MESSAGE_WINDOW,
    &REDIS_PASSWORD,
    &idle("REDIS_TTL_SOCKET_MAP", seconds(1, YEAR), "3600", "REDIS_TTL_SOCKET_MAP (qala keeps no such map)"),
    &idle("REDIS_TTL_MATCH_MAP", seconds(1, YEAR), "3600", "REDIS_TTL_MATCH_MAP (qala keeps no such map)"),
    &idle("REDIS_TTL_USER_STATS", seconds(1, YEAR), "3600", "REDIS_TTL_USER_STATS (qala keeps no such map)"),
    &idle("REDIS_POOL_SIZE", count(1, MILLION), "10", "REDIS_POOL_SIZE (one connection is shared by all)"),
    &PRESENCE_TIMEOUT,
];

/// Checks the variables that have no effect yet, and names those that are set.
pub(super) fn without_effect(reader: &mut Reader<'_>) -> Vec<&'static str> {
    VARIABLES
        .iter()
        .filter_map(|variable| match variable.role {
            Role::WithoutEffect { notice } => reader.foreign(variable).map(|_| notice),
            Role::Changes { .. } => None,
        })
        .collect()
}

/// Events per minute from a number and its window; either alone has the other's usual value.
pub(super) fn per_minute(number: Option<u64>, window_ms: Option<u64>, usual: u64) -> Option<u64> {
    const MINUTE_MS: u64 = 60_000;
    if number.is_none() && window_ms.is_none() {
        return None;
    }
    let number = number.unwrap_or(usual);
    // Rounded up: a small allowance over a long window must not become 0, which means no limit.
    Some(number.saturating_mul(MINUTE_MS).div_ceil(window_ms.unwrap_or(MINUTE_MS)))
}

pub(super) fn is_url(value: &str, schemes: &[&str]) -> bool {
    let Some((scheme, rest)) = value.trim().split_once("://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let known = schemes.iter().any(|known| known.eq_ignore_ascii_case(scheme));
    known && !host.is_empty() && !value.trim().contains(char::is_whitespace)
}

/// `host:port` pairs with commas between.
pub(super) fn is_broker_list(value: &str) -> bool {
    value.split(',').map(str::trim).all(|broker| {
        broker
            .rsplit_once(':')
            .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0))
    })
}
