//! Wraps text to the width of a terminal.

use std::borrow::Cow;
use std::io::{self, Write};

use anstyle::Style;
use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};
use unicode_width::UnicodeWidthStr;

use crate::report::terminal::Terminal;

/// Writes the text, wrapped to the width of the terminal. The first line follows `first`, the
/// others follow `hang`.
pub(super) fn wrap(
    out: &mut dyn Write,
    first: &str,
    hang: &str,
    text: &str,
    terminal: Terminal,
    style: Style,
) -> io::Result<()> {
    let width = terminal.width.saturating_sub(hang.width());
    for (nth, line) in wrapped(text, width).iter().enumerate() {
        let before = if nth == 0 { first } else { hang };
        writeln!(out, "{before}{}", terminal.paint(style, line))?;
    }
    Ok(())
}

/// Wraps the text at spaces to lines of at most `width` columns. A longer word is not broken, so a
/// path or a command can be copied.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let options = Options::new(width.max(32))
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
        .wrap_algorithm(WrapAlgorithm::FirstFit)
        .break_words(false);
    match text.trim() {
        "" => Vec::new(),
        text => textwrap::wrap(text, options)
            .into_iter()
            .map(Cow::into_owned)
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_filled_by_columns() {
        let text = "画像 ".repeat(10);
        // Six words of four columns and five spaces.
        assert_eq!(wrapped(&text, 32)[0], "画像 画像 画像 画像 画像 画像");
        assert_eq!(
            wrapped("the paths /var/lib/read-only/data", 32),
            ["the paths", "/var/lib/read-only/data"]
        );
        assert_eq!(wrapped(&"x".repeat(40), 32).len(), 1);
        assert_eq!(wrapped(" ", 32), Vec::<String>::new());
    }
}
