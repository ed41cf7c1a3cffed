//! The contract between the core and a backend that finds partners and keeps messages: errands and tidings.
//!
//! A backend is slow, may be away, and is nobody's memory of who is connected: the core goes on without its answer
//! wherever it can.

use std::fmt;
use std::sync::Arc;

use super::id::UserId;

/// What a user shows a backend. Never shown to anybody else, in logs neither.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Arc<str>);

impl Token {
    /// The token spelled `text`.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// As it is spelled, for the backend.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(redacted)")
    }
}

/// What the core asks of a backend, for a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errand {
    /// Whose.
    pub token: Token,
    /// What.
    pub what: What,
}

/// What an errand is for. Rooms go by their number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Somebody to talk to.
    Start,
    /// Keep this message.
    Write {
        /// The room.
        room: u64,
        /// The text, as [`Kept`] has it.
        content: Arc<str>,
    },
    /// The talk is over.
    End {
        /// The room.
        room: u64,
    },
    /// The user is there.
    Present,
    /// The user is gone.
    Gone,
    /// What was said?
    Said {
        /// The room.
        room: u64,
    },
}

/// A backend's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tidings {
    /// To [`What::Start`]: this one, in the room of that number.
    Found {
        /// The room.
        room: u64,
        /// Who.
        partner: UserId,
    },
    /// To [`What::Start`]: nobody yet.
    Nobody,
    /// To [`What::Start`]: the user does not count as present.
    NotPresent,
    /// To [`What::Write`]: the message as it is to be kept.
    Written(Arc<str>),
    /// To [`What::Said`]: everything, oldest first: who, and the message as it was to be kept.
    Said(Vec<(UserId, Arc<str>)>),
    /// To an errand that has nothing to tell.
    Done,
    /// To any: the backend understood, and does not want to.
    Refused,
    /// To any: nothing is known of what became of it.
    Unavailable {
        /// When to try again.
        retry_after_ms: u64,
    },
}

/// Stands before and after a stamp.
const MARK: char = '\u{1}';

/// A message and what a backend wrote on it, as one text: rooms keep texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept<'a> {
    /// What the backend wrote on it, if there was one; without control characters.
    pub stamp: Option<&'a str>,
    /// The text.
    pub content: &'a str,
}

impl<'a> Kept<'a> {
    /// As the room keeps it.
    pub fn write(self) -> Arc<str> {
        match self.stamp {
            None if !self.content.starts_with(MARK) => Arc::from(self.content),
            stamp => Arc::from(format!("{MARK}{}{MARK}{}", stamp.unwrap_or_default(), self.content)),
        }
    }

    /// What the room kept.
    pub fn read(kept: &'a str) -> Self {
        match kept.strip_prefix(MARK).and_then(|rest| rest.split_once(MARK)) {
            Some((stamp, content)) => Self { stamp: Some(stamp).filter(|stamp| !stamp.is_empty()), content },
            None => Self { stamp: None, content: kept },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_and_its_stamp_are_read_as_they_were_written() {
        for stamp in [None, Some("7"), Some("{\"id\":7}")] {
            for content in ["hi", "", "\u{1}", "\u{1}7\u{1}hi", "a\u{1}b"] {
                let kept = Kept { stamp, content }.write();
                assert_eq!(Kept::read(&kept), Kept { stamp, content }, "{kept:?}");
            }
        }
        assert_eq!(&*Kept { stamp: None, content: "hi" }.write(), "hi");
        assert_eq!(Kept::read("\u{1}hi"), Kept { stamp: None, content: "\u{1}hi" });
    }

    #[test]
    fn tokens_are_never_shown() {
        let errand = Errand { token: Token::new("hunter2"), what: What::Start };
        assert!(!format!("{errand:?}").contains("hunter2"));
    }
}
