//! Reads `$` variables in the strings of a Compose file, and booleans.
//!
//! Compose replaces variables in every value after it has parsed the YAML. It reads booleans from
//! the resulting strings (compose-go: `template/template.go`, `loader/interpolate.go`).

use std::borrow::Cow;
use std::ops::Range;

use crate::project::Variable;

/// The maximum nesting of defaults. The value of a deeper default is treated as unknown.
const NESTING: usize = 16;

/// The most bytes that the variables of one string may add to it. A longer value is unknown, so
/// variables that repeat each other cannot grow without bound. Settings are far shorter.
pub(super) const ADDED: usize = 4096;

/// A string after interpolation, as far as the file determines it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Interpolated<'s> {
    /// The string has no variables. `$$` is replaced by `$`.
    Plain(Cow<'s, str>),
    /// The string depends on the environment.
    Dynamic {
        /// The string with the known values and the defaults of its variables. `None` if a variable
        /// has neither, or if the string is too long.
        default: Option<String>,
        /// The string is too long to be known.
        is_too_long: bool,
    },
    /// Compose rejects the string: `${` without a name or without an end.
    Invalid,
}

/// Calls [`interpolate_by`] without any known variable.
#[must_use]
pub(super) fn interpolate(text: &str) -> Interpolated<'_> {
    interpolate_by(text, &|_| Variable::Unset)
}

/// Reads `$VAR`, `${VAR}`, `${VAR:-default}`, `${VAR-default}`, `${VAR:?error}`, `${VAR?error}`,
/// `${VAR:+alternative}`, `${VAR+alternative}` and `$$`. A `$` before anything else is kept. A
/// value from `known` is inserted unchanged.
#[must_use]
pub(super) fn interpolate_by<'t, 'k>(
    text: &'t str,
    known: &dyn Fn(&str) -> Variable<'k>,
) -> Interpolated<'t> {
    if !text.contains('$') {
        return Interpolated::Plain(Cow::Borrowed(text));
    }
    let mut out = Expansion::new(text, known);
    out.expand(text, NESTING);
    match out {
        Expansion {
            is_invalid: true, ..
        } => Interpolated::Invalid,
        Expansion {
            is_dynamic: false,
            text,
            ..
        } => Interpolated::Plain(Cow::Owned(text)),
        Expansion {
            lacks_default,
            is_too_long,
            text,
            ..
        } => Interpolated::Dynamic {
            default: (!lacks_default && !is_too_long).then_some(text),
            is_too_long,
        },
    }
}

/// The string with the values of its variables, and the place of each value in it with the name of
/// its variable. `None` if no known variable has a value in it.
pub(super) fn inserted<'k>(
    text: &str,
    known: &dyn Fn(&str) -> Variable<'k>,
) -> Option<(String, Vec<Inserted>)> {
    let mut out = Expansion::new(text, known);
    out.expand(text, NESTING);
    (!out.inserted.is_empty()).then_some((out.text, out.inserted))
}

/// Reads a string as Compose reads a boolean, quoted or not: `toBoolean` on the lower-cased text.
/// `None` if Compose rejects the string.
#[must_use]
pub(super) fn compose_boolean(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "y" | "yes" | "on" => Some(true),
        "false" | "n" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// The place of the value of a variable in a text, and the name of the variable.
pub(super) type Inserted = (Range<usize>, String);

#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about the text"
)]
struct Expansion<'a, 'k> {
    /// The values of variables in `text`.
    inserted: Vec<Inserted>,
    known: &'a dyn Fn(&str) -> Variable<'k>,
    text: String,
    /// The maximum length of `text`.
    limit: usize,
    is_too_long: bool,
    is_dynamic: bool,
    lacks_default: bool,
    is_invalid: bool,
}

impl<'a, 'k> Expansion<'a, 'k> {
    fn new(text: &str, known: &'a dyn Fn(&str) -> Variable<'k>) -> Self {
        Self {
            known,
            inserted: Vec::new(),
            text: String::new(),
            limit: text.len() + ADDED,
            is_too_long: false,
            is_dynamic: false,
            lacks_default: false,
            is_invalid: false,
        }
    }

