//! Recognizes manifests, and reads their containers.

use harden::container::{
    Container, Id, MountSource, Network, Observed, Origin, Role, Setting, User, Via,
};
use harden::project::{Format, NotOurs};

use super::{PATCH, WINDOWS, pod, read, recognise, testdata};
use crate::support::shared::shared;

#[test]
fn every_kind_that_makes_pods_is_read() {
    let text = testdata("kinds.yaml");
    let names = read(&[&text], |_, members| {
        members
            .iter()
            .map(|member| member.container.workload.clone())
            .collect::<Vec<_>>()
    });
    assert_eq!(
        names,
        [
            "Pod/bare",
            "PodTemplate/template",
            "shop/Deployment/web",
            "Deployment/old",
            "StatefulSet/store",
            "DaemonSet/agent",
            "ReplicaSet/set",
            "ReplicationController/controller",
            "Job/once-",
            "CronJob/nightly",
            "Deployment/of-another-group",
        ]
    );
}

#[test]
fn lists_and_json_are_read() {
    let text = testdata("list.json");
    assert_eq!(recognise(&text), Ok(Format::KUBERNETES));
    read(&[&text], |_, members| {
        let workloads: Vec<&str> = members
            .iter()
            .map(|member| member.container.workload.as_str())
            .collect();
        assert_eq!(workloads, ["Deployment/web", "Pod/typed"]);
    });
}

#[test]
fn roles_follow_the_list_and_the_restart_policy() {
    container_by("everything.yaml", |find| {
        assert_eq!(find("prepare").role, Role::Init);
        assert_eq!(find("proxy").role, Role::Sidecar);
        assert_eq!(find("store").role, Role::Main);
        assert_eq!(find("debugger").role, Role::Ephemeral);
        assert!(!find("debugger").memory_limit.is_supported());
        assert_eq!(find("prepare").group, find("store").group);
    });
}

#[test]
fn a_container_inherits_from_its_pod_and_overrules_it() {
    container_by("everything.yaml", |find| {
        let store = find("store");
        let user = store.user.judged().expect("the pod's user");
        assert_eq!(user.user, Id::Number(1000));
        assert_eq!(user.group, Some(Id::Number(3000)));
        assert_eq!(via(&store.user), Some(Via::Pod));
        assert_eq!(via(&store.require_non_root), Some(Via::Pod));
        assert_eq!(
            store.seccomp.judged().map(String::as_str),
            Some("RuntimeDefault")
        );
        assert_eq!(store.volume_group.judged(), Some(&2000));
        assert_eq!(store.unprivileged_port_start.judged(), Some(&80));
        assert_eq!(store.sysctls.len(), 2);
        assert_eq!(store.user_namespace.judged(), Some(&true));
        assert_eq!(store.service_account_token.judged(), Some(&false));

        let prepare = find("prepare");
        assert!(prepare.user.judged().is_some_and(User::is_root));
        assert_eq!(via(&prepare.user), Some(Via::Own));
    });
}

#[test]
fn the_parts_of_a_container_are_read() {
    container_by("everything.yaml", |find| {
        let store = find("store");
        assert_eq!(store.no_new_privileges.judged(), Some(&true));
        assert_eq!(store.read_only_root.judged(), Some(&true), "YAML 1.1: yes");
        assert!(
            matches!(&store.privileged, Setting::Unreadable { text, .. } if text == "true"),
            "the API refuses a quoted boolean"
        );
        assert_eq!(store.memory_limit.judged(), Some(&(3 << 29)));
        assert_eq!(store.memory_request.judged(), Some(&1_000_000_000));
        assert_eq!(store.cpu_limit.judged(), Some(&500));
        assert_eq!(store.cpu_request.judged(), Some(&100));
        assert!(store.accelerated);
        assert_eq!(store.devices, ["/dev/block", "nvidia.com/gpu"]);
        assert_eq!(
            store.capabilities_added.judged(),
            Some(&vec!["NET_ADMIN".to_owned(), "CAP_CHOWN".to_owned()])
        );
        assert_eq!(
            store.entrypoint.as_deref(),
            Some(&["/bin/store".to_owned()][..])
        );
        assert_eq!(
            store.arguments.as_deref(),
            Some(&["--port".to_owned(), "443".to_owned()][..])
        );
        assert_eq!(store.hooks, [["store", "stop"]]);
        assert_eq!(store.probes, [["store", "ping"]]);
        assert_eq!(
            store.environment.iter().collect::<Vec<_>>(),
            [
                ("MODE", Some("production")),
                ("EMPTY", Some("")),
                ("PASSWORD", None),
            ]
        );
        assert!(store.environment_elsewhere);
        assert_eq!(store.ports, [443, 8080]);
        assert_eq!(
            store
                .host_ports
                .iter()
                .map(|port| port.port)
                .collect::<Vec<_>>(),
            [443, 8080],
            "on the host's network each port is the host's"
        );
        assert_eq!(store.network, Network::Host);
        assert_eq!(
            store
                .host_namespaces
                .iter()
                .map(|one| one.name)
                .collect::<Vec<_>>(),
            ["pid"]
        );
    });
}

