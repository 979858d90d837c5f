//! Several words in one value, as systemd splits them (podman `pkg/systemd/parser/split.go`).

use crate::shell;

/// Whether a backslash says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Backslash {
    /// It escapes what follows, as in C; `\s` is a blank.
    Escapes,
    /// It is itself.
    Stays,
}

/// The words between blanks; quotes hold words together and are removed.
pub(super) fn split(text: &str, backslash: Backslash) -> Vec<String> {
    shell::split(text, |_, rest| match backslash {
        Backslash::Escapes => escaped(rest),
        Backslash::Stays => Some('\\'),
    })
}

/// What an escape stands for; nothing at the end of the text.
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
