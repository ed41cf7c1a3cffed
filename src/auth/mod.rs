//! Who is this: a guest, or the subject of a token. Translates what a handshake brings into an identity;
//! decides nothing else.

use serde_json::{Map, Value};

use crate::backend::{Backend, NotIdentified};
use crate::config::Auth;
use crate::domain::errand::Token;
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
    /// What it shows the backend that said who it is.
    pub token: Option<Token>,
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
    /// A token that holds, of somebody else than the client says to be.
    Mismatch,
    /// Nobody can say now whose the token is.
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
    const fn refusal(self, denied: Denied) -> &'static str {
        match (self, denied) {
            (Self::Any, Denied::Missing) => "Authentication required",
            (Self::Any, Denied::InvalidToken) => "Invalid token",
            (Self::Any, Denied::Failed | Denied::Mismatch) => "Authentication failed",
            (Self::Session, Denied::Missing) => "Authentication failed: Missing credentials",
            (Self::Session, Denied::InvalidToken | Denied::Failed) => {
                "Authentication failed: Invalid session. Please refresh the page to get a new session."
            }
            (Self::Session, Denied::Mismatch) => "Authentication failed: Guest mismatch",
            (_, Denied::Unavailable) => {
                "Authentication failed: Service unavailable. Please try again in a moment."
            }
        }
    }
}

/// Knows how people prove who they are.
pub struct Authenticator {
    credentials: Credentials,
    proof: Proof,
}

/// How somebody is known.
enum Proof {
    /// By a secret of its own, or not at all.
    Guest,
    /// By a signed token.
    Jwt(Box<Verifier>),
    /// By a session of that backend's.
    Session(Backend),
}

impl Authenticator {
    /// As configured: tokens where there is a secret, sessions where there is a backend, guests otherwise.
    pub fn new(auth: &Auth, credentials: Credentials, backend: Option<&Backend>) -> Self {
        let proof = match (auth, backend) {
            (Auth::JwtHs256(jwt), _) => Proof::Jwt(Box::new(Verifier::new(jwt))),
            (Auth::Backend(_), Some(backend)) => Proof::Session(backend.clone()),
            (Auth::GuestOnLoopback | Auth::OpenToAll | Auth::Backend(_), _) => Proof::Guest,
        };
        Self { credentials, proof }
    }

    /// What a client is told that was denied.
    pub const fn refusal(&self, denied: Denied) -> &'static str {
        self.credentials.refusal(denied)
    }

    /// Who brings `auth` (the handshake's JSON) and `authorization` (the header, for clients that cannot
    /// send the former). `now_seconds` is the time since 1970 that a token is held against.
    pub async fn identify(
        &self,
        auth: Option<&str>,
        authorization: Option<&str>,
        now_seconds: u64,
    ) -> Result<Identity, Denied> {
        let credentials: Option<Map<String, Value>> =
            serde_json::from_str(auth.unwrap_or("null")).map_err(|_| Denied::Failed)?;
        let credentials = credentials.unwrap_or_default();
        let identity = match (&self.proof, self.credentials) {
            (Proof::Jwt(verifier), _) => verifier.verify(token(&credentials, authorization)?, now_seconds)?,
            (Proof::Session(backend), _) => {
                session(backend, Token::new(token(&credentials, authorization)?)).await?
            }
            (Proof::Guest, Credentials::Session) => {
                guest::identify(Some(token(&credentials, authorization)?), self.credentials)?
            }
            (Proof::Guest, Credentials::Any) => match credentials.get("guest") {
                Some(Value::String(secret)) => guest::identify(Some(secret), self.credentials)?,
                Some(Value::Null) | None => guest::identify(None, self.credentials)?,
                Some(_) => return Err(Denied::Failed),
            },
        };
        match (self.credentials, credentials.get("guestId")) {
            (Credentials::Any, _) | (Credentials::Session, Some(Value::Null) | None) => Ok(identity),
            (Credentials::Session, Some(Value::String(said))) if said == identity.user.as_str() => {
                Ok(identity)
            }
            (Credentials::Session, Some(_)) => Err(Denied::Mismatch),
        }
    }
}

/// Who has that session.
async fn session(backend: &Backend, token: Token) -> Result<Identity, Denied> {
    match backend.identify(token.clone()).await {
        Ok(user) => Ok(Identity { user, guest: false, returns: true, token: Some(token) }),
        Err(NotIdentified::Invalid) => Err(Denied::InvalidToken),
        Err(NotIdentified::Unavailable) => Err(Denied::Unavailable),
    }
}

/// The token that is shown.
fn token<'a>(credentials: &'a Map<String, Value>, authorization: Option<&'a str>) -> Result<&'a str, Denied> {
    let bearer = authorization.map(without_scheme);
    let token = match credentials.get("token") {
        Some(Value::String(token)) => token.as_str(),
        Some(Value::Null) | None => bearer.unwrap_or_default(),
        Some(_) => return Err(Denied::InvalidToken),
    };
    // Some clients put the scheme into the handshake's token as well.
    let token = without_scheme(token).trim();
    if token.is_empty() { Err(Denied::Missing) } else { Ok(token) }
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
