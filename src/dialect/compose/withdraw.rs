//! Removes explicit weak settings of a service, on request.

use super::Site;
use super::lower::scalars;
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
                self.check_later(&[key])?;
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
                    let found = tree.get(tree.resolve(sysctls), name, Schema::GoYamlV4);
                    if !matches!(found, Some(Found::Own { .. })) {
                        return Err(Reason::new(&NOT_OWN_ITEM).name("sysctls").into());
                    }
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
        self.check_override(key)?;
        let service = tree.resolve(self.node);
        if let Some(Value::Seq(items)) = editor.written(service, key) {
            // This run has already written the list out.
            let goes = |item: &Value| matches!(item, Value::Str(text) if goes(text));
            let staying: Vec<Value> = items.iter().filter(|item| !goes(item)).cloned().collect();
            return self.replace_items(editor, key, items.len(), staying);
        }
        if let Some(Found::Merged { value, .. }) = tree.get(service, key, Schema::GoYamlV4)
            && tree.node(value).kind == Kind::Seq
        {
            // A list that comes from `<<` is written out without the items.
            let items: Vec<NodeId> = tree.children(value).collect();
            let count = items.len();
            let staying: Vec<NodeId> = items
                .into_iter()
                .filter(|item| !goes(&tree.value(tree.resolve(*item))))
                .collect();
            if let Some(staying) = scalars(tree, &staying) {
                return self.replace_items(editor, key, count, staying);
            }
        }
        let list = self.own(tree, key)?;
        if tree.node(list).kind == Kind::Scalar && goes(&tree.value(list)) {
            editor.remove(self.node, &[key])?;
            return Ok(vec![self.path(&[key])]);
        }
        let items = tree.children(list).filter(|item| !editor.is_removed(*item));
        let going: Vec<NodeId> = items
            .filter(|item| goes(&tree.value(tree.resolve(*item))))
            .collect();
        if going.is_empty() {
            return Err(Reason::new(&NOT_OWN_ITEM).name(key).into());
        }
        if editor.keeps_item(list, &going) {
            for item in going {
                editor.remove_item(item)?;
            }
        } else if editor.remove(self.node, &[key]).is_err() {
            // Without the list, one that comes from `<<` would apply.
            editor.set(self.node, &[key], Value::Seq(Vec::new()))?;
        }
        Ok(vec![self.path(&[key])])
    }

    /// Writes the remaining items of a list that had `before` items.
    fn replace_items(
        &self,
        editor: &mut Editor<'_, '_>,
        key: &str,
        before: usize,
        staying: Vec<Value>,
    ) -> Result<Vec<String>, Unwritable> {
        if staying.len() == before {
            return Err(Reason::new(&NOT_OWN_ITEM).name(key).into());
        }
        editor.set(self.node, &[key], Value::Seq(staying))?;
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
