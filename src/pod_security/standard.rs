//! Levels and versions, as in the labels of a namespace.

use std::fmt;
use std::str::FromStr;

/// The standard to judge by: `restricted`, `baseline@v1.30`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standard {
    /// The level.
    pub level: Level,
    /// The release of Kubernetes.
    pub version: Version,
}

/// A level. There is no `privileged`, because that level forbids nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Prevents known ways to the host.
    Baseline,
    /// Follows current practice for hardening pods.
    Restricted,
}

/// The minor version of a release of Kubernetes 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(u8);

/// The text names no standard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownStandard {
    /// The level is unknown.
    #[error("write the level as baseline or restricted")]
    Level,
    /// The version is malformed or unknown.
    #[error(
        "write a version from {} to {}, or latest (which is {})",
        Version::OLDEST,
        Version::NEWEST,
        Version::NEWEST
    )]
    Version,
}

impl Version {
    /// The oldest version with rules.
    pub const OLDEST: Self = Self(0);
    /// The newest version that this program has rules for. `latest` means this one.
    pub const NEWEST: Self = Self(37);

    /// `v1.<minor>`, if this program has rules for it.
    #[must_use]
    pub fn new(minor: u8) -> Option<Self> {
        Some(Self(minor)).filter(|version| *version <= Self::NEWEST)
    }

    /// For the tables of checks. A test checks that their versions are known.
    pub(super) const fn minor(minor: u8) -> Self {
        Self(minor)
    }

    /// Every version that this program has rules for.
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
        // Kubernetes rejects `v1.03` and `v1.+3` too.
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
