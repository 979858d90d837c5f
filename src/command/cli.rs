//! The command line as clap reads it; what it means is decided in [`crate::command`].

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::config::{self, FailOn, Settings};
use crate::container::Assume;
use crate::pod_security::Standard;
use crate::transforms;

/// Makes the containers in Compose files and Kubernetes manifests least-privilege, without
/// touching a byte it has no reason to touch
#[derive(Debug, Parser)]
#[command(
    name = "harden",
    version,
    after_help = "Exit status: 0 nothing to change, or written; 1 changes to make; 2 trouble.",
    after_long_help = LONG_HELP
)]
pub struct Cli {
    /// Another job than hardening.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The main job.
    #[command(flatten)]
    pub harden: Harden,
    /// How a command line is printed.
    #[command(flatten)]
    pub printing: Printing,
    /// What is known of images.
    #[command(flatten)]
    pub knowledge: Knowledge,
    /// How to say it.
    #[command(flatten)]
    pub output: Output,
}

const LONG_HELP: &str = "\
Examples:
  harden compose.yml            show what would change, as a unified diff
  harden compose.yml --write    change it
  harden --check deploy/        the gate before a merge
  harden - < pod.yaml           filter standard input
  harden docker run IMAGE       print the command hardened
  harden explain                list the transforms
  harden images postgres:16     show what is known of an image, and from where

The diff is all that goes to standard output; `git apply` and `patch -p1` read it.
A file with the name of a command is meant by ./NAME.

Exit status:
  0  nothing to change, or the changes are written or printed
  1  there are changes to make
  2  trouble with a file or with the call; the other files were still done";

const COMMAND_LINE_HELP: &str = "\
Nothing is run. What was typed stays as it is, and the new options stand before the image.
These options of harden stand before docker or podman:
  harden --one-line docker run IMAGE
  harden --as compose docker run IMAGE
  harden --only read-only-root docker run IMAGE
  harden --check docker run IMAGE

Exit status:
  0  the command is printed; with --check, there is nothing to change
  1  with --check, there are changes to make
  2  the command cannot be read, and nothing is printed";

/// The main job: rewrite files, or show how.
#[derive(Args, Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "the switches of a command line are independent of each other"
)]
pub struct Harden {
    /// Files, or directories to walk; - for standard input [default: the current directory]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Files of one Compose project, merged in this order as `docker compose -f` merges them
    #[arg(short, long = "file", value_name = "FILE", conflicts_with = "paths")]
    pub files: Vec<PathBuf>,

    /// Where the variables of Compose files get their values from, to judge by [default: .env]
    #[arg(long = "env-file", value_name = "FILE")]
    pub variables: Vec<PathBuf>,

    /// Write the changes to the files
    #[arg(short, long, conflicts_with_all = ["check", "diff"])]
    pub write: bool,

    /// Print no diff; say whether there are changes to make
    #[arg(long, conflicts_with = "diff")]
    pub check: bool,

    /// Print the diff, also for standard input
    #[arg(long)]
    pub diff: bool,

    /// Leave files as they are, and put the changes into files beside them: compose.harden.yml,
    /// or harden-patch.yaml and its entry in kustomization.yaml
    #[arg(long)]
    pub overlay: bool,

