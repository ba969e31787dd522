//! A grant written into the text of `lifeos.toml`: only the lists that change
//! are touched, and in them only patterns; comments and layout stay.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use crate::ledger::record::ReachText;
use crate::policy::Capability;

/// Patterns that stand on one line.
const ONE_LINE_MAX: usize = 4;

/// Why a grant cannot be written into a text.
#[derive(Debug, thiserror::Error)]
pub enum PatchError {
    /// It is no TOML.
    #[error("lifeos.toml: {0}")]
    Syntax(#[from] toml::de::Error),
    /// It has no such task.
    #[error("lifeos.toml has no table [task.{0}]")]
    NoTask(String),
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    task: BTreeMap<String, Table>,
}

/// Where the grant of a task stands.
#[derive(Deserialize)]
struct Table {
    list: Option<Patterns>,
    read: Option<Patterns>,
    edit: Option<Patterns>,
    history: Option<Spanned<bool>>,
}

type Patterns = Spanned<Vec<Spanned<String>>>;

/// Text that takes the place of other text.
type Change = (Range<usize>, String);

/// The text with a narrower grant for a task.
///
/// # Errors
/// [`PatchError`].
pub fn granting(text: &str, task: &str, present: &ReachText, grant: &ReachText) -> Result<String, PatchError> {
    let mut file: File = toml::from_str(text)?;
    let table = file.task.remove(task).ok_or_else(|| PatchError::NoTask(task.to_owned()))?;
    let mut changes = Vec::new();
    for (capability, value) in Capability::WITH_GLOBS.into_iter().zip([table.list, table.read, table.edit]) {
        let (old, new) = (present.patterns(capability), grant.patterns(capability));
        if let Some(value) = value.filter(|_| old != new) {
            changes.extend(narrowed(text, &value, new));
        }
    }
    if let Some(history) = table.history.filter(|_| present.history && !grant.history) {
        changes.push(without(text, history.span(), "false"));
    }
    Ok(changed(text, changes))
}

/// Makes a list these patterns; an empty one goes.
fn narrowed(text: &str, value: &Patterns, patterns: &[String]) -> Vec<Change> {
    if patterns.is_empty() {
        return vec![without(text, value.span(), "[]")];
    }
    let there = value.get_ref();
    let is_wanted = |pattern: &&Spanned<String>| patterns.contains(pattern.get_ref());
    let Some(last) = there.iter().rposition(|pattern| is_wanted(&pattern)) else {
        return vec![(value.span(), written(patterns))];
    };
    let missing = patterns.iter().filter(|pattern| !there.iter().any(|there| there.get_ref() == *pattern));
    let added: String = missing.map(|pattern| format!(", {}", quoted(pattern))).collect();
    // What comes after goes in one piece, with the comma before it, unless there is a comment in between.
    let (end, until) = (there[last].span().end, there.last().map_or(0, |pattern| pattern.span().end));
    let is_bare = !text[end..until].contains('#');
    let dropped = if is_bare { &there[..last] } else { there };
    let dropped = dropped.iter().filter(|pattern| !is_wanted(pattern));
    let mut changes: Vec<Change> = dropped.map(|pattern| (with_comma(text, pattern.span()), String::new())).collect();
    changes.push((end..if is_bare { until } else { end }, added));
    changes
}

/// Takes out a key with its line, or makes it say nothing where it stands on a
/// line with others.
fn without(text: &str, value: Range<usize>, nothing: &str) -> Change {
    let start = text[..value.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[value.end..].find('\n').map_or(text.len(), |at| value.end + at + 1);
    let before = text[start..value.start].trim();
    let is_key = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-' | '"' | '\'');
    let is_alone = before.strip_suffix('=').is_some_and(|key| key.trim().chars().all(is_key));
    let rest = text[value.end..end].trim();
    if is_alone && (rest.is_empty() || rest.starts_with('#')) { (start..end, String::new()) } else { (value, nothing.to_owned()) }
}

/// A pattern with the comma and the blanks after it, and with its line if it is
/// alone there.
fn with_comma(text: &str, pattern: Range<usize>) -> Range<usize> {
    let blanks = |from: usize| from + text[from..].len() - text[from..].trim_start_matches([' ', '\t']).len();
    let after = blanks(pattern.end);
    let end = if text[after..].starts_with(',') { blanks(after + 1) } else { pattern.end };
    let start = text[..pattern.start].rfind('\n').map_or(0, |at| at + 1);
    let is_alone = text[start..pattern.start].trim().is_empty() && text[end..].starts_with('\n');
    if is_alone { start..end + 1 } else { pattern.start..end }
}

/// A JSON string is a TOML string.
fn quoted(pattern: &str) -> String {
    serde_json::Value::from(pattern).to_string()
}

fn written(patterns: &[String]) -> String {
    let quoted: Vec<String> = patterns.iter().map(|pattern| quoted(pattern)).collect();
    if patterns.len() <= ONE_LINE_MAX {
        return format!("[{}]", quoted.join(", "));
    }
    format!("[\n{}]", quoted.iter().map(|pattern| format!("    {pattern},\n")).collect::<String>())
}

/// Carries changes out, from the end to the beginning; lines that are empty now
/// go as well.
fn changed(text: &str, mut changes: Vec<Change>) -> String {
    changes.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
    let mut text = text.to_owned();
    for (range, new) in changes {
        let start = range.start;
        text.replace_range(range, &new);
        let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let end = text[start..].find('\n').map_or(text.len(), |at| start + at + 1);
        let is_blank = line < start && text[line..end].trim().is_empty();
        if new.is_empty() && is_blank {
            text.replace_range(line..end, "");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(list: &[&str], read: &[&str], history: bool) -> ReachText {
        let owned = |patterns: &[&str]| patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        ReachText { list: owned(list), read: owned(read), edit: Vec::new(), history, model: false, rounds: false }
    }

    #[track_caller]
    fn assert_changed(text: &str, old: &ReachText, new: &ReachText, expected: &str) {
        let changed = granting(text, "t", old, new).expect("a text");
        assert_eq!(changed, expected);
        toml::from_str::<toml::Table>(&changed).expect("TOML");
        assert_eq!(granting(text, "t", old, old).expect("a text"), text);
    }

    #[test]
    fn comments_and_order_stay() {
        let text = "# top\n[task.t]\nplugin = 'p' # why\n# what\nread = ['**/*.md', \"x\"] # end\nhistory = true # past\nlist = [\"**\"]\n\n[task.t.options]\na = 1\n";
        let (old, new) = (grant(&["**"], &["**/*.md", "x"], true), grant(&[], &["x", "docs/*.md"], false));
        let expected =
            "# top\n[task.t]\nplugin = 'p' # why\n# what\nread = [\"x\", \"docs/*.md\"] # end\n\n[task.t.options]\na = 1\n";
        assert_changed(text, &old, &new, expected);
        assert_changed("[task.t]\nread = ['a', 'b', 'c']\n", &old, &grant(&[], &["a"], true), "[task.t]\nread = ['a']\n");
        assert!(matches!(granting(text, "u", &old, &new), Err(PatchError::NoTask(_))));
    }

    #[test]
    fn lists_over_several_lines_stay_so() {
        let text = "[task.t]\nread = [\n    # one\n    \"a\", \"b\",\n    \"c\",\n    \"d\", # two\n    \"e\"\n]\n";
        let old = grant(&[], &["a", "b", "c", "d", "e"], false);
        let expected = "[task.t]\nread = [\n    # one\n    \"b\", \"x\",\n    # two\n]\n";
        assert_changed(text, &old, &grant(&[], &["b", "x"], false), expected);
        let expected = "[task.t]\nread = [\n    \"1\",\n    \"2\",\n    \"3\",\n    \"4\",\n    \"5\",\n]\n";
        assert_changed(text, &old, &grant(&[], &["1", "2", "3", "4", "5"], false), expected);
    }

    #[test]
    fn inline_tables_keep_their_keys() {
        let text = "task.t = {list = ['**'], read = ['**'], history = true}\n";
        let expected = "task.t = {list = [], read = [\"a\"], history = false}\n";
        assert_changed(text, &grant(&["**"], &["**"], true), &grant(&[], &["a"], false), expected);
    }
}
