//! Evidence against the platform's default profiles.

use super::commands::programs;
use super::observed::comment;
use super::program;
use crate::container::{Container, Place, Reason, Value, Words};

static TRACING_CAPABILITY: Words = Words::new(
    "off-for-capability",
    "It adds {capability}, which often needs the profile off.",
);
static FUSE_DEVICE: Words = Words::new(
    "off-for-device",
    "It uses the device {path}, which often needs the profile off.",
);
static OFF_FOR_PROGRAM: Words = Words::new(
    "off-for-program",
    "Its command runs {name}, which often needs the profile off.",
);
static OFF_FOR_IMAGE: Words = Words::new(
    "off-for-image",
    "Images named {name} often need the profile off.",
);
static REFUSED_PROGRAM: Words = Words::new(
    "seccomp-refuses-program",
    "Its command runs {name}, which may need system calls that the default profile refuses.",
);
static REFUSED_IMAGE: Words = Words::new(
    "seccomp-refuses-image",
    "Images named {name} may need system calls that the default profile refuses.",
);

/// The reason in the file for a profile that is turned off, at this place or for all containers.
#[must_use]
pub fn for_confinement_off(container: &Container, place: Option<Place>) -> Option<Reason> {
    const TRACING: [&str; 5] = ["ALL", "BPF", "PERFMON", "SYS_ADMIN", "SYS_PTRACE"];
    if let Some(comment) = comment(container, place) {
        return Some(comment);
    }
    let added = container.capabilities_added.judged();
    if let Some(name) = added
        .into_iter()
        .flatten()
        .find(|name| TRACING.contains(&name.as_str()))
    {
        let capability = Value::Capability(name.clone());
        let reason = Reason::new(&TRACING_CAPABILITY).with("capability", capability);
        return Some(reason.at(container.capabilities_added.place()));
    }
    if let Some(device) = container
        .devices
        .iter()
        .find(|device| device.contains("/dev/fuse"))
    {
        return Some(Reason::new(&FUSE_DEVICE).path(device));
    }
    Some(match refused_by_seccomp(container)? {
        Refused::Program(name) => Reason::new(&OFF_FOR_PROGRAM).name(name),
        Refused::Image(name) => Reason::new(&OFF_FOR_IMAGE).name(name),
    })
}

/// The evidence that the container needs more system calls than the default seccomp profile allows.
#[must_use]
pub fn against_default_seccomp(container: &Container) -> Option<Reason> {
    Some(match refused_by_seccomp(container)? {
        Refused::Program(name) => Reason::new(&REFUSED_PROGRAM).name(name),
        Refused::Image(name) => Reason::new(&REFUSED_IMAGE).name(name),
    })
}

/// What makes system calls that the default seccomp profile rejects.
enum Refused<'c> {
    /// A program of the command.
    Program(&'c str),
    /// A word in the name of the image.
    Image(&'static str),
}

/// A program or an image that creates namespaces or traces processes: a browser's sandbox, a
/// rootless image builder (moby/buildkit#768), a profiler.
fn refused_by_seccomp(container: &Container) -> Option<Refused<'_>> {
    const IMAGES: [&str; 10] = [
        "bpftrace",
        "buildah",
        "buildkit",
        "chrome",
        "chromium",
        "dind",
        "playwright",
        "podman",
        "puppeteer",
        "rootless",
    ];
    let program = programs(container).find(|word| {
        matches!(
            program(word),
            "bpftrace"
                | "buildah"
                | "buildkitd"
                | "bwrap"
                | "firejail"
                | "newuidmap"
                | "perf"
                | "podman"
                | "rootlesskit"
                | "unshare"
        )
    });
    if let Some(word) = program {
        return Some(Refused::Program(word));
    }
    let image = container.image.as_ref()?.as_str();
    let word = IMAGES.iter().find(|word| image.contains(**word))?;
    Some(Refused::Image(word))
}
