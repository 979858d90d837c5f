//! Checks inside the container what the article demonstrates.

use super::stack::Stack;

/// Without hardening: root, no limits, a writable root file system, and sudo for everybody. This
/// shows that the denied actions are possible without hardening.
pub(super) fn nothing_is_denied(stack: &Stack, service: &str) {
    let status = status(stack, service);
    assert_eq!(field(&status, "Uid"), "0\t0\t0\t0");
    assert_eq!(field(&status, "NoNewPrivs"), "0");
    stack
        .shell(service, "echo hello > afile && rm afile")
        .unwrap();
    let uid = stack.shell_as("1500", service, "sudo -n id -u").unwrap();
    assert_eq!(uid, "0\n");
}

pub(super) fn everything_is_denied(stack: &Stack, service: &str) {
    an_unprivileged_user(stack, service);
    limits(stack, service);
    a_read_only_root(stack, service);
    a_small_tmp(stack, service);
    no_new_privileges(stack, service);
}

fn an_unprivileged_user(stack: &Stack, service: &str) {
    let status = status(stack, service);
    assert_eq!(field(&status, "Uid"), "10001\t10001\t10001\t10001");
    assert_eq!(field(&status, "Gid"), "10001\t10001\t10001\t10001");
    assert_eq!(field(&status, "CapEff"), "0000000000000000");
}

/// 512 MiB and one CPU, as in the kernel's control groups of version 2 or 1.
fn limits(stack: &Stack, service: &str) {
    let memory = stack
        .shell(
            service,
            "cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes",
        )
        .unwrap();
    assert_eq!(memory.trim(), (512 << 20).to_string());
    let cpu = stack
        .shell(
            service,
            "cat /sys/fs/cgroup/cpu.max 2>/dev/null || \
             cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu/cpu.cfs_period_us",
        )
        .unwrap();
    let quota_and_period: Vec<&str> = cpu.split_whitespace().collect();
    assert!(
        matches!(quota_and_period[..], [quota, period] if quota == period && quota.parse::<u64>().is_ok()),
        "{cpu}"
    );
}

/// Even root from outside can write only to /tmp.
fn a_read_only_root(stack: &Stack, service: &str) {
    for path in [
        "afile",
        "/etc/afile",
        "/usr/bin/afile",
        "/var/tmp/afile",
        "/root/afile",
    ] {
        stack
            .shell(service, &format!("echo hello > {path}"))
            .unwrap_err();
        let denied = stack
            .shell_as("0", service, &format!("echo hello > {path}"))
            .unwrap_err();
        assert!(denied.contains("Read-only file system"), "{path}: {denied}");
    }
}

fn a_small_tmp(stack: &Stack, service: &str) {
    let read = stack
        .shell(service, "echo hello > /tmp/afile && cat /tmp/afile")
        .unwrap();
    assert_eq!(read, "hello\n");

    let mount = stack
        .shell(service, "grep ' /tmp tmpfs ' /proc/mounts")
        .unwrap();
    let options = mount.split(' ').nth(3).unwrap_or_default();
    for option in [
        "rw",
        "noexec",
        "nosuid",
        "size=65536k",
        "uid=10001",
        "gid=10001",
    ] {
        assert!(
            options.split(',').any(|found| found == option),
            "{option} in {mount}"
        );
    }

    let denied = stack
        .shell(service, "cp /bin/true /tmp/program && /tmp/program")
        .unwrap_err();
    assert!(denied.contains("Permission denied"), "{denied}");
    let denied = stack
        .shell(
            service,
            "head -c 65M /dev/zero > /tmp/much; rc=$?; rm /tmp/much; exit $rc",
        )
        .unwrap_err();
    assert!(denied.contains("No space left on device"), "{denied}");
}

fn no_new_privileges(stack: &Stack, service: &str) {
    assert_eq!(field(&status(stack, service), "NoNewPrivs"), "1");
    let container_user = stack.shell(service, "sudo -n id -u");
    let known_user = stack.shell_as("1500", service, "sudo -n id -u");
    for denied in [container_user, known_user] {
        let denied = denied.unwrap_err();
        assert!(denied.contains("no new privileges"), "{denied}");
    }
}

/// The status that the kernel reports for the first process of the container.
fn status(stack: &Stack, service: &str) -> String {
    stack.shell(service, "cat /proc/1/status").unwrap()
}

fn field<'a>(status: &'a str, name: &str) -> &'a str {
    status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(":\t"))
        .unwrap_or_default()
}
