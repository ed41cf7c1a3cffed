//! `POST /admin/ban` and `POST /admin/unban`: operators put users out of all nodes, and let them in again.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;

use super::{Desk, json};
use crate::auth::NotDone;
use crate::domain::id::UserId;
use crate::domain::time::Time;
use crate::store::BanOrder;

/// The longest name that is read, bytes.
const LONGEST_USER: usize = 128;
/// Ten years: longer bans are given without an end.
const MOST_SECONDS: u64 = 10 * 366 * 24 * 3_600;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ban {
    user: String,
    /// How long; without it until it is lifted.
    seconds: Option<u64>,
    /// For whoever reads the log.
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unban {
    user: String,
}

/// `{user, seconds?, reason?}`.
pub(super) async fn ban(State(desk): State<Arc<Desk>>, body: Bytes) -> Response {
    let Some((ban, user)) = read_ban(&body) else {
        return refused(StatusCode::BAD_REQUEST, "Expected {user, seconds?, reason?}");
    };
    let now = desk.node.clock().now();
    let until = ban.seconds.map_or(Time::NEVER, |seconds| now + Duration::from_secs(seconds));
    tracing::info!(%user, seconds = ban.seconds, reason = ban.reason, "an operator puts a user out");
    give(&desk, BanOrder::Ban { user, until }).await
}

/// `{user}`.
pub(super) async fn unban(State(desk): State<Arc<Desk>>, body: Bytes) -> Response {
    let asked: Option<Unban> = serde_json::from_slice(&body).ok();
    let Some(user) = asked.and_then(|asked| named(asked.user)) else {
        return refused(StatusCode::BAD_REQUEST, "Expected {user}");
    };
    tracing::info!(%user, "an operator lets a user in again");
    give(&desk, BanOrder::Lift { user }).await
}

fn read_ban(body: &[u8]) -> Option<(Ban, UserId)> {
    let mut ban: Ban = serde_json::from_slice(body).ok()?;
    let user = named(std::mem::take(&mut ban.user))?;
    let sound = ban.seconds.is_none_or(|seconds| (1..=MOST_SECONDS).contains(&seconds));
    sound.then_some((ban, user))
}

fn named(user: String) -> Option<UserId> {
    (1..=LONGEST_USER).contains(&user.len()).then(|| UserId::new(user))
}

async fn give(desk: &Desk, order: BanOrder) -> Response {
    match desk.orders.give(order).await {
        Ok(()) => json(StatusCode::OK, r#"{"success":true}"#.to_owned()),
        Err(NotDone::TooMany) => {
            refused(StatusCode::INSUFFICIENT_STORAGE, "As many users are put out as may be: lift some first")
        }
        Err(NotDone::HereAlone) => again("Done on this node; others may not have heard of it: send it again"),
        Err(NotDone::Busy) => again("Too many orders wait: send it again"),
    }
}

fn again(error: &str) -> Response {
    let mut response = refused(StatusCode::SERVICE_UNAVAILABLE, error);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    response
}

fn refused(status: StatusCode, error: &str) -> Response {
    json(status, serde_json::json!({ "error": error }).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Option<(String, Option<u64>)> {
        read_ban(body.as_bytes()).map(|(ban, user)| (user.to_string(), ban.seconds))
    }

    #[test]
    fn a_ban_names_a_user_and_maybe_how_long() {
        assert_eq!(read(r#"{"user":"u1"}"#), Some(("u1".to_owned(), None)));
        assert_eq!(read(r#"{"user":"u1","seconds":60,"reason":"spam"}"#), Some(("u1".to_owned(), Some(60))));
        let long = format!(r#"{{"user":"{}"}}"#, "x".repeat(129));
        for body in [
            "",
            "[]",
            "{}",
            r#"{"user":""}"#,
            r#"{"user":7}"#,
            r#"{"user":"u1","seconds":0}"#,
            r#"{"user":"u1","seconds":-1}"#,
            r#"{"user":"u1","seconds":1e99}"#,
            r#"{"user":"u1","second":60}"#,
            &long,
        ] {
            assert_eq!(read(body), None, "{body:.60}");
        }
    }
}
