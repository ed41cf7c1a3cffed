//! `GET /api/turn`: relays for calls, and a credential of one's own for them.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;

use super::json;
use crate::auth::{Authenticator, Denied, Shown};
use crate::domain::relay::Relays;
use crate::node::Clock;
use crate::turn::Turn;

/// Seconds after which a client may ask again whom nobody could identify.
const RETRY_SECONDS: &str = "2";

/// Who gives relays to whom.
pub struct RelayDesk {
    /// Makes credentials.
    pub turn: Arc<Turn>,
    /// Client families by name, the first of them for those who name none, and who knows their people.
    pub families: Vec<(&'static str, Arc<Authenticator>)>,
    /// Says until when.
    pub clock: Clock,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Given {
    ice_servers: [Relays; 1],
    /// Seconds.
    ttl: u64,
    /// Milliseconds since 1970.
    expires_at: u64,
}

#[derive(Serialize)]
struct Refused {
    error: &'static str,
}

/// Whoever may enter gets some: with a token in `Authorization` where the family has tokens, as a guest elsewhere.
pub(super) async fn turn(
    State(desk): State<Arc<RelayDesk>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let asked = query.as_deref().and_then(dialect);
    let Some((_, family)) = desk.families.iter().find(|(name, _)| asked.is_none_or(|asked| asked == *name))
    else {
        return refused(StatusCode::NOT_FOUND, "This dialect is not spoken here");
    };
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let now = desk.clock.now();
    let shown = Shown { authorization, query: query.as_deref(), ..Shown::default() };
    match family.identify(shown, now).await {
        Ok(identity) => {
            let lifetime = desk.turn.lifetime();
            let given = Given {
                ice_servers: [desk.turn.relays(&identity.user, now)],
                ttl: lifetime.as_secs(),
                expires_at: (now + lifetime).as_ms(),
            };
            json(StatusCode::OK, serde_json::to_string(&given).unwrap_or_default())
        }
        Err(denied) => unknown(denied, family.refusal(denied)),
    }
}

/// `dialect=` in a query. Their names need no quoting.
fn dialect(query: &str) -> Option<&str> {
    query.split('&').find_map(|pair| pair.strip_prefix("dialect="))
}

fn unknown(denied: Denied, error: &'static str) -> Response {
    let (status, name, value) = match denied {
        Denied::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, header::RETRY_AFTER, RETRY_SECONDS),
        // Another token would be of the same user.
        Denied::NoProfile | Denied::Suspended => return refused(StatusCode::FORBIDDEN, error),
        Denied::Missing | Denied::InvalidToken | Denied::Failed | Denied::Mismatch => {
            (StatusCode::UNAUTHORIZED, header::WWW_AUTHENTICATE, "Bearer")
        }
    };
    let mut response = refused(status, error);
    response.headers_mut().insert(name, HeaderValue::from_static(value));
    response
}

fn refused(status: StatusCode, error: &'static str) -> Response {
    json(status, serde_json::to_string(&Refused { error }).unwrap_or_default())
}
