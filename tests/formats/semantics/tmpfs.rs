//! Scratch space: its owner, the files that it hides, and its memory.

use harden::image::{DefaultUser, Facts};
use serde_json::Value;

use super::{alone, command, each_known_image, hardened, service, texts};
use crate::formats::compose::{declined, hardened as by_default};

/// The path and the options of each item of `tmpfs`.
fn scratch(service: &Value) -> Vec<(&str, Vec<&str>)> {
    let split = |text| str::split_once(text, ':').unwrap_or((text, ""));
    let both = |(path, options)| (path, str::split(options, ',').collect());
    texts(service, "tmpfs")
        .into_iter()
        .map(split)
        .map(both)
        .collect()
}

fn has<'o>(options: &[&'o str], name: &str) -> Option<&'o str> {
    let find = |option: &&'o str| option.strip_prefix(name)?.strip_prefix('=');
    options.iter().find_map(find)
}

fn is_shared(path: &str) -> bool {
    ["/tmp", "/var/tmp", "/dev/shm"].contains(&path)
}

/// docs/semantics.md#tmpfs-noexec, #tmpfs-default-size, #tmpfs-owner, #tmpfs-mode-ignored,
/// #tmpfs-hides-image and #tmpfs-loses-data: scratch space has `exec` where programs run, a size,
/// and an owner where a mode could be ignored. A path with content of the image, or with data to
/// keep, is never scratch space.
#[test]
fn scratch_space_is_what_each_known_image_needs() {
    let look = |facts: &Facts, service: &Value| {
        let id = &facts.id;
        let as_root = service["user"].is_null()
            && !matches!(
                facts.default_user,
                DefaultUser::Uid(1..) | DefaultUser::Name(_)
            );
        for (path, options) in scratch(service) {
            let fact = facts.writable.iter().find(|fact| fact.path == path);
            let needs_exec = fact.is_some_and(|fact| fact.exec);
            assert_eq!(options.contains(&"exec"), needs_exec, "{id} {path}");
            assert!(has(&options, "size").is_some(), "{id} {path}");
            let is_owned = has(&options, "uid").is_some() && has(&options, "gid").is_some();
            assert!(is_owned || as_root || is_shared(path), "{id} {path}");
            let is_kept = fact.is_some_and(|fact| fact.seed || fact.persist);
            assert!(!is_kept, "{id} {path}");
        }
    };
    each_known_image(look, |_, _| ());
}

/// docs/semantics.md#tmpfs-owner: over a directory of the image a tmpfs belongs to root with that
/// directory's mode. A user gets it by number, and no tmpfs is written where the number is unknown.
#[test]
fn a_user_other_than_root_owns_the_scratch_space() {
    let owners = |user: &str| -> Vec<Option<String>> {
        let text = alone(&format!("{{image: 'nginx:1.27', user: '{user}'}}"));
        let file: Value = serde_yaml::from_str(&by_default(&text)).expect("YAML");
        let scratch = scratch(&file["services"]["a"]);
        let uid = |(_, options): &(&str, Vec<&str>)| has(options, "uid").map(str::to_owned);
        scratch.iter().map(uid).collect()
    };
    for (user, uid) in [
        ("nginx", "101"),
        ("nginx:nginx", "101"),
        ("33", "33"),
        ("7:8", "7"),
    ] {
        assert_eq!(
            owners(user),
            [Some(uid.to_owned()), Some(uid.to_owned())],
            "{user}"
        );
    }
    assert_eq!(owners("root"), [None, None]);
    for user in ["www-data", "${WHO}", "$WHO:$WHO", "nginx:adm"] {
        assert_eq!(owners(user), [], "{user}");
        let text = alone(&format!("{{image: 'nginx:1.27', user: '{user}'}}"));
        assert!(
            declined(&text, "a", "read-only-root").contains("number"),
            "{user}"
        );
    }
    for line in [
        "docker run -u www-data nginx:1.27",
        "podman run --user=www-data nginx:1.27",
    ] {
        for after in command(line) {
            assert!(!after.contains("--tmpfs"), "{after}");
        }
    }
    let unit = "[Container]\nImage=docker.io/library/nginx:1.27\nUser=www-data\n";
    for after in hardened("web.container", unit) {
        assert!(!after.contains("Tmpfs="), "{after}");
    }
}

