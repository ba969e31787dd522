//! What somebody learns of what a model was asked: from `run`, `show`, `review`, a pull
//! request, a trace and `doctor`. That it is sent without secrets is in `asking`.

use serde_json::{Value, json};

use crate::json::fits;
use crate::rig::model::{Model, Says};
use crate::rig::{Away, TestRepo, hostile};

/// A task that asks about a file which holds a secret and a character that nobody sees.
fn repo(table: &str) -> TestRepo {
    let repo = TestRepo::new(&[("a.md", "hello world\n"), ("b.md", "")]);
    repo.write("b.md", format!("token ghp_{}\nun\u{200b}seen\n", "a1B2".repeat(9)));
    let options = "options = {paths = ['a.md', 'b.md'], text = 'greet', find = 'world'}";
    let table = format!("read = ['**']\nedit = ['**']\nmodel = {{}}\n{table}\n{options}");
    repo.asking("[[rule]]\nanswer = 'moon'\n", &repo.table("t", &hostile("ask"), &table));
    repo
}

const TAKEN_OUT: &str =
    "taken out before it was sent or recorded: 1 github-token; 1 hidden character in what was asked and answered";

#[test]
fn case_66_70_what_was_taken_out_is_told_to_whoever_judges() {
    let repo = repo("");
    let ran = repo.lifeos(&["run", "t"]);
    ran.exits(0).says("asked script: 1 call, ").says(TAKEN_OUT);
    let run = repo.only_run();
    let page = repo.lifeos(&["review", &run]);
    page.exits(0).says(&format!("  {TAKEN_OUT}\n")).says("none in the changed files");
    repo.lifeos(&["review", &run, "--html", "-"]).exits(0).says(TAKEN_OUT);
    repo.lifeos(&["check", "t"]).exits(1).says(TAKEN_OUT);
    let ran = repo.lifeos(&["check", "t", "--json"]).json();
    assert_eq!(ran["asked"]["redacted"], serde_json::json!({"github-token": 1, "hidden": 1}));
}

#[test]
fn nothing_is_told_of_where_nothing_was_taken_out() {
    let repo = repo("");
    repo.write("b.md", "plain\n");
    repo.commit("plain");
    repo.lifeos(&["run", "t"]).exits(0).says("asked script: 1 call, ").keeps_quiet_about("taken out").keeps_quiet_about("hidden");
    repo.lifeos(&["review", &repo.only_run()]).exits(0).keeps_quiet_about("taken out");
}

#[test]
fn show_tells_of_the_model_the_spending_and_the_prompts() {
    let repo = repo("");
    let ran = repo.lifeos(&["run", "t", "--json"]);
    let asked = ran.exits(0).json()["tasks"][0]["record"]["model"].clone();
    let digest = asked["prompts"]["ask@1"].as_str().expect("a digest").to_owned();
    let shown = repo.lifeos(&["show", &repo.only_run()]);
    let tokens: u64 = asked["spent"].as_object().expect("days").values().map(tokens).sum();
    shown.exits(0).says(&format!("  model      script: 1 call, {tokens} tokens, 0.00"));
    shown.says(&format!("  prompt     ask@1 {digest}\n")).says("  answered   script\n").says(TAKEN_OUT);
}

fn tokens(sum: &Value) -> u64 {
    ["input", "output"].iter().filter_map(|side| sum["tokens"][side].as_u64()).sum()
}

#[test]
fn case_70_a_pull_request_counts_what_was_taken_out() {
    let away = Away::new("pull-request", "", "");
    let config = std::fs::read_to_string(away.repo.path().join("lifeos.toml")).expect("a configuration");
    let remote = &config[config.find("[remote]").expect("a remote")..config.find("[task.t]").expect("a task")];
    away.repo.write("a.md", format!("hello world\ntoken ghp_{}\n", "a1B2".repeat(9)));
    let options = "options = {paths = ['a.md'], text = 'greet', find = 'world'}";
    let table = format!("read = ['**']\nedit = ['**']\nautonomy = 'pull-request'\nmodel = {{}}\n{options}");
    let task = away.repo.table("t", &hostile("ask"), &table);
    away.repo.asking("[[rule]]\nanswer = 'moon'\n", &format!("{remote}{task}"));
    away.push();
    away.lifeos(&["run", "t"]).exits(0);
    away.lifeos(&["approve", &away.repo.only_run()]).exits(0);
    let body = away.forge.pulls()[0].body.clone();
    assert!(body.contains("- taken out before it was sent or recorded: 1 github-token\n"), "{body}");
}

