//! The summary: changes with their basis, and declined changes with their reason.
//!
//! A few containers are shown one by one, and those with the same answers together. Many containers
//! are counted per transform, so the summary fits on a screen. `--verbose` shows everything.

mod rows;
mod tally;
mod wrap;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;

use anstyle::Style;

use self::rows::{Block, LABEL, Label, full_rows, is_catalogued, name, short_rows};
use self::tally::Tally;
use self::wrap::wrap;
use super::terminal::{BOLD, DIM, Escaped, NOTICE, Terminal, path_text};
use crate::container::Basis;
use crate::engine::outcome::{
    ContainerReport, FileOutcome, Outcome, Position, Report, StaleException,
};
use crate::files::{Excluded, Standing};
use crate::project::{NotOurs, State};
use crate::report::policy::by_standing;
use crate::report::reporter::{Closing, Detail, Format, Group, Mode, Needs, Reporter, Setting};
use crate::report::words::sentence;
use crate::report::{position, why_not_ours};

/// The largest number of rows that are shown. With more rows, the containers are counted.
pub(super) const ROWS: usize = 32;

/// The summary as a format.
pub const FORMAT: Format = Format {
    name: "text",
    about: "a summary for people",
    needs: Needs {
        texts: false,
        fixes: false,
    },
    reporter: |setting| Box::new(Summary::new(setting)),
};

/// The summary of a run, collected group by group.
#[derive(Debug)]
pub struct Summary {
    mode: Mode,
    detail: Detail,
    terminal: Terminal,
    /// The run is for a command line, so the summary mentions no files.
    is_of_a_command: bool,
    files: Vec<FileBlocks>,
    /// The number of rows for the containers in `files`.
    rows: usize,
    transforms: Vec<Tally>,
    not_ours: BTreeMap<NotOurs, usize>,
    /// Exceptions without effect: the place and the reason.
    stale: Vec<(String, String)>,
    /// What was left alone although a consumer could take it: the place and the reason.
    unread: Vec<(String, String)>,
    /// The templates of charts, with the reason.
    templates: Vec<(String, String)>,
    /// Commands that use originals and overlays together.
    commands: Vec<String>,
    /// Notes on the run.
    notes: Vec<String>,
    /// What the lines of ignore files exclude, as a sentence.
    excluded: Option<String>,
    /// The name of the base revision.
    base: Option<String>,
    /// What the change adds to the policy: the place and the entry.
    added: Vec<(String, String)>,
    /// What the change adds in vain.
    not_used: Vec<(String, String)>,
    counts: Counts,
}

#[derive(Debug, Default)]
struct Counts {
    ours: usize,
    changed_files: usize,
    failed_files: usize,
    containers: usize,
    changes: usize,
    assumed: usize,
    declined: usize,
    findings: usize,
    excepted: usize,
    /// Findings for which the short summary shows only the id.
    abridged: usize,
}

/// The containers of one file with results to show.
#[derive(Debug)]
struct FileBlocks {
    path: String,
    blocks: Vec<Block>,
}

impl Summary {
    /// An empty summary.
    #[must_use]
    pub fn new(setting: &Setting) -> Self {
        Self {
            mode: setting.mode,
            detail: setting.detail,
            terminal: setting.terminal,
            is_of_a_command: setting.is_of_a_command,
            files: Vec::new(),
            rows: 0,
            transforms: Vec::new(),
            not_ours: BTreeMap::new(),
            stale: Vec::new(),
            unread: Vec::new(),
            templates: Vec::new(),
            commands: Vec::new(),
            notes: Vec::new(),
            excluded: None,
            base: None,
            added: Vec::new(),
            not_used: Vec::new(),
            counts: Counts::default(),
        }
    }

