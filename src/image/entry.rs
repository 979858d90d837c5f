//! The schema of the knowledge base: one YAML file per image, and a source for each fact.
//!
//! A file is one [`Entry`]. Facts are grouped in sections (`user`, `capabilities`, `writable`, …).
//! Each section has a `source` (names from the table `sources`) and a `confidence`. Facts with low
//! confidence are recorded so that somebody can check them. Transforms treat them as unknown.
//!
//! ```yaml
//! id: example
//! date: 2026-11-23
//! kind: service
//! images: [example, ghcr.io/example/example]
//! sources:
//!   dockerfile: example/example-docker@0123456 Dockerfile
//! user:
//!   source: [dockerfile]
//!   confidence: high
//!   default: root
//!   runs_as:
//!   - {tag: '*alpine*', uid: 70, gid: 70}
//!   - {uid: 999, gid: 999}
//!   starts_as_user: {conditional: /run/example is a tmpfs of that user}
//! writable:
//!   source: [dockerfile]
//!   confidence: medium
//!   read_only: yes
//!   paths:
//!   - {path: /run/example, why: pid file, size: 1Mi}
//!   - {path: /etc/example, why: generated configuration, size: 1Mi, seed: true, when: [{env: 'EXAMPLE_*'}]}
//! ```
//!
//! # Tags
//!
//! Items with `tag`, `since` or `before` apply only to some tags. `tag` is a glob over the whole
//! tag. `since` and `before` compare the version at the start of the tag (a leading `v` is
//! skipped). With `version_after: pg`, the version is the one after `pg`. A tag without a version,
//! such as `latest`, counts as the newest. If the tag is unknown, only items that apply to every
//! tag are facts.
//!
//! `build.rs` compiles this file too. A file in `images/` that breaks these rules therefore fails
//! the build.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_yaml::with::singleton_map_recursive;

use super::edition::Edition;
pub use super::tags::{Tags, Version};
use super::units::Amount;

/// The facts about one image.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The unique id in lower case; also the name of the file.
    pub id: String,
    /// The date of the last check of these facts: `2026-11-23`.
    pub date: String,
    /// The edition of the knowledge base that added this version of the entry. A configuration that
    /// pins an earlier edition does not use it. Earlier versions stay in the file, below `---`.
    #[serde(default = "first_edition")]
    pub edition: Edition,
    /// What kind of image this is.
    pub kind: Kind,
    /// Repositories in the form of [`super::Name::canonical`]; `*` matches any characters. If
    /// patterns of several entries match, the most specific pattern decides.
    pub images: Vec<String>,
    /// The version follows this text in the tag, instead of starting the tag.
    pub version_after: Option<String>,
    /// Sources by a short name: a file at a commit, a page, an issue, a measurement.
    pub sources: BTreeMap<String, String>,
    /// The user that the image starts as.
    pub user: UserSection,
    /// The capabilities that the image needs.
    pub capabilities: Option<CapabilitySection>,
    /// The ports that the image listens on.
    pub ports: Option<PortSection>,
    /// The volumes that the image declares, and their owners.
    pub volumes: Option<VolumeSection>,
    /// The paths that the image writes to.
    pub writable: Option<WritableSection>,
    /// Whether the image works with `no_new_privs`.
    pub no_new_privileges: Option<PrivilegeSection>,
    /// The memory that the image needs.
    pub memory: Option<MemorySection>,
    /// The number of processes and threads that the image needs.
    pub processes: Option<ProcessSection>,
    /// What the image needs from the host.
    pub host: Option<HostSection>,
    /// How much hardening can be automated.
    pub automation: Option<AutomationSection>,
    /// What is known to break the image, as text for readers.
    #[serde(default)]
    pub fails_if: Vec<String>,
    /// Other notes, as text for readers.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// What kind of image this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The image runs its own program.
    Service,
    /// The image runs a program that users add to it.
    LanguageBase,
    /// The image is an operating system.
    BaseOs,
}

/// How reliable the facts of a section are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// The fact was read in the newest source, or measured.
    High,
    /// The fact comes from an older copy of the source, a chart or a manual.
    Medium,
    /// The fact comes from hearsay. Transforms treat it as unknown.
    Low,
}

