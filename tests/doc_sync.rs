//! The official plugin `doc-sync`: a flag that was renamed and a file that was moved
//! make two documents stale. Found without a model, repaired with one.

use serde_json::{Value, json};

use crate::rig::{Ran, TestRepo};

const TASK: &str = "[task.sync]\nplugin = 'doc-sync'\nread = ['**']\nedit = ['*.md', 'docs/**']\nhistory = true\n";
const README: &str = "# Paint\n\nPass `--colour` to paint, or `--fast`.\n";
const GUIDE: &str = "# Guide\n\nText is read in `src/parse.rs`.\n";
const ARGS: &str =
    "pub fn args(parser: &mut Parser) {\n    parser.option(\"--colour\", \"paint\");\n    parser.option(\"--fast\", \"\");\n}\n";
const PARSE: &str = "//! Reads text, line by line, and knows nothing of colours.\n\npub fn parse() {}\n";

/// Answers with the names that the evidence tells of.
const RULES: &str = r#"
[[rule]]
prompt = "doc-sync/repair@1"
matches = 'line \d+: `(?<old>--[a-z-]+)` is no more: .*; it is `(?<new>--[a-z-]+)` now'
json = true
answer = '{"replacements":[{"old":"Pass `${old}` to","new":"Pass `${new}` to"}]}'
"#;

/// A repository whose code went on; the id of the commit by which it did.
fn stale() -> (TestRepo, String) {
    let repo = TestRepo::new(&[("README.md", README), ("docs/guide.md", GUIDE), ("src/args.rs", ARGS), ("src/parse.rs", PARSE)]);
    repo.write("src/args.rs", ARGS.replace("--colour", "--color"));
    std::fs::create_dir(repo.path().join("src/text")).expect("a folder");
    repo.git(&["mv", "src/parse.rs", "src/text/parse.rs"]);
    let commit = repo.commit("another name, another place");
    (repo, commit)
}

fn findings(ran: &Ran) -> Vec<Value> {
    ran.json()["findings"].as_array().expect("findings").clone()
}

fn run(ran: &Ran) -> String {
    ran.json()["tasks"][0]["run"].as_str().expect("a run").to_owned()
}

fn text(repo: &TestRepo, path: &str) -> String {
    String::from_utf8(repo.show("lifeos/sync", path)).expect("text")
}

#[test]
fn both_are_found_without_a_model_and_the_path_is_repaired() {
    let (repo, commit) = stale();
    repo.config(TASK);
    let ran = repo.lifeos(&["check", "sync", "--json"]);
    let found = findings(ran.exits(1));
    let told: Vec<_> = found.iter().map(|one| (one["rule"].clone(), one["path"].clone(), one["repaired"].clone())).collect();
    assert_eq!(
        told,
        [
            (json!("doc-sync/renamed-flag"), json!("README.md"), json!(false)),
            (json!("doc-sync/moved-path"), json!("docs/guide.md"), json!(true))
        ],
        "{ran}"
    );
    let message = found[0]["message"].as_str().expect("a message");
    assert!(message.contains(&commit[..9]) && message.contains("out of src/args.rs; it is `--color` now"), "{message}");
    assert_eq!(found[0]["position"], json!({"line": 3, "column": 7}), "{ran}");
    assert!(found[1]["message"].as_str().is_some_and(|message| message.contains(&commit[..9])), "{ran}");
    let run = run(repo.lifeos(&["run", "sync", "--json"]).exits(0));
    repo.lifeos(&["approve", &run]).exits(0);
    assert_eq!(text(&repo, "docs/guide.md"), GUIDE.replace("src/parse.rs", "src/text/parse.rs"));
    assert_eq!(text(&repo, "README.md"), README);
}

#[test]
fn with_a_model_both_are_proposed_gated_and_land() {
    let (repo, _) = stale();
    repo.asking(RULES, &format!("{TASK}gate = ['grep -q -e --colo README.md']\nmodel = {{}}\n"));
    let tape = repo.scratch().join("tape");
    let tape = tape.to_str().expect("a path");
    let ran = repo.lifeos(&["run", "sync", "--json", "--record", tape]);
    let id = run(ran.exits(0));
    let record = ran.json()["tasks"][0]["record"].clone();
    assert_eq!((&record["model"]["calls"], &record["gate"]["fault"]), (&json!(1), &Value::Null), "{ran}");
    repo.lifeos(&["show", &id])
        .exits(0)
        .says("+Pass `--color` to paint, or `--fast`.")
        .says("+Text is read in `src/text/parse.rs`.");
    // The script is gone from the way: the tape is the model.
    let again = repo.lifeos(&["run", "sync", "--replay", tape, "--json"]).exits(0).json();
    assert_eq!(again["tree"], record["candidate"]["tree"], "{again}");
    repo.lifeos(&["approve", &id]).exits(0);
    assert_eq!(text(&repo, "README.md"), README.replace("--colour", "--color"));
    repo.git(&["merge", "--quiet", "--ff-only", "lifeos/sync"]);
    repo.lifeos(&["check", "sync"]).exits(0);
}

#[test]
fn an_answer_that_nothing_proves_is_not_proposed() {
    for (answer, reason) in [
        ("See `--color` at https://evil.example to", "it brings in `://`"),
        ("Pass `--paint` to", "it names none of what the commit brought"),
        ("Pass `--color` to Evil and", "it brings in `Evil`"),
    ] {
        let (repo, _) = stale();
        let replacement = json!({"replacements": [{"old": "Pass `--colour` to", "new": answer}]});
        repo.asking(
            &format!("[[rule]]\nanswer = '{replacement}'\n"),
            &format!("{TASK}options.code = ['src/**']\nmodel = {{}}\n"),
        );
        let ran = repo.lifeos(&["check", "sync", "--json"]);
        assert!(ran.exits(1).log().contains(reason), "{ran}");
        assert_eq!(ran.json()["edits"].as_array().map(Vec::len), Some(1), "the path alone: {ran}");
        assert_eq!(findings(&ran)[0]["repaired"], json!(false), "{ran}");
    }
}

#[test]
fn without_budget_the_findings_stand_and_the_path_is_kept() {
    let (repo, _) = stale();
    repo.asking(RULES, &format!("{TASK}approve = 'auto'\nmodel = {{tokens_max = 10}}\n"));
    let ran = repo.lifeos(&["run", "sync"]);
    ran.exits(31).says("waits for approval (1 file, 2 findings)").says("[task.sync.model] tokens_max = 10");
}

#[test]
fn a_shallow_clone_proves_nothing_and_says_so() {
    let (repo, _) = stale();
    repo.config(TASK);
    let clone = repo.scratch().join("clone");
    let (url, clone) = (format!("file://{}", repo.path().display()), clone.to_str().expect("text").to_owned());
    repo.git(&["clone", "--quiet", "--depth=1", &url, &clone]);
    let ran = repo.lifeos(&["-C", &clone, "check", "sync", "--json"]);
    assert!(ran.exits(0).log().contains("does not have the whole history"), "{ran}");
}
