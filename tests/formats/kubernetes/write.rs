//! How assignments are written to a manifest, and which are refused.

use harden::container::{Assignment, Id, Scratch};
use harden::dialect::Unwritable;
use harden::project::File;
use harden::syntax::Editor;

use super::{PATCH, WINDOWS, pod, project, read, testdata};

#[test]
fn everything_is_written_in_its_place_and_merged() {
    let text = testdata("shared-pod.yaml");
    let (after, paths) = written(
        &text,
        &[
            (0, USER),
            (0, Assignment::RequireNonRoot),
            (0, Assignment::NoNewPrivileges),
            (0, Assignment::MemoryLimit(512 << 20)),
            (0, Assignment::MemoryRequest(64 << 20)),
            (0, Assignment::CpuLimit(1_000)),
            (0, Assignment::CpuRequest(50)),
            (0, Assignment::ReadOnlyRoot),
            (0, scratch("/tmp", 64 << 20)),
            (0, scratch("/run", 1 << 20)),
            (1, scratch("/tmp", 64 << 20)),
            (1, Assignment::VolumeGroup(10_001)),
            (1, Assignment::UnprivilegedPortStart(80)),
        ],
    );
    assert_eq!(
        paths.concat(),
        [
            "spec.containers[web].securityContext.runAsUser",
            "spec.containers[web].securityContext.runAsGroup",
            "spec.containers[web].securityContext.runAsNonRoot",
            "spec.containers[web].securityContext.allowPrivilegeEscalation",
            "spec.containers[web].resources.limits.memory",
            "spec.containers[web].resources.requests.memory",
            "spec.containers[web].resources.limits.cpu",
            "spec.containers[web].resources.requests.cpu",
            "spec.containers[web].securityContext.readOnlyRootFilesystem",
            "spec.volumes",
            "spec.containers[web].volumeMounts",
            "spec.volumes",
            "spec.containers[web].volumeMounts",
            "spec.volumes",
            "spec.containers[app].volumeMounts",
            "spec.securityContext.fsGroup",
            "spec.securityContext.fsGroupChangePolicy",
            "spec.securityContext.sysctls",
        ]
    );
    let expected = testdata("shared-pod.hardened.yaml");
    assert_eq!(after, expected);
}

#[test]
fn an_item_of_a_list_is_written_as_json() {
    let (after, paths) = written(&testdata("list.json"), &[(0, Assignment::RequireNonRoot)]);
    assert_eq!(
        paths,
        [["items[1].spec.template.spec.containers[web].securityContext.runAsNonRoot"]]
    );
    read(&[&after], |_, members| {
        assert_eq!(members.len(), 2);
        assert_eq!(members[0].container.require_non_root.judged(), Some(&true));
    });
}

#[test]
fn a_written_group_is_kept() {
    let text = pod("{name: c, image: a, securityContext: {runAsGroup: 0}}", "");
    let (after, _) = written(&text, &[(0, USER)]);
    read(&[&after], |_, members| {
        let user = members[0].container.user.judged().cloned();
        assert_eq!(user.and_then(|user| user.group), Some(Id::Number(0)));
    });
}

#[test]
fn values_that_the_api_refuses_are_not_written() {
    let refused = |text: &str, assignment: Assignment| {
        let answer = lower(text, &[(0, assignment)]).map(|(after, _)| after);
        assert!(
            matches!(answer, Err(Unwritable::Because(_))),
            "{text}\n{answer:?}"
        );
    };
    let with = |security: &str| {
        pod(
            &format!("{{name: c, image: a, securityContext: {security}}}"),
            "",
        )
    };
    refused(&with("{privileged: true}"), Assignment::NoNewPrivileges);
    refused(
        &with("{capabilities: {add: [CAP_SYS_ADMIN]}}"),
        Assignment::NoNewPrivileges,
    );
    refused(
        &with("{privileged: '${DEBUG}'}"),
        Assignment::NoNewPrivileges,
    );
    refused(&with("{runAsUser: 0}"), Assignment::RequireNonRoot);

    let mounts = "{name: c, image: a, volumeMounts: [{name: t, mountPath: /tmp/}], volumeDevices: [{name: d, devicePath: /dev/x}]}";
    refused(
        &pod(mounts, "volumes: [{name: t, emptyDir: {}}]"),
        scratch("/tmp", 1),
    );
    refused(&pod(mounts, ""), scratch("/dev/x", 1));
    refused(&pod(mounts, ""), scratch("/a:b", 1));

    let resources = "{name: c, image: a, resources: {requests: {memory: 1Gi}, limits: {cpu: 10m}}}";
    refused(&pod(resources, ""), Assignment::MemoryLimit(512 << 20));
    refused(&pod(resources, ""), Assignment::CpuRequest(50));

    let plain = "{name: c, image: a}";
    refused(
        &pod(plain, "hostNetwork: true"),
        Assignment::UnprivilegedPortStart(80),
    );
    refused(
        &pod(
            plain,
            "securityContext: {sysctls: [{name: net.ipv4.ip_unprivileged_port_start, value: '0'}]}",
        ),
        Assignment::UnprivilegedPortStart(80),
    );
}

