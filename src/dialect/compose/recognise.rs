//! Recognises Compose files.

use std::borrow::Cow;

use crate::project::NotOurs;
use crate::syntax::{Found, Kind, NodeId, Schema, Tree};

/// The top-level keys of compose-spec, apart from `x-` extensions. Its schema rejects a file with
/// other keys (`compose-spec.json`, `additionalProperties: false`).
const TOP_LEVEL: [&str; 9] = [
    "version", "name", "services", "networks", "volumes", "configs", "secrets", "include", "models",
];

/// Keys that define what a service runs. An entry without any of them is defined elsewhere.
const DEFINING: [&str; 4] = ["image", "build", "extends", "provider"];

/// The service keys that docker-compose 1 allows in a file without `services` (docker/compose 1.x
/// `compose/config/config_schema_v1.json`).
const LEGACY: [&str; 49] = [
    "auto_up",
    "build",
    "cap_add",
    "cap_drop",
    "cgroup_parent",
    "command",
    "container_name",
    "cpu_quota",
    "cpu_shares",
    "cpuset",
    "devices",
    "dns",
    "dns_search",
    "dockerfile",
    "domainname",
    "entrypoint",
    "env_file",
    "environment",
    "expose",
    "extends",
    "external_links",
    "extra_hosts",
    "hostname",
    "image",
    "ipc",
    "labels",
    "links",
    "log_driver",
    "log_opt",
    "mac_address",
    "mem_limit",
    "mem_swappiness",
    "memswap_limit",
    "net",
    "pid",
    "ports",
    "privileged",
    "read_only",
    "restart",
    "security_opt",
    "shm_size",
    "stdin_open",
    "stop_signal",
    "tty",
    "ulimits",
    "user",
    "volumes",
    "volumes_from",
    "working_dir",
];

/// Whether the stream is a Compose project. Every document is checked.
///
/// # Errors
///
/// [`NotOurs::Empty`] for a stream without content, [`NotOurs::Fragment`] if no service defines
/// what it runs, [`NotOurs::OtherYaml`] if the stream is not a Compose project.
pub(super) fn recognise(tree: &Tree<'_>) -> Result<(), NotOurs> {
    let mut empty = true;
    let mut services = false;
    let mut defined = false;
    for document in tree.documents() {
        let root = tree.resolve(document.root);
        match tree.node(root).kind {
            Kind::Map => {}
            _ if tree.text(root).is_empty() => continue,
            _ => return Err(NotOurs::OtherYaml),
        }
        empty = false;
        let entries = tree.effective_entries(root, Schema::GoYamlV4);
        if !entries.iter().all(|(key, _)| is_top_level(key)) {
            if tree.documents().len() == 1 && is_legacy(tree, &entries) {
                return Ok(());
            }
            return Err(if tree.documents().len() == 1 && has_service(tree, root) {
                NotOurs::OtherKeys
            } else {
                NotOurs::OtherYaml
            });
        }
        if tree.get(root, "include", Schema::GoYamlV4).is_some() {
            services = true;
            defined = true;
        }
        let Some(found) = tree.get(root, "services", Schema::GoYamlV4) else {
            continue;
        };
        let map = tree.resolve(found.value());
        if tree.node(map).kind != Kind::Map {
            continue;
        }
        services = true;
        defined |= tree
            .effective_entries(map, Schema::GoYamlV4)
            .iter()
            .any(|(_, entry)| is_defined(tree, entry.value()));
    }
    match (empty, services, defined) {
        (true, ..) => Err(NotOurs::Empty),
        (_, false, _) => Err(NotOurs::OtherYaml),
        (_, true, false) => Err(NotOurs::Fragment),
        (_, true, true) => Ok(()),
    }
}

/// Whether every document is empty, or has only the keys of a Compose file.
pub(crate) fn has_only_top_level_keys(tree: &Tree<'_>) -> bool {
    tree.documents().iter().all(|document| {
        let root = tree.resolve(document.root);
        match tree.node(root).kind {
            Kind::Map => {
                let entries = tree.effective_entries(root, Schema::GoYamlV4);
                entries.iter().all(|(key, _)| is_top_level(key))
            }
            _ => tree.text(root).is_empty(),
        }
    })
}

/// The mapping that holds the services of a document: `services`, or the document itself in the
/// first format.
pub(super) fn services_of(tree: &Tree<'_>, root: NodeId) -> Option<NodeId> {
    if let Some(found) = tree.get(root, "services", Schema::GoYamlV4) {
        return Some(tree.resolve(found.value()));
    }
    has_no_services_key(tree, root).then(|| tree.resolve(root))
}

/// Whether the document has the first format, with services at the top level.
pub(super) fn has_no_services_key(tree: &Tree<'_>, root: NodeId) -> bool {
    let root = tree.resolve(root);
    tree.node(root).kind == Kind::Map
        && is_legacy(tree, &tree.effective_entries(root, Schema::GoYamlV4))
}

/// Whether `services` has an entry that starts a container. Not all programs that read Compose files
/// reject further keys beside it. Objects of Kubernetes have a kind.
fn has_service(tree: &Tree<'_>, root: NodeId) -> bool {
    let of = |map, key| Some(tree.resolve(tree.get(map, key, Schema::GoYamlV4)?.value()));
    let Some(services) = of(root, "services") else {
        return false;
    };
    let services = tree.effective_entries(services, Schema::GoYamlV4);
    of(root, "kind").is_none()
        && services.iter().any(|(_, service)| {
            let service = tree.resolve(service.value());
            let image = of(service, "image").or_else(|| of(service, "build"));
            tree.node(service).kind == Kind::Map && image.is_some()
        })
}

fn is_top_level(key: &str) -> bool {
    TOP_LEVEL.contains(&key) || key.starts_with("x-")
}

/// Whether docker-compose 1 accepts every entry as a service. One entry must have more keys than
/// its image, so that a mapping of names to images does not match.
fn is_legacy(tree: &Tree<'_>, entries: &[(Cow<'_, str>, Found)]) -> bool {
    let mut says_more = false;
    for (name, entry) in entries {
        if is_top_level(name) {
            return false;
        }
        let service = tree.resolve(entry.value());
        if tree.node(service).kind != Kind::Map {
            return false;
        }
        let mut runs = false;
        for (key, value) in tree.effective_entries(service, Schema::GoYamlV4) {
            let is_text = tree.node(tree.resolve(value.value())).kind == Kind::Scalar;
            match &*key {
                "image" | "build" if is_text => runs = true,
                "extends" => runs = true,
                "image" | "build" => return false,
                key if LEGACY.contains(&key) => says_more = true,
                _ => return false,
            }
        }
        if !runs {
            return false;
        }
    }
    says_more
}

/// Whether the service defines what it runs.
pub(super) fn is_defined(tree: &Tree<'_>, service: NodeId) -> bool {
    DEFINING
        .iter()
        .any(|key| tree.get(service, key, Schema::GoYamlV4).is_some())
}
