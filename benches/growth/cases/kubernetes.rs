//! Kubernetes manifests.

use super::{Case, Input, POD_MARK, case, deployment, each, pod};

pub(super) const CASES: &[Case] = &[
    case("kubernetes: Deployments in one file", 4000, documents),
    case("kubernetes: Deployments in a List", 4000, list),
    case("kubernetes: files in one directory", 500, files),
    case("kubernetes: a stream into the filter", 25_000, stream),
    case("kubernetes: a List into the filter", 4000, list_stream),
    case("kubernetes: containers of one pod", 4000, containers),
    case(
        "kubernetes: init containers of one pod",
        4000,
        init_containers,
    ),
    case(
        "kubernetes: containers with a mount each",
        2000,
        mounted_containers,
    ),
    case("kubernetes: volumes of one pod", 5000, volumes),
    case(
        "kubernetes: volumes and mounts of one container",
        2000,
        mounts,
    ),
    case(
        "kubernetes: containers that share a volume",
        2000,
        shared_volume,
    ),
    case("kubernetes: environment of one container", 10_000, |n| {
        own("env", n, |at| format!("{{name: V{at}, value: x}}"))
    }),
    case("kubernetes: ports of one container", 10_000, |n| {
        own("ports", n, |at| {
            format!("{{containerPort: {}}}", at % 65000 + 1)
        })
    }),
    case("kubernetes: arguments of one container", 10_000, |n| {
        own("args", n, |at| format!("a{at}"))
    }),
    case("kubernetes: added capabilities", 10_000, capabilities),
    case(
        "kubernetes: containers and keys of one pod",
        1000,
        containers_and_keys,
    ),
    case("kubernetes: sysctls of one pod", 5000, sysctls),
    case(
        "kubernetes: containers and sysctls of one pod",
        50,
        containers_and_sysctls,
    ),
    case(
        "kubernetes: too many containers and sysctls",
        1000,
        too_many_sysctls,
    ),
    case("kubernetes: labels of one pod", 10_000, labels),
    case(
        "kubernetes: containers and labels of one pod",
        1000,
        containers_and_labels,
    ),
    case(
        "kubernetes: containers and annotations with profiles",
        1000,
        containers_and_profiles,
    ),
    case(
        "kubernetes: ignore annotations, containers",
        1000,
        ignore_annotations,
    ),
    case("kubernetes: autoscalers", 2000, autoscalers),
    case("kubernetes: LimitRanges in namespaces", 2000, limit_ranges),
    case(
        "kubernetes: LimitRanges in one namespace",
        1000,
        limit_ranges_of_one,
    ),
    case("kubernetes: accounts and bindings", 1000, accounts),
    case("kubernetes: bindings of one account", 1000, bindings_of_one),
    case("kubernetes: claims", 2000, claims),
    case("kubernetes: patches of a kustomization", 500, patches),
    case(
        "kubernetes: inline patches of a kustomization",
        500,
        inline_patches,
    ),
    case("kubernetes: patches of one Deployment", 500, patches_of_one),
    case(
        "kubernetes: patches with a target of a pattern",
        500,
        pattern_patches,
    ),
    case("kubernetes: patches by kind only", 500, kind_patches),
    case("kubernetes: operations of one JSON patch", 2000, operations),
    case("kubernetes: resources of a kustomization", 500, resources),
    case("kubernetes: bases of a kustomization", 250, bases),
    case("kubernetes: chain of kustomizations", 50, base_chain),
    case(
        "kubernetes: generators of a kustomization",
        5000,
        generators,
    ),
    case(
        "kubernetes: kustomizations next to each other",
        250,
        kustomizations,
    ),
    case("kubernetes: Deployments for --overlay", 1000, overlay),
    case(
        "kubernetes: containers of one pod for --overlay",
        1000,
        containers_overlay,
    ),
    case("kubernetes: Deployments for --format json", 2000, json),
    case("kubernetes: Deployments for --fixes", 2000, fixes),
    case(
        "kubernetes: containers of one pod for --fixes",
        4000,
        container_fixes,
    ),
    case(
        "kubernetes: Deployments for pod-security",
        4000,
        pod_security,
    ),
    case(
        "kubernetes: containers for pod-security",
        200,
        containers_pod_security,
    ),
    case(
        "kubernetes: too many containers for pod-security",
        1600,
        too_many_containers,
    ),
    case("kubernetes: ignore comments", 2000, ignore_comments),
];

