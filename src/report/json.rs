//! The report for programs. `harden.report.schema.json` describes it, and so does
//! `tests/cli/cmd/json.md`.
//!
//! The groups of files are rendered on all cores and printed in order, so a large report needs
//! little memory. The report contains no values of variables and no secrets: a reason quotes only
//! names, paths, ports, images and values of settings.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use serde::{Serialize, Serializer};

use super::reporter::{Closing, Format, Group, Mode, Needs, Renderer, Reporter, Setting};
use super::words::sentence;
use super::{mask, why_not_ours};
use crate::container::{self, Basis, Role};
use crate::engine::outcome::{
    self, ContainerReport, FileOutcome, FileReport, Location, Outcome, Position, Report, Row,
    StaleException,
};
use crate::files::{Excluded, Standing};
use crate::project::State;
use crate::report::policy::AddedPolicy;
use crate::syntax;

/// The JSON Schema of the report.
pub const SCHEMA: &str = include_str!("../../harden.report.schema.json");

/// The version of the schema. Any release may change version 0.
const VERSION: u32 = 0;

/// The report for programs, as a format.
pub const FORMAT: Format = Format {
    name: "json",
    about: "everything for programs: places, reasons as codes, edits, fingerprints",
    needs: Needs {
        texts: false,
        fixes: true,
    },
    reporter: |setting| Box::new(Json::new(setting)),
};

/// Prints the files of each group in order.
struct Json {
    mode: Mode,
    is_of_a_command: bool,
    files: usize,
    /// What was not read.
    unread: Vec<Unread>,
    /// Exceptions without effect.
    stale: Vec<Stale>,
}

impl Json {
    fn new(setting: &Setting) -> Self {
        Self {
            mode: setting.mode,
            is_of_a_command: setting.is_of_a_command,
            files: 0,
            unread: Vec::new(),
            stale: Vec::new(),
        }
    }

    /// Writes the separator before the next file. Before the first file, writes the start of the
    /// report.
    fn next(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.files == 0 {
            let mode = match self.mode {
                Mode::Diff => "diff",
                Mode::Write => "write",
                Mode::Check => "check",
                Mode::Filter => "filter",
            };
            let version = env!("CARGO_PKG_VERSION");
            write!(
                out,
                "{{\n\"version\": {VERSION},\n\"harden\": \"{version}\",\n\"mode\": \"{mode}\",\n\"files\": ["
            )?;
        }
        Ok(())
    }
}

impl Reporter for Json {
    fn renderer(&self) -> Option<Renderer> {
        let is_of_a_command = self.is_of_a_command;
        Some(Box::new(move |group| {
            let mut lines = Vec::new();
            for file in files(&group.report, is_of_a_command) {
                // Writing to memory cannot fail.
                let _ = serde_json::to_writer(&mut lines, &file);
                lines.push(b'\n');
            }
            lines
        }))
    }

    fn take(&mut self, group: &Group, rendered: &[u8], out: &mut dyn Write) -> io::Result<()> {
        // Each line is one file, because strings in JSON contain no line feeds.
        for file in rendered.split_inclusive(|byte| *byte == b'\n') {
            self.next(out)?;
            out.write_all(if self.files == 0 { b"\n" } else { b",\n" })?;
            out.write_all(file.strip_suffix(b"\n").unwrap_or(file))?;
            self.files += 1;
        }
        let report = &group.report;
        self.unread.extend(Unread::all(report));
        let stale = report.stale.iter().map(|one| Stale::new(one, report));
        self.stale.extend(stale);
        Ok(())
    }

