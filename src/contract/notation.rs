//! How shapes are written: `{sessionId: id, content: text(1..1000), after?: whole}`.
//!
//! `|` between alternatives, `[T]` a list, `'word'` a word as it is, `1..5` a whole number within bounds, `?` behind
//! a field that may be missing, `...` as the last field where others may stand, a capitalized name one of the
//! contract's shapes. The other names are in [`Shape`].

/// What a value looks like.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    /// `any`
    Any,
    /// `none`: no argument.
    None,
    /// `null`
    Null,
    /// `boolean`, or one of the two.
    Boolean(Option<bool>),
    /// `number`
    Number,
    /// `measure`: not below 0.
    Measure,
    /// `whole`: a whole number from 0, or within bounds.
    Whole(Option<(u64, u64)>),
    /// `ms`: milliseconds, `seconds`, `at`: milliseconds since 1970.
    Time(Unit),
    /// `text`, with so many characters.
    Text(Option<(usize, usize)>),
    /// `'word'`
    Word(String),
    /// `id`: written like a UUID.
    Id,
    /// `moment`: ISO 8601.
    Moment,
    /// `language`: `xx`, `xxx` or `xx-XX`.
    Language,
    /// `digits`: a whole number as text.
    Digits,
    List(Box<Shape>),
    Object {
        fields: Vec<Field>,
        /// Whether others may stand there that go along unread.
        open: bool,
    },
    OneOf(Vec<Shape>),
    Named(String),
}

/// What a time is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Milliseconds,
    Seconds,
    Since1970,
}

/// A part of an object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) required: bool,
    pub(crate) shape: Shape,
}

/// What is written. The tables are ours, so that a mistake in them may end the test that reads them.
pub(crate) fn parse(text: &str) -> Shape {
    let mut reader = Reader { text, at: 0 };
    let shape = reader.alternatives();
    assert!(reader.rest().is_empty(), "what follows `{}` in {text}", reader.rest());
    shape
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&mut self) -> &'a str {
        let rest = &self.text[self.at..];
        let trimmed = rest.trim_start();
        self.at += rest.len() - trimmed.len();
        trimmed
    }

    fn skip(&mut self, what: &str) -> bool {
        let is_there = self.rest().starts_with(what);
        self.at += if is_there { what.len() } else { 0 };
        is_there
    }

    fn expect(&mut self, what: &str) {
        assert!(self.skip(what), "`{what}` expected before `{}`", self.rest());
    }

    fn take(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|letter| !belongs(letter)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn alternatives(&mut self) -> Shape {
        let mut all = vec![self.one()];
        while self.skip("|") {
            all.push(self.one());
        }
        if all.len() == 1 { all.remove(0) } else { Shape::OneOf(all) }
    }

    fn one(&mut self) -> Shape {
        if self.skip("{") {
            return self.object();
        }
        if self.skip("[") {
            let of = self.alternatives();
            self.expect("]");
            return Shape::List(Box::new(of));
        }
        if self.skip("'") {
            let word = self.take(|letter| letter != '\'').to_owned();
            self.expect("'");
            return Shape::Word(word);
        }
        if self.rest().starts_with(|letter: char| letter.is_ascii_digit()) {
            return Shape::Whole(Some(self.bounds()));
        }
        let name = self.take(char::is_alphanumeric);
        self.named(name)
    }

    fn bounds(&mut self) -> (u64, u64) {
        let number = |text: &str| text.parse().expect("a number");
        let least = number(self.take(|letter| letter.is_ascii_digit()));
        self.expect("..");
        (least, number(self.take(|letter| letter.is_ascii_digit())))
    }

    fn named(&mut self, name: &str) -> Shape {
        match name {
            "any" => Shape::Any,
            "none" => Shape::None,
            "null" => Shape::Null,
            "boolean" => Shape::Boolean(None),
            "true" => Shape::Boolean(Some(true)),
            "false" => Shape::Boolean(Some(false)),
            "number" => Shape::Number,
            "measure" => Shape::Measure,
            "whole" => Shape::Whole(None),
            "ms" => Shape::Time(Unit::Milliseconds),
            "seconds" => Shape::Time(Unit::Seconds),
            "at" => Shape::Time(Unit::Since1970),
            "id" => Shape::Id,
            "moment" => Shape::Moment,
            "language" => Shape::Language,
            "digits" => Shape::Digits,
            "text" => {
                let long = |bound: u64| usize::try_from(bound).expect("a length");
                let bounds =
                    self.skip("(").then(|| self.bounds()).map(|(least, most)| (long(least), long(most)));
                if bounds.is_some() {
                    self.expect(")");
                }
                Shape::Text(bounds)
            }
            _ => {
                assert!(name.starts_with(char::is_uppercase), "`{name}` is no shape");
                Shape::Named(name.to_owned())
            }
        }
    }

    fn object(&mut self) -> Shape {
        let (mut fields, mut open) = (Vec::new(), false);
        while !self.skip("}") {
            if self.skip("...") {
                open = true;
            } else {
                let name = self.take(|letter| letter.is_alphanumeric() || letter == '_').to_owned();
                let required = !self.skip("?");
                self.expect(":");
                fields.push(Field { name, required, shape: self.alternatives() });
            }
            if !self.skip(",") {
                self.expect("}");
                break;
            }
        }
        Shape::Object { fields, open }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_read_as_they_are_written() {
        let field = |name: &str, required, shape| Field { name: name.to_owned(), required, shape };
        assert_eq!(
            parse("{a: text(1..64), b?: [whole] | 'x', ...}"),
            Shape::Object {
                fields: vec![
                    field("a", true, Shape::Text(Some((1, 64)))),
                    field(
                        "b",
                        false,
                        Shape::OneOf(vec![
                            Shape::List(Box::new(Shape::Whole(None))),
                            Shape::Word("x".to_owned())
                        ]),
                    ),
                ],
                open: true,
            }
        );
        assert_eq!(parse("13..120"), Shape::Whole(Some((13, 120))));
        assert_eq!(parse("{}"), Shape::Object { fields: Vec::new(), open: false });
    }
}
