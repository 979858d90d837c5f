//! The change of a file: its new text and the edits.

use similar::{Algorithm, DiffTag, capture_diff_slices};

use crate::syntax::{Edit, Span};

/// A proved change of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The whole new text.
    pub text: String,
    /// The edits of the old text, ascending and disjoint.
    pub edits: Vec<Edit>,
}

impl Change {
    /// The change of one text to another one without planned edits: one edit for each run of lines
    /// that differ. The edits contain no unchanged lines, so no report repeats their content.
    #[must_use]
    pub fn between(old: &str, new: String) -> Self {
        let (before, after) = (lines(old), lines(&new));
        let offset = |lines: &[&str]| {
            let bytes = lines.iter().map(|line| line.len()).sum::<usize>();
            u32::try_from(bytes).unwrap_or(u32::MAX)
        };
        let differences = capture_diff_slices(Algorithm::Myers, &before, &after).into_iter();
        let edits = differences
            .filter(|difference| difference.tag() != DiffTag::Equal)
            .map(|difference| {
                let (old, new) = (difference.old_range(), difference.new_range());
                Edit {
                    span: Span {
                        start: offset(&before[..old.start]),
                        end: offset(&before[..old.end]),
                    },
                    text: after[new].concat(),
                }
            })
            .collect();
        Self { text: new, edits }
    }
}

/// The lines with their line feeds.
fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::Plan;

    #[test]
    fn the_edits_make_the_other_text() {
        let edit = |old: &str, new: &str| {
            let change = Change::between(old, new.to_owned());
            let plan = Plan {
                edits: change.edits.clone(),
                ..Plan::default()
            };
            assert_eq!(plan.apply(old), new);
            change.edits
        };
        assert_eq!(edit("a\nb\n", "a\nb\n"), []);
        let one = |start, end, text: &str| {
            let text = text.to_owned();
            [Edit {
                span: Span { start, end },
                text,
            }]
        };
        assert_eq!(edit("a\nb\nc\n", "a\nx\nc\n"), one(2, 4, "x\n"));
        assert_eq!(edit("a\nb\n", "a\nb\nc\n"), one(4, 4, "c\n"));
        assert_eq!(edit("a\nb", "a\nb\n"), one(2, 3, "b\n"));
        assert_eq!(edit("", "é\n"), one(0, 0, "é\n"));
        assert_eq!(edit("é\nb\n", ""), one(0, 5, ""));
        assert_eq!(edit("a\nb\nc\n", "x\nb\nz\n").len(), 2);
    }
}
