//! What every error tells a reader, whatever layer it belongs to.
//!
//! Each layer has its own error type. The report shows all of them through [`Diagnostic`]: the
//! message says what is wrong and whose fault it is, the span shows where, and the hint says what
//! to do. This module is above [`crate::syntax`], so that `syntax` depends on nothing.

use std::borrow::Cow;
use std::error::Error;
use std::io;

use crate::syntax::{Span, SyntaxError};

/// An error that can be shown to the user. Its message is its [`Display`](std::fmt::Display).
pub trait Diagnostic: Error + Send + Sync + 'static {
    /// The bytes of the file that are wrong, if the fault is in the file.
    fn span(&self) -> Option<Span> {
        None
    }

    /// What to do about it, in one sentence.
    fn hint(&self) -> Option<Cow<'static, str>> {
        None
    }

    /// Whether the message is about a file that it does not name. A reader then needs the path in
    /// front of it, unless the span already shows the path and the line.
    fn needs_path(&self) -> bool {
        self.span().is_some()
    }
}

impl Diagnostic for SyntaxError {
    fn span(&self) -> Option<Span> {
        Some(self.span)
    }
}

/// The message of the operating system without its error number, which helps nobody.
pub(crate) fn system_message(error: &io::Error) -> String {
    let message = error.to_string();
    match message.split_once(" (os error") {
        Some((message, _)) => message.to_owned(),
        None => message,
    }
}
