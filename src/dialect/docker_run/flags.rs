//! The flags of `docker run`, `docker create` and the same Podman commands: their names and whether
//! they take a value.
//!
//! Sources: docker/cli `cli/command/container/{opts,run,create}.go` and `cli/flags/options.go` at
//! 28f7560, and podman `cmd/podman/common/{create,netflags}.go`,
//! `cmd/podman/containers/{run,create}.go`, `cmd/podman/root.go` and `cmd/podman/utils/alias.go` at
//! c6580b4. A flag that only `run` or only `create` has is accepted for both. The engine rejects it
//! for the other.

use super::Engine;
use Takes::{Commas, Nothing, Value};

/// One flag of a command line.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::dialect) struct Flag {
    /// The long name, without dashes.
    pub(in crate::dialect) name: &'static str,
    /// The letter.
    short: Option<char>,
    /// The value that the flag takes.
    pub(super) takes: Takes,
    docker: bool,
    podman: bool,
}

/// The value that a flag takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// A boolean: it takes a value only after `=` (pflag's `NoOptDefVal`).
    Nothing,
    /// A value, in the same word or the next.
    Value,
    /// A value that Podman splits at commas and Docker does not.
    Commas,
}

impl Flag {
    /// The flag after `run` with this long name or older name.
    pub(in crate::dialect) fn long(engine: Engine, name: &str) -> Option<&'static Self> {
        Self::among(RUN, engine, |flag| flag.name == current(engine, name))
    }

    /// The flag after `run` with this letter.
    pub(super) fn short(engine: Engine, letter: char) -> Option<&'static Self> {
        Self::among(RUN, engine, |flag| flag.short == Some(letter))
    }

    /// The flag before `run` with this long name.
    pub(super) fn long_global(engine: Engine, name: &str) -> Option<&'static Self> {
        Self::among(GLOBAL, engine, |flag| flag.name == name)
    }

    /// The flag before `run` with this letter.
    pub(super) fn short_global(engine: Engine, letter: char) -> Option<&'static Self> {
        Self::among(GLOBAL, engine, |flag| flag.short == Some(letter))
    }

    fn among(
        flags: &'static [Self],
        engine: Engine,
        is_meant: impl Fn(&Self) -> bool,
    ) -> Option<&'static Self> {
        flags.iter().find(|flag| {
            let is_known = match engine {
                Engine::Docker => flag.docker,
                Engine::Podman => flag.podman,
            };
            is_known && is_meant(flag)
        })
    }
}

/// The current name for an older one.
fn current(engine: Engine, name: &str) -> &str {
    match (engine, name) {
        (_, "net") => "network",
        (_, "dns-opt") => "dns-option",
        (Engine::Docker, "net-alias") => "network-alias",
        (Engine::Podman, "healthcheck-command") => "health-cmd",
        (Engine::Podman, "healthcheck-interval") => "health-interval",
        (Engine::Podman, "healthcheck-retries") => "health-retries",
        (Engine::Podman, "healthcheck-start-period") => "health-start-period",
        (Engine::Podman, "healthcheck-timeout") => "health-timeout",
        (Engine::Podman, "override-arch") => "arch",
        (Engine::Podman, "override-os") => "os",
        (Engine::Podman, "override-variant") => "variant",
        (_, name) => name,
    }
}

const NONE: char = '\0';

const fn flag(name: &'static str, short: char, takes: Takes, docker: bool, podman: bool) -> Flag {
    let short = match short {
        NONE => None,
        letter => Some(letter),
    };
    Flag {
        name,
        short,
        takes,
        docker,
        podman,
    }
}

const fn both(name: &'static str, short: char, takes: Takes) -> Flag {
    flag(name, short, takes, true, true)
}

const fn docker(name: &'static str, short: char, takes: Takes) -> Flag {
    flag(name, short, takes, true, false)
}

const fn podman(name: &'static str, short: char, takes: Takes) -> Flag {
    flag(name, short, takes, false, true)
}

