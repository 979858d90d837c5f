//! `harden images`: lists the known images, or prints the facts about one with their sources.

use std::io;

use super::exit::Exit;
use super::setup::Setup;
use super::{Console, ignore_broken_pipe, unusable};
use crate::command::cli::Cli;
use crate::container::Policy;
use crate::engine::Run;
use crate::engine::outcome::FileOutcome;
use crate::image::entry::Entry;
use crate::image::{Knowledge, Name, Tag};
use crate::nearest::nearest;
use crate::project::Source;
use crate::report::images::{Page, Service, write_list, write_page, write_unknown};
use crate::transforms::{self, Kind};

/// Prints the list, or the page of one image. An unknown image ends with [`Exit::Changes`], so that
/// a script can test for it.
pub(super) fn run(asked: Option<&str>, cli: &Cli, console: &mut Console<'_>) -> io::Result<Exit> {
    let setup = match Setup::read(cli, &console.directory) {
        Ok(setup) => setup,
        Err(files) => return unusable(&files, console),
    };
    let knowledge = &setup.knowledge;
    let terminal = console.stdout_terminal;
    let mut out = &mut *console.stdout;
    let Some(asked) = asked else {
        return write_list(&mut out, knowledge.entries(), terminal)
            .map(|()| Exit::Success)
            .or_else(|error| ignore_broken_pipe(error, Exit::Success));
    };
    let Some((entry, reference)) = find(asked, knowledge) else {
        if !cli.output.quiet {
            write_unknown(&mut console.stderr, asked, &near(asked, knowledge))?;
        }
        return Ok(Exit::Changes);
    };
    let name = reference.as_deref().map(Name::parse);
    let tag = name.as_ref().map_or(&Tag::Unknown, Name::tag);
    let page = Page {
        asked: reference.as_deref().unwrap_or(asked),
        entry,
        tag,
        service: reference
            .as_deref()
            .and_then(|image| service(image, &entry.id, knowledge)),
    };
    write_page(&mut out, &page, terminal)
        .map(|()| Exit::Success)
        .or_else(|error| ignore_broken_pipe(error, Exit::Success))
}

/// The entry with this reference or ID, and a reference to print its facts for.
fn find<'k>(asked: &str, knowledge: &'k Knowledge) -> Option<(&'k Entry, Option<String>)> {
    let by_reference = Name::parse(asked)
        .canonical()
        .and_then(|repository| knowledge.find(&repository));
    if let Some(entry) = by_reference {
        return Some((entry, Some(asked.to_owned())));
    }
    let entry = knowledge.entries().find(|entry| entry.id == asked)?;
    let plain = entry.images.iter().find(|pattern| !pattern.contains('*'));
    Some((entry, plain.cloned()))
}

/// Hardens a service that has only an image.
fn service(image: &str, id: &str, knowledge: &Knowledge) -> Option<Service> {
    let quoted = image.replace('\\', "\\\\").replace('"', "\\\"");
    if quoted.chars().any(char::is_control) {
        return None;
    }
    let plain = image
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'/' | b':' | b'-' | b'_' | b'@'));
    let image = if plain {
        image.to_owned()
    } else {
        format!("\"{quoted}\"")
    };
    let text = format!("services:\n  {id}:\n    image: {image}\n");
    let changing = transforms::by_default().filter(|transform| transform.kind == Kind::Change);
    let run = Run::new(changing.collect(), Policy::default(), knowledge);
    let mut report = run.project(vec![Source {
        path: "compose.yml".into(),
        bytes: text.clone().into_bytes(),
    }]);
    let text = match report.files.pop()?.outcome {
        FileOutcome::Changed(change) => change.text,
        _ => text,
    };
    let rows = report.containers.pop()?.rows;
    Some(Service { text, rows })
}

/// Names that the user may have meant: repositories that contain or resemble the last part of this
/// one.
fn near<'k>(asked: &str, knowledge: &'k Knowledge) -> Vec<&'k str> {
    const SHOWN: usize = 3;
    let name = Name::parse(asked);
    let repository = name.repository().unwrap_or(asked);
    let last = repository.rsplit('/').next().unwrap_or(repository);
    let names = || {
        knowledge.entries().flat_map(|entry| {
            std::iter::once(entry.id.as_str()).chain(entry.images.iter().map(String::as_str))
        })
    };
    let similar = nearest(repository, names()).or_else(|| nearest(last, names()));
    let holds = |name: &&str| {
        let own = name.rsplit('/').next().unwrap_or(name).trim_matches('*');
        last.len() > 2 && own.contains(last) || own.len() > 2 && last.contains(own)
    };
    let mut found: Vec<&str> = similar.into_iter().collect();
    for name in names().filter(holds) {
        if found.len() < SHOWN && !found.contains(&name) {
            found.push(name);
        }
    }
    found
}
