//! A record from another clone that lies: what it tells of is held against the
//! task before anything lands.

use crate::rig::{TestRepo, hostile};

/// A repository with a waiting run, and that run's entry.
fn waiting() -> (TestRepo, String, serde_json::Value) {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    let options = "options = {paths = ['a.md'], find = 'a', text = 'b'}";
    repo.task(&hostile("sane-edit"), &format!("read = ['**']\nedit = ['**/*.md']\n{options}"));
    repo.lifeos(&["run", "t"]).exits(0);
    let record = repo.git(&["cat-file", "blob", "refs/lifeos/ledger:record.json"]);
    let run = repo.only_run();
    (repo, run, serde_json::from_str(&record).expect("JSON"))
}

/// Makes an entry with this record the newest.
fn append(repo: &TestRepo, record: &serde_json::Value) {
    let head = repo.rev("refs/lifeos/ledger");
    let mut record = record.clone();
    record["previous"] = head.clone().into();
    let path = repo.scratch().join("entry");
    std::fs::write(&path, record.to_string()).expect("a file");
    let id = repo.git(&["hash-object", "-w", &path.display().to_string()]);
    std::fs::write(&path, format!("100644 blob {id}\trecord.json\n")).expect("a file");
    let output = repo.git_command().arg("mktree").stdin(std::fs::File::open(&path).expect("a file")).output().expect("git");
    let tree = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let commit = repo.git(&["commit-tree", "-m", "x", "-p", &head, &tree]);
    repo.git(&["update-ref", "refs/lifeos/ledger", &commit]);
}

/// A run of the same task whose candidate has this tree, made as the host would make it.
fn forge(repo: &TestRepo, genuine: &serde_json::Value, tree: &str, edits: serde_json::Value, words: &str) -> String {
    let base = genuine["base"].as_str().expect("a base");
    let plugin = &genuine["plugin"];
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    let parts = ["t".to_owned(), base.to_owned(), tree.to_owned(), text(&plugin["digest"]), text(&genuine["grant"])];
    let digest = lifeos::digest::Digest::of_parts(parts.iter().map(|part| part.as_bytes()));
    let run = digest.hex()[..12].to_owned();
    let files = edits.as_array().expect("edits").len();
    let noun = if files == 1 { "file" } else { "files" };
    let (name, version) = (text(&plugin["name"]), text(&plugin["version"]));
    let message = format!(
        "t: {files} {noun} by {name} {version}\n\n{words}\n\nLifeos-Run: {run}\nLifeos-Task: t\nLifeos-Plugin: {name} {version} {}\n\
         Lifeos-Digest: {digest}\n",
        text(&plugin["digest"])
    );
    let mut git = repo.git_command();
    for side in ["AUTHOR", "COMMITTER"] {
        git.env(format!("GIT_{side}_NAME"), "lifeos").env(format!("GIT_{side}_EMAIL"), "lifeos@localhost");
    }
    let made = git.args(["commit-tree", "-p", base, tree, "-F", "-"]);
    let path = repo.scratch().join("message");
    std::fs::write(&path, message).expect("a file");
    let output = made.stdin(std::fs::File::open(&path).expect("a file")).output().expect("git");
    let commit = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let mut record = genuine.clone();
    record["run"] = run.clone().into();
    record["edits"] = edits;
    record["candidate"] = serde_json::json!({"tree": tree, "commit": commit, "digest": digest.to_string()});
    append(repo, &record);
    repo.git(&["update-ref", &format!("refs/lifeos/runs/{run}"), &commit]);
    run
}

/// The tree of HEAD with one more entry.
fn tree_with(repo: &TestRepo, entry: &str) -> String {
    let index = repo.scratch().join("index").display().to_string();
    let git = |arguments: &[&str]| {
        let output = repo.git_command().env("GIT_INDEX_FILE", &index).args(arguments).output().expect("git");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    git(&["read-tree", "HEAD"]);
    git(&["update-index", "--add", "--cacheinfo", entry]);
    git(&["write-tree"])
}

#[test]
fn a_candidate_beyond_the_grant_is_not_approved() {
    let (repo, _, genuine) = waiting();
    let blob = repo.rev("HEAD:a.md");
    for (mode, path) in [("100644", "ci.yml"), ("100755", "run.md"), ("120000", "link.md"), ("100644", "AGENTS.md")] {
        let tree = tree_with(&repo, &format!("{mode},{blob},{path}"));
        let edits = serde_json::json!([{"path": path, "action": "created", "added": 1, "removed": 0}]);
        let run = forge(&repo, &genuine, &tree, edits, "Findings: none");
        repo.lifeos(&["approve", &run]).exits(40).says(&format!("the grant does not reach {path}"));
    }
    // The same with a file that the grant reaches is taken, so it is the grant that refuses.
    let tree = tree_with(&repo, &format!("100644,{blob},new.md"));
    let edits = serde_json::json!([{"path": "new.md", "action": "created", "added": 1, "removed": 0}]);
    let run = forge(&repo, &genuine, &tree, edits.clone(), "Findings: none");
    repo.lifeos(&["verify"]).exits(0);
    repo.lifeos(&["approve", &run]).exits(0).says("is landed");
    // And with words that the host would not write it is not.
    let tree = tree_with(&repo, &format!("100644,{blob},other.md"));
    let edits = serde_json::json!([{"path": "other.md", "action": "created", "added": 1, "removed": 0}]);
    let run = forge(&repo, &genuine, &tree, edits, "Findings: closes #1");
    repo.lifeos(&["approve", &run]).exits(40).says("is not the candidate that was made");
    repo.lifeos(&["verify"]).exits(40).says("is not the one that was made");
}

#[test]
fn a_rollback_that_takes_nothing_back_is_none() {
    let (repo, run, mut genuine) = waiting();
    genuine["reverts"] = serde_json::json!({"run": "aaaaaaaaaaaa", "autonomy": "merge"});
    append(&repo, &genuine);
    repo.lifeos(&["approve", &run]).exits(40).says("it does not take back what it says");
    assert_eq!(repo.rev("lifeos/t"), "");
}

#[test]
fn numbers_that_overflow_stop_nothing() {
    let (repo, run, mut genuine) = waiting();
    genuine["findings"] = serde_json::json!({"a": u64::MAX, "b": u64::MAX});
    genuine["used"] = serde_json::json!({"edit": {"allowed": u64::MAX, "denied": u64::MAX, "errors": u64::MAX}});
    genuine["edits"] = serde_json::json!([{"path": "a.md", "action": "changed", "added": u64::MAX, "removed": u64::MAX}]);
    append(&repo, &genuine);
    for arguments in [vec!["status"], vec!["log"], vec!["show", &run], vec!["review", &run]] {
        repo.lifeos(&arguments).exits(0);
    }
}

#[test]
fn what_landed_is_not_unlanded_by_a_failure() {
    let (repo, run, mut genuine) = waiting();
    repo.lifeos(&["approve", &run]).exits(0).says("is landed");
    genuine["outcome"] = "failed".into();
    genuine["candidate"] = serde_json::Value::Null;
    append(&repo, &genuine);
    repo.lifeos(&["log"]).exits(0).says("landed").keeps_quiet_about("failed");
    repo.lifeos(&["rollback", &run]).exits(0).says("is landed");
}
