//! `harden pod-security`, from the text to the verdict.

mod corpus;
mod fields;
mod recorded;

use harden::pod_security::{Content, PodJudgement, Standard, Verdict, judge};

use crate::support::run::source;

/// The pods of one text.
fn pods(text: &str, standard: &str) -> Vec<PodJudgement> {
    let standard: Standard = standard.parse().expect("a standard");
    match judge(source("pods.yaml", text), standard, &[]).content {
        Content::Pods(pods) => pods,
        other => panic!("no pods, but {other:?}\n{text}"),
    }
}

/// The verdict on the only pod of a text.
fn verdict(text: &str, standard: &str) -> Verdict {
    let mut pods = pods(text, standard);
    assert_eq!(pods.len(), 1, "{text}");
    pods.remove(0).verdict
}

/// The violations of the only pod of a text, as `check field`.
fn broken(text: &str, standard: &str) -> Vec<String> {
    match verdict(text, standard) {
        Verdict::Passes => Vec::new(),
        Verdict::Breaks(broken) => broken
            .iter()
            .map(|one| format!("{} {}", one.check, one.path))
            .collect(),
        other => panic!("{other:?}\n{text}"),
    }
}
