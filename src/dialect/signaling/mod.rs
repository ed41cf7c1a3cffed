//! Rooms by id, for calls of several (contract, section signaling). Nobody is matched: clients name the room and
//! themselves. A connection may be in several rooms, which the domain calls halls.

use std::time::Duration;

use crate::domain::limits::PerMinute;
use crate::domain::policy::Policy;

mod answer;
mod client;
#[cfg(test)]
mod contract;
mod decode;
mod event;
mod notice;
mod shape;
#[cfg(test)]
mod tests;
mod topic;

pub(super) use answer::answer;
pub(super) use client::{encode, hear};
#[cfg(test)]
pub(super) use contract::CONTRACT;
pub(super) use decode::decode;
pub(super) use notice::notice;

/// The dialect, and its pool.
pub(super) const NAME: &str = "signaling";

/// How its pool is run. Nobody waits in it.
pub(super) fn policy() -> Policy {
    Policy {
        rematch_after: Duration::ZERO,
        has_halls: true,
        // Who enters a full room sends an offer and some twenty candidates to each of fifteen others.
        events_per_minute: Some(PerMinute { matching: 100, chat: 100, signaling: 3_000 }),
        ..Policy::new(NAME)
    }
}
