//! Follows the stages of a Dockerfile to the target stage.

use std::collections::{BTreeMap, HashMap};

use super::Recipe;
use super::accounts::Accounts;
use super::expand::{Variable, expand, is_known};
use super::parse::{Command, Dockerfile, Instruction, Kind};
use super::shell::{self, Simple, Word};
use crate::image::entry::CapableFile;
use crate::image::is_start_script;
use crate::image::name::UNKNOWN;
use crate::paths;

/// The effect of the instructions on an image, relative to its base.
#[derive(Clone, Debug, Default)]
pub(super) struct Image {
    /// The base image of the first stage, as far as the variables are known.
    pub(super) base: Option<At<String>>,
    /// The last `USER`.
    pub(super) user: Option<At<String>>,
    /// The users and groups that the build creates.
    pub(super) accounts: Accounts,
    /// The last `ENTRYPOINT`; a shell form includes its shell.
    pub(super) entrypoint: Option<At<Vec<String>>>,
    /// The last effective `CMD`; a shell form includes its shell.
    pub(super) arguments: Option<At<Vec<String>>>,
    /// The last `HEALTHCHECK`; a shell form includes its shell.
    pub(super) probe: Option<Vec<String>>,
    /// Variables of the image; [`UNKNOWN`] stands for the unknown parts of a value.
    pub(super) environment: BTreeMap<String, String>,
    /// `EXPOSE`: each port with its line.
    pub(super) ports: BTreeMap<u16, u32>,
    /// `VOLUME`: each path with its line.
    pub(super) volumes: BTreeMap<String, u32>,
    /// Files to which `setcap` gave capabilities.
    pub(super) capable_files: Vec<At<CapableFile>>,
    /// Ways in which a user can gain root: setuid programs, sudo rules.
    pub(super) privileges: Vec<At<String>>,
    /// The first instruction that may have changed the software of the base.
    pub(super) altered: Option<At<&'static str>>,
    /// The target path of start scripts that the base runs at every start.
    pub(super) start_scripts: Option<String>,
    workdir: String,
    shell: Option<Vec<String>>,
    triggers: Vec<Instruction>,
    has_own_arguments: bool,
    is_scratch: bool,
}

/// A value of an instruction, with its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct At<T> {
    /// The line, from 1.
    pub(super) line: u32,
    /// The value.
    pub(super) value: T,
}

/// Maximum number of executed instructions. Stages can build on and copy from each other, so some
/// instructions are executed many times.
const STEPS: usize = 100_000;

/// Variables that the builder sets automatically from the target platform.
const PLATFORM: [&str; 9] = [
    "TARGETPLATFORM",
    "TARGETOS",
    "TARGETARCH",
    "TARGETVARIANT",
    "TARGETSTAGE",
    "BUILDPLATFORM",
    "BUILDOS",
    "BUILDARCH",
    "BUILDVARIANT",
];

/// The image that a recipe builds; `None` if the builder would reject it.
pub(super) fn image(dockerfile: &Dockerfile, recipe: &Recipe) -> Option<Image> {
    let build = Build::new(dockerfile, recipe)?;
    let target = match &recipe.target {
        None => build.stages.len().checked_sub(1)?,
        Some(name) => build.stage(name, build.stages.len())?,
    };
    build.follow(target, &mut 0)
}

struct Build<'d> {
    escape: char,
    recipe: &'d Recipe,
    /// The arguments of the recipe, by name.
    arguments: HashMap<&'d str, Option<&'d str>>,
    /// The `ARG` instructions before the first stage.
    globals: BTreeMap<&'d str, Option<String>>,
    stages: Vec<Stage<'d>>,
}

struct Stage<'d> {
    name: Option<&'d str>,
    line: u32,
    base: Base,
    instructions: &'d [Instruction],
}

enum Base {
    Stage(usize),
    Image(String),
}

