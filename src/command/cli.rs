//! The command line as clap reads it; the jobs interpret it.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::config::{self, FailOn, Settings};
use crate::container::Assume;
use crate::nearest;
use crate::pod_security::Standard;
use crate::report::FORMATS;
use crate::report::reporter as report;
use crate::transforms;

/// Reduce the privileges of containers in Compose files, Kubernetes manifests and Quadlet units
///
/// harden prints what it would change as a diff, and writes nothing unless you add --write. It
/// changes only the settings that it reports; every other byte of a file stays as it is.
#[derive(Debug, Parser)]
#[command(
    name = "harden",
    version,
    override_usage = "harden [OPTIONS] [PATH]...\n       harden [OPTIONS] <COMMAND>",
    after_help = HELP,
    after_long_help = LONG_HELP
)]
pub struct Cli {
    /// Another job than hardening files.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The main job.
    #[command(flatten)]
    pub harden: Harden,
    /// How a command is printed.
    #[command(flatten)]
    pub printing: Printing,
    /// Facts about images.
    #[command(flatten)]
    pub knowledge: Knowledge,
    /// Reports in other formats.
    #[command(flatten)]
    pub reports: ReportOptions,
    /// What is printed besides the results.
    #[command(flatten)]
    pub output: Output,
}

const HELP: &str =
    "Exit status: 0 nothing to change, or changes written; 1 changes to make; 2 an error.";

const LONG_HELP: &str = "\
Examples:
  harden compose.yml            Print the changes as a diff
  harden --write compose.yml    Write the changes to the file
  harden --check deploy/        Exit 1 if a file needs changes (for CI)
  harden - < pod.yaml           Read standard input and print the hardened text
  harden docker run IMAGE       Print the command with hardening options
  harden explain                List the transforms
  harden images postgres:16     Print what harden knows about an image

Only the diff goes to stdout, so `git apply` and `patch -p1` can read it. Everything else goes to
stderr. If a file has the same name as a command, write ./NAME.

Exit status:
  0  Nothing to change, or the changes are written or printed as text
  1  There are changes to make
  2  An error in a file or in the call; all other files are still processed";

const ENGINE_COMMAND_HELP: &str = "\
harden prints the command and does not run it. Your words stay as they are; harden adds options
before the image.

Write the options of harden before `docker` or `podman`:
  harden --one-line docker run IMAGE
  harden --as compose docker run IMAGE
  harden --only read-only-root docker run IMAGE
  harden --check docker run IMAGE

Exit status:
  0  The command is printed; with --check: nothing to change
  1  With --check: there are changes to make
  2  harden cannot read the command, and prints nothing";

const POD_SECURITY_HELP: &str = "\
harden judges each pod as Kubernetes' Pod Security admission would in a namespace that enforces the
level. Each broken rule is one line on stdout.

Examples:
  harden pod-security restricted deploy/
  harden pod-security baseline@v1.30 pod.yaml

Exit status:
  0  Every pod passes
  1  At least one pod does not pass
  2  An error in a file or in the call; all other files are still judged";

/// The main job: change files, or show how.
#[derive(Args, Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "the switches of a command line are independent of each other"
)]
pub struct Harden {
    /// Files, or directories to search; `-` reads standard input [default: .]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Write the changes to the files
    #[arg(short, long, conflicts_with_all = ["check", "diff"])]
    pub write: bool,

    /// Print no diff; exit 1 if there are changes to make
    #[arg(long, conflicts_with = "diff")]
    pub check: bool,

