//! Users and groups that the commands of a build add to `/etc/passwd` and `/etc/group`.
//!
//! Two families of programs share names: shadow (`useradd`, `groupadd`, Debian's `adduser` and
//! `addgroup`) and `BusyBox` (busybox `loginutils/adduser.c`).

use std::collections::BTreeMap;

use super::expand::is_known;
use super::shell::{Simple, Word};

/// The created users and groups, in addition to those of the base.
#[derive(Clone, Debug, Default)]
pub(super) struct Accounts {
    users: BTreeMap<String, Account>,
    groups: BTreeMap<String, Option<u32>>,
    /// The files were copied from an unknown source, so the base's users may be missing.
    pub(super) is_replaced: bool,
}

/// A user, as far as the commands determine it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Account {
    /// The uid; `None` if the system chose it.
    pub(super) uid: Option<u32>,
    /// The gid of the primary group.
    pub(super) gid: Option<u32>,
}

impl Accounts {
    /// The user with this name, if a command created or changed it.
    pub(super) fn user(&self, name: &str) -> Option<Account> {
        self.users.get(name).copied()
    }

    /// The user with this uid, if a command created or changed it.
    pub(super) fn user_of(&self, uid: u32) -> Option<Account> {
        self.users
            .values()
            .find(|account| account.uid == Some(uid))
            .copied()
    }

    /// The gid of a group, given by number or by name.
    pub(super) fn group(&self, group: &str) -> Option<u32> {
        group
            .parse()
            .ok()
            .or_else(|| self.groups.get(group).copied().flatten())
            .or_else(|| (group == "root").then_some(0))
    }

    /// Whether no command has changed users or groups.
    pub(super) fn is_untouched(&self) -> bool {
        self.users.is_empty() && self.groups.is_empty() && !self.is_replaced
    }

    /// Replaces the accounts with those of another stage whose files were copied; `None` if the
    /// source is unknown.
    pub(super) fn replace(&mut self, other: Option<Self>) {
        *self = Self {
            is_replaced: true,
            ..other.unwrap_or_default()
        };
    }

    /// Applies the effect of a command.
    pub(super) fn run(&mut self, command: &Simple<'_>) {
        let mut words = command.words.as_slice();
        while let Some((first, rest)) = words.split_first() {
            match program(&first.text) {
                "sudo" | "busybox" | "exec" | "env" => words = rest,
                "useradd" => return self.add_user(&Call::read(rest, &USERADD), command),
                "adduser" => return self.add_user(&Call::read(rest, &ADDUSER), command),
                "groupadd" => return self.add_group(&Call::read(rest, &GROUPADD), command),
                "addgroup" => return self.add_group(&Call::read(rest, &ADDGROUP), command),
                "usermod" => return self.change_user(&Call::read(rest, &USERMOD), command),
                "groupmod" => return self.change_group(&Call::read(rest, &GROUPADD), command),
                "echo" | "printf" => return self.append(rest),
                _ => return,
            }
        }
    }

    fn add_user(&mut self, call: &Call<'_>, command: &Simple<'_>) {
        let [name] = call.operands[..] else {
            // `adduser USER GROUP` adds an existing user to a group.
            return;
        };
        let sure = |number: Option<u32>| number.filter(|_| !command.is_conditional);
        let uid = call.value('u').and_then(|uid| uid.parse().ok());
        let group = call.value('g');
        let gid = match group {
            Some(group) => self.group(group),
            // The gid of the user's own group is the uid with BusyBox. With shadow this is so only
            // if the gid is free.
            None if call.is_busybox => uid,
            None => None,
        };
        let account = Account {
            uid: sure(uid),
            gid: sure(gid),
        };
        if group.is_none() {
            self.groups.entry(name.to_owned()).or_insert(account.gid);
        }
        self.users.insert(name.to_owned(), account);
    }

    fn add_group(&mut self, call: &Call<'_>, command: &Simple<'_>) {
        if let [name] = call.operands[..] {
            let gid = call.value('g').and_then(|gid| gid.parse().ok());
            let gid = gid.filter(|_| !command.is_conditional);
            self.groups.insert(name.to_owned(), gid);
        }
    }

    fn change_user(&mut self, call: &Call<'_>, command: &Simple<'_>) {
        let [name] = call.operands[..] else {
            return;
        };
        if call.value('u').is_none() && call.value('g').is_none() {
            return;
        }
        let sure = |number: Option<u32>| number.filter(|_| !command.is_conditional);
        let before = self.user(name).unwrap_or_default();
        let account = Account {
            uid: match call.value('u') {
                Some(uid) => sure(uid.parse().ok()),
                None => before.uid,
            },
            gid: match call.value('g') {
                Some(group) => sure(self.group(group)),
                None => before.gid,
            },
        };
        self.users.insert(name.to_owned(), account);
    }

    fn change_group(&mut self, call: &Call<'_>, command: &Simple<'_>) {
        if call.value('g').is_none() {
            return;
        }
        let before = call.operands.first().and_then(|name| self.group(name));
        self.add_group(call, command);
        let after = call.operands.first().and_then(|name| self.group(name));
        for account in self.users.values_mut() {
            if account.gid.is_some() && account.gid == before {
                account.gid = after;
            }
        }
    }

