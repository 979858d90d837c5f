//! Makes the root file system read-only, with small mounts for the paths that must stay writable.

use super::needs::writable;
use super::{Kind, Reference, Risk, Transform, Written, evidence, written};
use crate::container::{
    Answer, Assignment, Assume, Basis, Container, Policy, Reason, Scratch, Value, Words,
};
use crate::edition::Edition;
use crate::image::{Facts, Support};

/// The page describes this transform.
pub(super) static TRANSFORM: Transform = Transform {
    id: "read-only-root",
    edition: Edition::new(2026, 11),
    summary: "makes the image's files read-only, with small mounts where it must write",
    kind: Kind::Change,
    default: true,
    risk: Risk::Behaviour,
    references: &[
        Reference {
            source: "CIS Docker Benchmark 1.6.0",
            id: "5.13",
        },
        Reference {
            source: "NSA/CISA Kubernetes Hardening Guide 1.2",
            id: "1.1",
        },
        Reference {
            source: "kube-linter",
            id: "no-read-only-root-fs",
        },
        Reference {
            source: "Trivy",
            id: "KSV-0014",
        },
        Reference {
            source: "Checkov",
            id: "CKV_K8S_22",
        },
        Reference {
            source: "compose-lint",
            id: "CL-0007",
        },
        Reference {
            source: "Polaris",
            id: "notReadOnlyRootFilesystem",
        },
    ],
    page: include_str!("read_only_root.md"),
    decide,
};

static ON: Words = Words::new("root-is-read-only", "Its root file system is read-only.");
static OFF: Words = Words::new(
    "root-writable-explicitly",
    "The file makes its root file system writable.",
);
static INVALID: Words = Words::new(
    "not-a-value-of-read-only-root",
    "{written} is not a value of this setting.",
);
static PATH_BY_VARIABLE: Words = Words::new(
    "mount-path-set-by-variable",
    "{path} decides where a volume is mounted.",
);
static WRITES_TO_TMP: Words = Words::new(
    "no-sign-of-other-writes",
    "Nothing in the file shows that it writes outside {path}.",
);
static IMAGE_WRITES: Words = Words::new(
    "image-needs-writable-root",
    "{image} needs a writable root file system: {why}.",
);
static IMAGE_MAY_WRITE: Words = Words::new(
    "image-may-need-writable-root",
    "A read-only root may break {image}; check this first: {why}.",
);
static UNTESTED: Words = Words::new(
    "image-untested-read-only",
    "{image} is not known to work with a read-only root.",
);
static ONLY_MOUNTS: Words = Words::new(
    "image-writes-only-to-mounts",
    "{image} writes only to its mounts.",
);
static WRITES_TO: Words = Words::new("image-writes-to-paths", "{image} writes to {paths}.");

fn decide(container: &Container, policy: &Policy) -> Answer {
    let judge = |value: &bool| match value {
        true => Written::Strict(Reason::new(&ON)),
        false => Written::Weak(Reason::new(&OFF)),
    };
    let remedy = || close(container, policy).assignments();
    written(&container.read_only_root, &INVALID, judge, remedy)
        .unwrap_or_else(|| close(container, policy))
}

/// The answer if the setting is absent.
fn close(container: &Container, policy: &Policy) -> Answer {
    if let Some(mount) = container
        .mounts
        .iter()
        .find(|mount| mount.target.contains('$'))
    {
        let reason = Reason::new(&PATH_BY_VARIABLE).path(mount.target.as_str());
        return Answer::declined(reason.at(mount.place));
    }
    let against = evidence::against_read_only_root(container);
    if let Some(evidence) = against
        .iter()
        .find(|evidence| evidence.decisive || policy.assume != Assume::All)
    {
        return Answer::declined(evidence.reason.clone());
    }
    if let Some(why) = evidence::is_unknown_software(container)
        && policy.assume != Assume::All
    {
        return Answer::declined(why);
    }

    let facts = container.facts.as_deref();
    if let Some(volume) = facts.and_then(|facts| writable::unmounted_volume(container, facts)) {
        return Answer::declined(writable::keeps_data(volume));
    }
    let Some(facts) = facts.filter(|facts| facts.writable_is_known()) else {
        return Answer::Change {
            assignments: with_root(writable::within_limit(container, tmp(container, policy))),
            basis: Basis::Assumed,
            reason: Reason::new(&WRITES_TO_TMP).path("/tmp"),
        };
    };
    match of_image(container, facts, policy) {
        Ok(answer) => answer,
        Err(why) => Answer::declined(why),
    }
}

/// The answer if the writable paths of the image are known.
fn of_image(container: &Container, facts: &Facts, policy: &Policy) -> Result<Answer, Reason> {
    let reason = |words| Reason::new(words).image(facts.id.as_str());
    let why = |why: &String| Value::Note(why.clone());
    match &facts.read_only {
        Support::Yes => {}
        Support::Conditional(_) if policy.assume == Assume::All => {}
        Support::No(no) => return Err(reason(&IMAGE_WRITES).with("why", why(no))),
        Support::Conditional(condition) => {
            return Err(reason(&IMAGE_MAY_WRITE).with("why", why(condition)));
        }
        Support::Unknown => return Err(reason(&UNTESTED)),
    }
    let mut paths = writable::scratch_paths(container, facts)?;
    // Settings in the file may make the image write to `/tmp` when it otherwise does not.
    if evidence::mentions_tmp(container) && paths.iter().all(|path| path.path != "/tmp") {
        paths.extend(tmp(container, policy));
    }
    let paths = writable::within_limit(container, paths);
    let reason = if paths.is_empty() {
        reason(&ONLY_MOUNTS)
    } else {
        let written = paths.iter().map(|path| Value::Path(path.path.clone()));
        reason(&WRITES_TO).with("paths", Value::List(written.collect()))
    };
    Ok(Answer::Change {
        assignments: with_root(paths),
        basis: writable::basis(container, facts),
        reason,
    })
}

/// `/tmp`, unless something is mounted there.
fn tmp(container: &Container, policy: &Policy) -> Vec<Scratch> {
    if container.mount_over("/tmp").is_some() {
        return Vec::new();
    }
    vec![Scratch {
        path: "/tmp".to_owned(),
        size: policy.tmp_size,
        owner: writable::owner_of_process(container),
        mode: None,
        exec: false,
    }]
}

fn with_root(paths: Vec<Scratch>) -> Vec<Assignment> {
    std::iter::once(Assignment::ReadOnlyRoot)
        .chain(paths.into_iter().map(Assignment::Scratch))
        .collect()
}
