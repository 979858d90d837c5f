//! Compose files.

use super::{COMPOSE_MARK, Case, Input, case, each};

pub(super) const CASES: &[Case] = &[
    case("compose: services", 8000, services),
    case("compose: files in one directory", 1000, files),
    case(
        "compose: files in directories of their own",
        1000,
        directories,
    ),
    case("compose: files of one project (-f)", 250, project),
    case("compose: chain of extends in one file", 16, extends),
    case("compose: too long a chain of extends", 1000, extends),
    case("compose: chain of extends over files", 16, extends_files),
    case(
        "compose: too long a chain of extends over files",
        100,
        extends_files,
    ),
    case("compose: services that extend one", 2000, extends_one),
    case("compose: chain of include", 16, include_chain),
    case("compose: too long a chain of include", 100, include_chain),
    case("compose: files that one file includes", 500, include_list),
    case("compose: chain of merges", 125, merge_chain),
    case(
        "compose: too long a chain of merges",
        1000,
        long_merge_chain,
    ),
    case(
        "compose: keys of one anchor, merged by services",
        60,
        merge_wide,
    ),
    case(
        "compose: too many keys of one anchor, merged",
        500,
        too_wide_merge,
    ),
    case("compose: anchors of one merge list", 500, merge_list),
    case("compose: env_file of 1,000 lines, services", 500, env_file),
    case("compose: env_file entries of one service", 1000, env_files),
    case("compose: lines of .env that double", 500, dotenv_doubles),
    case(
        "compose: lines of .env, each with the one before",
        5000,
        dotenv_chain,
    ),
    case("compose: lines of .env", 16_000, dotenv),
    case("compose: too many lines of .env", 80_000, too_long_dotenv),
    case("compose: variables in one value", 5000, variables),
    case("compose: ports of one service", 10_000, |n| {
        list("ports", n, |at| {
            format!("\"{}:{}\"", at % 65000 + 1, at % 65000 + 1)
        })
    }),
    case("compose: volumes of one service", 5000, |n| {
        list("volumes", n, |at| format!("./d{at}:/d{at}"))
    }),
    case("compose: volume mappings of one service", 5000, |n| {
        list("volumes", n, |at| {
            format!("{{type: bind, source: ./d{at}, target: /d{at}}}")
        })
    }),
    case("compose: environment list of one service", 10_000, |n| {
        list("environment", n, |at| format!("V{at}=x"))
    }),
    case("compose: environment mapping of one service", 10_000, |n| {
        mapping("environment", n)
    }),
    case("compose: labels of one service", 10_000, |n| {
        mapping("labels", n)
    }),
    case("compose: cap_add of one service", 10_000, |n| {
        list("cap_add", n, |at| format!("CAP_{at}"))
    }),
    case("compose: cap_drop of one service", 10_000, |n| {
        list("cap_drop", n, |at| format!("CAP_{at}"))
    }),
    case("compose: security_opt of one service", 10_000, |n| {
        list("security_opt", n, |at| format!("label:x{at}"))
    }),
    case("compose: tmpfs of one service", 5000, |n| {
        list("tmpfs", n, |at| format!("/t{at}"))
    }),
    case("compose: devices of one service", 5000, |n| {
        list("devices", n, |at| format!("/dev/d{at}:/dev/d{at}"))
    }),
    case("compose: group_add of one service", 5000, |n| {
        list("group_add", n, |at| format!("g{at}"))
    }),
    case("compose: networks of one service", 5000, |n| {
        list("networks", n, |at| format!("n{at}"))
    }),
    case("compose: expose of one service", 5000, |n| {
        list("expose", n, |at| format!("\"{}\"", at % 65000 + 1))
    }),
    case("compose: sysctls of one service", 5000, |n| {
        mapping("sysctls", n)
    }),
    case("compose: words of one command", 20_000, |n| {
        list("command", n, |at| format!("w{at}"))
    }),
    case("compose: bytes of one command", 200_000, command),
    case(
        "compose: bytes of one shell command",
        200_000,
        shell_command,
    ),
    case("compose: services with one volume", 5000, shared_volume),
    case(
        "compose: services that share volumes in pairs",
        2000,
        shared_volumes,
    ),
    case("compose: services in one network", 5000, shared_network),
    case(
        "compose: services with one network mode",
        2000,
        network_mode,
    ),
    case("compose: chain of network_mode", 1000, network_chain),
    case("compose: chain of volumes_from", 500, volumes_from),
    case("compose: chain of depends_on", 5000, depends_on),
    case("compose: links to one service", 5000, links),
    case("compose: secrets and configs", 5000, secrets),
    case("compose: services with a build each", 250, builds),
    case("compose: override with services", 4000, override_file),
    case("compose: services for --overlay", 4000, overlay),
    case("compose: services for --format json", 4000, json),
    case("compose: services for --fixes", 4000, fixes),
    case("compose: services for --verbose", 4000, verbose),
    case("compose: ignore comments", 4000, ignore_comments),
    case("compose: ignore labels", 4000, ignore_labels),
];

