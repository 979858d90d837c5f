//! With any `.env`, a small Compose file is hardened in bounded memory.

#![no_main]

use std::path::Path;
use std::sync::OnceLock;

use harden::container::Policy;
use harden::engine::Run;
use harden::image::Knowledge;
use harden::project::{Source, Surroundings, Unread};
use harden::transforms;
use libfuzzer_sys::fuzz_target;
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// The limit of memory for one run, in bytes.
const MOST: usize = 64 << 20;

const COMPOSE: &str = "services:\n  web:\n    image: ${IMAGE:-nginx:1.27}\n    user: ${A}\n    \
                       ports: ['${PORT}:80', '${B-8080}']\n    mem_limit: ${LIMIT:?none}\n    \
                       env_file: .env\n    volumes: ['${A1}:/data']\n    \
                       environment: {A: '${A}', B: \"${B:+b}\"}\n  db:\n    extends: {file: \
                       '${C}', service: db}\n";

/// A directory with only an `.env`.
#[derive(Debug)]
struct DotEnv<'t>(&'t str);

impl Surroundings for DotEnv<'_> {
    fn read(&self, _: &Path, path: &Path) -> Result<String, Unread> {
        if path == Path::new(".env") { Ok(self.0.to_owned()) } else { Err(Unread::Missing) }
    }
}

fuzz_target!(|text: &str| {
    static KNOWLEDGE: OnceLock<Knowledge> = OnceLock::new();
    let knowledge = KNOWLEDGE.get_or_init(|| {
        let knowledge = Knowledge::embedded();
        // The first run reads the entries of images, which stay in memory.
        harden(&knowledge, "");
        knowledge
    });
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    harden(knowledge, text);
    let used = ALLOCATOR.peak_usage().saturating_sub(before);
    assert!(used < MOST, "the run needs {used} bytes");
});

fn harden(knowledge: &Knowledge, text: &str) {
    let surroundings = DotEnv(text);
    let run = Run {
        surroundings: &surroundings,
        ..Run::new(transforms::ALL.to_vec(), Policy::default(), knowledge)
    };
    let _ = run.project(vec![Source { path: "compose.yml".into(), bytes: COMPOSE.into() }]);
}
