//! Reads a command into a neutral container.

use super::{Command, Engine, Given, mounts, print};
use crate::container::{
    Container, HostNamespace, HostPort, Network, Observed, Origin, Place, Setting, Sysctl, Via,
};
use crate::dialect::engine_words::{self, Port};
use crate::image::{self, Knowledge};
use crate::syntax::Span;
use crate::units;

/// A command with the places of its words.
pub(super) struct Reading<'c> {
    pub(super) command: &'c Command,
    spans: Vec<Span>,
}

/// The container that the command starts.
pub(crate) fn container(command: &Command, knowledge: &Knowledge) -> Container {
    container_at(command, knowledge, print::line(&command.words).1)
}

/// The container that the command starts. The words of the command have these places in file 0.
pub(in crate::dialect) fn container_at(
    command: &Command,
    knowledge: &Knowledge,
    spans: Vec<Span>,
) -> Container {
    let reading = Reading { command, spans };
    let (image, arguments) = command.image_and_arguments();
    // With `--rootfs`, the first word is a directory of the host.
    let image = (!command.is_on("rootfs")).then(|| image::Name::parse(image));
    let name = match command.last("name") {
        Some(given) if !given.value.is_empty() => given.value.clone(),
        _ => image
            .as_ref()
            .and_then(|image| image.repository()?.rsplit('/').next())
            .unwrap_or("container")
            .to_owned(),
    };
    let place = reading.word(command.image);
    let mut container = Container::new(name.clone(), name, place);
    container.facts = image.as_ref().and_then(|image| knowledge.facts(image));
    container.image = image;
    container.image_place = Some(place);
    platform(&mut container, command);
    protections(&mut container, &reading);
    limits(&mut container, &reading);
    mounts::read(&mut container, &reading);
    network(&mut container, &reading);
    namespaces(&mut container, &reading);
    devices(&mut container, &reading);
    process(&mut container, &reading, arguments);
    container
}

impl Reading<'_> {
    /// The place of an option.
    pub(super) fn place(&self, given: &Given) -> Place {
        let mut place = self.word(given.words.start);
        if let Some(last) = self.spans.get(given.words.end.saturating_sub(1)) {
            place.span.end = last.end;
        }
        place
    }

    fn word(&self, at: usize) -> Place {
        let span = self.spans.get(at).copied();
        Place {
            file: 0,
            span: span.unwrap_or(Span { start: 0, end: 0 }),
        }
    }

    fn origin(&self, given: &Given) -> Origin {
        Origin {
            place: Some(self.place(given)),
            via: Via::Own,
        }
    }

    fn set<T>(&self, given: &Given, value: T) -> Setting<T> {
        Setting::Set {
            value,
            origin: self.origin(given),
        }
    }

    fn judge<T>(&self, given: &Given, value: Option<T>) -> Setting<T> {
        match value {
            Some(value) => self.set(given, value),
            None => Setting::Unreadable {
                text: given.value.clone(),
                origin: self.origin(given),
            },
        }
    }

    /// The option that takes effect, parsed by `read`.
    fn setting<T>(&self, name: &str, read: impl Fn(&str) -> Option<T>) -> Setting<T> {
        match self.command.last(name) {
            Some(given) => self.judge(given, read(&given.value)),
            None => Setting::Absent,
        }
    }

    fn list<T>(&self, name: &str, read: impl Fn(&str) -> T) -> Setting<Vec<T>> {
        let values = self.command.values(name);
        match values.first() {
            Some((_, first)) => {
                self.set(first, values.iter().map(|(value, _)| read(value)).collect())
            }
            None => Setting::Absent,
        }
    }
}

/// Fills in defaults of Docker and Podman, and marks settings that they do not support.
fn platform(container: &mut Container, command: &Command) {
    container.seccomp_by_default = true;
    container.scratch_is_memory = true;
    let image_volumes = command.last("image-volume");
    container.mounts_image_volumes = image_volumes.is_none_or(|given| given.value != "ignore");
    container.require_non_root = Setting::Unsupported;
    container.volume_group = Setting::Unsupported;
    container.unprivileged_port_start = Setting::Unsupported;
    container.service_account = Setting::Unsupported;
    container.service_account_token = Setting::Unsupported;
    container.cpu_request = Setting::Unsupported;
    let has_word = |name: &str, word: &str| {
        let given = command.last(name);
        given.is_some_and(|given| given.value.starts_with(word))
    };
    let (image, _) = command.image_and_arguments();
    container.windows = has_word("platform", "windows")
        || has_word("isolation", "hyperv")
        || has_word("isolation", "process")
        || image.starts_with("mcr.microsoft.com/windows");
}

