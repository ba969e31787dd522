//! Whole runs over a model on loopback, in both languages: what comes of an answer, and
//! that a key is nowhere afterwards.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::rig::model::{KEY, Model, Says, asked};
use crate::rig::{Ran, TestRepo, hostile};

const ASK: &str = "read = ['**']\nedit = ['**']\noptions = {paths = ['a.md'], text = 'greet', find = 'world'}\nmodel = {}";

/// A repository whose task asks `server`, and the option that names the key.
fn repo(server: &Model, language: &str, danger: &str, table: &str) -> (TestRepo, String) {
    let repo = TestRepo::new(&[("a.md", "hello world\n")]);
    repo.config(&format!("{}{}", server.table(language, ""), repo.table("t", &hostile(danger), table)));
    let key = repo.scratch().join("key");
    std::fs::write(&key, format!("{KEY}\n")).expect("a key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).expect("its mode");
    let token = format!("--token={}={}", server.host(), key.display());
    (repo, token)
}

fn task(ran: &Ran) -> Value {
    ran.json()["tasks"][0].clone()
}

#[test]
fn a_run_asks_over_http_and_its_key_is_nowhere_afterwards() {
    for language in ["openai", "anthropic"] {
        // It says the key back, as a hostile one would.
        let server = Model::start(|_, _| Says::text(format!("dear {KEY} world")));
        let (repo, token) = repo(&server, language, "ask", ASK);
        let tape = repo.scratch().join("t.tape");
        let ran = repo.lifeos(&["run", "t", "--json", "--record", &tape.display().to_string(), &token]);
        let task = task(ran.exits(0).keeps_quiet_about(KEY));
        assert_eq!(
            (&task["record"]["model"]["answered"][0], &task["record"]["model"]["calls"]),
            (&"m-1".into(), &1.into()),
            "{ran}"
        );
        let run = task["run"].as_str().expect("a run").to_owned();
        let shown = repo.lifeos(&["show", &run]);
        shown.exits(0).says("+hello dear [known-key] world").keeps_quiet_about(KEY);
        assert!(asked(&server.requests()[0]).contains("== a.md\nhello world"), "what was read is asked about");
        let tape = std::fs::read_to_string(&tape).expect("a tape");
        let record = repo.git(&["log", "-p", "--all"]);
        for (place, text) in [("tape", &tape), ("record", &record)] {
            assert!(!text.contains(KEY), "the key is on the {place}");
        }
        repo.lifeos(&["run", "t", "--replay", &repo.scratch().join("t.tape").display().to_string()]).exits(0);
        assert_eq!(server.requests().len(), 1, "a replay asks nobody, and needs no key");
    }
}

#[test]
fn a_run_whose_model_fails_ends_as_the_failure_does() {
    let rows = [(500, "x", 30), (401, "x", 30), (429, "insufficient_quota", 30), (307, "x", 30)];
    for (status, kind, exit) in rows {
        let server = Model::start(move |_, _| Says::refusal(status, kind, "no"));
        let (repo, token) = repo(&server, "openai", "ask", ASK);
        let ran = repo.lifeos(&["run", "t", &token]);
        ran.exits(exit).keeps_quiet_about(KEY);
    }
}

#[test]
fn an_answer_of_a_schema_becomes_edits_in_both_languages() {
    let answer = r#"{"edits":[{"path":"a.md","find":"world","text":"moon"}]}"#;
    for language in ["openai", "anthropic"] {
        let server = Model::start(move |_, _| Says::text(answer));
        let table = "read = ['**']\nedit = ['**']\noptions = {paths = ['a.md'], text = 'the moon'}\nmodel = {}";
        let (repo, token) = repo(&server, language, "obey", table);
        let ran = repo.lifeos(&["run", "t", "--json", &token]);
        let task = task(ran.exits(0));
        let run = task["run"].as_str().expect("a run");
        repo.lifeos(&["show", run]).exits(0).says("+hello moon");
        assert_eq!(task["record"]["model"]["spent"].as_object().map(|days| days.len()), Some(1), "{ran}");
    }
}
