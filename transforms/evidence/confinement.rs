//! What speaks against the platform's own profiles.

use super::{command_words, program};
use crate::container::{Against, Container, Evidence, Place, Reason};

/// What in the file argues for a profile that is turned off, at this place or for all of them.
#[must_use]
pub fn for_confinement_off(container: &Container, place: Option<Place>) -> Option<Reason> {
    const TRACING: [&str; 5] = ["ALL", "BPF", "PERFMON", "SYS_ADMIN", "SYS_PTRACE"];
    let beside = |evidence: &&Evidence| evidence.reason.place == place && place.is_some();
    if let Some(remark) = container
        .evidence_against(Against::DefaultConfinement)
        .find(beside)
    {
        return Some(remark.reason.clone());
    }
    let added = container.capabilities_added.judged();
    if let Some(name) = added
        .into_iter()
        .flatten()
        .find(|name| TRACING.contains(&name.as_str()))
    {
        return Some(format!("the capability `{name}` is added, which goes with it").into());
    }
    if let Some(device) = container
        .devices
        .iter()
        .find(|device| device.contains("/dev/fuse"))
    {
        return Some(format!("the device `{device}` is given, which goes with it").into());
    }
    refused_by_seccomp(container).map(|what| format!("{what} goes with it").into())
}

/// What in the file says that the system calls of the default seccomp profile are not enough.
#[must_use]
pub fn against_default_seccomp(container: &Container) -> Option<String> {
    refused_by_seccomp(container)
        .map(|what| format!("{what} stands for system calls that the default profile refuses"))
}

/// A program or an image that makes namespaces of its own, or traces: the sandbox of a browser, a
/// builder of images without root (moby/buildkit#768), a profiler.
fn refused_by_seccomp(container: &Container) -> Option<String> {
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
    let program = command_words(container).find(|word| {
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
        return Some(format!("`{word}` in its command"));
    }
    let image = container.image.as_ref()?.as_str();
    let word = IMAGES.iter().find(|word| image.contains(**word))?;
    Some(format!("`{word}` in the image's name"))
}