fn protections(container: &mut Container, reading: &Reading<'_>) {
    let command = reading.command;
    container.privileged = reading.setting("privileged", engine_words::boolean);
    container.user = reading.setting("user", engine_words::user);
    container.read_only_root = reading.setting("read-only", engine_words::boolean);
    container.init = reading.setting("init", engine_words::boolean);
    container.capabilities_added = reading.list("cap-add", engine_words::capability);
    container.capabilities_dropped = reading.list("cap-drop", engine_words::capability);
    for given in command.given("security-opt") {
        match engine_words::security_option(&given.value) {
            ("no-new-privileges", value) => {
                let value = engine_words::no_new_privileges(value);
                container.no_new_privileges = reading.judge(given, value);
            }
            ("seccomp", Some(value)) => container.seccomp = reading.set(given, value.to_owned()),
            ("apparmor", Some(value)) => container.app_armor = reading.set(given, value.to_owned()),
            ("label", Some(value)) => container.selinux = reading.set(given, value.to_owned()),
            ("systempaths", Some("unconfined")) | ("unmask", Some(_)) => {
                container.proc_mount = reading.set(given, "Unmasked".to_owned());
            }
            _ => {}
        }
    }
    // `keep-id` starts the process as the user who runs Podman: docs/semantics.md#podman-keep-id.
    if container.user.is_absent()
        && let Some(given) = command.last("userns")
        && given.value.starts_with("keep-id")
    {
        container.user = Setting::Variable {
            text: format!("--userns={}", given.value),
            default: None,
            origin: reading.origin(given),
        };
    }
    if let Some(given) = command.last("systemd")
        && given.value == "always"
    {
        let systemd = Observed::RunsSystemd.at(Some(reading.place(given)));
        container.observations.push(systemd);
    }
}

fn limits(container: &mut Container, reading: &Reading<'_>) {
    let command = reading.command;
    container.memory_limit = reading.setting("memory", units::bytes);
    container.memory_request = reading.setting("memory-reservation", units::bytes);
    container.pids_limit = reading.setting("pids-limit", |text| text.trim().parse().ok());
    if container.pids_limit.is_absent() && command.engine == Engine::Podman {
        // The default is `pids_limit` of containers.conf.
        container.pids_limit = Setting::Set {
            value: 2048,
            origin: Origin {
                place: None,
                via: Via::Default,
            },
        };
    }
    container.cpu_limit = reading.setting("cpus", units::millicpu);
    // `--cpu-quota` per `--cpu-period` (default 100 ms) is a limit. The engine rejects `--cpus`
    // together with either option.
    let number = |name: &str| command.last(name)?.value.parse::<u64>().ok();
    if container.cpu_limit.is_absent()
        && let Some(given) = command.last("cpu-quota").filter(|given| given.value != "0")
    {
        let period = number("cpu-period").filter(|period| *period > 0);
        let limit = number("cpu-quota")
            .and_then(|quota| quota.checked_mul(1000))
            .map(|quota| quota / period.unwrap_or(100_000));
        container.cpu_limit = reading.judge(given, limit);
    } else if let Some(given) = command.last("cpu-period") {
        let period = Observed::CpuPeriod {
            period: "--cpu-period",
            limit: "--cpus",
        };
        let period = period.at(Some(reading.place(given)));
        container.observations.push(period);
    }
    let shared = command.last("shm-size");
    container.shared_memory = shared.and_then(|given| units::bytes(&given.value));
    container.restart = reading.setting("restart", |text| match text {
        "never" => Some(crate::container::Restart::Never),
        text => engine_words::restart(text),
    });
}

