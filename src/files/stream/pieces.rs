//! Cuts a stream at the markers between its documents.

use std::io::{self, Read};

use memchr::memmem;

/// How large a piece of a stream may be. A larger document is one piece.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    /// The number of bytes.
    pub bytes: usize,
    /// The number of documents. A container takes much more memory than its text while it is
    /// planned, so bytes do not bound the memory.
    pub documents: usize,
}

impl Default for Cut {
    fn default() -> Self {
        Self {
            bytes: 256 << 10,
            documents: 500,
        }
    }
}

/// The place of a piece in its stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Start {
    /// The number of lines before it.
    pub lines: u32,
    /// The number of bytes before it.
    pub bytes: u32,
}

/// The pieces of a stream, in order. Together they are the stream, byte for byte.
#[derive(Debug)]
pub(super) struct Pieces<R> {
    input: R,
    cut: Cut,
    /// The start of the next piece.
    start: Start,
    /// The bytes that are read and not yet in a piece.
    held: Vec<u8>,
    is_read: bool,
}

impl<R: Read> Pieces<R> {
    pub(super) fn new(input: R, cut: Cut) -> Self {
        Self {
            input,
            cut,
            start: Start::default(),
            held: Vec::new(),
            is_read: false,
        }
    }

    /// The next piece and its start; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<(Start, Vec<u8>)>> {
        let end = self.end()?;
        if end == 0 {
            return Ok(None);
        }
        let rest = self.held.split_off(end);
        let piece = std::mem::replace(&mut self.held, rest);
        let start = self.start;
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let lines = count(memchr::memchr_iter(b'\n', &piece).count());
        self.start = Start {
            lines: start.lines.saturating_add(lines),
            bytes: start.bytes.saturating_add(count(piece.len())),
        };
        Ok(Some((start, piece)))
    }

    /// Whether no piece follows.
    pub(super) fn is_at_end(&mut self) -> io::Result<bool> {
        while self.held.is_empty() && !self.is_read {
            self.read()?;
        }
        Ok(self.held.is_empty())
    }

    /// The end of the next piece in the held bytes.
    fn end(&mut self) -> io::Result<usize> {
        let mut from = 0;
        let mut last = None;
        let mut documents = 0;
        loop {
            while let Some(at) = self.marker(from) {
                from = at + 1;
                let Some(end) = cut_before(&self.held, at + 1) else {
                    continue;
                };
                documents += 1;
                if end >= self.cut.bytes || documents > self.cut.documents {
                    return Ok(last.unwrap_or(end));
                }
                last = Some(end);
            }
            if self.is_read {
                return Ok(match last {
                    Some(last) if self.held.len() > self.cut.bytes => last,
                    _ => self.held.len(),
                });
            }
            // A marker can begin in the bytes that are there.
            from = from.max(self.held.len().saturating_sub(MARKER.len()));
            self.read()?;
        }
    }

    /// The line feed before the next `---` line.
    fn marker(&self, from: usize) -> Option<usize> {
        memmem::find_iter(self.held.get(from..)?, MARKER)
            .map(|at| from + at)
            .find(|at| match self.held.get(at + MARKER.len()) {
                Some(next) => matches!(next, b' ' | b'\t' | b'\r' | b'\n'),
                None => self.is_read,
            })
    }

    fn read(&mut self) -> io::Result<()> {
        let before = self.held.len();
        let more = self.cut.bytes.clamp(1, 64 << 10) as u64;
        self.input.by_ref().take(more).read_to_end(&mut self.held)?;
        self.is_read = self.held.len() == before;
        Ok(())
    }
}

const MARKER: &[u8] = b"\n---";

/// Where to cut before the `---` line that starts at `marker`: comments above the line belong to
/// the document below it. `None` if directives belong to the document, too.
fn cut_before(bytes: &[u8], marker: usize) -> Option<usize> {
    let mut cut = marker;
    let mut at = marker;
    while at > 0 {
        let above = bytes.get(..at - 1)?;
        let start = memchr::memrchr(b'\n', above).map_or(0, |end| end + 1);
        let line = above.get(start..)?;
        match line.first() {
            // Only without indentation: other lines may be text of a block scalar. For the same
            // reason, blank lines above the first comment stay where they are.
            Some(b'#') => cut = start,
            _ if line.trim_ascii().is_empty() => {}
            Some(b'%') => return None,
            _ => break,
        }
        at = start;
    }
    (cut > 0).then_some(cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time.
    struct Slow<'b>(&'b [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let len = 1.min(buffer.len());
            self.0.read(&mut buffer[..len])
        }
    }

    fn split(text: &str, bytes: usize, documents: usize) -> Vec<String> {
        let cut = Cut { bytes, documents };
        let all = |mut pieces: Pieces<&mut dyn Read>| {
            let (mut found, mut lines, mut start) = (Vec::new(), 0, 0);
            while !pieces.is_at_end().unwrap() {
                let (at, piece) = pieces.next().unwrap().unwrap();
                assert_eq!((at.lines, at.bytes), (lines, start));
                let piece = String::from_utf8(piece).unwrap();
                lines += u32::try_from(piece.matches('\n').count()).unwrap();
                start += u32::try_from(piece.len()).unwrap();
                found.push(piece);
            }
            assert!(pieces.next().unwrap().is_none());
            assert_eq!(found.concat(), text);
            found
        };
        let found = all(Pieces::new(&mut text.as_bytes(), cut));
        assert_eq!(all(Pieces::new(&mut Slow(text.as_bytes()), cut)), found);
        found
    }

    #[test]
    fn a_stream_is_split_only_between_documents() {
        let text = "a: 1\n---\nb: |\n  ---\n  x\n---x\n---\r\nc: 3\n%YAML 1.2\n---\nd: 4\n--- e\n";
        assert_eq!(
            split(text, 1, 9),
            [
                "a: 1\n",
                "---\nb: |\n  ---\n  x\n---x\n",
                "---\r\nc: 3\n%YAML 1.2\n---\nd: 4\n",
                "--- e\n"
            ]
        );
        assert_eq!(split(text, 1000, 9), [text]);
        split(text, 40, 9);
        assert_eq!(split(text, 1000, 2).len(), 2);
        assert!(split("", 1, 1).is_empty());
    }

    #[test]
    fn a_document_that_is_too_large_stays_whole() {
        assert_eq!(split("a: 1\nb: 2\n", 3, 9), ["a: 1\nb: 2\n"]);
        assert_eq!(
            split("a: 1\nb: 2\n---\nc: 3", 3, 9),
            ["a: 1\nb: 2\n", "---\nc: 3"]
        );
    }

    #[test]
    fn comments_and_directives_stay_with_the_document_below_them() {
        let text = "# a\n---\na: |+\n  x\n  # y\n\n\n# b\n\n# c\n---\nb: 1\n...\n%YAML 1.2\n# d\n---\nc: 1\n";
        assert_eq!(
            split(text, 1, 9),
            [
                "# a\n---\na: |+\n  x\n  # y\n\n\n",
                "# b\n\n# c\n---\nb: 1\n...\n%YAML 1.2\n# d\n---\nc: 1\n",
            ]
        );
    }
}
