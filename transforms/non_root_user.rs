//! Starts the process as an unprivileged user.

use super::evidence::{
    Against, OWNER_OF_ANONYMOUS, OWNER_OF_HOST_PATH, OWNER_OF_VOLUME, SOCKET_OF_ROOT,
    TMPFS_OF_ROOT, of_mount,
};
use super::needs::writable;
use super::{
    Kind, NO_SUCH_SETTING, NOT_A_BOOLEAN, Reference, Risk, Transform, by_variable, evidence,
    unreadable,
};
use crate::container::{
    Answer, Assignment, Assume, Basis, Container, Mount, MountSource, Network, Place, Policy,
    Reason, Setting, User, Value, Words,
};
use crate::edition::Edition;
use crate::image::{DefaultUser, Facts, RunAs, Support};

/// The page describes this transform.
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

static WINDOWS: Words = Words::new("windows-users", "Windows has users of another kind.");
static ROOT_ALLOWED: Words = Words::new("root-allowed", "The file allows it to run as root.");
static RUNS_AS_ROOT: Words = Words::new("runs-as-root", "The file runs it as root ({written}).");
static NOT_A_USER: Words = Words::new("not-a-user", "{written} is not a user.");
static ROOT_REFUSED: Words = Words::new(
    "platform-refuses-root",
    "The platform refuses to start it as root.",
);

