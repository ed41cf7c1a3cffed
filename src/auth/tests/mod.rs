//! What a handshake brings -> who that is.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::*;
use crate::config::{Jwt, Profiles, Secret, TokenShape};

mod keys;

const SECRET: &str = "a secret of enough bytes";
const NOW: u64 = 1_800_000_000;
const SHAPE: TokenShape = TokenShape { in_query: false, longest_bytes: 8_192 };

fn at(seconds: u64) -> Time {
    Time::from_ms(seconds * 1_000)
}

fn authenticator(auth: &Auth, credentials: Credentials) -> Authenticator {
    Authenticator::new(auth, credentials, None, Arc::default()).expect("usable").0
}

/// Somebody with a token.
fn somebody(user: &str, until: Time) -> Identity {
    Known { until, ..Known::forever(UserId::new(user)) }.into()
}

impl Authenticator {
    /// Who that is, where nobody else has to be asked.
    fn identified(
        &self,
        auth: Option<&str>,
        authorization: Option<&str>,
        now_seconds: u64,
    ) -> Result<Identity, Denied> {
        self.shown(Shown { auth, authorization, query: None }, now_seconds)
    }

    fn shown(&self, shown: Shown<'_>, now_seconds: u64) -> Result<Identity, Denied> {
        let known = pin!(self.identify(shown, at(now_seconds)));
        match known.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(known) => known,
            Poll::Pending => panic!("nobody has to be asked"),
        }
    }
}

fn tokens() -> Jwt {
    Jwt {
        secret: Some(Secret::new(SECRET.to_owned())),
        keys: None,
        keys_are_the_projects: false,
        project: None,
        audience: None,
        issuer: None,
        leeway_seconds: 30,
        token: SHAPE,
        profiles: Profiles { when_away: WhenAway::Refuse, kept_seconds: 60 },
    }
}

fn jwt(audience: Option<&str>, issuer: Option<&str>) -> Authenticator {
    let (audience, issuer) = (audience.map(str::to_owned), issuer.map(str::to_owned));
    authenticator(&Auth::Jwt(Box::new(Jwt { audience, issuer, ..tokens() })), Credentials::Any)
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
    assert_eq!(by_header, Ok(somebody("u1", at(NOW + 60 + 30))));
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
        assert_eq!(by_header, Ok(somebody("u1", Time::NEVER)), "{scheme}");
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
fn clocks_may_differ_by_the_leeway_and_no_more() {
    let with = |leeway_seconds| {
        authenticator(&Auth::Jwt(Box::new(Jwt { leeway_seconds, ..tokens() })), Credentials::Any)
    };
    let of = |claims: &Value| token(Algorithm::HS256, SECRET, claims);
    for (leeway, claims, holds) in [
        (0, json!({ "sub": "u1", "exp": NOW }), false),
        (0, json!({ "sub": "u1", "exp": NOW + 1 }), true),
        (0, json!({ "sub": "u1", "nbf": NOW }), true),
        (0, json!({ "sub": "u1", "nbf": NOW + 1 }), false),
        (30, json!({ "sub": "u1", "exp": NOW - 29 }), true),
        (30, json!({ "sub": "u1", "exp": NOW - 30 }), false),
        (30, json!({ "sub": "u1", "nbf": NOW + 30 }), true),
        (30, json!({ "sub": "u1", "nbf": NOW + 31 }), false),
    ] {
        let expected = if holds { Ok("u1".to_owned()) } else { Err(Denied::InvalidToken) };
        assert_eq!(identify(&with(leeway), &of(&claims)), expected, "{leeway} {claims}");
    }
}

#[test]
fn a_token_longer_than_allowed_is_refused_unread() {
    let valid = token(Algorithm::HS256, SECRET, &json!({ "sub": "u1", "more": "x".repeat(9_000) }));
    assert_eq!(identify(&jwt(None, None), &valid), Err(Denied::InvalidToken));
    let shape = TokenShape { longest_bytes: valid.len(), ..SHAPE };
    let wider = authenticator(&Auth::Jwt(Box::new(Jwt { token: shape, ..tokens() })), Credentials::Any);
    assert_eq!(identify(&wider, &valid), Ok("u1".to_owned()));
}

#[test]
fn a_query_is_read_only_where_somebody_wants_that() {
    let valid = token(Algorithm::HS256, SECRET, &json!({ "sub": "u1" }));
    let query = format!("EIO=4&token={valid}&transport=polling");
    let shown = Shown { query: Some(&query), ..Shown::default() };
    assert_eq!(jwt(None, None).shown(shown, NOW), Err(Denied::Missing));
    let shape = TokenShape { in_query: true, ..SHAPE };
    let open = authenticator(&Auth::Jwt(Box::new(Jwt { token: shape, ..tokens() })), Credentials::Any);
    assert_eq!(open.shown(shown, NOW), Ok(somebody("u1", Time::NEVER)));
    let wrong = Shown { authorization: Some("Bearer a.b.c"), ..shown };
    assert_eq!(open.shown(wrong, NOW), Err(Denied::InvalidToken), "the header goes before");
}

#[test]
fn who_is_put_out_does_not_come_in_whatever_it_shows() {
    let bans = Arc::new(Bans::default());
    let signed = Auth::Jwt(Box::new(tokens()));
    let (signed, _) = Authenticator::new(&signed, Credentials::Any, None, bans.clone()).expect("usable");
    let ban = crate::store::BanOrder::Ban { user: UserId::new("u1"), until: at(NOW + 5) };
    bans.obey(&ban, at(NOW)).expect("room");
    let of = |user: &str| token(Algorithm::HS256, SECRET, &json!({ "sub": user }));
    assert_eq!(identify(&signed, &of("u1")), Err(Denied::Suspended));
    assert_eq!(signed.refusal(Denied::Suspended), "Account suspended");
    assert_eq!(identify(&signed, &of("u2")), Ok("u2".to_owned()));
    let auth = json!({ "token": of("u1") }).to_string();
    let later = signed.identified(Some(&auth), None, NOW + 5);
    assert_eq!(later, Ok(somebody("u1", Time::NEVER)));
}

#[test]
fn a_newer_token_is_of_the_same_user_or_none() {
    let authenticator = jwt(None, None);
    let renewed = |token: &str| {
        let renewed = pin!(authenticator.renew(&UserId::new("u1"), token, at(NOW)))
            .poll(&mut Context::from_waker(Waker::noop()));
        match renewed {
            Poll::Ready(renewed) => renewed,
            Poll::Pending => panic!("nobody has to be asked"),
        }
    };
    let of = |claims: &Value| token(Algorithm::HS256, SECRET, claims);
    assert_eq!(renewed(&of(&json!({ "sub": "u1", "exp": NOW + 60 }))), Ok(at(NOW + 90)));
    assert_eq!(renewed(&of(&json!({ "sub": "u1" }))), Ok(Time::NEVER));
    assert_eq!(renewed(&of(&json!({ "sub": "u2" }))), Err(Denied::Mismatch));
    assert_eq!(renewed(&of(&json!({ "sub": "u1", "exp": NOW - 60 }))), Err(Denied::InvalidToken));
    assert_eq!(renewed("a.b.c"), Err(Denied::InvalidToken));
}

#[test]
fn a_guest_is_the_same_person_whenever_it_brings_its_secret() {
    let guests = authenticator(&Auth::GuestOnLoopback, Credentials::Any);
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
    let guests = authenticator(&Auth::GuestOnLoopback, Credentials::Session);
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
