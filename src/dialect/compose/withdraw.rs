//! Removes explicit weak settings of a service, on request.

use super::Site;
use crate::container::{Assignment, Reason, Value as Part, Words, same_path};
use crate::dialect::{Unwritable, engine_words, no_setting};
use crate::syntax::{Editor, Found, Kind, NodeId, Schema, Tree, Value};

static NOT_OWN_KEY: Words = Words::new(
    "key-not-in-service",
    "The service gets {name} from another place, which others read too.",
);
static NOT_OWN_ITEM: Words = Words::new(
    "item-not-in-service",
    "The service gets this item of {name} from another place, which others read too.",
);
static SHORT_VOLUME: Words = Words::new(
    "short-volume-not-edited",
    "harden does not edit the short form of a volume: add {suffix} at its end.",
);

impl Site {
    /// Plans the edits of an assignment that removes a setting of the service itself. The edit is
    /// refused if the setting comes from another place, because other services also read it.
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
            _ => Err(no_setting("Compose")),
        }
    }

    /// The value of a key of the service itself.
    fn own(&self, tree: &Tree<'_>, key: &str) -> Result<NodeId, Unwritable> {
        self.check_override(key)?;
        match tree.get(tree.resolve(self.node), key, Schema::GoYamlV4) {
            Some(Found::Own { value, .. }) => Ok(value),
            _ => Err(Reason::new(&NOT_OWN_KEY).name(key).into()),
        }
    }

    /// Removes the items of a list whose text matches `goes`. The list is removed with its last
    /// item.
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
            return Err(Reason::new(&NOT_OWN_ITEM).name(key).into());
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
        let suffix = Part::Name(":ro".to_owned());
        Err(Reason::new(&SHORT_VOLUME).with("suffix", suffix).into())
    }
}
