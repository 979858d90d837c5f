//! `.harden.yaml`: what a repository says of its own hardening.
//!
//! The file is input like every other: it is data, nothing in it is run, and the paths in it stay
//! below the folder it lies in. Every value is checked while it is read, so that an error knows its
//! line. `harden.schema.json` is the same as a JSON Schema, for editors; `tests/cli/config.rs` holds
//! the two together.

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
pub use load::{Loaded, Unloaded, load};
pub use read::read;
pub use selector::{Label, PathGlob, Pattern};
pub use values::{Reason, TransformId};
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
    /// Neither transforms nor facts that joined after this edition are used.
    #[serde(deserialize_with = "values::edition")]
    pub edition: Option<Edition>,
    /// What may rest on assumption.
    pub assume: Option<Assume>,
    /// The numbers of the policy.
    #[serde(deserialize_with = "or_default")]
    pub settings: Settings,
    /// What is asked of every container.
    #[serde(deserialize_with = "or_default")]
    pub transforms: Choices,
    /// What is asked of some of them.
    #[serde(deserialize_with = "or_default")]
    pub workloads: Vec<Located<Workload>>,
    /// Kinds of a cluster's own that carry pods.
    #[serde(deserialize_with = "or_default")]
    pub custom_resources: Vec<Located<CustomResource>>,
    /// What is known of images that the knowledge base does not have, or has wrong.
    #[serde(deserialize_with = "or_default")]
    pub images: Vec<ImageSource>,
    /// What makes `--check` fail.
    pub fail_on: Option<Vec<FailOn>>,
}

/// The numbers of a [`Policy`], each where somebody chose it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(
    default,
    deny_unknown_fields,
    expecting = "settings, each under its key"
)]
pub struct Settings {
    /// The user written by assumption.
    #[serde(deserialize_with = "values::uid")]
    pub uid: Option<u32>,
    /// Its group.
    #[serde(deserialize_with = "values::gid")]
    pub gid: Option<u32>,
    /// The least memory limit, in bytes.
    #[serde(deserialize_with = "values::memory")]
    pub memory: Option<u64>,
    /// The memory limit in multiples of what the image cannot live without.
    #[serde(deserialize_with = "values::factor")]
    pub memory_factor: Option<u64>,
    /// The memory request beside a limit, in bytes.
    #[serde(deserialize_with = "values::size")]
    pub memory_request: Option<u64>,
    /// The CPU limit, in thousandths of a processor.
    #[serde(deserialize_with = "values::cpus")]
    pub cpu: Option<u64>,
    /// The CPU request beside a limit, in thousandths of a processor.
    #[serde(deserialize_with = "values::cpus")]
    pub cpu_request: Option<u64>,
    /// Processes and threads, where the image is not known to need more.
    #[serde(deserialize_with = "values::pids")]
    pub pids: Option<i64>,
    /// The size of `/tmp`, in bytes.
    #[serde(deserialize_with = "values::size")]
    pub tmp: Option<u64>,
    /// How often a container that fails is started again.
    #[serde(deserialize_with = "values::restarts")]
    pub restarts: Option<u32>,
}

/// What is asked of the transforms.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(
    default,
    deny_unknown_fields,
    expecting = "`enable`, `override` or `skip`"
)]
pub struct Choices {
    /// Those that run only when asked.
    #[serde(deserialize_with = "or_default")]
    pub enable: Vec<TransformId>,
    /// Those that may change what is weak and was written by somebody.
    #[serde(rename = "override", deserialize_with = "or_default")]
    pub overrides: Vec<TransformId>,
    /// Those that change nothing.
    #[serde(deserialize_with = "or_default")]
    pub skip: Vec<Located<Skip>>,
}

/// A transform that is left out, and why.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an `id` and a `reason`")]
pub struct Skip {
    /// The transform.
    pub id: TransformId,
    /// Why, for those who come after.
    pub reason: Reason,
}

/// What is asked of the containers that all given selectors choose.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "selectors and options")]
pub struct Workload {
    /// The name of the workload: `web`, `shop` or `Deployment/shop`.
    pub name: Option<Pattern>,
    /// The name of the container, which in Compose is that of the service.
    pub container: Option<Pattern>,
    /// A label of the service, the object or its pods.
    pub label: Option<Label>,
    /// The image, as it is written or as `harden images` calls it.
    pub image: Option<Pattern>,
    /// The file, from the folder of the configuration.
    pub path: Option<PathGlob>,
    /// Something that is found in the service, or in the object.
    pub jsonpath: Option<JsonPath>,
    /// What may rest on assumption.
    pub assume: Option<Assume>,
    /// Numbers.
    #[serde(deserialize_with = "or_default")]
    pub settings: Settings,
    /// Transforms.
    #[serde(deserialize_with = "or_default")]
    pub transforms: Choices,
}

/// Where entries of the knowledge base come from.
#[derive(Debug)]
pub enum ImageSource {
    /// A file with one entry, or a folder of such files; a path below the configuration's folder.
    Path(PathBuf),
    /// An entry that stands in the configuration itself.
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
}

impl Settings {
    /// Makes the chosen numbers those of the policy.
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

impl Workload {
    /// It has a selector, without which it would speak of everything.
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

/// A key with nothing behind it, as where everything below it is a comment, says nothing.
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
