//! Arguments in, exit code out.

use std::ffi::OsStr;
use std::io::{self, BufWriter, IsTerminal};
use std::process::ExitCode;
use std::{env, fmt};

use harden::command::cli::{Cli, Color};
use harden::command::{self, Console};
use harden::report::terminal::Terminal;

fn main() -> ExitCode {
    let cli = Cli::read(env::args_os()).unwrap_or_else(|error| error.exit());
    // Without it, a signal ends the process as by default.
    let _ = command::interrupt::listen();
    let (stdout, stderr) = (io::stdout(), io::stderr());
    let stdout_terminal = terminal(&stdout, cli.output.color);
    let stderr_terminal = terminal(&stderr, cli.output.color);
    let mut console = Console {
        stdin: &mut io::stdin().lock(),
        stdout: &mut BufWriter::with_capacity(64 << 10, stdout.lock()),
        stdout_terminal,
        stderr: &mut stderr.lock(),
        stderr_terminal,
        directory: env::current_dir().unwrap_or_default(),
    };
    command::run(&cli, &mut console).into()
}

fn terminal(stream: &(impl IsTerminal + fmt::Debug), color: Color) -> Terminal {
    let is_terminal = stream.is_terminal();
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
    let color = match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if set("NO_COLOR").is_some() => false,
        Color::Auto if set("CLICOLOR_FORCE").is_some_and(|value| value != "0") => true,
        Color::Auto => is_terminal && env::var_os("TERM").as_deref() != Some(OsStr::new("dumb")),
    };
    let width = if is_terminal {
        terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0).min(100))
    } else {
        Terminal::PIPE.width
    };
    Terminal {
        color,
        escape: is_terminal,
        width,
    }
}
