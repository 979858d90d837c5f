//! The selectors of a section.

use std::fmt;
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobSet};
use serde::de::{Deserialize, Deserializer};

use super::values::text;
use crate::image::pattern;
use crate::jsonpath::JsonPath;

/// The maximum length of a pattern in bytes.
const LONGEST: usize = 512;

/// The maximum number of `{` in a glob. `globset` nests a regular expression for each.
const BRACES: usize = 16;

/// A name in which `*` matches any characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

/// `key=value`, or only a key. `*` matches any characters of the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    key: String,
    value: Option<Pattern>,
}

/// A glob over paths, as `.gitignore` has it: `*` stays within a folder, `**` does not.
#[derive(Clone, Debug)]
pub struct PathGlob {
    glob: GlobSet,
    /// The only path that it matches, if it has no wildcard.
    exact: Option<PathBuf>,
}

impl Pattern {
    /// Whether it matches the whole name.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        pattern::matches(&self.0, name)
    }

    /// The only name that it matches, if it has no `*`.
    #[must_use]
    pub fn exact(&self) -> Option<&str> {
        (!self.0.contains('*')).then_some(&self.0)
    }
}

impl Label {
    /// Whether one of the labels has this key and value.
    #[must_use]
    pub fn matches(&self, labels: &[(String, String)]) -> bool {
        labels
            .iter()
            .any(|(key, value)| *key == self.key && self.has(value))
    }

    /// Its key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The only value that it matches, if that has no `*`.
    #[must_use]
    pub fn exact(&self) -> Option<&str> {
        self.value.as_ref()?.exact()
    }

    /// Whether it matches a label of its key with this value.
    #[must_use]
    pub fn has(&self, value: &str) -> bool {
        self.value.as_ref().is_none_or(|known| known.matches(value))
    }
}

impl PathGlob {
    /// Whether it matches the whole path, which is relative to the folder of the configuration.
    #[must_use]
    pub fn matches(&self, path: &Path) -> bool {
        self.glob.is_match(path)
    }

    /// The only path that it matches, if it has no wildcard.
    #[must_use]
    pub fn exact(&self) -> Option<&Path> {
        self.exact.as_deref()
    }
}

fn pattern(text: &str) -> Result<Pattern, &'static str> {
    match text {
        "" => Err("the name is empty; `*` matches any name"),
        text if text.len() > LONGEST => Err("a name must have at most 512 bytes"),
        text => Ok(Pattern(text.to_owned())),
    }
}

fn label(text: &str) -> Result<Label, &'static str> {
    let (key, value) = match text.split_once('=') {
        Some((key, value)) => (key, Some(Pattern(value.to_owned()))),
        None => (text, None),
    };
    if key.is_empty() {
        return Err("write a label as `key=value`, or only its key");
    }
    if text.len() > LONGEST {
        return Err("a label must have at most 512 bytes");
    }
    Ok(Label {
        key: key.to_owned(),
        value,
    })
}

fn path_glob(text: &str) -> Result<PathGlob, String> {
    if text.is_empty() || text.len() > LONGEST {
        return Err("a glob must have 1 to 512 bytes".to_owned());
    }
    if text.matches('{').count() > BRACES {
        return Err("a glob must have at most 16 `{`".to_owned());
    }
    let text = text.strip_prefix("./").unwrap_or(text);
    let glob = GlobBuilder::new(text).literal_separator(true).build();
    let has_wildcard = text.contains(['*', '?', '[', ']', '{', '}', '\\', ',']);
    // `Glob::compile_matcher` panics if the glob is too complex. A set has an error for that.
    glob.and_then(|glob| GlobSet::builder().add(glob).build())
        .map(|glob| PathGlob {
            glob,
            exact: (!has_wildcard).then(|| PathBuf::from(text)),
        })
        .map_err(|error| error.kind().to_string())
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! from_text {
    ($($type:ty = $read:expr,)*) => {$(
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                text(deserializer, $read)
            }
        }
    )*};
}

from_text! {
    Pattern = pattern,
    Label = label,
    PathGlob = path_glob,
    JsonPath = str::parse,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_in_a_path_stays_within_its_folder() {
        let matches = |glob: &str, path: &str| path_glob(glob).unwrap().matches(Path::new(path));
        assert!(matches("deploy/*.yaml", "deploy/a.yaml"));
        assert!(!matches("deploy/*.yaml", "deploy/b/a.yaml"));
        assert!(matches("deploy/**", "deploy/b/a.yaml"));
        assert!(matches("**/a.yaml", "a.yaml"));
        assert!(matches("./a.{yml,yaml}", "a.yml"));
        assert!(path_glob("a[").is_err());
    }

    #[test]
    fn a_pattern_of_any_size_is_a_pattern_or_an_error() {
        let nested = |depth: usize| format!("{}a{}", "{".repeat(depth), "}".repeat(depth));
        assert!(path_glob(&nested(16)).unwrap().matches(Path::new("a")));
        for depth in [17, 250, 255, 1 << 20] {
            assert!(path_glob(&nested(depth)).is_err());
        }
        for part in [
            "{a", "{a,", "[!", "[a-", "**/", "*", "?", "\\", "{,", "[^{]", "[[:x:]]",
        ] {
            for count in [1, 16, 128, 511, 1 << 20] {
                let _ = path_glob(&part.repeat(count));
                let _ = pattern(&part.repeat(count));
                let _ = label(&part.repeat(count));
            }
        }
        let long = "a".repeat(513);
        assert!(pattern(&long).is_err() && label(&long).is_err() && path_glob(&long).is_err());
    }

    #[test]
    fn a_label_is_a_key_or_a_key_and_a_value() {
        let labels = [("tier".to_owned(), "batch=night".to_owned())];
        for (text, expected) in [
            ("tier", true),
            ("tier=batch=night", true),
            ("tier=batch*", true),
            ("tier=", false),
            ("tie", false),
        ] {
            assert_eq!(label(text).unwrap().matches(&labels), expected, "{text}");
        }
        assert!(label("=x").is_err());
    }
}
