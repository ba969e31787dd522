//! An audit as text for a terminal.

use std::fmt::Write as _;

use lifeos::clean;
use lifeos::edit::Severity;
use lifeos::plugin::audit::{Audit, Finding, Fix, Imported, LimitRow, Row};
use lifeos::plugin::facts::Producer;
use lifeos::plugin::imports::Lends;
use lifeos::plugin::lent;
use lifeos::plugin::manifest::Instructed;

use crate::cli::text::{count, shortened};

/// Imports, tools and components that are shown to people.
const SHOWN_MAX: usize = 60;
/// Functions of an interface that is refused, or inert, that are shown to people.
const NAMES_MAX: usize = 12;

/// The whole page.
pub(super) fn page(audit: &Audit, what: &str) -> String {
    let mut page = String::new();
    for line in [head(audit, what), imports(audit), capabilities(audit), limits(audit), verdict(audit, what)].concat() {
        let _infallible = writeln!(page, "{}", clean::line(&line).trim_end());
    }
    page
}

/// What it can call and reach, and what speaks against it or its grant: for whoever lets it in.
pub(in crate::cli::plugin) fn reach(audit: &Audit) -> String {
    let weighty = audit.findings.iter().filter(|finding| finding.level != Severity::Note).take(SHOWN_MAX);
    let weighty: Vec<String> = weighty.flat_map(finding).collect();
    let between = if weighty.is_empty() { Vec::new() } else { vec![String::new()] };
    let lines = [imports(audit), capabilities(audit), between, weighty].concat();
    lines.iter().map(|line| format!("{}\n", clean::line(line).trim_end())).collect()
}

fn head(audit: &Audit, what: &str) -> Vec<String> {
    let unknown = || "(no manifest)".to_owned();
    let name = audit.name.clone().zip(audit.version.clone()).map_or_else(unknown, |(name, version)| format!("{name} {version}"));
    let world = audit.world.map_or("none that lifeos has", |world| world.word());
    let tools = audit.producers.iter().take(SHOWN_MAX).map(named);
    let tools = tools.collect::<Vec<_>>().join(", ");
    let inside = match audit.components {
        0 => String::new(),
        components => format!(", {} inside", count(components, "component")),
    };
    let mut lines = vec![format!("{what}: {name}")];
    lines.extend(audit.description.iter().filter(|text| !text.is_empty()).map(|text| format!("  {text}")));
    lines.push(format!("  digest     {}", audit.digest));
    lines.push(format!("  size       {}, {}{inside}", count(audit.bytes, "byte"), count(audit.modules, "core module")));
    lines.push(format!("  world      {world}; this lifeos speaks lifeos:task@{}", audit.contract));
    if audit.instruction != Instructed::None {
        lines.push(format!("  told       the instruction of a run ({})", audit.instruction.word()));
    }
    lines.push(format!("  made by    {}", if tools.is_empty() { "(does not say)" } else { &tools }));
    let takes = audit.inner.iter().filter(|inner| !inner.imports.is_empty()).take(SHOWN_MAX);
    lines.extend(takes.map(|inner| format!("  inside     at depth {}, takes {}", inner.depth, shortened(&inner.imports))));
    lines
}

fn named(tool: &Producer) -> String {
    let version = if tool.version.is_empty() { String::new() } else { format!(" {}", tool.version) };
    format!("{}{version} ({})", tool.name, tool.field)
}

fn imports(audit: &Audit) -> Vec<String> {
    let mut lines = vec![String::new(), "Imports: all that it can call".to_owned()];
    if audit.imports.is_empty() {
        lines.push("  nothing".to_owned());
    }
    for imported in audit.imports.iter().take(SHOWN_MAX) {
        lines.push(format!("  {}{}", imported.interface.name, standing(imported)));
        lines.extend(calls(imported));
    }
    if let Some(more @ 1..) = audit.imports.len().checked_sub(SHOWN_MAX) {
        lines.push(format!("  and {more} more; --json has all"));
    }
    lines
}

/// The functions of an import, each with its sentence where it has one of its own.
fn calls(imported: &Imported) -> Vec<String> {
    let Imported { interface, allows, .. } = imported;
    let one = |name: &str| Some(format!("      {name:<10} {}", lent::allows_of(&interface.name, name)?));
    let names: Vec<&str> = interface.functions.iter().map(|function| function.name.as_str()).collect();
    let told: Vec<String> = names.iter().filter_map(|name| one(name)).collect();
    if !told.is_empty() && told.len() == names.len() {
        return told;
    }
    let more = names.len().checked_sub(NAMES_MAX).filter(|more| *more > 0).map(|more| format!(" and {more} more"));
    let shown = names[..names.len().min(NAMES_MAX)].join(", ");
    let called = (!shown.is_empty()).then(|| format!("      {shown}{}", more.unwrap_or_default()));
    called.into_iter().chain([format!("      {allows}")]).collect()
}

