//! The neutral container: the settings of one container, independent of the file format.
//!
//! A dialect creates it. Transforms read it and answer with [`Assignment`]s. The engine applies
//! each answer at once, so that later transforms see it.

mod answer;
mod environment;
mod mount;
mod observation;
mod reason;
mod setting;
mod spelling;
mod user;

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use crate::image;

pub use self::answer::{Answer, Assignment, Assume, Basis, Finding, Policy, Scratch};
pub use self::environment::{Environment, SharedVariables, Variable};
pub(crate) use self::mount::clean;
pub use self::mount::{Mount, MountSource, is_shared_directory, same_path, within};
pub use self::observation::{Injector, Observation, Observed, Patched, Power};
pub use self::reason::{Reason, Value, Words};
pub use self::setting::{Origin, Place, Setting, Via};
pub(crate) use self::spelling::Expanded;
pub use self::spelling::Spellings;
pub use self::user::{Id, User};

/// One container of a project, with the effective value of each of its settings.
#[derive(Clone, Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, not a state of the container"
)]
pub struct Container {
    /// Its own name: the Compose service, or the `name` of the Kubernetes container.
    pub name: String,
    /// The service or object that it belongs to: `web`, `Deployment/shop`.
    pub workload: String,
    /// The Kubernetes namespace, if the file names one.
    pub namespace: Option<String>,
    /// Its part in the workload.
    pub role: Role,
    /// Where it is defined.
    pub place: Place,
    /// Containers with the same number share a pod: its user, its volumes, its sysctls. The number
    /// is unique in a project.
    pub group: usize,

    /// The image reference as written.
    pub image: Option<image::Name>,
    /// Where the image is written.
    pub image_place: Option<Place>,
    /// Known facts about the image.
    pub facts: Option<Arc<image::Facts>>,
    /// A known image with the same name as this unknown image or as the container. The image may
    /// be a copy of the known one, but nothing about the image is certain.
    pub namesake: Option<String>,
    /// The image is built from sources in the project, so its content does not follow from its
    /// name.
    pub built: bool,

    /// The container is privileged: all protections are off.
    pub privileged: Setting<bool>,
    /// The user that the process starts as.
    pub user: Setting<User>,
    /// The runtime refuses to start the image as root (`runAsNonRoot`).
    pub require_non_root: Setting<bool>,
    /// The process can never gain privileges (`no_new_privs`).
    pub no_new_privileges: Setting<bool>,
    /// The engine runs its own init process, which starts the image's process and forwards signals
    /// to it.
    pub init: Setting<bool>,
    /// Bytes of memory.
    pub memory_limit: Setting<u64>,
    /// Bytes of memory that the scheduler reserves.
    pub memory_request: Setting<u64>,
    /// Thousandths of a CPU.
    pub cpu_limit: Setting<u64>,
    /// Thousandths of a CPU that the scheduler reserves.
    pub cpu_request: Setting<u64>,
    /// The largest number of processes and threads.
    pub pids_limit: Setting<i64>,
    /// The root file system is read-only.
    pub read_only_root: Setting<bool>,
    /// Capabilities added to the default set, without `CAP_`, upper case.
    pub capabilities_added: Setting<Vec<String>>,
    /// Capabilities dropped from the default set, without `CAP_`, upper case.
    pub capabilities_dropped: Setting<Vec<String>>,
    /// The group that owns the pod's volumes (`fsGroup`).
    pub volume_group: Setting<u32>,
    /// The volumes change to that group at every start of the pod: `fsGroupChangePolicy` is
    /// written, and is not `OnRootMismatch`.
    pub regroups_volumes: bool,
    /// A volume of the pod with files that only their owner may read. With a volume group, the
    /// group could read them too.
    pub owners_volume: Option<String>,
    /// The first port that needs no privilege (`net.ipv4.ip_unprivileged_port_start`), if the
    /// format supports it.
    pub unprivileged_port_start: Setting<u16>,
    /// The lowest port below 1024 that a container of the pod is known to listen on.
    pub lowest_port_of_pod: Option<u16>,
    /// Why a container of the pod may use the Kubernetes API.
    pub cluster_client: Option<Reason>,
    /// The image of a container of the pod that watches or serves the host.
    pub host_worker_of_pod: Option<String>,

