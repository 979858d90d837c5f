//! One revision of a repository: its files, and their content.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::program::{Dialogue, Program};
use super::{GitError, root_of};

/// The limit for the list of files, in bytes.
const LIST: u64 = 512 << 20;

/// A commit, and the list of its files.
#[derive(Debug)]
pub struct Revision {
    program: Program,
    root: PathBuf,
    name: String,
    commit: String,
    /// By path, with `/` between the names.
    entries: BTreeMap<Vec<u8>, Entry>,
    /// The commands that tell the size and the content of objects.
    objects: Mutex<Option<(Dialogue, Dialogue)>>,
}

/// A file of a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    kind: Kind,
    /// The object.
    id: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File,
    Link,
    /// A commit of another repository.
    Submodule,
}

impl Revision {
    /// The revision of this name, in the repository of the directory. The name is anything that
    /// git resolves to a commit: a branch, a tag, a hash, `HEAD~2`.
    ///
    /// # Errors
    ///
    /// There is no repository, no such revision, or no `git`.
    pub fn open(directory: &Path, name: &str) -> Result<Self, GitError> {
        // Git would read the first as an option. No revision has one of the others.
        if name.is_empty() || name.starts_with('-') || name.contains(char::is_control) {
            let name = name.to_owned();
            return Err(GitError::NotARevision { name });
        }
        let root = root_of(directory).ok_or_else(|| GitError::NoRepository {
            directory: directory.to_owned(),
        })?;
        let program = Program::find(&root)?;
        let commit = commit(&program, &root, name)?;
        let arguments = ["ls-tree", "-r", "-z", "--full-tree", &commit];
        let listed = program.output(&arguments, LIST)?;
        let Some(list) = &listed.text else {
            return Err(GitError::TooLarge {
                revision: name.to_owned(),
                what: "the list of files".to_owned(),
                limit: LIST,
            });
        };
        if !listed.is_success {
            return Err(listed.refusal());
        }
        Ok(Self {
            entries: list.split(|byte| *byte == 0).filter_map(entry).collect(),
            program,
            root,
            name: name.to_owned(),
            commit,
            objects: Mutex::default(),
        })
    }

    /// The name as given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The hash of the commit.
    #[must_use]
    pub fn commit(&self) -> &str {
        &self.commit
    }