fn documents_text(n: usize) -> String {
    each(n, |at| format!("---\n{}", deployment(&format!("d{at}"))))
}

fn documents(n: usize) -> Input {
    Input::manifest(documents_text(n)).has(POD_MARK, n)
}

fn indented(text: &str, by: &str, first: &str) -> String {
    let lines = text.lines().enumerate();
    lines.fold(String::new(), |text, (at, line)| {
        text + if at == 0 { first } else { by } + line + "\n"
    })
}

fn list_text(n: usize) -> String {
    let items = each(n, |at| {
        indented(&deployment(&format!("d{at}")), "    ", "  - ")
    });
    format!("apiVersion: v1\nkind: List\nitems:\n{items}")
}

fn list(n: usize) -> Input {
    Input::manifest(list_text(n)).has(POD_MARK, n)
}

fn files(n: usize) -> Input {
    let file = |at| (format!("d/f{at}.yaml"), deployment(&format!("d{at}")));
    Input::manifest(String::new())
        .and_each((0..n).map(file))
        .args(["--no-config", "d"])
        .has(POD_MARK, n)
}

fn filter(text: String) -> Input {
    let mut input = Input::manifest(String::new())
        .args(["--no-config", "-"])
        .code(0);
    input.stdin = text;
    input
}

fn stream(n: usize) -> Input {
    filter(documents_text(n)).has(POD_MARK, n)
}

fn list_stream(n: usize) -> Input {
    filter(list_text(n)).has(POD_MARK, n)
}

fn containers_text(n: usize) -> String {
    let rest = each(n - 1, |at| {
        format!("    - name: c{at}\n      image: nginx:1.27\n")
    });
    pod(&rest, "")
}

fn containers(n: usize) -> Input {
    Input::manifest(containers_text(n)).has(POD_MARK, n)
}

fn init_containers(n: usize) -> Input {
    let init = each(n, |at| {
        format!("    - name: c{at}\n      image: nginx:1.27\n")
    });
    Input::manifest(pod("", &format!("  initContainers:\n{init}"))).has(POD_MARK, n + 1)
}

fn mounted_containers(n: usize) -> Input {
    let volumes = each(n, |at| format!("    - name: v{at}\n      emptyDir: {{}}\n"));
    let rest = each(n, |at| {
        format!(
            "    - name: c{at}\n      image: nginx:1.27\n      volumeMounts:\n        - {{name: \
             v{at}, mountPath: /data}}\n"
        )
    });
    Input::manifest(pod(&rest, &format!("  volumes:\n{volumes}"))).has(POD_MARK, n + 1)
}

fn volumes(n: usize) -> Input {
    let volumes = each(n, |at| format!("    - name: v{at}\n      emptyDir: {{}}\n"));
    Input::manifest(pod("", &format!("  volumes:\n{volumes}"))).has(POD_MARK, 1)
}

fn mounts(n: usize) -> Input {
    let volumes = each(n, |at| format!("    - name: v{at}\n      emptyDir: {{}}\n"));
    let mounts = each(n, |at| {
        format!("        - {{name: v{at}, mountPath: /d{at}}}\n")
    });
    let spec = format!("  volumes:\n{volumes}");
    Input::manifest(pod(&format!("      volumeMounts:\n{mounts}"), &spec)).has(POD_MARK, 1)
}

fn shared_volume(n: usize) -> Input {
    let rest = each(n, |at| {
        format!(
            "    - name: c{at}\n      image: nginx:1.27\n      volumeMounts:\n        - {{name: \
             data, mountPath: /data}}\n"
        )
    });
    let spec = "  volumes:\n    - name: data\n      persistentVolumeClaim: {claimName: data}\n";
    Input::manifest(pod(&rest, spec)).has(POD_MARK, n + 1)
}

fn own(key: &str, n: usize, item: impl Fn(usize) -> String) -> Input {
    let items = each(n, |at| format!("        - {}\n", item(at)));
    Input::manifest(pod(&format!("      {key}:\n{items}"), "")).has(POD_MARK, 1)
}

