//! Kubernetes manifests, from text to neutral containers and back.

mod custom;
mod host;
mod patches;
mod read;
mod rules;
mod stream;
mod write;

use std::path::PathBuf;

use harden::dialect::{self, Member};
use harden::project::{File, Format, NoSurroundings, NotOurs};
use harden::syntax::{Limits, Mode, Tree, parse};
use harden::transforms::evidence;

use crate::support::answers;
use crate::support::run::{Setup as _, by_default, knowledge};

/// The ways in which a pod selects Windows.
const WINDOWS: [&str; 6] = [
    "os: {name: windows}",
    "nodeSelector: {kubernetes.io/os: windows}",
    "nodeSelector: {beta.kubernetes.io/os: windows}",
    "nodeSelector: {node.kubernetes.io/windows-build: 10.0.20348}",
    "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/os, operator: In, values: [windows]}]}]}}}",
    "securityContext: {windowsOptions: {runAsUserName: ContainerUser}}",
];

/// A patch of a Deployment, which kustomize merges.
const PATCH: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec:\n  template:\n    spec:\n      containers:\n      - name: c\n        env: []\n";

pub(crate) fn pod(container: &str, rest: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  containers:\n  - {container}\n  {rest}\n"
    )
}

/// The manifest after a run with the default transforms.
fn hardened(text: &str) -> String {
    answers::text(&by_default().file("example.yml", text), text)
}

fn testdata(name: &str) -> String {
    let path = crate::support::files::project("testdata/kubernetes").join(name);
    std::fs::read_to_string(path).expect("a file of testdata")
}

/// Reading has a limit of its own for aliases.
fn tree(text: &str) -> Tree<'_> {
    let limits = Limits {
        repeated: u64::MAX,
        ..Limits::default()
    };
    parse(text, Mode::GoYaml, &limits).expect("valid YAML")
}

fn recognise(text: &str) -> Result<Format, NotOurs> {
    dialect::recognise(&tree(text), &[])
}

fn project<R>(texts: &[&str], look: impl FnOnce(&[File<'_>], Vec<Member>) -> R) -> R {
    let files: Vec<File<'_>> = texts
        .iter()
        .map(|text| {
            let path = PathBuf::from("manifest.yaml");
            File::new(path, tree(text), Format::KUBERNETES)
        })
        .collect();
    let mut members = dialect::read(
        Format::KUBERNETES,
        &files,
        knowledge(),
        &NoSurroundings,
        &[],
        None,
    )
    .unwrap();
    evidence::pod::share(&mut members);
    look(&files, members)
}

fn read<R>(texts: &[&str], look: impl FnOnce(&[File<'_>], &[Member]) -> R) -> R {
    project(texts, |files, members| look(files, &members))
}
