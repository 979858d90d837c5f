//! A gate that passes has read everything: no sign that anybody can plant excuses a file.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use tempfile::TempDir;

use crate::support::command::harden;

const CHECK: [&str; 3] = ["--check", "--fail-on", "changes,findings,declines"];
const POD_SECURITY: [&str; 2] = ["pod-security", "restricted"];

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: evil}
spec:
  containers:
  - name: a
    image: nginx:1.29
    securityContext: {privileged: true}
";
const SPEC: &str = "{containers: [{name: a, image: nginx, securityContext: {privileged: true}}]}";
const SERVICE: &str = "services: {web: {image: nginx, privileged: true}}\n";

/// A repository with these files.
fn repository(files: &[(&str, &str)]) -> TempDir {
    let here = tempfile::tempdir().unwrap();
    fs::create_dir(here.path().join(".git")).unwrap();
    write(here.path(), files);
    here
}

fn write(directory: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = directory.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// The exit status, and what the command prints.
fn run(directory: &Path, arguments: &[&str]) -> (i32, String) {
    let output = harden(directory, arguments).output().unwrap();
    let printed = [output.stdout, output.stderr].concat();
    let printed = String::from_utf8(printed).unwrap();
    (output.status.code().unwrap(), printed)
}

/// The exit status of a gate that may find nothing to judge.
fn status_if_empty(directory: &Path, gate: &[&str]) -> i32 {
    run(directory, &[gate, &["--allow-empty"]].concat()).0
}

/// Both gates fail, and the text is in what they print.
#[track_caller]
fn both_fail(files: &[(&str, &str)], says: &str) {
    let here = repository(files);
    for gate in [&CHECK[..], &POD_SECURITY[..]] {
        let (status, printed) = run(here.path(), gate);
        assert_eq!(status, 1, "{gate:?} of {files:?}\n{printed}");
        assert!(printed.contains(says), "{says} in\n{printed}");
    }
}

/// The check fails, and the text is in what it prints.
#[track_caller]
fn check_fails(files: &[(&str, &str)], says: &str) {
    let here = repository(files);
    let (status, printed) = run(here.path(), &CHECK);
    assert_eq!(status, 1, "{files:?}\n{printed}");
    assert!(printed.contains(says), "{says} in\n{printed}");
}

#[test]
fn a_document_does_not_excuse_another() {
    for other in [
        "metadata: {name: '{{ x }}'}",
        "metadata: {name: {{ x }}}",
        "data: {a: {{ x }}}",
    ] {
        let text = format!("{POD}---\napiVersion: v1\nkind: ConfigMap\n{other}\n");
        both_fail(&[("pod.yaml", &text)], "privileged");
    }
    let text = POD.replace("name: evil", "name: '{{ evil }}'");
    both_fail(&[("pod.yaml", &text)], "privileged");
}

#[test]
fn yaml_that_braces_break_is_unread_or_a_template() {
    let broken = format!("{POD}---\n{{{{- if x }}}}\na: [\n");
    both_fail(&[("pod.yaml", &broken)], "pod.yaml");
    // The name of a directory alone proves nothing.
    both_fail(&[("templates/pod.yaml", &broken)], "templates/pod.yaml");
    let here = repository(&[
        ("chart/Chart.yaml", "name: x\n"),
        ("chart/templates/sub/pod.yaml", &broken),
    ]);
    for gate in [&CHECK[..], &POD_SECURITY[..]] {
        assert_eq!(status_if_empty(here.path(), gate), 0, "{gate:?}");
    }
    for gate in [
        &["--check", "--fail-on", "templates"][..],
        &["pod-security", "restricted", "--fail-on", "templates"],
    ] {
        let (status, printed) = run(here.path(), gate);
        assert_eq!(status, 1, "{gate:?}\n{printed}");
        assert!(printed.contains("template"), "{printed}");
    }
}

#[test]
fn only_an_option_of_the_call_allows_what_is_unread() {
    let here = repository(&[("a.yaml", "a: {{ b }}\nc: [\n")]);
    for (arguments, status) in [
        (&["--check"][..], 1),
        (&["--check", "--fail-on", "findings"], 1),
        (&["--check", "--fail-on", "unread"], 1),
        (&["--check", "--allow-unread", "--allow-empty"], 0),
        (&["pod-security", "baseline"], 1),
        (
            &[
                "pod-security",
                "baseline",
                "--allow-unread",
                "--allow-empty",
            ],
            0,
        ),
        (&["."], 0),
    ] {
        let (found, printed) = run(here.path(), arguments);
        assert_eq!(found, status, "{arguments:?}\n{printed}");
    }
    write(here.path(), &[(".harden.yaml", "fail_on: [findings]\n")]);
    assert_eq!(run(here.path(), &["--check"]).0, 1);
}

#[test]
fn a_directive_is_an_exact_key_where_kustomize_reads_one() {
    let volume = |attributes: &str| {
        format!(
            "{POD}  volumes: [{{name: v, csi: {{driver: d, volumeAttributes: {attributes}}}}}]\n"
        )
    };
    for text in [
        volume("{$patchLevel: '1'}"),
        volume("{$patch: replace}"),
        POD.replace("{name: evil}", "{name: evil, labels: {$patch: x}}"),
        format!("$patch: replace\n{POD}"),
        format!("$setElementOrder/containers: [{{name: a}}]\n{POD}"),
    ] {
        both_fail(&[("pod.yaml", &text)], "privileged");
    }
}

#[test]
fn a_complete_object_is_judged_where_it_is_listed_as_a_patch() {
    let listed = "patches: [{path: pod.yaml}]\n";
    let files = [("pod.yaml", POD), ("kustomization.yaml", listed)];
    both_fail(&files, "privileged");
    let here = repository(&files);
    for gate in [
        &[&CHECK[..], &["pod.yaml"]].concat(),
        &[&POD_SECURITY[..], &["pod.yaml"]].concat(),
    ] {
        assert_eq!(run(here.path(), gate).0, 1, "{gate:?}");
    }
    // Without a weak setting, too: what restricted requires is missing.
    let plain = POD.replace("    securityContext: {privileged: true}\n", "");
    both_fail(
        &[("pod.yaml", &plain), ("kustomization.yaml", listed)],
        "evil",
    );
    // The patch of an object is judged by what it sets.
    let patch = |extra: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  template:\n    \
             spec:\n      containers: [{{name: a, image: nginx{extra}}}]\n"
        )
    };
    let weak = patch(", securityContext: {privileged: true}");
    both_fail(
        &[("pod.yaml", &weak), ("kustomization.yaml", listed)],
        "privileged",
    );
    // A container that no object is known to have may be new.
    let added = patch("");
    both_fail(
        &[("pod.yaml", &added), ("kustomization.yaml", listed)],
        "a container of containers",
    );
    let known = added.replace(", image: nginx", ", env: [{name: A, value: b}]");
    let here = repository(&[("pod.yaml", &known), ("kustomization.yaml", listed)]);
    assert_eq!(status_if_empty(here.path(), &POD_SECURITY), 0);
}

