//! Kubernetes manifests.

use super::Unwritable;
use crate::container::{Assignment, Container};
use crate::image::Knowledge;
use crate::project::{File, Member};
use crate::report::NotOurs;
use crate::syntax::{Editor, Tree};

/// Where one container is written.
#[derive(Debug)]
pub struct Site {}

pub(super) fn recognise(tree: &Tree<'_>) -> Result<(), NotOurs> {
    let _ = tree;
    Err(NotOurs::OtherYaml)
}

pub(super) fn read(files: &[File<'_>], knowledge: &Knowledge) -> Vec<Member> {
    let _ = (files, knowledge);
    Vec::new()
}

impl Site {
    pub(super) fn lower(
        &self,
        assignment: &Assignment,
        container: &Container,
        files: &[File<'_>],
        editors: &mut [Editor<'_, '_>],
    ) -> Result<Vec<String>, Unwritable> {
        let _ = (assignment, container, files, editors);
        Ok(Vec::new())
    }
}
