//! Services as neutral containers.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::layers::{Layers, Value, judged};
use super::mounts::{self, TopLevel};
use super::services::Service;
use super::{Heir, Limits, Site, Version, build, environment, inheritance, recognise, services};
use crate::container::{
    Against, Container, Evidence, HostNamespace, HostPort, Network, Place, Restart, Setting, Sysctl,
};
use crate::dialect::engine_words::{self, Port, units};
use crate::image::{self, Knowledge};
use crate::project::{File, Member, Surroundings};
use crate::syntax::{Kind, NodeId, Schema, Span, compose_boolean};

/// Keys of `deploy` that only a swarm reads.
const SWARM: [&str; 5] = [
    "mode",
    "placement",
    "update_config",
    "rollback_config",
    "endpoint_mode",
];

/// The members of files that belong together, each base before the services that extend it.
pub(in crate::dialect) fn read(
    files: &[File<'_>],
    knowledge: &Knowledge,
    surroundings: &dyn Surroundings,
) -> Vec<Member> {
    let (found, tops) = services_of_projects(files, surroundings);
    let legacy: Vec<bool> = files.iter().map(is_legacy).collect();
    let mut members: Vec<Member> = Vec::new();
    let mut known: Vec<Layers> = Vec::new();
    let mut projects = Vec::new();
    let mut places: HashMap<(usize, NodeId), usize> = HashMap::new();
    for (service, project) in found {
        let Whole { top, version } = &tops[project];
        let layers = &service.layers;
        let Some(defining) = inheritance::defining(layers) else {
            continue;
        };
        let runs = layers.has(files, &["image"]) || layers.has(files, &["build"]);
        if !runs && service.incomplete.is_none() || layers.has(files, &["provider"]) {
            continue;
        }
        // Files that two projects share are planned once.
        if let Some(twin) = places.get(&(defining.file, defining.node)) {
            if known[*twin] != *layers {
                let why = "another project of these files reads it otherwise".to_owned();
                change(&mut members[*twin].site, |site| site.sealed = Some(why));
            }
            continue;
        }
        let member = members.len();
        for layer in layers.iter().filter(|layer| layer.is_inherited()) {
            if let Some(base) = places.get(&(layer.file, layer.node)) {
                let heir = Heir {
                    name: service.name.clone(),
                    member,
                    same: inheritance::is_like(files, layers, &known[*base]),
                };
                change(&mut members[*base].site, |site| site.heirs.push(heir));
            }
        }

        places.insert((defining.file, defining.node), member);
        let place = Place {
            file: defining.file,
            span: service.key,
        };
        let mut container = Container::new(service.name.clone(), service.name.clone(), place);
        container.group = member;
        container.incomplete = service.incomplete;
        fill(&mut container, layers, files, knowledge, surroundings);
        if container.built {
            container.facts = build::recipe(layers, files, surroundings)
                .and_then(|recipe| recipe.facts(knowledge))
                .map(Arc::new);
        }
        mounts::read(&mut container, layers, files, top, surroundings);
        probe_of_image(&mut container);
        let version = if legacy[defining.file] {
            Version::First
        } else {
            *version
        };
        let swarm = SWARM
            .into_iter()
            .find(|key| layers.has(files, &["deploy", key]));
        if version == Version::First {
            container.pids_limit = Setting::Unsupported;
        }
        container.caution = caution(version, swarm);
        let later = inheritance::later(layers, defining);
        let file = &files[defining.file];
        let site = Site {
            service: service.name,
            file: defining.file,
            node: defining.node,
            limits: limits_home(layers, files, version.is_3()),
            version,
            restarts_by_deploy: layers.has(files, &["deploy", "restart_policy"]),
            heirs: Vec::new(),
            overridden: inheritance::overridden(files, defining, &later),
            later: inheritance::scalars(files, &later),
            sealed: sealed(file, service.key),
            swarm,
        };
        members.push(Member {
            container,
            site: crate::dialect::Site::Compose(site),
        });
        known.push(service.layers);
        projects.push(project);
    }
    build::share(&mut members);
    mounts::share(&mut members, &projects);
    members
}

/// What the reader of the file does not do with it.
fn caution(version: Version, swarm: Option<&str>) -> Option<&'static str> {
    match (version, swarm) {
        (Version::First, _) => Some("only docker-compose 1 reads a file without `services`"),
        (_, Some(_)) => Some(
            "a swarm ignores `security_opt`; its daemons take `no-new-privileges` from daemon.json",
        ),
        (_, None) => None,
    }
}

