//! Words of an instruction: splitting, here-document marks, and JSON lists of strings.

/// Splits at white space outside quotes. The words keep their quotes and escapes.
pub(super) fn split(text: &str, escape: char) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let mut quote = None;
        let mut escaped = false;
        let end = rest
            .char_indices()
            .find(|(_, char)| {
                if std::mem::take(&mut escaped) {
                    return false;
                }
                match quote {
                    None if char.is_whitespace() => return true,
                    None if matches!(char, '"' | '\'') => quote = Some(*char),
                    Some(open) if open == *char => quote = None,
                    _ => {}
                }
                escaped = *char == escape && quote != Some('\'');
                false
            })
            .map_or(rest.len(), |(at, _)| at);
        let (word, after) = rest.split_at(end);
        rest = after;
        (!word.is_empty()).then_some(word)
    })
}

/// The end mark of the here-document that a word starts (`<<EOF`, `3<<-"EOF"`), and whether tabs
/// before the end mark are ignored.
pub(super) fn heredoc_name(word: &str) -> Option<(&str, bool)> {
    let name = word
        .trim_start_matches(|c: char| c.is_ascii_digit())
        .strip_prefix("<<")?;
    let (name, chomps) = match name.strip_prefix('-') {
        Some(name) => (name, true),
        None => (name, false),
    };
    let bare = name.trim_matches(['"', '\'']);
    (!bare.is_empty() && !name.contains('<')).then_some((bare, chomps))
}

/// Parses a JSON list of strings; `None` for anything else.
pub(super) fn exec_form(text: &str) -> Option<Vec<String>> {
    let mut rest = text.trim().strip_prefix('[')?.trim_start();
    let mut items = Vec::new();
    if let Some(after) = rest.strip_prefix(']') {
        return after.is_empty().then_some(items);
    }
    loop {
        let (item, after) = json_string(rest.strip_prefix('"')?)?;
        items.push(item);
        rest = after.trim_start();
        if let Some(after) = rest.strip_prefix(']') {
            return after.is_empty().then_some(items);
        }
        rest = rest.strip_prefix(',')?.trim_start();
    }
}

/// Splits at the closing quote of a JSON string: the decoded string, and the text after the quote.
fn json_string(text: &str) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Some((out, text.get(at + 1..)?)),
            '\\' => match chars.next()?.1 {
                char @ ('"' | '\\' | '/') => out.push(char),
                'b' => out.push('\u{8}'),
                'f' => out.push('\u{c}'),
                'n' => out.push('\n'),
                'r' => out.push('\r'),
                't' => out.push('\t'),
                'u' => {
                    let mut code = 0;
                    for _ in 0..4 {
                        code = code * 16 + chars.next()?.1.to_digit(16)?;
                    }
                    // An unpaired surrogate does not occur in a valid path or user name.
                    out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                _ => return None,
            },
            char if char.is_control() => return None,
            char => out.push(char),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_end_at_white_space() {
        let words = |text| split(text, '\\').collect::<Vec<_>>();
        assert_eq!(
            words(" a  'b c'd \"e \\\" f\" "),
            ["a", "'b c'd", "\"e \\\" f\""]
        );
        assert_eq!(words("a\\ b c"), ["a\\ b", "c"]);
        assert_eq!(words("'never closed "), ["'never closed "]);
        assert_eq!(words("\\"), ["\\"]);
        assert!(words(" \t").is_empty());
    }

    #[test]
    fn lists_are_json() {
        let list = |text| exec_form(text);
        assert_eq!(list("[]"), Some(vec![]));
        assert_eq!(
            list(" [ \"a\" , \"\\\"\" ] "),
            Some(vec!["a".to_owned(), "\"".to_owned()])
        );
        for text in [
            "",
            "[",
            "[\"a\"",
            "[\"a\",]",
            "['a']",
            "[\"a\"] x",
            "[1]",
            "[\"\\q\"]",
            "\"a\"",
        ] {
            assert_eq!(list(text), None, "{text}");
        }
    }

    #[test]
    fn here_document_marks() {
        assert_eq!(heredoc_name("<<EOF"), Some(("EOF", false)));
        assert_eq!(heredoc_name("3<<-'EOF'"), Some(("EOF", true)));
        for word in ["<<", "<<<x", "a<<b", "<<\"\"", "< <x"] {
            assert_eq!(heredoc_name(word), None, "{word}");
        }
    }
}