/// docs/semantics.md#tmpfs-loses-data and #start-restart-empties: what NATS keeps below `/tmp`
/// survives a restart only in the container's own layer.
#[test]
fn a_store_below_tmp_is_not_scratch_space() {
    for image_and_command in [
        "image: 'nats:2', command: -js",
        "image: 'nats:2', command: [--jetstream]",
        "image: 'nats:2', command: [-c, /etc/n.conf, '-js']",
        "image: 'nats:2', command: nats-server --js --store_dir /tmp/nats",
    ] {
        service(&format!("{{{image_and_command}}}"), |service| {
            assert_eq!(scratch(service), [], "{image_and_command}");
        });
    }
}

/// docs/semantics.md#tmpfs-counts-as-memory: an existing memory limit bounds the sizes, and a new
/// one leaves room for them.
#[test]
fn scratch_space_fits_into_the_memory_limit() {
    for limit in [
        "mem_limit: 32m",
        "mem_limit: 33554432",
        "deploy: {resources: {limits: {memory: 32M}}}",
        "mem_limit: '${MEMORY:-32m}'",
    ] {
        for image in [
            "example/a:1",
            "nginx:1.27",
            "gotenberg/gotenberg:8",
            "tomcat:10",
        ] {
            service(&format!("{{image: '{image}', {limit}}}"), |service| {
                let sizes = scratch(service);
                let sizes = sizes.iter().filter_map(|(_, options)| has(options, "size"));
                let size = |text: &str| text.trim_end_matches('m').parse::<u32>().expect(text);
                assert!(sizes.map(size).sum::<u32>() <= 16, "{service}");
            });
        }
    }
    for after in command("docker run -m 32m example/a:1") {
        assert!(
            after.contains("--tmpfs /tmp:noexec,nosuid,size=16m"),
            "{after}"
        );
    }
    let limit = |service: &str| {
        let file: Value = serde_yaml::from_str(&by_default(&alone(service))).expect("YAML");
        file["services"]["a"]["mem_limit"]
            .as_str()
            .map(str::to_owned)
    };
    for there in [
        "tmpfs: ['/cache:size=2g']",
        "tmpfs: '/cache:mode=1777,size=2097152k'",
        "volumes: [{type: tmpfs, target: /cache, tmpfs: {size: 2gb}}]",
        "volumes: [{type: tmpfs, target: /cache, tmpfs: {size: 2147483648}}]",
        "shm_size: 2g",
    ] {
        let service = format!("{{image: 'example/a:1', {there}}}");
        assert_eq!(limit(&service).as_deref(), Some("2560m"), "{there}");
    }
    // Four times the minimum, plus 256 MiB for the scratch space of a read-only root.
    assert_eq!(limit("{image: 'mongo:7'}").as_deref(), Some("2304m"));
    for there in [
        "--tmpfs /cache:size=2g",
        "--mount type=tmpfs,dst=/cache,tmpfs-size=2g",
    ] {
        for after in command(&format!("docker run {there} example/a:1")) {
            assert!(after.contains("--memory 2560m"), "{after}");
        }
    }
}

/// docs/semantics.md#tmpfs-long-form: the long form has no owner, so a user may be unable to write
/// there, whatever its mode.
#[test]
fn the_long_form_of_a_tmpfs_is_roots() {
    for options in [
        "",
        ", tmpfs: {size: 64mb}",
        ", tmpfs: {mode: 0777}",
        ", tmpfs: {mode: 1777}",
    ] {
        let mount = format!("{{type: tmpfs, target: /var/cache/nginx{options}}}");
        let text = alone(&format!("{{image: 'nginx:1.27', volumes: [{mount}]}}"));
        let why = declined(&text, "a", "non-root-user");
        assert!(why.contains("Only root may"), "{why}");
    }
}