impl<'d> Build<'d> {
    fn new(dockerfile: &'d Dockerfile, recipe: &'d Recipe) -> Option<Self> {
        let mut build = Self {
            escape: dockerfile.escape,
            recipe,
            arguments: recipe
                .args
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_deref()))
                .collect(),
            globals: BTreeMap::new(),
            stages: Vec::new(),
        };
        let mut by_name: HashMap<String, usize> = HashMap::new();
        let mut rest = dockerfile.instructions.as_slice();
        while let Some((first, after)) = rest.split_first() {
            rest = after;
            match &first.kind {
                Kind::Arg(variables) => {
                    for (name, default) in variables {
                        let value =
                            build.argument(name, default.as_deref(), &|name| build.global(name))?;
                        build.globals.insert(name, value);
                    }
                }
                Kind::From { base, name } => {
                    let own = rest
                        .iter()
                        .position(|one| matches!(one.kind, Kind::From { .. }))
                        .unwrap_or(rest.len());
                    let (instructions, after) = rest.split_at(own);
                    rest = after;
                    let base = expand(base, build.escape, &|name| build.global(name))?;
                    let base = match by_name.get(&base.to_ascii_lowercase()) {
                        Some(stage) => Base::Stage(*stage),
                        None => Base::Image(base),
                    };
                    if let Some(name) = name {
                        by_name.insert(name.to_ascii_lowercase(), build.stages.len());
                    }
                    build.stages.push(Stage {
                        name: name.as_deref(),
                        line: first.line,
                        base,
                        instructions,
                    });
                }
                // Before the first `FROM`, only `ARG` is allowed.
                _ => return None,
            }
        }
        Some(build)
    }

    /// The value of an `ARG`: the build argument, or else the default. The outer `None` means that
    /// the builder would reject it, the inner `None` that there is no value.
    #[allow(
        clippy::option_option,
        reason = "a value may be missing, and the builder may reject it"
    )]
    fn argument<'v>(
        &self,
        name: &str,
        default: Option<&str>,
        variable: &dyn Fn(&str) -> Variable<'v>,
    ) -> Option<Option<String>> {
        match (self.arguments.get(name), default) {
            (Some(Some(value)), _) => Some(Some((*value).to_owned())),
            (Some(None), _) => Some(Some(UNKNOWN.to_string())),
            (None, Some(default)) => expand(default, self.escape, variable).map(Some),
            (None, None) if PLATFORM.contains(&name) => Some(Some(UNKNOWN.to_string())),
            (None, None) => Some(None),
        }
    }

    fn global(&self, name: &str) -> Variable<'_> {
        match self.globals.get(name) {
            Some(Some(value)) => Variable::Set(value),
            None if PLATFORM.contains(&name) => Variable::Unknown,
            Some(None) | None => Variable::Unset,
        }
    }

    /// The stage with this name or number, among the first `before` stages.
    fn stage(&self, name: &str, before: usize) -> Option<usize> {
        let stages = self.stages.get(..before)?;
        stages
            .iter()
            .rposition(|stage| stage.name.is_some_and(|own| own.eq_ignore_ascii_case(name)))
            .or_else(|| name.parse().ok().filter(|index| *index < before))
    }

    /// The image of a stage.
    fn follow(&self, target: usize, steps: &mut usize) -> Option<Image> {
        let mut chain = vec![target];
        let mut first = self.stages.get(target)?;
        while let Base::Stage(base) = first.base {
            chain.push(base);
            first = self.stages.get(base)?;
        }
        let Base::Image(base) = &first.base else {
            return None;
        };
        let is_scratch = base == "scratch";
        // A named build context replaces an image of the same name.
        let is_replaced = self.recipe.contexts.iter().any(|name| name == base);
        let base = if is_replaced {
            UNKNOWN.to_string()
        } else {
            base.clone()
        };
        let mut image = Image {
            base: Some(At {
                line: first.line,
                value: base,
            }),
            workdir: "/".to_owned(),
            is_scratch,
            ..Image::default()
        };
        // A stage inherits the variables of its base stage.
        let mut arguments = BTreeMap::new();
        for index in chain.into_iter().rev() {
            let stage = self.stages.get(index)?;
            image.has_own_arguments = false;
            let triggers = std::mem::take(&mut image.triggers);
            for instruction in triggers.iter().chain(stage.instructions) {
                *steps += 1;
                if *steps > STEPS {
                    return None;
                }
                self.apply(&mut image, &mut arguments, index, instruction, steps)?;
            }
        }
        Some(image)
    }

    fn apply(
        &self,
        image: &mut Image,
        arguments: &mut BTreeMap<String, Option<String>>,
        stage: usize,
        instruction: &Instruction,
        steps: &mut usize,
    ) -> Option<()> {
        let line = instruction.line;
        let at = |value| At { line, value };
        let expanded = |image: &Image, arguments: &_, word: &str| {
            expand(word, self.escape, &|name| image.variable(arguments, name))
        };
        match &instruction.kind {
            Kind::Arg(variables) => {
                for (name, default) in variables {
                    let own = self.argument(name, default.as_deref(), &|name| {
                        image.variable(arguments, name)
                    })?;
                    let global = || self.globals.get(name.as_str()).cloned().flatten();
                    arguments.insert(name.clone(), own.or_else(global));
                }
            }
            Kind::Env(variables) => {
                let mut new = Vec::with_capacity(variables.len());
                for (name, value) in variables {
                    new.push((name.clone(), expanded(image, arguments, value)?));
                }
                image.environment.extend(new);
            }
            Kind::User(user) => image.user = Some(at(expanded(image, arguments, user)?)),
            Kind::Workdir(path) => {
                let path = expanded(image, arguments, path)?;
                image.workdir = image.absolute(&path);
            }
            Kind::Expose(words) => {
                for word in words {
                    let word = expanded(image, arguments, word)?;
                    for port in word.split_ascii_whitespace().flat_map(ports) {
                        image.ports.entry(port).or_insert(line);
                    }
                }
            }
            Kind::Volume(words) => {
                for word in words {
                    let path = expanded(image, arguments, word)?;
                    if is_known(&path) && !path.is_empty() {
                        let path = image.absolute(&path);
                        image.volumes.entry(path).or_insert(line);
                    }
                }
            }
            Kind::Shell(words) => image.shell = Some(words.clone()),
            Kind::Entrypoint(command) => {
                image.entrypoint = Some(At {
                    line,
                    value: image.words(command),
                });
                // The arguments of the base belong to the program of the base.
                if !image.has_own_arguments {
                    image.arguments = None;
                }
            }
            Kind::Cmd(command) => {
                image.has_own_arguments = true;
                image.arguments = Some(At {
                    line,
                    value: image.words(command),
                });
                image.alter(line, "CMD");
            }
            Kind::HealthCheck(command) => image.probe = Some(image.words(command)),
            Kind::Run(command) => image.run(command, arguments, line),
            Kind::Copy {
                from,
                sources,
                target,
            } => {
                let target = expanded(image, arguments, target)?;
                let mut paths = Vec::with_capacity(sources.len());
                for source in sources {
                    paths.push(expanded(image, arguments, source)?);
                }
                let target = image.absolute(&target);
                if image.copy(&paths, &target, line) {
                    *steps += self.stages.len();
                    let stage = from
                        .as_deref()
                        .and_then(|name| self.stage(name, stage))
                        .and_then(|other| self.follow(other, steps));
                    image.accounts.replace(stage.map(|stage| stage.accounts));
                }
            }
            Kind::OnBuild(trigger) => image.triggers.push((**trigger).clone()),
            // `FROM` cannot occur inside a stage.
            Kind::From { .. } => return None,
            Kind::Other => {}
        }
        Some(())
    }
}

