//! A run whose model is a server on this machine, in both languages: what comes of an
//! answer, what of a failure, and what the keys of the configuration do.

use std::time::Instant;

use serde_json::{Value, json};

use crate::rig::http::Fault;
use crate::rig::model::{KEY, Model, Says, asked};
use crate::rig::{Ran, TestRepo, hostile};

const ASK: &str = "read = ['**']\nedit = ['**']\noptions = {paths = ['a.md'], text = 'greet', find = 'world'}\n";

/// A repository whose task `t` asks the server.
fn asking(server: &Model, provider: &str, more: &str) -> TestRepo {
    task(server, provider, more, "ask", &format!("{ASK}model = {{}}"))
}

/// The same with another plugin, and another table of the task.
fn task(server: &Model, provider: &str, more: &str, danger: &str, table: &str) -> TestRepo {
    let repo = TestRepo::new(&[("a.md", "hello world\n")]);
    repo.config(&format!("{}{}", server.table(provider, more), repo.table("t", &hostile(danger), table)));
    repo
}

/// `run` with a key.
fn run(repo: &TestRepo, server: &Model, arguments: &[&str]) -> Ran {
    let mut command = repo.command(&[&["run", "t"], arguments].concat());
    command.args(["--token", &format!("{}=env:MODEL_KEY", server.host())]).env("MODEL_KEY", KEY);
    repo.guarded(command)
}

/// What stands on record of the one task.
fn record(ran: &Ran) -> Value {
    ran.json()["tasks"][0]["record"].clone()
}

#[test]
fn both_languages_answer_a_plugin_and_a_replay_asks_nobody() {
    for provider in ["openai", "anthropic"] {
        let server = Model::start(|request, _| {
            Says::text(if asked(request).contains("== a.md\nhello world") {
                format!("dear {KEY} world")
            } else {
                "who".to_owned()
            })
        });
        let repo = asking(&server, provider, "");
        let tape = repo.scratch().join("t.tape").display().to_string();
        let ran = run(&repo, &server, &["--json", "--record", &tape]);
        let record = record(ran.exits(0).keeps_quiet_about(KEY));
        assert_eq!((&record["model"]["answered"], &record["edits"][0]["added"]), (&json!(["m-1"]), &1.into()), "{ran}");
        let spent: Vec<_> = record["model"]["spent"].as_object().expect("days").values().cloned().collect();
        assert_eq!(spent, [json!({"attempts": 1, "tokens": {"input": 20, "output": 5}, "cost": 30})], "{ran}");
        let id = ran.json()["tasks"][0]["run"].as_str().expect("a run").to_owned();
        repo.lifeos(&["show", &id]).exits(0).says("+hello dear [known-key] world");
        repo.lifeos(&["run", "t", "--replay", &tape]).exits(0);
        assert_eq!(server.requests().len(), 1, "a replay asks nobody, and needs no key");
    }
}

#[test]
fn an_answer_of_a_schema_becomes_edits_in_both_languages() {
    let answer = r#"{"edits":[{"path":"a.md","find":"world","text":"moon"}]}"#;
    for provider in ["openai", "anthropic"] {
        let server = Model::start(move |_, _| Says::text(answer));
        let table = "read = ['**']\nedit = ['**']\noptions = {paths = ['a.md'], text = 'the moon'}\nmodel = {}";
        let repo = task(&server, provider, "", "obey", table);
        let ran = run(&repo, &server, &["--json"]);
        let id = ran.exits(0).json()["tasks"][0]["run"].as_str().expect("a run").to_owned();
        repo.lifeos(&["show", &id]).exits(0).says("+hello moon");
    }
}

#[test]
fn a_model_that_is_pinned_is_the_only_one_that_may_answer() {
    let rows = [("pin = true", "m-2", 30), ("pin = true", "m-1", 0), ("pin = false", "m-2", 0), ("", "m-2", 0)];
    for (pin, answers, exit) in rows {
        let server = Model::start(move |_, _| Says::text("dear").of(answers));
        let ran = run(&asking(&server, "openai", pin), &server, &["--json"]);
        let record = record(ran.exits(exit));
        assert_eq!(record["model"]["answered"], json!([answers]), "{ran}");
        assert_eq!(record["edits"].as_array().map(Vec::len), Some(usize::from(exit == 0)), "{ran}");
        if exit != 0 {
            ran.says("model m-2 answered, and m-1 was asked");
        }
    }
}

#[test]
fn no_more_tokens_are_asked_for_than_are_granted() {
    for (provider, key) in [("openai", "max_tokens"), ("anthropic", "max_tokens")] {
        let sent = [7, 9].map(|most| {
            let server = Model::start(|_, _| Says::text("dear"));
            let table = format!("{ASK}model = {{output_tokens_max = {most}}}");
            run(&task(&server, provider, "", "ask", &table), &server, &[]).exits(0);
            let body: Value = serde_json::from_slice(&server.requests()[0].body).expect("JSON");
            body[key].clone()
        });
        assert_eq!(sent, [json!(7), json!(9)], "{provider}");
    }
}

