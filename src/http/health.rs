//! `GET /health`: is the node there, and how is it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::{Desk, Place, json};
use crate::metrics::{Counter, Sink};
use crate::node::Node;

#[derive(Serialize)]
struct Health<'a> {
    /// `ok`, or `draining` once the node is going down; where webrtc-chat is the first dialect `UP`, `DEGRADED` while
    /// the store does not answer, and `DOWN`.
    status: &'static str,
    timestamp: u64,
    /// Seconds.
    uptime: u64,
    version: &'static str,
    node: &'a str,
    store: StoreHealth,
    /// The store where it is Redis: `connected`, `disconnected`, or `off` where it is not.
    redis: &'static str,
    /// Whether events reach it: the same words.
    kafka: &'static str,
    connections: u64,
    sessions: u64,
    rooms: u64,
    /// What was counted since the start, by name.
    counters: BTreeMap<&'static str, u64>,
}

/// What the node keeps shared things in.
#[derive(Clone, Copy, Serialize)]
pub(super) struct StoreHealth {
    /// `embedded` or `redis`.
    kind: &'static str,
    /// `false` while nobody can be matched because it does not answer.
    available: bool,
}

impl StoreHealth {
    pub(super) fn of(node: &Node) -> Self {
        Self { kind: node.store().name(), available: node.store().is_available() }
    }

    fn redis(self) -> &'static str {
        match (self.kind, self.available) {
            ("redis", true) => "connected",
            ("redis", false) => "disconnected",
            _ => "off",
        }
    }
}

/// How the node is.
#[derive(Clone, Copy)]
pub(super) enum Status {
    Up,
    /// The store does not answer.
    Degraded,
    /// Going down.
    Down,
}

impl Status {
    pub(super) fn of(node: &Node) -> Self {
        if node.is_draining() {
            Self::Down
        } else if node.store().is_available() {
            Self::Up
        } else {
            Self::Degraded
        }
    }

    /// In the words of webrtc-chat or in ours: there, a node without its store is still `ok`.
    pub(super) const fn word(self, webrtc_chat: bool) -> &'static str {
        match (self, webrtc_chat) {
            (Self::Up, true) => "UP",
            (Self::Degraded, true) => "DEGRADED",
            (Self::Down, true) => "DOWN",
            (Self::Up | Self::Degraded, false) => "ok",
            (Self::Down, false) => "draining",
        }
    }

    pub(super) const fn code(self) -> StatusCode {
        match self {
            Self::Up | Self::Degraded => StatusCode::OK,
            Self::Down => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

#[derive(Serialize)]
struct Readiness {
    ready: bool,
    timestamp: u64,
    checks: Checks,
}

/// What must hold for somebody new to come here.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Checks {
    /// The store answers.
    store: bool,
    /// The node is not going down.
    serving: bool,
}

impl Checks {
    pub(super) fn of(node: &Node) -> Self {
        Self { store: node.store().is_available(), serving: !node.is_draining() }
    }
}

#[derive(Serialize)]
struct Liveness {
    alive: bool,
    timestamp: u64,
    /// Seconds.
    uptime: u64,
}

/// Whether somebody new should be sent here: 200 or 503.
pub(super) async fn ready(State(desk): State<Arc<Desk>>) -> Response {
    let checks = Checks::of(&desk.node);
    let ready = checks.store && checks.serving;
    let code = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let timestamp = desk.node.clock().now().as_ms();
    json(code, serde_json::to_string(&Readiness { ready, timestamp, checks }).unwrap_or_default())
}

/// 200 unless a shard takes nothing any more: only a new process helps then. The store has no say.
pub(super) async fn live(State(desk): State<Arc<Desk>>) -> Response {
    let (alive, clock) = (desk.node.is_alive().await, desk.node.clock());
    let code = if alive { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let liveness = Liveness { alive, timestamp: clock.now().as_ms(), uptime: clock.uptime_seconds() };
    json(code, serde_json::to_string(&liveness).unwrap_or_default())
}

/// 200 while the node serves, with or without its store; 503 once it is going down.
pub(super) async fn health(State(desk): State<Arc<Desk>>) -> Response {
    let (counters, clock) = (desk.node.counters(), desk.node.clock());
    let (status, store) = (Status::of(&desk.node), StoreHealth::of(&desk.node));
    let health = Health {
        status: status.word(desk.site.webrtc_chat == Place::First),
        timestamp: clock.now().as_ms(),
        uptime: clock.uptime_seconds(),
        version: env!("CARGO_PKG_VERSION"),
        node: desk.node.id().as_str(),
        store,
        redis: store.redis(),
        kafka: counters.sink(Sink::Kafka).read().reach.as_str(),
        connections: counters.connections(),
        sessions: counters.sessions(),
        rooms: counters.rooms(),
        counters: Counter::ALL.iter().map(|counter| (counter.name(), counters.get(*counter))).collect(),
    };
    json(status.code(), serde_json::to_string(&health).unwrap_or_default())
}
