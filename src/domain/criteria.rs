//! What a ticket wants, and how that relaxes with waiting.

use std::time::Duration;

use super::person::{Attributes, Gender};
use super::time::Time;

/// Ages from `min` to `max`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgeRange {
    /// Youngest accepted, years.
    pub min: u8,
    /// Oldest accepted, years.
    pub max: u8,
}

impl AgeRange {
    /// Every age there is.
    pub const ALL: Self = Self { min: 0, max: u8::MAX };
    /// No age at all.
    pub const NONE: Self = Self { min: u8::MAX, max: 0 };

    /// Whether `age` lies within.
    pub const fn contains(self, age: u8) -> bool {
        self.min <= age && age <= self.max
    }

    const fn widened(self, years: u8) -> Self {
        Self { min: self.min.saturating_sub(years), max: self.max.saturating_add(years) }
    }
}

/// Which wishes never relax.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Strict {
    /// The age range stays as asked.
    pub age: bool,
    /// The gender stays asked.
    pub gender: bool,
    /// The level stays asked.
    pub proficiency: bool,
}

/// What a ticket asks of the other, before any waiting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Criteria {
    /// The other's level must equal the own one.
    pub same_proficiency: bool,
    /// The other's age.
    pub age: AgeRange,
    /// The other's gender, if one is asked for.
    pub gender: Option<Gender>,
    /// What of this never relaxes.
    pub strict: Strict,
}

/// How far a ticket has come on the ladder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// 0: everything asked holds.
    #[default]
    Exact,
    /// 1: the level is no longer asked.
    AnyLevel,
    /// 2: the age range is wider.
    WiderAge,
    /// 3: the gender is no longer asked.
    AnyGender,
    /// 4: only the language pair.
    PairOnly,
}

impl Stage {
    /// Every stage, first to last.
    pub const ALL: [Self; 5] = [Self::Exact, Self::AnyLevel, Self::WiderAge, Self::AnyGender, Self::PairOnly];

    /// 0 to 4, as clients and metrics count.
    pub const fn number(self) -> u8 {
        self as u8
    }
}

/// When each stage opens, and how much wider ages become. Data, not code: operators may change it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ladder {
    /// Waiting after which each stage opens; the first is zero, none is shorter than the one before.
    pub opens_after: [Duration; 5],
    /// Years added on each side of the age range from [`Stage::WiderAge`] on.
    pub age_widening: u8,
}

impl Default for Ladder {
    /// Design section 5: 0, 15, 30, 45 and 60 seconds; five years.
    fn default() -> Self {
        Self { opens_after: [0, 15, 30, 45, 60].map(Duration::from_secs), age_widening: 5 }
    }
}

impl Ladder {
    /// The stage of somebody who has waited since `since`.
    pub fn stage_at(&self, since: Time, now: Time) -> Stage {
        let waited = now.since(since);
        let open = |stage: &Stage| self.opens_after[usize::from(stage.number())] <= waited;
        Stage::ALL.into_iter().rev().find(open).unwrap_or_default()
    }

    /// When the stage after `stage` opens; [`Time::NEVER`] on the last.
    pub fn next_stage_at(&self, since: Time, stage: Stage) -> Time {
        match self.opens_after.get(usize::from(stage.number()) + 1) {
            Some(after) => since + *after,
            None => Time::NEVER,
        }
    }

    /// What `criteria` still ask for at `stage`.
    pub fn wishes(&self, criteria: &Criteria, stage: Stage) -> Wishes {
        let strict = criteria.strict;
        let age = match stage {
            Stage::Exact | Stage::AnyLevel => criteria.age,
            _ if strict.age => criteria.age,
            Stage::WiderAge | Stage::AnyGender => criteria.age.widened(self.age_widening),
            Stage::PairOnly => AgeRange::ALL,
        };
        Wishes {
            same_proficiency: criteria.same_proficiency && (stage < Stage::AnyLevel || strict.proficiency),
            age,
            gender: criteria.gender.filter(|_| stage < Stage::AnyGender || strict.gender),
        }
    }
}

/// What a ticket asks for at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wishes {
    /// The other's level must equal the own one.
    pub same_proficiency: bool,
    /// The other's age.
    pub age: AgeRange,
    /// The other's gender.
    pub gender: Option<Gender>,
}

impl Wishes {
    /// Whether `mine`, who has these wishes, accepts `other`. Matching asks this of both.
    pub fn accept(&self, mine: &Attributes, other: &Attributes) -> bool {
        mine.direction() == other.direction().reverse()
            && (!self.same_proficiency || mine.proficiency == other.proficiency)
            && self.age.contains(other.age)
            && self.gender.is_none_or(|gender| other.gender == Some(gender))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn criteria(strict: Strict) -> Criteria {
        Criteria {
            same_proficiency: true,
            age: AgeRange { min: 20, max: 30 },
            gender: Some(Gender::Female),
            strict,
        }
    }

    #[test]
    fn each_stage_drops_one_wish() {
        let ladder = Ladder::default();
        let at = |stage| {
            let wishes = ladder.wishes(&criteria(Strict::default()), stage);
            (wishes.same_proficiency, wishes.age.min, wishes.age.max, wishes.gender.is_some())
        };
        assert_eq!(at(Stage::Exact), (true, 20, 30, true));
        assert_eq!(at(Stage::AnyLevel), (false, 20, 30, true));
        assert_eq!(at(Stage::WiderAge), (false, 15, 35, true));
        assert_eq!(at(Stage::AnyGender), (false, 15, 35, false));
        assert_eq!(at(Stage::PairOnly), (false, 0, 255, false));
    }

    #[test]
    fn what_is_strict_never_relaxes() {
        let all = Strict { age: true, gender: true, proficiency: true };
        let ladder = Ladder::default();
        let exact = ladder.wishes(&criteria(all), Stage::Exact);
        for stage in Stage::ALL {
            assert_eq!(ladder.wishes(&criteria(all), stage), exact, "{stage:?}");
        }
    }

    #[test]
    fn stages_open_at_their_times_and_not_before() {
        let ladder = Ladder::default();
        let since = Time::from_ms(1_000);
        let at = |ms: u64| ladder.stage_at(since, Time::from_ms(1_000 + ms)).number();
        assert_eq!([0, 14_999, 15_000, 30_000, 45_000, 59_999, 60_000].map(at), [0, 0, 1, 2, 3, 3, 4]);
        assert_eq!(ladder.next_stage_at(since, Stage::AnyLevel), Time::from_ms(31_000));
        assert_eq!(ladder.next_stage_at(since, Stage::PairOnly), Time::NEVER);
    }

    #[test]
    fn a_ladder_of_zeros_is_at_its_last_stage_at_once() {
        let ladder = Ladder { opens_after: [Duration::ZERO; 5], age_widening: 5 };
        assert_eq!(ladder.stage_at(Time::from_ms(7), Time::from_ms(7)), Stage::PairOnly);
    }
}
