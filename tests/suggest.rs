//! A narrower grant from what runs reached: tried, a patch that git takes, never
//! wider than what is granted.

use serde_json::{Value, json};

use crate::rig::{Ran, TestRepo, hostile};

fn suggest(repo: &TestRepo) -> Ran {
    repo.lifeos(&["plugin", "suggest", "t"])
}

/// Applies what is suggested with git, commits it, and runs the task.
#[track_caller]
fn take_over(repo: &TestRepo) -> Value {
    let patch = repo.scratch().join("p.patch");
    std::fs::write(&patch, &suggest(repo).exits(0).stdout).expect("a patch");
    repo.git(&["apply", "--check", patch.to_str().expect("text")]);
    repo.git(&["apply", patch.to_str().expect("text")]);
    repo.commit("narrower");
    repo.lifeos(&["run", "t", "--json"]).exits(0).json()["tasks"][0]["record"].take()
}

const WIDE: &str = "# the task\n[task.t]\nplugin = 'doc-hygiene'\n# all of it\nread = ['**'] # for now\nedit = ['**']\nlist = ['**']\nhistory = true\n";

#[test]
fn the_suggestion_for_doc_hygiene_is_narrower_and_the_same_run_passes() {
    let files = [
        ("README.md", "# One\n\n\n\n[two](docs/two.md)\n[law](LICENSE)\n"),
        ("docs/two.md", "# Two\n\n\n\n![p](img/p.png) [no](none.md)\n"),
        ("docs/img/p.png", ""),
        ("LICENSE", "MIT\n"),
        ("src/main.rs", "fn main() {}\n"),
        (".hidden/x.md", "# X\n"),
    ];
    let repo = TestRepo::new(&files);
    repo.config(WIDE);
    suggest(&repo).exits(2).says("lifeos run t");
    let before = repo.lifeos(&["run", "t", "--json"]).exits(0).json()["tasks"][0]["record"].take();
    let ran = repo.lifeos(&["plugin", "suggest", "t", "--json"]).exits(0).json();
    assert_eq!(ran["suggested"]["read"], json!(["*.md", "docs/*.md"]));
    assert_eq!(ran["suggested"]["history"], false);
    assert!(!ran["suggested"]["list"].as_array().expect("a list").contains(&json!("**")), "{ran}");
    assert_eq!((&ran["narrower"], &ran["tree"]), (&json!(true), &before["candidate"]["tree"]));
    let text = suggest(&repo);
    text.says("# all of it").says(" # for now").says("# history: not used in the last run");
    assert!(text.stdout.starts_with("--- a/lifeos.toml\n+++ b/lifeos.toml\n"), "{text}");
    assert_eq!(repo.git(&["status", "--porcelain"]), "", "nothing is applied by itself");
    let after = take_over(&repo);
    assert_eq!((&after["edits"], &after["findings"]), (&before["edits"], &before["findings"]));
    let blobs =
        |record: &Value, path: &str| repo.rev(&format!("{}:{path}", record["candidate"]["tree"].as_str().expect("a tree")));
    for path in ["README.md", "docs/two.md"] {
        assert_eq!(blobs(&after, path), blobs(&before, path));
    }
    let again = suggest(&repo);
    assert_eq!(again.exits(0).stdout, "", "{again}");
    again.says("nothing narrower would have sufficed");
}

#[test]
fn nothing_is_suggested_that_is_not_granted() {
    let repo = TestRepo::new(&[("docs/a1.md", "a\n"), ("docs/b1.md", "a\n"), ("x.md", "a\n"), ("Cargo.toml", "a\n")]);
    let options = "options = {paths = ['docs/a1.md', 'Cargo.toml'], find = 'a', text = 'b'}";
    repo.task(
        &hostile("sane-edit"),
        &format!("read = ['docs/a*.md', '*.toml', 'x.md']\nedit = ['docs/**', 'Cargo.toml', 'x.*']\n{options}"),
    );
    repo.lifeos(&["run", "t"]).exits(0);
    let ran = repo.lifeos(&["plugin", "suggest", "t", "--json"]).exits(0).json();
    // What was reached folds to docs/*.md, which is wider than what may be read.
    assert_eq!(ran["suggested"]["read"], json!(["*.toml", "docs/a*.md"]), "{ran}");
    // A protected path is reached by its own name alone.
    assert_eq!(ran["suggested"]["edit"], json!(["Cargo.toml", "docs/*.md"]), "{ran}");
    take_over(&repo);
}

#[test]
fn what_was_denied_is_told_and_not_suggested() {
    let repo = TestRepo::new(&[("a.md", "a\n"), ("secret/x.md", "x\n")]);
    let options = "options = {paths = ['secret/x.md', 'a.md']}";
    repo.task(&hostile("probe"), &format!("read = ['*.md', '*.txt']\nhistory = true\n{options}"));
    repo.lifeos(&["run", "t"]);
    let ran = suggest(&repo);
    ran.exits(0).says("asked for and denied, not part of the patch: read secret/x.md");
    assert!(!ran.stdout.lines().any(|line| line.starts_with('+') && line.contains("secret")), "{ran}");
}

#[test]
fn runs_of_another_component_say_nothing() {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    let options = "options = {paths = ['a.md'], find = 'a', text = 'b'}";
    repo.task(&hostile("sane-edit"), &format!("read = ['**']\nedit = ['**']\n{options}"));
    repo.lifeos(&["run", "t"]).exits(0);
    suggest(&repo).exits(0).says("the last 1 run");
    repo.config(WIDE);
    suggest(&repo).exits(2).says("no run of task t with the component");
    repo.lifeos(&["plugin", "suggest", "none"]).exits(2).says("there is no task");
}

#[test]
fn many_folders_become_one_pattern_for_an_ending() {
    let repo = TestRepo::new(&[("LICENSE", "MIT\n")]);
    for at in 0..20 {
        repo.write(&format!("docs/d{at}/a.md"), "# A\n\n\n\nText.\n");
    }
    repo.commit("many");
    repo.config(&format!("{WIDE}limits.removed_percent_max = 100\n"));
    repo.lifeos(&["run", "t"]).exits(0);
    let ran = repo.lifeos(&["plugin", "suggest", "t", "--json"]).exits(0).json();
    assert_eq!(ran["suggested"]["read"], json!(["docs/**/*.md"]), "{ran}");
    assert_eq!(ran["suggested"]["edit"], json!(["docs/**/*.md"]), "{ran}");
}
