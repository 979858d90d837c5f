//! Makes facts from the result of the stages.

use std::sync::Arc;

use super::Recipe;
use super::expand::is_known;
use super::stages::{At, Image};
use crate::image::name::Name;
use crate::image::{DefaultUser, Facts, Kind, Knowledge, RunAs, Support, Writable};

/// The facts about an image. The source of each fact is its line in the Dockerfile.
pub(super) fn facts(image: &Image, recipe: &Recipe, knowledge: &Knowledge) -> Facts {
    let name = recipe.name.as_str();
    let base = Base::find(image, knowledge);
    // After its own `ENTRYPOINT` the image runs other software than its base.
    let service = base
        .facts
        .as_deref()
        .filter(|facts| facts.kind == Kind::Service && image.entrypoint.is_none());
    let mut facts = match service {
        Some(service) => Facts {
            id: format!("{} in {name}", service.id),
            by_assumption: assumption(image, recipe),
            ..service.clone()
        },
        None => Facts {
            capabilities_as_user: base
                .facts
                .as_ref()
                .and_then(|facts| facts.capabilities_as_user.clone()),
            file_capabilities: base
                .facts
                .as_ref()
                .map(|facts| facts.file_capabilities.clone())
                .unwrap_or_default(),
            ..Facts::nothing(name.to_owned(), Kind::LanguageBase)
        },
    };
    let place = |line: u32| format!("{name}:{line}");
    set_user(&mut facts, image, &base, name);

    for (port, line) in &image.ports {
        facts.ports.push(*port);
        add_source(&mut facts, "ports", place(*line));
    }
    facts.ports.sort_unstable();
    facts.ports.dedup();
    let of_base = (facts.declared.clone(), facts.writable.clone());
    for (path, line) in &image.volumes {
        add_source(&mut facts, "volumes", place(*line));
        if !of_base.0.contains(path) {
            facts.declared.push(path.clone());
        }
        if !of_base.1.iter().any(|writable| writable.path == *path) {
            facts.writable.push(Writable {
                path: path.clone(),
                why: "the image's volume".to_owned(),
                size: 0,
                exec: false,
                seed: false,
                persist: true,
                mode: None,
                owner: None,
                when: Vec::new(),
            });
        }
    }
    for At { line, value: file } in &image.capable_files {
        add_source(&mut facts, "capabilities", place(*line));
        facts.file_capabilities.push(file.clone());
    }
    if facts.default_user != DefaultUser::Root
        && let Some(why) = needs_new_privileges(image, name)
    {
        facts.no_new_privileges = Support::Conditional(why);
    }
    facts.entrypoint = image.entrypoint.as_ref().map(|at| at.value.clone());
    facts.arguments = image.arguments.as_ref().map(|at| at.value.clone());
    facts.probe.clone_from(&image.probe);
    facts.start_scripts.clone_from(&image.start_scripts);
    facts.environment = image
        .environment
        .iter()
        .map(|(name, value)| (name.clone(), is_known(value).then(|| value.clone())))
        .collect();
    facts
}

/// Adds the source of a fact. Several facts of one line add the source only once.
fn add_source(facts: &mut Facts, section: &'static str, place: String) {
    let source = (section, place);
    if facts.sources.last() != Some(&source) {
        facts.sources.push(source);
    }
}

/// The base image of the first stage.
struct Base {
    is_scratch: bool,
    facts: Option<Arc<Facts>>,
}

impl Base {
    fn find(image: &Image, knowledge: &Knowledge) -> Self {
        let name = image.base.as_ref().map_or("", |at| at.value.as_str());
        Self {
            is_scratch: name == "scratch",
            facts: knowledge.facts(&Name::parse(name)),
        }
    }

    /// The uid and gid of a user that the base is known to have.
    fn user(&self, name: &str) -> Option<RunAs> {
        let facts = self.facts.as_ref()?;
        let is_default = matches!(&facts.default_user, DefaultUser::Name(own) if own == name);
        let is_own = facts.user_name.as_deref() == Some(name);
        facts.run_as.filter(|_| is_default || is_own)
    }
}

/// Why the facts of the base are only assumed; `None` if they are known.
fn assumption(image: &Image, recipe: &Recipe) -> Option<String> {
    let name = &recipe.name;
    if recipe.is_dynamic {
        return Some(format!("a variable decides how {name} is built"));
    }
    let base = image.base.as_ref()?;
    if !is_known(&base.value) {
        return Some(format!(
            "a variable decides the base in {name}:{}",
            base.line
        ));
    }
    let At { line, value } = image.altered.as_ref()?;
    Some(format!(
        "{value} in {name}:{line} may have changed the software"
    ))
}