    /// With --check: exit 1 for these results (comma-separated) [default: changes]; `unread` is
    /// always one of them
    #[arg(
        long,
        value_enum,
        value_name = "WHAT",
        value_delimiter = ',',
        requires = "check"
    )]
    pub fail_on: Option<Vec<FailOn>>,

    /// With --check: do not fail for what could not be read
    #[arg(long, requires = "check")]
    pub allow_unread: bool,

    /// Put the changes into new files next to the originals: compose.harden.yml for Compose,
    /// harden-patch.yaml and an entry in kustomization.yaml for Kubernetes
    #[arg(long)]
    pub overlay: bool,

    /// With `-`: print a diff instead of the hardened text
    #[arg(long)]
    pub diff: bool,

    /// With `-`: if the input has an error, print it unchanged instead of nothing; the exit code is 2
    #[arg(long, conflicts_with_all = ["write", "check", "diff"])]
    pub pass_through_errors: bool,

    /// A file of one Compose project; repeat it in the order of `docker compose -f`
    #[arg(short, long = "file", value_name = "FILE", conflicts_with = "paths",
          help_heading = INPUT)]
    pub files: Vec<PathBuf>,

    /// File with values for the variables in Compose files [default: .env]
    #[arg(long = "env-file", value_name = "FILE", help_heading = INPUT)]
    pub variables: Vec<PathBuf>,

    /// Harden only this container; the others are read but neither changed nor reported. NAME is a
    /// Compose service, a workload such as Deployment/shop, or a container such as shop/web
    /// (repeatable)
    #[arg(long = "service", value_name = "NAME", conflicts_with = "overlay")]
    pub services: Vec<String>,

    /// Apply only this transform (repeat it, or separate IDs by commas)
    #[arg(long, value_name = "ID", value_delimiter = ',', value_parser = ids(),
          hide_possible_values = true, help_heading = TRANSFORMS)]
    pub only: Vec<String>,

    /// Do not apply this transform
    #[arg(long, value_name = "ID", value_delimiter = ',', value_parser = ids(),
          hide_possible_values = true, help_heading = TRANSFORMS)]
    pub skip: Vec<String>,

    /// Apply this transform too, although it is off by default
    #[arg(long, value_name = "ID", value_delimiter = ',', value_parser = ids(),
          hide_possible_values = true, help_heading = TRANSFORMS)]
    pub enable: Vec<String>,

    /// For this transform, also change weak values that are already in the file
    #[arg(long = "override", value_name = "ID", value_delimiter = ',', value_parser = ids(),
          hide_possible_values = true, help_heading = TRANSFORMS)]
    pub overrides: Vec<String>,

    /// Make no changes that are assumptions (short for --assume none)
    #[arg(long, conflicts_with = "assume", help_heading = TRANSFORMS)]
    pub cautious: bool,

    /// Which changes may be assumptions, where harden does not know the image [default: fit]
    #[arg(long, value_enum, value_name = "WHAT", help_heading = TRANSFORMS)]
    pub assume: Option<AssumeArg>,

    /// The configuration.
    #[command(flatten)]
    pub configuration: Configuration,

    /// The policy of a gate.
    #[command(flatten)]
    pub gate: Gate,

    /// The values that are written.
    #[command(flatten)]
    pub values: Values,

    /// An older spelling of `harden pod-security LEVEL`.
    #[arg(long, value_name = "LEVEL[@VERSION]", hide = true,
          conflicts_with_all = ["write", "check", "diff", "overlay", "files", "only", "skip",
                                "assume", "cautious"])]
    pub pod_security: Option<Standard>,
}

const INPUT: &str = "Compose projects";
const TRANSFORMS: &str = "Transforms (list them with `harden explain`)";

/// Which configuration is read, whatever the job.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Configuration")]
pub struct Configuration {
    /// Read this configuration [default: the nearest .harden.yaml, up to the root of the
    /// repository]
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    pub config: Option<PathBuf>,

    /// Read no configuration
    #[arg(long)]
    pub no_config: bool,
}

/// What a gate holds a change to.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Gate")]
pub struct Gate {
    /// Take the configuration, ignore files and exceptions from this revision, such as origin/main:
    /// a change cannot weaken its own check
    #[arg(long, value_name = "REV")]
    pub base: Option<String>,

    /// Exit 0 even if a check of a directory finds no container
    #[arg(long)]
    pub allow_empty: bool,
}

/// Facts about images that users add.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Configuration")]
pub struct Knowledge {
    /// Add facts about images from this file or directory; they override the built-in ones
    #[arg(long, value_name = "PATH")]
    pub images: Vec<PathBuf>,
}

/// The values that are written, where nothing is known of an image.
#[derive(Args, Debug)]
#[command(next_help_heading = "Values")]
pub struct Values {
    /// Smallest memory limit to write [default: 512m]
    #[arg(long, value_name = "SIZE", value_parser = config::read_memory)]
    pub memory: Option<u64>,

    /// CPU limit [default: 1]
    #[arg(long, value_name = "NUMBER", value_parser = config::read_cpus)]
    pub cpus: Option<u64>,

