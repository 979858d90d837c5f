//! The facts in a Dockerfile about its image, read as a dialect reads them.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use harden::engine::outcome::Outcome;
use harden::image::{DefaultUser, Facts, Kind, Recipe, RunAs, Support};
use harden::report::words::sentence;
use proptest::prelude::*;

use crate::support::memory_files::MemoryFiles;
use crate::support::run::{Setup as _, by_default, knowledge, only};

fn recipe(text: &str) -> Recipe {
    Recipe {
        text: text.into(),
        name: "Dockerfile".to_owned(),
        ..Recipe::default()
    }
}

fn facts_of(recipe: &Recipe) -> Option<Facts> {
    recipe.facts(knowledge())
}

fn facts(text: &str) -> Facts {
    facts_of(&recipe(text)).unwrap_or_else(|| panic!("nothing is known of\n{text}"))
}

fn user(text: &str) -> (DefaultUser, Option<(u32, u32)>) {
    let facts = facts(text);
    (
        facts.default_user,
        facts.run_as.map(|RunAs { uid, gid }| (uid, gid)),
    )
}

fn name(text: &str) -> DefaultUser {
    DefaultUser::Name(text.to_owned())
}

fn source(facts: &Facts, section: &str) -> Vec<String> {
    let of_section = facts.sources.iter().filter(|(of, _)| *of == section);
    of_section.map(|(_, text)| text.clone()).collect()
}

#[test]
fn the_last_user_of_the_stage_starts_it() {
    for (text, expected) in [
        (
            "FROM example/base\nUSER 1000\nUSER 1001:1002",
            (DefaultUser::Uid(1001), Some((1001, 1002))),
        ),
        ("FROM example/base\nUSER app", (name("app"), None)),
        (
            "FROM example/base\nRUN useradd -u 1001 -g 0 app\nUSER app",
            (name("app"), Some((1001, 0))),
        ),
        (
            "FROM alpine\nRUN adduser -D -u 1001 app\nUSER 1001",
            (DefaultUser::Uid(1001), Some((1001, 1001))),
        ),
        (
            "FROM example/base\nRUN groupadd -g 5 grp && \\\n  # a comment\n  useradd -u 1001 app\nUSER app:grp",
            (name("app"), Some((1001, 5))),
        ),
        (
            "FROM example/base\nRUN useradd -ou 0 toor\nUSER toor",
            (DefaultUser::Root, None),
        ),
        ("FROM example/base\nUSER root", (DefaultUser::Root, None)),
        ("FROM example/base\nUSER 0:0", (DefaultUser::Root, None)),
        ("FROM example/base", (DefaultUser::Unknown, None)),
        ("FROM node:22", (DefaultUser::Root, None)),
        ("FROM scratch\nCOPY a /a", (DefaultUser::Root, None)),
        (
            "FROM scratch\nUSER 1000",
            (DefaultUser::Uid(1000), Some((1000, 0))),
        ),
        (
            "FROM gcr.io/distroless/static:nonroot",
            (DefaultUser::Uid(65532), Some((65532, 65532))),
        ),
        (
            "FROM prom/prometheus:v2.53.0\nUSER root\nUSER nobody",
            (name("nobody"), Some((65534, 65534))),
        ),
        (
            "FROM example/base\nUSER $NOBODY_KNOWS",
            (DefaultUser::Unknown, None),
        ),
    ] {
        assert_eq!(user(text), expected, "{text}");
    }
}

#[test]
fn it_says_where_from() {
    let facts = facts("FROM alpine\nEXPOSE 80 53/udp 9000-9002\nVOLUME /data\nUSER 10");
    assert_eq!(facts.id, "Dockerfile");
    assert_eq!(source(&facts, "user"), ["Dockerfile:4"]);
    assert_eq!(source(&facts, "ports")[0], "Dockerfile:2");
    assert_eq!(facts.ports, [53, 80, 9000, 9001, 9002]);
    assert_eq!(facts.declared_volumes().collect::<Vec<_>>(), ["/data"]);
    assert!(!facts.writable_is_known());
    assert_eq!(facts.known_memory_min(), None);
}

