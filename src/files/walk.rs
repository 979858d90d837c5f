//! Finds the files of a call, and reads them.
//!
//! A named file is always read. In a directory, the walk finds the YAML files, JSON files and units
//! that no ignore file excludes. The walk follows symbolic links within the repository, because the
//! consumers of the files do. It finds each target once, and reports the links that lead outside
//! (`files/links`).

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ignore::{DirEntry, WalkBuilder, WalkState};
use memchr::memmem;

use super::ignores::Ignores;
use super::links::{Links, Target};
use super::{Excluded, FileError, Names, Revision, root_of};
use crate::dialect;
use crate::paths::normalized;
use crate::project::{Source, Surroundings, Unread};
use crate::syntax::{self, Limits, Mode};

/// The files of a call.
#[derive(Debug, Default)]
pub struct Found {
    /// The files in the order of the arguments, and sorted below each of them.
    pub files: Vec<Entry>,
    /// The paths that could not be found or walked.
    pub errors: Vec<(PathBuf, FileError)>,
    /// What the lines of ignore files exclude.
    pub excluded: Vec<Excluded>,
    /// Paths that are left alone although a consumer could take them, each with the reason.
    pub left_alone: Vec<(PathBuf, &'static str)>,
}

/// A file to read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The path as given on the command line or found by the walk.
    pub path: PathBuf,
    /// The command line names the file itself.
    pub named: bool,
}

/// The files on disk. A reference can only reach files in the project of the referencing file.
#[derive(Clone, Debug)]
pub struct Disk {
    /// The directory of the run.
    pub directory: PathBuf,
    names: Arc<Names>,
}

impl Disk {
    /// The files for a run in this directory.
    #[must_use]
    pub fn new(directory: &Path) -> Self {
        Self {
            names: Arc::new(Names::new(directory)),
            directory: directory.to_owned(),
        }
    }

    /// The root of the project: the repository that contains the file. Without a repository, it is
    /// the directory of the run if the file is below it, otherwise the directory of the file.
    fn root(&self, from: &Path) -> Option<PathBuf> {
        let own = self.directory.join(from).canonicalize().ok()?;
        let own = own.parent()?;
        if let Some(repository) = root_of(own) {
            return Some(repository);
        }
        let here = self.directory.canonicalize().ok()?;
        Some(if own.starts_with(&here) {
            here
        } else {
            own.to_owned()
        })
    }

    /// The path with all symbolic links resolved, if the target is in the project.
    fn real(&self, from: &Path, path: &Path) -> Result<PathBuf, Unread> {
        // Most files that are looked for do not exist.
        let named = self.directory.join(path);
        if fs::symlink_metadata(&named).is_err() {
            return Err(Unread::Missing);
        }
        let root = self.root(from).ok_or(Unread::Missing)?;
        // Links are resolved before the check, so no link leads outside the project.
        let real = named.canonicalize().map_err(|_| Unread::Missing)?;
        if real.starts_with(&root) {
            Ok(real)
        } else {
            Err(Unread::Outside)
        }
    }
}

impl Surroundings for Disk {
    fn read(&self, from: &Path, path: &Path) -> Result<String, Unread> {
        let real = self.real(from, path)?;
        let limit = u64::from(Limits::default().bytes);
        match fs::metadata(&real) {
            Ok(metadata) if metadata.is_file() && metadata.len() <= limit => {}
            Ok(_) => return Err(Unread::NotText),
            Err(_) => return Err(Unread::Missing),
        }
        let mut bytes = Vec::new();
        File::open(&real)
            .and_then(|file| file.take(limit).read_to_end(&mut bytes))
            .map_err(|_| Unread::Missing)?;
        String::from_utf8(bytes).map_err(|_| Unread::NotText)
    }

    fn project(&self, from: &Path) -> Option<PathBuf> {
        self.root(from)
    }

    fn name(&self, path: &Path) -> PathBuf {
        self.names.of(path)
    }

    fn place(&self, path: &Path) -> PathBuf {
        normalized(&self.directory.join(path))
    }