    fn expand(&mut self, text: &str, nesting: usize) {
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            self.text.push_str(&rest[..at]);
            let after = &rest[at + 1..];
            if let Some(literal) = after.strip_prefix('$') {
                self.text.push('$');
                rest = literal;
            } else if let Some(braced) = after.strip_prefix('{') {
                let Some(end) = self.braced(braced, nesting) else {
                    self.is_invalid = true;
                    return;
                };
                rest = &braced[end..];
            } else {
                let name = name_len(after);
                if name == 0 {
                    self.text.push('$');
                } else {
                    self.variable(&after[..name]);
                }
                rest = &after[name..];
            }
        }
        self.text.push_str(rest);
    }

    /// Reads a variable without a default, alternative or error.
    fn variable(&mut self, name: &str) {
        self.is_dynamic = true;
        match (self.known)(name) {
            Variable::Set(value) => self.insert(name, value),
            Variable::Unset => self.lacks_default = true,
            Variable::Unknown => self.is_too_long = true,
        }
    }

    /// Inserts the value of a variable, unless the text becomes too long.
    fn insert(&mut self, name: &str, value: &str) {
        let start = self.text.len();
        if start + value.len() > self.limit {
            self.is_too_long = true;
        } else {
            self.text.push_str(value);
            self.inserted
                .push((start..self.text.len(), name.to_owned()));
        }
    }

    /// Reads the text after `${`. Returns the position after the closing brace.
    fn braced(&mut self, text: &str, nesting: usize) -> Option<usize> {
        let name = name_len(text);
        if name == 0 {
            return None;
        }
        let after = &text[name..];
        if after.starts_with('}') {
            self.variable(&text[..name]);
            return Some(name + 1);
        }
        self.is_dynamic = true;
        let operator = after.strip_prefix(':').unwrap_or(after);
        let counts_empty = operator.len() == after.len();
        let value = match (self.known)(&text[..name]) {
            Variable::Set("") if !counts_empty => None,
            Variable::Set(value) => Some(value),
            Variable::Unset => None,
            Variable::Unknown => {
                self.is_too_long = true;
                None
            }
        };
        let kind = operator
            .chars()
            .next()
            .filter(|char| "-+?".contains(*char))?;
        let argument = &operator[1..];
        let start = text.len() - argument.len();
        let len = argument_len(argument)?;
        match (kind, value) {
            ('+', Some(_)) | ('-', None) if nesting > 0 => {
                self.expand(&argument[..len], nesting - 1);
            }
            // An alternative applies only to a variable that is set. Otherwise the result is empty.
            ('+', None) => {}
            ('-' | '?', Some(value)) => self.insert(&text[..name], value),
            _ => self.lacks_default = true,
        }
        Some(start + len + 1)
    }
}

/// `[_a-zA-Z][_a-zA-Z0-9]*`
pub(super) fn name_len(text: &str) -> usize {
    let mut bytes = text.bytes();
    if !bytes
        .next()
        .is_some_and(|byte| byte == b'_' || byte.is_ascii_alphabetic())
    {
        return 0;
    }
    1 + bytes
        .take_while(|&byte| byte == b'_' || byte.is_ascii_alphanumeric())
        .count()
}

