//! One HTTP call.

use std::sync::Arc;

use axum::http::{Method, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::wire::Body;
use crate::domain::errand::Token;

pub(super) const POST: Method = Method::POST;
pub(super) const GET: Method = Method::GET;

/// The longest answer that is read.
const LONGEST_ANSWER: usize = 4 * 1024 * 1024;

/// What is asked.
pub(super) struct Request {
    pub(super) token: Token,
    pub(super) method: Method,
    /// From the backend's own address on.
    pub(super) path: String,
    /// JSON.
    pub(super) body: Option<String>,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failed {
    /// It understood, and does not want to.
    Refused,
    /// It is not known whether it understood.
    Unavailable,
}

/// The address is none.
pub(super) struct NotAUrl(pub(super) String);

/// Calls one backend.
pub(super) struct Client {
    /// Without a slash at the end.
    base: Arc<str>,
    http: hyper_util::client::legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl Client {
    pub(super) fn new(url: &str) -> Result<Self, NotAUrl> {
        let base = url.trim().trim_end_matches('/');
        let uri: Uri = base.parse().map_err(|error| NotAUrl(format!("{error}")))?;
        if uri.query().is_some() {
            return Err(NotAUrl("it has a query".to_owned()));
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(provider)
            .map_err(|error| NotAUrl(format!("no certificates to check it with: {error}")))?
            .https_or_http()
            .enable_http1()
            .build();
        let http = hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { base: base.into(), http })
    }

    /// The body of a good answer.
    pub(super) async fn call(&self, request: &Request) -> Result<Body, Failed> {
        let Request { token, method, path, body } = request;
        let request = axum::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(header::AUTHORIZATION, format!("Bearer {}", token.expose()))
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::from(body.clone().unwrap_or_default()))
            // A token that fits into no header is nobody's.
            .map_err(|_| Failed::Refused)?;
        let response = self.http.request(request).await.map_err(|error| {
            tracing::debug!(%error, "the backend cannot be reached");
            Failed::Unavailable
        })?;
        let status = response.status();
        let body = Limited::new(response.into_body(), LONGEST_ANSWER).collect().await;
        let body = body.map_err(|_| Failed::Unavailable)?.to_bytes();
        match status {
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Err(Failed::Unavailable),
            status if status.is_success() => Body::read(&body),
            status if status.is_client_error() => Err(Failed::Refused),
            _ => Err(Failed::Unavailable),
        }
    }
}
