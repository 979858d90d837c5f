//! Overlays: their content, and the result that the consumer merges.

use std::collections::BTreeMap;
use std::path::Path;

use harden::engine::EngineError;
use harden::engine::outcome::{Change, FileOutcome, Outcome, Report};
use harden::overlay::{self, Extent, OVERLAY_MARK, Overlaid, OverlayError};
use harden::report::words::sentence;

use crate::support::memory_files::MemoryFiles;
use crate::support::run::{Setup as _, only};

/// The files of one directory, hardened with an overlay by these transforms.
fn overlaid(files: &[(&str, &str)], ids: &[&str], asked: bool) -> Overlaid {
    let report = hardened(files, ids, asked);
    overlay::overlay(report, Extent::All, &MemoryFiles::new(files))
}

/// The report of a run over one directory, before changes move to an overlay.
fn hardened(files: &[(&str, &str)], ids: &[&str], asked: bool) -> Report {
    let run = only(ids);
    let run = if asked { run.overriding() } else { run };
    run.files(files)
}

/// Why the overlay of a file was not written.
fn overlay_error(outcome: &FileOutcome) -> Option<&OverlayError> {
    match outcome {
        FileOutcome::Failed(EngineError::AfterPass(error)) => {
            let error: &dyn std::error::Error = &**error;
            error.downcast_ref()
        }
        _ => None,
    }
}

/// The text of a file that the overlay writes, without its first line.
fn written<'o>(overlaid: &'o Overlaid, path: &str) -> &'o str {
    let files = &overlaid.report.files;
    let file = files.iter().find(|file| file.path == Path::new(path));
    match file.map(|file| &file.outcome) {
        Some(FileOutcome::Created(text) | FileOutcome::Changed(Change { text, .. })) => {
            text.strip_prefix(OVERLAY_MARK).unwrap().trim_start()
        }
        other => panic!("{path}: {other:?}"),
    }
}

#[test]
fn lists_gain_items_and_keep_those_they_have() {
    let base = "services:\n  web:\n    image: nginx\n    cap_drop: [NET_RAW]\n    tmpfs: /x\n    security_opt: &o\n      - label:disable\n";
    let overlaid = overlaid(
        &[("compose.yml", base)],
        &["no-new-privileges", "drop-capabilities"],
        false,
    );
    assert_eq!(
        written(&overlaid, "compose.harden.yml"),
        "services:\n  web:\n    cap_drop:\n      - ALL\n    security_opt:\n      - no-new-privileges:true\n    cap_add:\n      - CHOWN\n      - SETGID\n      - SETUID\n"
    );
    assert_eq!(
        overlaid.commands,
        ["docker compose -f compose.yml -f compose.harden.yml up"]
    );
}

#[test]
fn removals_use_the_tags_of_compose() {
    let base = "services:\n  web:\n    image: nginx\n    pid: host\n    security_opt: [\"no-new-privileges:false\", \"label:disable\"]\n";
    let overlaid = overlaid(
        &[("compose.yaml", base)],
        &["no-new-privileges", "host-namespaces"],
        true,
    );
    assert_eq!(
        written(&overlaid, "compose.harden.yaml"),
        "services:\n  web:\n    security_opt: !override\n      - label:disable\n      - no-new-privileges:true\n    pid: !reset null\n"
    );
}

#[test]
fn an_overlay_repeats_the_change_of_a_base_for_its_heirs() {
    let base = "services:\n  test:\n    image: x\n  b:\n    extends: {service: test}\n";
    let common = "services:\n  c:\n    image: y\n";
    let user = "services:\n  d:\n    image: z\n    extends: {file: ./common.yml, service: c}\n";
    let files = [
        ("compose.yml", base),
        ("common.yml", common),
        ("user.yml", user),
    ];
    let overlaid = overlaid(&files, &["no-new-privileges"], false);
    let option = "    security_opt:\n      - no-new-privileges:true\n";
    assert_eq!(
        written(&overlaid, "compose.harden.yml"),
        format!("services:\n  test:\n{option}  b:\n{option}")
    );
    assert_eq!(
        written(&overlaid, "user.harden.yml"),
        format!("services:\n  d:\n{option}")
    );
}

