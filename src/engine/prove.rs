//! Before a byte is written: the result is parsed again by two parsers, differs only as planned,
//! and a second pass finds nothing to do.

use super::{EngineError, Run};
use crate::dialect::YamlDraft;
use crate::engine::exceptions::Exceptions;
use crate::engine::outcome::{Change, FileOutcome, Outcome};
use crate::project::File;
use crate::syntax::{self, Limits, Mode, Plan};

/// The outcome of each file: its new text where the proof holds.
pub(super) fn outcomes(run: &Run<'_>, files: &[File<'_>], plans: Vec<Plan>) -> Vec<FileOutcome> {
    let texts = files
        .iter()
        .zip(&plans)
        .map(|(file, plan)| (!plan.edits.is_empty()).then(|| plan.apply(file.tree.source())))
        .collect();
    judge(run, files, plans, texts)
}

/// Each text is what its plan says, and no more; `None` where the file stays as it is.
fn judge(
    run: &Run<'_>,
    files: &[File<'_>],
    plans: Vec<Plan>,
    texts: Vec<Option<String>>,
) -> Vec<FileOutcome> {
    if texts.iter().all(Option::is_none) {
        return texts.iter().map(|_| FileOutcome::Unchanged).collect();
    }

    let mut faults: Vec<Option<String>> = Vec::with_capacity(files.len());
    let mut after: Vec<File<'_>> = Vec::with_capacity(files.len());
    for ((file, plan), text) in files.iter().zip(&plans).zip(&texts) {
        let source = text.as_deref().unwrap_or(file.tree.source());
        match syntax::parse(source, Mode::GoYaml, &Limits::default()) {
            Ok(tree) => {
                let fault = text.as_ref().and_then(|_| {
                    let planned =
                        syntax::compare(&file.tree, plan, &tree).map_err(|error| error.to_string());
                    let witnessed = syntax::witness(&tree).map_err(|error| error.to_string());
                    planned.and(witnessed).err()
                });
                faults.push(fault);
                after.push(file.again(tree));
            }
            Err(error) => {
                return files
                    .iter()
                    .map(|_| {
                        FileOutcome::Failed(EngineError::Unproved(format!(
                            "the result is not YAML: {error}"
                        )))
                    })
                    .collect();
            }
        }
    }
    let again = second_pass(run, &after);
    drop(after);
    texts
        .into_iter()
        .zip(plans)
        .zip(faults)
        .enumerate()
        .map(|(index, ((text, plan), fault))| match text {
            None => FileOutcome::Unchanged,
            Some(text) => {
                let repeated = again
                    .iter()
                    .find(|(file, _)| *file == index)
                    .map(|(_, what)| what.clone());
                match fault.or(repeated) {
                    None => FileOutcome::Changed(Change {
                        text,
                        edits: plan.edits,
                    }),
                    Some(why) => FileOutcome::Failed(EngineError::Unproved(why)),
                }
            }
        })
        .collect()
}

/// What a second pass would change: the file and the words for it.
fn second_pass(run: &Run<'_>, files: &[File<'_>]) -> Vec<(usize, String)> {
    let Some(format) = files.first().map(|file| file.format) else {
        return Vec::new();
    };
    let mut members = run.members(format, files);
    let mut again = Vec::new();
    let exceptions = Exceptions::read(files, &members);
    let rulings = run.rulings(files, &members, &exceptions);
    let mut draft = YamlDraft::new(files);
    for at in 0..members.len() {
        for result in run.answers(&mut members, &rulings, at, &mut draft) {
            if matches!(result.outcome, Outcome::Changed { .. }) {
                let container = &members[at].container;
                let what = format!(
                    "a second pass would apply {} to {} again",
                    result.id, container.name
                );
                again.push((container.place.file, what));
            }
        }
    }
    again
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::Policy;
    use crate::image::Knowledge;
    use crate::project::Format;
    use crate::syntax::{Editor, Value};

    const SOURCE: &str = "services:\n  web:\n    image: x\n  db:\n    image: y\n";

    /// The outcome where `text` comes of setting `web.read_only`.
    fn outcome(text: &str) -> FileOutcome {
        let knowledge = Knowledge::embedded();
        let run = Run::new(Vec::new(), Policy::default(), &knowledge);
        let tree = syntax::parse(SOURCE, Mode::GoYaml, &Limits::default()).unwrap();
        let mut editor = Editor::new(&tree, Format::Compose.schema());
        let root = tree.documents()[0].root;
        editor
            .set(root, &["services", "web", "read_only"], Value::Bool(true))
            .unwrap();
        let plan = editor.finish();
        let file = File::new("compose.yml".into(), tree, Format::Compose);
        judge(&run, &[file], vec![plan], vec![Some(text.to_owned())]).remove(0)
    }

    #[test]
    fn the_result_of_the_plan_is_written() {
        let text = "services:\n  web:\n    image: x\n    read_only: true\n  db:\n    image: y\n";
        assert!(matches!(outcome(text), FileOutcome::Changed(written) if written.text == text));
    }

    #[test]
    fn a_result_that_is_not_the_plans_is_not_written() {
        for text in [
            // Nothing was done.
            SOURCE,
            "services:\n  web:\n    image: x\n    read_only: false\n  db:\n    image: y\n",
            // One level out.
            "services:\n  web:\n    image: x\n  read_only: true\n  db:\n    image: y\n",
            // In the other service too.
            "services:\n  web:\n    image: x\n    read_only: true\n  db:\n    image: y\n    read_only: true\n",
            // Another value than the planned one.
            "services:\n  web:\n    image: x\n    read_only: true\n  db:\n    image: z\n",
            "services:\n  web:\n    image: x\n    read_only: !reset true\n  db:\n    image: y\n",
            "services:\n  web:\n    image: x\n    read_only: true\n  db:\n#   image: y\n",
            "services:\n  web:\n    image: x\n    read_only: true\n  db: &web\n    image: y\n",
            // No YAML.
            "services:\n  web:\n    image: x\n    read_only: true\n db:\n    image: y\n",
        ] {
            assert!(
                matches!(outcome(text), FileOutcome::Failed(EngineError::Unproved(_))),
                "{text}"
            );
        }
    }
}
