//! Reads the facts about an image from its Dockerfile.
//!
//! [`parse`] reads instructions from the text. [`stages`] follows them from the base to the target
//! stage. [`assemble`] makes facts from the result.
//!
//! # Which facts a Dockerfile gives
//!
//! A Dockerfile gives the start user (`USER`; names are resolved through the users that `RUN`
//! creates and the known user of the base), the ports, the volumes, the program, and programs with
//! file capabilities or the setuid bit. It does not give the written paths or the memory. These
//! stay unknown unless the base is a known service.
//!
//! # Images based on a known service
//!
//! The facts of the base apply, with the user, ports and volumes that the instructions change. How
//! reliable they are depends on what may have changed the software of the base:
//!
//! * The facts are known if only files, variables, labels, ports and volumes were added: `COPY` and
//!   `ADD` outside the directories of programs, `ENV`, `EXPOSE`, `VOLUME`, `USER`, `WORKDIR`.
//! * The facts are assumed after a `RUN`, a `CMD`, or a `COPY` to a directory of programs,
//!   libraries or entrypoints, and if a variable without a known value selects the base.
//! * After an `ENTRYPOINT` the image runs other software, so the facts of the base do not apply.

mod accounts;
mod assemble;
mod expand;
mod parse;
mod shell;
mod stages;
mod words;

use std::sync::Arc;

use super::{Facts, Knowledge};

/// How an image is built.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Recipe {
    /// The text of the Dockerfile.
    pub text: Arc<str>,
    /// The path to show to users: `web/Dockerfile`.
    pub name: String,
    /// The target stage, by name or number; `None` for the last stage.
    pub target: Option<String>,
    /// Values of `ARG`; `None` if the environment of the build decides.
    pub args: Vec<(String, Option<String>)>,
    /// Names of additional build contexts. They replace images or stages of the same name.
    pub contexts: Vec<String>,
    /// Whether variables decide part of the recipe; their defaults are used here.
    pub is_dynamic: bool,
}

/// The maximum length of a Dockerfile in bytes. Longer files are not written by hand.
const BYTES: usize = 1 << 18;

/// The maximum number of volumes. Each is compared with each mount of a container; real images have
/// a few.
const MOST_VOLUMES: usize = 256;

impl Recipe {
    /// The facts about the image; `None` if the file cannot be parsed completely.
    ///
    /// Time and memory are proportional to the length of the text.
    #[must_use]
    pub fn facts(&self, knowledge: &Knowledge) -> Option<Facts> {
        if self.text.len() > BYTES {
            return None;
        }
        let dockerfile = parse::parse(&self.text).ok()?;
        let image = stages::image(&dockerfile, self)?;
        if image.volumes.len() > MOST_VOLUMES {
            return None;
        }
        Some(assemble::facts(&image, self, knowledge))
    }
}
