//! The disk: which files a call means, what belongs together, and the write.

mod error;
pub(crate) mod groups;
mod new_file;
pub mod stream;
pub mod walk;
pub mod write;

pub use self::error::FileError;
pub use self::new_file::NewFile;
