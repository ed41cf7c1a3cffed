//! Reading texts that are made of words with one space between.

use std::str::FromStr;

/// Stands for what is not there.
pub(super) const NONE: &str = "-";

/// What is left of a text; `None` at its end. Every method takes words off its beginning, and is `None` where they
/// are not what is asked for.
pub(super) struct Words<'a>(Option<&'a str>);

impl<'a> Words<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self(Some(text))
    }

    /// `value`, if all words were taken.
    pub(super) fn whole<T>(self, value: T) -> Option<T> {
        self.0.is_none().then_some(value)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub(super) fn next(&mut self) -> Option<&'a str> {
        let (word, rest) = match self.0?.split_once(' ') {
            Some((word, rest)) => (word, Some(rest)),
            None => (self.0?, None),
        };
        self.0 = rest;
        Some(word)
    }

    /// All that is left, spaces included.
    pub(super) fn rest(&mut self) -> Option<&'a str> {
        self.0.take()
    }

    /// So many words as one text.
    pub(super) fn several(&mut self, count: usize) -> Option<&'a str> {
        let all = self.0?;
        for _ in 0..count {
            self.next()?;
        }
        let left = self.0.map_or(0, |rest| rest.len() + 1);
        all.get(..all.len() - left)
    }

    pub(super) fn parse<T: FromStr>(&mut self) -> Option<T> {
        self.next()?.parse().ok()
    }

    /// What `read` takes, or nothing where the next word is the sign for none; an error of anything else.
    pub(super) fn or_none<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Result<Option<T>, ()> {
        let mut ahead = Self(self.0);
        if ahead.next() == Some(NONE) {
            self.0 = ahead.0;
            return Ok(None);
        }
        read(self).map(Some).ok_or(())
    }

    /// A figure, or the sign for none; an error of anything else.
    pub(super) fn optional<T: FromStr>(&mut self) -> Result<Option<T>, ()> {
        self.or_none(Self::parse)
    }

    /// Yes or no.
    pub(super) fn flag(&mut self) -> Option<bool> {
        match self.next()? {
            "0" => Some(false),
            "1" => Some(true),
            _ => None,
        }
    }

    /// The one of `known` that is called so.
    pub(super) fn one_of<T: Copy, const N: usize>(
        &mut self,
        known: [T; N],
        name: impl Fn(T) -> &'static str,
    ) -> Option<T> {
        let word = self.next()?;
        known.into_iter().find(|known| name(*known) == word)
    }
}
