//! The process starts as an unprivileged user.

use super::evidence::Against;
use super::needs::writable;
use super::{Kind, Reference, Risk, Transform, evidence};
use crate::container::{
    Answer, Assignment, Assume, Basis, Container, Mount, MountSource, Network, Policy, Reason,
    Setting, User, Words,
};
use crate::edition::Edition;
use crate::image::{DefaultUser, Facts, RunAs, Support};

/// See the page.
pub(super) static TRANSFORM: Transform = Transform {
    id: "non-root-user",
    edition: Edition::new(2026, 11),
    summary: "runs the process as a user that is not root",
    kind: Kind::Change,
    default: true,
    risk: Risk::Behaviour,
    references: &[
        Reference {
            source: "Pod Security Standards, restricted",
            id: "runAsNonRoot",
        },
        Reference {
            source: "CIS Docker Benchmark 1.6.0",
            id: "4.1",
        },
        Reference {
            source: "CIS Kubernetes Benchmark 1.8.0",
            id: "5.2.7",
        },
        Reference {
            source: "kube-linter",
            id: "run-as-non-root",
        },
        Reference {
            source: "Trivy",
            id: "KSV-0012",
        },
        Reference {
            source: "Checkov",
            id: "CKV_K8S_40",
        },
        Reference {
            source: "compose-lint",
            id: "CL-0018",
        },
        Reference {
            source: "Polaris",
            id: "runAsRootAllowed",
        },
    ],
    page: include_str!("non_root_user.md"),
    decide,
};

fn decide(container: &Container, policy: &Policy) -> Answer {
    if container.windows {
        return Answer::declined("Windows has users of another kind".to_owned());
    }
    match &container.require_non_root {
        Setting::Set {
            value: false,
            origin,
        } => {
            return Answer::finding(
                Reason::from("root is allowed explicitly".to_owned()).at(origin.place),
                unsaid(container, policy),
            );
        }
        Setting::Unreadable { text, origin } => {
            return Answer::finding(
                Reason::from(format!("`{text}` is not a boolean")).at(origin.place),
                Vec::new(),
            );
        }
        Setting::Unsupported | Setting::Absent | Setting::Set { .. } | Setting::Variable { .. } => {
        }
    }
    match &container.user {
        Setting::Unsupported => Answer::inapplicable("this format has no such setting".to_owned()),
        Setting::Set { value, origin } if value.is_root() => Answer::finding(
            Reason::from(format!("it runs as root explicitly (`{value}`)")).at(origin.place),
            unsaid(container, policy),
        ),
        Setting::Set { value, .. } => explicit(container, value),
        Setting::Variable { text, .. } => Answer::declined(format!("`{text}` decides it")),
        Setting::Unreadable { text, origin } => Answer::finding(
            Reason::from(format!("`{text}` is not a user")).at(origin.place),
            Vec::new(),
        ),
        Setting::Absent if container.require_non_root.judged() == Some(&true) => {
            Answer::hardened("the platform refuses to start it as root".to_owned())
        }
        Setting::Absent => match container
            .facts
            .as_deref()
            .filter(|facts| facts.user_is_known())
        {
            Some(facts) => known(container, facts, policy),
            None => unknown(container, policy),
        },
    }
}

/// What would be written if the file allowed root and named it nowhere.
fn unsaid(container: &Container, policy: &Policy) -> Vec<Assignment> {
    let mut bare = container.clone();
    if bare.user.judged().is_some_and(User::is_root) {
        bare.user = Setting::Absent;
    }
    if bare.require_non_root.judged() == Some(&false) {
        bare.require_non_root = Setting::Absent;
    }
    decide(&bare, policy).assignments()
}

/// The user is written; where the platform can also refuse root, it should.
fn explicit(container: &Container, user: &User) -> Answer {
    if container.require_non_root.is_absent() {
        return Answer::Change {
            assignments: vec![Assignment::RequireNonRoot],
            basis: Basis::General,
            reason: format!("it runs as {user}, and the platform can hold it to that").into(),
        };
    }
    Answer::hardened(format!("it runs as {user}"))
}

