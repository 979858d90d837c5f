//! Projects of several files, as compose-go loads them (`loader/extends.go`, `loader/include.go`,
//! `loader/loader.go`, `cli/options.go`).

use harden::engine::outcome::{FileOutcome, Outcome};
use harden::report::words::sentence;

use super::{changed, declined_in, outcome, project, project_with_files, row};

#[test]
fn a_setting_of_a_base_in_another_file_is_respected() {
    let web = "services:\n  web:\n    extends: {file: base/common.yml, service: app}\n";
    let common =
        "services:\n  app:\n    extends: {file: deeper.yml, service: root}\n    read_only: true\n";
    let deeper = "services:\n  root:\n    image: nginx:1.27\n    mem_limit: 1g\n";
    let files_on_disk = [("base/common.yml", common), ("base/deeper.yml", deeper)];
    let report = project_with_files(&[("compose.yml", web)], &files_on_disk, |_| ());
    let after = changed(&report, "compose.yml").unwrap();
    assert!(after.contains("user: \"101:101\""), "{after}");
    assert!(!after.contains("mem_limit"), "{after}");
    assert!(matches!(
        outcome(&report, "web", "read-only-root"),
        Outcome::Hardened | Outcome::Finding { .. }
    ));
    assert_eq!(report.containers.len(), 1);
    // Without the files, harden makes no guess.
    let report = project_with_files(&[("compose.yml", web)], &[], |_| ());
    let why = declined_in(&report, "web", "non-root-user");
    assert_eq!(
        why,
        "It extends `app` of `base/common.yml`, which cannot be read."
    );
}

#[test]
fn nothing_outside_the_project_is_read() {
    let web = "services:\n  web:\n    extends: {file: ../common.yml, service: app}\n";
    let files_on_disk = [("common.yml", "services:\n  app:\n    image: nginx:1.27\n")];
    let report = project_with_files(&[("compose.yml", web)], &files_on_disk, |_| ());
    let why = declined_in(&report, "web", "non-root-user");
    assert!(why.contains("lies outside the project"), "{why}");
}

#[test]
fn a_base_that_is_given_too_is_planned_once_with_its_heirs() {
    let common = ("common.yml", "services:\n  app:\n    image: nginx:1.27\n");
    let alike =
        "services:\n  web:\n    extends: {file: common.yml, service: app}\n    hostname: web\n";
    let report = project(&[common, ("web.yml", alike)]);
    assert!(changed(&report, "common.yml").is_some());
    assert!(changed(&report, "web.yml").is_none());
    assert!(matches!(
        outcome(&report, "web", "non-root-user"),
        Outcome::Hardened
    ));

    let differs = "services:\n  web:\n    extends: {file: common.yml, service: app}\n    volumes: [\"./x:/run\"]\n";
    let report = project(&[common, ("web.yml", differs)]);
    assert!(changed(&report, "common.yml").is_none());
    let why = declined_in(&report, "app", "non-root-user");
    assert!(why.contains("`web` extends this service"), "{why}");
}

#[test]
fn heirs_do_not_inherit_from_a_later_file() {
    let base =
        "services:\n  a:\n    image: nginx:1.27\n  b:\n    extends: a\n    environment: [X=1]\n";
    let over = "services:\n  a:\n    mem_limit: 1g\n";
    let report = project(&[("compose.yml", base), ("compose.override.yml", over)]);
    let why = declined_in(&report, "a", "non-root-user");
    assert!(why.contains("`b` extends this service"), "{why}");
    let after = changed(&report, "compose.yml").unwrap();
    assert_eq!(after.matches("mem_limit").count(), 1, "{after}");
}

#[test]
fn included_services_belong_to_the_project_and_are_written_where_they_are_given() {
    let main = "include:\n  - db/compose.yml\n  - path: [cache.yml, cache.more.yml]\nservices:\n  web:\n    image: nginx:1.27\n  cache:\n    mem_limit: 1g\n";
    let db = (
        "db/compose.yml",
        "services:\n  db:\n    image: postgres:16\n",
    );
    let cache = ("cache.yml", "services:\n  cache:\n    image: redis:7\n");
    let more = (
        "cache.more.yml",
        "services:\n  cache:\n    read_only: true\n",
    );
    let report = project_with_files(&[("compose.yml", main), cache], &[db, more], |_| ());
    assert_eq!(report.containers.len(), 3);
    assert!(
        changed(&report, "compose.yml")
            .unwrap()
            .contains("user: \"101:101\"")
    );
    let cache = changed(&report, "cache.yml").unwrap();
    assert!(
        cache.contains("user:") && !cache.contains("mem_limit"),
        "{cache}"
    );
    let why = declined_in(&report, "db", "no-new-privileges");
    assert_eq!(
        why,
        "`db/compose.yml:2` defines it: name that file too to change it."
    );
    let db = report
        .files
        .iter()
        .find(|file| file.path.ends_with("db/compose.yml"));
    assert!(matches!(db.unwrap().outcome, FileOutcome::Read));
}

