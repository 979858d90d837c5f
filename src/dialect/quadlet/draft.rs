//! Writes the hardening options of a unit's command back as keys.

use std::sync::Arc;

use super::translate::Translation;
use super::unit::{Entry, Unit};
use crate::container::{Assignment, Place, Reason, Words};
use crate::dialect::docker_run::{Added, CommandDraft};
use crate::dialect::{Draft, Unproved, Unwritable};
use crate::project::Member;

static SHARED_ENTRY: Words = Words::new(
    "unit-entry-shared",
    "The entry {name} sets other options too: split it.",
);

/// The entries to add to and remove from a unit.
#[derive(Clone, Debug)]
pub(crate) struct UnitDraft<'u> {
    translation: &'u Translation<'u>,
    command: CommandDraft<'u>,
}

impl<'u> UnitDraft<'u> {
    /// A draft without changes.
    pub(crate) fn new(translation: &'u Translation<'u>) -> Self {
        Self {
            translation,
            command: CommandDraft::new(&translation.command),
        }
    }

    /// The unit with its changes, proved to differ only by the plan. `None` if there are no
    /// changes.
    ///
    /// # Errors
    ///
    /// Returns the first difference.
    pub(crate) fn finish(&self) -> Result<Option<String>, Unproved> {
        let unit = self.translation.unit;
        let removed = self.removed().map_err(|_| Unproved::SharedEntry)?;
        let added: Vec<(&str, String)> = self.command.added().iter().flat_map(entries).collect();
        if removed.is_empty() && added.is_empty() {
            return Ok(None);
        }
        let own = |entry: &&Entry| &*entry.section == "Container";
        let last = unit.entries.iter().rposition(|entry| own(&entry));
        let Some(last) = last else {
            return Err(Unproved::NoSection);
        };
        let mut text = String::with_capacity(unit.source.len() + 256);
        let mut at = 0;
        for (index, entry) in unit.entries.iter().enumerate() {
            let (start, end) = (entry.span.start as usize, entry.span.end as usize);
            let end_of_kept = if removed.binary_search(&index).is_ok() {
                start
            } else {
                end
            };
            text.push_str(unit.source.get(at..end_of_kept).unwrap_or_default());
            at = end;
            if index == last {
                let whole = unit.source.get(start..end).unwrap_or_default();
                let eol = if whole.ends_with("\r\n") {
                    "\r\n"
                } else {
                    "\n"
                };
                if !text.is_empty() && !text.ends_with('\n') {
                    text.push_str(eol);
                }
                for (key, value) in &added {
                    text.push_str(key);
                    text.push('=');
                    text.push_str(value);
                    text.push_str(eol);
                }
            }
        }
        text.push_str(unit.source.get(at..).unwrap_or_default());
        self.prove(&text, &removed, &added, last)?;
        Ok(Some(text))
    }

    /// Proves that the text has the planned entries, in order.
    fn prove(
        &self,
        text: &str,
        removed: &[usize],
        added: &[(&str, String)],
        last: usize,
    ) -> Result<(), Unproved> {
        let plain = |entry: &Entry| {
            (
                entry.section.clone(),
                entry.key.clone(),
                entry.value.clone(),
            )
        };
        let mut wanted = Vec::new();
        for (index, entry) in self.translation.unit.entries.iter().enumerate() {
            if removed.binary_search(&index).is_err() {
                wanted.push(plain(entry));
            }
            if index == last {
                wanted.extend(added.iter().map(|(key, value)| {
                    (Arc::from("Container"), (*key).to_owned(), value.clone())
                }));
            }
        }
        let after = Unit::parse(text)?;
        if after.entries.iter().map(plain).ne(wanted) {
            return Err(Unproved::Entries);
        }
        Ok(())
    }

    /// The entries whose options are removed.
    fn removed(&self) -> Result<Vec<usize>, Unwritable> {
        let Translation { origins, .. } = self.translation;
        let from = |words: std::ops::Range<usize>| origins.get(words).unwrap_or_default();
        let mut removed: Vec<usize> = Vec::new();
        for given in self.command.removed_options() {
            for origin in from(given.words.clone()).iter().flatten() {
                removed.extend(self.translation.unit.overruled_by(*origin));
            }
        }
        removed.sort_unstable();
        removed.dedup();
        for given in self.command.kept() {
            let stays = from(given.words.clone()).iter().flatten();
            if let Some(shared) = stays.into_iter().find(|origin| removed.contains(origin)) {
                let key = self
                    .translation
                    .unit
                    .entries
                    .get(*shared)
                    .map_or("", |entry| &entry.key);
                return Err(Reason::new(&SHARED_ENTRY).name(key).into());
            }
        }
        Ok(removed)
    }
}

impl Draft for UnitDraft<'_> {
    type Site = ();
    type Mark = Self;

    fn lower(
        &mut self,
        assignment: &Assignment,
        member: &Member<()>,
    ) -> Result<Vec<String>, Unwritable> {
        let before = self.command.added();
        let texts = self.command.lower(assignment, member)?;
        self.removed()?;
        let mut added = self.command.added();
        added.retain(|added| !before.contains(added));
        if added.is_empty() {
            return Ok(texts);
        }
        let keys = added.iter().flat_map(entries);
        Ok(keys.map(|(key, _)| format!("Container.{key}")).collect())
    }

    fn mark(&self, _: &Member<()>) -> Self {
        self.clone()
    }

    fn return_to(&mut self, mark: Self) {
        *self = mark;
    }

    fn line_column(&self, place: Place) -> Option<(u32, u32)> {
        Some(self.translation.unit.line_column(place.span.start))
    }

    fn heirs((): &()) -> Vec<usize> {
        Vec::new()
    }
}

/// An option as entries. An option without a key, or with a key that is newer than Podman 5.5, is
/// written as an argument. The generator rejects a unit with an unknown key.
fn entries(added: &Added) -> Vec<(&'static str, String)> {
    let value = added.value.clone().unwrap_or_default();
    match (added.name, value.as_str()) {
        ("user", user) => match user.split_once(':') {
            Some((user, group)) => vec![("User", user.to_owned()), ("Group", group.to_owned())],
            None => vec![("User", value)],
        },
        ("security-opt", "no-new-privileges") => vec![("NoNewPrivileges", "true".to_owned())],
        ("read-only", "") => vec![("ReadOnly", "true".to_owned())],
        ("publish", _) => vec![("PublishPort", value)],
        ("tmpfs", _) => vec![("Tmpfs", value)],
        ("cap-drop", _) => vec![("DropCapability", value)],
        ("cap-add", _) => vec![("AddCapability", value)],
        ("pids-limit", _) => vec![("PidsLimit", value)],
        (name, "") => vec![("PodmanArgs", format!("--{name}"))],
        (name, value) => vec![("PodmanArgs", format!("--{name}={value}"))],
    }
}
