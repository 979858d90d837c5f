//! Proves a result before it is written: two parsers read the same values, the values differ from
//! the original only as planned, and a second pass finds nothing to change.

use super::{EngineError, Run};
use crate::dialect::{BeyondReading, YamlDraft};
use crate::engine::exceptions::Exceptions;
use crate::engine::outcome::{Change, FileOutcome, Outcome, Row};
use crate::project::File;
use crate::proof::{self, Unproved};
use crate::syntax::{self, Limits, Mode, Plan, SyntaxError};
use crate::transforms::evidence;

/// The outcome of each file. A changed file has its new text only if the proof succeeds.
pub(super) fn outcomes(run: &Run<'_>, files: &[File<'_>], plans: Vec<Plan>) -> Vec<FileOutcome> {
    let texts = files
        .iter()
        .zip(&plans)
        .map(|(file, plan)| (!plan.edits.is_empty()).then(|| plan.apply(file.tree.source())))
        .collect();
    judge(run, files, plans, texts)
}

/// Checks that each text differs from its file only as planned. `None` is an unchanged file.
fn judge(
    run: &Run<'_>,
    files: &[File<'_>],
    plans: Vec<Plan>,
    texts: Vec<Option<String>>,
) -> Vec<FileOutcome> {
    if texts.iter().all(Option::is_none) {
        return texts.iter().map(|_| FileOutcome::Unchanged).collect();
    }

    let mut after: Vec<File<'_>> = Vec::with_capacity(files.len());
    for (at, ((file, plan), text)) in files.iter().zip(&plans).zip(&texts).enumerate() {
        let tree = match text {
            Some(text) => proof::edited(&file.tree, plan, text),
            None => syntax::parse(file.tree.source(), Mode::GoYaml, &Limits::default())
                .map_err(Unproved::from),
        };
        match tree {
            Ok(tree) => after.push(file.again(tree)),
            Err(Unproved::Syntax(error)) if error.kind.is_limit() => {
                return outgrown(&texts, &error);
            }
            Err(why) => return failed(files, &texts, at, &why),
        }
    }
    let again = match second_pass(run, &after) {
        Ok(again) => again,
        Err(beyond) => return outgrown(&texts, &beyond),
    };
    drop(after);
    texts
        .into_iter()
        .zip(plans)
        .enumerate()
        .map(|(index, (text, plan))| match text {
            None => FileOutcome::Unchanged,
            Some(text) => {
                let repeated = again
                    .iter()
                    .find(|(file, _)| *file == index)
                    .map(|(_, what)| what.clone());
                match repeated {
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

/// The outcomes if the changes would exceed a limit.
fn outgrown(texts: &[Option<String>], limit: &dyn std::error::Error) -> Vec<FileOutcome> {
    let outcome = |text: &Option<String>| match text {
        None => FileOutcome::Unchanged,
        Some(_) => FileOutcome::Failed(EngineError::Outgrown(limit.to_string())),
    };
    texts.iter().map(outcome).collect()
}

/// The outcomes if the proof of the file `at` failed. The files of a project are written together or
/// not at all.
fn failed(
    files: &[File<'_>],
    texts: &[Option<String>],
    at: usize,
    why: &Unproved,
) -> Vec<FileOutcome> {
    let outcome = |(index, text): (usize, &Option<String>)| {
        let error = match (text, disputed(&files[at], why)) {
            (None, _) => return FileOutcome::Unchanged,
            (Some(_), None) => EngineError::Unproved(why.to_string()),
            (Some(_), Some(error)) if index == at => error,
            (Some(_), Some(_)) => EngineError::OfProject(files[at].path.clone()),
        };
        FileOutcome::Failed(error)
    };
    texts.iter().enumerate().map(outcome).collect()
}

/// The error if the parsers disagree about the file itself, and not about a change.
fn disputed(file: &File<'_>, why: &Unproved) -> Option<EngineError> {
    let Unproved::Disagreement(_) = why else {
        return None;
    };
    let before = proof::witness(&file.tree).err()?;
    Some(match SyntaxError::at_disputed_break(file.tree.source()) {
        Some(error) => EngineError::Syntax(error),
        None => EngineError::Disputed(before),
    })
}

/// The changes of a second pass: the file, and a description for the error.
fn second_pass(run: &Run<'_>, files: &[File<'_>]) -> Result<Vec<(usize, String)>, BeyondReading> {
    let Some(format) = files.first().map(|file| file.format) else {
        return Ok(Vec::new());
    };
    let mut members = run.members(format, files)?;
    let mut again = Vec::new();
    let exceptions = Exceptions::read(files, &members);
    let rulings = run.rulings(files, &members, &exceptions);
    let mut draft = YamlDraft::new(files);
    for at in evidence::pod::order(&members) {
        if !run.selection.selects(&members[at].container) {
            continue;
        }
        let rows = run.answers(&mut members, &rulings, at, &mut draft);
        let container = &members[at].container;
        if let Some(what) = repeated(&container.name, &rows) {
            again.push((container.place.file, what));
        }
    }
    Ok(again)
}

/// A description of the first change of a second pass, if there is one.
pub(super) fn repeated(container: &str, rows: &[Row]) -> Option<String> {
    let is_change = |row: &&Row| matches!(row.outcome, Outcome::Changed { .. });
    let row = rows.iter().find(is_change)?;
    let id = row.id;
    Some(format!(
        "a second pass would apply {id} to {container} again"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::Policy;
    use crate::image::Knowledge;
    use crate::project::Format;
    use crate::syntax::{Editor, Value};

    const SOURCE: &str = "services:\n  web:\n    image: x\n  db:\n    image: y\n";

    /// The outcome if `text` is the result of setting `web.read_only`.
    fn outcome(text: &str) -> FileOutcome {
        let knowledge = Knowledge::embedded();
        let run = Run::new(Vec::new(), Policy::default(), &knowledge);
        let tree = syntax::parse(SOURCE, Mode::GoYaml, &Limits::default()).unwrap();
        let mut editor = Editor::new(&tree, Format::COMPOSE.schema());
        let root = tree.documents()[0].root;
        editor
            .set(root, &["services", "web", "read_only"], Value::Bool(true))
            .unwrap();
        let plan = editor.finish();
        let file = File::new("compose.yml".into(), tree, Format::COMPOSE);
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
            // Nothing changed.
            SOURCE,
            "services:\n  web:\n    image: x\n    read_only: false\n  db:\n    image: y\n",
            // The key is at another level.
            "services:\n  web:\n    image: x\n  read_only: true\n  db:\n    image: y\n",
            // The other service changed too.
            "services:\n  web:\n    image: x\n    read_only: true\n  db:\n    image: y\n    read_only: true\n",
            // The value is not the planned one.
            "services:\n  web:\n    image: x\n    read_only: true\n  db:\n    image: z\n",
            "services:\n  web:\n    image: x\n    read_only: !reset true\n  db:\n    image: y\n",
            "services:\n  web:\n    image: x\n    read_only: true\n  db:\n#   image: y\n",
            "services:\n  web:\n    image: x\n    read_only: true\n  db: &web\n    image: y\n",
            // The result is not YAML.
            "services:\n  web:\n    image: x\n    read_only: true\n db:\n    image: y\n",
        ] {
            assert!(
                matches!(outcome(text), FileOutcome::Failed(EngineError::Unproved(_))),
                "{text}"
            );
        }
    }
}
