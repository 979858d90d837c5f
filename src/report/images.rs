//! The list of known images, and the page with all facts about one.

use std::fmt::Write as _;
use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::explain::write_paragraph;
use super::terminal::{ADDED, BOLD, DIM, Escaped, NOTICE, Terminal};
use super::words::sentence;
use crate::container::Basis;
use crate::engine::outcome::{Outcome, Row};
use crate::image::entry::{
    Automation, Condition, Confidence, Entry, RunsAs, TaggedPath, Tags, Verdict, Version,
    VolumeGroup, WritablePath,
};
use crate::image::{Kind, Tag};

/// The page of one image.
#[derive(Debug)]
pub struct Page<'p> {
    /// The name as the user wrote it.
    pub asked: &'p str,
    /// The facts.
    pub entry: &'p Entry,
    /// The tag to print the facts for.
    pub tag: &'p Tag,
    /// A service of this image, hardened.
    pub service: Option<Service>,
}

/// A service with only an image, hardened.
#[derive(Debug)]
pub struct Service {
    /// The whole Compose file.
    pub text: String,
    /// The answers of the transforms.
    pub rows: Vec<Row>,
}

/// Writes one line for each entry.
///
/// # Errors
///
/// Those of the writer.
pub fn write_list<'e>(
    out: &mut impl Write,
    entries: impl IntoIterator<Item = &'e Entry>,
    terminal: Terminal,
) -> io::Result<()> {
    let rows: Vec<_> = entries
        .into_iter()
        .map(|entry| (entry, digest(entry), images(entry)))
        .collect();
    let width = |of: for<'a> fn(&'a (&'a Entry, String, String)) -> &'a str| {
        let lengths = rows.iter().map(|row| of(row).width());
        lengths.max().unwrap_or(0)
    };
    let id = width(|(entry, ..)| &entry.id);
    let known = width(|(_, digest, _)| digest);
    for (entry, digest, images) in &rows {
        writeln!(
            out,
            "{}{:id_gap$}  {}  {digest}{:known_gap$}  {}",
            terminal.paint(BOLD, Escaped(&entry.id)),
            "",
            terminal.paint(DIM, Escaped(&entry.date)),
            "",
            Escaped(images),
            id_gap = id.saturating_sub(entry.id.width()),
            known_gap = known.saturating_sub(digest.width()),
        )?;
    }
    Ok(())
}

/// The first repositories of an entry, and how many more there are.
fn images(entry: &Entry) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<&str> = entry
        .images
        .iter()
        .take(SHOWN)
        .map(String::as_str)
        .collect();
    match entry.images.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The user, the root filesystem and the memory, in a few words.
fn digest(entry: &Entry) -> String {
    let sure = |confidence| confidence != Confidence::Low;
    let kind = match entry.kind {
        Kind::Service => None,
        Kind::LanguageBase => Some("language base image".to_owned()),
        Kind::BaseOs => Some("OS base image".to_owned()),
    };
    if let Some(kind) = kind {
        return kind;
    }
    let mut parts = Vec::new();
    if sure(entry.user.confidence) {
        let mut users: Vec<String> = entry.user.runs_as.iter().filter_map(numbers).collect();
        users.dedup();
        parts.push(match (&entry.user.starts_as_user, users.as_slice()) {
            (Verdict::No(_), _) => "runs as root".to_owned(),
            (_, []) => "user unknown".to_owned(),
            (_, [user]) => user.clone(),
            (_, [user, ..]) => format!("{user} or another"),
        });
    }
    if let Some(section) = entry.writable.as_ref().filter(|one| sure(one.confidence)) {
        match section.read_only {
            Verdict::Yes => parts.push("read-only".to_owned()),
            Verdict::Conditional(_) => parts.push("read-only with conditions".to_owned()),
            Verdict::No(_) | Verdict::Unknown => {}
        }
    }
    if let Some(section) = entry.memory.as_ref().filter(|one| sure(one.confidence)) {
        parts.push(format!("at least {}", section.least));
    }
    parts.join(", ")
}

fn numbers(user: &RunsAs) -> Option<String> {
    Some(format!("{}:{}", user.uid?, user.gid?))
}

/// Writes all facts about one image, each section with its sources.
///
/// # Errors
///
/// Those of the writer.
pub fn write_page(out: &mut impl Write, page: &Page<'_>, terminal: Terminal) -> io::Result<()> {
    let Page { asked, entry, .. } = page;
    let what = match entry.kind {
        Kind::Service => "application image",
        Kind::LanguageBase => "language base image, so the program is unknown",
        Kind::BaseOs => "OS base image, so the program is unknown",
    };
    writeln!(
        out,
        "{}  {}",
        terminal.paint(BOLD, Escaped(asked)),
        terminal.paint(DIM, format_args!("entry {}, {}", entry.id, entry.date))
    )?;
    let images = entry.images.join(", ");
    write_paragraph(
        out,
        &format!("{what}; names: {}", Escaped(&images)),
        terminal,
    )?;
    for section in sections(page) {
        section.write(out, entry, terminal)?;
    }
    for (title, lines) in [("breaks if", &entry.fails_if), ("notes", &entry.notes)] {
        if !lines.is_empty() {
            writeln!(out, "\n{}", terminal.paint(BOLD, title))?;
        }
        for line in lines {
            write_paragraph(out, &format!("  * {}", Escaped(line)), terminal)?;
        }
    }
    match &page.service {
        Some(service) => write_service(out, service, terminal),
        None => Ok(()),
    }
}

fn write_service(out: &mut impl Write, service: &Service, terminal: Terminal) -> io::Result<()> {
    let title = "as a Compose service with only an image";
    writeln!(out, "\n{}", terminal.paint(BOLD, title))?;
    for line in service.text.lines() {
        writeln!(out, "  {}", terminal.paint(ADDED, Escaped(line)))?;
    }
    for row in &service.rows {
        let why = sentence(&row.reason);
        let words = match &row.outcome {
            Outcome::Changed { basis, .. } => {
                let basis = match basis {
                    Basis::General => "general",
                    Basis::Known(_) => "known",
                    Basis::Assumed => "assumed",
                    Basis::Asked => "asked for",
                };
                format!("{basis}, {why}")
            }
            Outcome::Declined => format!("declined, {why}"),
            Outcome::Hardened => format!("nothing to do, {why}"),
            Outcome::Finding { .. } => format!("found, {why}"),
            Outcome::Inapplicable | Outcome::Excepted { .. } => continue,
        };
        write_paragraph(
            out,
            &format!("  * {}: {}", row.id, Escaped(&words)),
            terminal,
        )?;
    }
    Ok(())
}

/// Says that the image is unknown, and lists similar names.
///
/// # Errors
///
/// Those of the writer.
pub fn write_unknown(out: &mut impl Write, asked: &str, nearest: &[&str]) -> io::Result<()> {
    write!(out, "harden does not know {}.", Escaped(asked))?;
    if !nearest.is_empty() {
        write!(out, " Similar names: {}.", nearest.join(", "))?;
    }
    writeln!(out, "\n`harden images` lists the known images.")
}

/// One section of a page.
struct Section<'e> {
    title: &'static str,
    confidence: Option<Confidence>,
    sources: &'e [String],
    lines: Vec<String>,
}

