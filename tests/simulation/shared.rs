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

    /// Everything is lost. Tells what it was made of.
    pub(crate) fn empty(&mut self) -> Vec<Operation> {
        self.rewind(usize::MAX)
    }

    /// The newest operations were never carried out. Tells which.
    pub(crate) fn rewind(&mut self, operations: usize) -> Vec<Operation> {
        let undone = self.log.split_off(self.log.len().saturating_sub(operations));
        self.state = State::new();
        for (operation, at) in &self.log {
            self.state.execute(operation.clone(), *at);
        }
        undone.into_iter().map(|(operation, _)| operation).collect()
    }
}
