//! Turns a reason into a sentence.

use std::fmt::Write as _;

use crate::container::{Reason, Value};
use crate::units;

/// The sentence. Quotes from files are between backticks and not escaped; each format escapes them.
#[must_use]
pub fn sentence(reason: &Reason) -> String {
    let mut out = String::new();
    write_reason(&mut out, reason, false);
    out
}

/// The sentence with `…` instead of every quoted part. Reasons with the same general sentence are
/// counted together.
#[must_use]
pub fn general_sentence(reason: &Reason) -> String {
    let mut out = String::new();
    write_reason(&mut out, reason, true);
    out
}

fn write_reason(out: &mut String, reason: &Reason, is_general: bool) {
    let mut rest = reason.words.text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            break;
        };
        let part = reason.parts.iter().find(|(part, _)| *part == name);
        if let Some((_, value)) = part {
            write_value(out, value, is_general);
        }
        rest = after;
    }
    out.push_str(rest);
    for more in &reason.more {
        out.push_str(if out.ends_with('.') { " " } else { "; " });
        write_reason(out, more, is_general);
    }
}

fn write_value(out: &mut String, value: &Value, is_general: bool) {
    match value {
        Value::Path(_) | Value::Name(_) | Value::Written(_) if is_general => out.push_str("`…`"),
        Value::Path(text) | Value::Name(text) | Value::Written(text) => {
            // Writing to a string cannot fail.
            let _ = write!(out, "`{text}`");
        }
        Value::Capability(text) | Value::Image(text) | Value::Note(text) => out.push_str(text),
        Value::Port(port) => {
            let _ = write!(out, "{port}");
        }
        Value::Bytes(bytes) => out.push_str(&units::write_bytes(*bytes)),
        Value::Count(count) => {
            let _ = write!(out, "{count}");
        }
        Value::List(values) => {
            for (nth, value) in values.iter().enumerate() {
                if nth > 0 {
                    out.push_str(", ");
                }
                write_value(out, value, is_general);
            }
        }
        Value::Reason(reason) => write_reason(out, reason, is_general),
    }
}
