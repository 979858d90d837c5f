//! Weighs the observations of a dialect as evidence against a hardening step.

use super::{Against, Evidence};
use crate::container::{
    Container, Injector, Observed, Patched, Place, Power, Reason, Setting, Value, Words,
};

static PROCESSES_OF_POD: Words = Words::new(
    "shares-processes-of-pod",
    "It shares the processes of its pod, whose users are unknown.",
);
static PROCESSES_OF_OTHER: Words = Words::new(
    "shares-processes",
    "It shares the processes of {name}, whose user is unknown.",
);
static MEMORY_OF_OTHER: Words = Words::new(
    "shares-memory",
    "It shares the memory of {name}, whose user is unknown.",
);
static VOLUMES_OF_OTHER: Words = Words::new(
    "mounts-volumes-of-other",
    "It mounts the volumes of {name}; their owners are unknown.",
);
static HIDES_VOLUMES: Words = Words::new(
    "tmpfs-may-hide-volumes-of-other",
    "It mounts the volumes of {name}, and a tmpfs could hide one of them.",
);
static EXCHANGES_FILES: Words = Words::new(
    "steps-exchange-files",
    "It is a step of a workflow, and the steps exchange files.",
);
static PROCESS_LIMIT: Words = Words::new(
    "process-limit-of-user",
    "The limit {name} counts the processes of a user over all containers, and exempts root.",
);
static SYSTEMD: Words = Words::new("runs-systemd", "It runs systemd, which needs root.");
static SYSTEMD_WRITES: Words = Words::new(
    "systemd-writes",
    "It runs systemd, which writes to the root file system.",
);
static DEVELOP_WATCH: Words =
    Words::new("develop-watch", "{name} copies sources into the container.");
static COPIED_INTO_ROOT: Words = Words::new(
    "content-copied-into-root",
    "The content of the {kind} {name} comes from {key}: Compose copies it into the root file \
     system, and fails if that is read-only.",
);
static READABLE_BY_OWNER: Words = Words::new(
    "content-for-owner",
    "{name} has mode {mode}: only its owner can read it.",
);
static READABLE_BY_ROOT: Words = Words::new(
    "content-for-root",
    "Files of the volume {name} have mode {mode} and belong to root.",
);
static CLOSED_FILE: Words = Words::new(
    "host-files-for-owner",
    "On the host, some files of {path} are readable only by their owner and group.",
);
static VOLUME_OF_OTHERS: Words = Words::new(
    "volume-written-by-other",
    "{name} writes to the volume {volume} too, from another image.",
);
static SUB_PATH: Words = Words::new(
    "sub-path-made-for-root",
    "The kubelet creates the {key} {path} of the volume {name} for root.",
);
static COMMENT: Words = Words::new("comment-at-setting", "Somebody commented on it.");
static CPU_PERIOD: Words = Words::new(
    "cpu-period-set",
    "{name} is set, and the engine refuses {limit} together with it.",
);
static POD_HAS_RESOURCES: Words = Words::new(
    "pod-has-resources",
    "Its pod has requests or limits, and those of its containers must fit them.",
);
static LIMIT_RANGE: Words = Words::new("limit-range", "{object} sets the limits of its namespace.");
static PATCHED: Words = Words::new("patched", "The patch {written} sets its {name}.");
static MOUNTED_BY_PATCH: Words = Words::new(
    "mounted-by-patch",
    "The patch {written} mounts something at {path}; its owner is unknown.",
);
static PRIVILEGED_ESCALATES: Words = Words::new(
    "privileged-needs-escalation",
    "It is privileged, and the API refuses a privileged container that may not gain privileges.",
);
static SYS_ADMIN_ESCALATES: Words = Words::new(
    "sys-admin-needs-escalation",
    "It adds {capability}, and the API refuses a container with that capability that may not \
     gain privileges.",
);
static ROLE_BINDING: Words = Words::new(
    "account-has-role",
    "{binding} gives its service account {name} a role.",
);
static ACCOUNT_BY_VARIABLE: Words = Words::new(
    "account-unknown",
    "Its service account is unknown: {written} decides it.",
);
static OWN_ACCOUNT: Words = Words::new(
    "own-service-account",
    "It has its own service account, {name}.",
);
static OF_CLUSTER: Words = Words::new(
    "cluster-namespace",
    "It is part of the cluster: its namespace is {name}.",
);
static PROJECTED_TOKEN: Words = Words::new(
    "projected-token",
    "The volume {name} holds a token for the cluster's API.",
);
static INJECTED: Words = Words::new(
    "container-injected",
    "{injector} adds a container to its pod because of {name}, and that may need the token.",
);

