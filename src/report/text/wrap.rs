//! Text in lines of a terminal's width.

use std::io::{self, Write};

use anstyle::Style;

use crate::report::terminal::Terminal;

/// Writes the text in lines of the terminal's width, the first after `first`, others after `hang`.
pub(super) fn wrap(
    out: &mut impl Write,
    first: &str,
    hang: &str,
    text: &str,
    terminal: Terminal,
    style: Style,
) -> io::Result<()> {
    let width = terminal.width.saturating_sub(hang.len());
    for (nth, line) in wrapped(text, width).iter().enumerate() {
        let before = if nth == 0 { first } else { hang };
        writeln!(out, "{before}{}", terminal.paint(style, line))?;
    }
    Ok(())
}

/// The text in lines of at most `width` characters, broken at blanks; a longer word stays whole.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let width = width.max(32);
    let mut lines: Vec<String> = Vec::new();
    let mut columns = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let len = word.chars().count();
        match lines.last_mut() {
            Some(line) if columns + 1 + len <= width => {
                line.push(' ');
                line.push_str(word);
                columns += 1 + len;
            }
            _ => {
                lines.push(word.to_owned());
                columns = len;
            }
        }
    }
    lines
}
