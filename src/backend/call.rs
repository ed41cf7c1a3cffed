//! One call of the backend, and whether its answer is good.

use axum::http::Method;

use super::wire::Body;
use crate::domain::errand::Token;
use crate::outside::{self, Answer, bearer};

pub(super) use crate::outside::{Failed, GET, POST};

/// The longest answer that is read.
pub(super) const LONGEST_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// What is asked.
pub(super) struct Request {
    pub(super) token: Token,
    pub(super) method: Method,
    /// From the backend's own address on.
    pub(super) path: String,
    /// JSON.
    pub(super) body: Option<String>,
}

impl Request {
    /// As it is sent. A token that fits into no header is nobody's.
    pub(super) fn sent(self) -> Result<outside::Request, Failed> {
        let Self { token, method, path, body } = self;
        let headers = vec![bearer(token.expose()).ok_or(Failed::Refused)?];
        Ok(outside::Request { method, path, headers, body })
    }
}

/// The body of a good answer.
pub(super) fn read(Answer { status, body }: &Answer) -> Result<Body, Failed> {
    if status.is_success() { Body::read(body) } else { Err(Failed::Refused) }
}