    /// The root of the repository, without symbolic links.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The path from the root of the repository, for an absolute path.
    ///
    /// # Errors
    ///
    /// The path is outside of the repository.
    pub fn below_root<'p>(&self, path: &'p Path) -> Result<&'p Path, GitError> {
        path.strip_prefix(&self.root)
            .map_err(|_| GitError::Outside {
                path: path.to_owned(),
            })
    }

    /// Whether the revision has an entry at the path from the root.
    #[must_use]
    pub fn has(&self, path: &Path) -> bool {
        self.entries.contains_key(&bytes(path))
    }

    /// Whether the revision has files below the path from the root.
    #[must_use]
    pub fn has_directory(&self, path: &Path) -> bool {
        self.below(path).next().is_some()
    }

    /// The paths of all entries from the root, sorted. Names that are not UTF-8 are left out.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        let names = self.entries.keys();
        names.filter_map(|name| std::str::from_utf8(name).ok().map(Path::new))
    }

    /// The paths of the entries in a directory, which are not in directories below it.
    pub fn paths_in(&self, directory: &Path) -> impl Iterator<Item = &Path> {
        let paths = self.below(directory).filter_map(|(name, _)| {
            let path = std::str::from_utf8(name).ok();
            path.map(Path::new)
        });
        let depth = directory.components().count() + 1;
        paths.filter(move |path| path.components().count() == depth)
    }

    /// The paths that are not the same in both revisions, sorted.
    #[must_use]
    pub fn changed(&self, other: &Self) -> Vec<PathBuf> {
        let own = self.entries.iter();
        let own = own.filter(|(path, entry)| other.entries.get(*path) != Some(*entry));
        let new = other.entries.keys();
        let new = new.filter(|path| !self.entries.contains_key(*path));
        let mut names: Vec<&Vec<u8>> = own.map(|(path, _)| path).chain(new).collect();
        names.sort_unstable();
        let names = names.into_iter();
        names
            .filter_map(|name| Some(PathBuf::from(std::str::from_utf8(name).ok()?)))
            .collect()
    }

    /// The bytes of the file at the path from the root; `None` if there is none. No filter and no
    /// conversion of line ends runs.
    ///
    /// # Errors
    ///
    /// The path is a link or a submodule, the file is over the limit, or git cannot read it.
    pub fn read(&self, path: &Path, limit: u64) -> Result<Option<Vec<u8>>, GitError> {
        let Some(Entry { kind, id }) = self.entries.get(&bytes(path)) else {
            return Ok(None);
        };
        let kind = match kind {
            Kind::File => None,
            Kind::Link => Some("a symbolic link"),
            Kind::Submodule => Some("a submodule"),
        };
        if let Some(kind) = kind {
            return Err(GitError::NotAFile {
                revision: self.name.clone(),
                path: path.display().to_string(),
                kind,
            });
        }
        let mut objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        let mut pair = match objects.take() {
            Some(pair) => pair,
            None => (
                self.program.dialogue(&["cat-file", "--batch-check"])?,
                self.program.dialogue(&["cat-file", "--batch"])?,
            ),
        };
        let read = self.object(&mut pair, id, path, limit);
        // After an error of the pipe, the next answer could belong to an earlier question.
        if !matches!(read, Err(GitError::Unusable { .. })) {
            *objects = Some(pair);
        }
        read.map(Some)
    }

    fn object(
        &self,
        (sizes, contents): &mut (Dialogue, Dialogue),
        id: &str,
        path: &Path,
        limit: u64,
    ) -> Result<Vec<u8>, GitError> {
        let missing = || GitError::Missing {
            revision: self.name.clone(),
            path: path.display().to_string(),
        };
        // The size comes first, so that no large object is unpacked.
        let size = size(&sizes.ask(id)?).ok_or_else(missing)?;
        if size > limit {
            return Err(GitError::TooLarge {
                revision: self.name.clone(),
                what: path.display().to_string(),
                limit,
            });
        }
        let told = self::size(&contents.ask(id)?);
        let told = told.filter(|told| *told == size).ok_or_else(missing)?;
        contents.bytes(usize::try_from(told).map_err(|_| missing())?)
    }

    fn below(&self, directory: &Path) -> impl Iterator<Item = (&Vec<u8>, &Entry)> {
        let mut start = bytes(directory);
        if !start.is_empty() {
            start.push(b'/');
        }
        let entries = self.entries.range(start.clone()..);
        entries.take_while(move |(path, _)| path.starts_with(&start))
    }
}

/// The hash of the commit.
fn commit(program: &Program, root: &Path, name: &str) -> Result<String, GitError> {
    // A repository that git cannot use must not look like an unknown revision.
    let repository = program.output(&["rev-parse", "--git-dir"], 1 << 16)?;
    if !repository.is_success {
        return Err(repository.refusal());
    }
    let wanted = format!("{name}^{{commit}}");
    let resolved = program.output(&["rev-parse", "--verify", "--quiet", &wanted], 1 << 16)?;
    let text = String::from_utf8(resolved.text.clone().unwrap_or_default());
    let hash = text.unwrap_or_default().trim().to_owned();
    if resolved.is_success && is_hash(&hash) {
        return Ok(hash);
    }
    let arguments = ["rev-parse", "--is-shallow-repository"];
    let shallow = program.output(&arguments, 1 << 16)?.text;
    Err(GitError::Unknown {
        name: name.to_owned(),
        is_shallow: shallow.is_some_and(|text| text.starts_with(b"true"))
            || root.join(".git/shallow").exists(),
    })
}

/// A line of `ls-tree`: the mode, the type, the object, and after a tab the path.
fn entry(line: &[u8]) -> Option<(Vec<u8>, Entry)> {
    let tab = line.iter().position(|byte| *byte == b'\t')?;
    let (head, path) = (line.get(..tab)?, line.get(tab + 1..)?);
    let mut words = std::str::from_utf8(head).ok()?.split(' ');
    let (mode, kind, id) = (words.next()?, words.next()?, words.next()?);
    let kind = match (kind, mode) {
        ("commit", _) => Kind::Submodule,
        (_, "120000") => Kind::Link,
        _ => Kind::File,
    };
    let id = is_hash(id).then(|| id.to_owned())?;
    Some((path.to_owned(), Entry { kind, id }))
}

