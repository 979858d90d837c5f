//! Replaces the content of a file atomically, and keeps its metadata.
//!
//! The new text is written to a temporary file in the same directory, flushed to the disk, and
//! exchanged with the old file. An interrupted run leaves the old file or the new one.
//!
//! Owner, group, mode, access control list and extended attributes are kept. Where harden may not
//! keep them, for example if a file of another user is writable for the group, it leaves the file
//! alone. Writing in place would keep them, but it is not atomic.
//!
//! If the path is a symbolic link, the link stays and its target is replaced. A file with several
//! hard links is not written: a rename would separate the links.
//!
//! # Other programs that write the file
//!
//! The file is compared with what was read, first before the temporary file is written, and again
//! just before the exchange: place, size, times and content. After the exchange, harden compares
//! the old file once more, and exchanges the files back if another program wrote to it. What
//! remains: a program that opened the old file before the exchange and writes to it after that last
//! comparison. Its text is lost, as with every program that replaces files. On a file system that
//! cannot exchange files, the file is renamed, and there is no comparison afterwards: a text that
//! another program writes between the second comparison and the rename is lost.

mod metadata;

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FlockOperation, RenameFlags, renameat_with};
use rustix::io::Errno;

use self::metadata::NotKept;
use super::temporary::Temporary;
use super::{FileError, interrupt};

/// Replaces the text of the file, provided that it is still `old`.
///
/// # Errors
///
/// [`FileError::ChangedMeanwhile`], [`FileError::HardLinked`], [`FileError::NotRegular`],
/// [`FileError::NotKept`], and [`FileError::Write`] with the error of the system. The file is
/// unchanged then.
pub fn replace(path: &Path, old: &[u8], new: &[u8]) -> Result<(), FileError> {
    let original = Original::open(path, old)?;
    let _in_hand = interrupt::in_hand();
    let temporary = original.successor(new)?;
    original.exchange(temporary)?;
    interrupt::written(path);
    Ok(())
}

/// Creates a file with the default mode of the system.
///
/// # Errors
///
/// [`FileError::ChangedMeanwhile`] if the file exists now, and [`FileError::Write`] with the error
/// of the system. An existing file is unchanged.
pub fn create(path: &Path, text: &[u8]) -> Result<(), FileError> {
    let failed = |source| FileError::Write {
        path: path.to_owned(),
        source,
    };
    let directory = directory(path);
    let _in_hand = interrupt::in_hand();
    let mut temporary = Temporary::create(directory, 0o666).map_err(failed)?;
    temporary.write_all(text).map_err(failed)?;
    temporary.file().sync_all().map_err(failed)?;
    match temporary.persist_new(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(FileError::ChangedMeanwhile {
                path: path.to_owned(),
            });
        }
        Err(error) => return Err(failed(error)),
    }
    sync(directory);
    interrupt::written(path);
    Ok(())
}

/// A file as it was read.
struct Original<'o> {
    /// The path as given.
    path: &'o Path,
    /// The path with all symbolic links resolved.
    target: PathBuf,
    file: File,
    metadata: Metadata,
    text: &'o [u8],
}

impl<'o> Original<'o> {
    fn open(path: &'o Path, text: &'o [u8]) -> Result<Self, FileError> {
        let failed = |source| FileError::Write {
            path: path.to_owned(),
            source,
        };
        let target = path.canonicalize().map_err(failed)?;
        if !fs::metadata(&target).map_err(failed)?.is_file() {
            return Err(FileError::NotRegular {
                path: path.to_owned(),
            });
        }
        // A rename needs write permission only for the directory. Opening the file for writing also
        // checks the permission for the file itself.
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(&target)
            .map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        let original = Self {
            path,
            target,
            file,
            metadata,
            text,
        };
        if original.metadata.nlink() > 1 {
            return Err(FileError::HardLinked {
                path: path.to_owned(),
                links: original.metadata.nlink(),
            });
        }
        if original.is_as_read().map_err(failed)? {
            Ok(original)
        } else {
            Err(original.changed())
        }
    }

    /// A temporary file with the new text and the metadata of this file.
    fn successor(&self, text: &[u8]) -> Result<Temporary, FileError> {
        let mut temporary =
            Temporary::create(directory(&self.target), 0o600).map_err(|e| self.failed(e))?;
        temporary.write_all(text).map_err(|e| self.failed(e))?;
        metadata::keep(&self.file, &self.metadata, temporary.file()).map_err(
            |NotKept { what, source }| FileError::NotKept {
                path: self.path.to_owned(),
                what,
                source,
            },
        )?;
        temporary.file().sync_all().map_err(|e| self.failed(e))?;
        Ok(temporary)
    }

