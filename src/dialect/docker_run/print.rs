//! Prints a command.

use unicode_width::UnicodeWidthStr;

use super::Command;
use crate::shell::quote;
use crate::syntax::Span;

/// The layout of a printed command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One line if the command fits, otherwise one option per line.
    Fitted,
    /// Always one line.
    OneLine,
}

/// The maximum width of a one-line command, in columns.
const WIDTH: usize = 80;

impl Command {
    /// The command as text for a shell, which reads it as the same words. The text ends with a line
    /// feed.
    #[must_use]
    pub fn print(&self, layout: Layout) -> String {
        let (mut line, _) = line(&self.words);
        if layout == Layout::OneLine || line.width() <= WIDTH {
            line.push('\n');
            return line;
        }
        let groups = self.groups();
        let end = groups.last().map_or(self.first, |last| last.end);
        // A `--` before the image is kept on the image's line.
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

/// The words on one line, and the span of each word in it.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn command(words: &[&str]) -> Command {
        Command::parse(words.iter().map(|word| (*word).to_owned()).collect()).unwrap()
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
    fn a_long_command_has_one_option_per_line() {
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
