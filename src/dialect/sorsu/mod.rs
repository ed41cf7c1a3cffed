//! The anonymous campus chat (contract, section sorsu). Its clients say guest for user and chat for room; a chat has
//! a number, and messages are numbered for each reader.

use std::time::Duration;

use super::Entry;
use crate::domain::criteria::Ladder;
use crate::domain::limits::PerMinute;
use crate::domain::policy::{Acceptance, JoinAgain, Policy};

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
pub(super) const NAME: &str = "sorsu";

/// How its clients enter.
pub(super) const ENTRY: Entry =
    Entry { session_tokens: true, attempts_per_minute: 10, connections_in_production: Some(5) };

/// How its pool is run: the numbers of the contract.
pub(super) fn policy() -> Policy {
    Policy {
        // Nobody wishes for anything that could relax.
        ladder: Ladder { opens_after: [Duration::ZERO; 5], age_widening: 0 },
        acceptance: Acceptance::AtOnce,
        // A client says that it is present whenever it connects, also in the middle of a chat.
        join_again: JoinAgain::Refused,
        rematch_after: Duration::ZERO,
        // Who is present waits, however long: its connection is its sign of life, and it has no other.
        waiting_timeout: Duration::MAX,
        keeps_endings: true,
        events_per_minute: Some(PerMinute { matching: 100, chat: 10, signaling: 100 }),
        ..Policy::new(NAME)
    }
}
