//! Writes assignments as options of a command.

use super::{Command, Engine, Given};
use crate::container::{Assignment, Container, Id, Place, Reason, Scratch, Setting, Value, Words};
use crate::dialect::engine_words::mount::write_tmpfs;
use crate::dialect::{
    Draft, RESERVATION_ABOVE, SWAP_BELOW, Unwritable, WINDOWS, engine_words, no_setting,
};
use crate::project::Member;
use crate::units;

/// The options to add to and remove from a command.
#[derive(Clone, Debug)]
pub(crate) struct CommandDraft<'c> {
    command: &'c Command,
    added: Vec<Added>,
    /// Indices into the options of the command.
    removed: Vec<usize>,
}

/// A new option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::dialect) struct Added {
    /// The long name.
    pub(in crate::dialect) name: &'static str,
    /// The value. `None` for a boolean.
    pub(in crate::dialect) value: Option<String>,
}

/// The order of new options, which is that of the article. Other options follow.
const ORDER: [&str; 6] = [
    "user",
    "security-opt",
    "memory",
    "cpus",
    "read-only",
    "tmpfs",
];

impl Added {
    fn rank(&self) -> usize {
        let known = ORDER.iter().position(|name| *name == self.name);
        known.unwrap_or(ORDER.len())
    }

    pub(super) fn words(&self) -> impl Iterator<Item = String> + use<> {
        std::iter::once(format!("--{}", self.name)).chain(self.value.clone())
    }

    fn text(&self) -> String {
        self.words().collect::<Vec<_>>().join(" ")
    }
}

impl<'c> CommandDraft<'c> {
    /// A draft without changes.
    pub(crate) fn new(command: &'c Command) -> Self {
        Self {
            command,
            added: Vec::new(),
            removed: Vec::new(),
        }
    }

    /// The new options, in the order in which they are written.
    pub(in crate::dialect) fn added(&self) -> Vec<Added> {
        let mut added = self.added.clone();
        added.sort_by_key(Added::rank);
        added
    }