#[test]
fn stages_build_on_each_other() {
    let text = "ARG BASE=alpine\nFROM golang AS Build\nUSER 1\nFROM $BASE AS run\nUSER 2\nFROM RUN\nEXPOSE 1\nFROM scratch AS last\nCOPY --from=build /x /x\n";
    let target = |target: Option<&str>| Recipe {
        target: target.map(str::to_owned),
        ..recipe(text)
    };
    let default = |target| facts_of(&target).unwrap().default_user;
    assert_eq!(default(target(None)), DefaultUser::Root);
    assert_eq!(default(target(Some("BUILD"))), DefaultUser::Uid(1));
    assert_eq!(default(target(Some("2"))), DefaultUser::Uid(2));
    assert!(facts_of(&target(Some("none"))).is_none());
}

#[test]
fn users_may_come_with_their_file() {
    let text = "FROM golang AS build\nRUN adduser -D -u 1001 app\nFROM scratch\nCOPY --from=build /etc/passwd /etc/group /etc/\nUSER app";
    assert_eq!(user(text), (name("app"), Some((1001, 1001))));
    let text = "FROM prom/prometheus:v2.53.0\nCOPY passwd /etc/passwd\nUSER nobody";
    assert_eq!(user(text), (name("nobody"), None));
}

#[test]
fn arguments_come_from_the_call_or_their_default() {
    let text = "ARG VERSION=16\nARG UID=5\nFROM postgres:${VERSION:-1}-alpine\nARG UID\nARG GID=${UID}0\nENV U=$UID\nUSER ${U}:${GID:+$GID}";
    assert_eq!(user(text), (DefaultUser::Uid(5), Some((5, 50))));
    let given = |name: &str, value: Option<&str>| Recipe {
        args: vec![(name.to_owned(), value.map(str::to_owned))],
        ..recipe(text)
    };
    let facts = facts_of(&given("UID", Some("7"))).unwrap();
    assert_eq!(facts.default_user, DefaultUser::Uid(7));
    let facts = facts_of(&given("UID", None)).unwrap();
    assert_eq!(facts.default_user, DefaultUser::Unknown);
    let facts = facts_of(&given("VERSION", None)).unwrap();
    assert_eq!(facts.id, "postgres in Dockerfile");
    assert!(
        facts
            .by_assumption
            .unwrap()
            .contains("a variable decides the base in Dockerfile:3")
    );
}

#[test]
fn files_added_to_a_known_service_keep_its_facts() {
    let text = "FROM nginx:1.27-alpine\nCOPY site /usr/share/nginx/html\nENV A=b\nEXPOSE 8080";
    let known = facts(text);
    assert_eq!(known.id, "nginx in Dockerfile");
    assert_eq!(known.kind, Kind::Service);
    assert_eq!(known.by_assumption, None);
    assert_eq!(known.run_as, Some(RunAs { uid: 101, gid: 101 }));
    assert!(known.writable_is_known());
    assert_eq!(known.ports, [80, 8080]);
    for (line, why) in [
        (
            "RUN rm /etc/nginx/conf.d/default.conf",
            "RUN in Dockerfile:5",
        ),
        ("CMD [\"nginx\"]", "CMD in Dockerfile:5"),
        ("COPY a /usr/local/bin/", "COPY in Dockerfile:5"),
        ("ADD x.tar /", "COPY in Dockerfile:5"),
    ] {
        let altered = facts(&format!("{text}\n{line}"));
        assert!(altered.by_assumption.unwrap().starts_with(why), "{line}");
    }
    let other = facts(&format!("{text}\nENTRYPOINT [\"/run.sh\"]"));
    assert_eq!(
        (other.kind, other.id.as_str()),
        (Kind::LanguageBase, "Dockerfile")
    );
    assert!(!other.writable_is_known());
    assert_eq!(other.default_user, DefaultUser::Root);
}

#[test]
fn another_user_owns_what_a_known_service_writes() {
    let own = facts("FROM nginx:1.27\nUSER 1000:1000");
    assert_eq!(
        own.run_as,
        Some(RunAs {
            uid: 1000,
            gid: 1000
        })
    );
    assert_eq!(own.read_only, facts("FROM nginx:1.27").read_only);
    let half = facts("FROM nginx:1.27\nUSER 1000");
    assert_eq!((half.run_as, half.read_only), (None, Support::Unknown));
    assert!(!facts("FROM postgres:16\nUSER 1:1").manages_ownership("/var/lib/postgresql/data"));
    assert!(facts("FROM postgres:16\nUSER 999:999").manages_ownership("/var/lib/postgresql/data"));
}

