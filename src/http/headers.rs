//! Headers that every answer has, whoever makes it.

use axum::http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;

/// What holds where an answer says nothing else: it is no page, loads nothing, and is shown in nobody's frame.
static USUAL: [(HeaderName, HeaderValue); 4] = [
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
    ),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
];

/// An answer with them. What it says itself stays.
pub async fn secured(mut response: Response) -> Response {
    for (name, value) in &USUAL {
        response.headers_mut().entry(name).or_insert_with(|| value.clone());
    }
    response
}
