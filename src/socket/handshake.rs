//! Requests on their way to the engine: who may ask at all, and what the engine is given of a request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN,
    RETRY_AFTER, SEC_WEBSOCKET_KEY,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::addresses::AddressBudgets;
use super::connecting::Peer;
use super::listener::Transport;
use super::lock;
use crate::config::AllowedOrigins;
use crate::metrics::Counter;
use crate::node::Node;

/// Where the engine listens.
const ENGINE_PATH: &str = "/socket.io";
/// What is read of a request's headers behind the doorway: by the engine, by those who ask who somebody is,
/// and by the answers for pages of other origins.
const KEPT_HEADERS: [HeaderName; 7] = [
    ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD,
    AUTHORIZATION,
    CONTENT_TYPE,
    HOST,
    ORIGIN,
    SEC_WEBSOCKET_KEY,
];
/// Seconds after which a client that was refused because the node is going down may try elsewhere.
const DRAINING_RETRY_SECONDS: &str = "1";

/// What stands before the engine.
pub struct Doorway {
    /// For its clock, its counters, and whether it is going down.
    pub node: Arc<Node>,
    /// Pages that may connect.
    pub origins: AllowedOrigins,
    /// Requests of each address.
    pub requests: AddressBudgets,
    /// Sessions that began by polling and may move to a WebSocket.
    pub upgrades: Upgrades,
}

/// Sessions that began by polling, by the engine's id: when one moves to a WebSocket, it is that stream
/// which closes it.
#[derive(Clone, Default)]
pub struct Upgrades(Arc<Mutex<HashMap<String, Arc<Peer>>>>);

impl Upgrades {
    pub(super) fn expect(&self, sid: String, peer: Arc<Peer>) {
        lock(&self.0).insert(sid, peer);
    }

    pub(super) fn forget(&self, sid: &str) -> Option<Arc<Peer>> {
        let mut sessions = lock(&self.0);
        let peer = sessions.remove(sid);
        if sessions.is_empty() {
            sessions.shrink_to_fit();
        }
        peer
    }
}

/// Lets a request through to the engine, smaller than it came, or answers why not.
pub async fn enter(
    State(doorway): State<Arc<Doorway>>,
    ConnectInfo(transport): ConnectInfo<Transport>,
    request: Request,
    next: Next,
) -> Response {
    let engine = request.uri().path().starts_with(ENGINE_PATH);
    let query = request.uri().query().unwrap_or_default();
    let sid = parameter(query, "sid");
    if let Err(refused) = doorway.admit(engine, sid.is_some(), &transport, request.headers()) {
        return refused;
    }
    if !engine {
        return next.run(request).await;
    }
    if let Some(sid) = sid.filter(|_| parameter(query, "transport") == Some("websocket"))
        && let Some(peer) = doorway.upgrades.forget(sid)
    {
        peer.moved_to(transport.cut.clone());
    }
    let (parts, body) = request.into_parts();
    let peer = Arc::new(Peer::new(transport.address, transport.cut));
    next.run(Request::from_parts(lighter(parts, peer), body)).await
}

impl Doorway {
    #[expect(clippy::result_large_err, reason = "the refusal is the response, sent at once")]
    fn admit(
        &self,
        engine: bool,
        established: bool,
        transport: &Transport,
        headers: &HeaderMap,
    ) -> Result<(), Response> {
        let now = self.node.clock().now();
        if !established && !self.requests.spend(transport.address.ip(), now) {
            self.node.counters().add(Counter::RequestsPerAddressOverLimit);
            let headers = [(RETRY_AFTER, "60")];
            return Err((StatusCode::TOO_MANY_REQUESTS, headers, "too many requests\n").into_response());
        }
        if !engine {
            return Ok(());
        }
        if !established && self.node.is_draining() {
            let headers = [(RETRY_AFTER, DRAINING_RETRY_SECONDS)];
            return Err((StatusCode::SERVICE_UNAVAILABLE, headers, "going down\n").into_response());
        }
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        match headers.get(ORIGIN).map(|_| text(ORIGIN).unwrap_or_default()) {
            Some(origin) if !self.origins.allows(origin, text(HOST)) => {
                self.node.counters().add(Counter::OriginsRefused);
                Err((StatusCode::FORBIDDEN, "this page's origin is not allowed\n").into_response())
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// A request whose parts hold on to nothing but what they need. The engine keeps them as long as the
/// connection lives, and as they came they pin the server's 16 KiB read buffer (measured: 4 to 7 kB).
fn lighter(mut parts: Parts, peer: Arc<Peer>) -> Parts {
    // Grows to room for six, and no handshake has more of these; the next size costs 650 bytes more.
    let mut headers = HeaderMap::new();
    for name in KEPT_HEADERS {
        let copy = parts.headers.get(&name).map(|value| HeaderValue::from_bytes(value.as_bytes()));
        if let Some(Ok(copy)) = copy {
            headers.insert(name, copy);
        }
    }
    parts.headers = headers;
    if let Ok(uri) = parts.uri.to_string().parse::<Uri>() {
        parts.uri = uri;
    }
    parts.extensions.remove::<ConnectInfo<Transport>>();
    parts.extensions.insert(peer);
    parts
}

/// The value of a query parameter, as it is spelled.
fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of the headers that are left.
    fn kept(headers: &[(&str, &str)]) -> Vec<String> {
        let mut request = axum::http::Request::get("/socket.io/?EIO=4");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).expect("valid headers").into_parts();
        let peer = Arc::new(Peer::new(([127, 0, 0, 1], 1).into(), Arc::default()));
        let mut kept: Vec<String> =
            lighter(parts, peer).headers.keys().map(|name| name.as_str().to_owned()).collect();
        kept.sort_unstable();
        kept
    }

    #[test]
    fn a_handshake_keeps_what_is_read_later() {
        let handshake = [
            ("host", "h"),
            ("origin", "http://h"),
            ("connection", "Upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("sec-websocket-extensions", "permessage-deflate"),
            ("user-agent", "a browser"),
            ("cookie", "a=b"),
            ("authorization", "Bearer t"),
        ];
        assert_eq!(kept(&handshake), ["authorization", "host", "origin", "sec-websocket-key"]);
    }

    #[test]
    fn a_preflight_keeps_what_it_asks_for() {
        let preflight = [
            ("host", "h"),
            ("origin", "http://other"),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "authorization"),
        ];
        let expected = ["access-control-request-headers", "access-control-request-method", "host", "origin"];
        assert_eq!(kept(&preflight), expected);
    }

    #[test]
    fn parameters_are_found_by_their_whole_name() {
        let query = "EIO=4&transport=polling&xsid=1&sid=abc";
        assert_eq!(parameter(query, "sid"), Some("abc"));
        assert_eq!(parameter(query, "transport"), Some("polling"));
        assert_eq!(parameter(query, "port"), None);
        assert_eq!(parameter("", "sid"), None);
    }
}
