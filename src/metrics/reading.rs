//! What one look at a node gives.

use super::{Counters, Process};
use std::time::Duration;

/// Everything that `/metrics` shows, of one moment.
#[derive(Debug)]
pub struct Reading<'a> {
    /// The node's name.
    pub node: &'a str,
    /// The word for its store.
    pub store: &'a str,
    /// Whether the store answers.
    pub store_available: bool,
    /// Whether the node is going down.
    pub draining: bool,
    /// Whether the names of the webrtc-chat family are shown as well.
    pub webrtc_chat: bool,
    /// Seconds since 1970 at which the process began.
    pub started_at_seconds: u64,
    /// What was counted and measured.
    pub counters: &'a Counters,
    /// What each shard says; `None` of one that does not answer.
    pub shards: &'a [Option<Shard>],
    /// Entries in the node's inbox that were not removed yet; `None` where there is none, or it does not say.
    pub inbox_entries: Option<u64>,
    /// What the kernel says; `None` where it does not.
    pub process: Option<Process>,
    /// What the runtime says.
    pub runtime: &'a Runtime,
}

/// What one shard says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shard {
    /// Inputs that wait in its mailbox.
    pub mailbox: u64,
    /// Connections it has.
    pub connections: u64,
    /// Sessions it has.
    pub sessions: u64,
    /// Tickets that wait.
    pub waiting: Vec<Waiting>,
}

/// Tickets of one pool that wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The pool.
    pub pool: &'static str,
    /// How many, by stage.
    pub by_stage: [u64; super::STAGES],
}

/// What the runtime says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Runtime {
    /// How long each of its threads was busy since the start.
    pub busy: Vec<Duration>,
    /// Tasks that live.
    pub tasks: u64,
    /// Tasks that wait for a thread and are no thread's own.
    pub queue: u64,
}

impl Waiting {
    /// Tickets that wait, of all shards, by pool in the order of the first shard.
    pub fn sum(shards: &[Option<Shard>]) -> Vec<Self> {
        let mut sum: Vec<Self> = Vec::new();
        for waiting in shards.iter().flatten().flat_map(|shard| &shard.waiting) {
            if let Some(known) = sum.iter_mut().find(|known| known.pool == waiting.pool) {
                for (total, more) in known.by_stage.iter_mut().zip(waiting.by_stage) {
                    *total += more;
                }
            } else {
                sum.push(waiting.clone());
            }
        }
        sum
    }
}
