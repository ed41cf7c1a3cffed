//! The anonymous text chat's vocabularies (contract, section animochat): the one of its first front ends and the
//! one of its newer. Its clients say match for proposal, chat room for room and partner, or stranger, for peer.

use std::time::Duration;

use crate::domain::policy::{Acceptance, Choice, JoinAgain, Policy};

mod answer;
mod client;
#[cfg(test)]
mod contract;
mod decode;
mod event;
mod notice;
mod shape;
mod speaker;
#[cfg(test)]
mod tests;
mod topic;
mod writing;

pub(super) use answer::answer;
pub(super) use client::{encode, hear};
#[cfg(test)]
pub(super) use contract::CONTRACT;
pub(super) use decode::decode;
pub(super) use notice::notice;
use topic::Topic;

/// The dialect, and its pool.
pub(super) const NAME: &str = "animochat";

/// Of how many partners it is remembered that they met.
const PARTNERS_REMEMBERED: usize = 50;
/// How long who skipped somebody waits.
const SKIP_COOLDOWN: Duration = Duration::from_secs(5);
/// How long a search lasts.
const SEARCH_WITHIN: Duration = Duration::from_secs(30);

/// Which of the two vocabularies a client speaks: that of its first search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Vocabulary {
    /// It has not searched over this connection. It is told in both, so that a client that came back to its talk
    /// understands; the events of the other one mean nothing to it.
    #[default]
    Unsaid,
    /// `find-match` and its like.
    First,
    /// `match:find` and its like.
    Second,
}

impl Vocabulary {
    /// What a client speaks that asked under `topic`.
    #[must_use]
    pub(super) fn after(self, topic: u8) -> Self {
        match self {
            Self::Unsaid => Topic::numbered(topic).vocabulary().unwrap_or_default(),
            Self::First | Self::Second => self,
        }
    }
}

/// How its pool is run.
pub(super) fn policy() -> Policy {
    Policy {
        acceptance: Acceptance::AtOnce,
        choice: Choice::Random,
        join_again: JoinAgain::Refused,
        partners_remembered: PARTNERS_REMEMBERED,
        skip_cooldown: SKIP_COOLDOWN,
        search_within: Some(SEARCH_WITHIN),
        shows_presence: true,
        ..Policy::new(NAME)
    }
}