#[test]
fn an_override_is_named_between_base_and_overlay() {
    let files = [
        (
            "compose.override.yml",
            "services:\n  db:\n    image: postgres\n",
        ),
        ("compose.yml", "services:\n  web:\n    image: nginx\n"),
    ];
    let overlaid = overlaid(&files, &["no-new-privileges"], false);
    let option = "    security_opt:\n      - no-new-privileges:true\n";
    assert_eq!(
        written(&overlaid, "compose.harden.yml"),
        format!("services:\n  web:\n{option}  db:\n{option}")
    );
    assert_eq!(
        overlaid.commands,
        ["docker compose -f compose.yml -f compose.override.yml -f compose.harden.yml up"]
    );
}

#[test]
fn a_second_run_has_nothing_to_do() {
    let base = "services:\n  web:\n    image: nginx\n";
    let first = overlaid(&[("compose.yml", base)], &["no-new-privileges"], false);
    let text = format!("{OVERLAY_MARK}\n{}", written(&first, "compose.harden.yml"));
    let files = [("compose.harden.yml", text.as_str()), ("compose.yml", base)];
    let second = overlaid(&files, &["no-new-privileges"], false);
    for file in &second.report.files {
        let is_left = matches!(
            file.outcome,
            FileOutcome::NotOurs(_) | FileOutcome::Unchanged
        );
        assert!(is_left, "{file:?}");
    }
    let row = &second.report.containers[0].rows[0];
    assert!(matches!(row.outcome, Outcome::Hardened));
    assert_eq!(
        sentence(&row.reason),
        "The overlay `compose.harden.yml` sets it."
    );
}

#[test]
fn aliases_that_multiply_are_an_error() {
    // A small file with so many aliases is refused before.
    let long = format!("# {}\n", "x".repeat(6 << 20));
    let mut lines = vec![long, "x-0: &x0 [a, a, a, a, a, a, a, a]\n".to_owned()];
    for level in 1..7 {
        let items = vec![format!("*x{}", level - 1); 8].join(", ");
        lines.push(format!("x-{level}: &x{level} [{items}]\n"));
    }
    lines.push("services:\n  web:\n    image: nginx\n    labels: *x6\n".to_owned());
    let base = lines.concat();
    let overlaid = overlaid(&[("compose.yml", &base)], &["no-new-privileges"], false);
    let outcome = &overlaid.report.files[0].outcome;
    assert!(
        matches!(overlay_error(outcome), Some(OverlayError::TooManyAliases)),
        "{outcome:?}"
    );
    assert_eq!(overlaid.report.files.len(), 1);
}

/// A workload with these lines in its only container.
fn workload(version: &str, kind: &str, name: &str, lines: &str) -> String {
    format!(
        "apiVersion: {version}\nkind: {kind}\nmetadata:\n  name: {name}\nspec:\n  template:\n    spec:\n      containers:\n        - name: c\n          image: nginx\n{lines}"
    )
}

/// The files on disk after the report is written.
fn after(files: &[(&str, &str)], overlaid: &Overlaid) -> Vec<(String, String)> {
    let mut disk: BTreeMap<String, String> = files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect();
    for file in &overlaid.report.files {
        if let FileOutcome::Created(text) | FileOutcome::Changed(Change { text, .. }) =
            &file.outcome
        {
            disk.insert(file.path.display().to_string(), text.clone());
        }
    }
    disk.into_iter().collect()
}

fn borrowed(files: &[(String, String)]) -> Vec<(&str, &str)> {
    files
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect()
}

fn declined(overlaid: &Overlaid) -> Vec<String> {
    let results = overlaid.report.containers.iter().flat_map(|one| &one.rows);
    results
        .filter_map(|result| match &result.outcome {
            Outcome::Declined => Some(sentence(&result.reason)),
            _ => None,
        })
        .collect()
}

