//! Checks that a written file keeps its owner, mode, access control list and attributes, as root
//! and as another user.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::process::{Command, Output};

use crate::support::command::{harden, stdout};
use crate::support::files::scratch;

const OLD: &str = "services:\n  web:\n    image: nginx:1.29\n";

/// An ordinary user and two groups, which need not exist.
const USER: u32 = 61234;
const GROUP: u32 = 61235;
const OTHER_GROUP: u32 = 61236;

#[test]
fn an_access_control_list_stays() {
    if !has("setfacl") {
        return;
    }
    let directory = scratch();
    let here = directory.path();
    for mode in ["600", "640", "664", "755"] {
        fs::write(here.join("compose.yml"), OLD).unwrap();
        let acl = "setfacl -m u:61234:rw,g:61236:r,m::rw compose.yml";
        if !in_shell(&format!("chmod {mode} compose.yml && {acl}"), here) {
            return skip("the file system has no access control lists");
        }
        let list = || stdout("getfacl -cn compose.yml; stat -c %a compose.yml", here);
        let before = list();
        assert!(before.contains("user:61234:rw-"), "{before}");
        assert!(write(here).status.success());
        assert_ne!(fs::read_to_string(here.join("compose.yml")).unwrap(), OLD);
        assert_eq!(list(), before);
    }
}

/// A default list of the directory is for new files, and not for those that harden writes.
#[test]
fn a_file_without_a_list_gets_none() {
    if !has("setfacl") {
        return;
    }
    let directory = scratch();
    let here = directory.path();
    fs::write(here.join("compose.yml"), OLD).unwrap();
    fs::set_permissions(here.join("compose.yml"), fs::Permissions::from_mode(0o640)).unwrap();
    if !in_shell("setfacl -d -m u:61234:rwx,g:61236:rwx .", here) {
        return skip("the file system has no access control lists");
    }
    let list = || stdout("getfacl -cn compose.yml; stat -c %a compose.yml", here);
    let before = list();
    assert!(write(here).status.success());
    assert_ne!(fs::read_to_string(here.join("compose.yml")).unwrap(), OLD);
    assert_eq!(list(), before);
}

/// The file is writable for a user who cannot give the new one its owner: through its group, or
/// through an access control list.
#[test]
fn a_writable_file_of_another_owner_is_left_alone() {
    if !is_root() || !has("setpriv") {
        return;
    }
    let directory = scratch();
    let here = directory.path();
    let file = here.join("compose.yml");
    fs::set_permissions(here, fs::Permissions::from_mode(0o777)).unwrap();
    let list = format!("setfacl -m u:{USER}:rw compose.yml");
    let mut ways = vec![(0, GROUP, "true"), (0, OTHER_GROUP, "true")];
    if has("setfacl") {
        ways.push((0, 0, list.as_str()));
    }
    for (owner, group, more) in ways {
        fs::write(&file, OLD).unwrap();
        chown(&file, Some(owner), Some(group)).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o664)).unwrap();
        assert!(in_shell(more, here));
        let output = write_as_user(here);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains("would not keep its owner"), "{stderr}");
        assert_eq!(fs::read_to_string(&file).unwrap(), OLD);
        assert_eq!(fs::read_dir(here).unwrap().count(), 1);
        // Root keeps the owner.
        assert!(write(here).status.success());
        let metadata = fs::metadata(&file).unwrap();
        assert_eq!((metadata.uid(), metadata.gid()), (owner, group));
        assert_ne!(fs::read_to_string(&file).unwrap(), OLD);
    }
}

/// The owner is in a second group of the user, or in a group that the user is not in.
#[test]
fn the_group_stays_or_the_file_is_left_alone() {
    if !is_root() || !has("setpriv") {
        return;
    }
    let directory = scratch();
    let here = directory.path();
    let file = here.join("compose.yml");
    fs::set_permissions(here, fs::Permissions::from_mode(0o777)).unwrap();
    for (group, is_kept) in [(GROUP, true), (OTHER_GROUP, true), (0, false)] {
        fs::write(&file, OLD).unwrap();
        chown(&file, Some(USER), Some(group)).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o660)).unwrap();
        let output = write_as_user(here);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.success(), is_kept, "{group}: {stderr}");
        assert!(
            is_kept || stderr.contains("would not keep its group"),
            "{stderr}"
        );
        let metadata = fs::metadata(&file).unwrap();
        assert_eq!((metadata.uid(), metadata.gid()), (USER, group));
        assert_eq!(metadata.mode() & 0o777, 0o660);
        assert_eq!(fs::read_to_string(&file).unwrap() != OLD, is_kept);
        assert_eq!(fs::read_dir(here).unwrap().count(), 1);
    }
}

fn write(directory: &Path) -> Output {
    let mut command = harden(directory, &["--write", "compose.yml"]);
    command.output().unwrap()
}

/// Writes as [`USER`], who is in both groups.
fn write_as_user(directory: &Path) -> Output {
    let command = harden(directory, &[]);
    // The user may not enter the directory of the program.
    let program = directory.with_extension("program");
    // A process of its own copies: a child that another test starts at the same time would keep the
    // open file, and a program that is open for writing does not start.
    let copied = Command::new("cp")
        .arg(command.get_program())
        .arg(&program)
        .status();
    assert!(copied.unwrap().success());
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let output = Command::new("setpriv")
        .args([
            &format!("--reuid={USER}"),
            &format!("--regid={GROUP}"),
            &format!("--groups={GROUP},{OTHER_GROUP}"),
        ])
        .arg(&program)
        .args(["--write", "compose.yml"])
        .current_dir(directory)
        .output()
        .unwrap();
    fs::remove_file(program).unwrap();
    output
}

fn in_shell(line: &str, directory: &Path) -> bool {
    let output = crate::support::command::in_shell(line, directory);
    output.status.success()
}

fn has(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    if !found {
        skip(&format!("{program} is not installed"));
    }
    found
}

fn is_root() -> bool {
    let directory = scratch();
    let is_root = fs::metadata(directory.path()).unwrap().uid() == 0;
    if !is_root {
        skip("only root can change owners");
    }
    is_root
}

fn skip(why: &str) {
    println!("not run: {why}");
}
