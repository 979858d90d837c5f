//! `harden` makes the containers in Compose files, Kubernetes manifests, Quadlet units and
//! `docker run` commands least-privilege. It changes no byte that it has no reason to change.
//!
//! This page is the map of the code. Data flows one way:
//!
//! ```text
//! files ──syntax──▶ Trees ──dialect──▶ Project of Containers ──transforms──▶ Changes ──dialect, syntax──▶ bytes ──▶ outcome ──▶ report
//!                                                ▲
//!                             facts: config, Dockerfiles, images/
//! ```
//!
//! # Layers
//!
//! A module uses only modules below it. `tests/layers.rs` fails on any path that leads up.
//!
//! | module | what it does |
//! |--------|--------------|
//! | [`command`] | Reads the arguments and does one job: one file for each subcommand. |
//! | [`report`] | Renders outcomes: one file for each format. |
//! | [`overlay`] | Writes changes to files next to the originals. |
//! | [`pod_security`] | Judges pods by the Pod Security Standards. It changes nothing. |
//! | [`files`] | Finds files, groups those that belong together, reads them and writes them. |
//! | [`engine`] | Runs every transform on every container, plans the edits, proves the result. |
//! | [`dialect`] | Knows where a format writes a setting. It decides nothing. |
//! | [`config`] | Reads `.harden.yaml`. |
//! | [`transforms`] | Decide on settings, from evidence in the file and the needs of the image. |
//! | [`project`] | Types that all layers above share: files, members, formats, sources. |
//! | [`container`] | The neutral container, and what a transform can answer. |
//! | [`image`] | Facts about images: the knowledge base and Dockerfiles. |
//! | [`proof`] | Proves a text before it is written: two parsers, and only planned differences. |
//! | [`json`] | Nodes of YAML as values of JSON. |
//! | [`syntax`] | YAML: text to a tree with byte spans, and edits back to text. |
//!
//! Each layer has its own error type. [`diagnostic`] is what they have in common.
//! `docs/semantics.md` has the rules of engines and consumers that dialects and transforms rely
//! on, and `docs/reasons.md` has every reason that a report can give.
//!
//! # Two axes that never meet
//!
//! A transform knows no format, and a dialect knows no policy. They meet in
//! [`container::Container`]. A new format changes no transform. A new transform is one pair of
//! files in `transforms/`. It changes no dialect, unless it needs a setting that no container has
//! yet.
//!
//! # Promises
//!
//! The tests named with a promise hold it. `docs/promises.md` has the known gaps.
//!
//! 1. Bytes outside an edit are identical (`tests/syntax/edits.rs`, `tests/corpus/`).
//! 2. A second run finds nothing to do (`tests/transforms/pages.rs`, `tests/corpus/`).
//! 3. A file changes only at the reported paths. Before a byte is written, two parsers read the
//!    result again, it is compared with the plan, and a second pass finds nothing ([`engine`]).
//! 4. No container becomes less restricted than it was (`tests/corpus/`).
//! 5. `harden` writes nothing that the consumer would reject (`tests/formats/compose/`,
//!    `tests/formats/kubernetes/`, `tests/engine/`).
//! 6. No input makes it panic, hang or use memory out of proportion (`tests/syntax/hostile.rs`,
//!    `fuzz/`).
//! 7. A write is atomic and keeps mode, owner and links (`tests/cli/cmd/write.md`,
//!    `tests/cli/interrupt.rs`).
//! 8. There is no network, no engine and no telemetry. Text from files is escaped for its reader.
//! 9. Everything that is not fixed is reported with the reason ([`container::Answer`]).
//!
//! # Invariants of the code
//!
//! * Nothing outside [`syntax`] knows about indentation.
//! * A transform does no I/O. It sees no format and no other transform.
//! * Only [`files`], [`config`] and the loading of image entries in [`command`] touch the disk.
//! * Nothing prints but `main`, through the streams that it gives to [`command`].
//! * There is no `unsafe` code, and no `unwrap` on input.

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
pub mod json;
pub mod jsonpath;
mod nearest;
pub mod overlay;
pub mod paths;
pub mod pod_security;
pub mod project;
pub mod proof;
pub mod report;
mod shell;
pub mod syntax;
#[path = "../transforms/mod.rs"]
pub mod transforms;
pub(crate) mod units;
