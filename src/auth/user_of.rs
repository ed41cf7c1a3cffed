//! Servers that say whose a token is: the project that signed it, or whoever `--auth-url` names.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};
use serde_json::{Map, Value};
use tokio::sync::Semaphore;

use super::profiles::Profile;
use super::{Denied, Known, LONGEST_USER_ID};
use crate::domain::id::UserId;
use crate::domain::time::Time;
use crate::outside::{Answer, Failed, GET, NotAUrl, Outside, POST, Patience, Request, bearer};

/// The longest answer that is read.
const LONGEST_ANSWER_BYTES: usize = 256 * 1024;
/// Tokens that are asked about at once.
const ASKED_AT_ONCE: usize = 64;
/// How long one try may take. It is asked what costs nothing to ask twice.
const PATIENCE: Patience = Patience { within: Duration::from_secs(4), tries: 2 };

/// In which words it is asked.
enum Words {
    /// `GET` with the token in the header, as Supabase's own clients do; the answer is a user record.
    Supabase(Vec<(HeaderName, HeaderValue)>),
    /// `POST {"token"}`, answered as `docs/AUTH.md` says.
    Own,
}

/// Says whose a token is.
pub(super) struct UserOf {
    server: Outside,
    words: Words,
    lane: Semaphore,
}

impl UserOf {
    /// The project at `url`. `key` is what it wants to be shown beside the token.
    pub(super) fn supabase(url: &str, key: Vec<(HeaderName, HeaderValue)>) -> Result<Self, NotAUrl> {
        let server = Outside::with_paths(url, LONGEST_ANSWER_BYTES)?;
        Ok(Self { server, words: Words::Supabase(key), lane: Semaphore::new(ASKED_AT_ONCE) })
    }

    /// Whoever answers at `url`.
    pub(super) fn at(url: &str) -> Result<Self, NotAUrl> {
        let server = Outside::new(url, LONGEST_ANSWER_BYTES)?;
        Ok(Self { server, words: Words::Own, lane: Semaphore::new(ASKED_AT_ONCE) })
    }

    /// Whose it is.
    pub(super) async fn whose(&self, token: &str) -> Result<Known, Denied> {
        let request = match &self.words {
            Words::Supabase(key) => {
                let mut headers = key.clone();
                headers.push(bearer(token).ok_or(Denied::InvalidToken)?);
                Request { method: GET, path: "/auth/v1/user".to_owned(), headers, body: None }
            }
            Words::Own => {
                let body = serde_json::json!({ "token": token }).to_string();
                Request { method: POST, path: String::new(), headers: Vec::new(), body: Some(body) }
            }
        };
        let read = |Answer { status, body }: &Answer| {
            if !status.is_success() {
                return Err(Failed::Refused);
            }
            let fields: Map<String, Value> = serde_json::from_slice(body).map_err(|_| Failed::Unavailable)?;
            Ok(match self.words {
                Words::Supabase(_) => user(fields.get("id")).ok_or(Denied::InvalidToken).map(Known::forever),
                Words::Own => own(&fields),
            })
        };
        match self.server.ask(&self.lane, &request, PATIENCE, read).await {
            Ok(known) => known,
            Err(Failed::Refused) => Err(Denied::InvalidToken),
            Err(Failed::Unavailable) => Err(Denied::Unavailable),
        }
    }
}

/// Our own words: `{user, expires_at?, age?, gender?, banned?}`.
fn own(fields: &Map<String, Value>) -> Result<Known, Denied> {
    let user = user(fields.get("user")).ok_or(Denied::InvalidToken)?;
    if fields.get("banned") == Some(&Value::Bool(true)) {
        return Err(Denied::Suspended);
    }
    let until = match fields.get("expires_at") {
        None | Some(Value::Null) => Time::NEVER,
        Some(end) => Time::from_ms(end.as_u64().ok_or(Denied::InvalidToken)?.saturating_mul(1_000)),
    };
    let says = ["age", "gender"].iter().any(|name| fields.contains_key(*name));
    let profile = if says { Some(Profile::read(fields).ok_or(Denied::NoProfile)?) } else { None };
    Ok(Known { user, until, profile })
}

/// A text, or a number.
fn user(value: Option<&Value>) -> Option<UserId> {
    let id = match value? {
        Value::String(id) => id.clone(),
        Value::Number(id) => id.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    (1..=LONGEST_USER_ID).contains(&id.len()).then(|| UserId::new(id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::person::Gender;

    fn told(json: &str) -> Result<Known, Denied> {
        own(&serde_json::from_str(json).expect("an object"))
    }

    #[test]
    fn an_answer_names_a_user_and_may_say_more() {
        let known = Known::forever(UserId::new("u1"));
        let female = Profile { age: Some(30), gender: Some(Gender::Female) };
        for (json, expected) in [
            (r#"{"user":"u1"}"#, Ok(known.clone())),
            (r#"{"user":7,"banned":false}"#, Ok(Known::forever(UserId::new("7")))),
            (
                r#"{"user":"u1","expires_at":1800000000}"#,
                Ok(Known { until: Time::from_ms(1_800_000_000_000), ..known.clone() }),
            ),
            (
                r#"{"user":"u1","age":30,"gender":"female"}"#,
                Ok(Known { profile: Some(female), ..known.clone() }),
            ),
            (r#"{"user":"u1","banned":true}"#, Err(Denied::Suspended)),
            (r#"{"user":"u1","age":7}"#, Err(Denied::NoProfile)),
            (r#"{"user":"u1","expires_at":"soon"}"#, Err(Denied::InvalidToken)),
            (r#"{"user":""}"#, Err(Denied::InvalidToken)),
            (r#"{"user":null}"#, Err(Denied::InvalidToken)),
            (r#"{"id":"u1"}"#, Err(Denied::InvalidToken)),
        ] {
            assert_eq!(told(json), expected, "{json}");
        }
        assert_eq!(told(&format!(r#"{{"user":"{}"}}"#, "x".repeat(129))), Err(Denied::InvalidToken));
    }
}
