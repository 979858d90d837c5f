//! `docker run` and Quadlet units.

use super::{Case, Input, case, each};

pub(super) const CASES: &[Case] = &[
    case("docker run: environment", 5000, |n| {
        run(n, |at| vec!["-e".to_owned(), format!("V{at}=x")])
    }),
    case("docker run: volumes", 4000, |n| {
        run(n, |at| vec!["-v".to_owned(), format!("/d{at}:/d{at}")])
    }),
    case("docker run: ports", 5000, |n| {
        run(n, |at| vec!["-p".to_owned(), format!("{}:80", at + 1)])
    }),
    case("docker run: added capabilities", 5000, |n| {
        run(n, |at| vec!["--cap-add".to_owned(), format!("C{at}")])
    }),
    case("docker run: labels", 5000, |n| {
        run(n, |at| vec!["--label".to_owned(), format!("l{at}=x")])
    }),
    case("docker run: security options", 4000, |n| {
        run(n, |at| {
            vec!["--security-opt".to_owned(), format!("label=x{at}")]
        })
    }),
    case("docker run: tmpfs", 4000, |n| {
        run(n, |at| vec!["--tmpfs".to_owned(), format!("/t{at}")])
    }),
    case("docker run: flags that repeat", 10_000, |n| {
        run(n, |_| vec!["-i".to_owned()])
    }),
    case("docker run: letters of one flag", 20_000, letters),
    case("docker run: arguments", 10_000, arguments),
    case("docker run: volumes, as Compose", 2000, as_compose),
    case("quadlet: environment", 10_000, |n| {
        unit(n, |at| format!("Environment=V{at}=x"))
    }),
    case("quadlet: volumes", 4000, |n| {
        unit(n, |at| format!("Volume=/d{at}:/d{at}"))
    }),
    case("quadlet: ports", 10_000, |n| {
        unit(n, |at| format!("PublishPort={}:80", at + 1))
    }),
    case("quadlet: added capabilities", 10_000, |n| {
        unit(n, |at| format!("AddCapability=C{at}"))
    }),
    case("quadlet: PodmanArgs lines", 4000, |n| {
        unit(n, |at| format!("PodmanArgs=--label l{at}=x"))
    }),
    case("quadlet: comment lines", 50_000, |n| {
        unit(n, |_| "# a".to_owned())
    }),
    case("quadlet: sections", 10_000, |n| {
        unit(n, |at| format!("[X-{at}]\nA=b"))
    }),
    case("quadlet: continued lines", 20_000, continued),
    case("quadlet: words of one line", 20_000, words),
    case("quadlet: units", 500, units),
];

fn run(n: usize, options: impl Fn(usize) -> Vec<String>) -> Input {
    let options = (0..n).flat_map(options);
    let start = ["--no-config", "docker", "run"].map(str::to_owned);
    let args = start
        .into_iter()
        .chain(options)
        .chain(["nginx:1.27".to_owned()]);
    Input::compose(String::new())
        .args(args)
        .code(0)
        .has("--security-opt no-new-privileges", 1)
}

fn letters(n: usize) -> Input {
    run(1, |_| vec![format!("-{}", "i".repeat(n))])
}

fn arguments(n: usize) -> Input {
    let start = ["--no-config", "docker", "run", "nginx:1.27"].map(str::to_owned);
    let args = start.into_iter().chain((0..n).map(|at| format!("a{at}")));
    Input::compose(String::new())
        .args(args)
        .code(0)
        .has("--security-opt no-new-privileges", 1)
}

fn as_compose(n: usize) -> Input {
    let options = (0..n).flat_map(|at| ["-v".to_owned(), format!("/d{at}:/d{at}")]);
    let start = ["--no-config", "--as", "compose", "docker", "run"].map(str::to_owned);
    let args = start
        .into_iter()
        .chain(options)
        .chain(["nginx:1.27".to_owned()]);
    Input::compose(String::new())
        .args(args)
        .code(0)
        .has("- no-new-privileges:true", 1)
}

fn quadlet(rest: &str) -> Input {
    Input::file(
        "web.container",
        format!("[Container]\nImage=nginx:1.27\n{rest}"),
    )
    .has("+NoNewPrivileges=true", 1)
}

fn unit(n: usize, line: impl Fn(usize) -> String) -> Input {
    quadlet(&each(n, |at| format!("{}\n", line(at))))
}

fn continued(n: usize) -> Input {
    quadlet(&format!(
        "Exec=a \\\n{}  b\n",
        each(n, |at| format!("  w{at} \\\n"))
    ))
}

fn words(n: usize) -> Input {
    quadlet(&format!("Exec=a {}\n", "b ".repeat(n)))
}

fn units(n: usize) -> Input {
    let text = "[Container]\nImage=nginx:1.27\n";
    let file = |at| (format!("d/u{at}.container"), text.to_owned());
    Input::compose(String::new())
        .and_each((0..n).map(file))
        .args(["--no-config", "d"])
        .has("+NoNewPrivileges=true", n)
}