#[test]
fn what_a_patch_sets_is_judged() {
    let patch = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {template: {spec: {hostPID: true, containers: [{name: web}]}}}
";
    both_fail(&[("patch.yaml", patch)], "host");
}

#[test]
fn what_a_patch_in_a_kustomization_sets_is_judged() {
    let patch = "\
resources: [d.yaml]
patches:
- patch: |-
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web}
    spec:
      template: {spec: {containers: [{name: web, securityContext: {privileged: true}}]}}
";
    both_fail(&[("kustomization.yaml", patch)], "privileged");
    let here = repository(&[("kustomization.yaml", patch)]);
    let (_, printed) = run(here.path(), &CHECK);
    assert!(printed.contains("line 8"), "{printed}");
    let (_, printed) = run(here.path(), &POD_SECURITY);
    assert!(printed.contains("kustomization.yaml:8:1"), "{printed}");
    // The operations of a JSON patch, in the kustomization and in a file.
    let weak = "{privileged: true}";
    for (path, value) in [
        ("template/spec/containers/0/securityContext", weak),
        (
            "template/spec/containers/0/securityContext/privileged",
            "true",
        ),
        ("template/spec/hostPID", "true"),
        (
            "containers/0",
            "{name: a, image: nginx, securityContext: {privileged: true}}",
        ),
        (
            "template/spec/containers/-",
            "{name: a, image: nginx, securityContext: {privileged: true}}",
        ),
    ] {
        let operation = format!("{{op: add, path: /spec/{path}, value: {value}}}");
        let inline =
            format!("patches:\n- target: {{kind: Deployment}}\n  patch: |-\n    - {operation}\n");
        both_fail(&[("kustomization.yaml", &inline)], "patched");
        let listed = "patches: [{path: a.yaml, target: {kind: Deployment}}]\n";
        let file = format!("- {operation}\n");
        both_fail(
            &[("kustomization.yaml", listed), ("a.yaml", &file)],
            "a.yaml",
        );
    }
}