    /// All mounts, in the order of the file.
    pub mounts: Vec<Mount>,
    /// Named volumes that containers of several images write to. Each container finds files of
    /// the others there.
    pub shared_volumes: Arc<BTreeSet<String>>,
    /// Environment variables in the file. The value is `None` if it comes from outside the file.
    pub environment: Environment,
    /// The places of the variables in the file, by name. The last place of a name counts.
    pub environment_places: Vec<(String, Place)>,
    /// Other variables come from a source that is not read (`env_file`, `envFrom`).
    pub environment_elsewhere: bool,
    /// Replaces the image's entrypoint.
    pub entrypoint: Option<Vec<String>>,
    /// Replaces the image's arguments.
    pub arguments: Option<Vec<String>>,
    /// Commands of lifecycle hooks, which run at the start or at the end.
    pub hooks: Vec<Vec<String>>,
    /// Commands of health checks and probes.
    pub probes: Vec<Vec<String>>,
    /// Ports in the file that the container listens on.
    pub ports: Vec<u16>,
    /// Ports of the host that the file publishes.
    pub host_ports: Vec<HostPort>,
    /// Published ports without an address, in a format that supports one. They are open on every
    /// address of the host.
    pub open_ports: Vec<Place>,
    /// The network that it uses.
    pub network: Network,
    /// Where the network is written.
    pub network_place: Option<Place>,
    /// Namespaces that it shares with the host, except the network.
    pub host_namespaces: Vec<HostNamespace>,
    /// Root in the container is an unprivileged user on the host (`hostUsers: false`).
    pub user_namespace: Setting<bool>,
    /// Kernel parameters that the file sets.
    pub sysctls: Vec<Sysctl>,
    /// The seccomp profile, as the format names it (`RuntimeDefault`, `Unconfined`).
    pub seccomp: Setting<String>,
    /// The platform applies its default seccomp profile if the file names none. Docker and Podman
    /// do; a kubelet does only with `seccompDefault`.
    pub seccomp_by_default: bool,
    /// The `AppArmor` profile, as the format names it (`RuntimeDefault`, `unconfined`).
    pub app_armor: Setting<String>,
    /// The `SELinux` options that replace the default labels, as the format names them (`disable`,
    /// `spc_t`).
    pub selinux: Setting<String>,
    /// The restart policy.
    pub restart: Setting<Restart>,
    /// The service account that it uses for the Kubernetes API.
    pub service_account: Setting<String>,
    /// Labels and annotations with their values. Selectors match them.
    pub labels: Arc<[(String, String)]>,
    /// How `/proc` is mounted (`Default`, `Unmasked`).
    pub proc_mount: Setting<String>,
    /// A token for the Kubernetes API is mounted.
    pub service_account_token: Setting<bool>,
    /// Devices of the host, GPUs included.
    pub devices: Vec<String>,
    /// A GPU or another accelerator is reserved for it, so its memory needs are unusual.
    pub accelerated: bool,
    /// Facts in the file that are not settings of the container.
    pub observations: Vec<Observation>,
    /// The autoscaler that scales it by its resources. The autoscaler depends on their values.
    pub autoscaler: Option<String>,
    /// It runs on Windows, which has none of the Linux settings.
    pub windows: bool,
    /// Bytes of all tmpfs mounts of more than 64 MiB. They count toward the memory limit.
    pub scratch_memory: u64,
    /// Scratch space is memory (tmpfs), whose owner can be set. Otherwise it is disk space that
    /// every user can write.
    pub scratch_is_memory: bool,
    /// Bytes of shared memory. They count toward the memory limit.
    pub shared_memory: Option<u64>,
    /// The platform mounts the volumes that the image declares, so they stay writable under a
    /// read-only root. Docker does; only some Kubernetes runtimes do.
    pub mounts_image_volumes: bool,
    /// In its own network namespace, an unprivileged process may listen on ports below 1024.
    /// Docker >= 20.10 and some Kubernetes runtimes allow that; Podman does not
    /// (docs/semantics.md#port-docker-free, #port-kubernetes and #port-podman).
    pub low_ports_are_free: bool,
    /// A limit without a request also becomes the request, so a limit needs a small request.
    pub limit_implies_request: bool,
    /// How to apply a change to a running workload, if writing the file is not enough.
    pub caution: Option<Reason>,
    /// How texts with values of variables are written in the file.
    pub spellings: Spellings,
    /// Why its settings cannot be judged: a file that defines part of it was not read.
    pub incomplete: Option<Reason>,
    /// Why no change of the container may be an assumption.
    pub no_assumptions: Option<Reason>,
    /// Other files define the container. Only what this part of it sets is reported.
    pub is_fragment: bool,
}

