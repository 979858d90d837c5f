//! Temporary files next to the files that they replace.
//!
//! A killed run leaves its temporary file. The next run that writes in the directory removes it. To
//! be sure that the file is garbage, all of this must be true:
//!
//! * Its name is one that this module made: it contains a random number and a checksum of it.
//! * It is a regular file with one name, of the user that runs harden; root removes those of all
//!   users. Symbolic links are not followed.
//! * Nobody holds a lock on it. A run holds the lock (`flock`) as long as the file has its temporary
//!   name, and the system releases the lock when the process ends. A process number in the name
//!   would not do: numbers are used again, and a container has numbers of its own.
//!
//! On a file system without locks, or whose locks are not seen by other hosts, a temporary file of
//! a killed run may stay.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{
    AtFlags, CWD, FileType, FlockOperation, Mode, OFlags, RenameFlags, renameat_with,
};
use rustix::io::Errno;
use sha2::{Digest, Sha256};

use super::interrupt;

/// A file with a temporary name. It is removed on drop, and by a signal.
#[derive(Debug)]
pub(super) struct Temporary {
    file: File,
    path: PathBuf,
}

impl Temporary {
    /// Creates an empty file in the directory. The umask applies to the mode. The caller is in hand
    /// ([`interrupt::in_hand`]), so that a signal finds the file in its list.
    pub(super) fn create(directory: &Path, mode: u32) -> io::Result<Self> {
        remove_dead(directory);
        loop {
            let path = directory.join(random_name());
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create_new(true)
                .mode(mode)
                .open(&path);
            let file = match file {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                file => file?,
            };
            interrupt::add_temporary(&path);
            let own = Self { file, path };
            let locked = rustix::fs::flock(&own.file, FlockOperation::NonBlockingLockExclusive);
            // Between the creation and the lock, another run may take the file for a dead one.
            if locked != Err(Errno::WOULDBLOCK) && own.file.metadata()?.nlink() == 1 {
                return Ok(own);
            }
        }
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the file this name, and replaces the file that has it.
    pub(super) fn persist(self, target: &Path) -> io::Result<()> {
        fs::rename(&self.path, target)
    }

    /// Gives the file this name, unless a file has it.
    pub(super) fn persist_new(self, target: &Path) -> io::Result<()> {
        match renameat_with(CWD, &self.path, CWD, target, RenameFlags::NOREPLACE) {
            // The file system cannot do it. A new link never replaces a file, either; the drop
            // removes the temporary name.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => fs::hard_link(&self.path, target),
            renamed => Ok(renamed?),
        }
    }
}

impl Write for Temporary {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After a rename there is no file of this name.
        let _ = fs::remove_file(&self.path);
        interrupt::forget_temporary(&self.path);
    }
}

/// Removes the temporary files of killed runs; once for each directory of a run, because it reads
/// the whole directory. A failure is no reason not to write.
fn remove_dead(directory: &Path) {
    static DONE: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    let mut done = DONE.lock().unwrap_or_else(PoisonError::into_inner);
    if !done.insert(directory.to_owned()) {
        return;
    }
    drop(done);
    let (Ok(opened), Ok(entries)) = (File::open(directory), fs::read_dir(directory)) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if name.to_str().is_some_and(is_temporary) {
            let _ = remove_if_dead(&opened, Path::new(&name));
        }
    }
}

/// Removes the file unless it may be of a living run, or of another user.
fn remove_if_dead(directory: &File, name: &Path) -> Result<(), Errno> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = rustix::fs::openat(directory, name, flags, Mode::empty())?;
    let own = rustix::fs::fstat(&file)?;
    let user = rustix::process::geteuid();
    let is_of_user = user.is_root() || own.st_uid == user.as_raw();
    let is_file = FileType::from_raw_mode(own.st_mode) == FileType::RegularFile;
    if !is_of_user || !is_file || own.st_nlink != 1 {
        return Ok(());
    }
    rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    // The name may be that of another file by now.
    let named = rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
    if (named.st_dev, named.st_ino) == (own.st_dev, own.st_ino) {
        rustix::fs::unlinkat(directory, name, AtFlags::empty())?;
    }
    Ok(())
}

const PREFIX: &str = ".harden-";
const SUFFIX: &str = ".tmp";

/// The number of hexadecimal digits of the random number, and of its checksum.
const DIGITS: usize = 16;

fn random_name() -> String {
    // The standard library seeds this from the system, anew for each call.
    let random = format!("{:0DIGITS$x}", RandomState::new().hash_one(()));
    let checksum = checksum(&random);
    format!("{PREFIX}{random}{checksum}{SUFFIX}")
}

/// Whether [`random_name`] made the name.
fn is_temporary(name: &str) -> bool {
    let digits = name
        .strip_prefix(PREFIX)
        .and_then(|rest| rest.strip_suffix(SUFFIX));
    digits
        .and_then(|digits| digits.split_at_checked(DIGITS))
        .is_some_and(|(random, rest)| rest == checksum(random))
}

fn checksum(random: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(b"temporary file of harden ");
    hash.update(random);
    let bytes = hash.finalize();
    let mut digits = String::with_capacity(DIGITS);
    for byte in bytes.iter().take(DIGITS / 2) {
        // Writing to a string cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn only_names_with_the_checksum_are_temporary() {
        let name = random_name();
        assert!(is_temporary(&name), "{name}");
        assert_ne!(name, random_name());
        for other in [
            ".harden-.tmp",
            ".harden-abcdef.tmp",
            ".harden-0123456789abcdef0123456789abcdef.tmp",
            &name[1..],
            &name.to_uppercase(),
            &format!("{name}~"),
        ] {
            assert!(!is_temporary(other), "{other}");
        }
    }

    #[test]
    fn files_of_killed_runs_are_removed_and_no_others() {
        let directory = tempfile::tempdir().unwrap();
        let here = directory.path();
        let [dead, linked, link, living, folder] = [(); 5].map(|()| random_name());
        for name in [&dead, &linked, &living, "mine.yml", ".harden-mine.tmp"] {
            fs::write(here.join(name), "a").unwrap();
        }
        fs::hard_link(here.join(&linked), here.join("twin")).unwrap();
        symlink("mine.yml", here.join(&link)).unwrap();
        fs::create_dir(here.join(&folder)).unwrap();
        let held = File::open(here.join(&living)).unwrap();
        rustix::fs::flock(&held, FlockOperation::LockExclusive).unwrap();

        let before = names(here);
        remove_dead(here);
        let expected: Vec<_> = before.into_iter().filter(|name| *name != dead).collect();
        assert_eq!(names(here), expected);
    }

    #[test]
    fn a_temporary_file_is_removed_on_drop() {
        let directory = tempfile::tempdir().unwrap();
        let temporary = Temporary::create(directory.path(), 0o600).unwrap();
        assert_eq!(names(directory.path()).len(), 1);
        drop(temporary);
        assert!(names(directory.path()).is_empty());
    }

    #[test]
    fn a_new_file_does_not_replace_another() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("a.yml");
        let create = || Temporary::create(directory.path(), 0o600).unwrap();
        create().persist_new(&target).unwrap();
        fs::write(&target, "theirs").unwrap();
        let refused = create().persist_new(&target).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&target).unwrap(), "theirs");
        assert_eq!(names(directory.path()), ["a.yml"]);
    }
}
