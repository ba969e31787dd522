//! The gate: what passes and what does not.

use crate::rig::model::{Model, Says};
use crate::rig::{Ran, TestRepo, hostile};

/// What the hostile plugin does to the repository: a harmless edit.
pub(crate) const EDIT: &str = "read = ['**']\nedit = ['**/*.md']\n";

/// A repository whose task has these scripts for a gate.
pub(crate) fn gated(script: &str, more: &str) -> TestRepo {
    let repo = TestRepo::new(&[("one.md", "a\n"), ("check.sh", script), ("sub/two.md", "b\n")]);
    repo.task(&crate::rig::hostile_files("sane-edit"), &format!("{EDIT}gate = ['sh check.sh']\n{more}"));
    repo
}

#[track_caller]
pub(crate) fn run(repo: &TestRepo) -> Ran {
    let unconfined: &[&str] = if is_isolated() { &[] } else { &["--unconfined-gate"] };
    repo.lifeos(&[&["run", "t", "--json"], unconfined].concat())
}

/// Whether this kernel can isolate a gate. Where it cannot, only verdicts are tested.
pub(crate) fn is_isolated() -> bool {
    static ISOLATED: std::sync::LazyLock<bool> = std::sync::LazyLock::new(|| {
        let repo = TestRepo::new(&[("a.md", "a\n")]);
        let checks = repo.lifeos(&["doctor", "--json"]).json()["checks"].clone();
        let gates = checks.as_array().and_then(|checks| checks.iter().find(|check| check["name"] == "gates")).cloned();
        gates.is_some_and(|gates| gates["ok"] == true)
    });
    *ISOLATED
}

/// The commands' output, as `show` has it.
pub(crate) fn output(repo: &TestRepo) -> String {
    let shown = repo.lifeos(&["show", &repo.only_run(), "--json"]).json();
    shown["output"].as_str().unwrap_or_default().to_owned()
}

/// No branch, and nothing left beneath the scratch folder.
#[track_caller]
fn assert_nothing_landed(repo: &TestRepo) {
    assert_eq!(repo.git(&["branch", "--list", "lifeos/*"]), "");
}

#[test]
fn a_green_gate_lets_through_what_is_approved() {
    let repo = gated("cat one.md; pwd; echo fine", "approve = 'auto'\n");
    let report = run(&repo);
    let report = report.exits(0).json();
    assert_eq!(report["tasks"][0]["state"], "landed");
    let gate = &report["tasks"][0]["record"]["gate"];
    assert_eq!((gate["fault"].is_null(), gate["isolated"].as_bool()), (true, Some(is_isolated())), "{gate}");
    let said = output(&repo);
    assert!(said.contains("fine") && !said.contains(&repo.path().display().to_string()), "{said}");
}

#[test]
fn a_candidate_that_breaks_the_tests_leaves_no_branch() {
    let repo = gated("grep -qx a one.md || { echo 'one.md is broken'; exit 3; }", "approve = 'auto'\n");
    run(&repo).exits(22).says("`sh check.sh`: it ended with status 3");
    assert_nothing_landed(&repo);
    assert!(output(&repo).contains("one.md is broken"));
    let id = repo.only_run();
    repo.lifeos(&["show", &id]).exits(0).says("red: `sh check.sh`").says("one.md is broken");
    repo.lifeos(&["approve", &id]).exits(2).says("is red, not waiting");
    run(&repo).exits(22);
}

#[test]
fn case_84_a_red_base_stops_before_the_plugin_is_asked() {
    let repo = gated("echo 'broken before'; exit 1", "");
    run(&repo).exits(22).says("red on the base").says("broken before");
    assert_nothing_landed(&repo);
    let shown = repo.lifeos(&["log", "--json"]).json();
    assert_eq!(shown["runs"][0]["state"], "failed", "{shown}");
}

#[test]
fn case_84_a_red_base_stops_before_a_model_is_paid() {
    for (gate, exit, requests) in [("false", 22, 0), ("true", 0, 1)] {
        let server = Model::start(|_, _| Says::text("moon"));
        let repo = TestRepo::new(&[("a.md", "hello world\n")]);
        let table = "read = ['**']\nedit = ['**']\noptions = {paths = ['a.md'], text = 'x', find = 'world'}\nmodel = {}";
        let task = repo.table("t", &hostile("ask"), &format!("gate = ['{gate}']\n{table}"));
        repo.config(&format!("{}{task}", server.table("openai", "")));
        run(&repo).exits(exit);
        let spent = repo.lifeos(&["budget", "--json"]).json()["windows"][0]["spent"]["attempts"].clone();
        assert_eq!((server.requests().len(), spent), (requests, requests.into()), "{gate}");
    }
}