#[test]
fn files_of_a_directory_share_a_patch_in_a_stable_order() {
    let (b, a) = (
        workload("apps/v1", "Deployment", "a", ""),
        workload("apps/v1", "Deployment", "b", ""),
    );
    let ids = &["no-new-privileges"];
    let one = overlaid(&[("d/1.yaml", &a), ("d/2.yaml", &b)], ids, false);
    let other = overlaid(&[("d/1.yaml", &b), ("d/2.yaml", &a)], ids, false);
    let text = written(&one, "d/harden-patch.yaml");
    assert_eq!(text, written(&other, "d/harden-patch.yaml"));
    assert_eq!(text.matches("---\n").count(), 1);
    assert!(text.find("name: a\n") < text.find("name: b\n"), "{text}");
    assert_eq!(one.commands, ["kubectl apply -k d"]);
}

#[test]
fn keys_are_removed_by_null_and_items_by_their_key() {
    let lines = "          securityContext:\n            allowPrivilegeEscalation: true\n            privileged: true\n";
    let base = workload("apps/v1", "Deployment", "w", lines);
    let overlaid = overlaid(&[("w.yaml", &base)], &["privileged"], true);
    let text = written(&overlaid, "harden-patch.yaml");
    assert!(
        text.contains("privileged: false\n") || text.contains("privileged: null\n"),
        "{text}"
    );
}

#[test]
fn the_lists_of_a_custom_resource_are_restated() {
    let base = workload(
        "argoproj.io/v1alpha1",
        "Rollout",
        "w",
        "          env:\n            - {name: A, value: \"1\"}\n",
    );
    let overlaid = overlaid(&[("w.yaml", &base)], &["no-new-privileges"], false);
    assert_eq!(
        written(&overlaid, "harden-patch.yaml"),
        "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata:\n  name: w\nspec:\n  template:\n    spec:\n      containers:\n        - name: c\n          image: nginx\n          env:\n            - name: A\n              value: \"1\"\n          securityContext:\n            allowPrivilegeEscalation: false\n"
    );
}

#[test]
fn items_of_a_list_and_their_namespaces_are_met() {
    let base = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: p, namespace: shop}\n  spec: {containers: [{name: c, image: nginx}]}\n";
    let overlaid = overlaid(&[("l.yaml", base)], &["no-new-privileges"], false);
    assert_eq!(
        written(&overlaid, "harden-patch.yaml"),
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  namespace: shop\nspec:\n  containers:\n    - name: c\n      securityContext:\n        allowPrivilegeEscalation: false\n"
    );
}

#[test]
fn a_second_run_leaves_patch_and_kustomization() {
    let base = workload("apps/v1", "Deployment", "w", "");
    for kustomization in [
        None,
        Some("resources: [w.yaml]\n"),
        Some("resources:\r\n- ./w.yaml\r\n"),
    ] {
        let mut files = vec![("w.yaml", base.as_str())];
        files.extend(kustomization.map(|text| ("kustomization.yml", text)));
        let first = overlaid(&files, &["no-new-privileges"], false);
        let disk = after(&files, &first);
        assert_eq!(disk.len(), 3);
        let second = overlaid(&borrowed(&disk), &["no-new-privileges"], false);
        assert_eq!(after(&borrowed(&disk), &second), disk);
        let row = &second.report.containers[0].rows[0];
        assert!(matches!(row.outcome, Outcome::Hardened));
        assert_eq!(
            sentence(&row.reason),
            "The overlay `harden-patch.yaml` sets it."
        );
    }
}

#[test]
fn patches_of_files_that_are_not_given_stay_as_long_as_they_are_listed() {
    let (a, b) = (
        workload("apps/v1", "Deployment", "a", ""),
        workload("apps/v1", "Deployment", "b", ""),
    );
    let both = [("a.yaml", a.as_str()), ("b.yaml", b.as_str())];
    let first = overlaid(&both, &["no-new-privileges"], false);
    let disk = after(&both, &first);
    let given = |path: &str, disk: &[(String, String)]| {
        let (_, text) = disk.iter().find(|(known, _)| known == path).unwrap();
        let report = only(&["no-new-privileges"]).file(path, text);
        overlay::overlay(report, Extent::All, &MemoryFiles::new(disk))
    };
    let second = given("b.yaml", &disk);
    assert_eq!(after(&borrowed(&disk), &second), disk);
    // A patch needs an object in a listed file.
    let mut disk = disk;
    for (path, text) in &mut disk {
        if path == "kustomization.yaml" {
            *text = text.replace("  - a.yaml\n", "");
        }
    }
    let third = given("b.yaml", &disk);
    assert!(!written(&third, "harden-patch.yaml").contains("name: a\n"));
}

