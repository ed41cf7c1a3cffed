//! What the answer to a handshake tells a load balancer in front of several nodes: which of them holds the
//! session now. All later requests of a session that polls have to find the way back to that node, and
//! nothing but the session's id is in them.
//!
//! The id stands in the answer's body as well, but a balancer that decides by headers may not have seen the
//! body yet. A session that begins as a WebSocket needs no signpost: it is one request.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::domain::id::NodeId;

/// The name of the node that answers.
const NODE: HeaderName = HeaderName::from_static("x-qala-node");
/// The session's id, as its later requests carry it in `sid`. Sent to nobody but its own client.
const SID: HeaderName = HeaderName::from_static("x-qala-sid");
/// What the engine says first is about a hundred bytes long.
const FIRST_PACKET_BYTES: usize = 4_096;

/// The engine's answer to a handshake, with the signpost.
pub(super) async fn put_up(node: &NodeId, response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    if let Ok(node) = HeaderValue::from_str(node.as_str()) {
        parts.headers.insert(NODE, node);
    }
    if parts.status != StatusCode::OK {
        return Response::from_parts(parts, body);
    }
    let Ok(packet) = to_bytes(body, FIRST_PACKET_BYTES).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    if let Some(sid) = sid_in(&packet) {
        parts.headers.insert(SID, sid);
    }
    Response::from_parts(parts, Body::from(packet))
}

/// The session's id, as a signpost names it.
pub(super) fn sid_of(response: &Response) -> Option<&str> {
    response.headers().get(SID)?.to_str().ok()
}

/// The session's id in the engine's first packet: `0{"sid":"...",...}`.
fn sid_in(packet: &[u8]) -> Option<HeaderValue> {
    #[derive(Deserialize)]
    struct Opened<'a> {
        sid: &'a str,
    }
    let opened: Opened<'_> = serde_json::from_slice(packet.strip_prefix(b"0")?).ok()?;
    HeaderValue::from_str(opened.sid).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_new_session_is_found_and_nothing_else_is_taken_for_one() {
        let found =
            |packet: &str| sid_in(packet.as_bytes()).map(|sid| sid.to_str().expect("plain").to_owned());
        let opened = r#"0{"sid":"mq-_7J2kz0aB19xY","upgrades":["websocket"],"pingInterval":25000}"#;
        assert_eq!(found(opened).as_deref(), Some("mq-_7J2kz0aB19xY"));
        for other in
            ["", "0", "0{}", r#"{"sid":"a"}"#, r#"40{"sid":"a"}"#, r#"0{"sid":"a\nb"}"#, r#"0{"sid":7}"#]
        {
            assert_eq!(found(other), None, "{other}");
        }
    }
}
