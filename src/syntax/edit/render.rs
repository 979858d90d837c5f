//! Values as text: block lines, flow text, and the quoting of strings.

use super::Value;

/// How new text is written at one place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// Spaces from a mapping's keys to the keys of a mapping in it.
    pub(super) unit: usize,
    /// Spaces from a mapping's keys to the dashes of a sequence in it.
    pub(super) dash: usize,
    /// Every string is double quoted, as in JSON.
    pub(super) json: bool,
    /// No blank after `,` and `:`.
    pub(super) compact: bool,
    /// A blank inside the braces.
    pub(super) padded: bool,
}

/// A line to be: its indentation and its text.
pub(super) type Line = (usize, String);

/// The lines of one entry whose key stands at `column`.
pub(super) fn entry(key: &str, value: &Value, column: usize, look: Look, lines: &mut Vec<Line>) {
    let key = string(key, false, look.json);
    match value {
        Value::Map(entries) if !entries.is_empty() => {
            lines.push((column, format!("{key}:")));
            for (key, value) in entries {
                entry(key, value, column + look.unit, look, lines);
            }
        }
        Value::Seq(items) if !items.is_empty() => {
            lines.push((column, format!("{key}:")));
            for value in items {
                item(value, column + look.dash, look, lines);
            }
        }
        scalar => lines.push((column, format!("{key}: {}", flow(scalar, look, false)))),
    }
}

/// The lines of one item whose dash stands at `column`.
pub(super) fn item(value: &Value, column: usize, look: Look, lines: &mut Vec<Line>) {
    let Value::Map(entries) = value else {
        lines.push((column, format!("- {}", flow(value, look, false))));
        return;
    };
    let first = lines.len();
    for (key, value) in entries {
        entry(key, value, column + 2, look, lines);
    }
    match lines.get_mut(first) {
        Some(line) => *line = (column, format!("- {}", line.1)),
        None => lines.push((column, "- {}".to_owned())),
    }
}

/// The value on one line. `inside` a flow collection fewer strings are safe plain.
pub(super) fn flow(value: &Value, look: Look, inside: bool) -> String {
    let comma = if look.compact { "," } else { ", " };
    let pad = if look.padded { " " } else { "" };
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Str(text) => string(text, inside, look.json),
        Value::Seq(items) => {
            let items: Vec<_> = items.iter().map(|item| flow(item, look, true)).collect();
            format!("[{}]", items.join(comma))
        }
        Value::Map(entries) if entries.is_empty() => "{}".to_owned(),
        Value::Map(entries) => {
            let entries: Vec<_> = entries
                .iter()
                .map(|(key, value)| pair(key, value, look))
                .collect();
            format!("{{{pad}{}{pad}}}", entries.join(comma))
        }
    }
}

/// `key: value` inside a flow mapping.
pub(super) fn pair(key: &str, value: &Value, look: Look) -> String {
    let colon = if look.compact { ":" } else { ": " };
    format!(
        "{}{colon}{}",
        string(key, true, look.json),
        flow(value, look, true)
    )
}

/// The value over several lines, each nested collection indented by `unit`, as pretty JSON is.
pub(super) fn pretty(value: &Value, indent: usize, eol: &str, look: Look) -> String {
    let (open, close, parts): (_, _, Vec<String>) = match value {
        Value::Seq(items) if !items.is_empty() => (
            '[',
            ']',
            items
                .iter()
                .map(|item| pretty(item, indent + look.unit, eol, look))
                .collect(),
        ),
        Value::Map(entries) if !entries.is_empty() => (
            '{',
            '}',
            entries
                .iter()
                .map(|(key, value)| pretty_pair(key, value, indent + look.unit, eol, look))
                .collect(),
        ),
        scalar => return flow(scalar, look, true),
    };
    let mut text = String::from(open);
    for (index, part) in parts.iter().enumerate() {
        text.push_str(if index == 0 { "" } else { "," });
        text.push_str(eol);
        text.push_str(&" ".repeat(indent + look.unit));
        text.push_str(part);
    }
    text.push_str(eol);
    text.push_str(&" ".repeat(indent));
    text.push(close);
    text
}

/// `"key": value` with the value over several lines.
pub(super) fn pretty_pair(
    key: &str,
    value: &Value,
    indent: usize,
    eol: &str,
    look: Look,
) -> String {
    let colon = if look.compact { ":" } else { ": " };
    format!(
        "{}{colon}{}",
        string(key, true, look.json),
        pretty(value, indent, eol, look)
    )
}

/// A string as a scalar: plain where every consumer reads it as that string.
pub(super) fn string(text: &str, inside: bool, json: bool) -> String {
    if !json && is_plain(text, inside) {
        text.to_owned()
    } else {
        double(text)
    }
}

/// Every consumer (YAML 1.1 and 1.2, go-yaml v2 to v4, PyYAML) reads the plain scalar as this string.
fn is_plain(text: &str, inside: bool) -> bool {
    let mut chars = text.chars();
    let Some(first) = chars.next() else {
        return false;
    };
    if first.is_ascii_digit() {
        return is_quantity(text);
    }
    let allowed = |c: char| {
        c.is_ascii_alphanumeric() || "_./:@+-".contains(c) || (!inside && (c == ',' || c == '='))
    };
    (first.is_ascii_alphabetic() || first == '_' || first == '/')
        && chars.all(allowed)
        && !text.ends_with(':')
        && !is_word(text)
}

/// Words that some consumer reads as a boolean, null or number.
fn is_word(text: &str) -> bool {
    [
        "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf",
    ]
    .iter()
    .any(|word| text.eq_ignore_ascii_case(word))
}

/// Digits with a unit, such as `512m` and `64Mi`: no reading of YAML makes a number of that.
fn is_quantity(text: &str) -> bool {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    matches!(
        unit,
        "k" | "m" | "g" | "t" | "K" | "M" | "G" | "T" | "Ki" | "Mi" | "Gi" | "Ti"
    )
}

/// Double quoted, with what would not survive there escaped.
pub(super) fn double(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c if (c as u32) < 0x20
                || matches!(c as u32, 0x7f..=0x9f | 0x2028 | 0x2029 | 0xfeff) =>
            {
                quoted.push_str(&format!("\\u{:04X}", c as u32));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Single quoted; `None` where that cannot be written on one line.
pub(super) fn single(text: &str) -> Option<String> {
    let fits = !text
        .chars()
        .any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}'));
    fits.then(|| format!("'{}'", text.replace('\'', "''")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_everybody_reads_as_that_string_is_plain() {
        for plain in [
            "web",
            "/tmp:noexec,nosuid,size=64m",
            "no-new-privileges:true",
            "512m",
            "64Mi",
            "RuntimeDefault",
        ] {
            assert_eq!(string(plain, false, false), plain);
        }
        for quoted in [
            "",
            "n",
            "Yes",
            "on",
            "0755",
            "22:22",
            "2001-01-01",
            "1000:1000",
            "1",
            "1e3",
            ".5",
            "~",
            "a b",
            "a:",
            "a #b",
            "12e3",
            "0x1F",
            "-",
        ] {
            assert!(string(quoted, false, false).starts_with('"'), "{quoted}");
        }
        assert_eq!(string("a,b", true, false), "\"a,b\"");
    }
}