/// The image's user is a fact.
fn known(container: &Container, facts: &Facts, policy: &Policy) -> Answer {
    let basis = writable::basis(container, facts);
    match &facts.default_user {
        DefaultUser::Unknown => match &facts.starts_as_user {
            // Whoever that is, it can be nobody else.
            Support::No(why) => Answer::declined(why.clone()),
            Support::Yes | Support::Conditional(_) | Support::Unknown => unknown(container, policy),
        },
        // Of a runtime or an operating system only the base is known, and not what runs in it.
        DefaultUser::Root
            if facts.starts_as_user == Support::Unknown
                && evidence::is_unknown_software(container).is_some() =>
        {
            unknown(container, policy)
        }
        DefaultUser::Uid(uid) if *uid != 0 => starts_as_number(container, facts, *uid, basis),
        DefaultUser::Name(name) if name != "root" => starts_as_name(container, facts, name, basis),
        DefaultUser::Uid(_) | DefaultUser::Name(_) | DefaultUser::Root => starts_as_root(
            container, facts, policy,
        )
        .map_or_else(Answer::declined, |(user, assignments)| Answer::Change {
            assignments,
            basis,
            reason: format!(
                "{} can start as its own user {}:{}",
                facts.id, user.uid, user.gid
            )
            .into(),
        }),
    }
}

fn starts_as_number(container: &Container, facts: &Facts, uid: u32, basis: Basis) -> Answer {
    if !container.require_non_root.is_absent() {
        return Answer::hardened(format!("{} starts as {uid}", facts.id));
    }
    Answer::Change {
        assignments: vec![Assignment::RequireNonRoot],
        basis,
        reason: format!(
            "{} starts as {uid}, and the platform can hold it to that",
            facts.id
        )
        .into(),
    }
}

fn starts_as_name(container: &Container, facts: &Facts, name: &str, basis: Basis) -> Answer {
    if !container.require_non_root.is_absent() {
        return Answer::hardened(format!("{} starts as `{name}`", facts.id));
    }
    let Some(user) = facts.run_as else {
        return Answer::declined(format!(
            "{} starts as `{name}`, whose number is not known, and the platform refuses a name",
            facts.id
        ));
    };
    Answer::Change {
        assignments: vec![
            Assignment::User {
                uid: user.uid,
                gid: None,
            },
            Assignment::RequireNonRoot,
        ],
        basis,
        reason: format!(
            "{} starts as `{name}`, which the platform can only tell from root by its number",
            facts.id
        )
        .into(),
    }
}

/// The user to start as instead, and all that it needs; or why there is none.
fn starts_as_root(
    container: &Container,
    facts: &Facts,
    policy: &Policy,
) -> Result<(RunAs, Vec<Assignment>), Reason> {
    if let Some(why) = evidence::is_unknown_software(container)
        && policy.assume != Assume::All
    {
        return Err(why);
    }
    match &facts.starts_as_user {
        Support::Yes | Support::Conditional(_) => {}
        Support::No(why) => return Err(why.clone().into()),
        Support::Unknown => {
            return Err(format!(
                "whether {} can start as another user is not known",
                facts.id
            )
            .into());
        }
    }
    let user = facts
        .run_as
        .ok_or_else(|| format!("{} has no user that is known to work", facts.id))?;
    if policy.assume != Assume::All
        && let Some(path) = kept(container, facts)
        && let Some(what) = evidence::past_entrypoint(container)
    {
        return Err(Reason::new(&FILES_OF_ROOT).path(path).and(what));
    }
    let group = storage(container, facts)?;
    if let Some(volume) = volume_of_root(container, facts) {
        return Err(format!("`{volume}` is a volume of the image and belongs to root").into());
    }
    if let Some(why) = blocked(container, facts) {
        return Err(why);
    }
    let port = low_ports(container, &facts.ports)?;

    let mut assignments = vec![Assignment::User {
        uid: user.uid,
        gid: Some(user.gid),
    }];
    if container.require_non_root.is_absent() {
        assignments.push(Assignment::RequireNonRoot);
    }
    assignments.extend(group);
    assignments.extend(port);
    if matches!(facts.starts_as_user, Support::Conditional(_)) {
        let mut settled = container.clone();
        for assignment in &assignments {
            settled.apply(assignment);
        }
        let paths = writable::within_limit(&settled, writable::scratch_paths(&settled, facts)?);
        assignments.extend(paths.into_iter().map(Assignment::Scratch));
    }
    Ok((user, assignments))
}

