//! No report, diff, error or written file shows a value of `.env` or `env_file`, or the value of a
//! secret-looking key in a line with an error. The rule is in `src/container/spelling.rs`.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use crate::support::command;
use crate::support::files::scratch;

/// The parts of a service. `P` is the place of a path, `W` of a word and `N` of a number, each from
/// a variable.
const PARTS: &[&str] = &[
    "image: W/app:W",
    "image: redis:7",
    "container_name: W",
    "hostname: W",
    "user: W",
    "user: \"N:N\"",
    "command: [\"P\", \"--data-dir=P\", \"-c\", \"W\", \"./W.sh\"]",
    "command: redis-server --port N --dir P --requirepass W",
    "command: sh -c \"cd P && ./run W > P\"",
    "entrypoint: P --x W",
    "working_dir: P",
    "volumes: [\"P:P\", \"W:P\", \"P:/data\", \"/var/run/docker.sock:P\"]",
    "volumes: [{type: bind, source: \"P\", target: \"P\", bind: {propagation: rshared}}]",
    "tmpfs: [\"P\"]",
    "sysctls: {net.core.somaxconn: \"W\", kernel.msgmax: \"N\"}",
    "sysctls: [\"W=1\", \"kernel.W=1\"]",
    "labels: {a: \"W\", traefik.http.services.x.loadbalancer.server.port: \"N\"}",
    "ports: [\"N:80\", \"N:N\", \"0.0.0.0:N:N\"]",
    "expose: [\"N\"]",
    "environment: {DB_PASSWORD: \"W\", URL: \"http://u:W@h/\", JAVA_OPTS: \"-XmxWm\", DATA_DIR: \"P\"}",
    "environment: [\"MAX_CONNECTIONS=N\", \"PGDATA=P\", \"DATA_PATH=P\"]",
    "devices: [\"P:/dev/x\"]",
    "cap_add: [\"W\"]",
    "cap_drop: [\"W\"]",
    "security_opt: [\"seccomp:W\", \"apparmor=W\", \"label=W\"]",
    "network_mode: W",
    "network_mode: \"service:W\"",
    "pid: W",
    "ipc: W",
    "mem_limit: W",
    "mem_reservation: Nm",
    "cpus: W",
    "pids_limit: W",
    "restart: W",
    "restart: \"on-failure:N\"",
    "volumes_from: [\"W\"]",
    "healthcheck: {test: [\"CMD\", \"P\", \"http://localhost:N/W\"]}",
    "secrets: [{source: s, target: \"P\", mode: 0400}]",
    "configs: [{source: c, target: \"P\"}]",
    "build: {context: \"P\", dockerfile: \"W\", target: \"W\", args: {X: \"W\"}}",
    "develop: {watch: [{path: \"P\", action: sync, target: \"P\"}]}",
    "extends: {file: \"W.yml\", service: \"W\"}",
    "extends: {file: \"./a/../W.yml\", service: \"x\"}",
    "extends: {file: base-W.yml, service: base}",
    "extends: W",
    "env_file: [\"W.env\", own.env]",
    "env_file: own.env",
];

/// Variables of `own.env`, of which the reasons quote some.
const OWN: &[&str] = &[
    "SECRETS=W",
    "DATABASE_DIR=P",
    "JAVA_OPTS=-XmxNm",
    "MAX_CONNECTIONS=N",
];

/// A project with secrets in its files of variables.
#[derive(Default)]
struct Project {
    env: String,
    own: String,
    compose: String,
    secrets: Vec<String>,
}

impl Project {
    /// `chance` gives random numbers.
    fn new(mut chance: impl FnMut() -> u64) -> Self {
        let mut project = Self {
            compose: "services:\n".to_owned(),
            ..Self::default()
        };
        for service in 0..4 {
            let _ = writeln!(project.compose, "  s{service}:");
            let mut keys = Vec::new();
            for _ in 0..12 {
                let part = PARTS[usize::try_from(chance() % PARTS.len() as u64).unwrap()];
                let key = part.split(':').next().unwrap();
                if keys.contains(&key) {
                    continue;
                }
                keys.push(key);
                let text = project.filled(part, &mut chance, true);
                let _ = writeln!(project.compose, "    {text}");
            }
            if !keys.contains(&"image") {
                project.compose += "    image: example/app:1\n";
            }
        }
        project.compose += "secrets: {s: {file: x}}\nconfigs: {c: {content: y}}\n";
        for part in OWN {
            let text = project.filled(part, &mut chance, false);
            let _ = writeln!(project.own, "{text}");
        }
        project
    }

