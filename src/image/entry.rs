//! The schema of the knowledge base: one YAML file an image, each fact with its source.
//!
//! A file is one [`Entry`]. Facts stand in sections (`user`, `capabilities`, `writable`, …), and
//! every section names its grounds: `source`, a list of names from the table `sources`, and
//! `confidence`. A fact of low confidence is written down so that somebody can check it, and is
//! unknown to everything that acts on facts.
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
//! Lists whose items carry `tag`, `since` or `before` are read for one tag. `tag` is a glob over
//! the whole tag; `since` and `before` compare the version that the tag starts with (`v` is
//! skipped; `version_after: pg` makes it the version behind `pg`). A tag without a version, such
//! as `latest`, is the newest. When the tag is not known, only what holds for every tag is a fact.
//!
//! `build.rs` compiles this file too, so that a file that breaks these rules breaks the build.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_yaml::with::singleton_map_recursive;

use super::edition::Edition;
pub use super::tags::{Tags, Version};
use super::units::Amount;

/// Everything that is known of one image.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Unique, lower case, and the name of the file.
    pub id: String,
    /// When somebody last checked these facts: `2026-11-23`.
    pub date: String,
    /// The edition of the knowledge base in which this was first said: a configuration that pins an
    /// earlier one does without it. What was said before stays in the file, below `---`.
    #[serde(default = "first_edition")]
    pub edition: Edition,
    /// What the image is for.
    pub kind: Kind,
    /// Repositories as [`super::Name::canonical`] gives them; `*` stands for any characters. The
    /// most specific pattern of all entries wins.
    pub images: Vec<String>,
    /// The version stands behind this mark instead of at the start of the tag.
    pub version_after: Option<String>,
    /// Where facts come from, by a short name: a file at a commit, a page, an issue, a measurement.
    pub sources: BTreeMap<String, String>,
    /// Who it starts as.
    pub user: UserSection,
    /// Which capabilities it needs.
    pub capabilities: Option<CapabilitySection>,
    /// Where it listens.
    pub ports: Option<PortSection>,
    /// Which volumes the image declares, and who owns them.
    pub volumes: Option<VolumeSection>,
    /// Where it writes.
    pub writable: Option<WritableSection>,
    /// Whether it lives with `no_new_privs`.
    pub no_new_privileges: Option<PrivilegeSection>,
    /// How much memory it needs.
    pub memory: Option<MemorySection>,
    /// How many processes and threads it needs.
    pub processes: Option<ProcessSection>,
    /// What it takes from the host to do its work.
    pub host: Option<HostSection>,
    /// How far hardening can go without a person.
    pub automation: Option<AutomationSection>,
    /// What is known to break it, for people.
    #[serde(default)]
    pub fails_if: Vec<String>,
    /// Anything else worth knowing, for people.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// What an image is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It runs a program of its own.
    Service,
    /// It runs what people put into it.
    LanguageBase,
    /// It is an operating system.
    BaseOs,
}

/// How sure a section is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Read in the newest source, or measured.
    High,
    /// An older copy of the source, a chart, or a manual.
    Medium,
    /// What people say; unknown to everything that acts on facts.
    Low,
}

/// Whether something works.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It does.
    Yes,
    /// It does if this holds.
    Conditional(String),
    /// It does not, for this reason.
    No(String),
    /// Nobody has found out, or it depends on what people put into the image.
    Unknown,
}

/// Who it starts as.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserSection {
    /// Names from `sources`.
    pub source: Vec<String>,
    /// How sure this is.
    pub confidence: Confidence,
    /// The image's `USER`: `root`, a uid, or a name; `unknown` where nobody has found out.
    pub default: String,
    /// The user it can run as, by tag; the first match wins.
    #[serde(default)]
    pub runs_as: Vec<RunsAs>,
    /// Whether it works when the engine starts it as that user.
    #[serde(with = "singleton_map_recursive")]
    pub starts_as_user: Verdict,
    /// Its files belong to group 0, so that the gid must stay 0 whatever the uid.
    #[serde(default)]
    pub group_root: bool,
    /// How it leaves root by itself: `gosu`, `setpriv`, s6, the program's own way.
    pub steps_down: Option<String>,
}

