//! Plans a stream of Kubernetes objects in pieces.
//!
//! `kustomize build | harden -` may pass all objects of a cluster in one stream. The results for
//! its containers take some hundred times the memory of their text, so a large stream is cut
//! between documents, and planned piece by piece. Documents can be parsed separately, because an
//! anchor is only valid in its document (YAML 1.2.2, section 3.2.2.2).
//!
//! The result does not depend on where the stream is cut. Objects that concern the pods of other
//! documents, such as autoscalers and service accounts, are read first, over the whole stream
//! ([`Neighbours`]). The documents of a Compose file are one project, so they are never cut.

mod join;
mod pieces;

use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use tempfile::SpooledTempFile;

pub use self::join::{Verdict, joined};
use self::join::{moved, moved_error};
use self::pieces::Pieces;
pub use self::pieces::{Cut, Start};
use super::FileError;
use crate::dialect::recognise::{is_of_compose, parsed};
use crate::dialect::{Neighbours, quadlet};
use crate::engine::Run;
use crate::engine::outcome::{FileOutcome, FileReport, Report};
use crate::project::Source;
use crate::syntax;

/// The results of one piece of a stream.
#[derive(Debug)]
pub struct Piece {
    /// The report with one file: the piece. Its places are those in the stream.
    pub report: Report,
    /// Where the piece begins.
    pub start: Start,
    is_readable: bool,
    is_whole: bool,
}

impl Piece {
    /// A piece that begins at `start`, with the places in the piece.
    #[must_use]
    pub fn new(report: Report, start: Start) -> Self {
        let report = moved(report, start);
        Self {
            report,
            start,
            is_readable: true,
            is_whole: false,
        }
    }

    /// Whether the stream is this one piece.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Whether the stream has no result because of this piece.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        !self.is_readable || matches!(self.outcome(), Some(FileOutcome::Failed(_)))
    }

    /// The outcome of the piece.
    #[must_use]
    pub fn outcome(&self) -> Option<&FileOutcome> {
        self.report.files.first().map(|file| &file.outcome)
    }

    /// The text of the piece with its changes.
    #[must_use]
    pub fn text(&self) -> &str {
        match self.report.files.first() {
            Some(FileReport {
                outcome: FileOutcome::Changed(change),
                ..
            }) => &change.text,
            Some(file) => &file.source,
            None => "",
        }
    }

    /// The piece that failed as the report of the whole stream.
    ///
    /// # Errors
    ///
    /// Those of reading the stream.
    pub fn failure(self, stream: &mut Spool) -> io::Result<Report> {
        let Self { report, start, .. } = self;
        let mut report = Report {
            containers: Vec::new(),
            ..report
        };
        for file in &mut report.files {
            let outcome = std::mem::replace(&mut file.outcome, FileOutcome::Unchanged);
            file.outcome = match outcome {
                FileOutcome::Failed(error) => FileOutcome::Failed(moved_error(error, start)),
                outcome => outcome,
            };
            let bytes = u64::from(start.bytes) + file.source.len() as u64;
            if start.bytes > 0 {
                file.source = stream.text(bytes)?;
            }
        }
        Ok(report)
    }
}

