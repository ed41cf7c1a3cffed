//! Counts what a picture costs while it is taken.

use redis::Value;

use super::{Call, NotSurveyed, Surveyor};
use crate::store::snapshot::Cost;

/// A picture that is being taken.
pub(super) struct Asking<'a> {
    surveyor: &'a Surveyor,
    cost: Cost,
}

impl<'a> Asking<'a> {
    pub(super) fn new(surveyor: &'a Surveyor) -> Self {
        Self { surveyor, cost: Cost::default() }
    }

    /// One round trip for all of them.
    pub(super) async fn all(&mut self, calls: Vec<Call>) -> Result<Vec<Value>, NotSurveyed> {
        if calls.is_empty() {
            return Ok(Vec::new());
        }
        self.cost.round_trips += 1;
        self.cost.commands += u32::try_from(calls.len()).unwrap_or(u32::MAX);
        self.surveyor.ask(&calls).await
    }

    /// One round trip for one.
    pub(super) async fn one(&mut self, call: Call) -> Result<Value, NotSurveyed> {
        Ok(self.all(vec![call]).await?.into_iter().next().unwrap_or(Value::Nil))
    }

    pub(super) fn cost(&self) -> Cost {
        self.cost
    }
}
