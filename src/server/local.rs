//! Which requests come from a program on the same machine, and from nobody behind it.

use axum::extract::{ConnectInfo, Request};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;

use crate::http::Local;
use crate::socket::Transport;

/// What a proxy says of those behind it.
const FORWARDED: [&str; 5] = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"];

/// Marks such requests.
pub(super) async fn mark(
    ConnectInfo(transport): ConnectInfo<Transport>,
    mut request: Request,
    next: Next,
) -> Response {
    if transport.address().ip().to_canonical().is_loopback() && !is_forwarded(request.headers()) {
        request.extensions_mut().insert(Local);
    }
    next.run(request).await
}

fn is_forwarded(headers: &HeaderMap) -> bool {
    FORWARDED.iter().any(|name| headers.contains_key(*name))
}
