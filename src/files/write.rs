//! Replaces the content of a file atomically, and keeps its metadata.
//!
//! The new text is written to a temporary file in the same directory, flushed to the disk, and
//! renamed over the old file. An interrupted run leaves the old file or the new one. Mode, owner,
//! group and extended attributes (including access control lists) are kept. If the path is a
//! symbolic link, the link stays and its target is replaced. A file with several hard links is not
//! written: a rename would separate the links, and writing in place is not atomic.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fsetxattr};
use rustix::io::Errno;

use super::FileError;

/// Replaces the text of the file, provided that it is still `old`.
///
/// # Errors
///
/// [`FileError::ChangedMeanwhile`], [`FileError::HardLinked`], [`FileError::NotRegular`], and
/// [`FileError::Write`] with the error of the system. The file is unchanged then.
pub fn replace(path: &Path, old: &[u8], new: &[u8]) -> Result<(), FileError> {
    let failed = |source| FileError::Write {
        path: path.to_owned(),
        source,
    };
    let target = path.canonicalize().map_err(failed)?;
    let metadata = fs::metadata(&target).map_err(failed)?;
    if !metadata.is_file() {
        return Err(FileError::NotRegular {
            path: path.to_owned(),
        });
    }
    // A rename needs write permission only for the directory. Opening the file for writing also
    // checks the permission for the file itself.
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(&target)
        .map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.nlink() > 1 {
        return Err(FileError::HardLinked {
            path: path.to_owned(),
            links: metadata.nlink(),
        });
    }
    let mut current = Vec::with_capacity(old.len());
    file.read_to_end(&mut current).map_err(failed)?;
    if current != old {
        return Err(FileError::ChangedMeanwhile {
            path: path.to_owned(),
        });
    }
    exchange(&target, &file, &metadata, new).map_err(failed)
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
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut private = tempfile::Builder::new()
        .prefix(".harden-")
        .suffix(".tmp")
        // The umask applies to this mode.
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(directory)
        .map_err(failed)?;
    private.write_all(text).map_err(failed)?;
    private.as_file().sync_all().map_err(failed)?;
    match private.persist_noclobber(path) {
        Ok(_) => {}
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(FileError::ChangedMeanwhile {
                path: path.to_owned(),
            });
        }
        Err(error) => return Err(failed(error.error)),
    }
    if let Ok(directory) = File::open(directory) {
        let _ = directory.sync_all();
    }
    Ok(())
}

fn exchange(target: &Path, old: &File, metadata: &fs::Metadata, text: &[u8]) -> io::Result<()> {
    let directory = target
        .parent()
        .map_or_else(|| PathBuf::from("/"), Path::to_owned);
    let mut private = tempfile::Builder::new()
        .prefix(".harden-")
        .suffix(".tmp")
        .tempfile_in(&directory)?;
    private.write_all(text)?;
    let file = private.as_file();
    let own = file.metadata()?;
    if (own.uid(), own.gid()) != (metadata.uid(), metadata.gid()) {
        fchown(file, Some(metadata.uid()), Some(metadata.gid()))?;
    }
    // The mode is set after the owner, because a change of the owner clears the set-user-ID bit.
    file.set_permissions(Permissions::from_mode(metadata.mode() & 0o7777))?;
    // Attributes are copied after the mode, because with an access control list, the list contains
    // the permissions of the group.
    copy_attributes(old, file)?;
    file.sync_all()?;
    private.persist(target).map_err(|error| error.error)?;
    // The rename is on the disk after a sync of the directory. If the file system cannot sync a
    // directory, the file is renamed anyway.
    if let Ok(directory) = File::open(&directory) {
        let _ = directory.sync_all();
    }
    Ok(())
}

fn copy_attributes(from: &File, to: &File) -> io::Result<()> {
    // Linux limits all names together, and each value, to this size.
    let (mut names, mut value) = (vec![0; 64 << 10], vec![0; 64 << 10]);
    let len = match flistxattr(from, &mut names[..]) {
        Ok(len) => len,
        Err(Errno::OPNOTSUPP) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    names.truncate(len);
    for name in names
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty())
    {
        let len = fgetxattr(from, name, &mut value[..])?;
        let text = value.get(..len).unwrap_or_default();
        match fsetxattr(to, name, text, XattrFlags::empty()) {
            // The system sets security labels by the rules of the directory.
            Err(_) if name.starts_with(b"security.") => {}
            set => set?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

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

    #[test]
    fn a_device_is_not_replaced() {
        assert!(matches!(
            replace(Path::new("/dev/null"), b"", b"b"),
            Err(FileError::NotRegular { .. })
        ));
    }
}
