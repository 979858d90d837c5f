//! The knowledge base, queried as a dialect queries it.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use harden::container::Policy;
use harden::engine::Run;
use harden::engine::outcome::FileOutcome;
use harden::image::entry::{Entry, Version};
use harden::image::{Condition, DefaultUser, Facts, Knowledge, Name, RunAs, Support};
use harden::project::Source;
use harden::transforms;

use crate::support::files::project;
use crate::support::run::knowledge;
use crate::support::shared::shared;

fn facts(image: &str) -> Arc<Facts> {
    knowledge()
        .facts(&Name::parse(image))
        .unwrap_or_else(|| panic!("nothing is known of {image}"))
}

fn user(image: &str) -> Option<(u32, u32)> {
    facts(image).run_as.map(|RunAs { uid, gid }| (uid, gid))
}

fn paths(image: &str) -> Vec<String> {
    facts(image)
        .writable
        .iter()
        .filter(|path| path.when.is_empty())
        .map(|path| path.path.clone())
        .collect()
}

fn files() -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(project("images"))
        .expect("the folder is there")
        .map(|file| file.expect("a file").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .collect();
    files.sort();
    files
}

#[test]
fn every_file_is_an_entry_and_is_embedded() {
    let knowledge = knowledge();
    let embedded: Vec<&str> = knowledge.entries().map(|entry| entry.id.as_str()).collect();
    let mut on_disk = Vec::new();
    for path in files() {
        let text = fs::read_to_string(&path).expect("it is UTF-8");
        let entry =
            Entry::read(&text).unwrap_or_else(|errors| panic!("{}: {errors:?}", path.display()));
        on_disk.push(entry.id);
    }
    assert_eq!(embedded, on_disk);
}

#[test]
fn every_section_has_a_source_that_says_where_to_look() {
    for entry in knowledge().entries() {
        for (section, names) in entry.grounds() {
            assert!(!names.is_empty(), "{}: {section}", entry.id);
            for name in names {
                let text = entry.sources.get(name).map_or("", String::as_str);
                assert!(text.len() > 7, "{}: {section}: {name}: `{text}`", entry.id);
            }
        }
    }
}

#[test]
fn every_pattern_leads_to_its_entry() {
    let knowledge = knowledge();
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    for entry in knowledge.entries() {
        for pattern in &entry.images {
            assert_eq!(owners.insert(pattern, &entry.id), None, "{pattern}");
            let sample = pattern.replace('*', "");
            let found = knowledge.find(&sample).map(|entry| entry.id.as_str());
            if !pattern.contains('*') {
                assert_eq!(found, Some(entry.id.as_str()), "{pattern}");
            }
            assert!(found.is_some(), "{pattern}");
        }
    }
}

#[test]
fn every_tag_settles() {
    let knowledge = knowledge();
    for entry in knowledge.entries() {
        for tag in [
            "latest",
            "alpine",
            "1",
            "7.2-alpine3.19",
            "18",
            "0.0.0",
            "999.999.999",
            "ubi9",
            "sha-00ff",
            "7f3a9c1",
        ] {
            let repository = entry
                .images
                .first()
                .expect("it has a pattern")
                .replace('*', "x");
            for image in [
                format!("{repository}:{tag}"),
                format!("{repository}@sha256:00"),
                format!("{repository}:${{TAG}}"),
            ] {
                let facts = knowledge
                    .facts(&Name::parse(&image))
                    .unwrap_or_else(|| panic!("{image}"));
                assert!(facts.run_as.is_none_or(|user| user.uid != 0), "{image}");
                assert!(
                    facts.writable.iter().all(|path| path.path.starts_with('/')),
                    "{image}"
                );
                assert!(
                    facts
                        .writable
                        .iter()
                        .all(|path| path.persist || path.size > 0),
                    "{image}"
                );
            }
        }
    }
}