#[test]
fn kinds_that_nobody_knows_are_judged_by_their_shape() {
    let object = |version: &str, kind: &str, spec: &str| {
        format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: x}}\nspec: {spec}\n")
    };
    let template = format!("{{template: {{spec: {SPEC}}}}}");
    for (version, kind, spec) in [
        ("apps.openshift.io/v1", "DeploymentConfig", template.clone()),
        (
            "ray.io/v1",
            "RayCluster",
            format!("{{headGroupSpec: {template}}}"),
        ),
        (
            "ray.io/v1",
            "RayCluster",
            format!("{{workerGroupSpecs: [{template}]}}"),
        ),
        (
            "ray.io/v1",
            "RayJob",
            format!("{{rayClusterSpec: {{headGroupSpec: {template}}}}}"),
        ),
        (
            "ray.io/v1",
            "RayJob",
            format!("{{submitterPodTemplate: {{spec: {SPEC}}}}}"),
        ),
        (
            "ray.io/v1",
            "RayService",
            format!("{{rayClusterConfig: {{headGroupSpec: {template}}}}}"),
        ),
        (
            "jobset.x-k8s.io/v1alpha2",
            "JobSet",
            format!("{{replicatedJobs: [{{name: a, template: {{spec: {template}}}}}]}}"),
        ),
        (
            "leaderworkerset.x-k8s.io/v1",
            "LeaderWorkerSet",
            format!("{{leaderWorkerTemplate: {{workerTemplate: {{spec: {SPEC}}}}}}}"),
        ),
        (
            "kubeflow.org/v2beta1",
            "MPIJob",
            format!("{{mpiReplicaSpecs: {{Launcher: {template}}}}}"),
        ),
        (
            "kubeflow.org/v1",
            "PyTorchJob",
            format!("{{pytorchReplicaSpecs: {{Master: {template}}}}}"),
        ),
        (
            "kubeflow.org/v1",
            "TFJob",
            format!("{{tfReplicaSpecs: {{PS: {template}}}}}"),
        ),
        (
            "argoproj.io/v1alpha1",
            "Experiment",
            format!("{{templates: [{template}]}}"),
        ),
        (
            "argoproj.io/v1alpha1",
            "AnalysisTemplate",
            format!("{{metrics: [{{name: a, provider: {{job: {{spec: {template}}}}}}}]}}"),
        ),
        (
            "sparkoperator.k8s.io/v1beta2",
            "SparkApplication",
            "{driver: {securityContext: {privileged: true}}}".to_owned(),
        ),
        ("example.com/v1", "Strange", SPEC.to_owned()),
        (
            "example.com/v1",
            "Strange",
            format!("{{a: [{{b: {template}}}]}}"),
        ),
        (
            "example.com/v1",
            "Strange",
            SPEC.replace("containers", "initContainers"),
        ),
        // The API rejects these; the next tool may not.
        ("v1", "pod", SPEC.to_owned()),
        ("v1", "POD", SPEC.to_owned()),
        ("apps/v2", "DaemonSets", template.clone()),
        ("v1", "Deployment", template.clone()),
    ] {
        both_fail(&[("x.yaml", &object(version, kind, &spec))], "privileged");
    }
    let machine = object("kubevirt.io/v1", "VirtualMachine", &template);
    let here = repository(&[("x.yaml", &machine)]);
    assert_eq!(status_if_empty(here.path(), &CHECK), 0);
}

#[test]
fn an_unknown_kind_is_not_changed_and_says_so() {
    let text = "apiVersion: a.b/v1\nkind: Strange\nmetadata: {name: x}\nspec: {containers: [{name: a, image: nginx}]}\n";
    let here = repository(&[("x.yaml", text)]);
    let (status, printed) = run(here.path(), &CHECK);
    assert_eq!(status, 1, "{printed}");
    assert!(printed.contains("`Strange` is not known"), "{printed}");
    assert_eq!(run(here.path(), &["."]).0, 0);
}

#[test]
fn lists_of_any_depth_and_kind_are_read() {
    let mut item = POD.to_owned();
    for _ in 0..20 {
        let lines = item.trim_end().replace('\n', "\n  ");
        item = format!("apiVersion: v1\nkind: List\nitems:\n- {lines}\n");
    }
    both_fail(&[("list.yaml", &item)], "privileged");
    let deployment = format!(
        "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: a}}, spec: {{selector: {{}}, \
         template: {{spec: {SPEC}}}}}}}"
    );
    for kind in ["List", "FooList", "ConfigMap", "Deployment"] {
        let text = format!("apiVersion: v1\nkind: {kind}\nitems: [{deployment}]\n");
        both_fail(&[("list.yaml", &text)], "privileged");
    }
    // Deeper than the limit of the parser is an error.
    let (open, close) = ("{apiVersion: v1, kind: List, items: [", "]}");
    let deep = format!("{}{deployment}{}", open.repeat(200), close.repeat(200));
    let here = repository(&[("list.yaml", &deep)]);
    assert_eq!(run(here.path(), &CHECK).0, 2);
    assert_eq!(run(here.path(), &POD_SECURITY).0, 2);
}

#[test]
fn a_part_of_a_compose_project_has_findings() {
    for setting in [
        "privileged: true",
        "pid: host",
        "user: root",
        "volumes: ['/:/host']",
        "{privileged: '${P}'}",
    ] {
        let text = format!("services:\n  web:\n    {setting}\n");
        if setting.starts_with('{') {
            let text = format!("services:\n  web: {setting}\n");
            check_fails(&[("compose.prod.yml", &text), (".env", "P=true\n")], "web");
        } else {
            check_fails(&[("compose.prod.yml", &text)], "web");
        }
    }
    // Without a weak setting nothing is to be said about it.
    let plain = "services: {web: {environment: {A: b}}}\n";
    let here = repository(&[("compose.prod.yml", plain)]);
    assert_eq!(status_if_empty(here.path(), &CHECK), 0);
    assert_eq!(run(here.path(), &["."]).0, 0);
}

