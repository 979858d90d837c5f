//! Writes the platform's default profiles, as fields or in the older annotations.

use super::lower::{Writing, text};
use super::read::{APP_ARMOR, SECCOMP};
use super::withdraw::at;
use crate::container::{Container, Reason, Words};
use crate::dialect::Unwritable;
use crate::syntax::Tree;

static ANNOTATION_DIFFERS: Words = Words::new(
    "annotation-differs",
    "The annotation {name} names another profile, and an API before 1.27 refuses both.",
);

impl Writing<'_, '_, '_> {
    /// An API server before 1.27 compares the field with the annotation of the container and
    /// rejects different values (kubernetes `pkg/apis/core/validation`,
    /// `validateSeccompAnnotationsAndFields`).
    pub(super) fn default_seccomp(
        &mut self,
        tree: &Tree<'_>,
        container: &Container,
    ) -> Result<(), Unwritable> {
        let key = format!("{SECCOMP}/{}", container.name);
        if let Some((_, profile)) = self.site.pod.annotated(tree, &key)
            && !matches!(&*profile, "runtime/default" | "docker/default")
        {
            return Err(Reason::new(&ANNOTATION_DIFFERS).name(key).into());
        }
        self.set(
            &["securityContext", "seccompProfile", "type"],
            text("RuntimeDefault"),
        )
    }

    /// The API copies the annotation to the field, and rejects different values.
    pub(super) fn default_app_armor(
        &mut self,
        tree: &Tree<'_>,
        container: &Container,
    ) -> Result<(), Unwritable> {
        let key = format!("{APP_ARMOR}/{}", container.name);
        let Some((annotations, _)) = self.site.pod.annotated(tree, &key) else {
            return self.set(
                &["securityContext", "appArmorProfile", "type"],
                text("RuntimeDefault"),
            );
        };
        self.editor
            .set(annotations, &[&key], text("runtime/default"))?;
        let template = self.site.pod.path().trim_end_matches("spec");
        self.paths
            .push(format!("{template}metadata.annotations.{key}"));
        Ok(())
    }

    /// No value names the runtime's own type, so the option is removed. The mapping is removed with
    /// its last option.
    pub(super) fn default_selinux(&mut self, tree: &Tree<'_>) -> Result<(), Unwritable> {
        let path = ["securityContext", "seLinuxOptions", "type"];
        let options = at(tree, self.site.node, &path[..2])?;
        let length = if tree.entries(options).count() > 1 {
            3
        } else {
            2
        };
        self.editor.remove(self.site.node, &path[..length])?;
        self.paths
            .push(format!("{}.{}", self.site.path, path[..length].join(".")));
        Ok(())
    }
}