    /// Apply this transform and no other (repeat, or separate by commas)
    #[arg(long, value_name = "ID", value_delimiter = ',', value_parser = ids(),
          hide_possible_values = true)]
    pub only: Vec<String>,

    /// Leave this transform out
    #[arg(long, value_name = "ID", value_delimiter = ',', value_parser = ids(),
          hide_possible_values = true)]
    pub skip: Vec<String>,

    /// Apply this transform too, which waits to be asked for
    #[arg(long, value_name = "ID", value_delimiter = ',', value_parser = ids(),
          hide_possible_values = true)]
    pub enable: Vec<String>,

    /// Let this transform change what is weak and was written by somebody
    #[arg(long = "override", value_name = "ID", value_delimiter = ',', value_parser = ids(),
          hide_possible_values = true)]
    pub overrides: Vec<String>,

    /// What may rest on assumption, where nothing is known of an image [default: fit]
    #[arg(long, value_enum, value_name = "WHAT")]
    pub assume: Option<Boldness>,

    /// Change only what holds for every image or is known of this one (--assume none)
    #[arg(long, conflicts_with = "assume")]
    pub cautious: bool,

    /// What makes --check fail (separate by commas) [default: changes]
    #[arg(
        long,
        value_enum,
        value_name = "WHAT",
        value_delimiter = ',',
        requires = "check"
    )]
    pub fail_on: Option<Vec<FailOn>>,

    /// The configuration.
    #[command(flatten)]
    pub configuration: Configuration,

    /// What is written.
    #[command(flatten)]
    pub numbers: Numbers,

    /// Change nothing; judge every pod by baseline or restricted of the Pod Security Standards,
    /// of the newest version or of one like restricted@v1.30
    #[arg(long, value_name = "LEVEL[@VERSION]", hide = true,
          conflicts_with_all = ["write", "check", "diff", "overlay", "only", "skip", "assume", "cautious"])]
    pub pod_security: Option<Standard>,
}

/// Which configuration is read, whatever the job.
#[derive(Args, Debug, Default)]
pub struct Configuration {
    /// Read this configuration [default: the nearest .harden.yaml, up to the repository's root]
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    pub config: Option<PathBuf>,

    /// Read no configuration
    #[arg(long)]
    pub no_config: bool,
}

/// How the commands that start containers are printed.
#[derive(Args, Debug)]
pub struct Printing {
    /// Print a command on one line, however long
    #[arg(long, conflicts_with = "as_format")]
    pub one_line: bool,

    /// Print a command in another format
    #[arg(id = "as_format", long = "as", value_enum, value_name = "FORMAT")]
    pub format: Option<Format>,
}

/// What is known of images, whatever the job.
#[derive(Args, Debug)]
pub struct Knowledge {
    /// Know the images of this file or folder too, before those that come with the program
    #[arg(long, global = true, value_name = "PATH")]
    pub images: Vec<PathBuf>,
}

/// The numbers that are written, where nothing is known of an image.
#[derive(Args, Debug)]
#[command(next_help_heading = "Numbers")]
pub struct Numbers {
    /// The user [default: 10001]
    #[arg(long, value_name = "UID", value_parser = config::read_uid)]
    pub uid: Option<u32>,

    /// Its group [default: 10001]
    #[arg(long, value_name = "GID", value_parser = config::read_gid)]
    pub gid: Option<u32>,

    /// The least memory limit [default: 512m]
    #[arg(long, value_name = "SIZE", value_parser = config::read_memory)]
    pub memory: Option<u64>,

    /// The CPU limit, in processors [default: 1]
    #[arg(long, value_name = "NUMBER", value_parser = config::read_cpus)]
    pub cpus: Option<u64>,

    /// Processes and threads [default: 512]
    #[arg(long, value_name = "NUMBER", value_parser = config::read_pids)]
    pub pids: Option<i64>,

    /// The size of /tmp under a read-only root [default: 64m]
    #[arg(long, value_name = "SIZE", value_parser = config::read_size)]
    pub tmp_size: Option<u64>,
}

/// How results are said, whatever the job.
#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
pub struct Output {
    /// Say everything: every container, every answer with its reason
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub verbose: bool,

    /// Say nothing but errors
    #[arg(short, long, global = true)]
    pub quiet: bool,

    /// When to use colours
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    pub color: Color,
}

