//! The knowledge base of a run: the embedded entries and those of users.

use std::fs;
use std::path::{Path, PathBuf};

use super::base::Base;
use super::exit::UnusableFile;
use crate::edition::Edition;
use crate::files::FileError;
use crate::image::entry::Entry;
use crate::image::{EntryError, Fault, Knowledge, UnusableEntry, read};

/// Loads the entries of files and directories and adds those that were read already. They take
/// precedence over the embedded ones of this edition. Files of the repository are read from the
/// base revision, where there is one.
pub(super) fn load(
    paths: &[PathBuf],
    read_already: Vec<Entry>,
    edition: Edition,
    base: Option<&Base>,
) -> Result<Knowledge, Vec<UnusableFile>> {
    let mut own = read_already;
    let mut found = Vec::new();
    for path in paths {
        let read = base.and_then(|base| base.entries(path));
        match read.unwrap_or_else(|| files(path)) {
            Err(error) => found.push(UnusableFile::unread(path.clone(), error)),
            Ok(files) => {
                for (path, text) in files {
                    match read::entries(&text) {
                        Ok(entries) => match claimed(&own, &entries) {
                            None => own.extend(entries),
                            Some(fault) => found.push(unusable(&path, &text, fault)),
                        },
                        Err(faults) => {
                            let faults = faults
                                .into_iter()
                                .map(|fault| unusable(&path, &text, fault));
                            found.extend(faults);
                        }
                    }
                }
            }
        }
    }
    if !found.is_empty() {
        return Err(found);
    }
    Knowledge::with(own)
        .map(|knowledge| knowledge.at(edition))
        .map_err(|error| {
            let fault = Fault { line: 1, error };
            vec![unusable(Path::new(""), "", fault)]
        })
}

/// The first pattern that two entries claim.
fn claimed(own: &[Entry], new: &[Entry]) -> Option<Fault> {
    let mut before = own.to_vec();
    for entry in new {
        for pattern in &entry.images {
            if before.iter().any(|other| other.images.contains(pattern)) {
                let error = EntryError::Claimed(pattern.clone());
                return Some(Fault { line: 1, error });
            }
        }
        before.push(entry.clone());
    }
    None
}

/// Reads a file, or the `.yaml` and `.yml` files of a directory in alphabetical order.
fn files(path: &Path) -> Result<Vec<(PathBuf, String)>, FileError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        |source| FileError::Read { path, source }
    };
    let mut paths = Vec::new();
    if fs::metadata(path).map_err(failed(path))?.is_dir() {
        for file in fs::read_dir(path).map_err(failed(path))? {
            paths.push(file.map_err(failed(path))?.path());
        }
        paths.retain(|path| {
            path.extension()
                .is_some_and(|end| end == "yaml" || end == "yml")
        });
        paths.sort();
    } else {
        paths.push(path.to_owned());
    }
    paths
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).map_err(failed(&path))?;
            Ok((path, text))
        })
        .collect()
}

fn unusable(path: &Path, text: &str, fault: Fault) -> UnusableFile {
    UnusableFile {
        path: path.to_owned(),
        error: Box::new(UnusableEntry::new(text, fault)),
        text: text.to_owned(),
    }
}
