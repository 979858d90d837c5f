//! Where the changes of a project gather, until they are proved and become text.

use std::cell::OnceCell;

use super::{Site, Unwritable};
use crate::container::{Assignment, Place};
use crate::dialect::Member;
use crate::project::{self, File};
use crate::syntax::{Checkpoint, Editor, Lines, Plan};

/// The changes planned so far. The engine knows a project by this alone, so that a project need
/// not be made of YAML, or of files.
pub(crate) trait Draft {
    /// The dialect's notes on where one container's settings are written.
    type Site;
    /// A state to return to.
    type Mark;

    /// Plans what writes `assignment`, and gives the paths or options that are written.
    ///
    /// # Errors
    ///
    /// Why it cannot be written; the draft may then hold part of it, and the caller returns to a
    /// mark.
    fn lower(
        &mut self,
        assignment: &Assignment,
        member: &project::Member<Self::Site>,
    ) -> Result<Vec<String>, Unwritable>;

    /// The state of what the settings of the member are written to.
    fn mark(&self, member: &project::Member<Self::Site>) -> Self::Mark;

    /// Forgets what was planned since the mark.
    fn return_to(&mut self, mark: Self::Mark);

    /// The line of a place, and the column in bytes, both from 1, where there are lines.
    fn line_column(&self, place: Place) -> Option<(u32, u32)>;

    /// The members that inherit what is written for this one.
    fn heirs(site: &Self::Site) -> Vec<usize>;
}

/// Changes of YAML files: an editor for each.
pub(crate) struct YamlDraft<'t, 's> {
    files: &'t [File<'s>],
    editors: Vec<Editor<'t, 's>>,
    lines: Vec<OnceCell<Lines<'s>>>,
}

impl<'t, 's> YamlDraft<'t, 's> {
    /// Nothing planned yet.
    pub(crate) fn new(files: &'t [File<'s>]) -> Self {
        Self {
            files,
            editors: files
                .iter()
                .map(|file| Editor::new(&file.tree, file.format.schema()))
                .collect(),
            lines: files.iter().map(|_| OnceCell::new()).collect(),
        }
    }

    /// What is planned for each file so far.
    pub(crate) fn editors(&self) -> &[Editor<'t, 's>] {
        &self.editors
    }

    /// What to do to each file.
    pub(crate) fn finish(self) -> Vec<Plan> {
        self.editors.into_iter().map(Editor::finish).collect()
    }
}

impl Draft for YamlDraft<'_, '_> {
    type Site = Box<dyn Site>;
    type Mark = (usize, Option<Checkpoint>);

    fn lower(
        &mut self,
        assignment: &Assignment,
        member: &Member,
    ) -> Result<Vec<String>, Unwritable> {
        let Member { container, site } = member;
        site.lower(assignment, container, self.files, &mut self.editors)
    }

    fn mark(&self, member: &Member) -> Self::Mark {
        let file = member.site.file(&member.container);
        (file, self.editors.get(file).map(Editor::checkpoint))
    }

    fn return_to(&mut self, (file, before): Self::Mark) {
        if let (Some(editor), Some(before)) = (self.editors.get_mut(file), before) {
            editor.rollback(before);
        }
    }

    fn line_column(&self, place: Place) -> Option<(u32, u32)> {
        let file = &self.files[place.file];
        let lines = self.lines[place.file].get_or_init(|| Lines::new(&file.tree));
        Some(lines.line_column(place.span.start))
    }

    fn heirs(site: &Self::Site) -> Vec<usize> {
        site.heirs()
    }
}
