//! A shape as JSON Schema.

use serde_json::{Map, Value, json};

use super::notation::{Field, Shape, Unit};

/// Who writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writer {
    /// What it leaves out it may write as `null`, and fields that nobody knows are passed over.
    Client,
    /// What it leaves out is not there.
    Server,
}

/// The schema of `shape`; named shapes stand in the document under `prefix`.
pub(crate) fn schema(shape: &Shape, writer: Writer, prefix: &str) -> Value {
    let of = |shape: &Shape| schema(shape, writer, prefix);
    match shape {
        Shape::Any => json!({}),
        Shape::None => json!({"type": "null", "description": "no argument"}),
        Shape::Null => json!({"type": "null"}),
        Shape::Boolean(None) => json!({"type": "boolean"}),
        Shape::Boolean(Some(value)) => json!({"type": "boolean", "const": value}),
        Shape::Number => json!({"type": "number"}),
        Shape::Measure => json!({"type": "number", "minimum": 0}),
        Shape::Whole(None) => json!({"type": "integer", "minimum": 0}),
        Shape::Whole(Some((least, most))) => json!({"type": "integer", "minimum": least, "maximum": most}),
        Shape::Time(unit) => json!({"type": "integer", "minimum": 0, "description": words(*unit)}),
        Shape::Text(None) => json!({"type": "string"}),
        Shape::Text(Some((least, most))) => json!({"type": "string", "minLength": least, "maxLength": most}),
        Shape::Word(word) => json!({"type": "string", "const": word}),
        Shape::Id => json!({"type": "string", "pattern": ID, "description": "written like a UUID"}),
        Shape::Moment => json!({"type": "string", "pattern": MOMENT, "description": "ISO 8601, UTC"}),
        Shape::Language => json!({"type": "string", "pattern": LANGUAGE}),
        Shape::Digits => json!({"type": "string", "pattern": "^[0-9]{1,16}$"}),
        Shape::List(inner) => json!({"type": "array", "items": of(inner)}),
        Shape::Object { fields, open } => object(fields, *open, writer, prefix),
        Shape::OneOf(all) => match words_of(all) {
            Some(words) => json!({"type": "string", "enum": words}),
            None => json!({"anyOf": all.iter().map(of).collect::<Vec<_>>()}),
        },
        Shape::Named(name) => json!({"$ref": format!("#/components/schemas/{prefix}{name}")}),
    }
}

const ID: &str = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";
const MOMENT: &str = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$";
const LANGUAGE: &str = "^[A-Za-z]{2,3}(-[A-Za-z]{2})?$";

const fn words(unit: Unit) -> &'static str {
    match unit {
        Unit::Milliseconds => "milliseconds",
        Unit::Seconds => "seconds",
        Unit::Since1970 => "milliseconds since 1970",
    }
}

/// Alternatives that are all words.
fn words_of<'a>(all: &'a [Shape]) -> Option<Vec<&'a str>> {
    let word = |shape: &'a Shape| if let Shape::Word(word) = shape { Some(word.as_str()) } else { None };
    all.iter().map(word).collect()
}

fn object(fields: &[Field], open: bool, writer: Writer, prefix: &str) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for field in fields {
        let plain = schema(&field.shape, writer, prefix);
        let shown = if field.required || writer == Writer::Server || field.shape == Shape::Any {
            plain
        } else {
            json!({"anyOf": [plain, {"type": "null"}]})
        };
        properties.insert(field.name.clone(), shown);
        if field.required {
            required.push(field.name.as_str());
        }
    }
    let mut schema = json!({"type": "object", "properties": properties});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    if open || writer == Writer::Client {
        schema["additionalProperties"] = json!(true);
    }
    schema
}
