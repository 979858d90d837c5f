//! Writes the catalogue as a table, and the page of one transform.

use std::fmt::Write as _;
use std::io::{self, Write};

use anstyle::Style;
use unicode_width::UnicodeWidthStr;

use super::terminal::{ADDED, BOLD, DIM, PLACE, REMOVED, Terminal};
use crate::transforms::{Kind, Reference, Risk, Transform};

/// Writes one line for each transform.
///
/// # Errors
///
/// Those of the writer.
pub fn write_list(
    out: &mut impl Write,
    transforms: &[&Transform],
    terminal: Terminal,
) -> io::Result<()> {
    let column = transforms
        .iter()
        .map(|transform| transform.id.len())
        .max()
        .unwrap_or(0);
    let of = |kind| transforms.iter().filter(move |one| one.kind == kind);
    for transform in of(Kind::Change).chain(of(Kind::Finding)) {
        let gap = column.saturating_sub(transform.id.len()) + 2;
        let effect = match (transform.kind, transform.risk) {
            (Kind::Change, Risk::Behaviour) if transform.default => String::new(),
            _ => format!(" ({})", transform.effect()),
        };
        writeln!(
            out,
            "{}{:gap$}{}{}",
            terminal.paint(BOLD, transform.id),
            "",
            transform.summary,
            terminal.paint(DIM, &effect),
        )?;
    }
    Ok(())
}

/// Writes the page and the references: as Markdown to a pipe, and formatted with colors for a
/// terminal.
///
/// # Errors
///
/// Those of the writer.
pub fn write_page(
    out: &mut impl Write,
    transform: &Transform,
    terminal: Terminal,
) -> io::Result<()> {
    let page = with_references(transform);
    if !terminal.color && !terminal.escape {
        return out.write_all(page.as_bytes());
    }
    let mut fence: Option<&str> = None;
    let mut paragraph = String::new();
    for line in page.lines() {
        let is_fence = line.starts_with("```");
        let joins = fence.is_none() && !is_fence && !line.is_empty() && !begins_block(line);
        if !joins {
            write_paragraph(out, &paragraph, terminal)?;
            paragraph.clear();
        }
        if is_fence {
            let info = line.trim_start_matches('`');
            fence = fence.is_none().then_some(info);
        } else if let Some(language) = fence {
            write_code(out, language, line, terminal)?;
        } else if line.starts_with('#') {
            let title = line.trim_start_matches('#').trim_start();
            writeln!(out, "{}", terminal.paint(BOLD, title))?;
        } else if line.is_empty() {
            writeln!(out)?;
        } else {
            if !paragraph.is_empty() {
                paragraph.push(' ');
            }
            // The indentation of a list item is its depth. Continuation lines have none.
            paragraph.push_str(if joins { line.trim_start() } else { line });
        }
    }
    write_paragraph(out, &paragraph, terminal)
}

/// The page, followed by the rules of benchmarks and scanners for the same setting.
fn with_references(transform: &Transform) -> String {
    let mut page = transform.page.to_owned();
    if !transform.references.is_empty() {
        page.push_str("\n## References\n\n");
    }
    for Reference { source, id } in transform.references {
        let _ = writeln!(page, "* {source}: {id}");
    }
    page
}

/// Whether the line begins a new block and does not continue the paragraph before it.
fn begins_block(line: &str) -> bool {
    let text = line.trim_start();
    let is_item = ["* ", "- ", "| "].iter().any(|mark| text.starts_with(mark));
    is_item || line.starts_with('#')
}

fn write_code(
    out: &mut impl Write,
    language: &str,
    line: &str,
    terminal: Terminal,
) -> io::Result<()> {
    if language != "diff" {
        return writeln!(out, "    {line}");
    }
    let style = match line.as_bytes().first() {
        Some(b'+') => ADDED,
        Some(b'-') => REMOVED,
        _ => Style::new(),
    };
    // The marker of a diff line is before the column of the text.
    writeln!(out, "   {}", terminal.paint(style, line))
}

/// Wraps the words to lines. Code is colored and loses its backticks.
pub(super) fn write_paragraph(
    out: &mut impl Write,
    text: &str,
    terminal: Terminal,
) -> io::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    let indent = text.len() - text.trim_start().len();
    let hang = if begins_block(text) {
        indent + 2
    } else {
        indent
    };
    let mut column = indent;
    write!(out, "{:indent$}", "")?;
    let mut in_code = false;
    for (nth, word) in text.split_ascii_whitespace().enumerate() {
        let len = word.width() - word.matches('`').count();
        if nth > 0 && column + 1 + len > terminal.width {
            write!(out, "\n{:hang$}", "")?;
            column = hang;
        } else if nth > 0 {
            write!(out, " ")?;
            column += 1;
        }
        column += len;
        for (nth, part) in word.split('`').enumerate() {
            in_code ^= nth > 0;
            let style = if in_code { PLACE } else { Style::new() };
            if !part.is_empty() {
                write!(out, "{}", terminal.paint(style, part))?;
            }
        }
    }
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::{Answer, Words};

    const PAGE: &str = "# t\n\nSets `a b`\non.\n\n* one\n  two\n* three\n\n```diff\n x\n+y\n```\n";

    static NOTHING: Words = Words::new("nothing", "There is nothing to do.");
    static TRANSFORM: Transform = Transform {
        id: "t",
        edition: crate::edition::Edition::CURRENT,
        summary: "Sets it.",
        kind: Kind::Change,
        default: true,
        risk: Risk::Low,
        references: &[
            Reference::new("A benchmark 1.0", "5.1"),
            Reference::new("A scanner", "S-1, S-2"),
        ],
        page: PAGE,
        decide: |_, _| Answer::hardened(&NOTHING),
    };

    fn page(terminal: Terminal) -> String {
        let mut out = Vec::new();
        write_page(&mut out, &TRANSFORM, terminal).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_pipe_gets_the_page_and_its_references() {
        let references = "\n## References\n\n* A benchmark 1.0: 5.1\n* A scanner: S-1, S-2\n";
        assert_eq!(page(Terminal::PIPE), format!("{PAGE}{references}"));
    }

    #[test]
    fn a_terminal_gets_it_readable() {
        let screen = Terminal {
            escape: true,
            ..Terminal::PIPE
        };
        assert_eq!(
            page(screen),
            "t\n\nSets a b on.\n\n* one two\n* three\n\n    x\n   +y\n\n\
             References\n\n* A benchmark 1.0: 5.1\n* A scanner: S-1, S-2\n"
        );
        let color = Terminal {
            color: true,
            ..screen
        };
        assert!(page(color).contains("\u{1b}[36ma\u{1b}[0m \u{1b}[36mb\u{1b}[0m on."));
    }

    #[test]
    fn the_list_is_a_table() {
        let mut out = Vec::new();
        write_list(&mut out, &[&TRANSFORM], Terminal::PIPE).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "t  Sets it. (low risk)\n");
    }
}