/// The role of a container in its workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A main container.
    Main,
    /// An init container: it ends before the main containers start.
    Init,
    /// An init container that keeps running (`restartPolicy: Always`).
    Sidecar,
    /// An ephemeral container for debugging.
    Ephemeral,
}

/// A published port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPort {
    /// The port on the host.
    pub port: u16,
    /// The address of the host; `None` for every address.
    pub address: Option<String>,
    /// Where it is written.
    pub place: Option<Place>,
}

/// A restart policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// The container is not restarted.
    Never,
    /// The container is restarted after success and after failure.
    Always,
    /// The container is restarted after a failure.
    OnFailure {
        /// The largest number of restarts; `None` for no limit.
        retries: Option<u32>,
    },
}

/// A namespace that a container shares with the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostNamespace {
    /// The kernel's name: `pid`, `ipc`, `uts`, `user`, `cgroup`.
    pub name: &'static str,
    /// Where it is written.
    pub place: Option<Place>,
}

/// A kernel parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sysctl {
    /// Its dotted name.
    pub name: String,
    /// The value as written.
    pub value: String,
    /// Where it is written.
    pub place: Option<Place>,
}

/// The network that a container uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Network {
    /// A network namespace of its own.
    Private,
    /// The network of the host.
    Host,
    /// The network of another container, as written.
    Shared(String),
    /// A variable decides.
    Variable(String),
}

/// How many bytes a memory limit must grow for a tmpfs of this size. Every limit has room for a
/// small tmpfs.
#[must_use]
pub fn counted(bytes: u64) -> u64 {
    const ROOM: u64 = 64 << 20;
    if bytes > ROOM { bytes } else { 0 }
}

impl Container {
    /// A container without settings. The dialect adds those in the file.
    #[must_use]
    pub fn new(name: String, workload: String, place: Place) -> Self {
        Self {
            name,
            workload,
            namespace: None,
            role: Role::Main,
            place,
            group: 0,
            image: None,
            image_place: None,
            facts: None,
            namesake: None,
            built: false,
            privileged: Setting::Absent,
            user: Setting::Absent,
            require_non_root: Setting::Absent,
            no_new_privileges: Setting::Absent,
            init: Setting::Absent,
            memory_limit: Setting::Absent,
            memory_request: Setting::Absent,
            cpu_limit: Setting::Absent,
            cpu_request: Setting::Absent,
            pids_limit: Setting::Absent,
            read_only_root: Setting::Absent,
            capabilities_added: Setting::Absent,
            capabilities_dropped: Setting::Absent,
            volume_group: Setting::Absent,
            regroups_volumes: false,
            owners_volume: None,
            unprivileged_port_start: Setting::Absent,
            lowest_port_of_pod: None,
            cluster_client: None,
            host_worker_of_pod: None,
            mounts: Vec::new(),
            shared_volumes: Arc::default(),
            environment: Environment::default(),
            environment_places: Vec::new(),
            environment_elsewhere: false,
            entrypoint: None,
            arguments: None,
            hooks: Vec::new(),
            probes: Vec::new(),
            ports: Vec::new(),
            host_ports: Vec::new(),
            open_ports: Vec::new(),
            network: Network::Private,
            network_place: None,
            host_namespaces: Vec::new(),
            user_namespace: Setting::Absent,
            sysctls: Vec::new(),
            seccomp: Setting::Absent,
            seccomp_by_default: false,
            app_armor: Setting::Absent,
            selinux: Setting::Absent,
            restart: Setting::Absent,
            service_account: Setting::Absent,
            labels: Arc::default(),
            proc_mount: Setting::Absent,
            service_account_token: Setting::Absent,
            devices: Vec::new(),
            accelerated: false,
            observations: Vec::new(),
            autoscaler: None,
            windows: false,
            scratch_memory: 0,
            scratch_is_memory: false,
            shared_memory: None,
            mounts_image_volumes: false,
            low_ports_are_free: false,
            limit_implies_request: false,
            caution: None,
            spellings: Spellings::default(),
            incomplete: None,
            no_assumptions: None,
            is_fragment: false,
        }
    }

