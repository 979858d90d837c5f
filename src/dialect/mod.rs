//! One folder per configuration format. A dialect reads and writes settings and knows no policy.

mod beyond;
pub(crate) mod compose;
pub mod docker_run;
mod draft;
pub(crate) mod engine_words;
pub(crate) mod kubernetes;
pub mod quadlet;
pub(crate) mod recognise;
mod refusal;
mod unproved;

use std::fmt;

pub use self::beyond::BeyondReading;
pub(crate) use self::compose::{Reference, beyond_limit, context, references, variables};
pub use self::compose::{bases, is_override, overridden_by, overrides, preferred_to};
pub(crate) use self::draft::{Draft, YamlDraft};
pub use self::kubernetes::Neighbours;
pub(crate) use self::kubernetes::kustomization::is_one as is_kustomization;
use self::recognise::{Recognition, UnreadPart};
pub use self::unproved::Unproved;
use crate::container::{Assignment, Container, Place, Reason, Value, Words};
use crate::image::Knowledge;
use crate::project::{self, CustomResource, File, Format, NotOurs, Surroundings};
use crate::syntax::{Editor, NodeId, Refusal, Tree};

/// The formats of YAML files, each with its own folder and one row here. The first format that
/// recognises a file reads it.
static DIALECTS: [&Dialect; 2] = [&compose::DIALECT, &kubernetes::DIALECT];

/// What the folder of a format does for the rest of the program.
struct Dialect {
    format: Format,
    /// Checks whether the file is of this format.
    recognise: fn(&Tree<'_>, &[CustomResource]) -> Recognition,
    /// Reads the containers of files that belong together.
    read: fn(&Reading<'_, '_>) -> Result<Vec<Member>, BeyondReading>,
}

/// Files that belong together, and what is known about their project.
struct Reading<'r, 's> {
    files: &'r [File<'s>],
    knowledge: &'r Knowledge,
    surroundings: &'r dyn Surroundings,
    custom_resources: &'r [CustomResource],
    /// The neighbours of these objects in a larger stream, including their own.
    neighbours: Option<&'r Neighbours>,
}

/// A container of a YAML file, with the place of its settings.
pub type Member = project::Member<Box<dyn Site>>;

/// The place where the settings of one container are written. Only the folder of its format knows
/// the details.
pub trait Site: fmt::Debug {
    /// Plans the edits for `assignment`, with one editor per file, and returns the paths written.
    ///
    /// # Errors
    ///
    /// Returns the reason if the assignment cannot be written. The editors may then hold part of
    /// it, and the caller rolls back.
    fn lower(
        &self,
        assignment: &Assignment,
        container: &Container,
        files: &[File<'_>],
        editors: &mut [Editor<'_, '_>],
    ) -> Result<Vec<String>, Unwritable>;

    /// The index of the file that holds the settings of the container.
    fn file(&self, container: &Container) -> usize {
        container.place.file
    }

    /// The service, or the object that contains the container, with the index of its file.
    fn object(&self, container: &Container, files: &[File<'_>]) -> (usize, NodeId);

    /// The places whose line comments describe this container.
    fn headings(&self, container: &Container, files: &[File<'_>]) -> Vec<Place>;

    /// The members that inherit settings written for this one, directly or through another one.
    fn heirs(&self) -> Vec<usize> {
        Vec::new()
    }
}

/// Why a dialect cannot write a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unwritable {
    /// An edit of the text would also change other parts of the file.
    Refused(Refusal),
    /// The consumer would reject the result, or the change would affect other containers.
    Because(Reason),
}

impl From<Refusal> for Unwritable {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Reason> for Unwritable {
    fn from(reason: Reason) -> Self {
        Self::Because(reason)
    }
}

impl From<&'static Words> for Unwritable {
    fn from(words: &'static Words) -> Self {
        Self::Because(words.into())
    }
}

static WINDOWS: Words = Words::new("no-setting-on-windows", "Windows has no such setting.");
static NO_SETTING: Words = Words::new("engine-without-setting", "{engine} has no such setting.");
static RESERVATION_ABOVE: Words = Words::new(
    "reservation-above-limit",
    "It reserves more memory than the limit, and the engine refuses that.",
);
static SWAP_BELOW: Words = Words::new(
    "swap-below-limit",
    "The limit on memory and swap ({name} is {written}) is below the limit on memory, and the \
     engine refuses that.",
);

/// The error for a setting that the consumer, named `engine`, does not have.
fn no_setting(engine: &str) -> Unwritable {
    let engine = Value::Note(engine.to_owned());
    Reason::new(&NO_SETTING).with("engine", engine).into()
}

impl From<Unwritable> for Reason {
    fn from(unwritable: Unwritable) -> Self {
        match unwritable {
            Unwritable::Refused(refusal) => refusal::reason(&refusal),
            Unwritable::Because(reason) => reason,
        }
    }
}

/// The format of a file. `custom_resources` are more kinds that carry pods, in addition to the
/// known ones.
///
/// # Errors
///
/// Returns the reason to leave the file alone.
pub fn recognise(tree: &Tree<'_>, custom_resources: &[CustomResource]) -> Result<Format, NotOurs> {
    recognised(tree, custom_resources).0
}

/// The format of a file, or the reason to leave the file alone, and the parts of the file that the
/// format cannot read.
pub(crate) fn recognised(
    tree: &Tree<'_>,
    custom_resources: &[CustomResource],
) -> (Result<Format, NotOurs>, Vec<UnreadPart>) {
    for dialect in DIALECTS {
        let Recognition { format, unread } = (dialect.recognise)(tree, custom_resources);
        match format {
            Ok(()) => return (Ok(dialect.format), unread),
            Err(NotOurs::OtherYaml) => {}
            Err(why) => return (Err(why), unread),
        }
    }
    (Err(NotOurs::OtherYaml), Vec::new())
}

/// The containers of files that belong together. All files have the same format. Objects of a piece
/// of a stream have `neighbours` in its other pieces.
///
/// # Errors
///
/// Returns the limit that the files exceed.
pub fn read(
    format: Format,
    files: &[File<'_>],
    knowledge: &Knowledge,
    surroundings: &dyn Surroundings,
    custom_resources: &[CustomResource],
    neighbours: Option<&Neighbours>,
) -> Result<Vec<Member>, BeyondReading> {
    let reading = Reading {
        files,
        knowledge,
        surroundings,
        custom_resources,
        neighbours,
    };
    let dialect = DIALECTS.iter().find(|dialect| dialect.format == format);
    dialect.map_or_else(|| Ok(Vec::new()), |dialect| (dialect.read)(&reading))
}