    fn siblings(&self, from: &Path) -> Vec<PathBuf> {
        let directory = from.parent().unwrap_or(Path::new(""));
        let root = self.directory.join(directory);
        let here = real_path(&self.directory);
        let ignores = Arc::new(Ignores::new(&real_path(&root), &here, None));
        let mut paths: Vec<PathBuf> = builder(&root, &ignores)
            .max_depth(Some(1))
            .build()
            .filter_map(Result::ok)
            .filter(|entry| is_candidate(entry) && !has_extension(entry.path(), "container"))
            .map(|entry| directory.join(entry.file_name()))
            .collect();
        paths.sort_unstable();
        paths
    }

    fn drop_ins(&self, unit: &Path) -> Vec<PathBuf> {
        let (Some(stem), Some(directory)) =
            (unit.file_stem().and_then(OsStr::to_str), unit.parent())
        else {
            return Vec::new();
        };
        // Podman `pkg/systemd/parser/unitfile.go`, `GetUnitDropinPaths`.
        let instance = stem.find('@').map(|at| &stem[..=at]);
        let dashes = stem.match_indices('-').map(|(at, _)| &stem[..=at]);
        let names = dashes.chain(instance).chain([stem]);
        let names = names.map(|name| format!("{name}.container.d"));
        let mut found: Vec<PathBuf> = names
            .chain(["container.d".to_owned()])
            .filter_map(|name| fs::read_dir(self.directory.join(directory).join(name)).ok())
            .flatten()
            .filter_map(|entry| Some(directory.join(entry.ok()?.path())))
            .filter(|path| has_extension(path, "conf"))
            .collect();
        found.sort_unstable();
        found
    }

    fn is_closed(&self, from: &Path, path: &Path) -> bool {
        /// The number of files in a directory that are checked.
        const FILES: usize = 256;
        let Ok(real) = self.real(from, path) else {
            return false;
        };
        let Ok(metadata) = fs::metadata(&real) else {
            return false;
        };
        let inside = fs::read_dir(&real).into_iter().flatten().take(FILES);
        let mut inside = inside.filter_map(|entry| entry.ok()?.metadata().ok());
        is_for_owner(&metadata)
            || inside.any(|metadata| metadata.is_file() && is_for_owner(&metadata))
    }
}

#[cfg(unix)]
fn is_for_owner(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let needed = if metadata.is_dir() { 0o5 } else { 0o4 };
    metadata.permissions().mode() & needed != needed
}

#[cfg(not(unix))]
fn is_for_owner(_: &fs::Metadata) -> bool {
    false
}

/// Finds the files that the arguments name, each once. `seen` counts the files found so far.
#[must_use]
pub fn find(arguments: &[PathBuf], seen: &AtomicUsize) -> Found {
    find_with(arguments, None, seen)
}

/// The same with the ignore files of a base revision.
pub(crate) fn find_with(
    arguments: &[PathBuf],
    base: Option<&Arc<Revision>>,
    seen: &AtomicUsize,
) -> Found {
    let mut found = Found::default();
    let mut entries = Vec::new();
    for argument in arguments {
        match fs::metadata(argument) {
            Ok(metadata) if metadata.is_dir() => {
                walk(argument, base, seen, &mut found, &mut entries);
            }
            Ok(_) => entries.push(named(argument, seen)),
            Err(source) => found.errors.push(missing(argument, source)),
        }
    }
    if arguments.len() > 1 {
        keep_first(&mut entries);
    }
    found.files = entries;
    found
}

/// The files of one project in the given order; none of them if one is missing.
#[must_use]
pub fn together(files: &[PathBuf], seen: &AtomicUsize) -> Found {
    let mut found = Found::default();
    let mut group = Vec::new();
    for file in files {
        match fs::metadata(file) {
            Ok(_) => group.push(named(file, seen)),
            Err(source) => found.errors.push(missing(file, source)),
        }
    }
    if found.errors.is_empty() {
        keep_first(&mut group);
        found.files = group;
    }
    found
}

fn named(file: &Path, seen: &AtomicUsize) -> Entry {
    seen.fetch_add(1, Ordering::Relaxed);
    Entry {
        path: resolve_parents(file),
        named: true,
    }
}

