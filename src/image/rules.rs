//! The rules of an entry that its types cannot express.
//!
//! `build.rs` compiles this file too. A file in `images/` that breaks a rule therefore fails the
//! build.

use super::entry::{Condition, Confidence, Entry, Tags, Version, bytes, octal, pair};

/// A rule that an entry breaks and that its types cannot express.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct Violation {
    /// The path of the key, with dots.
    pub field: String,
    /// The rule that the entry breaks.
    pub problem: String,
}

impl Entry {
    /// Every rule that the entry breaks and that its types cannot express.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut report = |field: &str, problem: String| {
            found.push(Violation {
                field: field.to_owned(),
                problem,
            });
        };
        if self.id.is_empty()
            || !self
                .id
                .bytes()
                .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        {
            report(
                "id",
                "must be lower-case letters, digits and `-`".to_owned(),
            );
        }
        if !is_date(&self.date) {
            report("date", "must be a date, for example 2026-11-23".to_owned());
        }
        self.image_violations(&mut report);
        self.source_violations(&mut report);
        self.value_violations(&mut report);
        found
    }

    fn image_violations(&self, report: &mut dyn FnMut(&str, String)) {
        if self.images.is_empty() {
            report("images", "must name at least one repository".to_owned());
        }
        for (at, pattern) in self.images.iter().enumerate() {
            let hub = ["docker.io/", "index.docker.io/", "library/"]
                .iter()
                .any(|prefix| pattern.starts_with(prefix));
            if hub
                || pattern.is_empty()
                || pattern
                    .bytes()
                    .any(|b| b.is_ascii_uppercase() || b.is_ascii_whitespace() || b == b'@')
            {
                report(
                    &format!("images[{at}]"),
                    format!(
                        "`{pattern}` must be a repository in lower case, without docker.io, library/, tag or digest"
                    ),
                );
            }
            if self
                .images
                .iter()
                .take(at)
                .any(|earlier| earlier == pattern)
            {
                report(
                    &format!("images[{at}]"),
                    format!("`{pattern}` is in the list twice"),
                );
            }
        }
    }

    fn source_violations(&self, report: &mut dyn FnMut(&str, String)) {
        for (field, source) in self.grounds() {
            if source.is_empty() {
                report(
                    &format!("{field}.source"),
                    "must name at least one source".to_owned(),
                );
            }
            for name in source
                .iter()
                .filter(|name| !self.sources.contains_key(*name))
            {
                report(
                    &format!("{field}.source"),
                    format!("`{name}` is not in `sources`"),
                );
            }
        }
        for (name, text) in &self.sources {
            if text.trim().is_empty() {
                report(
                    &format!("sources.{name}"),
                    "must say where to look".to_owned(),
                );
            }
            if !self
                .grounds()
                .iter()
                .any(|(_, source)| source.contains(name))
            {
                report(
                    &format!("sources.{name}"),
                    "no section uses this source".to_owned(),
                );
            }
        }
    }

    fn user_violations(&self, report: &mut dyn FnMut(&str, String)) {
        if !is_user(&self.user.default) {
            report(
                "user.default",
                format!(
                    "`{}` must be root, unknown, a uid or a name",
                    self.user.default
                ),
            );
        }
        for (at, item) in self.user.runs_as.iter().enumerate() {
            if item.uid.is_some() != item.gid.is_some() {
                report(
                    &format!("user.runs_as[{at}]"),
                    "needs both uid and gid, or neither".to_owned(),
                );
            }
            for (key, user) in [("default", &item.default), ("name", &item.name)] {
                if let Some(user) = user.as_deref().filter(|user| !is_user(user)) {
                    report(
                        &format!("user.runs_as[{at}].{key}"),
                        format!("`{user}` must be a uid or a name"),
                    );
                }
            }
            tag_violations(&format!("user.runs_as[{at}]"), &item.tags(), report);
        }
    }

    fn value_violations(&self, report: &mut dyn FnMut(&str, String)) {
        self.user_violations(report);
        if let Some(section) = &self.memory
            && bytes(&section.least).is_none()
        {
            report(
                "memory.least",
                "must be a size, for example 128Mi".to_owned(),
            );
        }
        if let Some(section) = &self.memory
            && section.differs
            && section.confidence != Confidence::Low
        {
            report(
                "memory.confidence",
                "must be low, because `differs` is set".to_owned(),
            );
        }
        self.capability_violations(report);
        self.volume_violations(report);
        self.writable_violations(report);
    }

    fn capability_violations(&self, report: &mut dyn FnMut(&str, String)) {
        if let Some(section) = &self.capabilities {
            let also = section.as_root_also.iter().map(|also| &also.name);
            let always = section.as_root.iter().flatten();
            for name in always.chain(also).chain(&section.as_user) {
                if name.starts_with("CAP_")
                    || !name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
                {
                    report(
                        "capabilities",
                        format!("`{name}` must be upper case and without CAP_"),
                    );
                }
            }
            if section.as_root_also.iter().any(|also| also.when.is_empty()) {
                report(
                    "capabilities.as_root_also",
                    "needs `when`; capabilities that are always needed belong in as_root"
                        .to_owned(),
                );
            }
        }
    }

    fn volume_violations(&self, report: &mut dyn FnMut(&str, String)) {
        if let Some(section) = &self.volumes {
            for (field, paths) in [("declared", &section.declared), ("owned", &section.owned)] {
                for (at, item) in paths.iter().enumerate() {
                    let field = format!("volumes.{field}[{at}]");
                    path_violations(&field, &item.path, report);
                    tag_violations(&field, &item.tags(), report);
                }
            }
            if section.group.is_none()
                && (section.on_root_mismatch || !section.group_when.is_empty())
            {
                report(
                    "volumes.group",
                    "is missing; the other keys about the group need it".to_owned(),
                );
            }
        }
    }

    fn writable_violations(&self, report: &mut dyn FnMut(&str, String)) {
        for (at, item) in self
            .writable
            .iter()
            .flat_map(|section| section.paths.iter().enumerate())
        {
            let field = format!("writable.paths[{at}]");
            path_violations(&field, &item.path, report);
            tag_violations(&field, &item.tags(), report);
            if bytes(&item.size).is_none_or(|size| size == 0) {
                report(
                    &format!("{field}.size"),
                    "must be a size, for example 64Mi".to_owned(),
                );
            }
            if item
                .mode
                .as_deref()
                .is_some_and(|mode| octal(mode).is_none())
            {
                report(
                    &format!("{field}.mode"),
                    "must be octal, for example '1777'".to_owned(),
                );
            }
            if item
                .owner
                .as_deref()
                .is_some_and(|owner| owner != "own" && pair(owner).is_none())
            {
                report(
                    &format!("{field}.owner"),
                    "must be `uid:gid` or `own`".to_owned(),
                );
            }
            for condition in &item.when {
                let (Condition::Env(text)
                | Condition::Mount(text)
                | Condition::Argument(text)
                | Condition::Unsure(text)) = condition;
                if text.is_empty() {
                    report(
                        &format!("{field}.when"),
                        "a condition must not be empty".to_owned(),
                    );
                }
            }
        }
    }
}

