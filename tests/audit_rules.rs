//! What an audit says of grants and manifests, and that each of its rules is
//! told of in the docs and met by a test.

use crate::audit::{declaring, rules};
use crate::rig::components::{MANIFEST, add_manifest, task_wat, wat, wat_with};
use crate::rig::{Ran, TestRepo, hostile, workspace};

fn audit(component: &[u8]) -> Ran {
    let repo = TestRepo::nowhere();
    let path = repo.scratch().join("component.wasm");
    std::fs::write(&path, component).expect("a component");
    repo.lifeos(&["plugin", "audit", &path.display().to_string(), "--json"])
}

#[track_caller]
fn found(ran: &Ran, rule: &str) {
    assert!(rules(ran).iter().any(|(found, _)| found == rule), "{rule}\n{ran}");
}

#[test]
fn a_manifest_is_one_and_declares_what_is_of_use() {
    let unused = audit(&wat_with(&task_wat("", "", "", ""), &declaring(r#"{"history": {}}"#)));
    found(unused.exits(0), "audit/unused-declaration");
    let mut twice = wat(&task_wat("", "", "", ""));
    add_manifest(&mut twice, MANIFEST);
    found(audit(&twice).exits(20), "audit/bad-manifest");
}

#[test]
fn a_task_over_documents_does_not_report_by_itself() {
    // The exports of one world, and an import that only the other has.
    let text = r#"(component (import "lifeos:task/findings@0.1.0" (instance)) (core module $m (func (export "f")))
        (core instance $i (instantiate $m)) (func $f (canon lift (core func $i "f")))
        (export "configure" (func $f)) (export "check" (func $f)) (export "conclude" (func $f)))"#;
    found(audit(&wat(text)).exits(20), "audit/not-in-world");
}

#[test]
fn a_plugin_that_was_added_with_another_grant_is_not_within() {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    repo.write("wat.wasm", wat_with(&task_wat("", "", "", ""), &declaring(r#"{"read": {"globs": ["**"]}}"#)));
    repo.config("[task.t]\nplugin = 'wat'\nread = ['docs/**']\n");
    repo.unguarded(&["plugin", "add", "wat.wasm"]).exits(0);
    repo.commit("lock");
    repo.lifeos(&["plugin", "audit", "t", "--json"]).exits(0);
    repo.config("[task.t]\nplugin = 'wat'\nread = ['**']\n");
    let ran = repo.lifeos(&["plugin", "audit", "t", "--json"]);
    assert!(rules(ran.exits(20)).iter().any(|(rule, _)| rule == "audit/not-reviewed"), "{ran}");
    ran.says("lifeos plugin add wat");
}

#[test]
fn what_three_runs_had_no_use_for_is_told() {
    let repo = TestRepo::new(&[("a.md", "a\n"), ("img/x.png", "x\n")]);
    let table = "read = ['*.md']\nedit = ['*.md']\nlist = ['img/**']\nmodel = {}";
    repo.asking("", &repo.table("t", &hostile("everything"), table));
    for number in 0..3 {
        repo.write("number.txt", number.to_string());
        repo.commit("another base");
        repo.lifeos(&["run", "t"]).exits(0);
    }
    let ran = repo.lifeos(&["plugin", "audit", "t", "--json"]);
    assert!(rules(ran.exits(0)).contains(&("audit/idle-grant".to_owned(), "list".to_owned())), "{ran}");
    let findings = ran.json()["findings"].as_array().expect("findings").clone();
    let of_list = findings.iter().find(|finding| finding["subject"] == "list").expect("a finding");
    assert_eq!((&of_list["fix"]["add"], &of_list["fix"]["line"]), (&false.into(), &"list = [\"img/**\"]".into()), "{ran}");
    assert!(findings.iter().any(|finding| finding["rule"] == "audit/idle-grant" && finding["subject"] == "model"), "{ran}");
    ran.says("lifeos plugin suggest t");
}

#[test]
fn every_rule_has_a_line_in_the_docs_and_a_test() {
    let read = |path: &str| std::fs::read_to_string(workspace().join(path)).expect("a file");
    let page = read("docs/audit.md");
    let tests: String =
        ["tests/audit.rs", "tests/audit_formats.rs", "tests/audit_rules.rs"].iter().map(|path| read(path)).collect();
    for (rule, ..) in lifeos::plugin::audit::RULES {
        assert!(page.contains(&format!("`{rule}`")), "docs/audit.md does not tell of {rule}");
        assert!(tests.contains(&format!("\"{rule}\"")), "no test names {rule}");
    }
}
