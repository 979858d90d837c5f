//! Exceptions in the hardened files: `# harden: ignore[cpu-limit] reason` as a comment, and
//! `harden/ignore.cpu-limit: reason` as an annotation.
//!
//! A comment is an exception for the service, container or workload on its own line, or on the
//! next line with content. An annotation is an exception for all containers of its workload; with
//! `web.harden/ignore.…` only for the container `web`. The prefix `harden` is a valid DNS
//! subdomain, so the API accepts it (apimachinery `util/validation`), and nobody can own it in the
//! DNS, because it has one label. A Compose label is `harden.ignore.cpu-limit`, with dots as in
//! other labels.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use memchr::memmem;

use crate::config::unknown_transform;
use crate::container::{Container, Place};
use crate::engine::outcome::{Position, StaleException};
use crate::engine::rules::Exception;
use crate::project::{File, Member};
use crate::syntax::Span;
use crate::transforms::{self, Transform};

/// The start of a comment for harden.
const MARK: &str = "harden:";
/// The part of an annotation's key before the id. The name of a container may come first.
const ANNOTATION: &str = "harden/ignore.";
/// The part of a label's key before the id.
const LABEL: &str = "harden.ignore.";

/// The exceptions of one project.
#[derive(Debug, Default)]
pub(crate) struct Exceptions {
    /// Sorted by file and line.
    comments: Vec<Line>,
    /// Those of annotations and labels, in the order of the members.
    labels: Vec<WrittenException>,
    /// The labels by the group of the containers, and by the container that they name.
    for_group: HashMap<usize, Vec<usize>>,
    for_container: HashMap<usize, HashMap<String, Vec<usize>>>,
    faults: Vec<StaleException>,
}

/// The comments for one line.
#[derive(Debug)]
struct Line {
    file: usize,
    span: Span,
    /// One for each id of a comment.
    exceptions: Vec<WrittenException>,
    /// The positions of those with an id that no later one has. Only these can have an effect.
    last: Vec<usize>,
    /// The line defines a container or a workload.
    is_placed: AtomicBool,
}

#[derive(Debug)]
struct WrittenException {
    id: &'static str,
    reason: String,
    at: Position,
    is_used: AtomicBool,
}

