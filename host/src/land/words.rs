//! What a pull request says: the host's own template. Text that comes from a
//! plugin stands in code spans, where a forge reads no mention, reference or
//! command in it.

use std::fmt::Write as _;

use crate::approve::Approved;
use crate::clean;
use crate::ledger::record::Run;

/// Rows of each table.
const ROWS_MAX: usize = 50;

/// The title of a pull request.
pub(super) fn title(approved: &Approved, record: &Run) -> String {
    let task = &approved.waiting().identity().task;
    let files = record.edits.len();
    let noun = if files == 1 { "file" } else { "files" };
    match &record.reverts {
        Some(reverts) => format!("{task}: roll back run {} ({files} {noun})", reverts.run),
        None => format!("{task}: {files} {noun} by {}", plain(&record.plugin.name)),
    }
}

/// Its body, as Markdown.
pub(super) fn body(approved: &Approved, record: &Run) -> String {
    let waiting = approved.waiting();
    let (added, removed) = record
        .edits
        .iter()
        .fold((0_u64, 0_u64), |(added, removed), edit| (added.saturating_add(edit.added), removed.saturating_add(edit.removed)));
    let mut text = format!(
        "Task {} of lifeos proposes this change to {} of `{:.10}`, +{added} -{removed} lines. It was checked against the grant of \
         the task, {}, and approved before it was pushed.\n\n",
        code(&waiting.identity().task),
        count(record.edits.len(), "file"),
        record.base,
        gate(record),
    );
    text.push_str("| file | lines |\n| --- | --- |\n");
    for edit in record.edits.iter().take(ROWS_MAX) {
        let _infallible = writeln!(text, "| {} {} | +{} -{} |", code(&edit.path), plain(&edit.action), edit.added, edit.removed);
    }
    more(&mut text, record.edits.len());
    if !record.findings.is_empty() {
        let mut rules: Vec<_> = record.findings.iter().collect();
        rules.sort_by_key(|(_, found)| std::cmp::Reverse(**found));
        text.push_str("\n| finding | count |\n| --- | --- |\n");
        for (rule, found) in rules.iter().take(ROWS_MAX) {
            let _infallible = writeln!(text, "| {} | {found} |", code(rule));
        }
        more(&mut text, rules.len());
    }
    let plugin = &record.plugin;
    let used: Vec<String> = record.used.iter().map(|(name, used)| format!("{} {}", code(name), used.allowed)).collect();
    let used = if used.is_empty() { "nothing".to_owned() } else { used.join(", ") };
    let spend = "no model was called";
    let _infallible = write!(
        text,
        "\n- run: `{}`, look at it with `lifeos review {0}`\n- digest: `{}`\n- plugin: {} {} `{}`\n- host calls: {used}\n- spend: {spend}\n",
        waiting.run(),
        waiting.digest(),
        code(&plugin.name),
        code(&plugin.version),
        plugin.digest,
    );
    text
}

fn gate(record: &Run) -> String {
    match &record.gate {
        None => "has no gate".to_owned(),
        Some(gate) => {
            let what = gate.tests.map_or_else(|| count(gate.commands.len(), "command"), |tests| format!("{tests} tests"));
            let isolated = if gate.isolated { "" } else { ", not isolated" };
            format!("passed the gate ({what}{isolated})")
        }
    }
}

fn more(text: &mut String, rows: usize) {
    if rows > ROWS_MAX {
        let _infallible = writeln!(text, "\nand {} more.", rows - ROWS_MAX);
    }
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// A code span of one line that nothing ends early, also not in a table.
fn code(text: &str) -> String {
    format!("`{}`", plain(text))
}

fn plain(text: &str) -> String {
    let text = clean::line(clean::cut(text, 300));
    text.chars().map(|char| if matches!(char, '`' | '|' | '<' | '>' | '@' | '#') { '_' } else { char }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_86_nothing_in_a_name_has_an_effect() {
        assert_eq!(code("a`@team` closes #1 | <b>\n"), "`a__team_ closes _1 _ _b_\\n`");
        assert_eq!(code("plain/name.md"), "`plain/name.md`");
    }
}