#[test]
fn a_file_that_other_programs_than_compose_take_is_not_passed() {
    let text = format!("{SERVICE}captainVersion: 4\n");
    check_fails(&[("compose.yml", &text)], "compose.yml");
}

#[test]
fn a_mark_of_harden_excuses_nothing() {
    let mark = "# Written by harden --overlay. Run it again instead of editing this file.\n";
    check_fails(
        &[("compose.yml", &format!("{mark}{SERVICE}"))],
        "privileged",
    );
    both_fail(&[("pod.yaml", &format!("{mark}{POD}"))], "privileged");
    let added = "services: {web: {privileged: true}}\n";
    check_fails(
        &[("compose.harden.yml", &format!("{mark}{added}"))],
        "privileged",
    );
}

#[test]
fn links_within_the_repository_are_followed_once() {
    let here = repository(&[("base/service.txt", SERVICE), ("base/web.yml", SERVICE)]);
    let at = |name: &str| here.path().join(name);
    symlink("base/service.txt", at("compose.yml")).unwrap();
    symlink("base/service.txt", at("docker-compose.yml")).unwrap();
    symlink("web.yml", at("base/again.yml")).unwrap();
    symlink("base", at("linked")).unwrap();
    symlink("..", at("base/loop")).unwrap();
    let (status, printed) = run(here.path(), &CHECK);
    assert_eq!(status, 1, "{printed}");
    assert!(printed.contains("in 2 files"), "{printed}");
    // A linked directory that the walk does not reach without the link.
    fs::create_dir(at("deploy")).unwrap();
    symlink("../base", at("deploy/base")).unwrap();
    let (status, printed) = run(here.path(), &[&CHECK[..], &["deploy"]].concat());
    assert_eq!(status, 1, "{printed}");
    // A file is named by what a write changes.
    assert!(printed.contains("base/web.yml"), "{printed}");
}

#[test]
fn links_that_cannot_be_followed_are_unread() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("compose.yml"), SERVICE).unwrap();
    for target in [
        &outside.path().join("compose.yml"),
        Path::new("/dev/zero"),
        Path::new("nothing.yml"),
        Path::new("compose.yml"),
    ] {
        let here = repository(&[("a.txt", "")]);
        symlink(target, here.path().join("compose.yml")).unwrap();
        for gate in [&CHECK[..], &POD_SECURITY[..]] {
            let (status, printed) = run(here.path(), gate);
            assert_eq!(status, 1, "{target:?}\n{printed}");
            assert!(printed.contains("compose.yml"), "{printed}");
        }
        let allowed = [&CHECK[..], &["--allow-unread"]].concat();
        let (_, printed) = run(here.path(), &allowed);
        assert!(printed.contains("symbolic link"), "{printed}");
    }
    let here = repository(&[]);
    symlink(outside.path(), here.path().join("linked")).unwrap();
    assert_eq!(run(here.path(), &CHECK).0, 1);
}

#[test]
fn the_text_of_a_file_does_not_hide_its_objects() {
    let json = "{\"api\\u0056ersion\":\"v1\",\"\\u006bind\":\"Pod\",\"metadata\":{\"name\":\"a\"},\"spec\":{\"\\u0063ontainers\":[{\"name\":\"a\",\"image\":\"nginx\",\"securityContext\":{\"privileged\":true}}]}}";
    both_fail(&[("pod.json", json)], "privileged");
    both_fail(&[("pod.json", POD)], "privileged");
    both_fail(
        &[("pod.yaml", &format!("\u{feff}---\n# a\n---\n{POD}"))],
        "privileged",
    );
    both_fail(&[("pod.yaml", &POD.replace('\n', "\r\n"))], "privileged");
    both_fail(
        &[("pod.yaml", &format!("kind: ConfigMap\n{POD}"))],
        "privileged",
    );
    both_fail(
        &[(
            "pod.yaml",
            &format!(
                "a: &c containers\n{}",
                POD.replace("  containers:", "  *c :")
            ),
        )],
        "privileged",
    );
    both_fail(
        &[("pod.yaml", &POD.replace("name: evil", "name: 1"))],
        "privileged",
    );
    both_fail(
        &[("pod.yaml", &POD.replace("name: evil", "generateName: a-"))],
        "privileged",
    );
    both_fail(
        &[("pod.yaml", &POD.replace("kind: Pod", "kind: !!str Pod"))],
        "privileged",
    );
    for hidden in [
        POD.replace("  containers:", "  !!binary Y29udGFpbmVycw==:"),
        POD.replace("kind: Pod", "kind: !!binary UG9k"),
        POD.replace("kind:", "!!binary a2luZA==:"),
        POD.replace("kind: Pod", "kind: !<tag:yaml.org,2002:binary> UG9k"),
    ] {
        both_fail(&[("pod.yaml", &hidden)], "!!binary");
    }
    let data = "apiVersion: v1\nkind: ConfigMap\nbinaryData: {a: !!binary UG9k}\n";
    let here = repository(&[("a.yaml", data)]);
    assert_eq!(status_if_empty(here.path(), &CHECK), 0);
}

