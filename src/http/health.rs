//! `GET /health`: is the node there, and how is it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::json;
use crate::metrics::Counter;
use crate::node::Node;

#[derive(Serialize)]
struct Health<'a> {
    /// `ok`, or `draining` once the node is going down.
    status: &'static str,
    timestamp: u64,
    /// Seconds.
    uptime: u64,
    version: &'static str,
    node: &'a str,
    store: StoreHealth,
    connections: u64,
    sessions: u64,
    rooms: u64,
    /// What was counted since the start, by name.
    counters: BTreeMap<&'static str, u64>,
}

#[derive(Serialize)]
struct StoreHealth {
    /// `embedded` or `redis`.
    kind: &'static str,
    /// `false` while nobody can be matched because it does not answer.
    available: bool,
}

#[derive(Serialize)]
struct Readiness {
    ready: bool,
    timestamp: u64,
    checks: Checks,
}

#[derive(Serialize)]
struct Checks {
    /// The store answers.
    store: bool,
    /// The node is not going down.
    serving: bool,
}

#[derive(Serialize)]
struct Liveness {
    alive: bool,
    timestamp: u64,
    /// Seconds.
    uptime: u64,
}

/// Whether somebody new should be sent here: 200 or 503.
pub(super) async fn ready(State(node): State<Arc<Node>>) -> Response {
    let checks = Checks { store: node.store().is_available(), serving: !node.is_draining() };
    let ready = checks.store && checks.serving;
    let code = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let timestamp = node.clock().now().as_ms();
    json(code, serde_json::to_string(&Readiness { ready, timestamp, checks }).unwrap_or_default())
}

/// 200 for as long as there is anybody to answer.
pub(super) async fn live(State(node): State<Arc<Node>>) -> Response {
    let clock = node.clock();
    let liveness = Liveness { alive: true, timestamp: clock.now().as_ms(), uptime: clock.uptime_seconds() };
    json(StatusCode::OK, serde_json::to_string(&liveness).unwrap_or_default())
}

/// 200 while the node serves, with or without its store; 503 once it is going down.
pub(super) async fn health(State(node): State<Arc<Node>>) -> Response {
    let (counters, clock) = (node.counters(), node.clock());
    let (status, code) = if node.is_draining() {
        ("draining", StatusCode::SERVICE_UNAVAILABLE)
    } else {
        ("ok", StatusCode::OK)
    };
    let health = Health {
        status,
        timestamp: clock.now().as_ms(),
        uptime: clock.uptime_seconds(),
        version: env!("CARGO_PKG_VERSION"),
        node: node.id().as_str(),
        store: StoreHealth { kind: node.store().name(), available: node.store().is_available() },
        connections: counters.connections(),
        sessions: counters.sessions(),
        rooms: counters.rooms(),
        counters: Counter::ALL.iter().map(|counter| (counter.name(), counters.get(*counter))).collect(),
    };
    json(code, serde_json::to_string(&health).unwrap_or_default())
}
