//! Writes a command as a Compose file (compose-spec `05-services.md`).

use super::{Command, Given};
use crate::dialect::engine_words;
use crate::dialect::engine_words::mount::{Volume, is_host_path};
use crate::syntax::{Value, document};
use crate::units;

/// How the value of an option is written under its key.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// As a string.
    Text,
    /// As a number.
    Integer,
    /// As a boolean.
    Boolean,
    /// As an item of a list.
    Item,
    /// `name=value` as an entry of a mapping.
    Pair,
}

use Form::{Boolean, Integer, Item, Pair, Text};

/// Options that map to one key each. Dots separate the steps of a path.
const KEYS: &[(&str, &str, Form)] = &[
    ("add-host", "extra_hosts", Item),
    ("annotation", "annotations", Item),
    ("blkio-weight", "blkio_config.weight", Integer),
    ("cap-add", "cap_add", Item),
    ("cap-drop", "cap_drop", Item),
    ("cgroup-parent", "cgroup_parent", Text),
    ("cgroupns", "cgroup", Text),
    ("cpu-count", "cpu_count", Integer),
    ("cpu-percent", "cpu_percent", Integer),
    ("cpu-period", "cpu_period", Integer),
    ("cpu-quota", "cpu_quota", Integer),
    ("cpu-rt-period", "cpu_rt_period", Integer),
    ("cpu-rt-runtime", "cpu_rt_runtime", Integer),
    ("cpu-shares", "cpu_shares", Integer),
    ("cpuset-cpus", "cpuset", Text),
    ("device", "devices", Item),
    ("device-cgroup-rule", "device_cgroup_rules", Item),
    ("dns", "dns", Item),
    ("dns-option", "dns_opt", Item),
    ("dns-search", "dns_search", Item),
    ("domainname", "domainname", Text),
    ("env", "environment", Item),
    ("env-file", "env_file", Item),
    ("expose", "expose", Item),
    ("group-add", "group_add", Item),
    ("health-interval", "healthcheck.interval", Text),
    ("health-retries", "healthcheck.retries", Integer),
    ("health-start-interval", "healthcheck.start_interval", Text),
    ("health-start-period", "healthcheck.start_period", Text),
    ("health-timeout", "healthcheck.timeout", Text),
    ("hostname", "hostname", Text),
    ("init", "init", Boolean),
    ("interactive", "stdin_open", Boolean),
    ("ipc", "ipc", Text),
    ("isolation", "isolation", Text),
    ("label", "labels", Item),
    ("label-file", "label_file", Item),
    ("link", "external_links", Item),
    ("log-driver", "logging.driver", Text),
    ("log-opt", "logging.options", Pair),
    ("mac-address", "mac_address", Text),
    ("memory", "mem_limit", Text),
    ("memory-reservation", "mem_reservation", Text),
    ("memory-swap", "memswap_limit", Text),
    ("memory-swappiness", "mem_swappiness", Integer),
    ("name", "container_name", Text),
    ("no-healthcheck", "healthcheck.disable", Boolean),
    ("oom-kill-disable", "oom_kill_disable", Boolean),
    ("oom-score-adj", "oom_score_adj", Integer),
    ("pid", "pid", Text),
    ("pids-limit", "pids_limit", Integer),
    ("platform", "platform", Text),
    ("privileged", "privileged", Boolean),
    ("pull", "pull_policy", Text),
    ("read-only", "read_only", Boolean),
    ("restart", "restart", Text),
    ("runtime", "runtime", Text),
    ("security-opt", "security_opt", Item),
    ("shm-size", "shm_size", Text),
    ("stop-signal", "stop_signal", Text),
    ("storage-opt", "storage_opt", Pair),
    ("sysctl", "sysctls", Item),
    ("tmpfs", "tmpfs", Item),
    ("tty", "tty", Boolean),
    ("use-api-socket", "use_api_socket", Boolean),
    ("user", "user", Text),
    ("userns", "userns_mode", Text),
    ("uts", "uts", Text),
    ("workdir", "working_dir", Text),
];

