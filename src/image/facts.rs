//! What is known of an image, settled for one tag.

use super::entry::{self, Confidence, Entry, MemorySection, Tags, Verdict, Version, VolumeGroup};
use super::name::Tag;

pub use super::entry::{
    Automation, CapableFile as FileCapability, Condition, ConditionalCapability, Kind,
};

/// What an image needs, for one tag.
///
/// Everything here is known: what the knowledge base marks as unsure, or what differs between the
/// images a tag may mean, is `None`, `Unknown` or absent, so that nobody can act on it by
/// oversight. What is unsure speaks only where it warns ([`Facts::suspected_memory_min`], and a
/// [`Support::No`] of any confidence).
#[derive(Clone, Debug)]
pub struct Facts {
    /// The entry of the knowledge base that says so.
    pub id: String,
    /// When somebody last checked: `2026-11-23`; empty for an image built here.
    pub date: String,
    /// What the image is for.
    pub kind: Kind,
    /// Who it starts as when nobody says otherwise.
    pub default_user: DefaultUser,
    /// The user it can run as.
    pub run_as: Option<RunAs>,
    /// The name of [`Facts::run_as`] in the image.
    pub user_name: Option<String>,
    /// Its files belong to group 0: [`RunAs::gid`] is 0 and must stay so.
    pub group_root: bool,
    /// Whether it works when started as [`Facts::run_as`].
    pub starts_as_user: Support,
    /// How it leaves root by itself: `gosu`, `setpriv`, the program's own way.
    pub steps_down: Option<String>,
    /// The capabilities it needs when started as root, at the second start too; without `CAP_`.
    pub capabilities_as_root: Option<Vec<String>>,
    /// Those that only some containers need beside them.
    pub capabilities_as_root_also: Vec<ConditionalCapability>,
    /// The capabilities it needs when started as [`Facts::run_as`].
    pub capabilities_as_user: Option<Vec<String>>,
    /// Programs that carry capabilities of their own and cannot run where those are dropped.
    pub file_capabilities: Vec<FileCapability>,
    /// The ports it listens on, TCP and UDP, ascending.
    pub ports: Vec<u16>,
    /// The paths it writes to. The volumes of the image are among them, as paths that persist.
    pub writable: Vec<Writable>,
    /// Whether it works on a read-only root with those paths writable.
    pub read_only: Support,
    /// Whether it works with `no_new_privs`.
    pub no_new_privileges: Support,
    /// Processes and threads it cannot live without.
    pub pids_min: Option<u32>,
    /// What it takes from the host to do its work, in words.
    pub host_access: Vec<String>,
    /// How far hardening can go without a person.
    pub automation: Option<Automation>,
    /// What is excepted from that, in words.
    pub automation_note: Option<String>,
    /// What is known to break it, in words.
    pub fails_if: Vec<String>,
    /// Anything else worth knowing, in words.
    pub notes: Vec<String>,
    /// Where the facts come from: the section, and the text of one of its sources.
    pub sources: Vec<(&'static str, String)>,
    /// What the image starts, where its Dockerfile was read and says so.
    pub entrypoint: Option<Vec<String>>,
    /// The arguments that the image gives it, likewise.
    pub arguments: Option<Vec<String>>,
    /// The command of its health check, likewise.
    pub probe: Option<Vec<String>>,
    /// Where its Dockerfile puts scripts of its own among those that the base runs at every start.
    pub start_scripts: Option<String>,
    /// Variables that the image sets, likewise; `None` for a value that nobody knows.
    pub environment: Vec<(String, Option<String>)>,
    /// Why all this holds by assumption alone, where it does.
    pub by_assumption: Option<String>,
    pub(super) declared: Vec<String>,
    pub(super) owned: Vec<String>,
    pub(super) volume_group: Option<u32>,
    pub(super) volume_group_when: Vec<Condition>,
    pub(super) on_root_mismatch: bool,
    pub(super) memory: Option<MemorySection>,
    pub(super) writable_known: bool,
}

/// Who an image starts as when nobody says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DefaultUser {
    /// Root.
    Root,
    /// A uid, which Kubernetes can tell from root.
    Uid(u32),
    /// A name, which it cannot.
    Name(String),
    /// Nobody knows, or it differs between the images that the tag may mean.
    Unknown,
}

/// A user to start an image as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunAs {
    /// Never 0.
    pub uid: u32,
    /// Its primary group; 0 where the image's files belong to that group.
    pub gid: u32,
}

/// Whether something works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Support {
    /// It does.
    Yes,
    /// It does if this holds.
    Conditional(String),
    /// It does not, for this reason.
    No(String),
    /// Nobody knows.
    Unknown,
}

/// A path that must be writable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writable {
    /// Absolute, without symbolic links of the image: `/run`, not `/var/run`.
    pub path: String,
    /// What is written there.
    pub why: String,
    /// Bytes.
    pub size: u64,
    /// Programs are run, or libraries mapped, from there.
    pub exec: bool,
    /// The image's own files there are needed: an empty mount would hide them.
    pub seed: bool,
    /// What is written must survive the container.
    pub persist: bool,
    /// Permission bits, where those of the image's directory will not do.
    pub mode: Option<u32>,
    /// Who writes there, where that is not the user the process starts as.
    pub owner: Option<Owner>,
    /// Only when one of these holds; always without any.
    pub when: Vec<Condition>,
}