    /// Limit of processes and threads [default: 512]
    #[arg(long, value_name = "NUMBER", value_parser = config::read_pids)]
    pub pids: Option<i64>,

    /// Size of /tmp under a read-only root [default: 64m]
    #[arg(long, value_name = "SIZE", value_parser = config::read_size)]
    pub tmp_size: Option<u64>,

    /// User ID, where harden does not know the user of the image [default: 10001]
    #[arg(long, value_name = "UID", value_parser = config::read_uid)]
    pub uid: Option<u32>,

    /// Group ID of that user [default: 10001]
    #[arg(long, value_name = "GID", value_parser = config::read_gid)]
    pub gid: Option<u32>,
}

/// How the commands that start containers are printed.
#[derive(Args, Debug)]
#[command(next_help_heading = "With `docker` and `podman`")]
pub struct Printing {
    /// Print the command on one line
    #[arg(long, conflicts_with = "as_format")]
    pub one_line: bool,

    /// Print the command in another format
    #[arg(id = "as_format", long = "as", value_enum, value_name = "FORMAT")]
    pub target: Option<Target>,
}

/// Reports in other formats.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Output")]
pub struct ReportOptions {
    #[arg(id = "format", long = "format", value_name = "FORMAT[=FILE]",
          value_parser = read_format, help = format_help(), long_help = format_long_help())]
    #[allow(missing_docs, reason = "its help is made of the table of formats")]
    pub formats: Vec<FormatArg>,

    /// Give each change in the report its own edits, as `--write --only ID --service NAME` makes
    /// them; this takes longer (needs --format json)
    #[arg(long, requires = "format")]
    pub fixes: bool,
}

impl ReportOptions {
    /// Whether a report needs the edits of each change, and the call asks for them.
    #[must_use]
    pub fn with_fixes(&self) -> bool {
        self.fixes && self.formats.iter().any(|one| one.format.needs.fixes)
    }
}

/// A format of reports, and the file to write.
#[derive(Clone, Debug)]
pub struct FormatArg {
    /// The format.
    pub format: &'static report::Format,
    /// Standard output without it.
    pub file: Option<PathBuf>,
}

/// What is printed besides the results, whatever the job.
#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
pub struct Output {
    /// Print every container and every answer with its reason
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub verbose: bool,

    /// Print no summary; errors are still printed
    #[arg(short, long, global = true)]
    pub quiet: bool,

    /// When to use color
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    pub color: Color,
}

/// The other jobs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print a `docker run` or `docker create` command with hardening options
    #[command(
        override_usage = "harden [OPTIONS] docker [WORD]...",
        after_long_help = ENGINE_COMMAND_HELP
    )]
    Docker(EngineCommand),
    /// Print a `podman run` or `podman create` command with hardening options
    #[command(
        override_usage = "harden [OPTIONS] podman [WORD]...",
        after_long_help = ENGINE_COMMAND_HELP
    )]
    Podman(EngineCommand),
    /// Check every pod against the Pod Security Standards; change nothing
    #[command(after_long_help = POD_SECURITY_HELP)]
    PodSecurity(PodSecurity),
    /// List the transforms, or print one: what it does, why, and what can break
    Explain {
        /// ID of a transform
        #[arg(value_parser = ids(), hide_possible_values = true)]
        id: Option<String>,
    },
    /// List the images that harden knows, or print the facts about one with their sources
    #[command(after_help = "Exit status: 0 the image is known; 1 it is unknown; 2 an error.")]
    Images {
        /// An image such as postgres:16-alpine, or the ID of an entry
        name: Option<String>,
        /// The configuration.
        #[command(flatten)]
        configuration: Configuration,
        /// Entries of users.
        #[command(flatten)]
        knowledge: Knowledge,
    },
    /// Print the JSON Schema of .harden.yaml, for completion and checks in an editor
    ConfigSchema,
    /// Print the JSON Schema of the report that --format json writes
    ReportSchema,
}

/// The pods to judge, and by what.
#[derive(Args, Debug)]
pub struct PodSecurity {
    /// `baseline` or `restricted`; for an older version of Kubernetes, `restricted@v1.30`
    #[arg(value_name = "LEVEL[@VERSION]")]
    pub standard: Standard,