impl Command {
    /// A Compose file with the service of the command, and the options that Compose has no key for.
    #[must_use]
    pub fn as_compose(&self) -> (String, Vec<String>) {
        let mut file = File::default();
        let (image, arguments) = self.image_and_arguments();
        if !self.is_on("rootfs") {
            file.service.set("image", text(image));
        }
        let mut unsupported: Vec<String> = self.globals();
        for given in &self.options {
            if !file.write_option(self, given) {
                let name = format!("--{}", given.flag.name);
                if !unsupported.contains(&name) {
                    unsupported.push(name);
                }
            }
        }
        if !arguments.is_empty() {
            let words = arguments.iter().map(|word| text(word)).collect();
            file.service.set("command", Value::Seq(words));
        }
        (file.write(self.service_name(image)), unsupported)
    }

    /// The options before `run`, which apply to the engine client.
    fn globals(&self) -> Vec<String> {
        let words = self.words.get(1..self.first.saturating_sub(1));
        let mut words = words.unwrap_or_default().to_vec();
        if words.last().is_some_and(|word| word == "container") {
            words.pop();
        }
        if words.is_empty() {
            return words;
        }
        vec![words.join(" ")]
    }

    /// A valid service name: from the container's name, or the last part of the image name.
    fn service_name(&self, image: &str) -> String {
        let image = image.rsplit('/').next().unwrap_or_default();
        let image = image.split(['@', ':']).next().unwrap_or_default();
        let name = match self.last("name") {
            Some(given) if !given.value.is_empty() => given.value.as_str(),
            _ if image.is_empty() => "container",
            _ => image,
        };
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let name = name.chars().map(|c| if is_allowed(c) { c } else { '-' });
        name.collect()
    }
}

/// The Compose file under construction.
#[derive(Debug, Default)]
struct File {
    service: Entries,
    /// The options for the networks that the service joins.
    attachment: Entries,
    networks: Vec<String>,
    volumes: Vec<String>,
}

impl File {
    /// Writes one option. Returns false if Compose has no equivalent.
    fn write_option(&mut self, command: &Command, given: &Given) -> bool {
        let value = given.value.as_str();
        if is_podman_only(given) {
            return false;
        }
        if let Some((_, key, form)) = KEYS.iter().find(|(name, ..)| *name == given.flag.name) {
            return self.say_key(command, given, key, *form);
        }
        match given.flag.name {
            "cpus" => {
                let whole = value.parse().ok().map(Value::Int);
                self.service
                    .set("cpus", whole.unwrap_or_else(|| text(value)));
            }
            "entrypoint" => {
                let words = (!value.is_empty()).then(|| text(value));
                self.service
                    .set("entrypoint", Value::Seq(words.into_iter().collect()));
            }
            "gpus" if value == "all" => self.service.set("gpus", text(value)),
            "health-cmd" => {
                let test = vec![text("CMD-SHELL"), text(value)];
                self.service.set("healthcheck.test", Value::Seq(test));
            }
            "publish" => {
                for (port, _) in command.values_of(given) {
                    self.service.push("ports", text(&short_port(port)));
                }
            }
            "stop-timeout" => {
                let seconds = format!("{value}s");
                self.service.set("stop_grace_period", text(&seconds));
            }
            "ulimit" => {
                for (limit, _) in command.values_of(given) {
                    let Some((name, limit)) = ulimit(limit) else {
                        return false;
                    };
                    self.service.set(&format!("ulimits.{name}"), limit);
                }
            }
            "volume" => {
                self.name_volume(Volume::parse(value).source);
                self.service.push("volumes", text(value));
            }
            "volumes-from" => {
                let from = format!("container:{value}");
                self.service.push("volumes_from", text(&from));
            }
            "mount" => return self.mount(value),
            "network" => return self.network(value),
            "network-alias" => {
                for (alias, _) in command.values_of(given) {
                    self.attachment.push("aliases", text(alias));
                }
                return command.joins_network();
            }
            "ip" | "ip6" | "link-local-ip" => {
                match given.flag.name {
                    "ip" => self.attachment.set("ipv4_address", text(value)),
                    "ip6" => self.attachment.set("ipv6_address", text(value)),
                    _ => self.attachment.push("link_local_ips", text(value)),
                }
                return command.joins_network();
            }
            _ => return false,
        }
        true
    }

