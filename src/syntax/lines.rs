//! An index of the lines of a source, for many position lookups.

use super::Tree;
use super::scalar::find_break;

/// [`Tree::line_column`] with an index: a lookup does not scan the source from its start.
#[derive(Debug)]
pub struct Lines<'s> {
    source: &'s str,
    /// The offset of the first byte of each line.
    starts: Vec<usize>,
}

impl<'s> Lines<'s> {
    /// Builds the index from the source of a tree.
    #[must_use]
    pub fn new(tree: &Tree<'s>) -> Self {
        let source = tree.source();
        let mut at = if source.starts_with('\u{feff}') { 3 } else { 0 };
        let mut starts = Vec::with_capacity(source.len() / 24 + 1);
        starts.push(at);
        while let Some(found) = find_break(&source.as_bytes()[at..], tree.mode) {
            at += found.end;
            starts.push(at);
        }
        Self { source, starts }
    }

    /// The line and column of a byte, both from 1. The column counts characters, as in go-yaml.
    #[must_use]
    pub fn line_column(&self, offset: u32) -> (u32, u32) {
        let mut end = (offset as usize).min(self.source.len());
        while !self.source.is_char_boundary(end) {
            end -= 1;
        }
        let line = self.starts.partition_point(|start| *start <= end).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or(0).min(end);
        let column = self.source[start..end].chars().count() + 1;
        let number = |value| u32::try_from(value).unwrap_or(u32::MAX);
        (number(line), number(column))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::{Limits, Mode, parse};

    #[test]
    fn lines_are_counted_like_in_the_tree() {
        for source in [
            "",
            "a: 1\r\nb: ü\n\nc: [1,\r 2]",
            "\u{feff}a: 1\nb: 2\n",
            "a: x\u{2028}b: 1\u{85}c: 2\n",
        ] {
            let tree = parse(source, Mode::GoYaml, &Limits::default()).unwrap();
            let lines = Lines::new(&tree);
            for offset in 0..=u32::try_from(source.len()).unwrap() + 2 {
                // No token starts inside a line break.
                let at = offset as usize;
                if at > 0 && source.as_bytes().get(at - 1..=at) == Some(b"\r\n") {
                    continue;
                }
                let expected = tree.line_column(offset);
                assert_eq!(lines.line_column(offset), expected, "{source:?} {offset}");
            }
        }
    }
}
