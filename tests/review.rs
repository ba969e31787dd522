//! The page that a candidate is judged by: on the terminal, as HTML, as JSON.

use std::path::PathBuf;

use crate::gate::{gated, is_isolated};
use crate::rig::{Ran, TestRepo, hostile};

const EDIT: &str = "options = {paths = ['a.md'], find = 'a', text = 'b'}";

/// A repository whose task replaces the first `a` of `a.md`, with a waiting run.
fn waiting(text: &str, more: &str) -> (TestRepo, String) {
    let repo = TestRepo::new(&[("a.md", text)]);
    repo.task(&hostile("sane-edit"), &format!("read = ['**']\nedit = ['**']\n{more}\n{EDIT}"));
    repo.lifeos(&["run", "t"]).exits(0);
    let run = repo.only_run();
    (repo, run)
}

/// The page of a run as HTML.
#[track_caller]
fn html(repo: &TestRepo, run: &str) -> String {
    let page = repo.lifeos(&["review", run, "--html", "-"]).exits(0).stdout.clone();
    assert!(page.starts_with("<!doctype html><!-- lifeos review page -->\n<html lang=\"en\">"), "{page}");
    assert!(page.contains("content=\"default-src 'none'; style-src 'unsafe-inline'\""), "{page}");
    for forbidden in ["<script", "<link", "<img", "<iframe", " src=", "url(", "@import", "href=\"http", "<b on"] {
        assert!(!page.contains(forbidden), "the page holds {forbidden}\n{page}");
    }
    page
}

fn scratch(repo: &TestRepo, name: &str) -> PathBuf {
    repo.scratch().join(name)
}

fn write_page(repo: &TestRepo, file: &std::path::Path) -> Ran {
    repo.lifeos(&["review", "--html", file.to_str().expect("text")])
}

#[test]
fn the_page_says_what_a_reviewer_must_know() {
    let (repo, run) = waiting("a\n", "history = true");
    let page = repo.lifeos(&["review"]);
    page.exits(0).says("t: 1 file to change, waiting for your verdict").says(&format!("run {run}, waiting, "));
    page.says("1 file: 1 line added, 1 removed. 0 findings: 0 repaired, 0 left.");
    page.keeps_quiet_about("granted and not used").says("no gate").says("no model calls");
    page.says("propose edits: 1 edit\n    can call  yes\n").says("granted   **\n").says("none in the changed files");
    page.says("      +1     -1  changed  a.md\n").says("--- a/a.md\n+++ b/a.md\n@@ -1 +1 @@\n-a\n+b\n");
    let facts = repo.lifeos(&["review", "--json"]).json();
    let digest = facts["review"]["digest"].as_str().expect("a digest").to_owned();
    assert_eq!(facts["review"]["unused"], serde_json::json!(["history"]));
    assert_eq!(facts["waiting"][0]["run"], run);
    let command = format!("lifeos approve {run} --digest {digest}");
    page.says(&format!("    {command}\n")).says(&format!("lifeos reject {run} --why TEXT"));
    assert!(!page.stdout.contains('\u{1b}'));
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    repo.lifeos(&words).exits(0).says("is landed: branch lifeos/t");
    repo.lifeos(&["review", &run])
        .exits(0)
        .says("landed")
        .says("git merge --ff-only")
        .says("lifeos rollback")
        .keeps_quiet_about("lifeos approve");
}

