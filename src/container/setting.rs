//! The value of a setting, and its place in the file.

use crate::syntax::Span;

/// The value of a setting, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting<T> {
    /// The format has no such setting.
    Unsupported,
    /// The setting is not in the file.
    Absent,
    /// The setting has this value.
    Set {
        /// The effective value.
        value: T,
        /// Where it comes from.
        origin: Origin,
    },
    /// A variable determines the value: `${VAR}`.
    Variable {
        /// The text as written.
        text: String,
        /// The default of the variable, if it has one.
        default: Option<T>,
        /// Where it comes from.
        origin: Origin,
    },
    /// The setting is in the file, but the consumer rejects its value.
    Unreadable {
        /// The text as written.
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

    /// Whether the setting is not in the file. Writing it replaces nothing then.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Whether the format has this setting.
    #[must_use]
    pub fn is_supported(&self) -> bool {
        !matches!(self, Self::Unsupported)
    }

    /// The place of the setting in the file.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::Unsupported | Self::Absent => None,
            Self::Set { origin, .. }
            | Self::Variable { origin, .. }
            | Self::Unreadable { origin, .. } => origin.place,
        }
    }

    /// The setting without its place, for a file that is no longer there.
    pub(crate) fn forget_place(&mut self) {
        match self {
            Self::Unsupported | Self::Absent => {}
            Self::Set { origin, .. }
            | Self::Variable { origin, .. }
            | Self::Unreadable { origin, .. } => origin.place = None,
        }
    }
}

/// The origin of an effective value.
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
    /// The byte range.
    pub span: Span,
}

/// How a setting in a file reaches a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// From the container's own mapping.
    Own,
    /// From the pod.
    Pod,
    /// Merged with `<<`, from the anchor with this name.
    Merge(String),
    /// Inherited with `extends`, from the service with this name.
    Extends(String),
    /// From another document or file of the project, which overrides the setting.
    Override,
    /// Set by a transform of this run.
    Planned,
    /// The default of the platform.
    Default,
}
