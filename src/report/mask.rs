//! Masks values of secret-looking keys in the line that an error quotes. The rule is in
//! `container::spelling`.
//!
//! A file with an error has no tree, so this reads lines: keys before `:` and `=`, and the keys of
//! the lines above that are indented less. In doubt a value is masked.

use std::ops::Range;

use crate::diagnostic::Diagnostic;

/// Shown instead of a value.
pub(super) const MASK: &str = "***";

/// Parts of keys whose values may be secret.
static SECRET: &[&str] = &[
    "AUTH", "CERT", "CONN", "CRED", "DSN", "KEY", "PASS", "PRIV", "PWD", "SALT", "SECRET", "TOKEN",
];

/// Keys whose values may be secret because of a key next to them or above them.
static HOLDERS: &[&str] = &["DATA", "STRINGDATA", "BINARYDATA", "VALUE", "CONTENT"];

/// How many lines above the fault are read.
const ABOVE: usize = 1_000;

/// The places in the line around `line` that must not be shown, in order. `line` is the range of
/// the whole line in the source.
pub(super) fn masked(source: &str, line: Range<usize>) -> Vec<Range<usize>> {
    let Some(text) = source.get(line.clone()) else {
        return Vec::new();
    };
    let mut found: Vec<Range<usize>> = Vec::new();
    if is_below_a_secret(source, line.start, text) {
        let content = value_of_line(text);
        found.push(content);
    }
    found.extend(values(text));
    found.extend(accounts(text));
    found.retain(|place| !place.is_empty());
    found.sort_by_key(|place| place.start);
    let mut merged: Vec<Range<usize>> = Vec::new();
    for place in found {
        match merged.last_mut() {
            Some(last) if place.start <= last.end => last.end = last.end.max(place.end),
            _ => merged.push(place),
        }
    }
    let moved = merged.into_iter();
    moved
        .map(|place| place.start + line.start..place.end + line.start)
        .collect()
}

/// The message of an error, without words of the source that are masked.
pub(super) fn message(source: &str, error: &dyn Diagnostic) -> String {
    let message = error.to_string();
    let Some(span) = error.span() else {
        return message;
    };
    let (start, end) = (span.start as usize, span.end as usize);
    let masked = masked(source, line_at(source, start));
    let mut hidden = masked
        .iter()
        .filter(|place| place.start < end.max(start + 1) && start < place.end);
    let Some(place) = hidden.next() else {
        return message;
    };
    let hidden = source.get(place.clone()).unwrap_or_default();
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let words = hidden.split(|c| !is_part(c)).filter(|word| word.len() > 2);
    let quoted: Vec<&str> = message.split('`').collect();
    let shown = quoted.iter().enumerate().map(|(index, part)| {
        let shows = index % 2 == 1 && words.clone().any(|word| part.contains(word));
        if shows { MASK } else { part }
    });
    shown.collect::<Vec<_>>().join("`")
}

/// The range of the line that contains the position.
pub(super) fn line_at(source: &str, at: usize) -> Range<usize> {
    let bytes = source.as_bytes();
    let at = at.min(bytes.len());
    let start = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |before| before + 1);
    let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |after| at + after);
    start..end
}

fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_uppercase();
    SECRET.iter().any(|part| key.contains(part))
}

fn is_holder(key: &str) -> bool {
    let key = key.to_ascii_uppercase();
    HOLDERS.contains(&key.as_str())
}

/// Whether a key above the line, indented less, has a secret as its value. An item that begins with
/// `name:` is above its `value:`.
fn is_below_a_secret(source: &str, start: usize, line: &str) -> bool {
    let mut indent = indentation(line);
    let before = source.get(..start).unwrap_or_default();
    for above in before.lines().rev().take(ABOVE) {
        let content = above.trim_start_matches([' ', '\t', '-']);
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let own = indentation(above);
        if own >= indent {
            continue;
        }
        indent = own;
        let key = key_of(content);
        if key.is_some_and(|key| is_secret(key) || is_holder(key)) {
            return true;
        }
        if indent == 0 {
            return false;
        }
    }
    false
}

/// The spaces before the text of a line; a `-` of an item does not count.
fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

/// The key at the start of a text.
fn key_of(text: &str) -> Option<&str> {
    let text = text.trim_start_matches(['"', '\'']);
    let end = text.find(|c: char| !is_key(c))?;
    let rest = text[end..].trim_start_matches(['"', '\'', ' ']);
    rest.starts_with([':', '=']).then(|| &text[..end])
}

fn is_key(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '-')
}

/// The value of the line: all after its key, or the whole text.
fn value_of_line(line: &str) -> Range<usize> {
    let start = line.len() - line.trim_start_matches([' ', '\t', '-']).len();
    let end = line.trim_end().len();
    match key_of(&line[start..]) {
        Some(_) => {
            let at = line[start..]
                .find([':', '='])
                .map_or(start, |at| start + at + 1);
            let blanks = line[at..].len() - line[at..].trim_start().len();
            (at + blanks).min(end)..end
        }
        None => start.min(end)..end,
    }
}

