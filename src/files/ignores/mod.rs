//! Which names a walk leaves out: those that the lines of ignore files exclude.
//!
//! The crate `ignore` parses the lines and matches them, and it walks. It never opens an ignore
//! file here, because it would follow a link to any file, wait for a pipe, and read without a
//! limit. [`Ignores`] reads each file itself, after the checks of [`texts`].
//!
//! The files and their order are those of ripgrep: `.hardenignore` before `.ignore` before
//! `.gitignore` before `.git/info/exclude` before git's global file; of one name, the file of the
//! nearest directory before those above it. Nothing above the repository is read.
//!
//! With a base revision, its ignore files apply, and a line that only the checkout has excludes
//! nothing that the base tracks. Git's own files are not part of a revision, so they count as lines
//! of the checkout.

mod texts;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder, gitconfig_excludes_path};

use self::texts::{IgnoreText, MOST, Trouble};
use super::{FileError, Revision, root_of};

/// Names of ignore files in a directory, the most important first.
const NAMES: [&str; 3] = [".hardenignore", ".ignore", ".gitignore"];
/// The index of `.gitignore` in [`NAMES`]. It and the kinds after it are git's.
const GITIGNORE: usize = 2;
/// The index of `.git/info/exclude` among the kinds of ignore files.
const EXCLUDE: usize = 3;
/// The kinds of ignore files in one directory.
const KINDS: usize = 4;

/// The ignore files of one walk.
#[derive(Debug)]
pub(crate) struct Ignores {
    /// Those of the checkout.
    now: Lines,
    /// Those of the base revision.
    before: Option<Lines>,
    /// Directories of the base that a line of the checkout excludes, with that line. Files in them
    /// that the base does not have are excluded.
    entered: Mutex<HashMap<PathBuf, Line>>,
    excluded: Mutex<BTreeMap<(String, Standing), Excluded>>,
}

/// The ignore files of the checkout or of a revision.
#[derive(Debug)]
struct Lines {
    /// The files are read from it, and not from the disk.
    revision: Option<Arc<Revision>>,
    /// The highest directory whose ignore files count: the root of the repository.
    top: PathBuf,
    /// For each directory the lines that apply in it.
    levels: RwLock<HashMap<PathBuf, Arc<Level>>>,
    /// Git's global file.
    global: Option<Gitignore>,
    errors: Mutex<Vec<FileError>>,
}

/// What one line of an ignore file excludes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excluded {
    /// The file and the line: `deploy/.hardenignore:3`.
    pub at: String,
    /// Files that the walk would have read.
    pub files: usize,
    /// Directories that the walk would have searched.
    pub directories: usize,
    /// Whether the line counts.
    pub standing: Standing,
}

/// Whether a line of an ignore file counts, where there is a base revision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// The line excludes these files.
    #[default]
    Holds,
    /// The change adds the line. It excludes these files, which the base does not have.
    Added,
    /// The change adds the line. It does not exclude these files, because the base has them.
    NotUsed,
}

/// The ignore files of one directory, and those above it.
#[derive(Debug, Default)]
struct Level {
    above: Option<Arc<Level>>,
    files: [Option<Gitignore>; KINDS],
    /// It is the root of a repository. Git's ignore files above it do not apply.
    is_repository: bool,
}

/// The decision for one name.
enum Verdict {
    /// A line excludes it.
    Excluded(Line),
    /// A line includes it.
    Included,
    /// No line matches it.
    Open,
}

/// A line of an ignore file.
#[derive(Clone, Debug)]
struct Line {
    at: String,
    /// The index of its file: that of [`NAMES`], or a later one.
    kind: usize,
}

impl Ignores {
    /// The ignore files for a walk of the directory `root`, which has no symbolic links. `here` is
    /// the directory of the run.
    pub(crate) fn new(root: &Path, here: &Path, base: Option<Arc<Revision>>) -> Self {
        Self {
            now: Lines::on_disk(root, here),
            before: base.map(Lines::of),
            entered: Mutex::default(),
            excluded: Mutex::default(),
        }
    }

