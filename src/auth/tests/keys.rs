//! Tokens signed with published keys, whose server is a real one on this machine.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use jsonwebtoken::jwk::Jwk;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::super::keys::{KeySet, Pace};
use super::*;

/// Who signs, by which key, named how.
#[derive(Clone, Copy)]
struct Signer {
    algorithm: Algorithm,
    key: fn() -> EncodingKey,
    id: &'static str,
}

const ES: Signer = Signer {
    algorithm: Algorithm::ES256,
    key: || EncodingKey::from_ec_der(include_bytes!("keys/es256-a.der")),
    id: "es",
};
const NEXT: Signer = Signer {
    algorithm: Algorithm::ES256,
    key: || EncodingKey::from_ec_der(include_bytes!("keys/es256-b.der")),
    id: "next",
};
const ED: Signer = Signer {
    algorithm: Algorithm::EdDSA,
    key: || EncodingKey::from_ed_der(include_bytes!("keys/eddsa.der")),
    id: "ed",
};
const RS: Signer = Signer {
    algorithm: Algorithm::RS256,
    key: || EncodingKey::from_rsa_der(include_bytes!("keys/rs256.der")),
    id: "rs",
};

impl Signer {
    /// Its public half, as it is published.
    fn published(self) -> Value {
        let jwk = Jwk::from_encoding_key(&(self.key)(), self.algorithm).expect("a key");
        let mut jwk = serde_json::to_value(jwk).expect("JSON");
        jwk["kid"] = json!(self.id);
        jwk
    }

    fn token(self, user: &str) -> String {
        self.token_named(user, Some(self.id))
    }

    fn token_named(self, user: &str, id: Option<&str>) -> String {
        let header = Header { kid: id.map(str::to_owned), ..Header::new(self.algorithm) };
        let claims = json!({ "sub": user, "exp": NOW + 60 });
        jsonwebtoken::encode(&header, &claims, &(self.key)()).expect("a token")
    }
}

fn list(signers: &[Signer]) -> String {
    json!({ "keys": signers.iter().map(|signer| signer.published()).collect::<Vec<_>>() }).to_string()
}

/// A key server, which also says whose tokens are: those whose user it was told.
struct Publisher {
    list: Mutex<Option<String>>,
    asked: AtomicUsize,
    known: Mutex<Option<(String, String)>>,
}

impl Publisher {
    fn publish(&self, signers: &[Signer]) {
        *self.list.lock().expect("whole") = Some(list(signers));
    }

    fn is_away(&self) {
        *self.list.lock().expect("whole") = None;
    }

    #[expect(clippy::unused_async, reason = "routes are asynchronous")]
    async fn keys(State(publisher): State<Arc<Self>>) -> (StatusCode, String) {
        publisher.asked.fetch_add(1, Ordering::Relaxed);
        match &*publisher.list.lock().expect("whole") {
            Some(list) => (StatusCode::OK, list.clone()),
            None => (StatusCode::SERVICE_UNAVAILABLE, String::new()),
        }
    }

    #[expect(clippy::unused_async, reason = "routes are asynchronous")]
    async fn user(State(publisher): State<Arc<Self>>, headers: HeaderMap) -> (StatusCode, String) {
        let shown = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
        match &*publisher.known.lock().expect("whole") {
            Some((token, user)) if shown == format!("Bearer {token}") => {
                (StatusCode::OK, json!({ "id": user }).to_string())
            }
            _ => (StatusCode::UNAUTHORIZED, "{}".to_owned()),
        }
    }
}

/// Somebody who checks tokens by the keys of a publisher, and what runs for that.
struct Checked {
    publisher: Arc<Publisher>,
    verifier: Verifier,
    _tasks: JoinSet<()>,
}

/// As often as somebody wishes.
const ALWAYS: Pace =
    Pace { shortest: Duration::ZERO, first: Duration::ZERO, longest: Duration::from_hours(1) };
/// Once.
const ONCE: Pace = Pace { shortest: Duration::from_hours(1), ..ALWAYS };

impl Checked {
    async fn by(signers: &[Signer], pace: Pace) -> Self {
        let list = Mutex::new(Some(list(signers)));
        let publisher = Arc::new(Publisher { list, asked: AtomicUsize::new(0), known: Mutex::default() });
        let routes = Router::new()
            .route("/keys", get(Publisher::keys))
            .route("/auth/v1/user", get(Publisher::user))
            .with_state(publisher.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, routes).await.expect("it goes on") });
        let (keys, reader) = Keys::at(&format!("{url}/keys?of=test"), pace).expect("an address");
        tasks.spawn(reader.run());
        let rules = Rules { audience: None, issuer: None, leeway_ms: 30_000 };
        let signer = Some(UserOf::supabase(&url, Vec::new()).expect("an address"));
        let verifier = Verifier { rules, secret: None, keys: Some(keys), signer };
        Self { publisher, verifier, _tasks: tasks }
    }

    async fn user(&self, token: &str) -> Result<String, Denied> {
        self.verifier.verify(token, at(NOW)).await.map(|known| known.user.to_string())
    }

    fn asked(&self) -> usize {
        self.publisher.asked.load(Ordering::Relaxed)
    }
}