#[test]
fn a_line_of_the_trace_tells_who_answered_what_it_took_and_the_name_of_the_request() {
    let id = format!("c-1\u{1b}[31m{}", "x".repeat(300));
    let server = Model::start(move |_, before| match before {
        0 => Says::refusal(500, "x", "no"),
        1 => Says::Status(
            200,
            json!({"id": id, "model": "m-1-mini", "usage": {"prompt_tokens": 20, "completion_tokens": 5},
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "moon"}}]}),
            Vec::new(),
        ),
        _ => Says::refusal(401, "x", "no"),
    });
    let repo = TestRepo::new(&[("a.md", "hello world\n")]);
    let options = "options = {paths = ['a.md'], text = 'greet', count = 2}";
    let task = repo.table("t", &hostile("ask"), &format!("read = ['**']\nmodel = {{}}\n{options}"));
    repo.config(&format!("{}{task}", server.table("openai", "")));
    let tape = repo.scratch().join("t.tape").display().to_string();
    repo.lifeos(&["run", "t", "--record", &tape]).exits(30);
    let shown = repo.lifeos(&["show", &repo.only_run(), "--trace"]);
    let lines = shown.exits(0).stdout.lines().map(|line| serde_json::from_str(line).expect("JSON"));
    let lines: Vec<Value> = lines.filter(|line: &Value| line["function"] == "complete").collect();
    let sent = &lines[0]["sent"];
    assert_eq!((&sent["model"], &sent["answered"], &sent["attempts"]), (&json!("m-1"), &json!("m-1-mini"), &json!(2)));
    let id = sent["id"].as_str().expect("a name");
    assert!(id.starts_with("c-1") && id.len() < 260 && !id.contains('\u{1b}'), "{id}");
    // The failed attempt counts at the most that it could take.
    assert!(sent["input_tokens"].as_u64() > Some(20) && sent["output_tokens"] == 105, "{sent}");
    assert_eq!(sent["cost"], sent["input_tokens"].as_u64().expect("a number") + 210);
    let refused = &lines[1];
    assert_eq!(
        (&refused["reason"], &refused["sent"]["attempts"], &refused["sent"]["id"]),
        (&json!("unavailable"), &json!(1), &Value::Null)
    );
    assert!(!std::fs::read_to_string(&tape).expect("a tape").contains("\"sent\""), "the next time it is another");
    let repo = self::repo("");
    repo.lifeos(&["run", "t"]).exits(0);
    repo.lifeos(&["show", &repo.only_run(), "--trace"]).exits(0).says("\"sent\":{\"model\":\"script\"");
}

#[test]
fn doctor_tells_of_the_limits_and_of_what_is_left() {
    let server = Model::start(|_, _| Says::text("ready"));
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    let grant = "calls_max = 7\noutput_tokens_max = 300\ncall_cost_max = 0.5\ntokens_max = 5000\nmonth_cost_max = 2\nday_tokens_max = 9000\n";
    let budget = "[budget]\ncurrency = 'EUR'\nmonth_cost_max = 20\n";
    let task = "[task.t]\nplugin = 'doc-hygiene'\nread = ['**']\n[task.t.model]\n";
    repo.config(&format!("{}{budget}{task}{grant}", server.table("openai", "seconds_max = 9")));
    let report = fits(repo.lifeos(&["doctor", "--model", "--json"]).exits(0), "doctor");
    let limits = report["model"]["limits"].clone();
    let of = |key: &str| limits[key].clone();
    assert_eq!([of("calls_max"), of("output_tokens_max"), of("tokens_max")], [json!(7), json!(300), json!(5000)]);
    assert_eq!([of("call_cost_max"), of("call_tokens_max"), of("cost_max")], [json!(500_000), Value::Null, Value::Null]);
    let left = |place: usize| (limits["windows"][place]["window"].clone(), limits["windows"][place]["cost_left"].clone());
    let month = report["model"]["cost"].as_u64().expect("a cost");
    assert_eq!(left(0), (json!("month"), json!(20_000_000 - month)));
    assert_eq!(left(2), (json!("task-month"), json!(2_000_000 - month)));
    let tokens = limits["windows"][3]["tokens_left"].as_u64();
    assert_eq!(tokens, Some(9_000 - 25), "{limits}");
    let text = repo.lifeos(&["doctor", "--model"]);
    text.exits(0)
        .says("7 calls a run, 5000 tokens a run, 0.50 EUR a call, 300 tokens an answer; ")
        .says("; 9 seconds an attempt");
    text.says(" of 20.00 EUR left of all tasks this month").says(" of 2.00 EUR left of the task this month");
    text.says("8950 of 9000 tokens left of the task today");
    repo.lifeos(&["doctor"]).exits(0).keeps_quiet_about("model limits");
}

#[test]
fn the_doctor_says_too_that_much_of_a_month_is_spent() {
    let server = Model::start(|_, _| Says::text("ready"));
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    let task =
        "[budget]\nmonth_tokens_max = 1000\nalert_percent = 5\n[task.t]\nplugin = 'doc-hygiene'\nread = ['**']\nmodel = {}\n";
    repo.config(&format!("{}{task}", server.table("openai", "")));
    // 25 of 1000 tokens, then 50.
    repo.lifeos(&["doctor", "--model"]).exits(0).keeps_quiet_about("tells by what");
    repo.lifeos(&["doctor", "--model"]).exits(0).says("`lifeos budget` tells by what").says("[budget] month_tokens_max = 1000");
    repo.lifeos(&["doctor", "--model"]).exits(0).keeps_quiet_about("tells by what");
    assert_eq!(repo.lifeos(&["budget", "--json"]).json()["alert"], json!({"percent": 5, "spent_percent": 7, "said": true}));
}
