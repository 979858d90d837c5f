//! The facts about an image for one tag.

use super::entry::{self, Confidence, Entry, MemorySection, Tags, Verdict, Version, VolumeGroup};
use super::name::Tag;

pub use super::entry::{
    Automation, CapableFile as FileCapability, Condition, ConditionalCapability, Kind,
};

/// What an image needs, for one tag.
///
/// Only reliable facts are here. Facts with low confidence, and facts that differ between the
/// images that a tag may select, are `None`, `Unknown` or absent, so no transform can use them by
/// mistake. Unreliable facts are used only as warnings ([`Facts::suspected_memory_min`], and
/// [`Support::No`] with any confidence).
#[derive(Clone, Debug)]
pub struct Facts {
    /// The id of the entry in the knowledge base.
    pub id: String,
    /// The date of the last check: `2026-11-23`; empty for an image that the project builds.
    pub date: String,
    /// What kind of image this is.
    pub kind: Kind,
    /// The user that the image starts as by default.
    pub default_user: DefaultUser,
    /// The user that the image can run as.
    pub run_as: Option<RunAs>,
    /// The name of [`Facts::run_as`] in the image.
    pub user_name: Option<String>,
    /// The files of the image belong to group 0, so [`RunAs::gid`] is 0 and must stay 0.
    pub group_root: bool,
    /// Whether the image works when it starts as [`Facts::run_as`].
    pub starts_as_user: Support,
    /// How the image drops root during its start: `gosu`, `setpriv`, or its own code.
    pub steps_down: Option<String>,
    /// The capabilities for a start as root, also at the second start; without `CAP_`.
    pub capabilities_as_root: Option<Vec<String>>,
    /// More capabilities for a start as root, which only some containers need.
    pub capabilities_as_root_also: Vec<ConditionalCapability>,
    /// The capabilities for a start as [`Facts::run_as`].
    pub capabilities_as_user: Option<Vec<String>>,
    /// Programs with file capabilities. They cannot run if those capabilities are dropped.
    pub file_capabilities: Vec<FileCapability>,
    /// The ports that the image listens on, TCP and UDP, ascending.
    pub ports: Vec<u16>,
    /// The paths that the image writes to. They include the image's volumes, as persistent paths.
    pub writable: Vec<Writable>,
    /// Whether the image works on a read-only root if those paths are writable.
    pub read_only: Support,
    /// Whether the image works with `no_new_privs`.
    pub no_new_privileges: Support,
    /// The minimum number of processes and threads.
    pub pids_min: Option<u32>,
    /// What the image needs from the host, as text.
    pub host_access: Vec<String>,
    /// How much hardening can be automated.
    pub automation: Option<Automation>,
    /// The exceptions to `automation`, as text.
    pub automation_note: Option<String>,
    /// What is known to break the image, as text.
    pub fails_if: Vec<String>,
    /// Other notes, as text.
    pub notes: Vec<String>,
    /// The sources of the facts: the section, and the text of one of its sources.
    pub sources: Vec<(&'static str, String)>,
    /// The image's entrypoint, if a Dockerfile sets it.
    pub entrypoint: Option<Vec<String>>,
    /// The image's command arguments, if a Dockerfile sets them.
    pub arguments: Option<Vec<String>>,
    /// The command of the image's health check, if a Dockerfile sets it.
    pub probe: Option<Vec<String>>,
    /// The target path of start scripts that the Dockerfile adds and that the base image runs at
    /// every start.
    pub start_scripts: Option<String>,
    /// Variables that the Dockerfile sets; `None` for an unknown value.
    pub environment: Vec<(String, Option<String>)>,
    /// Why these facts are only assumed; `None` if they are known.
    pub by_assumption: Option<String>,
    pub(super) declared: Vec<String>,
    pub(super) owned: Vec<String>,
    pub(super) volume_group: Option<u32>,
    pub(super) volume_group_when: Vec<Condition>,
    pub(super) on_root_mismatch: bool,
    pub(super) memory: Option<MemorySection>,
    pub(super) writable_known: bool,
}

/// The user that an image starts as by default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DefaultUser {
    /// Root.
    Root,
    /// A uid. Kubernetes can compare it with root.
    Uid(u32),
    /// A name. Kubernetes cannot compare it with root.
    Name(String),
    /// Unknown, or different between the images that the tag may select.
    Unknown,
}

