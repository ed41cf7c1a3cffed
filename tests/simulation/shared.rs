//! The store that all cores share: it may lose what it knows.

use qala::domain::operation::{Operation, Outcome};
use qala::domain::time::Time;
use qala::store::memory::State;

/// A store that remembers how it came to its state.
#[derive(Default)]
pub(crate) struct Shared {
    state: State,
    /// Everything that was carried out since it was empty.
    log: Vec<(Operation, Time)>,
}

impl Shared {
    /// Carries out `operation` as of `now`.
    pub(crate) fn execute(&mut self, operation: Operation, now: Time) -> Outcome {
        self.log.push((operation.clone(), now));
        self.state.execute(operation, now)
    }

    /// Everything is lost.
    pub(crate) fn empty(&mut self) {
        *self = Self::default();
    }

    /// The newest operations were never carried out.
    pub(crate) fn rewind(&mut self, operations: usize) {
        self.log.truncate(self.log.len().saturating_sub(operations));
        self.state = State::new();
        for (operation, at) in self.log.clone() {
            self.state.execute(operation, at);
        }
    }
}
