//! `.harden.yaml`: how harden treats a repository.
//!
//! The file is untrusted input: nothing in it is run, and its paths cannot leave the folder of the
//! file. It is parsed once, and every value is checked while it is read, so that each error has a
//! place. `harden.schema.json` describes the same format for editors; `tests/cli/config.rs` checks
//! that both agree.

mod deserialize;
mod error;
mod find;
mod load;
mod read;
mod selector;
mod values;

use std::fmt;
use std::path::PathBuf;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::container::{Assume, Policy};
use crate::edition::Edition;
use crate::image::entry::Entry;
use crate::jsonpath::JsonPath;
use crate::project::CustomResource;

pub use deserialize::Located;
pub use error::{ConfigError, LoadError};
pub use find::{NAME, find};
pub use load::{Loaded, MOST, Unloaded, load, loaded};
pub use read::{read, sections};
pub use selector::{Label, PathGlob, Pattern};
pub use values::{Justification, TransformId};
pub(crate) use values::{
    read_cpus, read_gid, read_memory, read_pids, read_size, read_uid, unknown_transform,
};

/// The JSON Schema of the file.
pub const SCHEMA: &str = include_str!("../../harden.schema.json");

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(
    default,
    deny_unknown_fields,
    expecting = "the keys of a configuration"
)]
pub struct Config {
    /// Transforms and facts that were added after this edition are ignored.
    #[serde(deserialize_with = "values::edition")]
    pub edition: Option<Edition>,
    /// Which changes may be assumptions.
    pub assume: Option<Assume>,
    /// The values of the policy.
    #[serde(deserialize_with = "or_default")]
    pub settings: Settings,
    /// The transforms for every container.
    #[serde(deserialize_with = "or_default")]
    pub transforms: Choices,
    /// Options for some containers.
    #[serde(deserialize_with = "or_default")]
    pub workloads: Vec<Located<Workload>>,
    /// Custom resources that contain pods.
    #[serde(deserialize_with = "or_default")]
    pub custom_resources: Vec<Located<CustomResource>>,
    /// Facts about images that the knowledge base lacks or has wrong.
    #[serde(deserialize_with = "or_default")]
    pub images: Vec<ImageSource>,
    /// What makes `--check` fail.
    pub fail_on: Option<Vec<FailOn>>,
}

/// The values of a [`Policy`] that the configuration sets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(
    default,
    deny_unknown_fields,
    expecting = "settings, each under its key"
)]
pub struct Settings {
    /// The user for an unknown image.
    #[serde(deserialize_with = "values::uid")]
    pub uid: Option<u32>,
    /// The group for an unknown image.
    #[serde(deserialize_with = "values::gid")]
    pub gid: Option<u32>,
    /// The smallest memory limit, in bytes.
    #[serde(deserialize_with = "values::memory")]
    pub memory: Option<u64>,
    /// The memory limit as a multiple of the minimum that the image needs.
    #[serde(deserialize_with = "values::factor")]
    pub memory_factor: Option<u64>,
    /// The memory request that goes with a limit, in bytes.
    #[serde(deserialize_with = "values::size")]
    pub memory_request: Option<u64>,
    /// The CPU limit, in thousandths of a CPU.
    #[serde(deserialize_with = "values::cpus")]
    pub cpu: Option<u64>,
    /// The CPU request that goes with a limit, in thousandths of a CPU.
    #[serde(deserialize_with = "values::cpus")]
    pub cpu_request: Option<u64>,
    /// The limit of processes and threads, unless the image is known to need more.
    #[serde(deserialize_with = "values::pids")]
    pub pids: Option<i64>,
    /// The size of `/tmp`, in bytes.
    #[serde(deserialize_with = "values::size")]
    pub tmp: Option<u64>,
    /// How often a failed container is restarted.
    #[serde(deserialize_with = "values::restarts")]
    pub restarts: Option<u32>,
}

/// Which transforms run.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(
    default,
    deny_unknown_fields,
    expecting = "`enable`, `override` or `skip`"
)]
pub struct Choices {
    /// Transforms to run that do not run by default.
    #[serde(deserialize_with = "or_default")]
    pub enable: Vec<TransformId>,
    /// Transforms that may also change weak values that are already in the file.
    #[serde(rename = "override", deserialize_with = "or_default")]
    pub overrides: Vec<TransformId>,
    /// Transforms to skip.
    #[serde(deserialize_with = "or_default")]
    pub skip: Vec<Located<Skip>>,
}

/// A transform to skip, and why.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an `id` and a `reason`")]
pub struct Skip {
    /// The transform.
    pub id: TransformId,
    /// Why it is skipped.
    pub reason: Justification,
}

