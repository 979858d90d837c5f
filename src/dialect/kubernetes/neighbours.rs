//! What objects say about the pods of other objects.

use super::accounts::Accounts;
use super::autoscaler::Autoscalers;
use super::cursor::Source;
use super::limit_range::LimitRanges;
use super::object::{Document, Object, documents};
use crate::project::CustomResource;
use crate::syntax::Tree;

/// The objects of a project that concern the pods of others: autoscalers, `LimitRange`s, service
/// accounts and bindings of roles.
#[derive(Debug, Default)]
pub struct Neighbours {
    pub(super) autoscalers: Autoscalers,
    pub(super) ranges: LimitRanges,
    pub(super) accounts: Accounts,
    /// A document of the stream is not YAML before a template engine renders it.
    pub(super) is_rendered: bool,
}

impl Neighbours {
    pub(super) fn read<'o, 'a: 'o, 's: 'a + 'o>(
        objects: impl Iterator<Item = &'o Object<'a, 's>> + Clone,
    ) -> Self {
        let mut all = Self::default();
        all.add_objects(objects, false);
        all
    }

    /// Adds the objects of a piece of a stream. They have no places, because the piece is
    /// not a file of the project when another piece is planned.
    pub(crate) fn add(&mut self, tree: &Tree<'_>, custom_resources: &[CustomResource]) {
        let source = Source::new(tree, 0, custom_resources);
        let found = documents(&source).filter_map(|document| match document {
            Document::Objects(objects) => Some(objects),
            Document::Rendered(_) => {
                self.is_rendered = true;
                None
            }
            Document::Empty | Document::Other(_) => None,
        });
        let objects: Vec<Object<'_, '_>> = found.flatten().collect();
        self.add_objects(objects.iter(), true);
    }

    fn add_objects<'o, 'a: 'o, 's: 'a + 'o>(
        &mut self,
        objects: impl Iterator<Item = &'o Object<'a, 's>> + Clone,
        is_stream: bool,
    ) {
        self.autoscalers.add(objects.clone());
        self.ranges.add(objects.clone(), is_stream);
        self.accounts.add(objects, is_stream);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.autoscalers.is_empty() && self.ranges.is_empty() && self.accounts.is_empty()
    }
}
