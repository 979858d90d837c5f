//! Gives the new file the owner, the mode and the attributes of the old one.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{File, Metadata, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};

use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fremovexattr, fsetxattr};
use rustix::io::Errno;

/// What the new file could not get, and the error of the system.
#[derive(Debug)]
pub(super) struct NotKept {
    pub(super) what: String,
    pub(super) source: io::Error,
}

/// Copies owner, group, mode, access control list and extended attributes.
pub(super) fn keep(from: &File, old: &Metadata, to: &File) -> Result<(), NotKept> {
    let not_kept = |what: &str| {
        let what = what.to_owned();
        move |source| NotKept { what, source }
    };
    let own = to.metadata().map_err(not_kept("owner"))?;
    // Where both differ, the owner is the reason to name. Only root can change it.
    if own.uid() != old.uid() {
        fchown(to, Some(old.uid()), Some(old.gid())).map_err(not_kept("owner"))?;
    } else if own.gid() != old.gid() {
        fchown(to, None, Some(old.gid())).map_err(not_kept("group"))?;
    }
    let wanted = attributes(from).map_err(not_kept("extended attributes"))?;
    let own = attributes(to).map_err(not_kept("extended attributes"))?;
    // The directory may have given the new file an access control list, which the old one has not.
    for name in own.keys().filter(|name| !wanted.contains_key(*name)) {
        fremovexattr(to, name.as_slice()).map_err(|error| not_kept(&called(name))(error.into()))?;
    }
    // The mode is set after the owner, because a change of the owner clears the set-user-ID bit.
    to.set_permissions(Permissions::from_mode(old.mode() & 0o7777))
        .map_err(not_kept("mode"))?;
    // Attributes are set after the mode, because with an access control list, the mode contains the
    // mask of the list in the place of the permissions of the group.
    for (name, value) in wanted
        .iter()
        .filter(|(name, _)| own.get(*name) != wanted.get(*name))
    {
        fsetxattr(to, name.as_slice(), value, XattrFlags::empty())
            .map_err(|error| not_kept(&called(name))(error.into()))?;
    }
    Ok(())
}

/// The name of an attribute for people.
fn called(name: &[u8]) -> String {
    match name {
        b"system.posix_acl_access" | b"system.nfs4_acl" => "access control list".to_owned(),
        name => format!("attribute {}", OsStr::from_bytes(name).display()),
    }
}

/// The attributes by name, without those that the system computes from the content.
fn attributes(file: &File) -> io::Result<BTreeMap<Vec<u8>, Vec<u8>>> {
    const OF_CONTENT: [&[u8]; 2] = [b"security.ima", b"security.evm"];
    // Linux limits all names together, and each value, to this size.
    let (mut names, mut value) = (vec![0; 64 << 10], vec![0; 64 << 10]);
    let len = match flistxattr(file, &mut names[..]) {
        Ok(len) => len,
        Err(Errno::OPNOTSUPP) => return Ok(BTreeMap::new()),
        Err(error) => return Err(error.into()),
    };
    names.truncate(len);
    let mut found = BTreeMap::new();
    for name in names.split(|byte| *byte == 0) {
        if name.is_empty() || OF_CONTENT.contains(&name) {
            continue;
        }
        let len = fgetxattr(file, name, &mut value[..])?;
        let value = value.get(..len).unwrap_or_default();
        found.insert(name.to_owned(), value.to_owned());
    }
    Ok(found)
}