fn missing(path: &Path, source: io::Error) -> (PathBuf, FileError) {
    let path = path.to_owned();
    (path.clone(), FileError::Read { path, source })
}

/// Reads the bytes of a file. The result is `None` if the walk found the file and its content shows
/// that it has none of the formats.
///
/// # Errors
///
/// [`FileError::Read`] and [`FileError::TooLarge`].
pub fn read(entry: Entry) -> Result<Option<Source>, FileError> {
    let Entry { path, named } = entry;
    let limit = u64::from(Limits::default().bytes);
    let mut bytes = Vec::new();
    let read = File::open(&path).and_then(|file| {
        let len = file.metadata()?.len();
        if len > limit {
            return Ok(len);
        }
        bytes.reserve_exact(usize::try_from(len).unwrap_or(0));
        file.take(limit + 1)
            .read_to_end(&mut bytes)
            .map(|len| len as u64)
    });
    match read {
        Ok(len) if len > limit => Err(FileError::TooLarge {
            path,
            bytes: len,
            limit,
        }),
        Ok(_) if !named && !can_be_ours(&path, &bytes) => Ok(None),
        Ok(_) => Ok(Some(Source { path, bytes })),
        Err(source) => Err(FileError::Read { path, source }),
    }
}

/// Reads files that are not hardened themselves, such as those of `--env-file`. Each text comes
/// with its path.
///
/// # Errors
///
/// The first file that cannot be read or is too large, with the reason.
pub fn read_texts(files: &[PathBuf]) -> Result<Vec<(PathBuf, String)>, (PathBuf, FileError)> {
    let limit = u64::from(Limits::default().bytes);
    let text = |path: &PathBuf| {
        let mut text = String::new();
        let read = File::open(path).and_then(|file| file.take(limit + 1).read_to_string(&mut text));
        match read {
            Ok(len) if len as u64 > limit => {
                let path = path.clone();
                let bytes = len as u64;
                Err((path.clone(), FileError::TooLarge { path, bytes, limit }))
            }
            Ok(_) => Ok((path.clone(), text)),
            Err(source) => Err(missing(path, source)),
        }
    };
    files.iter().map(text).collect()
}

/// Reads standard input as the file `-`.
///
/// # Errors
///
/// [`FileError::Read`], and [`FileError::TooLarge`] if 32 bits cannot count the bytes.
pub fn read_stdin(input: impl Read) -> Result<Source, FileError> {
    let path = PathBuf::from("-");
    let limit = u64::from(u32::MAX);
    let mut bytes = Vec::new();
    match input.take(limit + 1).read_to_end(&mut bytes) {
        Ok(len) if len as u64 > limit => Err(FileError::TooLarge {
            path,
            bytes: len as u64,
            limit,
        }),
        Ok(_) => Ok(Source { path, bytes }),
        Err(source) => Err(FileError::Read { path, source }),
    }
}

fn walk(
    root: &Path,
    base: Option<&Arc<Revision>>,
    seen: &AtomicUsize,
    found: &mut Found,
    entries: &mut Vec<Entry>,
) {
    let mut links = Links::new(real_path(root), real_path(Path::new(".")));
    let mut open = vec![root.to_owned()];
    while let Some(root) = open.pop() {
        let Walked {
            mut paths,
            links: mut own,
        } = walk_one(&root, base, seen, found, &mut links);
        own.sort_unstable();
        for path in own {
            match links.follow(&path) {
                Target::File if is_candidate_name(&path) => {
                    seen.fetch_add(1, Ordering::Relaxed);
                    paths.push(path);
                }
                Target::Directory => open.push(path),
                Target::Outside(why) => found.left_alone.push((shown(path), why)),
                Target::Other(why) if is_candidate_name(&path) => {
                    found.left_alone.push((shown(path), why));
                }
                Target::File | Target::Other(_) | Target::Known => {}
            }
        }
        paths.sort_unstable();
        entries.extend(paths.into_iter().map(|path| Entry {
            path: shown(path),
            named: false,
        }));
    }
    found.left_alone.sort_unstable();
}

/// What the walk of one directory finds.
#[derive(Default)]
struct Walked {
    paths: Vec<PathBuf>,
    /// Symbolic links, and files that are not regular.
    links: Vec<PathBuf>,
}

