//! The record under attack: whoever changes, drops or moves an entry, or lands
//! a commit without one, is told of.

use crate::rig::{Ran, TestRepo, hostile};

/// A repository in which two runs landed, one after the other.
fn landed() -> TestRepo {
    let repo = TestRepo::new(&[("a.md", "a\n"), ("b.md", "a\n")]);
    for path in ["a.md", "b.md"] {
        let options = format!("options = {{paths = ['{path}'], find = 'a', text = 'b'}}");
        repo.task(&hostile("sane-edit"), &format!("read = ['**']\nedit = ['**/*.md']\napprove = 'auto'\n{options}"));
        repo.lifeos(&["run", "t"]).exits(0);
        repo.git(&["merge", "--quiet", "--no-edit", "lifeos/t"]);
    }
    repo
}

#[track_caller]
fn verify(repo: &TestRepo) -> Ran {
    repo.lifeos(&["verify"])
}

/// The trees of the entries, oldest first.
fn entries(repo: &TestRepo) -> Vec<String> {
    repo.git(&["log", "--reverse", "--format=%T", "refs/lifeos/ledger"]).lines().map(str::to_owned).collect()
}

/// Makes the ledger anew of these trees.
fn rewrite(repo: &TestRepo, trees: &[String]) {
    let mut parent = String::new();
    for tree in trees {
        let mut arguments = vec!["commit-tree", "-m", "x", tree];
        if !parent.is_empty() {
            arguments.extend(["-p", &parent]);
        }
        parent = repo.git(&arguments).trim().to_owned();
    }
    repo.git(&["update-ref", "refs/lifeos/ledger", &parent]);
}

