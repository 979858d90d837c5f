//! Decodes scalars: removes quotes, replaces escapes, folds lines.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memchr2;

use super::{Kind, Mode, NodeId, Style, Tree};

/// The decoded text of a scalar; borrowed if it is the same as in the source.
pub(super) fn value<'s>(tree: &Tree<'s>, id: NodeId) -> Cow<'s, str> {
    let node = tree.node(id);
    if node.kind != Kind::Scalar {
        return Cow::Borrowed("");
    }
    let text = tree.text(id);
    match node.style {
        Style::Plain if is_verbatim(text) => Cow::Borrowed(text),
        Style::Plain => flow(text, '\0', tree.mode),
        Style::Single => flow(inside(text), '\'', tree.mode),
        Style::Double => flow(inside(text), '"', tree.mode),
        Style::Literal | Style::Folded => {
            let after = tree
                .source
                .get(node.span.end as usize..)
                .unwrap_or_default();
            block(text, after, node.column as usize, tree.mode)
        }
        _ => Cow::Borrowed(""),
    }
}

/// Whether a short plain scalar is on one line and ASCII, as most are. It then needs no decoding.
#[inline]
fn is_verbatim(text: &str) -> bool {
    text.len() <= 64 && text.bytes().all(|byte| (b' '..0x7F).contains(&byte))
}

/// The range of the first line break.
#[inline]
pub(super) fn find_break(bytes: &[u8], mode: Mode) -> Option<Range<usize>> {
    let ascii = memchr2(b'\n', b'\r', bytes);
    let before = &bytes[..ascii.unwrap_or(bytes.len())];
    if mode == Mode::GoYaml && !before.is_ascii() {
        let found = before
            .windows(2)
            .enumerate()
            .find_map(|(at, pair)| match pair {
                [0xC2, 0x85] => Some(at..at + 2),
                [0xE2, 0x80] if matches!(before.get(at + 2), Some(0xA8 | 0xA9)) => Some(at..at + 3),
                _ => None,
            });
        if found.is_some() {
            return found;
        }
    }
    let at = ascii?;
    let len = if bytes[at] == b'\r' && bytes.get(at + 1) == Some(&b'\n') {
        2
    } else {
        1
    };
    Some(at..at + len)
}

/// A line break in the decoded text: go-yaml keeps LS and PS, and turns all others into LF.
fn normal(line_break: &str) -> &str {
    if matches!(line_break, "\u{2028}" | "\u{2029}") {
        line_break
    } else {
        "\n"
    }
}

fn inside(quoted: &str) -> &str {
    quoted
        .get(1..quoted.len().saturating_sub(1))
        .unwrap_or_default()
}

const BLANK: [char; 2] = [' ', '\t'];

/// Decodes plain and quoted scalars: folds lines and replaces escapes.
fn flow(text: &str, quote: char, mode: Mode) -> Cow<'_, str> {
    let escape = match quote {
        '\'' => Some(b'\''),
        '"' => Some(b'\\'),
        _ => None,
    };
    let has_escape = escape.is_some_and(|escape| memchr::memchr(escape, text.as_bytes()).is_some());
    let first_break = find_break(text.as_bytes(), mode);
    if first_break.is_none() && !has_escape {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut next_break = first_break;
    loop {
        let (line, line_break) = match &next_break {
            Some(at) => (&rest[..at.start], Some(&rest[at.clone()])),
            None => (rest, None),
        };
        let joins = unescape(line, quote, line_break.is_some(), &mut out);
        let (Some(line_break), Some(at)) = (line_break, next_break) else {
            break;
        };
        rest = rest[at.end..].trim_start_matches(BLANK);
        // The break of the last text line is folded. The breaks of empty lines stay.
        let mut empty_lines = String::new();
        next_break = find_break(rest.as_bytes(), mode);
        while let Some(at) = next_break.clone().filter(|at| at.start == 0) {
            empty_lines.push_str(normal(&rest[at.clone()]));
            rest = rest[at.end..].trim_start_matches(BLANK);
            next_break = find_break(rest.as_bytes(), mode);
        }
        if joins {
            // An escaped line break is removed.
        } else if normal(line_break) != "\n" {
            out.push_str(line_break);
        } else if empty_lines.is_empty() {
            out.push(' ');
        }
        out.push_str(&empty_lines);
    }
    Cow::Owned(out)
}

