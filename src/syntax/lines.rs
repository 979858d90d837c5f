//! An index of the lines of a source, for many position lookups.

use super::Mode;
use super::scalar::find_break;

/// The lines of a source, and the number of characters before its parts. A lookup scans no more
/// than one part, even if the whole source is one line.
#[derive(Debug)]
pub(super) struct Lines {
    /// The offset of the first byte of each line.
    starts: Vec<usize>,
    /// The number of characters before each part of [`PART`] bytes.
    characters: Vec<usize>,
}

/// The bytes of a part.
const PART: usize = 1024;

impl Lines {
    pub(super) fn new(source: &str, mode: Mode) -> Self {
        let mut at = if source.starts_with('\u{feff}') { 3 } else { 0 };
        let mut starts = Vec::with_capacity(source.len() / 24 + 1);
        starts.push(at);
        while let Some(found) = find_break(&source.as_bytes()[at..], mode) {
            at += found.end;
            starts.push(at);
        }
        let mut characters = Vec::with_capacity(source.len() / PART + 1);
        let mut before = 0;
        for part in source.as_bytes().chunks(PART) {
            characters.push(before);
            before += first_bytes(part);
        }
        characters.push(before);
        Self { starts, characters }
    }

    /// The line and column of a byte, both from 1. The column counts characters, as in go-yaml.
    pub(super) fn line_column(&self, source: &str, offset: u32) -> (u32, u32) {
        let mut end = (offset as usize).min(source.len());
        while !source.is_char_boundary(end) {
            end -= 1;
        }
        let line = self.starts.partition_point(|start| *start <= end).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or(0).min(end);
        let column = self.before(source, end) - self.before(source, start) + 1;
        let number = |value| u32::try_from(value).unwrap_or(u32::MAX);
        (number(line), number(column))
    }

    /// The number of characters before this offset.
    fn before(&self, source: &str, offset: usize) -> usize {
        let part = offset / PART;
        let whole = self.characters.get(part).copied().unwrap_or_default();
        let rest = source.as_bytes().get(part * PART..offset);
        whole + rest.map_or(0, first_bytes)
    }
}

/// The number of bytes that start a character.
fn first_bytes(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::{Limits, parse};

    /// The same by scanning the source from its start.
    fn scanned(source: &str, mode: Mode, offset: u32) -> (u32, u32) {
        let mut end = (offset as usize).min(source.len());
        while !source.is_char_boundary(end) {
            end -= 1;
        }
        let before = &source[..end];
        let before = before.strip_prefix('\u{feff}').unwrap_or(before);
        let (mut line, mut line_start) = (1, 0);
        let mut at = 0;
        while let Some(found) = find_break(&before.as_bytes()[at..], mode) {
            at += found.end;
            line += 1;
            line_start = at;
        }
        let column = before[line_start..].chars().count() + 1;
        (line, u32::try_from(column).unwrap())
    }

    #[test]
    fn lines_and_columns_are_those_of_a_scan() {
        let long = format!("a: [{}]\nb: c\n", "ü, ".repeat(1000));
        for source in [
            "",
            "a: 1\r\nb: ü\n\nc: [1,\r 2]",
            "\u{feff}a: 1\nb: 2\n",
            "a: x\u{2028}b: 1\u{85}c: 2\n",
            &long,
        ] {
            let tree = parse(source, Mode::GoYaml, &Limits::default()).unwrap();
            for offset in 0..=u32::try_from(source.len()).unwrap() + 2 {
                // No token starts inside a line break.
                let at = offset as usize;
                if at > 0 && source.as_bytes().get(at - 1..=at) == Some(b"\r\n") {
                    continue;
                }
                let expected = scanned(source, tree.mode, offset);
                assert_eq!(tree.line_column(offset), expected, "{source:?} {offset}");
            }
        }
    }
}