#[test]
fn a_kustomization_lists_files_of_any_name() {
    let listed = "resources: [pod.conf]\n";
    both_fail(
        &[("pod.conf", POD), ("kustomization.yaml", listed)],
        "privileged",
    );
}

#[test]
fn containers_of_every_kind_are_judged() {
    for list in ["initContainers", "ephemeralContainers"] {
        let text = format!(
            "{POD}  {list}: [{{name: b, image: nginx, securityContext: {{privileged: true}}}}]\n"
        )
        .replacen("    securityContext: {privileged: true}\n", "", 1);
        both_fail(&[("pod.yaml", &text)], "privileged");
        let only = POD.replace("containers:", &format!("{list}:"));
        both_fail(&[("pod.yaml", &only)], "privileged");
    }
    let without_image = POD.replace("    image: nginx:1.29\n", "");
    both_fail(&[("pod.yaml", &without_image)], "privileged");
    let workflow = "\
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: a-}
spec:
  templates: [{name: a, container: {image: nginx, securityContext: {privileged: true}}}]
";
    both_fail(&[("a.yaml", workflow)], "privileged");
}

#[test]
fn hidden_files_are_read() {
    for name in [".b.yaml", "..b.yaml", ".yaml", ".json", ".deploy/pod.yml"] {
        both_fail(&[(name, POD)], "privileged");
        let listed = format!("resources: ['{name}']\n");
        both_fail(
            &[(name, POD), ("kustomization.yaml", &listed)],
            "privileged",
        );
    }
    check_fails(
        &[(".devcontainer/docker-compose.yml", SERVICE)],
        "privileged",
    );
    check_fails(
        &[(".container", "[Container]\nImage=a\nUser=root\n")],
        "root",
    );
    for directory in [".git", ".hg", ".svn", ".jj"] {
        let here = repository(&[(&format!("{directory}/pod.yaml"), POD)]);
        assert_eq!(status_if_empty(here.path(), &CHECK), 0, "{directory}");
    }
}

#[test]
fn a_file_without_utf_8_is_never_skipped() {
    for name in ["a.yaml", "a.json", "a.container"] {
        let text = if name == "a.container" {
            "[Container]\nImage=a\n"
        } else {
            POD
        };
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [
            [&[0xff, 0xfe][..], &little].concat(),
            [&[0xfe, 0xff][..], &big].concat(),
            [text.as_bytes(), b"# \xe9\n"].concat(),
        ] {
            let here = repository(&[]);
            fs::write(here.path().join(name), bytes).unwrap();
            let mut gates = vec![&CHECK[..]];
            if name != "a.container" {
                gates.push(&POD_SECURITY);
            }
            for gate in gates {
                let (status, printed) = run(here.path(), &[gate, &["--allow-empty"]].concat());
                assert_eq!(status, 2, "{name} {gate:?}\n{printed}");
                assert!(printed.contains(name), "{printed}");
            }
        }
    }
}

#[test]
fn every_spelling_of_user_zero_is_root() {
    for user in ["0", "-0", "+0", "00", "-00", "-0:0", "-0:-0", "+0:1000"] {
        let service = format!("services: {{web: {{image: a, user: '{user}'}}}}\n");
        check_fails(&[("compose.yml", &service)], "root");
        let (uid, _) = user.split_once(':').unwrap_or((user, ""));
        let unit = format!("[Container]\nImage=a\nUser={uid}\n");
        check_fails(&[("a.container", &unit)], "root");
    }
}

#[test]
fn capabilities_of_kubernetes_have_no_prefix() {
    let pod = |capabilities: &str| POD.replace("privileged: true", capabilities);
    let here = repository(&[("a.yaml", &pod("capabilities: {drop: [CAP_ALL]}"))]);
    let (_, printed) = run(here.path(), &["--explain"]);
    assert!(!printed.contains("drops every capability"), "{printed}");
    for name in ["CAP_NET_BIND_SERVICE", "cap_chown"] {
        let text = pod(&format!("capabilities: {{drop: [ALL], add: [{name}]}}"));
        check_fails(&[("a.yaml", &text)], &name.to_uppercase());
    }
}