    /// The part with a secret, or a variable of a secret, in each of its places.
    fn filled(
        &mut self,
        part: &str,
        chance: &mut impl FnMut() -> u64,
        by_variable: bool,
    ) -> String {
        let mut out = String::new();
        let mut rest = part;
        while let Some(at) = rest.find(['P', 'W', 'N']) {
            let (before, after) = (&rest[..at], &rest[at + 1..]);
            let is_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_uppercase() || c == '_');
            out += before;
            let place = &rest[at..=at];
            rest = after;
            if is_word(before.chars().next_back()) || is_word(after.chars().next()) {
                out += place;
                continue;
            }
            let word = format!("zq{:x}xk", chance() % (1 << 40));
            let value = match place {
                "P" => format!("/{word}/data"),
                "N" => (20_000 + chance() % 40_000).to_string(),
                _ => word.clone(),
            };
            self.secrets
                .push(if place == "N" { value.clone() } else { word });
            if by_variable {
                let name = format!("V{}", self.secrets.len());
                let _ = writeln!(self.env, "{name}={value}");
                let _ = write!(out, "${{{name}}}");
            } else {
                out += &value;
            }
        }
        out + rest
    }

    /// A secret that the text shows.
    fn shown_in<'p>(&'p self, text: &str) -> Option<&'p str> {
        let is_shown = |secret: &&String| {
            text.to_ascii_lowercase()
                .match_indices(secret.as_str())
                .any(|(at, _)| {
                    let before = text[..at].chars().next_back();
                    let after = text[at + secret.len()..].chars().next();
                    let is_number = secret.bytes().all(|byte| byte.is_ascii_digit());
                    let mut around = [before, after].into_iter().flatten();
                    // Fingerprints have digits, too.
                    !is_number || around.all(|c| !c.is_ascii_alphanumeric())
                })
        };
        self.secrets.iter().find(is_shown).map(String::as_str)
    }
}

fn text_of(mut command: Command) -> String {
    let output = command.output().unwrap();
    let code = output.status.code();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(matches!(code, Some(0..=2)), "{code:?}\n{text}");
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn values_of_variables_are_in_no_output_and_no_written_file(seed in any::<u64>()) {
        let mut state = seed | 1;
        let project = Project::new(|| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state >> 8
        });
        let directory = scratch();
        let path = directory.path();
        fs::write(path.join(".env"), &project.env).unwrap();
        fs::write(path.join("own.env"), &project.own).unwrap();
        fs::write(path.join("compose.yml"), &project.compose).unwrap();
        // Bases whose names come from variables.
        for line in project.env.lines() {
            let (_, value) = line.split_once('=').unwrap();
            if !value.contains('/') {
                let base = "services: {base: {image: nginx:1.27, privileged: true}}\n";
                fs::write(path.join(format!("base-{value}.yml")), base).unwrap();
            }
        }
        for options in [
            &["compose.yml"][..],
            &["-v", "--check", "compose.yml"],
            &["--format", "json", "compose.yml"],
            &["-v", "--assume", "all", "compose.yml"],
            &["--overlay", "compose.yml"],
            &["-v", "--write", "--assume", "all", "compose.yml"],
        ] {
            let text = text_of(command::harden(path, options));
            prop_assert_eq!(project.shown_in(&text), None, "{:?}\n{}\n{}", options, text, project.compose);
        }
        for file in ["compose.yml", "compose.override.yml", "compose.hardened.yml"] {
            let written = fs::read_to_string(path.join(file)).unwrap_or_default();
            prop_assert_eq!(project.shown_in(&written), None, "{}", written);
        }
    }

    #[test]
    fn an_error_masks_the_value_of_a_secret_key(word in "[a-zA-Z][a-zA-Z0-9]{7,19}") {
        let secret = format!("zq{word}");
        let directory = scratch();
        let path = directory.path();
        for (file, text) in [
            ("a.yml", "services:\n  a:\n    environment:\n      DB_PASSWORD: \"§\n"),
            ("a.yml", "services:\n  a:\n    environment:\n      DB_PASSWORD: [§\n"),
            ("a.yml", "services:\n  a:\n    environment:\n      DB_PASSWORD: *§\n"),
            ("a.yml", "services:\n  a:\n    environment:\n      DB_PASSWORD: §: x\n"),
            ("a.yml", "services:\n  a:\n    environment:\n      DB_PASSWORD: `§\n"),
            ("a.yml", "services:\n  a:\n    environment:\n      DB_PASSWORD: !<§ x\n"),
            ("a.yml", "services:\n  a:\n    environment:\n      DB_PASSWORD: \"§\" §\n"),
            ("a.yml", "services:\n  a:\n    environment:\n      DB_PASSWORD: \"\\y§\"\n"),
            ("a.yml", "services:\n  a:\n    environment:\n    - DB_PASSWORD=§: [\n"),
            ("a.yml", "services:\n  a:\n    environment:\n    - \"DB_PASSWORD=§\" x\n"),
            ("a.yml", "services:\n  a: {environment: {TOKEN: §, X: }]\n"),
            ("a.yml", "services:\n  a:\n    environment:\n      KEY: |\n        §\u{1}\n"),
            ("a.yml", "services:\n  a:\n    image: x\n    command: app --password § : [\n"),
            ("a.yml", "services:\n  a:\n    image: \"x\"# y\n    environment: {PASSWORD: §}\n"),
            ("a.yml", "kind: Secret\napiVersion: v1\nstringData:\n  a: \"§\n"),
            ("a.yml", "kind: Secret\napiVersion: v1\ndata: {a: §\n"),
            ("a.yml", "kind: Pod\napiVersion: v1\nspec:\n  containers:\n  - name: a\n    env:\n    - name: PW\n      value: '§\n"),
            ("a.yml", "services:\n  a:\n    image: x\n    environment:\n      URL: \"http://me:§@host\n"),
            ("a.json", "{\"services\": {\"a\": {\"environment\": {\"dbPassword\": \"§\"\n"),
            ("a.container", "[Container]\nImage=x\nEnvironment=\"PASSWORD=§\nX\n"),
            ("a.container", "[Container]\nImage=x\nEnvironment=PASSWORD=§ \\\n"),
        ] {
            fs::write(path.join(file), text.replace('§', &secret)).unwrap();
            for options in [&["--check", file][..], &["--format", "json", file]] {
                let text = text_of(command::harden(path, options));
                prop_assert!(!text.contains(&secret), "{}", text);
            }
        }
        for arguments in ["-e PASSWORD=§ --bogus x", "--env=PASSWORD=§ -z x", "-e PASSWORD=§"] {
            let arguments = arguments.replace('§', &secret);
            let words: Vec<&str> = ["docker", "run"].into_iter().chain(arguments.split(' ')).collect();
            let output = command::harden(path, &words).output().unwrap();
            let text = String::from_utf8(output.stderr).unwrap();
            prop_assert!(!text.contains(&secret), "{}", text);
        }
    }
}

