//! Writes an error with the faulty line of the file, if there is one.

use std::io::{self, Write};
use std::ops::Range;
use std::path::Path;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::mask::{self, MASK};
use super::terminal::{Escaped, Terminal, path_text};
use crate::diagnostic::Diagnostic;

/// The largest number of bytes shown on each side of the fault. Lines written by programs can be
/// very long.
const AROUND: usize = 400;

/// Writes the error and its hint. `source` is the text of the file at `path`.
///
/// # Errors
///
/// Those of the writer.
pub fn write(
    out: &mut impl Write,
    path: &Path,
    source: &str,
    error: &dyn Diagnostic,
    terminal: Terminal,
) -> io::Result<()> {
    let message = Escaped(&mask::message(source, error)).to_string();
    let name = path_text(path);
    let excerpt = error
        .span()
        .map(|span| Excerpt::new(source, span.start as usize, span.end as usize))
        // A file that is not text has no line to show.
        .filter(|excerpt| !excerpt.text.is_empty());
    let mut group = match excerpt {
        Some(excerpt) => {
            let title = Level::ERROR.primary_title(message);
            let snippet = Snippet::source(excerpt.text)
                .line_start(excerpt.line)
                .annotation(AnnotationKind::Primary.span(excerpt.span));
            match excerpt.column {
                None => title.element(snippet.path(name)),
                Some(column) => {
                    let place = Origin::path(name).line(excerpt.line).char_column(column);
                    title.element(place).element(snippet)
                }
            }
        }
        None if error.needs_path() => {
            Group::with_title(Level::ERROR.primary_title(format!("{name}: {message}")))
        }
        None => Group::with_title(Level::ERROR.primary_title(message)),
    };
    if let Some(hint) = error.hint() {
        group = group.element(Level::HELP.message(Escaped(&hint).to_string()));
    }
    let renderer = if terminal.color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let text = renderer.term_width(terminal.width).render(&[group]);
    writeln!(out, "{text}")
}

/// The line of a fault, shortened if it is too long.
struct Excerpt {
    text: String,
    /// From 1.
    line: usize,
    /// The column at which the text begins, in characters, if the start of the line is cut off.
    column: Option<usize>,
    /// The fault, in bytes of `text`.
    span: Range<usize>,
}

impl Excerpt {
    fn new(source: &str, start: usize, end: usize) -> Self {
        let down = |at: usize| {
            (0..=at)
                .rev()
                .find(|at| source.is_char_boundary(*at))
                .unwrap_or(0)
        };
        let start = down(start.min(source.len()));
        let end = down(end.clamp(start, source.len()));
        let before = source.get(..start).unwrap_or_default();
        let line = memchr::memchr_iter(b'\n', before.as_bytes()).count() + 1;
        let from = before.rfind('\n').map_or(0, |at| at + 1);
        let whole = before.get(from..).unwrap_or_default();
        let from = from.max(down(start.saturating_sub(AROUND)));
        let cut = start - from < whole.len();
        let column = cut.then(|| whole.chars().count() + 1);
        let rest = source.get(start..).unwrap_or_default();
        let to = start + rest.find('\n').unwrap_or(rest.len());
        let to = down(to.min(start + AROUND)).max(start);
        let masked = mask::masked(source, mask::line_at(source, start));
        let show = |range: Range<usize>| {
            let mut text = String::new();
            let mut at = range.start;
            for place in masked.iter().filter(|place| place.end > range.start) {
                if place.start >= range.end {
                    break;
                }
                let before = at..place.start.max(at);
                super::terminal::write_line(&mut text, source.get(before).unwrap_or_default());
                text.push_str(MASK);
                at = place.end;
            }
            let rest = source.get(at.min(range.end)..range.end).unwrap_or_default();
            super::terminal::write_line(&mut text, rest);
            text
        };
        // A fault within a masked value is the whole value.
        let end = end.min(to);
        let hiding = masked
            .iter()
            .find(|place| place.start <= start && start < place.end);
        let (start, end) = match hiding {
            Some(place) => (place.start.max(from), end.max(place.end).min(to)),
            None => (start, end),
        };
        // Escaping changes the length of the text, so the text before the fault is escaped
        // separately to find the new position.
        let (head, fault) = (show(from..start), show(start..end));
        let tail = show(end.max(start)..to);
        let span = head.len()..head.len() + fault.len();
        let text = format!("{head}{fault}{tail}");
        Self {
            text,
            line,
            column,
            span,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::EngineError;
    use crate::files::FileError;
    use crate::syntax::{Span, SyntaxError, SyntaxErrorKind};

    fn shown(source: &str, start: u32, end: u32) -> String {
        let error = SyntaxError {
            span: Span { start, end },
            kind: SyntaxErrorKind::TooLarge(7),
        };
        let mut out = Vec::new();
        write(&mut out, Path::new("a.yml"), source, &error, Terminal::PIPE).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_line_is_shown() {
        assert_eq!(
            shown("services:\n  web: [\n", 17, 18),
            "error: the file is larger than the limit of 7 bytes\n \
             --> a.yml:2:8\n  |\n2 |   web: [\n  |        ^\n"
        );
    }

    #[test]
    fn any_place_of_any_text_can_be_shown() {
        for source in ["", "\n", "ü\r\n\u{1b}x", "\u{202e}"] {
            for start in 0..6 {
                for end in 0..6 {
                    assert!(!shown(source, start, end).contains('\u{1b}'));
                }
            }
        }
    }

    #[test]
    fn a_line_of_a_megabyte_is_cut() {
        let source = format!("a: {}\n", "x".repeat(1 << 20));
        let text = shown(&source, 500_000, 500_001);
        assert!(text.len() < 2_000);
        assert!(text.contains(" a.yml:1:500001\n"), "{text}");
    }

    #[test]
    fn the_path_is_shown_where_the_message_does_not_name_it() {
        let text = |error: &dyn Diagnostic| {
            let mut out = Vec::new();
            write(&mut out, Path::new("a.yml"), "", error, Terminal::PIPE).unwrap();
            String::from_utf8(out).unwrap()
        };
        let unproved = text(&EngineError::Unproved("it differs".to_owned()));
        assert!(
            unproved.starts_with("error: a.yml: the result failed its proof"),
            "{unproved}"
        );
        let path = "a.yml".into();
        let unread = text(&EngineError::from(FileError::ChangedMeanwhile { path }));
        assert!(unread.starts_with("error: a.yml changed"), "{unread}");
    }

    #[test]
    fn a_hint_follows() {
        let error = FileError::NotRegular {
            path: "p\u{7}".into(),
        };
        let mut out = Vec::new();
        write(&mut out, Path::new("p\u{7}"), "", &error, Terminal::PIPE).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "error: p\\u{7} is not a regular file; harden cannot write it\n \
             |\n = help: use `-` to read standard input and print the result\n"
        );
    }
}
