//! Directories of the host through which a container reaches the host.

use super::{Kind, Reference, Risk, Transform};
use crate::container::{Answer, Assignment, Container, Mount, MountSource, Policy, Reason};
use crate::edition::Edition;
use crate::transforms::evidence;

/// See the page.
pub(super) static TRANSFORM: Transform = Transform {
    id: "host-paths",
    edition: Edition::new(2026, 11),
    summary: "mounts of the host's system directories",
    kind: Kind::Finding,
    default: true,
    risk: Risk::Behaviour,
    references: &[
        Reference::new("Pod Security Standards, baseline", "hostPathVolumes"),
        Reference::new("CIS Docker Benchmark 1.6.0", "5.6"),
        Reference::new("CIS Kubernetes Benchmark 1.8.0", "5.2.12"),
        Reference::new("kube-linter", "sensitive-host-mounts, writable-host-mount"),
        Reference::new("Trivy", "KSV-0023"),
        Reference::new("KICS", "1c1325ff"),
        Reference::new("compose-lint", "CL-0013, CL-0025"),
        Reference::new("Polaris", "hostPathSet"),
    ],
    page: include_str!("host_paths.md"),
    decide,
};

fn decide(container: &Container, _: &Policy) -> Answer {
    let reaching: Vec<(&Mount, &str)> = container.mounts.iter().filter_map(reaching).collect();
    let writable: Vec<_> = reaching
        .iter()
        .filter(|(mount, _)| !mount.read_only)
        .collect();
    let Some((first, _)) = writable.first().copied().or_else(|| reaching.first()) else {
        return Answer::hardened("no system directory of the host is mounted".to_owned());
    };
    let names: Vec<_> = reaching
        .iter()
        .map(|(mount, path)| {
            let how = if mount.read_only { "" } else { " (writable)" };
            format!("`{path}`{how}")
        })
        .collect();
    let needed = container
        .facts
        .as_deref()
        .filter(|facts| !facts.host_access.is_empty());
    let mut what = format!("it reaches into {} of the host", names.join(", "));
    if let Some(facts) = needed {
        what = format!("{what}; {} watches or serves the host", facts.id);
    }
    let remedy = match needed {
        Some(_) => Vec::new(),
        None => writable
            .iter()
            .map(|(mount, _)| Assignment::ReadOnlyMount(mount.target.clone()))
            .collect(),
    };
    Answer::finding(Reason::from(what).at(first.place), remedy)
}

/// The path of the host behind a mount that leads into its system.
fn reaching(mount: &Mount) -> Option<(&Mount, &str)> {
    match &mount.source {
        MountSource::Host(path)
            if evidence::is_system_path(mount) && !evidence::is_engine_socket(mount) =>
        {
            Some((mount, path))
        }
        _ => None,
    }
}