/// Who must own a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// [`Facts::run_as`].
    RunAs,
    /// This user.
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
    pub fn settle(entry: &Entry, tag: &Tag) -> Self {
        let tag = match tag {
            Tag::Known(tag) => Some(tag.as_str()),
            Tag::Unknown => None,
        };
        let version = tag.and_then(|tag| Version::of_tag(tag, entry.version_after.as_deref()));
        let user = settle_user(entry, tag, version);
        let writable = settle_writable(entry, tag, version);
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
                // What it needs then is among the writable paths.
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

    /// Nothing is known of this image yet.
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

    /// Who it starts as, or that it cannot start as anybody else, is known.
    #[must_use]
    pub fn user_is_known(&self) -> bool {
        self.default_user != DefaultUser::Unknown || matches!(self.starts_as_user, Support::No(_))
    }

    /// Where it writes, or that it cannot live on a read-only root, is known.
    #[must_use]
    pub fn writable_is_known(&self) -> bool {
        self.writable_known || matches!(self.read_only, Support::No(_))
    }

    /// The uid it starts as when nobody says otherwise; the name's uid where that is known.
    #[must_use]
    pub fn default_uid(&self) -> Option<u32> {
        match self.default_user {
            DefaultUser::Root => Some(0),
            DefaultUser::Uid(uid) => Some(uid),
            DefaultUser::Name(_) => self.run_as.map(|user| user.uid),
            DefaultUser::Unknown => None,
        }
    }

    /// It starts as root, and nothing of it stays root: its entrypoint becomes another user before
    /// it starts the service. A master that keeps root for itself (nginx, httpd) is not that.
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

    /// Why it breaks with `no_new_privs`, if it does.
    #[must_use]
    pub fn breaks_without_new_privileges(&self) -> Option<&str> {
        match &self.no_new_privileges {
            Support::No(why) | Support::Conditional(why) => Some(why),
            Support::Yes | Support::Unknown => None,
        }
    }

    /// Bytes of memory it cannot live without.
    #[must_use]
    pub fn known_memory_min(&self) -> Option<u64> {
        let section = self.memory.as_ref()?;
        let known = section.confidence != Confidence::Low;
        known.then(|| entry::bytes(&section.least)).flatten()
    }

    /// Bytes of memory that it perhaps cannot live without: no ground for a limit, but one against
    /// a lower limit by assumption.
    #[must_use]
    pub fn suspected_memory_min(&self) -> Option<u64> {
        entry::bytes(&self.memory.as_ref()?.least)
    }

    /// Many programs go by its name, and what one of them needs says little of another.
    #[must_use]
    pub fn memory_differs(&self) -> bool {
        self.memory.as_ref().is_some_and(|section| section.differs)
    }

    /// What a memory limit changes in its behaviour, in words.
    #[must_use]
    pub fn memory_note(&self) -> Option<&str> {
        self.memory.as_ref()?.note.as_deref()
    }

    /// It sizes itself by the memory of the host, and a limit kills it, unless one of these holds.
    #[must_use]
    pub fn sized_by_host_unless(&self) -> Option<&[Condition]> {
        let conditions = self.memory.as_ref()?.sized_by_host_unless.as_slice();
        (!conditions.is_empty()).then_some(conditions)
    }

    /// The volumes that this image certainly declares.
    pub fn declared_volumes(&self) -> impl Iterator<Item = &str> {
        self.declared.iter().map(String::as_str)
    }

    /// A new named volume at this path belongs to [`Facts::run_as`], because the image's directory
    /// there does.
    #[must_use]
    pub fn manages_ownership(&self, path: &str) -> bool {
        self.owned
            .iter()
            .any(|owned| owned == path.trim_end_matches('/'))
    }

    /// The `fsGroup` that makes claimed storage writable for [`Facts::run_as`], whatever else the
    /// file says.
    #[must_use]
    pub fn volume_group(&self) -> Option<u32> {
        self.volume_group
            .filter(|_| self.volume_group_when.is_empty())
    }

    /// The same, where it takes one of these conditions as well.
    #[must_use]
    pub fn volume_group_when(&self) -> Option<(u32, &[Condition])> {
        Some((self.volume_group?, &self.volume_group_when))
    }

    /// Changing the group of the volume at every start breaks it: `fsGroupChangePolicy` must be
    /// `OnRootMismatch`.
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

struct SettledUser {
    default: DefaultUser,
    run_as: Option<RunAs>,
    name: Option<String>,
    starts: Support,
}

fn settle_user(entry: &Entry, tag: Option<&str>, version: Option<Version>) -> SettledUser {
    let section = &entry.user;
    let starts = support(&section.starts_as_user, section.confidence);
    if section.confidence == Confidence::Low {
        return SettledUser {
            default: DefaultUser::Unknown,
            run_as: None,
            name: None,
            starts,
        };
    }
    // Every item that may be the one for this tag, up to the first that certainly is.
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
    SettledUser {
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

/// The value that all agree on.
fn unanimous<T: PartialEq>(values: &[T]) -> Option<&T> {
    let first = values.first()?;
    values.iter().all(|value| value == first).then_some(first)
}

struct SettledWritable {
    paths: Vec<Writable>,
    declared: Vec<String>,
    read_only: Support,
    known: bool,
}

fn settle_writable(entry: &Entry, tag: Option<&str>, version: Option<Version>) -> SettledWritable {
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
        return SettledWritable {
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
    SettledWritable {
        paths,
        declared,
        read_only: support(&section.read_only, section.confidence),
        known: section.confidence != Confidence::Low,
    }
}

/// A verdict as far as it may be relied on: a warning needs no certainty.
fn support(verdict: &Verdict, confidence: Confidence) -> Support {
    match verdict {
        Verdict::No(why) => Support::No(why.clone()),
        _ if confidence == Confidence::Low => Support::Unknown,
        Verdict::Yes => Support::Yes,
        Verdict::Conditional(why) => Support::Conditional(why.clone()),
        Verdict::Unknown => Support::Unknown,
    }
}
