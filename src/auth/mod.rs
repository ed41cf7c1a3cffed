//! Who is this: a guest, or the subject of a token. Translates what a handshake brings into an identity;
//! decides nothing else.

use serde_json::{Map, Value};

use crate::config::Auth;
use crate::domain::id::UserId;

mod guest;
mod jwt;

use jwt::Verifier;

/// The longest user id that is accepted, bytes.
const LONGEST_USER_ID: usize = 128;

/// Who somebody is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// For everybody.
    pub user: UserId,
    /// Came without a token.
    pub guest: bool,
    /// Can show again who it is. Who cannot is nobody's peer any more once its connection is closed.
    pub returns: bool,
}

/// Why somebody may not come in. The texts are the contract's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// No token.
    Missing,
    /// A token that does not hold.
    InvalidToken,
    /// Credentials of a shape that nobody understands.
    Failed,
}

impl Denied {
    /// What the client is told.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Missing => "Authentication required",
            Self::InvalidToken => "Invalid token",
            Self::Failed => "Authentication failed",
        }
    }
}

/// Knows how people prove who they are.
pub struct Authenticator {
    verifier: Option<Verifier>,
}

impl Authenticator {
    /// As configured: tokens where there is a secret, guests otherwise.
    pub fn new(auth: &Auth) -> Self {
        let verifier = match auth {
            Auth::JwtHs256(jwt) => Some(Verifier::new(jwt)),
            Auth::GuestOnLoopback | Auth::OpenToAll => None,
        };
        Self { verifier }
    }

    /// Who brings `auth` (the handshake's JSON) and `authorization` (the header, for clients that cannot
    /// send the former). `now_seconds` is the time since 1970 that a token is held against.
    pub fn identify(
        &self,
        auth: Option<&str>,
        authorization: Option<&str>,
        now_seconds: u64,
    ) -> Result<Identity, Denied> {
        let credentials: Option<Map<String, Value>> =
            serde_json::from_str(auth.unwrap_or("null")).map_err(|_| Denied::Failed)?;
        let credentials = credentials.unwrap_or_default();
        let Some(verifier) = &self.verifier else {
            return match credentials.get("guest") {
                Some(Value::String(secret)) => guest::identify(Some(secret)),
                Some(Value::Null) | None => guest::identify(None),
                Some(_) => Err(Denied::Failed),
            };
        };
        let bearer = authorization.map(without_scheme);
        let token = match credentials.get("token") {
            Some(Value::String(token)) => token.as_str(),
            Some(Value::Null) | None => bearer.unwrap_or_default(),
            Some(_) => return Err(Denied::InvalidToken),
        };
        // Some clients put the scheme into the handshake's token as well.
        let token = without_scheme(token).trim();
        if token.is_empty() {
            return Err(Denied::Missing);
        }
        verifier.verify(token, now_seconds)
    }
}

/// What stands behind `Bearer`, whose case does not matter; all of it where that is missing.
fn without_scheme(credentials: &str) -> &str {
    match credentials.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer") => token,
        Some(_) | None => credentials,
    }
}

#[cfg(test)]
mod tests;
