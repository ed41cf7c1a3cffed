//! How a message names its sender, in every dialect alike: a few characters somewhere in its text.

use crate::event::{Message, Stream};
use crate::time::Moment;

const MARK: &str = "qala-bench:";

/// The tag of a message: letters, digits, `:` and `;` alone, so that no server has to escape or strip any of it.
pub(super) fn written(message: &Message) -> String {
    let Message { from, talk, stream, number, due } = message;
    let stream = match stream {
        Stream::Signal => 's',
        Stream::Chat => 'c',
    };
    format!("{MARK}{from}:{talk}:{stream}:{number}:{};", due.as_us())
}

/// The message whose tag is in `text`.
pub(super) fn read(text: &str) -> Option<Message> {
    let (_, rest) = text.split_once(MARK)?;
    let (tag, _) = rest.split_once(';')?;
    let mut parts = tag.split(':');
    let mut part = || parts.next();
    let message = Message {
        from: part()?.parse().ok()?,
        talk: part()?.parse().ok()?,
        stream: match part()? {
            "s" => Stream::Signal,
            "c" => Stream::Chat,
            _ => return None,
        },
        number: part()?.parse().ok()?,
        due: Moment::from_us(part()?.parse().ok()?),
    };
    parts.next().is_none().then_some(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_wherever_it_stands() {
        let due = Moment::from_us(u64::MAX);
        let message = Message { from: 9_999, talk: 7, stream: Stream::Signal, number: 3, due };
        for message in [message, Message { stream: Stream::Chat, ..message }] {
            let tag = written(&message);
            assert_eq!(read(&format!(r#"{{"sdp":"v=0 {tag}xxxx"}}"#)), Some(message));
        }
    }

    #[test]
    fn what_is_no_tag_is_none() {
        for text in
            ["", "qala-bench:", "qala-bench:1:2:s:3;", "qala-bench:1:2:x:3:4;", "qala-bench:1:2:s:3:4:5;"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
