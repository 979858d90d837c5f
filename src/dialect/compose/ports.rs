//! Edits published ports and their host addresses.

use super::Site;
use crate::container::{Container, Place, Reason, Words};
use crate::dialect::Unwritable;
use crate::syntax::{Editor, Found, Kind, NodeId, Schema, Tree, Value};

static PORT_ELSEWHERE: Words = Words::new(
    "port-published-elsewhere",
    "Another service or file publishes one of its ports, and others read that too.",
);
static PORT_BY_VARIABLE: Words = Words::new(
    "port-by-variable",
    "{written} decides where a port is published.",
);

const LOCALHOST: &str = "127.0.0.1";

impl Site {
    /// Binds the service's open ports to the loopback address of the host. The change covers all
    /// ports or none: a port that another file or service also publishes could not be bound twice.
    pub(super) fn close_ports(
        &self,
        tree: &Tree<'_>,
        editor: &mut Editor<'_, '_>,
        container: &Container,
    ) -> Result<Vec<String>, Unwritable> {
        const KEY: &str = "ports";
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
                return Err(Unwritable::from(&PORT_ELSEWHERE));
            };
            if tree.node(item).kind == Kind::Map {
                let address = Value::Str(LOCALHOST.to_owned());
                editor.set(item, &["host_ip"], address)?;
                continue;
            }
            let text = tree.value(item);
            if text.contains('$') || tree.node(item).kind != Kind::Scalar {
                return Err(Reason::new(&PORT_BY_VARIABLE)
                    .written(tree.text(item))
                    .into());
            }
            // Without a host port, the engine chooses one.
            let separator = if text.contains(':') { ":" } else { "::" };
            let text = format!("{LOCALHOST}{separator}{text}");
            editor.set_item(item, Value::Str(text))?;
        }
        Ok(vec![self.path(&[KEY])])
    }
}
