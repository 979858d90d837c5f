//! The neutral container: what a file says of one container, whatever its format.
//!
//! A dialect fills it in, transforms read it and answer with [`Assignment`]s, and the engine
//! applies those to it at once, so that each transform sees what the ones before it decided.

mod answer;
mod mount;
mod observation;
mod reason;
mod setting;
mod user;

use std::collections::HashSet;
use std::sync::Arc;

use crate::image;

pub use self::answer::{Answer, Assignment, Assume, Basis, Finding, Policy, Scratch};
use self::mount::clean;
pub use self::mount::{Mount, MountSource, is_shared_directory, same_path, within};
pub use self::observation::{Injector, Observation, Observed, Patched, Power};
pub use self::reason::{Reason, Value, Words};
pub use self::setting::{Origin, Place, Setting, Via};
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
    /// What it belongs to, as people call it: `web`, `Deployment/shop`.
    pub workload: String,
    /// The namespace of the cluster that the file names for it.
    pub namespace: Option<String>,
    /// Its part in the workload.
    pub role: Role,
    /// Where it is defined.
    pub place: Place,
    /// Containers of one group share a pod: its user, its volumes, its sysctls. Unique in a project.
    pub group: usize,

    /// The image reference as written.
    pub image: Option<image::Name>,
    /// Where the image is written.
    pub image_place: Option<Place>,
    /// What is known of the image.
    pub facts: Option<Arc<image::Facts>>,
    /// A known image that this one or the container is named after, and may be a copy of: nothing
    /// is known of it, and that it is any software whatever is less likely.
    pub namesake: Option<String>,
    /// The image is built from sources in the project, so that its contents are not those of the name.
    pub built: bool,

    /// Every protection is off.
    pub privileged: Setting<bool>,
    /// The user the process starts as.
    pub user: Setting<User>,
    /// The runtime refuses to start the image as root (`runAsNonRoot`).
    pub require_non_root: Setting<bool>,
    /// The process can never gain privileges (`no_new_privs`).
    pub no_new_privileges: Setting<bool>,
    /// A process of the engine's own comes first, starts the image's as its child and passes
    /// signals on to it.
    pub init: Setting<bool>,
    /// Bytes of memory.
    pub memory_limit: Setting<u64>,
    /// Bytes of memory the scheduler sets aside.
    pub memory_request: Setting<u64>,
    /// Thousandths of a processor.
    pub cpu_limit: Setting<u64>,
    /// Thousandths of a processor the scheduler sets aside.
    pub cpu_request: Setting<u64>,
    /// Processes and threads.
    pub pids_limit: Setting<i64>,
    /// The image's files cannot be written.
    pub read_only_root: Setting<bool>,
    /// Capabilities beyond the default set, without `CAP_`, upper case.
    pub capabilities_added: Setting<Vec<String>>,
    /// Capabilities taken from the default set, without `CAP_`, upper case.
    pub capabilities_dropped: Setting<Vec<String>>,
    /// The group that owns the pod's volumes (`fsGroup`).
    pub volume_group: Setting<u32>,
    /// The pod's volumes are given to that group whenever it starts, as they may be by default
    /// (`fsGroupChangePolicy` is written, and is not `OnRootMismatch`).
    pub regroups_volumes: bool,
    /// A volume of its pod with files for their owner alone, which that group would come to read.
    pub owners_volume: Option<String>,
    /// The first port that needs no privilege, where the format can say so
    /// (`net.ipv4.ip_unprivileged_port_start`).
    pub unprivileged_port_start: Setting<u16>,
    /// The lowest port below 1024 that any container of its pod is known to listen on.
    pub lowest_port_of_pod: Option<u16>,
    /// Why a container of its pod may be a client of the cluster's API.
    pub cluster_client: Option<Reason>,

    /// Everything mounted, in the order written.
    pub mounts: Vec<Mount>,
    /// Named volumes that containers of different images write to, so that each finds files of
    /// others there.
    pub shared_volumes: Vec<String>,
    /// Environment variables the file gives; `None` where the value comes from outside the file.
    pub environment: Vec<(String, Option<String>)>,
    /// Where the file gives them, each by its name; of several places the last one counts.
    pub environment_places: Vec<(String, Place)>,
    /// The environment also comes from somewhere that is not read (`env_file`, `envFrom`).
    pub environment_elsewhere: bool,
    /// What replaces the image's entrypoint.
    pub entrypoint: Option<Vec<String>>,
    /// What replaces the image's arguments.
    pub arguments: Option<Vec<String>>,
    /// Commands that run at its start or end: hooks of the lifecycle.
    pub hooks: Vec<Vec<String>>,
    /// Commands that ask whether it is well: health checks, probes.
    pub probes: Vec<Vec<String>>,
    /// Ports the container listens on, as far as the file says.
    pub ports: Vec<u16>,
    /// Ports of the host that lead to it, as far as the file says.
    pub host_ports: Vec<HostPort>,
    /// Where ports are published without a word on the address, which means every one, in a format
    /// that can name one.
    pub open_ports: Vec<Place>,
    /// Whose network it uses.
    pub network: Network,
    /// Where that is written.
    pub network_place: Option<Place>,
    /// Namespaces other than the network that it shares with the host.
    pub host_namespaces: Vec<HostNamespace>,
    /// Its root is nobody on the host (`hostUsers: false`).
    pub user_namespace: Setting<bool>,
    /// Kernel parameters it is given.
    pub sysctls: Vec<Sysctl>,
    /// The seccomp profile, by the format's own word for it (`RuntimeDefault`, `Unconfined`).
    pub seccomp: Setting<String>,
    /// The platform applies its own seccomp profile where the file names none. Docker and Podman
    /// do; a kubelet only with `seccompDefault`.
    pub seccomp_by_default: bool,
    /// The `AppArmor` profile, by the format's own word for it (`RuntimeDefault`, `unconfined`).
    pub app_armor: Setting<String>,
    /// What is said of `SELinux` instead of the platform's own labels, in the format's own words
    /// (`disable`, `spc_t`).
    pub selinux: Setting<String>,
    /// When the platform starts it again.
    pub restart: Setting<Restart>,
    /// The service account that it is a client of the cluster's API with.
    pub service_account: Setting<String>,
    /// Labels and annotations by which people select it, each with its value.
    pub labels: Arc<[(String, String)]>,
    /// How `/proc` is mounted (`Default`, `Unmasked`).
    pub proc_mount: Setting<String>,
    /// A token for the cluster's API is mounted.
    pub service_account_token: Setting<bool>,
    /// Devices of the host it is given, GPUs included.
    pub devices: Vec<String>,
    /// A processor other than the CPU is reserved for it, so that its memory needs are not ordinary.
    pub accelerated: bool,
    /// Facts of the file that are no settings.
    pub observations: Vec<Observation>,
    /// Scales by its resources, which therefore belong to the autoscaler named here.
    pub autoscaler: Option<String>,
    /// Runs on Windows, where none of the Linux settings exist.
    pub windows: bool,
    /// Bytes of what it is given as tmpfs, each of more than 64 MiB; they count toward its memory
    /// limit.
    pub scratch_memory: u64,
    /// The platform makes scratch space of memory, which belongs to somebody, and not of disk that
    /// everybody may write.
    pub scratch_is_memory: bool,
    /// Bytes of shared memory it is given; they count toward its memory limit.
    pub shared_memory: Option<u64>,
    /// The platform mounts the volumes that the image declares, so that they stay writable under
    /// a read-only root. Docker does; of the Kubernetes runtimes only some do.
    pub mounts_image_volumes: bool,
    /// Every unprivileged process may listen below 1024 in a network of its own. Docker >= 20.10
    /// sees to that, some runtimes of Kubernetes do, and Podman does not
    /// (docs/semantics.md#port-docker-free, #port-kubernetes and #port-podman).
    pub low_ports_are_free: bool,
    /// A limit alone also becomes the request, so that a small request has to stand beside it.
    pub limit_implies_request: bool,
    /// What it takes to bring a change to a workload that runs already, where writing the file is
    /// not enough.
    pub caution: Option<Reason>,
    /// Why its settings cannot be judged: part of it is defined in a file that was not read.
    pub incomplete: Option<Reason>,
}

