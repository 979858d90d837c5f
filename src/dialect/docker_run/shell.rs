//! Words as a POSIX shell reads them, and a command as people write it.

use std::borrow::Cow;
use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use super::Command;
use crate::escape::acts;
use crate::syntax::Span;

/// How a command is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One line where it fits, one option a line where it does not.
    Fitted,
    /// One line, however long.
    OneLine,
}

/// Columns of a command that needs no second line.
const WIDTH: usize = 80;

impl Command {
    /// The command as text that a shell reads as these words, with a final line feed.
    #[must_use]
    pub fn print(&self, layout: Layout) -> String {
        let (mut line, _) = line(&self.words);
        if layout == Layout::OneLine || line.width() <= WIDTH {
            line.push('\n');
            return line;
        }
        let groups = self.groups();
        let end = groups.last().map_or(self.first, |last| last.end);
        // A `--` before the image belongs to it.
        let rest = end..self.words.len();
        let lines = std::iter::once(0..self.first).chain(groups).chain([rest]);
        let lines: Vec<String> = lines
            .map(|words| {
                let words = self.words.get(words).unwrap_or_default();
                let words: Vec<_> = words.iter().map(|word| quote(word)).collect();
                words.join(" ")
            })
            .collect();
        let mut text = lines.join(" \\\n  ");
        text.push('\n');
        text
    }
}

/// The words in one line, and where each stands in it.
pub(super) fn line(words: &[String]) -> (String, Vec<Span>) {
    let mut line = String::new();
    let mut spans = Vec::with_capacity(words.len());
    let len = |line: &String| u32::try_from(line.len()).unwrap_or(u32::MAX);
    for word in words {
        if !line.is_empty() {
            line.push(' ');
        }
        let start = len(&line);
        line.push_str(&quote(word));
        let end = len(&line);
        spans.push(Span { start, end });
    }
    (line, spans)
}

/// The word, in quotes where a shell would read something else.
///
/// What could act on a terminal is written as an escape of `$'…'` (POSIX.1-2024, 2.2.4).
pub(in crate::dialect) fn quote(word: &str) -> Cow<'_, str> {
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

/// Whether the character is written as an escape. Quotes keep line breaks and tabs readable.
fn needs_escape(c: char) -> bool {
    acts(c) && !matches!(c, '\n' | '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(words: &[&str]) -> Command {
        Command::parse(words.iter().map(|word| (*word).to_owned()).collect()).unwrap()
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

    #[test]
    fn nothing_invisible_is_printed() {
        let name = "--name=a\u{200b}b\u{2028}c";
        assert_eq!(
            command(&["docker", "run", name, "nginx"]).print(Layout::Fitted),
            "docker run $'--name=a\\342\\200\\213b\\342\\200\\250c' nginx\n"
        );
    }

    #[test]
    fn a_short_command_is_one_line() {
        let short = command(&["docker", "run", "-it", "nginx"]);
        assert_eq!(short.print(Layout::Fitted), "docker run -it nginx\n");
    }

    #[test]
    fn a_long_command_has_one_option_a_line() {
        let long = command(&[
            "docker",
            "-H",
            "tcp://far",
            "container",
            "run",
            "--rm",
            "-itp",
            "80:80",
            "--name=web",
            "-e",
            "GREETING=a long text with blanks, for the width",
            "--",
            "nginx",
            "nginx",
            "-g",
            "daemon off;",
        ]);
        assert_eq!(
            long.print(Layout::Fitted),
            "docker -H tcp://far container run \\\n  \
             --rm \\\n  \
             -itp 80:80 \\\n  \
             --name=web \\\n  \
             -e 'GREETING=a long text with blanks, for the width' \\\n  \
             -- nginx nginx -g 'daemon off;'\n"
        );
        assert_eq!(long.print(Layout::OneLine).lines().count(), 1);
    }
}