    /// Applies the assignment to this container, so that later transforms see it.
    pub fn apply(&mut self, assignment: &Assignment) {
        match assignment {
            Assignment::User { uid, gid } => {
                self.user = Setting::planned(User {
                    user: Id::Number(*uid),
                    group: gid.map(Id::Number),
                });
            }
            Assignment::RequireNonRoot => self.require_non_root = Setting::planned(true),
            Assignment::NoNewPrivileges => self.no_new_privileges = Setting::planned(true),
            Assignment::MemoryLimit(bytes) => self.memory_limit = Setting::planned(*bytes),
            Assignment::MemoryRequest(bytes) => self.memory_request = Setting::planned(*bytes),
            Assignment::CpuLimit(milli) => self.cpu_limit = Setting::planned(*milli),
            Assignment::CpuRequest(milli) => self.cpu_request = Setting::planned(*milli),
            Assignment::ReadOnlyRoot => self.read_only_root = Setting::planned(true),
            Assignment::Scratch(scratch) => {
                if self.scratch_is_memory {
                    self.add_scratch_memory(scratch.size);
                }
                self.mounts.push(Mount {
                    target: scratch.path.clone(),
                    source: MountSource::Scratch,
                    read_only: false,
                    open: scratch.owner.is_none(),
                    propagation: None,
                    place: None,
                });
            }
            Assignment::VolumeGroup(gid) => self.volume_group = Setting::planned(*gid),
            Assignment::UnprivilegedPortStart(port) => {
                self.unprivileged_port_start = Setting::planned(*port);
            }
            Assignment::DropAllCapabilities => {
                add_to(&mut self.capabilities_dropped, "ALL");
            }
            Assignment::AddCapability(name) => add_to(&mut self.capabilities_added, name),
            Assignment::PidsLimit(limit) => self.pids_limit = Setting::planned(*limit),
            Assignment::DefaultSeccomp => {
                self.seccomp = Setting::planned("RuntimeDefault".to_owned());
            }
            Assignment::DefaultAppArmor => self.app_armor = Setting::Absent,
            Assignment::DefaultSeLinux => self.selinux = Setting::Absent,
            Assignment::NoServiceAccountToken => {
                self.service_account_token = Setting::planned(false);
            }
            Assignment::Unprivileged => {
                self.forget_power(Power::Privileged);
                self.privileged = Setting::planned(false);
            }
            Assignment::OwnNamespace("network") => self.network = Network::Private,
            Assignment::OwnNamespace(name) => {
                self.host_namespaces
                    .retain(|namespace| namespace.name != *name);
            }
            Assignment::RemoveCapability(name) => {
                if name == "SYS_ADMIN" {
                    self.forget_power(Power::SysAdmin);
                }
                if let Setting::Set { value, .. } = &mut self.capabilities_added {
                    value.retain(|known| known != name);
                }
            }
            Assignment::RemoveSysctl(name) => self.sysctls.retain(|sysctl| sysctl.name != *name),
            Assignment::DefaultProcMount => {
                self.proc_mount = Setting::planned("Default".to_owned());
            }
            Assignment::ReadOnlyMount(target) => {
                for mount in self
                    .mounts
                    .iter_mut()
                    .filter(|mount| mount.target == *target)
                {
                    mount.read_only = true;
                }
            }
            Assignment::LocalhostPorts => self.open_ports.clear(),
            Assignment::RestartAtMost(retries) => {
                self.restart = Setting::planned(Restart::OnFailure {
                    retries: Some(*retries),
                });
            }
        }
    }

