//! `harden` makes the containers in Compose files and Kubernetes manifests least-privilege,
//! without touching a byte it has no reason to touch.
//!
//! This page is the code map. The rooms stand in the order in which the data flows:
//!
//! ```text
//! files ──syntax──▶ Trees ──dialect──▶ Project of Containers ──transforms──▶ Changes ──dialect, syntax──▶ bytes ──▶ report
//!                                              ▲
//!                                         image facts
//! ```
//!
//! * [`syntax`] reads YAML to a tree of byte spans and turns edits at paths into edits of bytes.
//! * [`dialect`] knows where a format writes a setting, and fills in [`container::Container`]. A
//!   command line ([`dialect::docker_run`]) and a systemd unit ([`dialect::quadlet`]) are formats
//!   too.
//! * [`image`] knows what an image needs.
//! * [`transforms`] say what a container should be; [`transforms::evidence`]
//!   and [`transforms::needs`] are what they judge by.
//! * [`config`] is what a repository says of its own hardening.
//! * [`engine`] asks every transform about every container, plans the edits and proves the result.
//! * [`overlay`] moves what would be written into files beside the originals.
//! * [`files`] is the disk: it walks, reads and writes, and takes a stream that is too large for one tree in pieces.
//! * [`report`] is what happened, as plain data and as text.
//!
//! Each layer has an error type of its own; [`diagnostic`] is what all of them tell a reader.
//!
//! `docs/semantics.md` has the rules of engines and consumers that dialects and transforms rest on.
//!
//! [`pod_security`] stands beside this flow: it judges pods as they are written, by the Pod
//! Security Standards, and changes nothing.
//!
//! # Two axes that never meet
//!
//! A transform knows no format, and a dialect knows no policy. They meet in
//! [`container::Container`]. A new format changes no transform; a new transform is one pair of
//! files in `transforms/` and changes no dialect, unless it needs a setting that nobody had.
//!
//! # Promises
//!
//! Each is held by the tests named beside it.
//!
//! 1. Bytes outside an edit are identical (`tests/syntax/edits.rs`, `tests/corpus/`).
//! 2. `harden` twice is `harden` once (`tests/transforms/pages.rs`, `tests/corpus/`).
//! 3. A file is changed only at the paths that were reported; before a byte is written the result
//!    is parsed again by two parsers, compared, and passed a second time ([`engine`]).
//! 4. No container becomes less restricted than it was (`tests/corpus/`).
//! 5. Nothing is written that the consumer would reject (`tests/formats/compose/`,
//!    `tests/formats/kubernetes/`, `tests/engine/`).
//! 6. No input makes it panic, hang or use memory out of proportion (`tests/syntax/hostile.rs`,
//!    `fuzz/`).
//! 7. A write is atomic and keeps mode, owner and links (`tests/cli/cmd/write.md`,
//!    `tests/cli/interrupt.rs`).
//! 8. No network, no engine, no telemetry; what files say is escaped for the terminal.
//! 9. Everything not fixed is reported with the reason ([`container::Answer`]).
//!
//! # Invariants, as absences
//!
//! Nothing outside [`syntax`] knows about indentation or offsets. A transform does no I/O, sees no
//! format and no other transform. A dialect decides nothing. Only the command touches the disk.
//! There is no `unsafe`, and no `unwrap` on input.

pub mod command;
pub mod config;
pub mod container;
pub mod diagnostic;
pub mod dialect;
pub mod edition;
pub mod engine;
mod escape;
pub mod files;
pub mod image;
pub mod jsonpath;
mod nearest;
pub mod overlay;
pub mod pod_security;
pub mod project;
pub mod report;
pub mod syntax;
#[path = "../transforms/mod.rs"]
pub mod transforms;
pub(crate) mod units;
