//! Counts the real pods that pass `restricted` before and after hardening, and the reasons of the
//! others. `HARDEN_SHARED` names the folder that contains `corpus/`.
//!
//! `tests/formats/pod_security/corpus.table` contains the counts; `BLESS=1` rewrites it.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::path::Path;

use harden::container::{Assume, Reason, Role};
use harden::engine::Run;
use harden::engine::outcome::{Change, ContainerReport, FileOutcome, Outcome};
use harden::pod_security::{Content, PodJudgement, Standard, Verdict, Violation, judge};
use harden::report::words::general_sentence;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::corpus::general;
use crate::support::expected::expect;
use crate::support::files::project;
use crate::support::run::{Setup as _, every, source};
use crate::support::shared::{CorpusFile, corpus};

/// The checks of `baseline` for access to the host.
const HOST_ACCESS: [&str; 4] = [
    "hostNamespaces",
    "hostPathVolumes",
    "hostPorts",
    "privileged",
];

/// The percentage of pods without access to their host that must pass after hardening.
const GOALS: [(&str, Assume, usize); 2] = [("fit", Assume::Fit, 70), ("all", Assume::All, 95)];

#[test]
fn real_pods_pass_unless_there_is_a_reason() {
    let Some(files) = corpus() else { return };
    let mut table = String::new();
    for (boldness, assume, goal) in GOALS {
        let count = Count::of(files, assume);
        let _ = write!(table, "# --assume {boldness}\n{count}");
        assert!(
            count.unattributed.is_empty(),
            "{boldness}: nobody knows why these do not pass:\n{}",
            count.unattributed.join("\n")
        );
        assert!(
            count.after * 100 >= goal * count.pods(),
            "{boldness}: {} of {} pods pass, which is less than {goal} %",
            count.after,
            count.pods()
        );
    }
    expect(&project("tests/formats/pod_security/corpus.table"), &table);
}

/// Counts by name.
#[derive(Default)]
struct Count {
    with_host_access: usize,
    rejected: usize,
    not_judged: usize,
    held: usize,
    before: usize,
    after: usize,
    causes: BTreeMap<Cause, usize>,
    unattributed: Vec<String>,
}

/// Why a hardened pod does not pass. Of several causes, the first one counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cause {
    /// No cause was found. This is a bug in harden.
    Unattributed(String),
    /// The file sets a value that breaks the rule.
    Explicit(String),
    /// The image is known to need it.
    Image(String),
    /// There was no safe change.
    Declined(String),
}

/// A pod that does not pass, with the answers for it.
struct Failing<'f> {
    before: &'f [Violation],
    after: &'f [Violation],
    containers: Vec<&'f ContainerReport>,
}

impl Count {
    fn of(files: &[CorpusFile], assume: Assume) -> Self {
        let run = every().assuming(assume);
        let mut count = Self::default();
        let counts: Vec<Self> = files
            .par_iter()
            .map(|file| Self::of_file(file, &run))
            .collect();
        for file in counts {
            count.with_host_access += file.with_host_access;
            count.rejected += file.rejected;
            count.not_judged += file.not_judged;
            count.held += file.held;
            count.before += file.before;
            count.after += file.after;
            count.unattributed.extend(file.unattributed);
            for (cause, pods) in file.causes {
                *count.causes.entry(cause).or_default() += pods;
            }
        }
        count
    }

