//! The goal of a task: commands that fail on the base and that a candidate has to pass.

use crate::gate::{EDIT, gated, run};
use crate::rig::{TestRepo, hostile_files};

/// The document `one.md` of a gated repository is `a`; the hostile plugin's edit adds to it.
const CHANGED: &str = "goal = ['sh -c \"! grep -qx a one.md\"']\n";

#[test]
fn a_candidate_meets_a_goal_that_the_base_does_not() {
    let repo = gated("echo fine", &format!("approve = 'auto'\n{CHANGED}"));
    let ran = run(&repo);
    let report = ran.exits(0).json();
    assert_eq!(report["tasks"][0]["state"], "landed", "{ran}");
    let gate = &report["tasks"][0]["record"]["gate"];
    assert_eq!(gate["goal_before"].as_str(), Some("`sh -c ! grep -qx a one.md`: it ended with status 1"), "{ran}");
    assert_eq!(gate["commands"].as_array().map(Vec::len), Some(2), "{ran}");
    let landed = report["tasks"][0]["run"].as_str().expect("a run").to_owned();
    // What takes it back is not held against the goal, which it undoes.
    repo.lifeos(&["rollback", &landed]).exits(0);
}

#[test]
fn a_goal_that_is_missed_makes_the_candidate_red() {
    let repo = gated("echo fine", "goal = ['grep -q never one.md']\n");
    let ran = run(&repo);
    ran.exits(22).says("did not pass the gate: `grep -q never one.md`");
    repo.lifeos(&["approve", &repo.only_run()]).exits(2);
}

#[test]
fn a_goal_that_the_base_meets_stops_before_anything_is_started() {
    let repo = gated("echo fine", "goal = ['grep -q a one.md']\n");
    run(&repo).exits(22).says("the base meets the goal already");
    repo.lifeos(&["log"]).says("failed");
}

#[test]
fn each_command_of_a_goal_has_to_fail_on_the_base() {
    let fails = "grep -q never one.md";
    for met in [0, 1, 2] {
        let mut commands = [fails; 3];
        commands[met] = "grep -q a one.md";
        let repo = gated("echo fine", &format!("goal = {commands:?}\n"));
        run(&repo).exits(22).says("the base meets the goal already: `grep -q a one.md` passes over it");
    }
    let repo = gated("echo fine", &format!("goal = ['{fails}', 'grep -q neither one.md']\n"));
    run(&repo).exits(22).says("did not pass the gate: `grep -q never one.md`");
}

#[test]
fn case_83_a_goal_that_runs_no_test_is_missed() {
    let none = "echo 'test result: ok. 0 passed; 0 failed; 0 ignored'";
    let repo =
        gated("echo 'test result: ok. 3 passed; 0 failed; 0 ignored'", &format!("goal = [\"\"\"sh -c \"{none}\" \"\"\"]\n"));
    run(&repo).exits(22).says("it ran no test at all");
}

#[test]
fn a_goal_needs_no_gate_beside_it() {
    let repo = TestRepo::new(&[("one.md", "a\n")]);
    repo.task(&hostile_files("sane-edit"), &format!("{EDIT}{CHANGED}"));
    run(&repo).exits(0);
    let wrong = TestRepo::new(&[("one.md", "a\n")]);
    wrong.task(&hostile_files("sane-edit"), &format!("{EDIT}goal = ['true && false']\n"));
    run(&wrong).exits(2).says("goal: `true && false`: no shell reads `&`");
}