#[test]
fn programs_that_gain_privileges_are_named() {
    for (line, expected) in [
        (
            "RUN chmod u+s /usr/bin/x",
            Some("`/usr/bin/x` is setuid (Dockerfile:2); the image may need that"),
        ),
        (
            "RUN chmod 4755 /x",
            Some("`/x` is setuid (Dockerfile:2); the image may need that"),
        ),
        (
            "RUN echo 'a ALL=(ALL) NOPASSWD: ALL' >> /etc/sudoers.d/a",
            Some("the build may change the sudo rules (Dockerfile:2); the image may need that"),
        ),
        (
            "RUN setcap cap_net_raw,cap_net_admin=+eip $(which ping)",
            Some(
                "`$(which ping)` has cap_net_raw,cap_net_admin=+eip (Dockerfile:2); the image may need that",
            ),
        ),
        ("RUN setcap 'cap_net_bind_service=+ep' /x", None),
        (
            "RUN setcap -r /x && chmod -R g+s,2775 /d && chmod 0755 /x && chmod a-s /y",
            None,
        ),
    ] {
        let facts = facts(&format!("FROM debian\n{line}\nUSER 1000"));
        assert_eq!(facts.breaks_without_new_privileges(), expected, "{line}");
        let root = self::facts(&format!("FROM debian\n{line}"));
        assert_eq!(root.breaks_without_new_privileges(), None, "{line}");
    }
    let facts = facts("FROM debian\nRUN setcap 'cap_net_bind_service=+ep' /usr/bin/x");
    assert_eq!(facts.file_capabilities[0].path, "/usr/bin/x");
}

#[test]
fn entrypoint_arguments_and_environment_are_read() {
    let facts = facts(
        "FROM example/base AS a\nSHELL [\"/bin/bash\", \"-ec\"]\nCMD lost\nFROM a\nENV X=1 Y=$Z\nENTRYPOINT exec run\n",
    );
    assert_eq!(facts.entrypoint.unwrap(), ["/bin/bash", "-ec", "exec run"]);
    assert_eq!(facts.arguments, None);
    assert_eq!(
        facts.environment,
        [
            ("X".to_owned(), Some("1".to_owned())),
            ("Y".to_owned(), None)
        ]
    );
}

#[test]
fn triggers_run_in_the_stage_that_builds_on_theirs() {
    assert_eq!(
        user("FROM example/base AS a\nONBUILD USER 5\nUSER 6\nFROM a"),
        (DefaultUser::Uid(5), None)
    );
    assert_eq!(
        user("FROM example/base AS a\nONBUILD USER 5\nUSER 6"),
        (DefaultUser::Uid(6), None)
    );
}

#[test]
fn instructions_that_cannot_be_read_are_unknown() {
    for text in [
        "",
        "USER 1",
        "FROM",
        "FROM a\nNONSENSE",
        "FROM a\nUSER ${",
        "FROM a\nRUN <<EOF\n",
        "# syntax=example.com/other\nFROM a\nUSER 1",
    ] {
        assert!(facts_of(&recipe(text)).is_none(), "{text}");
    }
    let volumes = |count: usize| {
        let text = (0..count).fold("FROM a\n".to_owned(), |text, at| {
            text + &format!("VOLUME /v{at}\n")
        });
        facts_of(&recipe(&text))
    };
    assert_eq!(volumes(256).unwrap().declared_volumes().count(), 256);
    assert!(volumes(257).is_none());
    let contexts = Recipe {
        contexts: vec!["nginx".to_owned()],
        ..recipe("FROM nginx")
    };
    assert_eq!(
        facts_of(&contexts).unwrap().default_user,
        DefaultUser::Unknown
    );
}

/// The answer of a transform for the only service of a Compose file.
fn answer(compose: &str, files: &[(&'static str, &'static str)], transform: &str) -> String {
    let report = only(&[transform])
        .surroundings(&MemoryFiles::new(files))
        .file("deploy/compose.yml", compose);
    let service = report.containers.last().unwrap();
    let row = &service.rows[0];
    let why = sentence(&row.reason);
    match &row.outcome {
        Outcome::Hardened => format!("hardened: {why}"),
        Outcome::Changed { basis, .. } => format!("changed ({basis:?}): {why}"),
        Outcome::Declined => format!("declined: {why}"),
        other => format!("{other:?}"),
    }
}