/// The most services or files of a chain.
const LONGEST_CHAIN: usize = 64;

fn services_text(n: usize) -> String {
    format!(
        "services:\n{}",
        each(n, |at| format!("  s{at}:\n    image: nginx:1.27\n"))
    )
}

fn services(n: usize) -> Input {
    Input::compose(services_text(n)).has(COMPOSE_MARK, n)
}

fn files(n: usize) -> Input {
    let text = |at| (format!("d/f{at}.yml"), services_text(1));
    Input::compose(services_text(1))
        .and_each((0..n).map(text))
        .args(["--no-config", "d"])
        .has(COMPOSE_MARK, n)
}

fn directories(n: usize) -> Input {
    let text = |at| (format!("d/d{at}/compose.yml"), services_text(1));
    Input::compose(services_text(1))
        .and_each((0..n).map(text))
        .args(["--no-config", "d"])
        .has(COMPOSE_MARK, n)
}

fn project(n: usize) -> Input {
    let text = |at| (format!("f{at}.yml"), services_text(1));
    let args = (0..n).flat_map(|at| ["-f".to_owned(), format!("f{at}.yml")]);
    Input::compose(services_text(1))
        .and_each((0..n).map(text))
        .args(std::iter::once("--no-config".to_owned()).chain(args))
        .has(COMPOSE_MARK, 1)
}

fn extends(n: usize) -> Input {
    let rest = each(n - 1, |at| format!("  s{}:\n    extends: s{at}\n", at + 1));
    let input = Input::compose(format!("services:\n  s0:\n    image: nginx:1.27\n{rest}"));
    if n > LONGEST_CHAIN {
        input.refused("more than 64 services of the project extend each other")
    } else {
        input.has(COMPOSE_MARK, 1)
    }
}

fn extends_files(n: usize) -> Input {
    let text = |at| {
        let text = format!(
            "services:\n  web:\n    extends: {{file: f{}.yml, service: web}}\n",
            at + 1
        );
        (format!("d/f{at}.yml"), text)
    };
    let input = Input::compose(String::new())
        .and_each((0..n - 1).map(text))
        .and(
            format!("d/f{}.yml", n - 1),
            services_text(1).replace("s0", "web"),
        )
        .args(["--no-config", "d"]);
    if n > LONGEST_CHAIN {
        input.refused("more than 64 services of the project extend each other")
    } else {
        input.has(COMPOSE_MARK, 1)
    }
}

fn extends_one(n: usize) -> Input {
    let rest = each(n, |at| format!("  s{at}:\n    extends: base\n"));
    Input::compose(format!("services:\n  base:\n    image: nginx:1.27\n{rest}"))
        .has(COMPOSE_MARK, 1)
}

fn include_chain(n: usize) -> Input {
    let text = |at| {
        let service = format!("services:\n  s{at}:\n    image: nginx:1.27\n");
        (
            format!("d/f{at}.yml"),
            format!("include: [f{}.yml]\n{service}", at + 1),
        )
    };
    let input = Input::compose(String::new())
        .and_each((0..n - 1).map(text))
        .and(
            format!("d/f{}.yml", n - 1),
            services_text(1).replace("s0", "last"),
        )
        .args(["--no-config", "d"]);
    if n > LONGEST_CHAIN {
        input.refused("more than 64 files of the project include each other")
    } else {
        input.has(COMPOSE_MARK, n)
    }
}

fn include_list(n: usize) -> Input {
    let list = each(n, |at| format!("  - f{at}.yml\n"));
    let text = |at| {
        let text = format!("services:\n  i{at}:\n    image: nginx:1.27\n");
        (format!("f{at}.yml"), text)
    };
    Input::compose(format!("include:\n{list}{}", services_text(1)))
        .and_each((0..n).map(text))
        .args(["--no-config", "."])
        .has(COMPOSE_MARK, n + 1)
}

fn merge_chain(n: usize) -> Input {
    merge_chain_text(n).has(COMPOSE_MARK, 1)
}

fn long_merge_chain(n: usize) -> Input {
    merge_chain_text(n).refused("the aliases of the file repeat more than the limit")
}

fn merge_chain_text(n: usize) -> Input {
    let rest = each(n - 1, |at| {
        format!("  s{}: &s{}\n    <<: *s{at}\n", at + 1, at + 1)
    });
    Input::compose(format!(
        "services:\n  s0: &s0\n    image: nginx:1.27\n{rest}"
    ))
}

