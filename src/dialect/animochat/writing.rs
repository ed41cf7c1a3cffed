//! A message and what it replies to, as one text: rooms keep texts, and only these clients know of replies.

use std::sync::Arc;

use serde_json::value::RawValue;

/// Stands before and after what is replied to. No JSON text has it outside of an escape.
const MARK: char = '\u{1}';

/// A message as its writer meant it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written<'a> {
    /// What is replied to, as its client wrote it.
    pub(super) reply_to: Option<&'a RawValue>,
    /// The text.
    pub(super) content: &'a str,
}

impl<'a> Written<'a> {
    /// As the room keeps it.
    pub(super) fn kept(self) -> Arc<str> {
        match self.reply_to {
            None if !self.content.starts_with(MARK) => Arc::from(self.content),
            reply_to => {
                let reply_to = reply_to.map_or("", RawValue::get);
                Arc::from(format!("{MARK}{reply_to}{MARK}{}", self.content))
            }
        }
    }

    /// What the room kept.
    pub(super) fn read(kept: &'a str) -> Self {
        match kept.strip_prefix(MARK).and_then(|rest| rest.split_once(MARK)) {
            Some((reply_to, content)) => Self { reply_to: serde_json::from_str(reply_to).ok(), content },
            None => Self { reply_to: None, content: kept },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(reply_to: Option<&str>, content: &str) -> (Option<String>, String) {
        let reply_to = reply_to.map(|text| serde_json::from_str(text).expect("JSON"));
        let kept = Written { reply_to, content }.kept();
        let read = Written::read(&kept);
        (read.reply_to.map(|raw| raw.get().to_owned()), read.content.to_owned())
    }

    #[test]
    fn a_plain_text_is_kept_as_it_is() {
        assert_eq!(&*Written { reply_to: None, content: "hi" }.kept(), "hi");
    }

    #[test]
    fn what_is_replied_to_and_the_text_are_read_as_they_were_written() {
        for reply_to in [None, Some("null"), Some("\"a\\u0001b\""), Some("{ \"id\" : [1, 2] }"), Some("7")] {
            for content in ["hi", "", "\u{1}", "\u{1}\u{1}hi", "\u{1}7\u{1}hi", "a\u{1}b"] {
                let expected = (reply_to.map(str::to_owned), content.to_owned());
                assert_eq!(through(reply_to, content), expected, "{reply_to:?} {content:?}");
            }
        }
    }

    #[test]
    fn what_nobody_wrote_here_is_read_as_text() {
        for kept in ["", "\u{1}", "\u{1}{", "x\u{1}7\u{1}hi"] {
            let read = Written::read(kept);
            assert_eq!((read.reply_to.is_none(), read.content), (true, kept), "{kept:?}");
        }
        assert_eq!(Written::read("\u{1}{\u{1}hi").content, "hi");
    }
}
