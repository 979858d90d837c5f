//! The promises of a run with any options, over the files of one directory. The fuzz target checks
//! them too.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use harden::container::{Assume, Policy};
use harden::engine::outcome::{Change, FileOutcome, FileReport, Report};
use harden::engine::{EngineError, Run};
use harden::image::Knowledge;
use harden::overlay::{self, Extent, OverlayError};
use harden::paths::normalized;
use harden::pod_security::{Content, Standard, Verdict, judge};
use harden::project::{Source, Surroundings, Unread};
use harden::proof::witness;
use harden::syntax::{Limits, Mode, decode, parse};
use harden::transforms::{self, Transform};

/// The options that change what a run does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    assume: Assume,
    /// `--only` with the bits of the catalogue; `None` without it.
    only: Option<u32>,
    /// `--enable` with every transform that is off by default.
    enables: bool,
    /// `--override` with the bits of the catalogue.
    overrides: u32,
    /// `--overlay`.
    overlays: bool,
}

impl Options {
    /// The options that a number stands for.
    pub(crate) fn choose(seed: u32) -> Self {
        let mut choices = Choices(seed);
        Self {
            assume: choices.one(&[Assume::Fit, Assume::All, Assume::None]),
            enables: choices.one(&[false, true]),
            overlays: choices.one(&[false, false, true]),
            overrides: match choices.one(&[0, 1, 2, 3]) {
                0 => 0,
                1 => u32::MAX,
                2 => choices.bit(),
                _ => choices.rest(),
            },
            only: match choices.one(&[0, 0, 1, 2]) {
                0 => None,
                1 => Some(choices.bit()),
                _ => Some(choices.rest()),
            },
        }
    }

    /// Every transform with every override, for each `--assume`.
    #[allow(dead_code, reason = "the fuzz target has no use for it")]
    pub(crate) fn everything() -> [Self; 3] {
        [Assume::None, Assume::Fit, Assume::All].map(|assume| Self {
            assume,
            only: None,
            enables: true,
            overrides: u32::MAX,
            overlays: false,
        })
    }

    /// The run that these options ask for.
    pub(crate) fn run<'k>(
        self,
        knowledge: &'k Knowledge,
        surroundings: &'k dyn Surroundings,
    ) -> Run<'k> {
        let named = |bits: u32| {
            let catalogue = transforms::ALL.iter().enumerate();
            let named = catalogue.filter(move |(at, _)| bits >> (at % 32) & 1 == 1);
            named.map(|(_, transform)| *transform)
        };
        let runs = |transform: &&Transform| self.enables || transform.default;
        let transforms = match self.only {
            Some(bits) => named(bits).collect(),
            None => transforms::ALL.iter().copied().filter(runs).collect(),
        };
        let policy = Policy {
            assume: self.assume,
            overrides: named(self.overrides).map(|one| one.id).collect(),
            ..Policy::default()
        };
        Run {
            surroundings,
            ..Run::new(transforms, policy, knowledge)
        }
    }
}

/// Chooses by dividing, so that small changes of the number change one choice.
struct Choices(u32);

impl Choices {
    fn one<T: Copy>(&mut self, choices: &[T]) -> T {
        let count = u32::try_from(choices.len()).expect("a few choices");
        let at = self.0 % count;
        self.0 /= count;
        choices[at as usize]
    }

    fn bit(&mut self) -> u32 {
        let at = self.0 % 32;
        self.0 /= 32;
        1 << at
    }

    /// Bits for as many transforms as the catalogue has.
    fn rest(&self) -> u32 {
        self.0.wrapping_mul(0x9E37_79B9)
    }
}

/// Files of one directory, in memory.
#[derive(Clone, Default)]
pub(crate) struct Directory(BTreeMap<PathBuf, Vec<u8>>);