#[test]
fn variants_have_users_of_their_own() {
    for (image, expected) in [
        ("nginx", Some((101, 101))),
        ("nginx:1.27-alpine", Some((101, 101))),
        ("nginx:1.14-alpine", None),
        ("httpd:2.4", Some((33, 33))),
        ("httpd:2.4-alpine", Some((82, 82))),
        ("postgres:16", Some((999, 999))),
        ("postgres:16-alpine3.19", Some((70, 70))),
        ("postgres:alpine", Some((70, 70))),
        ("mysql:8.4", Some((999, 999))),
        ("mariadb:11", Some((999, 999))),
        ("mariadb:11-ubi9", Some((999, 999))),
        ("redis:7", Some((999, 999))),
        ("redis:7-alpine", Some((999, 1000))),
        ("redis:5.0.5-alpine", None),
        ("redis:5-alpine", Some((999, 1000))),
        ("memcached:1.6-alpine", Some((11211, 11211))),
        ("memcached:1.5.6", None),
        ("mongo:7", Some((999, 999))),
        ("rabbitmq:3-management", Some((999, 999))),
        ("rabbitmq:3.13-management-alpine", Some((100, 101))),
        ("rabbitmq:3.7.4", None),
        ("traefik:v3.1", Some((65532, 65532))),
        ("elasticsearch:7.17.28", Some((1000, 0))),
        ("elasticsearch:5.6", None),
        ("jaegertracing/all-in-one:1.57", Some((10001, 10001))),
        ("influxdb:3.9-enterprise", Some((1500, 1500))),
        ("influxdb:1.11-data", None),
        ("kong:2.8", None),
        ("grafana/grafana:11.2.0", Some((472, 0))),
        ("grafana/grafana:6.7.1", None),
        ("prom/prometheus:v2.53.0", Some((65534, 65534))),
        ("prom/prometheus:v3.5.0-distroless", Some((65532, 65532))),
        ("neo4j:5", Some((7474, 7474))),
        ("neo4j:3.5", None),
        ("sonarqube:25.1.0", Some((1000, 0))),
        ("sonarqube:9.9-community", None),
        ("dpage/pgadmin4:8.10", Some((5050, 0))),
        ("maildev/maildev:1.1.0", None),
        ("pgvector/pgvector:pg17", Some((999, 999))),
        ("postgis/postgis:17-3.5-alpine", Some((70, 70))),
        ("rocket.chat:7.0", None),
    ] {
        assert_eq!(user(image), expected, "{image}");
    }
}

#[test]
fn capabilities_are_those_of_the_second_start_and_of_the_stop() {
    let as_root = |image| facts(image).capabilities_as_root.clone();
    for (image, needed) in [
        // The entrypoint searches directories that the first start closed.
        (
            "postgres:17",
            &["CHOWN", "DAC_OVERRIDE", "SETGID", "SETUID"] as &[_],
        ),
        // A master that runs as root sends signals to workers of other users.
        ("php:8.4-fpm", &["KILL", "SETGID", "SETUID"]),
        ("wordpress", &["DAC_OVERRIDE", "FOWNER", "KILL"]),
        ("phpmyadmin:fpm", &["CHOWN", "DAC_OVERRIDE", "KILL"]),
        // So does a first process that only forwards a stop signal.
        ("neo4j:5", &["FOWNER", "KILL"]),
        ("telegraf", &["KILL"]),
        ("hashicorp/vault:1.19", &["KILL", "SETFCAP"]),
        (
            "docker.dragonflydb.io/dragonflydb/dragonfly",
            &["DAC_OVERRIDE", "KILL"],
        ),
        // The second start sets the mode of directories that belong to another user by then.
        ("sameersbn/squid", &["CHOWN", "DAC_OVERRIDE", "FOWNER"]),
    ] {
        let known = as_root(image).unwrap_or_else(|| panic!("{image}"));
        for name in needed {
            assert!(known.iter().any(|known| known == name), "{image}: {name}");
        }
    }
    for image in ["nats", "registry:2", "tomcat:11"] {
        assert_eq!(as_root(image), Some(Vec::new()), "{image}");
    }
    for image in [
        "node:24",
        "python:3.14",
        "lscr.io/linuxserver/sonarr",
        "localstack/localstack",
    ] {
        assert_eq!(as_root(image), None, "{image}");
    }
    for (image, path) in [
        ("nginx/nginx-ingress", "/nginx-ingress"),
        ("coturn/coturn", "/usr/bin/turnserver"),
    ] {
        let files = &facts(image).file_capabilities;
        assert!(files.iter().any(|file| file.path == path), "{image}");
    }
}

