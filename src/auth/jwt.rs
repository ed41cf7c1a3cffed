//! Tokens signed with a shared secret.

use jsonwebtoken::{Algorithm, DecodingKey, TokenData, Validation};
use serde::Deserialize;

use crate::config::JwtHs256;
use crate::domain::id::UserId;

use super::{Denied, Identity, LONGEST_USER_ID};

/// Clocks of issuer and node may differ by this much.
const LEEWAY_SECONDS: u64 = 30;

/// Checks tokens. The algorithm is fixed here, whatever a token says of itself.
pub(super) struct Verifier {
    key: DecodingKey,
    validation: Validation,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    exp: Option<f64>,
    nbf: Option<f64>,
}

impl Verifier {
    pub(super) fn new(jwt: &JwtHs256) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        // Times are checked against the node's clock below; a token without an end is the issuer's choice.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.required_spec_claims.clear();
        validation.validate_aud = jwt.audience.is_some();
        if let Some(audience) = &jwt.audience {
            validation.set_audience(&[audience]);
            validation.required_spec_claims.insert("aud".to_owned());
        }
        if let Some(issuer) = &jwt.issuer {
            validation.set_issuer(&[issuer]);
            validation.required_spec_claims.insert("iss".to_owned());
        }
        Self { key: DecodingKey::from_secret(jwt.secret.expose().as_bytes()), validation }
    }

    pub(super) fn verify(&self, token: &str, now_seconds: u64) -> Result<Identity, Denied> {
        let decoded = jsonwebtoken::decode::<Claims>(token, &self.key, &self.validation);
        let TokenData { header, claims, .. } = decoded.map_err(|_| Denied::InvalidToken)?;
        // RFC 7515, 4.1.11: who does not understand what it lists must refuse. Nothing of it is understood here.
        if header.crit.is_some() {
            return Err(Denied::InvalidToken);
        }
        let Claims { sub, exp, nbf } = claims;
        #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are far below 2^52")]
        let (now, leeway) = (now_seconds as f64, LEEWAY_SECONDS as f64);
        let over = exp.is_some_and(|exp| exp + leeway <= now);
        let early = nbf.is_some_and(|nbf| nbf - leeway > now);
        let nobody = sub.is_empty() || sub.len() > LONGEST_USER_ID;
        if over || early || nobody {
            return Err(Denied::InvalidToken);
        }
        Ok(Identity { user: UserId::new(sub), guest: false, returns: true, token: None })
    }
}
