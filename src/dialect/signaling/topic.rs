//! Which event was asked by, as the answer must know it.

use super::event;

/// An event of a client's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    /// None that is known.
    Unknown,
    Join,
    Leave,
    Offer,
    Answer,
    Candidate,
}

impl Topic {
    /// All that are known.
    pub(super) const ALL: [Self; 5] = [Self::Join, Self::Leave, Self::Offer, Self::Answer, Self::Candidate];

    /// The event's name; nothing has the name of what is unknown.
    pub(super) const fn event(self) -> &'static str {
        match self {
            Self::Unknown => "",
            Self::Join => event::JOIN_ROOM,
            Self::Leave => event::LEAVE_ROOM,
            Self::Offer => event::OFFER,
            Self::Answer => event::ANSWER,
            Self::Candidate => event::ICE_CANDIDATE,
        }
    }

    /// The event of that name.
    pub(super) fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|topic| topic.event() == name).unwrap_or(Self::Unknown)
    }

    /// As it travels with the question.
    pub(super) const fn number(self) -> u8 {
        self as u8
    }

    /// Back from its number.
    pub(super) fn numbered(number: u8) -> Self {
        Self::ALL.into_iter().find(|topic| topic.number() == number).unwrap_or(Self::Unknown)
    }
}