    /// Adds the results of one group. `is_piece`: of a piece of a stream.
    fn add(&mut self, report: &Report, is_piece: bool) {
        let mut blocks: Vec<Vec<Block>> = report.files.iter().map(|_| Vec::new()).collect();
        if is_piece
            && let Some(first) = blocks.first_mut()
            && let Some(before) = self.files.pop()
        {
            *first = before.blocks;
        }
        let of_containers: BTreeSet<usize> = report.containers.iter().map(|one| one.file).collect();
        for (index, file) in report.files.iter().enumerate() {
            match &file.outcome {
                FileOutcome::NotOurs(why) if is_piece && why.state() == State::Skipped => {}
                // A file that is left alone can still have findings.
                FileOutcome::NotOurs(_) if of_containers.contains(&index) => {
                    self.counts.ours += 1;
                }
                FileOutcome::NotOurs(why) => self.add_left_alone(&file.path, *why),
                FileOutcome::Read => {}
                _ if is_piece => {}
                FileOutcome::Unchanged => self.counts.ours += 1,
                FileOutcome::Changed(_) | FileOutcome::Created(_) => {
                    self.counts.ours += 1;
                    self.counts.changed_files += 1;
                }
                FileOutcome::Failed(_) => self.counts.failed_files += 1,
            }
        }
        let went_well = |container: &&ContainerReport| {
            let file = report.files.get(container.file);
            file.is_some_and(|file| !matches!(file.outcome, FileOutcome::Failed(_)))
        };
        for container in report.containers.iter().filter(went_well) {
            self.counts.containers += 1;
            self.count(container);
            if !self.shows_containers() {
                continue;
            }
            let rows = match self.detail {
                Detail::Short => short_rows(container, report),
                Detail::Full => full_rows(container, report),
            };
            let name = name(container, self.detail);
            let Some(blocks) = blocks.get_mut(container.file).filter(|_| !rows.is_empty()) else {
                continue;
            };
            // A short summary has few blocks.
            let mut shown = blocks.iter_mut().filter(|_| self.detail == Detail::Short);
            if let Some(twin) = shown.find(|block| block.rows == rows) {
                twin.names.push(name);
            } else {
                self.rows += rows.len();
                blocks.push(Block {
                    names: vec![name],
                    rows,
                });
            }
        }
        for stale in &report.stale {
            self.add_stale(stale, report);
        }
        for part in &report.unread {
            let at = position(&Position::File(part.file, part.line), report);
            let why = Escaped(&sentence(&part.reason)).to_string();
            match part.state {
                State::Template => self.templates.push((at, why)),
                State::Unread | State::Skipped => self.unread.push((at, why)),
            }
        }
        for (file, blocks) in report.files.iter().zip(blocks) {
            if !blocks.is_empty() {
                let path = path_text(&file.path);
                self.files.push(FileBlocks { path, blocks });
            }
        }
    }

    fn add_left_alone(&mut self, path: &Path, why: NotOurs) {
        let line = || (path_text(path), format!("{}.", why_not_ours(why)));
        match why.state() {
            State::Unread => return self.unread.push(line()),
            State::Template => self.templates.push(line()),
            State::Skipped => {}
        }
        *self.not_ours.entry(why).or_default() += 1;
    }

    /// Whether containers are shown one by one and not counted.
    fn shows_containers(&self) -> bool {
        self.detail == Detail::Full || self.rows <= ROWS
    }

    /// Adds an exception without effect.
    fn add_stale(&mut self, stale: &StaleException, report: &Report) {
        let why = Escaped(&stale.why).to_string();
        self.stale.push((position(&stale.at, report), why));
    }

