//! Holds values against shapes, and makes some.

use serde_json::Value;

use super::notation::{Field, Shape, parse};
use super::schema::Writer;

/// Holds values against shapes.
pub(crate) struct Checker {
    /// Shapes by their names.
    pub(crate) shapes: &'static [(&'static str, &'static str)],
    /// Who wrote the values.
    pub(crate) writer: Writer,
}

impl Checker {
    /// Whether it is as `shape` says: nothing less, and, of what the server writes, nothing more.
    pub(crate) fn fits(&self, shape: &Shape, value: &Value) -> bool {
        let text = value.as_str();
        let whole = value.as_f64().filter(|number| number.fract() == 0.0 && *number >= 0.0);
        match shape {
            Shape::Any => true,
            Shape::None | Shape::Null => value.is_null(),
            Shape::Boolean(wanted) => {
                value.as_bool().is_some_and(|is| wanted.is_none_or(|wanted| wanted == is))
            }
            Shape::Number => value.is_number(),
            Shape::Measure => value.as_f64().is_some_and(|number| number >= 0.0),
            #[expect(clippy::cast_precision_loss, reason = "bounds are small")]
            Shape::Whole(Some((least, most))) => {
                whole.is_some_and(|number| (*least as f64..=*most as f64).contains(&number))
            }
            Shape::Whole(None) | Shape::Time(_) => whole.is_some(),
            Shape::Text(None) => text.is_some(),
            // Some families take blanks around it away before they count.
            Shape::Text(Some((least, most))) => text
                .is_some_and(|text| text.chars().count() >= *least && text.trim().chars().count() <= *most),
            Shape::Word(word) => text == Some(word.as_str()),
            Shape::Id => text.is_some_and(is_id),
            Shape::Moment => text.is_some_and(|text| text.len() == 24 && text.ends_with('Z')),
            Shape::Language => text.is_some_and(is_language),
            Shape::Digits => text.is_some_and(|text| {
                (1..=16).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
            }),
            Shape::List(inner) => {
                value.as_array().is_some_and(|list| list.iter().all(|value| self.fits(inner, value)))
            }
            Shape::Object { fields, open } => self.object(fields, *open, value),
            Shape::OneOf(all) => all.iter().any(|shape| self.fits(shape, value)),
            Shape::Named(name) => self.fits(&self.named(name), value),
        }
    }

    fn object(&self, fields: &[Field], open: bool, value: &Value) -> bool {
        let Some(object) = value.as_object() else {
            // What is no object has none of the fields, of which a client may leave out some.
            return self.writer == Writer::Client && fields.iter().all(|field| !field.required);
        };
        let known = |name: &String| fields.iter().any(|field| field.name == *name);
        let closed = self.writer == Writer::Client || open || object.keys().all(known);
        closed
            && fields.iter().all(|field| match object.get(&field.name) {
                None => !field.required,
                Some(Value::Null) if !field.required && self.writer == Writer::Client => true,
                Some(value) => self.fits(&field.shape, value),
            })
    }

    fn named(&self, name: &str) -> Shape {
        let found = self.shapes.iter().find(|(known, _)| *known == name);
        parse(found.unwrap_or_else(|| panic!("no shape `{name}`")).1)
    }
}

fn is_id(text: &str) -> bool {
    let groups: Vec<usize> = text.split('-').map(str::len).collect();
    groups == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

fn is_language(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let letters = parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_alphabetic()));
    letters
        && match parts.as_slice() {
            [tag] => (2..=3).contains(&tag.len()),
            [tag, region] => (2..=3).contains(&tag.len()) && region.len() == 2,
            _ => false,
        }
}

/// A value of that shape; with the fields that may be missing, or without.
pub(crate) fn sample(shape: &Shape, full: bool) -> Value {
    match shape {
        Shape::Any => Value::from("anything"),
        Shape::None | Shape::Null => Value::Null,
        Shape::Boolean(wanted) => Value::from(wanted.unwrap_or(true)),
        Shape::Number | Shape::Measure => Value::from(1.5),
        Shape::Whole(bounds) => Value::from(bounds.map_or(7, |(least, most)| u64::midpoint(least, most))),
        Shape::Time(_) => Value::from(1_000),
        Shape::Text(bounds) => Value::from("x".repeat(bounds.map_or(3, |(least, _)| least.max(1)))),
        Shape::Word(word) => Value::from(word.as_str()),
        Shape::Id => Value::from("11111111-2222-4333-8444-555555555555"),
        Shape::Moment => Value::from("2026-01-31T23:59:59.999Z"),
        Shape::Language => Value::from("en-GB"),
        Shape::Digits => Value::from("12"),
        Shape::List(inner) => Value::from(vec![sample(inner, full)]),
        Shape::OneOf(all) => sample(&all[0], full),
        Shape::Named(name) => panic!("clients send no `{name}`"),
        Shape::Object { fields, .. } => {
            let fields = fields.iter().filter(|field| full || field.required);
            Value::Object(fields.map(|field| (field.name.clone(), sample(&field.shape, full))).collect())
        }
    }
}