impl Directory {
    pub(crate) fn new<'f>(files: impl IntoIterator<Item = (&'f str, &'f [u8])>) -> Self {
        let file = |(path, bytes): (&str, &[u8])| (path.into(), bytes.to_vec());
        Self(files.into_iter().map(file).collect())
    }

    /// The files that a walk finds.
    fn sources(&self) -> Vec<Source> {
        let is_yaml = |path: &&PathBuf| path.extension().is_some_and(|end| end != "env");
        let yaml = self.0.keys().filter(is_yaml);
        let source = |path: &PathBuf| Source {
            path: path.clone(),
            bytes: self.0[path].clone(),
        };
        yaml.map(source).collect()
    }

    /// The directory after the changes of the report are written.
    fn after(&self, report: &Report) -> Self {
        let mut files = self.0.clone();
        for FileReport { path, outcome, .. } in &report.files {
            if let FileOutcome::Changed(Change { text, .. }) | FileOutcome::Created(text) = outcome
            {
                files.insert(path.clone(), text.clone().into_bytes());
            }
        }
        Self(files)
    }

    /// Whether both parsers read every file in the same way. YAML 1.2 has no Unicode line breaks,
    /// so they may differ on those.
    fn is_agreed(&self) -> bool {
        self.0.values().all(|bytes| {
            let Ok(text) = decode(bytes) else { return true };
            let Ok(tree) = parse(text, Mode::GoYaml, &Limits::default()) else {
                return true;
            };
            !text.contains(['\u{85}', '\u{2028}', '\u{2029}']) && witness(&tree).is_ok()
        })
    }

    /// The rules of the Pod Security Standards that each pod of each file breaks.
    fn broken(&self) -> Vec<(PathBuf, usize, &'static str)> {
        let standard: Standard = "restricted".parse().expect("a level");
        let mut broken = Vec::new();
        for source in self.sources() {
            let path = source.path.clone();
            let Content::Pods(pods) = judge(source, standard, &[]).content else {
                continue;
            };
            for (nth, pod) in pods.iter().enumerate() {
                match &pod.verdict {
                    Verdict::Breaks(violations) => {
                        let checks = violations.iter();
                        broken.extend(checks.map(|one| (path.clone(), nth, one.check)));
                    }
                    Verdict::NotJudged(_) => broken.push((path.clone(), nth, NOT_JUDGED)),
                    Verdict::Passes | Verdict::Rejected(_) => {}
                }
            }
        }
        broken
    }
}

impl std::fmt::Debug for Directory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (path, bytes) in &self.0 {
            write!(
                f,
                "\n# {}\n{}",
                path.display(),
                String::from_utf8_lossy(bytes)
            )?;
        }
        Ok(())
    }
}

impl Surroundings for Directory {
    fn read(&self, _: &Path, path: &Path) -> Result<String, Unread> {
        let path = normalized(path);
        if path.starts_with("..") || path.is_absolute() {
            return Err(Unread::Outside);
        }
        let bytes = self.0.get(&path).ok_or(Unread::Missing)?;
        let text = decode(bytes).map_err(|_| Unread::NotText)?;
        Ok(text.to_owned())
    }
}

/// In the place of a rule: the pod is not judged.
const NOT_JUDGED: &str = "not judged";

/// Runs over the directory, and checks the result: no proof fails, a second run changes nothing,
/// and no pod breaks a new rule of the Pod Security Standards.
///
/// # Panics
///
/// If a promise is broken.
pub(crate) fn check(directory: &Directory, options: Options, knowledge: &Knowledge) {
    let report = run(directory, options, knowledge);
    let is_agreed = directory.is_agreed();
    let unproved = |report: &Report| {
        let failed = report.files.iter().find(|file| is_unproved(&file.outcome));
        failed.map(|file| format!("{}: {:?}", file.path.display(), file.outcome))
    };
    if let Some(failed) = unproved(&report).filter(|_| is_agreed) {
        panic!("{failed} with {options:?} in {directory:?}");
    }
    let after = directory.after(&report);
    if after.0 == directory.0 {
        return;
    }
    let again = run(&after, options, knowledge);
    if let Some(failed) = unproved(&again).filter(|_| is_agreed) {
        panic!("second run: {failed} with {options:?} in {directory:?}");
    }
    let twice = after.after(&again);
    for (path, bytes) in &twice.0 {
        let once = after
            .0
            .get(path)
            .map(|bytes| String::from_utf8_lossy(bytes));
        let twice = String::from_utf8_lossy(bytes);
        assert!(
            once.as_ref() == Some(&twice),
            "a second run changes {} with {options:?} from {once:?} to {twice:?} in {directory:?}",
            path.display(),
        );
    }
    if !options.overlays {
        let (before, broken) = (directory.broken(), after.broken());
        // What a controller adds to a pod can break the same rules, so nothing is known of it.
        let is_new = |(path, nth, check): &&(PathBuf, usize, &'static str)| {
            let had = |check| before.contains(&(path.clone(), *nth, check));
            *check != NOT_JUDGED && !had(*check) && !had(NOT_JUDGED)
        };
        let new = broken.iter().find(is_new);
        assert!(
            new.is_none(),
            "a pod breaks a new rule, {new:?}, with {options:?} in {directory:?}"
        );
    }
}

/// The report of a run, with overlays if the options ask for them.
fn run(directory: &Directory, options: Options, knowledge: &Knowledge) -> Report {
    let report = options
        .run(knowledge, directory)
        .project(directory.sources());
    if options.overlays {
        overlay::overlay(report, Extent::All, directory).report
    } else {
        report
    }
}

fn is_unproved(outcome: &FileOutcome) -> bool {
    match outcome {
        FileOutcome::Failed(EngineError::Unproved(_)) => true,
        FileOutcome::Failed(EngineError::AfterPass(error)) => {
            let error: &dyn std::error::Error = &**error;
            matches!(error.downcast_ref(), Some(OverlayError::Unproved(_)))
        }
        _ => false,
    }
}
