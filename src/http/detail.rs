//! `GET /health/detailed`, `/health/system` and `/health/connections`: health for operators.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::health::{Checks, Status, StoreHealth};
use super::{Desk, Place, json, metrics};
use crate::metrics::{Counter, Shard, Waiting};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct System {
    timestamp: u64,
    /// Seconds.
    uptime: u64,
    version: &'static str,
    node: String,
    /// `null` where the kernel does not say.
    process: Option<ProcessHealth>,
    runtime: RuntimeHealth,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProcessHealth {
    cpu_seconds: f64,
    resident_bytes: u64,
    virtual_bytes: u64,
    threads: u64,
    open_files: u64,
    most_open_files: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RuntimeHealth {
    workers: usize,
    /// Of all of them together.
    busy_seconds: f64,
    tasks: u64,
    queue: u64,
}

#[derive(Serialize)]
struct Connections {
    timestamp: u64,
    /// Open now.
    active: u64,
    /// Since the start.
    total: u64,
    sessions: SessionCounts,
    rooms: u64,
    waiting: Vec<PoolHealth>,
    shards: Vec<Option<ShardHealth>>,
    refused: Refused,
}

#[derive(Serialize)]
struct SessionCounts {
    active: u64,
    /// Of those, whose clients are away.
    away: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PoolHealth {
    pool: &'static str,
    tickets: u64,
    by_stage: [u64; 5],
}

#[derive(Serialize)]
struct ShardHealth {
    connections: u64,
    sessions: u64,
    mailbox: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Refused {
    denied: u64,
    unidentified: u64,
    node_full: u64,
    address_full: u64,
    origin: u64,
}

#[derive(Serialize)]
struct Detailed {
    status: &'static str,
    timestamp: u64,
    checks: Checks,
    store: StoreHealth,
    system: System,
    connections: Connections,
}

/// What the process uses.
pub(super) async fn system(State(desk): State<Arc<Desk>>) -> Response {
    json(StatusCode::OK, serde_json::to_string(&read_system(&desk).await).unwrap_or_default())
}

/// What clients do.
pub(super) async fn connections(State(desk): State<Arc<Desk>>) -> Response {
    let shards = desk.node.shards().await;
    json(StatusCode::OK, serde_json::to_string(&read_connections(&desk, &shards)).unwrap_or_default())
}

/// All of it; 503 once the node is going down.
pub(super) async fn detailed(State(desk): State<Arc<Desk>>) -> Response {
    let (shards, system) = tokio::join!(desk.node.shards(), read_system(&desk));
    let status = Status::of(&desk.node);
    let detailed = Detailed {
        status: status.word(desk.site.webrtc_chat == Place::First),
        timestamp: desk.node.clock().now().as_ms(),
        checks: Checks::of(&desk.node),
        store: StoreHealth::of(&desk.node),
        system,
        connections: read_connections(&desk, &shards),
    };
    json(status.code(), serde_json::to_string(&detailed).unwrap_or_default())
}

async fn read_system(desk: &Desk) -> System {
    let (clock, runtime) = (desk.node.clock(), metrics::runtime());
    let process = metrics::process().await.map(|process| ProcessHealth {
        cpu_seconds: process.cpu.as_secs_f64(),
        resident_bytes: process.resident_bytes,
        virtual_bytes: process.virtual_bytes,
        threads: process.threads,
        open_files: process.open_files,
        most_open_files: process.most_open_files,
    });
    System {
        timestamp: clock.now().as_ms(),
        uptime: clock.uptime_seconds(),
        version: env!("CARGO_PKG_VERSION"),
        node: desk.node.id().as_str().to_owned(),
        process,
        runtime: RuntimeHealth {
            workers: runtime.busy.len(),
            busy_seconds: runtime.busy.iter().map(std::time::Duration::as_secs_f64).sum(),
            tasks: runtime.tasks,
            queue: runtime.queue,
        },
    }
}

fn read_connections(desk: &Desk, shards: &[Option<Shard>]) -> Connections {
    let counters = desk.node.counters();
    let (active, sessions) = (counters.connections(), counters.sessions());
    let pool = |waiting: Waiting| PoolHealth {
        pool: waiting.pool,
        tickets: waiting.by_stage.iter().sum(),
        by_stage: waiting.by_stage,
    };
    let shard = |shard: &Shard| ShardHealth {
        connections: shard.connections,
        sessions: shard.sessions,
        mailbox: shard.mailbox,
    };
    Connections {
        timestamp: desk.node.clock().now().as_ms(),
        active,
        total: counters.get(Counter::ConnectionsOpened),
        sessions: SessionCounts { active: sessions, away: sessions.saturating_sub(active) },
        rooms: counters.rooms(),
        waiting: Waiting::sum(shards).into_iter().map(pool).collect(),
        shards: shards.iter().map(|answer| answer.as_ref().map(shard)).collect(),
        refused: Refused {
            denied: counters.get(Counter::ConnectionsDenied),
            unidentified: counters.get(Counter::ConnectionsUnidentified),
            node_full: counters.get(Counter::ConnectionsOverLimit),
            address_full: counters.get(Counter::ConnectionsPerAddressOverLimit),
            origin: counters.get(Counter::OriginsRefused),
        },
    }
}
