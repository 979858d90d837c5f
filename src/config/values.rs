//! Values as people write them. Each is checked when it is read.
//!
//! The command line reads its values with the same functions.

use std::fmt::{self, Display};
use std::path::{Component, Path, PathBuf};

use serde::de::{self, Deserialize, Deserializer, Visitor};

use crate::edition::Edition;
use crate::transforms::{self, Transform};
use crate::{nearest, units};

/// A transform of the catalogue, by its id.
#[derive(Clone, Copy, Debug)]
pub struct TransformId(pub &'static Transform);

/// Why a transform is skipped. It is never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Justification(pub String);

/// The minimum that Docker accepts: daemon `verifyPlatformContainerResources`, 6 MiB.
const LEAST_MEMORY: u64 = 6 << 20;
/// The minimum that Docker accepts is a hundredth of a CPU.
const LEAST_CPU: u64 = 10;
/// The greatest uid and gid that the engine and the API accept.
const MOST_ID: u32 = i32::MAX as u32;

pub(crate) fn read_transform(text: &str) -> Result<&'static Transform, String> {
    transforms::find(text).ok_or_else(|| unknown_transform(text))
}

/// The message about an unknown transform, with the one that may be meant.
pub(crate) fn unknown_transform(text: &str) -> String {
    let ids = transforms::ALL.iter().map(|transform| transform.id);
    format!("unknown transform `{text}`{}", nearest::hint(text, ids))
}

pub(crate) fn read_uid(text: &str) -> Result<u32, String> {
    match read_gid(text)? {
        0 => Err("uid 0 is root; use another uid".to_owned()),
        uid => Ok(uid),
    }
}

pub(crate) fn read_gid(text: &str) -> Result<u32, String> {
    whole(text, 0..=MOST_ID)
}

pub(crate) fn read_memory(text: &str) -> Result<u64, String> {
    let bytes = read_size(text)?;
    if bytes < LEAST_MEMORY {
        return Err(format!(
            "`{text}` is below 6m, the minimum that Docker accepts"
        ));
    }
    Ok(bytes)
}

pub(crate) fn read_size(text: &str) -> Result<u64, String> {
    match units::bytes(text) {
        Some(bytes) if bytes > 0 && i64::try_from(bytes).is_ok() => Ok(bytes),
        _ => Err(format!("`{text}` is not a size; write for example 512m")),
    }
}

/// Thousandths of a CPU: `0.5` and `500m` are 500.
pub(crate) fn read_cpus(text: &str) -> Result<u64, String> {
    let millicpu = match text.strip_suffix('m') {
        Some(thousandths) => thousandths.parse().ok(),
        None => units::millicpu(text),
    };
    match millicpu {
        Some(millicpu) if (LEAST_CPU..=1_000_000).contains(&millicpu) => Ok(millicpu),
        _ => Err(format!(
            "`{text}` is not a number of CPUs from 0.01 to 1000; write for example 0.5 or 500m"
        )),
    }
}

pub(crate) fn read_pids(text: &str) -> Result<i64, String> {
    whole(text, 1..=4_194_304)
}

/// A path inside the folder of the configuration.
pub(super) fn path_below(text: &str) -> Result<PathBuf, String> {
    let path = Path::new(text);
    let stays = path
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if text.is_empty() || !stays {
        return Err(format!(
            "`{text}` must be a path inside the folder of the configuration"
        ));
    }
    Ok(path.to_owned())
}

fn read_factor(text: &str) -> Result<u64, String> {
    whole(text, 1..=1_000)
}

fn read_restarts(text: &str) -> Result<u32, String> {
    whole(text, 1..=1_000_000)
}

fn read_justification(text: &str) -> Result<Justification, String> {
    match text.trim() {
        "" | "~" | "null" => {
            Err("the reason is empty; say why the transform is skipped".to_owned())
        }
        reason => Ok(Justification(reason.to_owned())),
    }
}

fn whole<T>(text: &str, range: std::ops::RangeInclusive<T>) -> Result<T, String>
where
    T: std::str::FromStr + PartialOrd + Display,
{
    text.parse()
        .ok()
        .filter(|number| range.contains(number))
        .ok_or_else(|| {
            let (least, most) = (range.start(), range.end());
            format!("`{text}` is not a whole number from {least} to {most}")
        })
}

/// Functions for `deserialize_with`, each around a function that reads text.
macro_rules! optional {
    ($($name:ident: $type:ty = $read:ident,)*) => {$(
        pub(super) fn $name<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<$type>, D::Error> {
            text(deserializer, $read).map(Some)
        }
    )*};
}

optional! {
    uid: u32 = read_uid,
    gid: u32 = read_gid,
    memory: u64 = read_memory,
    factor: u64 = read_factor,
    size: u64 = read_size,
    cpus: u64 = read_cpus,
    pids: i64 = read_pids,
    restarts: u32 = read_restarts,
}

/// An edition that this version of harden knows.
pub(super) fn edition<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Edition>, D::Error> {
    match Option::deserialize(deserializer)? {
        Some(edition) if edition > Edition::CURRENT => Err(de::Error::custom(format_args!(
            "edition {edition} is newer than this version of harden, which knows editions up to {}",
            Edition::CURRENT
        ))),
        edition => Ok(edition),
    }
}

/// Reads the text of a scalar with `read`, whatever type YAML gives the scalar.
pub(super) fn text<'de, D, T, E>(
    deserializer: D,
    read: fn(&str) -> Result<T, E>,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    E: Display,
{
    struct Text<T, E>(fn(&str) -> Result<T, E>);

    impl<T, E: Display> Visitor<'_> for Text<T, E> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a single value")
        }

        fn visit_str<F: de::Error>(self, text: &str) -> Result<T, F> {
            (self.0)(text).map_err(F::custom)
        }
    }

    deserializer.deserialize_str(Text(read))
}

impl<'de> Deserialize<'de> for TransformId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer, read_transform).map(Self)
    }
}

impl<'de> Deserialize<'de> for Justification {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer, read_justification)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        assert_eq!(read_memory("512m"), Ok(512 << 20));
        assert_eq!(read_memory("1.5Gi"), Ok(3 << 29));
        assert!(read_memory("5m").is_err());
        assert!(read_memory("many").is_err());
        assert!(read_size("0").is_err());
        assert!(read_size("9000p").is_err());
        assert_eq!(read_cpus("1"), Ok(1_000));
        assert_eq!(read_cpus("0.5"), Ok(500));
        assert_eq!(read_cpus("250m"), Ok(250));
        for text in ["0", "1001", "m", "-1", "0.001"] {
            assert!(read_cpus(text).is_err(), "{text}");
        }
        assert_eq!(read_uid("10001"), Ok(10_001));
        assert!(read_uid("0").is_err());
        assert_eq!(read_gid("0"), Ok(0));
        assert!(read_gid("2147483648").is_err());
        assert!(read_pids("0").is_err());
    }

    #[test]
    fn a_path_cannot_leave() {
        assert!(path_below("images/own.yaml").is_ok());
        for text in ["", "/etc", "..", "a/../../b", "a/.."] {
            assert!(path_below(text).is_err(), "{text}");
        }
    }
}
