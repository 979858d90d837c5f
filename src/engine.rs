//! One pass over one project: parse, ask, apply, prove.

use std::path::PathBuf;

use crate::container::Policy;
use crate::image::Knowledge;
use crate::report::Report;
use crate::transforms::Transform;

/// A file as read from disk or standard input.
#[derive(Clone, Debug)]
pub struct Source {
    /// As the person knows it.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What to run and how.
#[derive(Clone, Debug)]
pub struct Run<'k> {
    /// The transforms, in catalogue order.
    pub transforms: Vec<&'static Transform>,
    /// Numbers and boldness.
    pub policy: Policy,
    /// What is known of images.
    pub knowledge: &'k Knowledge,
}

impl Run<'_> {
    /// Plans, applies in memory and proves one project. Nothing is written to disk.
    ///
    /// Files of different formats may come together (a directory of both): each format is a
    /// project of its own.
    #[must_use]
    pub fn project(&self, sources: Vec<Source>) -> Report {
        let _ = sources;
        Report::default()
    }
}