fn decide(container: &Container, policy: &Policy) -> Answer {
    if container.windows {
        return Answer::declined(&WINDOWS);
    }
    match &container.require_non_root {
        Setting::Set {
            value: false,
            origin,
        } => {
            let reason = Reason::new(&ROOT_ALLOWED).at(origin.place);
            return Answer::finding(reason, without_root_setting(container, policy));
        }
        Setting::Unreadable { text, origin } => return unreadable(&NOT_A_BOOLEAN, text, origin),
        Setting::Unsupported | Setting::Absent | Setting::Set { .. } | Setting::Variable { .. } => {
        }
    }
    match &container.user {
        Setting::Unsupported => Answer::inapplicable(&NO_SUCH_SETTING),
        Setting::Set { value, origin } if value.is_root() => Answer::finding(
            Reason::new(&RUNS_AS_ROOT)
                .written(value.to_string())
                .at(origin.place),
            without_root_setting(container, policy),
        ),
        Setting::Set { value, origin } => explicit(container, value, origin.place),
        Setting::Variable { text, origin, .. } => by_variable(text, origin),
        Setting::Unreadable { text, origin } => unreadable(&NOT_A_USER, text, origin),
        Setting::Absent if container.require_non_root.judged() == Some(&true) => {
            Answer::hardened(Reason::new(&ROOT_REFUSED).at(container.require_non_root.place()))
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

/// The assignments that would apply if the file did not set root.
fn without_root_setting(container: &Container, policy: &Policy) -> Vec<Assignment> {
    let mut bare = container.clone();
    if bare.user.judged().is_some_and(User::is_root) {
        bare.user = Setting::Absent;
    }
    if bare.require_non_root.judged() == Some(&false) {
        bare.require_non_root = Setting::Absent;
    }
    decide(&bare, policy).assignments()
}

static RUNS_AS: Words = Words::new("runs-as-user", "It runs as {name}.");
static ENFORCEABLE: Words = Words::new(
    "user-enforceable",
    "It runs as {name}, and the platform can enforce that.",
);

/// The answer for a written user. If the platform can also reject root, that setting is added.
fn explicit(container: &Container, user: &User, place: Option<Place>) -> Answer {
    let reason = |words| Reason::new(words).name(user.to_string()).at(place);
    if container.require_non_root.is_absent() {
        return Answer::Change {
            assignments: vec![Assignment::RequireNonRoot],
            basis: Basis::General,
            reason: reason(&ENFORCEABLE),
        };
    }
    Answer::hardened(reason(&RUNS_AS))
}

static NO_OTHER_USER: Words = Words::new(
    "image-needs-its-user",
    "{image} cannot start as another user: {why}.",
);
static OWN_USER: Words = Words::new(
    "image-has-own-user",
    "{image} can start as its own user {uid}:{gid}.",
);

/// The answer if the image's user is known.
fn known(container: &Container, facts: &Facts, policy: &Policy) -> Answer {
    let basis = writable::basis(container, facts);
    match &facts.default_user {
        DefaultUser::Unknown => match &facts.starts_as_user {
            // The image's user is not known, but no other user works.
            Support::No(why) => Answer::declined(no_other_user(facts, why)),
            Support::Yes | Support::Conditional(_) | Support::Unknown => unknown(container, policy),
        },
        // For a language runtime or an operating system, the facts describe only the base and not
        // the program on top.
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
            reason: Reason::new(&OWN_USER)
                .image(facts.id.as_str())
                .with("uid", Value::Count(user.uid.into()))
                .with("gid", Value::Count(user.gid.into())),
        }),
    }
}

fn no_other_user(facts: &Facts, why: &str) -> Reason {
    let reason = Reason::new(&NO_OTHER_USER).image(facts.id.as_str());
    reason.with("why", Value::Note(why.to_owned()))
}

static STARTS_AS_UID: Words = Words::new("image-starts-as-uid", "{image} starts as user {uid}.");
static UID_ENFORCEABLE: Words = Words::new(
    "image-uid-enforceable",
    "{image} starts as user {uid}, and the platform can enforce that.",
);

fn starts_as_number(container: &Container, facts: &Facts, uid: u32, basis: Basis) -> Answer {
    let reason = |words| {
        let reason = Reason::new(words).image(facts.id.as_str());
        reason.with("uid", Value::Count(uid.into()))
    };
    if !container.require_non_root.is_absent() {
        return Answer::hardened(reason(&STARTS_AS_UID));
    }
    Answer::Change {
        assignments: vec![Assignment::RequireNonRoot],
        basis,
        reason: reason(&UID_ENFORCEABLE),
    }
}

static STARTS_AS_NAME: Words = Words::new("image-starts-as-name", "{image} starts as {name}.");
static UID_UNKNOWN: Words = Words::new(
    "image-uid-unknown",
    "{image} starts as {name}, whose number is unknown; the platform refuses a name.",
);
static UID_NEEDED: Words = Words::new(
    "image-uid-needed",
    "{image} starts as {name}; the platform needs the number to tell it from root.",
);

fn starts_as_name(container: &Container, facts: &Facts, name: &str, basis: Basis) -> Answer {
    let reason = |words| Reason::new(words).image(facts.id.as_str()).name(name);
    if !container.require_non_root.is_absent() {
        return Answer::hardened(reason(&STARTS_AS_NAME));
    }
    let Some(user) = facts.run_as else {
        return Answer::declined(reason(&UID_UNKNOWN));
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
        reason: reason(&UID_NEEDED),
    }
}

static USER_UNKNOWN: Words = Words::new(
    "image-untested-as-user",
    "{image} is not known to start as another user.",
);
static NO_USER: Words = Words::new(
    "image-has-no-known-user",
    "No other user is known to work for {image}.",
);
static FILES_OF_ROOT: Words = Words::new(
    "files-may-belong-to-root",
    "Root may own the files in {path} by now.",
);
static VOLUME_OF_ROOT: Words = Words::new(
    "image-volume-of-root",
    "{path} is a volume of the image and belongs to root.",
);

/// The assignments for another start user, or the reason why there is none.
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
        Support::No(why) => return Err(no_other_user(facts, why)),
        Support::Unknown => {
            return Err(Reason::new(&USER_UNKNOWN).image(facts.id.as_str()));
        }
    }
    let user = facts
        .run_as
        .ok_or_else(|| Reason::new(&NO_USER).image(facts.id.as_str()))?;
    if policy.assume != Assume::All
        && let Some(path) = kept(container, facts)
        && let Some(what) = evidence::past_entrypoint(container)
    {
        return Err(Reason::new(&FILES_OF_ROOT).path(path).and(what));
    }
    let group = storage(container, facts)?;
    if let Some(volume) = volume_of_root(container, facts) {
        return Err(Reason::new(&VOLUME_OF_ROOT).path(volume));
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
        let mut applied = container.clone();
        for assignment in &assignments {
            applied.apply(assignment);
        }
        let paths = writable::within_limit(&applied, writable::scratch_paths(&applied, facts)?);
        assignments.extend(paths.into_iter().map(Assignment::Scratch));
    }
    Ok((user, assignments))
}

/// A path whose data outlives the container: a volume of the file or of the image.
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

/// A path where the image keeps data without a mount. The image's own directory is then used, which
/// its user does not own.
fn volume_of_root<'f>(container: &Container, facts: &'f Facts) -> Option<&'f str> {
    facts
        .declared_volumes()
        .filter(|volume| !facts.manages_ownership(volume))
        .find(|volume| container.mount_over(volume).is_none())
}

