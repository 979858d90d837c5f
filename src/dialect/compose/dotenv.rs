//! Reads files of variables: `.env` and the files of `env_file` (compose-go `dotenv/parser.go`).
//!
//! Each value and all values together have a maximum size, because lines such as `B=${A}${A}` can
//! double a value again and again.

use std::collections::BTreeMap;

use super::interpolation::{Interpolated, interpolate_by};
use crate::project::{Variable, VariableLimit};

/// The maximum size in bytes of the files that are read together.
const BYTES: usize = 4 << 20;

/// The maximum number of variables in files that are read together.
const COUNT: usize = 1 << 16;

/// The most bytes that references may add to the values of files that are read together, and to
/// the strings of one Compose file.
pub(super) const EXPANSION: usize = 4 << 20;

/// A variable of a file: its name and its value.
pub(super) type Entry = (String, Value);

/// The value of a variable in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// The value.
    Set(String),
    /// The value depends on something outside the file.
    Unset,
    /// The value is too long to be known.
    Unknown,
}

/// Why a file has no variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Compose rejects the file.
    Rejected,
    /// The files exceed a limit in this line, counted from 1.
    Beyond(usize, VariableLimit),
}

/// What the files that are read together may still use.
#[derive(Debug)]
pub(super) struct Budget {
    bytes: usize,
    count: usize,
    expansion: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            bytes: BYTES,
            count: COUNT,
            expansion: EXPANSION,
        }
    }
}

impl Budget {
    /// Counts a whole file.
    fn file(&mut self, text: &str) -> Result<(), Fault> {
        let left = self.bytes.checked_sub(text.len());
        self.bytes = left.ok_or(Fault::Beyond(1, VariableLimit::Bytes(BYTES)))?;
        Ok(())
    }

    /// Counts a variable whose value has `added` more bytes than its text in the file.
    fn variable(&mut self, added: usize) -> Result<(), VariableLimit> {
        let count = self.count.checked_sub(1);
        self.count = count.ok_or(VariableLimit::Count(COUNT))?;
        let expansion = self.expansion.checked_sub(added);
        self.expansion = expansion.ok_or(VariableLimit::Expansion(EXPANSION))?;
        Ok(())
    }
}

/// The variables of a file, in order. A line with only a name passes that variable on.
///
/// `known` has precedence over the variables of the file itself.
pub(super) fn parse<'k>(
    text: &str,
    known: &dyn Fn(&str) -> Variable<'k>,
    budget: &mut Budget,
) -> Result<Vec<Entry>, Fault> {
    budget.file(text)?;
    let mut found: Vec<Entry> = Vec::new();
    let mut own: BTreeMap<String, Value> = BTreeMap::new();
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return Ok(found);
        }
        if rest.starts_with('#') {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
            continue;
        }
        let before = rest;
        let (name, is_passed_on, after) = name(rest).ok_or(Fault::Rejected)?;
        let (value, after) = if is_passed_on {
            (Value::of(known(name)), after)
        } else {
            let variable = |name: &str| match known(name) {
                Variable::Unset => own.get(name).map_or(Variable::Unset, Value::variable),
                // The borrow of `own` is shorter.
                Variable::Set(value) => Variable::Set(value),
                Variable::Unknown => Variable::Unknown,
            };
            value(after, &variable).ok_or(Fault::Rejected)?
        };
        rest = after;
        let added = match &value {
            Value::Set(value) => value.len().saturating_sub(before.len() - after.len()),
            Value::Unset | Value::Unknown => 0,
        };
        budget.variable(added).map_err(|limit| {
            let line = text[..text.len() - before.len()].matches('\n').count() + 1;
            Fault::Beyond(line, limit)
        })?;
        own.insert(name.to_owned(), value.clone());
        found.push((name.to_owned(), value));
    }
}

impl Value {
    fn of(variable: Variable<'_>) -> Self {
        match variable {
            Variable::Set(value) => Self::Set(value.to_owned()),
            Variable::Unset => Self::Unset,
            Variable::Unknown => Self::Unknown,
        }
    }

    fn variable(&self) -> Variable<'_> {
        match self {
            Self::Set(value) => Variable::Set(value),
            Self::Unset => Variable::Unset,
            Self::Unknown => Variable::Unknown,
        }
    }

    /// The value, if it is known.
    pub(super) fn known(self) -> Option<String> {
        match self {
            Self::Set(value) => Some(value),
            Self::Unset | Self::Unknown => None,
        }
    }
}

