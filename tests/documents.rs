//! Plugins over documents that break the contract of the world `file-task`.

use crate::rig::{Ran, TestRepo, hostile_files};

/// Checks with a danger over three documents of the text `a`.
#[track_caller]
fn check(danger: &str, table: &str) -> Ran {
    let repo = TestRepo::new(&["one.md", "two.md", "three.md"].map(|path| (path, "a\n")));
    repo.task(&hostile_files(), &format!("read = ['**']\noptions.danger = '{danger}'\n{table}"));
    repo.lifeos(&["check", "t", "--json"])
}

#[test]
fn case_4_a_loop_anywhere_is_stopped() {
    for danger in ["loop-in-configure", "loop-in-check", "loop-in-conclude"] {
        check(danger, "limits.fuel_max = 1000000").exits(21).says("limits.fuel_max = 1000000");
    }
    check("loop-in-check", "limits.seconds_max = 1\nlimits.fuel_max = 9000000000000").exits(21).says("limits.seconds_max = 1");
}

#[test]
fn case_7_a_trap_names_the_document() {
    check("panic-on-one", "").exits(23).says("at one.md: the plugin stopped with a trap");
    check("give-up-on-one", "").exits(23).says("at one.md: the plugin gave up: this one is too hard");
    check("bad-rule", "").exits(23).says("rule id");
}

#[test]
fn case_8_a_summary_is_bounded() {
    check("huge-summary", "").exits(21).says("summary_bytes_max");
}

#[test]
fn case_10_findings_are_bounded_over_all_threads() {
    check("many-findings", "limits.findings_max = 299").exits(21).says("limits.findings_max = 299");
    check("many-findings", "limits.findings_max = 300").exits(1);
}

#[test]
fn case_17_conclude_sees_no_memory_of_check() {
    let repo = TestRepo::new(&["one.md", "two.md", "three.md"].map(|path| (path, "a\n")));
    repo.task(&hostile_files(), "read = ['**']\noptions.danger = 'remember'");
    let ran = repo.lifeos(&["check", "t", "--json", "--threads", "1"]);
    let message = ran.exits(1).json()["findings"][0]["message"].clone();
    assert_eq!(message, "conclude sees 0 earlier calls; 1 documents were a first");
}

#[test]
fn lies_of_a_report_are_refused() {
    check("wrong-spans", "edit = ['**']").exits(20).says("is not in the text");
    check("edit-though-not-editable", "").exits(20).says("not within the edit globs");
    check("sane-edit", "edit = ['**']").exits(1);
}

#[test]
fn conclude_may_not_edit_what_check_edited() {
    check("edit-in-conclude-too", "edit = ['**']").exits(20).says("another edit of this run concerns the same path");
}

#[test]
fn only_granted_configuration_is_handed_over() {
    let repo = TestRepo::new(&[("one.md", "a\n"), ("hostile.cfg", "setting\n")]);
    for (read, told) in [("['**']", "hostile.cfg=setting"), ("['*.md']", "")] {
        repo.task(&hostile_files(), &format!("read = {read}\noptions.danger = 'tell-config'"));
        let ran = repo.lifeos(&["check", "t", "--json"]);
        assert_eq!(ran.exits(1).json()["findings"][0]["message"], told, "{ran}");
    }
}
