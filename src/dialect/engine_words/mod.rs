//! Parses the short values that Docker and Podman share, in Compose files, on command lines and in
//! units.

pub(in crate::dialect) mod mount;

use crate::container::{Id, Observed, Restart, Sysctl, User};

/// `UID[:GID]`, as numbers or names.
pub(in crate::dialect) fn user(text: &str) -> Option<User> {
    let (user, group) = match text.split_once(':') {
        Some((user, group)) => (user, Some(group)),
        None => (text, None),
    };
    (!user.is_empty()).then(|| User {
        user: Id::parse(user),
        group: group.filter(|group| !group.is_empty()).map(Id::parse),
    })
}

/// Formats a user.
pub(in crate::dialect) fn write_user(uid: u32, gid: Option<u32>) -> String {
    gid.map_or_else(|| uid.to_string(), |gid| format!("{uid}:{gid}"))
}

/// A boolean as Go's `strconv.ParseBool` reads it. The engines use that function.
pub(in crate::dialect) fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

/// The name and the value of a security option: `NAME=VALUE`, `NAME:VALUE` or only `NAME`.
pub(in crate::dialect) fn security_option(text: &str) -> (&str, Option<&str>) {
    match text.split_once([':', '=']) {
        Some((name, value)) => (name, Some(value)),
        None => (text, None),
    }
}

/// The value of the option `no-new-privileges`. Without a value the option is on
/// (docs/semantics.md#nnp-spelling).
pub(in crate::dialect) fn no_new_privileges(value: Option<&str>) -> Option<bool> {
    value.map_or(Some(true), boolean)
}

/// A capability in upper case, without `CAP_`.
pub(in crate::dialect) fn capability(text: &str) -> String {
    let upper = text.to_ascii_uppercase();
    match upper.strip_prefix("CAP_") {
        Some(name) => name.to_owned(),
        None => upper,
    }
}

/// Whether every user can bind low ports. The engine allows this in a private network, unless the
/// file sets that sysctl (docs/semantics.md#port-docker-free). This is wrong for Podman, which does
/// not allow it (a known gap, docs/semantics.md#port-podman).
pub(in crate::dialect) fn low_ports_are_free(sysctls: &[Sysctl]) -> bool {
    sysctls
        .iter()
        .filter(|sysctl| sysctl.name == "net.ipv4.ip_unprivileged_port_start")
        .all(|sysctl| sysctl.value.trim() == "0")
}

/// The container shares this namespace with another container, and the namespace is not the
/// network. `mode` names its owner.
pub(in crate::dialect) fn shared_namespace(name: &str, mode: &str) -> Option<Observed> {
    let is_another = ["service:", "container:", "ns:"]
        .iter()
        .any(|start| mode.starts_with(start));
    let what = match name {
        "pid" => Observed::SharesProcessesOf,
        "ipc" => Observed::SharesMemoryOf,
        _ => return None,
    };
    is_another.then(|| what(mode.to_owned()))
}

/// A restart policy: `no`, `always`, `unless-stopped`, `on-failure[:RETRIES]`.
pub(in crate::dialect) fn restart(text: &str) -> Option<Restart> {
    Some(match text.split_once(':') {
        None => match text {
            "no" | "false" | "" => Restart::Never,
            "always" | "unless-stopped" => Restart::Always,
            "on-failure" => Restart::OnFailure { retries: None },
            _ => return None,
        },
        Some(("on-failure", retries)) => Restart::OnFailure {
            retries: Some(retries.parse().ok()?).filter(|retries| *retries > 0),
        },
        Some(_) => return None,
    })
}

/// The host side and the container side of a published port.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::dialect) struct Port {
    /// The address on the host, if given.
    pub(in crate::dialect) address: Option<String>,
    /// The port on the host, or both ends of a range. Empty if the engine chooses the port.
    pub(in crate::dialect) host: Vec<u16>,
    /// The port in the container, or both ends of a range.
    pub(in crate::dialect) inner: Vec<u16>,
}

/// `[[IP:][HOST]:]CONTAINER[/PROTOCOL]`. A range is given by its ends.
pub(in crate::dialect) fn port(text: &str) -> Port {
    let ends = |text: &str| {
        text.split('-')
            .filter_map(|port| port.parse::<u16>().ok())
            .collect()
    };
    let text = text.split('/').next().unwrap_or_default();
    let (host, inner) = match text.rsplit_once(':') {
        Some((host, inner)) => (Some(host), inner),
        None => (None, text),
    };
    let (address, host) = match host.map(|host| host.rsplit_once(':').ok_or(host)) {
        Some(Ok((address, port))) => (Some(address.trim_matches(['[', ']']).to_owned()), port),
        Some(Err(port)) => (None, port),
        None => (None, ""),
    };
    Port {
        address,
        host: ends(host),
        inner: ends(inner),
    }
}

/// Whether the device is a GPU or another accelerator, by its path or its CDI name.
pub(in crate::dialect) fn is_accelerator(device: &str) -> bool {
    [
        "/dev/nvidia",
        "/dev/dri",
        "/dev/kfd",
        "nvidia.com/",
        "amd.com/",
    ]
    .iter()
    .any(|gpu| device.starts_with(gpu))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_a_number_or_a_name() {
        assert_eq!(
            user("1000"),
            Some(User {
                user: Id::Number(1000),
                group: None
            })
        );
        assert_eq!(
            user("app:0"),
            Some(User {
                user: Id::Name("app".into()),
                group: Some(Id::Number(0))
            })
        );
        assert_eq!(user(""), None);
        assert_eq!(write_user(7, None), "7");
        assert_eq!(write_user(7, Some(8)), "7:8");
    }

    #[test]
    fn a_port_has_a_host_side_and_a_container_side() {
        let ends = |text| {
            let port = port(text);
            (port.address, port.host, port.inner)
        };
        assert_eq!(ends("80"), (None, vec![], vec![80]));
        assert_eq!(ends("8080:80/udp"), (None, vec![8080], vec![80]));
        assert_eq!(
            ends("127.0.0.1::80"),
            (Some("127.0.0.1".into()), vec![], vec![80])
        );
        assert_eq!(
            ends("[::1]:8000-8010:80-90"),
            (Some("::1".into()), vec![8000, 8010], vec![80, 90])
        );
    }

    #[test]
    fn restart_policies_are_read_with_their_bounds() {
        assert_eq!(restart("unless-stopped"), Some(Restart::Always));
        let bounded = Restart::OnFailure { retries: Some(3) };
        assert_eq!(restart("on-failure:3"), Some(bounded));
        assert_eq!(restart("always:3"), None);
    }
}
