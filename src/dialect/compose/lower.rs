//! Writes assignments as keys of a service.

use super::{EVERYTHING, Limits, Site, Version};
use crate::container::{
    Assignment, Container, Reason, Scratch, Setting, Value as Part, Via, Words, is_shared_directory,
};
use crate::dialect::engine_words::mount::write_tmpfs;
use crate::dialect::{
    RESERVATION_ABOVE, SWAP_BELOW, Unwritable, WINDOWS, engine_words, no_setting,
};
use crate::project::File;
use crate::syntax::{Editor, Found, Kind, NodeId, Schema, Tree, Value};
use crate::units;

const SECURITY_OPT: &str = "security_opt";

static LISTED_TWICE: Words = Words::new(
    "listed-twice",
    "Another file defines the service. If that file has the same item in its list, Compose rejects \
     both together.",
);
static SET_LATER: Words = Words::new("set-later", "{written} sets {name}, and that value wins.");
static RESET_LATER: Words = Words::new(
    "reset-later",
    "A later document resets or overrides {name}: writing it here has no effect.",
);
static NO_TMPFS: Words = Words::new(
    "format-without-tmpfs",
    "A file without {services} cannot have {name}.",
);
static SWARM_TMPFS: Words = Words::new(
    "swarm-ignores-tmpfs",
    "A swarm has no tmpfs with an owner or with programs.",
);
static SWARM_PORTS: Words = Words::new(
    "swarm-ignores-address",
    "A swarm ignores the address of a port.",
);
static SWARM_PIDS: Words = Words::new(
    "swarm-without-pids",
    "The schema of this file's version has no limit on processes for a swarm.",
);
static HEIR_DIFFERS: Words = Words::new(
    "extended-by-other",
    "{name} extends this service and would inherit the change, but differs from it.",
);
static RESERVATION_BY_VARIABLE: Words = Words::new(
    "reservation-by-variable",
    "{written} decides how much memory it reserves, and the engine refuses a limit below that.",
);