fn network(container: &mut Container, reading: &Reading<'_>) {
    let command = reading.command;
    if let Some(given) = command.last("pod") {
        container.network = Network::Shared(format!("pod:{}", given.value));
    } else if let Some(given) = command.given("network").next() {
        // `name=NETWORK,alias=…` is the long form (docker/cli `opts/network.go`).
        container.network_place = Some(reading.place(given));
        let mut parts = given.value.split(',');
        let name = parts.find_map(|part| part.strip_prefix("name="));
        container.network = match name.unwrap_or(&given.value) {
            "host" => Network::Host,
            shared if shared.starts_with("container:") || shared.starts_with("ns:") => {
                Network::Shared(shared.to_owned())
            }
            _ => Network::Private,
        };
    }
    for (text, _) in command.values("expose") {
        container.ports.extend(engine_words::port(text).inner);
    }
    for given in command.given("publish") {
        // Docker also accepts `published=8080,target=80`. Podman splits at commas.
        let long = command.engine == Engine::Docker && given.value.contains('=');
        let texts: Vec<String> = if long {
            let part = |name: &str| {
                let mut parts = given.value.split(',');
                parts
                    .find_map(|part| part.strip_prefix(name))
                    .unwrap_or_default()
            };
            vec![format!("{}:{}", part("published="), part("target="))]
        } else if command.engine == Engine::Podman {
            given.value.split(',').map(str::to_owned).collect()
        } else {
            vec![given.value.clone()]
        };
        let is_open = |text: &String| engine_words::port(text).address.is_none();
        if texts.iter().any(is_open) {
            container.open_ports.push(reading.place(given));
        }
        for text in texts {
            let Port {
                address,
                host,
                inner,
            } = engine_words::port(&text);
            container.ports.extend(inner);
            container
                .host_ports
                .extend(host.into_iter().map(|port| HostPort {
                    port,
                    address: address.clone(),
                    place: Some(reading.place(given)),
                }));
        }
    }
    for (text, given) in command.values("sysctl") {
        if let Some((name, value)) = text.split_once('=') {
            container.sysctls.push(Sysctl {
                name: name.to_owned(),
                value: value.to_owned(),
                place: Some(reading.place(given)),
            });
        }
    }
    for (text, given) in command.values("ulimit") {
        if text.starts_with("nproc=") {
            let place = Some(reading.place(given));
            let limit = Observed::LimitsProcessesOfUser.at(place);
            container.observations.push(limit);
        }
    }
    container.low_ports_are_free = engine_words::low_ports_are_free(&container.sysctls);
}

fn namespaces(container: &mut Container, reading: &Reading<'_>) {
    for (option, name) in [
        ("pid", "pid"),
        ("ipc", "ipc"),
        ("uts", "uts"),
        ("userns", "user"),
        ("cgroupns", "cgroup"),
    ] {
        let Some(given) = reading.command.last(option) else {
            continue;
        };
        if given.value == "host" {
            container.host_namespaces.push(HostNamespace {
                name,
                place: Some(reading.place(given)),
            });
        }
        if let Some(what) = engine_words::shared_namespace(name, &given.value) {
            let shared = what.at(Some(reading.place(given)));
            container.observations.push(shared);
        }
    }
    if let Some(given) = reading.command.last("userns")
        && ["auto", "keep-id", "nomap"]
            .iter()
            .any(|mode| given.value.starts_with(mode))
    {
        container.user_namespace = reading.set(given, true);
    }
}

fn devices(container: &mut Container, reading: &Reading<'_>) {
    let command = reading.command;
    container.devices = command
        .values("device")
        .iter()
        .map(|(value, _)| (*value).to_owned())
        .collect();
    let runtime = command.last("runtime");
    container.accelerated = runtime.is_some_and(|given| given.value.contains("nvidia"))
        || command.last("gpus").is_some()
        || container
            .devices
            .iter()
            .any(|device| engine_words::is_accelerator(device));
}