fn capabilities(n: usize) -> Input {
    let items = each(n, |at| format!("            - CAP{at}\n"));
    let lines = format!("      securityContext:\n        capabilities:\n          add:\n{items}");
    Input::manifest(pod(&lines, "")).has(POD_MARK, 1)
}

fn sysctls_text(n: usize) -> String {
    let items = each(n, |at| {
        format!("      - {{name: net.x{at}, value: \"1\"}}\n")
    });
    format!("  securityContext:\n    sysctls:\n{items}")
}

fn containers_and_keys(n: usize) -> Input {
    let keys = each(n, |at| format!("  x{at}: y\n"));
    let text = containers_text(n).replacen("spec:\n", &format!("spec:\n{keys}"), 1);
    Input::manifest(text).has(POD_MARK, n)
}

fn sysctls(n: usize) -> Input {
    Input::manifest(pod("", &sysctls_text(n))).has(POD_MARK, 1)
}

fn containers_and_sysctls(n: usize) -> Input {
    let rest = each(n - 1, |at| {
        format!("    - name: c{at}\n      image: nginx:1.27\n")
    });
    Input::manifest(pod(&rest, &sysctls_text(n))).has(POD_MARK, n)
}

/// Reading them takes more steps than the limit, so the pod is left alone.
fn too_many_sysctls(n: usize) -> Input {
    let mut input = containers_and_sysctls(n).code(0);
    input.has = vec![(POD_MARK, 0), ("Nothing to change", 1)];
    input
}

fn labelled(n: usize, key: &str, label: impl Fn(usize) -> String, containers: usize) -> String {
    let labels = each(n, |at| format!("    {}\n", label(at)));
    containers_text(containers).replacen(
        "metadata:\n",
        &format!("metadata:\n  {key}:\n{labels}"),
        1,
    )
}

fn labels(n: usize) -> Input {
    Input::manifest(labelled(n, "labels", |at| format!("l{at}: x"), 1)).has(POD_MARK, 1)
}

fn containers_and_labels(n: usize) -> Input {
    Input::manifest(labelled(n, "labels", |at| format!("l{at}: x"), n)).has(POD_MARK, n)
}

fn containers_and_profiles(n: usize) -> Input {
    let label =
        |at| format!("container.apparmor.security.beta.kubernetes.io/c{at}: runtime/default");
    Input::manifest(labelled(n, "annotations", label, n)).has(POD_MARK, n)
}

fn ignore_annotations(n: usize) -> Input {
    let label = |at| format!("c{at}.harden/ignore.memory-limit: tested");
    Input::manifest(labelled(n, "annotations", label, n)).has(POD_MARK, n)
}

fn autoscalers(n: usize) -> Input {
    let scalers = each(n, |at| {
        format!(
            "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {{name: \
             h{at}}}\nspec:\n  scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: \
             d{at}}}\n"
        )
    });
    Input::manifest(format!("{}{scalers}", documents_text(n))).has(POD_MARK, n)
}

fn limit_range(at: usize, namespace: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: LimitRange\nmetadata: {{name: r{at}, namespace: \
         {namespace}}}\nspec:\n  limits:\n    - type: Container\n      max: {{memory: 4Gi}}\n"
    )
}

fn in_namespace(at: usize, namespace: &str) -> String {
    let text = deployment(&format!("d{at}"));
    let name = format!("  name: d{at}\n");
    format!(
        "---\n{}",
        text.replacen(&name, &format!("{name}  namespace: {namespace}\n"), 1)
    )
}

fn limit_ranges(n: usize) -> Input {
    let text = each(n, |at| {
        let namespace = format!("n{at}");
        format!(
            "{}{}",
            in_namespace(at, &namespace),
            limit_range(at, &namespace)
        )
    });
    Input::manifest(text).has(POD_MARK, n)
}

fn limit_ranges_of_one(n: usize) -> Input {
    let text = each(n, |at| {
        format!("{}{}", in_namespace(at, "shop"), limit_range(at, "shop"))
    });
    Input::manifest(text).has(POD_MARK, n)
}