#[test]
fn mounts_are_joined_with_volumes() {
    container_by("everything.yaml", |find| {
        let store = find("store");
        let source = |path| {
            let mount = store.mount_at(path).expect("a mount");
            (mount.source.clone(), mount.read_only)
        };
        assert_eq!(source("/data"), (MountSource::Claim("data".into()), false));
        assert_eq!(
            source("/logs"),
            (MountSource::Host("/var/log".into()), true)
        );
        assert_eq!(source("/tmp"), (MountSource::Scratch, false));
        assert_eq!(source("/etc/store"), (MountSource::Content, true));
        assert_eq!(
            source("/shared"),
            (MountSource::Claim("shared".into()), true)
        );
        assert_eq!(source("/made"), (MountSource::Claim("made".into()), false));
        assert_eq!(source("/net"), (MountSource::Other("nfs".into()), false));
        assert_eq!(source("/bare"), (MountSource::Scratch, false));
        assert!(matches!(source("/missing").0, MountSource::Other(_)));
        assert_eq!(store.shared_memory, Some(256 << 20));
        let observed: Vec<&Observed> = store.observations.iter().map(|seen| &seen.what).collect();
        let made = Observed::SubPathMadeByKubelet {
            volume: "data".to_owned(),
            path: "store".to_owned(),
        };
        assert_eq!(observed, [&made]);
    });
}

#[test]
fn an_autoscaler_in_any_file_prevents_changes_of_resources() {
    let texts = [testdata("workloads.yaml"), testdata("autoscaled.yaml")];
    read(&[&texts[0], &texts[1]], |_, members| {
        let found: Vec<_> = members
            .iter()
            .map(|member| member.container.autoscaler.as_deref())
            .collect();
        assert_eq!(
            found,
            [
                Some("HorizontalPodAutoscaler/scaler"),
                Some("ScaledObject/queue"),
                None,
                None,
            ],
            "the third is in another namespace, the fourth of another kind"
        );
    });
}

#[test]
fn pods_for_windows_are_known_by_their_system_or_their_node() {
    for os in WINDOWS {
        read(&[&pod("{name: c, image: a}", os)], |_, members| {
            let container = &members[0].container;
            assert!(container.windows, "{os}");
            assert!(!container.user.is_supported());
            assert!(!container.read_only_root.is_supported());
            assert!(container.require_non_root.is_absent());
            assert!(container.memory_limit.is_absent());
        });
    }
}

#[test]
fn merged_values_are_read_with_their_anchor() {
    let text = "\
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers:
  - name: a
    image: x
    securityContext: &strict
      runAsUser: 7
      privileged: true
  - name: b
    image: x
    securityContext:
      privileged: false
      <<: *strict
";
    read(&[text], |_, members| {
        let b = &members[1].container;
        assert_eq!(via(&b.user), Some(Via::Merge("strict".to_owned())));
        assert_eq!(
            b.privileged.judged(),
            Some(&true),
            "the merged value wins over one before it"
        );
    });
}

#[test]
fn values_of_the_wrong_type_are_unreadable_and_null_is_absent() {
    let text = pod(
        "{name: c, image: a, securityContext: {runAsUser: -1, runAsNonRoot: 'true', \
         readOnlyRootFilesystem: ~, allowPrivilegeEscalation: '${ESCALATE:-false}'}, \
         resources: {limits: {memory: 512MB, cpu: [1]}}}",
        "",
    );
    read(&[&text], |_, members| {
        let container = &members[0].container;
        assert!(matches!(&container.user, Setting::Unreadable { text, .. } if text == "-1"));
        assert!(matches!(
            container.require_non_root,
            Setting::Unreadable { .. }
        ));
        assert!(container.read_only_root.is_absent());
        assert!(matches!(
            container.no_new_privileges,
            Setting::Variable { .. }
        ));
        assert!(matches!(container.memory_limit, Setting::Unreadable { .. }));
        assert!(matches!(container.cpu_limit, Setting::Unreadable { .. }));
    });
}