    /// The options of the command that are kept.
    pub(in crate::dialect) fn kept(&self) -> impl Iterator<Item = &'c Given> {
        let options = self.command.options.iter().enumerate();
        options
            .filter(|(index, _)| !self.removed.contains(index))
            .map(|(_, given)| given)
    }

    /// The options of the command that are removed.
    pub(in crate::dialect) fn removed_options(&self) -> impl Iterator<Item = &'c Given> {
        let options = &self.command.options;
        self.removed.iter().filter_map(|index| options.get(*index))
    }

    /// The words of the changed command. New options are inserted before the image.
    pub(super) fn words(&self) -> Vec<String> {
        let Command { words, first, .. } = self.command;
        let end = self.command.options.last();
        let end = end.map_or(*first, |given| given.words.end);
        let goes = |at: &usize| {
            let mut removed = self.removed.iter();
            removed.any(|index| self.command.options[*index].words.contains(at))
        };
        let kept = (0..end).filter(|at| !goes(at));
        kept.filter_map(|at| words.get(at).cloned())
            .chain(self.added().iter().flat_map(Added::words))
            .chain(words.get(end..).unwrap_or_default().iter().cloned())
            .collect()
    }

    /// Adds an option and returns its words.
    fn add(&mut self, name: &'static str, value: Option<String>) -> Vec<String> {
        let added = Added { name, value };
        let text = added.text();
        self.added.push(added);
        vec![text]
    }

    /// Sets an option whose last value is used, and removes earlier ones. A letter that shares its
    /// word with others is kept, because the later option overrides it.
    fn set(&mut self, name: &'static str, value: Option<String>) -> Vec<String> {
        self.added.retain(|added| added.name != name);
        let options = self.command.options.iter().enumerate();
        let goes =
            options.filter(|(_, given)| given.flag.name == name && self.has_own_words(given));
        let goes: Vec<usize> = goes.map(|(index, _)| index).collect();
        self.removed.extend(goes);
        self.add(name, value)
    }

    /// Removes the options of this name that match `is_meant`.
    fn remove(
        &mut self,
        name: &str,
        is_meant: impl Fn(&str) -> bool,
    ) -> Result<Vec<String>, Unwritable> {
        let mut removed = Vec::new();
        for (index, given) in self.command.options.iter().enumerate() {
            if given.flag.name != name || !is_meant(&given.value) {
                continue;
            }
            if !self.has_own_words(given) {
                return Err(of_option(&SHARED_WORD, name));
            }
            self.removed.push(index);
            removed.push(format!("--{name} {}", given.value));
        }
        if removed.is_empty() {
            return Err(of_option(&NOT_GIVEN, name));
        }
        Ok(removed)
    }

    /// Binds ports that are published on all addresses to the loopback address of the host.
    fn localhost_ports(&mut self) -> Result<Vec<String>, Unwritable> {
        const LOCALHOST: &str = "127.0.0.1";
        let command = self.command;
        let mut written = Vec::new();
        for (index, given) in command.options.iter().enumerate() {
            let has_address = |text: &str| engine_words::port(text).address.is_some();
            let ports = command.values_of(given);
            if given.flag.name != "publish" || ports.iter().all(|(port, _)| has_address(port)) {
                continue;
            }
            if !self.has_own_words(given) || given.value.contains('=') {
                return Err(Reason::new(&PORT_FORM).written(&given.value).into());
            }
            self.removed.push(index);
            for (port, _) in ports {
                let text = match port {
                    port if has_address(port) => port.to_owned(),
                    port if port.contains(':') => format!("{LOCALHOST}:{port}"),
                    // Without a host port, the engine chooses one.
                    port => format!("{LOCALHOST}::{port}"),
                };
                written.extend(self.add("publish", Some(text)));
            }
        }
        Ok(written)
    }

    fn remove_security_option(&mut self, option: &str) -> Result<Vec<String>, Unwritable> {
        self.remove("security-opt", |text| {
            engine_words::security_option(text).0 == option
        })
    }

    fn has_own_words(&self, given: &Given) -> bool {
        let mut same = self.command.options.iter();
        same.all(|other| other == given || other.words != given.words)
    }

    /// The engine rejects a limit below the reservation or above the limit of memory and swap.
    fn check_memory(&self, container: &Container, limit: u64) -> Result<(), Unwritable> {
        if let Setting::Set { value, .. } = &container.memory_request
            && *value > limit
        {
            return Err(Unwritable::from(&RESERVATION_ABOVE));
        }
        let swap = self.command.last("memory-swap");
        match swap.map(|given| given.value.as_str()) {
            None | Some("-1" | "0") => Ok(()),
            Some(text) => match units::bytes(text) {
                Some(swap) if swap >= limit => Ok(()),
                _ => {
                    let reason = Reason::new(&SWAP_BELOW).name("--memory-swap");
                    Err(reason.written(text).into())
                }
            },
        }
    }

    /// The user of the process, as set by this assignment or earlier ones.
    fn user(&self, container: &Container) -> Option<Id> {
        let mut added = self.added.iter().rev();
        let planned = added.find(|added| added.name == "user");
        let planned = planned.and_then(|added| engine_words::user(added.value.as_deref()?));
        let user = planned.or_else(|| container.user.judged().cloned());
        user.map(|user| user.user)
    }

    fn tmpfs(&self, scratch: &Scratch, container: &Container) -> String {
        if self.command.engine == Engine::Docker {
            return write_tmpfs(scratch);
        }
        // Podman rejects `uid=`. Its option `U` means the container's own user (podman
        // `pkg/util/mount_opts.go`, `libpod/container_internal_common.go`).
        let mut text = write_tmpfs(&Scratch {
            owner: None,
            mode: scratch.mode,
            ..scratch.clone()
        });
        if let Some((uid, _)) = scratch.owner {
            if self.user(container) == Some(Id::Number(uid)) {
                text.push_str(",U");
            } else if scratch.mode.is_none() {
                text.push_str(",mode=1777");
            }
        }
        text
    }
}

