//! What speaks against a component, and what is of no use: a finding for each,
//! with the line to add or to drop. How findings are shown is not decided here.

use std::collections::BTreeMap;

use super::{Audit, Grant, Known, Manifest, Pin, PluginError, Row, lent, undeclared};
use crate::clean;
use crate::edit::Severity;
use crate::plugin::imports::{self, Import, ImportError, Lends};
use crate::plugin::manifest::ManifestError;
use crate::plugin::{World, needs};
use crate::policy::{Capability, Unused};

/// Findings of one kind that are told one by one.
const ALIKE_MAX: usize = 100;
/// Bytes of what the loader says.
const REASON_BYTES_MAX: usize = 400;

/// Something that an audit found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Finding {
    /// Its rule, one of [`RULES`].
    pub rule: &'static str,
    /// An error speaks against the component, a warning tells of a grant of no use.
    pub level: Severity,
    /// The import or capability that it is about; empty for the whole.
    pub subject: String,
    /// One sentence.
    pub message: String,
    /// What to change, if that is known.
    pub fix: Option<Fix>,
}

/// A line to add or to drop.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Fix {
    /// `lifeos.toml` for the owner, `lifeos-plugin.toml` for the author.
    pub file: &'static str,
    /// The table that it stands in.
    pub table: String,
    /// Whether it is to be added; else it is to be dropped.
    pub add: bool,
    /// The line.
    pub line: String,
    /// The line that it takes the place of, if one stands there.
    pub replaces: Option<String>,
}

/// Every rule of an audit, with what it says in general.
pub const RULES: [(&str, Severity, &str); 17] = [
    ("audit/forbidden-import", Severity::Error, "The component imports something that no task can be granted."),
    ("audit/other-version", Severity::Error, "The component is built for another version of the contract."),
    ("audit/unknown-function", Severity::Error, "The component imports a function that the contract does not have."),
    ("audit/undeclared-import", Severity::Error, "The component imports what its manifest does not declare."),
    ("audit/not-in-world", Severity::Error, "The component imports what its world does not have."),
    ("audit/no-manifest", Severity::Error, "The component carries no manifest."),
    ("audit/bad-manifest", Severity::Error, "The manifest of the component does not count."),
    ("audit/no-world", Severity::Error, "The component exports what fits no world."),
    ("audit/would-not-load", Severity::Error, "The loader refuses the component."),
    ("audit/not-granted", Severity::Error, "The task does not grant what the plugin cannot do without."),
    ("audit/not-pinned", Severity::Error, "The task does not say which bytes may run."),
    ("audit/other-bytes", Severity::Error, "The component is not the one that the task pins."),
    ("audit/not-reviewed", Severity::Error, "The plugin was added with another grant of the task, or with none."),
    ("audit/idle-grant", Severity::Warning, "The task grants what nothing was reached by in its last runs."),
    ("audit/unused-grant", Severity::Warning, "The task grants what the component cannot use."),
    ("audit/optional-not-granted", Severity::Note, "The task does not grant what the plugin can do without."),
    ("audit/unused-declaration", Severity::Note, "The manifest declares what the component does not import."),
];

/// Everything that is found, errors first.
pub(super) fn findings(audit: &Audit, manifest: &Result<Manifest, ManifestError>, grant: Option<&Grant<'_>>) -> Vec<Finding> {
    let mut found = of_imports(audit);
    match manifest {
        Err(error) => {
            let rule = if matches!(error, ManifestError::Missing) { "audit/no-manifest" } else { "audit/bad-manifest" };
            found.push(finding(rule, "", error.to_string(), None));
        }
        Ok(manifest) => {
            found.extend(of_declared(audit, manifest));
            if let Some(grant) = grant {
                found.extend(of_needed(manifest, grant));
            }
        }
    }
    if audit.world.is_none() {
        found.push(finding("audit/no-world", "", PluginError::NoWorld.to_string(), None));
    }
    if let Some(grant) = grant {
        found.extend(of_pin(audit, grant));
    }
    let useless: Vec<_> = audit.capabilities.iter().filter_map(|row| of_no_use(row, audit, grant)).collect();
    // What cannot be used was not used either, and is told once.
    let is_told = |idle: &Finding| useless.iter().any(|told| told.rule == "audit/unused-grant" && told.subject == idle.subject);
    found.extend(grant.map_or_else(Vec::new, |grant| of_idle(audit, grant)).into_iter().filter(|idle| !is_told(idle)));
    found.extend(useless);
    let mut found = cut(found);
    found.sort_by_key(|finding| finding.level as u8);
    found
}