/// The user of some tags.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunsAs {
    /// See [`Tags`].
    pub tag: Option<String>,
    /// See [`Tags`].
    pub since: Option<String>,
    /// See [`Tags`].
    pub before: Option<String>,
    /// `None`: no number is fixed.
    pub uid: Option<u32>,
    /// Its primary group.
    pub gid: Option<u32>,
    /// Its name in the image's `/etc/passwd`, by which a Dockerfile may ask for it.
    pub name: Option<String>,
    /// The image's `USER`, where it differs from the section's.
    pub default: Option<String>,
    /// Why, for people.
    pub note: Option<String>,
}

/// Which capabilities it needs when all others are dropped, at the second start too.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapabilitySection {
    /// Names from `sources`.
    pub source: Vec<String>,
    /// How sure this is.
    pub confidence: Confidence,
    /// When it starts as root, without `CAP_`. `None`: nobody has found out, because the image does
    /// not start so by itself, or because it depends on what people put into it.
    pub as_root: Option<Vec<String>>,
    /// When it starts as root and is asked for something besides.
    #[serde(default)]
    pub as_root_also: Vec<ConditionalCapability>,
    /// When it starts as its own user.
    #[serde(default)]
    pub as_user: Vec<String>,
    /// Programs that carry capabilities of their own: they cannot run where those are dropped.
    #[serde(default)]
    pub files: Vec<CapableFile>,
}

/// A capability that not every container of the image needs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConditionalCapability {
    /// Without `CAP_`.
    pub name: String,
    /// What it does with it, for people.
    pub why: String,
    /// Only when one of these holds.
    #[serde(with = "singleton_map_recursive")]
    pub when: Vec<Condition>,
}

/// A program with capabilities of its own.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapableFile {
    /// Where it is; `X` stands for a version.
    pub path: String,
    /// In the words of `setcap`.
    pub grants: String,
    /// When it carries them, for people.
    pub note: Option<String>,
}

/// Where it listens by default.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortSection {
    /// Names from `sources`.
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
    /// Names from `sources`.
    pub source: Vec<String>,
    /// What the image declares as `VOLUME`.
    #[serde(default)]
    pub declared: Vec<TaggedPath>,
    /// Directories that a new named volume inherits with the user of `runs_as` as their owner.
    #[serde(default)]
    pub owned: Vec<TaggedPath>,
    /// The `fsGroup` that makes claimed storage writable: a gid, or `own` for the gid of `runs_as`.
    pub group: Option<VolumeGroup>,
    /// The group alone is not enough unless one of these holds.
    #[serde(default, with = "singleton_map_recursive")]
    pub group_when: Vec<Condition>,
    /// The volume must not be changed at every start (`fsGroupChangePolicy: OnRootMismatch`).
    #[serde(default)]
    pub on_root_mismatch: bool,
}

/// The group of claimed storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum VolumeGroup {
    /// This gid.
    Gid(u32),
    /// The gid of `runs_as`.
    Named(OwnGroup),
}

/// The word for the group of `runs_as`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OwnGroup {
    /// The gid of `runs_as`.
    Own,
}

/// A path of some tags.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaggedPath {
    /// Absolute.
    pub path: String,
    /// See [`Tags`].
    pub tag: Option<String>,
    /// See [`Tags`].
    pub since: Option<String>,
    /// See [`Tags`].
    pub before: Option<String>,
}

/// Where it writes, beside the volumes that the image declares.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WritableSection {
    /// Names from `sources`.
    pub source: Vec<String>,
    /// How sure this is.
    pub confidence: Confidence,
    /// Whether it works on a read-only root with these paths writable.
    #[serde(with = "singleton_map_recursive")]
    pub read_only: Verdict,
    /// The paths.
    #[serde(default)]
    pub paths: Vec<WritablePath>,
}

