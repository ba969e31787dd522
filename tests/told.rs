//! Whom an instruction is for: a plugin that follows none is given none, and one that
//! needs one does not run without. What a plugin makes of one is not looked at here.

use serde_json::json;

use crate::rig::{TestRepo, hostile};

/// Two tasks that follow an instruction, and `none`, which does not.
fn repo() -> TestRepo {
    let repo = TestRepo::new(&[("a.md", "# A\n")]);
    let tells = hostile("tell-instruction");
    let rest = "[task.none]\nplugin = 'doc-hygiene'\nread = ['*.md']\nedit = ['*.md']\n\n[task.needs]\nplugin = 'implement'\nlist = ['*.md']\n\
                read = ['*.md']\nedit = ['*.md']\nmodel = {}\ngate = ['false']\n\n\
                [model]\nprovider = 'scripted'\nname = 'm'\nscript = 'none.toml'\n";
    repo.config(&[repo.table("t", &tells, ""), repo.table("u", &tells, ""), rest.to_owned()].concat());
    repo
}

fn is_untouched(repo: &TestRepo) -> bool {
    repo.git(&["for-each-ref", "refs/lifeos/"]).is_empty()
}

#[test]
fn case_70_an_instruction_with_a_secret_is_refused_before_it_is_on_record() {
    let repo = repo();
    let told = format!("use ghp_{}", "a1".repeat(18));
    std::fs::write(repo.scratch().join("told"), &told).expect("a file");
    let file = repo.scratch().join("told").display().to_string();
    for arguments in [["run", "t", "--instruction", &told], ["check", "t", "--instruction-file", &file]] {
        let ran = repo.lifeos(&arguments);
        ran.exits(2).says("the instruction holds what looks like a secret (github-token)").says("leave it out");
        assert!(is_untouched(&repo) && !format!("{ran}").contains(&told));
    }
}

#[test]
fn an_instruction_is_for_each_task_that_is_named_or_none_runs() {
    let repo = repo();
    let ran = repo.lifeos(&["run", "t", "none", "--instruction", "do it"]);
    ran.exits(2).says("none: plugin doc-hygiene takes no instruction").says("name tasks that follow one");
    let ran = repo.lifeos(&["run", "t", "needs"]);
    ran.exits(2).says("needs: plugin implement needs an instruction").says("--instruction-file FILE");
    repo.lifeos(&["check", "none", "--instruction", "do it"]).exits(2).says("takes no instruction");
    assert!(is_untouched(&repo), "what does not fit is refused before anything is run");
    let ran = repo.lifeos(&["run", "t", "u", "--instruction", "do it", "--json"]);
    let ends = ran.exits(0).json()["tasks"].clone();
    for end in [&ends[0], &ends[1]] {
        assert_eq!(end["record"]["instruction"], "do it", "{ran}");
    }
}

#[test]
fn all_leaves_out_what_needs_an_instruction_and_says_so() {
    let repo = repo();
    repo.lifeos(&["run", "--all", "--instruction", "do it"]).exits(2).says("cannot be used with");
    assert!(is_untouched(&repo));
    let ran = repo.lifeos(&["run", "--all", "--json"]);
    ran.exits(0).says("needs: left out: its plugin needs an instruction");
    let end =
        ran.json()["tasks"].as_array().expect("tasks").iter().find(|end| end["task"] == "needs").cloned().expect("it is told of");
    assert_eq!((&end["class"], &end["code"], &end["run"]), (&json!("done"), &json!(0), &json!(null)), "{ran}");
    assert!(end["message"].as_str().is_some_and(|words| words.contains("needs an instruction")), "{ran}");
}

#[test]
fn the_audit_and_the_list_of_what_changed_tell_of_it() {
    let repo = TestRepo::new(&[("a.md", "# A\n")]);
    repo.lifeos(&["plugin", "audit", "implement"]).exits(0).says("told       the instruction of a run (required)");
    let audit = repo.lifeos(&["plugin", "audit", "doc-sync", "--json"]);
    assert_eq!(audit.exits(0).json()["instruction"], "none", "{audit}");
    repo.lifeos(&["plugin", "diff", "doc-sync", "implement"]).says("instruction: none -> required");
}
