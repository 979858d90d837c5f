//! What a file says of a container that is no setting of it.
//!
//! A dialect states these; what they mean for a hardening is decided in `transforms/evidence/`.

use super::Place;

/// A fact of the file, and where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The fact.
    pub what: Observed,
    /// Where it is written.
    pub place: Option<Place>,
}

/// A fact of the file that is no setting of the container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observed {
    /// The containers of its pod share their processes.
    SharesProcesses,
    /// It shares the processes of another container, named as in the file.
    SharesProcessesOf(String),
    /// It shares the memory of another container, named as in the file.
    SharesMemoryOf(String),
    /// It mounts the volumes of another container, named as in the file.
    MountsVolumesOf(String),
    /// It is a step of a run whose steps exchange files.
    ExchangesFiles,
    /// A limit on the processes of its user (`RLIMIT_NPROC`), which counts over all containers of
    /// that user and exempts root (`setrlimit(2)`).
    LimitsProcessesOfUser,
    /// It runs systemd.
    RunsSystemd,
    /// A tool copies files into the running container while somebody develops.
    DevelopWatch,
    /// The engine copies a config or secret into the root file system, and refuses to do so where
    /// that is read-only.
    CopiedIntoRoot {
        /// `config` or `secret`.
        kind: &'static str,
        /// Its name.
        name: String,
        /// The key that holds its content.
        key: &'static str,
    },
    /// Only its owner may read a config or secret.
    ReadableByOwner {
        /// Its name.
        name: String,
        /// Its permissions.
        mode: u32,
    },
    /// Only root may read some files of a volume.
    ReadableByRoot {
        /// The volume.
        volume: String,
        /// Their permissions.
        mode: u32,
    },
    /// Only owner and group may read some files of a path of the host.
    ClosedFile {
        /// The path, as written.
        path: String,
    },
    /// A container of another image writes to a volume that this one mounts.
    VolumeWrittenBy {
        /// The volume.
        volume: String,
        /// The other container.
        writer: String,
    },
    /// The kubelet makes this directory of a volume, for root.
    SubPathMadeByKubelet {
        /// The volume.
        volume: String,
        /// The directory in it.
        path: String,
    },
    /// Somebody wrote a comment beside a profile.
    Comment,
    /// A CPU period is set, beside which the engine refuses a limit.
    CpuPeriod {
        /// The option that sets the period.
        period: &'static str,
        /// The option that it refuses.
        limit: &'static str,
    },
    /// Its pod has resources of its own, which those of its containers have to fit.
    PodHasResources,
    /// An object sets the bounds and the defaults of resources in its namespace.
    LimitRange {
        /// The object, with its kind.
        name: String,
    },
    /// A patch changes a setting of it.
    PatchedBy {
        /// The file that holds the patch.
        file: String,
        /// The setting.
        setting: Patched,
        /// The setting by its name in the file.
        key: &'static str,
    },
    /// A patch mounts something writable.
    MountedByPatch {
        /// The file that holds the patch.
        file: String,
        /// Where it is mounted.
        path: String,
    },
    /// The consumer of the file refuses a container with this power that may not gain privileges.
    NeedsEscalation(Power),
    /// A binding gives its service account a role.
    RoleBinding {
        /// The binding, with its kind.
        binding: String,
        /// The service account.
        account: String,
    },
    /// A volume brings it a token of its own for the cluster's API.
    ProjectedToken {
        /// The volume.
        volume: String,
    },
    /// An annotation has somebody add a container to its pod.
    InjectedBy {
        /// Who adds it.
        injector: Injector,
        /// The annotation.
        annotation: String,
    },
}

/// A setting that a patch changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patched {
    /// The user.
    User,
    /// The primary group.
    Group,
    /// Whether the user must not be root.
    NonRoot,
    /// Whether the root file system is read-only.
    ReadOnlyRoot,
    /// Whether every protection is off.
    Privileged,
    /// Whether the process may gain privileges.
    NoNewPrivileges,
    /// The capabilities.
    Capabilities,
    /// Requests and limits.
    Resources,
    /// The volumes of its pod.
    Volumes,
    /// What it mounts.
    Mounts,
}

/// A power that needs privileges to be gained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Power {
    /// Every protection is off.
    Privileged,
    /// The capability `SYS_ADMIN`, written so that the consumer recognises it.
    SysAdmin,
}

/// Who adds a container to a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Injector {
    /// Dapr's sidecar.
    Dapr,
    /// Istio's proxy.
    Istio,
    /// Linkerd's proxy.
    Linkerd,
    /// Vault's agent.
    Vault,
}

impl Observed {
    /// The fact, seen at this place.
    #[must_use]
    pub fn at(self, place: Option<Place>) -> Observation {
        Observation { what: self, place }
    }
}
