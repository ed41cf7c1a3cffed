//! What was asked, as far as the answer depends on it.

use super::Vocabulary;

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    /// Nothing that is understood.
    Unknown,
    /// A search, in the first vocabulary.
    Search,
    /// A search, in the second.
    SearchSecond,
    /// The end of one.
    Cancel,
    /// The end of a talk.
    Leave,
    /// A message.
    Send,
    /// A sign of writing.
    Typing,
}

impl Topic {
    const ALL: [Self; 7] = [
        Self::Unknown,
        Self::Search,
        Self::SearchSecond,
        Self::Cancel,
        Self::Leave,
        Self::Send,
        Self::Typing,
    ];

    /// Its number.
    pub(super) const fn number(self) -> u8 {
        self as u8
    }

    /// The one of that number.
    pub(super) fn numbered(number: u8) -> Self {
        Self::ALL.get(usize::from(number)).copied().unwrap_or(Self::Unknown)
    }

    /// The vocabulary that a client speaks who asks for this.
    pub(super) const fn vocabulary(self) -> Option<Vocabulary> {
        match self {
            Self::Search => Some(Vocabulary::First),
            Self::SearchSecond => Some(Vocabulary::Second),
            Self::Unknown | Self::Cancel | Self::Leave | Self::Send | Self::Typing => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_found_by_its_number_and_any_other_number_is_unknown() {
        for topic in Topic::ALL {
            assert_eq!(Topic::numbered(topic.number()), topic);
        }
        assert_eq!(Topic::numbered(7), Topic::Unknown);
        assert_eq!(Topic::numbered(u8::MAX), Topic::Unknown);
    }
}
