//! `POST /admin/snapshot` and `POST /admin/orders`: what `qala top --url` shows of a node with the embedded store, and
//! what it has done.
//!
//! For operators, and, until somebody says who they are, for programs of the same machine. Never for pages: a browser
//! says where a request comes from, and would make it for anybody.

use std::fmt;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Desk, admin, json};
use crate::node::{EventLine, News, NotSeen, Ordered, Snapshot, Survey};

/// Comes with a request of a program on the same machine, straight from there.
#[derive(Clone, Copy, Debug)]
pub struct Local;

/// How events are written.
#[derive(Clone)]
pub struct Encoding(pub Arc<dyn Fn(&News) -> String + Send + Sync>);

impl fmt::Debug for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Encoding")
    }
}

/// In front of what only operators and programs of the same machine may do.
pub(super) async fn guard(State(desk): State<Arc<Desk>>, request: Request, next: Next) -> Response {
    if request.headers().contains_key(header::ORIGIN) {
        return json(StatusCode::FORBIDDEN, r#"{"error":"Not for pages"}"#.to_owned());
    }
    let local = request.extensions().get::<Local>().is_some();
    admin::operators(&desk, local, request, next).await
}

/// The picture of this moment: a [`Snapshot`] for a [`Survey`].
pub(super) async fn snapshot(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Bytes) -> Response {
    let survey: Survey = match read(&headers, &body) {
        Ok(survey) => survey,
        Err(refused) => return refused,
    };
    match desk.node.snapshot(&survey) {
        Ok(snapshot) => written(&Snapshot { events: events(&desk, survey.events), ..snapshot }),
        Err(NotSeen::Shared) => {
            let body = r#"{"error":"This node shares a Redis: qala top --redis-url shows all of its nodes"}"#;
            json(StatusCode::CONFLICT, body.to_owned())
        }
    }
}

/// The newest of what happened. Nothing was kept until somebody asked for the first time.
fn events(desk: &Desk, most: u32) -> Vec<EventLine> {
    let Some(Encoding(encode)) = desk.site.encoding.as_ref().filter(|_| most > 0) else { return Vec::new() };
    let newest = desk.node.newest(usize::try_from(most).unwrap_or(usize::MAX));
    newest.iter().map(|news| EventLine::read(news.number.to_string(), &encode(news))).collect()
}

/// Gives an [`Ordered`], and answers what became of it.
pub(super) async fn order(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Bytes) -> Response {
    let ordered: Ordered = match read(&headers, &body) {
        Ok(ordered) => ordered,
        Err(refused) => return refused,
    };
    written(&desk.node.give_order(ordered).await)
}

/// The body, if it is JSON of that.
#[expect(clippy::result_large_err, reason = "the refusal is the response, sent at once")]
fn read<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<T, Response> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !content_type.is_some_and(|value| value.starts_with("application/json")) {
        return Err(json(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            r#"{"error":"Send application/json"}"#.to_owned(),
        ));
    }
    serde_json::from_slice(body).map_err(|error| {
        let body = serde_json::json!({ "error": format!("Not what is asked for: {error}") });
        json(StatusCode::BAD_REQUEST, body.to_string())
    })
}

fn written(body: &impl Serialize) -> Response {
    json(StatusCode::OK, serde_json::to_string(body).unwrap_or_default())
}
