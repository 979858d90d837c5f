//! Comments, and the line that each comment describes.

use super::{Kind, Span, Tree};

/// A comment of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comment {
    /// From `#` to the end of the line.
    pub span: Span,
    /// The first byte of the line that the comment describes. This is the comment's own line if
    /// other text comes before the comment, else the next line that is not a comment.
    pub line: u32,
}

impl Tree<'_> {
    /// All comments, in source order.
    ///
    /// Takes time proportional to the length of the source.
    #[must_use]
    pub fn comments(&self) -> Vec<Comment> {
        let mut comments = Vec::new();
        let mut from = 0;
        // Between two scalars there are only blanks, indicators, properties and comments.
        let scalars = self
            .nodes
            .iter()
            .filter(|node| matches!(node.kind, Kind::Scalar | Kind::Alias))
            .map(|node| node.span);
        let end = u32::try_from(self.source.len()).unwrap_or(u32::MAX);
        let after = Span { start: end, end };
        for scalar in scalars.chain([after]) {
            self.comments_between(from, scalar.start, &mut comments);
            from = from.max(scalar.end);
        }
        // Comments on consecutive lines describe the same line.
        for at in (1..comments.len()).rev() {
            let (above, below): (Comment, Comment) = (comments[at - 1], comments[at]);
            if above.line == self.line_start(below.span.start) && below.line != above.line {
                comments[at - 1].line = below.line;
            }
        }
        comments
    }

    /// The span of the line that starts at `start`, at least one byte long. An empty last line is
    /// therefore not an empty span.
    #[must_use]
    pub fn line_at(&self, start: u32) -> Span {
        let rest = self.source.get(start as usize..).unwrap_or_default();
        let len = rest.find(['\n', '\r']).unwrap_or(rest.len());
        let len = u32::try_from(len + 1).unwrap_or(u32::MAX);
        Span {
            start,
            end: start.saturating_add(len),
        }
    }

    /// The first byte of the line that contains an offset.
    fn line_start(&self, offset: u32) -> u32 {
        let before = self.source.get(..offset as usize).unwrap_or_default();
        let start = before.rfind(['\n', '\r']).map_or(0, |at| at + 1);
        u32::try_from(start).unwrap_or(u32::MAX)
    }

    fn comments_between(&self, from: u32, to: u32, comments: &mut Vec<Comment>) {
        let gap = self
            .source
            .get(from as usize..to as usize)
            .unwrap_or_default();
        let mut at = 0;
        while let Some(found) = gap.get(at..).and_then(|rest| rest.find('#')) {
            let hash = at + found;
            let start = from.saturating_add(u32::try_from(hash).unwrap_or(u32::MAX));
            let is_separate = self
                .source
                .get(..start as usize)
                .and_then(|before| before.chars().next_back())
                .is_none_or(|last| matches!(last, ' ' | '\t' | '\n' | '\r' | '\u{feff}'));
            if !is_separate {
                // This `#` is part of an anchor or a tag.
                at = hash + 1;
                continue;
            }
            let line = self.line_start(start);
            let before = self
                .source
                .get(line as usize..start as usize)
                .unwrap_or_default();
            let before = before.trim_start_matches('\u{feff}');
            let rest = gap.get(hash..).unwrap_or_default();
            let len = rest.find(['\n', '\r']).unwrap_or(rest.len());
            let end = start.saturating_add(u32::try_from(len).unwrap_or(u32::MAX));
            let is_alone = before.trim().is_empty();
            comments.push(Comment {
                span: Span { start, end },
                line: if is_alone { self.next_line(end) } else { line },
            });
            at = hash + len;
        }
    }

    /// The first byte after the line break at `end`.
    fn next_line(&self, end: u32) -> u32 {
        let rest = self.source.get(end as usize..).unwrap_or_default();
        let len = match rest.as_bytes() {
            [b'\r', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            _ => 0,
        };
        end.saturating_add(len)
    }
}

#[cfg(test)]
mod tests {
    use crate::syntax::{Limits, Mode, parse};

    /// Each comment with the line that it describes.
    fn comments(source: &str) -> Vec<(&str, &str)> {
        let tree = parse(source, Mode::GoYaml, &Limits::default()).unwrap();
        tree.comments()
            .iter()
            .map(|comment| {
                let line = source[comment.line as usize..].lines().next();
                let span = comment.span.start as usize..comment.span.end as usize;
                (&source[span], line.unwrap_or_default())
            })
            .collect()
    }

    #[test]
    fn a_comment_describes_its_line_or_the_next() {
        assert_eq!(
            comments("# a\na: 1 # b\nc: # d\n  # e\n  # f\n\n  g: 2\n# h"),
            [
                ("# a", "a: 1 # b"),
                ("# b", "a: 1 # b"),
                ("# d", "c: # d"),
                ("# e", ""),
                ("# f", ""),
                ("# h", ""),
            ]
        );
        assert_eq!(
            comments("\u{feff}# a\r\n# b\r\n---\r\n- x\r\n"),
            [("# a", "---"), ("# b", "---")]
        );
    }

    #[test]
    fn a_trailing_comment_above_another_keeps_its_line() {
        assert_eq!(
            comments("a: 1 # b\n# c\nd: 2\n"),
            [("# b", "a: 1 # b"), ("# c", "d: 2")]
        );
    }

    #[test]
    fn text_that_looks_like_a_comment_is_not_one() {
        for source in [
            "a: |\n  # no\n  x\n",
            "a: 'b # no'\n",
            "a: \"\n  # no\"\n",
            "a: b#no\n",
            "a: &b#no c\n",
            "- '#no': x\n",
        ] {
            assert!(comments(source).is_empty(), "{source}");
        }
        assert_eq!(
            comments("a: | # b\n  # no\n# c\nd: [1, # e\n 2] # f\n").len(),
            3
        );
    }
}