/// A path that must be writable.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WritablePath {
    /// Absolute, and without symbolic links of the image: `/run`, not `/var/run`, because a file
    /// that mounts both would stack them.
    pub path: String,
    /// What is written there.
    pub why: String,
    /// How much space that needs: `64Mi`.
    pub size: String,
    /// Programs are run, or libraries mapped, from there.
    #[serde(default)]
    pub exec: bool,
    /// The image's own files there are needed: an empty mount would hide them.
    #[serde(default)]
    pub seed: bool,
    /// What is written must survive the container.
    #[serde(default)]
    pub persist: bool,
    /// Permission bits in octal, where those of the image's directory will not do: `'1777'`.
    pub mode: Option<String>,
    /// `uid:gid`, or `own` for the user of `runs_as`, where somebody else writes there than the
    /// user that the process starts as.
    pub owner: Option<String>,
    /// Only when one of these holds; always without any.
    #[serde(default, with = "singleton_map_recursive")]
    pub when: Vec<Condition>,
    /// See [`Tags`].
    pub tag: Option<String>,
    /// See [`Tags`].
    pub since: Option<String>,
    /// See [`Tags`].
    pub before: Option<String>,
}

/// What a container's file may say.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Condition {
    /// An environment variable of a name that matches this glob is set.
    Env(String),
    /// Something is mounted at this path, above or below it.
    Mount(String),
    /// An argument contains this.
    Argument(String),
    /// No file tells; in words, for people.
    Unsure(String),
}

/// Whether it lives with `no_new_privs`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrivilegeSection {
    /// Names from `sources`.
    pub source: Vec<String>,
    /// How sure this is.
    pub confidence: Confidence,
    /// Whether it works with it.
    #[serde(with = "singleton_map_recursive")]
    pub works: Verdict,
}

/// How much memory it needs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemorySection {
    /// Names from `sources`.
    pub source: Vec<String>,
    /// How sure this is.
    pub confidence: Confidence,
    /// It does not live with less: `128Mi`.
    pub least: String,
    /// Many programs go by these names, and others of them need much more.
    #[serde(default)]
    pub differs: bool,
    /// What a limit changes, for people.
    pub note: Option<String>,
    /// It sizes itself by the memory of the host, and so does not live with a limit, unless one of
    /// these holds.
    #[serde(default, with = "singleton_map_recursive")]
    pub sized_by_host_unless: Vec<Condition>,
}

/// How many processes and threads it needs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessSection {
    /// Names from `sources`.
    pub source: Vec<String>,
    /// How sure this is.
    pub confidence: Confidence,
    /// It does not live with less.
    pub least: u32,
}

/// What it takes from the host.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostSection {
    /// Names from `sources`.
    pub source: Vec<String>,
    /// Paths, sockets, namespaces and devices, for people.
    pub access: Vec<String>,
}

/// How far hardening can go without a person.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AutomationSection {
    /// Names from `sources`.
    pub source: Vec<String>,
    /// How far.
    pub level: Automation,
    /// What is excepted, for people.
    pub note: Option<String>,
}

/// How far hardening can go without a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Automation {
    /// User, capabilities, read-only root, limits.
    Full,
    /// Some of it.
    Partial,
    /// Neither user nor read-only root.
    Limited,
    /// Nothing but a report.
    Skip,
}

impl Entry {
    /// The sections that are there, each with the names of its sources.
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
    /// The tags it is about.
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
    /// The tags it is about.
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
    /// The tags it is about.
    #[must_use]
    pub fn tags(&self) -> Tags<'_> {
        Tags {
            tag: self.tag.as_deref(),
            since: self.since.as_deref(),
            before: self.before.as_deref(),
        }
    }
}

/// The edition in which the knowledge base began.
fn first_edition() -> Edition {
    Edition::new(2026, 11)
}

/// Reads a size in bytes: a number with `Ki`, `Mi` or `Gi`, perhaps with a tenth.
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

/// Reads permission bits.
#[must_use]
pub fn octal(text: &str) -> Option<u32> {
    u32::from_str_radix(text, 8)
        .ok()
        .filter(|mode| *mode <= 0o7777)
}

/// Reads `uid:gid`.
#[must_use]
pub fn pair(text: &str) -> Option<(u32, u32)> {
    let (uid, gid) = text.split_once(':')?;
    Some((uid.parse().ok()?, gid.parse().ok()?))
}