fn set_user(facts: &mut Facts, image: &Image, base: &Base, name: &str) {
    let before = base.facts.as_ref().and_then(|facts| facts.run_as);
    let Some(At { line, value: user }) = &image.user else {
        if facts.kind == Kind::Service {
            return;
        }
        // The default user of the base starts the image.
        facts.default_user = match &base.facts {
            Some(facts) => facts.default_user.clone(),
            None if base.is_scratch => DefaultUser::Root,
            None => DefaultUser::Unknown,
        };
        if facts.default_user != DefaultUser::Root {
            facts.run_as = before;
        }
        let line = image.base.as_ref().map_or(1, |at| at.line);
        facts.sources.push(("user", format!("{name}:{line}")));
        return;
    };
    facts.sources.retain(|(section, _)| *section != "user");
    facts.sources.push(("user", format!("{name}:{line}")));
    let (default, run_as) = resolve(user, image, base);
    facts.default_user = default;
    if facts.default_user == DefaultUser::Root {
        // The user that the base can run as still exists.
        return;
    }
    facts.run_as = run_as;
    facts.steps_down = None;
    if before.map(|user| user.uid) != run_as.map(|user| user.uid) {
        facts.owned.clear();
    }
    if run_as.is_none() && !matches!(facts.read_only, Support::No(_)) {
        // The owner that the scratch space needs is unknown.
        facts.read_only = Support::Unknown;
    }
}

/// The user that a `USER` selects, with its uid and gid if both are known.
fn resolve(text: &str, image: &Image, base: &Base) -> (DefaultUser, Option<RunAs>) {
    let (user, group) = match text.split_once(':') {
        Some((user, group)) => (user, Some(group)),
        None => (text, None),
    };
    if !is_known(user) || user.is_empty() {
        return (DefaultUser::Unknown, None);
    }
    let accounts = &image.accounts;
    let known = (!accounts.is_replaced).then(|| base.user(user)).flatten();
    let account = accounts.user(user);
    let number = user.parse::<u32>().ok();
    let uid = match (number, account) {
        (Some(uid), _) => Some(uid),
        (None, Some(account)) => account.uid,
        (None, None) if user == "root" => Some(0),
        (None, None) => known.map(|user| user.uid),
    };
    if uid == Some(0) {
        return (DefaultUser::Root, None);
    }
    let of_number = || {
        let uid = number?;
        let own = accounts.user_of(uid).map(|account| account.gid);
        let of_base = base.facts.as_ref().and_then(|facts| facts.run_as);
        own.or_else(|| {
            of_base
                .filter(|user| user.uid == uid && !accounts.is_replaced)
                .map(|user| Some(user.gid))
        })
        // The engine uses group 0 for a uid without an entry in `/etc/passwd`.
        .or_else(|| (base.is_scratch && accounts.is_untouched()).then_some(Some(0)))
        .flatten()
    };
    let gid = match group {
        Some(group) if is_known(group) => accounts.group(group).or_else(|| {
            let same = known.filter(|_| group == user);
            same.map(|user| user.gid)
        }),
        Some(_) => None,
        None => match account {
            Some(account) => account.gid,
            None => known.map(|user| user.gid).or_else(of_number),
        },
    };
    let default = match number {
        Some(uid) => DefaultUser::Uid(uid),
        None => DefaultUser::Name(user.to_owned()),
    };
    let run_as = uid.zip(gid).map(|(uid, gid)| RunAs { uid, gid });
    (default, run_as)
}

/// The privileges that an unprivileged user loses with `no_new_privs`, as text. Ports below 1024
/// need no capability with the supported engines (Docker >= 20.10, Podman).
fn needs_new_privileges(image: &Image, name: &str) -> Option<String> {
    if let Some(At { line, value }) = image.privileges.first() {
        return Some(format!("{value} ({name}:{line}); the image may need that"));
    }
    let file = image.capable_files.iter().find(|at| {
        let grants = at.value.grants.to_ascii_lowercase();
        let (names, _) = grants.split_once(['+', '=']).unwrap_or((&grants, ""));
        names.split(',').any(|name| name != "cap_net_bind_service")
    })?;
    let At { line, value } = file;
    Some(format!(
        "`{}` has {} ({name}:{line}); the image may need that",
        value.path, value.grants
    ))
}
