//! Who may see what is not for everybody.

use std::fmt;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use sha2::{Digest, Sha256};

use super::{Desk, json, nothing_here};

/// What operators show. Kept as a digest: neither memory nor a comparison's time tells it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token([u8; 32]);

impl Token {
    /// The token spelled `text`.
    pub fn new(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(redacted)")
    }
}

/// How operators show who they are.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// What they send as `Authorization: Bearer`, if they have something.
    pub token: Option<Token>,
    /// Whether they have an address of their own.
    pub private_address: bool,
}

/// What becomes of a request.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Allowed,
    /// The token is missing or wrong.
    WhoAreYou,
    /// Nobody said who may.
    Nobody,
    /// It is served elsewhere.
    NotHere,
}

impl Access {
    /// Figures of the whole are open until somebody says who may see them.
    fn to_figures(&self, shown: Option<&Token>) -> Verdict {
        match &self.token {
            Some(token) if Some(token) == shown => Verdict::Allowed,
            Some(_) => Verdict::WhoAreYou,
            None if self.private_address => Verdict::NotHere,
            None => Verdict::Allowed,
        }
    }

    /// Everything is for operators, and where nobody said who they are, for programs of the same machine.
    fn to_all(&self, shown: Option<&Token>, local: bool) -> Verdict {
        match self.to_users(shown) {
            Verdict::Nobody if local => Verdict::Allowed,
            verdict @ (Verdict::Allowed | Verdict::WhoAreYou | Verdict::Nobody | Verdict::NotHere) => verdict,
        }
    }

    /// What tells about users is closed until somebody says who may see it.
    fn to_users(&self, shown: Option<&Token>) -> Verdict {
        match &self.token {
            Some(_) => self.to_figures(shown),
            None if self.private_address => Verdict::NotHere,
            None => Verdict::Nobody,
        }
    }
}

/// In front of what operators see and do: of a node for which nobody said who they are, whoever is on its machine.
pub(super) async fn operators(desk: &Desk, local: bool, request: Request, next: Next) -> Response {
    let verdict = desk.site.access.to_all(shown(&request).as_ref(), local);
    answer(verdict, request, next).await
}

/// In front of what tells about users.
pub(super) async fn about_users(State(desk): State<Arc<Desk>>, request: Request, next: Next) -> Response {
    let verdict = desk.site.access.to_users(shown(&request).as_ref());
    answer(verdict, request, next).await
}

/// In front of figures of the whole.
pub(super) async fn figures(State(desk): State<Arc<Desk>>, request: Request, next: Next) -> Response {
    let verdict = desk.site.access.to_figures(shown(&request).as_ref());
    answer(verdict, request, next).await
}

async fn answer(verdict: Verdict, request: Request, next: Next) -> Response {
    match verdict {
        Verdict::Allowed => next.run(request).await,
        Verdict::NotHere => nothing_here().await,
        Verdict::Nobody => {
            let body = r#"{"error":"Only for operators: set --admin-token or --admin-listen"}"#;
            json(StatusCode::FORBIDDEN, body.to_owned())
        }
        Verdict::WhoAreYou => {
            let mut refused = json(StatusCode::UNAUTHORIZED, r#"{"error":"Unauthorized"}"#.to_owned());
            refused.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            refused
        }
    }
}

/// The token of a request.
fn shown(request: &Request) -> Option<Token> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Token::new(token.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_open_until_somebody_says_otherwise_and_users_closed() {
        let (right, wrong) = (Token::new("right"), Token::new("wrong"));
        let access =
            |token: Option<&Token>, private_address| Access { token: token.cloned(), private_address };
        for (token, private, shown, figures, users) in [
            (None, false, None, Verdict::Allowed, Verdict::Nobody),
            (None, false, Some(&wrong), Verdict::Allowed, Verdict::Nobody),
            (None, true, None, Verdict::NotHere, Verdict::NotHere),
            (Some(&right), false, None, Verdict::WhoAreYou, Verdict::WhoAreYou),
            (Some(&right), false, Some(&wrong), Verdict::WhoAreYou, Verdict::WhoAreYou),
            (Some(&right), true, None, Verdict::WhoAreYou, Verdict::WhoAreYou),
            (Some(&right), true, Some(&right), Verdict::Allowed, Verdict::Allowed),
            (Some(&right), false, Some(&right), Verdict::Allowed, Verdict::Allowed),
        ] {
            let access = access(token, private);
            assert_eq!((access.to_figures(shown), access.to_users(shown)), (figures, users), "{access:?}");
            assert_eq!(access.to_all(shown, false), access.to_users(shown), "{access:?}");
            let nobody = token.is_none() && !private;
            let here = if nobody { Verdict::Allowed } else { access.to_users(shown) };
            assert_eq!(access.to_all(shown, true), here, "{access:?}");
        }
    }

    #[test]
    fn a_token_comes_as_a_bearer() {
        let request = |value: &str| {
            Request::builder().header("authorization", value).body(axum::body::Body::empty()).expect("valid")
        };
        assert_eq!(shown(&request("Bearer abc")), Some(Token::new("abc")));
        assert_eq!(shown(&request("bearer  abc ")), Some(Token::new("abc")));
        assert_eq!(shown(&request("Basic abc")), None);
        assert_eq!(shown(&request("abc")), None);
        assert_eq!(format!("{:?}", Token::new("abc")), "Token(redacted)");
    }
}
