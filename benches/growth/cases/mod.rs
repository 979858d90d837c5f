//! The cases: what grows, and what must come out.

mod compose;
mod config;
mod images;
mod kubernetes;
mod others;
mod yaml;

use std::fmt::Write as _;

/// One thing that grows.
pub(super) struct Case {
    pub(super) name: &'static str,
    /// The smallest size.
    pub(super) size: usize,
    pub(super) input: fn(usize) -> Input,
}

/// The files and the call, with the expected outcome.
pub(super) struct Input {
    /// Paths and texts.
    pub(super) files: Vec<(String, String)>,
    pub(super) args: Vec<String>,
    pub(super) stdin: String,
    /// The exit code.
    pub(super) code: i32,
    /// Words, and how often both outputs together have them.
    pub(super) has: Vec<(&'static str, usize)>,
}

pub(super) static ALL: &[&[Case]] = &[
    compose::CASES,
    kubernetes::CASES,
    config::CASES,
    yaml::CASES,
    images::CASES,
    others::CASES,
];

const fn case(name: &'static str, size: usize, input: fn(usize) -> Input) -> Case {
    Case { name, size, input }
}

impl Input {
    /// `harden --no-config NAME` over one file, with changes to make.
    fn file(name: &str, text: String) -> Self {
        Self {
            files: vec![(name.to_owned(), text)],
            args: vec!["--no-config".to_owned(), name.to_owned()],
            stdin: String::new(),
            code: 1,
            has: Vec::new(),
        }
    }

    fn compose(text: String) -> Self {
        Self::file("compose.yml", text)
    }

    fn manifest(text: String) -> Self {
        Self::file("pods.yaml", text)
    }

    fn and(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.files.push((name.into(), text.into()));
        self
    }

    fn and_each(mut self, files: impl IntoIterator<Item = (String, String)>) -> Self {
        self.files.extend(files);
        self
    }

    fn args<A: Into<String>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args = args.into_iter().map(Into::into).collect();
        self
    }

    fn code(mut self, code: i32) -> Self {
        self.code = code;
        self
    }

    /// A limit stops the command, and an error with these words says so once.
    fn refused(self, words: &'static str) -> Self {
        let mut input = self.code(2);
        input.has = vec![(words, 1)];
        input
    }

    /// The outputs have these words so many times.
    fn has(mut self, words: &'static str, times: usize) -> Self {
        self.has.push((words, times));
        self
    }
}

/// The text of each number below `n`, one after the other.
fn each(n: usize, text: impl Fn(usize) -> String) -> String {
    (0..n).fold(String::new(), |mut all, at| {
        all.push_str(&text(at));
        all
    })
}

/// A Deployment with one container.
fn deployment(name: &str) -> String {
    let mut text = String::new();
    let _ = write!(
        text,
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\nspec:\n  selector:\n    \
         matchLabels:\n      app: {name}\n  template:\n    metadata:\n      labels:\n        app: \
         {name}\n    spec:\n      containers:\n        - name: web\n          image: nginx:1.27\n"
    );
    text
}

/// A pod whose only container goes on with these lines.
fn pod(container: &str, spec: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: shop\nspec:\n{spec}  containers:\n    - name: \
         web\n      image: nginx:1.27\n{container}"
    )
}

/// What each service of a Compose file gets.
const COMPOSE_MARK: &str = "- no-new-privileges:true";
/// What each container of a pod gets.
const POD_MARK: &str = "allowPrivilegeEscalation: false";