/// The file has its services at the top.
fn is_legacy(file: &File<'_>) -> bool {
    let tree = &file.tree;
    let mut documents = tree.documents().iter();
    documents.any(|document| recognise::has_no_services_key(tree, document.root))
}

/// What the files of one project say for all of its services.
struct Whole {
    top: TopLevel,
    version: Version,
}

/// Every service, each base before the services that extend it, with the index of its project.
fn services_of_projects(
    files: &[File<'_>],
    surroundings: &dyn Surroundings,
) -> (Vec<(Service, usize)>, Vec<Whole>) {
    let mut found = Vec::new();
    let mut tops = Vec::new();
    for project in services::collect(files, surroundings) {
        found.extend(
            project
                .services
                .into_iter()
                .map(|service| (service, tops.len())),
        );
        let version = project.roots.iter().find_map(|(file, root)| {
            let file = &files[*file];
            let found = file.tree.get(*root, "version", Schema::Compose)?;
            judged(file, found.value())
        });
        let version = Version::of(version.as_deref());
        tops.push(Whole {
            top: TopLevel::new(files, project.roots),
            version,
        });
    }
    found.sort_by_key(|(service, _)| {
        let layers = service.layers.iter();
        layers.filter(|layer| layer.is_inherited()).count()
    });
    (found, tops)
}

/// Why nothing may be written to the file that defines the service at `key`.
fn sealed(file: &File<'_>, key: Span) -> Option<String> {
    if file.part.is_given {
        return None;
    }
    let (line, _) = file.tree.line_column(key.start);
    let path = file.path.display();
    Some(format!(
        "`{path}:{line}` defines it, and that file was not named"
    ))
}

fn change(site: &mut crate::dialect::Site, how: impl FnOnce(&mut Site)) {
    if let crate::dialect::Site::Compose(site) = site {
        how(site);
    }
}

/// compose-go refuses a service whose flat limits and `deploy` limits differ, an absent one
/// counting as 0 (`loader/validate.go`): new limits go where limits are.
fn limits_home(layers: &Layers, files: &[File<'_>], version_3: bool) -> Limits {
    if layers.has(files, &["deploy", "resources", "limits"]) {
        return Limits::Deploy;
    }
    if ["mem_limit", "cpus", "pids_limit"]
        .iter()
        .any(|key| layers.has(files, &[key]))
    {
        return Limits::Service;
    }
    let swarm = SWARM.iter().any(|key| layers.has(files, &["deploy", key]));
    if version_3 || swarm {
        Limits::Deploy
    } else {
        Limits::Service
    }
}

/// Fills in everything but mounts.
fn fill(
    container: &mut Container,
    layers: &Layers,
    files: &[File<'_>],
    knowledge: &Knowledge,
    surroundings: &dyn Surroundings,
) {
    let bool_at = |path: &[&str]| layers.setting(files, path, compose_boolean);
    container.mounts_image_volumes = true;
    container.scratch_is_memory = true;
    container.require_non_root = Setting::Unsupported;
    container.volume_group = Setting::Unsupported;
    container.unprivileged_port_start = Setting::Unsupported;
    container.service_account_token = Setting::Unsupported;
    container.service_account = Setting::Unsupported;
    container.seccomp_by_default = true;

    container.built = layers.get(files, &["build"]).is_some();
    container.image = layers
        .get(files, &["image"])
        .and_then(|value| {
            let tree = &files[value.file].tree;
            (tree.node(value.node).kind == Kind::Scalar)
                .then(|| tree.value(value.node).into_owned())
        })
        .map(|text| image::Name::parse(&text));
    if !container.built {
        container.facts = container
            .image
            .as_ref()
            .and_then(|name| knowledge.facts(name));
    }

    container.privileged = bool_at(&["privileged"]);
    container.user = layers.setting(files, &["user"], engine_words::user);
    container.no_new_privileges = no_new_privileges(layers, files);
    container.init = bool_at(&["init"]);
    security_options(container, layers, files);
    container.restart = restart(layers, files);
    container.labels = pairs(layers, files, "labels").into();
    container.read_only_root = bool_at(&["read_only"]);
    container.capabilities_added = capabilities(layers, files, "cap_add");
    container.capabilities_dropped = capabilities(layers, files, "cap_drop");

    let limit = |flat: &str, list: &str, key: &str| {
        let flat = [flat];
        let deploy = ["deploy", "resources", list, key];
        layers
            .get(files, &flat)
            .or_else(|| layers.get(files, &deploy))
    };
    container.memory_limit = setting(limit("mem_limit", "limits", "memory"), files, units::bytes);
    container.memory_request = setting(
        limit("mem_reservation", "reservations", "memory"),
        files,
        units::bytes,
    );
    container.cpu_limit = setting(limit("cpus", "limits", "cpus"), files, units::millicpu);
    container.cpu_request = setting(
        layers.get(files, &["deploy", "resources", "reservations", "cpus"]),
        files,
        units::millicpu,
    );
    container.pids_limit = setting(limit("pids_limit", "limits", "pids"), files, |text| {
        text.trim().parse().ok()
    });
    cpu_quota(container, layers, files);
    container.shared_memory = layers
        .get(files, &["shm_size"])
        .and_then(|value| units::bytes(&value.judged(files)?));

    environment::read(container, layers, files, surroundings);
    container.entrypoint = layers
        .get(files, &["entrypoint"])
        .and_then(|value| words(files, &value));
    container.arguments = layers
        .get(files, &["command"])
        .and_then(|value| words(files, &value));
    hooks(container, layers, files);
    network(container, layers, files);
    if let Some(limit) = layers.get(files, &["ulimits", "nproc"]) {
        let place = limit.origin.place;
        container
            .evidence
            .push(engine_words::bounded_processes(place));
    }
    devices(container, layers, files);
    watch(container, layers, files);
    let says = |key: &str, word: &str| {
        layers
            .get(files, &[key])
            .and_then(|value| value.judged(files).map(|text| text.starts_with(word)))
            .unwrap_or_default()
    };
    container.windows = says("platform", "windows")
        || says("isolation", "hyperv")
        || says("image", "mcr.microsoft.com/windows");
    if layers
        .get(files, &["use_api_socket"])
        .and_then(|value| compose_boolean(&value.judged(files)?))
        == Some(true)
    {
        container.mounts.push(crate::container::Mount {
            target: "/var/run/docker.sock".to_owned(),
            source: crate::container::MountSource::Host("/var/run/docker.sock".to_owned()),
            read_only: false,
            open: false,
            propagation: None,
            place: None,
        });
    }
}

fn setting<T>(
    value: Option<Value>,
    files: &[File<'_>],
    read: impl Fn(&str) -> Option<T>,
) -> Setting<T> {
    value.map_or(Setting::Absent, |value| value.setting(files, read))
}

/// The last `no-new-privileges` of `security_opt`.
fn no_new_privileges(layers: &Layers, files: &[File<'_>]) -> Setting<bool> {
    let mut setting = Setting::Absent;
    for (text, value) in layers.texts(files, "security_opt") {
        let (name, argument) = engine_words::security_option(&text);
        if name != "no-new-privileges" {
            continue;
        }
        let origin = value.origin;
        setting = match engine_words::no_new_privileges(argument) {
            Some(value) => Setting::Set { value, origin },
            None => Setting::Unreadable { text, origin },
        };
    }
    setting
}

/// `seccomp`, `apparmor` and `label` of `security_opt`. The later of two profiles holds; of the
/// labels `disable` does, wherever it stands (opencontainers/selinux `go-selinux/label`).
fn security_options(container: &mut Container, layers: &Layers, files: &[File<'_>]) {
    for (text, item) in layers.texts(files, "security_opt") {
        let (name, Some(value)) = engine_words::security_option(&text) else {
            continue;
        };
        let set = || Setting::Set {
            value: value.to_owned(),
            origin: item.origin.clone(),
        };
        match name {
            "seccomp" => container.seccomp = set(),
            "apparmor" => container.app_armor = set(),
            "label"
                if container
                    .selinux
                    .judged()
                    .is_none_or(|known| known != "disable") =>
            {
                container.selinux = set();
            }
            "systempaths" if value == "unconfined" => {
                container.proc_mount = Setting::Set {
                    value: "Unmasked".to_owned(),
                    origin: item.origin.clone(),
                };
            }
            _ => {}
        }
        if matches!(name, "seccomp" | "apparmor" | "label")
            && let Some(place) = item.origin.place
            && files[place.file].tree.has_remark(place.span)
        {
            container.evidence.push(Evidence {
                against: Against::DefaultConfinement,
                what: "a comment stands beside it".to_owned(),
                decisive: false,
                place: item.origin.place,
            });
        }
    }
}

/// `deploy.restart_policy`, which Compose reads before `restart` (docker/compose
/// `pkg/compose/create.go`, `getRestartPolicy`), or that.
fn restart(layers: &Layers, files: &[File<'_>]) -> Setting<Restart> {
    const POLICY: [&str; 2] = ["deploy", "restart_policy"];
    if layers.get(files, &POLICY).is_none() {
        return layers.setting(files, &["restart"], engine_words::restart);
    }
    let attempts = layers.setting(files, &[POLICY[0], POLICY[1], "max_attempts"], |text| {
        text.parse().ok()
    });
    if let Setting::Variable { text, origin, .. } = attempts {
        return Setting::Variable {
            text,
            default: None,
            origin,
        };
    }
    let retries = attempts.judged().copied().filter(|retries| *retries > 0);
    let condition = layers.setting(files, &[POLICY[0], POLICY[1], "condition"], |text| {
        Some(match text {
            "none" | "no" => Restart::Never,
            "on-failure" => Restart::OnFailure { retries },
            "any" | "always" | "unless-stopped" | "" => Restart::Always,
            _ => return None,
        })
    });
    match (condition, layers.get(files, &POLICY)) {
        (Setting::Absent, Some(policy)) => Setting::Set {
            value: Restart::Always,
            origin: policy.origin,
        },
        (condition, _) => condition,
    }
}

/// The entries of a mapping, or of a list of `name=value`.
fn pairs(layers: &Layers, files: &[File<'_>], key: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for value in layers.all(files, key) {
        let file = &files[value.file];
        let tree = &file.tree;
        match tree.node(value.node).kind {
            Kind::Map => {
                for (name, found) in tree.effective_entries(value.node, Schema::Compose) {
                    let text = judged(file, found.value()).map(Cow::into_owned);
                    pairs.push((name.into_owned(), text.unwrap_or_default()));
                }
            }
            _ => pairs.extend(texts(file, value.node).into_iter().map(|text| {
                match text.split_once('=') {
                    Some((name, value)) => (name.to_owned(), value.to_owned()),
                    None => (text, String::new()),
                }
            })),
        }
    }
    pairs
}

fn capabilities(layers: &Layers, files: &[File<'_>], key: &str) -> Setting<Vec<String>> {
    let texts = layers.texts(files, key);
    let Some((_, first)) = texts.first() else {
        return Setting::Absent;
    };
    let origin = first.origin.clone();
    let value = texts
        .iter()
        .map(|(text, _)| engine_words::capability(text))
        .collect();
    Setting::Set { value, origin }
}

/// `cpu_quota` of a `cpu_period` (100 ms by default) is a CPU limit; the engine refuses `cpus` beside either.
fn cpu_quota(container: &mut Container, layers: &Layers, files: &[File<'_>]) {
    let period = layers.get(files, &["cpu_period"]);
    let micros = |value: &Value| {
        let text = value.judged(files)?;
        let text = text.trim();
        let (number, factor) = match text.strip_suffix("ms") {
            Some(number) => (number, 1_000),
            None => (text.strip_suffix("us").unwrap_or(text), 1),
        };
        number.parse::<u64>().ok()?.checked_mul(factor)
    };
    let length = period
        .as_ref()
        .and_then(micros)
        .filter(|length| *length > 0)
        .unwrap_or(100_000);
    if container.cpu_limit.is_absent()
        && let Some(quota) = layers.get(files, &["cpu_quota"])
    {
        if let Some(text) = quota.judged(files).filter(|text| text.contains('$')) {
            container.cpu_limit = Setting::Variable {
                text: text.into_owned(),
                default: None,
                origin: quota.origin,
            };
            return;
        }
        let limit = micros(&quota)
            .and_then(|quota| quota.checked_mul(1000))
            .map(|quota| quota / length);
        let text = quota.judged(files).map(Cow::into_owned).unwrap_or_default();
        container.cpu_limit = match limit {
            Some(value) => Setting::Set {
                value,
                origin: quota.origin,
            },
            None => Setting::Unreadable {
                text,
                origin: quota.origin,
            },
        };
    } else if let Some(period) = period {
        container.evidence.push(Evidence {
            against: Against::CpuLimit,
            what: "`cpu_period` is set, and the engine refuses `cpus` beside it".to_owned(),
            decisive: true,
            place: period.origin.place,
        });
    }
}

/// A command: a list as it is, a string split as a shell splits it. Null means the image's own.
fn words(files: &[File<'_>], value: &Value) -> Option<Vec<String>> {
    let file = &files[value.file];
    let tree = &file.tree;
    match tree.node(value.node).kind {
        Kind::Seq => Some(texts(file, value.node)),
        Kind::Scalar => judged(file, value.node).map(|text| split_words(&text)),
        _ => None,
    }
}

fn texts(file: &File<'_>, seq: NodeId) -> Vec<String> {
    let tree = &file.tree;
    tree.children(seq)
        .filter_map(|item| judged(file, item).map(Cow::into_owned))
        .collect()
}

/// Words as a shell splits them: quotes and backslashes removed, nothing expanded.
fn split_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (None, ' ' | '\t' | '\n' | '\r') => words.extend(word.take()),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (Some(open), c) if c == open => quote = None,
            (None | Some('"'), '\\') => word.get_or_insert_default().extend(chars.next()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

fn hooks(container: &mut Container, layers: &Layers, files: &[File<'_>]) {
    if let Some(test) = layers.get(files, &["healthcheck", "test"]) {
        let file = &files[test.file];
        container
            .probes
            .extend(match file.tree.node(test.node).kind {
                // A text is for a shell as it stands (compose-go `types/types.go`, `HealthCheckTest`).
                Kind::Scalar => judged(file, test.node)
                    .map(|script| vec!["CMD-SHELL".to_owned(), script.into_owned()]),
                _ => words(files, &test),
            });
    }
    for key in ["pre_start", "post_start", "pre_stop"] {
        for hook in layers.items(files, key) {
            let file = &files[hook.file];
            let tree = &file.tree;
            if let Some(command) = tree.get(hook.node, "command", Schema::Compose) {
                let node = tree.resolve(command.value());
                container.hooks.push(match tree.node(node).kind {
                    Kind::Seq => texts(file, node),
                    _ => judged(file, node)
                        .map(|text| split_words(&text))
                        .unwrap_or_default(),
                });
            }
        }
    }
}

/// A service without a health check of its own has that of its image.
pub(super) fn probe_of_image(container: &mut Container) {
    let facts = container.facts.as_deref();
    if container.probes.is_empty()
        && let Some(probe) = facts.and_then(|facts| facts.probe.clone())
    {
        container.probes.push(probe);
    }
}

fn network(container: &mut Container, layers: &Layers, files: &[File<'_>]) {
    // `net` is the word of the format without `services`.
    let mode = layers.get(files, &["network_mode"]);
    if let Some(value) = mode.or_else(|| layers.get(files, &["net"]))
        && let Some(mode) = value.judged(files)
    {
        container.network = match &*mode {
            "host" => Network::Host,
            shared if shared.starts_with("service:") || shared.starts_with("container:") => {
                Network::Shared(shared.to_owned())
            }
            variable if variable.contains('$') => Network::Variable(variable.to_owned()),
            _ => Network::Private,
        };
    }
    for (text, _) in layers.texts(files, "expose") {
        container.ports.extend(
            text.split('/')
                .next()
                .and_then(|port| port.parse::<u16>().ok()),
        );
    }
    for value in layers.items(files, "ports") {
        let file = &files[value.file];
        let tree = &file.tree;
        let place = value.origin.place;
        if tree.node(value.node).kind == Kind::Map {
            let port = |key| {
                let found = tree.get(value.node, key, Schema::Compose)?;
                judged(file, found.value()).map(Cow::into_owned)
            };
            container
                .ports
                .extend(port("target").and_then(|text| text.parse::<u16>().ok()));
            if port("host_ip").is_none_or(|address| address.is_empty()) {
                container.open_ports.extend(place);
            }
            if let Some(published) = port("published").and_then(|text| text.parse().ok()) {
                container.host_ports.push(HostPort {
                    port: published,
                    address: port("host_ip"),
                    place,
                });
            }
        } else if let Some(text) = value.judged(files) {
            if engine_words::port(&text).address.is_none() {
                container.open_ports.extend(place);
            }
            short_port(container, &text, place);
        }
    }
    for (key, name) in [
        ("pid", "pid"),
        ("ipc", "ipc"),
        ("uts", "uts"),
        ("userns_mode", "user"),
        ("cgroup", "cgroup"),
    ] {
        let Some(value) = layers.get(files, &[key]) else {
            continue;
        };
        let mode = value.judged(files).unwrap_or_default();
        if mode == "host" {
            container.host_namespaces.push(HostNamespace {
                name,
                place: value.origin.place,
            });
        }
        if let Some(what) = engine_words::shared_namespace(name, &mode) {
            container.evidence.push(Evidence {
                against: Against::User,
                what,
                decisive: false,
                place: value.origin.place,
            });
        }
    }
    sysctls(container, layers, files);
    container.low_ports_are_free = engine_words::low_ports_are_free(&container.sysctls);
}

fn sysctls(container: &mut Container, layers: &Layers, files: &[File<'_>]) {
    for value in layers.all(files, "sysctls") {
        let file = &files[value.file];
        let tree = &file.tree;
        let place = value.origin.place;
        let pairs: Vec<(String, String)> = match tree.node(value.node).kind {
            Kind::Map => tree
                .effective_entries(value.node, Schema::Compose)
                .into_iter()
                .filter_map(|(name, found)| {
                    Some((name.into_owned(), judged(file, found.value())?.into_owned()))
                })
                .collect(),
            _ => texts(file, value.node)
                .iter()
                .filter_map(|text| text.split_once('='))
                .map(|(name, text)| (name.to_owned(), text.to_owned()))
                .collect(),
        };
        container
            .sysctls
            .extend(
                pairs
                    .into_iter()
                    .map(|(name, value)| Sysctl { name, value, place }),
            );
    }
}

fn short_port(container: &mut Container, text: &str, place: Option<Place>) {
    let Port {
        address,
        host,
        inner,
    } = engine_words::port(text);
    container.ports.extend(inner);
    container
        .host_ports
        .extend(host.into_iter().map(|port| HostPort {
            port,
            address: address.clone(),
            place,
        }));
}

fn devices(container: &mut Container, layers: &Layers, files: &[File<'_>]) {
    container.devices.extend(
        layers
            .texts(files, "devices")
            .into_iter()
            .map(|(text, _)| text),
    );
    for value in layers.items(files, "devices") {
        let file = &files[value.file];
        let tree = &file.tree;
        if let Some(source) = tree.get(value.node, "source", Schema::Compose) {
            container
                .devices
                .extend(judged(file, source.value()).map(Cow::into_owned));
        }
    }
    let reserved = layers
        .get(files, &["deploy", "resources", "reservations", "devices"])
        .is_some();
    let runtime = layers
        .get(files, &["runtime"])
        .and_then(|value| {
            value
                .judged(files)
                .map(|runtime| runtime.contains("nvidia"))
        })
        .unwrap_or_default();
    let gpus = layers.get(files, &["gpus"]).is_some();
    container.accelerated = reserved
        || runtime
        || gpus
        || container
            .devices
            .iter()
            .any(|device| engine_words::is_accelerator(device));
}

/// `develop.watch` copies into the root file system unless it only rebuilds or restarts.
fn watch(container: &mut Container, layers: &Layers, files: &[File<'_>]) {
    let Some(value) = layers.get(files, &["develop", "watch"]) else {
        return;
    };
    let file = &files[value.file];
    let tree = &file.tree;
    let syncs = tree.children(value.node).any(|rule| {
        tree.get(rule, "action", Schema::Compose)
            .and_then(|found| judged(file, found.value()))
            .is_some_and(|action| action.starts_with("sync"))
    });
    if syncs {
        container.evidence.push(Evidence {
            against: Against::ReadOnlyRoot,
            what: "`develop.watch` copies sources into the container".to_owned(),
            decisive: false,
            place: value.origin.place,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_split_as_a_shell_splits_it() {
        assert_eq!(
            split_words(r#"sh -c 'a "b" c' d\ e "f\"g""#),
            ["sh", "-c", r#"a "b" c"#, "d e", "f\"g"]
        );
        assert_eq!(split_words(""), Vec::<String>::new());
        assert_eq!(split_words("a ''"), ["a", ""]);
    }
}