impl Section<'_> {
    fn write(&self, out: &mut impl Write, entry: &Entry, terminal: Terminal) -> io::Result<()> {
        write!(out, "\n{}", terminal.paint(BOLD, self.title))?;
        match self.confidence {
            None => {}
            Some(Confidence::High) => write!(out, "  {}", terminal.paint(DIM, "high confidence"))?,
            Some(Confidence::Medium) => {
                write!(out, "  {}", terminal.paint(DIM, "medium confidence"))?;
            }
            Some(Confidence::Low) => {
                let words = "low confidence: treated as unknown, used only as a warning";
                write!(out, "  {}", terminal.paint(NOTICE, words))?;
            }
        }
        writeln!(out)?;
        for line in &self.lines {
            write_paragraph(out, &format!("  {}", Escaped(line)), terminal)?;
        }
        for text in self
            .sources
            .iter()
            .filter_map(|name| entry.sources.get(name))
        {
            write_paragraph(out, &format!("  - source: {}", Escaped(text)), terminal)?;
        }
        Ok(())
    }
}

fn sections<'e>(page: &Page<'e>) -> Vec<Section<'e>> {
    let entry = page.entry;
    let tag = match page.tag {
        Tag::Known(tag) => Some(tag.as_str()),
        Tag::Unknown => None,
    };
    let known = Known {
        tag,
        version: tag.and_then(|tag| Version::of_tag(tag, entry.version_after.as_deref())),
    };
    let mut all = vec![Section {
        title: "user",
        confidence: Some(entry.user.confidence),
        sources: &entry.user.source,
        lines: user(entry, &known),
    }];
    if let Some(section) = &entry.capabilities {
        all.push(Section {
            title: "capabilities",
            confidence: Some(section.confidence),
            sources: &section.source,
            lines: capabilities(section),
        });
    }
    if let Some(section) = &entry.ports {
        let named = |ports: &[u16], protocol: &str| -> Vec<String> {
            ports
                .iter()
                .map(|port| format!("{port}/{protocol}"))
                .collect()
        };
        let ports = [named(&section.tcp, "tcp"), named(&section.udp, "udp")].concat();
        all.push(Section {
            title: "ports",
            confidence: None,
            sources: &section.source,
            lines: vec![ports.join(", ")],
        });
    }
    if let Some(section) = &entry.volumes {
        all.push(Section {
            title: "volumes",
            confidence: None,
            sources: &section.source,
            lines: volumes(section, &known),
        });
    }
    if let Some(section) = &entry.writable {
        let mut lines = vec![format!("read-only root: {}", verdict(&section.read_only))];
        lines.extend(
            section
                .paths
                .iter()
                .filter_map(|path| writable(path, &known)),
        );
        all.push(Section {
            title: "writable paths",
            confidence: Some(section.confidence),
            sources: &section.source,
            lines,
        });
    }
    if let Some(section) = &entry.no_new_privileges {
        all.push(Section {
            title: "no new privileges",
            confidence: Some(section.confidence),
            sources: &section.source,
            lines: vec![verdict(&section.works)],
        });
    }
    all.extend(resources(entry));
    all
}

