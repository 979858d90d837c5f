//! The user that a process runs as.

use std::fmt;

/// The user that a process starts as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// A number, or a name from the image's `/etc/passwd`.
    pub user: Id,
    /// A number, or a name from the image's `/etc/group`.
    pub group: Option<Id>,
}

/// A user or group, by number or by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Id {
    /// A uid or gid.
    Number(u32),
    /// A name, resolved inside the image.
    Name(String),
}

impl Id {
    /// A number as Go's `strconv.Atoi` reads it, otherwise a name. The engines use that function,
    /// and it accepts a sign: `-0` is root.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let is_zero = !digits.is_empty() && digits.bytes().all(|digit| digit == b'0');
        match text.parse() {
            Ok(number) => Self::Number(number),
            Err(_) if is_zero => Self::Number(0),
            Err(_) => Self::Name(text.to_owned()),
        }
    }
}

impl User {
    /// Whether the user is root: uid 0 or the name `root`.
    #[must_use]
    pub fn is_root(&self) -> bool {
        match &self.user {
            Id::Number(uid) => *uid == 0,
            Id::Name(name) => name == "root",
        }
    }
}

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.user)?;
        match &self.group {
            Some(group) => write!(f, ":{group}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}