impl Run<'_> {
    /// Plans the stream in pieces of this size, and hands them on in order. A piece that fails is
    /// the last one.
    ///
    /// # Errors
    ///
    /// Those of reading the stream, and of `take`.
    pub fn stream(
        &self,
        input: &mut Spool,
        cut: Cut,
        take: &mut dyn FnMut(Piece) -> io::Result<()>,
    ) -> io::Result<()> {
        match self.survey(input, cut)? {
            Survey::Together => {
                let bytes = input.read_all()?;
                let report = self.project(vec![source(bytes)]);
                take(Piece {
                    is_whole: true,
                    ..Piece::new(report, Start::default())
                })
            }
            Survey::Unreadable(start, bytes) => {
                let piece = Piece::new(self.project(vec![source(bytes)]), start);
                take(Piece {
                    is_readable: false,
                    ..piece
                })
            }
            Survey::Pieces(neighbours) => {
                let run = Run {
                    neighbours: Some(&neighbours),
                    ..self.clone()
                };
                run.pieces(input, cut, take)
            }
        }
    }

    fn pieces(
        &self,
        input: &mut Spool,
        cut: Cut,
        take: &mut dyn FnMut(Piece) -> io::Result<()>,
    ) -> io::Result<()> {
        input.0.rewind()?;
        let mut pieces = Pieces::new(&mut input.0, cut);
        loop {
            let mut batch = Vec::new();
            while batch.len() < rayon::current_num_threads().min(AT_ONCE)
                && let Some(piece) = pieces.next()?
            {
                batch.push(piece);
            }
            if batch.is_empty() {
                return Ok(());
            }
            let plan = |(start, bytes)| Piece::new(self.project(vec![source(bytes)]), start);
            let planned: Vec<Piece> = batch.into_par_iter().map(plan).collect();
            for piece in planned {
                let has_failed = piece.has_failed();
                take(piece)?;
                if has_failed {
                    return Ok(());
                }
            }
        }
    }

    /// Reads the whole stream once, before it is planned.
    fn survey(&self, input: &mut Spool, cut: Cut) -> io::Result<Survey> {
        input.0.rewind()?;
        let mut pieces = Pieces::new(&mut input.0, cut);
        let mut neighbours = Neighbours::default();
        let mut are_all_compose = true;
        while let Some((start, bytes)) = pieces.next()? {
            let text = syntax::decode(&bytes).ok();
            let is_unit = |text| quadlet::is_unit(Path::new("-"), text);
            if start == Start::default() && text.is_some_and(is_unit) {
                return Ok(Survey::Together);
            }
            let Some(Ok(tree)) = text.map(parsed) else {
                return Ok(Survey::Unreadable(start, bytes));
            };
            are_all_compose &= is_of_compose(&tree);
            if start == Start::default() && pieces.is_at_end()? {
                return Ok(Survey::Together);
            }
            neighbours.add(&tree, self.custom_resources);
        }
        Ok(if are_all_compose {
            Survey::Together
        } else {
            Survey::Pieces(Box::new(neighbours))
        })
    }
}

/// The number of pieces that are planned at the same time. It bounds the memory on machines with
/// many processors.
const AT_ONCE: usize = 6;

/// How to plan a stream.
enum Survey {
    /// As a whole.
    Together,
    /// In pieces, which all have these neighbours.
    Pieces(Box<Neighbours>),
    /// Not at all: this piece is not YAML.
    Unreadable(Start, Vec<u8>),
}

fn source(bytes: Vec<u8>) -> Source {
    let path = PathBuf::from("-");
    Source { path, bytes }
}

/// Bytes in memory, or in a file without a name if they are many.
#[derive(Debug)]
pub struct Spool(SpooledTempFile);

/// The number of bytes in memory.
const IN_MEMORY: usize = 64 << 20;

impl Default for Spool {
    fn default() -> Self {
        Self(SpooledTempFile::new(IN_MEMORY))
    }
}

impl Spool {
    /// Reads standard input to its end.
    ///
    /// # Errors
    ///
    /// [`FileError::Read`], and [`FileError::TooLarge`] if 32 bits cannot count the bytes.
    pub fn read(input: impl Read) -> Result<Self, FileError> {
        let limit = u64::from(u32::MAX);
        let mut spool = Self::default();
        let path = PathBuf::from("-");
        match io::copy(&mut input.take(limit + 1), &mut spool.0) {
            Ok(bytes) if bytes > limit => Err(FileError::TooLarge { path, bytes, limit }),
            Ok(_) => Ok(spool),
            Err(source) => Err(FileError::Read { path, source }),
        }
    }

    /// Writes all bytes to `out`.
    ///
    /// # Errors
    ///
    /// Those of the writer, and of reading the bytes.
    pub fn write_to(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.0.rewind()?;
        io::copy(&mut self.0, out).map(|_| ())
    }

    /// The first bytes as a text, for an error in it.
    ///
    /// # Errors
    ///
    /// Those of reading them.
    pub fn text(&mut self, bytes: u64) -> io::Result<String> {
        self.0.rewind()?;
        let mut read = Vec::new();
        Read::take(&mut self.0, bytes).read_to_end(&mut read)?;
        Ok(String::from_utf8_lossy(&read).into_owned())
    }

    /// All bytes.
    ///
    /// # Errors
    ///
    /// Those of reading them.
    pub fn read_all(&mut self) -> io::Result<Vec<u8>> {
        self.0.rewind()?;
        let mut bytes = Vec::new();
        self.0.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