impl Exceptions {
    /// Reads the comments of the files and the labels of the members.
    pub(crate) fn read<'m, S: 'm>(
        files: &[File<'_>],
        members: impl IntoIterator<Item = &'m Member<S>>,
    ) -> Self {
        let mut all = Self::default();
        for (index, file) in files.iter().enumerate() {
            // Most files have no such comment, and this check is cheap.
            if memmem::find(file.tree.source().as_bytes(), MARK.as_bytes()).is_some() {
                all.read_comments(index, file);
            }
        }
        let mut last = None;
        for member in members {
            let container = &member.container;
            // The containers of a pod share its labels.
            let shared = last.replace(&container.labels);
            if shared.is_some_and(|shared| Arc::ptr_eq(shared, &container.labels)) {
                continue;
            }
            for (key, reason) in container.labels.iter() {
                if let Some((name, id)) = label(key) {
                    all.read_label(container, name, (key, id), reason, files);
                }
            }
        }
        all
    }

    /// Whether there are comments. Only then [`Exceptions::of`] needs headings.
    pub(crate) fn has_comments(&self) -> bool {
        !self.comments.is_empty()
    }

    /// The exceptions for this container. `headings` are the places where a comment applies to it.
    pub(crate) fn of<'e>(
        &'e self,
        container: &Container,
        headings: Option<&Vec<Place>>,
    ) -> Vec<Exception<'e>> {
        let mut found = Vec::new();
        for &Place { file, span } in headings.into_iter().flatten() {
            let until = self
                .comments
                .partition_point(|one| (one.file, one.span.start) <= (file, span.start));
            let before = self.comments.iter().take(until).next_back();
            let holds = |one: &&Line| one.file == file && span.start < one.span.end;
            let Some(line) = before.filter(holds) else {
                continue;
            };
            line.is_placed.store(true, Ordering::Relaxed);
            let last = line.last.iter().rev();
            let last = last.filter_map(|at| line.exceptions.get(*at));
            found.extend(last.map(WrittenException::as_exception));
        }
        found.extend(self.labelled(container));
        found
    }

    /// The exceptions in the labels of the container.
    pub(crate) fn labelled<'e>(
        &'e self,
        container: &Container,
    ) -> impl Iterator<Item = Exception<'e>> {
        let named = self.for_container.get(&container.group);
        let named = named.and_then(|group| group.get(&container.name));
        let mut found: Vec<usize> = self
            .for_group
            .get(&container.group)
            .into_iter()
            .chain(named)
            .flatten()
            .copied()
            .collect();
        found.sort_unstable();
        found
            .into_iter()
            .filter_map(|at| Some(self.labels.get(at)?.as_exception()))
    }

    /// Invalid exceptions, and those without effect although their transform ran.
    pub(crate) fn stale(self, ran: &[&'static Transform]) -> Vec<StaleException> {
        let mut stale = self.faults;
        let comments = self.comments.into_iter().flat_map(|line| {
            let is_placed = line.is_placed.into_inner();
            let exceptions = line.exceptions.into_iter();
            exceptions.map(move |exception| (exception, is_placed))
        });
        let labels = self.labels.into_iter().map(|label| (label, true));
        for (exception, is_placed) in comments.chain(labels) {
            let has_run = ran.iter().any(|transform| transform.id == exception.id);
            if exception.is_used.into_inner() || !has_run {
                continue;
            }
            stale.push(StaleException {
                at: exception.at,
                why: if is_placed {
                    format!("nothing is left that `{}` would do", exception.id)
                } else {
                    format!(
                        "`ignore[{}]` stands at no container and no workload",
                        exception.id
                    )
                },
            });
        }
        stale
    }

    fn read_comments(&mut self, index: usize, file: &File<'_>) {
        let source = file.tree.source();
        // The line number is counted from one comment to the next, so the file is read only once.
        let (mut counted, mut line) = (0, 1);
        let mut subject = Span { start: 0, end: 0 };
        for comment in file.tree.comments() {
            let span = comment.span.start as usize..comment.span.end as usize;
            let between = source.get(counted..span.start).unwrap_or_default();
            line += memchr::memchr_iter(b'\n', between.as_bytes()).count();
            counted = span.start;
            let Some(directive) = directive(source.get(span).unwrap_or_default()) else {
                continue;
            };
            if subject.start != comment.line || subject.end == 0 {
                subject = file.tree.line_at(comment.line);
            }
            let at = Position::File(index, u32::try_from(line).unwrap_or(u32::MAX));
            let Directive { ids, reason } = match directive {
                Ok(directive) => directive,
                Err(why) => {
                    self.fault(at, why.to_owned());
                    continue;
                }
            };
            for id in ids {
                match transforms::find(id) {
                    None => self.fault(at.clone(), unknown_transform(id)),
                    Some(transform) => {
                        let exception = WrittenException::new(transform, reason, at.clone());
                        self.add_comment(index, subject, exception);
                    }
                }
            }
        }
    }

    /// Adds an exception of a comment. Comments come in the order of the file.
    fn add_comment(&mut self, file: usize, span: Span, exception: WrittenException) {
        let last = self.comments.last();
        if last.is_none_or(|line| (line.file, line.span.start) != (file, span.start)) {
            self.comments.push(Line {
                file,
                span,
                exceptions: Vec::new(),
                last: Vec::new(),
                is_placed: AtomicBool::new(false),
            });
        }
        let Some(line) = self.comments.last_mut() else {
            return;
        };
        let exceptions = &line.exceptions;
        line.last.retain(|at| {
            exceptions
                .get(*at)
                .is_some_and(|one| one.id != exception.id)
        });
        line.last.push(line.exceptions.len());
        line.exceptions.push(exception);
    }

    fn read_label(
        &mut self,
        container: &Container,
        name: Option<&str>,
        (key, id): (&str, &str),
        reason: &str,
        files: &[File<'_>],
    ) {
        let Place { file, span } = container.place;
        let at = match files.get(file) {
            Some(File { tree, .. }) => {
                let (line, _) = tree.line_column(span.start);
                Position::File(file, line)
            }
            None => Position::Elsewhere(format!("--label {key}")),
        };
        let reason = reason.trim();
        let transform = transforms::find(id);
        let fault = match transform {
            None => Some(format!("`{key}`: {}", unknown_transform(id))),
            Some(_) if reason.is_empty() => {
                Some(format!("`{key}` gives no reason, and does not count"))
            }
            Some(_) => None,
        };
        if let Some(why) = fault {
            self.fault(at, why);
            return;
        }
        let Some(transform) = transform else { return };
        let places = match name {
            None => self.for_group.entry(container.group).or_default(),
            Some(name) => {
                let group = self.for_container.entry(container.group).or_default();
                group.entry(name.to_owned()).or_default()
            }
        };
        places.push(self.labels.len());
        self.labels
            .push(WrittenException::new(transform, reason, at));
    }

    fn fault(&mut self, at: Position, why: String) {
        self.faults.push(StaleException { at, why });
    }
}

impl WrittenException {
    fn new(transform: &Transform, reason: &str, at: Position) -> Self {
        Self {
            id: transform.id,
            reason: reason.to_owned(),
            at,
            is_used: AtomicBool::new(false),
        }
    }

    fn as_exception(&self) -> Exception<'_> {
        Exception {
            id: self.id,
            reason: &self.reason,
            by: self.at.clone(),
            is_used: &self.is_used,
        }
    }
}

