//! A new file, for example a report. It appears complete or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::temporary::Temporary;
use super::write::directory;
use super::{FileError, interrupt};

/// A file that is being written. It gets its name when it is committed. Until then, an older file
/// with that name stays.
#[derive(Debug)]
pub struct NewFile {
    /// The path as given on the command line.
    path: PathBuf,
    output: Output,
}

#[derive(Debug)]
enum Output {
    /// A temporary file in the directory of `target`, in which symbolic links are resolved.
    Temporary {
        file: io::BufWriter<Temporary>,
        target: PathBuf,
        /// The target is there already.
        replaces: bool,
    },
    /// A pipe or a device gets the bytes at once, because it cannot be replaced.
    Direct(io::BufWriter<File>),
}

impl NewFile {
    /// Begins the file.
    ///
    /// # Errors
    ///
    /// [`FileError::Write`] if the file cannot be created.
    pub fn begin(path: &Path) -> Result<Self, FileError> {
        let output = Output::begin(path).map_err(|source| failed(path, source))?;
        Ok(Self {
            path: path.to_owned(),
            output,
        })
    }

    /// Whether the file would replace `input`.
    pub(crate) fn would_replace(&self, input: &Path) -> bool {
        match &self.output {
            Output::Temporary {
                target, replaces, ..
            } => *replaces && input.canonicalize().is_ok_and(|input| input == *target),
            Output::Direct(_) => false,
        }
    }

    /// The path as given on the command line.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the file its name if `written` is `Ok`, so the text is complete.
    ///
    /// # Errors
    ///
    /// [`FileError::Write`], also for the error of `written`. An older file is unchanged then.
    pub fn commit(self, written: io::Result<()>) -> Result<(), FileError> {
        let Self { path, output } = self;
        let committed = written.and_then(|()| output.commit());
        committed.map_err(|source| failed(&path, source))
    }
}

impl Output {
    fn begin(path: &Path) -> io::Result<Self> {
        let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let old = fs::metadata(&target).ok();
        let replaces = old.is_some();
        if let Some(old) = &old
            && !old.is_file()
        {
            let file = fs::OpenOptions::new().write(true).open(&target)?;
            return Ok(Self::Direct(io::BufWriter::new(file)));
        }
        // The umask applies to the mode of a new file.
        let mode = old.map_or(0o666, |old| old.permissions().mode() & 0o777);
        let _in_hand = interrupt::in_hand();
        let file = io::BufWriter::new(Temporary::create(directory(&target), mode)?);
        Ok(Self::Temporary {
            file,
            target,
            replaces,
        })
    }

    fn commit(self) -> io::Result<()> {
        match self {
            Self::Direct(mut file) => file.flush(),
            Self::Temporary { file, target, .. } => {
                let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
                let _in_hand = interrupt::in_hand();
                file.file().sync_all()?;
                file.persist(&target)
            }
        }
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.output {
            Output::Temporary { file, .. } => file.write(bytes),
            Output::Direct(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.output {
            Output::Temporary { file, .. } => file.flush(),
            Output::Direct(file) => file.flush(),
        }
    }
}

fn failed(path: &Path, source: io::Error) -> FileError {
    FileError::Write {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;

    use super::*;

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("report.json");
        let names = || fs::read_dir(directory.path()).unwrap().count();
        let mut file = NewFile::begin(&path).unwrap();
        file.write_all(b"{}").unwrap();
        assert!(!path.exists());
        file.commit(Ok(())).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"{}");

        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let mut file = NewFile::begin(&path).unwrap();
        file.write_all(b"half").unwrap();
        let full = io::Error::from(io::ErrorKind::StorageFull);
        file.commit(Err(full)).unwrap_err();
        assert_eq!(fs::read(&path).unwrap(), b"{}");
        assert_eq!(names(), 1);

        let mut file = NewFile::begin(&path).unwrap();
        file.write_all(b"[]").unwrap();
        file.commit(Ok(())).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"[]");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(names(), 1);
        NewFile::begin(&directory.path().join("none/report.json")).unwrap_err();
    }
}
