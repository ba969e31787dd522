//! What is taken back, in part or as a whole, and how far a task goes then.

use crate::rig::{TestRepo, hostile};

/// A task whose run changes the `a` of these files to `b`.
fn changing(repo: &TestRepo, paths: &[&str], table: &str) {
    let options = format!("options = {{paths = {paths:?}, find = 'a', text = 'b'}}");
    repo.task(&hostile("sane-edit"), &format!("read = ['**']\nedit = ['**/*.md']\n{table}\n{options}"));
}

/// A repository in which the one run of a task landed and was merged; its id.
fn landed(table: &str) -> (TestRepo, String) {
    let repo = TestRepo::new(&[("a.md", "1\n2\n3\n4\na\n6\n7\n8\n9\n"), ("b.md", "a\n")]);
    changing(&repo, &["a.md", "b.md"], &format!("approve = 'auto'\n{table}"));
    let ran = repo.lifeos(&["run", "t", "--json"]);
    let run = ran.json()["tasks"][0]["run"].as_str().unwrap_or_else(|| panic!("{ran}")).to_owned();
    (repo, run)
}

fn tree(repo: &TestRepo, revision: &str) -> String {
    repo.rev(&format!("{revision}^{{tree}}"))
}

#[test]
fn nothing_else_changed_so_the_tree_of_before_is_back() {
    let (repo, run) = landed("");
    repo.git(&["merge", "--quiet", "--ff-only", "lifeos/t"]);
    repo.lifeos(&["rollback", &run]).exits(0).says("is landed: branch lifeos/t").says("one level down");
    assert_eq!(tree(&repo, "lifeos/t"), tree(&repo, "HEAD~1"));
    assert_eq!(repo.rev("lifeos/t^"), repo.rev("HEAD"), "it is a commit on top, nothing is rewritten");
    let message = repo.git(&["log", "-1", "--format=%B", "lifeos/t"]);
    assert!(message.contains(&format!("Takes back run {run}.")), "{message}");
    repo.lifeos(&["log"]).exits(0).says("rolled-back");
    repo.lifeos(&["verify"]).exits(0).says("whole and true");
    repo.lifeos(&["rollback", &run]).exits(2).says("is rolled-back, not landed");
}

#[test]
fn a_branch_that_nobody_merged_goes_back_too() {
    let (repo, run) = landed("");
    repo.lifeos(&["rollback", &run]).exits(0);
    assert_eq!(tree(&repo, "lifeos/t"), tree(&repo, "HEAD"));
    repo.lifeos(&["verify"]).exits(0);
}

#[test]
fn later_work_stays() {
    let (repo, run) = landed("");
    repo.git(&["merge", "--quiet", "--ff-only", "lifeos/t"]);
    repo.write("a.md", "one\n2\n3\n4\nb\n6\n7\n8\n9\n");
    repo.write("c.md", "new\n");
    repo.commit("later");
    repo.lifeos(&["rollback", &run]).exits(0);
    assert_eq!(repo.show("lifeos/t", "a.md"), b"one\n2\n3\n4\na\n6\n7\n8\n9\n");
    assert_eq!(repo.show("lifeos/t", "b.md"), b"a\n");
    assert_eq!(repo.show("lifeos/t", "c.md"), b"new\n");
    repo.lifeos(&["verify"]).exits(0);
}

#[test]
fn later_work_in_the_same_lines_stops_it() {
    let (repo, run) = landed("");
    repo.git(&["merge", "--quiet", "--ff-only", "lifeos/t"]);
    repo.write("b.md", "theirs\n");
    repo.commit("later");
    let (branch, ledger) = (repo.rev("lifeos/t"), repo.rev("refs/lifeos/ledger"));
    repo.lifeos(&["rollback", &run]).exits(40).says("later work touches what it changed: b.md").says("by hand");
    assert_eq!((repo.rev("lifeos/t"), repo.rev("refs/lifeos/ledger")), (branch, ledger));
}

