//! Splits text like a POSIX shell, without expansion and without running anything.

use std::borrow::Cow;
use std::fmt::Write;
use std::str::Chars;

use crate::escape::acts;

/// A token of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token<'s> {
    /// A word as it is written, with its quotes.
    Word(&'s str),
    /// An operator between two commands.
    Operator(Operator),
}

/// An operator between two commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    /// `||`: the next command runs if the previous one failed.
    Or,
    /// `;` and the end of a line: the next command always runs.
    End,
    /// `&&`, `|`, `&`, parentheses.
    Other,
}

/// The words of a script and the operators between its commands. Comments are dropped.
///
/// Time is proportional to the length of the script.
pub(crate) fn tokens(script: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = script;
    std::iter::from_fn(move || {
        loop {
            rest = rest.trim_start_matches([' ', '\t', '\r']);
            let Some(after) = rest.strip_prefix("\\\n") else {
                break;
            };
            rest = after;
        }
        if rest.starts_with('#') {
            let end = rest.find('\n').unwrap_or(rest.len());
            rest = rest.get(end..)?;
        }
        for (mark, operator) in [
            ("||", Operator::Or),
            ("&&", Operator::Other),
            (";", Operator::End),
            ("\n", Operator::End),
            ("|", Operator::Other),
            ("&", Operator::Other),
            ("(", Operator::Other),
            (")", Operator::Other),
        ] {
            if let Some(after) = rest.strip_prefix(mark) {
                rest = after;
                return Some(Token::Operator(operator));
            }
        }
        let (word, after) = rest.split_at(word_end(rest));
        rest = after;
        (!word.is_empty()).then_some(Token::Word(word))
    })
}

/// The end of the word at the start: white space or an operator outside quotes, `$( )`, `${ }` and
/// backquotes.
fn word_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut quote = None;
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match (quote, byte) {
            (Some(b'\''), b'\'') => quote = None,
            (Some(b'\''), _) => {}
            (_, b'\\') => at += 1,
            (Some(open), byte) if open == *byte => quote = None,
            (None, b'"' | b'\'' | b'`') => quote = Some(*byte),
            (None, b'$') if matches!(bytes.get(at + 1), Some(b'(' | b'{')) => {
                depth += 1;
                at += 1;
            }
            (None, b'(') if depth > 0 => depth += 1,
            (None, b')' | b'}') if depth > 0 => depth -= 1,
            (None, b'&') if at > 0 && bytes.get(at - 1) == Some(&b'>') => {}
            (None, b' ' | b'\t' | b'\r' | b'\n' | b';' | b'&' | b'|' | b'(' | b')')
                if depth == 0 =>
            {
                return at;
            }
            _ => {}
        }
        at += 1;
    }
    text.len()
}

/// The words of one command. Quotes and backslashes are removed; operators are plain text.
pub(crate) fn words(text: &str) -> Vec<String> {
    split(text, |quote, rest| match quote {
        Some('\'') => Some('\\'),
        _ => rest.next(),
    })
}

/// The words between blanks. Quotes hold words together and are removed.
///
/// `backslash` returns the character for a backslash and the text after it, if any. Its arguments
/// are the open quote and the rest of the text, from which it may read.
pub(crate) fn split(
    text: &str,
    backslash: impl Fn(Option<char>, &mut Chars<'_>) -> Option<char>,
) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (None, ' ' | '\t' | '\n' | '\r') => words.extend(word.take()),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (Some(open), c) if c == open => quote = None,
            (_, '\\') => {
                let c = backslash(quote, &mut chars);
                word.get_or_insert_default().extend(c);
            }
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// The word without quotes around the whole word.
pub(crate) fn without_quotes(word: &str) -> &str {
    for quote in ['"', '\''] {
        let inner = word.strip_prefix(quote);
        if let Some(inner) = inner.and_then(|inner| inner.strip_suffix(quote))
            && !inner.contains(quote)
        {
            return inner;
        }
    }
    word
}

/// The word, with quotes if a shell would otherwise read another word.
///
/// Characters that can affect a terminal are written as escapes in `$'…'` (POSIX.1-2024, 2.2.4).
pub(crate) fn quote(word: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return Cow::Borrowed(word);
    }
    if word.chars().any(needs_escape) {
        let mut out = "$'".to_owned();
        for c in word.chars() {
            match c {
                '\'' | '\\' => out.extend(['\\', c]),
                c if needs_escape(c) => {
                    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                        // Writing to a string cannot fail.
                        let _ = write!(out, "\\{byte:03o}");
                    }
                }
                c => out.push(c),
            }
        }
        out.push('\'');
        return Cow::Owned(out);
    }
    let is_quotable = |c: char| !matches!(c, '"' | '$' | '`' | '\\' | '!');
    Cow::Owned(if word.contains('\'') && word.chars().all(is_quotable) {
        format!("\"{word}\"")
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    })
}

/// Whether the character needs an escape. Line breaks and tabs stay as they are, because quotes
/// keep them.
fn needs_escape(c: char) -> bool {
    acts(c) && !matches!(c, '\n' | '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_words_and_operators() {
        let read = |script| {
            let words = tokens(script).map(|token| match token {
                Token::Word(word) => word.to_owned(),
                Token::Operator(operator) => format!("<{operator:?}>"),
            });
            words.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            read("a 'b;c' \"d e\"f||g;h&&(i) # j\n\\\n k\\ l"),
            "a 'b;c' \"d e\"f <Or> g <End> h <Other> <Other> i <Other> <End> k\\ l"
        );
        assert_eq!(read("a $(b c) `d e` ${f:-g h}"), "a $(b c) `d e` ${f:-g h}");
        assert_eq!(read("a 'b c"), "a 'b c");
    }

    #[test]
    fn words_lose_their_quotes() {
        assert_eq!(
            words(r#"sh -c 'a "b" c\' d\ e "f\"g""#),
            ["sh", "-c", r#"a "b" c\"#, "d e", "f\"g"]
        );
        assert_eq!(words(""), Vec::<String>::new());
        assert_eq!(words("a ''"), ["a", ""]);
        for (word, bare) in [
            ("'a b'", "a b"),
            ("\"a\"", "a"),
            ("a", "a"),
            ("'a'b'c'", "'a'b'c'"),
            ("'", "'"),
            ("--x='a'", "--x='a'"),
        ] {
            assert_eq!(without_quotes(word), bare);
        }
    }

    #[test]
    fn words_are_quoted_where_a_shell_needs_it() {
        for (word, quoted) in [
            ("nginx:1.27@sha256:0", "nginx:1.27@sha256:0"),
            ("A=b,c", "A=b,c"),
            ("", "''"),
            ("a b", "'a b'"),
            ("$HOME", "'$HOME'"),
            ("~/x", "'~/x'"),
            ("{a,b}", "'{a,b}'"),
            ("*", "'*'"),
            ("#", "'#'"),
            ("it's", "\"it's\""),
            ("it's $5", "'it'\\''s $5'"),
            ("a\nb", "'a\nb'"),
            ("é", "'é'"),
            ("\u{1b}[2J'", "$'\\033[2J\\''"),
            ("\u{202e}", "$'\\342\\200\\256'"),
            ("\u{200b}", "$'\\342\\200\\213'"),
            ("\u{2028}", "$'\\342\\200\\250'"),
        ] {
            assert_eq!(quote(word), quoted, "{word:?}");
        }
    }
}
