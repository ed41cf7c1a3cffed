//! Who is this: a guest, or the subject of a token, and until when. Translates what a handshake brings into an
//! identity, asks those who know more of it, and refuses who is put out; decides nothing else.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};
use jsonwebtoken::DecodingKey;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::backend::{Backend, NotIdentified};
use crate::config::{self, Auth, Jwt, WhenAway};
use crate::domain::errand::Token;
use crate::domain::id::UserId;
use crate::domain::time::Time;
use crate::outside::{NotAUrl, bearer, secret_header};

mod bans;
mod credentials;
mod guest;
mod jwt;
mod keys;
mod orders;
mod profiles;
#[cfg(test)]
mod tests;
mod user_of;

pub use bans::{Bans, TooMany};
pub use credentials::{Credentials, Denied, Shown};
pub use orders::{Given, NotDone, Orders};
pub use profiles::Profile;

use credentials::Brought;
use jwt::{Rules, Verifier};
use keys::{Keys, PACE};
use profiles::Profiles;
use user_of::UserOf;

/// The longest user id that is accepted, bytes.
const LONGEST_USER_ID: usize = 128;
/// How long it may take to find out who somebody is, where others are asked.
pub const IDENTIFIES_WITHIN: Duration = Duration::from_secs(10);
/// People of whom others are asked at once; more are refused for the moment.
const MOST_ENTERING: usize = 4_096;

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
    /// When it has to have shown a newer token; [`Time::NEVER`]: it need not.
    pub until: Time,
    /// What holds of it whatever its client says.
    pub profile: Option<Profile>,
}

/// What is known of a token's user.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Known {
    user: UserId,
    until: Time,
    profile: Option<Profile>,
}

impl Known {
    /// Somebody of whom nothing more is known.
    fn forever(user: UserId) -> Self {
        Self { user, until: Time::NEVER, profile: None }
    }
}

impl From<Known> for Identity {
    fn from(Known { user, until, profile }: Known) -> Self {
        Self { user, guest: false, returns: true, token: None, until, profile }
    }
}

/// Knows how people prove who they are.
pub struct Authenticator {
    credentials: Credentials,
    proof: Proof,
    bans: Arc<Bans>,
}

/// How somebody is known.
enum Proof {
    /// By a secret of its own, or not at all.
    Guest,
    /// By a token.
    Token(Box<Tokens>),
    /// By a session of that backend's.
    Session(Backend),
}

/// Knows whose tokens are.
struct Tokens {
    in_query: bool,
    longest_bytes: usize,
    how: How,
    profiles: Option<Profiles>,
    /// Those who wait for others' answers: nothing else bounds them.
    entering: Semaphore,
}

/// Who says whose a token is.
enum How {
    Signed(Verifier),
    Asked(UserOf),
}

/// What an authenticator needs done all the time: it knows keys only while this runs.
pub type Upkeep = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Authenticator {
    /// As configured: tokens where somebody can say whose they are, sessions where there is a backend, guests
    /// otherwise. Nobody comes in whom `bans` holds.
    pub fn new(
        auth: &Auth,
        credentials: Credentials,
        backend: Option<&Backend>,
        bans: Arc<Bans>,
    ) -> Result<(Self, Option<Upkeep>), NotAUrl> {
        let mut upkeep = None;
        let proof = match (auth, backend) {
            (Auth::Jwt(jwt), _) => {
                let (verifier, keeping) = verifier(jwt)?;
                upkeep = keeping;
                Proof::Token(Box::new(Tokens {
                    in_query: jwt.token.in_query,
                    longest_bytes: jwt.token.longest_bytes,
                    how: How::Signed(verifier),
                    profiles: profiles(jwt)?,
                    entering: Semaphore::new(MOST_ENTERING),
                }))
            }
            (Auth::Http(http), _) => Proof::Token(Box::new(Tokens {
                in_query: http.token.in_query,
                longest_bytes: http.token.longest_bytes,
                how: How::Asked(UserOf::at(http.url.expose())?),
                profiles: None,
                entering: Semaphore::new(MOST_ENTERING),
            })),
            (Auth::Backend(_), Some(backend)) => Proof::Session(backend.clone()),
            (Auth::GuestOnLoopback | Auth::OpenToAll | Auth::Backend(_), _) => Proof::Guest,
        };
        Ok((Self { credentials, proof, bans }, upkeep))
    }

    /// What a client is told that was denied.
    pub const fn refusal(&self, denied: Denied) -> &'static str {
        self.credentials.refusal(denied)
    }

    /// Who brings what a handshake shows, at `now`.
    pub async fn identify(&self, shown: Shown<'_>, now: Time) -> Result<Identity, Denied> {
        let brought = Brought::read(shown)?;
        let identity = match (&self.proof, self.credentials) {
            (Proof::Token(tokens), _) => tokens.whose(brought.token(tokens.in_query)?, now).await?.into(),
            (Proof::Session(backend), _) => session(backend, Token::new(brought.token(false)?)).await?,
            (Proof::Guest, Credentials::Session) => {
                guest::identify(Some(brought.token(false)?), self.credentials)?
            }
            (Proof::Guest, Credentials::Any) => match brought.fields.get("guest") {
                Some(Value::String(secret)) => guest::identify(Some(secret), self.credentials)?,
                Some(Value::Null) | None => guest::identify(None, self.credentials)?,
                Some(_) => return Err(Denied::Failed),
            },
        };
        if self.bans.holds(&identity.user, now) {
            return Err(Denied::Suspended);
        }
        match (self.credentials, brought.fields.get("guestId")) {
            (Credentials::Any, _) | (Credentials::Session, Some(Value::Null) | None) => Ok(identity),
            (Credentials::Session, Some(Value::String(said))) if said == identity.user.as_str() => {
                Ok(identity)
            }
            (Credentials::Session, Some(_)) => Err(Denied::Mismatch),
        }
    }

    /// Until when `user` may stay, who shows a newer token at `now`.
    pub async fn renew(&self, user: &UserId, token: &str, now: Time) -> Result<Time, Denied> {
        let Proof::Token(tokens) = &self.proof else { return Err(Denied::Failed) };
        let known = tokens.whose(token, now).await?;
        if known.user != *user {
            return Err(Denied::Mismatch);
        }
        if self.bans.holds(user, now) { Err(Denied::Suspended) } else { Ok(known.until) }
    }

    /// What is known of that user has changed, as an operator says.
    pub fn forget(&self, user: &UserId) {
        if let Proof::Token(tokens) = &self.proof
            && let Some(profiles) = &tokens.profiles
        {
            profiles.forget(user);
        }
    }
}