#[test]
fn a_file_with_only_includes_is_a_project_and_a_cycle_ends() {
    let main = "include: [a.yml]\n";
    let a = "include: [compose.yml]\nservices:\n  a:\n    image: nginx:1.27\n";
    let report = project(&[("compose.yml", main), ("a.yml", a)]);
    assert!(changed(&report, "a.yml").is_some());
    assert_eq!(report.containers.len(), 1);
}

#[test]
fn a_circle_of_bases_ends() {
    let text =
        "services:\n  a: {image: x, extends: b}\n  b: {extends: {file: compose.yml, service: a}}\n";
    let report = project(&[("compose.yml", text)]);
    assert!(declined_in(&report, "a", "memory-limit").contains("is a circle"));
}

#[test]
fn files_that_are_merged_are_one_project() {
    let base = ("a.yml", "services:\n  web:\n    image: nginx:1.27\n");
    let over = (
        "b.yml",
        "services:\n  web:\n    user: root\n    mem_limit: 1g\n",
    );
    let volumes = ("c.yml", "volumes:\n  data: {}\n");
    let report = project_with_files(&[base, over, volumes], &[], |run| run.merges = true);
    assert_eq!(report.containers.len(), 1);
    let after = changed(&report, "a.yml").unwrap();
    assert!(
        after.contains("read_only: true") && !after.contains("mem_limit"),
        "{after}"
    );
    let row = row(&report, "web", "non-root-user");
    assert!(matches!(row.outcome, Outcome::Finding { .. }));
    let place = row.place.map(|place| (place.file, place.line));
    assert_eq!(place, Some((1, 3)));
    assert!(changed(&report, "b.yml").is_none());
}

#[test]
fn a_value_that_a_later_file_sets_is_not_written() {
    let base = ("a.yml", "services:\n  web:\n    image: nginx:1.27\n");
    let over = ("b.yml", "services:\n  web:\n    read_only: false\n");
    let report = project_with_files(&[base, over], &[], |run| {
        run.merges = true;
        run.policy.overrides.push("read-only-root");
    });
    let why = declined_in(&report, "web", "read-only-root");
    assert_eq!(why, "`b.yml:3` sets `read_only`, and that value wins.");
}

#[test]
fn an_unnamed_override_next_to_its_base_is_read() {
    let base = (
        "x/docker-compose.yml",
        "services:\n  web:\n    image: nginx:1.27\n",
    );
    let over = "services:\n  web:\n    mem_limit: 1g\n    image: nginx:1.28\n";
    let files_on_disk = [("x/compose.override.yml", over)];
    let report = project_with_files(&[base], &files_on_disk, |_| ());
    let after = changed(&report, "x/docker-compose.yml").unwrap();
    assert!(
        after.contains("cpus: 1") && !after.contains("mem_limit"),
        "{after}"
    );
    // Compose would use another base.
    let files_on_disk = [
        ("x/compose.override.yml", over),
        ("x/compose.yaml", "services: {}\n"),
    ];
    let report = project_with_files(&[base], &files_on_disk, |_| ());
    assert!(
        changed(&report, "x/docker-compose.yml")
            .unwrap()
            .contains("mem_limit")
    );
}

#[test]
fn the_base_of_a_named_override_is_read() {
    let over = (
        "compose.override.yml",
        "services:\n  web:\n    user: root\n",
    );
    let files_on_disk = [("compose.yml", "services:\n  web:\n    image: nginx:1.27\n")];
    let report = project_with_files(&[over], &files_on_disk, |_| ());
    assert!(changed(&report, "compose.override.yml").is_none());
    let why = declined_in(&report, "web", "memory-limit");
    assert_eq!(
        why,
        "`compose.yml:2` defines it: name that file too to change it."
    );
    assert!(matches!(
        outcome(&report, "web", "non-root-user"),
        Outcome::Finding { .. }
    ));
}

#[test]
fn variables_are_judged_by_env_files_and_never_written() {
    let text = (
        "compose.yml",
        "services:\n  web:\n    image: nginx:1.27\n    user: ${WHO}\n    mem_limit: ${LIMIT:-0}\n",
    );
    let files_on_disk = [(".env", "WHO=root\nLIMIT=1g\n")];
    let report = project_with_files(&[text], &files_on_disk, |_| ());
    let after = changed(&report, "compose.yml").unwrap();
    assert!(
        after.contains("user: ${WHO}\n    mem_limit: ${LIMIT:-0}"),
        "{after}"
    );
    // A tmpfs is root's where the container is.
    assert!(!after.contains("uid="), "{after}");
    let files_on_disk = [(".env", "WHO=root\n")];
    let report = project_with_files(&[text], &files_on_disk, |run| {
        let text = "WHO=2000:2000".to_owned();
        run.variables.push(("own.env".into(), text));
    });
    let after = changed(&report, "compose.yml").unwrap();
    assert!(!after.contains("2000"), "{after}");
    let why = declined_in(&report, "web", "read-only-root");
    assert!(why.ends_with("who must own that path is unknown."), "{why}");
}

#[test]
fn a_service_under_a_profile_is_hardened_as_any() {
    let text = (
        "compose.yml",
        "services:\n  web:\n    image: nginx:1.27\n    profiles: [debug]\n",
    );
    let report = project(&[text]);
    assert!(
        changed(&report, "compose.yml")
            .unwrap()
            .contains("read_only: true")
    );
}

