//! What nodes share. The core asks by an [`Operation`] and is answered by an [`Outcome`]; a store carries
//! out and decides nothing. One contract, one suite for every store.

use std::future::Future;
use std::pin::Pin;

use crate::domain::operation::{Operation, Outcome};
use crate::domain::time::Time;
use sight::Sight;
use snapshot::Survey;

pub mod memory;
mod order;
mod post;
pub mod redis;
pub mod sight;
pub mod snapshot;

pub use order::{BanOrder, Heard};
pub use post::{Inbox, Letter, NotEntered, Pending, Post, Pulse, Received};

/// An answer that is there, or one that comes.
pub enum Submitted {
    /// The store answered at once.
    Answered(Outcome),
    /// The answer is on its way.
    Underway(Pin<Box<dyn Future<Output = Outcome> + Send>>),
}

/// Carries out operations, each at once or not at all.
pub trait Store: Send + Sync + 'static {
    /// Starts `operation`. Operations of one session arrive one after the other; those of different
    /// sessions in any order.
    fn submit(&self, operation: Operation, now: Time) -> Submitted;

    /// What it sees of what a viewer asks for, if it is nobody else's: a shared store is looked into by
    /// [`redis::Surveyor`].
    fn sight(&self, _survey: &Survey, _now: Time) -> Option<Sight> {
        None
    }

    /// The word for it in health.
    fn name(&self) -> &'static str {
        "embedded"
    }

    /// Whether it answers, as far as is known.
    fn is_available(&self) -> bool {
        true
    }
}