/// The size in an answer of `cat-file`: the object, the type, the size.
fn size(answer: &str) -> Option<u64> {
    let mut words = answer.split(' ');
    let (_, kind, size) = (words.next()?, words.next()?, words.next()?);
    (kind == "blob").then(|| size.parse().ok()).flatten()
}

fn is_hash(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The path as git writes it.
fn bytes(path: &Path) -> Vec<u8> {
    let mut out = Vec::new();
    for part in path.components() {
        if let Component::Normal(name) = part {
            if !out.is_empty() {
                out.push(b'/');
            }
            out.extend_from_slice(name.as_encoded_bytes());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use super::*;

    fn git(directory: &Path, arguments: &[&str]) {
        let status = Command::new("git")
            .args(["-c", "user.name=x", "-c", "user.email=x@example.org"])
            .args([
                "-c",
                "init.defaultBranch=main",
                "-c",
                "protocol.file.allow=always",
            ])
            .args(arguments)
            .current_dir(directory)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()
            .unwrap();
        assert!(status.status.success(), "{arguments:?}: {status:?}");
    }

    fn write(directory: &Path, name: &str, text: &str) {
        let path = directory.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn commit(directory: &Path) {
        git(directory, &["add", "--all", "--force"]);
        git(
            directory,
            &["commit", "--quiet", "--allow-empty", "--message", "x"],
        );
    }

    fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
        let here = tempfile::tempdir().unwrap();
        git(here.path(), &["init", "--quiet"]);
        for (name, text) in files {
            write(here.path(), name, text);
        }
        commit(here.path());
        here
    }

    fn text(revision: &Revision, path: &str) -> Option<String> {
        let bytes = revision.read(Path::new(path), 1 << 20).unwrap();
        bytes.map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn a_revision_has_its_files_whatever_the_checkout_has() {
        let here = repository(&[("a.yml", "one"), ("deploy/b.yml", "two"), ("é \n", "three")]);
        git(here.path(), &["tag", "old"]);
        write(here.path(), "a.yml", "changed");
        write(here.path(), "new.yml", "");
        fs::remove_file(here.path().join("deploy/b.yml")).unwrap();
        commit(here.path());
        let below = Revision::open(&here.path().join("deploy"), "old").unwrap();
        assert_eq!(text(&below, "a.yml").as_deref(), Some("one"));
        let old = Revision::open(here.path(), "old").unwrap();
        let new = Revision::open(here.path(), "HEAD~0").unwrap();
        assert_eq!(old.commit().len(), 40);
        assert_eq!(text(&old, "a.yml").as_deref(), Some("one"));
        assert_eq!(text(&new, "./a.yml").as_deref(), Some("changed"));
        assert_eq!(text(&old, "deploy/b.yml").as_deref(), Some("two"));
        assert_eq!(text(&old, "é \n").as_deref(), Some("three"));
        assert_eq!(text(&old, "new.yml"), None);
        assert!(old.has(Path::new("a.yml")) && !old.has(Path::new("deploy")));
        assert!(old.has_directory(Path::new("deploy")) && !old.has_directory(Path::new("dep")));
        let inside: Vec<_> = old.paths_in(Path::new("deploy")).collect();
        assert_eq!(inside, [Path::new("deploy/b.yml")]);
        assert_eq!(old.paths_in(Path::new("")).count(), 2);
        let changed = [
            Path::new("a.yml"),
            Path::new("deploy/b.yml"),
            Path::new("new.yml"),
        ];
        assert_eq!(old.changed(&new), changed);
        assert_eq!(new.changed(&old), changed);
        assert!(old.changed(&old).is_empty());
    }

    #[test]
    fn a_name_is_a_revision_and_no_option() {
        let here = repository(&[]);
        for name in ["", "-h", "--output=x", "--all", "a\nb"] {
            let opened = Revision::open(here.path(), name);
            assert!(
                matches!(opened, Err(GitError::NotARevision { .. })),
                "{name}"
            );
        }
        for name in ["none", "^HEAD", "HEAD..HEAD", "HEAD:x", ":x", "HEAD HEAD"] {
            let opened = Revision::open(here.path(), name);
            assert!(matches!(opened, Err(GitError::Unknown { .. })), "{name}");
        }
    }

    #[test]
    fn only_regular_files_below_the_limit_are_read() {
        let here = repository(&[("a.yml", "0123456789")]);
        std::os::unix::fs::symlink("/etc/passwd", here.path().join("link")).unwrap();
        git(here.path(), &["clone", "--quiet", ".", "module"]);
        commit(here.path());
        let revision = Revision::open(here.path(), "HEAD").unwrap();
        let read = |path: &str, limit| revision.read(Path::new(path), limit);
        assert!(matches!(read("a.yml", 9), Err(GitError::TooLarge { .. })));
        assert_eq!(read("a.yml", 10).unwrap().unwrap().len(), 10);
        for path in ["link", "module"] {
            assert!(
                matches!(read(path, 9), Err(GitError::NotAFile { .. })),
                "{path}"
            );
        }
        assert_eq!(read("module/a.yml", 9).unwrap(), None);
    }

    #[test]
    fn the_configuration_of_a_repository_runs_nothing() {
        let here = repository(&[("a.yml", "one"), (".gitattributes", "* diff=x filter=x\n")]);
        let trap = here.path().join("trap");
        let touch = format!("touch {}", trap.display());
        for key in [
            "core.fsmonitor",
            "core.sshCommand",
            "core.pager",
            "core.editor",
            "core.alternateRefsCommand",
            "credential.helper",
            "diff.external",
            "diff.x.textconv",
            "filter.x.smudge",
            "filter.x.clean",
            "filter.x.process",
            "uploadpack.packObjectsHook",
        ] {
            git(here.path(), &["config", key, &touch]);
        }
        git(here.path(), &["config", "pager.ls-tree", &touch]);
        git(
            here.path(),
            &["config", "alias.ls-tree", &format!("!{touch}")],
        );
        let revision = Revision::open(here.path(), "HEAD").unwrap();
        assert_eq!(text(&revision, "a.yml").as_deref(), Some("one"));
        assert!(!trap.exists());
    }

    #[test]
    fn a_partial_clone_fetches_nothing() {
        let origin = repository(&[("a.yml", "one")]);
        git(origin.path(), &["config", "uploadpack.allowFilter", "true"]);
        let clone = tempfile::tempdir().unwrap();
        let url = format!("file://{}", origin.path().display());
        git(
            clone.path(),
            &[
                "clone",
                "--quiet",
                "--no-checkout",
                "--filter=blob:none",
                &url,
                ".",
            ],
        );
        let trap = clone.path().join("trap");
        let touch = format!("touch {}; git-upload-pack", trap.display());
        git(
            clone.path(),
            &["config", "remote.origin.uploadpack", &touch],
        );
        let revision = Revision::open(clone.path(), "origin/main").unwrap();
        let read = revision.read(Path::new("a.yml"), 9);
        assert!(matches!(read, Err(GitError::Missing { .. })), "{read:?}");
        assert!(!trap.exists());
    }

    #[test]
    fn a_shallow_clone_is_named_in_the_error() {
        let origin = repository(&[("a.yml", "one")]);
        git(origin.path(), &["tag", "old"]);
        commit(origin.path());
        let clone = tempfile::tempdir().unwrap();
        let url = format!("file://{}", origin.path().display());
        git(
            clone.path(),
            &["clone", "--quiet", "--depth=1", "--no-tags", &url, "."],
        );
        for name in ["old", "HEAD~1"] {
            let opened = Revision::open(clone.path(), name);
            let is_shallow = matches!(
                opened,
                Err(GitError::Unknown {
                    is_shallow: true,
                    ..
                })
            );
            assert!(is_shallow, "{name}");
        }
        assert!(Revision::open(clone.path(), "HEAD").is_ok());
    }

    #[test]
    fn the_repository_is_the_one_of_the_directory() {
        let outer = repository(&[("a.yml", "outer")]);
        // Git would go on to the outer repository.
        fs::create_dir_all(outer.path().join("inner/.git")).unwrap();
        let opened = Revision::open(&outer.path().join("inner"), "HEAD");
        assert!(
            matches!(opened, Err(GitError::Refused { .. })),
            "{opened:?}"
        );
        // A worktree has a file `.git`.
        git(
            outer.path(),
            &["worktree", "add", "--quiet", "tree", "-b", "other"],
        );
        let revision = Revision::open(&outer.path().join("tree"), "main").unwrap();
        assert_eq!(text(&revision, "a.yml").as_deref(), Some("outer"));
    }
}