impl Tokens {
    async fn whose(&self, token: &str, now: Time) -> Result<Known, Denied> {
        if token.len() > self.longest_bytes {
            return Err(Denied::InvalidToken);
        }
        if !self.asks_others() {
            return self.found_out(token, now).await;
        }
        let Ok(_turn) = self.entering.try_acquire() else { return Err(Denied::Unavailable) };
        timeout(IDENTIFIES_WITHIN, self.found_out(token, now)).await.unwrap_or(Err(Denied::Unavailable))
    }

    async fn found_out(&self, token: &str, now: Time) -> Result<Known, Denied> {
        let known = match &self.how {
            How::Signed(verifier) => verifier.verify(token, now).await?,
            How::Asked(others) => others.whose(token).await?,
        };
        // Whoever says so may have said it of a moment that is over.
        if known.until <= now {
            return Err(Denied::InvalidToken);
        }
        match &self.profiles {
            Some(profiles) => Ok(Known { profile: profiles.of(&known.user, now).await?, ..known }),
            None => Ok(known),
        }
    }

    const fn asks_others(&self) -> bool {
        match &self.how {
            How::Signed(verifier) => verifier.keys.is_some() || self.profiles.is_some(),
            How::Asked(_) => true,
        }
    }
}

fn verifier(jwt: &Jwt) -> Result<(Verifier, Option<Upkeep>), NotAUrl> {
    let rules = Rules {
        audience: jwt.audience.clone(),
        issuer: jwt.issuer.clone(),
        leeway_ms: jwt.leeway_seconds.saturating_mul(1_000),
    };
    let secret = jwt.secret.as_ref().map(|secret| DecodingKey::from_secret(secret.expose().as_bytes()));
    let (keys, upkeep) = match &jwt.keys {
        Some(at) => {
            let (keys, reader) = Keys::at(at.url.expose(), PACE)?;
            (Some(keys), Some(Box::pin(reader.run()) as Upkeep))
        }
        None => (None, None),
    };
    let project = jwt.project.as_ref().filter(|_| jwt.keys_are_the_projects && secret.is_none());
    let signer = project.map(|project| UserOf::supabase(project.url.expose(), api_key(project)));
    Ok((Verifier { rules, secret, keys, signer: signer.transpose()? }, upkeep))
}

fn profiles(jwt: &Jwt) -> Result<Option<Profiles>, NotAUrl> {
    let project = jwt.project.as_ref();
    let Some((project, key)) = project.and_then(|project| Some((project, project.key.as_ref()?))) else {
        return Ok(None);
    };
    let mut headers = api_key(project);
    headers.extend(bearer(key.expose()));
    let kept_for = Duration::from_secs(jwt.profiles.kept_seconds);
    let claims_when_away = jwt.profiles.when_away == WhenAway::Claims;
    Profiles::at(project.url.expose(), headers, kept_for, claims_when_away).map(Some)
}

/// What a project's gateway wants to see.
fn api_key(project: &config::Project) -> Vec<(HeaderName, HeaderValue)> {
    let key = project.key.as_ref();
    let header = key.and_then(|key| secret_header(HeaderName::from_static("apikey"), key.expose()));
    header.into_iter().collect()
}

/// Who has that session.
async fn session(backend: &Backend, token: Token) -> Result<Identity, Denied> {
    match backend.identify(token.clone()).await {
        Ok(user) => Ok(Identity { token: Some(token), ..Known::forever(user).into() }),
        Err(NotIdentified::Invalid) => Err(Denied::InvalidToken),
        Err(NotIdentified::Unavailable) => Err(Denied::Unavailable),
    }
}