/// A user to start an image as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunAs {
    /// The uid; never 0.
    pub uid: u32,
    /// The gid of the primary group; 0 if the image's files belong to group 0.
    pub gid: u32,
}

/// Whether something works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Support {
    /// It works.
    Yes,
    /// It works under this condition.
    Conditional(String),
    /// It does not work, for this reason.
    No(String),
    /// Unknown.
    Unknown,
}

/// A path that must be writable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writable {
    /// The absolute path, with the image's symbolic links resolved: `/run`, not `/var/run`.
    pub path: String,
    /// What the image writes there.
    pub why: String,
    /// The size in bytes.
    pub size: u64,
    /// The image runs programs, or maps libraries, from this path.
    pub exec: bool,
    /// The image needs its own files at this path; an empty mount would hide them.
    pub seed: bool,
    /// The written data must survive the container.
    pub persist: bool,
    /// Permission bits, if the mode of the image's directory does not work.
    pub mode: Option<u32>,
    /// The user that writes there, if it is not the user that the process starts as.
    pub owner: Option<Owner>,
    /// The path is needed only if one of these conditions is true. Without conditions it is always
    /// needed.
    pub when: Vec<Condition>,
}

/// The required owner of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// [`Facts::run_as`].
    RunAs,
    /// A fixed user.
    Fixed {
        /// The uid.
        uid: u32,
        /// The gid.
        gid: u32,
    },
}

impl Facts {
    /// The facts of an entry for one tag.
    #[must_use]
    pub fn for_tag(entry: &Entry, tag: &Tag) -> Self {
        let tag = match tag {
            Tag::Known(tag) => Some(tag.as_str()),
            Tag::Unknown => None,
        };
        let version = tag.and_then(|tag| Version::of_tag(tag, entry.version_after.as_deref()));
        let user = user_for_tag(entry, tag, version);
        let writable = writable_for_tag(entry, tag, version);
        let sure = |confidence: Confidence| confidence != Confidence::Low;
        let capabilities = entry
            .capabilities
            .as_ref()
            .filter(|section| sure(section.confidence));
        let volume_group = entry
            .volumes
            .as_ref()
            .and_then(|section| match section.group? {
                VolumeGroup::Gid(gid) => Some(gid),
                VolumeGroup::Named(_) => user.run_as.map(|user| user.gid),
            });
        Self {
            id: entry.id.clone(),
            date: entry.date.clone(),
            kind: entry.kind,
            default_user: user.default,
            run_as: user.run_as,
            user_name: user.name,
            group_root: entry.user.group_root,
            starts_as_user: match user.starts {
                // The condition is about the writable paths, so it counts only if those are known.
                Support::Conditional(_) if !writable.known => Support::Unknown,
                starts => starts,
            },
            steps_down: entry.user.steps_down.clone(),
            capabilities_as_root: capabilities.and_then(|section| section.as_root.clone()),
            capabilities_as_root_also: capabilities
                .map(|section| section.as_root_also.clone())
                .unwrap_or_default(),
            capabilities_as_user: capabilities.map(|section| section.as_user.clone()),
            file_capabilities: capabilities
                .map(|section| section.files.clone())
                .unwrap_or_default(),
            ports: ports(entry),
            writable: writable.paths,
            read_only: writable.read_only,
            no_new_privileges: entry
                .no_new_privileges
                .as_ref()
                .map_or(Support::Unknown, |section| {
                    support(&section.works, section.confidence)
                }),
            pids_min: entry
                .processes
                .as_ref()
                .filter(|section| sure(section.confidence))
                .map(|section| section.least),
            host_access: entry
                .host
                .as_ref()
                .map(|section| section.access.clone())
                .unwrap_or_default(),
            automation: entry.automation.as_ref().map(|section| section.level),
            automation_note: entry
                .automation
                .as_ref()
                .and_then(|section| section.note.clone()),
            fails_if: entry.fails_if.clone(),
            notes: entry.notes.clone(),
            sources: sources(entry),
            entrypoint: None,
            probe: None,
            arguments: None,
            environment: Vec::new(),
            start_scripts: None,
            by_assumption: None,
            declared: writable.declared,
            owned: entry
                .volumes
                .iter()
                .flat_map(|section| &section.owned)
                .filter(|path| path.tags().hold(tag, version) == Some(true))
                .map(|path| path.path.clone())
                .collect(),
            volume_group,
            volume_group_when: entry
                .volumes
                .as_ref()
                .map(|section| section.group_when.clone())
                .unwrap_or_default(),
            on_root_mismatch: entry
                .volumes
                .as_ref()
                .is_some_and(|section| section.on_root_mismatch),
            memory: entry.memory.clone(),
            writable_known: writable.known,
        }
    }

