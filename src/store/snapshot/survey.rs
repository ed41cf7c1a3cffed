//! What a viewer asks for: every picture has the numbers, the rest only if it is on the screen.

use serde::{Deserialize, Serialize};

/// What a viewer asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Survey {
    /// A page of rooms.
    pub rooms: Option<Page>,
    /// How many of the newest events, at most [`Survey::MOST_EVENTS`].
    pub events: u32,
    /// Something in detail.
    pub detail: Option<Detail>,
}

/// Which part of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Page {
    /// How many come before it.
    pub offset: u64,
    /// How many, at most [`Survey::MOST_ROOMS`].
    pub limit: u32,
}

/// Something in detail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// Who waits longest in a queue, and why.
    Queue {
        /// The pool.
        pool: String,
        /// One language.
        one: String,
        /// The other.
        other: String,
    },
    /// A room of two.
    Room {
        /// Its id.
        id: String,
    },
    /// A hall.
    Hall {
        /// The pool.
        pool: String,
        /// Its name.
        name: String,
    },
    /// A node.
    Node {
        /// Its name.
        name: String,
    },
    /// A user: why still waiting, or where.
    User {
        /// The pool.
        pool: String,
        /// Who.
        user: String,
    },
}

impl Survey {
    /// Rooms of one page.
    pub const MOST_ROOMS: u32 = 100;
    /// Events of one picture.
    pub const MOST_EVENTS: u32 = 500;
    /// Tickets that a queue's detail tells of.
    pub const LONGEST: usize = 10;
    /// Candidates that an explanation looks at.
    pub const CANDIDATES: usize = 500;
}
