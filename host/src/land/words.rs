//! What a pull request says: the host's own template, with what the run was told to
//! do, what speaks for it, and what it cost. Text that comes from a plugin, a model or
//! an instruction stands in code spans and without the signs by which a forge, or
//! whatever reads commits, finds a mention, a reference or a command in it.

use std::fmt::Write as _;

use crate::approve::Approved;
use crate::budget::price::money;
use crate::clean;
use crate::ledger::record::{AllRounds, GateText, Run};

/// Rows of each table.
const ROWS_MAX: usize = 50;
/// Lines of an instruction, and bytes of each.
const LINES_MAX: usize = 40;
const LINE_BYTES_MAX: usize = 300;

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

/// Its body, as Markdown; `before` are the rounds that the run repairs, newest first.
pub(super) fn body(approved: &Approved, record: &Run, before: &[Run]) -> String {
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
    if let Some(instruction) = &record.instruction {
        let _infallible = write!(text, "It was told:\n\n{}\n", quoted(instruction));
    }
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
    text.push_str(&evidence(record, before));
    let plugin = &record.plugin;
    let used: Vec<String> = record.used.iter().map(|(name, used)| format!("{} {}", code(name), used.allowed)).collect();
    let used = if used.is_empty() { "nothing".to_owned() } else { used.join(", ") };
    let spend = spend(record, before);
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

/// What the gate said, command by command, and what was repaired on the way.
fn evidence(record: &Run, before: &[Run]) -> String {
    let mut text = String::new();
    let red = |run: &&Run| run.gate.as_ref().is_some_and(|gate| gate.fault.is_some());
    for fault in before.iter().rev().filter(red).filter_map(|run| run.gate.as_ref()?.fault.as_ref()) {
        let _infallible = writeln!(text, "- an attempt before it did not pass: {}", code(fault));
    }
    if let Some(GateText { tests_before, tests, goal_before, commands, .. }) = &record.gate {
        for ran in commands.iter().take(ROWS_MAX) {
            let ended = ran.fault.as_deref().map_or_else(|| "passed".to_owned(), code);
            let _infallible = writeln!(text, "- {}: {ended}, {} ms", code(&ran.command), ran.millis);
        }
        if let (Some(before), Some(tests)) = (tests_before, tests) {
            let _infallible = writeln!(text, "- tests: {tests} ran, on the base {before}");
        }
        if let Some(unmet) = goal_before {
            let _infallible = writeln!(text, "- the goal, which is met now, was not on the base: {}", code(unmet));
        }
    }
    if text.is_empty() { text } else { format!("\nThe gate:\n\n{text}") }
}

/// What a model was asked and what that cost, of all rounds together.
fn spend(record: &Run, before: &[Run]) -> String {
    let asked = AllRounds::of(before.iter().rev().chain([record]).filter_map(|run| run.model.as_ref()));
    let Some(asked) = asked else { return "no model was called".to_owned() };
    let (sum, calls) = (asked.spent, count(asked.calls as usize, "call"));
    let mut text = format!("{calls} of {}, {} tokens, {}", code(&asked.model), sum.tokens.all(), money(sum.cost));
    let prompts = asked.prompts.iter().take(ROWS_MAX);
    for (prompt, digest) in prompts {
        let (name, version) = prompt.split_once('@').unwrap_or((prompt, ""));
        let _infallible = write!(text, "\n- prompt: {} {} `{digest}`", code(name), plain(version));
    }
    if let Some(line) = asked.taken_out() {
        let _infallible = write!(text, "\n- {}", plain(&line));
    }
    text
}

/// An instruction, line by line.
fn quoted(instruction: &str) -> String {
    let mut text = String::new();
    let mut lines = instruction.trim_end().lines();
    for line in lines.by_ref().take(LINES_MAX) {
        let short = clean::cut(line, LINE_BYTES_MAX);
        let more = if short.len() < line.len() { "..." } else { "" };
        let _infallible = match short.trim() {
            "" => writeln!(text, ">"),
            _ => writeln!(text, "> {}{more}\\", code(short)),
        };
    }
    let left = lines.count();
    if left > 0 {
        let _infallible = writeln!(text, ">\n> and {}.", count(left, "more line"));
    }
    // A line that another follows is broken there; a paragraph ends by itself.
    text.replace("\\\n>\n", "\n>\n").trim_end_matches("\\\n").trim_end().to_owned() + "\n"
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
    let text: String = text.chars().map(inert).collect();
    // What links to an issue, in full or by its number.
    text.replace("://", ":__").replace("GH-", "GH_").replace("gh-", "gh_")
}

/// A sign that stands for itself alone, in Markdown, in a table and in a commit.
fn inert(char: char) -> char {
    match char {
        '`' | '|' | '<' | '>' | '@' | '#' => '_',
        '[' => '(',
        ']' => ')',
        char => char,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_86_nothing_in_a_name_has_an_effect() {
        assert_eq!(code("a`@team` closes #1 | <b>\n"), "`a__team_ closes _1 _ _b_\\n`");
        assert_eq!(code("plain/name.md"), "`plain/name.md`");
        assert_eq!(code("[skip ci] Fixes GH-1, https://x/y/issues/2"), "`(skip ci) Fixes GH_1, https:__x/y/issues/2`");
    }

    #[test]
    fn case_86_an_instruction_is_quoted_line_by_line() {
        let told = "Add it @team.\n\n```\nCloses #1\n\u{202e}Signed-off-by: A <a@b>\nfeat!: x\nBREAKING CHANGE: y\n";
        let quoted = quoted(told);
        assert!(quoted.lines().all(|line| line.starts_with('>')), "nothing begins a line: {quoted}");
        assert!(!quoted.contains(['@', '#', '<', '\u{202e}']) && !quoted.contains("``"), "{quoted}");
        assert!(quoted.starts_with("> `Add it _team.`\n>\n> `___`\\\n> `Closes"), "{quoted}");
        let long = super::quoted(&"x\n".repeat(LINES_MAX + 2));
        assert!(long.ends_with("> and 2 more lines.\n") && long.lines().count() == LINES_MAX + 2, "{long}");
        assert!(super::quoted(&"y".repeat(400)).ends_with("`...\n"));
    }
}