    fn say_key(&mut self, command: &Command, given: &Given, key: &str, form: Form) -> bool {
        let value = given.value.as_str();
        match form {
            Text => self.service.set(key, text(value)),
            Integer => {
                let number = value.trim().parse().ok().map(Value::Int);
                self.service.set(key, number.unwrap_or_else(|| text(value)));
            }
            Boolean => {
                let is_on = engine_words::boolean(value).unwrap_or_default();
                self.service.set(key, Value::Bool(is_on));
            }
            Item => {
                for (item, _) in command.values_of(given) {
                    self.service.push(key, text(item));
                }
            }
            Pair => {
                let (name, value) = value.split_once('=').unwrap_or((value, ""));
                self.service.pair(key, name, text(value));
            }
        }
        true
    }

    /// A named volume belongs to the engine, not to the project.
    fn name_volume(&mut self, source: &str) {
        let is_named = !source.is_empty() && !is_host_path(source);
        if is_named && !self.volumes.iter().any(|known| known == source) {
            self.volumes.push(source.to_owned());
        }
    }

    /// `type=…,source=…,target=…`, if Compose has the same fields.
    fn mount(&mut self, value: &str) -> bool {
        let mut mount = Entries::default();
        mount.set("type", text("volume"));
        let mut kind = "volume";
        let mut source = "";
        for field in value.split(',') {
            let (name, value) = field.split_once('=').unwrap_or((field, "true"));
            match name.to_ascii_lowercase().as_str() {
                "type" => {
                    kind = value;
                    mount.set("type", text(value));
                }
                "source" | "src" => {
                    source = value;
                    mount.set("source", text(value));
                }
                "target" | "dst" | "destination" => mount.set("target", text(value)),
                "readonly" | "ro" => {
                    let is_on = engine_words::boolean(value).unwrap_or_default();
                    mount.set("read_only", Value::Bool(is_on));
                }
                "bind-propagation" => mount.set("bind.propagation", text(value)),
                "volume-nocopy" => {
                    let is_on = engine_words::boolean(value).unwrap_or_default();
                    mount.set("volume.nocopy", Value::Bool(is_on));
                }
                "volume-subpath" => mount.set("volume.subpath", text(value)),
                "tmpfs-size" => match units::bytes(value).map(i64::try_from) {
                    Some(Ok(bytes)) => mount.set("tmpfs.size", Value::Int(bytes)),
                    _ => return false,
                },
                "tmpfs-mode" => match i64::from_str_radix(value, 8) {
                    Ok(mode) => mount.set("tmpfs.mode", Value::Int(mode)),
                    Err(_) => return false,
                },
                _ => return false,
            }
        }
        if !matches!(kind, "bind" | "volume" | "tmpfs") {
            return false;
        }
        if kind == "volume" {
            self.name_volume(source);
        }
        self.service.push("volumes", mount.into_map());
        true
    }

    /// A network mode of the engine, or an existing network.
    fn network(&mut self, value: &str) -> bool {
        match value {
            "host" | "none" | "bridge" => self.service.set("network_mode", text(value)),
            value if value.starts_with("container:") => {
                self.service.set("network_mode", text(value));
            }
            value if value.contains([':', '=', ',']) => return false,
            "default" | "private" | "pasta" | "slirp4netns" => return value == "default",
            value => self.networks.push(value.to_owned()),
        }
        true
    }

    fn write(mut self, service: String) -> String {
        // Docker applies the options to the first network.
        for (nth, name) in self.networks.iter().enumerate() {
            if self.attachment.is_empty() {
                self.service.push("networks", text(name));
            } else {
                let attachment = match nth {
                    0 => self.attachment.clone(),
                    _ => Entries::default(),
                };
                let key = ("networks".to_owned(), Some(name.clone()));
                self.service.set_at(key, attachment.into_map());
            }
        }
        let mut file = Entries::default();
        let key = |outer: &str, inner: String| (outer.to_owned(), Some(inner));
        file.set_at(key("services", service), self.service.into_map());
        for name in self.networks {
            let mut network = Entries::default();
            network.set("external", Value::Bool(true));
            file.set_at(key("networks", name), network.into_map());
        }
        for name in self.volumes {
            let mut volume = Entries::default();
            volume.set("name", text(&name));
            file.set_at(key("volumes", name), volume.into_map());
        }
        document(&file.into_map())
    }
}