#[test]
fn the_entry_is_removed_with_the_last_patch() {
    let base = workload("apps/v1", "Deployment", "w", "");
    let ids = &["no-new-privileges"];
    let own = "resources: [w.yaml] # mine\npatches:\n- path: other.yaml\n";
    for kustomization in ["resources: [w.yaml] # mine\n", own] {
        let files = [
            ("w.yaml", base.as_str()),
            ("kustomization.yaml", kustomization),
        ];
        let mut disk = after(&files, &overlaid(&files, ids, false));
        let hardened = workload(
            "apps/v1",
            "Deployment",
            "w",
            "          securityContext: {allowPrivilegeEscalation: false}\n",
        );
        for (path, text) in &mut disk {
            if path == "w.yaml" {
                text.clone_from(&hardened);
            }
        }
        let last = after(&borrowed(&disk), &overlaid(&borrowed(&disk), ids, false));
        let text = |wanted: &str| &last.iter().find(|(path, _)| path == wanted).unwrap().1;
        assert_eq!(text("kustomization.yaml"), kustomization);
        assert_eq!(text("harden-patch.yaml"), &format!("{OVERLAY_MARK}\n"));
    }
}

#[test]
fn changes_that_kustomize_refuses_are_declined() {
    let base = workload("apps/v1", "Deployment", "w", "");
    let nameless = base.replace("  name: w\n", "  generateName: w-\n");
    let ids = &["no-new-privileges"];
    let kinds = |files: &[(&str, &str)]| {
        let overlaid = overlaid(files, ids, false);
        assert!(after(files, &overlaid).len() == files.len());
        declined(&overlaid).join("; ")
    };
    assert_eq!(
        kinds(&[("w.yaml", &nameless)]),
        "An overlay cannot hold the change: kustomize refuses a Deployment without a name."
    );
    assert_eq!(
        kinds(&[("v.yaml", &base), ("w.yaml", &base)]),
        ["An overlay cannot hold the change: the files of the directory have Deployment/w twice, which kustomize refuses."; 2]
            .join("; ")
    );
    assert_eq!(
        kinds(&[("kustomization.yaml", "resources: []\n"), ("w.yaml", &base)]),
        "An overlay cannot hold the change: kustomization.yaml does not list it among its resources."
    );
    let two = [
        ("Kustomization", "resources: [w.yaml]\n"),
        ("kustomization.yaml", "resources: [w.yaml]\n"),
        ("w.yaml", &base),
    ];
    assert_eq!(
        kinds(&two),
        "An overlay cannot hold the change: kustomize rejects a directory with two kustomizations."
    );
}

/// The result of a run without `--overlay` for files with an overlay.
fn counted(files: &[(&str, &str)], ids: &[&str]) -> Overlaid {
    let report = hardened(files, ids, false);
    let files_on_disk = MemoryFiles::new(files);
    if overlay::is_applied(&report, &files_on_disk) {
        overlay::overlay(report, Extent::Existing, &files_on_disk)
    } else {
        Overlaid {
            report,
            ..Overlaid::default()
        }
    }
}

