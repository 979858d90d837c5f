//! Fields that the recorded pods do not contain, read as the API server reads them.

use std::fmt::Write as _;

use harden::pod_security::{Content, Standard, Verdict, judge};

use super::{broken, pods, verdict};

/// A pod that passes all checks, with `rest` in its spec and `container` in its container.
fn pod(container: &str, rest: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  securityContext: {{runAsNonRoot: true, seccompProfile: {{type: RuntimeDefault}}}}\n  containers:\n  - name: c\n    image: i\n    securityContext: {{allowPrivilegeEscalation: false, capabilities: {{drop: [ALL]}}}}\n    {container}\n  {rest}\n"
    )
}

/// Why the API would reject the pod.
fn rejected(text: &str) -> Vec<String> {
    match verdict(text, "restricted") {
        Verdict::Rejected(rejections) => {
            let texts = rejections
                .iter()
                .map(|one| format!("{} {}", one.path, one.what));
            texts.collect()
        }
        other => panic!("{other:?}\n{text}"),
    }
}

#[test]
fn null_is_no_value() {
    for (container, rest) in [
        ("", ""),
        ("ports: null", "volumes: null"),
        ("lifecycle: {preStop: null}", "hostNetwork: null"),
        ("livenessProbe: {httpGet: {host: null}}", "hostUsers:"),
        // The API turns a volume without a source into an emptyDir.
        ("", "volumes: [{name: v}, {name: w, hostPath: null}]"),
    ] {
        let text = pod(container, rest);
        assert_eq!(broken(&text, "restricted"), [""; 0], "{text}");
    }
    // A null in a list of strings is an empty string.
    let text = pod("", "").replace("drop: [ALL]", "drop: [ALL], add: [null]");
    assert_eq!(
        broken(&text, "restricted"),
        ["capabilities_restricted spec.containers[c].securityContext.capabilities.add[0]"]
    );
}

#[test]
fn a_value_of_another_type_is_trouble() {
    for (container, rest, expected) in [
        (
            "",
            "hostNetwork: \"false\"",
            "spec.hostNetwork is the string `false`; it must be a boolean",
        ),
        (
            "",
            "hostUsers: ${OWN_USERS}",
            "spec.hostUsers is the string `${OWN_USERS}`; it must be a boolean",
        ),
        (
            "",
            "os: windows",
            "spec.os is the string `windows`; it must be a mapping",
        ),
        (
            "ports: {hostPort: 80}",
            "",
            "spec.containers[c].ports is a mapping; it must be a list",
        ),
        (
            "ports: [{hostPort: 80.5}]",
            "",
            "spec.containers[c].ports[0].hostPort is `80.5`; it must be an integer from 0 to 65535",
        ),
        (
            "ports: [{hostPort: \"80\"}]",
            "",
            "spec.containers[c].ports[0].hostPort is the string `80`; it must be an integer from 0 to 65535",
        ),
        (
            "",
            "volumes: [{name: v, emptyDir: {}, hostPath: {path: /}}]",
            "spec.volumes[v].hostPath is a second source of the same volume",
        ),
        (
            "",
            "volumes: [{name: v, hostpath: {path: /}}]",
            "spec.volumes[v].hostpath is not a known volume source",
        ),
        (
            "",
            "initContainers: [{image: i}]",
            "spec.initContainers[0] has no name",
        ),
        (
            "",
            "initContainers: [{name: no, image: i}]",
            "spec.initContainers[0].name is the boolean `false`; it must be a string",
        ),
        (
            "",
            "ephemeralContainers: [null, {name: d, image: i, securityContext: []}]",
            "spec.ephemeralContainers[0] has no name",
        ),
    ] {
        let text = pod(container, rest);
        assert_eq!(rejected(&text)[0], expected, "{text}");
    }
    // Also if the rest of the object is missing.
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: c}\n";
    assert_eq!(
        rejected(text),
        ["spec.containers is the string `c`; it must be a list"]
    );
}

#[test]
fn scalars_are_read_as_yaml_1_1() {
    let text = pod("", "hostNetwork: on");
    assert_eq!(
        broken(&text, "baseline"),
        ["hostNamespaces spec.hostNetwork"]
    );
    let text = pod("", "hostNetwork: off");
    assert_eq!(broken(&text, "restricted"), [""; 0]);
    // A float without a fraction is an integer when it reaches the API.
    let text = pod("ports: [{hostPort: 8e1}, {hostPort: 0}]", "");
    assert_eq!(
        broken(&text, "baseline"),
        ["hostPorts spec.containers[c].ports[0].hostPort"]
    );
    let text = pod("", "").replace("runAsNonRoot: true", "runAsNonRoot: true, runAsUser: 0x0");
    assert_eq!(
        broken(&text, "restricted"),
        ["runAsUser spec.securityContext.runAsUser"]
    );
}

