//! Reads a JSON report, as programs do.

use harden::engine::outcome::Report;
use harden::report::reporter::{Closing, Detail, Format, Group, Mode, Setting};
use harden::report::terminal::Terminal;
use serde_json::Value;

/// The output of `--format json` for one project.
pub(crate) fn json(report: Report) -> Value {
    let format = Format::find("json").unwrap();
    let mut reporter = (format.reporter)(&Setting {
        mode: Mode::Check,
        detail: Detail::Short,
        is_of_a_command: false,
        terminal: Terminal::PIPE,
    });
    let group = Group {
        report,
        ..Group::default()
    };
    let rendered = reporter.renderer().unwrap()(&group);
    let mut out = Vec::new();
    reporter.take(&group, &rendered, &mut out).unwrap();
    reporter.end(&Closing::default(), &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}