    fn of_file(file: &CorpusFile, run: &Run<'_>) -> Self {
        let CorpusFile { path, bytes } = file;
        let mut count = Self::default();
        let before = pods(path, bytes, "restricted");
        if before.is_empty() {
            return count;
        }
        let asked = pods(path, bytes, "baseline");
        let report = run.project(vec![source(path, bytes)]);
        let after = match &report.files[0].outcome {
            FileOutcome::Changed(Change { text, .. }) => pods(path, text.as_bytes(), "restricted"),
            _ => pods(path, bytes, "restricted"),
        };
        assert_eq!(before.len(), after.len(), "{}", path.display());
        for (nth, pod) in before.iter().enumerate() {
            // An object can have several pods.
            let later = before.iter().map(|pod| pod.line);
            let until = later.filter(|line| *line > pod.line).min();
            let until = until.unwrap_or(u32::MAX);
            let containers = report.containers.iter().filter(|one| {
                one.workload == pod.workload && (pod.line..until).contains(&one.line())
            });
            match (&pod.verdict, &after[nth].verdict) {
                (Verdict::NotJudged(_), _) => count.not_judged += 1,
                (Verdict::Rejected(_), _) => count.rejected += 1,
                _ if asks_the_host(&asked[nth]) => count.with_host_access += 1,
                _ if is_held(containers.clone()) => count.held += 1,
                (before, Verdict::Passes) => {
                    count.before += usize::from(matches!(before, Verdict::Passes));
                    count.after += 1;
                }
                (Verdict::Breaks(before), Verdict::Breaks(after)) => {
                    let is_old = |one: &Violation| before.iter().any(|old| old.check == one.check);
                    assert!(
                        after.iter().all(is_old),
                        "{}: hardening breaks a rule: {after:?}",
                        path.display()
                    );
                    let failing = Failing {
                        before,
                        after,
                        containers: containers.collect(),
                    };
                    let cause = failing.cause();
                    if let Cause::Unattributed(why) = &cause {
                        let place = format!("{}:{}", path.display(), pod.line);
                        count.unattributed.push(format!("{place}: {why}"));
                    }
                    *count.causes.entry(cause).or_default() += 1;
                }
                (before, after) => {
                    panic!("{}: {before:?} became {after:?}", path.display())
                }
            }
        }
        count
    }

    fn pods(&self) -> usize {
        self.after + self.causes.values().sum::<usize>()
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pods = self.pods();
        #[allow(clippy::cast_precision_loss, reason = "there are not that many pods")]
        let share = self.after as f64 * 100.0 / pods as f64;
        writeln!(f, "{pods}\tpods that ask nothing of their host")?;
        writeln!(f, "{}\tpass before", self.before)?;
        writeln!(f, "{}\tpass after: {share:.1} %", self.after)?;
        writeln!(f, "{}\tunattributed", self.unattributed.len())?;
        let mut causes: Vec<_> = self.causes.iter().collect();
        causes.sort_by_key(|(cause, pods)| (std::cmp::Reverse(**pods), *cause));
        for (cause, pods) in causes {
            let (kind, why) = match cause {
                Cause::Unattributed(_) => continue,
                Cause::Explicit(why) => ("explicit value", why),
                Cause::Image(why) => ("image fact", why),
                Cause::Declined(why) => ("declined", why),
            };
            writeln!(f, "{pods}\t{kind}\t{why}")?;
        }
        writeln!(
            f,
            "{}\tnot counted: asks for host access",
            self.with_host_access
        )?;
        writeln!(f, "{}\tnot counted: the API rejects it", self.rejected)?;
        writeln!(f, "{}\tnot counted: not judged", self.not_judged)?;
        writeln!(f, "{}\tnot counted: nothing is written in it", self.held)
    }
}