/// The entrypoints of these images rewrite files of the image.
#[test]
fn a_root_that_the_start_writes_to_stays_open() {
    for image in [
        "osixia/openldap:1.5.0",
        "zabbix/zabbix-web-nginx-pgsql:alpine-7.0-latest",
        "zabbix/zabbix-agent2",
        "solidnerd/bookstack",
        "snipe/snipe-it",
        "stirlingtools/stirling-pdf",
        "baserow/baserow",
        "gitlab/gitlab-runner",
    ] {
        assert!(
            matches!(facts(image).read_only, Support::No(_)),
            "{image}: {:?}",
            facts(image).read_only
        );
    }
    let squid = facts("sameersbn/squid");
    for path in ["/var/log/squid", "/var/spool/squid"] {
        let known = squid.writable.iter().find(|known| known.path == path);
        assert!(known.is_some_and(|known| known.persist), "{path}");
    }
}

#[test]
fn an_unknown_tag_has_the_facts_that_all_tags_share() {
    for image in [
        "postgres:${TAG}",
        "postgres@sha256:00",
        "redis:${TAG:?}",
        "rabbitmq@sha256:00",
    ] {
        assert_eq!(user(image), None, "{image}");
        assert_eq!(facts(image).default_user, DefaultUser::Root, "{image}");
    }
    assert_eq!(user("mongo:${TAG}"), Some((999, 999)));
    assert_eq!(user("postgres:${TAG:-16-alpine}"), Some((70, 70)));
    assert_eq!(user("postgres:16@sha256:00"), Some((999, 999)));
    assert_eq!(facts("mariadb:${TAG}").default_user, DefaultUser::Unknown);
    assert_eq!(facts("postgres@sha256:00").declared_volumes().count(), 0);
    assert_eq!(
        paths("postgres@sha256:00"),
        [
            "/run/postgresql",
            "/var/lib/postgresql/data",
            "/var/lib/postgresql"
        ]
    );
}