#[test]
fn a_service_gets_its_facts_from_its_dockerfile() {
    let user = |build: &str, files: &[(&'static str, &'static str)]| {
        answer(
            &format!("services:\n  app:\n    build: {build}\n"),
            files,
            "non-root-user",
        )
    };
    let app = "FROM node:22\nUSER node\n";
    let hardened = |by: &str| format!("hardened: {by} starts as `node`.");
    assert_eq!(
        user(".", &[("deploy/Dockerfile", app)]),
        hardened("Dockerfile")
    );
    assert_eq!(
        user("./web/", &[("deploy/web/Dockerfile", app)]),
        hardened("web/Dockerfile")
    );
    assert_eq!(
        user(
            "{context: .., dockerfile: docker/app}",
            &[("deploy/../docker/app", app)]
        ),
        hardened("../docker/app")
    );
    assert_eq!(
        user("{dockerfile_inline: \"FROM node\\nUSER node\"}", &[]),
        hardened("dockerfile_inline")
    );
    let staged = "ARG U=0\nFROM node AS base\nARG U\nUSER $U\nFROM base\nUSER root";
    let files = [("deploy/Dockerfile", staged)];
    assert_eq!(
        user("{context: ., target: base, args: {U: 7}}", &files),
        "hardened: Dockerfile starts as user 7."
    );
    assert_eq!(
        user("{context: ., target: base, args: [U=7]}", &files),
        "hardened: Dockerfile starts as user 7."
    );
    for build in [
        ".",
        "{context: ., target: base}",
        "{context: ., target: base, args: [U]}",
        "{context: ., target: $TARGET}",
        "{context: ., args: {U: $U}, target: base}",
        "https://example.com/x.git",
        "$CONTEXT",
        "nowhere",
    ] {
        assert_eq!(
            user(build, &files),
            "declined: The image is built from this project; what runs in it is unknown.",
            "{build}"
        );
    }
}

#[test]
fn a_known_service_with_files_of_its_own_is_known() {
    let compose = "services:\n  web:\n    image: example/web:${TAG}\n    build: .\n";
    let change = |text, transform| answer(compose, &[("deploy/Dockerfile", text)], transform);
    assert_eq!(
        change(
            "FROM nginx:1.27\nCOPY . /usr/share/nginx/html\n",
            "non-root-user"
        ),
        "changed (Known(\"nginx in Dockerfile\")): nginx in Dockerfile can start as its own user 101:101."
    );
    assert_eq!(
        change("FROM nginx:1.27\nRUN rm -r /x\n", "non-root-user"),
        "changed (Assumed): nginx in Dockerfile can start as its own user 101:101."
    );
    assert!(
        change("FROM nginx:1.27\nCOPY . /x\n", "read-only-root")
            .starts_with("changed (Known(\"nginx in Dockerfile\"))")
    );
    assert_eq!(
        change("FROM nginx:1.27\nENTRYPOINT [\"/x\"]\n", "read-only-root"),
        "declined: The image is built from this project; what runs in it is unknown."
    );
    assert_eq!(
        change("FROM openjdk\nENV JAVA_OPTS=-Xmx3g\n", "memory-limit"),
        "changed (Assumed): The limit is twice what `-Xmx3g` asks for."
    );
    assert_eq!(
        change("FROM debian\nUSER 1\nCMD sudo run", "no-new-privileges"),
        "declined: Its command runs `sudo`, which gains privileges."
    );
}

#[test]
fn an_image_that_another_service_builds_is_a_build() {
    let compose = "services:\n  app:\n    image: example/app\n    build: .\n  worker:\n    image: example/app\n";
    let of_worker = |text| answer(compose, &[("deploy/Dockerfile", text)], "non-root-user");
    assert_eq!(
        of_worker("FROM a\nUSER 5"),
        "hardened: Dockerfile starts as user 5."
    );
    assert_eq!(
        of_worker("FROM a"),
        "declined: The image is built from this project; what runs in it is unknown."
    );
}