#[test]
fn names_are_compared_as_they_are_written() {
    let with = |capabilities: &str| pod("", "").replace("drop: [ALL]", capabilities);
    let drop = "capabilities_restricted spec.containers[c].securityContext.capabilities.drop";
    let add = "capabilities_restricted spec.containers[c].securityContext.capabilities.add[0]";
    assert_eq!(broken(&with("drop: [all]"), "restricted"), [drop]);
    assert_eq!(broken(&with("drop: [CAP_ALL]"), "restricted"), [drop]);
    assert_eq!(
        broken(
            &with("drop: [ALL], add: [CAP_NET_BIND_SERVICE]"),
            "restricted"
        ),
        [add]
    );
    assert_eq!(broken(&with("drop: [KILL, ALL]"), "restricted"), [""; 0]);
}

#[test]
fn a_profile_without_a_type_is_none_that_is_allowed() {
    let text = pod("", "").replace("{type: RuntimeDefault}", "{}");
    assert_eq!(
        broken(&text, "restricted"),
        [
            "seccompProfile_restricted spec.securityContext.seccompProfile.type",
            "seccompProfile_restricted spec.containers[c].securityContext.seccompProfile.type",
        ]
    );
    let text = pod("", "").replace("drop: [ALL]}", "drop: [ALL]}, appArmorProfile: {}");
    assert_eq!(
        broken(&text, "baseline"),
        ["appArmorProfile spec.containers[c].securityContext.appArmorProfile.type"]
    );
}

#[test]
fn a_pod_with_users_of_its_own_may_run_as_root_from_1_35_on() {
    let text = pod("", "hostUsers: false").replace("runAsNonRoot: true", "runAsUser: 0");
    assert_eq!(
        broken(&text, "restricted@v1.34"),
        [
            "runAsNonRoot spec.containers[c].securityContext.runAsNonRoot",
            "runAsUser spec.securityContext.runAsUser",
        ]
    );
    assert_eq!(broken(&text, "restricted@v1.35"), [""; 0]);
    let unmasked = text.replace("drop: [ALL]}", "drop: [ALL]}, procMount: Unmasked");
    assert_eq!(
        broken(&unmasked, "baseline@v1.34"),
        ["procMount spec.containers[c].securityContext.procMount"]
    );
    assert_eq!(broken(&unmasked, "baseline@v1.35"), [""; 0]);
    assert_eq!(
        broken(&unmasked, "restricted@v1.35"),
        ["procMount_restricted spec.containers[c].securityContext.procMount"]
    );
}

#[test]
fn the_os_field_decides_what_is_windows() {
    let bare = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  OS\n  securityContext: {runAsNonRoot: true}\n  containers: [{name: c, image: i}]\n";
    let windows = bare.replace("OS", "os: {name: windows}");
    assert_eq!(broken(&windows, "restricted@v1.25"), [""; 0]);
    assert_eq!(broken(&windows, "restricted@v1.24").len(), 3);
    // A field without a meaning there is not judged, but the API rejects it.
    let linux = windows.replace(
        "image: i",
        "image: i, securityContext: {capabilities: {add: [SYS_ADMIN]}}",
    );
    assert_eq!(
        rejected(&linux),
        ["spec.containers[c].securityContext.capabilities is not for a pod on Windows"]
    );
    // A node selector makes no exception.
    let selected = bare.replace("OS", "nodeSelector: {kubernetes.io/os: windows}");
    assert_eq!(broken(&selected, "restricted@v1.25").len(), 3);
}

#[test]
fn annotations_of_the_pod_count_and_no_others() {
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d, annotations: {container.apparmor.security.beta.kubernetes.io/c: unconfined}}\nspec:\n  template:\n    metadata: {annotations: {container.seccomp.security.alpha.kubernetes.io/c: unconfined, container.seccomp.security.alpha.kubernetes.io/d: unconfined}}\n    spec: {containers: [{name: c, image: i}]}\n";
    assert_eq!(
        broken(deployment, "baseline@v1.18"),
        [
            "seccompProfile_baseline spec.template.metadata.annotations[container.seccomp.security.alpha.kubernetes.io/c]"
        ]
    );
    assert_eq!(broken(deployment, "baseline@v1.19"), [""; 0]);
    let pod = pod("", "").replace(
        "name: p",
        "name: p, annotations: {container.apparmor.security.beta.kubernetes.io/gone: unconfined}",
    );
    assert_eq!(
        broken(&pod, "baseline"),
        [
            "appArmorProfile metadata.annotations[container.apparmor.security.beta.kubernetes.io/gone]"
        ]
    );
    let text = pod.replace("unconfined", "1");
    assert_eq!(rejected(&text).len(), 1);
}

#[test]
fn aliases_and_merges_are_followed_and_the_line_is_that_of_the_value() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  annotations: {x: &yes 'true'}\nspec:\n  containers:\n  - name: a\n    image: i\n    securityContext: &weak\n      privileged: true\n  - name: b\n    image: i\n    securityContext:\n      <<: *weak\n  - {name: c, image: i, securityContext: *weak}\n";
    let Verdict::Breaks(found) = verdict(text, "baseline") else {
        panic!("{text}")
    };
    let places: Vec<_> = found
        .iter()
        .map(|one| (one.path.as_str(), one.line))
        .collect();
    assert_eq!(
        places,
        [
            ("spec.containers[a].securityContext.privileged", 11),
            ("spec.containers[b].securityContext.privileged", 11),
            ("spec.containers[c].securityContext.privileged", 11),
        ]
    );
}

