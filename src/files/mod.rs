//! The file system: find files, group those that belong together, read and write them.

mod error;
pub mod git;
pub(crate) mod groups;
mod ignores;
pub mod interrupt;
mod links;
mod names;
mod new_file;
pub mod stream;
mod temporary;
pub mod walk;
pub mod write;

pub use self::error::FileError;
pub use self::git::{GitError, Revision, root_of};
pub use self::ignores::{Excluded, Standing};
pub use self::names::Names;
pub use self::new_file::NewFile;