/// The part a container plays in its workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It is the workload.
    Main,
    /// It runs to its end before the others start.
    Init,
    /// An init container that stays (`restartPolicy: Always`).
    Sidecar,
    /// It was attached for debugging.
    Ephemeral,
}

/// A port of the host that leads to a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPort {
    /// The port on the host.
    pub port: u16,
    /// The address it listens on; `None` for all of them.
    pub address: Option<String>,
    /// Where it is written.
    pub place: Option<Place>,
}

/// When a container is started again after it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// It is not.
    Never,
    /// Whatever ended it.
    Always,
    /// When it failed.
    OnFailure {
        /// At most this often; `None` for ever.
        retries: Option<u32>,
    },
}

/// A namespace that a container shares with the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostNamespace {
    /// By the kernel's name: `pid`, `ipc`, `uts`, `user`, `cgroup`.
    pub name: &'static str,
    /// Where it is written.
    pub place: Option<Place>,
}

/// A kernel parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sysctl {
    /// Its dotted name.
    pub name: String,
    /// As written.
    pub value: String,
    /// Where it is written.
    pub place: Option<Place>,
}

/// Whose network a container uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Network {
    /// Its own.
    Private,
    /// The host's.
    Host,
    /// Another container's, as written.
    Shared(String),
    /// Decided outside the file.
    Variable(String),
}

