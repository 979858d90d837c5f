//! The answers of transforms, the settings that they change, and the policy of a run.

use super::Reason;

/// A transform's answer for one container. Every transform gives one.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The container is at least this strict already, and why.
    Hardened(Reason),
    /// Settings should change.
    Change {
        /// What to write, in this order.
        assignments: Vec<Assignment>,
        /// Why the change is safe.
        basis: Basis,
        /// Why the transform chose these values.
        reason: Reason,
    },
    /// The file sets something weak explicitly, or there is no safe change. At least one finding,
    /// one for each weak setting.
    Findings(Vec<Finding>),
    /// The change would be a guess, or would affect other containers too, and why.
    Declined(Reason),
    /// The format or the platform has no such setting, and why.
    Inapplicable(Reason),
}

/// One weak setting.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What is weak, and where it is written.
    pub reason: Reason,
    /// What `--override` writes; empty if no setting helps.
    pub remedy: Vec<Assignment>,
}

impl Answer {
    /// [`Answer::Hardened`] with this reason.
    #[must_use]
    pub fn hardened(why: impl Into<Reason>) -> Self {
        Self::Hardened(why.into())
    }

    /// [`Answer::Findings`] with one finding.
    #[must_use]
    pub fn finding(reason: impl Into<Reason>, remedy: Vec<Assignment>) -> Self {
        Self::Findings(vec![Finding {
            reason: reason.into(),
            remedy,
        }])
    }

    /// [`Answer::Declined`] with this reason.
    #[must_use]
    pub fn declined(why: impl Into<Reason>) -> Self {
        Self::Declined(why.into())
    }

    /// [`Answer::Inapplicable`] with this reason.
    #[must_use]
    pub fn inapplicable(why: impl Into<Reason>) -> Self {
        Self::Inapplicable(why.into())
    }

    /// The assignments of a change; empty for every other answer.
    #[must_use]
    pub fn assignments(self) -> Vec<Assignment> {
        match self {
            Self::Change { assignments, .. } => assignments,
            Self::Hardened(_) | Self::Findings(_) | Self::Declined(_) | Self::Inapplicable(_) => {
                Vec::new()
            }
        }
    }
}

/// Why a change is safe to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The change needs no facts about the image, and no fact or file contradicts it.
    General,
    /// A fact about the image, with the id of its entry in the knowledge base.
    Known(String),
    /// The image is unknown, and nothing in the file contradicts the change.
    Assumed,
    /// The user asked for the change, although the file sets another value.
    Asked,
}

/// One setting that a transform wants to write.
#[derive(Clone, Debug, PartialEq)]
pub enum Assignment {
    /// Start as this user. Without a group, the process gets the user's group in the image.
    User {
        /// Never 0.
        uid: u32,
        /// The primary group.
        gid: Option<u32>,
    },
    /// Refuse to start as root.
    RequireNonRoot,
    /// Never gain privileges (`no_new_privs`).
    NoNewPrivileges,
    /// The memory limit, in bytes.
    MemoryLimit(u64),
    /// The memory request, in bytes.
    MemoryRequest(u64),
    /// The CPU limit, in thousandths of a CPU.
    CpuLimit(u64),
    /// The CPU request, in thousandths of a CPU.
    CpuRequest(u64),
    /// Make the root file system read-only.
    ReadOnlyRoot,
    /// Mount a writable path, whose files are removed with the container.
    Scratch(Scratch),
    /// The group that owns the pod's volumes. The owner changes only on a mismatch.
    VolumeGroup(u32),
    /// The first port that needs no privilege.
    UnprivilegedPortStart(u16),
    /// Drop all capabilities except the added ones.
    DropAllCapabilities,
    /// Add this capability, without `CAP_`, upper case.
    AddCapability(String),
    /// The largest number of processes and threads.
    PidsLimit(i64),
    /// Use the platform's default seccomp profile.
    DefaultSeccomp,
    /// Use the platform's default `AppArmor` profile.
    DefaultAppArmor,
    /// Use the platform's default `SELinux` labels.
    DefaultSeLinux,
    /// Mount no token for the Kubernetes API.
    NoServiceAccountToken,
    /// Remove `privileged`.
    Unprivileged,
    /// Restart at most this often after a failure.
    RestartAtMost(u32),
    /// Publish open ports only on the loopback address of the host.
    LocalhostPorts,
    /// Replace a namespace of the host by a private one. The kernel's name: `network`, `pid`.
    OwnNamespace(&'static str),
    /// Remove this added capability, without `CAP_`, upper case.
    RemoveCapability(String),
    /// Remove this kernel parameter.
    RemoveSysctl(String),
    /// Mount `/proc` with the platform's default masks.
    DefaultProcMount,
    /// Make the mount at this path read-only. The path is as written.
    ReadOnlyMount(String),
}

impl Assignment {
    /// Whether the setting is written on the pod and so applies to every container of the group.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        matches!(
            self,
            Self::VolumeGroup(_)
                | Self::UnprivilegedPortStart(_)
                | Self::NoServiceAccountToken
                | Self::OwnNamespace(_)
                | Self::RemoveSysctl(_)
        )
    }
}

/// A writable path under a read-only root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scratch {
    /// The absolute path in the container.
    pub path: String,
    /// The largest size, in bytes.
    pub size: u64,
    /// The owner as uid and gid; `None` for the default of the platform.
    pub owner: Option<(u32, u32)>,
    /// The permission bits, if the default of the platform is not enough.
    pub mode: Option<u32>,
    /// Whether programs may be run and libraries mapped from this path.
    pub exec: bool,
}

/// The values that a run writes, and which assumptions it may make.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Which changes may be assumptions.
    pub assume: Assume,
    /// The uid for an image whose user is unknown.
    pub uid: u32,
    /// The gid of that user.
    pub gid: u32,
    /// The smallest memory limit, in bytes.
    pub memory: u64,
    /// The memory limit as a multiple of the image's minimum.
    pub memory_factor: u64,
    /// The CPU limit, in thousandths of a CPU.
    pub cpu: u64,
    /// The memory request that goes with a limit, in bytes.
    pub memory_request: u64,
    /// The CPU request that goes with a limit, in thousandths of a CPU.
    pub cpu_request: u64,
    /// The size of `/tmp`, in bytes.
    pub tmp_size: u64,
    /// The largest number of processes and threads, unless the image is known to need more.
    pub pids: i64,
    /// How often a failed container is restarted.
    pub restarts: u32,
    /// Ids of transforms that may change values that the file sets explicitly.
    pub overrides: Vec<&'static str>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            assume: Assume::Fit,
            uid: 10_001,
            gid: 10_001,
            memory: 512 << 20,
            memory_factor: 4,
            cpu: 1_000,
            memory_request: 64 << 20,
            cpu_request: 50,
            tmp_size: 64 << 20,
            pids: 512,
            restarts: 5,
            overrides: Vec::new(),
        }
    }
}

/// Which changes may be assumptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Assume {
    /// No change.
    None,
    /// Changes that nothing in the file contradicts.
    Fit,
    /// All changes, except those that are known to break the image.
    All,
}