/// The values after secret-looking keys.
fn values(line: &str) -> Vec<Range<usize>> {
    let end = line.trim_end().len();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = line[at..].find(is_key).map(|start| at + start) {
        let rest = &line[start..];
        let key_end = start + rest.find(|c| !is_key(c)).unwrap_or(rest.len());
        let key = &line[start..key_end];
        at = key_end;
        if !is_secret(key) && !is_holder(key) {
            continue;
        }
        let after = line[key_end..].trim_start_matches(['"', '\'']);
        let separator = line.len() - after.trim_start().len();
        let is_option = key.starts_with("--");
        let value = match line[separator..].chars().next() {
            Some(':' | '=') => separator + 1,
            // `--password hunter2`
            Some(_) if is_option && after.starts_with(' ') => separator,
            _ => continue,
        };
        let blanks = line[value..].len() - line[value..].trim_start().len();
        let value = (value + blanks).min(end);
        let is_assignment = line[separator..].starts_with('=');
        let is_argument = is_option || is_assignment && has_words_before(&line[..start]);
        // `-e 'SECRET=two words'`
        let quote = line[..start].chars().next_back();
        let quote = quote.filter(|c| matches!(c, '"' | '\''));
        let stop = match quote {
            _ if !is_argument => end,
            Some(quote) => line[value..end].find(quote).map_or(end, |at| value + at),
            None => value + word_len(&line[value..end]),
        };
        found.push(value..stop);
        at = stop.max(key_end);
    }
    found
}

/// Whether other words of a command come before the text. Quotes and the `-` of an item do not
/// count.
fn has_words_before(text: &str) -> bool {
    text.contains(|c: char| !c.is_whitespace() && !matches!(c, '-' | '"' | '\'' | '[' | '{'))
}

/// The length of the word at the start, with its quotes.
fn word_len(text: &str) -> usize {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None, c) if c.is_whitespace() => return at,
            _ => {}
        }
    }
    text.len()
}

/// The user and password of addresses: `postgres://user:password@host`.
fn accounts(line: &str) -> Vec<Range<usize>> {
    let addresses = line.match_indices("://");
    let accounts = addresses.filter_map(|(at, mark)| {
        let start = at + mark.len();
        let rest = &line[start..];
        let end = rest.find([' ', '"', '\'', ',']).unwrap_or(rest.len());
        let account = rest[..end].rfind('@')?;
        Some(start..start + account)
    });
    accounts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The last line with its masks.
    fn shown(source: &str) -> String {
        let line = line_at(source, source.len());
        let mut out = String::new();
        let mut at = line.start;
        for place in masked(source, line.clone()) {
            out.push_str(&source[at..place.start]);
            out.push_str(MASK);
            at = place.end;
        }
        out.push_str(&source[at..line.end]);
        out
    }

    #[test]
    fn values_of_secret_keys_are_masked() {
        for (source, expected) in [
            ("      DB_PASSWORD: hunter2 [", "      DB_PASSWORD: ***"),
            ("  - API_TOKEN=hunter2 x", "  - API_TOKEN=***"),
            ("  - \"API_TOKEN=hunter2\"", "  - \"API_TOKEN=***"),
            ("PGPASS=hunter2", "PGPASS=***"),
            ("export SECRET = hunter2", "export SECRET = ***"),
            (
                "{\"dbPassword\": \"hunter2\", \"a\": 1",
                "{\"dbPassword\": ***",
            ),
            (
                "  env: [{name: PW, value: hunter2}",
                "  env: [{name: PW, value: ***",
            ),
            (
                "docker run -e SECRET=hunter2 --bad x",
                "docker run -e SECRET=*** --bad x",
            ),
            (
                "docker run -e 'SECRET=hunt er2' --bad",
                "docker run -e 'SECRET=***' --bad",
            ),
            ("app --password hunter2 --bad", "app --password *** --bad"),
            ("app --password=hunter2 --bad", "app --password=*** --bad"),
            (
                "Environment=A=1 TOKEN=hunter2 B=2",
                "Environment=A=1 TOKEN=*** B=2",
            ),
            (
                "  url: postgres://me:hunter2@db/x",
                "  url: postgres://***@db/x",
            ),
            ("  image: nginx:1.27", "  image: nginx:1.27"),
            ("  ports: [\"80:80\"", "  ports: [\"80:80\""),
            ("", ""),
        ] {
            assert_eq!(shown(source), expected, "{source}");
        }
    }

    #[test]
    fn values_below_a_secret_key_are_masked() {
        for (source, expected) in [
            ("kind: Secret\nstringData:\n  a: hunter2", "  a: ***"),
            ("data:\n  a: |\n    hunter2", "    ***"),
            ("env:\n- name: A\n  value: hunter2", "  value: ***"),
            ("TLS_KEY: |\n  -----BEGIN\n  hunter2", "  ***"),
            ("password:\n  - hunter2", "  - ***"),
            ("password: x\nimage: y", "image: y"),
            ("secrets:\n  a:\n    file: x", "    file: ***"),
            ("services:\n  a:\n    image: x", "    image: x"),
        ] {
            assert_eq!(shown(source), expected, "{source}");
        }
    }
}