#[test]
fn a_model_that_says_nothing_is_waited_for_as_long_as_the_owner_says() {
    // Where the owner says nothing it is two minutes.
    for seconds in [1, 3] {
        let server = Model::start(|_, _| Says::Fault(Fault::Hang));
        let repo = asking(&server, "anthropic", &format!("seconds_max = {seconds}"));
        let begun = Instant::now();
        run(&repo, &server, &[]).exits(30).says("did not answer in time");
        let took = begun.elapsed();
        assert!((seconds..seconds + 20).contains(&took.as_secs()), "{took:?}");
        assert_eq!(server.requests().len(), 1, "what may have been answered is not asked again");
    }
}

#[test]
fn each_failure_has_its_exit_code_and_lands_nothing() {
    type Row = (&'static str, i32, &'static str, fn() -> Says);
    let rows: [Row; 8] = [
        ("case_128", 30, "the provider failed (529)", || Says::refusal(529, "overloaded", "too much")),
        ("case_126", 30, "is used up", || Says::refusal(402, "insufficient_quota", "pay")),
        ("case_134", 30, "wants the request elsewhere", || {
            Says::Status(307, json!({}), vec![("location", "http://127.0.0.1:1/".into())])
        }),
        ("case_130", 30, "the connection broke", || Says::Fault(Fault::Cut)),
        ("case_132", 30, "not of its language", || Says::Status(200, json!([1, 2]), Vec::new())),
        ("case_133", 21, "the model's answer has more than", || Says::Fault(Fault::Huge)),
        ("case_133", 21, "the model's answer did not end in time", || Says::Fault(Fault::Drip)),
        ("unauthorized", 30, "does not take the key", || Says::refusal(401, "invalid_api_key", "no")),
    ];
    for (row, exit, words, says) in rows {
        let server = Model::start(move |_, _| says());
        let repo = asking(&server, "openai", "seconds_max = 3");
        let ran = run(&repo, &server, &[]);
        assert_eq!(ran.code, Some(exit), "{row}\n{ran}");
        ran.says(words).keeps_quiet_about(KEY);
        let log = repo.lifeos(&["log", "--json"]).exits(0).json();
        assert_eq!(log["runs"][0]["state"], "nothing", "{row}: {log}");
    }
}

#[test]
fn case_135_a_private_endpoint_is_refused_before_anything_is_sent() {
    let server = Model::start(|_, _| Says::text("x"));
    let repo = asking(&server, "openai", "");
    let text = std::fs::read_to_string(repo.path().join("lifeos.toml")).expect("a file");
    repo.write("lifeos.toml", text.replace("private = true\n", ""));
    repo.commit("not private");
    run(&repo, &server, &[]).exits(20).says("private = true");
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn the_key_is_in_nothing_that_a_plugin_is_told_of_the_round_before() {
    let server = Model::start(|_, before| {
        let word = if before == 0 { "sun" } else { "moon" };
        Says::text(json!({"edits": [{"path": "a.md", "find": "world", "text": word}]}).to_string())
    });
    let table = "read = ['a.md']\nedit = ['**']\nrounds = 1\ngate = ['sh -c \"cat key.txt; ! grep -q sun a.md\"']\n\
        options = {paths = ['a.md'], text = 'the moon'}\nmodel = {}";
    let repo = task(&server, "openai", "", "obey", table);
    repo.write("key.txt", format!("it is {KEY} of old\n"));
    repo.commit("a key that lies about");
    let tape = repo.scratch().join("tape").display().to_string();
    run(&repo, &server, &["--record", &tape]).exits(0);
    assert_eq!(server.requests().len(), 2, "one in each round");
    // What the plugin was told of the first stands at the head of the tape of the second.
    let tape = std::fs::read_to_string(&tape).expect("a tape");
    assert!(tape.contains("it is [known-key] of old") && !tape.contains(KEY), "{tape}");
}

#[test]
fn a_plugin_is_told_the_end_of_what_a_gate_printed_and_no_more() {
    let server = Model::start(|_, before| {
        let word = if before == 0 { "sun" } else { "moon" };
        Says::text(json!({"edits": [{"path": "a.md", "find": "world", "text": word}]}).to_string())
    });
    let table = "read = ['a.md']\nedit = ['**']\nrounds = 1\nmodel = {}\noptions = {paths = ['a.md'], text = 'the moon'}\n\
        gate = ['sh -c \"yes 0123456789abcde | head -n 2560; echo the end; ! grep -q sun a.md\"']";
    let repo = task(&server, "openai", "", "obey", table);
    let tape = repo.scratch().join("tape").display().to_string();
    run(&repo, &server, &["--record", &tape]).exits(0);
    let tape = std::fs::read_to_string(&tape).expect("a tape");
    let header: Value = serde_json::from_str(tape.lines().next().expect("a header")).expect("JSON");
    let output = header["round"]["output"].as_str().expect("what it printed");
    assert!((16_000..=16 << 10).contains(&output.len()), "{} bytes of 40 KiB", output.len());
    assert!(output.trim_end().ends_with("the end"), "the last ones");
}
