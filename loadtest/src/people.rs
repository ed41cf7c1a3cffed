//! Who the clients play, and who of them would talk to whom: the contract's rules of matching, written a second
//! time. The server's own code is not asked, or a mistake in it would judge itself.

use std::time::Duration;

use qala::domain::criteria::{AgeRange, Criteria, Strict};
use qala::domain::person::{Attributes, Gender, Language, Proficiency};
use serde::{Deserialize, Serialize};

use crate::random::Random;

/// Years by which ages widen from stage 2 on.
const AGE_WIDENING_YEARS: u8 = 5;

/// What somebody is and wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// What they are.
    pub is: Attributes,
    /// What they want.
    pub wants: Criteria,
}

impl Wish {
    /// Somebody who says nothing and asks for nothing.
    pub const NONE: Self = Self {
        is: Attributes {
            speaks: Language::UNDETERMINED,
            learns: Language::UNDETERMINED,
            proficiency: Proficiency::Any,
            age: 0,
            gender: None,
        },
        wants: Criteria {
            same_proficiency: false,
            age: AgeRange::ALL,
            gender: None,
            strict: Strict { age: false, gender: false, proficiency: false },
        },
    };
}

/// One language pair, whose people of both directions are drawn equally often.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// Two tags.
    pub languages: [String; 2],
    /// How common it is, beside the others.
    pub weight: f64,
}

/// Of which people a crowd consists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct People {
    /// The language pairs.
    pub pairs: Vec<Pair>,
    /// So many of a hundred insist on somebody of their level.
    pub level_percent: f64,
    /// So many of a hundred ask for an age range.
    pub age_percent: f64,
    /// So many of a hundred ask for a gender.
    pub gender_percent: f64,
    /// So many of a hundred never relax what they ask for.
    pub strict_percent: f64,
    /// So many of a hundred reject the first one they are offered.
    pub reject_percent: f64,
}

impl Default for People {
    /// A language exchange on an ordinary evening: few large pairs, a long tail.
    fn default() -> Self {
        let pair = |one: &str, other: &str, weight| Pair { languages: [one.into(), other.into()], weight };
        Self {
            pairs: vec![
                pair("en", "es", 40.0),
                pair("en", "ja", 15.0),
                pair("en", "fr", 12.0),
                pair("en", "ko", 10.0),
                pair("de", "en", 9.0),
                pair("es", "pt", 6.0),
                pair("en", "zh", 5.0),
                pair("ja", "pt", 2.0),
                pair("fr", "yue", 1.0),
            ],
            level_percent: 20.0,
            age_percent: 20.0,
            gender_percent: 10.0,
            strict_percent: 2.0,
            reject_percent: 2.0,
        }
    }
}

impl People {
    /// Somebody of this crowd.
    pub fn draw(&self, random: &mut Random) -> Wish {
        let pair = &self.pairs[random.weighted(self.pairs.iter().map(|pair| pair.weight))];
        let turned = usize::from(random.percent(50.0));
        let language = |place: usize| pair.languages[place].parse().unwrap_or(Language::UNDETERMINED);
        let (speaks, learns) = (language(turned), language(1 - turned));
        let insists = random.percent(self.level_percent);
        let proficiency = if insists {
            Proficiency::ALL[random.weighted([5.0, 3.0, 2.0].into_iter())]
        } else {
            Proficiency::Any
        };
        // Two throws: more in their twenties than in their sixties.
        let years = random.below(20) + random.below(30);
        let age = 18 + u8::try_from(years).unwrap_or(0);
        let gender = Gender::ALL[random.weighted([48.0, 48.0, 4.0].into_iter())];
        let ages = if random.percent(self.age_percent) {
            AgeRange { min: age.saturating_sub(10).max(13), max: age.saturating_add(10) }
        } else {
            AgeRange { min: 13, max: 120 }
        };
        let wanted = random.percent(self.gender_percent);
        let wanted = wanted.then(|| Gender::ALL[random.weighted([1.0, 1.0].into_iter())]);
        let strict = random.percent(self.strict_percent);
        Wish {
            is: Attributes { speaks, learns, proficiency, age, gender: Some(gender) },
            wants: Criteria {
                same_proficiency: insists,
                age: ages,
                gender: wanted,
                strict: Strict { age: strict, gender: strict, proficiency: strict },
            },
        }
    }
}