impl Failing<'_> {
    fn cause(&self) -> Cause {
        let causes = self.after.iter().map(|violation| self.cause_of(violation));
        let none = || Cause::Unattributed("no rule is broken".to_owned());
        causes.min().unwrap_or_else(none)
    }

    fn cause_of(&self, violation: &Violation) -> Cause {
        let Violation { check, path, .. } = violation;
        let was_there = self
            .before
            .iter()
            .any(|one| (one.check, &one.path, &one.found) == (*check, path, &violation.found));
        if was_there && violation.found != "not set" {
            return Cause::Explicit((*check).to_owned());
        }
        let unattributed = |why: &str| Cause::Unattributed(format!("{check} {path}: {why}"));
        let Some(container) = self.container_of(path) else {
            return unattributed("no such container");
        };
        // The capabilities that root keeps follow from the user.
        let is_root = self.after.iter().any(|one| {
            one.check == "runAsNonRoot"
                && self
                    .container_of(&one.path)
                    .is_some_and(|other| std::ptr::eq(other, container))
        });
        let id = match *check {
            "allowPrivilegeEscalation" => "no-new-privileges",
            "capabilities_restricted" if is_root => "non-root-user",
            "capabilities_restricted" => "drop-capabilities",
            "runAsNonRoot" | "runAsUser" => "non-root-user",
            "seccompProfile_restricted" => "default-seccomp",
            _ => return unattributed("no transform is responsible"),
        };
        let result = container.rows.iter().find(|result| result.id == id);
        let why = result.map(|result| general(&general_sentence(&result.reason)));
        let why = why.unwrap_or_default();
        match result.map(|result| &result.outcome) {
            None => unattributed(&format!("{id} was not asked")),
            Some(Outcome::Finding { .. }) => Cause::Explicit(format!("{id}: {why}")),
            Some(Outcome::Declined) if result.is_some_and(|row| is_of_image(&row.reason)) => {
                Cause::Image(format!("{id}: {why}"))
            }
            Some(Outcome::Declined) => Cause::Declined(format!("{id}: {why}")),
            // The image, or a program that the file runs in it, needs the added capabilities.
            Some(Outcome::Changed { .. }) if path.contains(".capabilities.add[") => {
                Cause::Image(format!("{id}: {why}"))
            }
            Some(outcome) => unattributed(&format!("{id} says {outcome:?}")),
        }
    }

    /// The container whose field this is; fields of the pod itself are set for all.
    fn container_of(&self, path: &str) -> Option<&ContainerReport> {
        self.containers.iter().copied().find(|one| {
            let list = match one.role {
                Role::Main => "containers",
                Role::Init | Role::Sidecar => "initContainers",
                Role::Ephemeral => "ephemeralContainers",
            };
            path.contains(&format!(".{list}[{}].", one.name))
        })
    }
}

/// Whether the reason is a fact about the image, and not a value in the file.
fn is_of_image(reason: &Reason) -> bool {
    matches!(
        reason.code(),
        "image-data-not-mounted"
            | "image-has-no-known-user"
            | "image-needs-its-user"
            | "image-uid-unknown"
            | "image-untested-as-user"
    )
}

/// Whether nothing is written in the object of these containers: it is a patch or a template, or its
/// kind is not known.
fn is_held<'c>(containers: impl Iterator<Item = &'c ContainerReport>) -> bool {
    const HELD: [&str; 5] = [
        "kind-unknown",
        "part-of-object",
        "patch-directives",
        "rendered",
        "rendered-file",
    ];
    let mut containers = containers.peekable();
    let is_any = containers.peek().is_some();
    is_any
        && containers.all(|one| {
            let mut declined = one
                .rows
                .iter()
                .filter(|row| matches!(row.outcome, Outcome::Declined));
            declined.any(|row| HELD.contains(&row.reason.code()))
                || one
                    .rows
                    .iter()
                    .all(|row| matches!(row.outcome, Outcome::Finding { .. }))
        })
}

fn asks_the_host(baseline: &PodJudgement) -> bool {
    match &baseline.verdict {
        Verdict::Breaks(broken) => broken.iter().any(|one| HOST_ACCESS.contains(&one.check)),
        _ => false,
    }
}

/// The pods of a file; none if the file is not a manifest.
fn pods(path: &Path, bytes: &[u8], level: &str) -> Vec<PodJudgement> {
    let standard: Standard = level.parse().expect("a level");
    match judge(source(path, bytes), standard, &[]).content {
        Content::Pods(pods) => pods,
        _ => Vec::new(),
    }
}