    /// Writes the whole summary.
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let terminal = self.terminal;
        if self.shows_containers() {
            self.write_blocks(out, terminal)?;
        } else {
            self.write_tallies(out, terminal)?;
        }
        self.write_stale(out, terminal)?;
        self.write_unread(out, terminal)?;
        self.write_policy(out, terminal)?;
        self.write_totals(out, terminal)?;
        match self.commands.as_slice() {
            [] => {}
            [command] => writeln!(out, "Run with the overlay: {}", Escaped(command))?,
            commands => {
                writeln!(out, "Run with the overlays:")?;
                for command in commands {
                    writeln!(out, "  {}", Escaped(command))?;
                }
            }
        }
        Ok(())
    }

    fn count(&mut self, container: &ContainerReport) {
        for result in &container.rows {
            let known = self
                .transforms
                .iter()
                .position(|tally| tally.id == result.id);
            let place = known.unwrap_or_else(|| {
                self.transforms.push(Tally::new(result.id));
                self.transforms.len() - 1
            });
            let Some(tally) = self.transforms.get_mut(place) else {
                continue;
            };
            match &result.outcome {
                Outcome::Hardened | Outcome::Inapplicable => {}
                Outcome::Excepted { .. } => self.counts.excepted += 1,
                Outcome::Changed { basis, .. } => {
                    self.counts.changes += 1;
                    match basis {
                        Basis::General => tally.general += 1,
                        Basis::Known(_) => tally.known += 1,
                        Basis::Assumed => {
                            tally.assumed += 1;
                            self.counts.assumed += 1;
                        }
                        Basis::Asked => tally.asked += 1,
                    }
                }
                Outcome::Finding { .. } => {
                    self.counts.findings += 1;
                    self.counts.abridged += usize::from(is_catalogued(result.id));
                    tally.findings.add(&result.reason);
                }
                Outcome::Declined => {
                    self.counts.declined += 1;
                    tally.declined.add(&result.reason);
                }
            }
        }
    }

    fn write_blocks(&self, out: &mut dyn Write, terminal: Terminal) -> io::Result<()> {
        for file in &self.files {
            writeln!(out, "{}", terminal.paint(BOLD, &file.path))?;
            let widest = file
                .blocks
                .iter()
                .map(Block::width)
                .filter(|width| *width <= 24);
            let column = widest.max().unwrap_or(0);
            for block in &file.blocks {
                block.write(out, column, self.detail, terminal)?;
            }
            writeln!(out)?;
        }
        Ok(())
    }

    /// Lists what the change adds to the policy of its base revision.
    fn write_policy(&self, out: &mut dyn Write, terminal: Terminal) -> io::Result<()> {
        let Some(base) = &self.base else {
            return Ok(());
        };
        let unused =
            format!("Not used, because {base} has these containers and files without them:");
        let lists = [
            ("Policy added by this change:", &self.added),
            (unused.as_str(), &self.not_used),
        ];
        for (title, list) in lists {
            if !list.is_empty() {
                writeln!(out, "{}", terminal.paint(NOTICE, title))?;
                self.write_list(out, list, terminal)?;
                writeln!(out)?;
            }
        }
        Ok(())
    }

    fn write_stale(&self, out: &mut dyn Write, terminal: Terminal) -> io::Result<()> {
        if self.stale.is_empty() {
            return Ok(());
        }
        let title = match self.stale.len() {
            1 => "1 exception has no effect:".to_owned(),
            more => format!("{more} exceptions have no effect:"),
        };
        writeln!(out, "{}", terminal.paint(NOTICE, &title))?;
        self.write_list(out, &self.stale, terminal)?;
        writeln!(out)
    }

    fn write_unread(&self, out: &mut dyn Write, terminal: Terminal) -> io::Result<()> {
        if !self.unread.is_empty() {
            let title = not_read(self.unread.len());
            writeln!(out, "{}", terminal.paint(NOTICE, &title))?;
            self.write_list(out, &self.unread, terminal)?;
            writeln!(out)?;
        }
        if !self.templates.is_empty() && self.detail == Detail::Full {
            let title = counted(self.templates.len(), "template");
            writeln!(out, "{title}:")?;
            self.write_list(out, &self.templates, terminal)?;
            writeln!(out)?;
        }
        Ok(())
    }

    /// Writes places, each with its reason.
    fn write_list(
        &self,
        out: &mut dyn Write,
        list: &[(String, String)],
        terminal: Terminal,
    ) -> io::Result<()> {
        let shown = match self.detail {
            Detail::Short => ROWS,
            Detail::Full => usize::MAX,
        };
        for (at, why) in list.iter().take(shown) {
            let line = format!("{at}: {why}");
            wrap(out, "  ", "    ", &line, terminal, Style::new())?;
        }
        match list.len().checked_sub(shown) {
            Some(rest @ 1..) => writeln!(out, "  and {rest} more; add --verbose"),
            _ => Ok(()),
        }
    }

    fn write_tallies(&self, out: &mut dyn Write, terminal: Terminal) -> io::Result<()> {
        let column = self
            .transforms
            .iter()
            .map(|tally| tally.id.len())
            .max()
            .unwrap_or(0);
        for tally in &self.transforms {
            tally.write(out, column, terminal)?;
        }
        writeln!(
            out,
            "{}\n",
            terminal.paint(DIM, "To list each container, add --verbose.")
        )
    }

    fn write_totals(&self, out: &mut dyn Write, terminal: Terminal) -> io::Result<()> {
        let counts = &self.counts;
        let mut lines = Vec::new();
        let mut extent = String::new();
        if counts.declined > 0 {
            let _ = write!(extent, ", {} declined", counts.declined);
        }
        if counts.findings > 0 {
            let _ = write!(extent, ", {}", counted(counts.findings, "finding"));
        }
        if counts.excepted > 0 {
            let _ = write!(extent, ", {} excepted", counts.excepted);
        }
        if counts.changes > 0 {
            let changes = counted(counts.changes, "change");
            let files = counted(counts.changed_files, "file");
            lines.push(match self.mode {
                Mode::Diff => format!(
                    "{changes} in {files}{extent}. Add --write to apply the {}.",
                    if counts.changes == 1 {
                        "change"
                    } else {
                        "changes"
                    }
                ),
                Mode::Write => format!("{changes} written to {files}{extent}."),
                Mode::Check if self.is_of_a_command => format!("{changes} to make{extent}."),
                Mode::Check => format!("{changes} to make in {files}{extent}."),
                Mode::Filter => format!("{changes} made{extent}."),
            });
        } else if self.is_of_a_command {
            lines.push(format!("Nothing to change{extent}."));
        } else if counts.ours > 0 {
            let containers = counted(counts.containers, "container");
            let files = counted(counts.ours, "file");
            lines.push(format!(
                "Nothing to change: {containers} in {files}{extent}."
            ));
        } else if counts.failed_files == 0 {
            lines.push(
                "Found no containers in Compose files, Kubernetes manifests or Quadlet units."
                    .to_owned(),
            );
        }
        if counts.assumed > 0 {
            lines.push(match counts.assumed {
                1 => "1 change is an assumption; skip it with --cautious.".to_owned(),
                more => format!("{more} changes are assumptions; skip them with --cautious."),
            });
        }
        if counts.abridged > 0 && self.detail == Detail::Short {
            lines.push("For details, add --verbose or run `harden explain ID`.".to_owned());
        }
        // A single error has just been printed.
        if counts.failed_files > 1 || counts.failed_files == 1 && !lines.is_empty() {
            let files = counted(counts.failed_files, "file");
            lines.push(format!("{files} failed; see the errors above."));
        }
        for line in lines.iter().chain(&self.notes) {
            wrap(out, "", "", line, terminal, Style::new())?;
        }
        if !self.not_ours.is_empty() {
            let files = counted(self.not_ours.values().sum(), "file");
            let kinds = self
                .not_ours
                .iter()
                .map(|(why, count)| match self.not_ours.len() {
                    1 => why_not_ours(*why).to_owned(),
                    _ => format!("{count} {}", why_not_ours(*why)),
                });
            let kinds = kinds.collect::<Vec<_>>().join("; ");
            let text = format!("Skipped: {files} ({kinds}).");
            wrap(out, "", "", &text, terminal, DIM)?;
        }
        if let Some(excluded) = &self.excluded {
            wrap(out, "", "", excluded, terminal, DIM)?;
        }
        Ok(())
    }
}

