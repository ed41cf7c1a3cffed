//! One node over HTTP: `POST /admin/snapshot` and `POST /admin/orders`.

use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::{Request, StatusCode, Uri, header};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use qala::store::snapshot::{Ordered, Outcome, Snapshot, Survey};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

/// The longest answer that is read: a thousand queues and a page of rooms are a tenth of it.
const LONGEST_ANSWER: usize = 4 * 1024 * 1024;
/// How long an answer may take.
const WITHIN: Duration = Duration::from_millis(900);

/// A node, and what it wants to be shown.
pub(super) struct NodeUrl {
    /// Without a slash at the end.
    base: String,
    token: Option<String>,
    http: Client<HttpConnector, Full<Bytes>>,
}

impl NodeUrl {
    pub(super) fn new(url: &str, token: Option<&str>) -> Result<Self, String> {
        let base = url.trim().trim_end_matches('/');
        let uri: Option<Uri> = base.parse().ok();
        let is_one = uri.is_some_and(|uri| {
            uri.scheme_str() == Some("http")
                && uri.host().is_some_and(|host| !host.is_empty())
                && uri.query().is_none()
        });
        if !is_one {
            return Err(format!("is `{url}`; expected http://host:port"));
        }
        let http = Client::builder(TokioExecutor::new()).build_http();
        Ok(Self { base: base.to_owned(), token: token.map(str::to_owned), http })
    }

    pub(super) fn address(&self) -> &str {
        &self.base
    }

    pub(super) async fn snapshot(&self, survey: &Survey) -> Result<Snapshot, String> {
        self.ask("/admin/snapshot", survey).await
    }

    pub(super) async fn order(&self, ordered: &Ordered) -> Result<Outcome, String> {
        self.ask("/admin/orders", ordered).await
    }

    async fn ask<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, String> {
        let answer = timeout(WITHIN, self.post(path, body)).await;
        let (status, body) = answer.unwrap_or_else(|_| Err("the node does not answer".to_owned()))?;
        match status {
            StatusCode::OK => serde_json::from_slice(&body)
                .map_err(|error| format!("what the node answers means nothing here ({error})")),
            StatusCode::UNAUTHORIZED => {
                Err("the node wants its --admin-token: give it with --token".to_owned())
            }
            StatusCode::NOT_FOUND => {
                Err("the node has no such page: it is older, or serves operators at its --admin-listen"
                    .to_owned())
            }
            other => Err(format!("the node says {}", reason(&body).unwrap_or_else(|| other.to_string()))),
        }
    }

    async fn post(&self, path: &str, body: &impl Serialize) -> Result<(StatusCode, Bytes), String> {
        let body = serde_json::to_vec(body).map_err(|error| error.to_string())?;
        let mut request =
            Request::post(format!("{}{path}", self.base)).header(header::CONTENT_TYPE, "application/json");
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request
            .body(Full::from(body))
            .map_err(|_| "the token cannot be sent: it holds something else than letters".to_owned())?;
        let response =
            self.http.request(request).await.map_err(|_| "the node cannot be reached".to_owned())?;
        let status = response.status();
        let body = Limited::new(response.into_body(), LONGEST_ANSWER).collect().await;
        Ok((status, body.map_err(|_| "the node's answer broke off, or is too long".to_owned())?.to_bytes()))
    }
}

/// What a node says in its own words.
fn reason(body: &[u8]) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    body["error"].as_str().map(str::to_owned)
}