#[test]
fn references_out_of_the_project_show_no_content() {
    let directory = scratch();
    let path = directory.path().join("project");
    fs::create_dir_all(path.join(".git")).unwrap();
    let secret = "zqoutsidexk";
    let outside = directory.path().join("outside.yml");
    fs::write(
        &outside,
        format!("services: {{base: {{user: {secret}}}}}\nA={secret}\n"),
    )
    .unwrap();
    let link = |name: &str, target: &Path| {
        std::os::unix::fs::symlink(target, path.join(name)).unwrap();
    };
    link("link.yml", &outside);
    link("zero", Path::new("/dev/zero"));
    link("environ", Path::new("/proc/self/environ"));
    let fifo = Command::new("mkfifo")
        .arg(path.join("fifo"))
        .status()
        .unwrap();
    assert!(fifo.success());
    let targets = [
        "../outside.yml",
        "link.yml",
        "zero",
        "environ",
        "fifo",
        "/etc/passwd",
        "/proc/self/environ",
        "/dev/zero",
        ".",
    ];
    for target in targets {
        for text in [
            format!("services:\n  a:\n    image: x\n    env_file: {target}\n"),
            format!("services:\n  a:\n    extends: {{file: {target}, service: base}}\n"),
            format!("include: [{target}]\nservices:\n  a:\n    image: x\n"),
            format!(
                "include: [{{path: x.yml, env_file: {target}}}]\nservices:\n  a:\n    image: x\n"
            ),
            format!("services:\n  a:\n    build: {{context: ., dockerfile: {target}}}\n"),
        ] {
            fs::write(path.join("x.yml"), "services: {x: {image: \"x:$A\"}}\n").unwrap();
            fs::write(path.join("compose.yml"), text).unwrap();
            for options in [
                &["-v", "compose.yml"][..],
                &["--format", "json", "compose.yml"],
            ] {
                let start = Instant::now();
                let mut command = command::harden(&path, options);
                command.env("ZQ", secret);
                let text = text_of(command);
                assert!(
                    !text.contains(secret) && !text.contains("root:x:0"),
                    "{text}"
                );
                assert!(start.elapsed() < Duration::from_secs(20), "{target}");
            }
        }
    }
    // Compose reads `.env` itself, so that name can be any of these, too.
    for target in ["/dev/zero", "/proc/self/environ", "fifo"] {
        let _ = fs::remove_file(path.join(".env"));
        link(".env", Path::new(target));
        fs::write(
            path.join("compose.yml"),
            "services:\n  a:\n    image: x:$ZQ\n",
        )
        .unwrap();
        let mut command = command::harden(&path, &["-v", "compose.yml"]);
        command.env("ZQ", secret);
        assert!(!text_of(command).contains(secret));
    }
}
