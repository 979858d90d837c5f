//! Fingerprints, which identify a result across runs.

use std::collections::HashMap;
use std::fmt;

use sha2::{Digest, Sha256};

use super::{ContainerReport, FixEdit, Report, Row};

/// The first 128 bits of a SHA-256, in hexadecimal digits.
///
/// The hash is over these words, in this order: the version of this list (`harden/1`), the format,
/// the workload, the container, the transform, the code of the reason, and the parts of the reason
/// that identify it ([`Reason::identity`](crate::container::Reason::identity)). Each word follows
/// its length in bytes, as eight bytes in little-endian order.
///
/// The hash contains no path of a file, no line, no sentence and no value of a variable. So the
/// fingerprint stays the same if a file is renamed, reformatted or edited elsewhere. A report gives
/// the file separately. Equal results of one file have the same fingerprint, but different
/// [ordinals](Report::ordinals).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u8; 16]);

/// The version of the list of words. It changes whenever the list changes.
const VERSION: &str = "harden/1";

impl Fingerprint {
    fn of<'w>(words: impl IntoIterator<Item = &'w str>) -> Self {
        let mut hash = Sha256::new();
        for word in words {
            hash.update((word.len() as u64).to_le_bytes());
            hash.update(word);
        }
        let mut bytes = [0; 16];
        for (byte, hashed) in bytes.iter_mut().zip(hash.finalize()) {
            *byte = hashed;
        }
        Self(bytes)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl ContainerReport {
    /// The fingerprint of one of its rows. Each call computes it, because most runs need none.
    #[must_use]
    pub fn fingerprint(&self, row: &Row) -> Fingerprint {
        let identity = row.reason.identity();
        let words = [
            VERSION,
            self.format,
            &self.workload,
            &self.name,
            row.id,
            row.reason.code(),
        ];
        Fingerprint::of(words.into_iter().chain(identity.iter().map(String::as_str)))
    }
}

impl Report {
    /// The id of an edit. Results that share a part of the file, for example the pod of their
    /// containers, have edits with the same id. Such edits are one edit.
    #[must_use]
    pub fn edit_id(&self, FixEdit { file, edit, .. }: &FixEdit) -> Fingerprint {
        let path = self
            .files
            .get(*file)
            .map(|file| file.path.to_string_lossy());
        let (start, end) = (edit.span.start.to_string(), edit.span.end.to_string());
        Fingerprint::of([
            "harden edit/1",
            path.as_deref().unwrap_or_default(),
            &start,
            &end,
            &edit.text,
        ])
    }

    /// For each container, and for each of its rows, the fingerprint and the ordinal: how many rows
    /// of the same file with the same fingerprint come before it.
    #[must_use]
    pub fn ordinals(&self) -> Vec<Vec<(Fingerprint, u32)>> {
        let mut counts: HashMap<(usize, Fingerprint), u32> = HashMap::new();
        self.containers
            .iter()
            .map(|container| {
                let rows = container.rows.iter().map(|row| {
                    let fingerprint = container.fingerprint(row);
                    let count = counts.entry((container.file, fingerprint)).or_default();
                    *count += 1;
                    (fingerprint, *count - 1)
                });
                rows.collect()
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::{Policy, Reason, Role, Words};
    use crate::engine::Run;
    use crate::engine::outcome::Outcome;
    use crate::image::Knowledge;
    use crate::project::Source;
    use crate::transforms;

    fn report(path: &str, text: &str) -> Report {
        let knowledge = Knowledge::embedded();
        let run = Run::new(transforms::ALL.to_vec(), Policy::default(), &knowledge);
        run.project(vec![Source {
            path: path.into(),
            bytes: text.as_bytes().to_vec(),
        }])
    }

    /// The fingerprints of the report, with their ordinals.
    fn fingerprints(path: &str, text: &str) -> Vec<(Fingerprint, u32)> {
        report(path, text).ordinals().concat()
    }

    const PLAIN: &str = "services:\n  web:\n    image: nginx\n    privileged: true\n    volumes: [/etc:/e, /root:/r]\n";

    #[test]
    fn a_fingerprint_stays_while_the_result_stays() {
        let plain = fingerprints("compose.yml", PLAIN);
        let same = [
            ("other/compose.yaml", PLAIN.to_owned()),
            ("compose.yml", format!("# A comment\n\nname: shop\n{PLAIN}")),
            ("compose.yml", PLAIN.replace("  ", "    ")),
            ("compose.yml", PLAIN.replace('\n', "\r\n")),
            (
                "compose.yml",
                "services: {web: {privileged: true, image: \"nginx\", volumes: [/etc:/e, /root:/r]}}"
                    .to_owned(),
            ),
            (
                "compose.yml",
                PLAIN.replace("[/etc:/e, /root:/r]", "\n      - \"/etc:/e\"\n      - /root:/r"),
            ),
        ];
        for (path, text) in same {
            assert_eq!(fingerprints(path, &text), plain, "{path}\n{text}");
        }
    }

    /// A container with a row for each of these reasons.
    fn container(reasons: Vec<Reason>) -> ContainerReport {
        let rows = reasons.into_iter().map(|reason| Row {
            id: "host-paths",
            outcome: Outcome::Finding { can_be_asked: true },
            reason,
            place: None,
            fix: None,
        });
        ContainerReport {
            file: 0,
            place: None,
            format: "compose",
            workload: "web".to_owned(),
            name: "web".to_owned(),
            role: Role::Main,
            image: None,
            caution: None,
            policy: Vec::new(),
            rows: rows.collect(),
        }
    }

    static WRITES: Words = Words::new("writes", "It can write to {path}.");
    static READS: Words = Words::new("reads", "It can read {path}.");

    #[test]
    fn different_results_have_different_fingerprints() {
        let etc = || Reason::new(&WRITES).path("/etc");
        let of = |reason: Reason| {
            let container = container(vec![reason]);
            container.fingerprint(&container.rows[0])
        };
        let others = [
            of(Reason::new(&WRITES).path("/")),
            of(Reason::new(&READS).path("/etc")),
            of(Reason::new(&WRITES)),
        ];
        assert!(!others.contains(&of(etc())), "{others:?}");
        // Amounts, texts of the file and further reasons are not part of a fingerprint.
        assert_eq!(of(etc().written("secret")), of(etc()));
        assert_eq!(of(etc().and(Reason::new(&READS).path("/"))), of(etc()));

        let whole = container(vec![etc()]);
        let print = |change: fn(&mut ContainerReport)| {
            let mut other = container(vec![etc()]);
            change(&mut other);
            other.fingerprint(&other.rows[0])
        };
        assert_eq!(print(|one| one.file = 3), whole.fingerprint(&whole.rows[0]));
        assert_eq!(print(|one| one.image = Some("x".to_owned())), of(etc()));
        let changes: [fn(&mut ContainerReport); 4] = [
            |one| one.workload = "prod/Deployment/web".to_owned(),
            |one| one.name = "other".to_owned(),
            |one| one.format = "kubernetes",
            |one| one.rows[0].id = "engine-socket",
        ];
        for change in changes {
            assert_ne!(print(change), of(etc()));
        }
    }

    #[test]
    fn an_accepted_path_hides_no_other() {
        let of = |paths: &str| {
            let report = report("compose.yml", &PLAIN.replace("/etc:/e, /root:/r", paths));
            let rows = report.containers[0].rows.iter();
            let pairs = rows.zip(report.ordinals().concat());
            let found = pairs.filter(|(row, _)| row.id == "host-paths");
            found.map(|(_, known)| known).collect::<Vec<_>>()
        };
        let (etc, root) = (of("/etc:/e"), of("/:/e"));
        assert_eq!((etc.len(), root.len()), (1, 1));
        assert_ne!(etc, root);
        let [first, second, again] = of("/etc:/e, /:/r, /etc:/f")[..] else {
            panic!("three mounts, three findings");
        };
        assert_eq!((first, second), (etc[0], root[0]));
        assert_eq!(again, (first.0, 1));
    }

    #[test]
    fn equal_results_have_ordinals() {
        let etc = || Reason::new(&WRITES).path("/etc");
        let report = Report {
            containers: vec![container(vec![
                etc(),
                Reason::new(&WRITES).path("/"),
                etc(),
            ])],
            ..Report::default()
        };
        let [first, other, second] = report.ordinals().concat()[..] else {
            panic!("three rows");
        };
        assert_eq!(first.0, second.0);
        assert_eq!((first.1, other.1, second.1), (0, 0, 1));
    }

    #[test]
    fn words_do_not_run_into_each_other() {
        assert_ne!(Fingerprint::of(["ab", "c"]), Fingerprint::of(["a", "bc"]));
        // The value is recorded, so a test fails if a release changes fingerprints.
        assert_eq!(
            Fingerprint::of(["harden/1", "compose", "web", "web", "cpu-limit"]).to_string(),
            "49e77f729c480d2c8e265aa4d704357a"
        );
    }
}
