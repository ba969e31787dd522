//! The repository's own lint configuration: which file decides and what it
//! says, as plain data. It does not know what any setting does.

use lifeos_sdk::Document;
use serde::Deserialize as _;
use toml::{Table, Value};

/// The files that may configure the linter, the first existing one decides.
const FILES: [&str; 15] = [
    ".rumdl.toml",
    "rumdl.toml",
    ".config/rumdl.toml",
    "pyproject.toml",
    ".markdownlint.jsonc",
    ".markdownlint.json",
    ".markdownlint.yaml",
    ".markdownlint.yml",
    ".markdownlint-cli2.jsonc",
    ".markdownlint-cli2.yaml",
    ".markdownlint-cli2.yml",
    "markdownlint.json",
    "markdownlint.jsonc",
    "markdownlint.yaml",
    "markdownlint.yml",
];

/// How deep one file may extend another.
const EXTENDS_MAX: usize = 10;

/// What the deciding file says.
#[derive(Debug, PartialEq)]
pub(crate) enum Found {
    /// No configuration: the linter's defaults.
    Nothing,
    /// Tables of the linter's own notation, the file extended most first.
    Own(Vec<Table>),
    /// Rules by name as markdownlint writes them, and paths to leave out.
    Markdownlint(serde_yaml::Mapping, Vec<String>),
}

/// Finds and reads the configuration that decides.
///
/// # Errors
/// One sentence naming the file that does not parse.
pub(crate) fn find(files: &[Document]) -> Result<Found, String> {
    for name in FILES {
        let Some(file) = files.iter().find(|file| file.path == name) else {
            continue;
        };
        if !name.ends_with(".toml") {
            return markdownlint(file);
        }
        if let Some(table) = own(file)? {
            return chain(files, name, table).map(Found::Own);
        }
    }
    Ok(Found::Nothing)
}

/// The linter's table in a file; none in a `pyproject.toml` without one.
fn own(file: &Document) -> Result<Option<Table>, String> {
    let text = file.text.strip_prefix('\u{feff}').unwrap_or(&file.text);
    let table: Table = toml::from_str(text).map_err(|error| unreadable(&file.path, &error.to_string()))?;
    if !file.path.ends_with("pyproject.toml") {
        return Ok(Some(table));
    }
    let tool = table.get("tool").and_then(|tool| tool.get("rumdl"));
    Ok(tool.and_then(Value::as_table).cloned())
}

/// The table and those it extends, in the order they apply.
fn chain(files: &[Document], name: &str, table: Table) -> Result<Vec<Table>, String> {
    let mut tables = vec![table];
    let mut at = name.to_owned();
    while let Some(target) = tables.last().and_then(|table| table.get("extends")).and_then(Value::as_str) {
        let path = beside(&at, target);
        let base = files.iter().find(|file| Some(&file.path) == path.as_ref()).filter(|_| tables.len() < EXTENDS_MAX);
        let base = base.map(own).transpose()?.flatten();
        let Some(base) = base else {
            return Err(format!(
                "{at}: extends {target:?}, which is not one of the configuration files this task is given; \
                 copy its settings into {at}"
            ));
        };
        tables.push(base);
        at = path.unwrap_or_default();
    }
    tables.reverse();
    Ok(tables)
}

