//! Reports images whose tag can move to another release.

use super::{Kind, Reference, Risk, Transform};
use crate::container::{Answer, Container, Policy, Reason, Words};
use crate::edition::Edition;
use crate::image::Tag;

/// The page describes this transform.
pub(super) static TRANSFORM: Transform = Transform {
    id: "image-not-pinned",
    edition: Edition::new(2026, 11),
    summary: "images whose name does not say which version runs",
    kind: Kind::Finding,
    default: true,
    risk: Risk::Low,
    references: &[
        Reference::new("kube-linter", "latest-tag"),
        Reference::new("Trivy", "KSV-0013"),
        Reference::new("Checkov", "CKV_K8S_14, CKV_K8S_43"),
        Reference::new("compose-lint", "CL-0004, CL-0019"),
        Reference::new("Polaris", "tagNotSpecified"),
        Reference::new("kube-score", "container-image-tag"),
    ],
    page: include_str!("image_not_pinned.md"),
    decide,
};

/// Tags that publishers move from release to release.
static MOVING: &[&str] = &[
    "beta", "canary", "dev", "develop", "edge", "head", "latest", "lts", "main", "mainline",
    "master", "nightly", "preview", "rolling", "stable", "testing", "unstable",
];

static BUILT: Words = Words::new(
    "built-image-has-no-tag",
    "The image is built here; its tag does not decide what runs.",
);
static NO_IMAGE: Words = Words::new("no-image", "The file names no image.");
static VARIABLE: Words = Words::new("tag-set-by-variable", "A variable decides the image's tag.");
static DIGEST: Words = Words::new("image-has-digest", "The image is pinned by its digest.");
static VERSION: Words = Words::new("image-has-version", "The tag {written} names a version.");
static MOVING_TAG: Words = Words::new(
    "image-tag-moves",
    "The tag {written} moves: the next pull may get another image. Name a version.",
);
static NO_TAG: Words = Words::new(
    "image-has-no-tag",
    "The image has no tag: the next pull may get another image. Name a version.",
);

fn decide(container: &Container, _: &Policy) -> Answer {
    if container.built {
        return Answer::inapplicable(&BUILT);
    }
    let Some(image) = &container.image else {
        return Answer::inapplicable(&NO_IMAGE);
    };
    if image.digest().is_some() {
        return Answer::hardened(&DIGEST);
    }
    let reason = match image.tag() {
        Tag::Unknown => return Answer::inapplicable(&VARIABLE),
        Tag::Known(tag) if !MOVING.contains(&tag.as_str()) => {
            return Answer::hardened(Reason::new(&VERSION).written(tag));
        }
        Tag::Known(tag) if image.to_string().ends_with(&format!(":{tag}")) => {
            Reason::new(&MOVING_TAG).written(tag)
        }
        Tag::Known(_) => Reason::new(&NO_TAG),
    };
    Answer::finding(reason.at(container.image_place), Vec::new())
}
