//! The rows of the summary for individual containers.

use std::fmt::Write as _;
use std::io::{self, Write};

use anstyle::Style;
use unicode_width::UnicodeWidthStr;

use super::wrap::{wrap, wrapped};
use crate::container::{Basis, Role};
use crate::engine::outcome::{ContainerReport, Location, Outcome, Report};
use crate::report::position;
use crate::report::reporter::Detail;
use crate::report::terminal::{ADDED, DIM, Escaped, NOTICE, Terminal, path_text};
use crate::report::words::sentence;
use crate::transforms::{self, Kind};

/// Containers with the same answers.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) names: Vec<String>,
    pub(super) rows: Vec<TextRow>,
}

impl Block {
    pub(super) fn width(&self) -> usize {
        self.title().width()
    }

    pub(super) fn title(&self) -> String {
        self.names.join(", ")
    }

    pub(super) fn write(
        &self,
        out: &mut dyn Write,
        column: usize,
        detail: Detail,
        terminal: Terminal,
    ) -> io::Result<()> {
        let title = self.title();
        let is_inline = detail == Detail::Short && self.width() <= column;
        let indent = if detail == Detail::Short {
            column + 4
        } else {
            4
        };
        let label_width = match detail {
            Detail::Short => LABEL,
            Detail::Full => LONGEST_LABEL,
        };
        if !is_inline {
            wrap(out, "  ", "  ", &title, terminal, Style::new())?;
        }
        for (nth, row) in self.rows.iter().enumerate() {
            let name = if is_inline && nth == 0 {
                title.as_str()
            } else {
                ""
            };
            let label = terminal.paint(row.label.style(), row.label.text());
            let gap = label_width.saturating_sub(row.label.text().len());
            // The first line has the label, whose color codes must not count as columns.
            let hang = " ".repeat(indent + label_width);
            let mut lines = wrapped(&row.text, terminal.width.saturating_sub(hang.len()));
            let first = if lines.is_empty() {
                String::new()
            } else {
                lines.remove(0)
            };
            if is_inline {
                let rest = column.saturating_sub(name.width());
                writeln!(out, "  {name}{:rest$}  {label}{:gap$}{first}", "", "")?;
            } else {
                writeln!(out, "{:indent$}{label}{:gap$}{first}", "", "")?;
            }
            for line in lines {
                writeln!(out, "{hang}{line}")?;
            }
        }
        Ok(())
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TextRow {
    pub(super) label: Label,
    pub(super) text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    General,
    Known,
    Assumed,
    Asked,
    Hardened,
    Inapplicable,
    Declined,
    Finding,
    Excepted,
    Note,
}

impl Label {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::General => "general",
            Self::Known => "known",
            Self::Assumed => "assumed",
            Self::Asked => "asked",
            Self::Hardened => "hardened",
            Self::Inapplicable => "not applicable",
            Self::Excepted => "excepted",
            Self::Note => "note",
            Self::Declined => "declined",
            Self::Finding => "finding",
        }
    }

    pub(super) fn style(self) -> Style {
        match self {
            Self::General | Self::Known | Self::Asked => ADDED,
            Self::Assumed | Self::Finding | Self::Note => NOTICE,
            Self::Hardened | Self::Inapplicable | Self::Declined | Self::Excepted => DIM,
        }
    }
}

/// One row for each basis and for each reason, with the transforms that share it.
pub(super) fn short_rows(container: &ContainerReport, report: &Report) -> Vec<TextRow> {
    let mut rows: Vec<(Label, String, Vec<&str>)> = Vec::new();
    let mut found = Vec::new();
    for result in &container.rows {
        let why = sentence(&result.reason);
        let (label, end) = match &result.outcome {
            Outcome::Hardened | Outcome::Inapplicable | Outcome::Excepted { .. } => {
                continue;
            }
            Outcome::Changed { basis, .. } => match basis {
                Basis::General => (Label::General, String::new()),
                Basis::Known(source) => (Label::Known, format!(" ({})", Escaped(source))),
                Basis::Assumed => (Label::Assumed, String::new()),
                Basis::Asked => (Label::Asked, String::new()),
            },
            Outcome::Declined => (Label::Declined, format!(": {}", Escaped(&why))),
            Outcome::Finding { .. } if is_catalogued(result.id) => {
                let place = place_text(result.place, container, report);
                let at = place.map_or_else(String::new, |place| format!(" at {place}"));
                found.push(format!("{}{at}", result.id));
                continue;
            }
            Outcome::Finding { .. } => {
                let place = after_comma(place_text(result.place, container, report));
                (Label::Finding, format!("{place}: {}", Escaped(&why)))
            }
        };
        match rows.iter_mut().find(|row| (row.0, &row.1) == (label, &end)) {
            Some(row) => row.2.push(result.id),
            None => rows.push((label, end, vec![result.id])),
        }
    }
    rows.sort_by_key(|row| row.0 as u8);
    let found = (!found.is_empty()).then(|| TextRow {
        label: Label::Finding,
        text: found.join(", "),
    });
    rows.into_iter()
        .map(|(label, end, ids)| TextRow {
            label,
            text: format!("{}{end}", ids.join(", ")),
        })
        .chain(found)
        .chain(note(container))
        .collect()
}