/// What the loader says, unless it has been said.
pub(super) fn add_refusal(findings: &mut Vec<Finding>, error: &PluginError) {
    if findings.iter().all(|finding| finding.level != Severity::Error || is_of_task(finding.rule)) {
        let reason = clean::shown(&error.to_string(), REASON_BYTES_MAX);
        findings.insert(0, finding("audit/would-not-load", "", reason, None));
    }
}

/// What the engine will refuse when it compiles.
pub(super) fn add_off(findings: &mut Vec<Finding>, reason: &str) {
    let message = format!("it takes something of WebAssembly that is off here: {reason}");
    findings.insert(0, finding("audit/would-not-load", "", message, None));
}

fn is_of_task(rule: &str) -> bool {
    matches!(rule, "audit/not-granted" | "audit/not-pinned" | "audit/other-bytes" | "audit/not-reviewed")
}

fn finding(rule: &'static str, subject: &str, message: String, fix: Option<Fix>) -> Finding {
    let level = RULES.iter().find(|(id, ..)| *id == rule).map_or(Severity::Error, |(_, level, _)| *level);
    Finding { rule, level, subject: subject.to_owned(), message, fix }
}

/// A line for the owner, in the table of a task.
fn of_owner(task: &str, add: bool, line: String) -> Option<Fix> {
    Some(Fix { file: "lifeos.toml", table: format!("[task.{task}]"), add, line, replaces: None })
}

/// A line for the author.
fn of_author(capability: Capability, add: bool, line: String) -> Option<Fix> {
    Some(Fix { file: "lifeos-plugin.toml", table: format!("[capabilities.{capability}]"), add, line, replaces: None })
}

/// Imports that no task can lend.
fn of_imports(audit: &Audit) -> Vec<Finding> {
    let mut found = Vec::new();
    for imported in &audit.imports {
        let name = &imported.interface.name;
        match imports::lends(name) {
            Err(ImportError::Version { found: version }) => {
                let version = clean::shown(&version, 40);
                let error = ImportError::Version { found: version }.to_string();
                found.push(finding("audit/other-version", name, error, None));
            }
            Err(error) => {
                let allows = &imported.allows;
                found.push(finding("audit/forbidden-import", name, format!("{error}: it {allows}"), None));
            }
            Ok(Lends::Inert) => {}
            Ok(lends) => {
                let import = Import { name: name.clone(), lends };
                if let (Some(World::FileTask), Err(error)) = (audit.world, imports::not_proposing(&import)) {
                    found.push(finding("audit/not-in-world", name, error.to_string(), None));
                }
                for function in &imported.interface.functions {
                    let what = match lent::known(name, function) {
                        Known::Lent(_) => continue,
                        Known::OtherTypes => "has it with other types",
                        Known::Unknown => "does not have it",
                    };
                    let function = format!("{name}#{}", function.name);
                    let message = format!("the component imports `{function}`, and the contract {what}");
                    found.push(finding("audit/unknown-function", &function, message, None));
                }
            }
        }
    }
    found
}