    /// Adds the users and groups of appended lines, such as
    /// `echo "app:x:1000:1000::/:/sbin/nologin" >> /etc/passwd`.
    fn append(&mut self, words: &[Word<'_>]) {
        let target = words.iter().enumerate().find_map(|(at, word)| {
            let path = word.text.strip_prefix(">>")?;
            let next = words.get(at + 1).map(|word| word.text.as_str());
            if path.is_empty() { next } else { Some(path) }
        });
        for line in words.iter().flat_map(|word| word.text.split(['\n', ' '])) {
            let line = line.strip_suffix("\\n").unwrap_or(line);
            let fields: Vec<&str> = line.split(':').collect();
            match (target, fields.as_slice()) {
                (Some("/etc/passwd"), [name, _, uid, gid, ..]) if is_known(line) => {
                    let account = Account {
                        uid: uid.parse().ok(),
                        gid: gid.parse().ok(),
                    };
                    self.users.insert((*name).to_owned(), account);
                }
                (Some("/etc/group"), [name, _, gid, ..]) if is_known(line) => {
                    self.groups.insert((*name).to_owned(), gid.parse().ok());
                }
                _ => {}
            }
        }
    }
}

/// The options of a program that take a value, each with its meaning: `u` a uid, `g` the primary
/// group, `-` ignored.
struct Options {
    short: &'static [(char, char)],
    long: &'static [(&'static str, char)],
    /// Options without a value that only `BusyBox` has.
    busybox: &'static [char],
}

/// shadow `src/useradd.c`
static USERADD: Options = Options {
    short: &[
        ('u', 'u'),
        ('g', 'g'),
        ('b', '-'),
        ('c', '-'),
        ('d', '-'),
        ('e', '-'),
        ('f', '-'),
        ('G', '-'),
        ('k', '-'),
        ('K', '-'),
        ('p', '-'),
        ('R', '-'),
        ('P', '-'),
        ('s', '-'),
        ('Z', '-'),
    ],
    long: &[
        ("uid", 'u'),
        ("gid", 'g'),
        ("base-dir", '-'),
        ("comment", '-'),
        ("home-dir", '-'),
        ("home", '-'),
        ("expiredate", '-'),
        ("inactive", '-'),
        ("groups", '-'),
        ("skel", '-'),
        ("key", '-'),
        ("password", '-'),
        ("root", '-'),
        ("prefix", '-'),
        ("shell", '-'),
        ("selinux-user", '-'),
    ],
    busybox: &[],
};

/// shadow `src/usermod.c`
static USERMOD: Options = Options {
    short: &[
        ('u', 'u'),
        ('g', 'g'),
        ('c', '-'),
        ('d', '-'),
        ('e', '-'),
        ('f', '-'),
        ('G', '-'),
        ('l', '-'),
        ('p', '-'),
        ('R', '-'),
        ('P', '-'),
        ('s', '-'),
        ('v', '-'),
        ('w', '-'),
        ('Z', '-'),
    ],
    long: &[
        ("uid", 'u'),
        ("gid", 'g'),
        ("comment", '-'),
        ("home", '-'),
        ("groups", '-'),
        ("login", '-'),
        ("password", '-'),
        ("shell", '-'),
    ],
    busybox: &[],
};

/// busybox `loginutils/adduser.c`, Debian's `adduser(8)`. `-g` is a comment in `BusyBox`. If the
/// name is a link to `useradd`, `-g` is a group.
static ADDUSER: Options = Options {
    short: &[
        ('u', 'u'),
        ('G', 'g'),
        ('g', '-'),
        ('h', '-'),
        ('s', '-'),
        ('k', '-'),
        ('d', '-'),
        ('c', '-'),
        ('b', '-'),
    ],
    long: &[
        ("uid", 'u'),
        ("gid", 'g'),
        ("ingroup", 'g'),
        ("home", '-'),
        ("home-dir", '-'),
        ("gecos", '-'),
        ("comment", '-'),
        ("shell", '-'),
        ("skel", '-'),
        ("conf", '-'),
        ("firstuid", '-'),
        ("lastuid", '-'),
        ("firstgid", '-'),
        ("lastgid", '-'),
        ("groups", '-'),
    ],
    busybox: &['D', 'H'],
};

/// shadow `src/groupadd.c`, `src/groupmod.c`
static GROUPADD: Options = Options {
    short: &[
        ('g', 'g'),
        ('K', '-'),
        ('n', '-'),
        ('p', '-'),
        ('R', '-'),
        ('P', '-'),
    ],
    long: &[
        ("gid", 'g'),
        ("key", '-'),
        ("new-name", '-'),
        ("password", '-'),
        ("root", '-'),
        ("prefix", '-'),
    ],
    busybox: &[],
};

/// busybox `loginutils/addgroup.c`, Debian's `adduser(8)`
static ADDGROUP: Options = Options {
    short: &[('g', 'g')],
    long: &[
        ("gid", 'g'),
        ("conf", '-'),
        ("firstgid", '-'),
        ("lastgid", '-'),
    ],
    busybox: &[],
};