static FILES_OF_ROOT: Words = Words::new(
    "files-may-belong-to-root",
    "Root may own the files in {path} by now.",
);

/// Where files are kept from one container to the next: volumes, of the file or the image.
fn kept<'c>(container: &'c Container, facts: &'c Facts) -> Option<&'c str> {
    let mut mounts = container.mounts.iter().filter(|mount| !mount.read_only);
    let mounted = mounts.find(|mount| {
        matches!(
            mount.source,
            MountSource::Volume(_) | MountSource::Anonymous
        )
    });
    mounted
        .map(|mount| mount.target.as_str())
        .or_else(|| facts.declared_volumes().next())
}

/// A path where the image keeps data and nothing is mounted, so that its own directory is used,
/// which is not that of its user.
fn volume_of_root<'f>(container: &Container, facts: &'f Facts) -> Option<&'f str> {
    facts
        .declared_volumes()
        .filter(|volume| !facts.manages_ownership(volume))
        .find(|volume| container.mount_over(volume).is_none())
}

/// What a known image cannot do as its own user, given this file; its storage is judged apart.
fn blocked(container: &Container, facts: &Facts) -> Option<Reason> {
    if let Some(mount) = container
        .mounts
        .iter()
        .find(|mount| evidence::is_engine_socket(mount))
    {
        return Some(format!("`{}` belongs to root and the engine's group", mount.target).into());
    }
    // What becomes another user before it starts the service reads its keys as that user already.
    if let Some(key) = evidence::private_key(container).filter(|_| !facts.drops_by_itself()) {
        return Some(key.reason);
    }
    let on_host = container.network == Network::Host;
    let demands = if on_host && facts.ports.iter().all(|port| *port >= 1024) {
        let own_network = Container {
            network: Network::Private,
            ..container.clone()
        };
        evidence::demands_of_root(&own_network)
    } else {
        evidence::demands_of_root(container)
    };
    let dialect = evidence::observed(container, Against::User)
        .first()
        .cloned();
    dialect
        .or_else(|| demands.into_iter().next())
        .map(|evidence| evidence.reason)
}

/// Whether the image's user can write where storage is mounted; the group to give the volumes, if one is needed.
fn storage(container: &Container, facts: &Facts) -> Result<Option<Assignment>, Reason> {
    let mut group = None;
    for mount in container
        .mounts
        .iter()
        .filter(|mount| !mount.read_only && !evidence::is_engine_socket(mount))
    {
        match &mount.source {
            MountSource::Host(path) => {
                return Err(format!(
                    "`{path}` of the host is mounted at `{}`, and its owner is not known",
                    mount.target
                )
                .into());
            }
            MountSource::Volume(_) | MountSource::Anonymous
                if facts.manages_ownership(&mount.target) => {}
            MountSource::Claim(_) => group = volume_group(container, facts, mount)?.or(group),
            MountSource::Volume(name) | MountSource::Other(name) => {
                return Err(format!(
                    "`{name}` is mounted at `{}`, and its owner is not known",
                    mount.target
                )
                .into());
            }
            MountSource::Anonymous => {
                return Err(format!(
                    "a volume is mounted at `{}`, and its owner is not known",
                    mount.target
                )
                .into());
            }
            MountSource::Scratch if !mount.open => {
                return Err(format!(
                    "only root may be able to write the tmpfs at `{}`",
                    mount.target
                )
                .into());
            }
            MountSource::Scratch | MountSource::Content => {}
        }
    }
    Ok(group)
}

