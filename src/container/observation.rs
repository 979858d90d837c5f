//! Facts in a file that are not settings of the container.
//!
//! A dialect states the facts. `transforms/evidence/` decides what they mean for the hardening.

use super::Place;

/// A fact, and where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The fact.
    pub what: Observed,
    /// Where it is written.
    pub place: Option<Place>,
}

/// A fact in the file that is not a setting of the container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observed {
    /// The containers of its pod share their process namespace.
    SharesProcesses,
    /// It shares the process namespace of another container, named as in the file.
    SharesProcessesOf(String),
    /// It shares the IPC namespace of another container, named as in the file.
    SharesMemoryOf(String),
    /// It mounts the volumes of another container, named as in the file.
    MountsVolumesOf(String),
    /// It is a step of a pipeline whose steps exchange files.
    ExchangesFiles,
    /// It has a limit on the processes of its user (`RLIMIT_NPROC`). The kernel counts the
    /// processes of that user in all containers, and exempts root (`setrlimit(2)`).
    LimitsProcessesOfUser,
    /// It runs systemd.
    RunsSystemd,
    /// `develop.watch` copies files into the running container.
    DevelopWatch,
    /// The engine copies a config or secret into the root file system. The engine refuses that if
    /// the root file system is read-only.
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
    /// Only owner and group may read some files of a host path.
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
    /// The kubelet creates this directory of a volume, and root owns it.
    SubPathMadeByKubelet {
        /// The volume.
        volume: String,
        /// The directory in it.
        path: String,
    },
    /// A profile has a comment.
    Comment,
    /// A CPU period is set. The engine refuses a CPU limit then.
    CpuPeriod {
        /// The option that sets the period.
        period: &'static str,
        /// The option that the engine refuses.
        limit: &'static str,
    },
    /// Its pod sets resources, which limit the resources of its containers.
    PodHasResources,
    /// A `LimitRange` sets the bounds and the defaults of resources in its namespace.
    LimitRange {
        /// The object, with its kind.
        name: String,
    },
    /// A patch changes a setting of the container.
    PatchedBy {
        /// The file that holds the patch.
        file: String,
        /// The setting.
        setting: Patched,
        /// The key of the setting in the file.
        key: &'static str,
    },
    /// A patch adds a writable mount.
    MountedByPatch {
        /// The file that holds the patch.
        file: String,
        /// The path of the mount.
        path: String,
    },
    /// The container has this power. The consumer of the file refuses the power together with
    /// `no_new_privs`.
    NeedsEscalation(Power),
    /// A binding gives its service account a role.
    RoleBinding {
        /// The binding, with its kind.
        binding: String,
        /// The service account.
        account: String,
    },
    /// A projected volume contains a token for the Kubernetes API.
    ProjectedToken {
        /// The volume.
        volume: String,
    },
    /// An annotation makes an injector add a container to its pod.
    InjectedBy {
        /// The injector.
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
    /// `runAsNonRoot`.
    NonRoot,
    /// The read-only root file system.
    ReadOnlyRoot,
    /// `privileged`.
    Privileged,
    /// `allowPrivilegeEscalation`.
    NoNewPrivileges,
    /// The capabilities.
    Capabilities,
    /// Requests and limits.
    Resources,
    /// The volumes of its pod.
    Volumes,
    /// The mounts.
    Mounts,
}

/// A power that needs privilege escalation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Power {
    /// `privileged`: all protections are off.
    Privileged,
    /// The capability `SYS_ADMIN`, in a spelling that the consumer recognises.
    SysAdmin,
}

/// A program that adds a container to pods.
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
    /// The fact with this place.
    #[must_use]
    pub fn at(self, place: Option<Place>) -> Observation {
        Observation { what: self, place }
    }
}