#[test]
fn none_or_several_are_listed() {
    let repo = TestRepo::new(&[("a.md", "a\n"), ("b.md", "b\n")]);
    let table = |name| repo.table(name, &hostile("sane-edit"), &format!("read = ['**']\nedit = ['**']\n{EDIT}"));
    repo.config(&["one", "two"].map(table).concat());
    repo.lifeos(&["review"]).exits(0).says("nothing waits for a verdict");
    repo.lifeos(&["review", "--html", "/none/page.html"]).exits(0).says("no page was written");
    repo.lifeos(&["run", "--all"]).exits(0);
    let listed = repo.lifeos(&["review"]);
    assert_eq!(listed.exits(0).says("`lifeos review RUN` shows one").stdout.lines().count(), 2);
    repo.lifeos(&["review", "--html", "-"]).exits(2).says("2 candidates wait");
    let run = repo.lifeos(&["review", "--json"]).json()["waiting"][0]["run"].as_str().expect("an id").to_owned();
    repo.commit("moves");
    repo.lifeos(&["review"]).exits(0).says("nothing waits for a verdict");
    let stale = repo.lifeos(&["review", &run]);
    stale.exits(0).says("HEAD is another commit now").says("lifeos run").keeps_quiet_about("lifeos approve");
}

#[test]
fn html_makes_every_text_inert() {
    let (repo, run) = waiting("<script>alert('a')</script>\n\u{202e}<b onclick=x>\n", "");
    let page = html(&repo, &run);
    assert!(page.contains("&#60;script&#62;") && page.contains("&#60;b onclick=x&#62;"), "{page}");
    assert!(page.contains("<mark title=\"right-to-left override\">U+202E</mark>&#60;b on"), "{page}");
    assert!(page.contains("</mark> right-to-left override</td><td>there before</td>"), "{page}");
    let told = repo.lifeos(&["review"]);
    told.exits(0).says("warning: a.md:2: U+202E (right-to-left override), there before").says(" \\u{202e}<b onclick=x>\n");
    let facts = repo.lifeos(&["review", "--json"]).json();
    let at = serde_json::json!([{"line": 2, "column": 1, "code": "U+202E", "added": false}]);
    assert_eq!(facts["review"]["changes"][0]["hidden"], at);
}

#[test]
fn findings_names_and_refusals_are_shown_inert() {
    let repo = TestRepo::new(&[("a&'b.md", "# A\n\n\n\n<script>x</script>\n")]);
    repo.config("[task.t]\nplugin = 'doc-hygiene'\nread = ['**']\nedit = ['**']\n");
    repo.lifeos(&["run", "t"]).exits(0);
    let page = html(&repo, &repo.only_run());
    assert!(page.contains("a&#38;&#39;b.md:5:1</code> <bdi>Inline HTML found: &#60;script&#62;"), "{page}");
    repo.lifeos(&["review"]).exits(0).says("repaired by these edits: ").says("MD033  no HTML\n");
    repo.task(&hostile("create"), "read = ['**']\nedit = ['**']\noptions = {paths = ['<script>.md'], text = 'x'}");
    repo.lifeos(&["run", "t"]).exits(20);
    let run = repo.lifeos(&["log", "--json"]).json()["runs"][0]["run"].as_str().expect("an id").to_owned();
    repo.lifeos(&["review", &run]).exits(0).says("refused: <script>.md: not a path").says("no candidate");
    assert!(html(&repo, &run).contains("<td><code class=\"path\">&#60;script&#62;.md</code></td>"));
}

#[test]
fn a_protected_path_that_the_grant_names_is_a_warning() {
    let repo = TestRepo::new(&[("AGENTS.md", "a\n"), ("a.md", "a\n")]);
    let table = |path: &str| format!("read = ['**']\nedit = ['**', '{path}']\n{}", EDIT.replace("a.md", "AGENTS.md"));
    repo.task(&hostile("sane-edit"), &table("AGENTS.md"));
    repo.lifeos(&["run", "t"]).exits(0);
    repo.lifeos(&["review"]).exits(0).says("warning: AGENTS.md is protected, and the grant names it: changed here");
    let facts = repo.lifeos(&["review", "--json"]).json();
    assert_eq!(facts["review"]["protected"], serde_json::json!(["AGENTS.md"]));
    assert_eq!(facts["review"]["changes"][0]["protected"], true);
}