/// What of a tmpfs of this many bytes a memory limit has to be raised by.
#[must_use]
pub fn counted(bytes: u64) -> u64 {
    const ROOM: u64 = 64 << 20;
    if bytes > ROOM { bytes } else { 0 }
}

impl Container {
    /// A container of which nothing is written yet; the dialect fills in what its file says.
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
            mounts: Vec::new(),
            shared_volumes: Vec::new(),
            environment: Vec::new(),
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
            incomplete: None,
        }
    }

    /// Makes the assignment true of this container, so that later transforms see it.
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
                let mut dropped = self
                    .capabilities_dropped
                    .judged()
                    .cloned()
                    .unwrap_or_default();
                dropped.push("ALL".to_owned());
                self.capabilities_dropped = Setting::planned(dropped);
            }
            Assignment::AddCapability(name) => {
                let mut added = self
                    .capabilities_added
                    .judged()
                    .cloned()
                    .unwrap_or_default();
                added.push(name.clone());
                self.capabilities_added = Setting::planned(added);
            }
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

    /// The container no longer has this power.
    fn forget_power(&mut self, power: Power) {
        let lost = Observed::NeedsEscalation(power);
        self.observations.retain(|seen| seen.what != lost);
    }

    /// Counts a tmpfs of this many bytes, if it is more than any limit has room for.
    pub fn add_scratch_memory(&mut self, bytes: u64) {
        self.scratch_memory = self.scratch_memory.saturating_add(counted(bytes));
    }

    /// The words of what it starts: the file's own, or else those of the image's Dockerfile.
    pub fn command(&self) -> impl Iterator<Item = &str> {
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
        let words = entrypoint.into_iter().chain(arguments).flatten();
        words.map(String::as_str)
    }

    /// The variables that the file gives it and those that the image's Dockerfile sets; `None` for
    /// a value that is not known.
    pub fn variables(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let of_image = self.facts.as_ref().map(|facts| &facts.environment);
        let of_image = of_image.filter(|of_image| !of_image.is_empty());
        let given: HashSet<&String> = match of_image {
            Some(_) => self.environment.iter().map(|(name, _)| name).collect(),
            None => HashSet::new(),
        };
        let of_image = of_image.into_iter().flatten();
        self.environment
            .iter()
            .chain(of_image.filter(move |(name, _)| !given.contains(name)))
            .map(|(name, value)| (name.as_str(), value.as_deref()))
    }

    /// What is mounted at exactly this path (a trailing slash does not count).
    #[must_use]
    pub fn mount_at(&self, path: &str) -> Option<&Mount> {
        self.mounts
            .iter()
            .find(|mount| same_path(&mount.target, path))
    }

    /// The innermost mount that holds this path.
    #[must_use]
    pub fn mount_over(&self, path: &str) -> Option<&Mount> {
        self.mounts
            .iter()
            .filter(|mount| within(path, &mount.target))
            .max_by_key(|mount| clean(&mount.target).len())
    }
}
