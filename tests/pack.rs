//! The hostile pack: one component for each danger, one file for each component,
//! and a test that names it. `tests/plugins/README.md` is its table.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::complete::{GAPS, sources};
use crate::rig::workspace;

/// Folders of the pack: what a test calls to get a component of it, and how its files end.
const FOLDERS: [(&str, &[&str], &str); 3] = [
    ("hostile", &["hostile"], "examples/*.rs"),
    ("hostile-files", &["hostile_files"], "examples/*.rs"),
    ("wat", &["hostile_wat", "hostile_wat_with", "bare_wat"], "*.wat"),
];

fn folder() -> PathBuf {
    workspace().join("tests/plugins")
}

/// The names in a folder of the pack, with what each file says of itself first.
fn dangers(package: &str, files: &str) -> BTreeMap<String, String> {
    let (inner, extension) = files.split_once('*').expect("a pattern");
    let entries = std::fs::read_dir(folder().join(package).join(inner)).expect("a folder of the pack").flatten();
    let paths = entries.map(|entry| entry.path());
    let named = paths.map(|path| {
        let name =
            path.file_name().and_then(|name| name.to_str()?.strip_suffix(extension)).expect("a file of the pack").to_owned();
        let text = std::fs::read_to_string(&path).expect("a text");
        let first = text.lines().next().and_then(|line| line.strip_prefix("//! ").or(line.strip_prefix(";; ")));
        (name, first.unwrap_or_else(|| panic!("{} does not say what it does", path.display())).to_owned())
    });
    named.collect()
}

/// Tests that call one of these functions, without this file.
fn tests_calling(functions: &[&str]) -> String {
    let own = workspace().join("tests/pack.rs");
    let calls = |text: &str| functions.iter().any(|function| text.contains(&format!("{function}(")));
    sources().into_iter().filter(|(path, text)| *path != own && calls(text)).map(|(_, text)| text).collect()
}

#[test]
fn every_hostile_component_has_a_case() {
    for (package, functions, files) in FOLDERS {
        let tests = tests_calling(functions);
        let dangers = dangers(package, files);
        assert!(dangers.len() > 20, "{package}");
        for name in dangers.keys() {
            assert!(tests.contains(&format!("\"{name}\"")), "{package}/{name} is in no test");
        }
    }
    assert!(tests_calling(&["std_guest"]).contains("std_guest()"));
}

#[test]
fn every_component_that_a_test_names_is_there() {
    for (package, functions, files) in FOLDERS {
        let dangers = dangers(package, files);
        let call = regex::Regex::new(&format!(r#"\b(?:{})\("([^"]+)""#, functions.join("|"))).expect("a pattern");
        let tests = tests_calling(functions);
        let named: BTreeSet<&str> = call.captures_iter(&tests).filter_map(|found| Some(found.get(1)?.as_str())).collect();
        assert!(named.len() > 5, "{package}: {named:?}");
        for name in named {
            assert!(dangers.contains_key(name), "a test asks for {package}/{name}");
        }
    }
}

#[test]
fn every_component_is_built_and_no_other() {
    let row = regex::Regex::new(r#"\{ name = "([^"]+)", crate-type = \["cdylib"\] \}"#).expect("a pattern");
    for (package, _, files) in &FOLDERS[..2] {
        let cargo = std::fs::read_to_string(folder().join(package).join("Cargo.toml")).expect("Cargo.toml");
        let rows: BTreeSet<String> = row.captures_iter(&cargo).map(|found| found[1].to_owned()).collect();
        assert_eq!(rows, dangers(package, files).into_keys().collect(), "{package}/Cargo.toml");
    }
}

/// A row of the table: what a file says of itself, and of which cases.
fn row(component: &str, says: &str) -> String {
    let (danger, cases) = match says.trim_end_matches('.').split_once(" (case") {
        Some((danger, cases)) => (danger, cases.trim_start_matches('s').trim().trim_end_matches(')')),
        None => (says.trim_end_matches('.'), ""),
    };
    format!("| `{component}` | {danger} | {cases} |").replace("|  |", "| |")
}

fn rows() -> Vec<String> {
    let all = FOLDERS.iter().flat_map(|(package, _, files)| {
        let rows = dangers(package, files).into_iter();
        rows.map(move |(name, says)| row(&format!("{package}/{name}"), &says))
    });
    let guest = std::fs::read_to_string(folder().join("std-guest/src/lib.rs")).expect("a source");
    let guest = guest.lines().next().and_then(|line| line.strip_prefix("//! ")).expect("a header");
    all.chain([row("std-guest", guest)]).collect()
}

#[test]
fn the_table_is_that_of_the_folder() {
    let path = folder().join("README.md");
    let text = std::fs::read_to_string(&path).expect("README.md");
    let (table, rest): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.starts_with("| `"));
    if crate::rig::bless() {
        let at = rest.iter().position(|line| line.starts_with("| component |")).expect("a table") + 2;
        let lines: Vec<String> = rest.iter().map(ToString::to_string).collect();
        let text = [&lines[..at], &rows(), &lines[at..]].concat().join("\n") + "\n";
        return std::fs::write(path, text).expect("README.md is written");
    }
    assert_eq!(table, rows(), "LIFEOS_BLESS=1 rewrites it");
}

#[test]
fn every_case_of_plugins_and_paths_is_in_a_table_and_has_a_test() {
    let text = std::fs::read_to_string(folder().join("README.md")).expect("README.md");
    let of = |line: &str, column: usize| -> Vec<u32> {
        let cell = line.split('|').nth(column).unwrap_or_default();
        cell.split(',').filter_map(|number| number.trim().parse().ok()).collect()
    };
    let tried = text.lines().filter(|line| line.starts_with("| `")).flat_map(|line| of(line, 3));
    let found: BTreeSet<u32> = tried.chain(text.lines().flat_map(|line| of(line, 1))).collect();
    let listed: BTreeSet<u32> = (1..=64).filter(|number| !GAPS.contains(number)).collect();
    assert_eq!(found.range(..=64).copied().collect::<BTreeSet<_>>(), listed);
    let sources =
        sources().into_iter().chain(crate::tidy::sources("host/src").into_iter().map(|(file, text)| (file.into(), text)));
    let names: String = sources.map(|(_, text)| text).collect();
    let case = regex::Regex::new(r"fn case((?:_\d+)+)_").expect("a pattern");
    let tested = case
        .captures_iter(&names)
        .flat_map(|found| found[1].split('_').filter_map(|word| word.parse().ok()).collect::<Vec<u32>>());
    let tested: BTreeSet<u32> = tested.collect();
    assert_eq!(listed.difference(&tested).collect::<Vec<_>>(), Vec::<&u32>::new(), "cases without a test");
}
