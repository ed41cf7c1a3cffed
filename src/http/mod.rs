//! The REST edge: health, the demo page, and what pages of some dialects ask for.

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};

use crate::node::Node;

mod demo;
mod health;
mod rooms;
mod stats;
mod status;

/// What is served besides health.
#[derive(Clone, Copy, Debug)]
pub struct Pages {
    /// The demo page.
    pub demo: bool,
    /// A word of life at every path that has nothing else: the clients of one family look anywhere for it.
    pub status: bool,
}

/// Every route. Statistics are there where people are counted, rooms where they are named by those who
/// enter them.
pub fn routes(node: Arc<Node>, pages: Pages) -> Router {
    let health = Router::new()
        .route("/health", get(health::health))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .with_state(node.clone());
    let routes = if pages.demo { health.merge(demo::routes()) } else { health };
    let routes = match node.presence() {
        Some(_) => routes.route("/stats", get(stats::stats).with_state(node.clone())),
        None => routes,
    };
    let routes = if node.has_halls() {
        let rooms = Router::new()
            .route("/api/rooms", get(rooms::list).post(rooms::reserve))
            .route("/api/rooms/{room}", get(rooms::one))
            .with_state(node.clone());
        routes.merge(rooms)
    } else {
        routes
    };
    if pages.status {
        routes.fallback_service(any(status::status).with_state(node))
    } else {
        routes.fallback(nothing_here)
    }
}

async fn nothing_here() -> Response {
    json(StatusCode::NOT_FOUND, r#"{"error":"Not found"}"#.to_owned())
}

fn json(status: StatusCode, body: String) -> Response {
    let content_type = HeaderValue::from_static("application/json");
    let no_store = HeaderValue::from_static("no-store");
    (status, [(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, no_store)], body).into_response()
}