/// The other jobs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print the JSON Schema of .harden.yaml, by which an editor completes and checks it
    ConfigSchema,
    /// List the transforms, or print the page of one: what it does, why, and what can break
    Explain {
        /// The transform
        #[arg(value_parser = ids(), hide_possible_values = true)]
        id: Option<String>,
    },
    /// List the images that are known, or print what is known of one, and from where
    #[command(after_help = "Exit status: 0 it is known; 1 nothing is known of it; 2 trouble.")]
    Images {
        /// A reference such as postgres:16-alpine, or the name of an entry
        name: Option<String>,
        /// The configuration.
        #[command(flatten)]
        configuration: Configuration,
    },
    /// Judge every pod by a level of the Pod Security Standards, and change nothing
    PodSecurity(PodSecurity),
    /// Print a `docker run` or `docker create` with the options that harden it
    #[command(after_long_help = COMMAND_LINE_HELP)]
    Docker(EngineCommand),
    /// Print a `podman run` or `podman create` with the options that harden it
    #[command(after_long_help = COMMAND_LINE_HELP)]
    Podman(EngineCommand),
}

/// The pods to judge, and by what.
#[derive(Args, Debug)]
pub struct PodSecurity {
    /// baseline or restricted, of the newest version or of one like restricted@v1.30
    #[arg(value_name = "LEVEL[@VERSION]")]
    pub standard: Standard,

    /// Files, or directories to walk; - for standard input [default: the current directory]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// The configuration.
    #[command(flatten)]
    pub configuration: Configuration,
}

/// A command line, after the name of its program.
#[derive(Args, Debug)]
pub struct EngineCommand {
    /// The command as it is typed; options of harden stand before its first word
    #[arg(
        value_name = "WORD",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub words: Vec<String>,
}

/// What a command can be printed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A Compose file with the service that the command starts
    Compose,
}

/// [`Assume`] as it is written on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Boldness {
    /// Nothing
    None,
    /// What the file holds no evidence against
    Fit,
    /// Everything that is not known to fail
    All,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set; anywhere with `CLICOLOR_FORCE`
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The options of the main job that a command line can have too.
const OF_A_COMMAND_LINE: [&str; 18] = [
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
            Some("docker" | "podman") => !OF_A_COMMAND_LINE.contains(&id),
            Some("images" | "pod-security") => !matches!(id, "config" | "no_config"),
            Some(_) => true,
            None => matches!(id, "one_line" | "as_format"),
        };
        let refused = command.get_arguments().find(|argument| {
            let id = argument.get_id().as_str();
            let is_given = matches.value_source(id) == Some(ValueSource::CommandLine);
            is_given && !argument.is_global_set() && is_refused(id)
        });
        if let Some(argument) = refused {
            let job = job.map_or_else(
                || "be used without a command, such as 'docker run'".to_owned(),
                |job| format!("be used with '{job}'"),
            );
            let words = format!("the argument '{argument}' cannot {job}");
            return Err(command.error(ErrorKind::ArgumentConflict, words));
        }
        let mut cli = Self::from_arg_matches(&matches)?;
        cli.normalize();
        Ok(cli)
    }

    /// Puts what can be written in two places into one.
    fn normalize(&mut self) {
        let Harden {
            pod_security,
            paths,
            configuration,
            ..
        } = &mut self.harden;
        if let Some(standard) = pod_security.take() {
            self.command = Some(Command::PodSecurity(PodSecurity {
                standard,
                paths: std::mem::take(paths),
                configuration: std::mem::take(configuration),
            }));
        }
        if let Some(
            Command::Images {
                configuration: own, ..
            }
            | Command::PodSecurity(PodSecurity {
                configuration: own, ..
            }),
        ) = &mut self.command
        {
            let Configuration { config, no_config } = std::mem::take(own);
            if config.is_some() || no_config {
                *configuration = Configuration { config, no_config };
            }
        }
    }
}

impl Harden {
    /// What may rest on assumption, where the call says so.
    #[must_use]
    pub fn assume(&self) -> Option<Assume> {
        if self.cautious {
            return Some(Assume::None);
        }
        self.assume.map(|boldness| match boldness {
            Boldness::None => Assume::None,
            Boldness::Fit => Assume::Fit,
            Boldness::All => Assume::All,
        })
    }
}

impl Numbers {
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
    fn a_command_is_a_path_behind_a_dot() {
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
    fn options_of_harden_stand_before_a_command_line() {
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
    fn options_go_with_their_job() {
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