/// The flags after `run`. Podman accepts its persistent global flags there too.
const RUN: &[Flag] = &[
    both("add-host", NONE, Commas),
    both("annotation", NONE, Value),
    podman("arch", NONE, Value),
    both("attach", 'a', Commas),
    podman("authfile", NONE, Value),
    both("blkio-weight", NONE, Value),
    both("blkio-weight-device", NONE, Value),
    both("cap-add", NONE, Commas),
    both("cap-drop", NONE, Commas),
    podman("cdi-spec-dir", NONE, Value),
    podman("cert-dir", NONE, Value),
    podman("cgroup-conf", NONE, Commas),
    podman("cgroup-manager", NONE, Value),
    both("cgroup-parent", NONE, Value),
    both("cgroupns", NONE, Value),
    podman("cgroups", NONE, Value),
    podman("chrootdirs", NONE, Value),
    both("cidfile", NONE, Value),
    podman("conmon", NONE, Value),
    podman("conmon-pidfile", NONE, Value),
    docker("cpu-count", NONE, Value),
    docker("cpu-percent", NONE, Value),
    both("cpu-period", NONE, Value),
    podman("cpu-profile", NONE, Value),
    both("cpu-quota", NONE, Value),
    both("cpu-rt-period", NONE, Value),
    both("cpu-rt-runtime", NONE, Value),
    both("cpu-shares", 'c', Value),
    both("cpus", NONE, Value),
    both("cpuset-cpus", NONE, Value),
    both("cpuset-mems", NONE, Value),
    podman("creds", NONE, Value),
    podman("decryption-key", NONE, Value),
    podman("default-mounts-file", NONE, Value),
    both("detach", 'd', Nothing),
    both("detach-keys", NONE, Value),
    both("device", NONE, Value),
    both("device-cgroup-rule", NONE, Commas),
    both("device-read-bps", NONE, Value),
    both("device-read-iops", NONE, Value),
    both("device-write-bps", NONE, Value),
    both("device-write-iops", NONE, Value),
    both("disable-content-trust", NONE, Nothing),
    both("dns", NONE, Commas),
    both("dns-option", NONE, Commas),
    both("dns-search", NONE, Commas),
    docker("domainname", NONE, Value),
    both("entrypoint", NONE, Value),
    both("env", 'e', Value),
    both("env-file", NONE, Value),
    podman("env-host", NONE, Nothing),
    podman("env-merge", NONE, Value),
    podman("events-backend", NONE, Value),
    both("expose", NONE, Commas),
    podman("gidmap", NONE, Commas),
    both("gpus", NONE, Commas),
    both("group-add", NONE, Commas),
    podman("group-entry", NONE, Value),
    both("health-cmd", NONE, Value),
    both("health-interval", NONE, Value),
    podman("health-log-destination", NONE, Value),
    podman("health-max-log-count", NONE, Value),
    podman("health-max-log-size", NONE, Value),
    podman("health-on-failure", NONE, Value),
    both("health-retries", NONE, Value),
    docker("health-start-interval", NONE, Value),
    both("health-start-period", NONE, Value),
    podman("health-startup-cmd", NONE, Value),
    podman("health-startup-interval", NONE, Value),
    podman("health-startup-retries", NONE, Value),
    podman("health-startup-success", NONE, Value),
    podman("health-startup-timeout", NONE, Value),
    both("health-timeout", NONE, Value),
    both("help", NONE, Nothing),
    podman("hooks-dir", NONE, Value),
    both("hostname", 'h', Value),
    podman("hosts-file", NONE, Value),
    podman("hostuser", NONE, Commas),
    podman("http-proxy", NONE, Nothing),
    podman("image-volume", NONE, Value),
    podman("imagestore", NONE, Value),
    both("init", NONE, Nothing),
    podman("init-ctr", NONE, Value),
    podman("init-path", NONE, Value),
    both("interactive", 'i', Nothing),
    docker("io-maxbandwidth", NONE, Value),
    docker("io-maxiops", NONE, Value),
    both("ip", NONE, Value),
    both("ip6", NONE, Value),
    both("ipc", NONE, Value),
    docker("isolation", NONE, Value),
    both("kernel-memory", NONE, Value),
    both("label", 'l', Value),
    both("label-file", NONE, Value),
    docker("link", NONE, Value),
    docker("link-local-ip", NONE, Value),
    both("log-driver", NONE, Value),
    podman("log-level", NONE, Value),
    both("log-opt", NONE, Value),
    both("mac-address", NONE, Value),
    podman("max-workers", NONE, Value),
    both("memory", 'm', Value),
    podman("memory-profile", NONE, Value),
    both("memory-reservation", NONE, Value),
    both("memory-swap", NONE, Value),
    both("memory-swappiness", NONE, Value),
    both("mount", NONE, Value),
    both("name", NONE, Value),
    podman("namespace", NONE, Value),
    both("network", NONE, Value),
    both("network-alias", NONE, Commas),
    podman("network-backend", NONE, Value),
    podman("network-config-dir", NONE, Value),
    both("no-healthcheck", NONE, Nothing),
    podman("no-hostname", NONE, Nothing),
    podman("no-hosts", NONE, Nothing),
    both("oom-kill-disable", NONE, Nothing),
    both("oom-score-adj", NONE, Value),
    podman("os", NONE, Value),
    podman("passwd", NONE, Nothing),
    podman("passwd-entry", NONE, Value),
    podman("personality", NONE, Value),
    both("pid", NONE, Value),
    podman("pidfile", NONE, Value),
    both("pids-limit", NONE, Value),
    both("platform", NONE, Value),
    podman("pod", NONE, Value),
    podman("pod-id-file", NONE, Value),
    podman("preserve-fd", NONE, Commas),
    podman("preserve-fds", NONE, Value),
    both("privileged", NONE, Nothing),
    both("publish", 'p', Commas),
    both("publish-all", 'P', Nothing),
    both("pull", NONE, Value),
    podman("pull-option", NONE, Value),
    both("quiet", 'q', Nothing),
    podman("rdt-class", NONE, Value),
    both("read-only", NONE, Nothing),
    podman("read-only-tmpfs", NONE, Nothing),
    podman("registries-conf", NONE, Value),
    podman("replace", NONE, Nothing),
    podman("requires", NONE, Commas),
    both("restart", NONE, Value),
    podman("retry", NONE, Value),
    podman("retry-delay", NONE, Value),
    both("rm", NONE, Nothing),
    podman("rmi", NONE, Nothing),
    podman("root", NONE, Value),
    podman("rootfs", NONE, Nothing),
    podman("runroot", NONE, Value),
    both("runtime", NONE, Value),
    podman("runtime-flag", NONE, Value),
    podman("sdnotify", NONE, Value),
    podman("seccomp-policy", NONE, Value),
    podman("secret", NONE, Value),
    both("security-opt", NONE, Value),
    both("shm-size", NONE, Value),
    podman("shm-size-systemd", NONE, Value),
    both("sig-proxy", NONE, Nothing),
    podman("signature-policy", NONE, Value),
    both("stop-signal", NONE, Value),
    both("stop-timeout", NONE, Value),
    podman("storage-driver", NONE, Value),
    both("storage-opt", NONE, Value),
    podman("subgidname", NONE, Value),
    podman("subuidname", NONE, Value),
    both("sysctl", NONE, Commas),
    podman("syslog", NONE, Nothing),
    podman("systemd", NONE, Value),
    podman("timeout", NONE, Value),
    podman("tls-verify", NONE, Nothing),
    podman("tmpdir", NONE, Value),
    both("tmpfs", NONE, Value),
    podman("trace", NONE, Nothing),
    podman("transient-store", NONE, Nothing),
    both("tty", 't', Nothing),
    podman("tz", NONE, Value),
    podman("uidmap", NONE, Commas),
    both("ulimit", NONE, Commas),
    podman("umask", NONE, Value),
    podman("unsetenv", NONE, Value),
    podman("unsetenv-all", NONE, Nothing),
    docker("use-api-socket", NONE, Nothing),
    both("user", 'u', Value),
    both("userns", NONE, Value),
    both("uts", NONE, Value),
    podman("variant", NONE, Value),
    both("volume", 'v', Value),
    docker("volume-driver", NONE, Value),
    podman("volumepath", NONE, Value),
    both("volumes-from", NONE, Value),
    both("workdir", 'w', Value),
];