impl Image {
    /// The value of a variable at an instruction.
    fn variable<'v>(
        &'v self,
        arguments: &'v BTreeMap<String, Option<String>>,
        name: &str,
    ) -> Variable<'v> {
        match (self.environment.get(name), arguments.get(name)) {
            (Some(value), _) | (None, Some(Some(value))) => Variable::Set(value),
            (None, _) if !self.is_scratch => Variable::Unknown,
            (None, _) => Variable::Unset,
        }
    }

    fn absolute(&self, path: &str) -> String {
        if path.starts_with('/') {
            paths::from_root(path)
        } else {
            paths::from_root(&format!("{}/{path}", self.workdir))
        }
    }

    fn words(&self, command: &Command) -> Vec<String> {
        match command {
            Command::Exec(words) => words.clone(),
            Command::Shell(script) => {
                let default = || vec!["/bin/sh".to_owned(), "-c".to_owned()];
                let mut words = self.shell.clone().unwrap_or_else(default);
                words.push(script.clone());
                words
            }
        }
    }

    fn alter(&mut self, line: u32, instruction: &'static str) {
        self.altered.get_or_insert(At {
            line,
            value: instruction,
        });
    }

    /// Records what copied files may change. Returns whether the files of the users are among them.
    fn copy(&mut self, sources: &[String], target: &str, line: u32) -> bool {
        if holds_programs(target) {
            self.alter(line, "COPY");
        }
        if is_start_script(target) {
            self.start_scripts = Some(target.to_owned());
        }
        if target.starts_with("/etc/sudoers") {
            let value = "the build adds sudo rules".to_owned();
            self.privileges.push(At { line, value });
        }
        target == "/etc/passwd"
            || matches!(target, "/etc" | "/")
                && sources.iter().any(|source| {
                    matches!(source.trim_end_matches('/'), "/etc" | "")
                        || source.ends_with("/passwd")
                })
    }

    /// Records the effects of the commands of a `RUN`.
    fn run(&mut self, command: &Command, arguments: &BTreeMap<String, Option<String>>, line: u32) {
        self.alter(line, "RUN");
        let commands = match command {
            Command::Exec(words) => vec![Simple {
                words: words
                    .iter()
                    .map(|word| Word {
                        raw: word.into(),
                        text: word.clone(),
                    })
                    .collect(),
                is_conditional: false,
            }],
            Command::Shell(script) => {
                let variable = |name: &str| match self.variable(arguments, name) {
                    // The script may set this variable.
                    Variable::Unset => Variable::Unknown,
                    known => known,
                };
                shell::commands(script, &variable)
            }
        };
        let raw = match command {
            Command::Exec(words) => words.join(" "),
            Command::Shell(script) => script.clone(),
        };
        let mut places = raw.split([' ', '\t', '\n', '"', '\'', '>', ';']);
        if let Some(place) = places.find(|word| is_start_script(word)) {
            self.start_scripts = Some(place.to_owned());
        }
        for command in &commands {
            self.accounts.run(command);
            self.capable_files.extend(
                capable_files(command)
                    .into_iter()
                    .map(|value| At { line, value }),
            );
            self.privileges
                .extend(privilege(command).map(|value| At { line, value }));
        }
    }
}

