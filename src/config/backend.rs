//! Where the backend of the client family sorsu is, and how often it is asked and told.

use super::foreign;
use super::option::{Group, Kind, OptionSpec, milliseconds};
use super::reader::Reader;
use super::secret::Secret;
use super::sources::{Given, Origin};

const DAY_MS: u64 = 86_400_000;

pub(super) static BACKEND_URL: OptionSpec = OptionSpec {
    flag: "backend-url",
    environment: &["QALA_BACKEND_URL", "LARAVEL_API_URL"],
    group: Group::Access,
    kind: Kind::Text {
        what: "an http or https address",
        accepts: |value| foreign::is_url(value, &["http", "https"]),
    },
    value_name: "url",
    default: None,
    example: "https://api.example.com/api",
    help: "REST API of sorsu's backend, which then checks session tokens, finds partners and keeps messages; \
           otherwise qala does",
    secret: true,
};

pub(super) static BACKEND_RETRY: OptionSpec = OptionSpec {
    flag: "backend-retry-ms",
    environment: &["QALA_BACKEND_RETRY_MS", "MATCH_RETRY_INTERVAL"],
    group: Group::Matching,
    kind: milliseconds(100, DAY_MS),
    value_name: "ms",
    default: Some("2000"),
    example: "2000",
    help: "how often a backend is asked for a partner of somebody who waits",
    secret: false,
};

pub(super) static BACKEND_HEARTBEAT: OptionSpec = OptionSpec {
    flag: "backend-heartbeat-ms",
    environment: &["QALA_BACKEND_HEARTBEAT_MS", "HEARTBEAT_INTERVAL"],
    group: Group::Matching,
    kind: milliseconds(1_000, DAY_MS),
    value_name: "ms",
    default: Some("30000"),
    example: "30000",
    help: "how often a backend is told that somebody is there",
    secret: false,
};

/// Where a backend is, and how often it is asked and told.
#[derive(Debug, Clone)]
pub struct BackendAt {
    /// Its address, which may hold a password.
    pub url: Secret,
    /// Who named it.
    pub origin: Origin,
    /// Milliseconds between two questions for a partner.
    pub retry_ms: u64,
    /// Milliseconds between two signs of life.
    pub heartbeat_ms: u64,
}

impl BackendAt {
    /// The backend that somebody named.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let (retry_ms, heartbeat_ms) = (reader.whole(&BACKEND_RETRY), reader.whole(&BACKEND_HEARTBEAT));
        let Given { origin, value } = reader.accepted(&BACKEND_URL)?;
        Some(Self { url: Secret::new(value.trim().to_owned()), origin, retry_ms, heartbeat_ms })
    }
}
