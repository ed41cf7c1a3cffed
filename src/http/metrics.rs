//! `GET /metrics`: what Prometheus reads.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use tokio::runtime::Handle;

use super::{Desk, Place, text};
use crate::metrics::{Process, Reading, Runtime, page};

const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Everything that is counted and measured.
pub(super) async fn metrics(State(desk): State<Arc<Desk>>) -> Response {
    let node = &desk.node;
    let (shards, inbox_entries, process) = tokio::join!(node.shards(), node.inbox_entries(), process());
    let reading = Reading {
        node: node.id().as_str(),
        store: node.store().name(),
        store_available: node.store().is_available(),
        draining: node.is_draining(),
        webrtc_chat: desk.site.webrtc_chat != Place::None,
        started_at_seconds: node.clock().started_at().as_ms() / 1_000,
        counters: node.counters(),
        shards: &shards,
        inbox_entries,
        process,
        runtime: &runtime(),
    };
    text(StatusCode::OK, CONTENT_TYPE, page(&reading))
}

/// What the kernel says. Asked on a thread that serves no clients: with many open files it takes milliseconds.
pub(super) async fn process() -> Option<Process> {
    tokio::task::spawn_blocking(Process::read).await.ok().flatten()
}

/// What the runtime says.
pub(super) fn runtime() -> Runtime {
    let metrics = Handle::current().metrics();
    Runtime {
        busy: (0..metrics.num_workers()).map(|worker| metrics.worker_total_busy_duration(worker)).collect(),
        tasks: metrics.num_alive_tasks() as u64,
        queue: metrics.global_queue_depth() as u64,
    }
}
