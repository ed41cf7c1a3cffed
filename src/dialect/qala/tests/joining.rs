//! `matching:join_queue`, field by field.

use super::{decoded, invalid};
use crate::domain::command::{Command, Refusal};
use crate::domain::criteria::{AgeRange, Criteria, Strict};
use crate::domain::person::{Attributes, Gender, Proficiency};

const EVENT: &str = "matching:join_queue";

/// The least that is accepted, as a list of fields.
const LEAST: [(&str, &str); 4] = [
    ("native_language", r#""en""#),
    ("target_language", r#""es""#),
    ("age", "25"),
    ("proficiency_level", r#""beginner""#),
];

/// Joins with the least and `changes`: a field by that name is replaced, or left out where the text is empty.
fn join(changes: &[(&str, &str)]) -> Result<Command, Refusal> {
    let kept = LEAST.iter().filter(|(name, _)| changes.iter().all(|(changed, _)| name != changed));
    let given = kept.chain(changes.iter().filter(|(_, value)| !value.is_empty()));
    let fields: Vec<_> = given.map(|(name, value)| format!("\"{name}\":{value}")).collect();
    decoded(EVENT, &format!("{{{}}}", fields.join(",")))
}

fn least() -> (Attributes, Criteria) {
    let attributes = Attributes {
        speaks: "en".parse().expect("a language"),
        learns: "es".parse().expect("a language"),
        proficiency: Proficiency::Beginner,
        age: 25,
        gender: None,
    };
    let criteria = Criteria {
        same_proficiency: true,
        age: AgeRange { min: 16, max: 100 },
        gender: None,
        strict: Strict::default(),
    };
    (attributes, criteria)
}

/// Asserts that `changes` lead to what `change` makes of the least.
fn joins(changes: &[(&str, &str)], change: impl FnOnce(&mut Attributes, &mut Criteria)) {
    let (mut attributes, mut criteria) = least();
    change(&mut attributes, &mut criteria);
    assert_eq!(join(changes), Ok(Command::Join { attributes, criteria }), "{changes:?}");
}

#[test]
fn everything_that_can_be_said() {
    let all = r#"{"native_language":"pt-BR","target_language":"YUE","age":31,"gender":"non-binary",
        "proficiency_level":"any","age_min":20,"age_max":40,"gender_preference":"female",
        "userId":"somebody else","strict":["age","gender","proficiency"],"unheard":{"of":[]}}"#;
    let attributes = Attributes {
        speaks: "pt".parse().expect("a language"),
        learns: "yue".parse().expect("a language"),
        proficiency: Proficiency::Any,
        age: 31,
        gender: Some(Gender::NonBinary),
    };
    let criteria = Criteria {
        same_proficiency: false,
        age: AgeRange { min: 20, max: 40 },
        gender: Some(Gender::Female),
        strict: Strict { age: true, gender: true, proficiency: true },
    };
    assert_eq!(decoded(EVENT, all), Ok(Command::Join { attributes, criteria }));
}

#[test]
fn nothing_more_than_needed() {
    joins(&[], |_, _| ());
    let optional = ["gender", "age_min", "age_max", "gender_preference", "strict", "userId"];
    joins(&optional.map(|name| (name, "null")), |_, _| ());
    for who in ["5", "[]", "{}", r#""anybody""#, &format!("\"{}\"", "x".repeat(1_000))] {
        joins(&[("userId", who)], |_, _| ());
    }
}

#[test]
fn words_and_numbers_that_are_understood() {
    for (word, level) in [
        (r#""beginner""#, Proficiency::Beginner),
        (r#""intermediate""#, Proficiency::Intermediate),
        (r#""advanced""#, Proficiency::Advanced),
        (r#""any""#, Proficiency::Any),
    ] {
        joins(&[("proficiency_level", word)], |is, asks| {
            is.proficiency = level;
            asks.same_proficiency = level != Proficiency::Any;
        });
    }
    for (word, gender) in
        [("male", Gender::Male), ("female", Gender::Female), ("non-binary", Gender::NonBinary)]
    {
        let word = format!("\"{word}\"");
        joins(&[("gender", &word)], |is, _| is.gender = Some(gender));
        joins(&[("gender_preference", &word)], |_, asks| asks.gender = Some(gender));
    }
    joins(&[("gender_preference", r#""any""#)], |_, _| ());
    for (text, age) in [("13", 13), ("120", 120), ("25.0", 25), ("2.5e1", 25)] {
        joins(&[("age", text)], |is, _| is.age = age);
        joins(&[("age_min", text), ("age_max", "120")], |_, asks| {
            asks.age = AgeRange { min: age, max: 120 };
        });
    }
    joins(&[("age_min", "20"), ("age_max", "20")], |_, asks| asks.age = AgeRange { min: 20, max: 20 });
    joins(&[("age_min", "100")], |_, asks| asks.age = AgeRange { min: 100, max: 100 });
    joins(&[("age_max", "16")], |_, asks| asks.age = AgeRange { min: 16, max: 16 });
}

#[test]
fn each_strictness_by_itself() {
    joins(&[("strict", "[]")], |_, _| ());
    joins(&[("strict", r#"["age"]"#)], |_, asks| asks.strict.age = true);
    joins(&[("strict", r#"["gender","gender"]"#)], |_, asks| asks.strict.gender = true);
    joins(&[("strict", r#"["proficiency"]"#)], |_, asks| asks.strict.proficiency = true);
}

#[test]
fn the_field_that_is_wrong_is_named() {
    let long = format!("\"{}\"", "x".repeat(65));
    let wrong_text = ["", "null", "5", "true", "[]", "{}", r#""""#, r#""\ud83d""#, long.as_str()];
    for field in ["native_language", "target_language", "proficiency_level"] {
        for value in wrong_text {
            assert_eq!(join(&[(field, value)]), invalid(field), "{value}");
        }
    }
    for field in ["gender", "gender_preference"] {
        for value in wrong_text.iter().filter(|value| !matches!(**value, "" | "null")) {
            assert_eq!(join(&[(field, value)]), invalid(field), "{value}");
        }
        assert_eq!(join(&[(field, r#""Male""#)]), invalid(field));
    }
    assert_eq!(join(&[("gender", r#""any""#)]), invalid("gender"));
    for value in ["12", "121", "25.5", "-25", "1e9", "1e400", r#""25""#, "true", "[25]", "{}"] {
        for field in ["age", "age_min", "age_max"] {
            assert_eq!(join(&[(field, value)]), invalid(field), "{value}");
        }
    }
    for value in ["", "null"] {
        assert_eq!(join(&[("age", value)]), invalid("age"), "{value}");
    }
    for value in [r#""age""#, "{}", "5", "true", r#"["ages"]"#, r#"["age",null]"#, r#"[["age"]]"#, "[{}]"] {
        assert_eq!(join(&[("strict", value)]), invalid("strict"), "{value}");
    }
    for value in [r#""e""#, r#""english""#, r#""en-""#, r#""en_GB""#, r#"" en""#, r#""en-GBR""#] {
        assert_eq!(join(&[("native_language", value)]), invalid("native_language"), "{value}");
    }
}

#[test]
fn ages_in_the_wrong_order_are_the_fault_of_one_that_was_given() {
    assert_eq!(join(&[("age_min", "40"), ("age_max", "39")]), invalid("age_min"));
    assert_eq!(join(&[("age_min", "101")]), invalid("age_min"));
    assert_eq!(join(&[("age_max", "15")]), invalid("age_max"));
}

#[test]
fn what_is_no_object_lacks_the_first_field_and_what_comes_twice_is_refused() {
    for arguments in ["", "null", "5", r#""en""#, "[]", r#"["en","es",25]"#, "{}"] {
        assert_eq!(decoded(EVENT, arguments), invalid("native_language"), "{arguments}");
    }
    assert_eq!(join(&[("age_min", "20"), ("age_min", "21")]), invalid("age_min"));
}
