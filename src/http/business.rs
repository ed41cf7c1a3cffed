//! `GET /metrics/business`: the figures that the webrtc-chat family's dashboards read, as JSON.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::{Desk, json};
use crate::metrics::{Counter, Counters, Family, Histogram};

#[derive(Debug, PartialEq, Serialize)]
struct Business {
    /// Milliseconds since 1970.
    timestamp: u64,
    connections: Connections,
    matchmaking: Matchmaking,
    signaling: Signaling,
    quality: Quality,
    infrastructure: Infrastructure,
}

#[derive(Debug, PartialEq, Serialize)]
struct Connections {
    active: u64,
    total: u64,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Matchmaking {
    active_matches: u64,
    successful_matches: u64,
    /// Seconds.
    avg_matchmaking_time: f64,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Signaling {
    total_messages: u64,
    /// Seconds.
    avg_latency: f64,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Quality {
    /// Seconds.
    avg_session_duration: f64,
    /// The round trip in milliseconds.
    avg_connection_quality: f64,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Infrastructure {
    /// Commands refused and calls that came to nothing.
    error_rate: u64,
    rate_limit_hits: u64,
    /// Seconds.
    avg_redis_latency: f64,
}

/// Everything since the start. Averages of nothing are 0.
pub(super) async fn business(State(desk): State<Arc<Desk>>) -> Response {
    let business = figures(desk.node.counters(), desk.node.clock().now().as_ms());
    json(StatusCode::OK, serde_json::to_string(&business).unwrap_or_default())
}

fn figures(counters: &Counters, timestamp: u64) -> Business {
    let timings = counters.timings();
    let seconds = |histogram: &Histogram| Histogram::average([histogram]).as_secs_f64();
    let refused = |counter: &&Counter| counter.sample().is_some_and(|(family, _)| family == Family::Refusals);
    let refused: u64 = Counter::ALL.iter().filter(refused).map(|counter| counters.get(*counter)).sum();
    let rate_limited = counters.get(Counter::RefusedRateLimited);
    let by_address = counters.get(Counter::RequestsPerAddressOverLimit)
        + counters.get(Counter::ConnectionsPerAddressOverLimit)
        + counters.get(Counter::AttemptsPerAddressOverLimit);
    Business {
        timestamp,
        connections: Connections {
            active: counters.connections(),
            total: counters.get(Counter::ConnectionsOpened),
        },
        matchmaking: Matchmaking {
            active_matches: counters.rooms(),
            successful_matches: counters.get(Counter::RoomsOpened),
            avg_matchmaking_time: Histogram::average(&timings.search_to_match).as_secs_f64(),
        },
        signaling: Signaling {
            total_messages: counters.get(Counter::SignalsRelayed),
            avg_latency: seconds(&timings.relay),
        },
        quality: Quality {
            avg_session_duration: seconds(&timings.connection),
            avg_connection_quality: seconds(&timings.quality_rtt) * 1_000.0,
        },
        infrastructure: Infrastructure {
            error_rate: refused.saturating_sub(rate_limited) + counters.get(Counter::CallsFailed),
            rate_limit_hits: rate_limited + by_address,
            avg_redis_latency: Histogram::average(&timings.store).as_secs_f64(),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_figure_is_counted_or_measured() {
        let counters = Counters::default();
        for (counter, count) in [
            (Counter::ConnectionsOpened, 9),
            (Counter::ConnectionsClosed, 2),
            (Counter::RoomsOpened, 5),
            (Counter::RoomsClosed, 4),
            (Counter::SignalsRelayed, 30),
            (Counter::RefusedRateLimited, 3),
            (Counter::RefusedInvalid, 6),
            (Counter::RefusedBusy, 1),
            (Counter::CallsFailed, 2),
            (Counter::RequestsPerAddressOverLimit, 10),
        ] {
            counters.add_many(counter, count);
        }
        let timings = counters.timings();
        for (histogram, ms) in [
            (&timings.search_to_match[0], 1_000),
            (&timings.search_to_match[4], 3_000),
            (&timings.relay, 250),
            (&timings.connection, 8_000),
            (&timings.quality_rtt, 125),
            (&timings.store[3], 500),
        ] {
            histogram.observe(Duration::from_millis(ms));
        }
        let expected = Business {
            timestamp: 7,
            connections: Connections { active: 7, total: 9 },
            matchmaking: Matchmaking { active_matches: 1, successful_matches: 5, avg_matchmaking_time: 2.0 },
            signaling: Signaling { total_messages: 30, avg_latency: 0.25 },
            quality: Quality { avg_session_duration: 8.0, avg_connection_quality: 125.0 },
            infrastructure: Infrastructure { error_rate: 9, rate_limit_hits: 13, avg_redis_latency: 0.5 },
        };
        assert_eq!(figures(&counters, 7), expected);
    }
}