/// Whether something works.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It works.
    Yes,
    /// It works under this condition.
    Conditional(String),
    /// It does not work, for this reason.
    No(String),
    /// Not tested, or dependent on what users add to the image.
    Unknown,
}

/// The user that the image starts as.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserSection {
    /// Names from the table `sources`.
    pub source: Vec<String>,
    /// How reliable the section is.
    pub confidence: Confidence,
    /// The image's `USER`: `root`, a uid or a name; `unknown` if nobody has checked.
    pub default: String,
    /// The user that the image can run as, by tag; the first match applies.
    #[serde(default)]
    pub runs_as: Vec<RunsAs>,
    /// Whether the image works when the engine starts it as that user.
    #[serde(with = "singleton_map_recursive")]
    pub starts_as_user: Verdict,
    /// The files of the image belong to group 0, so the gid must stay 0 for any uid.
    #[serde(default)]
    pub group_root: bool,
    /// How the image drops root during its start: `gosu`, `setpriv`, s6, or its own code.
    pub steps_down: Option<String>,
}

/// The user for some tags.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunsAs {
    /// See [`Tags`].
    pub tag: Option<String>,
    /// See [`Tags`].
    pub since: Option<String>,
    /// See [`Tags`].
    pub before: Option<String>,
    /// The uid; `None` if it is not fixed.
    pub uid: Option<u32>,
    /// The gid of the user's primary group.
    pub gid: Option<u32>,
    /// The user's name in the image's `/etc/passwd`. A Dockerfile can use it in `USER`.
    pub name: Option<String>,
    /// The image's `USER` for these tags, if it differs from [`UserSection::default`].
    pub default: Option<String>,
    /// The explanation, as text for readers.
    pub note: Option<String>,
}

/// The capabilities that the image needs when all others are dropped, also at the second start.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapabilitySection {
    /// Names from the table `sources`.
    pub source: Vec<String>,
    /// How reliable the section is.
    pub confidence: Confidence,
    /// The capabilities for a start as root, without `CAP_`. `None`: unknown, because the image
    /// does not start as root by default, or because they depend on what users add to the image.
    pub as_root: Option<Vec<String>>,
    /// More capabilities for a start as root, under conditions.
    #[serde(default)]
    pub as_root_also: Vec<ConditionalCapability>,
    /// The capabilities for a start as the image's own user.
    #[serde(default)]
    pub as_user: Vec<String>,
    /// Programs with file capabilities. They cannot run if those capabilities are dropped.
    #[serde(default)]
    pub files: Vec<CapableFile>,
}

/// A capability that only some containers of the image need.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConditionalCapability {
    /// The name without `CAP_`.
    pub name: String,
    /// What the image uses the capability for, as text for readers.
    pub why: String,
    /// The capability is needed only if one of these conditions is true.
    #[serde(with = "singleton_map_recursive")]
    pub when: Vec<Condition>,
}

/// A program with file capabilities.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapableFile {
    /// The path of the program; `X` stands for a version.
    pub path: String,
    /// The capabilities in the syntax of `setcap`.
    pub grants: String,
    /// When the program has these capabilities, as text for readers.
    pub note: Option<String>,
}

/// The ports that the image listens on by default.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortSection {
    /// Names from the table `sources`.
    pub source: Vec<String>,
    /// TCP ports.
    #[serde(default)]
    pub tcp: Vec<u16>,
    /// UDP ports.
    #[serde(default)]
    pub udp: Vec<u16>,
}

/// The volumes of the image and the owners of their contents.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VolumeSection {
    /// Names from the table `sources`.
    pub source: Vec<String>,
    /// The paths that the image declares as `VOLUME`.
    #[serde(default)]
    pub declared: Vec<TaggedPath>,
    /// Directories owned by the user of `runs_as`. A new named volume inherits this owner.
    #[serde(default)]
    pub owned: Vec<TaggedPath>,
    /// The `fsGroup` that makes claimed storage writable: a gid, or `own` for the gid of `runs_as`.
    pub group: Option<VolumeGroup>,
    /// If not empty, the group is sufficient only if one of these conditions is true.
    #[serde(default, with = "singleton_map_recursive")]
    pub group_when: Vec<Condition>,
    /// The group of the volume must not change at every start. Kubernetes needs
    /// `fsGroupChangePolicy: OnRootMismatch`.
    #[serde(default)]
    pub on_root_mismatch: bool,
}

