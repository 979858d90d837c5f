//! Reads what restricts the processes of a service: capabilities, profiles, no-new-privileges.

use super::layers::Layers;
use crate::container::{Container, Observed, Setting};
use crate::dialect::engine_words;
use crate::project::File;

/// Fills in capabilities and the values of `security_opt`.
pub(super) fn read(container: &mut Container, layers: &Layers, files: &[File<'_>]) {
    container.no_new_privileges = no_new_privileges(layers, files);
    security_options(container, layers, files);
    container.capabilities_added = capabilities(layers, files, "cap_add");
    container.capabilities_dropped = capabilities(layers, files, "cap_drop");
}

/// The last `no-new-privileges` of `security_opt`.
fn no_new_privileges(layers: &Layers, files: &[File<'_>]) -> Setting<bool> {
    let mut setting = Setting::Absent;
    for (text, value) in layers.texts(files, "security_opt") {
        let (name, argument) = engine_words::security_option(&text);
        if name != "no-new-privileges" {
            continue;
        }
        let origin = value.origin;
        setting = match engine_words::no_new_privileges(argument) {
            Some(value) => Setting::Set { value, origin },
            None => Setting::Unreadable { text, origin },
        };
    }
    setting
}

/// Reads `seccomp`, `apparmor` and `label` of `security_opt`. The last of several profiles is used.
/// The label `disable` applies at any position (opencontainers/selinux `go-selinux/label`).
fn security_options(container: &mut Container, layers: &Layers, files: &[File<'_>]) {
    for (text, item) in layers.texts(files, "security_opt") {
        let (name, Some(value)) = engine_words::security_option(&text) else {
            continue;
        };
        let set = || Setting::Set {
            value: value.to_owned(),
            origin: item.origin.clone(),
        };
        match name {
            "seccomp" => container.seccomp = set(),
            "apparmor" => container.app_armor = set(),
            "label"
                if container
                    .selinux
                    .judged()
                    .is_none_or(|known| known != "disable") =>
            {
                container.selinux = set();
            }
            "systempaths" if value == "unconfined" => {
                container.proc_mount = Setting::Set {
                    value: "Unmasked".to_owned(),
                    origin: item.origin.clone(),
                };
            }
            _ => {}
        }
        if matches!(name, "seccomp" | "apparmor" | "label")
            && let Some(place) = item.origin.place
            && files[place.file].tree.has_remark(place.span)
        {
            let comment = Observed::Comment.at(item.origin.place);
            container.observations.push(comment);
        }
    }
}

fn capabilities(layers: &Layers, files: &[File<'_>], key: &str) -> Setting<Vec<String>> {
    let texts = layers.texts(files, key);
    let Some((_, first)) = texts.first() else {
        return Setting::Absent;
    };
    let origin = first.origin.clone();
    let value = texts
        .iter()
        .map(|(text, _)| engine_words::capability(text))
        .collect();
    Setting::Set { value, origin }
}