/// A parsed comment.
#[derive(Debug, PartialEq, Eq)]
struct Directive<'c> {
    ids: Vec<&'c str>,
    reason: &'c str,
}

/// Parses a comment; `None` if the comment is not for harden.
fn directive(comment: &str) -> Option<Result<Directive<'_>, &'static str>> {
    let text = comment.strip_prefix('#')?.trim().strip_prefix(MARK)?.trim();
    let parts = text
        .strip_prefix("ignore")
        .and_then(|rest| rest.trim_start().strip_prefix('['))
        .and_then(|rest| rest.split_once(']'));
    let Some((ids, reason)) = parts else {
        return Some(Err(
            "a comment for harden reads `# harden: ignore[ID] reason`",
        ));
    };
    let ids: Vec<&str> = ids.split(',').map(str::trim).collect();
    let reason = reason.trim().trim_start_matches([':', '-']).trim();
    Some(if ids.contains(&"") {
        Err("`ignore[]` names no transform")
    } else if reason.is_empty() {
        Err("the exception gives no reason, and does not count")
    } else {
        Ok(Directive { ids, reason })
    })
}

/// The container and the id in the key of a label or annotation. Without a container, the key
/// applies to the whole workload.
fn label(key: &str) -> Option<(Option<&str>, &str)> {
    if let Some(id) = key.strip_prefix(LABEL) {
        return Some((None, id));
    }
    let (before, id) = key.split_once(ANNOTATION)?;
    match before {
        "" => Some((None, id)),
        name => name.strip_suffix('.').map(|name| (Some(name), id)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_names_transforms_and_a_reason() {
        let read = |text| directive(text).map(|read| read.map(|one| (one.ids, one.reason)));
        assert_eq!(
            read("# harden: ignore[cpu-limit] it is a batch job"),
            Some(Ok((vec!["cpu-limit"], "it is a batch job")))
        );
        assert_eq!(
            read("#harden:ignore [ a , b ]: why"),
            Some(Ok((vec!["a", "b"], "why")))
        );
        assert_eq!(read("# Harden the door: ignore[a] b"), None);
        assert_eq!(read("# see harden: ignore[a] b"), None);
        for text in [
            "# harden: ignore",
            "# harden: ignore[a]",
            "# harden: ignore[a] - ",
            "# harden: ignore[] b",
            "# harden: ignore[a,] b",
            "# harden: ignore[a b",
            "# harden: skip[a] b",
            "# harden:",
        ] {
            assert!(matches!(read(text), Some(Err(_))), "{text}");
        }
    }

    #[test]
    fn a_key_names_a_transform_and_perhaps_a_container() {
        assert_eq!(label("harden/ignore.a"), Some((None, "a")));
        assert_eq!(label("web.harden/ignore.a"), Some((Some("web"), "a")));
        assert_eq!(label("harden.ignore.a"), Some((None, "a")));
        for key in [
            "harden/ignored",
            "xharden/ignore.a",
            "x.harden.ignore.a",
            "harden",
        ] {
            assert_eq!(label(key), None, "{key}");
        }
    }
}