    /// Facts of an image of which everything is unknown.
    pub(super) fn nothing(id: String, kind: Kind) -> Self {
        Self {
            id,
            date: String::new(),
            kind,
            default_user: DefaultUser::Unknown,
            run_as: None,
            user_name: None,
            group_root: false,
            starts_as_user: Support::Unknown,
            steps_down: None,
            capabilities_as_root: None,
            capabilities_as_root_also: Vec::new(),
            capabilities_as_user: None,
            file_capabilities: Vec::new(),
            ports: Vec::new(),
            writable: Vec::new(),
            read_only: Support::Unknown,
            no_new_privileges: Support::Unknown,
            pids_min: None,
            host_access: Vec::new(),
            automation: None,
            automation_note: None,
            fails_if: Vec::new(),
            notes: Vec::new(),
            sources: Vec::new(),
            entrypoint: None,
            probe: None,
            arguments: None,
            environment: Vec::new(),
            start_scripts: None,
            by_assumption: None,
            declared: Vec::new(),
            owned: Vec::new(),
            volume_group: None,
            volume_group_when: Vec::new(),
            on_root_mismatch: false,
            memory: None,
            writable_known: false,
        }
    }

    /// Whether the start user is known, or it is known that no other user works.
    #[must_use]
    pub fn user_is_known(&self) -> bool {
        self.default_user != DefaultUser::Unknown || matches!(self.starts_as_user, Support::No(_))
    }

    /// Whether the written paths are known, or it is known that a read-only root does not work.
    #[must_use]
    pub fn writable_is_known(&self) -> bool {
        self.writable_known || matches!(self.read_only, Support::No(_))
    }

    /// The uid that the image starts as by default. A user name is resolved if its uid is known.
    #[must_use]
    pub fn default_uid(&self) -> Option<u32> {
        match self.default_user {
            DefaultUser::Root => Some(0),
            DefaultUser::Uid(uid) => Some(uid),
            DefaultUser::Name(_) => self.run_as.map(|user| user.uid),
            DefaultUser::Unknown => None,
        }
    }

    /// The image starts as root, and its entrypoint switches to another user before it starts the
    /// service. Images whose master process stays root (nginx, httpd) do not count.
    #[must_use]
    pub fn drops_by_itself(&self) -> bool {
        let programs = [
            "gosu",
            "su-exec",
            "setpriv",
            "runuser",
            "chpst",
            "chroot",
            "clickhouse su",
            "su ",
        ];
        self.default_user == DefaultUser::Root
            && self
                .steps_down
                .as_deref()
                .is_some_and(|how| programs.iter().any(|program| how.starts_with(program)))
    }

    /// Why the image breaks with `no_new_privs`; `None` if it does not.
    #[must_use]
    pub fn breaks_without_new_privileges(&self) -> Option<&str> {
        match &self.no_new_privileges {
            Support::No(why) | Support::Conditional(why) => Some(why),
            Support::Yes | Support::Unknown => None,
        }
    }

