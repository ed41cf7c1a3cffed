//! Who the clients say they are: guests with secrets of their own, or users with tokens made for the test.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

use crate::event::Client;
use crate::scenario::Family;

/// Tokens hold for a day: longer than any run.
const HOLDS_SECONDS: u64 = 86_400;

/// Makes the handshake's `auth` of each client.
pub struct Credentials {
    /// What tells the users of this run from those of every other: servers remember who met whom.
    run: String,
    key: Option<EncodingKey>,
    until_seconds: u64,
}

#[derive(Serialize)]
struct Claims {
    sub: String,
    exp: u64,
}

impl Credentials {
    /// Of the run of that name, at that time (seconds since 1970), with tokens where there is a secret.
    pub fn new(run: &str, jwt_secret: Option<&str>, now_seconds: u64) -> Self {
        let key = jwt_secret.map(|secret| EncodingKey::from_secret(secret.as_bytes()));
        Self { run: run.to_owned(), key, until_seconds: now_seconds + HOLDS_SECONDS }
    }

    /// The JSON object that shows who `client` is.
    pub fn of(&self, family: Family, client: Client) -> String {
        let name = format!("bench-{}-{client}", self.run);
        if let Some(key) = &self.key {
            let claims = Claims { sub: name, exp: self.until_seconds };
            // Signing fails for keys of another kind only.
            let token =
                jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, key).unwrap_or_default();
            return format!(r#"{{"token":"{token}"}}"#);
        }
        match family {
            Family::Qala | Family::Animochat => format!(r#"{{"guest":"{name}-secret-of-its-own"}}"#),
            Family::Sorsu => format!(r#"{{"token":"{name}-secret-of-its-own"}}"#),
            Family::WebrtcChat | Family::Signaling => "{}".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_has_a_secret_if_it_comes_back() {
        let guests = Credentials::new("r", None, 0);
        assert_eq!(guests.of(Family::Qala, 7), r#"{"guest":"bench-r-7-secret-of-its-own"}"#);
        assert_eq!(guests.of(Family::Sorsu, 7), r#"{"token":"bench-r-7-secret-of-its-own"}"#);
        assert_eq!(guests.of(Family::WebrtcChat, 7), "{}");
    }

    #[test]
    fn a_user_has_a_token_with_three_parts() {
        let token = Credentials::new("r", Some("a secret"), 0).of(Family::WebrtcChat, 7);
        assert!(token.starts_with(r#"{"token":"ey"#), "{token}");
        assert_eq!(token.matches('.').count(), 2, "{token}");
    }
}
