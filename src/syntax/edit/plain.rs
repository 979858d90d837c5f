//! Which strings can be plain scalars, and how to quote the others.

use std::fmt::Write;

/// The quotes of a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quote {
    /// `'…'`
    Single,
    /// `"…"`
    Double,
}

/// Whether every reader reads this plain scalar as this string, also as a key.
///
/// go-yaml v2 reads `y`, `n`, `on` and `off` as booleans, even in keys. YAML 1.1 readers read
/// `22:22` as a sexagesimal number and `2001-01-01` as a date. The first character must be a
/// letter, `_` or `/`, which excludes every number, date and indicator.
///
/// Digits with a unit (`512m`, `64Mi`) are allowed, because no reader reads them as a number.
pub(super) fn is_plain_safe(text: &str, in_flow: bool) -> bool {
    let Some((&first, rest)) = text.as_bytes().split_first() else {
        return false;
    };
    if first.is_ascii_digit() {
        return is_quantity(text);
    }
    let is_allowed = |byte: &u8| {
        byte.is_ascii_alphanumeric()
            || b"_./:@+-".contains(byte)
            || !in_flow && matches!(byte, b',' | b'=')
    };
    (first.is_ascii_alphabetic() || matches!(first, b'_' | b'/'))
        && rest.iter().all(is_allowed)
        && !text.ends_with(':')
        && !is_word(text)
}

fn is_quantity(text: &str) -> bool {
    let unit = text.trim_start_matches(|digit: char| digit.is_ascii_digit());
    matches!(
        unit,
        "k" | "m" | "g" | "t" | "K" | "M" | "G" | "T" | "Ki" | "Mi" | "Gi" | "Ti"
    )
}

/// Whether some reader reads the word as a boolean, a null or a float. Case is ignored.
fn is_word(text: &str) -> bool {
    const WORDS: [&str; 12] = [
        "y", "n", "on", "no", "yes", "off", "nan", "inf", "null", "true", "false", "~",
    ];
    text.len() <= 5 && WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Appends the string in quotes. Double quotes replace single ones if the string needs escapes.
pub(super) fn quote(out: &mut String, text: &str, quote: Quote) {
    if quote == Quote::Single && !text.chars().any(needs_escape) {
        out.push('\'');
        out.push_str(&text.replace('\'', "''"));
        out.push('\'');
        return;
    }
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // These escapes are also valid in JSON, so a JSON file stays JSON.
            _ if needs_escape(character) => {
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    let _ = write!(out, "\\u{unit:04X}");
                }
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}

/// Whether a character needs an escape in a quoted scalar: controls, line breaks, the byte order
/// mark and noncharacters. All are in the Basic Multilingual Plane, so one `\u` is enough.
fn needs_escape(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_some_reader_types_are_quoted() {
        for text in [
            "",
            "n",
            "N",
            "y",
            "on",
            "Off",
            "YES",
            "no",
            "true",
            "False",
            "null",
            "~",
            "nan",
            "inf",
            ".inf",
            "0",
            "0755",
            "1000:1000",
            "22:22",
            "2001-01-01",
            "1e3",
            "+1",
            "-x",
            "=",
            "<<",
            "*a",
            "&a",
            "!a",
            "%a",
            "@a",
            "`a",
            "#a",
            "- a",
            "? a",
            " a",
            "a ",
            "a: b",
            "a #b",
            "12e3",
            "10Q",
            "[a]",
            "{a}",
            "a:",
            "ключ",
            "a b",
            "a\nb",
        ] {
            assert!(!is_plain_safe(text, false), "{text:?}");
        }
        assert!(!is_plain_safe("a,b", true));
    }

    #[test]
    fn words_that_every_reader_reads_as_text_are_plain() {
        for text in [
            "no-new-privileges:true",
            "ALL",
            "/tmp",
            "_x",
            "a:1",
            "nginx:1.27",
            "nobody",
            "512M",
            "64Mi",
            "/tmp:noexec,size=64m",
        ] {
            assert!(is_plain_safe(text, false), "{text:?}");
        }
    }

    #[test]
    fn quotes_escape_special_characters() {
        let quoted = |text: &str, style| {
            let mut out = String::new();
            quote(&mut out, text, style);
            out
        };
        assert_eq!(quoted("it's", Quote::Single), "'it''s'");
        assert_eq!(quoted("a\nb", Quote::Single), "\"a\\nb\"");
        assert_eq!(
            quoted("\"\\\u{1}\u{2028}é", Quote::Double),
            "\"\\\"\\\\\\u0001\\u2028é\""
        );
    }
}
