//! What nodes share, and where it is.

use super::foreign;
use super::option::{Group, Kind, OptionSpec};
use super::reader::Reader;
use super::secret::Secret;
use super::sources::Origin;

/// What addresses of Redis begin with.
const SCHEMES: [&str; 6] =
    ["redis", "rediss", "redis+sentinel", "rediss+sentinel", "redis+cluster", "rediss+cluster"];

pub(super) static REDIS_URL: OptionSpec = OptionSpec {
    flag: "redis-url",
    environment: &["QALA_REDIS_URL", "REDIS_URL"],
    group: Group::Store,
    kind: Kind::Text {
        what: "a redis, rediss, redis+sentinel or redis+cluster address",
        accepts: |value| foreign::is_url(value, &SCHEMES),
    },
    value_name: "url",
    default: None,
    example: "redis://127.0.0.1:6379",
    help: "share everything with other nodes through this Redis (redis+sentinel://host,host/name, \
           redis+cluster://host,host; rediss = TLS); otherwise one node, nothing survives a restart",
    secret: true,
};

/// What nodes share, and where it is.
#[derive(Debug, Clone)]
pub enum Store {
    /// In this process: one node.
    Embedded,
    /// In Redis: any number of nodes.
    Redis(Redis),
}

/// Where Redis is.
#[derive(Debug, Clone)]
pub struct Redis {
    /// Its URL, which may hold a password.
    pub url: Secret,
    /// The password if the URL has none.
    pub password: Option<Secret>,
    /// Who named it.
    pub origin: Origin,
}

impl Store {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let password = reader.foreign(&foreign::REDIS_PASSWORD).map(|given| Secret::new(given.value));
        match reader.accepted(&REDIS_URL) {
            Some(given) => {
                let url = Secret::new(given.value.trim().to_owned());
                Self::Redis(Redis { url, password, origin: given.origin })
            }
            None => Self::Embedded,
        }
    }
}