#[test]
fn pods_for_windows_get_only_settings_of_windows() {
    for os in WINDOWS {
        let text = pod("{name: c, image: a}", os);
        for assignment in [
            USER,
            Assignment::NoNewPrivileges,
            Assignment::ReadOnlyRoot,
            scratch("/tmp", 1),
            Assignment::VolumeGroup(1),
            Assignment::UnprivilegedPortStart(80),
        ] {
            assert!(lower(&text, &[(0, assignment)]).is_err());
        }
        assert!(lower(&text, &[(0, Assignment::RequireNonRoot)]).is_ok());
        assert!(lower(&text, &[(0, Assignment::MemoryLimit(1 << 30))]).is_ok());
    }
}

#[test]
fn a_patch_next_to_whole_objects_is_not_written() {
    let text = format!("{}---\n{PATCH}", pod("{name: c, image: a}", ""));
    assert!(lower(&text, &[(0, Assignment::RequireNonRoot)]).is_ok());
    assert!(lower(&text, &[(1, Assignment::RequireNonRoot)]).is_err());
}

#[test]
fn the_capability_without_its_prefix_is_no_objection() {
    let text = pod(
        "{name: c, image: a, securityContext: {capabilities: {add: [SYS_ADMIN]}}}",
        "",
    );
    assert!(lower(&text, &[(0, Assignment::NoNewPrivileges)]).is_ok());
}

#[test]
fn volume_names_avoid_claim_templates_and_each_other() {
    let text = "\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: s}
spec:
  volumeClaimTemplates:
  - metadata: {name: a-b-c}
  template:
    spec:
      containers:
      - {name: a, image: x}
      - {name: a-b, image: x}
";
    let (after, _) = written(
        text,
        &[
            (0, scratch("/b/c", 1)),
            (1, scratch("/c", 1)),
            (1, scratch("/b", 1)),
        ],
    );
    for name in ["name: a-b-c-2", "name: a-b-c-3", "name: a-b-b"] {
        assert_eq!(after.matches(name).count(), 2, "{name} in\n{after}");
    }
}

#[test]
fn the_same_volume_twice_has_one_name() {
    let text = pod("{name: c, image: a}", "");
    project(&[&text], |files, members| {
        let mut editors = editors(files);
        let lower = |editors: &mut [Editor<'_, '_>]| {
            let member = &members[0];
            member
                .site
                .lower(&scratch("/tmp", 1), &member.container, files, editors)
        };
        let before = editors[0].checkpoint();
        assert!(lower(&mut editors).is_ok());
        editors[0].rollback(before);
        assert!(lower(&mut editors).is_ok());
        let after = finish(editors, &text);
        assert_eq!(after.matches("c-tmp").count(), 2, "{after}");
        assert!(!after.contains("c-tmp-2"), "{after}");
    });
}

const USER: Assignment = Assignment::User {
    uid: 10_001,
    gid: Some(10_001),
};

fn scratch(path: &str, size: u64) -> Assignment {
    Assignment::Scratch(Scratch {
        path: path.to_owned(),
        size,
        owner: None,
        mode: None,
        exec: false,
    })
}

fn editors<'t, 's>(files: &'t [File<'s>]) -> Vec<Editor<'t, 's>> {
    files
        .iter()
        .map(|file| Editor::new(&file.tree, file.format.schema()))
        .collect()
}

fn finish(editors: Vec<Editor<'_, '_>>, text: &str) -> String {
    let editor = editors.into_iter().next().expect("one editor a file");
    editor.finish().apply(text)
}

/// Writes each assignment to the container at its index, and returns the text and the paths.
fn lower(
    text: &str,
    assignments: &[(usize, Assignment)],
) -> Result<(String, Vec<Vec<String>>), Unwritable> {
    project(&[text], |files, mut members| {
        let mut editors = editors(files);
        let mut paths = Vec::new();
        for (index, assignment) in assignments {
            let member = &mut members[*index];
            paths.push(
                member
                    .site
                    .lower(assignment, &member.container, files, &mut editors)?,
            );
            member.container.apply(assignment);
        }
        Ok((finish(editors, text), paths))
    })
}

fn written(text: &str, assignments: &[(usize, Assignment)]) -> (String, Vec<Vec<String>>) {
    let (after, paths) = lower(text, assignments).expect("assignments that can be written");
    (after, paths)
}