fn tag_violations(field: &str, tags: &Tags<'_>, report: &mut dyn FnMut(&str, String)) {
    for bound in [tags.since, tags.before].into_iter().flatten() {
        if Version::read(bound).is_none() {
            report(field, format!("`{bound}` is not a version"));
        }
    }
}

fn path_violations(field: &str, path: &str, report: &mut dyn FnMut(&str, String)) {
    let plain = path.starts_with('/')
        && path
            .split('/')
            .skip(1)
            .all(|part| !matches!(part, "" | "." | ".."));
    if !plain || path.contains(['*', '$', '<']) {
        report(field, format!("`{path}` must be one absolute path"));
    }
    for (link, target) in [("/var/run", "/run"), ("/var/lock", "/run/lock")] {
        if let Some(rest) = path.strip_prefix(link)
            && (rest.is_empty() || rest.starts_with('/'))
        {
            report(
                field,
                format!("`{path}` is a symbolic link; write `{target}{rest}`"),
            );
        }
    }
}

/// Whether the text is a uid or a user name, with an optional group.
fn is_user(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
    };
    let (user, group) = text.split_once(':').unwrap_or((text, "0"));
    is_part(user) && is_part(group)
}

fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let mut number = |digits: usize, range: std::ops::RangeInclusive<u32>| {
        parts
            .next()
            .filter(|part| part.len() == digits)
            .and_then(|part| part.parse().ok())
            .is_some_and(|number| range.contains(&number))
    };
    number(4, 2000..=9999) && number(2, 1..=12) && number(2, 1..=31) && parts.next().is_none()
}