/// Whether the path is a directory of programs or libraries, or the root.
fn holds_programs(path: &str) -> bool {
    path == "/"
        || path.split('/').any(|part| {
            matches!(
                part,
                "bin" | "sbin" | "lib" | "lib64" | "libexec" | "modules" | "plugins"
            ) || part.contains("entrypoint")
        })
}

/// The ports in a word of `EXPOSE`: `80`, `53/udp`, `8000-8010`.
fn ports(word: &str) -> impl Iterator<Item = u16> {
    let ports = word.split_once('/').map_or(word, |(ports, _)| ports);
    let ports = ports.rsplit(':').next().unwrap_or(ports);
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    let range = match (first.parse::<u16>(), last.parse::<u16>()) {
        (Ok(first), Ok(last)) if last >= first => Some(first..=last),
        _ => None,
    };
    // Only the lowest ports matter, so a long range need not be complete.
    range.into_iter().flatten().take(64)
}

/// The programs to which `setcap` gives capabilities.
fn capable_files(command: &Simple<'_>) -> Vec<CapableFile> {
    let mut words = command
        .words
        .iter()
        .skip_while(|word| matches!(word.text.as_str(), "sudo" | "exec"));
    let is_setcap = words
        .next()
        .is_some_and(|word| word.text.rsplit('/').next() == Some("setcap"));
    if !is_setcap {
        return Vec::new();
    }
    let mut found = Vec::new();
    while let Some(word) = words.next() {
        match word.text.as_str() {
            "-q" | "-n" | "-f" => {}
            // `-v` verifies capabilities, `-r` removes them.
            "-v" | "-r" => return Vec::new(),
            grants => {
                let Some(path) = words.next() else { break };
                let path = if is_known(&path.text) {
                    path.text.clone()
                } else {
                    path.raw.trim_matches(['"', '\'']).to_owned()
                };
                found.push(CapableFile {
                    path,
                    grants: grants.replace(UNKNOWN, "?"),
                    note: None,
                });
            }
        }
    }
    found
}

/// How a command lets a user gain root, as text.
fn privilege(command: &Simple<'_>) -> Option<String> {
    let words = &command.words;
    let program = words.first()?.text.rsplit('/').next()?;
    if words.iter().any(|word| word.text.contains("/etc/sudoers")) {
        return Some("the build may change the sudo rules".to_owned());
    }
    if program != "chmod" {
        return None;
    }
    let mode = words
        .iter()
        .skip(1)
        .find(|word| !word.text.starts_with('-'))?;
    let path = words.last()?;
    let is_setuid = match u32::from_str_radix(&mode.text, 8) {
        Ok(bits) => bits & 0o4000 != 0,
        Err(_) => mode.text.split(',').any(|clause| {
            clause
                .split_once(['+', '='])
                .is_some_and(|(who, what)| what.contains('s') && !matches!(who, "g" | "o"))
        }),
    };
    is_setuid.then(|| format!("`{}` is setuid", path.raw))
}
