//! Every bound on spending of `lifeos.toml`: the call that would go over it is not
//! sent, and what is said names its key.

use serde_json::Value;

use crate::rig::{TestRepo, hostile};

const MODEL: &str =
    "[model]\nprovider = 'scripted'\nscript = 'script.toml'\nname = 's'\nprice = { input = 1000, output = 1000 }\n";

/// Runs a task that asks `count` times, under a bound.
#[track_caller]
fn run(count: u64, budget: &str, model: &str) -> (TestRepo, crate::rig::Ran) {
    let repo = TestRepo::new(&[("a.md", "a\n"), ("script.toml", "[[rule]]\nanswer = 'yes'\n")]);
    let task = repo.table("t", &hostile("ask"), &format!("options = {{text = 'x', count = {count}}}\n[task.t.model]\n{model}"));
    repo.config(&format!("{MODEL}[budget]\n{budget}\n{task}"));
    let ran = repo.lifeos(&["run", "t"]);
    (repo, ran)
}

fn attempts(repo: &TestRepo) -> u64 {
    let told = repo.lifeos(&["budget", "--json"]).exits(0).json();
    told["windows"][0]["spent"]["attempts"].as_u64().expect("attempts")
}

#[test]
fn case_139_each_bound_stops_the_next_call() {
    let keys = ["call_tokens_max", "call_cost_max", "tokens_max", "cost_max", "day_tokens_max", "day_cost_max"];
    let keys = keys.into_iter().chain(["month_tokens_max", "month_cost_max"]);
    for key in keys {
        // One token costs a thousandth; a call takes some fifty of them, and is held against some three hundred.
        let none = if key.contains("cost") { "0.001" } else { "1" };
        let (repo, ran) = run(1, "", &format!("{key} = {none}"));
        ran.exits(31).says(&format!("left of [task.t.model] {key} = ")).says("`lifeos budget` tells what was spent");
        assert_eq!(attempts(&repo), 0, "{key}");
        if !key.starts_with("call") {
            let some = if key.contains("cost") { "0.5" } else { "500" };
            let (repo, ran) = run(20, "", &format!("{key} = {some}"));
            ran.exits(31).says(&format!("[task.t.model] {key} = "));
            assert!((1..20).contains(&attempts(&repo)), "{key}: {}", attempts(&repo));
        }
    }
    for key in ["day_tokens_max", "day_cost_max", "month_tokens_max", "month_cost_max"] {
        let some = if key.contains("cost") { "0.5" } else { "500" };
        let (repo, ran) = run(20, &format!("{key} = {some}"), "");
        ran.exits(31).says(&format!("left of [budget] {key} = "));
        assert!((1..20).contains(&attempts(&repo)), "{key}: {}", attempts(&repo));
        // The next run begins where this one ended.
        repo.lifeos(&["run", "t"]).exits(31);
    }
    let (repo, ran) = run(5, "", "calls_max = 3");
    ran.exits(31).says("[task.t.model] calls_max = 3");
    assert_eq!(attempts(&repo), 3);
}

#[test]
fn what_a_failed_run_spent_is_on_record() {
    let (repo, ran) = run(2, "", "calls_max = 2");
    ran.exits(0);
    let run = repo.only_run();
    repo.lifeos(&["review", &run]).exits(0).says("2 model calls of s, ");
    let before = attempts(&repo);
    // The answer takes the place of a text that is not there: nothing comes of it but the bill.
    let table = repo.table(
        "t",
        &hostile("ask"),
        "read = ['**']\nedit = ['a.md']\noptions = {text = 'x', paths = ['a.md'], find = 'b'}\n[task.t.model]",
    );
    repo.config(&format!("{MODEL}{table}"));
    repo.lifeos(&["run", "t"]).exits(23);
    assert_eq!(attempts(&repo), before + 1);
    let journal = repo.path().join(".git/lifeos/spending");
    assert!(!journal.exists(), "what is on record stands in no journal");
    let told: Value = repo.lifeos(&["budget", "--json"]).json();
    assert_eq!(told["windows"][0]["reserved"]["attempts"], 0);
}