#[test]
fn the_gate_is_told_with_its_tests() {
    let repo = gated("echo 'test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out'", "");
    let unconfined: &[&str] = if is_isolated() { &[] } else { &["--unconfined-gate"] };
    repo.lifeos(&[&["run", "t"], unconfined].concat()).exits(0);
    let page = repo.lifeos(&["review"]);
    page.exits(0).says("GATE\n  passed\n  `sh check.sh`: ok, ").says("tests: 3 before, 3 after");
    page.says(if is_isolated() { "  isolated" } else { "NOT isolated" });
}

#[test]
fn a_long_diff_is_cut_and_says_so() {
    let lines = "x\n".repeat(3_000);
    let (repo, run) = waiting("a\n", "");
    let long = format!("options = {{paths = ['long.md'], text = '''a\n{lines}{}'''}}", "y".repeat(3_000));
    repo.task(&hostile("create"), &format!("read = ['**']\nedit = ['**']\n{long}"));
    repo.lifeos(&["run", "t"]).exits(0);
    let page = repo.lifeos(&["review"]);
    page.exits(0).says("not shown: 1003 lines more of this diff; git diff ").says(" -- long.md\n");
    let facts = repo.lifeos(&["review", "--json"]).json();
    let page = html(&repo, facts["review"]["run"].as_str().expect("an id"));
    assert!(page.contains("Not shown: 1003 lines more of this diff.") && page.len() < 1_000_000, "{}", page.len());
    assert_eq!(page.matches("<tr class=\"add\">").count(), 1_999);
    repo.lifeos(&["review", &run]).exits(0).says("HEAD is another commit now");
}

#[test]
fn a_grant_that_several_runs_did_not_use_is_a_warning() {
    let (repo, _) = waiting("a\n", "history = true");
    let words = "history was granted and not used in the last";
    for count in 2..=3 {
        repo.lifeos(&["review"]).exits(0).keeps_quiet_about(words);
        repo.write("b.md", count.to_string());
        repo.commit("another base");
        repo.lifeos(&["run", "t"]).exits(0);
    }
    repo.lifeos(&["review"]).exits(0).says(&format!("warning: {words} 3 runs"));
    repo.lifeos(&["status"]).exits(0).says(&format!("t: {words} 3 runs; `lifeos plugin suggest t`"));
}

#[test]
fn a_page_has_room_for_so_much() {
    let text = format!("{}\n", "<'\u{e9}&>".repeat(150)).repeat(60);
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    let paths: Vec<String> = (10..50).map(|number| format!("{number}.md")).collect();
    let options = format!("options = {{paths = {paths:?}, text = \"\"\"{text}\"\"\"}}");
    repo.task(&hostile("create"), &format!("read = ['**']\nedit = ['**']\nlimits.edit_bytes_max = 9000000\n{options}"));
    repo.lifeos(&["run", "t"]).exits(0);
    let page = html(&repo, &repo.only_run());
    assert!((4_000_000..5_000_000).contains(&page.len()), "{}", page.len());
    assert!(page.contains("lines more of this diff.") && page.ends_with("</html>\n"), "the page is not whole");
}

#[test]
fn a_page_is_written_over_a_page_alone() {
    let (repo, run) = waiting("a\n", "");
    let file = scratch(&repo, "page.html");
    write_page(&repo, &file).exits(0).says("wrote $ROOT/scratch/page.html");
    assert_eq!(std::fs::read_to_string(&file).expect("a page"), html(&repo, &run));
    write_page(&repo, &file).exits(0);
    std::fs::write(&file, "mine").expect("a file");
    write_page(&repo, &file).exits(2).says("is no page of lifeos review and was left alone").says("--html -");
    assert_eq!(std::fs::read_to_string(&file).expect("a file"), "mine");
    let link = scratch(&repo, "link.html");
    std::os::unix::fs::symlink(&file, &link).expect("a link");
    write_page(&repo, &link).exits(2);
    write_page(&repo, &repo.scratch()).exits(2);
    write_page(&repo, &scratch(&repo, "none/page.html")).exits(50);
    assert_eq!(std::fs::read_dir(repo.scratch()).expect("a folder").count(), 2, "something was left behind");
}
