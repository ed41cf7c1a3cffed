//! Requests on their way to the engine: who may ask at all, and what the engine is given of a request.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN,
    RETRY_AFTER, SEC_WEBSOCKET_KEY,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::addresses::AddressBudgets;
use super::listener::Transport;
use super::peer::{Peer, PollingSessions};
use super::signpost;
use super::streams::Streams;
use super::versions;
use crate::config::AllowedOrigins;
use crate::domain::time::Time;
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
/// How long a stream waits for its next request: longer than load balancers keep one open.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// What the engine says of a session that it does not know: the client begins a new one.
const UNKNOWN_SESSION: &str = r#"{"code":1,"message":"Session ID unknown"}"#;
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
    /// Sessions that began by polling.
    pub polling: PollingSessions,
    /// All streams, for their deadlines.
    pub streams: Arc<Streams>,
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
    let sid = parameter(query, "sid").filter(|_| engine).map(str::to_owned);
    let known = sid.as_deref().and_then(|sid| doorway.polling.get(sid));
    if let Err(refused) = doorway.admit(engine, known.as_ref(), &transport, request.headers()) {
        return refused;
    }
    if let Some(refused) = versions::refusal(request.headers()).filter(|_| engine) {
        return refused;
    }
    let Transport { address, handle } = transport;
    // A poll is answered when there is something to say: the engine sees to it that it is. Anything else
    // has to arrive whole.
    let held = engine && request.method() == Method::GET;
    handle.request_until(if held { Time::NEVER } else { doorway.streams.silent_until() });
    let websocket = parameter(query, "transport") == Some("websocket");
    let handshake = held && sid.is_none();
    let request = if engine {
        let (parts, body) = request.into_parts();
        let peer = Arc::new(Peer::new(address, handle.clone(), websocket));
        Request::from_parts(lighter(parts, peer), body)
    } else {
        request
    };
    let response = next.run(request).await;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        handle.request_until(doorway.streams.silent_until());
        if let Some(sid) = sid {
            doorway.polling.moved(sid, &handle);
        }
    } else {
        handle.request_until(doorway.node.clock().now() + KEEP_ALIVE);
    }
    if handshake { signpost::put_up(doorway.node.id(), response).await } else { response }
}

impl Doorway {
    #[expect(clippy::result_large_err, reason = "the refusal is the response, sent at once")]
    fn admit(
        &self,
        engine: bool,
        known: Option<&Arc<Peer>>,
        transport: &Transport,
        headers: &HeaderMap,
    ) -> Result<(), Response> {
        let now = self.node.clock().now();
        if known.is_none() && self.requests.spend(transport.address.ip(), now).is_err() {
            self.node.counters().add(Counter::RequestsPerAddressOverLimit);
            let headers = [(RETRY_AFTER, "60")];
            return Err((StatusCode::TOO_MANY_REQUESTS, headers, "too many requests\n").into_response());
        }
        if !engine {
            return Ok(());
        }
        if known.is_some_and(|peer| peer.is_dead()) {
            return Err((StatusCode::BAD_REQUEST, UNKNOWN_SESSION).into_response());
        }
        if known.is_none() && self.node.is_draining() {
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
    use super::super::streams::Handle;
    use super::*;

    /// The names of the headers that are left.
    fn kept(headers: &[(&str, &str)]) -> Vec<String> {
        let mut request = axum::http::Request::get("/socket.io/?EIO=4");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).expect("valid headers").into_parts();
        let peer =
            Arc::new(Peer::new(([127, 0, 0, 1], 1).into(), Arc::new(Handle::until(Time::NEVER)), false));
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
