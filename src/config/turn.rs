//! Relays for clients that find no way to each other.

use super::auth::MIN_SECRET_BYTES;
use super::option::{Group, Kind, OptionSpec, not_blank, seconds};
use super::problem::Problem;
use super::reader::Reader;
use super::secret::Secret;

pub(super) static TURN_URL: OptionSpec = OptionSpec {
    flag: "turn-url",
    environment: &["QALA_TURN_URL"],
    group: Group::Relays,
    kind: Kind::Text {
        what: "turn: or turns: addresses with commas between",
        accepts: |value| parse(value).is_some(),
    },
    value_name: "list",
    default: None,
    example: "turn:turn.example.com:3478?transport=udp",
    help: "TURN servers for calls that find no direct way; clients get them and a credential of their own with each \
           match, and by GET /api/turn",
    secret: false,
};

pub(super) static TURN_SECRET: OptionSpec = OptionSpec {
    flag: "turn-secret",
    environment: &["QALA_TURN_SECRET"],
    group: Group::Relays,
    kind: Kind::Text { what: "a secret", accepts: not_blank },
    value_name: "secret",
    default: None,
    example: "the-static-auth-secret-of-your-relay",
    help: "secret that these servers know (static-auth-secret of coturn), at least 16 bytes; prefer the variable",
    secret: true,
};

pub(super) static TURN_LIFETIME: OptionSpec = OptionSpec {
    flag: "turn-lifetime",
    environment: &["QALA_TURN_LIFETIME"],
    group: Group::Relays,
    kind: seconds(60, 604_800),
    value_name: "seconds",
    default: Some("43200"),
    example: "43200",
    help: "how long a credential may be used to begin a call",
    secret: false,
};

/// Relays, and the secret they share with us.
#[derive(Debug, Clone)]
pub struct Turn {
    /// `turn:` and `turns:` addresses, one at least.
    pub urls: Vec<String>,
    /// What credentials are signed with.
    pub secret: Secret,
    /// How long they hold.
    pub lifetime_seconds: u64,
}

impl Turn {
    /// `None` where there are no relays.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let urls = reader.accepted(&TURN_URL);
        let secret = reader.accepted(&TURN_SECRET);
        let lifetime_seconds = reader.whole(&TURN_LIFETIME);
        let half = |reader: &Reader<'_>, other: &OptionSpec| reader.given(other).is_none();
        match (urls, secret) {
            (Some(urls), Some(secret)) => {
                if secret.value.len() < MIN_SECRET_BYTES {
                    let (origin, bytes) = (secret.origin.clone(), secret.value.len());
                    reader.problem(Problem::WeakSecret { origin, bytes });
                }
                let secret = Secret::new(secret.value);
                parse(&urls.value).map(|urls| Self { urls, secret, lifetime_seconds })
            }
            (Some(given), None) if half(reader, &TURN_SECRET) => {
                reader.problem(Problem::HalfOfTwo { origin: given.origin, missing: &TURN_SECRET });
                None
            }
            (None, Some(given)) if half(reader, &TURN_URL) => {
                reader.problem(Problem::HalfOfTwo { origin: given.origin, missing: &TURN_URL });
                None
            }
            (_, _) => None,
        }
    }
}

fn parse(value: &str) -> Option<Vec<String>> {
    value.split(',').map(|url| relay(url.trim()).then(|| url.trim().to_owned())).collect()
}

/// Whether browsers take it (RFC 7065): they refuse to begin any call with an address that is wrong.
fn relay(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once(':') else { return false };
    let (authority, query) = rest.split_once('?').map_or((rest, None), |(host, query)| (host, Some(query)));
    let transport = matches!(query, None | Some("transport=udp" | "transport=tcp"));
    matches!(scheme, "turn" | "turns") && transport && host_and_port(authority)
}

fn host_and_port(authority: &str) -> bool {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, port)) if address.parse::<std::net::Ipv6Addr>().is_ok() => ("address", port),
            Some(_) | None => return false,
        },
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let named = !host.is_empty()
        && !host.contains(|letter: char| "/@?#\\".contains(letter) || letter.is_whitespace());
    let numbered = port.is_empty()
        || port.strip_prefix(':').and_then(|port| port.parse::<u16>().ok()).is_some_and(|port| port > 0);
    named && numbered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_browsers_take() {
        for (value, count) in [
            ("turn:turn.example.com", 1),
            ("turn:turn.example.com:3478", 1),
            ("turn:192.0.2.1:3478?transport=udp, turns:turn.example.com:5349?transport=tcp", 2),
            ("turn:[2001:db8::1]:3478", 1),
            ("turn:[2001:db8::1]", 1),
        ] {
            assert_eq!(parse(value).map(|urls| urls.len()), Some(count), "{value}");
        }
        for value in [
            "",
            "turn.example.com",
            "turn:",
            "turn://turn.example.com",
            "turn:turn.example.com:0",
            "turn:turn.example.com:70000",
            "turn:turn.example.com?transport=carrier",
            "turn:me@turn.example.com",
            "turn:[2001:db8::1",
            "turn:[x]:1",
            "stun:turn.example.com",
            "turn:turn.example.com,",
        ] {
            assert_eq!(parse(value), None, "{value}");
        }
    }
}