    fn end(&mut self, closing: &Closing<'_>, out: &mut dyn Write) -> io::Result<()> {
        self.next(out)?;
        let report = Report::default();
        let stale = closing.stale.iter().map(|one| Stale::new(one, &report));
        self.stale.extend(stale);
        for (state, files) in [("error", closing.unread), ("unread", closing.left_alone)] {
            let files = files.iter();
            self.unread.extend(files.map(|(path, why)| Unread {
                path: path_text(path),
                line: None,
                state,
                why: why.clone(),
            }));
        }
        write!(out, "\n],\n\"unread\": ")?;
        list(out, self.unread.iter())?;
        write!(out, ",\n\"stale_exceptions\": ")?;
        list(out, self.stale.iter())?;
        write!(out, ",\n\"excluded\": ")?;
        list(out, closing.excluded.iter().map(ExcludedLine::from))?;
        if let Some(base) = closing.base {
            let (revision, commit) = (base.name(), base.commit());
            write!(out, ",\n\"base\": ")?;
            serde_json::to_writer(&mut *out, &Base { revision, commit })?;
            write!(out, ",\n\"policy\": ")?;
            list(out, closing.policy.iter().map(Policy::from))?;
        }
        writeln!(out, "\n}}")
    }
}

/// Writes a list with one line for each item.
fn list(out: &mut dyn Write, items: impl Iterator<Item = impl Serialize>) -> io::Result<()> {
    let mut before = "[\n";
    for item in items {
        out.write_all(before.as_bytes())?;
        serde_json::to_writer(&mut *out, &item)?;
        before = ",\n";
    }
    out.write_all(if before == "[\n" { b"[]" } else { b"\n]" })
}

/// A file of the report. The fields of the types here have the names in the schema.
#[derive(Serialize)]
struct File<'r> {
    path: String,
    outcome: &'static str,
    /// Why the file is not hardened, or the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    edits: Vec<Edit<'r>>,
    containers: Vec<Container<'r>>,
}

#[derive(Serialize)]
struct Edit<'r> {
    start: u32,
    end: u32,
    text: &'r str,
}

#[derive(Serialize)]
struct Container<'r> {
    format: &'static str,
    workload: &'r str,
    name: &'r str,
    role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<Place>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    results: Vec<Outcomes<'r>>,
}

/// One result.
#[derive(Serialize)]
struct Outcomes<'r> {
    transform: &'static str,
    answer: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    basis: Option<&'static str>,
    /// The entry of the knowledge base that the basis names.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'r str>,
    /// `--override` changes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    overridable: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exception: Option<Exception<'r>>,
    reason: Reason<'r>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<Place>,
    /// The written keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    keys: Option<&'r [String]>,
    fingerprint: String,
    ordinal: u32,
    /// The edits for this change only.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<Vec<FixEdit<'r>>>,
}

/// An edit of a fix. Edits with the same id are one edit.
#[derive(Serialize)]
struct FixEdit<'r> {
    id: String,
    path: String,
    #[serde(flatten)]
    edit: Edit<'r>,
    rank: u32,
}

#[derive(Serialize)]
struct Exception<'r> {
    reason: &'r str,
    at: String,
}

#[derive(Serialize)]
struct Reason<'r> {
    code: &'static str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    parts: BTreeMap<&'static str, Value<'r>>,
    /// Further reasons.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    more: Vec<Reason<'r>>,
    text: String,
}

/// A part of a reason.
struct Value<'r>(&'r container::Value);

#[derive(Serialize)]
struct Place {
    path: String,
    line: u32,
    column: u32,
    start: u32,
    end: u32,
}

/// A file or a part of a file that was not read.
#[derive(Serialize)]
struct Unread {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    state: &'static str,
    why: String,
}

#[derive(Serialize)]
struct Stale {
    at: String,
    why: String,
}

/// The revision whose policy applies.
#[derive(Serialize)]
struct Base<'r> {
    revision: &'r str,
    commit: &'r str,
}

/// What the change adds to the policy.
#[derive(Serialize)]
struct Policy<'r> {
    at: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    transform: Option<&'static str>,
    workload: &'r str,
    name: &'r str,
    used: bool,
}

impl<'r> From<&'r AddedPolicy> for Policy<'r> {
    fn from(entry: &'r AddedPolicy) -> Self {
        Self {
            at: &entry.at,
            transform: entry.id,
            workload: &entry.workload,
            name: &entry.name,
            used: entry.is_used,
        }
    }
}

