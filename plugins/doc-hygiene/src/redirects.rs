//! Paths that are gone and still lead somewhere, since the site sends their
//! readers on. It reads the redirection files of docfx sites and does not
//! follow where they point.

use std::collections::HashSet;

use lifeos_sdk::Document;
use serde_json::Value;

use crate::place;

/// The paths of documents that are redirected.
pub(crate) fn read(config: &[Document]) -> HashSet<String> {
    let files = config.iter().filter(|file| place::split(&file.path).1.starts_with(".openpublishing.redirection"));
    files.flat_map(sources).collect()
}

fn sources(file: &Document) -> Vec<String> {
    let read: Value = serde_json::from_str(file.text.trim_start_matches('\u{feff}')).unwrap_or_default();
    let folder = place::split(&file.path).0;
    let entries = read.get("redirections").and_then(Value::as_array).into_iter().flatten();
    let source = |entry: &Value| {
        let from_root = entry.get("source_path_from_root").and_then(Value::as_str);
        let beside = entry.get("source_path").and_then(Value::as_str);
        from_root.and_then(|path| place::joined("", path)).or_else(|| place::joined(folder, beside?))
    };
    entries.filter_map(source).collect()
}

#[cfg(test)]
mod tests {
    use lifeos_sdk::Document;

    use super::read;

    #[test]
    fn both_forms_are_read() {
        let text = r#"{"redirections": [{"source_path": "a.md"}, {"source_path_from_root": "/x/b.md"}, {}]}"#;
        let file = |path: &str, text: &str| Document {
            path: path.to_owned(),
            id: String::new(),
            text: text.to_owned(),
            editable: false,
        };
        let found = read(&[file("d/.openpublishing.redirection.json", text), file(".openpublishing.redirection.x.json", "")]);
        let mut found: Vec<String> = found.into_iter().collect();
        found.sort();
        assert_eq!(found, ["d/a.md", "x/b.md"]);
    }
}