/// What a known image cannot do as its own user with this file. Storage is checked separately.
fn blocked(container: &Container, facts: &Facts) -> Option<Reason> {
    if let Some(mount) = container
        .mounts
        .iter()
        .find(|mount| evidence::is_engine_socket(mount))
    {
        return Some(of_mount(&SOCKET_OF_ROOT, mount));
    }
    // A program that switches to another user before it starts the service reads its keys as that
    // user in any case.
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

/// Whether the image's user can write to the mounted storage. If the volumes need a group for that,
/// the assignment for it.
fn storage(container: &Container, facts: &Facts) -> Result<Option<Assignment>, Reason> {
    let mut group = None;
    for mount in container
        .mounts
        .iter()
        .filter(|mount| !mount.read_only && !evidence::is_engine_socket(mount))
    {
        match &mount.source {
            MountSource::Volume(_) | MountSource::Anonymous
                if facts.manages_ownership(&mount.target) => {}
            MountSource::Claim(_) => group = volume_group(container, facts, mount)?.or(group),
            MountSource::Host(path) => {
                let host = Value::Path(path.clone());
                return Err(of_mount(&OWNER_OF_HOST_PATH, mount).with("host", host));
            }
            MountSource::Volume(name) | MountSource::Other(name) => {
                return Err(of_mount(&OWNER_OF_VOLUME, mount).name(name));
            }
            MountSource::Anonymous => return Err(of_mount(&OWNER_OF_ANONYMOUS, mount)),
            MountSource::Scratch if !mount.open => return Err(of_mount(&TMPFS_OF_ROOT, mount)),
            MountSource::Scratch | MountSource::Content => {}
        }
    }
    Ok(group)
}

static GROUP_READS_OTHER: Words = Words::new(
    "claim-group-reads-private-volume",
    "Storage is claimed at {path}; its group could read the volume {name} of the pod, which is only \
     for its owner.",
);
static REGROUPED: Words = Words::new(
    "claim-opened-to-group",
    "Storage is claimed at {path}; {name} opens its files to the group at every start, which {image} \
     refuses.",
);
static GROUP_UNKNOWN: Words = Words::new(
    "claim-group-unknown",
    "Storage is claimed at {path}; the group that {image} needs for it is unknown.",
);
static GROUP_UNDECIDED: Words = Words::new(
    "claim-group-undecided",
    "Storage is claimed at {path}; the file does not show its group.",
);

fn volume_group(
    container: &Container,
    facts: &Facts,
    mount: &Mount,
) -> Result<Option<Assignment>, Reason> {
    if let Some(volume) = &container.owners_volume
        && container.volume_group.is_absent()
    {
        return Err(of_mount(&GROUP_READS_OTHER, mount).name(volume));
    }
    let of_image = |words| of_mount(words, mount).image(facts.id.as_str());
    match &container.volume_group {
        Setting::Set { .. } => Ok(None),
        Setting::Absent if container.regroups_volumes && facts.needs_on_root_mismatch() => {
            Err(of_image(&REGROUPED).name("fsGroupChangePolicy"))
        }
        Setting::Absent => match known_group(container, facts) {
            Some(gid) => Ok(Some(Assignment::VolumeGroup(gid))),
            None => Err(of_image(&GROUP_UNKNOWN)),
        },
        Setting::Unsupported | Setting::Variable { .. } | Setting::Unreadable { .. } => {
            Err(of_mount(&GROUP_UNDECIDED, mount))
        }
    }
}

/// Whether the container has claimed storage, and its image has a known group for it.
pub(super) fn knows_volume_group(container: &Container) -> bool {
    let facts = container.facts.as_deref();
    container.mounts.iter().any(is_claimed)
        && facts.is_some_and(|facts| known_group(container, facts).is_some())
}

/// The group that gives the image access to claimed storage, if its conditions hold.
fn known_group(container: &Container, facts: &Facts) -> Option<u32> {
    facts.volume_group().or_else(|| {
        let (gid, conditions) = facts.volume_group_when()?;
        (writable::applies(container, conditions) == writable::Applies::Yes).then_some(gid)
    })
}

static LOW_PORT: Words = Words::new(
    "low-port-needs-root",
    "It listens on port {port}, which needs root here.",
);
static LOW_PORT_OF_OTHERS: Words = Words::new(
    "low-port-of-other-network",
    "It listens on port {port} of a network that is not its own, which needs root.",
);

/// The setting that an unprivileged process needs for the low ports of the container.
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
            _ => Err(Reason::new(&LOW_PORT).port(lowest)),
        },
        Network::Host | Network::Shared(_) | Network::Variable(_) => {
            Err(Reason::new(&LOW_PORT_OF_OTHERS).port(lowest))
        }
    }
}

static NO_SIGN: Words = Words::new(
    "no-sign-of-root",
    "Nothing in the file shows that it needs root.",
);

/// The answer if the image's user is not known.
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
    // Any user in group 0 can use files that belong to group 0.
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
    // Claimed storage reaches this code only if the policy assumes everything. The group of the new
    // user is the least that makes it writable.
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
        reason: Reason::new(&NO_SIGN),
    }
}

fn is_claimed(mount: &Mount) -> bool {
    !mount.read_only && matches!(mount.source, MountSource::Claim(_))
}