fn walk_one(
    root: &Path,
    base: Option<&Arc<Revision>>,
    seen: &AtomicUsize,
    found: &mut Found,
    links: &mut Links,
) -> Walked {
    let here = real_path(Path::new("."));
    let ignores = Arc::new(Ignores::new(&real_path(root), &here, base.cloned()));
    let walked = Mutex::new((Walked::default(), Vec::new()));
    builder(root, &ignores).build_parallel().run(|| {
        Box::new(|entry| {
            let mut walked = walked.lock().unwrap_or_else(PoisonError::into_inner);
            match entry {
                Ok(entry) if is_candidate(&entry) => {
                    seen.fetch_add(1, Ordering::Relaxed);
                    walked.0.paths.push(entry.into_path());
                }
                Ok(entry) if entry.depth() > 0 && is_special(&entry) => {
                    walked.0.links.push(entry.into_path());
                }
                Ok(_) => {}
                Err(error) => walked.1.push(trouble(root, error)),
            }
            WalkState::Continue
        })
    });
    let (walked, mut troubles) = walked.into_inner().unwrap_or_else(PoisonError::into_inner);
    troubles.sort_by(|left, right| left.0.cmp(&right.0));
    let (excluded, errors) = ignores.finish();
    found.errors.append(&mut troubles);
    let errors = errors.into_iter().map(|error| (root.to_owned(), error));
    found.errors.extend(errors);
    found.excluded.extend(excluded);
    links.add(real_path(root), ignores);
    walked
}

/// The path without a leading `.`.
fn shown(path: PathBuf) -> PathBuf {
    match path.strip_prefix(".") {
        Ok(below) => below.to_owned(),
        Err(_) => path,
    }
}

/// A walk of `root` without what the ignore files exclude. The crate itself reads none of them.
fn builder(root: &Path, ignores: &Arc<Ignores>) -> WalkBuilder {
    let (given, real) = (root.to_owned(), real_path(root));
    let ignores = Arc::clone(ignores);
    let mut builder = WalkBuilder::new(root);
    builder.standard_filters(false).filter_entry(move |entry| {
        match entry.path().strip_prefix(&given) {
            // This also skips a `.git` directory that the command line names.
            _ if is_of_version_control(entry) => false,
            Ok(below) if entry.depth() > 0 => {
                let is_directory = entry.file_type().is_some_and(|kind| kind.is_dir());
                let is_link =
                    is_special(entry) && (is_candidate_name(entry.path()) || entry.path().is_dir());
                let counts = is_directory || is_link || is_candidate(entry);
                !ignores.excludes(&real.join(below), is_directory, counts)
            }
            _ => true,
        }
    });
    builder
}

