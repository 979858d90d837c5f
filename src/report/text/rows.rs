//! What is said of containers one by one.

use std::fmt::Write as _;
use std::io::{self, Write};

use anstyle::Style;
use unicode_width::UnicodeWidthStr;

use super::Detail;
use super::wrap::{wrap, wrapped};
use crate::container::{Basis, Role};
use crate::engine::outcome::{ContainerReport, Outcome, Report};
use crate::report::position;
use crate::report::terminal::{ADDED, DIM, Escaped, NOTICE, Terminal, path_text};
use crate::transforms::{self, Kind};

/// Containers with the same answers.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) names: Vec<String>,
    pub(super) rows: Vec<Row>,
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
        out: &mut impl Write,
        column: usize,
        detail: Detail,
        terminal: Terminal,
    ) -> io::Result<()> {
        let title = self.title();
        let beside = detail == Detail::Short && self.width() <= column;
        let indent = if detail == Detail::Short {
            column + 4
        } else {
            4
        };
        if !beside {
            wrap(out, "  ", "  ", &title, terminal, Style::new())?;
        }
        for (nth, row) in self.rows.iter().enumerate() {
            let name = if beside && nth == 0 {
                title.as_str()
            } else {
                ""
            };
            let label = terminal.paint(row.label.style(), row.label.text());
            let gap = LABEL.saturating_sub(row.label.text().len());
            // The first line carries the label, whose colour codes must not count as columns.
            let hang = " ".repeat(indent + LABEL);
            let mut lines = wrapped(&row.text, terminal.width.saturating_sub(hang.len()));
            let first = if lines.is_empty() {
                String::new()
            } else {
                lines.remove(0)
            };
            if beside {
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
pub(super) struct Row {
    pub(super) label: Label,
    pub(super) text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    Always,
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
            Self::Always => "always",
            Self::Known => "known",
            Self::Assumed => "assumed",
            Self::Asked => "asked",
            Self::Hardened => "hardened",
            Self::Inapplicable => "no use",
            Self::Excepted => "excepted",
            Self::Note => "note",
            Self::Declined => "declined",
            Self::Finding => "finding",
        }
    }

    pub(super) fn style(self) -> Style {
        match self {
            Self::Always | Self::Known | Self::Asked => ADDED,
            Self::Assumed | Self::Finding | Self::Note => NOTICE,
            Self::Hardened | Self::Inapplicable | Self::Declined | Self::Excepted => DIM,
        }
    }
}

/// One row a basis or a reason: the transforms that share it.
pub(super) fn short_rows(container: &ContainerReport, report: &Report) -> Vec<Row> {
    let mut rows: Vec<(Label, String, Vec<&str>)> = Vec::new();
    let mut found = Vec::new();
    for result in &container.results {
        let (label, end) = match &result.outcome {
            Outcome::Hardened { .. } | Outcome::Inapplicable { .. } | Outcome::Excepted { .. } => {
                continue;
            }
            Outcome::Changed { basis, .. } => match basis {
                Basis::Always => (Label::Always, String::new()),
                Basis::Known(source) => (Label::Known, format!(" ({})", Escaped(source))),
                Basis::Assumed => (Label::Assumed, String::new()),
                Basis::Asked => (Label::Asked, String::new()),
            },
            Outcome::Declined { why } => (Label::Declined, format!(": {}", Escaped(why))),
            Outcome::Finding { place, .. } if is_catalogued(result.id) => {
                let place = place_text(*place, container, report);
                found.push(format!("{}{}", result.id, place.replacen(", ", " at ", 1)));
                continue;
            }
            Outcome::Finding { what, place, .. } => {
                let place = place_text(*place, container, report);
                (Label::Finding, format!("{place}: {}", Escaped(what)))
            }
        };
        match rows.iter_mut().find(|row| (row.0, &row.1) == (label, &end)) {
            Some(row) => row.2.push(result.id),
            None => rows.push((label, end, vec![result.id])),
        }
    }
    rows.sort_by_key(|row| row.0 as u8);
    let found = (!found.is_empty()).then(|| Row {
        label: Label::Finding,
        text: found.join(", "),
    });
    rows.into_iter()
        .map(|(label, end, ids)| Row {
            label,
            text: format!("{}{end}", ids.join(", ")),
        })
        .chain(found)
        .chain(note(container))
        .collect()
}

/// One row a transform, with its reason and the paths it wrote.
pub(super) fn full_rows(container: &ContainerReport, report: &Report) -> Vec<Row> {
    let row = |label, text| Row { label, text };
    let (clean, rest): (Vec<_>, Vec<_>) = container.results.iter().partition(|result| {
        matches!(result.outcome, Outcome::Hardened { .. }) && is_catalogued(result.id)
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
        match &result.outcome {
            Outcome::Hardened { why } => row(Label::Hardened, format!("{id}: {}", Escaped(why))),
            Outcome::Changed {
                basis,
                reason,
                paths,
            } => {
                let (label, source) = match basis {
                    Basis::Always => (Label::Always, String::new()),
                    Basis::Known(source) => (Label::Known, format!(" ({})", Escaped(source))),
                    Basis::Assumed => (Label::Assumed, String::new()),
                    Basis::Asked => (Label::Asked, String::new()),
                };
                let paths = paths.join(", ");
                let (paths, reason) = (Escaped(&paths), Escaped(reason));
                row(label, format!("{id}{source}: {reason} [{paths}]"))
            }
            Outcome::Declined { why } => row(Label::Declined, format!("{id}: {}", Escaped(why))),
            Outcome::Inapplicable { why } => {
                row(Label::Inapplicable, format!("{id}: {}", Escaped(why)))
            }
            Outcome::Excepted { reason, by } => row(
                Label::Excepted,
                format!("{id}, {}: {}", position(by, report), Escaped(reason)),
            ),
            Outcome::Finding { what, place, .. } => {
                let place = place_text(*place, container, report);
                row(Label::Finding, format!("{id}{place}: {}", Escaped(what)))
            }
        }
    });
    rows.chain(clean).chain(note(container)).collect()
}

/// What a person has to do beside writing the file.
pub(super) fn note(container: &ContainerReport) -> Option<Row> {
    container.caution.map(|text| Row {
        label: Label::Note,
        text: text.to_owned(),
    })
}

/// The transform finds and does not change, so that its page says what each finding means.
pub(super) fn is_catalogued(id: &str) -> bool {
    transforms::find(id).is_some_and(|transform| transform.kind == Kind::Finding)
}

pub(super) fn place_text(
    place: Option<(usize, u32)>,
    container: &ContainerReport,
    report: &Report,
) -> String {
    match place {
        Some((file, line)) if file == container.file => format!(", line {line}"),
        Some((file, line)) => match report.files.get(file) {
            Some(file) => format!(", {}:{line}", path_text(&file.path)),
            None => String::new(),
        },
        None => String::new(),
    }
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
        if container.line > 0 {
            let _ = write!(text, ", line {}", container.line);
        }
        if let Some(image) = &container.image {
            let _ = write!(text, ", {}", Escaped(image));
        }
    }
    text
}

/// Columns of `declined` and a gap.
pub(super) const LABEL: usize = 10;
