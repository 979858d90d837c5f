//! A setting as the file has it, and where.

use crate::syntax::Span;

/// The value of a setting, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting<T> {
    /// The format has no such setting.
    Unsupported,
    /// The setting is not in the file.
    Absent,
    /// It has this value.
    Set {
        /// The effective value.
        value: T,
        /// Where it comes from.
        origin: Origin,
    },
    /// A variable decides it: `${VAR}`.
    Variable {
        /// As written.
        text: String,
        /// The default of the variable, if it has one.
        default: Option<T>,
        /// Where it comes from.
        origin: Origin,
    },
    /// It is in the file, and its consumer rejects it.
    Unreadable {
        /// As written.
        text: String,
        /// Where it comes from.
        origin: Origin,
    },
}

impl<T> Setting<T> {
    /// A value that this run plans to write.
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

    /// The value to judge by: the value that is set, or the default of a variable.
    #[must_use]
    pub fn judged(&self) -> Option<&T> {
        match self {
            Self::Set { value, .. } => Some(value),
            Self::Variable { default, .. } => default.as_ref(),
            Self::Unsupported | Self::Absent | Self::Unreadable { .. } => None,
        }
    }

    /// It is not in the file, so writing it overrides nobody.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// The format has this setting.
    #[must_use]
    pub fn is_supported(&self) -> bool {
        !matches!(self, Self::Unsupported)
    }

    /// Where it is in the file.
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
    /// The place in the files of the project; `None` for a value that this run plans to write.
    pub place: Option<Place>,
    /// How it reaches the container.
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

/// How a setting in a file reaches a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// It is in the container's own mapping.
    Own,
    /// It is set on the pod.
    Pod,
    /// It is merged with `<<`; this is the name of the anchor.
    Merge(String),
    /// It is inherited with `extends`; this is the name of the service.
    Extends(String),
    /// Another document or file of the project overrides it.
    Override,
    /// A transform of this run set it.
    Planned,
    /// It is the default of the platform.
    Default,
}