#[test]
fn every_kind_that_carries_a_pod_is_judged() {
    let spec = "{containers: [{name: c, image: i, securityContext: {privileged: true}}]}";
    let template = format!("{{spec: {spec}}}");
    let mut list = "apiVersion: v1\nkind: List\nitems:\n".to_owned();
    for (version, kind, at, body) in [
        ("v1", "Pod", "spec", spec),
        ("v1", "PodTemplate", "template", &template),
        ("v1", "ReplicationController", "spec: {template", &template),
        ("apps/v1", "Deployment", "spec: {template", &template),
        ("apps/v1", "DaemonSet", "spec: {template", &template),
        ("apps/v1", "ReplicaSet", "spec: {template", &template),
        ("apps/v1", "StatefulSet", "spec: {template", &template),
        ("batch/v1", "Job", "spec: {template", &template),
        (
            "batch/v1",
            "CronJob",
            "spec: {jobTemplate: {spec: {template",
            &template,
        ),
        (
            "argoproj.io/v1alpha1",
            "Rollout",
            "spec: {template",
            &template,
        ),
        (
            "apps.kruise.io/v1alpha1",
            "CloneSet",
            "spec: {template",
            &template,
        ),
    ] {
        let ends = "}".repeat(at.matches('{').count());
        let _ = write!(
            list,
            "- apiVersion: {version}\n  kind: {kind}\n  metadata: {{name: x}}\n  {at}: {body}{ends}\n"
        );
    }
    let judged = pods(&list, "baseline");
    assert_eq!(judged.len(), 11);
    for pod in judged {
        let Verdict::Breaks(broken) = &pod.verdict else {
            panic!("{pod:?}")
        };
        assert_eq!(broken.len(), 1);
        assert_eq!(broken[0].line, pod.line + 3);
    }
}

#[test]
fn incomplete_pods_are_not_judged() {
    let patch = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec:\n  template:\n    spec:\n      containers:\n      - name: c\n        securityContext: {privileged: false}\n";
    assert!(matches!(
        verdict(patch, "restricted"),
        Verdict::NotJudged(_)
    ));
    // What it sets breaks a rule whatever the rest of the object is.
    let weak = patch.replace("false", "true");
    assert!(matches!(verdict(&weak, "restricted"), Verdict::Breaks(broken) if broken.len() == 1));
    let deleting = format!("{weak}        image: i\n        $patch: delete\n");
    assert!(matches!(verdict(&deleting, "baseline"), Verdict::Breaks(_)));
    // The controller of the workflow writes the pods.
    let workflow = "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: w}\nspec: {templates: [{name: t, container: {image: i}}]}\n";
    assert!(matches!(
        verdict(workflow, "baseline"),
        Verdict::NotJudged(_)
    ));
    let content = |text: &str| {
        let source = harden::project::Source {
            path: "x.yaml".into(),
            bytes: text.as_bytes().to_vec(),
        };
        let standard: Standard = "baseline".parse().unwrap();
        judge(source, standard, &[]).content
    };
    assert!(matches!(
        content("services: {web: {image: nginx}}\n"),
        Content::Compose
    ));
    assert!(matches!(content("a: {{ b }}\nc: [\n"), Content::NotOurs(_)));
    assert!(matches!(
        content("- op: add\n  path: /spec\n"),
        Content::NotOurs(_)
    ));
    assert!(matches!(content("a: [\n"), Content::Failed(_)));
}

#[test]
fn aliases_that_expand_to_too_much_are_an_error() {
    let words = vec!["X"; 1000].join(", ");
    let head = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p, annotations: {{x: '', y: ''}}}}\nx: &many [{words}]\n"
    );
    let bomb = |item: &str, times| {
        let items = vec![item; times].join(", ");
        format!("{head}spec: {{containers: [{items}]}}\n")
    };
    // Three hundred thousand broken rules, and fifty thousand containers.
    let lists = bomb(
        "{name: c, image: i, securityContext: {capabilities: {add: *many}}}",
        300,
    );
    assert!(matches!(verdict(&lists, "baseline"), Verdict::Rejected(_)));
    let containers = bomb("&c {name: c, image: i}", 1)
        .replace("}]}", "}, ")
        .trim_end()
        .to_owned()
        + &vec!["*c"; 50_000].join(", ")
        + "]}\n";
    assert!(matches!(
        verdict(&containers, "baseline"),
        Verdict::Rejected(_)
    ));
    // A large file may contain a thousand.
    let few = bomb(
        "{name: c, image: i, securityContext: {capabilities: {add: [X]}}}",
        1000,
    );
    assert_eq!(broken(&few, "baseline").len(), 1000);
}
