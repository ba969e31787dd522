//! What a trace tells: every document that was handed over, every call, every
//! edit, the same whatever the threads and whatever was remembered.

use std::path::Path;

use lifeos::tape::Tape;
use serde_json::Value;

use crate::rig::{Ran, TestRepo, hostile};

/// Twelve documents with stamps and links, and the official task over them.
fn documents() -> TestRepo {
    let repo = TestRepo::new(&[("LICENSE", "MIT\n"), ("img/a.png", "")]);
    for at in 0..12 {
        let (next, stamp) = ((at + 1) % 13, if at % 3 == 0 { "---\nlastmod: 2020-01-02\n---\n\n" } else { "" });
        let text = format!("{stamp}# Document {at}\n\n\n\n* [next](d{next}.md), ![picture](../img/a.png)\n* [law](../LICENSE)\n");
        repo.write(&format!("docs/d{at}.md"), text);
    }
    repo.write("docs/bytes.md", b"\xff\xfe");
    repo.write(".rumdl.toml", "[global]\n");
    repo.commit("documents");
    let limits = "limits.edit_files_max = 100\nlimits.removed_percent_max = 100";
    repo.config(&format!(
        "[task.t]\nplugin = 'doc-hygiene'\nread = ['**/*.md', '.rumdl.toml']\nedit = ['**/*.md']\nlist = ['**']\nhistory = true\n{limits}\n"
    ));
    repo
}

fn record(repo: &TestRepo, cache: &Path, more: &[&str]) -> Vec<u8> {
    let tape = repo.scratch().join("t.tape");
    let mut command = repo.bare_command(&["run", "t", "--record", tape.to_str().expect("text"), "--cache-dir"]);
    command.arg(cache).args(more);
    repo.guarded(command).exits(0);
    std::fs::read(&tape).expect("a tape")
}

/// The lines of the trace of the only run.
fn trace(repo: &TestRepo) -> (Ran, Vec<Value>) {
    let ran = repo.lifeos(&["show", &repo.only_run(), "--trace"]);
    let lines = ran.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    (ran, lines)
}

#[test]
fn a_trace_is_the_same_whatever_the_threads_and_whatever_is_remembered() {
    let repo = documents();
    let cache = repo.scratch().join("cache");
    let expected = record(&repo, &cache, &["--threads", "1", "--no-cache"]);
    let tape = Tape::read(&expected).expect("a tape");
    let of = |function: &str| tape.calls.iter().filter(|call| call.function == function).count();
    assert_eq!([of("check"), of("configure"), of("propose")], [13, 1, 12], "{:?}", tape.calls);
    assert!(of("revisions") >= 4 && of("list-files") >= 1);
    let bytes = tape.calls.iter().find(|call| call.subject == "docs/bytes.md").expect("a call");
    assert_eq!(bytes.reason.as_deref(), Some("not-text"));
    for more in [&["--threads", "4", "--no-cache"][..], &["--threads", "4"], &["--threads", "4"], &["--threads", "1"]] {
        assert_eq!(record(&repo, &cache, more), expected, "{more:?}");
    }
}

#[test]
fn a_refused_call_has_its_word_and_every_line_its_place() {
    let repo = TestRepo::new(&[("a.md", "a\n"), ("secret/x.md", "x\n")]);
    let options = "options = {paths = ['secret/x.md', 'none.md', '../x']}";
    repo.task(&hostile("probe"), &format!("read = ['*.md']\nedit = ['*.md']\n{options}"));
    repo.lifeos(&["run", "t"]);
    let (ran, lines) = trace(&repo);
    assert!(lines.len() > 4, "{ran}");
    for (at, line) in lines.iter().enumerate() {
        assert_eq!(line["sequence"], at, "{ran}");
        assert_eq!(line["reason"].is_null(), line["outcome"] == "allowed", "{line}");
        assert_eq!(line["argument"].as_str().map(str::len), Some(32), "{line}");
    }
    let reason = |subject: &str, function: &str| {
        let line = lines.iter().find(|line| line["subject"] == subject && line["function"] == function);
        line.unwrap_or_else(|| panic!("no {function} of {subject}\n{ran}"))["reason"].clone()
    };
    assert_eq!(reason("secret/x.md", "read-file"), "not-granted");
    assert_eq!(reason("none.md", "read-file"), "not-found");
    assert_eq!(reason("../x", "read-file"), "invalid-path");
}

#[test]
fn a_trace_that_is_too_long_for_a_record_says_so() {
    let repo = TestRepo::new(&[]);
    for at in 0..4_010 {
        repo.write(&format!("d/{at}.md"), "a\n");
    }
    repo.commit("many");
    repo.task(&crate::rig::hostile_files("count-in-conclude"), "read = ['**']\nlimits.calls_max = 10");
    repo.lifeos(&["run", "t"]).exits(0);
    let (_, lines) = trace(&repo);
    assert_eq!((lines.len(), &lines[4_000]["not_kept"]), (4_001, &Value::from(11)));
    let reached = repo.git(&["cat-file", "-p", "refs/lifeos/ledger:reach.json"]);
    let reached: Value = serde_json::from_str(&reached).expect("JSON");
    assert_eq!(reached["read"], serde_json::json!({"d/*.md": 4_010}));
}
