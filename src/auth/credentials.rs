//! What clients show, and in which words those are refused who may not come in.

use serde_json::{Map, Value};

/// Why somebody may not come in. The texts are the contract's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// No token.
    Missing,
    /// A token that does not hold.
    InvalidToken,
    /// Credentials of a shape that nobody understands.
    Failed,
    /// A token that holds, of somebody else than the client says to be.
    Mismatch,
    /// A token that holds, of somebody of whom nothing else is known.
    NoProfile,
    /// Put out.
    Suspended,
    /// Nobody can say now whose the token is, or what is known of its user.
    Unavailable,
}

/// What a client family shows, and in which words it is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// A token, or as a guest a secret of its own, or nothing.
    Any,
    /// A session token, and maybe the id it belongs to. A guest's token is its secret: it has nothing else that only
    /// it knows, and its id is shown to others.
    Session,
}

impl Credentials {
    /// What a client is told that was denied.
    pub(super) const fn refusal(self, denied: Denied) -> &'static str {
        match (self, denied) {
            (Self::Any, Denied::Missing) => "Authentication required",
            (Self::Any, Denied::InvalidToken) => "Invalid token",
            (Self::Any, Denied::Failed | Denied::Mismatch) => "Authentication failed",
            (Self::Any, Denied::NoProfile) => "User profile required",
            (Self::Any, Denied::Suspended) => "Account suspended",
            (Self::Session, Denied::Missing) => "Authentication failed: Missing credentials",
            (Self::Session, Denied::InvalidToken | Denied::Failed) => {
                "Authentication failed: Invalid session. Please refresh the page to get a new session."
            }
            (Self::Session, Denied::Mismatch) => "Authentication failed: Guest mismatch",
            (Self::Session, Denied::NoProfile) => "Authentication failed: User profile required",
            (Self::Session, Denied::Suspended) => "Authentication failed: Account suspended",
            (_, Denied::Unavailable) => {
                "Authentication failed: Service unavailable. Please try again in a moment."
            }
        }
    }
}

/// What a handshake brings.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shown<'a> {
    /// Its JSON.
    pub auth: Option<&'a str>,
    /// The header, for clients that cannot send the former.
    pub authorization: Option<&'a str>,
    /// What stands behind the question mark. It is read only where an operator wants that: addresses end up in logs.
    pub query: Option<&'a str>,
}

/// What a handshake brings, read.
pub(super) struct Brought<'a> {
    pub(super) fields: Map<String, Value>,
    authorization: Option<&'a str>,
    query: Option<&'a str>,
}

impl<'a> Brought<'a> {
    pub(super) fn read(shown: Shown<'a>) -> Result<Self, Denied> {
        let Shown { auth, authorization, query } = shown;
        let fields: Option<Map<String, Value>> =
            serde_json::from_str(auth.unwrap_or("null")).map_err(|_| Denied::Failed)?;
        Ok(Self { fields: fields.unwrap_or_default(), authorization, query })
    }

    /// The token that is shown.
    pub(super) fn token(&self, in_query: bool) -> Result<&str, Denied> {
        let queried = || self.query.filter(|_| in_query).and_then(in_query_of);
        let elsewhere = || self.authorization.map(without_scheme).or_else(queried);
        let token = match self.fields.get("token") {
            Some(Value::String(token)) => token.as_str(),
            Some(Value::Null) | None => elsewhere().unwrap_or_default(),
            Some(_) => return Err(Denied::InvalidToken),
        };
        // Some clients put the scheme into the handshake's token as well.
        let token = without_scheme(token).trim();
        if token.is_empty() { Err(Denied::Missing) } else { Ok(token) }
    }
}

/// `token` of a query. The letters of a signed token need no escapes, so none are read.
fn in_query_of(query: &str) -> Option<&str> {
    query.split('&').find_map(|pair| pair.strip_prefix("token="))
}

/// What stands behind `Bearer`, whose case does not matter; all of it where that is missing.
fn without_scheme(credentials: &str) -> &str {
    match credentials.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer") => token,
        Some(_) | None => credentials,
    }
}