    /// The minimum memory in bytes.
    #[must_use]
    pub fn known_memory_min(&self) -> Option<u64> {
        let section = self.memory.as_ref()?;
        let known = section.confidence != Confidence::Low;
        known.then(|| entry::bytes(&section.least)).flatten()
    }

    /// The minimum memory in bytes, with any confidence. An unreliable minimum does not justify a
    /// limit, but it prevents a lower limit by assumption.
    #[must_use]
    pub fn suspected_memory_min(&self) -> Option<u64> {
        entry::bytes(&self.memory.as_ref()?.least)
    }

    /// Several programs share this name, so the figures of one say little about another.
    #[must_use]
    pub fn memory_differs(&self) -> bool {
        self.memory.as_ref().is_some_and(|section| section.differs)
    }

    /// How a memory limit changes the behaviour, as text.
    #[must_use]
    pub fn memory_note(&self) -> Option<&str> {
        self.memory.as_ref()?.note.as_deref()
    }

    /// The program sizes itself by the memory of the host, so a limit kills it unless one of these
    /// conditions is true.
    #[must_use]
    pub fn sized_by_host_unless(&self) -> Option<&[Condition]> {
        let conditions = self.memory.as_ref()?.sized_by_host_unless.as_slice();
        (!conditions.is_empty()).then_some(conditions)
    }

    /// The volumes that the image declares for every matching tag.
    pub fn declared_volumes(&self) -> impl Iterator<Item = &str> {
        self.declared.iter().map(String::as_str)
    }

    /// Whether a new named volume at this path belongs to [`Facts::run_as`]: it inherits the owner
    /// of the image's directory.
    #[must_use]
    pub fn manages_ownership(&self, path: &str) -> bool {
        self.owned
            .iter()
            .any(|owned| owned == path.trim_end_matches('/'))
    }

    /// The `fsGroup` that makes claimed storage writable for [`Facts::run_as`] without conditions.
    #[must_use]
    pub fn volume_group(&self) -> Option<u32> {
        self.volume_group
            .filter(|_| self.volume_group_when.is_empty())
    }

    /// The `fsGroup` with its conditions; one of them must be true if there are any.
    #[must_use]
    pub fn volume_group_when(&self) -> Option<(u32, &[Condition])> {
        Some((self.volume_group?, &self.volume_group_when))
    }

    /// Changing the group of the volume at every start breaks the image, so `fsGroupChangePolicy`
    /// must be `OnRootMismatch`.
    #[must_use]
    pub fn needs_on_root_mismatch(&self) -> bool {
        self.on_root_mismatch
    }
}

