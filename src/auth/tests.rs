//! What a handshake brings -> who that is.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::*;
use crate::config::{JwtHs256, Secret};

const SECRET: &str = "a secret of enough bytes";
const NOW: u64 = 1_800_000_000;

impl Authenticator {
    /// Who that is, where nobody else has to be asked.
    fn identified(
        &self,
        auth: Option<&str>,
        authorization: Option<&str>,
        now_seconds: u64,
    ) -> Result<Identity, Denied> {
        let known = pin!(self.identify(auth, authorization, now_seconds));
        match known.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(known) => known,
            Poll::Pending => panic!("nobody has to be asked"),
        }
    }
}

fn jwt(audience: Option<&str>, issuer: Option<&str>) -> Authenticator {
    let jwt = JwtHs256 {
        secret: Secret::new(SECRET.to_owned()),
        audience: audience.map(str::to_owned),
        issuer: issuer.map(str::to_owned),
    };
    Authenticator::new(&Auth::JwtHs256(jwt), Credentials::Any, None)
}

fn token(algorithm: Algorithm, secret: &str, claims: &Value) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&Header::new(algorithm), claims, &key).expect("a token")
}

fn identify(authenticator: &Authenticator, token: &str) -> Result<String, Denied> {
    let auth = json!({ "token": token }).to_string();
    authenticator.identified(Some(&auth), None, NOW).map(|identity| identity.user.to_string())
}

#[test]
fn the_subject_of_a_valid_token_is_the_user() {
    let valid = token(Algorithm::HS256, SECRET, &json!({ "sub": "u1", "exp": NOW + 60 }));
    assert_eq!(identify(&jwt(None, None), &valid), Ok("u1".to_owned()));
    assert_eq!(identify(&jwt(None, None), &format!("Bearer {valid}")), Ok("u1".to_owned()));
    let header = format!("Bearer {valid}");
    let by_header = jwt(None, None).identified(None, Some(&header), NOW);
    assert_eq!(by_header, Ok(Identity { user: UserId::new("u1"), guest: false, returns: true, token: None }));
    let endless = token(Algorithm::HS256, SECRET, &json!({ "sub": "u1" }));
    assert_eq!(identify(&jwt(None, None), &endless), Ok("u1".to_owned()));
}

#[test]
fn the_scheme_is_known_in_any_case() {
    let valid = token(Algorithm::HS256, SECRET, &json!({ "sub": "u1" }));
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let given = format!("{scheme} {valid}");
        assert_eq!(identify(&jwt(None, None), &given), Ok("u1".to_owned()), "{scheme}");
        let by_header = jwt(None, None).identified(None, Some(&given), NOW);
        assert_eq!(
            by_header,
            Ok(Identity { user: UserId::new("u1"), guest: false, returns: true, token: None }),
            "{scheme}"
        );
    }
    let given = format!("Basic {valid}");
    assert_eq!(identify(&jwt(None, None), &given), Err(Denied::InvalidToken));
    assert_eq!(jwt(None, None).identified(None, Some(&given), NOW), Err(Denied::InvalidToken));
    assert_eq!(jwt(None, None).identified(None, Some("bearer "), NOW), Err(Denied::Missing));
}

#[test]
fn a_token_with_conditions_that_nobody_understands_is_refused() {
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    for listed in [vec!["exp".to_owned()], vec!["b64".to_owned(), "x".to_owned()], Vec::new()] {
        let header = Header { crit: Some(listed), ..Header::new(Algorithm::HS256) };
        let token = jsonwebtoken::encode(&header, &json!({ "sub": "u1" }), &key).expect("a token");
        assert_eq!(identify(&jwt(None, None), &token), Err(Denied::InvalidToken), "{:?}", header.crit);
    }
}

