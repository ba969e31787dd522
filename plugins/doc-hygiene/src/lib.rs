//! A task over Markdown documents: lints, formats and dates them without
//! changing what they mean. This file is the table of contents: it binds the
//! parts to the contract and decides nothing itself.

#[cfg(feature = "rumdl")]
mod burden;
mod conclude;
#[cfg(feature = "rumdl")]
mod config;
mod date;
mod dating;
mod document;
mod edits;
mod facts;
mod format;
mod front;
mod globs;
mod guard;
mod history;
mod issue;
mod kept;
mod links;
#[cfg(feature = "rumdl")]
mod lint;
mod marks;
mod options;
mod orphans;
mod paths;
mod place;
mod reader;
mod redirects;
mod repair;
mod resolve;
mod set;
mod site;
mod slug;
mod source;
mod stamp;
mod target;
mod terms;
mod titles;
mod toc;
mod tree;
mod versions;
mod written;

use lifeos_sdk::{Conclusion, Document, FileTask, Report, Settings, Summary, file_task, log};

use crate::document::Checker;
use crate::format::Rules;
use crate::history::{History, HostHistory};
use crate::options::Options;
use crate::tree::HostTree;

/// The task.
pub struct DocHygiene {
    checker: Checker,
    /// Among others, the configuration of the sites.
    config: Vec<Document>,
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
        let unformatted = site::unformatted_folders(&settings.config, options.0.site);
        Ok(Self { checker: Checker::new(options.0, rules, history, unformatted), config: settings.config.clone() })
    }

    fn check(&self, document: &Document) -> Result<Report, String> {
        Ok(self.checker.check(document))
    }

    fn conclude(&self, summaries: &[Summary]) -> Result<Conclusion, String> {
        let concluded = conclude::conclude(summaries, &self.checker, &self.config, &HostTree);
        for line in &concluded.lines {
            log::write(log::Level::Info, line);
        }
        Ok(concluded.conclusion)
    }
}

#[cfg(feature = "rumdl")]
fn rules(options: &Options, settings: &Settings) -> Result<Box<dyn Rules + Send + Sync>, String> {
    let found = config::find(&settings.config)?;
    for (option, names) in [("lint_disable", &options.lint_disable), ("lint_enable", &options.lint_enable)] {
        if let Some(name) = names.iter().find(|name| !lint::is_rule(name)) {
            return Err(format!("{option}: no lint rule is named `{name}`; `lifeos explain` lists them all"));
        }
    }
    Ok(Box::new(lint::Linter::new(found, &options.lint_disable, &options.lint_enable)))
}

#[cfg(not(feature = "rumdl"))]
fn rules(_: &Options, _: &Settings) -> Result<Box<dyn Rules + Send + Sync>, String> {
    Ok(Box::new(format::NoRules))
}

file_task!(DocHygiene);
