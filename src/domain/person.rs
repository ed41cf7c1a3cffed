//! What a person is, as far as others may ask for it.

use std::fmt;
use std::str::FromStr;

/// A language by its primary tag, two or three letters. `en-GB` and `EN` are both `en`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Language([u8; 3]);

/// A text is none of `xx`, `xxx`, `xx-XX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotALanguage;

impl Language {
    /// Of people who do not say: the tag that stands for no language in particular.
    pub const UNDETERMINED: Self = Self(*b"und");

    /// The primary tag, in lower case.
    pub fn as_str(&self) -> &str {
        let length = if self.0[2] == 0 { 2 } else { 3 };
        std::str::from_utf8(&self.0[..length]).unwrap_or_default()
    }
}

impl FromStr for Language {
    type Err = NotALanguage;

    fn from_str(text: &str) -> Result<Self, NotALanguage> {
        let (primary, region) = match text.split_once('-') {
            Some((primary, region)) => (primary, Some(region)),
            None => (text, None),
        };
        let letters = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphabetic());
        let region_fits = match region {
            Some(region) => primary.len() == 2 && region.len() == 2 && letters(region),
            None => true,
        };
        if !matches!(primary.len(), 2 | 3) || !letters(primary) || !region_fits {
            return Err(NotALanguage);
        }
        let mut tag = [0; 3];
        for (place, byte) in tag.iter_mut().zip(primary.bytes()) {
            *place = byte.to_ascii_lowercase();
        }
        Ok(Self(tag))
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How well somebody speaks the language they learn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Proficiency {
    /// Just started.
    Beginner,
    /// Can hold a talk.
    Intermediate,
    /// Nearly at home in it.
    Advanced,
    /// Did not say; a level of its own that equals no other.
    Any,
}

impl Proficiency {
    /// Every level, in the order searches look at them.
    pub const ALL: [Self; 4] = [Self::Beginner, Self::Intermediate, Self::Advanced, Self::Any];

    /// The word in logs, keys and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Beginner => "beginner",
            Self::Intermediate => "intermediate",
            Self::Advanced => "advanced",
            Self::Any => "any",
        }
    }
}

/// A gender that somebody states or asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gender {
    /// Male.
    Male,
    /// Female.
    Female,
    /// Non-binary.
    NonBinary,
}

impl Gender {
    /// Every gender, in the order searches look at them.
    pub const ALL: [Self; 3] = [Self::Male, Self::Female, Self::NonBinary];

    /// The word in logs, keys and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Male => "male",
            Self::Female => "female",
            Self::NonBinary => "non-binary",
        }
    }
}

/// What a ticket is: the facts that others may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// The language the person speaks.
    pub speaks: Language,
    /// The language the person learns.
    pub learns: Language,
    /// How well, in the language they learn.
    pub proficiency: Proficiency,
    /// Years.
    pub age: u8,
    /// Stated gender; who states none satisfies no wish for one.
    pub gender: Option<Gender>,
}

impl Attributes {
    /// The direction this person brings to the pool.
    pub fn direction(&self) -> Direction {
        Direction { speaks: self.speaks, learns: self.learns }
    }
}

/// One side of a language pair. A direction is matched only with its reverse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Direction {
    /// Spoken by the people of this side.
    pub speaks: Language,
    /// Learnt by them.
    pub learns: Language,
}

impl Direction {
    /// The side that this one is matched with.
    #[must_use]
    pub fn reverse(self) -> Self {
        Self { speaks: self.learns, learns: self.speaks }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_compare_by_primary_tag_without_case() {
        let spelled = |text: &str| text.parse::<Language>().map(|language| language.as_str().to_owned());
        assert_eq!(spelled("EN"), Ok("en".into()));
        assert_eq!(spelled("en-GB"), Ok("en".into()));
        assert_eq!(spelled("yue"), Ok("yue".into()));
        assert_eq!("pt-BR".parse::<Language>(), "PT".parse());
    }

    #[test]
    fn anything_else_is_not_a_language() {
        for text in ["", "e", "engl", "en-", "en-G", "en-GBR", "yue-HK", "e1", "en_GB", "日本", "en-GB-x"] {
            assert_eq!(text.parse::<Language>(), Err(NotALanguage), "{text}");
        }
    }
}