/// One row for each transform, with its reason and the written paths.
pub(super) fn full_rows(container: &ContainerReport, report: &Report) -> Vec<TextRow> {
    let row = |label, text| TextRow { label, text };
    let (clean, rest): (Vec<_>, Vec<_>) = container.rows.iter().partition(|result| {
        matches!(result.outcome, Outcome::Hardened) && is_catalogued(result.id)
    });
    let clean: Vec<&str> = clean.into_iter().map(|result| result.id).collect();
    let clean = (!clean.is_empty()).then(|| {
        row(
            Label::Hardened,
            format!("nothing found by {}", clean.join(", ")),
        )
    });
    let rows = rest.into_iter().map(|result| {
        let id = result.id;
        let why = sentence(&result.reason);
        let why = Escaped(&why);
        match &result.outcome {
            Outcome::Hardened => row(Label::Hardened, format!("{id}: {why}")),
            Outcome::Changed { basis, paths } => {
                let (label, source) = match basis {
                    Basis::General => (Label::General, String::new()),
                    Basis::Known(source) => (Label::Known, format!(" ({})", Escaped(source))),
                    Basis::Assumed => (Label::Assumed, String::new()),
                    Basis::Asked => (Label::Asked, String::new()),
                };
                let paths = paths.join(", ");
                let paths = Escaped(&paths);
                row(label, format!("{id}{source}: {why} [{paths}]"))
            }
            Outcome::Declined => row(Label::Declined, format!("{id}: {why}")),
            Outcome::Inapplicable => row(Label::Inapplicable, format!("{id}: {why}")),
            Outcome::Excepted { justification, by } => row(
                Label::Excepted,
                format!("{id}, {}: {}", position(by, report), Escaped(justification)),
            ),
            Outcome::Finding { .. } => {
                let place = after_comma(place_text(result.place, container, report));
                row(Label::Finding, format!("{id}{place}: {why}"))
            }
        }
    });
    rows.chain(clean).chain(note(container)).collect()
}

/// What users must do in addition to writing the file.
pub(super) fn note(container: &ContainerReport) -> Option<TextRow> {
    container.caution.as_ref().map(|caution| TextRow {
        label: Label::Note,
        text: Escaped(&sentence(caution)).to_string(),
    })
}

/// Whether the transform only reports findings. Its page explains each finding.
pub(super) fn is_catalogued(id: &str) -> bool {
    transforms::find(id).is_some_and(|transform| transform.kind == Kind::Finding)
}

/// The text of a place in the report of a container. The file is named only if it is not the
/// container's own.
fn place_text(
    place: Option<Location>,
    container: &ContainerReport,
    report: &Report,
) -> Option<String> {
    let Location { file, line, .. } = place?;
    if file == container.file {
        return Some(format!("line {line}"));
    }
    let file = report.files.get(file)?;
    Some(format!("{}:{line}", path_text(&file.path)))
}

fn after_comma(place: Option<String>) -> String {
    place.map_or_else(String::new, |place| format!(", {place}"))
}

pub(super) fn name(container: &ContainerReport, detail: Detail) -> String {
    let ContainerReport { workload, name, .. } = container;
    let mut text = Escaped(workload).to_string();
    if workload != name {
        let _ = write!(text, " {}", Escaped(name));
    }
    text += match container.role {
        Role::Main => "",
        Role::Init => " (init)",
        Role::Sidecar => " (sidecar)",
        Role::Ephemeral => " (ephemeral)",
    };
    if detail == Detail::Full {
        if let Some(place) = container.place {
            let _ = write!(text, ", line {}", place.line);
        }
        if let Some(image) = &container.image {
            let _ = write!(text, ", {}", Escaped(image));
        }
    }
    text
}

/// Columns of `declined` and a gap.
pub(super) const LABEL: usize = 10;
/// Columns of `not applicable` and a gap; only the full summary has that label.
const LONGEST_LABEL: usize = 16;
