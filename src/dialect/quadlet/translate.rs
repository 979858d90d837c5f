//! Translates a unit into the `podman run` that systemd's generator creates (podman
//! `pkg/systemd/quadlet/quadlet.go` `ConvertContainer`).

use std::path::Path;

use super::unit::{Entry, Unit};
use super::words::{Backslash, split};
use crate::container::{Container, MountSource, Network, Reason, Setting, Value, Words};
use crate::dialect::docker_run::{self, Command};
use crate::image::Knowledge;
use crate::syntax::Span;

static ARGUMENTS_UNREAD: Words = Words::new(
    "unit-arguments-unread",
    "The arguments for Podman in this unit cannot be read: {note}.",
);
static ARGUMENTS_NAME_IMAGE: Words = Words::new(
    "unit-arguments-name-image",
    "The arguments for Podman in this unit name an image.",
);

/// A unit and its command.
#[derive(Debug)]
pub(crate) struct Translation<'u> {
    pub(super) unit: &'u Unit<'u>,
    pub(super) command: Command,
    /// For each word of the command, the indices of its entries.
    pub(super) origins: Vec<Vec<usize>>,
    /// Why the command does not cover the whole unit.
    incomplete: Option<Reason>,
}

/// How the values of a key become options.
#[derive(Clone, Copy, Debug)]
enum How {
    /// The last value, unless it is empty.
    Last,
    /// Each value.
    Each,
    /// Each word of each value, with backslashes unchanged.
    Bare,
    /// Each word of each value, with escapes replaced.
    Arguments,
    /// The last value as a boolean.
    Boolean,
}

use How::{Arguments, Bare, Boolean, Each, Last};

/// Keys that map to one option each. Text after a space starts the option's value.
const KEYS: &[(&str, &str, How)] = &[
    ("AddCapability", "--cap-add", Bare),
    ("AddDevice", "--device", Bare),
    ("AddHost", "--add-host", Each),
    ("Annotation", "--annotation", Arguments),
    ("AppArmor", "--security-opt apparmor=", Last),
    ("CgroupsMode", "--cgroups", Last),
    ("ContainerName", "--name", Last),
    ("DNS", "--dns", Each),
    ("DNSOption", "--dns-option", Each),
    ("DNSSearch", "--dns-search", Each),
    ("DropCapability", "--cap-drop", Bare),
    ("Entrypoint", "--entrypoint", Last),
    ("Environment", "--env", Arguments),
    ("EnvironmentFile", "--env-file", Arguments),
    ("EnvironmentHost", "--env-host", Boolean),
    ("ExposeHostPort", "--expose", Each),
    ("GIDMap", "--gidmap", Bare),
    ("GroupAdd", "--group-add", Each),
    ("HealthCmd", "--health-cmd", Last),
    ("HealthStartupCmd", "--health-startup-cmd", Last),
    ("HostName", "--hostname", Last),
    ("HttpProxy", "--http-proxy", Boolean),
    ("IP", "--ip", Last),
    ("IP6", "--ip6", Last),
    ("Label", "--label", Arguments),
    ("LogDriver", "--log-driver", Last),
    ("LogOpt", "--log-opt", Bare),
    ("Mask", "--security-opt mask=", Arguments),
    ("Memory", "--memory", Last),
    ("Mount", "--mount", Arguments),
    ("Network", "--network", Each),
    ("NetworkAlias", "--network-alias", Each),
    (
        "NoNewPrivileges",
        "--security-opt no-new-privileges:",
        Boolean,
    ),
    ("PidsLimit", "--pids-limit", Last),
    ("Pod", "--pod", Last),
    ("PublishPort", "--publish", Each),
    ("Pull", "--pull", Last),
    ("ReadOnly", "--read-only=", Boolean),
    ("ReadOnlyTmpfs", "--read-only-tmpfs=", Boolean),
    ("RemapUsers", "--userns", Last),
    ("RunInit", "--init=", Boolean),
    ("SeccompProfile", "--security-opt seccomp=", Last),
    ("Secret", "--secret", Arguments),
    (
        "SecurityLabelFileType",
        "--security-opt label=filetype:",
        Last,
    ),
    ("SecurityLabelLevel", "--security-opt label=level:", Last),
    ("SecurityLabelType", "--security-opt label=type:", Last),
    ("ShmSize", "--shm-size", Last),
    ("StopSignal", "--stop-signal", Last),
    ("StopTimeout", "--stop-timeout", Last),
    ("SubGIDMap", "--subgidname", Last),
    ("SubUIDMap", "--subuidname", Last),
    ("Sysctl", "--sysctl", Bare),
    ("Timezone", "--tz", Last),
    ("Tmpfs", "--tmpfs", Each),
    ("UIDMap", "--uidmap", Bare),
    ("Ulimit", "--ulimit", Each),
    ("Unmask", "--security-opt unmask=", Arguments),
    ("UserNS", "--userns", Last),
    ("Volume", "--volume", Each),
    ("WorkingDir", "--workdir", Last),
];