#[test]
fn a_change_that_was_squashed_is_found_and_one_that_is_gone_is_not() {
    let (repo, run) = landed("");
    let before = tree(&repo, "HEAD");
    repo.git(&["merge", "--quiet", "--squash", "lifeos/t"]);
    repo.commit("squashed");
    repo.git(&["branch", "-D", "lifeos/t"]);
    repo.lifeos(&["rollback", &run]).exits(0);
    assert_eq!(tree(&repo, "lifeos/t"), before);
    let (repo, run) = landed("");
    repo.git(&["branch", "-D", "lifeos/t"]);
    repo.lifeos(&["rollback", &run]).exits(40).says("nothing of it is left");
}

#[test]
fn it_is_gated_like_any_change() {
    let gate = "gate = [\"sh -c 'test -e ok -o $(wc -l < b.md) = 1'\"]";
    let (repo, run) = landed(gate);
    repo.git(&["merge", "--quiet", "--ff-only", "lifeos/t"]);
    changing(&repo, &["a.md"], "approve = 'auto'\ngate = ['grep b b.md']");
    let ran = repo.guarded(repo.command(&["rollback", &run, "--unconfined-gate"]));
    ran.exits(22).says("did not pass the gate");
    assert!(repo.show("lifeos/t", "b.md") == b"b\n", "the branch moved");
    repo.lifeos(&["status"]).exits(0).says("red");
    assert!(!repo.lifeos(&["log"]).stdout.contains("rolled-back"));
}

#[test]
fn the_task_goes_one_level_down_until_it_is_promoted() {
    let (repo, run) = landed("");
    repo.git(&["merge", "--quiet", "--ff-only", "lifeos/t"]);
    repo.lifeos(&["promote", "t"]).exits(2).says("at `branch` already, which is what lifeos.toml allows");
    repo.lifeos(&["rollback", &run]).exits(0);
    repo.git(&["merge", "--quiet", "--ff-only", "lifeos/t"]);
    let landed = repo.rev("lifeos/t");
    for step in 0..3 {
        repo.lifeos(&["promote", "t"]).exits(20).says(&format!("{step} of its runs were accepted in a row; 3 are needed"));
        repo.write("c.md", format!("{step}\n"));
        repo.commit("next");
        repo.lifeos(&["run", "t"]).exits(0).says("is approved");
        assert_eq!(repo.rev("lifeos/t"), landed, "a task at `propose` moves no branch");
    }
    repo.lifeos(&["promote", "t"]).exits(0).says("goes as far as \"branch\" now");
    repo.write("c.md", "more\n");
    repo.commit("next");
    repo.lifeos(&["run", "t"]).exits(0).says("landed on branch lifeos/t");
    repo.lifeos(&["verify"]).exits(0);
}

#[test]
fn an_owner_moves_a_level_with_a_reason_and_never_above_the_configuration() {
    let (repo, _) = landed("");
    repo.lifeos(&["demote", "t", "--why", " "]).exits(2).says("one sentence");
    repo.lifeos(&["demote", "t", "--why", "holidays"]).exits(0).says("\"propose\"");
    repo.lifeos(&["demote", "t", "--why", "holidays"]).exits(2).says("the lowest");
    repo.lifeos(&["promote", "t", "--why", "back again"]).exits(0).says("\"branch\"");
    repo.lifeos(&["promote", "t", "--why", "more"]).exits(2).says("which is what lifeos.toml allows");
    repo.lifeos(&["promote", "unknown"]).exits(2);
    repo.lifeos(&["verify"]).exits(0);
}