fn volume_group(
    container: &Container,
    facts: &Facts,
    mount: &Mount,
) -> Result<Option<Assignment>, Reason> {
    if let Some(volume) = &container.owners_volume
        && container.volume_group.is_absent()
    {
        return Err(format!(
            "storage is claimed at `{}`, and its group could read `{volume}` of the pod, which is \
             for its owner alone",
            mount.target
        )
        .into());
    }
    match &container.volume_group {
        Setting::Set { .. } => Ok(None),
        Setting::Absent if container.regroups_volumes && facts.needs_on_root_mismatch() => {
            Err(format!(
                "storage is claimed at `{}`, `fsGroupChangePolicy` would open its files to the group \
                 at every start, and {} refuses those",
                mount.target, facts.id
            ).into())
        }
        Setting::Absent => match known_group(container, facts) {
            Some(gid) => Ok(Some(Assignment::VolumeGroup(gid))),
            None => Err(format!(
                "storage is claimed at `{}`, and the group that {} needs for it is not known",
                mount.target, facts.id
            ).into()),
        },
        Setting::Unsupported | Setting::Variable { .. } | Setting::Unreadable { .. } => {
            Err(format!(
                "storage is claimed at `{}`, and its group cannot be told",
                mount.target
            ).into())
        }
    }
}

/// The group that makes claimed storage the image's own, where its conditions hold.
fn known_group(container: &Container, facts: &Facts) -> Option<u32> {
    facts.volume_group().or_else(|| {
        let (gid, conditions) = facts.volume_group_when()?;
        (writable::applies(container, conditions) == writable::Applies::Yes).then_some(gid)
    })
}

/// What an unprivileged process needs to listen on the container's ports.
fn low_ports(container: &Container, known: &[u16]) -> Result<Option<Assignment>, Reason> {
    let Some(lowest) = container
        .ports
        .iter()
        .chain(known)
        .copied()
        .filter(|port| *port < 1024 && *port > 0)
        .min()
    else {
        return Ok(None);
    };
    match &container.network {
        Network::Private if container.low_ports_are_free => Ok(None),
        Network::Private => match &container.unprivileged_port_start {
            Setting::Set { value, .. } if *value <= lowest => Ok(None),
            Setting::Absent => Ok(Some(Assignment::UnprivilegedPortStart(
                container
                    .lowest_port_of_pod
                    .map_or(lowest, |of_pod| of_pod.min(lowest)),
            ))),
            _ => Err(format!("it listens on port {lowest}, which needs root here").into()),
        },
        Network::Host | Network::Shared(_) | Network::Variable(_) => Err(format!(
            "it listens on port {lowest} of a network that is not its own, which needs root"
        )
        .into()),
    }
}

/// Nothing is known of the image's user.
fn unknown(container: &Container, policy: &Policy) -> Answer {
    let bold = policy.assume == Assume::All;
    if let Some(why) = evidence::is_unknown_software(container)
        && !bold
    {
        return Answer::declined(why);
    }
    if let Some(evidence) = evidence::against_user(container)
        .into_iter()
        .find(|one| one.decisive || !bold)
    {
        return Answer::declined(evidence.reason);
    }
    // Files that belong to group 0 are for any user of that group.
    let of_root = container
        .facts
        .as_deref()
        .is_some_and(|facts| facts.group_root);
    let mut assignments = vec![Assignment::User {
        uid: policy.uid,
        gid: Some(if of_root { 0 } else { policy.gid }),
    }];
    if container.require_non_root.is_absent() {
        assignments.push(Assignment::RequireNonRoot);
    }
    // Only the bold come here with storage that is claimed; to give it to the group of the new user
    // is the least that makes it writable.
    let may_group = container.volume_group.is_absent() && container.owners_volume.is_none();
    if may_group && container.mounts.iter().any(is_claimed) {
        assignments.push(Assignment::VolumeGroup(policy.gid));
    }
    match low_ports(container, &[]) {
        Ok(port) => assignments.extend(port),
        Err(why) => return Answer::declined(why),
    }
    Answer::Change {
        assignments,
        basis: Basis::Assumed,
        reason: "nothing in the file says that it needs root".into(),
    }
}

fn is_claimed(mount: &Mount) -> bool {
    !mount.read_only && matches!(mount.source, MountSource::Claim(_))
}