#[test]
fn case_83_a_gate_that_runs_no_test_cannot_judge() {
    let repo = gated("echo 'test result: ok. 0 passed; 0 failed; 0 ignored;'", "");
    run(&repo).exits(22).says("no test at all");
    let fewer = "n=2; grep -qx a one.md || n=1; echo \"test result: ok. $n passed; 0 failed; 0 ignored;\"";
    let repo = gated(fewer, "approve = 'auto'\n");
    run(&repo).exits(22).says("1 tests ran, on the base 2");
    assert_nothing_landed(&repo);
}

#[test]
fn what_the_gate_changes_is_not_what_lands() {
    let script = "echo tampered > one.md; rm -rf sub; echo new > new.md; git init -q . ; chmod -R 000 . ; exit 0";
    let repo = gated(script, "approve = 'auto'\n");
    run(&repo).exits(0);
    assert_eq!(repo.git(&["ls-tree", "-r", "--name-only", "lifeos/t"]), repo.git(&["ls-tree", "-r", "--name-only", "HEAD"]));
    assert!(!String::from_utf8_lossy(&repo.show("lifeos/t", "one.md")).contains("tampered"));
}

#[test]
fn case_91_no_shell_sees_a_command() {
    let repo = gated("echo never", "");
    repo.task(&crate::rig::hostile_files("sane-edit"), &format!("{EDIT}gate = [\"echo '$HOME; `id` > x && y'\"]\n"));
    run(&repo).exits(0);
    assert!(output(&repo).contains("$HOME; `id` > x && y"), "{}", output(&repo));
    for (gate, fault) in [
        ("['']", "a command is empty"),
        ("['a \"b']", "gate: `a \"b`"),
        ("['sh check.sh && sh fail.sh']", "no shell reads `&`"),
        ("['a | b']", "no shell reads `|`"),
    ] {
        repo.task(&crate::rig::hostile_files("sane-edit"), &format!("{EDIT}gate = {gate}\n"));
        run(&repo).exits(2).says(fault);
    }
}

#[test]
fn a_gate_for_all_tasks_and_one_of_its_own() {
    let repo = gated("exit 0", "");
    let table = repo.table("t", &crate::rig::hostile_files("sane-edit"), EDIT);
    repo.config(&format!("gate = ['sh none.sh']\n{table}"));
    run(&repo).exits(22).says("sh none.sh");
    repo.config(&format!("gate = ['sh none.sh']\n{table}gate = []\n"));
    assert!(run(&repo).exits(0).json()["tasks"][0]["record"]["gate"].is_null());
}

#[test]
fn a_green_verdict_is_remembered_and_a_red_one_is_not() {
    let repo = gated("echo ran", "");
    let cache = repo.scratch().join("cache");
    let again = |expected: usize| {
        let mut command = repo.bare_command(&["run", "t", "--cache-dir"]);
        command.arg(&cache).args((!is_isolated()).then_some("--unconfined-gate"));
        let ran = repo.guarded(command);
        for over in ["base", "candidate"] {
            assert_eq!(ran.stderr.matches(&format!("gate on the {over}: sh check.sh")).count(), expected, "{ran}");
        }
    };
    again(1);
    again(0);
}

#[test]
fn case_80_83_tests_are_counted_in_the_reports_that_the_owner_names() {
    let script = "mkdir -p out; n=$(wc -l < one.md); { echo '<testsuite>'; for i in $(seq $n); do echo '<testcase/>'; done; \
                  echo '</testsuite>'; } > out/report.xml";
    let reports = "junit = ['out/*.xml']\napprove = 'auto'\n";
    let repo = gated(script, reports);
    let report = run(&repo);
    let gate = report.exits(0).json()["tasks"][0]["record"]["gate"].clone();
    assert_eq!((gate["tests"].as_u64(), gate["tests_before"].as_u64()), (Some(1), Some(1)), "{gate}");
    // One that came with the tree counts for nothing.
    let repo = gated("true", reports);
    repo.write("out/report.xml", "<testsuite><testcase/></testsuite>");
    repo.commit("a report");
    run(&repo).exits(22).says("they ran no test at all");
    let repo =
        gated("mkdir -p out; grep -qx a one.md && echo '<testcase/>' > out/a.xml; echo '<testcase/>' > out/b.xml", reports);
    run(&repo).exits(22).says("1 tests are in the reports, on the base 2");
    assert_nothing_landed(&repo);
}
