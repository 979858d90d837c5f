//! The command line as clap reads it; what it means is decided in [`crate::command`].

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::container::Assume;
use crate::pod_security::Standard;
use crate::transforms;

/// Makes the containers in Compose files and Kubernetes manifests least-privilege, without
/// touching a byte it has no reason to touch
#[derive(Debug, Parser)]
#[command(
    name = "harden",
    version,
    args_conflicts_with_subcommands = true,
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
  harden explain                list the transforms

The diff is all that goes to standard output; `git apply` and `patch -p1` read it.
A file with the name of a command is meant by ./NAME.

Exit status:
  0  nothing to change, or the changes are written
  1  there are changes to make
  2  trouble with a file or with the call; the other files were still done";

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

    /// Write the changes to the files
    #[arg(short, long, conflicts_with_all = ["check", "diff"])]
    pub write: bool,

    /// Print no diff; say whether there are changes to make
    #[arg(long, conflicts_with = "diff")]
    pub check: bool,

    /// Print the diff, also for standard input
    #[arg(long)]
    pub diff: bool,

    /// Apply this transform and no other (repeat, or separate by commas)
    #[arg(long, value_name = "ID", value_delimiter = ',', value_parser = ids(),
          hide_possible_values = true)]
    pub only: Vec<String>,

    /// Leave this transform out
    #[arg(long, value_name = "ID", value_delimiter = ',', value_parser = ids(),
          hide_possible_values = true)]
    pub skip: Vec<String>,

    /// What may rest on assumption, where nothing is known of an image
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = Boldness::Fit)]
    pub assume: Boldness,

    /// Change only what holds for every image or is known of this one (--assume none)
    #[arg(long, conflicts_with = "assume")]
    pub cautious: bool,

    /// Change nothing; judge every pod by baseline or restricted of the Pod Security Standards,
    /// of the newest version or of one like restricted@v1.30
    #[arg(long, value_name = "LEVEL[@VERSION]",
          conflicts_with_all = ["write", "check", "diff", "only", "skip", "assume", "cautious"])]
    pub pod_security: Option<Standard>,
}

/// How results are said, whatever the job.
#[derive(Args, Debug)]
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
    /// List the transforms, or print the page of one: what it does, why, and what can break
    Explain {
        /// The transform
        #[arg(value_parser = ids(), hide_possible_values = true)]
        id: Option<String>,
    },
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

impl Harden {
    /// What may rest on assumption.
    #[must_use]
    pub fn assume(&self) -> Assume {
        match self.assume {
            _ if self.cautious => Assume::None,
            Boldness::None => Assume::None,
            Boldness::Fit => Assume::Fit,
            Boldness::All => Assume::All,
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
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definitions_hold_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_command_is_a_path_behind_a_dot() {
        let named = |arguments: &[&str]| Cli::try_parse_from([&["harden"], arguments].concat());
        assert!(named(&["explain"]).unwrap().command.is_some());
        let cli = named(&["./explain", "compose.yml"]).unwrap();
        assert!(cli.command.is_none());
        assert_eq!(cli.harden.paths.len(), 2);
        assert!(named(&["explain", "--color", "never"]).is_ok());
        assert!(named(&["--color", "never", "explain"]).is_ok());
    }
}