#[test]
fn variables_of_an_env_file_are_part_of_the_environment() {
    let text = (
        "a/compose.yml",
        "services:\n  app:\n    image: example/app\n    environment: {B: \"2\"}\n    env_file:\n      - app.env\n      - path: ../none.env\n        required: false\n",
    );
    let declined = |env: &str| {
        let files_on_disk = [("a/app.env", env), ("none.env", "C=3\n")];
        let report = project_with_files(&[text], &files_on_disk, |_| ());
        let row = row(&report, "app", "non-root-user");
        match &row.outcome {
            Outcome::Declined => sentence(&row.reason),
            Outcome::Changed { .. } => String::new(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(declined("A=1\n"), "");
    assert!(declined("PUID=1000\n").contains("`PUID` is set"));
    assert!(declined("# PUID=1000\nexport PUID=\n").contains("`PUID` is set"));
}

#[test]
fn later_files_win_name_by_name() {
    let base = (
        "a.yml",
        "services:\n  app:\n    image: example/app\n    environment: [JAVA_OPTS=-Xmx4g]\n    volumes: [\"./data:/data\"]\n",
    );
    let over = (
        "b.yml",
        "services:\n  app:\n    environment: {JAVA_OPTS: -Xmx1g}\n    volumes: [\"data:/data\"]\n",
    );
    let report = project_with_files(&[base, over], &[], |run| run.merges = true);
    let after = changed(&report, "a.yml").unwrap();
    assert!(after.contains("mem_limit: 2g"), "{after}");
    let why = declined_in(&report, "app", "non-root-user");
    assert!(why.contains("`data` is mounted"), "{why}");
}

#[test]
fn a_volume_that_another_image_writes_keeps_the_user() {
    let text = |rest: &str| {
        format!(
            "services:\n  db:\n    image: postgres:16\n    volumes: [\"pg:/var/lib/postgresql/data\"]\n  other:\n    {rest}\nvolumes: {{pg: {{}}}}\n"
        )
    };
    let outcome_of = |rest: &str| {
        let text = text(rest);
        let report = project(&[("compose.yml", &text)]);
        let row = row(&report, "db", "non-root-user");
        match &row.outcome {
            Outcome::Declined => sentence(&row.reason),
            Outcome::Changed { .. } => String::new(),
            other => panic!("{other:?}"),
        }
    };
    let writes = "image: example/backup\n    volumes: [\"pg:/data\"]";
    assert_eq!(
        outcome_of(writes),
        "`other` writes to the volume `pg` too, from another image."
    );
    for same in [
        "image: example/backup\n    volumes: [\"pg:/data:ro\"]",
        "image: postgres:16-alpine\n    volumes: [\"pg:/var/lib/postgresql/data\"]",
    ] {
        assert_eq!(outcome_of(same), "", "{same}");
    }
}

#[test]
fn memory_sizes_in_the_file_are_respected() {
    let limit = |rest: &str| {
        let text = format!("services:\n  app:\n    image: example/app\n    {rest}\n");
        let report = project(&[("compose.yml", &text)]);
        let row = row(&report, "app", "memory-limit");
        match &row.outcome {
            Outcome::Declined => sentence(&row.reason),
            Outcome::Changed { .. } => {
                let after = changed(&report, "compose.yml").unwrap();
                let line = after.lines().find(|line| line.contains("mem_limit"));
                line.unwrap().trim().to_owned()
            }
            other => panic!("{other:?}"),
        }
    };
    assert!(limit("command: java -Xmx$$HEAP").contains("`-Xmx$HEAP` sets its memory"));
    assert!(limit("command: java -Xmx${HEAP}").contains("`-Xmx${HEAP}` sets its memory"));
    let known = "command: java -Xmx$$HEAP\n    environment: {HEAP: 2g}";
    assert_eq!(limit(known), "mem_limit: 4g");
    assert_eq!(limit("command: java -Xmx${HEAP:-3g}"), "mem_limit: 6g");
    assert_eq!(limit("tmpfs: [\"/cache:size=1g\"]"), "mem_limit: 1536m");
    let long = "volumes: [{type: tmpfs, target: /cache, tmpfs: {size: 512m}}]";
    assert_eq!(limit(long), "mem_limit: 1g");
    assert_eq!(limit("tmpfs: [/cache]"), "mem_limit: 512m");
}

/// compose-go `loader/include.go`: the paths of included files, also those of builds, are relative
/// to `project_directory`.
#[test]
fn included_builds_start_in_the_project_directory() {
    let main = "include:\n  - path: db/compose.yml\n    project_directory: .\n";
    let db = "services:\n  db:\n    build: ./db\n";
    let dockerfile = ("db/Dockerfile", "FROM postgres:16\n");
    let report = project_with_files(
        &[("compose.yml", main), ("db/compose.yml", db)],
        &[dockerfile],
        |_| (),
    );
    let after = changed(&report, "db/compose.yml").unwrap();
    assert!(after.contains("user: \"999:999\""), "{after}");
}