/// The options and operands of one call.
struct Call<'w> {
    values: Vec<(char, &'w str)>,
    operands: Vec<&'w str>,
    /// An option was used that only `BusyBox` has.
    is_busybox: bool,
}

impl<'w> Call<'w> {
    fn read(words: &'w [Word<'_>], options: &Options) -> Self {
        let mut call = Self {
            values: Vec::new(),
            operands: Vec::new(),
            is_busybox: false,
        };
        let mut is_system = false;
        let mut words = words.iter().map(|word| word.text.as_str());
        while let Some(word) = words.next() {
            if let Some(long) = word.strip_prefix("--") {
                let (name, value) = match long.split_once('=') {
                    Some((name, value)) => (name, Some(value)),
                    None => (long, None),
                };
                if let Some((_, means)) = options.long.iter().find(|(known, _)| *known == name)
                    && let Some(value) = value.or_else(|| words.next())
                {
                    call.values.push((*means, value));
                }
            } else if let Some(cluster) = word.strip_prefix('-').filter(|rest| !rest.is_empty()) {
                for (at, letter) in cluster.char_indices() {
                    if let Some((_, means)) = options.short.iter().find(|(one, _)| *one == letter) {
                        let attached = cluster.get(at + letter.len_utf8()..).unwrap_or_default();
                        let value = if attached.is_empty() {
                            words.next().unwrap_or_default()
                        } else {
                            attached
                        };
                        call.values.push((*means, value));
                        break;
                    }
                    call.is_busybox |= options.busybox.contains(&letter);
                    is_system |= letter == 'S';
                }
            } else if word.starts_with(['>', '<']) || word.starts_with("2>") {
                break;
            } else {
                call.operands.push(word);
            }
        }
        // BusyBox creates no group for a system user.
        call.is_busybox &= !is_system;
        call
    }

    fn value(&self, letter: char) -> Option<&'w str> {
        let found = self.values.iter().rev().find(|(known, _)| *known == letter);
        found.map(|(_, value)| *value)
    }
}

/// The name of the program without its directory.
fn program(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::super::expand::Variable;
    use super::super::shell::commands;
    use super::*;

    fn accounts(script: &str) -> Accounts {
        let mut accounts = Accounts::default();
        let variable = |name: &str| match name {
            "UID" => Variable::Set("1234"),
            _ => Variable::Unknown,
        };
        for command in commands(script, &variable) {
            accounts.run(&command);
        }
        accounts
    }

    #[test]
    fn shadow_and_busybox_differ() {
        for (script, uid, gid) in [
            ("useradd -u 1001 app", Some(1001), None),
            ("useradd -r -m -u1001 -g 0 app", Some(1001), Some(0)),
            (
                "useradd --uid=1001 --gid 1002 --no-create-home app",
                Some(1001),
                Some(1002),
            ),
            (
                "groupadd -g 1002 grp && useradd --system -rmu 1001 -g grp -s /bin/sh app",
                Some(1001),
                Some(1002),
            ),
            ("useradd app", None, None),
            ("useradd -u $UID -U app", Some(1234), None),
            ("useradd -u $OTHER app", None, None),
            (
                "addgroup -S -g 1002 grp; adduser -S -D -H -u 1001 -G grp app",
                Some(1001),
                Some(1002),
            ),
            ("adduser -S -D -u 1001 app", Some(1001), None),
            ("adduser -D -u 1001 app", Some(1001), Some(1001)),
            ("adduser -D -g 'My App' -u 1001 app", Some(1001), Some(1001)),
            (
                "adduser --system --uid 1001 --gid 1002 --disabled-password --gecos '' app",
                Some(1001),
                Some(1002),
            ),
            (
                "addgroup --gid 1002 grp && adduser --uid 1001 --ingroup grp --home /x app",
                Some(1001),
                Some(1002),
            ),
            ("/usr/sbin/useradd -l -G sudo -u 1001 app", Some(1001), None),
            (
                "useradd -m -u 1000 app; usermod -u 1001 app",
                Some(1001),
                None,
            ),
            (
                "groupadd -g 5 grp; useradd -u 1001 -g grp app; groupmod -g 1002 grp",
                Some(1001),
                Some(1002),
            ),
            ("id app || useradd -u 1001 app", None, None),
            (
                "echo 'app:x:1001:1002::/:/sbin/nologin' >> /etc/passwd",
                Some(1001),
                Some(1002),
            ),
            (
                "printf 'app:x:1001:1002::/:/bin/sh\\n' >>/etc/passwd",
                Some(1001),
                Some(1002),
            ),
        ] {
            let account = accounts(script).user("app");
            assert_eq!(account, Some(Account { uid, gid }), "{script}");
        }
    }

    #[test]
    fn commands_that_create_no_user() {
        for script in [
            "adduser app wheel",
            "useradd",
            "echo app:x:1:1",
            "groupadd app",
            "useradd --help > app",
        ] {
            assert_eq!(accounts(script).user("app"), None, "{script}");
        }
        assert!(accounts("apt-get update").is_untouched());
    }
}
