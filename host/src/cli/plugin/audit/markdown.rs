//! An audit as Markdown for a pull request: whatever a component chose stands in
//! code spans, where a forge acts upon nothing.

use std::fmt::Write as _;

use lifeos::clean;
use lifeos::edit::Severity;
use lifeos::plugin::audit::{Audit, Row};

use super::text::{LIMIT, fixed};
use crate::cli::text::count;

/// Imports and findings that are shown; a comment has a bounded size.
const SHOWN_MAX: usize = 60;

/// The whole page.
pub(super) fn page(audit: &Audit, what: &str) -> String {
    let mut page = String::new();
    let verdict = match (&audit.task, audit.within) {
        (Some(task), true) => format!("within the grant of task {}", code(task)),
        (Some(task), false) => format!("**not** within the grant of task {}", code(task)),
        (None, true) => "it would load".to_owned(),
        (None, false) => "it would **not** load".to_owned(),
    };
    let name = audit.name.as_deref().unwrap_or("(no manifest)");
    let version = audit.version.as_deref().unwrap_or("");
    let world = audit.world.map_or("none", |world| world.word());
    let _infallible = write!(
        page,
        "### Audit of {}: {verdict}\n\n{}, world {}, {} bytes, {}\n",
        code(what),
        code(format!("{name} {version}").trim()),
        code(world),
        audit.bytes,
        code(&audit.digest.to_string())
    );
    findings(audit, &mut page);
    table(audit, &mut page);
    imports(audit, &mut page);
    let _infallible = writeln!(page, "\n{}", LIMIT.join(" "));
    page
}

fn findings(audit: &Audit, page: &mut String) {
    if audit.findings.is_empty() {
        return;
    }
    page.push('\n');
    for finding in audit.findings.iter().take(SHOWN_MAX) {
        let level = match finding.level {
            Severity::Error => "**error**",
            level => level.word(),
        };
        let fix = finding.fix.as_ref().map_or(String::new(), |fix| format!("; {}", code(&fixed(fix))));
        let _infallible = writeln!(page, "- {level} {}: {}{fix}", code(finding.rule), code(&finding.message));
    }
    more(audit.findings.len(), page);
}

fn table(audit: &Audit, page: &mut String) {
    page.push_str("\n| capability | imported | declared | granted | used |\n| --- | --- | --- | --- | --- |\n");
    let globs = |globs: Option<&[String]>| match globs {
        None => "no".to_owned(),
        Some([]) => "yes".to_owned(),
        Some(globs) => globs.iter().map(|glob| code(glob)).collect::<Vec<_>>().join(" "),
    };
    for Row { capability, imported, declared, optional, granted, used } in &audit.capabilities {
        let imported = if imported.is_empty() { "no".to_owned() } else { globs(Some(imported)) };
        let optional = if *optional { " (optional)" } else { "" };
        let granted = if audit.task.is_some() { globs(granted.as_deref()) } else { String::new() };
        let used = used.zip(audit.runs).map_or(String::new(), |(used, runs)| match runs {
            0 => "no run on record".to_owned(),
            runs => format!("{} in {}", count(used.all(), "call"), count(runs, "run")),
        });
        let declared = globs(declared.as_deref());
        let _infallible = writeln!(page, "| {capability} | {imported} | {declared}{optional} | {granted} | {used} |");
    }
}

fn imports(audit: &Audit, page: &mut String) {
    page.push_str("\n<details><summary>Imports</summary>\n\n");
    for imported in audit.imports.iter().take(SHOWN_MAX) {
        let refused = if imported.lends.is_none() { " **refused**:" } else { "" };
        let _infallible = writeln!(page, "- {}:{refused} {}", code(&imported.interface.name), imported.allows);
    }
    more(audit.imports.len(), page);
    page.push_str("\n</details>\n");
}

fn more(all: usize, page: &mut String) {
    if let Some(more @ 1..) = all.checked_sub(SHOWN_MAX) {
        let _infallible = writeln!(page, "- and {more} more");
    }
}

/// Text in a code span that ends where it is meant to, also in a table.
fn code(text: &str) -> String {
    let text = clean::line(text).replace('|', "\\|");
    let longest = text.split(|char| char != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let room = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{room}{text}{room}{fence}")
}

#[cfg(test)]
mod tests {
    use super::code;

    #[test]
    fn a_code_span_holds_whatever_it_is_given() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`a"), "`` `a ``");
        assert_eq!(code("@you #1 <b> | ](x)"), "`@you #1 <b> \\| ](x)`");
    }
}