impl Site {
    /// Plans the edits for `assignment` and returns the paths written.
    pub(super) fn write(
        &self,
        assignment: &Assignment,
        container: &Container,
        files: &[File<'_>],
        editors: &mut [Editor<'_, '_>],
    ) -> Result<Vec<String>, Unwritable> {
        let tree = &files[self.file].tree;
        let Some(editor) = editors.get_mut(self.file) else {
            return Ok(Vec::new());
        };
        if let Some(why) = &self.not_editable {
            return Err(why.clone().into());
        }
        // Compose joins the lists of all files, and its schema allows no item twice (compose-spec
        // `compose-spec.json`, `uniqueItems`; compose-go `override/uncity.go` has no rule for them).
        if container.is_fragment
            && matches!(
                assignment,
                Assignment::NoNewPrivileges
                    | Assignment::DropAllCapabilities
                    | Assignment::AddCapability(_)
                    | Assignment::Scratch(_)
            )
        {
            return Err((&LISTED_TWICE).into());
        }
        self.check_heirs()?;
        self.check_platform(assignment, container)?;
        match assignment {
            Assignment::User { uid, gid } => {
                let user = engine_words::write_user(*uid, *gid);
                self.set(editor, &["user"], Value::Str(user))
            }
            Assignment::NoNewPrivileges => {
                if !container.no_new_privileges.is_absent() {
                    self.remove_option(tree, editor, "no-new-privileges")?;
                }
                let option = "no-new-privileges:true".to_owned();
                self.append(tree, editor, SECURITY_OPT, option)
            }
            Assignment::MemoryLimit(bytes) => self.limit_memory(editor, container, *bytes),
            Assignment::CpuLimit(millicpu) => self.limit_cpus(editor, *millicpu),
            Assignment::ReadOnlyRoot => self.set(editor, &["read_only"], Value::Bool(true)),
            Assignment::Scratch(scratch) if self.swarm.is_some() => {
                self.mount_tmpfs(editor, scratch)
            }
            Assignment::Scratch(scratch) => {
                self.append(tree, editor, "tmpfs", write_tmpfs(scratch))
            }
            Assignment::DropAllCapabilities => {
                self.append(tree, editor, "cap_drop", "ALL".to_owned())
            }
            Assignment::AddCapability(name) => self.append(tree, editor, "cap_add", name.clone()),
            Assignment::PidsLimit(limit) => match self.limits.pids {
                Limits::Service => self.set(editor, &["pids_limit"], Value::Int(*limit)),
                Limits::Deploy => self.set(
                    editor,
                    &["deploy", "resources", "limits", "pids"],
                    Value::Int(*limit),
                ),
            },
            Assignment::DefaultSeccomp => self.remove_option(tree, editor, "seccomp"),
            Assignment::DefaultAppArmor => self.remove_option(tree, editor, "apparmor"),
            // Other labels keep `SELinux` confinement on.
            Assignment::DefaultSeLinux => self.remove_items(tree, editor, SECURITY_OPT, |text| {
                let weak = container.selinux.judged().map(String::as_str);
                weak.is_some() && engine_words::security_option(text) == ("label", weak)
            }),
            Assignment::Unprivileged => self.set(editor, &["privileged"], Value::Bool(false)),
            Assignment::LocalhostPorts => self.close_ports(tree, editor, container),
            Assignment::RestartAtMost(retries) => self.limit_restarts(editor, *retries),
            Assignment::OwnNamespace(_)
            | Assignment::RemoveCapability(_)
            | Assignment::RemoveSysctl(_)
            | Assignment::DefaultProcMount
            | Assignment::ReadOnlyMount(_) => self.withdraw(assignment, tree, editor),
            Assignment::RequireNonRoot
            | Assignment::NoServiceAccountToken
            | Assignment::MemoryRequest(_)
            | Assignment::CpuRequest(_)
            | Assignment::VolumeGroup(_)
            | Assignment::UnprivilegedPortStart(_) => Err(no_setting("Compose")),
        }
    }

    fn limit_memory(
        &self,
        editor: &mut Editor<'_, '_>,
        container: &Container,
        bytes: u64,
    ) -> Result<Vec<String>, Unwritable> {
        self.check_reservation(container, bytes)?;
        self.check_swap(bytes)?;
        let text = units::write_bytes(bytes);
        match self.limits.memory {
            Limits::Service => self.set(editor, &["mem_limit"], Value::Str(text)),
            Limits::Deploy => {
                let text = Value::Str(text.to_ascii_uppercase());
                self.set(editor, &["deploy", "resources", "limits", "memory"], text)
            }
        }
    }

    fn limit_restarts(
        &self,
        editor: &mut Editor<'_, '_>,
        retries: u32,
    ) -> Result<Vec<String>, Unwritable> {
        if !self.restarts_by_deploy {
            let policy = format!("on-failure:{retries}");
            return self.set(editor, &["restart"], Value::Str(policy));
        }
        let policy = |key| ["deploy", "restart_policy", key];
        let condition = Value::Str("on-failure".to_owned());
        let mut paths = self.set(editor, &policy("condition"), condition)?;
        let retries = Value::Int(i64::from(retries));
        paths.extend(self.set(editor, &policy("max_attempts"), retries)?);
        Ok(paths)
    }

    fn limit_cpus(
        &self,
        editor: &mut Editor<'_, '_>,
        millicpu: u64,
    ) -> Result<Vec<String>, Unwritable> {
        let text = || Value::Str(units::write_cpus(millicpu));
        let whole = i64::try_from(millicpu / 1000).ok();
        match self.limits.cpu {
            Limits::Deploy => self.set(editor, &["deploy", "resources", "limits", "cpus"], text()),
            // The quota is in microseconds of the default period of 100 ms.
            Limits::Service if self.version == Version::First => {
                let quota = i64::try_from(millicpu.saturating_mul(100)).unwrap_or(i64::MAX);
                self.set(editor, &["cpu_quota"], Value::Int(quota))
            }
            Limits::Service => {
                let whole = whole.filter(|_| millicpu.is_multiple_of(1000));
                self.set(editor, &["cpus"], whole.map_or_else(text, Value::Int))
            }
        }
    }

    fn set(
        &self,
        editor: &mut Editor<'_, '_>,
        path: &[&str],
        value: Value,
    ) -> Result<Vec<String>, Unwritable> {
        self.check_override(path[0])?;
        self.check_later(path)?;
        editor.set(self.node, path, value)?;
        Ok(vec![self.path(path)])
    }

    /// Appends to a list of the service. A single string is first turned into a list. A list that
    /// comes from `<<` is written out in full, because a merge replaces lists.
    fn append(
        &self,
        tree: &Tree<'_>,
        editor: &mut Editor<'_, '_>,
        key: &str,
        text: String,
    ) -> Result<Vec<String>, Unwritable> {
        self.check_override(key)?;
        // If this run has already written the list out, the item is appended to it.
        let refusal = match editor.push(self.node, &[key], Value::Str(text.clone())) {
            Ok(()) => return Ok(vec![self.path(&[key])]),
            Err(refusal) => refusal,
        };
        let service = tree.resolve(self.node);
        let items = tree.get(service, key, Schema::GoYamlV4).and_then(|found| {
            let node = tree.resolve(found.value());
            match (found, tree.node(node).kind) {
                (_, Kind::Scalar) => scalars(tree, &[node]),
                (Found::Merged { .. }, Kind::Seq) => {
                    scalars(tree, &tree.children(node).collect::<Vec<_>>())
                }
                _ => None,
            }
        });
        let Some(mut items) = items else {
            return Err(refusal.into());
        };
        items.push(Value::Str(text));
        editor.set(self.node, &[key], Value::Seq(items))?;
        Ok(vec![self.path(&[key])])
    }

    /// Removes every item of the service's own `security_opt` that sets this option.
    pub(super) fn remove_option(
        &self,
        tree: &Tree<'_>,
        editor: &mut Editor<'_, '_>,
        option: &str,
    ) -> Result<Vec<String>, Unwritable> {
        self.remove_items(tree, editor, SECURITY_OPT, |text| {
            engine_words::security_option(text).0 == option
        })
    }

    /// Writes the long form of a tmpfs, the only one that a swarm reads. It has a size but no owner
    /// (docs/semantics.md#swarm-short-tmpfs and #tmpfs-long-form).
    fn mount_tmpfs(
        &self,
        editor: &mut Editor<'_, '_>,
        scratch: &Scratch,
    ) -> Result<Vec<String>, Unwritable> {
        self.check_override("volumes")?;
        let text = |text: &str| Value::Str(text.to_owned());
        let size = i64::try_from(scratch.size).unwrap_or(i64::MAX);
        let volume = vec![
            ("type".to_owned(), text("tmpfs")),
            ("target".to_owned(), text(&scratch.path)),
            (
                "tmpfs".to_owned(),
                Value::Map(vec![("size".to_owned(), Value::Int(size))]),
            ),
        ];
        editor.push(self.node, &["volumes"], Value::Map(volume))?;
        Ok(vec![self.path(&["volumes"])])
    }

    pub(super) fn path(&self, keys: &[&str]) -> String {
        let above = if self.version == Version::First {
            ""
        } else {
            "services."
        };
        let mut path = format!("{above}{}", self.service);
        for key in keys {
            path.push('.');
            path.push_str(key);
        }
        path
    }

    pub(super) fn check_override(&self, key: &str) -> Result<(), Unwritable> {
        if self
            .overridden
            .iter()
            .any(|overridden| overridden == key || overridden == EVERYTHING)
        {
            return Err(Reason::new(&RESET_LATER).name(key).into());
        }
        Ok(())
    }

    /// A value of a later document or file would win.
    pub(super) fn check_later(&self, path: &[&str]) -> Result<(), Unwritable> {
        let is_later = |(later, _): &&(String, String)| later.split('.').eq(path.iter().copied());
        match self.later.iter().find(is_later) {
            Some((_, place)) => {
                let reason = Reason::new(&SET_LATER).name(path.join("."));
                Err(reason.written(place).into())
            }
            None => Ok(()),
        }
    }

    /// A swarm drops the short form of tmpfs (docs/semantics.md#swarm-short-tmpfs). It also ignores
    /// `security_opt`, which is harmless. Windows supports neither.
    fn check_platform(
        &self,
        assignment: &Assignment,
        container: &Container,
    ) -> Result<(), Unwritable> {
        let because = |words, sign: &Reason| Err(Reason::new(words).and(sign.clone()).into());
        let linux_only = matches!(
            assignment,
            Assignment::User { .. }
                | Assignment::NoNewPrivileges
                | Assignment::ReadOnlyRoot
                | Assignment::Scratch(_)
                | Assignment::DropAllCapabilities
                | Assignment::AddCapability(_)
                | Assignment::PidsLimit(_)
        );
        if linux_only && container.windows {
            return Err(Unwritable::from(&WINDOWS));
        }
        match (assignment, &self.swarm) {
            (Assignment::Scratch(_), _) if self.version == Version::First => {
                let services = Part::Name("services".to_owned());
                let reason = Reason::new(&NO_TMPFS).name("tmpfs");
                Err(reason.with("services", services).into())
            }
            (Assignment::Scratch(scratch), Some(sign))
                if self.version.is_before(6)
                    || scratch.exec
                    || !is_shared_directory(&scratch.path) =>
            {
                because(&SWARM_TMPFS, sign)
            }
            (Assignment::LocalhostPorts, Some(sign)) => because(&SWARM_PORTS, sign),
            (Assignment::PidsLimit(_), Some(sign)) if self.version.is_before(9) => {
                because(&SWARM_PIDS, sign)
            }
            _ => Ok(()),
        }
    }

    fn check_heirs(&self) -> Result<(), Unwritable> {
        match self.heirs.iter().find(|heir| !heir.same) {
            Some(heir) => Err(Reason::new(&HEIR_DIFFERS).name(&heir.name).into()),
            None => Ok(()),
        }
    }

    /// The engine rejects a memory limit above the limit of memory and swap.
    fn check_swap(&self, limit: u64) -> Result<(), Unwritable> {
        match &self.swap {
            Some((text, swap)) if swap.is_none_or(|swap| swap < limit) => {
                let reason = Reason::new(&SWAP_BELOW).name("memswap_limit");
                Err(reason.written(text).into())
            }
            _ => Ok(()),
        }
    }

    /// The engine rejects a limit below the reservation.
    #[allow(
        clippy::unused_self,
        reason = "a check of the site like its neighbours"
    )]
    fn check_reservation(&self, container: &Container, limit: u64) -> Result<(), Unwritable> {
        match &container.memory_request {
            Setting::Variable { text, origin, .. } => {
                let reason = Reason::new(&RESERVATION_BY_VARIABLE).written(text);
                Err(reason.at(origin.place).into())
            }
            Setting::Set { value, origin } if *value > limit && origin.via != Via::Planned => {
                Err(Reason::new(&RESERVATION_ABOVE).at(origin.place).into())
            }
            _ => Ok(()),
        }
    }
}

/// The items as values; `None` if one is not a scalar.
pub(super) fn scalars(tree: &Tree<'_>, items: &[NodeId]) -> Option<Vec<Value>> {
    items
        .iter()
        .map(|item| {
            let item = tree.resolve(*item);
            (tree.node(item).kind == Kind::Scalar)
                .then(|| Value::Str(tree.value(item).into_owned()))
        })
        .collect()
}