/// Options for the containers that every given selector matches.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "selectors and options")]
pub struct Workload {
    /// The name of the workload: `web`, `shop` or `Deployment/shop`.
    pub name: Option<Pattern>,
    /// The name of the container; in Compose the name of the service.
    pub container: Option<Pattern>,
    /// A label of the service, the object or its pods.
    pub label: Option<Label>,
    /// The image, as it is written, or as `harden images` calls it.
    pub image: Option<Pattern>,
    /// The path of the file from the folder of the configuration.
    pub path: Option<PathGlob>,
    /// A query that finds something in the service or the object.
    pub jsonpath: Option<JsonPath>,
    /// Which changes may be assumptions.
    pub assume: Option<Assume>,
    /// Values of the policy.
    #[serde(deserialize_with = "or_default")]
    pub settings: Settings,
    /// Which transforms run.
    #[serde(deserialize_with = "or_default")]
    pub transforms: Choices,
}

/// Where entries of the knowledge base come from.
#[derive(Debug)]
pub enum ImageSource {
    /// A file of entries, or a folder of such files. The path is inside the configuration's folder.
    Path(PathBuf),
    /// An entry that is written in the configuration itself.
    Entry(Box<Entry>),
}

/// What makes `--check` fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum FailOn {
    /// Changes to make
    Changes,
    /// Weak settings that are in the file
    Findings,
    /// Changes that harden declined
    Declines,
    /// Exceptions that match nothing or give no reason
    StaleExceptions,
    /// What harden left alone although a consumer could take it, or could not read
    Unread,
    /// Templates of Helm charts, which are not YAML until they are rendered
    Templates,
    /// With --base: exceptions and ignore lines that the change adds
    Policy,
}

impl Settings {
    /// Sets the chosen values in the policy.
    pub fn apply(&self, policy: &mut Policy) {
        fn set<T: Copy>(number: &mut T, chosen: Option<T>) {
            *number = chosen.unwrap_or(*number);
        }
        // A destructured pattern, so that no setting is forgotten.
        let Self {
            uid,
            gid,
            memory,
            memory_factor,
            memory_request,
            cpu,
            cpu_request,
            pids,
            tmp,
            restarts,
        } = *self;
        set(&mut policy.uid, uid);
        set(&mut policy.gid, gid);
        set(&mut policy.memory, memory);
        set(&mut policy.memory_factor, memory_factor);
        set(&mut policy.memory_request, memory_request);
        set(&mut policy.cpu, cpu);
        set(&mut policy.cpu_request, cpu_request);
        set(&mut policy.pids, pids);
        set(&mut policy.tmp_size, tmp);
        set(&mut policy.restarts, restarts);
    }
}

/// A selector that needs no comparison with others, because it names exactly one thing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Exact {
    /// The name of the workload, with or without its kind and its namespace.
    Name(String),
    /// The name of the container.
    Container(String),
    /// The key of a label, and its value if that is exact too.
    Label(String, Option<String>),
    /// The image, as it is written or as `harden images` calls it.
    Image(String),
    /// The path of the file.
    Path(PathBuf),
}

impl Workload {
    /// The exact selector by which the section is found; `None` if it has only patterns.
    #[must_use]
    pub fn exact(&self) -> Option<Exact> {
        let exact = |pattern: &Option<Pattern>| Some(pattern.as_ref()?.exact()?.to_owned());
        let path = || Some(self.path.as_ref()?.exact()?.to_owned());
        let label = || {
            let label = self.label.as_ref()?;
            Some((label.key().to_owned(), label.exact().map(str::to_owned)))
        };
        exact(&self.name)
            .map(Exact::Name)
            .or_else(|| exact(&self.container).map(Exact::Container))
            .or_else(|| path().map(Exact::Path))
            .or_else(|| exact(&self.image).map(Exact::Image))
            .or_else(|| label().map(|(key, value)| Exact::Label(key, value)))
    }

    /// Whether it has a selector. Without one it would match everything.
    #[must_use]
    pub fn selects(&self) -> bool {
        self.name.is_some()
            || self.container.is_some()
            || self.label.is_some()
            || self.image.is_some()
            || self.path.is_some()
            || self.jsonpath.is_some()
    }
}

/// A key without a value, for example because all lines below it are comments, has no effect.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

impl<'de> Deserialize<'de> for ImageSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Source;

        impl<'de> Visitor<'de> for Source {
            type Value = ImageSource;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a path, or an entry of the knowledge base")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<ImageSource, E> {
                values::path_below(text)
                    .map(ImageSource::Path)
                    .map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ImageSource, A::Error> {
                let entry = Entry::deserialize(MapAccessDeserializer::new(map))?;
                match entry.violations().first() {
                    Some(violation) => Err(de::Error::custom(violation)),
                    None => Ok(ImageSource::Entry(Box::new(entry))),
                }
            }
        }

        deserializer.deserialize_any(Source)
    }
}
