//! Parses a command line as pflag does.

use std::ops::Range;

use super::fault::{Fault, FaultKind};
use super::flags::{Flag, Takes};
use crate::dialect::engine_words;

/// The engine of a command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Docker.
    Docker,
    /// Podman.
    Podman,
}

impl Engine {
    /// The name of the engine's program.
    #[must_use]
    pub fn program(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
        }
    }
}

/// The words of a `docker run` or a similar command.
#[derive(Clone, Debug)]
pub struct Command {
    pub(super) engine: Engine,
    pub(super) words: Vec<String>,
    /// The options between `run` and the image, in order.
    pub(super) options: Vec<Given>,
    /// The index of the first word after `run`.
    pub(super) first: usize,
    /// The index of the image.
    pub(super) image: usize,
}

/// An option with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::dialect) struct Given {
    pub(super) flag: &'static Flag,
    /// The value. A boolean without a value is `true`.
    pub(super) value: String,
    /// The words of the option. Letters in one word share it.
    pub(in crate::dialect) words: Range<usize>,
}

impl Command {
    /// Parses the words of a command line. The first word is the name of the program.
    ///
    /// Like pflag (`flag.go` `parseArgs`, with `SetInterspersed(false)`): the first word that is
    /// not an option is the image, and all later words belong to the container.
    ///
    /// # Errors
    ///
    /// Returns the word that cannot be parsed or is missing. An unknown flag is an error, because
    /// the next word could be its value or the image.
    pub fn parse(words: Vec<String>) -> Result<Self, Fault> {
        match Reader::new(&words).and_then(Reader::read) {
            Ok((engine, options, first, image)) => Ok(Self {
                engine,
                words,
                options,
                first,
                image,
            }),
            Err((at, kind)) => Err(Fault::new(&words, at, kind)),
        }
    }

    /// The engine of the command line.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// All words.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The index of the image.
    pub(in crate::dialect) fn image_at(&self) -> usize {
        self.image
    }

    /// The image and its command.
    pub(super) fn image_and_arguments(&self) -> (&str, &[String]) {
        match self.words.get(self.image..).and_then(<[_]>::split_first) {
            Some((image, arguments)) => (image, arguments),
            None => ("", &[]),
        }
    }

    /// The options of one name.
    pub(super) fn given(&self, name: &str) -> impl DoubleEndedIterator<Item = &Given> {
        self.options
            .iter()
            .filter(move |given| given.flag.name == name)
    }

    /// The last option of a name, which replaces earlier ones.
    pub(super) fn last(&self, name: &str) -> Option<&Given> {
        self.given(name).next_back()
    }

    /// Whether a boolean option is given and not false.
    pub(super) fn is_on(&self, name: &str) -> bool {
        self.last(name)
            .is_some_and(|given| engine_words::boolean(&given.value) == Some(true))
    }

    /// The values of a repeatable option, each with its option.
    pub(super) fn values(&self, name: &str) -> Vec<(&str, &Given)> {
        self.given(name)
            .flat_map(|given| self.values_of(given))
            .collect()
    }

    /// The values of one option. Podman splits some options at commas.
    pub(super) fn values_of<'g>(&self, given: &'g Given) -> Vec<(&'g str, &'g Given)> {
        if self.engine == Engine::Podman && given.flag.takes == Takes::Commas {
            let values = given.value.split(',');
            return values.map(|value| (value, given)).collect();
        }
        vec![(given.value.as_str(), given)]
    }

    /// The groups of options that share words, in order. Each group is printed as a whole.
    pub(super) fn groups(&self) -> Vec<Range<usize>> {
        let mut groups: Vec<Range<usize>> = Vec::new();
        for given in &self.options {
            if groups.last() != Some(&given.words) {
                groups.push(given.words.clone());
            }
        }
        groups
    }
}

type Read = (Engine, Vec<Given>, usize, usize);

struct Reader<'w> {
    engine: Engine,
    words: &'w [String],
    at: usize,
}

impl<'w> Reader<'w> {
    fn new(words: &'w [String]) -> Result<Self, (usize, FaultKind)> {
        let program = words.first().map(|word| word.rsplit('/').next());
        let engine = match program {
            Some(Some("docker")) => Engine::Docker,
            Some(Some("podman")) => Engine::Podman,
            _ => return Err((0, FaultKind::NoRun)),
        };
        Ok(Self {
            engine,
            words,
            at: 1,
        })
    }

