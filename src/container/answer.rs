//! What a transform may answer, what it may ask for, and how boldly.

use super::Reason;

/// A transform's answer for one container: never a silence.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Already at least this strict, or strict by nature; says why.
    Hardened(Reason),
    /// One or several settings.
    Change {
        /// What to write, in this order.
        assignments: Vec<Assignment>,
        /// What it rests on.
        basis: Basis,
        /// Why these values.
        reason: Reason,
    },
    /// Weak, and somebody meant it, or there is no safe change; one for each thing that is weak,
    /// and at least one.
    Findings(Vec<Finding>),
    /// We would have to guess, or others would be changed too; says why.
    Declined(Reason),
    /// The format or the platform has nothing of the kind, so that nothing is left undone.
    Inapplicable(Reason),
}

/// One thing that is weak.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What is weak, and where it is written.
    pub reason: Reason,
    /// What to write when somebody asks for it all the same; nothing where no setting helps.
    pub remedy: Vec<Assignment>,
}

impl Answer {
    /// Already at least this strict.
    #[must_use]
    pub fn hardened(why: impl Into<Reason>) -> Self {
        Self::Hardened(why.into())
    }

    /// One thing is weak. `remedy` is what to write when somebody asks for it all the same.
    #[must_use]
    pub fn finding(reason: impl Into<Reason>, remedy: Vec<Assignment>) -> Self {
        Self::Findings(vec![Finding {
            reason: reason.into(),
            remedy,
        }])
    }

    /// Not changed, for this reason.
    #[must_use]
    pub fn declined(why: impl Into<Reason>) -> Self {
        Self::Declined(why.into())
    }

    /// The format or the platform has nothing of the kind.
    #[must_use]
    pub fn inapplicable(why: impl Into<Reason>) -> Self {
        Self::Inapplicable(why.into())
    }

    /// What a change would write; nothing for every other answer.
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

/// What a change rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Basis {
    /// It needs no knowledge of the image, and nothing known or seen speaks against it.
    General,
    /// A fact about the image, with the id of the entry that holds it.
    Known(String),
    /// Nothing in the file speaks against it, and nothing is known of the image.
    Assumed,
    /// Somebody asked for it, against what the file says.
    Asked,
}

/// One setting that a transform wants.
#[derive(Clone, Debug, PartialEq)]
pub enum Assignment {
    /// Start as this user; without a group the image's own group for the uid holds.
    User {
        /// Never 0.
        uid: u32,
        /// Its primary group.
        gid: Option<u32>,
    },
    /// Refuse to start as root.
    RequireNonRoot,
    /// Never gain privileges.
    NoNewPrivileges,
    /// Bytes.
    MemoryLimit(u64),
    /// Bytes.
    MemoryRequest(u64),
    /// Thousandths of a processor.
    CpuLimit(u64),
    /// Thousandths of a processor.
    CpuRequest(u64),
    /// The image's files cannot be written.
    ReadOnlyRoot,
    /// A path that stays writable and is emptied with the container.
    Scratch(Scratch),
    /// The group that owns the pod's volumes, changed only where it is not yet so.
    VolumeGroup(u32),
    /// The first port that needs no privilege.
    UnprivilegedPortStart(u16),
    /// Have none of the default capabilities but those that are added.
    DropAllCapabilities,
    /// Have this capability, without `CAP_`, upper case.
    AddCapability(String),
    /// Processes and threads.
    PidsLimit(i64),
    /// Run under the platform's own seccomp profile.
    DefaultSeccomp,
    /// Run under the platform's own `AppArmor` profile.
    DefaultAppArmor,
    /// Run with the platform's own `SELinux` labels.
    DefaultSeLinux,
    /// Be given no token for the cluster's API.
    NoServiceAccountToken,
    /// Have the protections that `privileged` takes away.
    Unprivileged,
    /// Be started again this often after a failure, and not for ever.
    RestartAtMost(u32),
    /// Publish its open ports on the host's own address alone.
    LocalhostPorts,
    /// Have a namespace of its own instead of the host's, by the kernel's name: `network`, `pid`.
    OwnNamespace(&'static str),
    /// Do without this capability that was added, without `CAP_`, upper case.
    RemoveCapability(String),
    /// Do without this kernel parameter.
    RemoveSysctl(String),
    /// Have `/proc` with the platform's masks.
    DefaultProcMount,
    /// Only read what is mounted at this path, as written.
    ReadOnlyMount(String),
}

impl Assignment {
    /// It is written on the pod, and every container of the group has it then.
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
    /// Absolute, inside the container.
    pub path: String,
    /// Bytes at most.
    pub size: u64,
    /// Who owns it; `None` for root or whoever the platform chooses.
    pub owner: Option<(u32, u32)>,
    /// Permission bits, where the default of the platform will not do.
    pub mode: Option<u32>,
    /// Programs may be run (or libraries mapped) from it.
    pub exec: bool,
}

/// How the numbers and the boldness of a run are chosen.
#[derive(Clone, Debug)]
pub struct Policy {
    /// What may rest on assumption.
    pub assume: Assume,
    /// The user written by assumption.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// The least memory limit, in bytes.
    pub memory: u64,
    /// The memory limit in multiples of what the image cannot live without.
    pub memory_factor: u64,
    /// The CPU limit, in thousandths of a processor.
    pub cpu: u64,
    /// The memory request beside a limit, in bytes.
    pub memory_request: u64,
    /// The CPU request beside a limit, in thousandths of a processor.
    pub cpu_request: u64,
    /// The size of `/tmp`, in bytes.
    pub tmp_size: u64,
    /// Processes and threads, where the image is not known to need more.
    pub pids: i64,
    /// How often a container that fails is started again.
    pub restarts: u32,
    /// Ids of transforms that may change what the file says explicitly.
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

/// What may rest on assumption.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Assume {
    /// Nothing: only what always holds or is known.
    None,
    /// What fits: where the file holds no evidence against it.
    Fit,
    /// Everything that is not known to fail.
    All,
}
