//! Tests of the command line: its pages, README.md, the configuration, diffs and writes.

mod config;
mod diff;
mod filter;
mod gate;
mod ignores;
mod interrupt;
mod json;
mod pages;
mod permissions;
mod readme;
