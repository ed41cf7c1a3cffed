//! Who stands before the node and says for others where they are.
//!
//! Behind a proxy every connection comes from the proxy's own address. Where its clients are stands in a header that
//! anybody can send; it is believed of those alone that are listed here, and of what it says only what they said
//! themselves.

use std::net::IpAddr;

use ipnet::IpNet;

use super::option::{Group, Kind, OptionSpec};
use super::reader::Reader;

pub(super) static TRUSTED_PROXIES: OptionSpec = OptionSpec {
    flag: "trusted-proxies",
    environment: &["QALA_TRUSTED_PROXIES"],
    group: Group::Listening,
    kind: Kind::Text {
        what: "addresses or networks (10.0.0.0/8) with commas between",
        accepts: |value| parse_networks(value).is_some(),
    },
    value_name: "list",
    default: None,
    example: "127.0.0.1,10.0.0.0/8",
    help: "proxies that are believed where their clients are, for limits per address; otherwise nobody is",
    secret: false,
};

pub(super) static FORWARDED_HEADER: OptionSpec = OptionSpec {
    flag: "forwarded-header",
    environment: &["QALA_FORWARDED_HEADER"],
    group: Group::Listening,
    kind: Kind::Words(&["x-forwarded-for", "forwarded"]),
    value_name: "name",
    default: Some("x-forwarded-for"),
    example: "x-forwarded-for",
    help: "the header in which they say it: the one that they add to, never one that they pass on: x-forwarded-for or \
           forwarded",
    secret: false,
};

/// Who is believed where others are, and in which header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedProxies {
    /// Whoever is in one of these.
    pub networks: Vec<IpNet>,
    /// Where they say it.
    pub header: ForwardedHeader,
}

/// The header in which proxies say where their clients are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For: client, proxy`
    XForwardedFor,
    /// `Forwarded: for=client, for=proxy` (RFC 7239).
    Forwarded,
}

impl TrustedProxies {
    /// Whether it is one of them that is at `address`.
    pub fn include(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address))
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let networks = reader.parsed(&TRUSTED_PROXIES, parse_networks).unwrap_or_default();
        let header = reader.parsed(&FORWARDED_HEADER, parse_header).unwrap_or(ForwardedHeader::XForwardedFor);
        Self { networks, header }
    }
}

fn parse_header(value: &str) -> Option<ForwardedHeader> {
    match value.trim().to_ascii_lowercase().as_str() {
        "x-forwarded-for" => Some(ForwardedHeader::XForwardedFor),
        "forwarded" => Some(ForwardedHeader::Forwarded),
        _ => None,
    }
}

fn parse_networks(value: &str) -> Option<Vec<IpNet>> {
    let items = value.split(',').map(str::trim).filter(|item| !item.is_empty());
    let networks: Option<Vec<IpNet>> = items.map(parse_network).collect();
    networks.filter(|networks| !networks.is_empty())
}

/// A network, or one address as the network of itself.
fn parse_network(item: &str) -> Option<IpNet> {
    let one = || item.parse::<IpAddr>().ok().map(|address| IpNet::from(address.to_canonical()));
    item.parse::<IpNet>().ok().map(|network| network.trunc()).or_else(one)
}
