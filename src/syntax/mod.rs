//! Parses YAML, and edits it without changing any other byte.
//!
//! [`parse()`] reads a text into a [`Tree`]; its nodes are spans of the text. An [`Editor`]
//! collects changes at paths and returns a [`Plan`] of byte edits in the style of the surrounding
//! lines. [`Plan::apply`] makes the new text. [`compare()`] checks that the trees before and after
//! differ only as the plan says.
//!
//! ```
//! use harden::syntax::{Editor, Limits, Mode, Schema, Value, compare, parse};
//!
//! let text = "# Shared by all jobs.\njobs:\n    build: {image: \"rust\"}   # pinned later\n";
//! let tree = parse(text, Mode::GoYaml, &Limits::default())?;
//! let root = tree.documents()[0].root;
//!
//! let mut editor = Editor::new(&tree, Schema::GoYamlV4);
//! editor.set(root, &["jobs", "build", "timeout"], Value::Int(60))?;
//! editor.push(root, &["jobs", "test", "needs"], Value::Str("build".to_owned()))?;
//! let plan = editor.finish();
//!
//! let changed = plan.apply(text);
//! assert_eq!(
//!     changed,
//!     "# Shared by all jobs.\njobs:\n    build: {image: \"rust\", timeout: 60}   # pinned later\n    \
//!      test:\n        needs:\n            - build\n"
//! );
//! compare(&tree, &plan, &parse(&changed, Mode::GoYaml, &Limits::default())?)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Accepted input
//!
//! [`Mode::GoYaml`] accepts the input that go-yaml accepts, [`Mode::Strict`] the input that YAML
//! 1.2.2 allows. Versions of go-yaml differ in the types of plain scalars, in merge keys and in
//! duplicate keys. Every function that depends on these takes a [`Schema`].
//!
//! | schema | go-yaml | known readers |
//! |---|---|---|
//! | [`Schema::GoYamlV2`] | v2 with `sigs.k8s.io/yaml` | Kubernetes |
//! | [`Schema::GoYamlV4`] | v4 | Docker Compose |
//!
//! # Guarantees
//!
//! * No byte outside an edit changes. The tree has spans of the source, not copies.
//! * Time and memory are linear in the source. Aliases are never expanded.
//! * No input causes a panic. Every failure is a typed error with a span.
//! * [`Limits`] bound the size, the nesting, the number of nodes and what aliases repeat.
//!
//! The module uses no other module of this crate. Its only dependencies are `memchr` and
//! `thiserror`.

mod aliases;
mod comment;
mod compare;
mod edit;
mod error;
mod keys;
mod lines;
mod parse;
mod resolve;
mod scalar;
mod tree;

pub use comment::Comment;
pub use compare::{Mismatch, compare};
pub use edit::{Checkpoint, Edit, Editor, Part, Plan, Refusal, Touched, Value, document};
pub use error::{SyntaxError, SyntaxErrorKind};
pub use parse::{Limits, Mode, decode, parse};
pub use resolve::{Found, Scalar, Schema};
pub use tree::{Document, Kind, Node, NodeId, Props, Span, Style, Tree};
