//! A task over Markdown documents: lints, formats and dates them without
//! changing what they mean. This file is the table of contents: it binds the
//! parts to the contract and decides nothing itself.

#[cfg(feature = "rumdl")]
mod burden;
#[cfg(feature = "rumdl")]
mod config;
mod date;
mod dating;
mod document;
mod edits;
mod format;
mod front;
mod guard;
mod history;
#[cfg(feature = "rumdl")]
mod lint;
mod marks;
mod options;
mod reader;
mod source;
mod stamp;
mod written;

use lifeos_sdk::{Conclusion, Document, FileTask, Report, Settings, Summary, file_task};

use crate::document::Checker;
use crate::format::Rules;
use crate::history::{History, HostHistory};
use crate::options::Options;

/// The task.
pub struct DocHygiene {
    checker: Checker,
}

/// The owner's options.
#[derive(serde::Deserialize)]
#[serde(transparent)]
pub struct TaskOptions(Options);

impl FileTask for DocHygiene {
    type Options = TaskOptions;

    fn configure(options: TaskOptions, settings: &Settings) -> Result<Self, String> {
        let rules = rules(&options.0, settings)?;
        let history: Option<Box<dyn History + Send + Sync>> = match settings.history {
            true => Some(Box::new(HostHistory)),
            false => None,
        };
        Ok(Self { checker: Checker::new(options.0, rules, history) })
    }

    fn check(&self, document: &Document) -> Result<Report, String> {
        Ok(self.checker.check(document))
    }

    fn conclude(&self, summaries: &[Summary]) -> Result<Conclusion, String> {
        Ok(Conclusion { findings: document::conclude(summaries), edits: Vec::new() })
    }
}

#[cfg(feature = "rumdl")]
fn rules(options: &Options, settings: &Settings) -> Result<Box<dyn Rules + Send + Sync>, String> {
    let found = config::find(&settings.config)?;
    Ok(Box::new(lint::Linter::new(found, &options.lint_disable, &options.lint_enable)))
}

#[cfg(not(feature = "rumdl"))]
fn rules(_: &Options, _: &Settings) -> Result<Box<dyn Rules + Send + Sync>, String> {
    Ok(Box::new(format::NoRules))
}

file_task!(DocHygiene);