    /// Files, or directories to search; `-` reads standard input [default: .]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Exit 1 for these results too (comma-separated); only `templates` has an effect
    #[arg(
        id = "pod_security_fail_on",
        long = "fail-on",
        value_enum,
        value_name = "WHAT",
        value_delimiter = ','
    )]
    pub fail_on: Option<Vec<FailOn>>,

    /// Do not fail for what could not be read
    #[arg(id = "pod_security_allow_unread", long = "allow-unread")]
    pub allow_unread: bool,

    /// The configuration.
    #[command(flatten)]
    pub configuration: Configuration,

    /// The policy of a gate.
    #[command(flatten)]
    pub gate: Gate,
}

/// A command after the name of its program.
#[derive(Args, Debug)]
pub struct EngineCommand {
    /// The command, such as `run --rm nginx`
    #[arg(
        value_name = "WORD",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub words: Vec<String>,
}

/// What a command can be printed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Target {
    /// A Compose file with the service that the command starts
    Compose,
}

/// [`Assume`] as it is written on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AssumeArg {
    /// None of them
    None,
    /// Those that nothing in the file or the repository contradicts
    Fit,
    /// All, unless harden knows that they break the image
    All,
}

/// When to use color.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` forces color
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The options of the main job that `docker` and `podman` take too.
const OF_ENGINE_COMMANDS: [&str; 20] = [
    "format",
    "check",
    "only",
    "skip",
    "enable",
    "overrides",
    "assume",
    "cautious",
    "fail_on",
    "config",
    "no_config",
    "uid",
    "gid",
    "memory",
    "cpus",
    "pids",
    "tmp_size",
    "one_line",
    "as_format",
    "images",
];

impl Cli {
    /// Reads the arguments, and refuses options that do not go with the job.
    ///
    /// # Errors
    ///
    /// Clap's, which also carries the texts of `--help` and `--version`.
    pub fn read<I, T>(arguments: I) -> Result<Self, clap::Error>
    where
        I: IntoIterator<Item = T>,
        T: Into<OsString> + Clone,
    {
        let mut command = <Self as CommandFactory>::command();
        let matches = command.try_get_matches_from_mut(arguments)?;
        let job = matches.subcommand_name();
        let is_refused = |id: &str| match job {
            Some("docker" | "podman") => !OF_ENGINE_COMMANDS.contains(&id),
            Some("images") => !matches!(id, "config" | "no_config" | "images"),
            Some("pod-security") => !matches!(id, "config" | "no_config" | "base" | "allow_empty"),
            Some(_) => true,
            None => matches!(id, "one_line" | "as_format"),
        };
        let refused = command.get_arguments().find(|argument| {
            let id = argument.get_id().as_str();
            let is_given = matches.value_source(id) == Some(ValueSource::CommandLine);
            is_given && !argument.is_global_set() && is_refused(id)
        });
        if let Some(argument) = refused {
            let words = match job {
                Some(job) => format!("the argument '{argument}' cannot be used with '{job}'"),
                None => format!("the argument '{argument}' needs the command 'docker' or 'podman'"),
            };
            return Err(command.error(ErrorKind::ArgumentConflict, words));
        }
        let mut cli = Self::from_arg_matches(&matches)?;
        cli.normalize();
        Ok(cli)
    }

    /// Moves what can be written in two places to one: `--pod-security` becomes the command, and
    /// options behind a command join those before it.
    fn normalize(&mut self) {
        let Harden {
            pod_security,
            paths,
            configuration,
            gate,
            ..
        } = &mut self.harden;
        if let Some(standard) = pod_security.take() {
            self.command = Some(Command::PodSecurity(PodSecurity {
                standard,
                paths: std::mem::take(paths),
                fail_on: None,
                allow_unread: false,
                configuration: std::mem::take(configuration),
                gate: std::mem::take(gate),
            }));
        }
        let own = match &mut self.command {
            Some(Command::Images {
                configuration,
                knowledge,
                ..
            }) => {
                self.knowledge.images.append(&mut knowledge.images);
                std::mem::take(configuration)
            }
            Some(Command::PodSecurity(job)) => {
                let own = std::mem::take(&mut job.gate);
                gate.base = own.base.or(gate.base.take());
                gate.allow_empty |= own.allow_empty;
                std::mem::take(&mut job.configuration)
            }
            _ => return,
        };
        if own.config.is_some() || own.no_config {
            *configuration = own;
        }
    }
}

