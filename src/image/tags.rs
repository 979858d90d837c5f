//! The tags of an image to which a fact applies.

use super::pattern;

/// The tags to which an item of a list applies. Without a condition, the item applies to all tags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags<'e> {
    /// A glob over the whole tag.
    pub tag: Option<&'e str>,
    /// The first version to which the item applies.
    pub since: Option<&'e str>,
    /// The item applies to versions before this one.
    pub before: Option<&'e str>,
}

impl Tags<'_> {
    /// Whether the conditions match a tag; `None` if that is unknown.
    #[must_use]
    pub fn hold(&self, tag: Option<&str>, version: Option<Version>) -> Option<bool> {
        let glob = match (self.tag, tag) {
            (None, _) => Some(true),
            (Some(_), None) => None,
            (Some(glob), Some(tag)) => Some(pattern::matches(glob, tag)),
        };
        let since = bound(self.since, version, |bound, version| version >= bound);
        let before = bound(self.before, version, |bound, version| version < bound);
        let all = [glob, since, before];
        if all.contains(&Some(false)) {
            return Some(false);
        }
        (!all.contains(&None)).then_some(true)
    }
}

fn bound(
    text: Option<&str>,
    version: Option<Version>,
    compare: fn(Version, Version) -> bool,
) -> Option<bool> {
    match text {
        None => Some(true),
        Some(text) => Some(compare(Version::read(text)?.lowest(), version?)),
    }
}

/// The first components of a version, at most three. A missing component is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version([Option<u32>; 3]);

impl Version {
    /// The version in a tag. The version follows `after`, or starts the tag if `after` is `None`. A
    /// tag that starts with a word counts as the newest version. A tag that looks like a commit has
    /// no version.
    #[must_use]
    pub fn of_tag(tag: &str, after: Option<&str>) -> Option<Self> {
        if let Some(mark) = after {
            return Self::read(tag.split_once(mark)?.1);
        }
        let bare = tag.strip_prefix('v').unwrap_or(tag);
        if bare.starts_with(|c: char| c.is_ascii_digit()) {
            return Self::read(bare);
        }
        Some(Self([None; 3]))
    }

    /// Parses up to three numbers with dots between them and ignores the rest of the text.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let mut parts = [None; 3];
        let mut rest = text;
        for (at, part) in parts.iter_mut().enumerate() {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (number, after) = rest.split_at(digits);
            if number.is_empty() {
                break;
            }
            *part = Some(number.parse().ok()?);
            if at == 0 && after.starts_with(|c: char| c.is_ascii_alphanumeric()) {
                return None;
            }
            match after.strip_prefix('.') {
                Some(after) => rest = after,
                None => break,
            }
        }
        parts.first().copied().flatten().map(|_| Self(parts))
    }

    /// Replaces missing components with 0, for use as the bound of a range.
    fn lowest(self) -> Self {
        Self(self.0.map(|part| Some(part.unwrap_or(0))))
    }
}

impl PartialOrd for Version {
    /// A missing component counts as the newest.
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        let key = |version: &Self| version.0.map(|part| part.unwrap_or(u32::MAX));
        Some(key(self).cmp(&key(other)))
    }
}
