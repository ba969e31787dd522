//! What somebody learns of what a model was asked: from `run`, `show`, `review`, a pull
//! request, a trace and `doctor`. That it is sent without secrets is in `asking`.

use serde_json::Value;

use crate::rig::{Away, TestRepo, hostile};

/// A task that asks about a file which holds a secret and a character that nobody sees.
fn repo(table: &str) -> TestRepo {
    let repo = TestRepo::new(&[("a.md", "hello world\n"), ("b.md", "")]);
    repo.write("b.md", format!("token ghp_{}\nun\u{200b}seen\n", "a1B2".repeat(9)));
    let options = "options = {paths = ['a.md', 'b.md'], text = 'greet', find = 'world'}";
    let table = format!("read = ['**']\nedit = ['**']\nmodel = {{}}\n{table}\n{options}");
    repo.asking("[[rule]]\nanswer = 'moon'\n", &repo.table("t", &hostile("ask"), &table));
    repo
}

const TAKEN_OUT: &str =
    "taken out before it was sent or recorded: 1 github-token; 1 hidden character in what was asked and answered";

#[test]
fn case_66_70_what_was_taken_out_is_told_to_whoever_judges() {
    let repo = repo("");
    let ran = repo.lifeos(&["run", "t"]);
    ran.exits(0).says("asked script: 1 call, ").says(TAKEN_OUT);
    let run = repo.only_run();
    let page = repo.lifeos(&["review", &run]);
    page.exits(0).says(&format!("  {TAKEN_OUT}\n")).says("none in the changed files");
    repo.lifeos(&["review", &run, "--html", "-"]).exits(0).says(TAKEN_OUT);
    repo.lifeos(&["check", "t"]).exits(1).says(TAKEN_OUT);
    let ran = repo.lifeos(&["check", "t", "--json"]).json();
    assert_eq!(ran["asked"]["redacted"], serde_json::json!({"github-token": 1, "hidden": 1}));
}

#[test]
fn nothing_is_told_of_where_nothing_was_taken_out() {
    let repo = repo("");
    repo.write("b.md", "plain\n");
    repo.commit("plain");
    repo.lifeos(&["run", "t"]).exits(0).says("asked script: 1 call, ").keeps_quiet_about("taken out").keeps_quiet_about("hidden");
    repo.lifeos(&["review", &repo.only_run()]).exits(0).keeps_quiet_about("taken out");
}

#[test]
fn show_tells_of_the_model_the_spending_and_the_prompts() {
    let repo = repo("");
    let ran = repo.lifeos(&["run", "t", "--json"]);
    let asked = ran.exits(0).json()["tasks"][0]["record"]["model"].clone();
    let digest = asked["prompts"]["ask@1"].as_str().expect("a digest").to_owned();
    let shown = repo.lifeos(&["show", &repo.only_run()]);
    let tokens: u64 = asked["spent"].as_object().expect("days").values().map(tokens).sum();
    shown.exits(0).says(&format!("  model      script: 1 call, {tokens} tokens, 0.00"));
    shown.says(&format!("  prompt     ask@1 {digest}\n")).says("  answered   script\n").says(TAKEN_OUT);
}

fn tokens(sum: &Value) -> u64 {
    ["input", "output"].iter().filter_map(|side| sum["tokens"][side].as_u64()).sum()
}

#[test]
fn case_70_a_pull_request_counts_what_was_taken_out() {
    let away = Away::new("pull-request", "", "");
    let config = std::fs::read_to_string(away.repo.path().join("lifeos.toml")).expect("a configuration");
    let remote = &config[config.find("[remote]").expect("a remote")..config.find("[task.t]").expect("a task")];
    away.repo.write("a.md", format!("hello world\ntoken ghp_{}\n", "a1B2".repeat(9)));
    let options = "options = {paths = ['a.md'], text = 'greet', find = 'world'}";
    let table = format!("read = ['**']\nedit = ['**']\nautonomy = 'pull-request'\nmodel = {{}}\n{options}");
    let task = away.repo.table("t", &hostile("ask"), &table);
    away.repo.asking("[[rule]]\nanswer = 'moon'\n", &format!("{remote}{task}"));
    away.push();
    away.lifeos(&["run", "t"]).exits(0);
    away.lifeos(&["approve", &away.repo.only_run()]).exits(0);
    let body = away.forge.pulls()[0].body.clone();
    assert!(body.contains("- taken out before it was sent or recorded: 1 github-token\n"), "{body}");
}
