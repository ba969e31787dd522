//! Plugins over documents that break the contract of the world `file-task`.

use crate::rig::{Ran, TestRepo, hostile_files};

/// Checks with a danger over three documents of the text `a`.
#[track_caller]
fn check(danger: &str, table: &str) -> Ran {
    let repo = TestRepo::new(&["one.md", "two.md", "three.md"].map(|path| (path, "a\n")));
    repo.task(&hostile_files(danger), &format!("read = ['**']\n{table}"));
    repo.lifeos(&["check", "t", "--json"])
}

#[test]
fn case_4_a_loop_anywhere_is_stopped() {
    for danger in ["loop-in-configure", "loop-in-conclude"] {
        check(danger, "limits.fuel_max = 1000000").exits(21).says("limits.fuel_max = 1000000");
    }
    check("loop-in-check", "limits.document_fuel_max = 1000000").exits(21).says("limits.document_fuel_max = 1000000");
    check("loop-in-check", "limits.seconds_max = 1\nlimits.document_fuel_max = 9000000000000")
        .exits(21)
        .says("limits.seconds_max = 1");
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
    repo.task(&hostile_files("remember"), "read = ['**']");
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
fn an_edit_of_the_conclusion_takes_the_place_of_that_of_the_check() {
    let ran = check("edit-in-conclude-too", "edit = ['**']");
    let json = ran.exits(1).json();
    let diffs: Vec<&str> = json["edits"].as_array().expect("edits").iter().filter_map(|edit| edit["diff"].as_str()).collect();
    assert!(diffs.len() == 3 && diffs.iter().all(|diff| diff.contains("+again: a") && !diff.contains("sane")), "{ran}");
}

#[test]
fn one_monstrous_document_costs_a_finding_and_not_the_run() {
    for (danger, limit) in [("loop-on-one", "document_fuel_max"), ("hoard-on-one", "memory_bytes_max")] {
        let table = "edit = ['**']\nlimits.document_fuel_max = 200000000\nlimits.memory_bytes_max = 20000000";
        for threads in ["1", "3"] {
            let repo = TestRepo::new(&["one.md", "two.md", "three.md"].map(|path| (path, "a\n")));
            repo.task(&hostile_files(danger), &format!("read = ['**']\n{table}"));
            let ran = repo.lifeos(&["check", "t", "--json", "--threads", threads]);
            let json = ran.exits(1).json();
            let findings = json["findings"].as_array().expect("findings");
            assert_eq!(findings.len(), 1, "{ran}");
            assert_eq!((&findings[0]["rule"], &findings[0]["path"]), (&"lifeos/over-limit".into(), &"one.md".into()), "{ran}");
            assert!(findings[0]["message"].as_str().expect("words").contains(limit), "{ran}");
            assert_eq!(json["edits"].as_array().map(Vec::len), Some(2), "the other documents were edited\n{ran}");
        }
    }
}

#[test]
fn only_granted_configuration_is_handed_over() {
    let repo = TestRepo::new(&[("one.md", "a\n"), ("hostile.cfg", "setting\n"), ("sub/hostile.cfg", "inner\n")]);
    for (read, told) in [("['**']", "hostile.cfg=setting sub/hostile.cfg=inner"), ("['*.md', 'sub/*']", "sub/hostile.cfg=inner")]
    {
        repo.task(&hostile_files("tell-config"), &format!("read = {read}"));
        let ran = repo.lifeos(&["check", "t", "--json"]);
        assert_eq!(ran.exits(1).json()["findings"][0]["message"], told, "{ran}");
    }
}

#[test]
fn a_flood_of_links_leaves_those_of_others_checked() {
    let flood: String = (0..6000).map(|number| format!("- [x](x{number}.md)\n")).collect();
    let repo = TestRepo::new(&[("flood.md", &format!("# Flood\n\n{flood}")), ("other.md", "# Other\n\n[gone](gone.md)\n")]);
    repo.config("[task.t]\nplugin = 'doc-hygiene'\nread = ['**/*.md']\nedit = ['**/*.md']\noptions.lint = false\n");
    let report = repo.lifeos(&["check", "t", "--json"]).exits(1).json();
    let findings = report["findings"].as_array().expect("findings");
    let count = |path: &str, rule: &str| findings.iter().filter(|it| it["path"] == path && it["rule"] == rule).count();
    assert_eq!((count("flood.md", "link/broken"), count("flood.md", "link/unchecked")), (4999, 1));
    assert_eq!((count("other.md", "link/broken"), count("other.md", "link/unchecked")), (1, 0));
}

#[test]
fn a_lint_rule_that_does_not_exist_is_refused() {
    let repo = TestRepo::new(&[("a.md", "# One\n\nText.\n")]);
    let check = |rule: &str| {
        let table = "[task.t]\nplugin = 'doc-hygiene'\nread = ['**/*.md']\nedit = ['**/*.md']\n";
        repo.config(&format!("{table}options.lint_disable = ['{rule}']\n"));
        repo.lifeos(&["check", "t", "--json"])
    };
    check("MD999").exits(2).says("lint_disable: no lint rule is named `MD999`");
    check("line-length").exits(0);
}