#[test]
fn no_token_is_told_from_a_wrong_one() {
    for auth in [None, Some("{}"), Some(r#"{"token":""}"#), Some(r#"{"token":null}"#), Some("null")] {
        assert_eq!(jwt(None, None).identified(auth, None, NOW), Err(Denied::Missing), "{auth:?}");
    }
    for auth in ["[]", "7", "\"x\"", "{"] {
        assert_eq!(jwt(None, None).identified(Some(auth), None, NOW), Err(Denied::Failed), "{auth}");
    }
}

#[test]
fn a_token_that_is_no_text_is_a_wrong_token() {
    for auth in [r#"{"token":7}"#, r#"{"token":{}}"#, r#"{"token":["x"]}"#, r#"{"token":true}"#] {
        assert_eq!(jwt(None, None).identified(Some(auth), None, NOW), Err(Denied::InvalidToken), "{auth}");
    }
}

#[test]
fn tokens_that_do_not_hold_are_invalid() {
    let claims = json!({ "sub": "u1", "exp": NOW + 60 });
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJ1MSJ9.";
    let wrong = [
        token(Algorithm::HS256, "another secret of enough bytes", &claims),
        token(Algorithm::HS384, SECRET, &claims),
        token(Algorithm::HS256, SECRET, &json!({ "sub": "u1", "exp": NOW - 31 })),
        token(Algorithm::HS256, SECRET, &json!({ "sub": "u1", "exp": NOW + 60, "nbf": NOW + 31 })),
        token(Algorithm::HS256, SECRET, &json!({ "exp": NOW + 60 })),
        token(Algorithm::HS256, SECRET, &json!({ "sub": "", "exp": NOW + 60 })),
        token(Algorithm::HS256, SECRET, &json!({ "sub": "x".repeat(129), "exp": NOW + 60 })),
        token(Algorithm::HS256, SECRET, &json!({ "sub": 7, "exp": NOW + 60 })),
        token(Algorithm::HS256, SECRET, &json!({ "sub": "u1", "exp": "soon" })),
        none.to_owned(),
        "x".repeat(60_000),
        "a.b.c".to_owned(),
    ];
    for token in wrong {
        assert_eq!(identify(&jwt(None, None), &token), Err(Denied::InvalidToken), "{token:.80}");
    }
}

#[test]
fn audience_and_issuer_count_where_they_are_asked_for() {
    let of = |claims: &Value| token(Algorithm::HS256, SECRET, claims);
    let right = of(&json!({ "sub": "u1", "aud": "qala", "iss": "us" }));
    let strangers = [json!({ "sub": "u1" }), json!({ "sub": "u1", "aud": "them", "iss": "them" })];
    for (audience, issuer) in [(Some("qala"), None), (None, Some("us")), (Some("qala"), Some("us"))] {
        assert_eq!(identify(&jwt(audience, issuer), &right), Ok("u1".to_owned()));
        for claims in &strangers {
            assert_eq!(identify(&jwt(audience, issuer), &of(claims)), Err(Denied::InvalidToken));
        }
    }
    assert_eq!(identify(&jwt(None, None), &of(&strangers[1])), Ok("u1".to_owned()));
}

#[test]
fn a_guest_is_the_same_person_whenever_it_brings_its_secret() {
    let guests = Authenticator::new(&Auth::GuestOnLoopback, Credentials::Any, None);
    let user = |auth: &str| guests.identified(Some(auth), None, NOW).map(|identity| identity.user);
    let secret = r#"{"guest":"0123456789abcdef"}"#;
    assert_eq!(user(secret), user(secret));
    assert_ne!(user(secret), user(r#"{"guest":"0123456789abcdeg"}"#));
    assert!(!user(secret).expect("a guest").as_str().contains("0123456789abcdef"));
    assert_ne!(user("{}"), user("{}"));
    assert_eq!(user(r#"{"guest":"too short"}"#), Err(Denied::Failed));
    assert_eq!(user(r#"{"guest":7}"#), Err(Denied::Failed));
}

/// Who brings these credentials to a family with session tokens, or what it is told.
fn session(authenticator: &Authenticator, auth: &Value) -> Result<String, &'static str> {
    let identified = authenticator.identified(Some(&auth.to_string()), None, NOW);
    identified.map(|identity| identity.user.to_string()).map_err(|denied| authenticator.refusal(denied))
}

const MISSING: &str = "Authentication failed: Missing credentials";
const INVALID: &str = "Authentication failed: Invalid session. Please refresh the page to get a new session.";
const MISMATCH: &str = "Authentication failed: Guest mismatch";

#[test]
fn a_guests_session_token_is_its_secret_and_its_id_must_be_its_own() {
    let guests = Authenticator::new(&Auth::GuestOnLoopback, Credentials::Session, None);
    let token = "0123456789abcdef";
    // As the page for those who write clients says: of SHA-256, half.
    let ana = "guest-f6039e24f88df873334820ba7ef13d13";
    assert_eq!(session(&guests, &json!({ "token": token })), Ok(ana.to_owned()));
    assert_eq!(session(&guests, &json!({ "token": token, "guestId": null })), Ok(ana.to_owned()));
    assert_eq!(session(&guests, &json!({ "token": token, "guestId": ana })), Ok(ana.to_owned()));
    let identity = guests.identified(Some(&json!({ "token": token }).to_string()), None, NOW);
    assert_eq!(identity.map(|identity| (identity.guest, identity.returns)), Ok((true, true)));
    assert!(session(&guests, &json!({ "token": "x".repeat(4_096) })).is_ok());
    for (auth, refusal) in [
        (json!({}), MISSING),
        (json!(null), MISSING),
        (json!({ "token": null, "guestId": ana }), MISSING),
        (json!({ "token": " " }), MISSING),
        (json!({ "guest": token }), MISSING),
        (json!({ "token": 7 }), INVALID),
        (json!({ "token": [token] }), INVALID),
        (json!({ "token": "too short" }), INVALID),
        (json!({ "token": "x".repeat(4_097) }), INVALID),
        (json!([token]), INVALID),
        (json!({ "token": token, "guestId": "guest-1" }), MISMATCH),
        (json!({ "token": token, "guestId": 7 }), MISMATCH),
        (json!({ "token": "another secret of enough bytes", "guestId": ana }), MISMATCH),
    ] {
        assert_eq!(session(&guests, &auth), Err(refusal), "{auth:.80}");
    }
}

#[test]
fn signed_session_tokens_are_refused_in_the_same_words() {
    let signed = Authenticator { credentials: Credentials::Session, ..jwt(None, None) };
    let valid = token(Algorithm::HS256, SECRET, &json!({ "sub": "u1" }));
    for (auth, expected) in [
        (json!({ "token": valid }), Ok("u1".to_owned())),
        (json!({ "token": valid, "guestId": "u1" }), Ok("u1".to_owned())),
        (json!({ "token": valid, "guestId": "u2" }), Err(MISMATCH)),
        (json!({ "token": "a.b.c" }), Err(INVALID)),
        (json!({}), Err(MISSING)),
    ] {
        assert_eq!(session(&signed, &auth), expected);
    }
}