/// A relative path as seen from another file; none if it leaves the repository.
fn beside(file: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn markdownlint(file: &Document) -> Result<Found, String> {
    let text = file.text.strip_prefix('\u{feff}').unwrap_or(&file.text);
    let failed = |error: String| unreadable(&file.path, &error);
    let read: Option<serde_yaml::Mapping> = if file.path.ends_with(".yaml") || file.path.ends_with(".yml") {
        serde_yaml::from_str(text).map_err(|error| failed(error.to_string()))?
    } else {
        serde_json::from_str(&without_comments(text)).map_err(|error| failed(error.to_string()))?
    };
    let mut rules = read.unwrap_or_default();
    let ignores = rules.remove("ignores").map(Vec::<String>::deserialize).transpose();
    let ignores = ignores.map_err(|error| failed(format!("ignores: {error}")))?.unwrap_or_default();
    if let Some(inner) = rules.get("config").and_then(serde_yaml::Value::as_mapping) {
        rules = inner.clone();
    } else if file.path.contains("-cli2.") {
        rules = serde_yaml::Mapping::new();
    }
    Ok(Found::Markdownlint(rules, ignores))
}

fn unreadable(path: &str, error: &str) -> String {
    let first: Vec<&str> = error.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    format!("{path}: cannot be read as lint configuration: {}", first.join(" "))
}

/// JSON with comments blanked; commas before a closing bracket go too.
fn without_comments(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let taken = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.find("*/").map_or(rest.len(), |end| end + 4)
        } else if next == '"' {
            let length = string_length(rest);
            made.push_str(&rest[..length]);
            length
        } else {
            if matches!(next, '}' | ']') && made.trim_end().ends_with(',') {
                made.truncate(made.trim_end().len() - 1);
            }
            made.push(next);
            next.len_utf8()
        };
        rest = &rest[taken..];
    }
    made
}

fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use lifeos_sdk::Document;

    use super::{Found, find};

    fn file(path: &str, text: &str) -> Document {
        Document { path: path.to_owned(), id: String::new(), text: text.to_owned(), editable: false }
    }

    fn check(files: &[(&str, &str)], expected: &str) {
        let files: Vec<Document> = files.iter().map(|(path, text)| file(path, text)).collect();
        let found = match find(&files) {
            Ok(Found::Nothing) => "nothing".to_owned(),
            Ok(Found::Own(tables)) => {
                tables.iter().map(|table| table.keys().cloned().collect::<Vec<_>>().join(",")).collect::<Vec<_>>().join("|")
            }
            Ok(Found::Markdownlint(rules, ignores)) => {
                let keys: Vec<&str> = rules.keys().filter_map(|key| key.as_str()).collect();
                format!("{} -{}", keys.join(","), ignores.join(","))
            }
            Err(error) => error,
        };
        assert!(found.starts_with(expected), "{found}");
    }

    #[test]
    fn the_first_file_decides() {
        check(&[], "nothing");
        check(&[(".markdownlint.json", "{\"MD013\": false}"), (".rumdl.toml", "[MD013]\n")], "MD013");
        check(&[("pyproject.toml", "[tool.x]\n"), ("rumdl.toml", "line-length = 9\n")], "line-length");
        check(&[("pyproject.toml", "[tool.x]\n"), (".markdownlint.yaml", "MD001: true\n")], "MD001 -");
        check(&[("pyproject.toml", "[tool.rumdl]\ndisable = []\n")], "disable");
        check(&[(".markdownlint.yml", "")], " -");
        check(&[(".markdownlint.jsonc", "{ // a\n \"x\": \"//\", /* b */ \"y\": [1,], }")], "x,y -");
        check(&[(".markdownlint-cli2.yaml", "config:\n  MD013: false\nignores: [a.md]\n")], "MD013 -a.md");
    }

    #[test]
    fn what_does_not_parse_is_named() {
        check(&[(".rumdl.toml", "a = = b")], ".rumdl.toml: cannot be read");
        check(&[(".markdownlint.json", "{")], ".markdownlint.json: cannot be read");
        check(&[(".markdownlint.yaml", "a: [")], ".markdownlint.yaml: cannot be read");
        check(&[(".rumdl.toml", "extends = \"../x.toml\"\n")], ".rumdl.toml: extends \"../x.toml\"");
        check(&[(".rumdl.toml", "extends = \".rumdl.toml\"\n")], ".rumdl.toml: extends");
    }

    #[test]
    fn a_file_may_extend_another() {
        check(&[(".rumdl.toml", "extends = \"rumdl.toml\"\n"), ("rumdl.toml", "flavor = \"mkdocs\"\n")], "flavor|extends");
    }
}