/// With non-linear growth, this test would take minutes.
#[test]
fn time_is_linear() {
    let many = |line: &str| format!("FROM a\n{}", line.repeat(100_000 / line.len()));
    let start = Instant::now();
    let mut stages = "FROM scratch AS s0\n".to_owned();
    for stage in 1..3_000 {
        let _ = writeln!(stages, "FROM s{} AS s{stage}\nENV A{stage}=1", stage - 1);
    }
    let mut copies = String::new();
    for stage in 0..2_000 {
        let _ = writeln!(copies, "FROM scratch AS s{stage}");
        if stage > 0 {
            let _ = writeln!(copies, "COPY --from=s{} /etc/passwd /etc/passwd", stage - 1);
        }
    }
    let mut volumes = "FROM a\n".to_owned();
    let mut accounts = "FROM a\n".to_owned();
    for nth in 0..3_000 {
        let _ = writeln!(volumes, "VOLUME /a{nth}");
        let _ = writeln!(accounts, "RUN useradd -g {nth} u{nth}");
    }
    accounts += &"RUN groupmod -g 1 u1\n".repeat(1_000);
    for text in [
        many("ENV A=$A$A$A$A$A\n"),
        many("ENV A=x${A:-${A:-$A}}\n"),
        many("RUN useradd -u 1 \"a\" && $(\n"),
        many("RUN a \\\n\n#\n"),
        many("FROM a AS a\n"),
        many("'"),
        many("RUN \\\n"),
        many("${A:-"),
        many("RUN <<A\n"),
        many("COPY <<A <<B /x\nA\nB\n"),
        many("ONBUILD USER 1\n"),
        many("EXPOSE 1-65535\n"),
        many("VOLUME /a\n"),
        format!("FROM a\nRUN {}", "(".repeat(100_000)),
        format!("FROM a\nUSER {}", "${A:-".repeat(20_000)),
        format!("FROM a\nRUN {}", "$(".repeat(50_000)),
        format!("FROM a\nCMD [{}", "\"a\",".repeat(25_000)),
        stages,
        copies,
        volumes,
        accounts,
    ] {
        assert!(text.len() < 1 << 18, "it would not be read");
        let _ = facts_of(&recipe(&text));
    }
    assert!(
        start.elapsed() < Duration::from_secs(60),
        "{:?}",
        start.elapsed()
    );
}

proptest! {
    #[test]
    fn any_text_ends(text in "\\PC{0,200}") {
        let _ = facts_of(&recipe(&text));
    }

    #[test]
    fn anything_like_a_dockerfile_ends(
        lines in prop::collection::vec(
            (
                prop::sample::select(vec![
                    "FROM ", "ARG ", "ENV ", "RUN ", "USER ", "COPY ", "ONBUILD ", "CMD ",
                    "ENTRYPOINT ", "VOLUME ", "EXPOSE ", "WORKDIR ", "SHELL ", "# escape=", "",
                    "ONBUILD RUN ", "HEALTHCHECK CMD ", "COPY --from=a ",
                ]),
                "([a$:{}\"'\\\\`<=\\-\\[\\],/ ]|\\$\\{A|<<E|E|\\[\"a\"\\]|useradd |setcap |é|\n){0,12}",
            ),
            0..12,
        ),
        target in prop::option::of("[a-b0-2]"),
        value in prop::option::of("[a$]{0,3}"),
    ) {
        let body: String = lines.iter().flat_map(|(keyword, rest)| [keyword, rest.as_str(), "
"]).collect();
        for text in [body.clone(), format!("FROM nginx AS a\n{body}")] {
            let recipe = Recipe {
                target: target.clone(),
                args: vec![("A".to_owned(), value.clone())],
                ..recipe(&text)
            };
            if let Some(facts) = facts_of(&recipe) {
                prop_assert!(facts.run_as.is_none_or(|user| user.uid != 0));
            }
        }
    }
}

/// If the Dockerfile adds a script to the start of a known service, the written paths are unknown
/// (an imitation of nginx with `sed -i` in `/docker-entrypoint.d` ended at its start, measured on
/// Docker 20.10).
#[test]
fn added_start_scripts_make_facts_uncertain() {
    for instructions in [
        "COPY env.sh /docker-entrypoint.d/40-env.sh",
        "ADD scripts/ /docker-entrypoint.d/",
        "RUN echo 'sed -i s/a/b/ /etc/nginx/nginx.conf' > /docker-entrypoint.d/40-a.sh",
        "COPY start.sh /start.sh\nCMD [\"/start.sh\"]",
        "COPY start.sh /start.sh\nCMD /start.sh && nginx",
    ] {
        let text = format!("FROM nginx:1.27\n{instructions}\n");
        let declined = |id| {
            let compose = format!(
                "services:\n  web:\n    build:\n      dockerfile_inline: |\n        {}\n",
                text.trim_end().replace('\n', "\n        ")
            );
            let report = by_default().file("compose.yml", &compose);
            let results = &report.containers[0].rows;
            let result = results.iter().find(|result| result.id == id).unwrap();
            matches!(result.outcome, Outcome::Declined)
        };
        for id in ["non-root-user", "read-only-root", "drop-capabilities"] {
            assert!(declined(id), "{id} of {text}");
        }
    }
}