impl Harden {
    /// Which changes may be assumptions, where the call says so.
    #[must_use]
    pub fn assume(&self) -> Option<Assume> {
        if self.cautious {
            return Some(Assume::None);
        }
        self.assume.map(|assume| match assume {
            AssumeArg::None => Assume::None,
            AssumeArg::Fit => Assume::Fit,
            AssumeArg::All => Assume::All,
        })
    }
}

impl Values {
    /// As the configuration has them.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings {
            uid: self.uid,
            gid: self.gid,
            memory: self.memory,
            cpu: self.cpus,
            pids: self.pids,
            tmp: self.tmp_size,
            ..Settings::default()
        }
    }
}

impl Output {
    /// How much a summary shows.
    #[must_use]
    pub fn detail(&self) -> report::Detail {
        if self.verbose {
            report::Detail::Full
        } else {
            report::Detail::Short
        }
    }
}

fn read_format(argument: &str) -> Result<FormatArg, String> {
    let (name, file) = match argument.split_once('=') {
        Some((name, file)) => (name, Some(file)),
        None => (argument, None),
    };
    if file == Some("") {
        return Err(format!("`{argument}` names no file"));
    }
    let names = || FORMATS.iter().map(|format| format.name);
    let format = report::Format::find(name).ok_or_else(|| {
        let hint = nearest::hint(name, names());
        let names: Vec<&str> = names().collect();
        format!(
            "there is no such format{hint}; the formats are {}",
            names.join(", ")
        )
    })?;
    Ok(FormatArg {
        format,
        file: file.filter(|file| *file != "-").map(PathBuf::from),
    })
}

fn format_help() -> String {
    let names: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
    format!(
        "Report in this format ({}); with =FILE, write the report to a file (repeatable)",
        names.join(", ")
    )
}

fn format_long_help() -> String {
    let mut text = "\
Report in this format. Without =FILE, or with =-, the report goes to stdout and replaces the diff and the \
summary; one format can do that. With =FILE, harden writes the report to the file; repeat the \
option for several files. With `-` every format needs a file.

Formats:"
        .to_owned();
    for format in FORMATS {
        let _ = write!(text, "\n- {}: {}", format.name, format.about);
    }
    text
}

/// The ids of the catalogue, so that a wrong one is answered with the nearest.
fn ids() -> PossibleValuesParser {
    transforms::ALL
        .iter()
        .map(|transform| PossibleValue::new(transform.id).help(transform.summary))
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definitions_hold_together() {
        Cli::command().debug_assert();
    }

    fn read(line: &str) -> Result<Cli, clap::Error> {
        Cli::read(line.split(' '))
    }

    #[test]
    fn a_path_with_the_name_of_a_command_needs_a_dot() {
        assert!(read("harden explain").unwrap().command.is_some());
        let cli = read("harden ./explain compose.yml").unwrap();
        assert!(cli.command.is_none());
        assert_eq!(cli.harden.paths.len(), 2);
        let cli = read("harden --color never explain").unwrap();
        assert!(cli.command.is_some());
        assert!(read("harden explain --color never").is_ok());
        // After a path a command is a path too.
        assert_eq!(read("harden a explain").unwrap().harden.paths.len(), 2);
    }

    #[test]
    fn options_of_harden_come_before_the_command() {
        let words = |line: &str| match read(line).unwrap().command {
            Some(Command::Docker(words) | Command::Podman(words)) => words.words.join(" "),
            _ => panic!("{line}"),
        };
        assert_eq!(
            words("harden docker run -it --rm x -v"),
            "run -it --rm x -v"
        );
        assert_eq!(words("harden docker -H x run y"), "-H x run y");
        assert_eq!(words("harden podman run --help"), "run --help");
        assert_eq!(
            words("harden --only memory-limit --one-line docker run -q -- x"),
            "run -q -- x"
        );
        assert_eq!(words("harden -v --as compose docker run x"), "run x");
    }

    #[test]
    fn options_of_other_jobs_are_refused() {
        let kind = |line: &str| read(line).unwrap_err().kind();
        for line in [
            "harden --write docker run x",
            "harden --write explain",
            "harden --one-line explain",
            "harden --one-line compose.yml",
            "harden --as compose compose.yml",
            "harden --as compose --one-line docker run x",
        ] {
            assert_eq!(kind(line), ErrorKind::ArgumentConflict, "{line}");
        }
        assert!(read("harden --check docker run x").is_ok());
    }
}
