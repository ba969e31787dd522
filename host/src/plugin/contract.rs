//! The text of the contract, as `wit/` has it, and narrowed to what a manifest
//! declares. A toolchain that imports the whole world it is given, used or not,
//! is given the narrowed one: then Imported lies within Declared.

use super::World;
use super::manifest::Manifest;

include!(concat!(env!("OUT_DIR"), "/contract.rs"));

/// Files of the contract: name, text.
pub const FILES: &[(&str, &str)] = CONTRACT;

/// The file that has the worlds.
const WORLDS: &str = "worlds.wit";

impl World {
    /// The world that a manifest is written for: only a file-task has documents.
    pub fn of(manifest: &Manifest) -> Self {
        if manifest.documents.is_empty() { Self::Task } else { Self::FileTask }
    }
}

/// The contract without the imports that the manifest does not declare.
pub fn narrowed(manifest: &Manifest) -> Vec<(&'static str, String)> {
    let capabilities = &manifest.capabilities;
    let declared = [
        ("repo", capabilities.read.is_some() || capabilities.list.is_some()),
        ("history", capabilities.history.is_some()),
        ("edits", capabilities.edit.is_some()),
        ("model", capabilities.model.is_some()),
        ("rounds", capabilities.rounds.is_some()),
    ];
    let dropped: Vec<String> =
        declared.iter().filter(|(_, declared)| !declared).map(|(name, _)| format!("import {name};")).collect();
    let narrow = |text: &str| {
        let kept = text.split_inclusive('\n').filter(|line| !dropped.iter().any(|import| line.trim() == import));
        kept.collect()
    };
    FILES.iter().map(|(name, text)| (*name, if *name == WORLDS { narrow(text) } else { (*text).to_owned() })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands after `import` in each world of the text, in order.
    fn imports(text: &str) -> Vec<&str> {
        text.lines().filter_map(|line| line.trim().strip_prefix("import ")?.strip_suffix(';')).collect()
    }

    #[test]
    fn a_world_has_the_declared_imports_and_no_others() {
        let rows = [
            ("", "types findings log types log"),
            ("[capabilities.read]\nglobs = []", "types repo findings log types repo log"),
            ("[capabilities.list]\nglobs = []", "types repo findings log types repo log"),
            ("[capabilities.edit]\nglobs = []", "types edits findings log types log"),
            ("[capabilities.history]", "types history findings log types history log"),
            ("[capabilities.model]\n[capabilities.rounds]", "types model rounds findings log types log"),
        ];
        for (capabilities, expected) in rows {
            let text = format!("name = 'x'\nversion = '1'\ndescription = ''\n{capabilities}\n");
            let files = narrowed(&Manifest::parse(&text).expect("a manifest"));
            let worlds = &files.iter().find(|(name, _)| *name == WORLDS).expect("the worlds").1;
            assert_eq!(imports(worlds).join(" "), expected, "{capabilities}");
        }
    }

    #[test]
    fn only_lines_of_imports_are_dropped() {
        let manifest = Manifest::parse("name = 'x'\nversion = '1'\ndescription = ''\n").expect("a manifest");
        for ((name, whole), (narrow_name, narrow)) in FILES.iter().zip(narrowed(&manifest)) {
            assert_eq!(*name, narrow_name);
            let lost: Vec<&str> = whole.lines().filter(|line| !narrow.lines().any(|kept| kept == *line)).collect();
            assert!(lost.iter().all(|line| line.trim().starts_with("import ")), "{name}: {lost:?}");
        }
    }
}
