//! The command as users run it: its pages, README.md, its configuration, its diffs and writes.

mod config;
mod diff;
mod interrupt;
mod json;
mod pages;
mod readme;
