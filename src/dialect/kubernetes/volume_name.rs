//! Chooses names for new volumes.

use std::collections::HashMap;

/// The maximum length of a DNS label (RFC 1123). Volume names are DNS labels.
const LONGEST: usize = 63;

/// A name for the volume that `container` mounts at `target`: `web-tmp`, `web-var-cache-nginx`.
///
/// The name depends only on the arguments. A name that is too long ends in a checksum of the whole.
/// A name that is already taken ends in a number. `numbers` has the next number for each name that
/// was taken before, so that many containers of one name are not counted again for each of them.
pub(super) fn volume_name(
    container: &str,
    target: &str,
    is_taken: impl Fn(&str) -> bool,
    numbers: &mut HashMap<String, u64>,
) -> String {
    let mut name = label(container);
    let path = label(target);
    if !name.is_empty() && !path.is_empty() {
        name.push('-');
    }
    name.push_str(&path);
    if name.is_empty() {
        name.push_str("scratch");
    }
    if name.len() > LONGEST {
        let checksum = checksum(&[container, target]);
        name = format!("{}-{checksum:08x}", shortened(&name, LONGEST - 9));
    }
    if !is_taken(&name) {
        return name;
    }
    let number = numbers.entry(name.clone()).or_insert(2);
    loop {
        let ending = format!("-{number}");
        let free = format!("{}{ending}", shortened(&name, LONGEST - ending.len()));
        *number += 1;
        if !is_taken(&free) {
            return free;
        }
    }
}

/// Lower-case letters and digits. Every other run of characters becomes one dash.
fn label(text: &str) -> String {
    let mut label = String::new();
    for word in text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
    {
        if !label.is_empty() {
            label.push('-');
        }
        label.push_str(&word.to_ascii_lowercase());
    }
    label
}

/// At most `length` characters of a label, without a trailing dash.
fn shortened(label: &str, length: usize) -> &str {
    label.get(..length).unwrap_or(label).trim_end_matches('-')
}

/// FNV-1a, 32 bits. Names must differ, but need not resist an attack.
fn checksum(texts: &[&str]) -> u32 {
    texts
        .iter()
        .flat_map(|text| text.bytes().chain([0]))
        .fold(0x811c_9dc5, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        })
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use proptest::prelude::*;

    use super::LONGEST;

    fn volume_name(container: &str, target: &str, is_taken: impl Fn(&str) -> bool) -> String {
        super::volume_name(container, target, is_taken, &mut HashMap::new())
    }

    #[test]
    fn remembered_numbers_change_no_name() {
        let (mut taken, mut numbers) = (HashSet::from(["web-tmp-3".to_owned()]), HashMap::new());
        for _ in 0..10 {
            let is_taken = |name: &str| taken.contains(name);
            let name = super::volume_name("web", "/tmp", is_taken, &mut numbers);
            assert_eq!(name, volume_name("web", "/tmp", is_taken));
            assert!(taken.insert(name));
        }
    }

    #[test]
    fn names_contain_container_and_path() {
        let name = |container, target| volume_name(container, target, |_| false);
        assert_eq!(name("web", "/tmp"), "web-tmp");
        assert_eq!(name("web", "/var/cache/nginx/"), "web-var-cache-nginx");
        assert_eq!(name("web", "/opt/My App_1.2"), "web-opt-my-app-1-2");
        assert_eq!(name("", "/"), "scratch");
    }

    #[test]
    fn a_taken_name_is_numbered() {
        let taken = ["web-tmp", "web-tmp-2"];
        assert_eq!(
            volume_name("web", "/tmp", |name| taken.contains(&name)),
            "web-tmp-3"
        );
    }

    #[test]
    fn long_names_stay_different() {
        let container = "a".repeat(63);
        let one = volume_name(&container, "/tmp", |_| false);
        let other = volume_name(&container, "/run", |_| false);
        assert_ne!(one, other);
        assert_eq!(one.len(), LONGEST);
    }

    proptest! {
        #[test]
        fn every_name_is_a_dns_label(container in ".{0,80}", target in ".{0,200}", taken in 0..40) {
            let calls = std::cell::Cell::new(0);
            let name = volume_name(&container, &target, |_| {
                calls.set(calls.get() + 1);
                calls.get() <= taken
            });
            prop_assert!(!name.is_empty() && name.len() <= LONGEST);
            prop_assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
            prop_assert!(!name.starts_with('-') && !name.ends_with('-'));
        }
    }
}
