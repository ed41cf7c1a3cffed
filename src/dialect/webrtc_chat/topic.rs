//! Which event was asked by, as the answer must know it: these clients are told by events of the same matter.

use super::event;

/// An event of a client's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    /// None that is known.
    Unknown,
    FindMatch,
    CancelMatch,
    Skip,
    Offer,
    Answer,
    Candidate,
    Message,
    Quality,
    Ping,
    Validate,
    CallFailed,
}

impl Topic {
    /// All that are known.
    pub(super) const ALL: [Self; 11] = [
        Self::FindMatch,
        Self::CancelMatch,
        Self::Skip,
        Self::Offer,
        Self::Answer,
        Self::Candidate,
        Self::Message,
        Self::Quality,
        Self::Ping,
        Self::Validate,
        Self::CallFailed,
    ];

    /// The event's name; nothing has the name of what is unknown.
    pub(super) const fn event(self) -> &'static str {
        match self {
            Self::Unknown => "",
            Self::FindMatch => event::FIND_MATCH,
            Self::CancelMatch => event::CANCEL_MATCH,
            Self::Skip => event::SKIP,
            Self::Offer => event::OFFER,
            Self::Answer => event::ANSWER,
            Self::Candidate => event::ICE_CANDIDATE,
            Self::Message => event::MESSAGE,
            Self::Quality => event::CONNECTION_QUALITY,
            Self::Ping => event::PING,
            Self::Validate => event::VALIDATE_CONNECTION,
            Self::CallFailed => event::WEBRTC_ERROR,
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
