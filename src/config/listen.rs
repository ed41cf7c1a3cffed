//! Where the node listens.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::option::{Group, Kind, OptionSpec};
use super::reader::Reader;

pub(super) static HOST: OptionSpec = OptionSpec {
    flag: "host",
    environment: &["QALA_HOST"],
    group: Group::Listening,
    kind: Kind::Text { what: "an IP address or localhost", accepts: |value| parse_host(value).is_some() },
    value_name: "address",
    default: Some("127.0.0.1"),
    example: "0.0.0.0",
    help: "address to listen on; others reach 0.0.0.0 or [::], 127.0.0.1 only this machine",
    secret: false,
};

pub(super) static PORT: OptionSpec = OptionSpec {
    flag: "port",
    environment: &["QALA_PORT", "PORT"],
    group: Group::Listening,
    kind: Kind::Whole { what: "a port number", min: 0, max: 65_535 },
    value_name: "number",
    default: Some("3001"),
    example: "3001",
    help: "port to listen on; 0 takes a free one",
    secret: false,
};

pub(super) static ADMIN_LISTEN: OptionSpec = OptionSpec {
    flag: "admin-listen",
    environment: &["QALA_ADMIN_LISTEN"],
    group: Group::Listening,
    kind: Kind::Text {
        what: "an IP address and a port",
        accepts: |value| value.trim().parse::<SocketAddr>().is_ok(),
    },
    value_name: "address:port",
    default: None,
    example: "127.0.0.1:9090",
    help: "a second address, for operators only: health in detail and metrics; without a token they are then nowhere \
           else",
    secret: false,
};

/// Where the node listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listen {
    /// Address. 127.0.0.1 unless told otherwise (issue 2, guest identity).
    pub host: IpAddr,
    /// Port; 0 takes a free one. 3001 as in the existing systems.
    pub port: u16,
    /// Where operators are served apart from clients; `None`: nowhere.
    pub admin: Option<SocketAddr>,
}

impl Listen {
    /// Both together, for binding.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::new(self.host, self.port)
    }

    /// Whether only programs on this machine can reach it.
    pub fn is_loopback(&self) -> bool {
        self.host.to_canonical().is_loopback()
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let host = reader.parsed(&HOST, parse_host).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let admin = reader.parsed(&ADMIN_LISTEN, |value| value.trim().parse().ok());
        Self { host, port: reader.whole(&PORT), admin }
    }
}

/// An address, with or without the brackets of a URL, or `localhost`. Other names are refused: what they
/// resolve to decides who can enter, and may change.
fn parse_host(value: &str) -> Option<IpAddr> {
    let value = value.trim();
    if value.eq_ignore_ascii_case("localhost") {
        return Some(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    let bare = value.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(value);
    bare.parse().ok()
}
