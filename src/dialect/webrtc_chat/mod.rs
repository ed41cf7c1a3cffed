//! Anonymous video with strangers (contract, section webrtc-chat). Its clients are in one match at a time and name
//! no room; they are answered by events, and by acknowledgements only where they pass a callback.

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
mod markup;
mod notice;
mod shape;
#[cfg(test)]
mod tests;
mod topic;

pub(super) use answer::answer;
pub(super) use client::{encode, hear, signal_of};
#[cfg(test)]
pub(super) use contract::CONTRACT;
pub(super) use decode::decode;
pub(super) use notice::{notice, tells_relays, too_many_attempts};

/// The dialect, and its pool.
pub(super) const NAME: &str = "webrtc-chat";

/// How its clients enter.
pub(super) const ENTRY: Entry = Entry { attempts_per_minute: 5, ..Entry::WITH_ANYTHING };

/// How its pool is run: the numbers of the contract.
pub(super) fn policy() -> Policy {
    Policy {
        // Nobody wishes for anything that could relax.
        ladder: Ladder { opens_after: [Duration::ZERO; 5], age_widening: 0 },
        acceptance: Acceptance::AtOnce,
        join_again: JoinAgain::Refused,
        rematch_after: Duration::from_mins(5),
        search_within: Some(Duration::from_secs(30)),
        silence: Some(Duration::from_mins(5)),
        events_per_minute: Some(PerMinute { matching: 10, chat: 30, signaling: 100 }),
        ..Policy::new(NAME)
    }
}