/// The lines of a file in the format `raw`: the value is all text after the first `=`.
pub(super) fn parse_raw(text: &str, budget: &mut Budget) -> Result<Vec<Entry>, Fault> {
    budget.file(text)?;
    let lines = text.lines().map(str::trim_start).zip(1..);
    let lines = lines.filter(|(line, _)| !line.is_empty() && !line.starts_with('#'));
    let entries = lines.map(|(line, number)| {
        let variable = budget.variable(0);
        variable.map_err(|limit| Fault::Beyond(number, limit))?;
        Ok(match line.split_once('=') {
            Some((name, value)) => (name.to_owned(), Value::Set(value.to_owned())),
            None => (line.to_owned(), Value::Unset),
        })
    });
    entries.collect()
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
fn value<'t, 'k>(text: &'t str, known: &dyn Fn(&str) -> Variable<'k>) -> Option<(Value, &'t str)> {
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
                _ => Value::Set(inner),
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

/// The text with its variables replaced.
fn expanded<'k>(text: &str, known: &dyn Fn(&str) -> Variable<'k>) -> Value {
    match interpolate_by(text, known) {
        Interpolated::Plain(text) => Value::Set(text.into_owned()),
        Interpolated::Dynamic {
            is_too_long: true, ..
        } => Value::Unknown,
        Interpolated::Dynamic { default, .. } => default.map_or(Value::Unset, Value::Set),
        Interpolated::Invalid => Value::Unset,
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
    use std::fmt::Write as _;

    use super::*;

    fn parsed(text: &str) -> Vec<(String, Option<String>)> {
        let known = |name: &str| match name {
            "HOST" => Variable::Set("h"),
            _ => Variable::Unset,
        };
        let found = parse(text, &known, &mut Budget::default()).unwrap();
        let found = found.into_iter();
        found.map(|(name, value)| (name, value.known())).collect()
    }

    fn fault(text: &str) -> Fault {
        parse(text, &|_| Variable::Unset, &mut Budget::default()).unwrap_err()
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
            assert_eq!(fault(text), Fault::Rejected, "{text}");
        }
    }

    #[test]
    fn raw_values_are_unchanged() {
        let found = parse_raw("# x\nA='$B' # c\n\nC\n", &mut Budget::default()).unwrap();
        assert_eq!(found[0].1, Value::Set("'$B' # c".to_owned()));
        assert_eq!(found[1], ("C".to_owned(), Value::Unset));
    }

    #[test]
    fn a_value_that_doubles_again_and_again_is_unknown() {
        let mut text = "A0=xxxxxxxx\n".to_owned();
        for line in 1..200 {
            let last = line - 1;
            let _ = writeln!(text, "A{line}=${{A{last}}}${{A{last}}}");
        }
        text.push_str("B=${A199:-default}\nC=${A199:+set}\nD=$A3\n");
        let found = parse(&text, &|_| Variable::Unset, &mut Budget::default()).unwrap();
        let size = |(_, value): &Entry| match value {
            Value::Set(value) => value.len(),
            Value::Unset | Value::Unknown => 0,
        };
        assert!(found.iter().map(size).max() < Some(1 << 14));
        assert_eq!(found[3].1, Value::Set("x".repeat(64)));
        for entry in &found[20..202] {
            assert_eq!(entry.1, Value::Unknown, "{}", entry.0);
        }
        assert_eq!(found[202].1, Value::Set("x".repeat(64)));
    }

    #[test]
    fn all_values_together_are_bounded() {
        let mut text = format!("A={}\n", "x".repeat(4000));
        for line in 1..20_000 {
            let _ = writeln!(text, "A{line}=$A");
        }
        let Fault::Beyond(line, limit) = fault(&text) else {
            panic!("{:?}", fault(&text))
        };
        assert_eq!(limit, VariableLimit::Expansion(EXPANSION));
        assert!((1_000..1_100).contains(&line), "{line}");

        let many = "A=\n".repeat(COUNT + 1);
        let beyond = Fault::Beyond(COUNT + 1, VariableLimit::Count(COUNT));
        assert_eq!(fault(&many), beyond);
        assert_eq!(parse_raw(&many, &mut Budget::default()), Err(beyond));

        let large = format!("A={}", "x".repeat(BYTES));
        let beyond = Fault::Beyond(1, VariableLimit::Bytes(BYTES));
        assert_eq!(fault(&large), beyond);
        assert_eq!(parse_raw(&large, &mut Budget::default()), Err(beyond));
    }

    #[test]
    fn a_chain_that_grows_by_one_character_is_bounded() {
        let mut text = "A0=x\n".to_owned();
        for line in 1..20_000 {
            let _ = writeln!(text, "A{line}=${{A{}}}x", line - 1);
        }
        assert!(matches!(
            fault(&text),
            Fault::Beyond(_, VariableLimit::Expansion(_))
        ));
    }
}