fn merge_wide(n: usize) -> Input {
    merge_wide_text(n).has(COMPOSE_MARK, n)
}

fn too_wide_merge(n: usize) -> Input {
    merge_wide_text(n).refused("the aliases of the file repeat more than the limit")
}

fn merge_wide_text(n: usize) -> Input {
    let keys = each(n, |at| format!("  x-k{at}: v\n"));
    let rest = each(n, |at| format!("  s{at}:\n    <<: *all\n"));
    Input::compose(format!(
        "x-all: &all\n  image: nginx:1.27\n{keys}services:\n{rest}"
    ))
}

fn merge_list(n: usize) -> Input {
    let anchors = each(n, |at| format!("x-a{at}: &a{at}\n  x-k{at}: v\n"));
    let list = each(n, |at| format!("*a{at}, "));
    Input::compose(format!(
        "{anchors}services:\n  web:\n    image: nginx:1.27\n    <<: [{list}]\n"
    ))
    .has(COMPOSE_MARK, 1)
}

fn env_file(n: usize) -> Input {
    let rest = each(n, |at| {
        format!("  s{at}:\n    image: nginx:1.27\n    env_file: all.env\n")
    });
    Input::compose(format!("services:\n{rest}"))
        .and("all.env", each(1000, |at| format!("V{at}=x\n")))
        .has(COMPOSE_MARK, n)
}

fn env_files(n: usize) -> Input {
    let file = |at| (format!("e{at}.env"), format!("V{at}=x\n"));
    list("env_file", n, |at| format!("e{at}.env")).and_each((0..n).map(file))
}

fn dotenv_text(text: String) -> Input {
    Input::compose("services:\n  web:\n    image: nginx:${TAG:-1.27}\n".to_owned())
        .and(".env", text)
}

fn dotenv_doubles(n: usize) -> Input {
    let rest = each(n, |at| format!("A{}=${{A{at}}}${{A{at}}}\n", at + 1));
    // The image does not use them, so values beyond the limit are only unknown.
    dotenv_text(format!("A0=x\n{rest}")).has(COMPOSE_MARK, 1)
}

fn dotenv_chain(n: usize) -> Input {
    let rest = each(n, |at| format!("A{}=${{A{at}}}x\n", at + 1));
    dotenv_text(format!("A0=x\n{rest}"))
        .refused("the values that variables insert exceed the limit")
}

fn dotenv(n: usize) -> Input {
    dotenv_text(each(n, |at| format!("V{at}=x\n"))).has(COMPOSE_MARK, 1)
}

fn too_long_dotenv(n: usize) -> Input {
    dotenv_text(each(n, |at| format!("V{at}=x\n")))
        .refused("the files of variables have more variables than the limit")
}

fn variables(n: usize) -> Input {
    let text = each(n, |at| format!("${{V{at}:-x}}"));
    Input::compose(format!(
        "services:\n  web:\n    image: nginx:1.27\n    command: {text}\n"
    ))
    .has(COMPOSE_MARK, 1)
}

fn list(key: &str, n: usize, item: impl Fn(usize) -> String) -> Input {
    let items = each(n, |at| format!("      - {}\n", item(at)));
    Input::compose(format!(
        "services:\n  web:\n    image: nginx:1.27\n    {key}:\n{items}"
    ))
    .has(COMPOSE_MARK, 1)
}

fn mapping(key: &str, n: usize) -> Input {
    let items = each(n, |at| format!("      k{at}: x\n"));
    Input::compose(format!(
        "services:\n  web:\n    image: nginx:1.27\n    {key}:\n{items}"
    ))
    .has(COMPOSE_MARK, 1)
}

fn command(n: usize) -> Input {
    Input::compose(format!(
        "services:\n  web:\n    image: nginx:1.27\n    command: {}\n",
        each(n / 4, |_| "abc ".to_owned())
    ))
    .has(COMPOSE_MARK, 1)
}

fn shell_command(n: usize) -> Input {
    Input::compose(format!(
        "services:\n  web:\n    image: nginx:1.27\n    command: [sh, -c, '{}']\n",
        each(n / 20, |_| "cd /a/b && ls > /x; ".to_owned())
    ))
    .has(COMPOSE_MARK, 1)
}

fn shared(n: usize, lines: &str, rest: &str) -> Input {
    let services = each(n, |at| format!("  s{at}:\n    image: nginx:1.27\n{lines}"));
    Input::compose(format!("services:\n{services}{rest}")).has(COMPOSE_MARK, n)
}