fn resources(entry: &Entry) -> Vec<Section<'_>> {
    let mut all = Vec::new();
    if let Some(section) = &entry.memory {
        let mut lines = vec![format!("at least {}", section.least)];
        if section.differs {
            lines.push("varies widely between images with these names".to_owned());
        }
        if !section.sized_by_host_unless.is_empty() {
            lines.push(format!(
                "sizes itself by the host's memory, unless {}",
                conditions(&section.sized_by_host_unless)
            ));
        }
        lines.extend(section.note.clone());
        all.push(Section {
            title: "memory",
            confidence: Some(section.confidence),
            sources: &section.source,
            lines,
        });
    }
    if let Some(section) = &entry.processes {
        all.push(Section {
            title: "processes and threads",
            confidence: Some(section.confidence),
            sources: &section.source,
            lines: vec![format!("at least {}", section.least)],
        });
    }
    if let Some(section) = &entry.host {
        all.push(Section {
            title: "access to the host",
            confidence: None,
            sources: &section.source,
            lines: section.access.clone(),
        });
    }
    if let Some(section) = &entry.automation {
        let level = match section.level {
            Automation::Full => "complete: user, capabilities, read-only root, limits",
            Automation::Partial => "partial",
            Automation::Limited => "no user and no read-only root",
            Automation::Skip => "none: harden only reports",
        };
        let mut lines = vec![level.to_owned()];
        lines.extend(section.note.clone());
        all.push(Section {
            title: "automatic hardening",
            confidence: None,
            sources: &section.source,
            lines,
        });
    }
    all
}

fn user(entry: &Entry, known: &Known<'_>) -> Vec<String> {
    let section = &entry.user;
    let mut lines = vec![format!("starts as {}", section.default)];
    for item in &section.runs_as {
        let Some(tags) = known.tags(&item.tags()) else {
            continue;
        };
        let mut line = match numbers(item) {
            Some(numbers) => format!("can run as {numbers}"),
            None => "can run as a user without a fixed UID".to_owned(),
        };
        if let Some(name) = &item.name {
            let _ = write!(line, " ({name})");
        }
        if let Some(default) = &item.default {
            let _ = write!(line, ", starts as {default}");
        }
        line += &tags;
        if let Some(note) = &item.note {
            let _ = write!(line, "; {note}");
        }
        lines.push(line);
        // The first match applies.
        if item.tags().hold(known.tag, known.version) == Some(true) {
            break;
        }
    }
    lines.push(format!(
        "starting as that user: {}",
        verdict(&section.starts_as_user)
    ));
    if section.group_root {
        lines.push("its files belong to group 0: keep GID 0".to_owned());
    }
    if let Some(how) = &section.steps_down {
        lines.push(format!("drops root itself: {how}"));
    }
    lines
}

