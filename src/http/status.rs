//! A word of life at any path, for the family whose clients and monitors look for one anywhere.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Method, StatusCode};
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

/// Always 200: whether somebody new should be sent here, readiness says. Only a tunnel is refused: who is told that one
/// stands takes this for an open proxy.
pub(super) async fn status(State(node): State<Arc<Node>>, method: Method) -> Response {
    if method == Method::CONNECT {
        return json(StatusCode::METHOD_NOT_ALLOWED, r#"{"error":"Method not allowed"}"#.to_owned());
    }
    let word = WordOfLife {
        status: "ok",
        service: "websocket-server",
        timestamp: node.clock().now().utc().to_string(),
        connections: node.counters().connections(),
    };
    json(StatusCode::OK, serde_json::to_string(&word).unwrap_or_default())
}
