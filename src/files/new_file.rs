//! A file that is written from the beginning, for example a report: it appears whole or not at all.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::FileError;

/// A file in the making. It gets its name when it is committed; until then an older file of that
/// name stays.
#[derive(Debug)]
pub struct NewFile {
    /// As the call names it.
    path: PathBuf,
    text: Text,
}

#[derive(Debug)]
enum Text {
    /// In the directory of the file, which is at the end of all symbolic links.
    Private {
        file: io::BufWriter<NamedTempFile>,
        target: PathBuf,
    },
    /// A pipe or a device gets the bytes at once, because it cannot be replaced.
    Direct(io::BufWriter<File>),
}

impl NewFile {
    /// Begins the file.
    ///
    /// # Errors
    ///
    /// [`FileError::Write`]: nothing can be written there.
    pub fn begin(path: &Path) -> Result<Self, FileError> {
        let text = Text::begin(path).map_err(|source| failed(path, source))?;
        Ok(Self {
            path: path.to_owned(),
            text,
        })
    }

    /// Gives the file its name, if `written` says that its text is complete.
    ///
    /// # Errors
    ///
    /// [`FileError::Write`], also for the error of `written`. The file is then as it was before.
    pub fn commit(self, written: io::Result<()>) -> Result<(), FileError> {
        let Self { path, text } = self;
        let committed = written.and_then(|()| text.commit());
        committed.map_err(|source| failed(&path, source))
    }
}

impl Text {
    fn begin(path: &Path) -> io::Result<Self> {
        let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let standing = fs::metadata(&target).ok();
        if let Some(standing) = &standing
            && !standing.is_file()
        {
            let file = fs::OpenOptions::new().write(true).open(&target)?;
            return Ok(Self::Direct(io::BufWriter::new(file)));
        }
        let directory = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        // What the umask leaves of it.
        let mode = standing.map_or(0o666, |standing| standing.permissions().mode() & 0o777);
        let file = tempfile::Builder::new()
            .prefix(".harden-")
            .suffix(".tmp")
            .permissions(Permissions::from_mode(mode))
            .tempfile_in(directory)?;
        let file = io::BufWriter::new(file);
        Ok(Self::Private { file, target })
    }

    fn commit(self) -> io::Result<()> {
        match self {
            Self::Direct(mut file) => file.flush(),
            Self::Private { file, target } => {
                let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
                file.as_file().sync_all()?;
                file.persist(target).map_err(|error| error.error)?;
                Ok(())
            }
        }
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.text {
            Text::Private { file, .. } => file.write(bytes),
            Text::Direct(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.text {
            Text::Private { file, .. } => file.flush(),
            Text::Direct(file) => file.flush(),
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