impl Command {
    fn joins_network(&self) -> bool {
        self.last("network").is_some_and(|given| {
            !matches!(given.value.as_str(), "host" | "none" | "bridge" | "default")
                && !given.value.contains([':', '=', ','])
        })
    }
}

/// The entries of a mapping of values and inner mappings, in order.
#[derive(Clone, Debug, Default)]
struct Entries(Vec<(Key, Value)>);

/// The place of a value: a key, or a key of an inner mapping.
type Key = (String, Option<String>);

impl Entries {
    /// Sets the value at `key` or `outer.inner`.
    fn set(&mut self, path: &str, value: Value) {
        self.set_at(key(path), value);
    }

    fn set_at(&mut self, key: Key, value: Value) {
        match self.0.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => *known = value,
            None => self.0.push((key, value)),
        }
    }

    /// Appends to the list at `key` or `outer.inner`.
    fn push(&mut self, path: &str, item: Value) {
        let key = key(path);
        match self.0.iter_mut().find(|(known, _)| *known == key) {
            Some((_, Value::Seq(items))) => items.push(item),
            _ => self.0.push((key, Value::Seq(vec![item]))),
        }
    }

    /// Adds an entry to the mapping at `key` or `outer.inner`.
    fn pair(&mut self, path: &str, name: &str, value: Value) {
        let key = key(path);
        let pair = (name.to_owned(), value);
        match self.0.iter_mut().find(|(known, _)| *known == key) {
            Some((_, Value::Map(pairs))) => pairs.push(pair),
            _ => self.0.push((key, Value::Map(vec![pair]))),
        }
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The mapping. An inner mapping is at the position of its first entry.
    fn into_map(self) -> Value {
        let mut map: Vec<(String, Value)> = Vec::new();
        for ((outer, inner), value) in self.0 {
            let Some(inner) = inner else {
                map.push((outer, value));
                continue;
            };
            match map.iter_mut().find(|(known, _)| *known == outer) {
                Some((_, Value::Map(entries))) => entries.push((inner, value)),
                _ => map.push((outer, Value::Map(vec![(inner, value)]))),
            }
        }
        Value::Map(map)
    }
}

fn key(path: &str) -> Key {
    match path.split_once('.') {
        Some((outer, inner)) => (outer.to_owned(), Some(inner.to_owned())),
        None => (path.to_owned(), None),
    }
}

/// Whether only Podman accepts the value. Compose uses Docker, which rejects it.
fn is_podman_only(given: &Given) -> bool {
    let value = given.value.as_str();
    let options = value.rsplit(':').next().unwrap_or_default();
    let has = |own: &[&str]| options.split(',').any(|option| own.contains(&option));
    match given.flag.name {
        "volume" => has(&["U", "O", "idmap"]),
        "tmpfs" => has(&["U", "tmpcopyup", "notmpcopyup", "noswap"]),
        "pull" => value == "newer",
        "restart" => value == "never",
        _ => false,
    }
}

/// A string for Compose, with each dollar sign doubled.
fn text(value: &str) -> Value {
    Value::Str(value.replace('$', "$$"))
}

/// `published=…,target=…` in the short form, which every Compose version reads.
fn short_port(text: &str) -> String {
    if !text.contains('=') {
        return text.to_owned();
    }
    let field = |name: &str| text.split(',').find_map(|field| field.strip_prefix(name));
    let target = field("target=").unwrap_or_default();
    let published = field("published=").map_or_else(String::new, |port| format!("{port}:"));
    let protocol = field("protocol=").map_or_else(String::new, |name| format!("/{name}"));
    format!("{published}{target}{protocol}")
}

/// `NAME=SOFT[:HARD]`.
fn ulimit(text: &str) -> Option<(&str, Value)> {
    let (name, limits) = text.split_once('=')?;
    let limits = match limits.split_once(':') {
        None => Value::Int(limits.parse().ok()?),
        Some((soft, hard)) => Value::Map(vec![
            ("soft".to_owned(), Value::Int(soft.parse().ok()?)),
            ("hard".to_owned(), Value::Int(hard.parse().ok()?)),
        ]),
    };
    Some((name, limits))
}
