//! The REST edge: health, figures, the demo page, and what pages of some dialects ask for.

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, delete, get, post, put};

use crate::auth::Orders;
use crate::node::Node;

mod admin;
mod ban;
mod business;
#[cfg(test)]
mod contract;
mod demo;
mod detail;
mod documents;
mod headers;
mod health;
mod metrics;
mod rooms;
mod snapshot;
mod stats;
mod status;
mod trace;
mod turn;

pub use admin::{Access, Token};
pub use headers::secured;
pub use snapshot::{Encoding, Local};
pub use turn::RelayDesk;

/// What the routes need to know of the whole.
#[derive(Clone, Debug, Default)]
pub struct Site {
    /// Whether the demo page is there.
    pub demo: bool,
    /// Whether there is a word of life at every path that has nothing else: the clients of one family look anywhere
    /// for it.
    pub status: bool,
    /// The place of webrtc-chat among the dialects.
    pub webrtc_chat: Place,
    /// Who may see what is not for everybody.
    pub access: Access,
    /// How events are written for those who look at the node.
    pub encoding: Option<Encoding>,
}

/// A dialect's place among those that are spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// It is not spoken.
    #[default]
    None,
    /// It is the first: health speaks its words.
    First,
    /// It is another.
    Later,
}

/// What handlers share.
struct Desk {
    node: Arc<Node>,
    site: Site,
    orders: Orders,
}

/// Every route of the address that clients reach. Statistics are there where people are counted, rooms where
/// they are named by those who enter them, relays where there are some.
pub fn routes(node: Arc<Node>, site: Site, orders: Orders, relays: Option<RelayDesk>) -> Router {
    let (demo, status, counted) = (site.demo, site.status, node.presence().is_some());
    let desk = Arc::new(Desk { node: node.clone(), site, orders });
    let about_users = about_users().layer(from_fn_with_state(desk.clone(), admin::about_users));
    let figures = figures().layer(from_fn_with_state(desk.clone(), admin::figures));
    let watched = watched().layer(from_fn_with_state(desk.clone(), snapshot::guard));
    let routes = open().merge(about_users).merge(figures).merge(watched);
    let routes = if counted { routes.route("/stats", get(stats::stats)) } else { routes };
    let routes = routes.with_state(desk);
    let routes = if demo { routes.merge(demo::routes()) } else { routes };
    let routes = if node.has_halls() { routes.merge(rooms(node.clone())) } else { routes };
    let routes = match relays {
        Some(desk) => {
            routes.merge(Router::new().route("/api/turn", get(turn::turn)).with_state(Arc::new(desk)))
        }
        None => routes,
    };
    if status {
        routes.fallback_service(any(status::status).with_state(node))
    } else {
        routes.fallback(nothing_here)
    }
}

/// The rooms that are named by those who enter them.
fn rooms(node: Arc<Node>) -> Router {
    Router::new()
        .route("/api/rooms", get(rooms::list).post(rooms::reserve))
        .route("/api/rooms/{room}", get(rooms::one))
        .with_state(node)
}

/// Every route of the address that only operators reach.
pub fn private_routes(node: Arc<Node>, site: Site, orders: Orders) -> Router {
    let routes =
        open().merge(about_users()).merge(figures()).merge(watched()).route("/stats", get(stats::stats));
    routes.with_state(Arc::new(Desk { node, site, orders })).fallback(nothing_here)
}

/// For everybody: balancers and people ask it.
fn open() -> Router<Arc<Desk>> {
    Router::new()
        .route("/health", get(health::health))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/asyncapi.json", get(documents::asyncapi))
        .route("/openapi.json", get(documents::openapi))
}

/// Figures of the node as a whole.
fn figures() -> Router<Arc<Desk>> {
    Router::new()
        .route("/metrics", get(metrics::metrics))
        .route("/metrics/business", get(business::business))
        .route("/health/system", get(detail::system))
}

/// What `qala top` reads of a node and has it do.
fn watched() -> Router<Arc<Desk>> {
    Router::new()
        .route("/admin/snapshot", post(snapshot::snapshot))
        .route("/admin/orders", post(snapshot::order))
}

/// What tells about users, or decides about them: how many do what, and where, who is put out, and of
/// whom the log tells what they do.
fn about_users() -> Router<Arc<Desk>> {
    Router::new()
        .route("/health/detailed", get(detail::detailed))
        .route("/health/connections", get(detail::connections))
        .route("/admin/ban", post(ban::ban))
        .route("/admin/unban", post(ban::unban))
        .route("/trace/{user}", put(trace::begin))
        .route("/trace", delete(trace::end))
}

async fn nothing_here() -> Response {
    json(StatusCode::NOT_FOUND, r#"{"error":"Not found"}"#.to_owned())
}

fn json(status: StatusCode, body: String) -> Response {
    text(status, "application/json", body)
}

fn text(status: StatusCode, content_type: &'static str, body: String) -> Response {
    let content_type = HeaderValue::from_static(content_type);
    let no_store = HeaderValue::from_static("no-store");
    (status, [(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, no_store)], body).into_response()
}