const INVALID: Result<String, Denied> = Err(Denied::InvalidToken);

#[tokio::test]
async fn each_kind_of_key_signs_in_its_own_way() {
    let checked = Checked::by(&[ES, ED, RS], ONCE).await;
    for signer in [ES, ED, RS] {
        assert_eq!(checked.user(&signer.token("u1")).await, Ok("u1".to_owned()), "{}", signer.id);
        let unnamed = signer.token_named("u1", None);
        assert_eq!(checked.user(&unnamed).await, Ok("u1".to_owned()), "{} unnamed", signer.id);
    }
    assert_eq!(checked.user(&ES.token_named("u1", Some("rs"))).await, INVALID, "by another name");
    assert_eq!(checked.user(&NEXT.token_named("u1", Some("es"))).await, INVALID, "by another's name");
    assert_eq!(checked.asked(), 1);
}

#[tokio::test]
async fn the_algorithm_is_the_keys_whatever_a_token_says() {
    let mut checked = Checked::by(&[RS, ES], ONCE).await;
    for secret in [None, Some(DecodingKey::from_secret(SECRET.as_bytes()))] {
        checked.verifier.secret = secret;
        for signer in [RS, ES] {
            let published = signer.published();
            // All that somebody who knows the public key alone could take for a secret.
            let halves = ["n", "x", "y", "e"].iter().filter_map(|name| published[*name].as_str());
            for half in halves.map(str::to_owned).chain([published.to_string(), signer.id.to_owned()]) {
                for (id, algorithm) in [
                    (Some(signer.id), Algorithm::HS256),
                    (None, Algorithm::HS256),
                    (Some(signer.id), Algorithm::HS512),
                ] {
                    let header = Header { kid: id.map(str::to_owned), ..Header::new(algorithm) };
                    let key = EncodingKey::from_secret(half.as_bytes());
                    let forged = jsonwebtoken::encode(&header, &json!({ "sub": "u1" }), &key);
                    assert_eq!(checked.user(&forged.expect("a token")).await, INVALID, "{half}");
                }
            }
            let signed = signer.token("u1");
            let [_, payload, signature] = split(&signed);
            for alg in ["none", "None", "NONE", "HS256", "RS256", "ES256", "PS256", "RS512"] {
                if format!("{:?}", signer.algorithm) != alg {
                    let header = encoded(&json!({ "alg": alg, "kid": signer.id }));
                    assert_eq!(
                        checked.user(&format!("{header}.{payload}.{signature}")).await,
                        INVALID,
                        "{alg}"
                    );
                    assert_eq!(checked.user(&format!("{header}.{payload}.")).await, INVALID, "{alg}");
                }
            }
        }
        // A key that a token brings along is nobody's.
        let header =
            Header { jwk: serde_json::from_value(NEXT.published()).ok(), ..Header::new(NEXT.algorithm) };
        let own = jsonwebtoken::encode(&header, &json!({ "sub": "u1" }), &(NEXT.key)()).expect("a token");
        assert_eq!(checked.user(&own).await, INVALID);
    }
}

#[tokio::test]
async fn secret_and_keys_hold_next_to_each_other() {
    let mut checked = Checked::by(&[ES], ONCE).await;
    checked.verifier.secret = Some(DecodingKey::from_secret(SECRET.as_bytes()));
    let by_secret = token(Algorithm::HS256, SECRET, &json!({ "sub": "u2" }));
    assert_eq!(checked.user(&by_secret).await, Ok("u2".to_owned()));
    assert_eq!(checked.user(&ES.token("u1")).await, Ok("u1".to_owned()));
}

#[tokio::test]
async fn a_new_key_is_found_when_a_token_names_it_and_an_old_one_is_forgotten() {
    let checked = Checked::by(&[ES], ALWAYS).await;
    assert_eq!(checked.user(&ES.token("u1")).await, Ok("u1".to_owned()));
    assert_eq!(checked.user(&NEXT.token("u1")).await, INVALID);
    checked.publisher.publish(&[NEXT]);
    assert_eq!(checked.user(&NEXT.token("u1")).await, Ok("u1".to_owned()));
    assert_eq!(checked.user(&ES.token("u1")).await, INVALID);
}

