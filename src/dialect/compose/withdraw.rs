//! Taking back what a service says explicitly, where somebody asks for that.

use super::Site;
use crate::container::{Assignment, same_path};
use crate::dialect::{Unwritable, engine_words};
use crate::syntax::{Editor, Found, Kind, NodeId, Schema, Tree, Value};

impl Site {
    /// Plans the edits of an assignment that undoes what stands in the service itself. What reaches
    /// it from elsewhere is refused: others read it too.
    pub(super) fn withdraw(
        &self,
        assignment: &Assignment,
        tree: &Tree<'_>,
        editor: &mut Editor<'_, '_>,
    ) -> Result<Vec<String>, Unwritable> {
        match assignment {
            Assignment::OwnNamespace(name) => {
                let key = match *name {
                    "network" => "network_mode",
                    "user" => "userns_mode",
                    name => name,
                };
                self.own(tree, key)?;
                editor.remove(self.node, &[key])?;
                Ok(vec![self.path(&[key])])
            }
            Assignment::RemoveCapability(name) => {
                self.remove_items(tree, editor, "cap_add", |text| {
                    engine_words::capability(text) == *name
                })
            }
            Assignment::RemoveSysctl(name) => {
                let sysctls = self.own(tree, "sysctls")?;
                if tree.node(tree.resolve(sysctls)).kind == Kind::Map {
                    editor.remove(self.node, &["sysctls", name])?;
                    return Ok(vec![self.path(&["sysctls", name])]);
                }
                self.remove_items(tree, editor, "sysctls", |text| {
                    text.split('=').next() == Some(name)
                })
            }
            Assignment::DefaultProcMount => self.remove_option(tree, editor, "systempaths"),
            Assignment::ReadOnlyMount(target) => self.close_mount(tree, editor, target),
            _ => Err(Unwritable::Because(
                "nothing stands in the service to take back"
                    .to_owned()
                    .into(),
            )),
        }
    }

    /// The value of a key of the service itself.
    fn own(&self, tree: &Tree<'_>, key: &str) -> Result<NodeId, Unwritable> {
        self.check_override(key)?;
        match tree.get(tree.resolve(self.node), key, Schema::GoYamlV4) {
            Some(Found::Own { value, .. }) => Ok(value),
            _ => Err(Unwritable::Because(
                format!("`{key}` is not written in the service itself").into(),
            )),
        }
    }

    /// Removes the items of a list whose text `goes`, and the list with its last item.
    pub(super) fn remove_items(
        &self,
        tree: &Tree<'_>,
        editor: &mut Editor<'_, '_>,
        key: &str,
        goes: impl Fn(&str) -> bool,
    ) -> Result<Vec<String>, Unwritable> {
        let list = self.own(tree, key)?;
        let items: Vec<NodeId> = tree.children(list).collect();
        let (going, staying): (Vec<NodeId>, Vec<NodeId>) = items
            .iter()
            .partition(|item| goes(&tree.value(tree.resolve(**item))));
        if going.is_empty() {
            return Err(Unwritable::Because(
                format!("it is not written in the `{key}` of the service itself").into(),
            ));
        }
        if staying.is_empty() {
            editor.remove(self.node, &[key])?;
        } else {
            for item in going {
                editor.remove_item(item)?;
            }
        }
        Ok(vec![self.path(&[key])])
    }

    fn close_mount(
        &self,
        tree: &Tree<'_>,
        editor: &mut Editor<'_, '_>,
        target: &str,
    ) -> Result<Vec<String>, Unwritable> {
        let volumes = self.own(tree, "volumes")?;
        for item in tree.children(volumes) {
            let volume = tree.resolve(item);
            let is_it = tree
                .get(volume, "target", Schema::GoYamlV4)
                .is_some_and(|found| same_path(&tree.value(found.value()), target));
            if is_it {
                editor.set(item, &["read_only"], Value::Bool(true))?;
                return Ok(vec![self.path(&["volumes"])]);
            }
        }
        Err(Unwritable::Because(
            "the short form of the volume is left as it is; `:ro` at its end closes it"
                .to_owned()
                .into(),
        ))
    }
}
