//! Who waits, and why still.

use serde::{Deserialize, Serialize};

use super::figures::STAGES;

/// A queue in detail. Its numbers are in [`super::Snapshot::queues`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct QueueDetail {
    /// The pool.
    pub pool: String,
    /// One language.
    pub one: String,
    /// The other.
    pub other: String,
    /// Who waits longest, of both directions, longest first; each with why.
    pub longest: Vec<UserDetail>,
}

/// A user in detail.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UserDetail {
    /// Who.
    pub user: String,
    /// In which pool.
    pub pool: String,
    /// The node where the session lives, or empty.
    pub node: String,
    /// What the user does.
    pub state: UserState,
    /// The room the user is in, or empty.
    pub room: String,
    /// When the wish was made, of somebody who waits.
    pub waiting_since_ms: Option<u64>,
    /// The stage it is listed at.
    pub stage: u8,
    /// Whether it goes ahead of others: 0 no, 1 after a rejection, 2 after a proposal that failed by others' fault.
    pub priority: u8,
    /// Who this is and wants.
    pub person: Person,
    /// Why the user still waits.
    pub explanation: Option<Explanation>,
}

/// What a user does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserState {
    /// Neither of the others, or not known.
    #[default]
    Idle,
    /// Waits for somebody.
    Waiting,
    /// Found somebody; not both have answered.
    Proposed,
    /// In a room.
    Talking,
}

/// What somebody is and asks for at first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Person {
    /// Language spoken.
    pub speaks: String,
    /// Language learnt.
    pub learns: String,
    /// `beginner`, `intermediate`, `advanced`, `any`.
    pub proficiency: String,
    /// Years.
    pub age: u8,
    /// `male`, `female`, `non-binary`, or empty.
    pub gender: String,
    /// Whether the same level is asked for.
    pub asks_same_proficiency: bool,
    /// Youngest asked for, years.
    pub asks_age_min: u8,
    /// Oldest asked for, years; 255: no bound.
    pub asks_age_max: u8,
    /// Gender asked for, or empty.
    pub asks_gender: String,
    /// Wishes that never relax: of `age`, `gender`, `proficiency`.
    pub strict: Vec<String>,
}

/// Why somebody still waits: what stands between this ticket and those of the other direction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Explanation {
    /// Candidates looked at: the first in line of the other direction.
    pub candidates: u64,
    /// Candidates beyond them that were not looked at.
    pub not_looked_at: u64,
    /// So many of those looked at are excluded. Each is counted once, by the first reason in this order.
    pub excluded: Excluded,
    /// So many of them would fit at this moment: usually none, since they would have met.
    pub acceptable: u64,
    /// When the ticket's next stage opens; `None` on the last.
    pub next_stage_at_ms: Option<u64>,
    /// How many of those excluded now would fit then, if nobody else's stage changed.
    pub next_stage_opens: u64,
    /// How many would fit at each stage of this ticket, theirs as now.
    pub fit_at_stage: [u64; STAGES],
}

/// How many candidates each reason excludes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Excluded {
    /// The same user.
    pub oneself: u64,
    /// Node or client gone: the lease ran out.
    pub gone: u64,
    /// Met a while ago, or blocked.
    pub avoided: u64,
    /// This ticket's wish for the same level.
    pub own_proficiency: u64,
    /// This ticket's wish for an age.
    pub own_age: u64,
    /// This ticket's wish for a gender.
    pub own_gender: u64,
    /// The other's wish for the same level.
    pub their_proficiency: u64,
    /// The other's wish for an age.
    pub their_age: u64,
    /// The other's wish for a gender.
    pub their_gender: u64,
}

impl Excluded {
    /// All of them.
    pub fn total(&self) -> u64 {
        let people = self.oneself + self.gone + self.avoided;
        let own = self.own_proficiency + self.own_age + self.own_gender;
        people + own + self.their_proficiency + self.their_age + self.their_gender
    }
}
