//! Which WebSocket is spoken: that of RFC 6455 and none of the drafts before it. The engine looks at the key alone.

use axum::http::header::{SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

/// The version of RFC 6455.
const SPOKEN: &str = "13";

/// The answer to who asks for a WebSocket of another version: which one there is.
pub(super) fn refusal(headers: &HeaderMap) -> Option<Response> {
    let asks = headers.contains_key(SEC_WEBSOCKET_KEY);
    if !asks || headers.get(SEC_WEBSOCKET_VERSION).is_some_and(|version| version == SPOKEN) {
        return None;
    }
    let spoken = [(SEC_WEBSOCKET_VERSION, SPOKEN)];
    Some((StatusCode::UPGRADE_REQUIRED, spoken, "WebSocket version 13 only\n").into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_standard_is_spoken() {
        let refused = |headers: &[(&str, &str)]| {
            let mut request = axum::http::Request::get("/");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let (parts, ()) = request.body(()).expect("valid headers").into_parts();
            refusal(&parts.headers).map(|response| {
                (response.status().as_u16(), response.headers()[SEC_WEBSOCKET_VERSION].clone())
            })
        };
        let (key, answer) = (("sec-websocket-key", "a"), Some((426, SPOKEN.parse().expect("plain"))));
        assert_eq!(refused(&[key, ("sec-websocket-version", "13")]), None);
        assert_eq!(refused(&[]), None);
        assert_eq!(refused(&[("sec-websocket-version", "8")]), None);
        for headers in
            [&[key][..], &[key, ("sec-websocket-version", "8")], &[key, ("sec-websocket-version", "")]]
        {
            assert_eq!(refused(headers), answer, "{headers:?}");
        }
    }
}
