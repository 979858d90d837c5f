//! The unified diff, for `git apply` and `patch -p1`.
//!
//! Lines end only at a line feed, as in both tools: a carriage return is content. The names of
//! files are those of the report: relative to the root of the repository. The `diff --git` line
//! makes git read them so in every directory of the repository. A file elsewhere is named from the
//! root of the file system, and its diff applies with `-d /`.

use std::io::{self, Write};
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices, group_diff_ops};

use super::reporter::{Closing, Format, Group, Needs, Renderer, Reporter};
use super::terminal::{ADDED, BOLD, Escaped, PLACE, REMOVED, Terminal, write_line};
use crate::engine::outcome::FileOutcome;

/// The number of unchanged lines around each change, as in `diff -u` and git.
const CONTEXT: usize = 3;

/// The diff as a format.
pub const FORMAT: Format = Format {
    name: "diff",
    about: "the changes as a unified diff, for `git apply` and `patch -p1`",
    needs: Needs {
        texts: false,
        fixes: false,
    },
    reporter: |setting| {
        Box::new(Diff {
            terminal: setting.terminal,
        })
    },
};

/// Prints the diff of each group of files as soon as its turn comes.
struct Diff {
    terminal: Terminal,
}

impl Reporter for Diff {
    fn renderer(&self) -> Option<Renderer> {
        let terminal = self.terminal;
        Some(Box::new(move |group| {
            let mut out = Vec::new();
            for file in &group.report.files {
                let (old, new) = match &file.outcome {
                    FileOutcome::Changed(change) => (Some(file.source.as_str()), &change.text),
                    FileOutcome::Created(text) => (None, text),
                    _ => continue,
                };
                // Writing to memory cannot fail.
                let _ = write(&mut out, &file.path, old, new, terminal);
            }
            out
        }))
    }

    fn take(&mut self, _: &Group, rendered: &[u8], out: &mut dyn Write) -> io::Result<()> {
        out.write_all(rendered)
    }

