//! Which paths of an image must stay writable for this container, and how.

use crate::container::{
    Basis, Container, Id, Origin, Reason, Scratch, Setting, User, Via, Words, counted,
    is_shared_directory, within,
};
use crate::image::{Condition, DefaultUser, Facts, Owner, Support, Writable, pattern};
use crate::transforms::evidence;

static KEEPS_DATA: Words = Words::new(
    "image-data-not-mounted",
    "The image keeps data in {path}, and nothing is mounted there.",
);
static BRINGS_FILES: Words = Words::new(
    "image-files-would-be-hidden",
    "The image writes to {path} and has files there, which an empty mount would hide.",
);
static OWNER_UNKNOWN: Words = Words::new(
    "owner-of-scratch-unknown",
    "It writes to {path}; the number of the user who must own that path is unknown.",
);

/// Why the image cannot be hardened: it keeps data at this path, where nothing is mounted.
#[must_use]
pub fn keeps_data(path: &str) -> Reason {
    Reason::new(&KEEPS_DATA).path(path)
}

/// The tmpfs paths that the container needs under a read-only root and does not have yet.
///
/// # Errors
///
/// Returns the path that a tmpfs cannot replace, with the reason: its image content or its data
/// must persist, or the owner of the tmpfs would not be the user who writes there.
pub fn scratch_paths(container: &Container, facts: &Facts) -> Result<Vec<Scratch>, Reason> {
    if let Some(volume) = unmounted_volume(container, facts) {
        return Err(keeps_data(volume));
    }
    let mut paths: Vec<Scratch> = Vec::new();
    for writable in &facts.writable {
        if applies(container, &writable.when) == Applies::No
            || is_served(container, facts, writable)
        {
            continue;
        }
        let path = writable.path.as_str();
        if writable.persist {
            return Err(keeps_data(path));
        }
        if writable.seed {
            return Err(Reason::new(&BRINGS_FILES).path(path));
        }
        let scratch = scratch(container, facts, writable);
        if !is_writable(container, facts, &scratch) {
            return Err(Reason::new(&OWNER_UNKNOWN).path(path));
        }
        paths.push(scratch);
    }
    Ok(paths)
}

/// A volume that the image declares and that neither the file nor the platform mounts.
#[must_use]
pub fn unmounted_volume<'f>(container: &Container, facts: &'f Facts) -> Option<&'f str> {
    let mut volumes = facts
        .declared_volumes()
        .filter(|_| !container.mounts_image_volumes);
    volumes.find(|volume| container.mount_over(volume).is_none())
}

/// The paths that the container writes to and cannot write under its read-only root. Paths that it
/// only may write to are left out.
#[must_use]
pub fn missing<'f>(container: &Container, facts: &'f Facts) -> Vec<&'f Writable> {
    facts
        .writable
        .iter()
        .filter(|writable| applies(container, &writable.when) == Applies::Yes)
        .filter(|writable| !is_served(container, facts, writable))
        .collect()
}

/// Limits the sizes of the paths to half of an existing memory limit in total, because their
/// content counts towards it (docs/semantics.md#tmpfs-counts-as-memory). A limit that this run adds
/// already includes them.
#[must_use]
pub fn within_limit(container: &Container, mut paths: Vec<Scratch>) -> Vec<Scratch> {
    const LEAST: u64 = 1 << 20;
    let planned = |origin: &Origin| origin.via == Via::Planned;
    let limit = match &container.memory_limit {
        Setting::Set { origin, .. } if planned(origin) => return paths,
        limit => limit.judged().copied().filter(|limit| *limit > 0),
    };
    let total: u128 = paths.iter().map(|path| u128::from(path.size)).sum();
    if let Some(half) = limit.map(|limit| u128::from(limit / 2))
        && container.scratch_is_memory
        && total > half
    {
        for path in &mut paths {
            let share = u128::from(path.size) * half / total;
            let size = u64::try_from(share).unwrap_or(path.size) / LEAST * LEAST;
            path.size = size.max(LEAST);
        }
    }
    paths
}

/// The bytes of scratch space that a read-only root would add to the container. A new memory limit
/// is raised by this amount.
#[must_use]
pub fn scratch_memory(container: &Container) -> u64 {
    let facts = container.facts.as_ref().filter(|facts| {
        container.scratch_is_memory
            && container.read_only_root.is_absent()
            && facts.read_only == Support::Yes
            && evidence::against_read_only_root(container).is_empty()
    });
    let paths = facts.and_then(|facts| scratch_paths(container, facts).ok());
    let sizes = paths.iter().flatten().map(|path| counted(path.size));
    sizes.fold(0, u64::saturating_add)
}

/// Whether the file or the platform mounts something there.
fn is_served(container: &Container, facts: &Facts, writable: &Writable) -> bool {
    container.mount_over(&writable.path).is_some()
        || container.mounts_image_volumes
            && facts
                .declared_volumes()
                .any(|volume| within(&writable.path, volume))
}

