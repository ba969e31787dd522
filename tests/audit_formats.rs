//! `plugin audit` for machines: SARIF with the fields that its schema requires,
//! Markdown that acts upon nothing, JSON with a schema of its own.

use serde_json::Value;

use crate::rig::components::{MANIFEST, task_wat, wat_with};
use crate::rig::{TestRepo, expect_file, workspace};

/// A task with one finding of each level.
fn repo() -> TestRepo {
    let manifest = MANIFEST.replace(
        "{}",
        r#"{"read": {"globs": ["docs/**"]}, "edit": {"globs": ["*"]}, "list": {"globs": ["**"], "optional": true}}"#,
    );
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    repo.task_of(&wat_with(&task_wat("", "", "", ""), &manifest), "edit = ['**']\n");
    repo
}

#[test]
fn sarif_has_what_its_schema_requires() {
    let ran = repo().lifeos(&["plugin", "audit", "t", "--format", "sarif"]);
    let log = ran.exits(20).json();
    assert_eq!((&log["version"], log["runs"].as_array().map(Vec::len)), (&Value::from("2.1.0"), Some(1)));
    let run = &log["runs"][0];
    assert_eq!(run["tool"]["driver"]["name"], "lifeos");
    let rules: Vec<&str> = run["tool"]["driver"]["rules"]
        .as_array()
        .expect("rules")
        .iter()
        .map(|rule| rule["id"].as_str().expect("an id"))
        .collect();
    let results = run["results"].as_array().expect("results");
    assert!(results.len() >= 3, "{ran}");
    for result in results {
        assert!(rules.contains(&result["ruleId"].as_str().expect("a rule")), "{result}");
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().expect("a level")), "{result}");
        assert!(!result["message"]["text"].as_str().expect("text").is_empty(), "{result}");
        let place = &result["locations"][0]["physicalLocation"];
        assert!(!place["artifactLocation"]["uri"].as_str().expect("a file").contains([' ', '\\']), "{result}");
        assert!(place["region"].is_null() || place["region"]["startLine"].as_u64() > Some(0), "{result}");
    }
    let line = |rule: &str| {
        let result = results.iter().find(|result| result["ruleId"] == rule).unwrap_or_else(|| panic!("{rule}\n{ran}"));
        let place = &result["locations"][0]["physicalLocation"];
        (place["artifactLocation"]["uri"].clone(), place["region"]["startLine"].clone())
    };
    // version, [task.t], plugin, digest, edit
    assert_eq!(line("audit/unused-grant"), (Value::from("lifeos.toml"), Value::from(5)));
    assert_eq!(line("audit/not-granted"), (Value::from("lifeos.toml"), Value::from(2)));
}

#[test]
fn json_and_a_format_exclude_each_other() {
    repo().lifeos(&["plugin", "audit", "t", "--format", "sarif", "--json"]).exits(2).says("exclude each other");
}

#[test]
fn what_a_component_chose_stands_in_code_spans() {
    let name = "url=<https://x/`@owner`-#1-|-](javascript:x)>";
    let component = ::wat::parse_str(format!("(component (import \"{name}\" (func)))")).expect("a component");
    let repo = TestRepo::new(&[]);
    let path = repo.scratch().join("x.wasm");
    std::fs::write(&path, component).expect("a component");
    let ran = repo.lifeos(&["plugin", "audit", &path.display().to_string(), "--format", "markdown"]);
    for line in ran.exits(20).stdout.lines().filter(|line| line.contains("@owner")) {
        let fence = if line.contains("```") { "```" } else { "``" };
        let spans: Vec<&str> = line.split(fence).collect();
        assert!(spans.iter().step_by(2).all(|outside| !outside.contains('@')), "{line}");
    }
}

#[test]
fn the_page_on_capabilities_is_made_from_the_contract() {
    expect_file(&workspace().join("docs/capabilities.md"), &lifeos::plugin::lent::page());
}

/// Interface, name and signature of every function that a world may import.
fn functions_of_wit() -> Vec<(String, String, String)> {
    let mut functions = Vec::new();
    for file in ["repo", "history", "edits", "model", "rounds", "findings", "log", "types"] {
        let text = std::fs::read_to_string(workspace().join(format!("wit/{file}.wit"))).expect("a WIT file");
        let functions_here = text.lines().filter_map(|line| line.trim().strip_suffix(';')?.split_once(": func"));
        functions.extend(functions_here.map(|(name, rest)| (file.to_owned(), name.to_owned(), format!("func{rest}"))));
    }
    functions.sort();
    functions
}

#[test]
fn the_sentences_cover_the_contract() {
    let lent = lifeos::plugin::lent::LENT.iter();
    let mut lent: Vec<_> =
        lent.map(|lent| (lent.interface.to_owned(), lent.function.to_owned(), lent.signature.to_owned())).collect();
    lent.sort();
    assert_eq!(lent, functions_of_wit());
}