#[test]
fn files_that_a_project_takes_and_harden_does_not_read_are_unread() {
    let safe = "services: {web: {image: a, privileged: false}}\n";
    let extends = "services: {web: {image: a, extends: {file: ../../out.yml, service: b}}}\n";
    for path in [
        "../../outside.yml",
        "missing.yml",
        "https://example.com/a.git",
        "oci://example.com/a",
        "{path: [missing.yml]}",
    ] {
        let text = format!("include:\n- {path}\n{safe}");
        let here = repository(&[("compose.yml", &text)]);
        let (status, printed) = run(here.path(), &["--check", "--fail-on", "unread"]);
        assert_eq!(status, 1, "{path}\n{printed}");
        assert!(printed.contains("compose.yml:2:"), "{printed}");
    }
    for files in [
        &[("compose.yml", extends)][..],
        &[
            ("compose.yml", safe),
            (".env", "COMPOSE_FILE=compose.yml:prod.conf\n"),
            ("prod.conf", SERVICE),
        ],
        &[
            ("compose.yml", safe),
            (
                ".env",
                "COMPOSE_PATH_SEPARATOR=,\nCOMPOSE_FILE=compose.yml,prod.conf\n",
            ),
        ],
    ] {
        let here = repository(files);
        let (status, printed) = run(here.path(), &["--check", "--fail-on", "unread"]);
        assert_eq!(status, 1, "{files:?}\n{printed}");
    }
    let named = "include: [a.yml]\nservices: {web: {image: a, env_file: none.env}}\n";
    let here = repository(&[
        ("compose.yml", named),
        ("a.yml", "services: {b: {image: a}}\n"),
        (".env", "COMPOSE_FILE=compose.yml:a.yml\n"),
    ]);
    let (status, printed) = run(here.path(), &["--check", "--fail-on", "unread"]);
    assert_eq!(status, 0, "{printed}");
}

#[test]
fn drop_ins_of_a_unit_are_unread() {
    let unit = "[Container]\nImage=a\n";
    for directory in ["a-b.container.d", "a-.container.d", "container.d"] {
        let name = format!("{directory}/x.conf");
        let files = [
            ("a-b.container", unit),
            (&*name, "[Container]\nUser=root\n"),
        ];
        let here = repository(&files);
        let (status, printed) = run(here.path(), &["--check", "--fail-on", "unread"]);
        assert_eq!(status, 1, "{directory}\n{printed}");
        assert!(printed.contains("x.conf"), "{printed}");
    }
    let here = repository(&[("a-b.container", unit), ("c.container.d/x.conf", "")]);
    assert_eq!(run(here.path(), &["--check", "--fail-on", "unread"]).0, 0);
}

/// A Pod that both gates pass.
const HARD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: good}
spec:
  automountServiceAccountToken: false
  securityContext: {runAsNonRoot: true, runAsUser: 10001, seccompProfile: {type: RuntimeDefault}}
  containers:
  - name: a
    image: example.com/app:1.4
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities: {drop: [ALL]}
    resources: {limits: {memory: 64Mi, cpu: 100m}, requests: {memory: 64Mi, cpu: 100m}}
";

/// A repository with the hard Pod, this kustomization and these files.
fn kustomized(kustomization: &str, files: &[(&str, &str)]) -> TempDir {
    let here = repository(files);
    let text = format!("resources: [good.yaml]\n{kustomization}");
    write(
        here.path(),
        &[("good.yaml", HARD), ("kustomization.yaml", &text)],
    );
    here
}

#[track_caller]
fn both_leave_unread(kustomization: &str, files: &[(&str, &str)]) {
    let here = kustomized(kustomization, files);
    for gate in [&CHECK[..], &POD_SECURITY[..]] {
        let (status, printed) = run(here.path(), gate);
        assert_eq!(
            status, 1,
            "{gate:?} of {kustomization} {files:?}\n{printed}"
        );
        assert!(printed.contains("kustomization.yaml:"), "{printed}");
    }
}

#[track_caller]
fn both_pass(kustomization: &str, files: &[(&str, &str)]) {
    let here = kustomized(kustomization, files);
    // A container with an image is declined in a patch.
    for gate in [&["--check", "--fail-on", "findings"][..], &POD_SECURITY[..]] {
        let (status, printed) = run(here.path(), gate);
        assert_eq!(
            status, 0,
            "{gate:?} of {kustomization} {files:?}\n{printed}"
        );
    }
}

/// A strategic merge patch with this spec.
fn merge(spec: &str) -> String {
    format!("{{apiVersion: v1, kind: Pod, metadata: {{name: good}}, spec: {spec}}}\n")
}