/// A line of an ignore file that excluded something.
#[derive(Serialize)]
struct ExcludedLine<'r> {
    at: &'r str,
    files: usize,
    directories: usize,
    /// Only where a change adds the line.
    #[serde(skip_serializing_if = "Option::is_none")]
    added: Option<&'static str>,
}

impl<'r> From<&'r Excluded> for ExcludedLine<'r> {
    fn from(line: &'r Excluded) -> Self {
        Self {
            at: &line.at,
            files: line.files,
            directories: line.directories,
            added: match line.standing {
                Standing::Holds => None,
                Standing::Added => Some("used"),
                Standing::NotUsed => Some("not-used"),
            },
        }
    }
}

fn files(report: &Report, is_of_a_command: bool) -> Vec<File<'_>> {
    let files = report.files.iter();
    let mut files: Vec<_> = files.map(|file| File::new(file, is_of_a_command)).collect();
    for (container, ordinals) in report.containers.iter().zip(report.ordinals()) {
        // A failed file has no further results.
        if let Some(file) = files.get_mut(container.file)
            && file.outcome != "failed"
        {
            let container = Container::new(container, ordinals, report);
            file.containers.push(container);
        }
    }
    files
}

impl<'r> File<'r> {
    fn new(file: &'r FileReport, is_of_a_command: bool) -> Self {
        let (outcome, why) = match &file.outcome {
            FileOutcome::NotOurs(why) => {
                let outcome = state_name(why.state()).unwrap_or("left-alone");
                (outcome, Some(why_not_ours(*why).to_owned()))
            }
            FileOutcome::Read => ("read", None),
            FileOutcome::Unchanged => ("unchanged", None),
            FileOutcome::Changed(_) => ("changed", None),
            FileOutcome::Created(_) => ("created", None),
            FileOutcome::Failed(error) => ("failed", Some(mask::message(&file.source, error))),
        };
        let edits = match &file.outcome {
            // A command has no edits, and its options may contain secrets.
            _ if is_of_a_command => Vec::new(),
            FileOutcome::Changed(change) => change.edits.iter().map(Edit::new).collect(),
            FileOutcome::Created(text) => vec![Edit {
                start: 0,
                end: 0,
                text,
            }],
            _ => Vec::new(),
        };
        Self {
            path: path_text(&file.path),
            outcome,
            why,
            edits,
            containers: Vec::new(),
        }
    }
}

impl<'r> Edit<'r> {
    fn new(edit: &'r syntax::Edit) -> Self {
        Self {
            start: edit.span.start,
            end: edit.span.end,
            text: &edit.text,
        }
    }
}

impl<'r> Container<'r> {
    fn new(
        container: &'r ContainerReport,
        ordinals: Vec<(outcome::Fingerprint, u32)>,
        report: &'r Report,
    ) -> Self {
        let rows = container.rows.iter().zip(ordinals);
        Self {
            format: container.format,
            workload: &container.workload,
            name: &container.name,
            role: match container.role {
                Role::Main => "main",
                Role::Init => "init",
                Role::Sidecar => "sidecar",
                Role::Ephemeral => "ephemeral",
            },
            image: container.image.as_deref(),
            place: place(container.place, report),
            note: container.caution.as_ref().map(sentence),
            results: rows
                .map(|(row, ordinal)| Outcomes::new(row, ordinal, report))
                .collect(),
        }
    }
}

