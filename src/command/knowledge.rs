//! What is known of images in this run: the entries that come with the program, and those of users.

use std::fs;
use std::path::{Path, PathBuf};

use crate::edition::Edition;
use crate::error::Error;
use crate::image::entry::Entry;
use crate::image::{EntryError, Fault, Knowledge, read};
use crate::syntax::Span;

/// A file of entries that cannot be used: its path, its text and the reason.
pub(super) type Trouble = (PathBuf, String, Error);

/// The entries of files and folders, and some that were read already, over the embedded ones as an
/// edition has them.
pub(super) fn load(
    paths: &[PathBuf],
    read_already: Vec<Entry>,
    edition: Edition,
) -> Result<Knowledge, Vec<Trouble>> {
    let mut own = read_already;
    let mut troubles = Vec::new();
    for path in paths {
        match files(path) {
            Err(error) => troubles.push((path.clone(), String::new(), error)),
            Ok(files) => {
                for (path, text) in files {
                    match read::entries(&text) {
                        Ok(entries) => match claimed(&own, &entries) {
                            None => own.extend(entries),
                            Some(fault) => troubles.push(trouble(&path, &text, fault)),
                        },
                        Err(faults) => {
                            let told = faults.into_iter().map(|fault| trouble(&path, &text, fault));
                            troubles.extend(told);
                        }
                    }
                }
            }
        }
    }
    if !troubles.is_empty() {
        return Err(troubles);
    }
    Knowledge::with(own)
        .map(|knowledge| knowledge.at(edition))
        .map_err(|error| {
            let fault = Fault { line: 1, error };
            vec![trouble(Path::new(""), "", fault)]
        })
}

/// The first pattern that is claimed a second time.
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

/// A file as it is, and of a folder the files that end in `.yaml` or `.yml`, in order.
fn files(path: &Path) -> Result<Vec<(PathBuf, String)>, Error> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        |source| Error::Read { path, source }
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

fn trouble(path: &Path, text: &str, fault: Fault) -> Trouble {
    let mut start = 0;
    for line in text
        .split_inclusive('\n')
        .take(fault.line.saturating_sub(1))
    {
        start += line.len();
    }
    let rest = text.get(start..).unwrap_or_default();
    let end = start + rest.lines().next().unwrap_or_default().len();
    let at = |byte: usize| u32::try_from(byte).unwrap_or(u32::MAX);
    let span = Span {
        start: at(start),
        end: at(end),
    };
    let error = Error::Entry {
        span,
        source: fault.error,
    };
    (path.to_owned(), text.to_owned(), error)
}