/// The writable path as scratch space, owned by the user who writes there.
#[must_use]
pub fn scratch(container: &Container, facts: &Facts, writable: &Writable) -> Scratch {
    let run_as = facts.run_as.map(|user| (user.uid, user.gid));
    let owner = owner_of_process(container).or(match writable.owner {
        Some(Owner::Fixed { uid, gid }) => Some((uid, gid)),
        Some(Owner::RunAs) => run_as,
        // A process that starts as root and then drops privileges writes as its later user.
        None if facts.drops_by_itself() || facts.default_uid().is_some_and(|uid| uid != 0) => {
            run_as
        }
        None => None,
    });
    Scratch {
        path: writable.path.clone(),
        size: writable.size,
        owner,
        mode: writable.mode,
        exec: writable.exec,
    }
}

/// Whether the process can write to the scratch space. Without a named owner, an engine gives a
/// tmpfs over a directory of the image to root, with the mode of that directory
/// (docs/semantics.md#tmpfs-owner and #tmpfs-mode-ignored).
fn is_writable(container: &Container, facts: &Facts, scratch: &Scratch) -> bool {
    if !container.scratch_is_memory || is_shared_directory(&scratch.path) {
        return true;
    }
    match &container.user {
        Setting::Variable { default: None, .. } | Setting::Unreadable { .. } => false,
        Setting::Unsupported | Setting::Absent => {
            scratch.owner.is_some()
                || !matches!(
                    facts.default_user,
                    DefaultUser::Uid(1..) | DefaultUser::Name(_)
                )
        }
        Setting::Set { .. } | Setting::Variable { .. } => {
            container.user.judged().is_some_and(User::is_root)
                || owner_of_process(container).is_some()
        }
    }
}

/// The uid and gid of the configured user, unless it is root or a value of a variable, which must
/// not be written.
#[must_use]
pub fn owner_of_process(container: &Container) -> Option<(u32, u32)> {
    let user = container.user.judged()?;
    let facts = container.facts.as_ref();
    let known = facts.and_then(|facts| Some((facts.run_as?, facts.user_name.as_deref())));
    let uid = match &user.user {
        Id::Number(uid) => *uid,
        Id::Name(name) => known.filter(|(_, known)| *known == Some(name))?.0.uid,
    };
    let known = known.filter(|(known, _)| known.uid == uid);
    let gid = match &user.group {
        Some(Id::Number(gid)) => *gid,
        // A group with the name of the user is the user's own group.
        Some(Id::Name(group)) => known.filter(|(_, name)| *name == Some(group))?.0.gid,
        None => known.map_or(0, |(known, _)| known.gid),
    };
    let hides = |number: u32| container.spellings.hides(&number.to_string());
    // The numbers of the image's own user are known without the variable.
    let is_of_image = known.is_some_and(|(known, _)| known.gid == gid);
    let may_be_written = is_of_image || !hides(uid) && !hides(gid);
    (uid != 0 && may_be_written).then_some((uid, gid))
}

/// Whether a path is written under the conditions of this container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applies {
    /// The path is written.
    Yes,
    /// The file does not determine it.
    Perhaps,
    /// The path is not written.
    No,
}

/// Evaluates conditions. One true condition is enough, and an empty list is true.
#[must_use]
pub fn applies(container: &Container, conditions: &[Condition]) -> Applies {
    if conditions.is_empty() {
        return Applies::Yes;
    }
    let mut result = Applies::No;
    for condition in conditions {
        let holds = match condition {
            Condition::Env(glob) => {
                if container
                    .variables()
                    .any(|(name, _)| pattern::matches(glob, name))
                {
                    Applies::Yes
                } else if container.environment_elsewhere {
                    Applies::Perhaps
                } else {
                    Applies::No
                }
            }
            Condition::Mount(path) => {
                let mounted = container
                    .mounts
                    .iter()
                    .any(|mount| within(&mount.target, path) || within(path, &mount.target));
                if mounted { Applies::Yes } else { Applies::No }
            }
            Condition::Argument(part) => {
                if container.command().any(|word| word.contains(part.as_str())) {
                    Applies::Yes
                } else {
                    Applies::No
                }
            }
            Condition::Unsure(_) => Applies::Perhaps,
        };
        match holds {
            Applies::Yes => return Applies::Yes,
            Applies::Perhaps => result = Applies::Perhaps,
            Applies::No => {}
        }
    }
    result
}

/// The basis of a change that uses these facts. Facts apply to the image's own program and its
/// written tag, not to another entrypoint or a tag from a variable.
#[must_use]
pub fn basis(container: &Container, facts: &Facts) -> Basis {
    // A locally built image does not depend on its name, which only labels the result.
    let is_fixed = container.built
        || container
            .image
            .as_ref()
            .is_some_and(|image| !image.to_string().contains('$'));
    if container.entrypoint.is_none() && is_fixed && facts.by_assumption.is_none() {
        Basis::Known(facts.id.clone())
    } else {
        Basis::Assumed
    }
}
