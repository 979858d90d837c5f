//! The limits on what the files of a project repeat.

use crate::diagnostic::Diagnostic;

/// A limit that the files of a project exceed. They are left alone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BeyondReading {
    /// A chain of `extends` is too long.
    #[error(
        "more than {most} services of the project extend each other: {}, …",
        names.join(", ")
    )]
    Extends {
        /// The limit.
        most: usize,
        /// The first names of the chain.
        names: Vec<String>,
    },
    /// A chain of `include` is too long.
    #[error("more than {most} files of the project include each other: {}, …", names.join(", "))]
    Includes {
        /// The limit.
        most: usize,
        /// The first names of the chain.
        names: Vec<String>,
    },
    /// Services inherit or include too much.
    #[error(
        "the services of the project inherit and include more than the limit of {0} bytes together"
    )]
    Repeated(u64),
}

impl Diagnostic for BeyondReading {
    fn needs_path(&self) -> bool {
        true
    }
}
