//! What `qala serve` says when it is ready: where to go, who may enter, and how to change that.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use qala::config::{Auth, Config};
use qala::server::Server;

/// The lines shown at the start.
pub(crate) fn banner(config: &Config, server: &Server, took: Duration) -> String {
    let at = reachable(server.address());
    let mut text = String::new();
    let mut line = |line: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{line}");
    };
    let (version, node, store) = (env!("CARGO_PKG_VERSION"), server.node(), server.store());
    line(format!("qala {version}  node {node}  store {store}"));
    if config.running.demo {
        line(format!("  demo      http://{at}"));
    } else {
        line("  demo      off (--demo on shows it)".to_owned());
    }
    let spoken: Vec<&str> = config.running.dialects.iter().map(|dialect| dialect.as_str()).collect();
    line(format!("  clients   ws://{at}  dialect {}", spoken.join(", ")));
    for said in auth(config) {
        line(said);
    }
    for variable in &config.without_effect {
        line(format!("  ignored   {variable}"));
    }
    line(format!("ready in {} ms", took.as_millis()));
    text
}

fn auth(config: &Config) -> Vec<String> {
    match &config.auth {
        Auth::GuestOnLoopback => vec![
            "  auth      guest: anyone may enter, so only this machine can reach it".to_owned(),
            "            for the world: --jwt-secret and --host 0.0.0.0".to_owned(),
        ],
        Auth::OpenToAll => vec!["  auth      none: whoever reaches this address may enter".to_owned()],
        Auth::JwtHs256(_) => vec!["  auth      jwt: tokens signed with the secret (HS256)".to_owned()],
    }
}

/// An address that can be opened: one that listens everywhere is reached on this machine.
fn reachable(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), address.port())
    } else {
        address
    }
}