#[test]
fn an_overlay_that_is_applied_is_counted_and_extended_and_never_cut() {
    let base = workload("apps/v1", "Deployment", "w", "");
    let files = [("w.yaml", base.as_str())];
    let both = &["no-new-privileges", "default-seccomp"];
    let disk = after(&files, &overlaid(&files, &["no-new-privileges"], false));
    assert_eq!(
        after(
            &borrowed(&disk),
            &counted(&borrowed(&disk), &["no-new-privileges"])
        ),
        disk
    );
    // New changes are added to the old patches, and fewer changes remove none.
    let more = after(&borrowed(&disk), &counted(&borrowed(&disk), both));
    assert_ne!(more, disk);
    assert_eq!(more, after(&files, &overlaid(&files, both, false)));
    assert_eq!(
        after(
            &borrowed(&more),
            &counted(&borrowed(&more), &["default-seccomp"])
        ),
        more
    );
    // A user may reformat the file.
    let mut own = more.clone();
    for (path, text) in &mut own {
        if path == "harden-patch.yaml" {
            *text = text.replace("name: w\n", "name: w # the shop\n");
        }
    }
    assert_eq!(after(&borrowed(&own), &counted(&borrowed(&own), both)), own);
    // Without the entry, no kustomization applies the patches.
    let mut idle = more;
    idle.retain(|(path, _)| path != "kustomization.yaml");
    idle.push(("kustomization.yaml".into(), "resources: [w.yaml]\n".into()));
    let report = counted(&borrowed(&idle), both).report;
    assert!(matches!(report.files[1].outcome, FileOutcome::Changed(_)));
}

#[test]
fn a_kustomization_in_another_directory_gets_the_patch_or_an_error() {
    let base = workload("apps/v1", "Deployment", "w", "");
    let ids = &["no-new-privileges"];
    let files = [
        ("d/Kustomization", "resources: [./base/../base/w.yaml]\n"),
        ("d/base/w.yaml", base.as_str()),
    ];
    let made = overlaid(&files, ids, false);
    assert_eq!(made.commands, ["kubectl apply -k d"]);
    written(&made, "d/harden-patch.yaml");
    let disk = after(&files, &made);
    assert_eq!(
        after(&borrowed(&disk), &overlaid(&borrowed(&disk), ids, false)),
        disk
    );
    let own = ("d/base/kustomization.yaml", "resources: [w.yaml]\n");
    let twice = overlaid(&[files[0], files[1], own], ids, false);
    assert_eq!(
        declined(&twice),
        [
            "An overlay cannot hold the change: kustomization.yaml and d/Kustomization both list it, and a patch in one would not be in the other."
        ]
    );
    let far = [
        ("d/base/w.yaml", base.as_str()),
        ("e/kustomization.yaml", "resources: [../d/base/w.yaml]\n"),
    ];
    let declined = declined(&overlaid(&far, ids, false)).join("");
    assert!(
        declined.contains("from outside its own directory"),
        "{declined}"
    );
}

#[test]
fn a_patch_that_harden_did_not_write_is_not_replaced() {
    let base = workload("apps/v1", "Deployment", "w", "");
    let files = [("harden-patch.yaml", "# mine\n"), ("w.yaml", base.as_str())];
    let overlaid = overlaid(&files, &["no-new-privileges"], false);
    let outcome = &overlaid.report.files[1].outcome;
    assert!(
        matches!(overlay_error(outcome), Some(OverlayError::Foreign { .. })),
        "{outcome:?}"
    );
}

#[test]
fn objects_that_kustomize_merges_otherwise_are_declined() {
    for (lines, why) in [
        (
            "          ports: [{containerPort: 80}, {containerPort: 80, protocol: UDP}]\n",
            "ports has items",
        ),
        ("          env: null\n", "`env` is null"),
    ] {
        let base = workload("apps/v1", "Deployment", "w", lines);
        let overlaid = overlaid(&[("w.yaml", &base)], &["no-new-privileges"], false);
        assert!(overlaid.commands.is_empty(), "{why}");
        let results = &overlaid.report.containers[0].rows;
        assert!(
            matches!(results[0].outcome, Outcome::Declined)
                && sentence(&results[0].reason).contains(why),
            "{results:?}"
        );
    }
}

#[test]
fn a_namespace_that_is_no_text_is_no_address() {
    let base = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: n}\nspec: {containers: [{name: c, image: nginx}]}\n";
    let overlaid = overlaid(&[("p.yaml", base)], &["no-new-privileges"], false);
    assert!(overlaid.commands.is_empty());
}
