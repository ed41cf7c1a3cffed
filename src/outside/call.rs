//! One HTTP call.

use std::fmt;
use std::sync::Arc;

use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::Failed;

/// To be done.
pub const POST: Method = Method::POST;
/// To be told.
pub const GET: Method = Method::GET;

/// What is asked. Bodies are JSON.
pub struct Request {
    /// [`GET`] or [`POST`].
    pub method: Method,
    /// From the server's own address on.
    pub path: String,
    /// Beside those of every request.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// JSON.
    pub body: Option<String>,
}

/// A whole answer of a server that understood: success, or the client's fault.
pub struct Answer {
    /// Neither a redirection nor the server's fault.
    pub status: StatusCode,
    /// What it says.
    pub body: Bytes,
}

/// The address is none; why.
#[derive(Debug)]
pub struct NotAUrl(pub String);

impl fmt::Display for NotAUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `name: value`, which is kept out of logs; `None` where the value fits into no header.
pub fn secret_header(name: HeaderName, value: &str) -> Option<(HeaderName, HeaderValue)> {
    let mut value = HeaderValue::try_from(value).ok()?;
    value.set_sensitive(true);
    Some((name, value))
}

/// `Authorization: Bearer <token>`; `None` where the token fits into no header.
pub fn bearer(token: &str) -> Option<(HeaderName, HeaderValue)> {
    secret_header(header::AUTHORIZATION, &format!("Bearer {token}"))
}

/// Calls one server.
pub(super) struct Client {
    /// Without a slash at the end.
    base: Arc<str>,
    longest_answer_bytes: usize,
    http: hyper_util::client::legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl Client {
    pub(super) fn new(url: &str, longest_answer_bytes: usize) -> Result<Self, NotAUrl> {
        let base = url.trim().trim_end_matches('/');
        base.parse::<Uri>().map_err(|error| NotAUrl(format!("{error}")))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(provider)
            .map_err(|error| NotAUrl(format!("no certificates to check it with: {error}")))?
            .https_or_http()
            .enable_http1()
            .build();
        let http = hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { base: base.into(), longest_answer_bytes, http })
    }

    pub(super) async fn call(&self, request: &Request) -> Result<Answer, Failed> {
        let Request { method, path, headers, body } = request;
        let mut request = axum::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let body = Full::from(body.clone().unwrap_or_default());
        // A path that cannot be one is nothing that the server has.
        let request = request.body(body).map_err(|_| Failed::Refused)?;
        let response = self.http.request(request).await.map_err(|error| {
            tracing::debug!(%error, "a server cannot be reached");
            Failed::Unavailable
        })?;
        let status = response.status();
        let body = Limited::new(response.into_body(), self.longest_answer_bytes).collect().await;
        let body = body.map_err(|_| Failed::Unavailable)?.to_bytes();
        match status {
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Err(Failed::Unavailable),
            status if status.is_success() || status.is_client_error() => Ok(Answer { status, body }),
            _ => Err(Failed::Unavailable),
        }
    }
}
