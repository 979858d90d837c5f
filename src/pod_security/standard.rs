//! Levels and versions, as the labels of a namespace name them.

use std::fmt;
use std::str::FromStr;

/// What to judge by: `restricted`, `baseline@v1.30`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standard {
    /// How strict.
    pub level: Level,
    /// As of which release of Kubernetes.
    pub version: Version,
}

/// How strict; the level `privileged` forbids nothing, so that there is nothing to judge by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// No known way to the host.
    Baseline,
    /// What is known to keep a pod small.
    Restricted,
}

/// The minor version of a release of Kubernetes 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(u8);

/// A standard that there is not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownStandard {
    /// Another word for the level.
    #[error("write the level as baseline or restricted")]
    Level,
    /// Another form or number of the version.
    #[error(
        "write a version from {} to {}, or latest (which is {})",
        Version::OLDEST,
        Version::NEWEST,
        Version::NEWEST
    )]
    Version,
}

impl Version {
    /// The first one that has rules.
    pub const OLDEST: Self = Self(0);
    /// The newest one whose rules are known here; `latest` means it.
    pub const NEWEST: Self = Self(37);

    /// `v1.<minor>`, where its rules are known.
    #[must_use]
    pub fn new(minor: u8) -> Option<Self> {
        Some(Self(minor)).filter(|version| *version <= Self::NEWEST)
    }

    /// For the tables of checks, whose versions the tests hold to be known ones.
    pub(super) const fn minor(minor: u8) -> Self {
        Self(minor)
    }

    /// Every version whose rules are known.
    pub fn all() -> impl Iterator<Item = Self> {
        (Self::OLDEST.0..=Self::NEWEST.0).map(Self)
    }
}

impl FromStr for Standard {
    type Err = UnknownStandard;

    fn from_str(text: &str) -> Result<Self, UnknownStandard> {
        let (level, version) = match text.split_once('@') {
            None => (text, Version::NEWEST),
            Some((level, version)) => (level, version.parse()?),
        };
        let level = match level {
            "baseline" => Level::Baseline,
            "restricted" => Level::Restricted,
            _ => return Err(UnknownStandard::Level),
        };
        Ok(Self { level, version })
    }
}

impl FromStr for Version {
    type Err = UnknownStandard;

    fn from_str(text: &str) -> Result<Self, UnknownStandard> {
        if text == "latest" {
            return Ok(Self::NEWEST);
        }
        // `v1.03` and `v1.+3` are no versions for Kubernetes either.
        text.strip_prefix("v1.")
            .filter(|minor| minor.bytes().all(|byte| byte.is_ascii_digit()))
            .filter(|minor| *minor == "0" || !minor.starts_with('0'))
            .and_then(|minor| Self::new(minor.parse().ok()?))
            .ok_or(UnknownStandard::Version)
    }
}

impl fmt::Display for Standard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Baseline => "baseline",
            Level::Restricted => "restricted",
        };
        write!(f, "{level}@{}", self.version)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v1.{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standard_is_written_as_a_namespace_has_it() {
        let read = |text: &str| text.parse::<Standard>().map(|read| read.to_string());
        assert_eq!(read("restricted").as_deref(), Ok("restricted@v1.37"));
        assert_eq!(read("restricted@latest").as_deref(), Ok("restricted@v1.37"));
        assert_eq!(read("baseline@v1.0").as_deref(), Ok("baseline@v1.0"));
        assert_eq!(read("baseline@v1.30").as_deref(), Ok("baseline@v1.30"));
        for level in ["privileged", "Restricted", "", " restricted"] {
            assert_eq!(read(level), Err(UnknownStandard::Level), "{level}");
        }
        for version in [
            "", "1.30", "v1", "v1.", "v1.38", "v1.030", "v1.+3", "v2.0", "v1.999",
        ] {
            let text = format!("restricted@{version}");
            assert_eq!(read(&text), Err(UnknownStandard::Version), "{text}");
        }
    }
}
