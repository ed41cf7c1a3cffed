//! `/api/rooms`: the rooms by id of the dialect signaling.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;

use super::json;
use crate::node::{HallShown, HallsDenied, Node};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Room {
    id: String,
    participant_count: usize,
    participants: Vec<String>,
    created_at: String,
}

impl From<HallShown> for Room {
    fn from(HallShown { name, members, created_at_ms }: HallShown) -> Self {
        let (participant_count, created_at) = (members.len(), iso_8601(created_at_ms));
        Self { id: name, participant_count, participants: members, created_at }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reserved {
    room_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Denied {
    error: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
}

/// `GET /api/rooms`: the newest first, a thousand at most.
pub(super) async fn list(State(node): State<Arc<Node>>) -> Response {
    match node.halls().await {
        Ok(halls) => written(StatusCode::OK, &halls.into_iter().map(Room::from).collect::<Vec<_>>()),
        Err(denied) => refused(denied),
    }
}

/// `POST /api/rooms`: a new room, there for five minutes also while nobody is in it.
pub(super) async fn reserve(State(node): State<Arc<Node>>) -> Response {
    match node.reserve_hall().await {
        Ok(room_id) => written(StatusCode::OK, &Reserved { room_id }),
        Err(denied) => refused(denied),
    }
}

/// `GET /api/rooms/:roomId`.
pub(super) async fn one(State(node): State<Arc<Node>>, Path(room): Path<String>) -> Response {
    match node.hall(&room).await {
        Ok(Some(hall)) => written(StatusCode::OK, &Room::from(hall)),
        Ok(None) => written(StatusCode::NOT_FOUND, &Denied { error: "Room not found", retry_after_ms: None }),
        Err(denied) => refused(denied),
    }
}

fn refused(denied: HallsDenied) -> Response {
    let (error, retry_after_ms) = match denied {
        HallsDenied::NoMore => ("Too many rooms", None),
        HallsDenied::Unavailable { retry_after_ms } => ("Service unavailable", Some(retry_after_ms)),
    };
    let mut response = written(StatusCode::SERVICE_UNAVAILABLE, &Denied { error, retry_after_ms });
    let seconds = retry_after_ms.map(|ms| ms.div_ceil(1_000).max(1).to_string());
    if let Some(seconds) = seconds.and_then(|seconds| HeaderValue::try_from(seconds).ok()) {
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    response
}

fn written(status: StatusCode, body: &impl Serialize) -> Response {
    json(status, serde_json::to_string(body).unwrap_or_default())
}

/// A moment as this family writes it: `2026-01-31T23:59:59.999Z`.
fn iso_8601(ms: u64) -> String {
    const DAY_MS: u64 = 24 * 3_600_000;
    let (year, month, day) = date(ms / DAY_MS);
    let of_day = ms % DAY_MS;
    let (hour, minute, second) = (of_day / 3_600_000, of_day / 60_000 % 60, of_day / 1_000 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", of_day % 1_000)
}

/// Year, month and day of a day since 1970. Years are counted from March, so that the day that some have more is
/// their last, and in groups of 400, which have equally many days.
const fn date(days_since_1970: u64) -> (u64, u64, u64) {
    const DAYS_OF_400_YEARS: u64 = 146_097;
    /// From March of the year 0 to 1970.
    const BEFORE_1970: u64 = 719_468;
    let days = days_since_1970 + BEFORE_1970;
    let (era, day_of_era) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + (month <= 2) as u64, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_as_browsers_write_it() {
        for (ms, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_800_000, "2000-03-01T00:00:00.000Z"),
            (1_704_067_199_999, "2023-12-31T23:59:59.999Z"),
            (1_709_164_800_001, "2024-02-29T00:00:00.001Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (1_700_000_000_000, "2023-11-14T22:13:20.000Z"),
        ] {
            assert_eq!(iso_8601(ms), expected);
        }
    }
}
