//! Collects the changes of a project until they are proved and written as text.

use super::{Site, Unwritable};
use crate::container::{Assignment, Place};
use crate::dialect::Member;
use crate::project::{self, File};
use crate::syntax::{Checkpoint, Editor, Plan};

/// The changes planned so far. This trait is all that the engine knows of a project, so a project
/// need not be YAML or files.
pub(crate) trait Draft {
    /// The dialect's notes on where the settings of one container are written.
    type Site;
    /// A state that the draft can return to.
    type Mark;

    /// Plans the edits for `assignment` and returns the paths or options written.
    ///
    /// # Errors
    ///
    /// Returns the reason if the assignment cannot be written. The draft may then hold part of it,
    /// and the caller returns to a mark.
    fn lower(
        &mut self,
        assignment: &Assignment,
        member: &project::Member<Self::Site>,
    ) -> Result<Vec<String>, Unwritable>;

    /// The current state of the file or command that holds the settings of the member.
    fn mark(&self, member: &project::Member<Self::Site>) -> Self::Mark;

    /// Drops everything planned since the mark.
    fn return_to(&mut self, mark: Self::Mark);

    /// The line and the column (in bytes) of a place, both counted from 1, if the source has lines.
    fn line_column(&self, place: Place) -> Option<(u32, u32)>;

    /// The members that inherit settings written for this one, directly or through another one.
    fn heirs(site: &Self::Site) -> Vec<usize>;
}

/// Changes of YAML files: one editor per file.
pub(crate) struct YamlDraft<'t, 's> {
    files: &'t [File<'s>],
    editors: Vec<Editor<'t, 's>>,
}

impl<'t, 's> YamlDraft<'t, 's> {
    /// A draft without changes.
    pub(crate) fn new(files: &'t [File<'s>]) -> Self {
        Self {
            files,
            editors: files
                .iter()
                .map(|file| Editor::new(&file.tree, file.format.schema()))
                .collect(),
        }
    }

    /// The editors of all files, with the edits planned so far.
    pub(crate) fn editors(&self) -> &[Editor<'t, 's>] {
        &self.editors
    }

    /// The final plan of each file.
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
        let File { tree, .. } = &self.files[place.file];
        Some(tree.line_column(place.span.start))
    }

    fn heirs(site: &Self::Site) -> Vec<usize> {
        site.heirs()
    }
}
