//! The fields that an event asks for, and refusing by their names.

use serde_json::value::RawValue;

use super::json;
use crate::domain::command::Refusal;

/// A field that is asked for, given or not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    name: &'static str,
    /// Clients write `null` for what they leave out, so that is not given either.
    value: Option<&'a RawValue>,
}

/// The fields of `object` by these names. What is no object has none of them, so that the first that is
/// required is named in the refusal. A field given twice means nothing and is refused.
pub(super) fn pick<'a, const N: usize>(
    object: Option<&'a RawValue>,
    names: [&'static str; N],
) -> Result<[Asked<'a>; N], Refusal> {
    let mut asked = names.map(|name| Asked { name, value: None });
    let mut twice = None;
    let read = json::each_field(object.map_or("{}", RawValue::get), |field| {
        if let Some(asked) = asked.iter_mut().find(|asked| asked.name == field.name) {
            twice = twice.or(asked.value.is_some().then_some(asked.name));
            asked.value = Some(field.value);
        }
    });
    if let (Ok(()), Some(field)) = (read, twice) {
        return Err(Refusal::Invalid { field });
    }
    for asked in &mut asked {
        asked.value = asked.value.filter(|value| value.get() != "null");
    }
    Ok(asked)
}

impl<'a> Asked<'a> {
    /// Refuses the event because of this field.
    pub(super) const fn invalid(self) -> Refusal {
        Refusal::Invalid { field: self.name }
    }

    /// Refuses the event because this field is longer than allowed.
    pub(super) const fn too_large(self) -> Refusal {
        Refusal::TooLarge { field: self.name }
    }

    /// What `read` makes of it. Not given is refused.
    pub(super) fn required<T>(self, read: impl FnOnce(&'a RawValue) -> Option<T>) -> Result<T, Refusal> {
        self.value.and_then(read).ok_or(self.invalid())
    }

    /// What `read` makes of it, if it is given.
    pub(super) fn optional<T>(
        self,
        read: impl FnOnce(&'a RawValue) -> Option<T>,
    ) -> Result<Option<T>, Refusal> {
        match self.value {
            Some(value) => read(value).map(Some).ok_or(self.invalid()),
            None => Ok(None),
        }
    }

    /// Whether it is given.
    pub(super) const fn is_given(self) -> bool {
        self.value.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number_of(object: Option<&str>) -> Result<Option<u64>, Refusal> {
        let object = object.map(|text| serde_json::from_str::<&RawValue>(text).expect("JSON"));
        let [number] = pick(object, ["number"])?;
        number.optional(json::whole)
    }

    #[test]
    fn a_field_is_given_once_or_not_at_all() {
        let invalid = Err(Refusal::Invalid { field: "number" });
        for (object, expected) in [
            (Some(r#"{"number":5,"other":6,"other":7}"#), Ok(Some(5))),
            (Some(r#"{"n\u0075mber":5}"#), Ok(Some(5))),
            (Some(r#"{"number":null}"#), Ok(None)),
            (Some(r#"{"Number":5}"#), Ok(None)),
            (Some("{}"), Ok(None)),
            (Some("[5]"), Ok(None)),
            (Some("5"), Ok(None)),
            (Some("null"), Ok(None)),
            (None, Ok(None)),
            (Some(r#"{"number":"5"}"#), invalid),
            (Some(r#"{"number":5,"n\u0075mber":5}"#), invalid),
            (Some(r#"{"number":null,"number":5}"#), invalid),
        ] {
            assert_eq!(number_of(object), expected, "{object:?}");
        }
    }

    #[test]
    fn what_is_required_is_named_when_it_is_not_given() {
        let [number] = pick(None, ["number"]).expect("nothing twice");
        assert!(!number.is_given());
        assert_eq!(number.required(json::whole), Err(Refusal::Invalid { field: "number" }));
    }
}