#[test]
fn volumes_follow_the_version() {
    let declared = |image| {
        facts(image)
            .declared_volumes()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(declared("postgres:17.2"), ["/var/lib/postgresql/data"]);
    assert_eq!(declared("postgres:18"), ["/var/lib/postgresql"]);
    assert_eq!(declared("postgres"), ["/var/lib/postgresql"]);
    assert_eq!(declared("redis:7.4-alpine"), ["/data"]);
    assert!(declared("redis:8.2").is_empty());
    assert!(declared("redis:alpine").is_empty());
    assert!(
        facts("redis:8")
            .writable
            .iter()
            .any(|path| path.path == "/data" && path.persist)
    );
    assert!(facts("postgres:17").manages_ownership("/var/lib/postgresql/data/"));
    assert!(!facts("postgres:18").manages_ownership("/var/lib/postgresql/data"));
    assert!(facts("postgres:18").manages_ownership("/var/lib/postgresql"));
    assert!(!facts("postgres:18").manages_ownership("/backup"));
}

#[test]
fn scratch_paths_are_the_real_ones() {
    assert_eq!(paths("nginx"), ["/var/cache/nginx", "/run"]);
    assert_eq!(paths("mysql:8"), ["/run/mysqld", "/tmp", "/var/lib/mysql"]);
    assert_eq!(paths("memcached"), Vec::<String>::new());
    let nginx = facts("nginx");
    let templates = nginx
        .writable
        .iter()
        .find(|path| path.path == "/etc/nginx/conf.d")
        .expect("it is there");
    assert!(templates.seed);
    assert!(
        templates
            .when
            .contains(&Condition::Mount("/etc/nginx/templates".to_owned()))
    );
}

#[test]
fn defaults_and_groups() {
    assert_eq!(facts("grafana/grafana").default_user, DefaultUser::Uid(472));
    assert_eq!(
        facts("prom/prometheus").default_user,
        DefaultUser::Name("nobody".to_owned())
    );
    assert_eq!(facts("prom/prometheus").default_uid(), Some(65534));
    assert_eq!(
        facts("prom/prometheus:v1.8.2").default_user,
        DefaultUser::Unknown
    );
    assert_eq!(
        facts("dpage/pgadmin4:8.10").default_user,
        DefaultUser::Name("pgadmin".to_owned())
    );
    assert_eq!(
        facts("dpage/pgadmin4:9.17").default_user,
        DefaultUser::Uid(5050)
    );
    assert_eq!(facts("node:24").default_user, DefaultUser::Root);
    assert_eq!(
        facts("mariadb:11-ubi9").default_user,
        DefaultUser::Name("mysql".to_owned())
    );
    assert_eq!(
        facts("elasticsearch:7.17.28").default_user,
        DefaultUser::Root
    );
    assert!(facts("elasticsearch:7.17.28").drops_by_itself());
    assert_eq!(
        facts("jaegertracing/all-in-one:1.49").default_user,
        DefaultUser::Root
    );
    assert_eq!(facts("redis:7-alpine").volume_group(), Some(1000));
    assert_eq!(facts("rabbitmq").volume_group(), Some(999));
    assert!(facts("rabbitmq").needs_on_root_mismatch());
    let postgres = facts("postgres:16");
    assert_eq!(postgres.volume_group(), None);
    assert_eq!(
        postgres.volume_group_when(),
        Some((999, [Condition::Env("PGDATA".to_owned())].as_slice()))
    );
    assert!(postgres.drops_by_itself());
    assert!(!facts("memcached").drops_by_itself());
    assert_eq!(facts("mysql").known_memory_min(), Some(512 << 20));
    assert!(matches!(
        facts("nginx").starts_as_user,
        Support::Conditional(_)
    ));
}

/// An init, a master or a script that stays root stops what has become another user only with
/// KILL: measured with tini, dumb-init and php-fpm, and read in the entrypoint of `clickhouse`.
#[test]
fn a_root_init_may_stop_its_children() {
    for image in ["couchdb", "consul", "clickhouse", "drupal", "joomla"] {
        let needed = facts(image).capabilities_as_root.clone();
        assert!(
            needed.is_some_and(|needed| needed.contains(&"KILL".to_owned())),
            "{image}"
        );
    }
}

/// Users add their own programs to these images, so the needs are unknown.
#[test]
fn the_needs_of_an_os_image_are_unknown() {
    for image in [
        "alpine",
        "ubuntu:24.04",
        "golang",
        "eclipse-temurin",
        "gitlab/gitlab-ce",
    ] {
        assert_eq!(facts(image).capabilities_as_root, None, "{image}");
    }
}

#[test]
fn names_of_other_hosts_are_other_images() {
    let knowledge = knowledge();
    for image in [
        "registry.example.com/nginx",
        "localhost:5000/postgres",
        "acme/nginx",
        "nginx2",
        "${REGISTRY}/nginx",
        "",
    ] {
        assert!(knowledge.facts(&Name::parse(image)).is_none(), "{image}");
    }
    for image in [
        "docker.io/library/nginx",
        "mirror.gcr.io/library/nginx",
        "public.ecr.aws/docker/library/nginx:1",
        "Nginx",
    ] {
        assert_eq!(
            knowledge
                .facts(&Name::parse(image))
                .map(|facts| facts.id.clone())
                .as_deref(),
            Some("nginx"),
            "{image}"
        );
    }
}

#[test]
fn resolved_facts_are_cached() {
    let knowledge = knowledge();
    let first = knowledge
        .facts(&Name::parse("nginx:1.27"))
        .expect("nginx is known");
    let second = knowledge
        .facts(&Name::parse("docker.io/nginx:1.27"))
        .expect("nginx is known");
    assert!(Arc::ptr_eq(&first, &second));
}

#[test]
fn versions_of_tags() {
    let newest = |tag| Version::of_tag(tag, None) >= Version::read("99999");
    assert!(newest("latest") && newest("alpine") && newest("stable-alpine3.17") && newest("v"));
    assert!(Version::of_tag("v2.53.0", None) < Version::read("3"));
    assert!(Version::of_tag("8", None) > Version::read("8.5"));
    assert_eq!(Version::of_tag("7f3a9c1", None), None);
    assert_eq!(
        Version::of_tag("0.8.0-pg16", Some("pg")),
        Version::read("16")
    );
    assert_eq!(Version::of_tag("latest", Some("pg")), None);
    assert_eq!(Version::of_tag("99999999999999999999", None), None);
}

/// The one entry that a test changes.
const ENTRY: &str = "\
id: example
date: 2026-11-23
kind: service
images: [example, ghcr.io/example/*]
sources:
  dockerfile: example/example-docker@0123456 Dockerfile
user:
  source: [dockerfile]
  confidence: high
  default: root
  runs_as: [{uid: 999, gid: 999}]
  starts_as_user: yes
writable:
  source: [dockerfile]
  confidence: medium
  read_only: yes
  paths:
  - {path: /run/example, why: pid file, size: 1Mi}
memory:
  source: [dockerfile]
  confidence: high
  least: 64Mi
";

#[test]
fn an_entry_that_breaks_a_rule_is_refused_with_the_key() {
    assert!(Entry::read(ENTRY).is_ok());
    for (from, to, expected) in [
        ("id: example", "id: Example!", "id: must be"),
        ("2026-11-23", "2026-13-01", "date: must be"),
        ("kind: service", "kind: servce", "unknown variant `servce`"),
        (
            "kind: service",
            "kind: service\ncolour: red",
            "unknown field `colour`",
        ),
        (
            "default: root",
            "default: root\n  shell: bash",
            "unknown field `shell`",
        ),
        (
            "images: [example,",
            "images: [example, example,",
            "is in the list twice",
        ),
        (
            "images: [example,",
            "images: [docker.io/library/example,",
            "must be a repository",
        ),
        (
            "images: [example,",
            "images: [Example,",
            "must be a repository",
        ),
        (
            "images: [example, ghcr.io/example/*]",
            "images: []",
            "must name at least one repository",
        ),
        (
            "source: [dockerfile]",
            "source: []",
            "user.source: must name at least one source",
        ),
        (
            "source: [dockerfile]",
            "source: [docs]",
            "user.source: `docs` is not in `sources`",
        ),
        (
            "sources:\n",
            "sources:\n  docs: a page\n",
            "sources.docs: no section uses this source",
        ),
        (
            "  source: [dockerfile]\n  confidence: high\n  default",
            "  confidence: high\n  default",
            "missing field `source`",
        ),
        ("uid: 999, gid: 999", "uid: 999", "needs both uid and gid"),
        ("uid: 999", "uid: -1", "user.runs_as[0].uid"),
        ("[{uid", "[{since: newest, uid", "`newest` is not a version"),
        (
            "starts_as_user: yes",
            "starts_as_user: perhaps",
            "unknown variant `perhaps`",
        ),
        (
            "path: /run/example",
            "path: /var/run/example",
            "write `/run/example`",
        ),
        (
            "path: /run/example",
            "path: /var/lock/example",
            "write `/run/lock/example`",
        ),
        (
            "path: /run/example",
            "path: run",
            "must be one absolute path",
        ),
        (
            "path: /run/example",
            "path: /run/../etc",
            "must be one absolute path",
        ),
        ("size: 1Mi", "size: 1M", "writable.paths[0].size"),
        ("size: 1Mi", "size: 1Mi, mode: '999'", "must be octal"),
        (
            "size: 1Mi",
            "size: 1Mi, owner: me",
            "must be `uid:gid` or `own`",
        ),
        (
            "size: 1Mi",
            "size: 1Mi, when: [{environment: A}]",
            "unknown variant `environment`",
        ),
        ("least: 64Mi", "least: much", "memory.least"),
    ] {
        assert!(ENTRY.contains(from), "{from}");
        let errors = Entry::read(&ENTRY.replacen(from, to, 1)).expect_err(to);
        let text = errors
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n");
        assert!(text.contains(expected), "{to}: {text}");
    }
}

#[test]
fn uncertain_facts_are_unknown() {
    let entry = |from: &str, to: &str| {
        let entry =
            Entry::read(&ENTRY.replace(from, to)).unwrap_or_else(|errors| panic!("{errors:?}"));
        Knowledge::with([entry])
            .expect("one entry")
            .facts(&Name::parse("example"))
            .expect("it is known")
    };
    let sure = entry("", "");
    assert!(sure.user_is_known() && sure.writable_is_known());
    assert_eq!(sure.known_memory_min(), Some(64 << 20));

    let unsure = entry("confidence: high", "confidence: low");
    assert!(!unsure.user_is_known());
    assert_eq!(
        (unsure.run_as, &unsure.default_user),
        (None, &DefaultUser::Unknown)
    );
    assert_eq!(unsure.starts_as_user, Support::Unknown);
    assert_eq!(
        (unsure.known_memory_min(), unsure.suspected_memory_min()),
        (None, Some(64 << 20))
    );

    let unsure = entry("confidence: medium", "confidence: low");
    assert!(!unsure.writable_is_known());
    assert_eq!(unsure.read_only, Support::Unknown);
    // A warning may be uncertain.
    let warned = entry(
        "confidence: medium\n  read_only: yes",
        "confidence: low\n  read_only: {no: it writes everywhere}",
    );
    assert!(warned.writable_is_known());
    assert_eq!(
        warned.read_only,
        Support::No("it writes everywhere".to_owned())
    );
}

#[test]
fn unexamined_capabilities_are_unknown() {
    let as_root = |section: &str| {
        let entry =
            Entry::read(&format!("{ENTRY}{section}")).unwrap_or_else(|errors| panic!("{errors:?}"));
        Facts::for_tag(&entry, Name::parse("example").tag()).capabilities_as_root
    };
    let section = "capabilities: {source: [dockerfile], confidence: high";
    assert_eq!(as_root(""), None);
    assert_eq!(as_root(&format!("{section}}}\n")), None);
    assert_eq!(
        as_root(&format!("{section}, as_root: []}}\n")),
        Some(Vec::new())
    );
    assert_eq!(
        as_root(&format!("{section}, as_root: [SETUID]}}\n")),
        Some(vec!["SETUID".to_owned()])
    );
}

#[test]
fn a_glob_with_many_stars_is_fast() {
    let hostile = format!("size: 1Mi, when: [{{env: '{}b'}}]", "*a".repeat(30));
    let entry = Entry::read(&ENTRY.replacen("size: 1Mi", &hostile, 1)).expect("it is an entry");
    let knowledge = Knowledge::with([entry]).expect("one entry");
    let transforms = transforms::find("read-only-root").into_iter().collect();
    let name = "a".repeat(60);
    let text = format!("services:\n  a:\n    image: example\n    environment:\n      {name}: x\n");
    let source = Source {
        path: "compose.yml".into(),
        bytes: text.into_bytes(),
    };
    let report = Run::new(transforms, Policy::default(), &knowledge).project(vec![source]);
    assert_eq!(report.containers.len(), 1);
    assert!(matches!(report.files[0].outcome, FileOutcome::Changed(_)));
}

#[test]
fn own_entries_go_first_and_do_not_claim_the_same() {
    let own = |id: &str, images: &str| {
        let text = ENTRY
            .replace("id: example", &format!("id: {id}"))
            .replace("[example, ghcr.io/example/*]", images);
        Entry::read(&text).unwrap_or_else(|errors| panic!("{errors:?}"))
    };
    let knowledge =
        Knowledge::with([own("mine", "['*']"), own("ours", "[acme/*]")]).expect("they differ");
    let id = |image: &str| {
        knowledge
            .facts(&Name::parse(image))
            .map(|facts| facts.id.clone())
    };
    assert_eq!(id("nginx").as_deref(), Some("mine"));
    assert_eq!(id("acme/app").as_deref(), Some("ours"));
    assert!(Knowledge::with([own("mine", "[acme/*]"), own("ours", "[acme/*]")]).is_err());
}

#[test]
fn the_more_specific_entry_wins() {
    for (image, expected) in [
        ("bitnami/postgresql:16", "bitnami-postgresql"),
        ("bitnami/postgresql-ha", "bitnami-postgresql"),
        ("bitnami/redis-cluster", "bitnami-redis"),
        ("bitnami/wordpress", "bitnami-generic"),
        ("lscr.io/linuxserver/sonarr", "linuxserver"),
        ("gcr.io/distroless/static-debian12", "base-os"),
    ] {
        assert_eq!(facts(image).id, expected, "{image}");
    }
}

#[test]
fn the_readme_shows_an_entry() {
    let readme = include_str!("../../images/README.md");
    let mut fences = readme
        .split("```yaml\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("```"))
        .map(|(text, _)| text);
    let entry = fences.next().expect("it shows one");
    assert!(fences.next().is_none(), "one entry is enough");
    let entry = Entry::read(entry).unwrap_or_else(|errors| panic!("{errors:?}"));
    let facts = Facts::for_tag(&entry, Name::parse("example:3.20-alpine").tag());
    assert_eq!(facts.run_as, Some(RunAs { uid: 70, gid: 70 }));
}

#[test]
fn the_schema_page_shows_an_entry() {
    let source = include_str!("../../src/image/entry.rs");
    let page: String = source
        .lines()
        .skip_while(|line| *line != "//! ```yaml")
        .skip(1)
        .take_while(|line| *line != "//! ```")
        .map(|line| {
            line.trim_start_matches("//!")
                .strip_prefix(' ')
                .unwrap_or_default()
                .to_owned()
                + "\n"
        })
        .collect();
    Entry::read(&page).unwrap_or_else(|errors| panic!("{errors:?}"));
}

/// Names of images that nobody has examined. Using the facts of another image for them would be a
/// guess. (`scratch` is not an image.)
const NOT_LOOKED_AT: [&str; 12] = [
    "apache/kafka-native",
    "ibmcom/couchdb3",
    "itzg/bungeecord",
    "itzg/mc-proxy",
    "jboss/keycloak",
    "jenkins/inbound-agent",
    "jenkins/jenkins-lts",
    "jenkins/ssh-agent",
    "neo4j/neo4j-admin",
    "scratch",
    "timescale/timescaledb-ha",
    "valkey/valkey-bundle",
];

#[test]
fn every_researched_image_is_known_or_listed_as_unknown() {
    #[derive(serde::Deserialize)]
    struct Research {
        images: Vec<Image>,
    }
    #[derive(serde::Deserialize)]
    struct Image {
        id: String,
        patterns: Vec<String>,
    }
    let Some(path) = shared("research/images.yaml") else {
        return;
    };
    let text = fs::read_to_string(path).expect("the research is there");
    let research: Research = serde_yaml::from_str(&text).expect("it is YAML");
    let knowledge = knowledge();
    let mut left_out = Vec::new();
    for image in research.images {
        assert!(
            knowledge.entries().any(|entry| entry.id == image.id),
            "{}",
            image.id
        );
        // The match of a glob differs with every entry.
        for pattern in image.patterns.iter().filter(|one| !one.contains('*')) {
            let name = Name::parse(pattern).canonical();
            let is_known = name.is_some_and(|name| knowledge.find(&name).is_some());
            if !is_known && !NOT_LOOKED_AT.contains(&pattern.as_str()) {
                left_out.push(format!("{}: {pattern}", image.id));
            }
        }
    }
    assert_eq!(left_out, Vec::<String>::new());
}
