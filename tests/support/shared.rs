//! Real files from other projects, in the folder that `HARDEN_SHARED` names. Without the folder, a
//! test that needs it prints a note and passes.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// A real file of the corpus.
pub(crate) struct CorpusFile {
    /// The path relative to the folder of the corpus.
    pub(crate) path: PathBuf,
    pub(crate) bytes: Vec<u8>,
}

/// All files of the corpus, in the order of its manifest.
pub(crate) fn corpus() -> Option<&'static [CorpusFile]> {
    static CORPUS: LazyLock<Option<Vec<CorpusFile>>> = LazyLock::new(read_corpus);
    if CORPUS.is_none() {
        say_what_is_missing("corpus");
    }
    CORPUS.as_deref()
}

/// The path below the folder of `HARDEN_SHARED`.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let found = find(path);
    if found.is_none() {
        say_what_is_missing(path);
    }
    found
}

fn read_corpus() -> Option<Vec<CorpusFile>> {
    let corpus = find("corpus")?;
    let manifest = fs::read_to_string(corpus.join("manifest.tsv")).expect("the manifest is there");
    let names = manifest
        .lines()
        .skip(1)
        .filter_map(|line| line.split('\t').next());
    let file = |name| CorpusFile {
        path: PathBuf::from(name),
        bytes: fs::read(corpus.join("files").join(name)).expect("the file is there"),
    };
    Some(names.map(file).collect())
}

fn find(path: &str) -> Option<PathBuf> {
    std::env::var_os("HARDEN_SHARED").map(|shared| Path::new(&shared).join(path))
}

fn say_what_is_missing(path: &str) {
    println!("not run: HARDEN_SHARED is not set, and the test needs its {path}");
}