    fn read(mut self) -> Result<Read, (usize, FaultKind)> {
        self.options(Flag::long_global, Flag::short_global)?;
        if self.words.get(self.at).map(String::as_str) == Some("container") {
            self.at += 1;
        }
        match self.words.get(self.at).map(String::as_str) {
            Some("run" | "create") => self.at += 1,
            _ => return Err((self.at, FaultKind::NoRun)),
        }
        let first = self.at;
        let options = self.options(Flag::long, Flag::short)?;
        if let Some(help) = options.iter().find(|given| given.flag.name == "help") {
            return Err((help.words.start, FaultKind::Help));
        }
        if self.at >= self.words.len() {
            return Err((self.at, FaultKind::NoImage));
        }
        Ok((self.engine, options, first, self.at))
    }

    /// Parses options up to the first word that is not an option. That word is read next.
    fn options(
        &mut self,
        long: impl Fn(Engine, &str) -> Option<&'static Flag>,
        short: impl Fn(Engine, char) -> Option<&'static Flag>,
    ) -> Result<Vec<Given>, (usize, FaultKind)> {
        let mut options = Vec::new();
        while let Some(word) = self.words.get(self.at) {
            let start = self.at;
            if word == "--" {
                self.at += 1;
                break;
            }
            let found = if let Some(word) = word.strip_prefix("--") {
                self.at += 1;
                vec![self.long(start, word, &long)?]
            } else if let Some(letters) = word.strip_prefix('-').filter(|rest| !rest.is_empty()) {
                self.at += 1;
                self.letters(start, letters, &short)?
            } else {
                break;
            };
            for (flag, value) in found {
                if flag.takes == Takes::Nothing && engine_words::boolean(&value).is_none() {
                    return Err((start, FaultKind::NoBoolean(value)));
                }
                options.push(Given {
                    flag,
                    value,
                    words: start..self.at,
                });
            }
        }
        Ok(options)
    }