impl Reporter for Summary {
    fn take(&mut self, group: &Group, _: &[u8], _: &mut dyn Write) -> io::Result<()> {
        self.add(&group.report, group.is_piece);
        self.commands.extend_from_slice(&group.commands);
        self.notes.extend(group.not_counted.iter().map(|path| {
            let path = path_text(path);
            format!("{path} is not counted: Compose reads it only with -f. --overlay counts it.")
        }));
        Ok(())
    }

    fn end(&mut self, closing: &Closing<'_>, out: &mut dyn Write) -> io::Result<()> {
        for stale in closing.stale {
            self.add_stale(stale, &Report::default());
        }
        self.notes.extend_from_slice(closing.notes);
        self.counts.failed_files += closing.unread.len();
        let left_alone = closing.left_alone.iter();
        let left_alone = left_alone.map(|(path, why)| (path_text(path), why.clone()));
        self.unread.extend(left_alone);
        let holds = by_standing(closing.excluded, Standing::Holds);
        self.excluded = excluded(&holds, self.detail == Detail::Full);
        if let Some(base) = closing.base {
            let (name, commit) = (Escaped(base.name()), short(base.commit()));
            self.notes
                .push(format!("The policy is that of {name} ({commit})."));
            self.base = Some(name.to_string());
        }
        for used in [true, false] {
            let (list, standing) = if used {
                (&mut self.added, Standing::Added)
            } else {
                (&mut self.not_used, Standing::NotUsed)
            };
            let entries = closing.policy.iter().filter(|entry| entry.is_used == used);
            list.extend(
                entries.map(|entry| (entry.at.clone(), Escaped(&entry.words()).to_string())),
            );
            let lines = by_standing(closing.excluded, standing).into_iter();
            list.extend(lines.map(|line| (Escaped(&line.at).to_string(), exclusion(line))));
        }
        self.write(out)
    }
}

