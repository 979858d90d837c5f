//! A `/proc` without the masks that keep the kernel from a container.

use super::{Kind, Reference, Risk, Transform, Written, written};
use crate::container::{Answer, Assignment, Container, Policy};
use crate::edition::Edition;

/// See the page.
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

fn decide(container: &Container, _: &Policy) -> Answer {
    let judge = |mount: &String| match mount.as_str() {
        "Unmasked" => Written::Weak(
            "its `/proc` shows and changes what the platform masks of the kernel".into(),
        ),
        _ => Written::Strict("its `/proc` is masked".into()),
    };
    written(
        &container.proc_mount,
        "a way to mount `/proc`",
        judge,
        || vec![Assignment::DefaultProcMount],
    )
    .unwrap_or_else(|| Answer::hardened("its `/proc` is masked".to_owned()))
}
