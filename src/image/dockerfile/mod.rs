//! What a Dockerfile says of the image that it makes.
//!
//! The text is read to instructions ([`parse`]), these are followed from the base to the stage that
//! is asked for ([`stages`]), and what comes out is settled as facts ([`settle`]).
//!
//! # What it tells, and what it does not
//!
//! Who it starts as (`USER`, a name resolved through the users that `RUN` creates and the one that
//! the base is known to bring), its ports, its volumes, its program, and the programs that carry
//! capabilities or the setuid bit. It does not tell where the program writes or how much memory it
//! needs: that stays unknown, unless the image is a known service with something put into it.
//!
//! # A known service with something put into it
//!
//! The facts of the base hold, with what the instructions change of user, ports and volumes, by how
//! much they may have changed its software:
//!
//! * They are known where nothing but files, variables, labels, ports and volumes were added:
//!   `COPY` and `ADD` outside the directories of programs, `ENV`, `EXPOSE`, `VOLUME`, `USER`, `WORKDIR`.
//! * They hold by assumption after a `RUN`, a `CMD`, or a `COPY` to where programs, libraries or the
//!   entrypoint are; and where a variable that the file does not settle chose the base.
//! * After an `ENTRYPOINT` it is other software, of which the base's facts say nothing.

mod accounts;
mod expand;
mod parse;
mod settle;
mod shell;
mod stages;
mod words;

use super::{Facts, Knowledge};

/// How an image is built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recipe {
    /// The Dockerfile.
    pub text: String,
    /// What people call it: `web/Dockerfile`.
    pub name: String,
    /// The stage that becomes the image, by name or number; the last one without.
    pub target: Option<String>,
    /// Values of `ARG`; `None` where the environment of whoever builds decides.
    pub args: Vec<(String, Option<String>)>,
    /// Names that stand for other contexts and not for images or stages.
    pub contexts: Vec<String>,
    /// Variables decide part of all this, and their defaults were taken.
    pub is_dynamic: bool,
}

/// Longer files are no Dockerfiles that somebody wrote.
const BYTES: usize = 1 << 18;

impl Recipe {
    /// What is known of the image; `None` where the file cannot be understood to its end.
    ///
    /// Time and memory are proportional to the length of the text.
    #[must_use]
    pub fn facts(&self, knowledge: &Knowledge) -> Option<Facts> {
        if self.text.len() > BYTES {
            return None;
        }
        let dockerfile = parse::parse(&self.text).ok()?;
        let image = stages::image(&dockerfile, self)?;
        Some(settle::facts(&image, self, knowledge))
    }
}