/// The group of claimed storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum VolumeGroup {
    /// A fixed gid.
    Gid(u32),
    /// The gid of `runs_as`.
    Named(OwnGroup),
}

/// The keyword for the group of `runs_as`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OwnGroup {
    /// The gid of `runs_as`.
    Own,
}

/// A path for some tags.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaggedPath {
    /// The absolute path.
    pub path: String,
    /// See [`Tags`].
    pub tag: Option<String>,
    /// See [`Tags`].
    pub since: Option<String>,
    /// See [`Tags`].
    pub before: Option<String>,
}

/// The paths that the image writes to, except for the volumes that it declares.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WritableSection {
    /// Names from the table `sources`.
    pub source: Vec<String>,
    /// How reliable the section is.
    pub confidence: Confidence,
    /// Whether the image works on a read-only root if these paths are writable.
    #[serde(with = "singleton_map_recursive")]
    pub read_only: Verdict,
    /// The paths that must be writable.
    #[serde(default)]
    pub paths: Vec<WritablePath>,
}

/// A path that must be writable.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WritablePath {
    /// The absolute path, with the image's symbolic links resolved: `/run`, not `/var/run`. A file
    /// that mounts both would mount one over the other.
    pub path: String,
    /// What the image writes there.
    pub why: String,
    /// The space needed: `64Mi`.
    pub size: String,
    /// The image runs programs, or maps libraries, from this path.
    #[serde(default)]
    pub exec: bool,
    /// The image needs its own files at this path; an empty mount would hide them.
    #[serde(default)]
    pub seed: bool,
    /// The written data must survive the container.
    #[serde(default)]
    pub persist: bool,
    /// Permission bits in octal, if the mode of the image's directory does not work: `'1777'`.
    pub mode: Option<String>,
    /// The owner as `uid:gid`, or `own` for the user of `runs_as`. Set if a user other than the one
    /// that the process starts as writes there.
    pub owner: Option<String>,
    /// The path is needed only if one of these conditions is true. Without conditions it is always
    /// needed.
    #[serde(default, with = "singleton_map_recursive")]
    pub when: Vec<Condition>,
    /// See [`Tags`].
    pub tag: Option<String>,
    /// See [`Tags`].
    pub since: Option<String>,
    /// See [`Tags`].
    pub before: Option<String>,
}

/// A condition on the settings of a container.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Condition {
    /// An environment variable is set whose name matches this glob.
    Env(String),
    /// There is a mount at this path, above it or below it.
    Mount(String),
    /// An argument contains this text.
    Argument(String),
    /// The file cannot answer this condition. The text is for readers.
    Unsure(String),
}

/// Whether the image works with `no_new_privs`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrivilegeSection {
    /// Names from the table `sources`.
    pub source: Vec<String>,
    /// How reliable the section is.
    pub confidence: Confidence,
    /// Whether the image works with `no_new_privs`.
    #[serde(with = "singleton_map_recursive")]
    pub works: Verdict,
}

/// The memory that the image needs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemorySection {
    /// Names from the table `sources`.
    pub source: Vec<String>,
    /// How reliable the section is.
    pub confidence: Confidence,
    /// The minimum: `128Mi`.
    pub least: String,
    /// Several programs share these names, and some of them need much more.
    #[serde(default)]
    pub differs: bool,
    /// How a limit changes the behaviour, as text for readers.
    pub note: Option<String>,
    /// The program sizes itself by the memory of the host, so a limit kills it unless one of these
    /// conditions is true.
    #[serde(default, with = "singleton_map_recursive")]
    pub sized_by_host_unless: Vec<Condition>,
}

