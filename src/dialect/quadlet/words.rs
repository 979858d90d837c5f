//! Splits a value into words as systemd does (podman `pkg/systemd/parser/split.go`).

use crate::shell;

/// How a backslash is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Backslash {
    /// As an escape in C. `\s` is a space.
    Escapes,
    /// As a backslash.
    Stays,
}

/// The words between blanks. Quotes group words and are removed.
pub(super) fn split(text: &str, backslash: Backslash) -> Vec<String> {
    shell::split(text, |_, rest| match backslash {
        Backslash::Escapes => escaped(rest),
        Backslash::Stays => Some('\\'),
    })
}

/// The character of an escape. `None` at the end of the text.
fn escaped(chars: &mut std::str::Chars<'_>) -> Option<char> {
    let (digits, radix) = match chars.next()? {
        'a' => return Some('\u{7}'),
        'b' => return Some('\u{8}'),
        'f' => return Some('\u{c}'),
        'n' => return Some('\n'),
        'r' => return Some('\r'),
        't' => return Some('\t'),
        'v' => return Some('\u{b}'),
        's' => return Some(' '),
        'x' => (2, 16),
        'u' => (4, 16),
        'U' => (8, 16),
        c => return Some(c),
    };
    let (number, rest) = chars.as_str().split_at_checked(digits)?;
    *chars = rest.chars();
    char::from_u32(u32::from_str_radix(number, radix).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_systemd_splits_them() {
        assert_eq!(
            split(r#"sh -c 'a "b"' c\sd "e\x41" f\"g"#, Backslash::Escapes),
            ["sh", "-c", r#"a "b""#, "c d", "eA", "f\"g"]
        );
        assert_eq!(split(r"a\b 'c d'", Backslash::Stays), [r"a\b", "c d"]);
        assert_eq!(split("a ''", Backslash::Stays), ["a", ""]);
        assert!(split(" ", Backslash::Escapes).is_empty());
    }
}
