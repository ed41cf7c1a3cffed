//! A word of life at any path, for the family whose clients and monitors look for one anywhere.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::json;
use crate::node::Node;

#[derive(Serialize)]
struct WordOfLife {
    status: &'static str,
    service: &'static str,
    /// ISO 8601.
    timestamp: String,
    connections: u64,
}

/// Always 200: whether somebody new should be sent here, readiness says.
pub(super) async fn status(State(node): State<Arc<Node>>) -> Response {
    let word = WordOfLife {
        status: "ok",
        service: "websocket-server",
        timestamp: node.clock().now().utc().to_string(),
        connections: node.counters().connections(),
    };
    json(StatusCode::OK, serde_json::to_string(&word).unwrap_or_default())
}
