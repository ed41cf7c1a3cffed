//! What differs between pools: numbers, never code.

use std::time::Duration;

use super::criteria::Ladder;
use super::limits::{AVOIDED, PerMinute};
use super::rejections::RejectionRule;
use super::ticket::PoolId;

/// How one pool is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Which.
    pub pool: PoolId,
    /// How wishes relax.
    pub ladder: Ladder,
    /// Who brings people together.
    pub matchmaker: Matchmaker,
    /// What it takes for two who fit to talk.
    pub acceptance: Acceptance,
    /// Who is chosen of several who fit.
    pub choice: Choice,
    /// What joining again means.
    pub join_again: JoinAgain,
    /// How long two who were brought together are not brought together again; zero for not at all.
    pub rematch_after: Duration,
    /// Of how many partners that is remembered, the newest.
    pub partners_remembered: usize,
    /// How long who skipped somebody waits before the next search.
    pub skip_cooldown: Duration,
    /// How long a search lasts that finds nobody, where it does not last for ever.
    pub search_within: Option<Duration>,
    /// Whether its people are told how many they are.
    pub shows_presence: bool,
    /// Whether its people enter halls.
    pub has_halls: bool,
    /// Whether somebody who was away when a room ended is told so on coming back.
    pub keeps_endings: bool,
    /// How long a session is kept for a client that lost its connection.
    pub grace: Duration,
    /// Waiting ends after this long without a sign of life.
    pub waiting_timeout: Duration,
    /// A connection whose client neither searches nor talks is closed after this long without a word, where that has
    /// an end. Who talks is not silent: a call runs from client to client, where nobody sees it.
    pub silence: Option<Duration>,
    /// How often its people may say no before they have to wait.
    pub rejections: RejectionRule,
    /// How often its clients may ask, where that is not what the node says.
    pub events_per_minute: Option<PerMinute>,
}

/// Who brings people together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matchmaker {
    /// Searches in the store.
    Store,
    /// A backend, which also keeps the messages. What is said of choice and rematches here does not count.
    Backend {
        /// How often it is asked for somebody.
        ask_every: Duration,
        /// How often it is told that somebody is there.
        beat_every: Duration,
    },
}

/// What it takes for two who fit to talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acceptance {
    /// Both say so.
    Mutual {
        /// How long both have.
        within: Duration,
    },
    /// To search is to accept.
    AtOnce,
}

impl Acceptance {
    /// How long a proposal stands: where nobody is asked, for as long as both nodes may take to learn of it. A side
    /// that was not told asks then.
    pub const fn within(self) -> Duration {
        match self {
            Self::Mutual { within } => within,
            Self::AtOnce => Duration::from_secs(2),
        }
    }
}

/// Who is chosen of several who fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The one who waits longest.
    LongestWaiting,
    /// Anyone.
    Random,
}

/// What joining again means, while searching or in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinAgain {
    /// The new wish counts, and a room is left for it.
    Replaces,
    /// It is refused.
    Refused,
}

impl Policy {
    /// The numbers of the contract and of design sections 5 and 6, for the pool of that name.
    pub fn new(pool: &'static str) -> Self {
        Self {
            pool: PoolId(pool),
            ladder: Ladder::default(),
            matchmaker: Matchmaker::Store,
            acceptance: Acceptance::Mutual { within: Duration::from_secs(20) },
            choice: Choice::LongestWaiting,
            join_again: JoinAgain::Replaces,
            rematch_after: Duration::from_hours(24),
            partners_remembered: AVOIDED,
            skip_cooldown: Duration::ZERO,
            search_within: None,
            shows_presence: false,
            has_halls: false,
            keeps_endings: false,
            grace: Duration::from_secs(30),
            waiting_timeout: Duration::from_mins(5),
            silence: None,
            rejections: RejectionRule {
                free: 10,
                within: Duration::from_mins(10),
                wait: Duration::from_secs(30),
            },
            events_per_minute: None,
        }
    }
}

/// How long a ticket counts as its owner's after a renewal: three renewals may fail.
pub const LEASE: Duration = Duration::from_secs(6);
/// How often the tickets of a core are renewed.
pub const RENEW_EVERY: Duration = Duration::from_secs(2);
/// A place in the queue is told at most this often (the contract's 5 s).
pub const POSITION_EVERY: Duration = Duration::from_secs(5);
/// How often it is counted how many people are there, and those are told for whom that changed.
pub const PRESENCE_EVERY: Duration = Duration::from_secs(1);
/// How long a session waits for what the one before it has. It comes in milliseconds from a node that lives.
pub const TAKE_OVER_WITHIN: Duration = Duration::from_secs(1);
/// How long envelopes are sent after a session that has moved: longer than a proposal stands, the one thing that
/// keeps naming where its two sides were.
pub const FORWARDED_FOR: Duration = Duration::from_secs(30);
/// How long an entry in a hall counts as somebody's who lives, after a renewal: two renewals may fail. Only where all
/// members of a hall died is it waited for; else those who live say at once who died.
pub const HALL_LEASE: Duration = Duration::from_secs(30);
/// How often the entries of a core are renewed, and compared with what the store knows.
pub const HALLS_RENEWED_EVERY: Duration = Duration::from_secs(10);
/// How long a reserved hall is kept for those who have not come yet.
pub const HALL_RESERVED_FOR: Duration = Duration::from_mins(5);
/// How long the core waits before it asks an unavailable store again for something nobody waits for.
pub const RETRY_AFTER: Duration = Duration::from_secs(1);
/// How long whoever ended a proposal may take to tell the other side, before that one looks for itself. Twice that
/// has to pass before both sides of one that Redis lost are free, and design section 6 gives them 2 s.
pub const NEWS_WITHIN: Duration = Duration::from_millis(700);