#[test]
fn a_patch_next_to_whole_objects_is_recognized() {
    assert_eq!(recognise(PATCH), Err(NotOurs::Patch));
    let text = format!("{}---\n{PATCH}", pod("{name: c, image: a}", ""));
    assert_eq!(recognise(&text), Ok(Format::KUBERNETES));
    read(&[&text], |_, members| {
        assert_eq!(members[0].container.incomplete, None);
        assert!(members[1].container.incomplete.is_some());
    });
}

#[test]
fn other_files_are_not_changed_and_have_a_reason() {
    let whole = pod("{name: c, image: a}", "");
    for (text, reason) in [
        ("", NotOurs::Empty),
        ("---\n---\n# nothing\n", NotOurs::Empty),
        ("a: 1\n", NotOurs::OtherYaml),
        ("kind: Pod\nspec: {}\n", NotOurs::OtherYaml),
        (
            "apiVersion: v1\nkind: ConfigMap\ndata: {a: '{{ x }}'}\n",
            NotOurs::NoPods,
        ),
        ("apiVersion: v1\nkind: List\nitems: []\n", NotOurs::NoPods),
        (
            "apiVersion: example.com/v1\nkind: Pod\nspec: {}\n",
            NotOurs::NoPods,
        ),
        ("- {op: add, path: /spec/x, value: 1}\n", NotOurs::Patch),
        (
            "apiVersion: apps/v1\nkind: Deployment\n$patch: delete\nmetadata: {name: x}\n",
            NotOurs::Patch,
        ),
        (
            &whole.replace("image: a", "image: {{ a }}"),
            NotOurs::Braces,
        ),
    ] {
        assert_eq!(recognise(text), Err(reason), "{text}");
    }
}

#[test]
fn braces_for_a_program_in_the_pod_are_no_template() {
    let text = pod("{name: c, image: a, args: ['--format={{.Name}}']}", "");
    assert_eq!(recognise(&text), Ok(Format::KUBERNETES));
}

#[test]
fn aliases_cannot_make_reading_expensive() {
    use std::fmt::Write;
    let mut text = String::from("apiVersion: v1\nkind: List\nbig: &big\n");
    for index in 0..3_000 {
        let _ = writeln!(text, "- {{name: c{index}, image: a}}");
    }
    text.push_str("items:\n");
    for index in 0..3_000 {
        let _ = writeln!(
            text,
            "- {{apiVersion: v1, kind: Pod, metadata: {{name: p{index}}}, spec: {{containers: *big}}}}"
        );
    }
    let count = read(&[&text], |_, members| members.len());
    assert!(
        count < 100_000,
        "{count} containers of {} bytes",
        text.len()
    );
}

#[test]
fn the_pods_of_the_pod_security_tests_are_read() {
    let Some(folder) = shared("psa/pods") else {
        return;
    };
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("the folder of pods") {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("a pod");
        assert_eq!(
            recognise(&text),
            Ok(Format::KUBERNETES),
            "{}",
            path.display()
        );
        read(&[&text], |_, members| {
            assert!(!members.is_empty(), "{}", path.display());
            for member in members {
                let container = &member.container;
                assert!(container.image.is_some(), "{}", path.display());
                assert_eq!(container.incomplete, None, "{}", path.display());
                assert!(!matches!(container.user, Setting::Unreadable { .. }));
                assert!(!matches!(
                    container.require_non_root,
                    Setting::Unreadable { .. }
                ));
                assert!(!matches!(
                    container.no_new_privileges,
                    Setting::Unreadable { .. }
                ));
                assert!(!matches!(container.privileged, Setting::Unreadable { .. }));
            }
        });
        count += 1;
    }
    assert_eq!(count, 380);
}

fn container_by(file: &str, look: impl FnOnce(&dyn Fn(&str) -> Container)) {
    let text = testdata(file);
    read(&[&text], |_, members| {
        look(&|name| {
            members
                .iter()
                .map(|member| &member.container)
                .find(|container| container.name == name)
                .cloned()
                .expect("a container of this name")
        });
    });
}

fn via<T>(setting: &Setting<T>) -> Option<Via> {
    match setting {
        Setting::Set {
            origin: Origin { via, .. },
            ..
        } => Some(via.clone()),
        _ => None,
    }
}