fn ports(entry: &Entry) -> Vec<u16> {
    let listed = entry
        .ports
        .iter()
        .flat_map(|section| section.tcp.iter().chain(&section.udp));
    let mut ports: Vec<u16> = listed.copied().collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

fn sources(entry: &Entry) -> Vec<(&'static str, String)> {
    entry
        .grounds()
        .into_iter()
        .flat_map(|(section, names)| names.iter().map(move |name| (section, name)))
        .filter_map(|(section, name)| Some((section, entry.sources.get(name)?.clone())))
        .collect()
}

struct TaggedUser {
    default: DefaultUser,
    run_as: Option<RunAs>,
    name: Option<String>,
    starts: Support,
}

fn user_for_tag(entry: &Entry, tag: Option<&str>, version: Option<Version>) -> TaggedUser {
    let section = &entry.user;
    let starts = support(&section.starts_as_user, section.confidence);
    if section.confidence == Confidence::Low {
        return TaggedUser {
            default: DefaultUser::Unknown,
            run_as: None,
            name: None,
            starts,
        };
    }
    // Every item that may match this tag, up to the first that certainly matches.
    let mut candidates = Vec::new();
    let mut certain = false;
    for item in &section.runs_as {
        match item.tags().hold(tag, version) {
            Some(false) => {}
            Some(true) => {
                candidates.push(item);
                certain = true;
                break;
            }
            None => candidates.push(item),
        }
    }
    let number = |item: &entry::RunsAs| {
        Some(RunAs {
            uid: item.uid.filter(|uid| *uid != 0)?,
            gid: item.gid?,
        })
    };
    let default =
        |item: &entry::RunsAs| default_user(item.default.as_deref().unwrap_or(&section.default));
    let numbers: Vec<_> = candidates.iter().map(|item| number(item)).collect();
    let mut defaults: Vec<_> = candidates.iter().map(|item| default(item)).collect();
    if !certain {
        defaults.push(default_user(&section.default));
    }
    let names: Vec<_> = candidates.iter().map(|item| item.name.clone()).collect();
    TaggedUser {
        name: if certain {
            unanimous(&names).cloned().flatten()
        } else {
            None
        },
        default: unanimous(&defaults)
            .cloned()
            .unwrap_or(DefaultUser::Unknown),
        run_as: if certain {
            unanimous(&numbers).copied().flatten()
        } else {
            None
        },
        starts,
    }
}

fn default_user(text: &str) -> DefaultUser {
    let user = text.split_once(':').map_or(text, |(user, _)| user);
    match (user, user.parse()) {
        ("root", _) | (_, Ok(0)) => DefaultUser::Root,
        ("unknown", _) => DefaultUser::Unknown,
        (_, Ok(uid)) => DefaultUser::Uid(uid),
        (name, Err(_)) => DefaultUser::Name(name.to_owned()),
    }
}

/// The common value if all values are equal.
fn unanimous<T: PartialEq>(values: &[T]) -> Option<&T> {
    let first = values.first()?;
    values.iter().all(|value| value == first).then_some(first)
}

struct TaggedWritable {
    paths: Vec<Writable>,
    declared: Vec<String>,
    read_only: Support,
    known: bool,
}

fn writable_for_tag(entry: &Entry, tag: Option<&str>, version: Option<Version>) -> TaggedWritable {
    let holds = |tags: Tags<'_>| tags.hold(tag, version);
    let volumes: Vec<_> = entry
        .volumes
        .iter()
        .flat_map(|section| &section.declared)
        .collect();
    let declared = volumes
        .iter()
        .filter(|path| holds(path.tags()) == Some(true))
        .map(|path| path.path.clone())
        .collect();
    let Some(section) = entry.writable.as_ref() else {
        return TaggedWritable {
            paths: Vec::new(),
            declared,
            read_only: Support::Unknown,
            known: false,
        };
    };
    let mut paths: Vec<Writable> = section
        .paths
        .iter()
        .filter(|path| holds(path.tags()) != Some(false))
        .map(|path| Writable {
            path: path.path.clone(),
            why: path.why.clone(),
            size: entry::bytes(&path.size).unwrap_or_default(),
            exec: path.exec,
            seed: path.seed,
            persist: path.persist,
            mode: path.mode.as_deref().and_then(entry::octal),
            owner: match path.owner.as_deref() {
                None => None,
                Some("own") => Some(Owner::RunAs),
                Some(pair) => entry::pair(pair).map(|(uid, gid)| Owner::Fixed { uid, gid }),
            },
            when: path.when.clone(),
        })
        .collect();
    for volume in volumes
        .iter()
        .filter(|path| holds(path.tags()) != Some(false))
    {
        if !paths.iter().any(|path| path.path == volume.path) {
            paths.push(Writable {
                path: volume.path.clone(),
                why: "the image's volume".to_owned(),
                size: 0,
                exec: false,
                seed: false,
                persist: true,
                mode: None,
                owner: None,
                when: Vec::new(),
            });
        }
    }
    TaggedWritable {
        paths,
        declared,
        read_only: support(&section.read_only, section.confidence),
        known: section.confidence != Confidence::Low,
    }
}

/// The usable part of a verdict. A negative verdict is a warning, so it counts with any confidence.
fn support(verdict: &Verdict, confidence: Confidence) -> Support {
    match verdict {
        Verdict::No(why) => Support::No(why.clone()),
        _ if confidence == Confidence::Low => Support::Unknown,
        Verdict::Yes => Support::Yes,
        Verdict::Conditional(why) => Support::Conditional(why.clone()),
        Verdict::Unknown => Support::Unknown,
    }
}