/// The sentence about the lines of ignore files that excluded something.
pub(super) fn excluded(lines: &[&Excluded], is_verbose: bool) -> Option<String> {
    /// The lines that a short summary names.
    const SHOWN: usize = 4;
    if lines.is_empty() {
        return None;
    }
    let shown = if is_verbose { lines.len() } else { SHOWN };
    let by = |line: &&Excluded| format!("{} excludes {}", Escaped(&line.at), extent(line));
    let mut words: Vec<String> = lines.iter().take(shown).map(by).collect();
    if let Some(rest @ 1..) = lines.len().checked_sub(shown) {
        words.push(format!("{} more; add --verbose", counted(rest, "line")));
    }
    Some(format!("Excluded: {}.", words.join("; ")))
}

/// The first digits of a hash.
pub(super) fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

/// The entry for an ignore line that the change adds.
pub(super) fn exclusion(line: &Excluded) -> String {
    match line.standing {
        Standing::NotUsed => format!("an ignore line that would exclude {}", extent(line)),
        _ => format!("an ignore line that excludes {}", extent(line)),
    }
}

/// How many files and directories the line excludes.
fn extent(line: &Excluded) -> String {
    let counts = [(line.files, "file"), (line.directories, "directory")];
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts
        .map(|(count, what)| match (*what, *count) {
            ("directory", 2..) => format!("{count} directories"),
            (what, count) => counted(count, what),
        })
        .collect();
    counts.join(" and ")
}

pub(super) fn not_read(count: usize) -> String {
    match count {
        1 => "1 file or part of a file is not read:".to_owned(),
        more => format!("{more} files or parts of files are not read:"),
    }
}