/// The tree of an entry with other words in its record.
fn changed(repo: &TestRepo, tree: &str, from: &str, to: &str) -> String {
    let record = repo.git(&["cat-file", "blob", &format!("{tree}:record.json")]);
    assert!(record.contains(from), "{from} is not in {record}");
    let path = repo.scratch().join("record.json");
    std::fs::write(&path, record.replace(from, to)).expect("a file");
    let blob = repo.git(&["hash-object", "-w", &path.display().to_string()]).trim().to_owned();
    let index = repo.scratch().join("index").display().to_string();
    let git = |arguments: &[&str]| {
        let output = repo.git_command().env("GIT_INDEX_FILE", &index).args(arguments).output().expect("git");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    git(&["read-tree", tree]);
    git(&["update-index", "--cacheinfo", &format!("100644,{blob},record.json")]);
    git(&["write-tree"])
}

#[test]
fn a_record_as_it_was_written_is_whole_and_true() {
    let repo = landed();
    verify(&repo).exits(0).says("6 records and 2 commits of lifeos: whole and true");
    let empty = TestRepo::new(&[("a.md", "a\n")]);
    verify(&empty).exits(0).says("0 records");
}

#[test]
fn an_entry_that_is_changed_dropped_or_moved_is_named() {
    let repo = landed();
    let all = entries(&repo);
    let fault = "an entry was changed, dropped or moved";
    let mut trees = all.clone();
    trees[0] = changed(&repo, &all[0], "\"documents\": 0", "\"documents\": 7");
    rewrite(&repo, &trees);
    verify(&repo).exits(40).says(fault);
    let mut trees = all.clone();
    trees.remove(2);
    rewrite(&repo, &trees);
    verify(&repo).exits(40).says(fault);
    let mut trees = all.clone();
    trees.swap(3, 4);
    rewrite(&repo, &trees);
    verify(&repo).exits(40).says(fault);
}

#[test]
fn an_entry_that_is_dropped_at_the_end_is_missed() {
    let repo = landed();
    let all = entries(&repo);
    rewrite(&repo, &all[..5]);
    verify(&repo).exits(40).says("no entry tells that it landed");
    rewrite(&repo, &all[..3]);
    verify(&repo).exits(40).says("of which there is no entry");
    repo.git(&["update-ref", "-d", "refs/lifeos/ledger"]);
    let ran = verify(&repo);
    assert_eq!(ran.exits(40).stdout.matches("of which there is no entry").count(), 2, "{ran}");
}

#[test]
fn a_chain_that_was_made_anew_is_held_against_what_landed() {
    let repo = landed();
    let mut trees = entries(&repo);
    // The liar mends the names of the entries before, too.
    let mut parent: Option<(String, String)> = None;
    trees[0] = changed(&repo, &trees[0], "\"documents\": 0", "\"documents\": 7");
    let ids = repo.git(&["log", "--reverse", "--format=%H", "refs/lifeos/ledger"]);
    for (tree, old) in trees.iter_mut().zip(ids.lines().map(str::to_owned)) {
        if let Some((was, is)) = &parent {
            *tree = changed(&repo, tree, was, is);
        }
        let mut arguments = vec!["commit-tree", "-m", "x", tree];
        let is = parent.as_ref().map(|(_, is)| is.clone());
        arguments.extend(is.iter().flat_map(|is| ["-p", is.as_str()]));
        let new = repo.git(&arguments).trim().to_owned();
        parent = Some((old, new));
    }
    let (_, head) = parent.expect("a chain");
    repo.git(&["update-ref", "refs/lifeos/ledger", &head]);
    verify(&repo).exits(40).says("which does not stand before its run").keeps_quiet_about("changed, dropped or moved");
}

#[test]
fn another_component_or_digest_is_named() {
    let repo = landed();
    let mut trees = entries(&repo);
    let record = repo.git(&["cat-file", "blob", &format!("{}:record.json", trees[0])]);
    let digest = record.split("\"digest\": \"").find_map(|rest| rest.strip_prefix("sha256:")?.get(..64)).expect("a digest");
    trees[0] = changed(&repo, &trees[0], &format!("sha256:{digest}"), &format!("sha256:{}", "0".repeat(64)));
    rewrite(&repo, &trees);
    verify(&repo).exits(40).says("task, base, tree, component and grant do not make the digest");
}

#[test]
fn a_commit_without_an_entry_is_named() {
    let repo = landed();
    repo.write("a.md", "forged\n");
    repo.commit("docs: 1 file by hostile 0.1.0\n\nLifeos-Run: 0123456789ab\nLifeos-Task: t");
    verify(&repo).exits(40).says("says that it is of run 0123456789ab, of which there is no entry");
}

#[test]
fn one_that_was_rebased_is_not() {
    let repo = landed();
    let message = repo.git(&["log", "-1", "--format=%B", "lifeos/t"]);
    repo.write("c.md", "picked\n");
    repo.commit(message.trim());
    verify(&repo).exits(0);
}

#[test]
fn a_run_is_made_again_on_request() {
    let repo = landed();
    let runs = repo.lifeos(&["log", "--json"]).json()["runs"].as_array().expect("runs").clone();
    for run in &runs {
        let run = run["run"].as_str().expect("an id");
        repo.lifeos(&["verify", "--replay", run]).exits(0).says(&format!("run {run}: made again, it comes to the same"));
    }
    let run = runs[0]["run"].as_str().expect("an id").to_owned();
    let mut trees = entries(&repo);
    let tree = repo.rev("HEAD^{tree}");
    let other = repo.rev("HEAD~2^{tree}");
    trees[3] = changed(&repo, &trees[3], &tree, &other);
    rewrite(&repo, &trees);
    repo.lifeos(&["verify", "--replay", &run]).exits(40).says("made again it comes to tree");
    repo.lifeos(&["verify", "--replay", "none"]).exits(2);
}

#[test]
fn a_run_with_an_instruction_is_made_again_with_it() {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    let options = "options = {paths = ['a.md'], find = 'a', text = 'b'}";
    repo.task(&hostile("sane-edit"), &format!("read = ['**']\nedit = ['**']\n{options}"));
    let ran = repo.lifeos(&["run", "t", "--instruction", "say it otherwise", "--json"]);
    let run = ran.exits(0).json()["tasks"][0]["run"].as_str().expect("a run").to_owned();
    let shown = repo.lifeos(&["show", &run, "--json"]).json();
    assert_eq!(shown["record"]["instruction"], "say it otherwise", "{shown}");
    repo.lifeos(&["verify", "--replay", &run]).exits(0).says("it comes to the same");
}
