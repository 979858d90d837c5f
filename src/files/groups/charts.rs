//! Finds the Helm chart that renders a file.

use std::path::Path;

use crate::project::Surroundings;

/// Whether Helm renders the file: it is below a directory `templates` with a `Chart.yaml` beside it
/// (helm `pkg/chart/loader/load.go`). A name alone proves nothing.
pub(crate) fn renders(path: &Path, surroundings: &dyn Surroundings) -> bool {
    let place = surroundings.place(path);
    let above = place.ancestors().skip(1);
    let mut templates = above.filter(|at| at.file_name().is_some_and(|name| name == "templates"));
    templates.any(|at| {
        surroundings
            .read(path, &at.with_file_name("Chart.yaml"))
            .is_ok()
    })
}
