//! A packet's event and arguments, without looking into the arguments.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::json;
use crate::domain::command::Refusal;

/// Arguments that are kept: no event of any dialect has more. Any number is accepted.
const ARGUMENTS: usize = 4;

/// An event as a client sent it.
#[derive(Debug)]
pub(super) struct Packet<'a> {
    /// Its name.
    pub(super) event: Cow<'a, str>,
    /// The first arguments, as they are written.
    pub(super) arguments: [Option<&'a RawValue>; ARGUMENTS],
}

impl<'a> Packet<'a> {
    /// Splits `["event", argument, ...]`.
    pub(super) fn split(text: &'a str) -> Result<Self, Refusal> {
        let mut event = None;
        let mut arguments = [None; ARGUMENTS];
        let read = json::each_element(text, |place, element| match place.checked_sub(1) {
            None => event = json::text(element),
            Some(place) => {
                if let Some(argument) = arguments.get_mut(place) {
                    *argument = Some(element);
                }
            }
        });
        read.map_err(|json::WrongShape| Refusal::Invalid { field: "packet" })?;
        Ok(Self { event: event.ok_or(Refusal::UnknownEvent)?, arguments })
    }

    /// What nearly every event has: one argument.
    pub(super) fn argument(&self) -> Option<&'a RawValue> {
        self.arguments[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Split = (String, Vec<String>);

    fn split(text: &str) -> Result<Split, Refusal> {
        let packet = Packet::split(text)?;
        let arguments = packet.arguments.iter().flatten().map(|raw| raw.get().to_owned()).collect();
        Ok((packet.event.into_owned(), arguments))
    }

    #[test]
    fn an_event_and_its_first_arguments_are_kept_as_written() {
        let expected = |event: &str, arguments: &[&str]| {
            Ok((event.to_owned(), arguments.iter().map(|&text| text.to_owned()).collect()))
        };
        assert_eq!(split(r#"["a"]"#), expected("a", &[]));
        assert_eq!(split(r#" [ "\u0061" , {"x" : 1} ] "#), expected("a", &[r#"{"x" : 1}"#]));
        assert_eq!(split(r#"["a",1,null,"b",[],5,6]"#), expected("a", &["1", "null", "\"b\"", "[]"]));
    }

    #[test]
    fn what_is_no_event_is_refused() {
        for text in ["[]", "[1]", "[null]", "[[\"a\"]]", r#"["\ud83d"]"#] {
            assert_eq!(split(text), Err(Refusal::UnknownEvent), "{text}");
        }
        for text in ["", "x", "{}", "null", "[", r#"["a""#, r#"["a",]"#, r#"["a"]x"#, r#"["a",{"x":}]"#] {
            assert_eq!(split(text), Err(Refusal::Invalid { field: "packet" }), "{text}");
        }
    }
}
