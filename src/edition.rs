//! Editions: the months in which transforms and image facts were added.
//!
//! Each transform and each fact has the edition in which it was added. A configuration that pins
//! an edition gets nothing newer, so an upgrade of the program does not fail a check.
//!
//! `build.rs` compiles this file too, so it must not use anything else of the library.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Visitor};

/// A year and a month: `2026.11`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edition {
    year: u16,
    /// From 1 to 12.
    month: u8,
}

/// The text is not an edition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write an edition as year and month, for example {}", Edition::CURRENT)]
pub struct NoEdition;

impl Edition {
    /// The newest edition of this program. No transform and no fact is newer.
    pub const CURRENT: Self = Self::new(2026, 11);

    /// The edition of a month.
    ///
    /// # Panics
    ///
    /// If the month does not exist. In a constant, this fails the build.
    #[must_use]
    pub const fn new(year: u16, month: u8) -> Self {
        assert!(month >= 1 && month <= 12, "a year has twelve months");
        Self { year, month }
    }
}

impl FromStr for Edition {
    type Err = NoEdition;

    /// Reads `2026.11`: four digits, a dot, two digits.
    fn from_str(text: &str) -> Result<Self, NoEdition> {
        let (year, month) = text.split_once('.').ok_or(NoEdition)?;
        let is_number =
            |text: &str, len| text.len() == len && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(year, 4) || !is_number(month, 2) {
            return Err(NoEdition);
        }
        match (year.parse(), month.parse()) {
            (Ok(year), Ok(month)) if (1..=12).contains(&month) => Ok(Self { year, month }),
            _ => Err(NoEdition),
        }
    }
}

impl fmt::Display for Edition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}.{:02}", self.year, self.month)
    }
}

impl<'de> Deserialize<'de> for Edition {
    /// Accepts only a string, because the number `2026.10` is 2026.1.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Edition;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "an edition, such as {}", Edition::CURRENT)
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Edition, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_what_it_writes() {
        for text in ["2026.11", "2026.10", "2027.01", "0000.12"] {
            assert_eq!(text.parse::<Edition>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "2026",
            "2026.1",
            "2026.13",
            "2026.00",
            "26.11",
            "2026-11",
            "2026.+1",
            "２026.11",
        ] {
            assert_eq!(text.parse::<Edition>(), Err(NoEdition), "{text}");
        }
    }

    #[test]
    fn later_is_greater() {
        let edition = |text: &str| text.parse::<Edition>().unwrap();
        assert!(edition("2026.09") < edition("2026.10"));
        assert!(edition("2026.12") < edition("2027.01"));
    }

    #[test]
    fn yaml_need_not_quote_it() {
        for text in ["2026.10", "\"2026.10\"", "'2026.10'"] {
            let edition: Edition = serde_yaml::from_str(text).unwrap();
            assert_eq!(edition, Edition::new(2026, 10));
        }
        assert!(serde_yaml::from_str::<Edition>("2026.1").is_err());
    }
}
