//! The configuration and the options.

use super::{COMPOSE_MARK, Case, Input, POD_MARK, case, deployment, each};

pub(super) const CASES: &[Case] = &[
    case("config: sections by name, services", 500, names),
    case("config: sections by pattern, services", 32, patterns),
    case(
        "config: too many sections by pattern",
        500,
        too_many_patterns,
    ),
    case("config: sections by container, services", 500, containers),
    case(
        "config: sections by label, services with labels",
        250,
        labels,
    ),
    case("config: sections by image, services", 500, images),
    case("config: sections by path, files", 250, paths),
    case(
        "config: sections by jsonpath, Deployments",
        32,
        jsonpath_sections,
    ),
    case(
        "config: one jsonpath, Deployments with 100 labels",
        500,
        jsonpath_objects,
    ),
    case(
        "config: one jsonpath, containers and labels of a pod",
        1000,
        jsonpath_pod,
    ),
    case(
        "config: sections that all select each service",
        32,
        all_sections,
    ),
    case(
        "config: exceptions of one section, services",
        1000,
        exceptions,
    ),
    case("config: --service names, services", 500, service_names),
    case(
        "config: --service names, containers",
        500,
        service_names_of_pods,
    ),
    case("config: .hardenignore lines, files", 250, ignore_lines),
    case("config: own images, services", 250, own_images),
    case("config: paths on the command line", 500, arguments),
];

fn services(n: usize) -> String {
    format!(
        "services:\n{}",
        each(n, |at| format!("  s{at}:\n    image: nginx:1.27\n"))
    )
}

fn configured(config: String, n: usize) -> Input {
    Input::compose(services(n))
        .and(".harden.yaml", config)
        .args(["compose.yml"])
        .has(COMPOSE_MARK, n)
}

fn sections(n: usize, selector: impl Fn(usize) -> String) -> String {
    let sections = each(n, |at| {
        format!(
            "  - {}\n    settings: {{pids: {}}}\n",
            selector(at),
            100 + at
        )
    });
    format!("workloads:\n{sections}")
}

fn names(n: usize) -> Input {
    configured(sections(n, |at| format!("name: s{at}")), n)
}

fn patterns(n: usize) -> Input {
    configured(sections(n, |at| format!("name: \"*s{at}\"")), n)
}

fn too_many_patterns(n: usize) -> Input {
    patterns(n).refused("more than 128 sections select only by patterns or by JSONPath")
}

fn containers(n: usize) -> Input {
    configured(sections(n, |at| format!("container: s{at}")), n)
}

fn labels(n: usize) -> Input {
    let services = each(n, |at| {
        let labels = each(20, |label| format!("      l{label}: x{at}\n"));
        format!("  s{at}:\n    image: nginx:1.27\n    labels:\n{labels}")
    });
    Input::compose(format!("services:\n{services}"))
        .and(".harden.yaml", sections(n, |at| format!("label: l1=x{at}")))
        .args(["compose.yml"])
        .has(COMPOSE_MARK, n)
}

fn images(n: usize) -> Input {
    configured(sections(n, |at| format!("image: nginx:1.{at}")), n)
}

fn paths(n: usize) -> Input {
    let file = |at| (format!("d/f{at}.yml"), services(1));
    Input::compose(String::new())
        .and(
            ".harden.yaml",
            sections(n, |at| format!("path: d/f{at}.yml")),
        )
        .and_each((0..n).map(file))
        .args(["d"])
        .has(COMPOSE_MARK, n)
}

fn deployments(n: usize) -> String {
    each(n, |at| format!("---\n{}", deployment(&format!("d{at}"))))
}

fn jsonpath_sections(n: usize) -> Input {
    Input::manifest(deployments(n))
        .and(
            ".harden.yaml",
            sections(n, |at| format!("jsonpath: $.metadata[?@.name=='d{at}']")),
        )
        .args(["pods.yaml"])
        .has(POD_MARK, n)
}

fn jsonpath(text: String, n: usize) -> Input {
    Input::manifest(text)
        .and(
            ".harden.yaml",
            sections(1, |_| "jsonpath: $..[?@.x=='y']".to_owned()),
        )
        .args(["pods.yaml"])
        .has(POD_MARK, n)
}

fn jsonpath_objects(n: usize) -> Input {
    let labels = format!("  labels:\n{}", each(100, |at| format!("    l{at}: x\n")));
    let text = each(n, |at| {
        let text = deployment(&format!("d{at}"));
        format!(
            "---\n{}",
            text.replacen("spec:\n", &format!("{labels}spec:\n"), 1)
        )
    });
    jsonpath(text, n)
}

fn jsonpath_pod(n: usize) -> Input {
    let labels = each(n, |at| format!("    l{at}: x\n"));
    let containers = each(n, |at| {
        format!("    - name: c{at}\n      image: nginx:1.27\n")
    });
    let text = format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: shop\n  labels:\n{labels}spec:\n  \
         containers:\n{containers}"
    );
    jsonpath(text, n)
}

fn all_sections(n: usize) -> Input {
    configured(sections(n, |_| "name: \"*\"".to_owned()), n)
}

fn exceptions(n: usize) -> Input {
    let config = each(n, |at| {
        format!(
            "  - name: s{at}\n    transforms:\n      skip: [{{id: pids-limit, reason: tested}}]\n"
        )
    });
    configured(format!("workloads:\n{config}"), n)
}

fn service_names(n: usize) -> Input {
    let names = (0..n).flat_map(|at| ["--service".to_owned(), format!("s{at}")]);
    let args = ["--no-config".to_owned(), "compose.yml".to_owned()];
    Input::compose(services(n))
        .args(args.into_iter().chain(names))
        .has(COMPOSE_MARK, n)
}

fn service_names_of_pods(n: usize) -> Input {
    let names = (0..n).flat_map(|at| ["--service".to_owned(), format!("Deployment/d{at}/web")]);
    let args = ["--no-config".to_owned(), "pods.yaml".to_owned()];
    Input::manifest(deployments(n))
        .args(args.into_iter().chain(names))
        .has(POD_MARK, n)
}

fn ignore_lines(n: usize) -> Input {
    let lines = each(n, |at| format!("x/f{at}.yml\n"));
    let file = |at| (format!("d/f{at}.yml"), services(1));
    Input::compose(String::new())
        .and(".hardenignore", lines)
        .and_each((0..n).map(file))
        .args(["--no-config", "d"])
        .has(COMPOSE_MARK, n)
}

fn own_images(n: usize) -> Input {
    let entry = |at: usize| {
        let text = format!(
            "id: own{at}\ndate: 2026-01-01\nkind: service\nimages: [own{at}]\nsources: {{read: us}}\n\
             user:\n  source: [read]\n  confidence: high\n  default: root\n  starts_as_user: {{conditional: files}}\n"
        );
        (format!("images/own{at}.yaml"), text)
    };
    let services = each(n, |at| format!("  s{at}:\n    image: own{at}:1\n"));
    Input::compose(format!("services:\n{services}"))
        .and_each((0..n).map(entry))
        .args(["--no-config", "--images", "images", "compose.yml"])
        .has(COMPOSE_MARK, n)
}

fn arguments(n: usize) -> Input {
    let file = |at| (format!("f{at}.yml"), services(1));
    let names = (0..n).map(|at| format!("f{at}.yml"));
    Input::compose(String::new())
        .and_each((0..n).map(file))
        .args(std::iter::once("--no-config".to_owned()).chain(names))
        .has(COMPOSE_MARK, n)
}
