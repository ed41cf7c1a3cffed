//! The Engine.IO transports underneath Socket.IO.

use super::option::{Group, Kind, OptionSpec, milliseconds};
use super::reader::Reader;

pub(super) static TRANSPORTS: OptionSpec = OptionSpec {
    flag: "transports",
    environment: &["QALA_TRANSPORTS", "SOCKET_IO_TRANSPORTS"],
    group: Group::Transport,
    kind: Kind::Text {
        what: "websocket, polling or both with a comma between",
        accepts: |value| parse_transports(value).is_some(),
    },
    value_name: "list",
    default: Some("websocket,polling"),
    example: "websocket,polling",
    help: "transports offered; with both, clients move from polling to websocket",
    secret: false,
};

pub(super) static PING_INTERVAL: OptionSpec = OptionSpec {
    flag: "ping-interval-ms",
    environment: &["QALA_PING_INTERVAL_MS", "PING_INTERVAL", "SOCKET_IO_PING_INTERVAL"],
    group: Group::Transport,
    kind: milliseconds(100, 600_000),
    value_name: "ms",
    default: Some("25000"),
    example: "25000",
    help: "time between two pings to a client",
    secret: false,
};

pub(super) static PING_TIMEOUT: OptionSpec = OptionSpec {
    flag: "ping-timeout-ms",
    environment: &["QALA_PING_TIMEOUT_MS", "PING_TIMEOUT", "SOCKET_IO_PING_TIMEOUT"],
    group: Group::Transport,
    kind: milliseconds(100, 600_000),
    value_name: "ms",
    default: Some("20000"),
    example: "20000",
    help: "time a client has to answer a ping before its connection is closed",
    secret: false,
};

/// The Engine.IO transports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Engine {
    /// Milliseconds between two pings (the Socket.IO default).
    pub ping_interval_ms: u64,
    /// Milliseconds a client has to answer a ping (the Socket.IO default).
    pub ping_timeout_ms: u64,
    /// What is offered to clients.
    pub transports: Transports,
}

/// What is offered to clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Transports {
    /// WebSocket and long-polling, with upgrade from the second to the first.
    #[default]
    Both,
    /// WebSocket only.
    Websocket,
    /// HTTP long-polling only.
    Polling,
}

impl Transports {
    /// Whether WebSocket is offered.
    pub fn websocket(self) -> bool {
        match self {
            Self::Both | Self::Websocket => true,
            Self::Polling => false,
        }
    }

    /// Whether long-polling is offered.
    pub fn polling(self) -> bool {
        match self {
            Self::Both | Self::Polling => true,
            Self::Websocket => false,
        }
    }
}

impl Engine {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            transports: reader.parsed(&TRANSPORTS, parse_transports).unwrap_or_default(),
            ping_interval_ms: reader.whole(&PING_INTERVAL),
            ping_timeout_ms: reader.whole(&PING_TIMEOUT),
        }
    }
}

fn parse_transports(value: &str) -> Option<Transports> {
    let (mut websocket, mut polling) = (false, false);
    for item in value.split(',') {
        match item.trim().to_ascii_lowercase().as_str() {
            "websocket" => websocket = true,
            "polling" => polling = true,
            _ => return None,
        }
    }
    match (websocket, polling) {
        (true, true) => Some(Transports::Both),
        (true, false) => Some(Transports::Websocket),
        (false, true) => Some(Transports::Polling),
        (false, false) => None,
    }
}