    /// Parses `--name`, `--name=value` and `--name value`.
    fn long(
        &mut self,
        start: usize,
        word: &str,
        find: impl Fn(Engine, &str) -> Option<&'static Flag>,
    ) -> Result<(&'static Flag, String), (usize, FaultKind)> {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (word, None),
        };
        let unknown = || FaultKind::Unknown(self.engine, format!("--{name}"));
        let flag = find(self.engine, name).ok_or_else(|| (start, unknown()))?;
        let value = match value {
            Some(value) => value,
            None if flag.takes == Takes::Nothing => "true".to_owned(),
            None => self.next(start, flag)?,
        };
        Ok((flag, value))
    }

    /// Parses `-it`, `-p80:80`, `-p=80:80` and `-p 80:80`. The last letter may take a value.
    fn letters(
        &mut self,
        start: usize,
        letters: &str,
        find: impl Fn(Engine, char) -> Option<&'static Flag>,
    ) -> Result<Vec<(&'static Flag, String)>, (usize, FaultKind)> {
        let mut found = Vec::new();
        let mut rest = letters.chars();
        while let Some(letter) = rest.next() {
            let unknown = || FaultKind::Unknown(self.engine, format!("-{letter}"));
            let flag = find(self.engine, letter).ok_or_else(|| (start, unknown()))?;
            let tail = rest.as_str();
            match tail.strip_prefix('=').filter(|value| !value.is_empty()) {
                Some(value) => {
                    found.push((flag, value.to_owned()));
                    break;
                }
                // A letter that repeats in one word means nothing more, and every option keeps its
                // word.
                None if flag.takes == Takes::Nothing => {
                    let is_known = |(known, _): &(&Flag, String)| known.name == flag.name;
                    if !found.iter().any(is_known) {
                        found.push((flag, "true".to_owned()));
                    }
                }
                None if !tail.is_empty() => {
                    found.push((flag, tail.to_owned()));
                    break;
                }
                None => found.push((flag, self.next(start, flag)?)),
            }
        }
        Ok(found)
    }

    fn next(&mut self, start: usize, flag: &Flag) -> Result<String, (usize, FaultKind)> {
        let value = self.words.get(self.at).cloned();
        self.at += 1;
        value.ok_or((start, FaultKind::NoValue(flag.name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    /// Every option as `name=value`, then the image and its command.
    fn read(line: &str) -> String {
        let command = Command::parse(words(line)).unwrap();
        let mut read: Vec<String> = command
            .options
            .iter()
            .map(|given| format!("{}={}", given.flag.name, given.value))
            .collect();
        let (image, arguments) = command.image_and_arguments();
        read.push(format!("[{image}]"));
        read.extend(arguments.iter().cloned());
        read.join(" ")
    }

    fn fault(line: &str) -> FaultKind {
        Command::parse(words(line)).unwrap_err().kind
    }

    #[test]
    fn a_value_is_in_the_same_word_or_the_next() {
        assert_eq!(read("docker run --name x i"), "name=x [i]");
        assert_eq!(read("docker run --name=x i"), "name=x [i]");
        assert_eq!(read("docker run --name= i"), "name= [i]");
        assert_eq!(read("docker run --name --rm i"), "name=--rm [i]");
        assert_eq!(read("docker run -p 80:80 i"), "publish=80:80 [i]");
        assert_eq!(read("docker run -p80:80 i"), "publish=80:80 [i]");
        assert_eq!(read("docker run -p=80:80 i"), "publish=80:80 [i]");
        assert_eq!(read("docker run -e A=b=c i"), "env=A=b=c [i]");
        assert_eq!(read("docker run -eA=b i"), "env=A=b [i]");
        assert_eq!(read("docker run -e=A=b i"), "env=A=b [i]");
        // pflag: an `=` without text after it is the value itself.
        assert_eq!(read("docker run -p= i"), "publish== [i]");
    }

    #[test]
    fn a_boolean_takes_a_value_only_after_an_equals_sign() {
        assert_eq!(read("docker run --rm i"), "rm=true [i]");
        assert_eq!(read("docker run --rm=false i"), "rm=false [i]");
        assert_eq!(read("docker run --rm false"), "rm=true [false]");
        assert_eq!(read("docker run -d=0 i"), "detach=0 [i]");
        assert_eq!(
            fault("docker run --rm=maybe i"),
            FaultKind::NoBoolean("maybe".into())
        );
    }

    #[test]
    fn letters_combine_and_the_last_may_take_a_value() {
        assert_eq!(
            read("docker run -itd i"),
            "interactive=true tty=true detach=true [i]"
        );
        assert_eq!(
            read("docker run -itp80:80 i sh"),
            "interactive=true tty=true publish=80:80 [i] sh"
        );
        assert_eq!(
            read("docker run -itu root i"),
            "interactive=true tty=true user=root [i]"
        );
        assert_eq!(
            read("docker run -it=false i"),
            "interactive=true tty=false [i]"
        );
        assert_eq!(
            read("docker run -ititt=false i"),
            "interactive=true tty=true tty=false [i]"
        );
        // A letter that takes a value uses the rest of its word.
        assert_eq!(read("docker run -pit i"), "publish=it [i]");
    }

    #[test]
    fn everything_after_the_image_is_its_command() {
        assert_eq!(
            read("docker run --rm i sh -c --rm -- x"),
            "rm=true [i] sh -c --rm -- x"
        );
        assert_eq!(read("docker run --rm -- i --rm"), "rm=true [i] --rm");
        assert_eq!(read("docker run - x"), "[-] x");
    }

    #[test]
    fn the_verb_follows_the_options_of_the_engine() {
        for line in [
            "docker container run --rm i",
            "docker create --rm i",
            "docker container create --rm i",
            "docker --context far -H tcp://x run --rm i",
            "docker -D --tls=false -ldebug run --rm i",
            "podman run --rm i",
            "podman --remote -c far container create --rm i",
            "/usr/bin/docker run --rm i",
        ] {
            assert_eq!(read(line), "rm=true [i]", "{line}");
        }
        assert_eq!(fault("docker ps"), FaultKind::NoRun);
        assert_eq!(fault("docker container ls"), FaultKind::NoRun);
        assert_eq!(fault("docker"), FaultKind::NoRun);
        assert_eq!(fault("ls"), FaultKind::NoRun);
    }

    #[test]
    fn unknown_flags_and_missing_words_are_errors() {
        let unknown = |word: &str| FaultKind::Unknown(Engine::Docker, word.to_owned());
        assert_eq!(fault("docker run --new x i"), unknown("--new"));
        assert_eq!(fault("docker run --new=x i"), unknown("--new"));
        assert_eq!(fault("docker run -itx i"), unknown("-x"));
        assert_eq!(fault("docker run ---rm i"), unknown("---rm"));
        assert_eq!(fault("docker run --=x i"), unknown("--"));
        assert_eq!(fault("docker --new run i"), unknown("--new"));
        assert_eq!(fault("docker run --pod x i"), unknown("--pod"));
        assert_eq!(fault("docker run --name"), FaultKind::NoValue("name"));
        assert_eq!(fault("docker run --rm"), FaultKind::NoImage);
        assert_eq!(fault("docker run --rm --"), FaultKind::NoImage);
        assert_eq!(fault("docker run --help i"), FaultKind::Help);
    }

    #[test]
    fn podman_splits_some_values_at_commas() {
        let values = |line: &str| -> Vec<String> {
            let command = Command::parse(words(line)).unwrap();
            let values = command.values("cap-add");
            values
                .into_iter()
                .map(|(value, _)| value.to_owned())
                .collect()
        };
        assert_eq!(
            values("podman run --cap-add a,b --cap-add c i"),
            ["a", "b", "c"]
        );
        assert_eq!(values("docker run --cap-add a,b i"), ["a,b"]);
    }
}
