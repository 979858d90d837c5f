//! YAML with every byte in its place: text to tree, edits of the tree, and back to text.
//!
//! [`parse`] reads a text to a [`Tree`], whose nodes are spans of the text. An [`Editor`] collects
//! changes at paths and gives a [`Plan`] of byte edits, written in the style of the lines around
//! them. [`Plan::apply`] makes the new text. [`compare`] checks that the trees before and after
//! differ in what the plan says and in nothing else.
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
//! # What is read
//!
//! [`Mode::GoYaml`] accepts what go-yaml accepts, [`Mode::Strict`] what YAML 1.2.2 allows. The
//! types of plain scalars, merge keys and duplicate keys differ between versions of go-yaml:
//! every function that depends on them takes a [`Schema`].
//!
//! | schema | go-yaml | known readers |
//! |---|---|---|
//! | [`Schema::GoYamlV2`] | v2, as `sigs.k8s.io/yaml` has it | Kubernetes |
//! | [`Schema::GoYamlV4`] | v4 | Docker Compose |
//!
//! # Guarantees
//!
//! * No byte outside an edit changes. The tree holds spans of the source, and no copies of it.
//! * Time and memory are linear in the source. Aliases are never expanded.
//! * No input causes a panic. What cannot be read or edited is a typed error with a span.
//! * Everything is bounded by [`Limits`].
//!
//! The module uses no other module of this crate, and of other crates only `memchr` and
//! `thiserror`.

mod comment;
mod compare;
mod edit;
mod error;
mod lines;
mod parse;
mod resolve;
mod scalar;
mod tree;

pub use comment::Comment;
pub use compare::{Mismatch, compare};
pub use edit::{Checkpoint, Edit, Editor, Part, Plan, Refusal, Touched, Value, document};
pub use error::{SyntaxError, SyntaxErrorKind};
pub use lines::Lines;
pub use parse::{Limits, Mode, decode, parse};
pub use resolve::{Found, Scalar, Schema};
pub use tree::{Document, Kind, Node, NodeId, Props, Span, Style, Tree};
