//! Splits a stream that is too large for one tree at the markers between its documents.
//!
//! `kustomize build | harden -` may pass all objects of a cluster in one stream. A tree counts its
//! nodes and bytes in 32 bits, so its size is limited. Documents can be parsed separately, because
//! an anchor is only valid in its document (YAML 1.2.2, section 3.2.2.2).

use std::path::PathBuf;

use memchr::memmem;

use crate::engine::EngineError;
use crate::engine::outcome::{
    Change, FileOutcome, FileReport, FixEdit, Location, Position, Report, StaleException, Unread,
};
use crate::project::Source;
use crate::syntax::{Edit, Span};

/// Splits the source into pieces of at most `limit` bytes. A larger document is one piece. The
/// pieces together are the source, byte for byte.
#[must_use]
pub fn pieces(source: Source, limit: usize) -> Vec<Source> {
    if source.bytes.len() <= limit {
        return vec![source];
    }
    let Source { path, bytes } = source;
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut last = 0;
    for mark in marks(&bytes).chain([bytes.len()]) {
        if mark - start > limit && last > start {
            pieces.push(start..last);
            start = last;
        }
        last = mark;
    }
    pieces.push(start..bytes.len());
    pieces
        .into_iter()
        .filter_map(|piece| {
            Some(Source {
                path: path.clone(),
                bytes: bytes.get(piece)?.to_vec(),
            })
        })
        .collect()
}

/// The starts of `---` lines without a directive on the line above.
fn marks(bytes: &[u8]) -> impl Iterator<Item = usize> + '_ {
    memmem::find_iter(bytes, b"\n---").filter_map(|at| {
        let ends = bytes
            .get(at + 4)
            .is_none_or(|next| matches!(next, b' ' | b'\t' | b'\r' | b'\n'));
        let line = bytes
            .get(..at)?
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
        (ends && bytes.get(line) != Some(&b'%')).then_some(at + 1)
    })
}

/// Combines the reports of the pieces into the report of the whole stream.
#[must_use]
pub fn joined(report: Report) -> Report {
    if report.files.len() < 2 {
        return report;
    }
    let Report {
        files,
        mut containers,
        stale,
        unselected,
        unread,
    } = report;
    let mut starts = Vec::with_capacity(files.len());
    let (mut lines, mut bytes) = (0, 0);
    for file in &files {
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        starts.push((count(lines), count(bytes)));
        lines += memchr::memchr_iter(b'\n', file.source.as_bytes()).count();
        bytes += file.source.len();
    }
    let above = |file: usize| starts.get(file).map_or(0, |(lines, _)| *lines);
    let start = |file: usize| starts.get(file).map_or(0, |(_, bytes)| *bytes);
    let moved =
        |position: Position| position.moved(|file, line| (0, line.saturating_add(above(file))));
    let stale = stale
        .into_iter()
        .map(|StaleException { at, why }| StaleException { at: moved(at), why });
    for container in &mut containers {
        container.file = 0;
        container.relocate(
            |place| Location {
                file: 0,
                line: place.line.saturating_add(above(place.file)),
                span: later(place.span, start(place.file)),
                ..place
            },
            |file, line| (0, line.saturating_add(above(file))),
            |one| FixEdit {
                file: 0,
                edit: moved_edit(one.edit, start(one.file)),
                ..one
            },
        );
    }
    let unread = unread.into_iter().map(|one| Unread {
        file: 0,
        line: one.line.saturating_add(above(one.file)),
        ..one
    });
    Report {
        unread: unread.collect(),
        files: vec![whole(files)],
        containers,
        stale: stale.collect(),
        unselected,
    }
}

/// The span in the stream for a span in a piece.
fn later(span: Span, start: u32) -> Span {
    Span {
        start: span.start.saturating_add(start),
        end: span.end.saturating_add(start),
    }
}

fn moved_edit(edit: Edit, start: u32) -> Edit {
    Edit {
        span: later(edit.span, start),
        ..edit
    }
}

/// The file report of the whole stream. If one piece failed, the stream failed.
fn whole(files: Vec<FileReport>) -> FileReport {
    let mut stream = FileReport {
        path: PathBuf::from("-"),
        source: String::new(),
        outcome: FileOutcome::Unchanged,
    };
    let mut change = Change::default();
    let mut changed = false;
    let mut others = None;
    let mut ours = false;
    for file in files {
        let offset = u32::try_from(stream.source.len()).unwrap_or(u32::MAX);
        match file.outcome {
            FileOutcome::Failed(EngineError::Syntax(mut error)) => {
                error.span = later(error.span, offset);
                others.get_or_insert(FileOutcome::Failed(EngineError::Syntax(error)));
                change.text.push_str(&file.source);
            }
            failed @ FileOutcome::Failed(_) => {
                others.get_or_insert(failed);
                change.text.push_str(&file.source);
            }
            FileOutcome::NotOurs(why) => {
                others.get_or_insert(FileOutcome::NotOurs(why));
                change.text.push_str(&file.source);
            }
            FileOutcome::Read | FileOutcome::Unchanged => {
                ours = true;
                change.text.push_str(&file.source);
            }
            FileOutcome::Changed(Change { text, edits }) => {
                ours = true;
                changed = true;
                change.text.push_str(&text);
                let edits = edits.into_iter().map(|edit| moved_edit(edit, offset));
                change.edits.extend(edits);
            }
            // No file is created next to standard input.
            FileOutcome::Created(_) => {}
        }
        stream.source.push_str(&file.source);
    }
    stream.outcome = match others {
        Some(failed @ FileOutcome::Failed(_)) => failed,
        Some(not_ours) if !ours => not_ours,
        _ if changed => FileOutcome::Changed(change),
        _ => FileOutcome::Unchanged,
    };
    stream
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str, limit: usize) -> Vec<String> {
        let source = Source {
            path: "-".into(),
            bytes: text.as_bytes().to_vec(),
        };
        pieces(source, limit)
            .into_iter()
            .map(|piece| String::from_utf8(piece.bytes).unwrap())
            .collect()
    }

    #[test]
    fn a_stream_is_split_only_between_documents() {
        let text = "a: 1\n---\nb: |\n  ---\n  x\n---x\n---\r\nc: 3\n%YAML 1.2\n---\nd: 4\n--- e\n";
        let small = split(text, 1);
        assert_eq!(small.concat(), text);
        assert_eq!(
            small,
            [
                "a: 1\n",
                "---\nb: |\n  ---\n  x\n---x\n",
                "---\r\nc: 3\n%YAML 1.2\n---\nd: 4\n",
                "--- e\n"
            ]
        );
        assert_eq!(split(text, 1000), [text]);
        assert_eq!(split(text, 40).concat(), text);
    }

    #[test]
    fn a_document_that_is_too_large_stays_whole() {
        assert_eq!(split("a: 1\nb: 2\n", 3), ["a: 1\nb: 2\n"]);
    }
}
