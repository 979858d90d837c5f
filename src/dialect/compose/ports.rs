//! Published ports and the address they are bound to.

use super::Site;
use crate::container::{Container, Place};
use crate::dialect::Unwritable;
use crate::syntax::{Editor, Found, Kind, NodeId, Schema, Tree, Value};

const LOCALHOST: &str = "127.0.0.1";

impl Site {
    /// Binds the service's open ports to the host's own address. All of them or none: a port that
    /// another file or service publishes again could not be bound beside this one.
    pub(super) fn close_ports(
        &self,
        tree: &Tree<'_>,
        editor: &mut Editor<'_, '_>,
        container: &Container,
    ) -> Result<Vec<String>, Unwritable> {
        const KEY: &str = "ports";
        let because = |why: String| Unwritable::Because(why.into());
        self.check_override(KEY)?;
        let own = match tree.get(tree.resolve(self.node), KEY, Schema::GoYamlV4) {
            Some(Found::Own { value, .. }) => tree.children(value).collect(),
            _ => Vec::new(),
        };
        for place in &container.open_ports {
            let is_it = |item: &NodeId| {
                *place
                    == Place {
                        file: self.file,
                        span: tree.node(*item).span,
                    }
            };
            let Some(item) = own.iter().copied().find(is_it) else {
                return Err(because(
                    "a port is published by another service or file, which others read too"
                        .to_owned(),
                ));
            };
            if tree.node(item).kind == Kind::Map {
                let address = Value::Str(LOCALHOST.to_owned());
                editor.set(item, &["host_ip"], address)?;
                continue;
            }
            let text = tree.value(item);
            if text.contains('$') || tree.node(item).kind != Kind::Scalar {
                return Err(because(format!(
                    "`{}` decides where it is published",
                    tree.text(item)
                )));
            }
            // Without a port of the host the engine chooses one.
            let separator = if text.contains(':') { ":" } else { "::" };
            let text = format!("{LOCALHOST}{separator}{text}");
            editor.set_item(item, Value::Str(text))?;
        }
        Ok(vec![self.path(&[KEY])])
    }
}
