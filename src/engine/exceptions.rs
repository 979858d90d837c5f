//! Exceptions that stand in the files themselves: `# harden: ignore[cpu-limit] reason` as a comment,
//! and `harden/ignore.cpu-limit: reason` as an annotation.
//!
//! A comment speaks of a service or container, or of the whole workload, by the line it stands at or
//! above. An annotation speaks of all containers of its workload, and with `web.harden/ignore.…` of
//! the container `web` alone. Its prefix has one label and so is no name that anybody can own in the
//! DNS, while the API accepts it (apimachinery `util/validation`: a prefix is a DNS subdomain, of
//! which `harden` is one). A label of Compose is `harden.ignore.cpu-limit`, with the dots that the
//! engine's labels have.

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

/// What a comment for this program begins with.
const MARK: &str = "harden:";
/// What the key of an annotation ends with, before the id.
const ANNOTATION: &str = "harden/ignore.";
/// What the key of a label begins with, before the id.
const LABEL: &str = "harden.ignore.";

/// The exceptions of one project.
#[derive(Debug, Default)]
pub(crate) struct Exceptions {
    /// In the order of the files and of their lines.
    comments: Vec<Comment>,
    /// By the group of the containers.
    labels: HashMap<usize, Vec<Label>>,
    faults: Vec<StaleException>,
}

/// One id of a comment.
#[derive(Debug)]
struct Comment {
    file: usize,
    /// The line that it speaks of.
    line: Span,
    said: Said,
    /// A container or a workload stands there.
    is_placed: AtomicBool,
}

/// An annotation or label; several containers of a workload have the same.
#[derive(Debug)]
struct Label {
    container: Option<String>,
    said: Said,
}

#[derive(Debug)]
struct Said {
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
            // Most files have none, and are not searched for comments.
            if memmem::find(file.tree.source().as_bytes(), MARK.as_bytes()).is_some() {
                all.read_comments(index, file);
            }
        }
        let mut last = None;
        for member in members {
            let container = &member.container;
            // The containers of a pod share what is written on it.
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

    /// There are comments, so that it matters where a container is spoken of.
    pub(crate) fn has_comments(&self) -> bool {
        !self.comments.is_empty()
    }

    /// Those that speak of this container, whose headings these are.
    pub(crate) fn of<'e>(
        &'e self,
        container: &Container,
        headings: Option<&Vec<Place>>,
    ) -> Vec<Exception<'e>> {
        let mut found = Vec::new();
        for &Place { file, span } in headings.into_iter().flatten() {
            let until = self
                .comments
                .partition_point(|one| (one.file, one.line.start) <= (file, span.start));
            let before = self.comments.iter().take(until).rev();
            let holds = |one: &&Comment| one.file == file && span.start < one.line.end;
            for comment in before.take_while(holds) {
                comment.is_placed.store(true, Ordering::Relaxed);
                found.push(comment.said.exception());
            }
        }
        found.extend(self.labelled(container));
        found
    }

    /// Those that the labels of the container say.
    pub(crate) fn labelled<'e>(
        &'e self,
        container: &Container,
    ) -> impl Iterator<Item = Exception<'e>> {
        self.labels
            .get(&container.group)
            .into_iter()
            .flatten()
            .filter(|label| {
                let name = label.container.as_ref();
                name.is_none_or(|name| *name == container.name)
            })
            .map(|label| label.said.exception())
    }

    /// Those that cannot count, and those that excepted nothing from a transform that ran.
    pub(crate) fn stale(self, ran: &[&'static Transform]) -> Vec<StaleException> {
        let mut stale = self.faults;
        let comments = self
            .comments
            .into_iter()
            .map(|comment| (comment.said, comment.is_placed.into_inner()));
        let mut labels: Vec<_> = self.labels.into_iter().collect();
        labels.sort_unstable_by_key(|(group, _)| *group);
        let labels = labels.into_iter().flat_map(|(_, labels)| labels);
        let labels = labels.map(|label| (label.said, true));
        for (said, is_placed) in comments.chain(labels) {
            let has_run = ran.iter().any(|transform| transform.id == said.id);
            if said.is_used.into_inner() || !has_run {
                continue;
            }
            stale.push(StaleException {
                at: said.at,
                why: if is_placed {
                    format!("nothing is left that `{}` would do", said.id)
                } else {
                    format!(
                        "`ignore[{}]` stands at no container and no workload",
                        said.id
                    )
                },
            });
        }
        stale
    }

    fn read_comments(&mut self, index: usize, file: &File<'_>) {
        let source = file.tree.source();
        // Lines are counted from one comment to the next, so that many of them cost no more.
        let (mut counted, mut line) = (0, 1);
        let mut spoken_of = Span { start: 0, end: 0 };
        for comment in file.tree.comments() {
            let span = comment.span.start as usize..comment.span.end as usize;
            let between = source.get(counted..span.start).unwrap_or_default();
            line += memchr::memchr_iter(b'\n', between.as_bytes()).count();
            counted = span.start;
            let Some(directive) = directive(source.get(span).unwrap_or_default()) else {
                continue;
            };
            if spoken_of.start != comment.line || spoken_of.end == 0 {
                spoken_of = file.tree.line_at(comment.line);
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
                    Some(transform) => self.comments.push(Comment {
                        file: index,
                        line: spoken_of,
                        said: Said::new(transform, reason, at.clone()),
                        is_placed: AtomicBool::new(false),
                    }),
                }
            }
        }
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
        self.labels.entry(container.group).or_default().push(Label {
            container: name.map(str::to_owned),
            said: Said::new(transform, reason, at),
        });
    }

    fn fault(&mut self, at: Position, why: String) {
        self.faults.push(StaleException { at, why });
    }
}

impl Said {
    fn new(transform: &Transform, reason: &str, at: Position) -> Self {
        Self {
            id: transform.id,
            reason: reason.to_owned(),
            at,
            is_used: AtomicBool::new(false),
        }
    }

    fn exception(&self) -> Exception<'_> {
        Exception {
            id: self.id,
            reason: &self.reason,
            by: self.at.clone(),
            is_used: &self.is_used,
        }
    }
}

/// What a comment says.
#[derive(Debug, PartialEq, Eq)]
struct Directive<'c> {
    ids: Vec<&'c str>,
    reason: &'c str,
}

/// Reads a comment; nothing for one that is not for us.
fn directive(comment: &str) -> Option<Result<Directive<'_>, &'static str>> {
    let said = comment.strip_prefix('#')?.trim().strip_prefix(MARK)?.trim();
    let parts = said
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

/// The container (all of the workload where there is none) and the id that the key of a label or
/// annotation names.
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
