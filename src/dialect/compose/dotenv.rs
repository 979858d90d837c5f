//! Reads files of variables: `.env` and the files of `env_file` (compose-go `dotenv/parser.go`).

use std::collections::BTreeMap;

use super::interpolation::{Interpolated, interpolate_by};

/// The known values of variables, by name.
pub(crate) type Variables = BTreeMap<String, String>;

/// The variables of a file, in order, each with its value. The value is `None` if it depends on
/// something outside the file. A line with only a name passes that variable on.
///
/// `known` has precedence over the variables of the file itself. Returns `None` for a file that
/// Compose rejects.
pub(super) fn parse(text: &str, known: &Variables) -> Option<Vec<(String, Option<String>)>> {
    let mut found: Vec<(String, Option<String>)> = Vec::new();
    let mut own = Variables::new();
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return Some(found);
        }
        if rest.starts_with('#') {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
            continue;
        }
        let (name, is_passed_on, after) = name(rest)?;
        let (value, after) = if is_passed_on {
            (known.get(name).cloned(), after)
        } else {
            value(after, &|name| {
                known
                    .get(name)
                    .or_else(|| own.get(name))
                    .map(String::as_str)
            })?
        };
        rest = after;
        match &value {
            Some(value) => own.insert(name.to_owned(), value.clone()),
            None => own.remove(name),
        };
        found.push((name.to_owned(), value));
    }
}

/// The lines of a file in the format `raw`: the value is all text after the first `=`.
pub(super) fn parse_raw(text: &str) -> Vec<(String, Option<String>)> {
    text.lines()
        .map(str::trim_start)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| match line.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (line.to_owned(), None),
        })
        .collect()
}

/// The name at the start, whether the line ends after it, and the remaining text.
fn name(text: &str) -> Option<(&str, bool, &str)> {
    let text = text
        .strip_prefix("export")
        .map(|rest| (rest, rest.trim_start_matches(is_blank)))
        .filter(|(rest, trimmed)| rest.len() > trimmed.len())
        .map_or(text, |(_, trimmed)| trimmed);
    let end = text.find(['=', ':', '\n']).unwrap_or(text.len());
    let name = text[..end].trim_end();
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '[' | ']');
    if !name.chars().all(is_name) {
        return None;
    }
    let separator = text[end..].chars().next();
    let after = text.get(end + 1..).unwrap_or("");
    let is_passed_on = matches!(separator, None | Some('\n'));
    Some((name, is_passed_on, after.trim_start_matches(is_blank)))
}

/// The value at the start, and the remaining text.
fn value<'t, 'k>(
    text: &'t str,
    known: &dyn Fn(&str) -> Option<&'k str>,
) -> Option<(Option<String>, &'t str)> {
    let Some(quote) = text.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
        let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
        let line = line.split(" #").next().unwrap_or_default().trim_end();
        return Some((expanded(line, known), rest));
    };
    let mut inner = String::new();
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == quote && !is_escaped {
            let value = match quote {
                '"' => expanded(&unescaped(&inner), known),
                _ => Some(inner),
            };
            return Some((value, &text[at + 1..]));
        }
        if !is_escaped && c == '\\' {
            is_escaped = true;
            continue;
        }
        if is_escaped && c != quote {
            inner.push('\\');
        }
        is_escaped = false;
        inner.push(c);
    }
    None
}

/// The text with its variables replaced. `None` if a variable is not known.
fn expanded<'k>(text: &str, known: &dyn Fn(&str) -> Option<&'k str>) -> Option<String> {
    match interpolate_by(text, known) {
        Interpolated::Plain(text) => Some(text.into_owned()),
        Interpolated::Dynamic { default } => default,
        Interpolated::Invalid => None,
    }
}

/// Replaces shell escapes of double-quoted text. `\$` becomes `$$`, which later expands to `$`.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('$') => out.push_str("$$"),
            Some(quoted @ ('"' | '\\')) => out.push(quoted),
            Some(other) => out.extend(['\\', other]),
            None => out.push('\\'),
        }
    }
    out
}

/// Whether the character is white space other than a line break.
fn is_blank(c: char) -> bool {
    matches!(
        c,
        '\t' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Vec<(String, Option<String>)> {
        let known = Variables::from([("HOST".to_owned(), "h".to_owned())]);
        parse(text, &known).unwrap()
    }

    #[test]
    fn lines_are_read_as_compose_reads_them() {
        for (line, value) in [
            ("A=1", Some("1")),
            ("A = 1 2  # why", Some("1 2")),
            ("A: yaml", Some("yaml")),
            ("export A=1", Some("1")),
            ("A=", Some("")),
            ("A=a#b", Some("a#b")),
            ("A='$HOST \\n'", Some("$HOST \\n")),
            ("A=\"$HOST\\n\\$x\"", Some("h\n$x")),
            ("A=\"two\nlines\"", Some("two\nlines")),
            ("A=${NONE:-x}$HOST", Some("xh")),
            ("A=$NONE", None),
            ("A=1\r", Some("1")),
            ("\u{feff}# head\n\nA=1", Some("1")),
        ] {
            let value = value.map(str::to_owned);
            assert_eq!(parsed(line), [("A".to_owned(), value)], "{line}");
        }
    }

    #[test]
    fn a_file_expands_its_own_variables_and_passes_others_on() {
        let found = parsed("A=1\nB=${A}2\nHOST\nNONE\n");
        let of = |name: &str| found.iter().find(|(known, _)| known == name).unwrap();
        assert_eq!(of("B").1.as_deref(), Some("12"));
        assert_eq!(of("HOST").1.as_deref(), Some("h"));
        assert_eq!(of("NONE").1, None);
    }

    #[test]
    fn files_that_compose_rejects_are_rejected() {
        for text in ["A B=1", "A\"=1", "A=\"open"] {
            assert_eq!(parse(text, &Variables::new()), None, "{text}");
        }
    }

    #[test]
    fn raw_values_are_unchanged() {
        let found = parse_raw("# x\nA='$B' # c\n\nC\n");
        assert_eq!(found[0].1.as_deref(), Some("'$B' # c"));
        assert_eq!(found[1], ("C".to_owned(), None));
    }
}
