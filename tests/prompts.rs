//! The names of prompts that a run puts on record, and that no plugin can put so many
//! there, nor anybody so long a word, that the record cannot be read any more.

use serde_json::Value;

use crate::rig::{Ran, TestRepo, hostile};

const YES: &str = "[[rule]]\nanswer = 'yes'\n";

/// A run of a plugin that asks `count` times under `count` names, kept on tape.
fn names(count: u64, calls_max: u64) -> (TestRepo, Ran, String) {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    let model = format!("options = {{count = {count}}}\nmodel = {{calls_max = {calls_max}, tokens_max = 100000000}}");
    repo.asking(YES, &repo.table("t", &hostile("many-prompts"), &model));
    let tape = repo.scratch().join("tape").display().to_string();
    let ran = repo.lifeos(&["run", "t", "--record", &tape]);
    (repo, ran, tape)
}

/// What stands on record of the model.
fn asked(repo: &TestRepo) -> Value {
    let record = repo.git(&["cat-file", "blob", "refs/lifeos/ledger:record.json"]);
    serde_json::from_str::<Value>(&record).expect("JSON")["model"].clone()
}

fn prompts(repo: &TestRepo) -> usize {
    asked(repo)["prompts"].as_object().map_or(0, serde_json::Map::len)
}

/// Everything that reads the record still does.
#[track_caller]
fn is_readable(repo: &TestRepo) {
    for verb in [&["log"][..], &["budget"], &["verify"], &["status"]] {
        repo.lifeos(verb).exits(0);
    }
}

#[test]
fn names_of_calls_that_nobody_answers_leave_nothing_on_record() {
    let (repo, ran, tape) = names(1_500, 20);
    ran.exits(31).says("1480 refused");
    assert_eq!((prompts(&repo), &asked(&repo)["calls"]), (20, &20.into()), "what nobody was asked is no call: {ran}");
    is_readable(&repo);
    repo.lifeos(&["run", "t", "--replay", &tape]).exits(0);
}

#[test]
fn a_run_has_at_most_a_hundred_prompts() {
    let (repo, ran, tape) = names(1_500, 2_000);
    ran.exits(0).says("1400 refused").says("prompt: a run has at most 100 names");
    assert_eq!(prompts(&repo), 100, "{ran}");
    is_readable(&repo);
    repo.lifeos(&["run", "t", "--replay", &tape]).exits(0);
}

#[test]
fn a_prompt_has_the_same_templates_all_through_a_run() {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    repo.asking(YES, &repo.table("t", &hostile("many-prompts"), "options = {count = 3, text = 'p@1'}\nmodel = {}"));
    let tape = repo.scratch().join("tape").display().to_string();
    let ran = repo.lifeos(&["run", "t", "--record", &tape]);
    ran.exits(0).says("2 refused").says("prompt: p@1 had other templates in this run; raise its version");
    assert_eq!(prompts(&repo), 1, "{ran}");
    let days = asked(&repo)["spent"].as_object().expect("days").values().cloned().collect::<Vec<_>>();
    assert_eq!(days[0]["attempts"], 1, "what is on record is what was sent");
    repo.lifeos(&["run", "t", "--replay", &tape]).exits(0);
}

#[test]
fn what_could_not_be_read_again_is_not_written() {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    let options = "options = {paths = ['a.md'], find = 'a', text = 'b'}";
    repo.task(&hostile("sane-edit"), &format!("read = ['**']\nedit = ['**/*.md']\n{options}"));
    repo.lifeos(&["run", "t"]).exits(0);
    let (run, before) = (repo.only_run(), repo.rev("refs/lifeos/ledger"));
    repo.git(&["config", "user.name", &"x".repeat(5_000)]);
    repo.lifeos(&["approve", &run]).exits(50).says("of a form that lifeos does not read").says("nothing was written");
    assert_eq!(repo.rev("refs/lifeos/ledger"), before);
    is_readable(&repo);
    repo.git(&["config", "user.name", "A Person"]);
    repo.lifeos(&["approve", &run]).exits(0);
}