#[test]
fn a_rollback_that_was_cut_off_lands_where_the_run_did() {
    let (repo, run) = landed("");
    repo.git(&["merge", "--quiet", "--ff-only", "lifeos/t"]);
    let tree_of = repo.scratch().join("tree").display().to_string();
    repo.git(&["worktree", "add", "--quiet", &tree_of, "lifeos/t"]);
    let ran = repo.lifeos(&["rollback", &run]);
    ran.exits(40).says("branch lifeos/t is checked out").says("lifeos land");
    repo.lifeos(&["status"]).says("task t goes as far as \"propose\" at most").says("was rolled back");
    let back = repo.lifeos(&["status", "--json"]).json()["runs"][0]["run"].as_str().expect("an id").to_owned();
    repo.git(&["worktree", "remove", "--force", &tree_of]);
    repo.lifeos(&["approve", &back, "--file", "a.md"]).exits(2).says("as a whole or not at all");
    repo.lifeos(&["land", &back]).exits(0).says("is landed: branch lifeos/t");
    assert_eq!(tree(&repo, "lifeos/t"), tree(&repo, "HEAD~1"));
    repo.lifeos(&["verify"]).exits(0).says("whole and true");
}

#[test]
fn with_two_people_it_takes_two_to_go_back_and_the_level_drops_then() {
    let (repo, run) = landed("");
    repo.git(&["merge", "--quiet", "--ff-only", "lifeos/t"]);
    changing(&repo, &["a.md", "b.md"], "approve = {people = 2}");
    repo.lifeos(&["rollback", &run]).exits(0).says("is waiting").keeps_quiet_about("one level down");
    repo.lifeos(&["status"]).keeps_quiet_about("goes as far as");
    let back = repo.lifeos(&["status", "--json"]).json()["runs"][0]["run"].as_str().expect("an id").to_owned();
    repo.git(&["config", "user.email", "second@example.org"]);
    repo.lifeos(&["approve", &back]).exits(0).says("is landed");
    repo.lifeos(&["status"]).says("goes as far as \"propose\" at most");
    repo.lifeos(&["log"]).says("rolled-back");
    repo.lifeos(&["verify"]).exits(0);
}

#[test]
fn a_red_gate_undoes_no_verdict() {
    let repo = TestRepo::new(&[("a.md", "a\n"), ("b.md", "a\n")]);
    let flag = repo.scratch().join("green").display().to_string();
    std::fs::write(&flag, "").expect("a flag");
    changing(&repo, &["a.md"], &format!("gate = ['test -e {flag}']"));
    let lifeos = |arguments: &[&str]| repo.guarded(repo.command(&[arguments, &["--unconfined-gate"]].concat()));
    lifeos(&["run", "t"]).exits(0).says("waits for approval");
    let run = repo.only_run();
    repo.lifeos(&["reject", &run, "--why", "no"]).exits(0);
    lifeos(&["run", "t"]).exits(0).says("was rejected before");
    std::fs::remove_file(&flag).expect("the flag");
    let again = lifeos(&["run", "t", "--no-cache"]);
    assert!(matches!(again.code, Some(0 | 22)), "{again}");
    std::fs::write(&flag, "").expect("a flag");
    lifeos(&["run", "t"]).exits(0).says("was rejected before");
    assert_eq!(repo.rev("lifeos/t"), "");
}

#[test]
fn a_second_rollback_lands_too() {
    let repo = TestRepo::new(&[("a.md", "a\n"), ("b.md", "a\n")]);
    let mut runs = Vec::new();
    for path in ["a.md", "b.md"] {
        changing(&repo, &[path], "approve = 'auto'");
        let ran = repo.lifeos(&["run", "t", "--json"]);
        runs.push(ran.json()["tasks"][0]["run"].as_str().expect("an id").to_owned());
        repo.git(&["merge", "--quiet", "--ff-only", "lifeos/t"]);
    }
    for run in runs.iter().rev() {
        repo.lifeos(&["rollback", run]).exits(0).says("is landed: branch lifeos/t");
        repo.git(&["merge", "--quiet", "--ff-only", "lifeos/t"]);
    }
    assert_eq!((repo.show("HEAD", "a.md"), repo.show("HEAD", "b.md")), (b"a\n".to_vec(), b"a\n".to_vec()));
    repo.lifeos(&["verify"]).exits(0);
}
