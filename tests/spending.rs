//! What spending comes to in the story of a task: what an accepted proposal cost, and
//! the one word that much of a month is spent. Bounds and the journal are in `budget`.

use serde_json::{Value, json};

use crate::rig::{TestRepo, hostile};

/// A repository whose task `t` asks a script about `a.md` and puts the answer there, at one
/// currency unit for a thousand tokens.
fn repo(budget: &str) -> TestRepo {
    let repo = TestRepo::new(&[("a.md", "hello world\n"), ("script.toml", "[[rule]]\nanswer = 'moon'\n")]);
    let model = "[model]\nprovider = 'scripted'\nscript = 'script.toml'\nname = 's'\nprice = { input = 1000, output = 1000 }\n";
    let options = "options = {paths = ['a.md'], text = 'greet', find = 'world'}";
    let task = repo.table("t", &hostile("ask"), &format!("read = ['**']\nedit = ['**']\n{options}\n[task.t.model]"));
    repo.config(&format!("{model}[budget]\n{budget}\n{task}"));
    repo
}

/// What proposals of the task took.
fn proposals(repo: &TestRepo) -> Value {
    repo.lifeos(&["budget", "--json"]).exits(0).json()["proposals"][0].clone()
}

#[test]
fn what_was_accepted_bears_the_cost_of_all_that_was_not() {
    let repo = repo("");
    let run = || {
        let ran = repo.lifeos(&["run", "t", "--json"]);
        ran.exits(0).json()["tasks"][0]["run"].as_str().expect("a run").to_owned()
    };
    let rejected = run();
    repo.lifeos(&["reject", &rejected, "--why", "no"]).exits(0);
    let cost = proposals(&repo)["cost"].as_u64().expect("a cost");
    assert!(cost > 0);
    assert_eq!(proposals(&repo), json!({"task": "t", "cost": cost, "accepted": 0, "cost_each": null}), "a rejection is none");
    repo.commit("goes on");
    let landed = run();
    assert_eq!(proposals(&repo), json!({"task": "t", "cost": 2 * cost, "accepted": 0, "cost_each": null}), "it waits");
    repo.lifeos(&["approve", &landed]).exits(0);
    assert_eq!(proposals(&repo), json!({"task": "t", "cost": 2 * cost, "accepted": 1, "cost_each": 2 * cost}));
    repo.lifeos(&["budget"]).exits(0).says("1 accepted");
    repo.lifeos(&["rollback", &landed]).exits(0);
    assert_eq!(proposals(&repo)["accepted"], 0, "what was taken back is none, and what takes it back neither");
}

#[test]
fn a_run_says_once_that_much_of_the_month_is_spent() {
    let probe = repo("");
    probe.lifeos(&["run", "t"]).exits(0);
    let cost = proposals(&probe)["cost"].as_u64().expect("a cost");
    // One run is at 10 percent of this, and two at 20; more is reserved for each.
    let micros = cost * 10;
    let bound = format!("month_cost_max = {}.{:06}\nalert_percent = 15", micros / 1_000_000, micros % 1_000_000);
    let repo = repo(&bound);
    repo.lifeos(&["run", "t"]).exits(0).keeps_quiet_about("tells by what");
    repo.commit("goes on");
    repo.lifeos(&["run", "t"]).exits(0).says("of [budget] month_cost_max = ").says("`lifeos budget` tells by what");
    assert_eq!(repo.lifeos(&["budget", "--json"]).json()["alert"]["said"], true);
}
