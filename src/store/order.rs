//! What operators order of all nodes, and what carries it to them.

use crate::domain::id::UserId;
use crate::domain::time::Time;

/// What an operator orders. Doing it twice is doing it once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BanOrder {
    /// Nobody by that name comes in, and whoever is in goes.
    Ban {
        /// The name.
        user: UserId,
        /// When that is over; [`Time::NEVER`]: never by itself.
        until: Time,
    },
    /// A ban is over.
    Lift {
        /// The name.
        user: UserId,
    },
}

impl BanOrder {
    /// Who is meant.
    pub fn user(&self) -> &UserId {
        match self {
            Self::Ban { user, .. } | Self::Lift { user } => user,
        }
    }
}

/// What a reader of orders came upon.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    /// These, in the order in which they were given.
    Orders(Vec<BanOrder>),
    /// The store forgot all orders: whoever knows some may give them again.
    Forgotten,
}