/// The number of processes and threads that the image needs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessSection {
    /// Names from the table `sources`.
    pub source: Vec<String>,
    /// How reliable the section is.
    pub confidence: Confidence,
    /// The minimum.
    pub least: u32,
}

/// What the image needs from the host.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostSection {
    /// Names from the table `sources`.
    pub source: Vec<String>,
    /// Paths, sockets, namespaces and devices, as text for readers.
    pub access: Vec<String>,
}

/// How much hardening can be automated.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AutomationSection {
    /// Names from the table `sources`.
    pub source: Vec<String>,
    /// The level.
    pub level: Automation,
    /// The exceptions, as text for readers.
    pub note: Option<String>,
}

/// How much hardening can be automated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Automation {
    /// User, capabilities, read-only root and limits.
    Full,
    /// Some of these.
    Partial,
    /// Neither the user nor the read-only root.
    Limited,
    /// Only findings, no changes.
    Skip,
}

impl Entry {
    /// The sections that are present, each with the names of its sources.
    #[must_use]
    pub fn grounds(&self) -> Vec<(&'static str, &[String])> {
        let mut all = vec![("user", self.user.source.as_slice())];
        all.extend(
            self.capabilities
                .iter()
                .map(|one| ("capabilities", one.source.as_slice())),
        );
        all.extend(
            self.ports
                .iter()
                .map(|one| ("ports", one.source.as_slice())),
        );
        all.extend(
            self.volumes
                .iter()
                .map(|one| ("volumes", one.source.as_slice())),
        );
        all.extend(
            self.writable
                .iter()
                .map(|one| ("writable", one.source.as_slice())),
        );
        all.extend(
            self.no_new_privileges
                .iter()
                .map(|one| ("no_new_privileges", one.source.as_slice())),
        );
        all.extend(
            self.memory
                .iter()
                .map(|one| ("memory", one.source.as_slice())),
        );
        all.extend(
            self.processes
                .iter()
                .map(|one| ("processes", one.source.as_slice())),
        );
        all.extend(self.host.iter().map(|one| ("host", one.source.as_slice())));
        all.extend(
            self.automation
                .iter()
                .map(|one| ("automation", one.source.as_slice())),
        );
        all
    }
}

impl RunsAs {
    /// The tags to which this item applies.
    #[must_use]
    pub fn tags(&self) -> Tags<'_> {
        Tags {
            tag: self.tag.as_deref(),
            since: self.since.as_deref(),
            before: self.before.as_deref(),
        }
    }
}

impl TaggedPath {
    /// The tags to which this item applies.
    #[must_use]
    pub fn tags(&self) -> Tags<'_> {
        Tags {
            tag: self.tag.as_deref(),
            since: self.since.as_deref(),
            before: self.before.as_deref(),
        }
    }
}

impl WritablePath {
    /// The tags to which this item applies.
    #[must_use]
    pub fn tags(&self) -> Tags<'_> {
        Tags {
            tag: self.tag.as_deref(),
            since: self.since.as_deref(),
            before: self.before.as_deref(),
        }
    }
}

/// The first edition of the knowledge base.
fn first_edition() -> Edition {
    Edition::new(2026, 11)
}

/// Parses a size and returns bytes: a number with `Ki`, `Mi` or `Gi`, with an optional tenth.
#[must_use]
pub fn bytes(text: &str) -> Option<u64> {
    let amount = Amount::read(text)?;
    let is_whole = !amount.whole.is_empty() && !text.contains('.');
    let has_tenth = !amount.whole.is_empty() && amount.fraction.len() == 1;
    let unit = match amount.unit {
        "" => 1,
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        _ => return None,
    };
    (is_whole || has_tenth).then(|| amount.times(unit))?
}

/// Parses permission bits in octal.
#[must_use]
pub fn octal(text: &str) -> Option<u32> {
    u32::from_str_radix(text, 8)
        .ok()
        .filter(|mode| *mode <= 0o7777)
}

/// Parses `uid:gid`.
#[must_use]
pub fn pair(text: &str) -> Option<(u32, u32)> {
    let (uid, gid) = text.split_once(':')?;
    Some((uid.parse().ok()?, gid.parse().ok()?))
}
