//! Violations of the Pod Security Standards, one per line, and the summary of a run.
//!
//! The format is that of compilers: `FILE:LINE:COLUMN: CHECK: WORKLOAD FIELD is FOUND, must be
//! WANTED`. The check is the id that Kubernetes uses.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use super::policy::by_standing;
use super::terminal::{BOLD, Escaped, NOTICE, PLACE, Terminal, path_text};
use super::text::{ROWS, counted, excluded, exclusion, short};
use crate::files::{Excluded, Revision, Standing};
use crate::pod_security::{Content, FileJudgement, PodJudgement, Standard, Verdict, Violation};
use crate::project::{NotOurs, State};
use crate::report::why_not_ours;
use crate::report::words::sentence;

/// Writes one line for each violation.
///
/// # Errors
///
/// Those of the writer.
pub fn write_violations(
    out: &mut impl Write,
    path: &Path,
    workload: &str,
    violations: &[Violation],
    terminal: Terminal,
) -> io::Result<()> {
    for violation in violations {
        let Violation {
            check,
            path: field,
            line,
            column,
            found,
            wanted,
        } = violation;
        let place = format!("{}:{line}:{column}", path_text(path));
        writeln!(
            out,
            "{}: {}: {} {} is {}, must be {wanted}",
            terminal.paint(PLACE, place),
            terminal.paint(NOTICE, check),
            Escaped(workload),
            Escaped(field),
            Escaped(found),
        )?;
    }
    Ok(())
}

const COMPOSE: &str = "a Compose file has no pods";

