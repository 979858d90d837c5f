//! Proves that the hardened command differs from the original only by the draft.

use super::{Command, CommandDraft};
use crate::dialect::Unproved;

impl CommandDraft<'_> {
    /// Parses the changed command again and compares it with the plan.
    ///
    /// # Errors
    ///
    /// Returns the first difference.
    pub(crate) fn finish(&self, command: &Command) -> Result<Command, Unproved> {
        let after = Command::parse(self.words())?;
        let head = |command: &Command| command.words.get(..command.first).map(<[_]>::to_vec);
        if head(&after) != head(command) {
            return Err(Unproved::Head);
        }
        if after.image_and_arguments() != command.image_and_arguments() {
            return Err(Unproved::Image);
        }
        let words_at = |command: &Command, words: std::ops::Range<usize>| {
            command.words.get(words).unwrap_or_default().to_vec()
        };
        let kept = self.kept().map(|given| {
            let words = words_at(command, given.words.clone());
            (given.flag.name, given.value.clone(), words)
        });
        let added = self.added().into_iter().map(|added| {
            let flag = super::flags::Flag::long(command.engine, added.name);
            let words = added.words().collect();
            let value = added.value.unwrap_or_else(|| "true".to_owned());
            // An option that the engine does not have makes the comparison fail.
            let name = flag.map_or("", |flag| flag.name);
            (name, value, words)
        });
        let wanted: Vec<(&str, String, Vec<String>)> = kept.chain(added).collect();
        let found = after.options.iter().map(|given| {
            let words = words_at(&after, given.words.clone());
            (given.flag.name, given.value.clone(), words)
        });
        if found.ne(wanted) {
            return Err(Unproved::Options);
        }
        Ok(after)
    }
}
