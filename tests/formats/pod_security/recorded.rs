//! Test pods of Kubernetes with their recorded verdicts, from
//! `kubernetes/pod-security-admission test/testdata`. `HARDEN_SHARED` names the folder that
//! contains them as `psa/`.

use std::collections::BTreeSet;

use harden::pod_security::{Level, Standard, Verdict, Version, in_force};

use super::verdict;
use crate::support::shared::shared;

#[test]
fn every_recorded_pod_gets_its_verdict_at_every_version() {
    let Some(folder) = shared("psa") else { return };
    let manifest = std::fs::read_to_string(folder.join("manifest.tsv")).expect("the manifest");
    let mut wrong = Vec::new();
    let mut newest = None;
    let mut judged = 0;
    for row in manifest.lines().skip(1) {
        let row: Vec<&str> = row.split('\t').collect();
        let [file, level, expected, check, versions, ..] = row[..] else {
            panic!("{row:?}");
        };
        let text = std::fs::read_to_string(folder.join(file)).expect("a pod");
        for version in versions.split(',') {
            let standard = format!("{level}@{version}");
            let checks: BTreeSet<&str> = match verdict(&text, &standard) {
                Verdict::Passes => BTreeSet::new(),
                Verdict::Breaks(broken) => broken.iter().map(|one| one.check).collect(),
                other => panic!("{file}: {other:?}"),
            };
            let standard: Standard = standard.parse().expect("a standard");
            newest = newest.max(Some(standard.version));
            judged += 1;
            let is_recorded = |id: &str| stands_for(id, check, standard);
            let as_recorded = if expected == "pass" {
                checks.is_empty()
            } else {
                checks.iter().any(|id| is_recorded(id))
                    && checks
                        .iter()
                        .all(|id| is_recorded(id) || comes_with(id, check))
            };
            if !as_recorded {
                wrong.push(format!(
                    "{file} {standard}: {expected} {check}, got {checks:?}"
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert_eq!(newest, Some(Version::NEWEST), "the newest recorded version");
    assert!(judged > 4_000, "{judged} verdicts");
}

/// Whether the check is the recorded one, or the `restricted` one that replaces it.
fn stands_for(id: &str, recorded: &str, standard: Standard) -> bool {
    if id.eq_ignore_ascii_case(recorded) {
        return true;
    }
    let is_in_force = in_force(standard).any(|id| id.eq_ignore_ascii_case(recorded));
    let successor = match recorded {
        "capabilities_baseline" => "capabilities_restricted",
        "hostpathvolumes" => "restrictedVolumes",
        "procmount" => "procMount_restricted",
        "seccompprofile_baseline" => "seccompProfile_restricted",
        _ => return false,
    };
    standard.level == Level::Restricted && !is_in_force && id == successor
}

/// A pod that breaks the recorded rule may have to break this one too, or does in one of the pods.
fn comes_with(id: &str, recorded: &str) -> bool {
    match recorded {
        // The API requires the first field if the second one is set.
        "privileged" => id == "allowPrivilegeEscalation",
        "windowshostprocess" => id == "hostNamespaces",
        // One of its pods has no security context at all.
        "allowprivilegeescalation" => id == "capabilities_restricted",
        _ => false,
    }
}
