//! `/trace`: the log tells what one user asks and is told, as long as an operator wants it to.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::Desk;
use crate::domain::id::UserId;

/// `PUT /trace/<id>`: from now on, of that one and of nobody else.
pub(super) async fn begin(State(desk): State<Arc<Desk>>, Path(user): Path<String>) -> StatusCode {
    desk.node.trace(Some(UserId::new(user))).await;
    StatusCode::NO_CONTENT
}

/// `DELETE /trace`: no longer.
pub(super) async fn end(State(desk): State<Arc<Desk>>) -> StatusCode {
    desk.node.trace(None).await;
    StatusCode::NO_CONTENT
}
