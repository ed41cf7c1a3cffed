//! What a viewer may ask nodes to do. Whether it may is decided where it is started; that it did is told in
//! `qala:events` as an `intervention`.

use serde::{Deserialize, Serialize};

/// Something to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// A node goes down in order: it takes nobody new, and ends once its clients went elsewhere or its time is over.
    Drain {
        /// Which.
        node: String,
    },
    /// A room ends for everybody in it.
    CloseRoom {
        /// The pool, which is the dialect.
        pool: String,
        /// Its id.
        room: String,
        /// Who is in it, as the picture showed it: the order goes to their nodes.
        members: Vec<super::Member>,
    },
    /// A user's session ends, and its connection is closed.
    Disconnect {
        /// The pool, which is the dialect.
        pool: String,
        /// Who.
        user: String,
        /// The node where the session lives.
        node: String,
    },
}

/// An order, and who gives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ordered {
    /// What.
    pub order: Order,
    /// Who gives it, as `name@host`.
    pub by: String,
    /// Tells it from every other order: one that arrives twice is carried out once.
    #[serde(default)]
    pub id: String,
}

/// What became of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The nodes that it concerns have it; what they do shows in the next pictures and in the events.
    Given,
    /// Nobody is there whom it concerns.
    NotFound,
    /// It cannot be given. Says why, and what to do.
    Refused(String),
}
