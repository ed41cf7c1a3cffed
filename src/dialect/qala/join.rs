//! `matching:join_queue`: what somebody is, and wants.

use std::ops::RangeInclusive;

use serde_json::value::RawValue;

use super::super::field::{Asked, pick};
use super::super::json;
use crate::domain::command::{Command, Refusal};
use crate::domain::criteria::{AgeRange, Criteria, Strict};
use crate::domain::person::{Attributes, Gender, Language, Proficiency};

/// Ages that somebody may have, or ask for.
const AGES: RangeInclusive<u8> = 13..=120;
/// What is asked for by somebody who names no ages.
const USUAL_AGES: AgeRange = AgeRange { min: 16, max: 100 };
/// A preference that is none.
const ANY: &str = "any";

/// `userId` is not read: the token says who it is. Every text here is a word of a closed list or a language
/// tag, so none needs a length of its own.
pub(super) fn join(argument: Option<&RawValue>) -> Result<Command, Refusal> {
    let [speaks, learns, own_age, own_gender, level, age_min, age_max, preference, strict] = pick(
        argument,
        [
            "native_language",
            "target_language",
            "age",
            "gender",
            "proficiency_level",
            "age_min",
            "age_max",
            "gender_preference",
            "strict",
        ],
    )?;
    let attributes = Attributes {
        speaks: speaks.required(language)?,
        learns: learns.required(language)?,
        age: own_age.required(age)?,
        gender: own_gender.optional(gender)?,
        proficiency: level.required(proficiency)?,
    };
    let criteria = Criteria {
        same_proficiency: attributes.proficiency != Proficiency::Any,
        age: age_range(age_min, age_max)?,
        gender: preferred(preference)?,
        strict: strict.optional(strictness)?.unwrap_or_default(),
    };
    Ok(Command::Join { attributes, criteria })
}

fn language(value: &RawValue) -> Option<Language> {
    json::text(value)?.parse().ok()
}

fn age(value: &RawValue) -> Option<u8> {
    u8::try_from(json::whole(value)?).ok().filter(|age| AGES.contains(age))
}

fn gender(value: &RawValue) -> Option<Gender> {
    let word = json::text(value)?;
    Gender::ALL.into_iter().find(|gender| gender.as_str() == word)
}

fn proficiency(value: &RawValue) -> Option<Proficiency> {
    let word = json::text(value)?;
    Proficiency::ALL.into_iter().find(|level| level.as_str() == word)
}

fn age_range(min: Asked<'_>, max: Asked<'_>) -> Result<AgeRange, Refusal> {
    let range = AgeRange {
        min: min.optional(age)?.unwrap_or(USUAL_AGES.min),
        max: max.optional(age)?.unwrap_or(USUAL_AGES.max),
    };
    if range.min <= range.max {
        return Ok(range);
    }
    // The fault is with one that was given.
    Err(if min.is_given() { min.invalid() } else { max.invalid() })
}

fn preferred(preference: Asked<'_>) -> Result<Option<Gender>, Refusal> {
    match preference.optional(json::text)? {
        Some(word) if word == ANY => Ok(None),
        Some(_) | None => preference.optional(gender),
    }
}

fn strictness(value: &RawValue) -> Option<Strict> {
    let mut strict = Strict::default();
    let mut known = true;
    json::each_element(value.get(), |_, word| match json::text(word).as_deref() {
        Some("age") => strict.age = true,
        Some("gender") => strict.gender = true,
        Some("proficiency") => strict.proficiency = true,
        Some(_) | None => known = false,
    })
    .ok()?;
    known.then_some(strict)
}
