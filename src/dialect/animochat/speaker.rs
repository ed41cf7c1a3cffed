//! Says things in the words of one vocabulary or the other.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::super::Outgoing;
use super::Vocabulary;

/// The way to a client who speaks `vocabulary`.
pub(super) struct Speaker<'a> {
    pub(super) vocabulary: Vocabulary,
    pub(super) say: &'a mut dyn FnMut(Outgoing),
}

impl Speaker<'_> {
    /// To those who may speak the first.
    pub(super) fn first(&mut self, event: &'static str, body: &impl Serialize) {
        match self.vocabulary {
            Vocabulary::First | Vocabulary::Unsaid => self.all(event, body),
            Vocabulary::Second => {}
        }
    }

    /// To those who may speak the second.
    pub(super) fn second(&mut self, event: &'static str, body: &impl Serialize) {
        match self.vocabulary {
            Vocabulary::Second | Vocabulary::Unsaid => self.all(event, body),
            Vocabulary::First => {}
        }
    }

    /// To everybody. `()` is no argument.
    pub(super) fn all(&mut self, event: &'static str, body: &impl Serialize) {
        (self.say)(Outgoing { event, argument: raw(body) });
    }
}

/// Every body here has text keys and is written into memory, so that none fails.
pub(super) fn raw(body: &impl Serialize) -> Box<RawValue> {
    to_raw_value(body).unwrap_or_else(|_| RawValue::NULL.to_owned())
}
