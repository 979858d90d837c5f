//! Replaces variables, quotes and escapes in a word, like `BuildKit` (moby/buildkit
//! `frontend/dockerfile/shell/lex.go`).

use std::iter::Peekable;
use std::str::Chars;

use crate::image::name::UNKNOWN;

/// The value of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Variable<'v> {
    /// The value; [`UNKNOWN`] stands for its unknown parts.
    Set(&'v str),
    /// The variable does not exist.
    Unset,
    /// The value is unknown: the base image or the build environment sets it.
    Unknown,
}

/// Maximum length of a word in bytes. Longer words are unknown, so nested variables cannot grow
/// without bound.
const LIMIT: usize = 4096;

/// Maximum depth of substitutions inside substitutions.
const DEPTH: usize = 16;

/// The word without its quotes and with its variables replaced; `None` if the builder would reject
/// it.
pub(super) fn expand<'v>(
    word: &str,
    escape: char,
    variable: &dyn Fn(&str) -> Variable<'v>,
) -> Option<String> {
    let mut expansion = Expansion {
        chars: word.chars().peekable(),
        escape,
        variable,
    };
    let mut out = Text::default();
    expansion.until(None, &mut out, DEPTH)?;
    Some(out.finish())
}

/// Whether the text has no unknown part.
pub(super) fn is_known(text: &str) -> bool {
    !text.contains(UNKNOWN)
}

/// A text with a maximum length of [`LIMIT`].
#[derive(Default)]
struct Text {
    text: String,
    is_too_long: bool,
}

impl Text {
    fn push(&mut self, char: char) {
        if self.text.len() >= LIMIT {
            self.is_too_long = true;
        } else {
            self.text.push(char);
        }
    }

    fn push_str(&mut self, text: &str) {
        if self.text.len() + text.len() > LIMIT {
            self.is_too_long = true;
        } else {
            self.text.push_str(text);
        }
    }

    fn finish(self) -> String {
        if self.is_too_long {
            UNKNOWN.to_string()
        } else {
            self.text
        }
    }
}

struct Expansion<'w, 'v, 'f> {
    chars: Peekable<Chars<'w>>,
    escape: char,
    variable: &'f dyn Fn(&str) -> Variable<'v>,
}

impl Expansion<'_, '_, '_> {
    /// Reads up to the character that ends a substitution, or to the end of the word.
    fn until(&mut self, end: Option<char>, out: &mut Text, depth: usize) -> Option<()> {
        while let Some(char) = self.chars.next() {
            match char {
                char if Some(char) == end => return Some(()),
                '\'' => loop {
                    match self.chars.next()? {
                        '\'' => break,
                        char => out.push(char),
                    }
                },
                '"' => self.quoted(out, depth)?,
                '$' => self.dollar(out, depth)?,
                char if char == self.escape => {
                    if let Some(char) = self.chars.next() {
                        out.push(char);
                    }
                }
                char => out.push(char),
            }
        }
        end.is_none().then_some(())
    }

    fn quoted(&mut self, out: &mut Text, depth: usize) -> Option<()> {
        loop {
            match self.chars.next()? {
                '"' => return Some(()),
                '$' => self.dollar(out, depth)?,
                char if char == self.escape => {
                    let escape = self.escape;
                    let next = self
                        .chars
                        .next_if(|next| matches!(next, '"' | '$') || *next == escape);
                    out.push(next.unwrap_or(char));
                }
                char => out.push(char),
            }
        }
    }

    /// Expands the variable after a dollar sign.
    fn dollar(&mut self, out: &mut Text, depth: usize) -> Option<()> {
        if self.chars.next_if_eq(&'{').is_none() {
            let name = self.name();
            if name.is_empty() {
                out.push('$');
            } else {
                write(out, (self.variable)(&name));
            }
            return Some(());
        }
        let depth = depth.checked_sub(1)?;
        let name = self.name();
        if name.is_empty() {
            return None;
        }
        let mut operation = self.chars.next()?;
        if operation == '}' {
            write(out, (self.variable)(&name));
            return Some(());
        }
        let empty_is_unset = operation == ':';
        if empty_is_unset {
            operation = self.chars.next()?;
        }
        let mut operand = Text::default();
        self.until(Some('}'), &mut operand, depth)?;
        let operand = operand.finish();
        let value = match (self.variable)(&name) {
            Variable::Set("") if empty_is_unset => Variable::Unset,
            value => value,
        };
        match (operation, value) {
            ('-', Variable::Unset) | ('+', Variable::Set(_)) => out.push_str(&operand),
            ('+', Variable::Unset) => {}
            ('-' | '?', value @ (Variable::Set(_) | Variable::Unknown)) => write(out, value),
            // The operators that cut a value are not implemented.
            ('+' | '#' | '%' | '/', _) => out.push(UNKNOWN),
            // The build fails at `?` if the variable is unset.
            _ => return None,
        }
        Some(())
    }

    /// The name of a variable: letters, digits and `_`. A single digit or a sign such as `?` is
    /// also a name.
    fn name(&mut self) -> String {
        let special = |char: &char| matches!(char, '@' | '*' | '#' | '?' | '-' | '$' | '!');
        if let Some(char) = self.chars.next_if(special) {
            return char.to_string();
        }
        let starts_with_digit = self.chars.peek().is_some_and(char::is_ascii_digit);
        let mut name = String::new();
        while let Some(char) = self.chars.next_if(|char| {
            char.is_ascii_digit() || !starts_with_digit && (char.is_alphanumeric() || *char == '_')
        }) {
            name.push(char);
        }
        name
    }
}

fn write(out: &mut Text, value: Variable<'_>) {
    match value {
        Variable::Set(text) => out.push_str(text),
        Variable::Unset => {}
        Variable::Unknown => out.push(UNKNOWN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(word: &str) -> Option<String> {
        expand(word, '\\', &|name| match name {
            "A" => Variable::Set("a"),
            "E" => Variable::Set(""),
            "B" => Variable::Unknown,
            _ => Variable::Unset,
        })
        .map(|text| text.replace(UNKNOWN, "~"))
    }

    #[test]
    fn variables() {
        for (word, expected) in [
            ("$A-${A}b", "a-ab"),
            ("'$A'\"$A\"\\$A", "$Aa$A"),
            ("${N:-x$A}", "xa"),
            ("${N:-${M:-y}}", "y"),
            ("${E:-x}${E-z}", "x"),
            ("${A:+x}${N:+y}${E+z}${E:+w}", "xz"),
            ("${A:?no}", "a"),
            ("$N$", "$"),
            ("$B/${B:-x}/${B:+x}", "~/~/~"),
            ("${A%%-*}", "~"),
            ("$1a", "a"),
            ("\"\\a\\\"\"", "\\a\""),
            ("a\\", "a"),
            ("${N:-'a}b'}", "a}b"),
        ] {
            assert_eq!(expanded(word).as_deref(), Some(expected), "{word}");
        }
    }

    #[test]
    fn words_that_the_builder_rejects() {
        for word in [
            "${",
            "${A",
            "${}",
            "${:-x}",
            "${A:",
            "${A^}",
            "${N?}",
            "${N:?why}",
            "'",
            "\"",
            "${A:-x",
        ] {
            assert_eq!(expanded(word), None, "{word}");
        }
    }

    #[test]
    fn expansion_is_bounded() {
        let long = "x".repeat(LIMIT + 1);
        assert_eq!(expanded(&long).as_deref(), Some("~"));
        assert_eq!(expanded(&"$A".repeat(LIMIT + 1)).as_deref(), Some("~"));
        assert_eq!(expanded(&"${N:-".repeat(100_000)), None);
    }
}
