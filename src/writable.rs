//! Which paths of an image must stay writable for this container, and how.

use crate::container::{Basis, Container, Id, Scratch, within};
use crate::image::{Condition, Facts, Owner, Writable};

/// The scratch paths that the container needs and does not have under a read-only root.
///
/// # Errors
///
/// The path that scratch space cannot serve, in words: its image content or its data must survive.
pub fn scratch_paths(container: &Container, facts: &Facts) -> Result<Vec<Scratch>, String> {
    for volume in facts.declared_volumes() {
        if !container.mounts_image_volumes && container.mount_over(volume).is_none() {
            return Err(format!(
                "the image keeps its data in `{volume}`, and nothing is mounted there"
            ));
        }
    }
    let mut paths: Vec<Scratch> = Vec::new();
    for writable in &facts.writable {
        if applies(container, &writable.when) == Applies::No
            || is_served(container, facts, writable)
        {
            continue;
        }
        if writable.persist {
            return Err(format!(
                "the image keeps its data in `{}`, and nothing is mounted there",
                writable.path
            ));
        }
        if writable.seed {
            return Err(format!(
                "the image writes to `{}`, where it also brings files that an empty mount would hide",
                writable.path
            ));
        }
        paths.push(scratch(container, facts, writable));
    }
    Ok(paths)
}

/// The paths that the container certainly writes to and cannot under its read-only root.
#[must_use]
pub fn missing<'f>(container: &Container, facts: &'f Facts) -> Vec<&'f Writable> {
    facts
        .writable
        .iter()
        .filter(|writable| applies(container, &writable.when) == Applies::Yes)
        .filter(|writable| !is_served(container, facts, writable))
        .collect()
}

/// Something is mounted there, by the file or by the platform.
fn is_served(container: &Container, facts: &Facts, writable: &Writable) -> bool {
    container.mount_over(&writable.path).is_some()
        || container.mounts_image_volumes
            && facts
                .declared_volumes()
                .any(|volume| within(&writable.path, volume))
}

/// The writable path as scratch space, owned by whoever will write to it.
#[must_use]
pub fn scratch(container: &Container, facts: &Facts, writable: &Writable) -> Scratch {
    let run_as = facts.run_as.map(|user| (user.uid, user.gid));
    let owner = owner_of_process(container).or(match writable.owner {
        Some(Owner::Fixed { uid, gid }) => Some((uid, gid)),
        Some(Owner::RunAs) => run_as,
        // What starts as root and leaves it writes as the user that it becomes.
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

/// The numeric user the container is set to start as, unless that is root.
#[must_use]
pub fn owner_of_process(container: &Container) -> Option<(u32, u32)> {
    let user = container.user.judged()?;
    let Id::Number(uid) = user.user else {
        return None;
    };
    let gid = match user.group {
        Some(Id::Number(gid)) => gid,
        Some(Id::Name(_)) => return None,
        None => container
            .facts
            .as_ref()
            .and_then(|facts| facts.run_as)
            .filter(|known| known.uid == uid)
            .map_or(0, |known| known.gid),
    };
    (uid != 0).then_some((uid, gid))
}

/// Whether a path is written under the conditions of this container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applies {
    /// It is.
    Yes,
    /// Nothing in the file can tell.
    Perhaps,
    /// It is not.
    No,
}

/// Judges conditions, any one of which is enough; none at all always holds.
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
                    .any(|(name, _)| glob_matches(glob, name))
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

/// `*` stands for any characters.
fn glob_matches(glob: &str, text: &str) -> bool {
    match glob.split_once('*') {
        None => glob == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            rest.is_empty()
                || text
                    .char_indices()
                    .map(|(at, _)| at)
                    .chain([text.len()])
                    .any(|at| glob_matches(rest, &text[at..]))
        }),
    }
}

/// What a change by these facts rests on: they hold for the image's own program and for the tag
/// that is written, not for another entrypoint or for a tag that a variable decides.
#[must_use]
pub fn basis(container: &Container, facts: &Facts) -> Basis {
    // The name of an image that is built here is only what the result is called.
    let is_settled = container.built
        || container
            .image
            .as_ref()
            .is_some_and(|image| !image.to_string().contains('$'));
    if container.entrypoint.is_none() && is_settled && facts.by_assumption.is_none() {
        Basis::Known(facts.id.clone())
    } else {
        Basis::Assumed
    }
}