impl Draft for CommandDraft<'_> {
    type Site = ();
    type Mark = Self;

    fn lower(
        &mut self,
        assignment: &Assignment,
        member: &Member<()>,
    ) -> Result<Vec<String>, Unwritable> {
        let container = &member.container;
        if container.windows {
            return Err(Unwritable::from(&WINDOWS));
        }
        Ok(match assignment {
            Assignment::User { uid, gid } => {
                self.set("user", Some(engine_words::write_user(*uid, *gid)))
            }
            Assignment::NoNewPrivileges => {
                if !container.no_new_privileges.is_absent() {
                    self.remove_security_option("no-new-privileges")?;
                }
                self.add("security-opt", Some("no-new-privileges".to_owned()))
            }
            Assignment::MemoryLimit(bytes) => {
                self.check_memory(container, *bytes)?;
                self.set("memory", Some(units::write_bytes(*bytes)))
            }
            Assignment::CpuLimit(millicpu) => self.set("cpus", Some(units::write_cpus(*millicpu))),
            Assignment::ReadOnlyRoot => self.set("read-only", None),
            Assignment::Scratch(scratch) => {
                let text = self.tmpfs(scratch, container);
                self.add("tmpfs", Some(text))
            }
            Assignment::DropAllCapabilities => self.add("cap-drop", Some("ALL".to_owned())),
            Assignment::AddCapability(name) => self.add("cap-add", Some(name.clone())),
            Assignment::PidsLimit(limit) => self.set("pids-limit", Some(limit.to_string())),
            Assignment::DefaultSeccomp => self.remove_security_option("seccomp")?,
            Assignment::DefaultAppArmor => self.remove_security_option("apparmor")?,
            Assignment::DefaultSeLinux => self.remove_security_option("label")?,
            Assignment::Unprivileged => self.remove("privileged", |_| true)?,
            Assignment::LocalhostPorts => self.localhost_ports()?,
            Assignment::OwnNamespace(name) => {
                let option = match *name {
                    "user" => "userns",
                    "cgroup" => "cgroupns",
                    name => name,
                };
                self.remove(option, |value| value == "host")?
            }
            Assignment::RemoveCapability(name) => {
                self.remove("cap-add", |text| engine_words::capability(text) == *name)?
            }
            Assignment::RemoveSysctl(name) => {
                self.remove("sysctl", |text| text.split('=').next() == Some(name))?
            }
            Assignment::DefaultProcMount => self
                .remove_security_option("systempaths")
                .or_else(|_| self.remove_security_option("unmask"))?,
            Assignment::ReadOnlyMount(_) => {
                let suffix = Value::Name(":ro".to_owned());
                return Err(Reason::new(&CLOSE_MOUNT).with("suffix", suffix).into());
            }
            Assignment::RestartAtMost(_) if self.command.is_on("rm") => {
                let refused = Value::Name("--restart".to_owned());
                let reason = Reason::new(&REMOVED_AT_EXIT).name("--rm");
                return Err(reason.with("refused", refused).into());
            }
            Assignment::RestartAtMost(retries) => {
                self.set("restart", Some(format!("on-failure:{retries}")))
            }
            Assignment::RequireNonRoot
            | Assignment::NoServiceAccountToken
            | Assignment::MemoryRequest(_)
            | Assignment::CpuRequest(_)
            | Assignment::VolumeGroup(_)
            | Assignment::UnprivilegedPortStart(_) => {
                return Err(no_setting(self.command.engine.program()));
            }
        })
    }

    fn mark(&self, _: &Member<()>) -> Self {
        self.clone()
    }

    fn return_to(&mut self, mark: Self) {
        *self = mark;
    }

    fn line_column(&self, _: Place) -> Option<(u32, u32)> {
        None
    }

    fn heirs((): &()) -> Vec<usize> {
        Vec::new()
    }
}

fn of_option(words: &'static Words, name: &str) -> Unwritable {
    Reason::new(words).name(format!("--{name}")).into()
}

static SHARED_WORD: Words = Words::new(
    "option-shares-word",
    "{name} is in one word with other options: write it separately.",
);
static NOT_GIVEN: Words = Words::new("option-not-given", "The command has no {name} to change.");
static PORT_FORM: Words = Words::new(
    "port-form",
    "The port {written} is in a form that harden does not edit: put the address 127.0.0.1 in it.",
);
static CLOSE_MOUNT: Words = Words::new(
    "mount-not-edited",
    "harden does not edit mounts of a command: add {suffix} to the volume.",
);
static REMOVED_AT_EXIT: Words = Words::new(
    "removed-at-exit",
    "The command has {name}, and the engine refuses {refused} together with it.",
);
