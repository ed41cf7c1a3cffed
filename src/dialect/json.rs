//! Reading JSON where it lies, one level at a time. Values stay the text they came as.
//!
//! `serde_json` steps over a [`RawValue`] without recursion, so the depth of what a client sends costs no
//! stack.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer as _, MapAccess, SeqAccess, Visitor};
use serde_json::Deserializer;
use serde_json::value::RawValue;

/// A text is not JSON, or not of the kind asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WrongShape;

/// One field of an object.
pub(super) struct Field<'a> {
    /// Its key as it is written, quotes included.
    pub(super) key: &'a str,
    /// Its key as it is meant, or as it is written if it means no Unicode text. No name that we look for has
    /// quotes, so the two cannot be confused.
    pub(super) name: Cow<'a, str>,
    /// Its value as it is written.
    pub(super) value: &'a RawValue,
}

/// Shows `visit` every field of `object`, in order.
pub(super) fn each_field<'a>(object: &'a str, visit: impl FnMut(Field<'a>)) -> Result<(), WrongShape> {
    let mut text = Deserializer::from_str(object);
    text.deserialize_map(Each(visit)).and_then(|()| text.end()).map_err(|_| WrongShape)
}

/// Shows `visit` every element of `array` with its place, in order.
pub(super) fn each_element<'a>(
    array: &'a str,
    visit: impl FnMut(usize, &'a RawValue),
) -> Result<(), WrongShape> {
    let mut text = Deserializer::from_str(array);
    text.deserialize_seq(EachElement(visit)).and_then(|()| text.end()).map_err(|_| WrongShape)
}

/// The text of a string; `None` for anything else, and for halves of surrogate pairs, which are no text.
pub(super) fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    unquote(value.get())
}

/// `true` or `false`.
pub(super) fn boolean(value: &RawValue) -> Option<bool> {
    serde_json::from_str(value.get()).ok()
}

/// A number that a double can hold.
pub(super) fn number(value: &RawValue) -> Option<f64> {
    serde_json::from_str(value.get()).ok()
}

/// A whole number that clients can hold exactly, however it is written: `25`, `25.0` and `2.5e1` are one.
pub(super) fn whole(value: &RawValue) -> Option<u64> {
    const MOST: f64 = 9_007_199_254_740_991.0;
    let number = number(value)?;
    if number.fract() != 0.0 || !(0.0..=MOST).contains(&number) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, and within bounds")]
    Some(number as u64)
}

fn unquote(written: &str) -> Option<Cow<'_, str>> {
    // A bare `Cow` would copy; only a borrowed field reads in place.
    #[derive(serde::Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    serde_json::from_str(written).ok().map(|Text(text)| text)
}

struct Each<F>(F);

impl<'a, F: FnMut(Field<'a>)> Visitor<'a> for Each<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some((key, value)) = map.next_entry::<&RawValue, &RawValue>()? {
            let key = key.get();
            let name = unquote(key).unwrap_or(Cow::Borrowed(key));
            (self.0)(Field { key, name, value });
        }
        Ok(())
    }
}

struct EachElement<F>(F);

impl<'a, F: FnMut(usize, &'a RawValue)> Visitor<'a> for EachElement<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'a>>(mut self, mut elements: A) -> Result<(), A::Error> {
        let mut place = 0;
        while let Some(element) = elements.next_element::<&RawValue>()? {
            (self.0)(place, element);
            place += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> &RawValue {
        serde_json::from_str(text).expect("JSON")
    }

    #[test]
    fn whole_numbers_are_known_by_value_not_by_spelling() {
        for (text, expected) in [
            ("25", Some(25)),
            ("25.0", Some(25)),
            ("2.5e1", Some(25)),
            ("0", Some(0)),
            ("-0", Some(0)),
            ("9007199254740991", Some(9_007_199_254_740_991)),
            ("9007199254740992", None),
            ("18446744073709551616", None),
            ("1e400", None),
            ("25.5", None),
            ("-1", None),
            ("\"25\"", None),
            ("null", None),
            ("true", None),
            ("[25]", None),
            ("{}", None),
        ] {
            assert_eq!(whole(raw(text)), expected, "{text}");
        }
    }

    #[test]
    fn only_two_words_are_boolean() {
        assert_eq!((boolean(raw("true")), boolean(raw(" false "))), (Some(true), Some(false)));
        for other in ["\"true\"", "1", "0", "null", "[]", "{}"] {
            assert_eq!(boolean(raw(other)), None, "{other}");
        }
    }

    #[test]
    fn text_is_read_in_place_unless_it_is_escaped() {
        assert!(matches!(text(raw(r#""plain""#)), Some(Cow::Borrowed("plain"))));
        assert_eq!(text(raw(r#""\u0061\n""#)).as_deref(), Some("a\n"));
        for other in [r#""\ud83d""#, "1", "null", r#"["a"]"#, "{}"] {
            assert_eq!(text(raw(other)), None, "{other}");
        }
    }

    #[test]
    fn fields_come_in_order_with_their_key_as_written_and_as_meant() {
        let mut seen = Vec::new();
        let object = r#" { "a" : [1, 2] , "\u0061":null,"\ud83d":"\ud83d" } "#;
        let read = each_field(object, |field| {
            seen.push(format!("{} {} {}", field.key, field.name, field.value.get()));
        });
        assert_eq!(read, Ok(()));
        assert_eq!(seen, [r#""a" a [1, 2]"#, r#""\u0061" a null"#, r#""\ud83d" "\ud83d" "\ud83d""#]);
    }

    #[test]
    fn what_is_no_object_has_no_fields_and_what_is_no_array_no_elements() {
        for text in ["", "1", "null", "[]", "\"{}\"", "{", "{}x", "{1:2}", "{\"a\"}", "{\"a\":1,}"] {
            assert_eq!(each_field(text, |_| ()), Err(WrongShape), "{text}");
        }
        for text in ["", "1", "null", "{}", "\"[]\"", "[", "[]x", "[1,]"] {
            assert_eq!(each_element(text, |_, _| ()), Err(WrongShape), "{text}");
        }
    }
}