/// When each stage opens, by waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stages(pub [Duration; 5]);

impl Stages {
    /// The furthest stage that somebody may have come to who has waited that long.
    pub fn reached(&self, waited: Duration) -> usize {
        self.0.iter().rposition(|after| *after <= waited).unwrap_or(0)
    }

    /// After how much waiting `one` accepts `other`; `None`: never.
    pub fn accepts_after(&self, one: &Wish, other: &Wish) -> Option<Duration> {
        (0..self.0.len()).find(|stage| accepts(one, other, *stage)).map(|stage| self.0[stage])
    }
}

/// Whether `one`, at that stage, would talk to `other`.
pub fn accepts(one: &Wish, other: &Wish, stage: usize) -> bool {
    let (mine, theirs, wants) = (&one.is, &other.is, &one.wants);
    if mine.speaks != theirs.learns || mine.learns != theirs.speaks {
        return false;
    }
    let asks_level = wants.same_proficiency && (stage < 1 || wants.strict.proficiency);
    if asks_level && mine.proficiency != theirs.proficiency {
        return false;
    }
    let widening = match stage {
        _ if wants.strict.age => Some(0),
        0 | 1 => Some(0),
        2 | 3 => Some(AGE_WIDENING_YEARS),
        _ => None,
    };
    if let Some(years) = widening {
        let low = wants.age.min.saturating_sub(years);
        let high = wants.age.max.saturating_add(years);
        if !(low..=high).contains(&theirs.age) {
            return false;
        }
    }
    let asks_gender = wants.gender.filter(|_| stage < 3 || wants.strict.gender);
    asks_gender.is_none_or(|gender| theirs.gender == Some(gender))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish() -> Wish {
        let language = |tag: &str| tag.parse().expect("a language");
        Wish {
            is: Attributes {
                speaks: language("en"),
                learns: language("es"),
                proficiency: Proficiency::Beginner,
                age: 30,
                gender: Some(Gender::Male),
            },
            wants: Criteria {
                same_proficiency: true,
                age: AgeRange { min: 20, max: 40 },
                gender: Some(Gender::Female),
                strict: Strict::default(),
            },
        }
    }

    fn other(level: Proficiency, age: u8, gender: Gender) -> Wish {
        let mut other = wish();
        std::mem::swap(&mut other.is.speaks, &mut other.is.learns);
        other.is = Attributes { proficiency: level, age, gender: Some(gender), ..other.is };
        other
    }

    #[test]
    fn each_wish_is_given_up_at_its_stage() {
        let stages = Stages([0, 15, 30, 45, 60].map(Duration::from_secs));
        let after = |other: &Wish| stages.accepts_after(&wish(), other).map(|after| after.as_secs());
        assert_eq!(after(&other(Proficiency::Beginner, 30, Gender::Female)), Some(0));
        assert_eq!(after(&other(Proficiency::Advanced, 30, Gender::Female)), Some(15));
        assert_eq!(after(&other(Proficiency::Beginner, 45, Gender::Female)), Some(30));
        assert_eq!(after(&other(Proficiency::Beginner, 30, Gender::Male)), Some(45));
        assert_eq!(after(&other(Proficiency::Beginner, 90, Gender::Female)), Some(60));
        assert_eq!(after(&wish()), None);
        let mut strict = wish();
        strict.wants.strict = Strict { age: true, gender: true, proficiency: true };
        assert_eq!(stages.accepts_after(&strict, &other(Proficiency::Advanced, 30, Gender::Female)), None);
        assert_eq!(stages.reached(Duration::from_secs(44)), 2);
    }

    #[test]
    fn the_same_seed_draws_the_same_people() {
        let draw = |seed| {
            let mut random = Random::new(seed);
            [(); 50].map(|()| People::default().draw(&mut random))
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }
}
