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
    connections: u64,
    sessions: u64,
    rooms: u64,
    /// What was counted since the start, by name.
    counters: BTreeMap<&'static str, u64>,
}

/// 200 while the node serves, 503 once it is going down.
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
        connections: counters.connections(),
        sessions: counters.sessions(),
        rooms: counters.rooms(),
        counters: Counter::ALL.iter().map(|counter| (counter.name(), counters.get(*counter))).collect(),
    };
    json(code, serde_json::to_string(&health).unwrap_or_default())
}