fn standing(imported: &Imported) -> &'static str {
    match imported.lends {
        None => "  REFUSED",
        Some(Lends::Inert) => "  inert",
        Some(Lends::Always) => "  always lent",
        Some(_) => "",
    }
}

fn capabilities(audit: &Audit) -> Vec<String> {
    let mut lines = vec![String::new(), "Capabilities: what it can reach is where all of these agree".to_owned()];
    for row in &audit.capabilities {
        let Row { capability, imported, declared, optional, granted, used } = row;
        let imported = if imported.is_empty() { "nothing".to_owned() } else { imported.join(", ") };
        lines.push(format!("  {capability:<9}  imported  {imported}"));
        let optional = if *optional { " (optional)" } else { "" };
        lines.push(format!("             declared  {}{optional}", globs(declared.as_deref())));
        if audit.task.is_some() {
            lines.push(format!("             granted   {}", globs(granted.as_deref())));
        }
        if let Some((used, runs)) = used.as_ref().zip(audit.runs.filter(|runs| *runs > 0)) {
            let denied = if used.denied > 0 { format!(", {} denied", used.denied) } else { String::new() };
            lines.push(format!(
                "             used      {}{denied} in {}",
                count(used.all(), "call"),
                count(runs, "recorded run")
            ));
        }
    }
    for (name, globs) in [("documents", &audit.handed.documents), ("config", &audit.handed.config)] {
        if !globs.is_empty() {
            lines.push(format!("  {name:<9}  handed to it where `read` covers them: {}", shortened(globs)));
        }
    }
    lines
}

fn globs(globs: Option<&[String]>) -> String {
    match globs {
        None => "no".to_owned(),
        Some([]) => "yes".to_owned(),
        Some(globs) => shortened(globs),
    }
}

fn limits(audit: &Audit) -> Vec<String> {
    let word = |bound: Option<u64>| bound.map_or_else(|| "-".to_owned(), |bound| bound.to_string());
    let mut lines = vec![String::new()];
    let (declared, granted) = ("promised", if audit.task.is_some() { "granted" } else { "" });
    lines.push(format!("{:<24}{declared:>14}{granted:>14}{:>14}", "Limits", "in force"));
    for LimitRow { key, declared, granted, effective } in &audit.limits {
        let granted = if audit.task.is_some() { word(*granted) } else { String::new() };
        lines.push(format!("  {key:<22}{:>14}{granted:>14}{effective:>14}", word(*declared)));
    }
    lines
}

fn verdict(audit: &Audit, what: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    let errors = audit.findings.iter().filter(|finding| finding.level == Severity::Error).count() as u64;
    lines.push(match (&audit.task, audit.within) {
        (Some(task), true) => format!("Verdict: within the grant of task {task}"),
        (Some(task), false) => format!("Verdict: NOT within the grant of task {task}: {}", count(errors, "error")),
        (None, true) => format!("Verdict: it would load; hold it against a task with: lifeos plugin audit {what} --task TASK"),
        (None, false) => format!("Verdict: it would NOT load: {}", count(errors, "error")),
    });
    lines.extend(audit.findings.iter().flat_map(finding));
    lines.push(String::new());
    lines.extend(LIMIT.iter().map(|line| (*line).to_owned()));
    lines
}

fn finding(finding: &Finding) -> Vec<String> {
    let level = finding.level.word();
    let mut lines = vec![format!("  {level} {}: {}", finding.rule, finding.message)];
    lines.extend(finding.fix.as_ref().map(|fix| format!("      {}", fixed(fix))));
    lines
}

/// A fix in words.
pub(super) fn fixed(fix: &Fix) -> String {
    let Fix { file, table, add, line, replaces } = fix;
    if let Some(old) = replaces {
        return format!("change in {file}, {table}: {old} to {line}");
    }
    match (add, line.is_empty()) {
        (true, true) => format!("add to {file}: {table}"),
        (true, false) => format!("add to {file}, {table}: {line}"),
        (false, true) => format!("drop from {file}: {table}"),
        (false, false) => format!("drop from {file}, {table}: {line}"),
    }
}

/// What an audit cannot tell.
pub(super) const LIMIT: [&str; 5] = [
    "What this proves: a component cannot call what it does not import, and reaches no path beyond declared and granted globs.",
    "What it does not: whether the plugin does its work well, or honestly. What it may read it may copy into what it may edit,",
    "into findings and into its log; what it proposes is shown before it lands, so look at the diff. Names of functions and",
    "tools are what the component says. Its code was not looked at: it is validated when it is compiled, and it runs in the",
    "sandbox, within the limits above.",
];
