//! Pages of which web origins may connect. Browsers do not guard `WebSocket`s; the server compares `Origin`.
//!
//! Nothing given: with guests on loopback only pages of this machine (so that no web site a developer happens
//! to visit enters a local node), otherwise the pages of the node's own host. `*` is every page. It is
//! accepted on any address, because tokens are sent by the page's code and never by the browser on its own,
//! but not in production, where it is more often forgotten than meant.

use super::auth::Auth;
use super::option::{Group, Kind, OptionSpec};
use super::problem::Problem;
use super::reader::Reader;

pub(super) static ALLOWED_ORIGINS: OptionSpec = OptionSpec {
    flag: "allowed-origins",
    environment: &["QALA_ALLOWED_ORIGINS", "ALLOWED_ORIGINS", "CORS_ORIGIN", "CORS_ORIGINS", "CLIENT_URL"],
    group: Group::Listening,
    kind: Kind::Text {
        what: "origins (scheme and host, no path) with commas between, or * alone",
        accepts: |value| parse_origins(value).is_some(),
    },
    value_name: "list",
    default: None,
    example: "https://app.example.com,http://localhost:5173",
    help: "origins of pages that may connect, or *; otherwise only pages of this host",
    secret: false,
};

/// Pages that may connect. Clients that are no browser send no origin; this does not concern them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedOrigins {
    /// Pages of this machine, on any port.
    Loopback,
    /// Pages of the host the request itself was sent to; on this machine, on any port.
    SameHost,
    /// Pages of these origins: lower case, without default port.
    Listed(Vec<String>),
    /// Every page.
    Any,
}

impl AllowedOrigins {
    /// Whether a page of `origin` may connect, its request having been sent to `host` (the `Host` header).
    pub fn allows(&self, origin: &str, host: Option<&str>) -> bool {
        let Some(origin) = normal(origin) else {
            return matches!(self, Self::Any);
        };
        let authority = origin.split_once("://").map_or("", |(_, authority)| authority);
        let from_here = is_loopback_name(authority);
        match self {
            Self::Any => true,
            Self::Listed(listed) => listed.contains(&origin),
            Self::Loopback => from_here,
            Self::SameHost => host.is_some_and(|host| {
                host.eq_ignore_ascii_case(authority)
                    || same_with_default_port(host, &origin)
                    || (from_here && is_loopback_name(host))
            }),
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>, auth: &[Auth], production: bool) -> Self {
        let Some(origins) = reader.parsed(&ALLOWED_ORIGINS, parse_origins) else {
            // A page that had its name pointed at this machine is of the same host, and no guest.
            let guests = auth.iter().any(|auth| matches!(auth, Auth::GuestOnLoopback));
            return if guests { Self::Loopback } else { Self::SameHost };
        };
        if production
            && origins == Self::Any
            && let Some(given) = reader.given(&ALLOWED_ORIGINS)
        {
            reader.problem(Problem::AnyOriginInProduction { origin: given.origin });
        }
        origins
    }
}

fn parse_origins(value: &str) -> Option<AllowedOrigins> {
    if value.trim() == "*" {
        return Some(AllowedOrigins::Any);
    }
    let listed: Option<Vec<String>> =
        value.split(',').map(str::trim).filter(|item| !item.is_empty()).map(normal).collect();
    listed.filter(|listed| !listed.is_empty()).map(AllowedOrigins::Listed)
}

/// An origin as browsers write it: lower case, no default port. A slash at the end is forgiven, a path is not.
fn normal(origin: &str) -> Option<String> {
    let origin = origin.trim().to_ascii_lowercase();
    let (scheme, rest) = origin.split_once("://")?;
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    let known = |letter: char| letter.is_ascii_alphanumeric() || "+-.".contains(letter);
    let scheme_is_sound =
        scheme.starts_with(|letter: char| letter.is_ascii_alphabetic()) && scheme.chars().all(known);
    let host_is_sound = |letter: char| letter.is_alphanumeric() || "-._:[]".contains(letter);
    if !scheme_is_sound || authority.is_empty() || !authority.chars().all(host_is_sound) {
        return None;
    }
    let (host, port) = split_port(authority);
    if host.is_empty() || port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return None;
    }
    match port {
        Some(port) if Some(port) != default_port(scheme) => Some(format!("{scheme}://{host}:{port}")),
        Some(_) | None => Some(format!("{scheme}://{host}")),
    }
}

/// Whether `host`, with a default port that the origin does not show, is the origin's own.
fn same_with_default_port(host: &str, origin: &str) -> bool {
    origin.split_once("://").is_some_and(|(scheme, authority)| {
        let (name, port) = split_port(host);
        port.is_some() && port == default_port(scheme) && name.eq_ignore_ascii_case(authority)
    })
}

fn default_port(scheme: &str) -> Option<&'static str> {
    match scheme {
        "http" => Some("80"),
        "https" => Some("443"),
        _ => None,
    }
}

/// Host and port of an authority; the colons inside the brackets of an IPv6 address are not the port's.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        Some(_) | None => (authority, None),
    }
}

/// Names that mean this machine and cannot be pointed elsewhere by whoever owns a domain.
fn is_loopback_name(authority: &str) -> bool {
    let (host, _) = split_port(authority);
    let bare = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(host);
    let is_address =
        bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback());
    is_address || bare.eq_ignore_ascii_case("localhost") || bare.to_ascii_lowercase().ends_with(".localhost")
}
