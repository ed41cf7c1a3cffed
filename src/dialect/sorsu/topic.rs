//! Which event was asked by, as far as the answer depends on it.

use super::event;

/// An event of a client's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    /// None that is known.
    Unknown,
    Join,
    Leave,
    Send,
    TypingStart,
    TypingStop,
    Rejoin,
    End,
}

impl Topic {
    /// All that are known.
    pub(super) const ALL: [Self; 7] =
        [Self::Join, Self::Leave, Self::Send, Self::TypingStart, Self::TypingStop, Self::Rejoin, Self::End];

    /// The event's name; nothing has the name of what is unknown.
    pub(super) const fn event(self) -> &'static str {
        match self {
            Self::Unknown => "",
            Self::Join => event::PRESENCE_JOIN,
            Self::Leave => event::PRESENCE_LEAVE,
            Self::Send => event::MESSAGE_SEND,
            Self::TypingStart => event::TYPING_START,
            Self::TypingStop => event::TYPING_STOP,
            Self::Rejoin => event::CHAT_REJOIN,
            Self::End => event::CHAT_END,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_found_by_its_name_and_its_number_and_any_other_is_unknown() {
        for topic in Topic::ALL {
            assert_eq!(Topic::numbered(topic.number()), topic);
            assert_eq!(Topic::named(topic.event()), topic);
        }
        for number in [Topic::Unknown.number(), 8, u8::MAX] {
            assert_eq!(Topic::numbered(number), Topic::Unknown);
        }
        for name in ["", "message", "Presence:join"] {
            assert_eq!(Topic::named(name), Topic::Unknown);
        }
    }
}