    /// Applies an assignment to `base`, which this container extends. Values of its own stay.
    pub fn inherit(&mut self, assignment: &Assignment, base: &Self) {
        match assignment {
            Assignment::LocalhostPorts => {
                let closed: BTreeSet<Place> = base.open_ports.iter().copied().collect();
                self.open_ports.retain(|port| !closed.contains(port));
            }
            Assignment::RestartAtMost(_) if self.restart.place() != base.restart.place() => {}
            _ => self.apply(assignment),
        }
    }

    /// Removes the observation that the container has this power.
    fn forget_power(&mut self, power: Power) {
        let lost = Observed::NeedsEscalation(power);
        self.observations.retain(|seen| seen.what != lost);
    }

    /// Adds a tmpfs of this many bytes, unless every limit has room for it.
    pub fn add_scratch_memory(&mut self, bytes: u64) {
        self.scratch_memory = self.scratch_memory.saturating_add(counted(bytes));
    }

    /// The words of its command: those in the file, otherwise those of the image's Dockerfile.
    pub fn command(&self) -> impl Iterator<Item = &str> {
        let (entrypoint, arguments) = self.entrypoint_and_arguments();
        let words = entrypoint.into_iter().chain(arguments).flatten();
        words.map(String::as_str)
    }

    /// Its entrypoint and arguments: those in the file, otherwise those of the image's Dockerfile.
    #[must_use]
    pub fn entrypoint_and_arguments(&self) -> (Option<&Vec<String>>, Option<&Vec<String>>) {
        let image = self.facts.as_deref();
        let of_image = image.filter(|_| self.entrypoint.is_none());
        let entrypoint = self
            .entrypoint
            .as_ref()
            .or_else(|| of_image?.entrypoint.as_ref());
        let arguments = self
            .arguments
            .as_ref()
            .or_else(|| of_image?.arguments.as_ref());
        (entrypoint, arguments)
    }

    /// The variables in the file and in the image's Dockerfile. An unknown value is `None`.
    pub fn variables(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let of_image = self.facts.as_ref().map(|facts| &facts.environment);
        let of_image = of_image.filter(|of_image| !of_image.is_empty());
        let given: HashSet<&str> = match of_image {
            Some(_) => self.environment.iter().map(|(name, _)| name).collect(),
            None => HashSet::new(),
        };
        let of_image = of_image.into_iter().flatten();
        let of_image = of_image.map(|(name, value)| (name.as_str(), value.as_deref()));
        self.environment
            .iter()
            .chain(of_image.filter(move |(name, _)| !given.contains(name)))
    }

    /// The mount at exactly this path. A trailing slash makes no difference.
    #[must_use]
    pub fn mount_at(&self, path: &str) -> Option<&Mount> {
        self.mounts
            .iter()
            .find(|mount| same_path(&mount.target, path))
    }

    /// The innermost mount that contains this path.
    #[must_use]
    pub fn mount_over(&self, path: &str) -> Option<&Mount> {
        self.mounts
            .iter()
            .filter(|mount| within(path, &mount.target))
            .max_by_key(|mount| clean(&mount.target).len())
    }
}

/// Adds a name to a list. A list that is written keeps its place.
fn add_to(list: &mut Setting<Vec<String>>, name: &str) {
    match list {
        Setting::Set { value, .. } => value.push(name.to_owned()),
        other => {
            let mut names = other.judged().cloned().unwrap_or_default();
            names.push(name.to_owned());
            *other = Setting::planned(names);
        }
    }
}