/// Many findings of one kind tell no more than a hundred of them.
fn cut(found: Vec<Finding>) -> Vec<Finding> {
    let (mut counts, mut kept) = (BTreeMap::<&'static str, usize>::new(), Vec::new());
    for finding in found {
        let count = counts.entry(finding.rule).or_default();
        *count += 1;
        kept.extend((*count <= ALIKE_MAX).then_some(finding));
    }
    let more = counts.into_iter().filter(|(_, count)| *count > ALIKE_MAX);
    let more = more.map(|(rule, count)| finding(rule, "", format!("and {} more of this kind", count - ALIKE_MAX), None));
    kept.extend(more);
    kept
}

fn of_declared(audit: &Audit, manifest: &Manifest) -> Vec<Finding> {
    let one = |(name, capability): (String, Capability)| {
        let has_globs = Capability::WITH_GLOBS.contains(&capability);
        let line = if has_globs { "globs = [\"**\"]".to_owned() } else { String::new() };
        let message = ImportError::Undeclared { name: name.clone(), capability }.to_string();
        finding("audit/undeclared-import", &name, message, of_author(capability, true, line))
    };
    undeclared(audit, manifest).into_iter().map(one).collect()
}

fn of_needed(manifest: &Manifest, grant: &Grant<'_>) -> Vec<Finding> {
    let one = |missing: needs::Missing| {
        let needs::Missing { capability, optional, line } = missing;
        let (rule, words) = match optional {
            true => ("audit/optional-not-granted", "would use"),
            false => ("audit/not-granted", "needs"),
        };
        let message = format!("the plugin {words} the capability `{capability}`, which task {} does not grant", grant.task);
        finding(rule, capability.word(), message, of_owner(grant.task, true, line))
    };
    needs::missing(manifest, grant.reach).into_iter().map(one).collect()
}

fn of_pin(audit: &Audit, grant: &Grant<'_>) -> Option<Finding> {
    let task = grant.task;
    let line = |digest| format!("digest = \"{digest}\"");
    let fix = of_owner(task, true, line(audit.digest));
    let other = |pinned, fix| {
        let error = PluginError::NotPinned { found: audit.digest, pinned };
        Some(finding("audit/other-bytes", "", error.to_string(), fix))
    };
    match grant.pin {
        Pin::NotNeeded => None,
        Pin::Missing => {
            let message = format!("task {task} does not pin its component, so `check` takes it and `run` does not");
            Some(finding("audit/not-pinned", "", message, fix))
        }
        Pin::Digest(pinned) if pinned == audit.digest => None,
        Pin::Digest(pinned) => other(pinned, fix.map(|fix| Fix { replaces: Some(line(pinned)), ..fix })),
        Pin::Locked { digest, .. } if digest != audit.digest => other(digest, None),
        Pin::Locked { with_grant: true, .. } => None,
        Pin::Locked { plugin, .. } => {
            let message = format!("plugin {plugin} was not looked at with the grant of task {task}: lifeos plugin add {plugin}");
            Some(finding("audit/not-reviewed", "", message, None))
        }
    }
}

/// What the last runs had no use for.
fn of_idle(audit: &Audit, grant: &Grant<'_>) -> Vec<Finding> {
    let Some(Unused { runs, capabilities, patterns }) = &grant.idle else { return Vec::new() };
    let one = |capability: Capability, patterns: &[String]| {
        let row = audit.capabilities.iter().find(|row| row.capability == capability);
        let what = match patterns {
            [] => format!("`{capability}`"),
            patterns => format!("`{capability}` of `{}`", patterns.join("` `")),
        };
        let task = grant.task;
        let message = format!(
            "task {task} grants {what}, of no use in its last {runs} runs; lifeos plugin suggest {task} shows a narrower grant"
        );
        let line = row.and_then(|row| Some(capability.line(row.granted.as_ref()?)));
        let fix = line.filter(|_| patterns.is_empty()).and_then(|line| of_owner(task, false, line));
        finding("audit/idle-grant", capability.word(), message, fix)
    };
    let whole = capabilities.iter().map(|capability| one(*capability, &[]));
    whole.chain(patterns.iter().map(|(capability, patterns)| one(*capability, patterns))).collect()
}

/// A grant or a declaration that nothing comes of.
fn of_no_use(row: &Row, audit: &Audit, grant: Option<&Grant<'_>>) -> Option<Finding> {
    let capability = row.capability;
    let names = audit.capabilities.iter().find(|row| row.capability == Capability::List);
    // What may be read may be listed too.
    let is_reached =
        !row.imported.is_empty() || capability == Capability::Read && names.is_some_and(|names| !names.imported.is_empty());
    if let (Some(globs), Some(grant)) = (&row.granted, grant) {
        let fix = of_owner(grant.task, false, capability.line(globs));
        let task = grant.task;
        if row.declared.is_none() {
            let message = format!("task {task} grants `{capability}`, which the plugin does not declare: it has no effect");
            return Some(finding("audit/unused-grant", capability.word(), message, fix));
        }
        if !is_reached {
            let message = format!("task {task} grants `{capability}`, and the component imports nothing that could use it");
            return Some(finding("audit/unused-grant", capability.word(), message, fix));
        }
    }
    if row.declared.is_some() && !is_reached {
        let message = format!("the manifest declares `{capability}`, and the component imports nothing that could use it");
        // What `config` alone declares has no table of its own.
        let is_of_config = capability == Capability::Read && row.declared.as_ref() == Some(&audit.handed.config);
        let fix = of_author(capability, false, String::new()).filter(|_| !is_of_config);
        return Some(finding("audit/unused-declaration", capability.word(), message, fix));
    }
    None
}