    fn end(&mut self, _: &Closing<'_>, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

/// Writes the diff of one file. Equal texts give no diff.
///
/// `old` is the current text, or `None` for a new file. With colors or escapes for a terminal, the diff is only for reading and may not apply.
///
/// # Errors
///
/// Those of the writer.
pub fn write(
    out: &mut impl Write,
    path: &Path,
    old: Option<&str>,
    new: &str,
    terminal: Terminal,
) -> io::Result<()> {
    let is_new = old.is_none();
    let (old, new) = (lines(old.unwrap_or_default()), lines(new));
    let hunks = group_diff_ops(capture_diff_slices(Algorithm::Myers, &old, &new), CONTEXT);
    if hunks.iter().all(Vec::is_empty) {
        return Ok(());
    }
    let path = applicable(path);
    heading(out, &path, terminal)?;
    if is_new {
        writeln!(out, "{}", terminal.paint(BOLD, "new file mode 100644"))?;
        writeln!(out, "{}", terminal.paint(BOLD, "--- /dev/null"))?;
    } else {
        header(out, "---", "a/", &path, terminal)?;
    }
    header(out, "+++", "b/", &path, terminal)?;
    for hunk in &hunks {
        write_hunk(out, hunk, &old, &new, terminal)?;
    }
    Ok(())
}

fn write_hunk(
    out: &mut impl Write,
    hunk: &[DiffOp],
    old: &[&str],
    new: &[&str],
    terminal: Terminal,
) -> io::Result<()> {
    let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else {
        return Ok(());
    };
    let place = format!(
        "@@ -{} +{} @@",
        span(first.old_range().start..last.old_range().end),
        span(first.new_range().start..last.new_range().end),
    );
    writeln!(out, "{}", terminal.paint(PLACE, place))?;
    for op in hunk {
        if op.tag() == DiffTag::Equal {
            write_lines(out, b' ', &old[op.old_range()], terminal)?;
        } else {
            write_lines(out, b'-', &old[op.old_range()], terminal)?;
            write_lines(out, b'+', &new[op.new_range()], terminal)?;
        }
    }
    Ok(())
}

fn write_lines(
    out: &mut impl Write,
    mark: u8,
    lines: &[&str],
    terminal: Terminal,
) -> io::Result<()> {
    for line in lines {
        if terminal.color || terminal.escape {
            let style = match mark {
                b'-' => REMOVED,
                b'+' => ADDED,
                _ => anstyle::Style::new(),
            };
            let line = line.strip_suffix('\n').unwrap_or(line);
            let mut text = String::from(char::from(mark));
            write_line(&mut text, line.strip_suffix('\r').unwrap_or(line));
            writeln!(out, "{}", terminal.paint(style, text))?;
        } else {
            out.write_all(&[mark])?;
            out.write_all(line.as_bytes())?;
            if !line.ends_with('\n') {
                out.write_all(b"\n")?;
            }
        }
        if !line.ends_with('\n') {
            out.write_all(b"\\ No newline at end of file\n")?;
        }
    }
    Ok(())
}

/// The lines with their line feeds.
fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// A range of lines for the header of a hunk. Lines count from 1, a length of 1 is left out, and an
/// empty range has the number of the line before it.
fn span(lines: Range<usize>) -> String {
    match lines.len() {
        0 => format!("{},0", lines.start),
        1 => format!("{}", lines.start + 1),
        len => format!("{},{len}", lines.start + 1),
    }
}

/// The name without the root.
fn applicable(path: &Path) -> PathBuf {
    let parts = path.components();
    parts
        .filter(|part| !matches!(part, Component::RootDir | Component::CurDir))
        .collect()
}

/// The line that makes git read the names relative to the root of the repository.
fn heading(out: &mut impl Write, path: &Path, terminal: Terminal) -> io::Result<()> {
    let line = format!("diff --git {} {}", sided("a/", path), sided("b/", path));
    if terminal.escape || terminal.color {
        let line = Escaped(&line).to_string();
        writeln!(out, "{}", terminal.paint(BOLD, line))
    } else {
        writeln!(out, "{line}")
    }
}

/// The name with its side, in quotes if it needs them.
fn sided(side: &str, path: &Path) -> String {
    quoted(path.as_os_str().as_encoded_bytes(), side)
        .unwrap_or_else(|| format!("{side}{}", path.display()))
}

fn header(
    out: &mut impl Write,
    mark: &str,
    side: &str,
    path: &Path,
    terminal: Terminal,
) -> io::Result<()> {
    let bytes = path.as_os_str().as_encoded_bytes();
    let name = sided(side, path);
    // Without the tab, patch reads the text after a space as a date.
    let end = if bytes.contains(&b' ') { "\t" } else { "" };
    if terminal.escape || terminal.color {
        let name = Escaped(&name);
        writeln!(out, "{}", terminal.paint(BOLD, format!("{mark} {name}")))
    } else {
        writeln!(out, "{mark} {name}{end}")
    }
}

/// The quoted and escaped name, as git writes it and patch reads it; `None` if the name needs no
/// quotes.
fn quoted(name: &[u8], side: &str) -> Option<String> {
    let whole = std::str::from_utf8(name);
    let special = |char: char| char.is_control() || matches!(char, '"' | '\\');
    // Patch reads a space at the end as the separator before a date.
    if whole.is_ok_and(|name| !name.contains(special) && !name.ends_with(' ')) {
        return None;
    }
    let mut quoted = format!("\"{side}");
    for chunk in name.utf8_chunks() {
        for char in chunk.valid().chars() {
            match char {
                '\u{7}' => quoted.push_str("\\a"),
                '\u{8}' => quoted.push_str("\\b"),
                '\t' => quoted.push_str("\\t"),
                '\n' => quoted.push_str("\\n"),
                '\u{b}' => quoted.push_str("\\v"),
                '\u{c}' => quoted.push_str("\\f"),
                '\r' => quoted.push_str("\\r"),
                '"' => quoted.push_str("\\\""),
                '\\' => quoted.push_str("\\\\"),
                char if special(char) => octal(&mut quoted, char.encode_utf8(&mut [0; 4]).bytes()),
                char => quoted.push(char),
            }
        }
        octal(&mut quoted, chunk.invalid().iter().copied());
    }
    quoted.push('"');
    Some(quoted)
}

fn octal(out: &mut String, bytes: impl Iterator<Item = u8>) {
    for byte in bytes {
        out.push('\\');
        for shift in [6, 3, 0] {
            out.push(char::from(b'0' + (byte >> shift & 7)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diff(old: &str, new: &str) -> String {
        let mut out = Vec::new();
        let name = Path::new("c.yml");
        write(&mut out, name, Some(old), new, Terminal::PIPE).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn an_added_line_is_shown() {
        assert_eq!(
            diff("a\nb\nc\nd\ne\n", "a\nb\nc\nd\nx\ne\n"),
            "diff --git a/c.yml b/c.yml\n--- a/c.yml\n+++ b/c.yml\n@@ -2,4 +2,5 @@\n b\n c\n d\n+x\n e\n"
        );
    }

    #[test]
    fn equal_texts_give_no_diff() {
        assert_eq!(diff("a\nb", "a\nb"), "");
        assert_eq!(diff("", ""), "");
    }

    #[test]
    fn a_missing_line_feed_is_marked() {
        assert_eq!(
            diff("a", "a\n"),
            "diff --git a/c.yml b/c.yml\n--- a/c.yml\n+++ b/c.yml\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"
        );
    }

    #[test]
    fn a_carriage_return_is_content() {
        assert_eq!(
            diff("a\rb\r\n", "a\rb\r\nc\r\n"),
            "diff --git a/c.yml b/c.yml\n--- a/c.yml\n+++ b/c.yml\n@@ -1 +1,2 @@\n a\rb\r\n+c\r\n"
        );
    }

    #[test]
    fn a_name_has_no_root() {
        let named = |path: &str| applicable(Path::new(path));
        assert_eq!(named("./deploy/a.yml"), Path::new("deploy/a.yml"));
        assert_eq!(named("/etc/a.yml"), Path::new("etc/a.yml"));
    }

    #[test]
    fn a_new_file_has_a_mode() {
        let mut out = Vec::new();
        write(&mut out, Path::new("c.yml"), None, "a\n", Terminal::PIPE).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "diff --git a/c.yml b/c.yml\nnew file mode 100644\n--- /dev/null\n+++ b/c.yml\n\
             @@ -0,0 +1 @@\n+a\n"
        );
    }

    #[test]
    fn names_are_quoted_as_git_does() {
        assert_eq!(quoted("größe.yml".as_bytes(), "a/"), None);
        assert_eq!(quoted(b"-x y.yml", "a/"), None);
        assert_eq!(
            quoted(b"a\tb\"c\\d\xff\x01", "a/").as_deref(),
            Some(r#""a/a\tb\"c\\d\377\001""#)
        );
    }

    #[test]
    fn control_characters_are_escaped_for_a_terminal() {
        let mut out = Vec::new();
        let name = Path::new("c\u{202e}.yml");
        let screen = Terminal {
            escape: true,
            ..Terminal::PIPE
        };
        write(
            &mut out,
            name,
            Some("a\r\n"),
            "a\r\n\tb\u{1b}[31m\r\n",
            screen,
        )
        .unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "diff --git a/c\\u{202e}.yml b/c\\u{202e}.yml\n--- a/c\\u{202e}.yml\n+++ b/c\\u{202e}.yml\n@@ -1 +1,2 @@\n a\n+\tb\\u{1b}[31m\n"
        );
    }
}
