//! The same files in one directory and in a hundred: the time of a whole run over each.
//!
//! `cargo bench --bench layout` writes the files itself and prints the ratio, which should be
//! about 1: what is planned at the same time does not depend on directories. The best of the
//! rounds counts, because other work on the machine only ever makes a round slower.
#![allow(
    clippy::print_stdout,
    reason = "a benchmark reports on standard output"
)]

use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use clap::Parser;
use harden::command::cli::Cli;
use harden::command::{self, Console};
use harden::report::terminal::Terminal;

const FILES: usize = 5000;
const DIRECTORIES: usize = 100;
const ROUNDS: usize = 7;

fn main() {
    // `cargo test --benches` passes no `--bench`.
    if !std::env::args().any(|arg| arg == "--bench") {
        println!("did not run: no --bench");
        return;
    }
    compare("Compose", |_| COMPOSE);
    compare("Kubernetes", |_| KUBERNETES);
    compare("both", |file| [COMPOSE, KUBERNETES][file % 2]);
}

fn compare(title: &str, text: impl Fn(usize) -> &'static str) {
    let here = tempfile::tempdir().expect("a directory");
    let layouts = [1, DIRECTORIES].map(|directories| {
        let root = here.path().join(directories.to_string());
        for file in 0..FILES {
            let directory = root.join(format!("d{:03}", file * directories / FILES));
            fs::create_dir_all(&directory).expect("a directory");
            let text = text(file).replace("NAME", &format!("app{file}"));
            fs::write(directory.join(format!("f{file:05}.yml")), text).expect("a file");
        }
        root
    });
    let mut best = [Duration::MAX; 2];
    // In turns, so that no layout has the machine at a better time than the other.
    for _ in 0..ROUNDS {
        for (best, root) in best.iter_mut().zip(&layouts) {
            let start = Instant::now();
            run(root);
            *best = start.elapsed().min(*best);
        }
    }
    let [flat, deep] = best.map(|time| time.as_secs_f64());
    println!(
        "{title}: {FILES} files in 1 directory {flat:.3} s, in {DIRECTORIES} directories \
         {deep:.3} s, ratio {:.2}",
        flat / deep
    );
}

/// A whole run that prints nothing.
fn run(root: &Path) {
    let cli = Cli::parse_from(["harden".as_ref(), "--check".as_ref(), root.as_os_str()]);
    let mut console = Console {
        stdin: &mut io::empty(),
        stdout: &mut io::sink(),
        stdout_terminal: Terminal::PIPE,
        stderr: &mut io::sink(),
        stderr_terminal: Terminal::PIPE,
        directory: root.to_owned(),
    };
    command::run(&cli, &mut console);
}

const COMPOSE: &str = "\
services:
  NAME:
    image: nginx:1.27
    ports:
      - \"8080:80\"
    environment:
      LEVEL: ${LEVEL:-info}
  db:
    image: postgres:17
    volumes:
      - data:/var/lib/postgresql/data
volumes:
  data:
";

const KUBERNETES: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: NAME
spec:
  selector:
    matchLabels:
      app: NAME
  template:
    metadata:
      labels:
        app: NAME
    spec:
      containers:
        - name: web
          image: nginx:1.27
        - name: cache
          image: redis:7
";
