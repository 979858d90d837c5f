//! Evidence of how much memory a container needs.

use super::commands::programs;
use super::program;
use crate::container::Container;
use crate::image::Name;
use crate::units::{self, Amount};

/// The largest amount in bytes that a known option gives to one part of the process, with the words
/// that set it. Such a part is a heap, a buffer pool or a cache.
#[must_use]
pub fn stated_memory(container: &Container) -> Option<(u64, String)> {
    let mut largest: Option<(u64, String)> = None;
    each_sized(container, |text, unit, words| {
        if let Some(bytes) = size(text, unit)
            && largest.as_ref().is_none_or(|(known, _)| bytes > *known)
        {
            largest = Some((bytes, words));
        }
    });
    largest
}

/// The words of an option that sizes part of the process by a variable whose value the file does
/// not give.
#[must_use]
pub fn memory_by_variable(container: &Container) -> Option<String> {
    let mut found = None;
    each_sized(container, |text, _, words| {
        if text.starts_with('$') && found.is_none() {
            found = Some(words);
        }
    });
    found
}

/// Calls `note` for every amount of an option of [`SIZED_OPTIONS`], with the unit of a bare number
/// in bytes and the words that set it. A variable is replaced by its value.
fn each_sized(container: &Container, mut note: impl FnMut(&str, u64, String)) {
    let value_of = |text: &str| {
        let name = text.strip_prefix('$')?;
        let name = name.trim_start_matches(['$', '{']).trim_end_matches('}');
        let name = name.split([':', '-']).next()?;
        let (_, value) = container.variables().find(|(known, _)| *known == name)?;
        value.map(str::to_owned)
    };
    let mut note = |text: &str, unit, words| match value_of(text) {
        Some(value) => note(&value, unit, words),
        None => note(text, unit, words),
    };
    let texts = container
        .variables()
        .filter_map(|(_, value)| value)
        .chain(container.command());
    for (name, value) in container.variables() {
        if let Some((option, unit)) = SIZED_OPTIONS.iter().find(|(option, _)| *option == name)
            && let Some(value) = value
        {
            note(value, *unit, format!("{option}={value}"));
        }
    }
    let of_program = OF_PROGRAM
        .iter()
        .find(|(program, ..)| runs(container, program))
        .map(|(_, option, unit)| (*option, *unit));
    let options = || SIZED_OPTIONS.iter().chain(&of_program);
    let mut previous: Option<&(&str, u64)> = None;
    for text in texts {
        for word in text.split([' ', '\t', '\n', ',', ';', '"', '\'']) {
            let Some(first) = word.bytes().next() else {
                continue;
            };
            if let Some((option, unit)) = previous
                && !word.starts_with(option)
            {
                note(word, *unit, format!("{option} {word}"));
            }
            let begins = |(option, _): &&(&str, u64)| option.as_bytes()[0] == first;
            for (option, unit) in options().filter(begins) {
                if let Some(rest) = word.strip_prefix(option) {
                    note(rest.trim_start_matches(['=', ':']), *unit, word.to_owned());
                }
            }
            previous = options().find(|(option, _)| *option == word);
        }
    }
}

/// Whether the command names the program. The name of the image also counts, because a command may
/// consist only of options.
fn runs(container: &Container, name: &str) -> bool {
    let image = container.image.as_ref();
    let repository = image.and_then(Name::repository);
    repository.is_some_and(|path| path.rsplit('/').next() == Some(name))
        || programs(container).any(|word| program(word) == name)
}

/// Options that size a heap or a cache, with the unit of a bare number in bytes.
static SIZED_OPTIONS: &[(&str, u64)] = &[
    ("-Xmx", 1),
    ("-Xms", 1),
    ("-XX:MaxDirectMemorySize", 1),
    ("-XX:MaxHeapSize", 1),
    ("-XX:InitialHeapSize", 1),
    ("--max-old-space-size", 1 << 20),
    ("--max_old_space_size", 1 << 20),
    ("--maxmemory", 1),
    ("maxmemory", 1),
    ("shared_buffers", 8192),
    ("--innodb-buffer-pool-size", 1),
    ("--innodb_buffer_pool_size", 1),
    ("--wiredTigerCacheSizeGB", 1 << 30),
    ("--memory-limit", 1 << 20),
    ("MAX_HEAP_SIZE", 1),
    ("HEAP_SIZE", 1),
    ("GOMEMLIMIT", 1),
    ("memory_limit", 1),
    ("PHP_MEMORY_LIMIT", 1),
];

/// Options that mean memory only for one program.
static OF_PROGRAM: &[(&str, &str, u64)] = &[("memcached", "-m", 1 << 20)];

/// `4g`, `512M`, `2gb`, `2.5`. A bare number counts in units of `unit` bytes.
fn size(text: &str, unit: u64) -> Option<u64> {
    let amount = Amount::read(text)?;
    let unit = match amount.unit {
        "" => unit,
        written => units::engine_unit(written)?,
    };
    // Rounding up may make the resulting limit too high, but never too low.
    amount.times_rounded_up(unit)
}