    /// Puts the temporary file in the place of this one, if this one is still as it was read.
    fn exchange(&self, temporary: Temporary) -> Result<(), FileError> {
        if !self.is_in_place().map_err(|e| self.failed(e))? {
            return Err(self.changed());
        }
        self.swap(temporary)
    }

    /// Puts the temporary file in the place of this one, or leaves this one there if another program
    /// wrote to it meanwhile.
    fn swap(&self, temporary: Temporary) -> Result<(), FileError> {
        // After the exchange the old file has the temporary name, so it needs the lock of one.
        let _ = rustix::fs::flock(&self.file, FlockOperation::NonBlockingLockExclusive);
        let (from, flags) = (temporary.path(), RenameFlags::EXCHANGE);
        match renameat_with(CWD, from, CWD, &self.target, flags) {
            Ok(()) if self.is_as_read().unwrap_or(false) => drop(temporary),
            Ok(()) => {
                let undone = temporary.persist(&self.target);
                undone.map_err(|e| self.failed(e))?;
                return Err(self.changed());
            }
            // The file system cannot do it.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
                let renamed = temporary.persist(&self.target);
                renamed.map_err(|e| self.failed(e))?;
            }
            Err(error) => return Err(self.failed(error.into())),
        }
        // The exchange is on the disk after a sync of the directory.
        sync(directory(&self.target));
        Ok(())
    }

    /// Whether the path still leads to this file, and nobody changed it.
    fn is_in_place(&self) -> io::Result<bool> {
        let now = match fs::symlink_metadata(&self.target) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            now => now?,
        };
        // The time of change covers owner, mode, links and attributes.
        let state = |metadata: &Metadata| {
            let place = (metadata.dev(), metadata.ino());
            (place, metadata.ctime(), metadata.ctime_nsec())
        };
        Ok(state(&now) == state(&self.metadata) && self.is_as_read()?)
    }

    /// Whether the file has the text and the time of its last write that it had.
    fn is_as_read(&self) -> io::Result<bool> {
        let now = self.file.metadata()?;
        let old = &self.metadata;
        let time = |metadata: &Metadata| (metadata.mtime(), metadata.mtime_nsec());
        if now.len() != self.text.len() as u64 || time(&now) != time(old) {
            return Ok(false);
        }
        let mut buffer = vec![0; (64 << 10).min(self.text.len())];
        let mut at = 0;
        for expected in self.text.chunks(64 << 10) {
            let Some(part) = buffer.get_mut(..expected.len()) else {
                return Ok(false);
            };
            match self.file.read_exact_at(part, at) {
                Ok(()) if part == expected => at += expected.len() as u64,
                Ok(()) => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    fn failed(&self, source: io::Error) -> FileError {
        FileError::Write {
            path: self.path.to_owned(),
            source,
        }
    }

    fn changed(&self) -> FileError {
        FileError::ChangedMeanwhile {
            path: self.path.to_owned(),
        }
    }
}

/// The directory of the file.
pub(super) fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Writes the names in the directory to the disk. If the file system cannot do that, the file is
/// renamed anyway.
fn sync(directory: &Path) {
    if let Ok(directory) = File::open(directory) {
        let _ = directory.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use rustix::fs::{XattrFlags, fgetxattr, fsetxattr};

    use super::*;

    fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("compose.yml");
        fs::write(&path, text).unwrap();
        (directory, path)
    }

    /// All names in the directory, which show whether a temporary file is left.
    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn the_text_is_new_and_the_mode_is_old() {
        for mode in [0o600, 0o640, 0o664, 0o755] {
            let (directory, path) = file("a");
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            replace(&path, b"a", b"b").unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), "b");
            assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, mode);
            assert_eq!(names(directory.path()), ["compose.yml"]);
        }
    }

    #[test]
    fn the_owner_stays() {
        let (_directory, path) = file("a");
        // Only root can change the owner. For other users this test checks nothing.
        if std::os::unix::fs::chown(&path, Some(1234), Some(5678)).is_ok() {
            replace(&path, b"a", b"b").unwrap();
            let metadata = fs::metadata(&path).unwrap();
            assert_eq!((metadata.uid(), metadata.gid()), (1234, 5678));
        }
    }

    #[test]
    fn attributes_stay() {
        let (_directory, path) = file("a");
        let set = |name, value| {
            let file = File::open(&path).unwrap();
            fsetxattr(&file, name, value, XattrFlags::empty())
        };
        // Read and write for the owner and for uid 1234, nothing for anybody else.
        let entries: [(u16, u16, u32); 5] = [
            (1, 6, u32::MAX),
            (2, 6, 1234),
            (4, 0, u32::MAX),
            (16, 6, u32::MAX),
            (32, 0, u32::MAX),
        ];
        let mut list = 2_u32.to_le_bytes().to_vec();
        for (tag, rights, id) in entries {
            list.extend(tag.to_le_bytes());
            list.extend(rights.to_le_bytes());
            list.extend(id.to_le_bytes());
        }
        for (name, value) in [("user.note", &b"x"[..]), ("system.posix_acl_access", &list)] {
            if set(name, value) == Err(Errno::OPNOTSUPP) {
                continue;
            }
            replace(&path, &fs::read(&path).unwrap(), b"b").unwrap();
            let mut kept = vec![0; 256];
            let len = fgetxattr(File::open(&path).unwrap(), name, &mut kept[..]).unwrap();
            assert_eq!(&kept[..len], value, "{name}");
        }
    }

    #[test]
    fn a_link_stays_and_its_target_is_replaced() {
        let (directory, path) = file("a");
        fs::create_dir(directory.path().join("links")).unwrap();
        let link = directory.path().join("links/link.yml");
        symlink("../compose.yml", &link).unwrap();
        replace(&link, b"a", b"b").unwrap();
        assert_eq!(fs::read_link(&link).unwrap(), Path::new("../compose.yml"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "b");
        assert_eq!(names(&directory.path().join("links")), ["link.yml"]);
    }

    #[test]
    fn a_file_with_two_hard_links_is_not_written() {
        let (directory, path) = file("a");
        let twin = directory.path().join("twin.yml");
        fs::hard_link(&path, &twin).unwrap();
        assert!(matches!(
            replace(&path, b"a", b"b"),
            Err(FileError::HardLinked { links: 2, .. })
        ));
        assert_eq!(fs::read_to_string(&path).unwrap(), "a");
        assert_eq!(
            fs::metadata(&path).unwrap().ino(),
            fs::metadata(&twin).unwrap().ino()
        );
    }

    #[test]
    fn a_concurrent_change_is_not_overwritten() {
        let (_directory, path) = file("theirs");
        assert!(matches!(
            replace(&path, b"a", b"b"),
            Err(FileError::ChangedMeanwhile { .. })
        ));
        assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
    }

    /// Appends to the file when the text is compared, but not exchanged.
    #[test]
    fn an_append_before_the_exchange_is_not_lost() {
        let write_meanwhile: [fn(&Path); 4] = [
            |path| {
                let mut file = OpenOptions::new().append(true).open(path).unwrap();
                file.write_all(b"theirs").unwrap();
            },
            |path| fs::write(path, "theirs").unwrap(),
            // The size is the same.
            |path| fs::write(path, "b").unwrap(),
            |path| {
                let new = path.with_extension("new");
                fs::write(&new, "a").unwrap();
                fs::rename(new, path).unwrap();
            },
        ];
        for write in write_meanwhile {
            let (directory, path) = file("a");
            let original = Original::open(&path, b"a").unwrap();
            let temporary = original.successor(b"new").unwrap();
            write(&path);
            let theirs = fs::read(&path).unwrap();
            assert!(matches!(
                original.exchange(temporary),
                Err(FileError::ChangedMeanwhile { .. })
            ));
            assert_eq!(fs::read(&path).unwrap(), theirs);
            assert_eq!(names(directory.path()), ["compose.yml"]);
        }
    }

    #[test]
    fn an_append_during_the_exchange_is_not_lost() {
        let (directory, path) = file("a");
        let original = Original::open(&path, b"a").unwrap();
        let temporary = original.successor(b"new").unwrap();
        assert!(original.is_in_place().unwrap());
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"theirs").unwrap();
        match original.swap(temporary) {
            Err(FileError::ChangedMeanwhile { .. }) => {
                assert_eq!(fs::read(&path).unwrap(), b"atheirs");
            }
            // The file system of the test cannot exchange files.
            swapped => swapped.unwrap(),
        }
        assert_eq!(names(directory.path()), ["compose.yml"]);
    }

    #[test]
    fn a_changed_mode_is_not_overwritten() {
        let (_directory, path) = file("a");
        let original = Original::open(&path, b"a").unwrap();
        let temporary = original.successor(b"new").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        original.exchange(temporary).unwrap_err();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_device_is_not_replaced() {
        assert!(matches!(
            replace(Path::new("/dev/null"), b"", b"b"),
            Err(FileError::NotRegular { .. })
        ));
    }
}
