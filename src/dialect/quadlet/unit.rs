//! Parses a unit file as Podman does, with the span of every entry.

use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::syntax::Span;

/// A unit as a list of entries.
#[derive(Clone, Debug)]
pub(crate) struct Unit<'s> {
    pub(super) source: &'s str,
    pub(super) entries: Vec<Entry>,
    /// The offset after each line break.
    starts: Vec<usize>,
}

/// One `Key=value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The name of its section, which the entries of the section share.
    pub(super) section: Arc<str>,
    pub(super) key: String,
    /// The value with its continuation lines, without surrounding white space.
    pub(super) value: String,
    /// The span of its lines, including the last line break.
    pub(super) span: Span,
}

/// A line that is not valid in a unit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct UnitFault {
    what: &'static str,
    /// The span of the line.
    pub span: Span,
}

impl Diagnostic for UnitFault {
    fn span(&self) -> Option<Span> {
        Some(self.span)
    }
}

impl<'s> Unit<'s> {
    /// Parses a file (podman `pkg/systemd/parser/unitfile.go` `Parse`). Comments begin with `#` or
    /// `;`. A backslash continues a line. Comments between continued lines are skipped.
    pub(crate) fn parse(source: &'s str) -> Result<Self, UnitFault> {
        let mut entries = Vec::new();
        let mut section: Option<Arc<str>> = None;
        let mut continued: Option<(usize, String)> = None;
        let mut at = 0;
        let lines = source.split_inclusive('\n').count();
        for (nth, whole) in source.split_inclusive('\n').enumerate() {
            let (start, end) = (at, at + whole.len());
            at = end;
            let line = whole.trim();
            let is_comment = line.is_empty() || line.starts_with(['#', ';']);
            if is_comment {
                continue;
            }
            let (first, mut text) = match continued.take() {
                Some((first, before)) => (first, before + line),
                None => (start, line.to_owned()),
            };
            if text.ends_with('\\') {
                text.pop();
                if nth + 1 < lines {
                    continued = Some((first, text));
                    continue;
                }
            }
            let fault = |what| UnitFault {
                what,
                span: span(first, first + source[first..end].trim_end().len()),
            };
            if let Some(name) = header(&text) {
                section = Some(Arc::from(name));
            } else if let Some((key, value)) = text.split_once('=') {
                let section = section.clone();
                let section =
                    section.ok_or_else(|| fault("this key is before the first section"))?;
                let key = key.trim_end();
                if key.is_empty() {
                    return Err(fault("this value has no key"));
                }
                entries.push(Entry {
                    section,
                    key: key.to_owned(),
                    value: value.trim_start().to_owned(),
                    span: span(first, end),
                });
            } else {
                return Err(fault(
                    "this line is not a `Key=value`, a section or a comment",
                ));
            }
        }
        let breaks = memchr::memchr_iter(b'\n', source.as_bytes());
        Ok(Self {
            source,
            entries,
            starts: breaks.map(|at| at + 1).collect(),
        })
    }

    /// The line and column of a byte, counted from 1.
    pub(crate) fn line_column(&self, at: u32) -> (u32, u32) {
        let at = at as usize;
        let breaks = self.starts.partition_point(|start| *start <= at);
        let last = breaks.checked_sub(1).and_then(|last| self.starts.get(last));
        let from_one = |count: usize| u32::try_from(count).unwrap_or(u32::MAX).saturating_add(1);
        (from_one(breaks), from_one(at - last.copied().unwrap_or(0)))
    }
}

/// The name of the section, if the line is a section header.
fn header(line: &str) -> Option<&str> {
    let (name, rest) = line.strip_prefix('[')?.split_once(']')?;
    rest.trim().is_empty().then_some(name)
}

fn span(start: usize, end: usize) -> Span {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span {
        start: offset(start),
        end: offset(end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &str) -> Vec<(String, String, String, String)> {
        let unit = Unit::parse(source).unwrap();
        let entries = unit.entries.into_iter();
        let parts = entries.map(|entry| {
            let text = &source[entry.span.start as usize..entry.span.end as usize];
            (
                entry.section.to_string(),
                entry.key,
                entry.value,
                text.to_owned(),
            )
        });
        parts.collect()
    }

    fn entry(
        section: &str,
        key: &str,
        value: &str,
        text: &str,
    ) -> (String, String, String, String) {
        (section.into(), key.into(), value.into(), text.into())
    }

    #[test]
    fn entries_are_read_with_their_lines() {
        assert_eq!(
            read(
                "# x\n[Unit]\n\nDescription = a b \r\n[Container] \nExec=sh \\\n# y\n  -c \\\n\n  z\n;\nImage="
            ),
            [
                entry("Unit", "Description", "a b", "Description = a b \r\n"),
                entry(
                    "Container",
                    "Exec",
                    "sh -c z",
                    "Exec=sh \\\n# y\n  -c \\\n\n  z\n"
                ),
                entry("Container", "Image", "", "Image="),
            ]
        );
    }

    #[test]
    fn invalid_lines_are_errors() {
        for source in [
            "Image=x\n",
            "[Container]\nImage\n",
            "[Container]\n=x\n",
            "[A] b\n",
        ] {
            assert!(Unit::parse(source).is_err(), "{source}");
        }
    }
}
