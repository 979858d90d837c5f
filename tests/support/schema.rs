//! Validates a value with a JSON Schema.

use serde_json::{Value, json};

/// The supported keywords of JSON Schema draft 7. Any other keyword in the schema is an error, so
/// every part of the schema is checked.
pub(crate) fn validate(root: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    let fails = |why: &str| Err(format!("{value} {why}"));
    for (keyword, rule) in schema.as_object().unwrap() {
        let holds = match keyword.as_str() {
            "$schema" | "title" | "description" | "examples" | "definitions" => true,
            "$ref" => {
                let pointer = rule.as_str().unwrap().strip_prefix('#').unwrap();
                validate(root, root.pointer(pointer).unwrap(), value)?;
                true
            }
            "type" => match rule {
                Value::Array(types) => types.iter().any(|one| is_of(value, one)),
                one => is_of(value, one),
            },
            "enum" => rule.as_array().unwrap().contains(value),
            "anyOf" => {
                let mut rules = rule.as_array().unwrap().iter();
                rules.any(|rule| validate(root, rule, value).is_ok())
            }
            "properties" => {
                for (key, rule) in rule.as_object().unwrap() {
                    if let Some(value) = value.get(key) {
                        validate(root, rule, value)?;
                    }
                }
                true
            }
            "additionalProperties" => {
                let known = schema.get("properties").and_then(Value::as_object);
                for (key, value) in value.as_object().into_iter().flatten() {
                    if known.is_some_and(|known| known.contains_key(key)) {
                        continue;
                    }
                    if *rule == json!(false) {
                        return fails(&format!("has the key {key}"));
                    }
                    validate(root, rule, value)?;
                }
                true
            }
            "required" => {
                let mut keys = rule.as_array().unwrap().iter();
                !value.is_object() || keys.all(|key| value.get(key.as_str().unwrap()).is_some())
            }
            "items" => {
                for item in value.as_array().into_iter().flatten() {
                    validate(root, rule, item)?;
                }
                true
            }
            "minimum" => value
                .as_f64()
                .is_none_or(|one| one >= rule.as_f64().unwrap()),
            "maximum" => value
                .as_f64()
                .is_none_or(|one| one <= rule.as_f64().unwrap()),
            "minLength" => length(value).is_none_or(|len| len >= rule.as_u64().unwrap()),
            "maxLength" => length(value).is_none_or(|len| len <= rule.as_u64().unwrap()),
            "pattern" => {
                let pattern = regex::Regex::new(rule.as_str().unwrap()).unwrap();
                value.as_str().is_none_or(|text| pattern.is_match(text))
            }
            other => panic!("this test does not know the keyword {other}"),
        };
        if !holds {
            return fails(&format!("breaks {keyword}"));
        }
    }
    Ok(())
}

fn is_of(value: &Value, kind: &Value) -> bool {
    match kind.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "null" => value.is_null(),
        other => panic!("{other} is no type"),
    }
}

fn length(value: &Value) -> Option<u64> {
    Some(value.as_str()?.chars().count() as u64)
}
