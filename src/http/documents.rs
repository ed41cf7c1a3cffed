//! `GET /asyncapi.json` and `/openapi.json`: what clients may say and ask for, for programs.

use axum::http::StatusCode;
use axum::response::Response;

use super::json;

/// Every event of every dialect.
const ASYNCAPI: &str = include_str!("../../docs/asyncapi.json");
/// The REST part.
const OPENAPI: &str = include_str!("../../docs/openapi.json");

pub(super) async fn asyncapi() -> Response {
    json(StatusCode::OK, ASYNCAPI.to_owned())
}

pub(super) async fn openapi() -> Response {
    json(StatusCode::OK, OPENAPI.to_owned())
}
