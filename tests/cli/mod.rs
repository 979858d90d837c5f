//! Tests of the command line: its pages, README.md, the configuration, diffs and writes.

mod base;
mod config;
mod diff;
mod filter;
mod gate;
mod ignores;
mod interrupt;
mod json;
mod nothing;
mod pages;
mod permissions;
mod readme;
mod secrets;