/// The words under construction, each with its entries.
type Traced = Vec<(String, Vec<usize>)>;

/// A command, with the entries of each word.
type Sourced = (Command, Vec<Vec<usize>>);

impl<'u> Translation<'u> {
    /// The command of a unit. `None` if the unit names no image; systemd then creates no service.
    pub(crate) fn new(unit: &'u Unit<'u>) -> Option<Self> {
        let (global, extra) = (unit.arguments("GlobalArgs"), unit.arguments("PodmanArgs"));
        let (built, incomplete) = match unit.command(global, extra) {
            Ok(built) => (built, None),
            Err(why) => {
                let built = unit.command(Traced::new(), Traced::new()).ok()?;
                (built, Some(why))
            }
        };
        let (command, origins) = built?;
        Some(Self {
            unit,
            command,
            origins,
            incomplete,
        })
    }

    /// The container that the unit starts.
    pub(crate) fn container(&self, path: &Path, knowledge: &Knowledge) -> Container {
        let spans = self.origins.iter().map(|origins| self.span(origins));
        let mut container = docker_run::container_at(&self.command, knowledge, spans.collect());
        if self.unit.last("ContainerName").is_none()
            && let Some(stem) = path.file_stem().and_then(|stem| stem.to_str())
        {
            stem.clone_into(&mut container.name);
            stem.clone_into(&mut container.workload);
        }
        container.incomplete.clone_from(&self.incomplete);
        // The section `[Service]` decides the restart policy.
        container.restart = Setting::Unsupported;
        let image = self.unit.last("Image").map_or("", |(_, name)| name);
        // Another unit names the image. That unit has not been read.
        if let Some("build" | "image") = unit_kind(image) {
            container.built = unit_kind(image) == Some("build");
            container.facts = None;
        }
        if let Some((_, user)) = self.unit.last("User")
            && user.contains('%')
            && let Setting::Set { origin, .. } = &container.user
        {
            container.user = Setting::Variable {
                text: user.to_owned(),
                default: None,
                origin: origin.clone(),
            };
        }
        for mount in &mut container.mounts {
            // A specifier (`%h`) expands to a host path. A `.volume` unit may set any source.
            match &mount.source {
                MountSource::Volume(name) if name.starts_with('%') => {
                    mount.source = MountSource::Host(name.clone());
                }
                MountSource::Volume(name) if unit_kind(name) == Some("volume") => {
                    mount.source = MountSource::Other(name.clone());
                }
                _ => {}
            }
        }
        if let Some((_, network)) = self.unit.last("Network")
            && unit_kind(network) == Some("container")
        {
            container.network = Network::Shared(network.to_owned());
        }
        container
    }

    /// The span from the first to the last of these entries.
    fn span(&self, origins: &[usize]) -> Span {
        let spans = || origins.iter().filter_map(|at| self.unit.entries.get(*at));
        Span {
            start: spans().map(|entry| entry.span.start).min().unwrap_or(0),
            end: spans().map(|entry| entry.span.end).max().unwrap_or(0),
        }
    }
}

