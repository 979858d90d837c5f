//! Reads services into neutral containers.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use super::build::Builds;
use super::inheritance::Differences;
use super::interpolation::compose_boolean;
use super::layers::{Layer, Layers, judged};
use super::mounts::{self, TopLevel};
use super::services::Service;
use super::{
    Headings, Heir, Member, SWARM, Site, Version, build, commands, confinement, environment,
    inheritance, network, recognise, resources, services, spelling,
};
use crate::container::{
    Container, Observed, Origin, Place, Reason, Restart, Setting, Value, Via, Words,
};
use crate::dialect::{BeyondReading, engine_words};
use crate::image::{self, Knowledge};
use crate::project::{File, Surroundings};
use crate::syntax::{Kind, NodeId, Schema, Span};

/// The members of files that belong together. A base comes before the services that extend it.
pub(super) fn read(
    files: &[File<'_>],
    knowledge: &Knowledge,
    surroundings: &dyn Surroundings,
) -> Result<Vec<Member>, BeyondReading> {
    let (found, projects) = services_of_projects(files, surroundings)?;
    let legacy: Vec<bool> = files.iter().map(is_legacy).collect();
    let mut members: Vec<Member> = Vec::new();
    let mut known: Vec<Layers> = Vec::new();
    let mut project_of_member = Vec::new();
    let headings = Arc::default();
    let mut builds = Builds::new(files, surroundings, knowledge);
    let mut env_files = environment::EnvFiles::default();
    let common_spellings = spelling::Common::of(files);
    let mut places: HashMap<(usize, NodeId), usize> = HashMap::new();
    let inherited: HashSet<(usize, NodeId)> = found
        .iter()
        .flat_map(|(service, _)| service.layers.iter())
        .filter(|layer| layer.is_inherited())
        .map(|layer| (layer.file, layer.node))
        .collect();
    for (service, project) in found {
        let common = &projects[project];
        let layers = &service.layers;
        let Some(defining) = inheritance::defining(layers) else {
            continue;
        };
        let runs = layers.has(files, &["image"]) || layers.has(files, &["build"]);
        if layers.has(files, &["provider"]) {
            continue;
        }
        let is_fragment = !runs && service.incomplete.is_none();
        if is_fragment && inherited.contains(&(defining.file, defining.node)) {
            // Those that extend it have all of it.
            continue;
        }
        // A file that two projects share is planned once.
        if let Some(twin) = places.get(&(defining.file, defining.node)) {
            if known[*twin] != *layers {
                members[*twin].site.not_editable = Some(Reason::new(&PROJECTS_DIFFER));
            }
            continue;
        }
        let member = members.len();
        let place = Place {
            file: defining.file,
            span: service.key,
        };
        let mut container = Container::new(service.name.clone(), service.name.clone(), place);
        container.group = member;
        container.incomplete.clone_from(&service.incomplete);
        if is_fragment {
            container.is_fragment = true;
            container.no_assumptions = Some(Reason::new(&DEFINED_ELSEWHERE));
        }
        let others = environment::read(&mut container, layers, files, surroundings, &mut env_files);
        container.spellings = common_spellings.spellings(layers, files, others);
        fill(&mut container, layers, files, knowledge);
        if container.built {
            container.facts = builds.facts(layers);
        }
        mounts::read(&mut container, layers, files, &common.top, surroundings);
        commands::probe_of_image(&mut container);
        let version = if legacy[defining.file] {
            Version::First
        } else {
            common.version
        };
        let swarm = for_swarm(&service.name, layers, files).or_else(|| common.swarm.clone());
        fit_to_consumer(&mut container, layers, files, version, swarm.is_some());
        let differences = OnceCell::new();
        for layer in layers.iter().filter(|layer| layer.is_inherited()) {
            if let Some(base) = places.get(&(layer.file, layer.node)).copied() {
                let differences = differences.get_or_init(|| Differences::new(files, layers));
                let heir = Heir {
                    name: service.name.clone(),
                    member,
                    same: differences.are_harmless_for(files, &known[base])
                        && inheritance::has_like_surroundings(&container, &members[base].container),
                };
                members[base].site.heirs.push(heir);
            }
        }
        places.insert((defining.file, defining.node), member);
        let site = site(
            &service,
            defining,
            (files, surroundings),
            version,
            swarm,
            &headings,
        );
        members.push(Member { container, site });
        known.push(service.layers);
        project_of_member.push(project);
    }
    build::share(&mut members);
    mounts::share(&mut members, &project_of_member);
    Ok(members)
}

/// Adjusts settings that the format version or a swarm does not read.
fn fit_to_consumer(
    container: &mut Container,
    layers: &Layers,
    files: &[File<'_>],
    version: Version,
    is_swarm: bool,
) {
    if version == Version::First {
        container.pids_limit = Setting::Unsupported;
    }
    container.caution = caution(version, is_swarm);
    if is_swarm && !layers.has(files, &["deploy", "restart_policy"]) {
        container.restart = in_swarm();
    }
}

fn site(
    service: &Service,
    defining: &Layer,
    (files, surroundings): (&[File<'_>], &dyn Surroundings),
    version: Version,
    swarm: Option<Reason>,
    headings: &Arc<OnceLock<Headings>>,
) -> Site {
    let layers = &service.layers;
    let later = inheritance::later(layers, defining);
    Site {
        service: service.name.clone(),
        file: defining.file,
        node: defining.node,
        limits: resources::limit_places(layers, files, version.is_3() || swarm.is_some()),
        swap: resources::swap(layers, files),
        version,
        restarts_by_deploy: swarm.is_some() || layers.has(files, &["deploy", "restart_policy"]),
        heirs: Vec::new(),
        overridden: inheritance::overridden(files, defining, &later),
        later: inheritance::scalars(files, surroundings, &later),
        not_editable: why_not_editable(&files[defining.file], surroundings, service.key),
        swarm,
        headings: Arc::clone(headings),
    }
}

static DEFINED_ELSEWHERE: Words = Words::new(
    "defined-elsewhere",
    "The service has no image and no build here, so another file defines it.",
);
static PROJECTS_DIFFER: Words = Words::new(
    "projects-differ",
    "Two projects use this file, and they define this service differently.",
);
static FIRST_VERSION: Words = Words::new(
    "first-compose-format",
    "Only docker-compose 1 reads a file without {name}.",
);
static SWARM_IGNORES: Words = Words::new(
    "swarm-ignores-option",
    "A swarm ignores {name}: set {option} in {file} of its daemons.",
);
static DEPLOY_KEY: Words = Words::new(
    "swarm-only-key",
    "{key} of the service {name} is only for a swarm.",
);
static NOT_GIVEN: Words = Words::new(
    "file-not-given",
    "{written} defines it: name that file too to change it.",
);

/// What the consumer of the file does not support.
fn caution(version: Version, swarm: bool) -> Option<Reason> {
    let name = |text: &str| Value::Name(text.to_owned());
    match (version, swarm) {
        (Version::First, _) => Some(Reason::new(&FIRST_VERSION).name("services")),
        (_, true) => {
            let reason = Reason::new(&SWARM_IGNORES).name("security_opt");
            let reason = reason.with("option", name("no-new-privileges"));
            Some(reason.with("file", name("daemon.json")))
        }
        (_, false) => None,
    }
}

/// Whether the file has services at the top level.
fn is_legacy(file: &File<'_>) -> bool {
    let tree = &file.tree;
    let mut documents = tree.documents().iter();
    documents.any(|document| recognise::has_no_services_key(tree, document.root))
}

/// Facts that apply to all services of a project.
struct Common {
    top: TopLevel,
    version: Version,
    /// Why only a swarm can run the project.
    swarm: Option<Reason>,
}

/// A key of the service that only a swarm reads.
fn for_swarm(service: &str, layers: &Layers, files: &[File<'_>]) -> Option<Reason> {
    let mut keys = SWARM.iter();
    let key = keys.find(|key| layers.has(files, &["deploy", key]))?;
    let key = Value::Name(format!("deploy.{key}"));
    Some(Reason::new(&DEPLOY_KEY).with("key", key).name(service))
}

/// A service and the index of its project.
type OfProject = (Service, usize);

/// Every service with the index of its project. A base comes before the services that extend it.
fn services_of_projects(
    files: &[File<'_>],
    surroundings: &dyn Surroundings,
) -> Result<(Vec<OfProject>, Vec<Common>), BeyondReading> {
    let mut found = Vec::new();
    let mut projects = Vec::new();
    for project in services::collect(files, surroundings)? {
        let swarm = project
            .services
            .iter()
            .find_map(|service| for_swarm(&service.name, &service.layers, files));
        found.extend(
            project
                .services
                .into_iter()
                .map(|service| (service, projects.len())),
        );
        let version = project.roots.iter().find_map(|(file, root)| {
            let file = &files[*file];
            let found = file.tree.get(*root, "version", Schema::GoYamlV4)?;
            judged(file, found.value())
        });
        let version = Version::of(version.as_deref());
        let top = TopLevel::new(files, project.roots);
        projects.push(Common {
            swarm: swarm.or_else(|| top.for_swarm(files)),
            top,
            version,
        });
    }
    found.sort_by_key(|(service, _)| {
        let layers = service.layers.iter();
        layers.filter(|layer| layer.is_inherited()).count()
    });
    Ok((found, projects))
}

/// Why the file that defines the service at `key` must not be edited.
fn why_not_editable(file: &File<'_>, surroundings: &dyn Surroundings, key: Span) -> Option<Reason> {
    if file.part.is_given {
        return None;
    }
    let (line, _) = file.tree.line_column(key.start);
    let name = surroundings.name(&file.path);
    let at = format!("{}:{line}", name.display());
    Some(Reason::new(&NOT_GIVEN).written(at))
}

/// Fills in all settings except mounts.
fn fill(container: &mut Container, layers: &Layers, files: &[File<'_>], knowledge: &Knowledge) {
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
    container.image_place = layers
        .get(files, &["image"])
        .and_then(|value| value.origin.place);
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
    container.init = bool_at(&["init"]);
    confinement::read(container, layers, files);
    container.restart = restart(layers, files);
    container.labels = pairs(layers, files, "labels").into();
    container.read_only_root = bool_at(&["read_only"]);
    resources::read(container, layers, files);
    commands::read(container, layers, files);
    network::read(container, layers, files);
    if let Some(limit) = layers.get(files, &["ulimits", "nproc"]) {
        let place = limit.origin.place;
        let limit = Observed::LimitsProcessesOfUser.at(place);
        container.observations.push(limit);
    }
    devices(container, layers, files);
    watch(container, layers, files);
    let has_word = |key: &str, word: &str| {
        layers
            .get(files, &[key])
            .and_then(|value| value.judged(files).map(|text| text.starts_with(word)))
            .unwrap_or_default()
    };
    container.windows = has_word("platform", "windows")
        || has_word("isolation", "hyperv")
        || has_word("image", "mcr.microsoft.com/windows");
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

/// A swarm ignores `restart` (docs/semantics.md#swarm-ignores). It restarts a task after every
/// exit, unless a policy says otherwise.
fn in_swarm() -> Setting<Restart> {
    Setting::Set {
        value: Restart::Always,
        origin: Origin {
            place: None,
            via: Via::Default,
        },
    }
}

/// `deploy.restart_policy`, or `restart` if there is no such policy. Compose reads them in this
/// order (docker/compose `pkg/compose/create.go`, `getRestartPolicy`).
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
                for (name, found) in tree.effective_entries(value.node, Schema::GoYamlV4) {
                    let text = judged(file, found.value()).map(Cow::into_owned);
                    pairs.push((name.into_owned(), text.unwrap_or_default()));
                }
            }
            _ => pairs.extend(commands::texts(file, value.node).into_iter().map(|text| {
                match text.split_once('=') {
                    Some((name, value)) => (name.to_owned(), value.to_owned()),
                    None => (text, String::new()),
                }
            })),
        }
    }
    pairs
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
        if let Some(source) = tree.get(value.node, "source", Schema::GoYamlV4) {
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

/// `develop.watch` copies files into the root file system, except for the actions rebuild and
/// restart.
fn watch(container: &mut Container, layers: &Layers, files: &[File<'_>]) {
    let Some(value) = layers.get(files, &["develop", "watch"]) else {
        return;
    };
    let file = &files[value.file];
    let tree = &file.tree;
    let syncs = tree.children(value.node).any(|rule| {
        tree.get(rule, "action", Schema::GoYamlV4)
            .and_then(|found| judged(file, found.value()))
            .is_some_and(|action| action.starts_with("sync"))
    });
    if syncs {
        let watch = Observed::DevelopWatch.at(value.origin.place);
        container.observations.push(watch);
    }
}