/// The flags before `run`.
const GLOBAL: &[Flag] = &[
    podman("cdi-spec-dir", NONE, Value),
    podman("cgroup-manager", NONE, Value),
    both("config", NONE, Value),
    podman("conmon", NONE, Value),
    podman("connection", 'c', Value),
    docker("context", 'c', Value),
    podman("context", NONE, Value),
    podman("cpu-profile", NONE, Value),
    both("debug", 'D', Nothing),
    podman("default-mounts-file", NONE, Value),
    podman("events-backend", NONE, Value),
    docker("help", 'h', Nothing),
    podman("help", NONE, Nothing),
    podman("hooks-dir", NONE, Value),
    both("host", 'H', Value),
    podman("identity", NONE, Value),
    podman("imagestore", NONE, Value),
    docker("log-level", 'l', Value),
    podman("log-level", NONE, Value),
    podman("max-workers", NONE, Value),
    podman("memory-profile", NONE, Value),
    podman("module", NONE, Value),
    podman("namespace", NONE, Value),
    podman("network-backend", NONE, Value),
    podman("network-config-dir", NONE, Value),
    podman("noout", NONE, Nothing),
    podman("out", NONE, Value),
    podman("pull-option", NONE, Value),
    podman("registries-conf", NONE, Value),
    podman("remote", 'r', Nothing),
    podman("root", NONE, Value),
    podman("runroot", NONE, Value),
    podman("runtime", NONE, Value),
    podman("runtime-flag", NONE, Value),
    podman("ssh", NONE, Value),
    podman("storage-driver", NONE, Value),
    podman("storage-opt", NONE, Value),
    podman("syslog", NONE, Nothing),
    docker("tls", NONE, Nothing),
    podman("tls-ca", NONE, Value),
    podman("tls-cert", NONE, Value),
    podman("tls-details", NONE, Value),
    podman("tls-key", NONE, Value),
    docker("tlscacert", NONE, Value),
    docker("tlscert", NONE, Value),
    docker("tlskey", NONE, Value),
    docker("tlsverify", NONE, Nothing),
    podman("tmpdir", NONE, Value),
    podman("trace", NONE, Nothing),
    podman("transient-store", NONE, Nothing),
    podman("url", NONE, Value),
    both("version", 'v', Nothing),
    podman("volumepath", NONE, Value),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_letters_are_unique_in_each_engine() {
        for engine in [Engine::Docker, Engine::Podman] {
            for flags in [RUN, GLOBAL] {
                for flag in flags {
                    let same = |other: &&Flag| {
                        other.name == flag.name
                            || other.short.is_some() && other.short == flag.short
                    };
                    let known = |other: &&Flag| match engine {
                        Engine::Docker => other.docker && flag.docker,
                        Engine::Podman => other.podman && flag.podman,
                    };
                    let count = flags.iter().filter(same).filter(known).count();
                    assert!(count <= 1, "{}", flag.name);
                }
            }
        }
    }

    #[test]
    fn an_older_name_maps_to_the_current_flag() {
        let name = |engine, name| Flag::long(engine, name).map(|flag| flag.name);
        assert_eq!(name(Engine::Docker, "net"), Some("network"));
        assert_eq!(name(Engine::Docker, "net-alias"), Some("network-alias"));
        assert_eq!(name(Engine::Podman, "net-alias"), None);
        assert_eq!(
            name(Engine::Podman, "healthcheck-command"),
            Some("health-cmd")
        );
    }
}
