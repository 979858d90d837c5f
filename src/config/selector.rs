//! The selectors of a section.

use std::fmt;
use std::path::Path;

use globset::{GlobBuilder, GlobMatcher};
use serde::de::{Deserialize, Deserializer};

use super::values::text;
use crate::image::pattern;
use crate::jsonpath::JsonPath;

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
pub struct PathGlob(GlobMatcher);

impl Pattern {
    /// Whether it matches the whole name.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        pattern::matches(&self.0, name)
    }
}

impl Label {
    /// Whether one of the labels has this key and value.
    #[must_use]
    pub fn matches(&self, labels: &[(String, String)]) -> bool {
        labels.iter().any(|(key, value)| {
            *key == self.key && self.value.as_ref().is_none_or(|known| known.matches(value))
        })
    }
}

impl PathGlob {
    /// Whether it matches the whole path, which is relative to the folder of the configuration.
    #[must_use]
    pub fn matches(&self, path: &Path) -> bool {
        self.0.is_match(path)
    }
}

fn pattern(text: &str) -> Result<Pattern, &'static str> {
    match text {
        "" => Err("the name is empty; `*` matches any name"),
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
    Ok(Label {
        key: key.to_owned(),
        value,
    })
}

fn path_glob(text: &str) -> Result<PathGlob, String> {
    if text.is_empty() || text.len() > 512 {
        return Err("a glob must have 1 to 512 bytes".to_owned());
    }
    GlobBuilder::new(text.strip_prefix("./").unwrap_or(text))
        .literal_separator(true)
        .build()
        .map(|glob| PathGlob(glob.compile_matcher()))
        .map_err(|error| error.to_string())
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
