//! Code that the tests share.

pub(crate) mod answers;
pub(crate) mod command;
pub(crate) mod console;
pub(crate) mod edits;
pub(crate) mod expected;
pub(crate) mod files;
pub(crate) mod memory_files;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod shared;
