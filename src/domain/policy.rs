//! What differs between pools: numbers, never code.

use std::time::Duration;

use super::criteria::Ladder;
use super::ticket::PoolId;

/// How one pool is run.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Which.
    pub pool: PoolId,
    /// How wishes relax.
    pub ladder: Ladder,
    /// How long both have to accept a proposal.
    pub accept_within: Duration,
    /// How long two who were brought together are not brought together again; zero for not at all.
    pub rematch_after: Duration,
    /// How long a session is kept for a client that lost its connection.
    pub grace: Duration,
    /// Waiting ends after this long without a sign of life.
    pub waiting_timeout: Duration,
}

impl Policy {
    /// The numbers of the contract and of design sections 5 and 6, for the pool of that name.
    pub fn new(pool: &'static str) -> Self {
        Self {
            pool: PoolId(pool),
            ladder: Ladder::default(),
            accept_within: Duration::from_secs(20),
            rematch_after: Duration::from_hours(24),
            grace: Duration::from_secs(30),
            waiting_timeout: Duration::from_mins(5),
        }
    }
}

/// How long a ticket counts as its owner's after a renewal: three renewals may fail.
pub const LEASE: Duration = Duration::from_secs(6);
/// How often the tickets of a core are renewed.
pub const RENEW_EVERY: Duration = Duration::from_secs(2);
/// A place in the queue is told at most this often (the contract's 5 s).
pub const POSITION_EVERY: Duration = Duration::from_secs(5);
/// How long a session waits for what the one before it has. It comes in milliseconds from a node that lives.
pub const TAKE_OVER_WITHIN: Duration = Duration::from_secs(1);
/// How long envelopes are sent after a session that has moved: longer than a proposal stands, the one thing that
/// keeps naming where its two sides were.
pub const FORWARDED_FOR: Duration = Duration::from_secs(30);
/// How long the core waits before it asks an unavailable store again for something nobody waits for.
pub const RETRY_AFTER: Duration = Duration::from_secs(1);