impl<'r> Outcomes<'r> {
    fn new(row: &'r Row, ordinal: (outcome::Fingerprint, u32), report: &'r Report) -> Self {
        let (fingerprint, ordinal) = ordinal;
        let mut result = Self {
            transform: row.id,
            answer: "",
            basis: None,
            source: None,
            overridable: None,
            exception: None,
            reason: Reason::new(&row.reason),
            place: place(row.place, report),
            keys: None,
            fingerprint: fingerprint.to_string(),
            ordinal,
            fix: row.fix.as_deref().map(|edits| fix(edits, report)),
        };
        result.answer = match &row.outcome {
            Outcome::Hardened => "hardened",
            Outcome::Inapplicable => "not-applicable",
            Outcome::Declined => "declined",
            Outcome::Changed { basis, paths } => {
                result.keys = Some(paths);
                let (basis, source) = match basis {
                    Basis::General => ("general", None),
                    Basis::Known(source) => ("known", Some(source.as_str())),
                    Basis::Assumed => ("assumed", None),
                    Basis::Asked => ("asked", None),
                };
                (result.basis, result.source) = (Some(basis), source);
                "change"
            }
            Outcome::Finding { can_be_asked } => {
                result.overridable = Some(*can_be_asked);
                "finding"
            }
            Outcome::Excepted { justification, by } => {
                result.exception = Some(Exception {
                    reason: justification,
                    at: position(by, report),
                });
                "excepted"
            }
        };
        result
    }
}

impl<'r> Reason<'r> {
    fn new(reason: &'r container::Reason) -> Self {
        let parts = reason.parts.iter();
        Self {
            code: reason.code(),
            parts: parts.map(|(name, value)| (*name, Value(value))).collect(),
            more: reason.more.iter().map(Self::new).collect(),
            text: sentence(reason),
        }
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        use container::Value as Of;
        match self.0 {
            Of::Path(text)
            | Of::Capability(text)
            | Of::Name(text)
            | Of::Image(text)
            | Of::Written(text)
            | Of::Note(text) => out.serialize_str(text),
            Of::Port(port) => out.serialize_u16(*port),
            Of::Bytes(number) | Of::Count(number) => out.serialize_u64(*number),
            Of::List(values) => out.collect_seq(values.iter().map(Value)),
            Of::Reason(reason) => Reason::new(reason).serialize(out),
        }
    }
}

fn state_name(state: State) -> Option<&'static str> {
    match state {
        State::Skipped => None,
        State::Unread => Some("unread"),
        State::Template => Some("template"),
    }
}

impl Unread {
    /// All of a report, the whole files first.
    fn all(report: &Report) -> impl Iterator<Item = Self> {
        let files = report.files.iter().filter_map(|file| match file.outcome {
            FileOutcome::NotOurs(why) => Some(Self {
                path: path_text(&file.path),
                line: None,
                state: state_name(why.state())?,
                why: why_not_ours(why).to_owned(),
            }),
            _ => None,
        });
        let parts = report.unread.iter().filter_map(|part| {
            Some(Self {
                path: path_text(&report.files.get(part.file)?.path),
                line: Some(part.line),
                state: state_name(part.state)?,
                why: sentence(&part.reason),
            })
        });
        files.chain(parts)
    }
}

impl Stale {
    fn new(stale: &StaleException, report: &Report) -> Self {
        Self {
            at: position(&stale.at, report),
            why: stale.why.clone(),
        }
    }
}

fn fix<'r>(edits: &'r [outcome::FixEdit], report: &'r Report) -> Vec<FixEdit<'r>> {
    let edits = edits.iter().filter_map(|edit| {
        Some(FixEdit {
            id: report.edit_id(edit).to_string(),
            path: path_text(&report.files.get(edit.file)?.path),
            edit: Edit::new(&edit.edit),
            rank: edit.rank,
        })
    });
    edits.collect()
}

fn place(place: Option<Location>, report: &Report) -> Option<Place> {
    let Location {
        file,
        line,
        column,
        span,
    } = place?;
    Some(Place {
        path: path_text(&report.files.get(file)?.path),
        line,
        column,
        start: span.start,
        end: span.end,
    })
}

/// For example `compose.yml:3`. JSON escapes the path.
fn position(at: &Position, report: &Report) -> String {
    match at {
        Position::File(file, line) => match report.files.get(*file) {
            Some(file) => format!("{}:{line}", path_text(&file.path)),
            None => line.to_string(),
        },
        Position::Elsewhere(words) => words.clone(),
    }
}

/// Bytes that are not UTF-8 become U+FFFD, because JSON has no way to write them.
fn path_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
