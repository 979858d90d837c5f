//! The image's files cannot be written; what must be writable is a small mount of its own.

use super::needs::writable;
use super::{Kind, Reference, Risk, Transform, Written, evidence, written};
use crate::container::{Answer, Assignment, Assume, Basis, Container, Policy, Scratch};
use crate::edition::Edition;
use crate::image::Support;

/// See the page.
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

fn decide(container: &Container, policy: &Policy) -> Answer {
    let judge = |value: &bool| match value {
        true => Written::Strict("it is on".into()),
        false => Written::Weak("the root is writable explicitly".into()),
    };
    written(
        &container.read_only_root,
        "a value of this setting",
        judge,
        || close(container, policy).assignments(),
    )
    .unwrap_or_else(|| close(container, policy))
}

/// The answer where nobody has said anything.
fn close(container: &Container, policy: &Policy) -> Answer {
    if let Some(mount) = container
        .mounts
        .iter()
        .find(|mount| mount.target.contains('$'))
    {
        return Answer::declined(format!(
            "`{}` decides where something is mounted",
            mount.target
        ));
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
        return Answer::declined(format!(
            "the image keeps its data in `{volume}`, and nothing is mounted there"
        ));
    }
    let Some(facts) = facts.filter(|facts| facts.writable_is_known()) else {
        return Answer::Change {
            assignments: with_root(writable::within_limit(container, tmp(container, policy))),
            basis: Basis::Assumed,
            reason: "nothing in the file says that it writes elsewhere than `/tmp`".into(),
        };
    };
    match &facts.read_only {
        Support::Yes => {}
        Support::Conditional(_) if policy.assume == Assume::All => {}
        Support::No(why) | Support::Conditional(why) => return Answer::declined(why.clone()),
        Support::Unknown => {
            return Answer::declined("whether the image can live with it is not known".to_owned());
        }
    }
    let mut paths = match writable::scratch_paths(container, facts) {
        Ok(paths) => paths,
        Err(why) => return Answer::declined(why),
    };
    // The file may make the image write where it does not by itself.
    if evidence::mentions_tmp(container) && paths.iter().all(|path| path.path != "/tmp") {
        paths.extend(tmp(container, policy));
    }
    let paths = writable::within_limit(container, paths);
    let reason = if paths.is_empty() {
        format!("{} writes nowhere but to what is mounted", facts.id)
    } else {
        let names: Vec<_> = paths
            .iter()
            .map(|path| format!("`{}`", path.path))
            .collect();
        format!("{} writes to {}", facts.id, names.join(", "))
    };
    let basis = writable::basis(container, facts);
    Answer::Change {
        assignments: with_root(paths),
        basis,
        reason: reason.into(),
    }
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
