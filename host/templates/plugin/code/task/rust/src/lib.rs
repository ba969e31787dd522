//! A plugin that runs once and asks the host for what it needs.

use std::fmt::Write as _;

use lifeos_sdk::{Edit, Finding, Input, Refusal, Task, edits, findings, repo, task};
use serde::Deserialize;

/// What the owner may set in `[task.NAME.options]`.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Options {
    /// The folder that gets an index.
    folder: String,
}

impl Default for Options {
    fn default() -> Self {
        Self { folder: "docs".to_owned() }
    }
}

struct Plugin;

impl Task for Plugin {
    type Options = Options;

    fn run(Options { folder }: Options, _: &Input) -> Result<(), String> {
        let index = format!("{folder}/index.md");
        let mut lines = String::new();
        for entry in repo::all_files(&format!("{folder}/**/*.md"))? {
            // A link, or bytes that are no text, has no title.
            let Ok(document) = repo::read_file(&entry.path) else { continue };
            if entry.path != index {
                let path = &entry.path[folder.len() + 1..];
                let title = document.text.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or(path);
                let _ = writeln!(lines, "- [{}](<{path}>)", title.trim());
            }
        }
        let text = format!("# Index\n\n{lines}");
        let edit = match repo::read_file(&index) {
            _ if lines.is_empty() => return Ok(()),
            Ok(old) if old.text == text => return Ok(()),
            Ok(old) => Edit::rewrite(&old, text),
            Err(Refusal::NotFound) => Edit::create(&index, text),
            Err(refusal) => return Err(format!("{index}: {}", String::from(refusal))),
        };
        let finding = Finding::warning("index", "the index is not what the folder holds").of(&index);
        findings::report(&match edits::propose(&edit) {
            Ok(()) => finding.repaired(true),
            Err(problems) => finding.help(edits::reasons(problems)),
        });
        Ok(())
    }
}

task!(Plugin);