    /// Whether the walk leaves out an entry of a directory. `path` has no symbolic links before
    /// its last part. `counts` tells whether the walk would read the file or search the directory.
    pub(crate) fn excludes(&self, path: &Path, is_directory: bool, counts: bool) -> bool {
        let Some(before) = &self.before else {
            return match self.now.verdict(path, is_directory) {
                Verdict::Included | Verdict::Open => false,
                Verdict::Excluded(line) => {
                    // Directories that git ignores are many, and hold what programs made.
                    if counts && !(is_directory && line.kind >= GITIGNORE) {
                        self.count(&line, is_directory, Standing::Holds);
                    }
                    true
                }
            };
        };
        match before.verdict(path, is_directory) {
            Verdict::Included => return false,
            Verdict::Open => {}
            Verdict::Excluded(line) => {
                if counts && !(is_directory && line.kind >= GITIGNORE) {
                    self.count(&line, is_directory, Standing::Holds);
                }
                return true;
            }
        }
        let line = match self.line_above(path) {
            Some(line) => line,
            None => match self.now.verdict(path, is_directory) {
                Verdict::Included | Verdict::Open => return false,
                Verdict::Excluded(line) => line,
            },
        };
        if !before.tracks(path, is_directory) {
            let is_local = line.kind >= EXCLUDE;
            if counts && !(is_directory && is_local) {
                let standing = if is_local {
                    Standing::Holds
                } else {
                    Standing::Added
                };
                self.count(&line, is_directory, standing);
            }
            return true;
        }
        if is_directory {
            let mut entered = self.entered.lock().unwrap_or_else(PoisonError::into_inner);
            entered.insert(path.to_owned(), line);
        } else if counts {
            self.count(&line, false, Standing::NotUsed);
        }
        false
    }

    /// What the lines excluded so far, by line, and the errors in ignore files.
    pub(crate) fn finish(&self) -> (Vec<Excluded>, Vec<FileError>) {
        let mut excluded = self.excluded.lock().unwrap_or_else(PoisonError::into_inner);
        let excluded = std::mem::take(&mut *excluded).into_values().collect();
        let all = std::iter::once(&self.now).chain(&self.before);
        let mut errors: Vec<FileError> = all.flat_map(Lines::take_errors).collect();
        errors.sort_by_cached_key(ToString::to_string);
        (excluded, errors)
    }

    /// The line that excludes the directory of this path.
    fn line_above(&self, path: &Path) -> Option<Line> {
        let entered = self.entered.lock().unwrap_or_else(PoisonError::into_inner);
        entered.get(path.parent()?).cloned()
    }

    fn count(&self, line: &Line, is_directory: bool, standing: Standing) {
        let mut excluded = self.excluded.lock().unwrap_or_else(PoisonError::into_inner);
        let one = excluded.entry((line.at.clone(), standing)).or_default();
        one.at.clone_from(&line.at);
        one.standing = standing;
        if is_directory {
            one.directories += 1;
        } else {
            one.files += 1;
        }
    }
}

impl Lines {
    /// Those of the checkout.
    ///
    /// Outside of a repository, other users may own the directories above, so their ignore files
    /// count only up to `here`.
    fn on_disk(root: &Path, here: &Path) -> Self {
        let repository = root_of(root);
        let has_repository = repository.is_some();
        let top = repository.unwrap_or_else(|| {
            let outer = if root.starts_with(here) { here } else { root };
            outer.to_owned()
        });
        let mut lines = Self {
            revision: None,
            top,
            levels: RwLock::default(),
            global: None,
            errors: Mutex::default(),
        };
        if has_repository && let Some(path) = gitconfig_excludes_path() {
            let text = texts::of_user(&path);
            lines.global = lines.parse(&path, text);
        }
        lines
    }

    /// Those of a revision.
    fn of(revision: Arc<Revision>) -> Self {
        Self {
            top: revision.root().to_owned(),
            revision: Some(revision),
            levels: RwLock::default(),
            global: None,
            errors: Mutex::default(),
        }
    }

    /// Whether the revision has the file, or files in the directory.
    fn tracks(&self, path: &Path, is_directory: bool) -> bool {
        let Some(revision) = &self.revision else {
            return false;
        };
        path.strip_prefix(&self.top).is_ok_and(|below| {
            if is_directory {
                revision.has_directory(below)
            } else {
                revision.has(below)
            }
        })
    }

