//! Runs the ```` ```console ```` blocks of a Markdown page, and compares or rewrites what they
//! show.
//!
//! A line that begins with `$ ` is given to `sh`; what follows is what it prints on standard output
//! and standard error together, and `[1]` on a line of its own where it ends with that status. A
//! fence with a file name after its language, as in ```` ```yaml compose.yml ````, writes that file
//! first. The blocks of a page run in order in one directory that starts empty or as a copy.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::command::in_shell;
use super::expected::expect;

/// Whether the status of a command is part of what is compared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// For tests.
    Shown,
    /// For pages that people read.
    Hidden,
}

/// Runs the page in `directory`, and panics where it shows something else than happened.
/// With `BLESS=1` the page is rewritten instead.
pub(crate) fn check(page: &Path, directory: &Path, status: Status) {
    let text = fs::read_to_string(page).unwrap();
    expect(page, &run(&text, directory, status));
}

/// The page with each console block as it comes out now.
fn run(page: &str, directory: &Path, status: Status) -> String {
    let mut out = String::new();
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        let _ = writeln!(out, "{line}");
        let Some(info) = line.strip_prefix("```") else {
            continue;
        };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let mut words = info.splitn(2, ' ');
        match (words.next(), words.next()) {
            (Some("console"), _) => {
                for command in block.iter().filter_map(|line| line.strip_prefix("$ ")) {
                    let _ = writeln!(out, "$ {command}");
                    out += &shell(command, directory, status);
                }
            }
            (_, name) => {
                let text: String = block.iter().flat_map(|line| [line, "\n"]).collect();
                out += &text;
                if let Some(name) = name {
                    let path = directory.join(name);
                    fs::create_dir_all(path.parent().unwrap()).unwrap();
                    fs::write(path, text).unwrap();
                }
            }
        }
        out += "```\n";
    }
    out
}

fn shell(command: &str, directory: &Path, status: Status) -> String {
    let output = in_shell(&format!("{{ {command}\n}} 2>&1"), directory);
    let mut text = String::from_utf8(output.stdout).unwrap();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    if status == Status::Shown && !output.status.success() {
        let _ = writeln!(text, "[{}]", output.status.code().unwrap_or(-1));
    }
    text
}