/// The length of the text before the matching closing brace. Nested braces are counted. If braces
/// do not match, Compose uses the last brace of the line.
fn argument_len(text: &str) -> Option<usize> {
    let mut open = 1_usize;
    let mut skip = false;
    let mut last = None;
    for (at, byte) in text.bytes().enumerate() {
        if byte == b'\n' {
            break;
        }
        if byte == b'}' {
            last = Some(at);
        }
        match byte {
            // compose-go skips the byte after an opening brace.
            _ if skip => skip = false,
            b'}' => {
                open -= 1;
                if open == 0 {
                    return last;
                }
            }
            b'{' => {
                open += 1;
                skip = true;
            }
            _ => {}
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::{ADDED, Interpolated, compose_boolean, interpolate, interpolate_by};
    use crate::project::Variable;

    fn default_of(text: &str) -> Option<String> {
        match interpolate(text) {
            Interpolated::Dynamic { default, .. } => default,
            other => panic!("{text} is {other:?}"),
        }
    }

    #[test]
    fn strings_without_variables_are_unchanged() {
        for (text, expected) in [
            ("a", "a"),
            ("", ""),
            ("$$HOME", "$HOME"),
            ("a$", "a$"),
            ("$1 $(x)", "$1 $(x)"),
        ] {
            assert_eq!(
                interpolate(text),
                Interpolated::Plain(expected.into()),
                "{text}"
            );
        }
    }

    #[test]
    fn a_default_is_the_value_without_the_variable() {
        assert_eq!(default_of("${A:-x}"), Some("x".into()));
        assert_eq!(default_of("${A-x}-${B:-y}"), Some("x-y".into()));
        assert_eq!(default_of("${A:-${B:-${C-z}}}"), Some("z".into()));
        assert_eq!(default_of("${A:-{\"x\": 1}}"), Some("{\"x\": 1}".into()));
        assert_eq!(default_of("${A:-$$x}"), Some("$x".into()));
        assert_eq!(default_of("${A:-}"), Some(String::new()));
        assert_eq!(default_of("${A:+alt}"), Some(String::new()));
        assert_eq!(default_of("${A:-a?b+c}"), Some("a?b+c".into()));
    }

    #[test]
    fn a_variable_without_default_is_unknown() {
        for text in [
            "$A",
            "${A}",
            "x$A-y",
            "${A:?must be set}",
            "${A?}",
            "${A:-x} $B",
            "${A:-${B}}",
        ] {
            assert_eq!(default_of(text), None, "{text}");
        }
    }

    #[test]
    fn known_variables_are_replaced() {
        let known = |name: &str| match name {
            "A" => Variable::Set("a"),
            "EMPTY" => Variable::Set(""),
            _ => Variable::Unset,
        };
        for (text, expected) in [
            ("$A/${A}", Some("a/a")),
            ("${A:-x}${A:?must}${A?}", Some("aaa")),
            ("${EMPTY:-x}${EMPTY-y}", Some("x")),
            ("${A:+${B:-b}}${EMPTY+c}${EMPTY:+d}", Some("bc")),
            ("${EMPTY:?must}", None),
            ("$A$B", None),
        ] {
            let expected = Interpolated::Dynamic {
                default: expected.map(str::to_owned),
                is_too_long: false,
            };
            assert_eq!(interpolate_by(text, &known), expected, "{text}");
        }
    }

    #[test]
    fn strings_that_compose_rejects_are_invalid() {
        for text in ["${", "${}", "${1}", "${A", "${A:-x", "${A b}", "${A:}"] {
            assert_eq!(interpolate(text), Interpolated::Invalid, "{text}");
        }
    }

    #[test]
    fn deeply_nested_defaults_have_no_value() {
        let text = format!("{}{}", "${A:-".repeat(20_000), "}".repeat(20_000));
        assert_eq!(default_of(&text), None);
    }

    #[test]
    fn a_string_that_its_variables_make_too_long_is_unknown() {
        let long = "x".repeat(ADDED);
        let known = |name: &str| match name {
            "LONG" => Variable::Set(&long),
            "UNKNOWN" => Variable::Unknown,
            _ => Variable::Unset,
        };
        for (text, is_known) in [
            ("$LONG", true),
            ("${LONG:-x}", true),
            ("$LONG$LONG", false),
            ("${LONG}${A:+x}${LONG:?x}", false),
            ("${A:-$LONG$LONG}", false),
            ("$UNKNOWN", false),
            ("${UNKNOWN:-x}", false),
            ("${UNKNOWN:+x}", false),
            ("${UNKNOWN-}", false),
        ] {
            let found = interpolate_by(text, &known);
            let Interpolated::Dynamic {
                default,
                is_too_long,
            } = found
            else {
                panic!("{text} is {found:?}")
            };
            assert_eq!(
                (default.is_some(), is_too_long),
                (is_known, !is_known),
                "{text}"
            );
        }
    }

    #[test]
    fn booleans_are_read_from_any_string() {
        for text in ["true", "YES", "oN", "y", "True"] {
            assert_eq!(compose_boolean(text), Some(true), "{text}");
        }
        for text in ["false", "NO", "oFF", "n"] {
            assert_eq!(compose_boolean(text), Some(false), "{text}");
        }
        for text in ["1", "", "t", "null"] {
            assert_eq!(compose_boolean(text), None, "{text}");
        }
    }

    /// The number of characters of a large file.
    const MEGA: usize = 1 << 20;

    #[test]
    fn many_variables_in_one_string() {
        let source = "${A:-x}".repeat(MEGA / 4);
        assert!(
            matches!(interpolate(&source), Interpolated::Dynamic { default: Some(text), .. } if text.len() == MEGA / 4)
        );
        let source = "${A:-{".repeat(MEGA / 4);
        assert_eq!(interpolate(&source), Interpolated::Invalid);
    }
}
