//! Pages of which web origins may connect. Browsers do not guard `WebSocket`s; the server compares `Origin`.
//!
//! Nothing given: on an address that others reach no page at all, until somebody says which; on loopback the pages of
//! the node's own host (a proxy on this machine may stand before it), and with guests only pages of this machine, so
//! that no web site a developer happens to visit enters a local node. `*` is every page. It is accepted on any
//! address, because tokens are sent by the page's code and never by the browser on its own, but not in production,
//! where it is more often forgotten than meant.

use std::fmt;

use super::auth::Auth;
use super::listen::Listen;
use super::option::{Group, Kind, OptionSpec};
use super::problem::Problem;
use super::reader::Reader;

pub(super) static ALLOWED_ORIGINS: OptionSpec = OptionSpec {
    flag: "allowed-origins",
    environment: &["QALA_ALLOWED_ORIGINS", "ALLOWED_ORIGINS", "CORS_ORIGIN", "CORS_ORIGINS", "CLIENT_URL"],
    group: Group::Listening,
    kind: Kind::Text {
        what: "origins (scheme and host, no path; *. before a host for all below it) with commas between, or * alone",
        accepts: |value| parse_origins(value).is_some(),
    },
    value_name: "list",
    default: None,
    example: "https://app.example.com,http://localhost:5173",
    help: "origins of pages that may connect (https://*.example.com: all below it), or *; otherwise no page where others \
           reach the node, else only pages of this host",
    secret: false,
};

/// Pages that may connect. Clients that are no browser send no origin; this does not concern them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedOrigins {
    /// No page: the node is reached by others, and nobody said which pages may.
    Nobody,
    /// Pages of this machine, on any port.
    Loopback,
    /// Pages of the host the request itself was sent to; on this machine, on any port.
    SameHost,
    /// Pages of these origins.
    Listed(Vec<ListedOrigin>),
    /// Every page.
    Any,
}

/// One entry of a list: lower case, without default port, as browsers write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListedOrigin {
    /// This one: `https://app.example.com`.
    Exact(String),
    /// All hosts below one, at any depth, and not that host itself.
    Below {
        /// `https://`
        scheme: String,
        /// `.example.com`, with the port where it is not the default one.
        domain: String,
    },
}

impl ListedOrigin {
    fn parse(item: &str) -> Option<Self> {
        let item = item.strip_suffix('/').unwrap_or(item);
        let Some((scheme, below)) = item.split_once("://*.") else {
            return normal(item).map(Self::Exact);
        };
        let (scheme, domain) = normal(&format!("{scheme}://{below}"))?.split_once("://").map(owned)?;
        let (host, _) = split_port(&domain);
        // All below a whole country or branch of the name system is more than anybody means.
        let narrow = host.contains('.') || host == "localhost";
        let is_name = host.split('.').all(is_label) && host.parse::<std::net::IpAddr>().is_err();
        (narrow && is_name)
            .then(|| Self::Below { scheme: format!("{scheme}://"), domain: format!(".{domain}") })
    }

    /// Whether a normal `origin` is meant.
    fn is(&self, origin: &str) -> bool {
        match self {
            Self::Exact(listed) => listed == origin,
            Self::Below { scheme, domain } => {
                let labels =
                    origin.strip_prefix(scheme.as_str()).and_then(|rest| rest.strip_suffix(domain.as_str()));
                labels.is_some_and(|labels| labels.split('.').all(is_label))
            }
        }
    }
}

impl fmt::Display for ListedOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(origin) => f.write_str(origin),
            Self::Below { scheme, domain } => write!(f, "{scheme}*{domain}"),
        }
    }
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
            Self::Nobody => false,
            Self::Listed(listed) => listed.iter().any(|listed| listed.is(&origin)),
            Self::Loopback => from_here,
            Self::SameHost => host.is_some_and(|host| {
                host.eq_ignore_ascii_case(authority)
                    || same_with_default_port(host, &origin)
                    || (from_here && is_loopback_name(host))
            }),
        }
    }

    /// What a page that may not connect is told, for whoever runs the node: one line.
    pub const fn refusal(&self) -> &'static str {
        match self {
            Self::Nobody => {
                "no page may connect here: the server was started without --allowed-origins, which lists the pages that may"
            }
            Self::Loopback | Self::SameHost | Self::Listed(_) | Self::Any => {
                "this page's origin is not allowed: --allowed-origins lists the pages that may connect"
            }
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>, listen: &Listen, auth: &[Auth], production: bool) -> Self {
        let Some(origins) = reader.parsed(&ALLOWED_ORIGINS, parse_origins) else {
            if !listen.is_loopback() {
                return Self::Nobody;
            }
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
    let items = value.split(',').map(str::trim).filter(|item| !item.is_empty());
    let listed: Option<Vec<ListedOrigin>> = items.map(ListedOrigin::parse).collect();
    listed.filter(|listed| !listed.is_empty()).map(AllowedOrigins::Listed)
}

/// An origin as browsers write it: lower case, a name in other letters in its ASCII form, no default port. Anything
/// else that could be read as one in two ways is none: a path, a user, an empty port.
fn normal(origin: &str) -> Option<String> {
    let (scheme, authority) = origin.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let known = |letter: char| letter.is_ascii_alphanumeric() || "+-.".contains(letter);
    if !scheme.starts_with(|letter: char| letter.is_ascii_alphabetic()) || !scheme.chars().all(known) {
        return None;
    }
    let (host, port) = split_port(authority);
    let host = if host.is_ascii() { host.to_ascii_lowercase() } else { idna::domain_to_ascii(host).ok()? };
    let is_sound = |letter: char| letter.is_ascii_alphanumeric() || "-._".contains(letter);
    let is_host = !host.is_empty() && host.chars().all(is_sound);
    if !is_host && bare(&host).is_none_or(|inner| inner.parse::<std::net::Ipv6Addr>().is_err()) {
        return None;
    }
    if port
        .is_some_and(|port| port.parse::<u16>().is_err() || !port.bytes().all(|byte| byte.is_ascii_digit()))
    {
        return None;
    }
    match port {
        Some(port) if Some(port) != default_port(&scheme) => Some(format!("{scheme}://{host}:{port}")),
        Some(_) | None => Some(format!("{scheme}://{host}")),
    }
}

fn owned((one, other): (&str, &str)) -> (String, String) {
    (one.to_owned(), other.to_owned())
}

/// One part of a name between dots.
fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// What stands in the brackets of an IPv6 address.
fn bare(host: &str) -> Option<&str> {
    host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']'))
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
    let bare = bare(host).unwrap_or(host);
    let is_address =
        bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback());
    is_address || bare.eq_ignore_ascii_case("localhost") || bare.to_ascii_lowercase().ends_with(".localhost")
}
