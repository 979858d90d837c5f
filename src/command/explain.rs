//! `harden explain`: the list of the transforms, or the page of one.

use std::io;

use super::exit::Exit;
use super::{Console, ignore_broken_pipe};
use crate::report::explain;
use crate::transforms;

/// Prints the page of the transform `id`, or the list.
pub(super) fn run(id: Option<&str>, console: &mut Console<'_>) -> io::Result<Exit> {
    let terminal = console.stdout_terminal;
    let mut out = &mut *console.stdout;
    let written = match id.and_then(transforms::find) {
        Some(transform) => explain::write_page(&mut out, transform, terminal),
        None => explain::write_list(&mut out, transforms::ALL, terminal),
    };
    written
        .map(|()| Exit::Success)
        .or_else(|error| ignore_broken_pipe(error, Exit::Success))
}
