//! A plugin over documents: the host hands them to `check` one by one.

use lifeos_sdk::{Document, FileTask, Finding, Replacement, Report, Settings, file_task};
use serde::Deserialize;

/// What the owner may set in `[task.NAME.options]`.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Options {
    /// A word that must have a name behind it, as in `TODO(ann)`.
    word: String,
}

impl Default for Options {
    fn default() -> Self {
        Self { word: "TODO".to_owned() }
    }
}

struct Plugin {
    options: Options,
}

impl FileTask for Plugin {
    type Options = Options;

    fn configure(options: Options, _: &Settings) -> Result<Self, String> {
        Ok(Self { options })
    }

    fn check(&self, document: &Document) -> Result<Report, String> {
        let mut report = Report::default();
        let text = &document.text;
        let line_break = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let end = text.trim_end().len()..text.len();
        if !text.is_empty() && text[end.clone()] != *line_break {
            let finding = Finding::warning("end", "the text does not end with one line break").at(document, end.clone());
            report.repair(document, finding, Replacement::new(end, line_break));
        }
        for (start, word) in text.match_indices(self.options.word.as_str()) {
            let end = start + word.len();
            if !word.is_empty() && !text[end..].starts_with('(') {
                let finding = Finding::note("owner", format!("this {word} names nobody")).at(document, start..end);
                report.findings.push(finding.help(format!("write {word}(NAME)")));
            }
        }
        Ok(report)
    }
}

file_task!(Plugin);