pub(super) fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::{Reason, Role, Value, Words};
    use crate::engine::EngineError;
    use crate::engine::outcome::{Change, FileReport, Location, Row};
    use crate::syntax::Span;

    fn file(path: &str, outcome: FileOutcome) -> FileReport {
        FileReport {
            path: path.into(),
            source: String::new(),
            outcome,
        }
    }

    fn container(name: &str, answers: Vec<(&'static str, Reason, Outcome)>) -> ContainerReport {
        ContainerReport {
            file: 0,
            place: Some(Location {
                file: 0,
                line: 3,
                column: 1,
                span: Span { start: 0, end: 0 },
            }),
            format: "compose",
            workload: name.to_owned(),
            name: name.to_owned(),
            role: Role::Main,
            image: Some("nginx:1.29".to_owned()),
            caution: None,
            policy: Vec::new(),
            rows: answers
                .into_iter()
                .map(|(id, reason, outcome)| Row {
                    id,
                    place: matches!(outcome, Outcome::Finding { .. }).then_some(Location {
                        file: 0,
                        line: 7,
                        column: 1,
                        span: Span { start: 0, end: 0 },
                    }),
                    reason,
                    outcome,
                    fix: None,
                })
                .collect(),
        }
    }

    fn changed(id: &'static str, basis: Basis) -> (&'static str, Reason, Outcome) {
        let paths = vec!["services.web.key".to_owned()];
        (id, Reason::new(&REASON), Outcome::Changed { basis, paths })
    }

    static REASON: Words = Words::new("reason", "The reason.");
    static BUILT: Words = Words::new("built", "The image is built here.");
    static PORT: Words = Words::new("port", "The port is {port}.");
    static KIND: Words = Words::new("kind", "{name} is of the {kind} kind.");

    fn declined(id: &'static str, why: impl Into<Reason>) -> (&'static str, Reason, Outcome) {
        (id, why.into(), Outcome::Declined)
    }

    fn answers() -> Vec<(&'static str, Reason, Outcome)> {
        let finding = Outcome::Finding {
            can_be_asked: false,
        };
        vec![
            changed("non-root-user", Basis::Known("nginx".to_owned())),
            changed("no-new-privileges", Basis::General),
            changed("memory-limit", Basis::Assumed),
            changed("cpu-limit", Basis::Assumed),
            declined("read-only-root", &BUILT),
            ("privileged", Reason::new(&REASON), finding),
            ("pids-limit", Reason::new(&REASON), Outcome::Hardened),
        ]
    }

    fn report(containers: Vec<ContainerReport>) -> Report {
        Report {
            files: vec![
                file("compose.yml", FileOutcome::Changed(Change::default())),
                file("values.yml", FileOutcome::NotOurs(NotOurs::OtherYaml)),
                file("chart.yml", FileOutcome::NotOurs(NotOurs::Template)),
                file("other.yml", FileOutcome::NotOurs(NotOurs::OtherYaml)),
            ],
            containers,
            ..Report::default()
        }
    }

    fn shown(detail: Detail, mode: Mode, reports: &[Report]) -> String {
        let mut summary = Summary::new(&Setting {
            mode,
            detail,
            is_of_a_command: false,
            terminal: Terminal::PIPE,
        });
        for report in reports {
            summary.add(report, false);
        }
        let mut out = Vec::new();
        summary.write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn one_container_is_shown_with_all_rows() {
        let report = report(vec![container("web", answers())]);
        assert_eq!(
            shown(Detail::Short, Mode::Diff, &[report]),
            "\
compose.yml
  web  general   no-new-privileges
       known     non-root-user (nginx)
       assumed   memory-limit, cpu-limit
       declined  read-only-root: The image is built here.
       finding   privileged at line 7

4 changes in 1 file, 1 declined, 1 finding. Add --write to apply the changes.
2 changes are assumptions; skip them with --cautious.
For details, add --verbose or run `harden explain ID`.
Skipped: 3 files (2 not a Compose file or Kubernetes manifest; 1 a template of a chart, which is not
YAML until it is rendered).
"
        );
    }

    #[test]
    fn the_full_summary_shows_everything() {
        let report = report(vec![container("web", answers())]);
        let text = shown(Detail::Full, Mode::Write, &[report]);
        assert!(text.contains("web, line 3, nginx:1.29\n"), "{text}");
        assert!(
            text.contains(
                "known           non-root-user (nginx): The reason. [services.web.key]\n"
            )
        );
        assert!(text.contains("hardened        pids-limit: The reason.\n"));
        assert!(text.contains("4 changes written to 1 file, 1 declined, 1 finding.\n"));
    }

    #[test]
    fn containers_with_equal_answers_are_shown_together() {
        let same = || vec![changed("memory-limit", Basis::Assumed)];
        let names = ["web", "worker"];
        let report = report(names.map(|name| container(name, same())).into());
        let text = shown(Detail::Short, Mode::Check, &[report]);
        assert!(
            text.contains("  web, worker  assumed   memory-limit\n"),
            "{text}"
        );
        assert!(text.contains("2 changes to make in 1 file."));
    }

    #[test]
    fn many_containers_are_counted() {
        let containers = (0..40).map(|nth| {
            let why = if nth % 3 == 0 {
                Reason::new(&PORT).port(80)
            } else {
                Reason::new(&BUILT)
            };
            let limit = if nth % 2 == 0 {
                changed("memory-limit", Basis::Assumed)
            } else {
                let kind = Value::Count(nth / 8);
                let why = Reason::new(&KIND).name(nth.to_string()).with("kind", kind);
                declined("memory-limit", why)
            };
            let answers = vec![declined("non-root-user", why), limit];
            container(&format!("service-{nth}"), answers)
        });
        assert_eq!(
            shown(Detail::Short, Mode::Diff, &[report(containers.collect())]),
            "\
non-root-user  40 declined
  declined     26  The image is built here.
  declined     14  The port is 80.
memory-limit   20 assumed, 20 declined
  declined      4  `…` is of the 0 kind.
  declined      4  `…` is of the 1 kind.
  declined      4  `…` is of the 2 kind.
  declined      8  for 2 other reasons
To list each container, add --verbose.

20 changes in 1 file, 60 declined. Add --write to apply the changes.
20 changes are assumptions; skip them with --cautious.
Skipped: 3 files (2 not a Compose file or Kubernetes manifest; 1 a template of a chart, which is not
YAML until it is rendered).
"
        );
    }

    #[test]
    fn a_failed_file_is_not_counted_as_changed() {
        let mut report = report(vec![container("web", answers())]);
        report.files[0].outcome = FileOutcome::Failed(EngineError::Unproved("no".to_owned()));
        let text = shown(Detail::Short, Mode::Write, &[report]);
        assert!(!text.contains("change"), "{text}");
    }

    #[test]
    fn names_in_wide_characters_align() {
        let report = report(vec![
            container(
                "データベース",
                vec![changed("memory-limit", Basis::Assumed)],
            ),
            container("web", vec![changed("cpu-limit", Basis::Assumed)]),
        ]);
        let text = shown(Detail::Short, Mode::Check, &[report]);
        assert!(
            text.contains(
                "  データベース  assumed   memory-limit\n  web           assumed   cpu-limit\n"
            ),
            "{text}"
        );
    }

    #[test]
    fn names_cannot_act_on_the_terminal() {
        let hostile = || ContainerReport {
            workload: "\u{202e}".to_owned(),
            image: Some("\r".to_owned()),
            ..container(
                "w\u{1b}[2J",
                vec![declined("memory-limit", Reason::new(&KIND).name("\u{7}"))],
            )
        };
        for detail in [Detail::Short, Detail::Full] {
            let text = shown(detail, Mode::Diff, &[report(vec![hostile()])]);
            assert!(
                !text.contains(['\u{1b}', '\u{202e}', '\u{7}', '\r']),
                "{text}"
            );
        }
    }
}