pub(super) fn real_path(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

fn is_candidate(entry: &DirEntry) -> bool {
    let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
    is_file && is_candidate_name(entry.path())
}

/// Whether the entry is a symbolic link, a pipe or a device.
fn is_special(entry: &DirEntry) -> bool {
    let kind = entry.file_type();
    kind.is_some_and(|kind| !kind.is_file() && !kind.is_dir())
}

pub(crate) fn is_candidate_name(path: &Path) -> bool {
    dialect::is_kustomization(path)
        || ["yml", "yaml", "json", "container"]
            .iter()
            .any(|known| has_extension(path, known))
}

/// Whether the entry is the directory of a version control system, which has no files to deploy.
fn is_of_version_control(entry: &DirEntry) -> bool {
    let name = entry.file_name();
    let is_directory = entry.file_type().is_some_and(|kind| kind.is_dir());
    name == ".git" || is_directory && [".hg", ".svn", ".jj"].iter().any(|known| name == *known)
}

/// Whether the name ends with a dot and the extension. `.yaml` does, because `kubectl` reads it.
fn has_extension(path: &Path, extension: &str) -> bool {
    let name = path.file_name().map(OsStr::as_encoded_bytes);
    name.and_then(|name| Some(&name[memchr::memrchr(b'.', name)? + 1..]))
        .is_some_and(|own| own.eq_ignore_ascii_case(extension.as_bytes()))
}

/// Whether a JSON file contains the keys of a format, or a `.container` file the section of a
/// Quadlet unit. Repositories contain many such files of other programs.
///
/// No file without UTF-8 is skipped: its consumer may decode UTF-16.
fn can_be_ours(path: &Path, bytes: &[u8]) -> bool {
    if syntax::decode(bytes).is_err() {
        return true;
    }
    let has = |key: &str| memmem::find(bytes, key.as_bytes()).is_some();
    if has_extension(path, "json") {
        // The consumers read the file as YAML, which needs no quotes and knows more escapes. A file
        // of another program need not be YAML.
        let is_plain = has("\"services\"") || has("\"apiVersion\"") && has("\"kind\"");
        let may_be = || has("services") || has("apiVersion") || has("\\u00") || has("\\x");
        is_plain || may_be() && is_yaml(bytes)
    } else {
        !has_extension(path, "container") || has("[Container]")
    }
}

fn is_yaml(bytes: &[u8]) -> bool {
    syntax::decode(bytes)
        .is_ok_and(|text| syntax::parse(text, Mode::GoYaml, &Limits::default()).is_ok())
}

/// Splits an error of the walk into the path and the error of the system.
fn trouble(root: &Path, error: ignore::Error) -> (PathBuf, FileError) {
    match error {
        ignore::Error::WithDepth { err, .. } => trouble(root, *err),
        ignore::Error::WithPath { path, err } => trouble(&path, *err),
        ignore::Error::Io(source) => {
            let path = root.to_owned();
            (path.clone(), FileError::Read { path, source })
        }
        error => {
            let path = root.to_owned();
            let source = Box::new(error);
            (path.clone(), FileError::Walk { path, source })
        }
    }
}

/// Resolves each `..` that follows a name through the file system, because the name may be a
/// symbolic link.
fn resolve_parents(path: &Path) -> PathBuf {
    let climbs = path
        .components()
        .skip_while(|part| *part == Component::ParentDir)
        .any(|part| part == Component::ParentDir);
    if climbs
        && let (Some(parent), Some(name)) = (path.parent(), path.file_name())
        && let Ok(parent) = parent.canonicalize()
    {
        return parent.join(name);
    }
    path.strip_prefix(".").unwrap_or(path).to_owned()
}

/// Keeps each file only at its first position, also if several paths lead to it.
fn keep_first(entries: &mut Vec<Entry>) {
    let mut directories = HashMap::new();
    let mut known = HashSet::new();
    entries.retain(|entry| {
        let real = if entry.named || entry.path.is_symlink() {
            entry.path.canonicalize()
        } else {
            // The walk follows no links below a root, so the directory of a file is its real one.
            let parent = entry.path.parent().unwrap_or(Path::new(""));
            let real = directories.entry(parent.to_owned()).or_insert_with(|| {
                if parent.as_os_str().is_empty() {
                    Path::new(".").canonicalize().ok()
                } else {
                    parent.canonicalize().ok()
                }
            });
            match (real, entry.path.file_name()) {
                (Some(real), Some(name)) => Ok(real.join(name)),
                _ => Err(io::ErrorKind::NotFound.into()),
            }
        };
        known.insert(real.unwrap_or_else(|_| entry.path.clone()))
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory with these files in it, each with its text.
    fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        directory
    }

    /// The files below the directory, by their names.
    fn found(directory: &Path, arguments: &[&str]) -> Vec<String> {
        let arguments: Vec<_> = arguments.iter().map(|name| directory.join(name)).collect();
        find(&arguments, &AtomicUsize::new(0))
            .files
            .iter()
            .map(|entry| {
                let path = entry.path.strip_prefix(directory).unwrap();
                path.to_str().unwrap().to_owned()
            })
            .collect()
    }

    #[test]
    fn a_directory_gives_its_files_in_order() {
        let here = directory(&[
            ("b.yml", ""),
            ("a/z.yaml", ""),
            ("a/b.JSON", ""),
            ("c.txt", ""),
            (".hidden/x.yml", ""),
            (".yaml", ""),
            ("..json", ""),
            (".git/x.yml", ""),
            (".hg/x.yml", ""),
            (".svn/x.yml", ""),
            (".jj/x.yml", ""),
        ]);
        assert_eq!(
            found(here.path(), &["."]),
            [
                "..json",
                ".hidden/x.yml",
                ".yaml",
                "a/b.JSON",
                "a/z.yaml",
                "b.yml"
            ]
        );
    }

    #[test]
    fn references_are_read_only_within_the_project() {
        let here = directory(&[
            ("project/.git/HEAD", ""),
            ("project/deploy/compose.yml", ""),
            ("project/base.yml", "base"),
            ("secret.yml", "secret"),
        ]);
        std::os::unix::fs::symlink("../secret.yml", here.path().join("project/link.yml")).unwrap();
        let disk = Disk::new(here.path());
        let read = |path: &str| disk.read(Path::new("project/deploy/compose.yml"), Path::new(path));
        assert_eq!(read("project/deploy/../base.yml").as_deref(), Ok("base"));
        assert_eq!(
            read("project/deploy/../../secret.yml"),
            Err(Unread::Outside)
        );
        assert_eq!(read("project/link.yml"), Err(Unread::Outside));
        assert_eq!(read("project/none.yml"), Err(Unread::Missing));
        assert_eq!(read("project"), Err(Unread::NotText));
    }

    #[test]
    fn ignore_files_apply_unless_the_file_is_named() {
        let here = directory(&[
            (".ignore", "b.yml\n"),
            (".hardenignore", "c.yml\n"),
            ("a.yml", ""),
            ("b.yml", ""),
            ("c.yml", ""),
        ]);
        assert_eq!(found(here.path(), &["."]), ["a.yml"]);
        assert_eq!(found(here.path(), &["b.yml", "."]), ["b.yml", "a.yml"]);
    }

    #[test]
    fn a_file_with_several_names_is_read_once() {
        let here = directory(&[("a.yml", "")]);
        std::os::unix::fs::symlink("a.yml", here.path().join("link.yml")).unwrap();
        std::os::unix::fs::symlink(".", here.path().join("loop")).unwrap();
        assert_eq!(found(here.path(), &["."]), ["a.yml"]);
        assert_eq!(found(here.path(), &["link.yml"]), ["link.yml"]);
        assert_eq!(
            found(here.path(), &["link.yml", "a.yml", "."]),
            ["link.yml"]
        );
    }

    #[test]
    fn other_json_is_skipped_unless_it_is_named() {
        let here = directory(&[
            ("package.json", r#"{"name": "shop"}"#),
            ("pod.json", r#"{"kind": "Pod", "apiVersion": "v1"}"#),
        ]);
        let given = |name: &str, named| {
            let path = here.path().join(name);
            read(Entry { path, named }).unwrap().is_some()
        };
        assert!(!given("package.json", false));
        assert!(given("package.json", true));
        assert!(given("pod.json", false));
    }

    #[test]
    fn missing_files_are_reported() {
        let here = directory(&[]);
        let found = find(&[here.path().join("no.yml")], &AtomicUsize::new(0));
        assert!(found.files.is_empty());
        assert!(matches!(found.errors[..], [(_, FileError::Read { .. })]));
    }

    #[test]
    fn a_parent_after_a_link_is_resolved_by_the_system() {
        let here = directory(&[("far/away/x.yml", ""), ("far/a.yml", "")]);
        std::os::unix::fs::symlink("far/away", here.path().join("link")).unwrap();
        let real = here.path().canonicalize().unwrap();
        assert_eq!(
            resolve_parents(&here.path().join("link/../a.yml")),
            real.join("far/a.yml")
        );
        assert_eq!(resolve_parents(Path::new("./a.yml")), Path::new("a.yml"));
        assert_eq!(
            resolve_parents(Path::new("../a.yml")),
            Path::new("../a.yml")
        );
    }

    #[test]
    fn a_file_over_the_limit_is_not_read() {
        let here = directory(&[("big.yml", "")]);
        let path = here.path().join("big.yml");
        let limit = u64::from(Limits::default().bytes);
        File::create(&path).unwrap().set_len(limit + 1).unwrap();
        assert!(matches!(
            read(Entry { path, named: true }),
            Err(FileError::TooLarge { .. })
        ));
    }
}