fn binding(at: usize, account: &str) -> String {
    format!(
        "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {{name: \
         b{at}, namespace: shop}}\nroleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, \
         name: r}}\nsubjects:\n  - {{kind: ServiceAccount, name: {account}, namespace: shop}}\n"
    )
}

fn with_account(at: usize, account: &str) -> String {
    let line = "      containers:\n";
    in_namespace(at, "shop").replacen(
        line,
        &format!("      serviceAccountName: {account}\n{line}"),
        1,
    )
}

fn accounts(n: usize) -> Input {
    let text = each(n, |at| {
        let account = format!("a{at}");
        format!(
            "{}{}---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {account}, namespace: \
             shop}}\n",
            with_account(at, &account),
            binding(at, &account)
        )
    });
    Input::manifest(text).has(POD_MARK, n)
}

fn bindings_of_one(n: usize) -> Input {
    let text = each(n, |at| {
        format!("{}{}", with_account(at, "a"), binding(at, "a"))
    });
    Input::manifest(text).has(POD_MARK, n)
}

fn claims(n: usize) -> Input {
    let claim = |at: usize| {
        format!(
            "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: p{at}}}\nspec: \
             {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}}}\n"
        )
    };
    let text = each(n, |at| {
        format!(
            "{}          volumeMounts: [{{name: v, mountPath: /data}}]\n      volumes:\n        - \
             name: v\n          persistentVolumeClaim: {{claimName: p{at}}}\n{}",
            in_namespace(at, "shop"),
            claim(at)
        )
    });
    Input::manifest(text).has(POD_MARK, n)
}

fn patch(name: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\nspec:\n  template:\n    \
         spec:\n      containers:\n        - name: web\n          resources: {{limits: {{memory: \
         1Gi}}}}\n"
    )
}

/// A kustomization of `pods.yaml` with `n` Deployments.
fn kustomized(n: usize, rest: &str) -> Input {
    let text = format!("resources: [pods.yaml]\n{rest}");
    Input::manifest(documents_text(n))
        .and("kustomization.yaml", text)
        .args(["--no-config", "."])
        .has(POD_MARK, n)
}

fn patches(n: usize) -> Input {
    let list = each(n, |at| format!("  - path: p/p{at}.yaml\n"));
    let file = |at| (format!("p/p{at}.yaml"), patch(&format!("d{at}")));
    kustomized(n, &format!("patches:\n{list}")).and_each((0..n).map(file))
}

fn inline(text: &str) -> String {
    format!("  - patch: |-\n{}", indented(text, "      ", "      "))
}

fn inline_patches(n: usize) -> Input {
    let list = each(n, |at| inline(&patch(&format!("d{at}"))));
    kustomized(n, &format!("patches:\n{list}"))
}

fn patches_of_one(n: usize) -> Input {
    // There are more than harden compares, so it leaves that one alone.
    let list = each(n, |_| inline(&patch("d0")));
    let text = format!("resources: [pods.yaml]\npatches:\n{list}");
    Input::manifest(documents_text(n))
        .and("kustomization.yaml", text)
        .args(["--no-config", "."])
        .has(POD_MARK, n - 1)
}

fn pattern_patches(n: usize) -> Input {
    let list = each(n, |at| {
        format!(
            "{}    target: {{kind: Deployment, name: d{at}.*}}\n",
            inline(&patch("any"))
        )
    });
    too_many_patches(n, &list)
}

fn kind_patches(n: usize) -> Input {
    let list = each(n, |_| {
        format!(
            "{}    target: {{kind: Deployment}}\n",
            inline(&patch("any"))
        )
    });
    too_many_patches(n, &list)
}

/// All of these patches may apply to each of `n` Deployments.
fn too_many_patches(n: usize, list: &str) -> Input {
    let text = format!("resources: [pods.yaml]\npatches:\n{list}");
    Input::manifest(documents_text(n))
        .and("kustomization.yaml", text)
        .args(["--no-config", "."])
        .code(0)
        .has(POD_MARK, 0)
}

