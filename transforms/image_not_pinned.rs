//! Images whose name says nothing about what will run.

use super::{Kind, Reference, Risk, Transform};
use crate::container::{Answer, Container, Policy, Reason};
use crate::edition::Edition;
use crate::image::Tag;

/// See the page.
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

/// Tags that their publishers move from release to release.
static MOVING: &[&str] = &[
    "beta", "canary", "dev", "develop", "edge", "head", "latest", "lts", "main", "mainline",
    "master", "nightly", "preview", "rolling", "stable", "testing", "unstable",
];

fn decide(container: &Container, _: &Policy) -> Answer {
    if container.built {
        return Answer::inapplicable("the image is built here".to_owned());
    }
    let Some(image) = &container.image else {
        return Answer::inapplicable("no image is named".to_owned());
    };
    if image.digest().is_some() {
        return Answer::hardened("a digest is named".to_owned());
    }
    let what = match image.tag() {
        Tag::Unknown => {
            return Answer::inapplicable("a variable decides which image it is".to_owned());
        }
        Tag::Known(tag) if !MOVING.contains(&tag.as_str()) => {
            return Answer::hardened(format!("the version `{tag}` is named"));
        }
        Tag::Known(tag) if image.to_string().ends_with(&format!(":{tag}")) => {
            format!("the tag `{tag}` moves: what runs changes from pull to pull")
        }
        Tag::Known(_) => "no tag is named: what runs changes from pull to pull".to_owned(),
    };
    Answer::finding(Reason::from(what).at(None), Vec::new())
}
