//! A setting as a file gives it, and where.

use crate::syntax::Span;

/// What is known of a setting's value, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting<T> {
    /// The format has no way to write it.
    Unsupported,
    /// Nobody has written it.
    Absent,
    /// It has this value.
    Set {
        /// The effective value.
        value: T,
        /// Where it comes from.
        origin: Origin,
    },
    /// It is decided outside the file: `${VAR}`.
    Variable {
        /// As written.
        text: String,
        /// What holds when the variable is not set.
        default: Option<T>,
        /// Where it comes from.
        origin: Origin,
    },
    /// It is written, and its consumer will not accept it.
    Unreadable {
        /// As written.
        text: String,
        /// Where it comes from.
        origin: Origin,
    },
}

impl<T> Setting<T> {
    /// A value planned in this run.
    #[must_use]
    pub fn planned(value: T) -> Self {
        Self::Set {
            value,
            origin: Origin {
                place: None,
                via: Via::Planned,
            },
        }
    }

    /// The value to judge by: the one that is set, or a variable's default.
    #[must_use]
    pub fn judged(&self) -> Option<&T> {
        match self {
            Self::Set { value, .. } => Some(value),
            Self::Variable { default, .. } => default.as_ref(),
            Self::Unsupported | Self::Absent | Self::Unreadable { .. } => None,
        }
    }

    /// Nobody has written it, so that writing it overrules nobody.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// The format can write it.
    #[must_use]
    pub fn is_supported(&self) -> bool {
        !matches!(self, Self::Unsupported)
    }

    /// Where it is written.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::Unsupported | Self::Absent => None,
            Self::Set { origin, .. }
            | Self::Variable { origin, .. }
            | Self::Unreadable { origin, .. } => origin.place,
        }
    }
}

/// Where an effective value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The place in the project's files; `None` for a value planned in this run.
    pub place: Option<Place>,
    /// By which way it reaches the container.
    pub via: Via,
}

/// A place in one of the project's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Index into the project's files.
    pub file: usize,
    /// The bytes.
    pub span: Span,
}

/// The way from a line of a file to a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// The container's own line.
    Own,
    /// The pod it runs in.
    Pod,
    /// A mapping merged in with `<<`, by the name of its anchor.
    Merge(String),
    /// The service it extends.
    Extends(String),
    /// Another document or file of the project that is merged over it.
    Override,
    /// A transform of this run.
    Planned,
    /// What the platform does where nothing is written.
    Default,
}
