//! Signed tokens: by a shared secret, by a key that a server publishes, or told by who signed them.

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

use super::keys::{Key, Keys};
use super::user_of::UserOf;
use super::{Denied, Known, LONGEST_USER_ID};
use crate::domain::id::UserId;
use crate::domain::time::Time;

/// What a token must say.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) audience: Option<String>,
    pub(super) issuer: Option<String>,
    /// Clocks of issuer and node may differ by this much.
    pub(super) leeway_ms: u64,
}

/// Checks tokens. The algorithm is that of the key, whatever a token says of itself.
pub(super) struct Verifier {
    pub(super) rules: Rules,
    pub(super) secret: Option<DecodingKey>,
    pub(super) keys: Option<Keys>,
    /// Who signed them, where nothing else can tell: asked while the key server publishes no key.
    pub(super) signer: Option<UserOf>,
}

#[derive(Deserialize)]
pub(super) struct Claims {
    pub(super) sub: String,
    exp: Option<f64>,
    nbf: Option<f64>,
    iss: Option<String>,
    aud: Option<Audience>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn has(&self, name: &str) -> bool {
        match self {
            Self::One(one) => one == name,
            Self::Many(many) => many.iter().any(|one| one == name),
        }
    }
}

impl Rules {
    /// Whose the token is that says so, at `now`.
    pub(super) fn check(&self, claims: Claims, now: Time) -> Result<Known, Denied> {
        let Claims { sub, exp, nbf, iss, aud } = claims;
        #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^52")]
        let (now_ms, leeway_ms) = (now.as_ms() as f64, self.leeway_ms as f64);
        let end_ms = exp.map(|exp| exp * 1_000.0 + leeway_ms);
        let over = end_ms.is_some_and(|end| end <= now_ms);
        let early = nbf.is_some_and(|nbf| nbf * 1_000.0 - leeway_ms > now_ms);
        let nobody = sub.is_empty() || sub.len() > LONGEST_USER_ID;
        let elsewhere = self.issuer.as_ref().is_some_and(|issuer| iss.as_ref() != Some(issuer));
        let audience = self.audience.as_ref();
        let for_others = audience.is_some_and(|name| !aud.is_some_and(|aud| aud.has(name)));
        if over || early || nobody || elsewhere || for_others {
            return Err(Denied::InvalidToken);
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "saturates, and is not over"
        )]
        let until = end_ms.map_or(Time::NEVER, |end| Time::from_ms(end as u64));
        Ok(Known { user: UserId::new(sub), until, profile: None })
    }

    fn signed(
        &self,
        token: &str,
        algorithm: Algorithm,
        key: &DecodingKey,
        now: Time,
    ) -> Result<Known, Denied> {
        let mut validation = Validation::new(algorithm);
        // What a token says is checked against the node's clock above; one without an end is its signer's choice.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let decoded = jsonwebtoken::decode::<Claims>(token, key, &validation);
        self.check(decoded.map_err(|_| Denied::InvalidToken)?.claims, now)
    }

    fn by_any<'a>(&self, token: &str, keys: impl Iterator<Item = &'a Key>, now: Time) -> Option<Tried> {
        let mut tried = None;
        for key in keys {
            match self.signed(token, key.algorithm, &key.decoding, now) {
                Ok(known) => return Some(Ok(known)),
                Err(denied) => tried = Some(Err(denied)),
            }
        }
        tried
    }
}

/// What became of a token that somebody has a key for.
type Tried = Result<Known, Denied>;

impl Verifier {
    /// Whose the token is at `now`.
    pub(super) async fn verify(&self, token: &str, now: Time) -> Tried {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Denied::InvalidToken)?;
        // RFC 7515, 4.1.11: who does not understand what it lists must refuse. Nothing of it is understood here.
        if header.crit.is_some() {
            return Err(Denied::InvalidToken);
        }
        let id = header.kid.as_deref();
        let known = self.keys.as_ref().and_then(Keys::known);
        let by_key = known.as_ref().and_then(|keys| self.rules.by_any(token, keys.named(id), now));
        if let Some(Ok(known)) = by_key {
            return Ok(known);
        }
        if let Some(secret) = &self.secret
            && let Ok(known) = self.rules.signed(token, Algorithm::HS256, secret, now)
        {
            return Ok(known);
        }
        match &self.keys {
            // A key by that name is known: a newer list has no other one.
            Some(keys) if by_key.is_none() || id.is_none() => self.by_newer_key(keys, token, id, now).await,
            Some(_) | None => Err(Denied::InvalidToken),
        }
    }

    /// Nobody knows the key: it may be a new one.
    async fn by_newer_key(&self, keys: &Keys, token: &str, id: Option<&str>, now: Time) -> Tried {
        let Some(published) = keys.renewed().await else {
            // With a secret at hand it was most likely meant for that, and does not hold.
            return Err(if self.secret.is_some() { Denied::InvalidToken } else { Denied::Unavailable });
        };
        match (self.rules.by_any(token, published.named(id), now), &self.signer) {
            (Some(tried), _) => tried,
            (None, Some(signer)) if published.is_empty() => {
                let claims: Claims = jsonwebtoken::dangerous::insecure_decode_claims(token)
                    .map_err(|_| Denied::InvalidToken)?;
                // If the signer says that it signed this, what stands in it holds. What does not is not asked about.
                let known = self.rules.check(claims, now)?;
                let same = signer.whose(token).await?.user == known.user;
                if same { Ok(known) } else { Err(Denied::InvalidToken) }
            }
            (None, _) => Err(Denied::InvalidToken),
        }
    }
}
