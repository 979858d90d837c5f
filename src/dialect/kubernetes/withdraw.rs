//! Removes explicit weak settings of a manifest, on request.

use super::lower::{Writing, text};
use crate::container::{Assignment, Reason, Words, same_path};
use crate::dialect::{Unwritable, no_setting};
use crate::syntax::{Found, NodeId, Schema, Tree, Value};

static NOT_OWN_KEY: Words = Words::new(
    "key-not-in-container",
    "The container gets {name} from another place, which others read too.",
);
static NOT_OWN_ITEM: Words = Words::new(
    "item-not-in-container",
    "The container gets this item of {name} from another place, which others read too.",
);
static NOT_OWN_MOUNT: Words = Words::new(
    "mount-not-in-container",
    "The container gets the mount at {path} from another place, which others read too.",
);

impl Writing<'_, '_, '_> {
    /// Plans the edits of an assignment that removes a setting of the container or its pod. A
    /// setting behind an alias or a merge is refused, because other objects also read it.
    pub(super) fn withdraw(
        &mut self,
        assignment: &Assignment,
        tree: &Tree<'_>,
    ) -> Result<(), Unwritable> {
        match assignment {
            Assignment::OwnNamespace(name) => {
                let key = match *name {
                    "network" => "hostNetwork",
                    "pid" => "hostPID",
                    "ipc" => "hostIPC",
                    _ => return Err(no_setting("Kubernetes")),
                };
                self.set_on_pod(key, Value::Bool(false))
            }
            Assignment::RemoveCapability(name) => {
                let path = ["securityContext", "capabilities", "add"];
                self.remove_items(tree, &path, |item| {
                    let text = tree.value(item).to_ascii_uppercase();
                    text == *name || text.strip_prefix("CAP_") == Some(name.as_str())
                })
            }
            Assignment::RemoveSysctl(name) => self.remove_sysctl(tree, name),
            Assignment::DefaultProcMount => {
                self.set(&["securityContext", "procMount"], text("Default"))
            }
            Assignment::ReadOnlyMount(target) => self.close_mount(tree, target),
            _ => Err(no_setting("Kubernetes")),
        }
    }

    /// Removes the matching items of a list of the container, and the list with its last item.
    fn remove_items(
        &mut self,
        tree: &Tree<'_>,
        path: &[&str],
        goes: impl Fn(NodeId) -> bool,
    ) -> Result<(), Unwritable> {
        self.remove_items_under(tree, self.site.node, path, goes)?;
        self.paths
            .push(format!("{}.{}", self.site.path, path.join(".")));
        Ok(())
    }

    fn remove_sysctl(&mut self, tree: &Tree<'_>, name: &str) -> Result<(), Unwritable> {
        let pod = &self.site.pod;
        let path = ["securityContext", "sysctls"];
        self.remove_items_under(tree, pod.node, &path, |item| {
            tree.get(item, "name", Schema::GoYamlV2)
                .is_some_and(|found| tree.value(tree.resolve(found.value())) == name)
        })?;
        self.paths.push(format!("{}.{}", pod.path, path.join(".")));
        Ok(())
    }

    fn remove_items_under(
        &mut self,
        tree: &Tree<'_>,
        start: NodeId,
        path: &[&str],
        goes: impl Fn(NodeId) -> bool,
    ) -> Result<(), Unwritable> {
        let list = at(tree, start, path)?;
        let items = tree.children(list);
        let items = items.filter(|item| !self.editor.is_removed(*item));
        let going: Vec<NodeId> = items.filter(|item| goes(tree.resolve(*item))).collect();
        if going.is_empty() {
            return Err(Reason::new(&NOT_OWN_ITEM).name(path.join(".")).into());
        }
        if self.editor.keeps_item(list, &going) {
            for item in going {
                self.editor.remove_item(item)?;
            }
        } else {
            self.editor.remove(start, path)?;
        }
        Ok(())
    }

    fn close_mount(&mut self, tree: &Tree<'_>, target: &str) -> Result<(), Unwritable> {
        let mounts = at(tree, self.site.node, &["volumeMounts"])?;
        let mount = tree.children(mounts).find(|mount| {
            tree.get(tree.resolve(*mount), "mountPath", Schema::GoYamlV2)
                .is_some_and(|found| same_path(&tree.value(tree.resolve(found.value())), target))
        });
        let Some(mount) = mount else {
            return Err(Reason::new(&NOT_OWN_MOUNT).path(target).into());
        };
        self.editor.set(mount, &["readOnly"], Value::Bool(true))?;
        self.paths.push(format!("{}.volumeMounts", self.site.path));
        Ok(())
    }
}

/// The value at a path of keys in the mapping itself, not behind an alias or a merge.
pub(super) fn at(tree: &Tree<'_>, start: NodeId, path: &[&str]) -> Result<NodeId, Unwritable> {
    let mut node = start;
    for key in path {
        match tree.get(node, key, Schema::GoYamlV2) {
            Some(Found::Own { value, .. }) => node = value,
            _ => return Err(Reason::new(&NOT_OWN_KEY).name(*key).into()),
        }
    }
    Ok(node)
}