#[tokio::test]
async fn however_many_tokens_name_unknown_keys_the_server_is_not_asked_again_so_soon() {
    let checked = Checked::by(&[ES], ONCE).await;
    assert_eq!(checked.user(&ES.token("u1")).await, Ok("u1".to_owned()));
    checked.publisher.publish(&[ES, NEXT]);
    for number in 0..20 {
        assert_eq!(checked.user(&NEXT.token_named("u1", Some(&format!("k{number}")))).await, INVALID);
        assert_eq!(checked.user(&NEXT.token("u1")).await, INVALID);
    }
    assert_eq!(checked.asked(), 1);
}

#[tokio::test]
async fn known_keys_hold_while_the_server_is_away() {
    let checked = Checked::by(&[ES], ALWAYS).await;
    assert_eq!(checked.user(&ES.token("u1")).await, Ok("u1".to_owned()));
    checked.publisher.is_away();
    // Somebody has the server asked, in vain.
    assert_eq!(checked.user(&NEXT.token("u1")).await, INVALID);
    assert_eq!(checked.user(&ES.token("u1")).await, Ok("u1".to_owned()));
    // Nonsense in place of keys takes none away either.
    *checked.publisher.list.lock().expect("whole") = Some("<html>".to_owned());
    assert_eq!(checked.user(&NEXT.token("u1")).await, INVALID);
    assert_eq!(checked.user(&ES.token("u1")).await, Ok("u1".to_owned()));
}

#[tokio::test]
async fn nobody_comes_in_before_the_first_keys_are_known() {
    let checked = Checked::by(&[ES], ALWAYS).await;
    checked.publisher.is_away();
    assert_eq!(checked.user(&ES.token("u1")).await, Err(Denied::Unavailable));
    assert_eq!(checked.user("a.b.c").await, INVALID);
    checked.publisher.publish(&[ES]);
    assert_eq!(checked.user(&ES.token("u1")).await, Ok("u1".to_owned()));
}

#[tokio::test]
async fn a_project_without_published_keys_is_asked_whose_a_token_is() {
    let checked = Checked::by(&[], ALWAYS).await;
    let known = token(Algorithm::HS256, "the project's secret", &json!({ "sub": "u1", "exp": NOW + 60 }));
    let another = token(Algorithm::HS256, "the project's secret", &json!({ "sub": "u2", "exp": NOW + 60 }));
    let told = |token: &str, user: &str| {
        *checked.publisher.known.lock().expect("whole") = Some((token.to_owned(), user.to_owned()));
    };
    told(&known, "u1");
    assert_eq!(checked.user(&known).await, Ok("u1".to_owned()));
    assert_eq!(checked.user(&another).await, INVALID);
    told(&known, "u2");
    assert_eq!(checked.user(&known).await, INVALID, "not what the token says");
    let over = token(Algorithm::HS256, "the project's secret", &json!({ "sub": "u1", "exp": NOW - 60 }));
    told(&over, "u1");
    assert_eq!(checked.user(&over).await, INVALID, "its time is over, as it says itself");
    // As soon as there are keys, they alone count.
    checked.publisher.publish(&[ES]);
    told(&known, "u1");
    assert_eq!(checked.user(&known).await, INVALID);
}

#[test]
fn keys_of_other_kinds_and_uses_are_left_out() {
    let named = |keys: Value| {
        KeySet::read(json!({ "keys": keys }).to_string().as_bytes()).map(|keys| keys.named(None).count())
    };
    let with = |name: &str, value: &str| {
        let mut key = ES.published();
        key[name] = json!(value);
        key
    };
    assert_eq!(named(json!([ES.published(), ED.published(), RS.published()])), Some(3));
    assert_eq!(named(json!([with("use", "sig"), with("alg", "ES256")])), Some(2));
    for wrong in [
        with("use", "enc"),
        with("alg", "RS256"),
        with("alg", "ES384"),
        with("crv", "P-384"),
        with("kty", "oct"),
        json!({ "kty": "oct", "k": "c2VjcmV0", "kid": "es", "alg": "HS256" }),
        json!({ "kty": "RSA" }),
        json!(7),
    ] {
        assert_eq!(named(json!([wrong, ED.published()])), Some(1), "{wrong}");
    }
    assert_eq!(named(json!(vec![ES.published(); 40])), Some(16));
    for none in ["", "[]", "{}", r#"{"keys":{}}"#, "<html>"] {
        assert!(KeySet::read(none.as_bytes()).is_none(), "{none}");
    }
}

fn split(token: &str) -> [&str; 3] {
    let parts: Vec<&str> = token.split('.').collect();
    parts.try_into().expect("three parts")
}

/// A part of a token.
fn encoded(part: &Value) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bytes = part.to_string().into_bytes();
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().chain(&[0, 0]).take(3).fold(0, |bits, byte| bits << 8 | usize::from(*byte));
        for place in 0..=chunk.len() {
            text.push(char::from(LETTERS[bits >> (18 - 6 * place) & 63]));
        }
    }
    text
}
