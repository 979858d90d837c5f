//! The unified diff, for `git apply` and `patch -p1`.
//!
//! Lines end only at a line feed, as in both tools: a carriage return is content. The name of a
//! file below the current directory is relative to it, so the diff applies in that directory. Any
//! other file is named from the root, and the diff applies with `-d /`. There is no `diff --git`
//! line, because git reads the names in that line relative to the top of the repository.

use std::io::{self, Write};
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices, group_diff_ops};

use super::reporter::{Closing, Format, Group, Needs, Renderer, Reporter};
use super::terminal::{ADDED, BOLD, Escaped, PLACE, REMOVED, Terminal, write_line};
use crate::engine::outcome::FileOutcome;
use crate::paths::normalized;

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
            directory: setting.directory.clone(),
            terminal: setting.terminal,
        })
    },
};

/// Prints the diff of each group of files as soon as its turn comes.
struct Diff {
    directory: PathBuf,
    terminal: Terminal,
}

impl Reporter for Diff {
    fn renderer(&self) -> Option<Renderer> {
        let (directory, terminal) = (self.directory.clone(), self.terminal);
        Some(Box::new(move |group| {
            let mut out = Vec::new();
            for file in &group.report.files {
                let (old, new) = match &file.outcome {
                    FileOutcome::Changed(change) => (Some(file.source.as_str()), &change.text),
                    FileOutcome::Created(text) => (None, text),
                    _ => continue,
                };
                // Writing to memory cannot fail.
                let _ = write(&mut out, (&file.path, &directory), old, new, terminal);
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
/// `old` is the current text, or `None` for a new file. `path` is relative to the current directory
/// `base`. With colors or escapes for a terminal, the diff is only for reading and may not apply.
///
/// # Errors
///
/// Those of the writer.
pub fn write(
    out: &mut impl Write,
    (path, base): (&Path, &Path),
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
    let path = applicable(path, base);
    if is_new {
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

/// The name of the file relative to `base`, or from the root if the file is not below `base`.
fn applicable(path: &Path, base: &Path) -> PathBuf {
    let whole = normalized(&base.join(path));
    match whole.strip_prefix(base) {
        Ok(below) => below.to_owned(),
        Err(_) => whole
            .components()
            .filter(|part| matches!(part, Component::Normal(_)))
            .collect(),
    }
}

fn header(
    out: &mut impl Write,
    mark: &str,
    side: &str,
    path: &Path,
    terminal: Terminal,
) -> io::Result<()> {
    let bytes = path.as_os_str().as_encoded_bytes();
    let name = match quoted(bytes, side) {
        Some(quoted) => quoted,
        None => format!("{side}{}", path.display()),
    };
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
        let names = (Path::new("c.yml"), Path::new("/here"));
        write(&mut out, names, Some(old), new, Terminal::PIPE).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn an_added_line_is_shown() {
        assert_eq!(
            diff("a\nb\nc\nd\ne\n", "a\nb\nc\nd\nx\ne\n"),
            "--- a/c.yml\n+++ b/c.yml\n@@ -2,4 +2,5 @@\n b\n c\n d\n+x\n e\n"
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
            "--- a/c.yml\n+++ b/c.yml\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"
        );
    }

    #[test]
    fn a_carriage_return_is_content() {
        assert_eq!(
            diff("a\rb\r\n", "a\rb\r\nc\r\n"),
            "--- a/c.yml\n+++ b/c.yml\n@@ -1 +1,2 @@\n a\rb\r\n+c\r\n"
        );
    }

    #[test]
    fn names_apply_from_the_current_directory() {
        let named = |path: &str| applicable(Path::new(path), Path::new("/home/me/shop"));
        assert_eq!(named("./deploy/a.yml"), Path::new("deploy/a.yml"));
        assert_eq!(named("/home/me/shop/a.yml"), Path::new("a.yml"));
        assert_eq!(named("../shop/a.yml"), Path::new("a.yml"));
        assert_eq!(named("../bar/a.yml"), Path::new("home/me/bar/a.yml"));
        assert_eq!(named("/etc/a.yml"), Path::new("etc/a.yml"));
        assert_eq!(
            applicable(Path::new("/etc/a.yml"), Path::new("/")),
            Path::new("etc/a.yml")
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
        let names = (Path::new("c\u{202e}.yml"), Path::new("/here"));
        let screen = Terminal {
            escape: true,
            ..Terminal::PIPE
        };
        write(
            &mut out,
            names,
            Some("a\r\n"),
            "a\r\n\tb\u{1b}[31m\r\n",
            screen,
        )
        .unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "--- a/c\\u{202e}.yml\n+++ b/c\\u{202e}.yml\n@@ -1 +1,2 @@\n a\n+\tb\\u{1b}[31m\n"
        );
    }
}