fn capabilities(section: &crate::image::entry::CapabilitySection) -> Vec<String> {
    let list = |names: &[String]| match names {
        [] => "none".to_owned(),
        names => names.join(", "),
    };
    let as_root = section.as_root.as_deref();
    let mut lines = vec![
        format!(
            "as root it needs: {}",
            as_root.map_or("unknown".to_owned(), list)
        ),
        format!("as its user it needs: {}", list(&section.as_user)),
    ];
    for also in &section.as_root_also {
        let when = conditions(&also.when);
        lines.push(format!(
            "as root it also needs {} if {when}: {}",
            also.name, also.why
        ));
    }
    for file in &section.files {
        let note = file.note.as_deref().map(|note| format!("; {note}"));
        lines.push(format!(
            "{} has file capabilities {}{}",
            file.path,
            file.grants,
            note.unwrap_or_default()
        ));
    }
    lines
}

fn volumes(section: &crate::image::entry::VolumeSection, known: &Known<'_>) -> Vec<String> {
    let list = |verb: &str, paths: &[TaggedPath]| -> Vec<String> {
        let holds = |path: &TaggedPath| {
            let tags = known.tags(&path.tags())?;
            Some(format!("{verb} {}{tags}", path.path))
        };
        paths.iter().filter_map(holds).collect()
    };
    let mut lines = list("declares volume", &section.declared);
    lines.extend(list("its user owns new volumes at", &section.owned));
    if let Some(group) = section.group {
        let group = match group {
            VolumeGroup::Gid(gid) => format!("fsGroup {gid}"),
            VolumeGroup::Named(_) => "the GID of its user as fsGroup".to_owned(),
        };
        let mut line = format!("PersistentVolumeClaims need {group}");
        if !section.group_when.is_empty() {
            let _ = write!(
                line,
                ", which works only if {}",
                conditions(&section.group_when)
            );
        }
        if section.on_root_mismatch {
            line += ", with fsGroupChangePolicy: OnRootMismatch";
        }
        lines.push(line);
    }
    lines
}

fn writable(path: &WritablePath, known: &Known<'_>) -> Option<String> {
    let tags = known.tags(&path.tags())?;
    let mut line = format!("{} ({}): {}{tags}", path.path, path.size, path.why);
    for (holds, words) in [
        (path.exec, "programs run from it"),
        (path.seed, "the image's files at this path are needed"),
        (path.persist, "the data must persist"),
    ] {
        if holds {
            let _ = write!(line, "; {words}");
        }
    }
    if let Some(mode) = &path.mode {
        let _ = write!(line, "; mode {mode}");
    }
    if let Some(owner) = &path.owner {
        let _ = write!(line, "; owner {owner}");
    }
    if !path.when.is_empty() {
        let _ = write!(line, "; only if {}", conditions(&path.when));
    }
    Some(line)
}

fn conditions(conditions: &[Condition]) -> String {
    let texts: Vec<String> = conditions
        .iter()
        .map(|condition| match condition {
            Condition::Env(glob) => format!("the variable {glob} is set"),
            Condition::Mount(path) => format!("a mount exists at {path}"),
            Condition::Argument(part) => format!("an argument contains {part}"),
            Condition::Unsure(words) => format!("(not visible in the file) {words}"),
        })
        .collect();
    texts.join(", or ")
}

fn verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Yes => "works".to_owned(),
        Verdict::Conditional(how) => format!("works on a condition: {how}"),
        Verdict::No(why) => format!("does not work: {why}"),
        Verdict::Unknown => "unknown".to_owned(),
    }
}

/// The tag of the page.
struct Known<'t> {
    tag: Option<&'t str>,
    version: Option<Version>,
}

impl Known<'_> {
    /// The tags of an item, where the page has none; `None` where the item does not apply.
    fn tags(&self, tags: &Tags<'_>) -> Option<String> {
        match tags.hold(self.tag, self.version) {
            Some(false) => return None,
            Some(true) => return Some(String::new()),
            None => {}
        }
        let parts: Vec<String> = [
            ("with the tag", tags.tag),
            ("since", tags.since),
            ("before", tags.before),
        ]
        .into_iter()
        .filter_map(|(word, value)| Some(format!(" {word} {}", value?)))
        .collect();
        Some(parts.concat())
    }
}
