//! Credentials for relays (TURN servers) that share a secret with us: `use-auth-secret` of coturn, and what others
//! call the TURN REST API. A relay checks them by itself; nobody asks anybody.
//!
//! Pure: time is an argument. Who gets some is decided elsewhere.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use crate::domain::id::UserId;
use crate::domain::relay::Relays;
use crate::domain::time::Time;

/// Relays, and how credentials for them are made.
pub struct Turn {
    urls: Arc<[String]>,
    /// Keyed with the shared secret.
    mac: Hmac<Sha1>,
    lifetime: Duration,
}

impl Turn {
    /// Relays at `urls` that know `secret`. Credentials hold for `lifetime`.
    pub fn new(urls: Vec<String>, secret: &str, lifetime: Duration) -> Self {
        let mac = Hmac::new_from_slice(secret.as_bytes()).expect("a key of any length will do");
        Self { urls: urls.into(), mac, lifetime }
    }

    /// What `user` shows the relays from `now` on, until the lifetime is over.
    pub fn relays(&self, user: &UserId, now: Time) -> Relays {
        let until_seconds = (now + self.lifetime).as_ms() / 1_000;
        let username = format!("{until_seconds}:{user}");
        let mac = self.mac.clone().chain_update(&username).finalize();
        let credential = STANDARD.encode(mac.into_bytes());
        Relays { urls: self.urls.clone(), username, credential }
    }

    /// How long credentials hold.
    pub const fn lifetime(&self) -> Duration {
        self.lifetime
    }
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn").field("urls", &self.urls).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Time = Time::from_ms(1_700_000_000_999);

    fn turn(secret: &str, lifetime_seconds: u64) -> Turn {
        let urls = vec!["turn:relay.example.com:3478?transport=udp".to_owned()];
        Turn::new(urls, secret, Duration::from_secs(lifetime_seconds))
    }

    #[test]
    fn a_credential_is_the_hmac_of_its_username() {
        // printf '1700003600:ana' | openssl dgst -sha1 -hmac north -binary | base64
        let relays = turn("north", 3_600).relays(&UserId::new("ana"), AT);
        assert_eq!(relays.username, "1700003600:ana");
        assert_eq!(relays.credential, "+5Wu0RaejH8eFX2gvpvBno8V880=");
    }

    #[test]
    fn it_depends_on_secret_user_and_moment() {
        let of = |secret, user, lifetime| turn(secret, lifetime).relays(&UserId::new(user), AT).credential;
        let first = of("north", "ana", 3_600);
        for other in [of("south", "ana", 3_600), of("north", "ben", 3_600), of("north", "ana", 3_601)] {
            assert_ne!(other, first);
        }
        assert_eq!(of("north", "ana", 3_600), first);
    }

    #[test]
    fn what_is_secret_is_not_shown() {
        let turn = turn("north", 3_600);
        let relays = turn.relays(&UserId::new("ana"), AT);
        let shown = format!("{turn:?} {relays:?}");
        assert!(shown.contains("relay.example.com"), "{shown}");
        for secret in ["north", &relays.credential, &relays.username] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