/// The weight of an observation against a hardening step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weight {
    /// No assumption overrides it.
    Decisive,
    /// An assumption can override it.
    Doubt,
}

use Weight::{Decisive, Doubt};

/// The evidence against a hardening step from observations in the file, decisive evidence first.
#[must_use]
pub fn observed(container: &Container, against: Against) -> Vec<Evidence> {
    let weighed = container.observations.iter().filter_map(|seen| {
        let (weight, reason) = weigh(&seen.what, against)?;
        Some(evidence(weight, reason.at(seen.place)))
    });
    let mut found: Vec<Evidence> = weighed.collect();
    if against == Against::ServiceAccountToken {
        let clients = container.cluster_client.iter().cloned();
        let first = account(container).into_iter().chain(namespace(container));
        let first: Vec<Evidence> = first.collect();
        found.splice(0..0, first);
        found.extend(clients.map(|reason| evidence(Doubt, reason)));
    }
    found.sort_by_key(|one| !one.decisive);
    found
}

/// The comment on a profile at this place.
pub(super) fn comment(container: &Container, place: Option<Place>) -> Option<Reason> {
    let comment = Observed::Comment.at(place);
    let is_there = place.is_some() && container.observations.contains(&comment);
    is_there.then(|| Reason::new(&COMMENT).at(place))
}

fn evidence(weight: Weight, reason: Reason) -> Evidence {
    Evidence {
        reason,
        decisive: weight == Decisive,
    }
}

/// The weight of the observation against a hardening step, and its message.
fn weigh(what: &Observed, against: Against) -> Option<(Weight, Reason)> {
    use Against::{
        CpuLimit, MemoryLimit, NoNewPrivileges, ReadOnlyRoot, ServiceAccountToken, User,
    };
    Some(match (what, against) {
        (Observed::SharesProcesses, User) => (Doubt, Reason::new(&PROCESSES_OF_POD)),
        (Observed::SharesProcessesOf(other), User) => {
            (Doubt, Reason::new(&PROCESSES_OF_OTHER).name(other))
        }
        (Observed::SharesMemoryOf(other), User) => {
            (Doubt, Reason::new(&MEMORY_OF_OTHER).name(other))
        }
        (Observed::MountsVolumesOf(other), User) => {
            (Doubt, Reason::new(&VOLUMES_OF_OTHER).name(other))
        }
        (Observed::MountsVolumesOf(other), ReadOnlyRoot) => {
            (Doubt, Reason::new(&HIDES_VOLUMES).name(other))
        }
        (Observed::ExchangesFiles, User | ReadOnlyRoot) => (Doubt, Reason::new(&EXCHANGES_FILES)),
        (Observed::LimitsProcessesOfUser, User) => {
            (Doubt, Reason::new(&PROCESS_LIMIT).name("nproc"))
        }
        (Observed::RunsSystemd, User) => (Doubt, Reason::new(&SYSTEMD)),
        (Observed::RunsSystemd, ReadOnlyRoot) => (Doubt, Reason::new(&SYSTEMD_WRITES)),
        (Observed::DevelopWatch, ReadOnlyRoot) => {
            (Doubt, Reason::new(&DEVELOP_WATCH).name("develop.watch"))
        }
        (
            Observed::CopiedIntoRoot { .. }
            | Observed::ReadableByOwner { .. }
            | Observed::ReadableByRoot { .. }
            | Observed::ClosedFile { .. }
            | Observed::VolumeWrittenBy { .. }
            | Observed::SubPathMadeByKubelet { .. }
            | Observed::MountedByPatch { .. },
            _,
        ) => return of_storage(what, against),
        (Observed::CpuPeriod { period, limit }, CpuLimit) => {
            let limit = Value::Name((*limit).to_owned());
            let reason = Reason::new(&CPU_PERIOD).name(*period);
            (Decisive, reason.with("limit", limit))
        }
        (Observed::PodHasResources, MemoryLimit | CpuLimit) => {
            (Decisive, Reason::new(&POD_HAS_RESOURCES))
        }
        (Observed::LimitRange { name }, MemoryLimit | CpuLimit) => {
            let object = Value::Name(name.clone());
            (Decisive, Reason::new(&LIMIT_RANGE).with("object", object))
        }
        (Observed::PatchedBy { file, setting, key }, _) if touches(*setting, against) => {
            (Decisive, Reason::new(&PATCHED).written(file).name(*key))
        }
        (Observed::NeedsEscalation(Power::Privileged), NoNewPrivileges) => {
            (Decisive, Reason::new(&PRIVILEGED_ESCALATES))
        }
        (Observed::NeedsEscalation(Power::SysAdmin), NoNewPrivileges) => {
            let capability = Value::Capability("SYS_ADMIN".to_owned());
            let reason = Reason::new(&SYS_ADMIN_ESCALATES);
            (Decisive, reason.with("capability", capability))
        }
        (_, ServiceAccountToken) => return of_token(what),
        _ => return None,
    })
}

