//! Reports an unmasked `/proc`.

use super::{Kind, Reference, Risk, Transform, Written, written};
use crate::container::{Answer, Assignment, Container, Policy, Reason, Words};
use crate::edition::Edition;

/// The page describes this transform.
pub(super) static TRANSFORM: Transform = Transform {
    id: "proc-mount",
    edition: Edition::new(2026, 11),
    summary: "a `/proc` without its usual masks",
    kind: Kind::Finding,
    default: true,
    risk: Risk::Behaviour,
    references: &[
        Reference::new("Pod Security Standards, baseline", "procMount"),
        Reference::new("kube-linter", "unsafe-proc-mount"),
        Reference::new("Trivy", "KSV-0027"),
    ],
    page: include_str!("proc_mount.md"),
    decide,
};

static MASKED: Words = Words::new("proc-masked", "The platform masks its {path}.");
static UNMASKED: Words = Words::new(
    "proc-unmasked",
    "Its {path} is unmasked: it shows and changes parts of the kernel that are hidden by default.",
);
static NOT_A_PROC_MOUNT: Words = Words::new(
    "not-a-proc-mount",
    "{written} is not a way to mount the proc file system.",
);

fn decide(container: &Container, _: &Policy) -> Answer {
    let masked = || Reason::new(&MASKED).path("/proc");
    let judge = |mount: &String| match mount.as_str() {
        "Unmasked" => Written::Weak(Reason::new(&UNMASKED).path("/proc")),
        _ => Written::Strict(masked()),
    };
    written(&container.proc_mount, &NOT_A_PROC_MOUNT, judge, || {
        vec![Assignment::DefaultProcMount]
    })
    .unwrap_or_else(|| Answer::hardened(masked()))
}