#[test]
fn a_patch_that_may_weaken_a_pod_is_unread() {
    for spec in [
        "{hostPID: true}",
        "{hostUsers: true}",
        "{serviceAccountName: admin}",
        "{automountServiceAccountToken: true}",
        "{volumes: [{name: a, hostPath: {path: /}}]}",
        "null",
        "{$patch: replace, containers: [{name: a, image: b}]}",
        "{containers: [{$patch: replace}, {name: a}]}",
        "{containers: [{name: a, securityContext: {privileged: true}}]}",
        "{containers: [{name: a, securityContext: null}]}",
        "{containers: [{name: a, securityContext: ~}]}",
        "{containers: [{name: a, securityContext: }]}",
        "{containers: [{name: a, securityContext: {$patch: delete}}]}",
        "{containers: [{name: a, securityContext: {$patch: replace}}]}",
        "{containers: [{name: a, securityContext: {$retainKeys: [runAsUser]}}]}",
        "{containers: [{name: a, securityContext: {runAsNonRoot: null}}]}",
        "{containers: [{name: a, securityContext: {capabilities: {drop: []}}}]}",
        "{containers: [{name: a, securityContext: {capabilities: {$deleteFromPrimitiveList/drop: [ALL]}}}]}",
        "{containers: [{name: a, resources: null}]}",
        "{containers: [{name: a, resources: {limits: null}}]}",
        "{containers: [{name: new, image: b}]}",
        "{initContainers: [{name: new, image: b}]}",
        "{ephemeralContainers: [{name: a, image: b}]}",
        "{containers: [{name: a, ports: [{containerPort: 80, hostPort: 80}]}]}",
        "{<<: {hostPID: true}}",
    ] {
        let patch = merge(spec);
        let other = patch.replace("Pod", "q").replace("good", "z");
        let list = format!("{{apiVersion: v1, kind: List, items: [{}]}}", patch.trim());
        let inline = format!("  patch: |\n    {patch}");
        both_leave_unread(&format!("patches:\n-{}", &inline[1..]), &[]);
        both_leave_unread(
            &format!("patchesStrategicMerge:\n- |\n  {patch}  # b\n"),
            &[],
        );
        both_leave_unread("patches: [{path: p.txt}]\n", &[("p.txt", &patch)]);
        both_leave_unread("patchesStrategicMerge: [p.yaml]\n", &[("p.yaml", &list)]);
        both_leave_unread(
            "patches: [{target: {kind: Pod}, path: p.yaml}]\n",
            &[("p.yaml", &other)],
        );
        both_leave_unread(
            "components: [c]\n",
            &[(
                "c/kustomization.yaml",
                &format!(
                    "kind: Component\npatches:\n- target: {{kind: Pod}}\n  patch: |\n    {other}"
                ),
            )],
        );
    }
}

#[test]
fn operations_that_may_weaken_a_pod_are_unread() {
    for operation in [
        "{op: remove, path: /spec/containers/0/securityContext}",
        "{op: remove, path: /spec/containers/0/securityContext/capabilities/drop/0}",
        "{op: add, path: /spec/hostPID, value: true}",
        "{op: replace, path: /spec/containers/0/securityContext, value: {runAsNonRoot: true}}",
        "{op: add, path: /spec/containers/-, value: {name: b, image: c}}",
        "{op: add, path: /spec/volumes, value: [{name: a, hostPath: {path: /}}]}",
        "{op: remove, path: /spec/containers/0/resources}",
        "{op: move, from: /spec/containers/0/securityContext, path: /metadata/a}",
        "{op: copy, from: /metadata/labels/a, path: /spec/hostNetwork}",
        "{op: replace, path: /spec, value: {containers: []}}",
        "{op: replace, path: '', value: {}}",
        "{op: replace, path: /kind, value: Deployment}",
    ] {
        let listed = format!(
            "patches:\n- target: {{kind: Pod}}\n  patch: '[{}]'\n",
            operation.replace('\'', "\"")
        );
        both_leave_unread(&listed, &[]);
    }
}

#[test]
fn ordinary_overlays_pass() {
    // A Pod with an image is a complete object for Pod Security.
    let image = merge("{containers: [{name: a, image: 'example.com/app:1.5'}]}");
    let here = kustomized("patches: [{path: p.yaml}]\n", &[("p.yaml", &image)]);
    assert_eq!(run(here.path(), &["--check"]).0, 0);
    for spec in [
        "{containers: [{name: a, env: [{name: A, $patch: delete}], args: [b]}]}",
        "{containers: [{name: a, ports: [{containerPort: 80}], livenessProbe: null}]}",
        "{containers: [{name: a, resources: {limits: {memory: 128Mi}}}]}",
        "{containers: [{name: a, securityContext: {runAsNonRoot: true, runAsUser: 10002}}]}",
        "{volumes: [{name: a, emptyDir: {}}], nodeSelector: {a: b}}",
        "{automountServiceAccountToken: false}",
    ] {
        both_pass("patches: [{path: p.yaml}]\n", &[("p.yaml", &merge(spec))]);
    }
    for operation in [
        "{op: add, path: /spec/containers/0/env, value: [{name: A, value: b}]}",
        "{op: add, path: /metadata/labels, value: {a: b}}",
        "{op: replace, path: /spec/containers/0/resources/limits/memory, value: 128Mi}",
        "{op: test, path: /spec/hostPID, value: false}",
    ] {
        both_pass(
            "patches: [{target: {kind: Pod}, path: p.yaml}]\n",
            &[("p.yaml", &format!("[{operation}]"))],
        );
    }
    for other in [
        "namePrefix: a-\nreplicas: [{name: a, count: 2}]\ncommonLabels: {a: b}\n",
        "images: [{name: example.com/app, newTag: '2'}]\nconfigMapGenerator: []\n",
        "patches: []\ntransformers: []\n",
        "replacements:\n- source: {kind: A, name: b}\n  targets:\n  - select: {kind: Pod}\n    \
         fieldPaths: ['spec.containers.[name=a].image', metadata.namespace]\n",
    ] {
        both_pass(other, &[]);
    }
}

