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
    for said in clients(config, at) {
        line(said);
    }
    if let Some(address) = server.admin_address() {
        line(format!("  operators http://{}", reachable(address)));
    }
    for said in auth(config) {
        line(said);
    }
    for variable in &config.without_effect {
        line(format!("  ignored   {variable}"));
    }
    line(format!("ready in {} ms", took.as_millis()));
    text
}

/// Where each dialect is spoken, the first for clients that name none.
fn clients(config: &Config, at: SocketAddr) -> Vec<String> {
    let names = config.running.dialects.iter().map(|dialect| dialect.as_str());
    let line = |(place, name): (usize, &str)| match place {
        0 => format!("  clients   ws://{at}  dialect {name}"),
        _ => format!("            ws://{at}/{name}  dialect {name}"),
    };
    names.enumerate().map(line).collect()
}

/// Who may enter: of each dialect, where that is not the same for all.
fn auth(config: &Config) -> Vec<String> {
    let all: Vec<_> = config.auth.iter().map(|(dialect, auth)| (dialect.as_str(), admitted(auth))).collect();
    let alike = all.iter().all(|(_, lines)| Some(lines) == all.first().map(|(_, first)| first));
    let shown = if alike { all.get(..1).unwrap_or_default() } else { &all };
    let mut text = Vec::new();
    for (place, (name, [who, more])) in shown.iter().enumerate() {
        let head = if place == 0 { "  auth      " } else { "            " };
        let name = if alike { String::new() } else { format!("{name}: ") };
        text.push(format!("{head}{name}{who}"));
        if !more.is_empty() {
            text.push(format!("            {more}"));
        }
    }
    text
}

/// Who may enter, and what else to know.
fn admitted(auth: &Auth) -> [&'static str; 2] {
    match auth {
        Auth::GuestOnLoopback => [
            "guest: anyone may enter, so only this machine can reach it",
            "for the world: --jwt-secret and --host 0.0.0.0",
        ],
        Auth::OpenToAll => ["none: whoever reaches this address may enter", ""],
        Auth::Jwt(jwt) => [
            match (&jwt.secret, &jwt.keys) {
                (Some(_), Some(_)) => "jwt: tokens signed with the secret (HS256) or a published key",
                (Some(_), None) => "jwt: tokens signed with the secret (HS256)",
                (None, _) => "jwt: tokens signed with a published key",
            },
            match &jwt.project {
                Some(project) if project.key.is_some() => "users need a row in the project's table `users`",
                Some(_) | None => "",
            },
        ],
        Auth::Http(_) => ["http: whoever has a token that another server knows", ""],
        Auth::Backend(_) => ["backend: sessions that the backend knows", ""],
    }
}

/// An address that can be opened: one that listens everywhere is reached on this machine.
pub(crate) fn reachable(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), address.port())
    } else {
        address
    }
}