fn process(container: &mut Container, reading: &Reading<'_>, arguments: &[String]) {
    let command = reading.command;
    for given in command.given("env") {
        let (name, value) = match given.value.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (given.value.clone(), None),
        };
        let place = reading.place(given);
        container.environment_places.push((name.clone(), place));
        container.environment.push(name, value);
    }
    container.environment_elsewhere =
        command.last("env-file").is_some() || command.is_on("env-host");
    container.labels = command
        .given("label")
        .map(|given| {
            let (name, value) = given.value.split_once('=').unwrap_or((&given.value, ""));
            (name.to_owned(), value.to_owned())
        })
        .collect();
    container.entrypoint = command
        .last("entrypoint")
        .map(|given| match given.value.as_str() {
            "" => Vec::new(),
            word => vec![word.to_owned()],
        });
    container.arguments = (!arguments.is_empty()).then(|| arguments.to_vec());
    for name in ["health-cmd", "health-startup-cmd"] {
        if let Some(given) = command.last(name) {
            container
                .probes
                .push(vec!["CMD-SHELL".to_owned(), given.value.clone()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::{Id, MountSource, Restart, User};

    fn read(line: &str) -> Container {
        let words = line.split(' ').map(str::to_owned).collect();
        let command = Command::parse(words).unwrap();
        container(&command, &Knowledge::embedded())
    }

    #[test]
    fn a_container_is_named_by_its_name_or_its_image() {
        assert_eq!(read("docker run --name web nginx").name, "web");
        assert_eq!(read("docker run a.example/b/c:1").name, "c");
        let container = read("podman run --rootfs /srv/root");
        assert_eq!(
            (container.name.as_str(), container.image),
            ("container", None)
        );
    }

    #[test]
    fn the_last_value_wins_and_lists_append() {
        let container = read(
            "docker run -u root -u 7:8 --cap-drop CHOWN --cap-drop cap_kill \
             --security-opt no-new-privileges --security-opt seccomp:x.json \
             --read-only --read-only=false nginx",
        );
        let user = User {
            user: Id::Number(7),
            group: Some(Id::Number(8)),
        };
        assert_eq!(container.user.judged(), Some(&user));
        let dropped = container.capabilities_dropped.judged();
        assert_eq!(dropped.unwrap(), &["CHOWN", "KILL"]);
        assert_eq!(container.no_new_privileges.judged(), Some(&true));
        assert_eq!(container.seccomp.judged().unwrap(), "x.json");
        assert_eq!(container.read_only_root.judged(), Some(&false));
    }

    #[test]
    fn limits_are_read_in_every_form() {
        let container = read("docker run -m 128m --cpus=.75 --pids-limit -1 nginx");
        assert_eq!(container.memory_limit.judged(), Some(&(128 << 20)));
        assert_eq!(container.cpu_limit.judged(), Some(&750));
        assert_eq!(container.pids_limit.judged(), Some(&-1));
        let container = read("docker run --cpu-quota 50000 --restart on-failure:3 nginx");
        assert_eq!(container.cpu_limit.judged(), Some(&500));
        let bounded = Restart::OnFailure { retries: Some(3) };
        assert_eq!(container.restart.judged(), Some(&bounded));
        let container = read("docker run --cpu-period 50000 -m lots nginx");
        let mut seen = container.observations.iter();
        assert!(seen.any(|seen| matches!(seen.what, Observed::CpuPeriod { .. })));
        assert!(matches!(container.memory_limit, Setting::Unreadable { .. }));
    }

    #[test]
    fn podman_has_its_own_defaults() {
        let container = read("podman run --read-only --userns=keep-id app");
        assert_eq!(container.pids_limit.judged(), Some(&2048));
        assert!(container.mount_at("/var/tmp").is_some());
        assert!(matches!(container.user, Setting::Variable { .. }));
        let container = read("podman run --read-only --read-only-tmpfs=false app");
        assert!(container.mounts.is_empty());
        assert!(read("docker run --read-only app").mounts.is_empty());
    }

    #[test]
    fn ports_and_networks_are_read_in_every_form() {
        let container = read(
            "docker run -p 127.0.0.1:8080:80 -p published=53,target=5353,protocol=udp \
             --expose 9000-9001/tcp --net host nginx",
        );
        assert_eq!(container.ports, [9000, 9001, 80, 5353]);
        let host: Vec<_> = container.host_ports.iter().map(|port| port.port).collect();
        assert_eq!(host, [8080, 53]);
        assert_eq!(container.network, Network::Host);
        assert_eq!(
            read("docker run --network name=host app").network,
            Network::Host
        );
        let shared = Network::Shared("container:web".to_owned());
        assert_eq!(
            read("docker run --network container:web app").network,
            shared
        );
        assert_eq!(read("podman run -p 80:80,443:443 app").ports, [80, 443]);
    }

    #[test]
    fn every_kind_of_mount_is_read() {
        let container = read(
            "docker run -v data:/data -v /srv:/srv:ro -v /anon --tmpfs /tmp:size=64m \
             --mount type=bind,src=/etc,dst=/host/etc,readonly \
             --mount type=tmpfs,destination=/run --mount src=x,target=/x app",
        );
        let mounts: Vec<_> = container
            .mounts
            .iter()
            .map(|mount| (mount.target.as_str(), &mount.source, mount.read_only))
            .collect();
        assert_eq!(
            mounts,
            [
                ("/data", &MountSource::Volume("data".into()), false),
                ("/srv", &MountSource::Host("/srv".into()), true),
                ("/anon", &MountSource::Anonymous, false),
                ("/tmp", &MountSource::Scratch, false),
                ("/host/etc", &MountSource::Host("/etc".into()), true),
                ("/run", &MountSource::Scratch, false),
                ("/x", &MountSource::Volume("x".into()), false),
            ]
        );
    }
}