/// The weight of an observation against not mounting the token for the cluster's API.
fn of_token(what: &Observed) -> Option<(Weight, Reason)> {
    Some(match what {
        Observed::RoleBinding { binding, account } => {
            let binding = Value::Name(binding.clone());
            let reason = Reason::new(&ROLE_BINDING).with("binding", binding);
            (Decisive, reason.name(account))
        }
        Observed::ProjectedToken { volume } => (Doubt, Reason::new(&PROJECTED_TOKEN).name(volume)),
        Observed::InjectedBy {
            injector,
            annotation,
        } => {
            let name = Value::Note(name_of(*injector).to_owned());
            let reason = Reason::new(&INJECTED).with("injector", name);
            (Doubt, reason.name(annotation))
        }
        _ => return None,
    })
}

/// The weight of an observation about files and volumes against a hardening step.
fn of_storage(what: &Observed, against: Against) -> Option<(Weight, Reason)> {
    let octal = |mode: u32| Value::Written(format!("{mode:04o}"));
    let name = |name: &str| Value::Name(name.to_owned());
    Some(match (what, against) {
        (
            Observed::CopiedIntoRoot {
                kind,
                name: own,
                key,
            },
            Against::ReadOnlyRoot,
        ) => {
            let kind = Value::Note((*kind).to_owned());
            let reason = Reason::new(&COPIED_INTO_ROOT).with("kind", kind);
            (Decisive, reason.name(own).with("key", name(key)))
        }
        (Observed::ReadableByOwner { name, mode }, Against::User) => {
            let reason = Reason::new(&READABLE_BY_OWNER).name(name);
            (Doubt, reason.with("mode", octal(*mode)))
        }
        (Observed::ReadableByRoot { volume, mode }, Against::User) => {
            let reason = Reason::new(&READABLE_BY_ROOT).name(volume);
            (Doubt, reason.with("mode", octal(*mode)))
        }
        (Observed::ClosedFile { path }, Against::User) => {
            (Doubt, Reason::new(&CLOSED_FILE).path(path))
        }
        (Observed::VolumeWrittenBy { volume, writer }, Against::User) => {
            let reason = Reason::new(&VOLUME_OF_OTHERS).name(writer);
            (Doubt, reason.with("volume", name(volume)))
        }
        (Observed::SubPathMadeByKubelet { volume, path }, Against::User) => {
            let reason = Reason::new(&SUB_PATH).name(volume).path(path);
            (Doubt, reason.with("key", name("subPath")))
        }
        (Observed::MountedByPatch { file, path }, Against::User) => {
            let reason = Reason::new(&MOUNTED_BY_PATCH).written(file);
            (Doubt, reason.path(path))
        }
        _ => return None,
    })
}

/// Whether a patch changes the setting that the hardening step would write.
fn touches(setting: Patched, against: Against) -> bool {
    match setting {
        Patched::User | Patched::Group | Patched::NonRoot => against == Against::User,
        Patched::ReadOnlyRoot | Patched::Volumes | Patched::Mounts => {
            against == Against::ReadOnlyRoot
        }
        Patched::Privileged | Patched::NoNewPrivileges => against == Against::NoNewPrivileges,
        Patched::Capabilities => against == Against::Capabilities,
        Patched::Resources => matches!(against, Against::MemoryLimit | Against::CpuLimit),
    }
}

/// A service account that was created for the container, or whose name is not known.
fn account(container: &Container) -> Option<Evidence> {
    let account = &container.service_account;
    let reason = match account {
        Setting::Variable { text, .. } | Setting::Unreadable { text, .. } => {
            Reason::new(&ACCOUNT_BY_VARIABLE).written(text)
        }
        Setting::Set { value, .. } if !value.is_empty() && value != "default" => {
            Reason::new(&OWN_ACCOUNT).name(value)
        }
        _ => return None,
    };
    Some(evidence(Doubt, reason.at(account.place())))
}

/// The namespace of the cluster's own components.
fn namespace(container: &Container) -> Option<Evidence> {
    let own = container.namespace.as_deref();
    let own = own.filter(|name| *name == "kube-system")?;
    Some(evidence(Doubt, Reason::new(&OF_CLUSTER).name(own)))
}

/// The name of the injector. Its container uses the API, or authenticates with the pod's token.
fn name_of(injector: Injector) -> &'static str {
    match injector {
        Injector::Dapr => "Dapr",
        Injector::Istio => "Istio",
        Injector::Linkerd => "Linkerd",
        Injector::Vault => "Vault",
    }
}