    fn take_errors(&self) -> Vec<FileError> {
        let mut errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *errors)
    }

    fn verdict(&self, path: &Path, is_directory: bool) -> Verdict {
        let directory = path.parent();
        let Some(directory) = directory.filter(|one| one.starts_with(&self.top)) else {
            return Verdict::Open;
        };
        let level = self.level(directory);
        let mut is_in_repository = false;
        let mut found: [Option<Verdict>; KINDS] = [const { None }; KINDS];
        let mut passed_repository = false;
        for level in std::iter::successors(Some(&level), |level| level.above.as_ref()) {
            is_in_repository |= level.is_repository;
            for (kind, (file, found)) in level.files.iter().zip(&mut found).enumerate() {
                if found.is_none() && !(kind >= GITIGNORE && passed_repository) {
                    let file = file.as_ref();
                    *found = file.and_then(|file| matched(file, path, is_directory, kind));
                }
            }
            passed_repository |= level.is_repository;
        }
        let global = self.global.as_ref();
        let global = global.and_then(|file| matched(file, path, is_directory, KINDS));
        let all = found.into_iter().chain([global]).enumerate();
        let mut all = all.filter(|(kind, _)| *kind < GITIGNORE || is_in_repository);
        all.find_map(|(_, verdict)| verdict)
            .unwrap_or(Verdict::Open)
    }

    /// The lines that apply in the directory.
    fn level(&self, directory: &Path) -> Arc<Level> {
        // The directories from this one up to the first that is known.
        let mut unknown = Vec::new();
        let mut level = None;
        {
            let levels = self.levels.read().unwrap_or_else(PoisonError::into_inner);
            for above in directory.ancestors() {
                if let Some(known) = levels.get(above) {
                    level = Some(Arc::clone(known));
                    break;
                }
                unknown.push(above);
                if above == self.top {
                    break;
                }
            }
        }
        for directory in unknown.into_iter().rev() {
            let new = self.read(directory, level.take());
            let mut levels = self.levels.write().unwrap_or_else(PoisonError::into_inner);
            let known = levels.entry(directory.to_owned()).or_insert(new);
            level = Some(Arc::clone(known));
        }
        level.unwrap_or_default()
    }

    /// Reads the ignore files of one directory.
    fn read(&self, directory: &Path, above: Option<Arc<Level>>) -> Arc<Level> {
        let mut files = [const { None }; KINDS];
        for (file, name) in files.iter_mut().zip(NAMES) {
            let path = directory.join(name);
            let text = match &self.revision {
                Some(revision) => texts::of_revision(&path, revision),
                None => texts::of_project(&path, &self.top),
            };
            *file = self.parse(&path, text);
        }
        let is_repository = match self.revision {
            Some(_) => directory == self.top,
            None => [".git", ".jj"]
                .iter()
                .any(|name| directory.join(name).symlink_metadata().is_ok()),
        };
        if is_repository && self.revision.is_none() {
            let (path, text) = texts::of_repository(directory);
            files[EXCLUDE] = self.parse_for(directory, &path, text);
        }
        match above {
            Some(above) if !is_repository && files.iter().all(Option::is_none) => above,
            above => Arc::new(Level {
                above,
                files,
                is_repository,
            }),
        }
    }

    fn parse(&self, path: &Path, text: IgnoreText) -> Option<Gitignore> {
        let directory = match path.parent() {
            Some(directory) if path.starts_with(&self.top) => directory,
            _ => &self.top,
        };
        self.parse_for(directory, path, text)
    }

    /// The lines of a file, which match paths below the directory.
    fn parse_for(&self, directory: &Path, path: &Path, text: IgnoreText) -> Option<Gitignore> {
        let below = path.strip_prefix(&self.top).unwrap_or(path);
        let shown = match &self.revision {
            Some(revision) => format!("{}:{}", revision.name(), below.display()),
            None => below.display().to_string(),
        };
        let text = match text {
            Ok(text) => text?,
            Err(trouble) => {
                self.add_error(unusable(shown.into(), trouble));
                return None;
            }
        };
        let mut lines = GitignoreBuilder::new(directory);
        for (number, line) in (1..).zip(text.lines()) {
            let at = format!("{shown}:{number}");
            let added = if texts::is_too_deep(line) {
                Err("it is too long, or has too many braces".to_owned())
            } else {
                let added = lines.add_line(Some(at.into()), line);
                added.map(drop).map_err(|error| why(&error))
            };
            if let Err(why) = added {
                let error = FileError::IgnoreLine {
                    path: PathBuf::from(&shown),
                    line: number,
                    why,
                };
                self.add_error(error);
            }
        }
        match lines.build() {
            Ok(lines) => (!lines.is_empty()).then_some(lines),
            Err(error) => {
                let error = FileError::IgnoreFile {
                    path: shown.into(),
                    why: why(&error),
                };
                self.add_error(error);
                None
            }
        }
    }

    fn add_error(&self, error: FileError) {
        let mut errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        errors.push(error);
    }
}

/// The verdict of one ignore file.
fn matched(file: &Gitignore, path: &Path, is_directory: bool, kind: usize) -> Option<Verdict> {
    match file.matched(path, is_directory) {
        Match::None => None,
        Match::Whitelist(_) => Some(Verdict::Included),
        Match::Ignore(line) => {
            let at = line.from().unwrap_or(Path::new("")).display().to_string();
            Some(Verdict::Excluded(Line { at, kind }))
        }
    }
}

/// The error of an ignore file that is not read.
fn unusable(path: PathBuf, trouble: Trouble) -> FileError {
    match trouble {
        Trouble::Stray => FileError::Stray { path },
        Trouble::Unreadable(source) => FileError::Read { path, source },
        Trouble::Revision(error) => FileError::Revision(error),
        Trouble::TooLarge => FileError::IgnoreFile {
            path,
            why: format!("it has more than {MOST} bytes"),
        },
    }
}

/// The error of a pattern without the pattern.
fn why(error: &ignore::Error) -> String {
    match error {
        ignore::Error::Glob { err, .. } => err.clone(),
        _ => "the pattern is not valid".to_owned(),
    }
}