fn operations(n: usize) -> Input {
    let list = each(n, |at| {
        format!(
            "- {{op: add, path: /spec/template/spec/containers/{at}/securityContext/runAsUser, value: 7}}\n"
        )
    });
    let rest = format!(
        "{}    target: {{kind: Deployment, name: d0}}\n",
        inline(&list)
    );
    kustomized(n, &format!("patches:\n{rest}"))
}

fn resources(n: usize) -> Input {
    let list = each(n, |at| format!("  - r/f{at}.yaml\n"));
    let file = |at| (format!("r/f{at}.yaml"), deployment(&format!("d{at}")));
    Input::manifest(String::new())
        .and("kustomization.yaml", format!("resources:\n{list}"))
        .and_each((0..n).map(file))
        .args(["--no-config", "."])
        .has(POD_MARK, n)
}

fn bases(n: usize) -> Input {
    let list = each(n, |at| format!("  - b{at}\n"));
    let files = |at| {
        [
            (format!("b{at}/pods.yaml"), deployment(&format!("d{at}"))),
            (
                format!("b{at}/kustomization.yaml"),
                "resources: [pods.yaml]\n".to_owned(),
            ),
        ]
    };
    Input::manifest(String::new())
        .and("kustomization.yaml", format!("resources:\n{list}"))
        .and_each((0..n).flat_map(files))
        .args(["--no-config", "."])
        .has(POD_MARK, n)
}

fn base_chain(n: usize) -> Input {
    let files = |at| {
        [
            (format!("b{at}/pods.yaml"), deployment(&format!("d{at}"))),
            (
                format!("b{at}/kustomization.yaml"),
                format!("resources: [pods.yaml, ../b{}]\n", at + 1),
            ),
        ]
    };
    Input::manifest(String::new())
        .and("kustomization.yaml", "resources: [b0]\n")
        .and_each((0..n).flat_map(files))
        .args(["--no-config", "."])
        .has(POD_MARK, n)
}

fn generators(n: usize) -> Input {
    let list = each(n, |at| format!("  - name: c{at}\n    files: [f{at}.txt]\n"));
    kustomized(10, &format!("configMapGenerator:\n{list}"))
}

fn kustomizations(n: usize) -> Input {
    let files = |at| {
        [
            (format!("b{at}/pods.yaml"), deployment(&format!("d{at}"))),
            (
                format!("b{at}/kustomization.yaml"),
                format!(
                    "resources: [pods.yaml]\npatches:\n{}",
                    inline(&patch(&format!("d{at}")))
                ),
            ),
        ]
    };
    Input::manifest(String::new())
        .and_each((0..n).flat_map(files))
        .args(["--no-config", "."])
        .has(POD_MARK, n)
}

fn overlay(n: usize) -> Input {
    kustomized(n, "").args(["--no-config", "--overlay", "."])
}

fn containers_overlay(n: usize) -> Input {
    Input::manifest(containers_text(n))
        .and("kustomization.yaml", "resources: [pods.yaml]\n")
        .args(["--no-config", "--overlay", "."])
        .has(POD_MARK, n)
}

fn json(n: usize) -> Input {
    Input::manifest(documents_text(n)).args(["--no-config", "--format", "json", "pods.yaml"])
}

fn fixes(n: usize) -> Input {
    Input::manifest(documents_text(n))
        .args(["--no-config", "--format", "json", "--fixes", "pods.yaml"])
        .refused("error: pods.yaml: the fixes of")
}

fn container_fixes(n: usize) -> Input {
    Input::manifest(containers_text(n))
        .args(["--no-config", "--format", "json", "--fixes", "pods.yaml"])
        .refused("error: pods.yaml: the fixes of")
}

fn pod_security(n: usize) -> Input {
    Input::manifest(documents_text(n)).args(["pod-security", "restricted", "pods.yaml"])
}

fn containers_pod_security(n: usize) -> Input {
    Input::manifest(containers_text(n)).args(["pod-security", "restricted", "pods.yaml"])
}

fn too_many_containers(n: usize) -> Input {
    containers_pod_security(n).refused("to more than the API server reads")
}

fn ignore_comments(n: usize) -> Input {
    let text = documents_text(n).replace(
        "        - name: web\n",
        "        # harden: ignore[memory-limit] tested\n        - name: web\n",
    );
    Input::manifest(text).has(POD_MARK, n)
}