/// The summary of a run, collected file by file.
#[derive(Debug)]
pub struct PodSecuritySummary {
    standard: Standard,
    /// Also list the pods that pass.
    verbose: bool,
    /// The pods that pass, with `verbose`.
    passed: Vec<String>,
    /// Files and pods that are not judged, each with the reason.
    unjudged: Vec<(String, &'static str)>,
    without_pods: BTreeMap<NotOurs, usize>,
    passing: usize,
    failing: usize,
    broken: usize,
    rejected: usize,
    failures: usize,
    /// Files that were read.
    files: usize,
    /// What was left alone although a consumer could take it: the place and the reason.
    unread: Vec<(String, String)>,
    /// The lines of ignore files that excluded something.
    excluded: Vec<Excluded>,
    /// The templates of charts, with the reason.
    templates: Vec<(String, String)>,
    notes: Vec<String>,
}

impl PodSecuritySummary {
    /// An empty summary.
    #[must_use]
    pub fn new(standard: Standard, verbose: bool) -> Self {
        Self {
            standard,
            verbose,
            passed: Vec::new(),
            unjudged: Vec::new(),
            without_pods: BTreeMap::new(),
            passing: 0,
            failing: 0,
            broken: 0,
            rejected: 0,
            failures: 0,
            files: 0,
            unread: Vec::new(),
            excluded: Vec::new(),
            templates: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Whether no file could be read; the errors then say everything.
    #[must_use]
    pub fn is_only_failures(&self) -> bool {
        self.files == 0 && self.failures > 0
    }

    /// Adds the judgement of one file.
    pub fn add(&mut self, file: &FileJudgement) {
        self.files += 1;
        let path = path_text(&file.path);
        for part in &file.unread {
            let why = Escaped(&sentence(&part.reason)).to_string();
            let place = format!("{path}:{}", part.line);
            match part.state {
                State::Template => self.templates.push((place, why)),
                State::Unread | State::Skipped => self.add_unread(place, why),
            }
        }
        match &file.content {
            Content::Pods(pods) => {
                for pod in pods {
                    self.add_pod(&path, pod);
                }
            }
            Content::Compose => self.unjudged.push((path, COMPOSE)),
            Content::NotOurs(why @ (NotOurs::Empty | NotOurs::OtherYaml | NotOurs::NoPods)) => {
                *self.without_pods.entry(*why).or_default() += 1;
            }
            Content::NotOurs(why) if why.state() == State::Unread => {
                self.add_unread(path, why_not_ours(*why).to_owned());
            }
            Content::NotOurs(why) if why.state() == State::Template => {
                self.templates.push((path, why_not_ours(*why).to_owned()));
            }
            Content::NotOurs(why) => self.unjudged.push((path, why_not_ours(*why))),
            Content::Failed(_) => self.failures += 1,
        }
    }

    /// Adds what was left alone although a consumer could take it.
    pub fn add_unread(&mut self, place: String, why: String) {
        self.unread.push((place, why));
    }

    /// Adds what the ignore files excluded from the walk.
    pub fn add_excluded(&mut self, lines: Vec<Excluded>) {
        self.excluded.extend(lines);
    }

    /// Counts a file that could not be read.
    pub fn add_failure(&mut self) {
        self.failures += 1;
    }

    fn add_pod(&mut self, path: &str, pod: &PodJudgement) {
        let name = format!("{path}:{}: {}", pod.line, Escaped(&pod.workload));
        match &pod.verdict {
            Verdict::Passes => {
                self.passing += 1;
                if self.verbose {
                    self.passed.push(name);
                }
            }
            Verdict::Breaks(broken) => {
                self.failing += 1;
                self.broken += broken.len();
            }
            Verdict::Rejected(_) => self.rejected += 1,
            Verdict::NotJudged(why) => self.unjudged.push((name, *why)),
        }
    }

    fn broken_rules(&self) -> String {
        match self.broken {
            1 => "1 rule is broken".to_owned(),
            broken => format!("{broken} rules are broken"),
        }
    }

    /// How many pods were judged, also those that the API would reject.
    #[must_use]
    pub fn judged(&self) -> usize {
        self.passing + self.failing + self.rejected
    }

    /// Sets the base revision, with notes on its configuration.
    pub fn set_base(&mut self, revision: &Revision, notes: &[String]) {
        let (name, commit) = (Escaped(revision.name()), short(revision.commit()));
        self.notes = notes.to_vec();
        self.notes
            .push(format!("The policy is that of {name} ({commit})."));
    }

    /// Writes what the ignore files exclude, and what the change adds to them.
    fn write_policy(&self, out: &mut impl Write) -> io::Result<()> {
        for note in &self.notes {
            writeln!(out, "{note}")?;
        }
        let holds = by_standing(&self.excluded, Standing::Holds);
        if let Some(excluded) = excluded(&holds, self.verbose) {
            writeln!(out, "{excluded}")?;
        }
        for (standing, title) in [
            (Standing::Added, "Policy added by this change"),
            (
                Standing::NotUsed,
                "Not used, because the base has the files",
            ),
        ] {
            for line in by_standing(&self.excluded, standing) {
                writeln!(out, "{title}: {}: {}.", Escaped(&line.at), exclusion(line))?;
            }
        }
        Ok(())
    }

    /// Writes the summary.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn write(&self, out: &mut impl Write, terminal: Terminal) -> io::Result<()> {
        for name in &self.passed {
            writeln!(out, "{name} passes")?;
        }
        if self.verbose || self.unjudged.len() <= ROWS {
            for (name, why) in &self.unjudged {
                writeln!(out, "{name} is not judged: {why}")?;
            }
        } else {
            let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
            for (_, why) in &self.unjudged {
                *reasons.entry(why).or_default() += 1;
            }
            for (why, count) in reasons {
                writeln!(out, "{count} are not judged: {why}")?;
            }
        }
        let shown = if self.verbose { usize::MAX } else { ROWS };
        for (place, why) in self.templates.iter().filter(|_| self.verbose) {
            writeln!(out, "{place} is not judged: {why}")?;
        }
        for (place, why) in self.unread.iter().take(shown) {
            writeln!(out, "{place} is not read: {why}")?;
        }
        let standard = self.standard;
        let judged = self.passing + self.failing;
        let verdict = match (judged, self.failing) {
            (0, _) => "No pod was judged.".to_owned(),
            (1, 0) => format!("1 pod passes {standard}."),
            (1, _) => format!("1 pod does not pass {standard}: {}.", self.broken_rules()),
            (_, 0) => format!("All {judged} pods pass {standard}."),
            (_, failing) => format!(
                "{failing} of {judged} pods {} not pass {standard}: {}.",
                if failing == 1 { "does" } else { "do" },
                self.broken_rules(),
            ),
        };
        writeln!(out, "{}", terminal.paint(BOLD, verdict))?;
        if !self.without_pods.is_empty() {
            let files = self.without_pods.iter();
            let files: Vec<String> = files
                .map(|(why, count)| format!("{} ({})", counted(*count, "file"), why_not_ours(*why)))
                .collect();
            writeln!(out, "Files without pods: {}.", files.join(", "))?;
        }
        if !self.templates.is_empty() {
            let templates = counted(self.templates.len(), "template");
            writeln!(out, "Not judged: {templates}.")?;
        }
        if !self.unread.is_empty() {
            let places = counted(self.unread.len(), "place");
            writeln!(out, "Not read: {places}; see above.")?;
        }
        self.write_policy(out)?;
        if self.rejected > 0 {
            let pods = counted(self.rejected, "pod");
            writeln!(out, "The API would reject {pods}; see the errors above.")?;
        }
        if self.failures > 0 {
            let files = counted(self.failures, "file");
            writeln!(out, "{files} failed; see the errors above.")?;
        }
        Ok(())
    }
}