/// Decodes one line of a flow scalar. Returns whether the line ends with `\`, which removes its
/// line break.
///
/// Blanks before a line break are removed, unless a `\` protects them.
fn unescape(line: &str, quote: char, before_break: bool, out: &mut String) -> bool {
    if quote != '"' {
        let line = if before_break {
            line.trim_end_matches(BLANK)
        } else {
            line
        };
        if quote == '\'' {
            for (index, part) in line.split("''").enumerate() {
                if index > 0 {
                    out.push('\'');
                }
                out.push_str(part);
            }
        } else {
            out.push_str(line);
        }
        return false;
    }
    let mut rest = line;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        let escape = &rest[at + 1..];
        let Some(char) = escape.chars().next() else {
            return true;
        };
        rest = &escape[char.len_utf8()..];
        let digits = match char {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        if digits > 0 {
            let code = rest
                .get(..digits)
                .and_then(|hex| u32::from_str_radix(hex, 16).ok());
            out.push(
                code.and_then(char::from_u32)
                    .unwrap_or(char::REPLACEMENT_CHARACTER),
            );
            rest = rest.get(digits..).unwrap_or_default();
            continue;
        }
        out.push(match char {
            '0' => '\0',
            'a' => '\u{7}',
            'b' => '\u{8}',
            't' => '\t',
            'n' => '\n',
            'v' => '\u{b}',
            'f' => '\u{c}',
            'r' => '\r',
            'e' => '\u{1b}',
            'N' => '\u{85}',
            '_' => '\u{a0}',
            'L' => '\u{2028}',
            'P' => '\u{2029}',
            other => other,
        });
    }
    out.push_str(if before_break {
        rest.trim_end_matches(BLANK)
    } else {
        rest
    });
    false
}

/// Decodes `|` and `>`: removes the indentation, folds lines for `>`, and chomps the end.
fn block<'s>(text: &'s str, after: &'s str, indent: usize, mode: Mode) -> Cow<'s, str> {
    let Some(header) = find_break(text.as_bytes(), mode) else {
        return Cow::Borrowed("");
    };
    let is_folded = text.starts_with('>');
    let chomp = text[1..header.start]
        .bytes()
        .take_while(|byte| b"+-0123456789".contains(byte));
    let chomp = chomp.fold(
        b' ',
        |sign, byte| if byte.is_ascii_digit() { sign } else { byte },
    );

    let mut out = String::with_capacity(text.len());
    let mut rest = &text[header.end..];
    // The break of the last text line, and the breaks of empty lines after it.
    let mut line_break = "";
    let mut empty_lines = String::new();
    let mut was_indented = false;
    let mut has_content = false;
    loop {
        let at = find_break(rest.as_bytes(), mode);
        let line = &rest[..at.as_ref().map_or(rest.len(), |at| at.start)];
        let is_last_of_stream = at.is_none() && !line.is_empty() && after.is_empty();
        let spaces = line
            .bytes()
            .take(indent)
            .take_while(|&byte| byte == b' ')
            .count();
        let line = &line[spaces..];
        if line.is_empty() {
            if let Some(at) = &at {
                empty_lines.push_str(normal(&rest[at.clone()]));
            } else if is_last_of_stream && mode == Mode::Strict {
                empty_lines.push('\n');
            }
        } else {
            let is_indented = line.starts_with(BLANK);
            let folds =
                is_folded && has_content && !was_indented && !is_indented && line_break == "\n";
            if !folds {
                out.push_str(line_break);
            } else if empty_lines.is_empty() {
                out.push(' ');
            }
            out.push_str(&empty_lines);
            empty_lines.clear();
            out.push_str(line);
            was_indented = is_indented;
            has_content = true;
            line_break = at.as_ref().map_or("", |at| normal(&rest[at.clone()]));
        }
        let Some(at) = at else { break };
        rest = &rest[at.end..];
    }
    if has_content && line_break.is_empty() && chomp != b'-' {
        // The span of a scalar without `+` ends before its last line break.
        line_break = match find_break(after.as_bytes(), mode).filter(|at| at.start == 0) {
            Some(at) => normal(&after[at]),
            // At the end of the stream, YAML 1.2 adds a line break. libyaml does not.
            None if mode == Mode::Strict && after.is_empty() => "\n",
            None => "",
        };
    }
    if chomp != b'-' {
        out.push_str(line_break);
    }
    if chomp == b'+' {
        out.push_str(&empty_lines);
    }
    Cow::Owned(out)
}
