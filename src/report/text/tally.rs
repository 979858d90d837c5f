//! Counts the answers of each transform, for runs with too many containers to show.

use std::collections::BTreeMap;
use std::io::{self, Write};

use anstyle::Style;

use super::{LABEL, Label, counted, wrap};
use crate::container;
use crate::report::terminal::{BOLD, Escaped, Terminal};
use crate::report::words::{general_sentence, sentence};

/// The number of reasons that are shown if containers are counted. The others are only counted.
const REASONS: usize = 3;

/// The number of answers of a transform.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) id: &'static str,
    pub(super) general: usize,
    pub(super) known: usize,
    pub(super) assumed: usize,
    pub(super) asked: usize,
    pub(super) declined: ReasonCounts,
    pub(super) findings: ReasonCounts,
}

/// The number of each reason. Reasons that differ only in their quoted parts are counted together.
#[derive(Debug, Default)]
pub(super) struct ReasonCounts(BTreeMap<String, ReasonCount>);

#[derive(Debug)]
struct ReasonCount {
    count: usize,
    /// The sentence, if all counted reasons have the same one.
    words: Option<String>,
}

impl Tally {
    pub(super) fn new(id: &'static str) -> Self {
        Self {
            id,
            general: 0,
            known: 0,
            assumed: 0,
            asked: 0,
            declined: ReasonCounts::default(),
            findings: ReasonCounts::default(),
        }
    }

    pub(super) fn write(
        &self,
        out: &mut dyn Write,
        column: usize,
        terminal: Terminal,
    ) -> io::Result<()> {
        let parts = [
            (self.general, "general"),
            (self.known, "known"),
            (self.assumed, "assumed"),
            (self.asked, "asked"),
            (self.declined.total(), "declined"),
            (self.findings.total(), "found"),
        ];
        let parts: Vec<_> = parts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        if parts.is_empty() {
            return Ok(());
        }
        let id = terminal.paint(BOLD, self.id);
        let gap = column.saturating_sub(self.id.len()) + 2;
        writeln!(out, "{id}{:gap$}{}", "", parts.join(", "))?;
        self.declined.write(out, Label::Declined, terminal)?;
        self.findings.write(out, Label::Finding, terminal)
    }
}

impl ReasonCounts {
    pub(super) fn add(&mut self, reason: &container::Reason) {
        let words = Escaped(&sentence(reason)).to_string();
        let general = Escaped(&general_sentence(reason)).to_string();
        let reason = self.0.entry(general).or_insert_with(|| ReasonCount {
            count: 0,
            words: Some(words.clone()),
        });
        reason.count += 1;
        if reason.words.as_ref() != Some(&words) {
            reason.words = None;
        }
    }

    fn total(&self) -> usize {
        self.0.values().map(|reason| reason.count).sum()
    }

    /// Writes the most frequent reasons. Equally frequent ones are in alphabetical order.
    fn write(&self, out: &mut dyn Write, label: Label, terminal: Terminal) -> io::Result<()> {
        let mut reasons: Vec<_> = self.0.iter().collect();
        reasons.sort_by_key(|(_, reason)| std::cmp::Reverse(reason.count));
        let rest = reasons.split_off(reasons.len().min(REASONS));
        let shown = reasons.into_iter().map(|(masked, reason)| {
            (
                reason.count,
                reason.words.as_ref().unwrap_or(masked).clone(),
            )
        });
        let others = rest.iter().map(|(_, reason)| reason.count).sum();
        let others = (others > 0).then(|| {
            (
                others,
                format!("for {}", counted(rest.len(), "other reason")),
            )
        });
        let hang = " ".repeat(LABEL + 9);
        for (count, words) in shown.chain(others) {
            let first = format!("  {:LABEL$}{count:>5}  ", label.text());
            wrap(out, &first, &hang, &words, terminal, Style::new())?;
        }
        Ok(())
    }
}
