//! Errors of the file system.

use std::borrow::Cow;
use std::path::PathBuf;

use crate::diagnostic::{Diagnostic, system_message};
use crate::engine::EngineError;
use crate::files::git::GitError;

/// A file or directory that could not be read, walked or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The system could not read the file.
    #[error("cannot read {}: {}", path.display(), system_message(source))]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: std::io::Error,
    },
    /// The system could not write the file. The file is unchanged.
    #[error("cannot write {}: {}", path.display(), system_message(source))]
    Write {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: std::io::Error,
    },
    /// The run reads the file, and a report would replace it.
    #[error("this run reads {}; write the report to another file", path.display())]
    ReportOverInput {
        /// The file.
        path: PathBuf,
    },
    /// An ignore file is a link out of the project, a pipe or a device.
    #[error("{} is not a file of this repository; harden does not read it", path.display())]
    Stray {
        /// The ignore file.
        path: PathBuf,
    },
    /// A line of an ignore file is not a valid pattern. The other lines count.
    #[error("{}:{line}: this line is not a valid pattern: {why}", path.display())]
    IgnoreLine {
        /// The ignore file.
        path: PathBuf,
        /// The line, from 1.
        line: u32,
        /// What is wrong, without the text of the line.
        why: String,
    },
    /// An ignore file cannot be used.
    #[error("{} cannot be used: {why}", path.display())]
    IgnoreFile {
        /// The ignore file.
        path: PathBuf,
        /// What is wrong, without any text of the file.
        why: String,
    },
    /// A file of a revision cannot be read.
    #[error(transparent)]
    Revision(#[from] GitError),
    /// The walk of a directory stopped early.
    #[error("cannot walk {}: {source}", path.display())]
    Walk {
        /// The directory.
        path: PathBuf,
        /// The error of the walk.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file is over the limit.
    #[error("{} has {bytes} bytes; the limit is {limit}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The size in bytes; for a pipe, the bytes read so far.
        bytes: u64,
        /// The limit: [`crate::syntax::Limits::bytes`].
        limit: u64,
    },
    /// Another program wrote the file after it was read. Its new content is untouched.
    #[error("{} changed while harden was running; harden did not write it", path.display())]
    ChangedMeanwhile {
        /// The file.
        path: PathBuf,
    },
    /// The file has several hard links, and the other links would keep the old content.
    #[error("{} has {links} hard links; harden did not write it", path.display())]
    HardLinked {
        /// The file.
        path: PathBuf,
        /// The number of links.
        links: u64,
    },
    /// The new file would have another owner, mode or attribute than the old one, because only the
    /// owner or root can set it. The file is unchanged.
    #[error(
        "{} was not written: the new file would not keep its {what}: {}",
        path.display(),
        system_message(source)
    )]
    NotKept {
        /// The file.
        path: PathBuf,
        /// What would change: `owner`, `group`, `mode`, `access control list`.
        what: String,
        /// The error of the system.
        source: std::io::Error,
    },
    /// The path is a pipe or a device, which cannot be replaced.
    #[error("{} is not a regular file; harden cannot write it", path.display())]
    NotRegular {
        /// The file.
        path: PathBuf,
    },
}

impl FileError {
    /// The path in the message; `None` if it is a name already.
    pub(super) fn path_mut(&mut self) -> Option<&mut PathBuf> {
        match self {
            Self::Read { path, .. }
            | Self::Write { path, .. }
            | Self::Walk { path, .. }
            | Self::TooLarge { path, .. }
            | Self::ChangedMeanwhile { path }
            | Self::HardLinked { path, .. }
            | Self::NotKept { path, .. }
            | Self::NotRegular { path } => Some(path),
            Self::Stray { .. }
            | Self::ReportOverInput { .. }
            | Self::IgnoreLine { .. }
            | Self::IgnoreFile { .. }
            | Self::Revision(_) => None,
        }
    }
}

impl Diagnostic for FileError {
    fn hint(&self) -> Option<Cow<'static, str>> {
        let hint = match self {
            Self::Revision(error) => return error.hint(),
            Self::TooLarge { .. } => "to skip the file in a walk, list it in .hardenignore",
            Self::ChangedMeanwhile { .. } => "run the command again",
            Self::HardLinked { .. } => {
                "replacing the file would leave its other names with the old content; \
                 `harden - < FILE > NEW && cat NEW > FILE` keeps the links"
            }
            Self::NotKept { .. } => {
                "run harden as the owner of the file or as root; \
                 `harden - < FILE > NEW && cat NEW > FILE` writes into the file, but not atomically"
            }
            Self::NotRegular { .. } => "use `-` to read standard input and print the result",
            Self::Stray { .. } => "replace it by a regular file, or remove it",
            Self::Read { .. }
            | Self::Write { .. }
            | Self::Walk { .. }
            | Self::ReportOverInput { .. }
            | Self::IgnoreLine { .. }
            | Self::IgnoreFile { .. } => return None,
        };
        Some(hint.into())
    }
}

impl From<FileError> for EngineError {
    fn from(error: FileError) -> Self {
        Self::AfterPass(Box::new(error))
    }
}
