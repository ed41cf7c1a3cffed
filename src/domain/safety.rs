//! What people do about others who trouble them.

use super::id::{RoomId, UserId};

/// What a client asks for its safety.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SafetyCommand {
    /// I am never to meet this user again. If we are together now, that is over.
    Block(UserId),
    /// Somebody should look at whom I am in this room with, or was a moment ago.
    Report {
        /// The room.
        room: RoomId,
        /// Why.
        reason: ReportReason,
    },
}

/// Why somebody is reported. A closed list: what was said or shown stays between the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportReason {
    /// Insults, threats, pressure.
    Harassment,
    /// Nakedness, or what comes with it.
    Sexual,
    /// A child, or somebody who looks for one.
    Minor,
    /// Hatred of a group of people.
    Hate,
    /// Advertising, fraud, a machine.
    Spam,
    /// Anything else.
    Other,
}

impl ReportReason {
    /// Every one.
    pub const ALL: [Self; 6] =
        [Self::Harassment, Self::Sexual, Self::Minor, Self::Hate, Self::Spam, Self::Other];

    /// The word on the wire and in events.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Harassment => "harassment",
            Self::Sexual => "sexual",
            Self::Minor => "minor",
            Self::Hate => "hate",
            Self::Spam => "spam",
            Self::Other => "other",
        }
    }

    /// The reason of that word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }
}
