//! Compares a whole pass over the Compose files of the corpus with a library that only parses them.
//!
//! The pass runs in memory on one thread and includes the proof before a write. `HARDEN_SHARED` is
//! the directory that contains `corpus/`. Compare the medians: the pass may take six times as long
//! as the parse.

use divan::Bencher;
use divan::counter::ItemsCount;
use harden::container::Policy;
use harden::engine::Run;
use harden::image::Knowledge;
use harden::project::Source;
use harden::transforms;

fn main() {
    divan::main();
}

#[divan::bench]
fn harden(bencher: Bencher<'_, '_>) {
    let files = files();
    let knowledge = Knowledge::embedded();
    let run = Run::new(transforms::ALL.to_vec(), Policy::default(), &knowledge);
    bencher
        .counter(ItemsCount::new(files.len()))
        .bench_local(|| {
            for source in &files {
                divan::black_box(run.project(vec![source.clone()]));
            }
        });
}

#[divan::bench]
fn saphyr_parser(bencher: Bencher<'_, '_>) {
    let files = files();
    bencher
        .counter(ItemsCount::new(files.len()))
        .bench_local(|| {
            for source in &files {
                let Ok(text) = std::str::from_utf8(&source.bytes) else {
                    continue;
                };
                for event in saphyr_parser::Parser::new_from_str(text) {
                    if divan::black_box(event).is_err() {
                        break;
                    }
                }
            }
        });
}

/// The files that the manifest lists as Compose files; empty without the corpus.
fn files() -> Vec<Source> {
    let Some(shared) = std::env::var_os("HARDEN_SHARED") else {
        return Vec::new();
    };
    let corpus = std::path::Path::new(&shared).join("corpus");
    let Ok(manifest) = std::fs::read_to_string(corpus.join("manifest.tsv")) else {
        return Vec::new();
    };
    manifest
        .lines()
        .filter_map(|line| {
            let mut columns = line.split('\t');
            let path = columns.next()?;
            let class = columns.next()?;
            let bytes = std::fs::read(corpus.join("files").join(path)).ok()?;
            class.starts_with("compose").then(|| Source {
                path: path.into(),
                bytes,
            })
        })
        .collect()
}