impl Unit<'_> {
    /// The entries of a container key, each with its index.
    fn given<'e>(&'e self, key: &str) -> impl DoubleEndedIterator<Item = (usize, &'e Entry)> {
        let entries = self.entries.iter().enumerate();
        entries.filter(move |(_, entry)| &*entry.section == "Container" && entry.key == key)
    }

    /// The entry, and earlier entries that would take effect if it were removed.
    pub(super) fn overruled_by(&self, at: usize) -> Vec<usize> {
        let Some(entry) = self.entries.get(at) else {
            return Vec::new();
        };
        let how = KEYS.iter().find(|(key, ..)| *key == entry.key);
        let is_list = match how {
            Some((.., how)) => matches!(how, Each | Bare | Arguments),
            None => matches!(entry.key.as_str(), "PodmanArgs" | "GlobalArgs"),
        };
        if is_list {
            return vec![at];
        }
        self.given(&entry.key).map(|(at, _)| at).collect()
    }

    /// The value that takes effect, without surrounding quotes. `None` if it is empty.
    fn last(&self, key: &str) -> Option<(usize, &str)> {
        let (at, entry) = self.given(key).next_back()?;
        let value = entry.value.as_str();
        let unquoted = value
            .strip_prefix('"')
            .and_then(|value| value.strip_suffix('"'));
        let value = unquoted.unwrap_or(value);
        (!value.is_empty()).then_some((at, value))
    }

    /// The values of a list. An empty value clears earlier ones.
    fn each(&self, key: &str) -> Vec<(usize, &str)> {
        let mut values = Vec::new();
        for (at, entry) in self.given(key) {
            if entry.value.is_empty() {
                values.clear();
            } else {
                values.push((at, entry.value.as_str()));
            }
        }
        values
    }

    /// The command with these arguments before and after `run`, and the entries of its words.
    /// `None` if no image is named.
    ///
    /// # Errors
    ///
    /// Returns the reason if Podman's own arguments cannot be parsed.
    fn command(&self, global: Traced, extra: Traced) -> Result<Option<Sourced>, Reason> {
        let rootfs = self.last("Rootfs");
        let Some((at, image)) = rootfs.or_else(|| self.last("Image")) else {
            return Ok(None);
        };
        let mut words = vec![("podman".to_owned(), Vec::new())];
        words.extend(global);
        words.push(("run".to_owned(), Vec::new()));
        words.extend(self.options());
        words.extend(extra);
        if rootfs.is_some() {
            words.push(("--rootfs".to_owned(), vec![at]));
        }
        let image_at = words.len();
        words.push((image.to_owned(), vec![at]));
        if let Some((at, exec)) = self.last("Exec") {
            let exec = split(exec, Backslash::Escapes);
            words.extend(exec.into_iter().map(|word| (word, vec![at])));
        }
        let (words, origins) = words.into_iter().unzip();
        let command = Command::parse(words).map_err(|fault| {
            let note = Value::Note(fault.to_string());
            Reason::new(&ARGUMENTS_UNREAD).with("note", note)
        })?;
        if command.image_at() != image_at {
            return Err(Reason::new(&ARGUMENTS_NAME_IMAGE));
        }
        Ok(Some((command, origins)))
    }

    fn arguments(&self, key: &str) -> Traced {
        let mut words = Traced::new();
        for (at, value) in self.each(key) {
            let split = split(value, Backslash::Escapes);
            words.extend(split.into_iter().map(|word| (word, vec![at])));
        }
        words
    }

    /// The options of every key, except keys that hold whole words of the command.
    fn options(&self) -> Traced {
        let mut words = Traced::new();
        for (key, option, how) in KEYS {
            let values: Vec<(usize, String)> = match how {
                Last => {
                    let last = self.last(key).into_iter();
                    last.map(|(at, value)| (at, value.to_owned())).collect()
                }
                Each => {
                    let each = self.each(key).into_iter();
                    each.map(|(at, value)| (at, value.to_owned())).collect()
                }
                Bare => self.split(key, Backslash::Stays),
                Arguments => self.split(key, Backslash::Escapes),
                Boolean => {
                    let last = self.last(key).into_iter();
                    last.map(|(at, value)| (at, is_true(value).to_string()))
                        .collect()
                }
            };
            for (at, value) in values {
                // A leading `-` means that the device is used only if it exists.
                let value = match *key {
                    "AddDevice" => value.trim_start_matches('-').to_owned(),
                    _ => value,
                };
                match option.split_once(' ') {
                    Some((option, start)) => {
                        words.push(((*option).to_owned(), vec![at]));
                        words.push((format!("{start}{value}"), vec![at]));
                    }
                    None if option.ends_with('=') => {
                        words.push((format!("{option}{value}"), vec![at]));
                    }
                    None => words.push((format!("{option}={value}"), vec![at])),
                }
            }
        }
        for (key, value) in [
            ("SecurityLabelDisable", "label=disable"),
            ("SecurityLabelNested", "label=nested"),
        ] {
            if let Some((at, text)) = self.last(key)
                && is_true(text)
            {
                words.push((format!("--security-opt={value}"), vec![at]));
            }
        }
        if let Some((at, text)) = self.last("VolatileTmp")
            && is_true(text)
            && !self.last("ReadOnly").is_some_and(|(_, text)| is_true(text))
        {
            let tmpfs = "--tmpfs=/tmp:rw,size=512M,mode=1777";
            words.push((tmpfs.to_owned(), vec![at]));
        }
        if let Some((at, user)) = self.last("User") {
            let (origins, user) = match self.last("Group") {
                Some((group_at, group)) => (vec![at, group_at], format!("{user}:{group}")),
                None => (vec![at], user.to_owned()),
            };
            words.push((format!("--user={user}"), origins));
        }
        words
    }

    fn split(&self, key: &str, backslash: Backslash) -> Vec<(usize, String)> {
        let values = self.each(key).into_iter();
        values
            .flat_map(|(at, value)| {
                split(value, backslash)
                    .into_iter()
                    .map(move |word| (at, word))
            })
            .collect()
    }
}

/// The kind of unit that a value names instead of an object of the engine: `data.volume`.
fn unit_kind(value: &str) -> Option<&str> {
    let (_, kind) = value.rsplit_once('.')?;
    ["build", "container", "image", "volume"]
        .contains(&kind)
        .then_some(kind)
}

/// Parses a boolean. Any other value is false.
fn is_true(text: &str) -> bool {
    ["1", "yes", "true", "on"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word))
}
