//! Runs the ```` ```console ```` blocks of a Markdown page, and compares or rewrites their output.
//!
//! `sh` runs each line that begins with `$ `. The lines below are its standard output and standard
//! error together, and `[1]` on a separate line if it ends with that status. A fence with a file
//! name after its language, such as ```` ```yaml compose.yml ````, writes that file first. The
//! blocks of a page run in order in one directory, which is empty or a copy at the start.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::command::in_shell;
use super::expected::expect;

/// Whether the status of a command is compared too.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// For tests.
    Shown,
    /// For pages that people read.
    Hidden,
}

/// Runs the page in `directory`, and panics if the output differs from the page. With `BLESS=1`,
/// rewrites the page instead.
pub(crate) fn check(page: &Path, directory: &Path, status: Status) {
    let text = fs::read_to_string(page).unwrap();
    expect(page, &run(&text, directory, status));
}

/// The page with the current output in each console block.
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
