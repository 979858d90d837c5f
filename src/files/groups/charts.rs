//! Finds the Helm chart that renders a file.

use std::path::Path;

use crate::dialect::recognise::UnreadPart;
use crate::project::{State, Surroundings};

/// Whether the file is a template that Helm renders. A file that begins like JSON is none: `kubectl`
/// reads JSON objects one after the other, which are not YAML.
pub(crate) fn is_template(path: &Path, text: &str, surroundings: &dyn Surroundings) -> bool {
    let text = text.trim_start();
    let is_json = text.starts_with('{') && !text.starts_with("{{");
    !is_json && renders(path, surroundings)
}

/// Whether Helm renders the file: it is below a directory `templates` with a `Chart.yaml` beside it
/// (helm `pkg/chart/loader/load.go`). A name alone proves nothing.
fn renders(path: &Path, surroundings: &dyn Surroundings) -> bool {
    let place = surroundings.place(path);
    let above = place.ancestors().skip(1);
    let mut templates = above.filter(|at| at.file_name().is_some_and(|name| name == "templates"));
    templates.any(|at| {
        surroundings
            .read(path, &at.with_file_name("Chart.yaml"))
            .is_ok()
    })
}

/// Marks the parts of a file that its chart makes YAML of.
pub(crate) fn mark(parts: &mut [UnreadPart], path: &Path, surroundings: &dyn Surroundings) {
    if parts.iter().any(|part| part.is_template) && renders(path, surroundings) {
        let parts = parts.iter_mut().filter(|part| part.is_template);
        parts.for_each(|part| part.state = State::Template);
    }
}