#[test]
fn what_a_kustomization_runs_is_unread() {
    for key in [
        "transformers: [a.yaml]",
        "generators: [a.yaml]",
        "validators: [a.yaml]",
        "configurations: [a.yaml]",
        "helmCharts: [{name: a}]",
        "helmChartInflationGenerator: [{chartName: a}]",
        "crds: [a.yaml]",
        "openapi: {path: a.json}",
        "replacements: [{path: a.yaml}]",
        "replacements: [{source: {kind: A}, targets: [{select: {kind: Pod}, fieldPaths: [spec.hostPID]}]}]",
        "replacements: [{targets: [{fieldPaths: ['spec.containers.[name=a.b].securityContext']}]}]",
        "labels: [{pairs: {a: b}, fields: [{path: spec/hostPID, create: true}]}]",
        "Patches: [{path: good.yaml}]",
        "RESOURCES: [a.yaml]",
        "patches: [{<<: {patch: 'spec: {hostPID: true}'}}]",
        "patches: [{Path: good.yaml}]",
        "bases: ['https://example.com/a.yaml']",
        "bases: ['github.com/a/b//c?ref=d']",
        "components: [missing]",
        "bases: [/proc/self/environ]",
        "bases: [../../outside.yaml]",
        "patches: [{path: missing.yaml}]",
    ] {
        both_leave_unread(&format!("{key}\n"), &[("a.txt", "")]);
    }
}

#[test]
fn a_pipe_in_a_kustomization_is_unread_and_not_opened() {
    let here = kustomized("patches: [{path: pipe}]\nbases: [pipe]\n", &[]);
    let made = std::process::Command::new("mkfifo")
        .arg(here.path().join("pipe"))
        .status();
    assert!(made.unwrap().success());
    for gate in [&CHECK[..], &POD_SECURITY[..]] {
        let (status, printed) = run(here.path(), gate);
        assert_eq!(status, 1, "{printed}");
        assert!(printed.contains("pipe"), "{printed}");
    }
}

#[test]
fn a_separator_that_only_kubectl_sees_is_unread() {
    for space in ["\u{a0}", "\u{3000}", "\u{1680}", "\u{2002}"] {
        let hidden = format!("data: {{a: \"x\n---{space}\n{POD}---{space}\n\"}}\n");
        let map = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\n{hidden}");
        let pod = format!("{HARD}{hidden}");
        for text in [map, pod] {
            let files = [("good.yaml", HARD), ("other.yaml", &text)];
            both_fail(&files, "Unicode");
        }
    }
}

#[test]
fn a_limit_and_json_are_no_template() {
    let deep = format!(
        "# {{{{ x }}}}\n{POD}a: {}{}\n",
        "[".repeat(1500),
        "]".repeat(1500)
    );
    let json = "{\"a\": \"{{ x }}\"}\
        {\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"spec\":{\"containers\":[{\"image\":\"a\"}]}}";
    for (name, text) in [
        ("templates/pod.yaml", deep.as_str()),
        ("templates/pod.json", json),
        ("templates/pod.yaml", json),
    ] {
        let here = repository(&[("Chart.yaml", "name: x\n"), (name, text)]);
        for gate in [&CHECK[..], &POD_SECURITY[..]] {
            assert_ne!(status_if_empty(here.path(), gate), 0, "{gate:?} {name}");
        }
    }
}

#[test]
fn an_overlay_of_harden_passes_until_somebody_changes_it() {
    let object = |kind: &str| {
        format!(
            "{kind}\nmetadata: {{name: web}}\nspec:\n  selector: {{matchLabels: {{a: b}}}}\n  \
             template:\n    metadata: {{labels: {{a: b}}}}\n    spec:\n      containers:\n      - \
             name: web\n        image: nginx:1.27\n        ports: [{{containerPort: 80}}]\n"
        )
    };
    for kind in [
        "apiVersion: apps/v1\nkind: Deployment",
        "apiVersion: apps.kruise.io/v1alpha1\nkind: DaemonSet",
    ] {
        let here = repository(&[("web.yaml", &object(kind))]);
        let (status, printed) = run(here.path(), &["--overlay", "--write", "."]);
        assert_eq!(status, 0, "{printed}");
        let patch = here.path().join("harden-patch.yaml");
        let first = fs::read_to_string(&patch).unwrap();
        run(here.path(), &["--overlay", "--write", "."]);
        assert_eq!(fs::read_to_string(&patch).unwrap(), first);
        for gate in [&["--overlay", "--check", "."][..], &["--check", "."]] {
            let (status, printed) = run(here.path(), gate);
            assert_eq!(status, 0, "{gate:?}\n{printed}");
        }
        let weak = first.replace("readOnlyRootFilesystem: true", "privileged: true");
        assert_ne!(weak, first);
        fs::write(&patch, weak).unwrap();
        for gate in [&["--overlay", "--check", "."][..], &["--check", "."]] {
            assert_eq!(run(here.path(), gate).0, 1, "{gate:?}");
        }
    }
}
