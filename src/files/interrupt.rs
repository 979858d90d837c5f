//! What a signal finds while files are written: whole files only, the temporary files to remove,
//! and the list of what was written.
//!
//! The state belongs to the process, as a signal does.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

/// Ends all writing of the process: waits for the files in hand, removes the temporary files, and
/// tells what was written. A later write waits forever, so the caller must end the process.
#[must_use]
pub fn stop() -> Stopped {
    // The lock is never released.
    std::mem::forget(GATE.write());
    let mut state = state();
    for path in std::mem::take(&mut state.temporary) {
        let _ = fs::remove_file(path);
    }
    Stopped {
        written: std::mem::take(&mut state.written),
        waiting: std::mem::take(&mut state.waiting),
    }
}

/// What an interrupted run did.
#[derive(Debug, Default)]
pub struct Stopped {
    /// The written files, in the order of their writes.
    pub written: Vec<PathBuf>,
    /// The files that were not processed.
    pub waiting: BTreeSet<PathBuf>,
}

/// The run will process these files, and may write them.
pub fn expect<'p>(files: impl Iterator<Item = &'p Path>) {
    state().waiting.extend(files.map(Path::to_owned));
}

/// The file is processed: it is written, or there is no need to.
pub fn processed(file: &Path) {
    state().waiting.remove(file);
}

/// Held while a file gets a new content. A signal waits until nobody holds it.
pub(super) fn in_hand() -> RwLockReadGuard<'static, ()> {
    GATE.read().unwrap_or_else(PoisonError::into_inner)
}

/// The file has its new content.
pub(super) fn written(file: &Path) {
    let mut state = state();
    state.waiting.remove(file);
    state.written.push(file.to_owned());
}

/// The process has this temporary file.
pub(super) fn add_temporary(file: &Path) {
    state().temporary.insert(file.to_owned());
}

/// The temporary file has another name, or is removed.
pub(super) fn forget_temporary(file: &Path) {
    state().temporary.remove(file);
}

static GATE: RwLock<()> = RwLock::new(());

static STATE: Mutex<State> = Mutex::new(State {
    temporary: BTreeSet::new(),
    written: Vec::new(),
    waiting: BTreeSet::new(),
});

#[derive(Debug)]
struct State {
    temporary: BTreeSet<PathBuf>,
    written: Vec<PathBuf>,
    waiting: BTreeSet<PathBuf>,
}

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}
