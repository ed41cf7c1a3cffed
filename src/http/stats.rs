//! `GET /stats`: how many people the anonymous chat has, as its pages show it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::{Desk, json};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Stats {
    online_users: u64,
    waiting_users: u64,
    active_rooms: u64,
    timestamp: u64,
}

/// Of all nodes, as old as a second, and three where the people are on others.
pub(super) async fn stats(State(desk): State<Arc<Desk>>) -> Response {
    let presence = desk.node.presence().unwrap_or_default();
    let stats = Stats {
        online_users: presence.online,
        waiting_users: presence.waiting,
        active_rooms: presence.rooms(),
        timestamp: desk.node.clock().now().as_ms(),
    };
    json(StatusCode::OK, serde_json::to_string(&stats).unwrap_or_default())
}