fn shared_volume(n: usize) -> Input {
    shared(n, "    volumes: [\"data:/data\"]\n", "volumes:\n  data:\n")
}

fn shared_network(n: usize) -> Input {
    shared(n, "    networks: [front]\n", "networks:\n  front:\n")
}

fn network_mode(n: usize) -> Input {
    let services = each(n, |at| {
        format!("  s{at}:\n    image: nginx:1.27\n    network_mode: service:base\n")
    });
    Input::compose(format!(
        "services:\n{services}  base:\n    image: nginx:1.27\n"
    ))
    .has(COMPOSE_MARK, n + 1)
}

fn chain(n: usize, line: impl Fn(usize) -> String) -> Input {
    let rest = each(n - 1, |at| {
        format!("  s{}:\n    image: nginx:1.27\n{}", at + 1, line(at))
    });
    Input::compose(format!("services:\n  s0:\n    image: nginx:1.27\n{rest}")).has(COMPOSE_MARK, n)
}

fn network_chain(n: usize) -> Input {
    chain(n, |at| format!("    network_mode: service:s{at}\n"))
}

fn volumes_from(n: usize) -> Input {
    chain(n, |at| {
        format!("    volumes_from: [s{at}]\n    volumes: [\"./d{at}:/d{at}\"]\n")
    })
}

fn depends_on(n: usize) -> Input {
    chain(n, |at| format!("    depends_on: [s{at}]\n"))
}

fn links(n: usize) -> Input {
    chain(n, |_| "    links: [s0]\n".to_owned())
}

fn secrets(n: usize) -> Input {
    let names = |what: &str| each(n, |at| format!("      - {what}{at}\n"));
    let defined = |what: &str| each(n, |at| format!("  {what}{at}:\n    file: ./{what}{at}\n"));
    Input::compose(format!(
        "services:\n  web:\n    image: nginx:1.27\n    secrets:\n{}    configs:\n{}secrets:\n{}\
         configs:\n{}",
        names("s"),
        names("c"),
        defined("s"),
        defined("c")
    ))
    .has(COMPOSE_MARK, 1)
}

fn builds(n: usize) -> Input {
    let text = each(n, |at| {
        format!("  s{at}:\n    build: {{context: ., target: t}}\n")
    });
    let dockerfile = each(n, |at| format!("RUN echo {at}\n"));
    Input::compose(format!("services:\n{text}"))
        .and("Dockerfile", format!("FROM nginx:1.27 AS t\n{dockerfile}"))
        .has(COMPOSE_MARK, n)
}

fn override_file(n: usize) -> Input {
    Input::compose(services_text(n))
        .and(
            "compose.override.yml",
            format!(
                "services:\n{}",
                each(n, |at| format!("  s{at}:\n    ports: [\"80\"]\n"))
            ),
        )
        .args(["--no-config", "."])
        .has(COMPOSE_MARK, n)
}

fn overlay(n: usize) -> Input {
    Input::compose(services_text(n))
        .args(["--no-config", "--overlay", "compose.yml"])
        .has(COMPOSE_MARK, n)
}

fn json(n: usize) -> Input {
    Input::compose(services_text(n)).args(["--no-config", "--format", "json", "compose.yml"])
}

fn fixes(n: usize) -> Input {
    Input::compose(services_text(n))
        .args(["--no-config", "--format", "json", "--fixes", "compose.yml"])
        .refused("error: compose.yml: the fixes of")
}

fn shared_volumes(n: usize) -> Input {
    let services = each(n, |at| {
        let next = (at + 1) % n;
        format!(
            "  s{at}:\n    image: nginx:1.27\n    volumes: [\"v{at}:/a\", \"v{next}:/b\"]\n  \
             t{at}:\n    image: redis:7\n    volumes: [\"v{at}:/a\"]\n"
        )
    });
    let volumes = each(n, |at| format!("  v{at}:\n"));
    Input::compose(format!("services:\n{services}volumes:\n{volumes}")).has(COMPOSE_MARK, 2 * n)
}

fn verbose(n: usize) -> Input {
    Input::compose(services_text(n)).args(["--no-config", "--verbose", "compose.yml"])
}

fn ignore_comments(n: usize) -> Input {
    let text = each(n, |at| {
        format!("  # harden: ignore[pids-limit] tested\n  s{at}:\n    image: nginx:1.27\n")
    });
    Input::compose(format!("services:\n{text}")).has("+    pids_limit", 0)
}

fn ignore_labels(n: usize) -> Input {
    let text = each(n, |at| {
        format!(
            "  s{at}:\n    image: nginx:1.27\n    labels:\n      harden.ignore.pids-limit: tested\n"
        )
    });
    Input::compose(format!("services:\n{text}")).has("+    pids_limit", 0)
}
