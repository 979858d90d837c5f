//! The catalogue as a table, and the page of one transform.

use std::io::{self, Write};

use super::terminal::{ADDED, BOLD, DIM, PLACE, REMOVED, Terminal};
use crate::transforms::{Risk, Transform};

/// Writes one line a transform.
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
    for transform in transforms {
        let gap = column.saturating_sub(transform.id.len()) + 2;
        let risk = match transform.risk {
            Risk::Low => " (low risk)",
            Risk::Behaviour => "",
        };
        writeln!(
            out,
            "{}{:gap$}{}{}",
            terminal.paint(BOLD, transform.id),
            "",
            transform.summary,
            terminal.paint(DIM, risk),
        )?;
    }
    Ok(())
}

/// Writes the page: as it is into a pipe, and for a terminal with its marks turned into colours.
///
/// # Errors
///
/// Those of the writer.
pub fn write_page(
    out: &mut impl Write,
    transform: &Transform,
    terminal: Terminal,
) -> io::Result<()> {
    if !terminal.color && !terminal.escape {
        return out.write_all(transform.page.as_bytes());
    }
    let mut fence: Option<&str> = None;
    for line in transform.page.lines() {
        if let Some(info) = line.strip_prefix("```") {
            fence = fence.is_none().then_some(info);
            continue;
        }
        if let Some(language) = fence {
            let style = match line.as_bytes().first() {
                Some(b'+') if language == "diff" => ADDED,
                Some(b'-') if language == "diff" => REMOVED,
                _ => anstyle::Style::new(),
            };
            writeln!(out, "    {}", terminal.paint(style, line))?;
        } else if line.starts_with('#') {
            let title = line.trim_start_matches('#').trim_start();
            writeln!(out, "{}", terminal.paint(BOLD, title))?;
        } else {
            write_prose(out, line, terminal)?;
        }
    }
    Ok(())
}

/// A paragraph stands on one line; its code takes a colour and its marks go.
fn write_prose(out: &mut impl Write, line: &str, terminal: Terminal) -> io::Result<()> {
    let indent = line.len() - line.trim_start().len();
    let hang = match line.trim_start() {
        item if item.starts_with("* ") || item.starts_with("- ") => indent + 2,
        _ => indent,
    };
    let mut column = indent;
    write!(out, "{:indent$}", "")?;
    let mut in_code = false;
    for (nth, word) in line.split_ascii_whitespace().enumerate() {
        let len = word.chars().filter(|char| *char != '`').count();
        if nth > 0 && column + 1 + len > terminal.width {
            write!(out, "\n{:hang$}", "")?;
            column = hang;
        } else if nth > 0 {
            write!(out, " ")?;
            column += 1;
        }
        column += len;
        for (part_nth, part) in word.split('`').enumerate() {
            in_code ^= part_nth > 0;
            let style = if in_code {
                PLACE
            } else {
                anstyle::Style::new()
            };
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
    use crate::container::Answer;

    const PAGE: &str = "# t\n\nSets `a b` on.\n\n```diff\n x\n+y\n```\n";

    static TRANSFORM: Transform = Transform {
        id: "t",
        summary: "Sets it.",
        risk: Risk::Low,
        references: &[],
        page: PAGE,
        decide: |_, _| Answer::Hardened(String::new()),
    };

    fn page(terminal: Terminal) -> String {
        let mut out = Vec::new();
        write_page(&mut out, &TRANSFORM, terminal).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_pipe_gets_the_page() {
        assert_eq!(page(Terminal::PIPE), PAGE);
    }

    #[test]
    fn a_terminal_gets_it_readable() {
        let screen = Terminal {
            escape: true,
            ..Terminal::PIPE
        };
        assert_eq!(page(screen), "t\n\nSets a b on.\n\n     x\n    +y\n");
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
