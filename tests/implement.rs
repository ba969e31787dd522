//! The official plugin `implement`, from an instruction to a commit whose tests pass.

use std::path::Path;

use serde_json::Value;

use crate::gate::is_isolated;
use crate::rig::{Away, Ran, TestRepo, workspace};

const INSTRUCTION: &str = "Make percent work, as tests/share.rs has it.";

/// What the sample consists of, its set-up first.
const FILES: [&str; 7] =
    ["lifeos.toml", "model.toml", "Cargo.toml", "Cargo.lock", "src/lib.rs", "src/share.rs", "tests/share.rs"];

/// The sample with these changes of its `lifeos.toml` and `model.toml`.
pub(crate) fn sample(changes: &[(&str, &str)]) -> TestRepo {
    let repo = TestRepo::unborn();
    write(&repo, changes);
    repo.commit("begin");
    repo
}

fn write(repo: &TestRepo, changes: &[(&str, &str)]) {
    for (at, file) in FILES.iter().enumerate() {
        let text = std::fs::read_to_string(workspace().join("tests/sample/calculator").join(file)).expect("a file of the sample");
        let change = |text: String, (old, new): &(&str, &str)| if at < 2 { text.replacen(old, new, 1) } else { text };
        repo.write(file, changes.iter().fold(text, change));
    }
}

#[track_caller]
pub(crate) fn implement(repo: &TestRepo, more: &[&str]) -> Ran {
    implement_so(repo, INSTRUCTION, more)
}

#[track_caller]
fn implement_so(repo: &TestRepo, instruction: &str, more: &[&str]) -> Ran {
    let cargo = Path::new(env!("CARGO")).parent().expect("a folder of programs");
    let toolchain = cargo.parent().expect("a toolchain").display().to_string();
    let gate = if is_isolated() { ["--gate-read", &toolchain] } else { ["--unconfined-gate", "--no-cache"] };
    let mut command = repo.command(&[&["run", "implement", "--instruction", instruction], more, &gate].concat());
    command.env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", cargo.display()));
    repo.guarded(command)
}

/// The record of a run, whole.
#[track_caller]
fn record(repo: &TestRepo, run: &str) -> Value {
    repo.lifeos(&["show", run, "--json"]).json()
}

/// All runs, newest first.
#[track_caller]
pub(crate) fn runs(repo: &TestRepo) -> Vec<(String, String)> {
    let log = repo.lifeos(&["log", "--json"]).json();
    let word = |run: &Value, key: &str| run[key].as_str().unwrap_or_default().to_owned();
    log["runs"].as_array().expect("runs").iter().map(|run| (word(run, "run"), word(run, "state"))).collect()
}

#[test]
fn a_failing_test_passes_after_one_round_of_repair() {
    let repo = sample(&[]);
    let ran = implement(&repo, &["--json"]);
    let task = ran.exits(0).json()["tasks"][0].clone();
    assert_eq!(task["state"], "waiting", "{ran}");
    let gate = &task["record"]["gate"];
    assert_eq!((gate["isolated"].as_bool(), &gate["fault"]), (Some(is_isolated()), &Value::Null), "{gate}");
    assert_eq!((gate["tests_before"].as_u64(), gate["tests"].as_u64()), (Some(1), Some(3)), "{gate}");
    assert!(gate["goal_before"].as_str().is_some_and(|why| why.contains("-- --ignored")), "{gate}");
    let [(second, waiting), (first, red)] = runs(&repo).try_into().expect("two runs");
    assert_eq!((waiting.as_str(), red.as_str()), ("waiting", "red"), "{ran}");
    assert_eq!((task["run"].as_str(), task["record"]["repairs"].as_str()), (Some(second.as_str()), Some(first.as_str())));
    assert!(task["asked"]["calls"].as_u64() > task["record"]["model"]["calls"].as_u64(), "all rounds: {task}");
    let before = record(&repo, &first);
    assert!(before["output"].as_str().is_some_and(|output| output.contains("left: Ok(3000.0)")), "{before}");
    assert_eq!(before["record"]["model"]["calls"], 2, "a plan and its edits: {before}");
    let review = repo.lifeos(&["review", &second]);
    review.exits(0).says(INSTRUCTION).says("a round that did not pass the gate").says("3 model calls of script, 2");
    review.says("1 before, 3 after; on the base the goal is not met");
    repo.lifeos(&["approve", &second]).exits(0);
    let text = String::from_utf8(repo.show("lifeos/implement", "src/share.rs")).expect("text");
    assert!(text.contains("Ok(number * percent / 100.0)") && text.contains("percent is below 0"), "{text}");
    assert_eq!(repo.git(&["diff", "--name-only", "main", "lifeos/implement"]), "src/share.rs");
}

#[test]
fn a_round_that_proposes_the_same_again_repairs_nothing() {
    let rule = "prompt = \"implement/repair@1\"\n";
    let same = "json = true\nanswer = '{\"reason\":\"as it is\",\"files\":[]}'\n";
    let repo = sample(&[(rule, &format!("{rule}{same}\n[[rule]]\n{rule}"))]);
    implement(&repo, &[]).exits(22);
    let runs = runs(&repo);
    assert_eq!(runs.iter().filter(|(_, state)| state == "red").count(), 1, "{runs:?}");
    for (run, state) in &runs {
        let record = repo.lifeos(&["show", run, "--json"]).exits(0).json()["record"].clone();
        assert_ne!(record["repairs"], **run, "a run that repairs itself");
        assert!(state == "red" || record["candidate"].is_null(), "{record}");
    }
}

#[test]
fn case_89_a_model_that_is_wrong_for_ever_is_asked_as_often_as_granted() {
    let wrong = "matches = ['\"(?<path>src/share\\.rs)\"\\n', '(?<old>    Ok\\((?<body>[^\\n]*)\\)\\n)']\n\
                 json = true\n\
                 answer = '{\"reason\":\"one more\",\"files\":[{\"path\":\"${path}\",\"replace\":[{\"old\":\"${old}\",\"new\":\"    Ok(${body} + 1.0)\\n\"}]}]}'\n";
    let rule = "prompt = \"implement/repair@1\"\n";
    let repo = sample(&[(rule, &format!("{rule}{wrong}\n[[rule]]\n{rule}"))]);
    let ran = implement(&repo, &[]);
    ran.exits(21).says("rounds = 2");
    let states: Vec<String> = runs(&repo).into_iter().map(|(_, state)| state).collect();
    assert_eq!(states, ["red", "red", "red"], "{ran}");
    assert_eq!(repo.git(&["branch", "--list", "lifeos/*"]), "");
}

#[test]
fn a_run_tells_of_its_rounds_and_of_what_all_of_them_cost() {
    let repo = sample(&[]);
    let ran = implement(&repo, &[]);
    ran.exits(0).says("waits for approval").says("which did not pass the gate").says("asked script: 3 calls");
    let at = |words: &str| ran.stderr.find(words).unwrap_or_else(|| panic!("no {words}\n{ran}"));
    let told = [
        at("gate on the base: cargo test"),
        at("goal on the base, which has to fail it: cargo test"),
        at("gate on the candidate: cargo test"),
        at("repair round 1 of 2: the gate spoke against the candidate"),
        at("gate on the candidate of repair round 1: cargo test"),
    ];
    assert!(told.is_sorted(), "{ran}");
}

#[test]
fn a_model_that_gives_up_leaves_the_round_before_red() {
    let nothing = "answer = '{\"reason\":\"it is right\",\"files\":[]}'\n";
    let rule = "prompt = \"implement/repair@1\"\n";
    let repo = sample(&[(rule, &format!("{rule}{nothing}\n[[rule]]\n{rule}"))]);
    let ran = implement(&repo, &[]);
    ran.exits(22).says("did not pass the gate");
}

#[test]
fn a_repair_that_cannot_be_taken_is_mended_within_its_round() {
    let mend = "[[rule]]\nprompt = \"implement/mend@1\"\nmatches = ['occurs \\d+ times', '\"(?<path>src/share\\.rs)\"\\n', '(?<old>    Ok\\(number \\* percent\\)\\n)']\n\
                json = true\n\
                answer = '{\"reason\":\"once\",\"files\":[{\"path\":\"${path}\",\"replace\":[{\"old\":\"${old}\",\"new\":\"    if percent < 0.0 {\\n        return Err(\\\"percent is below 0\\\".to_owned());\\n    }\\n    Ok(number * percent / 100.0)\\n\"}]}]}'\n";
    let repo = sample(&[
        ("\"old\":\"${old}\",\"new\":\"    if", "\"old\":\"f64\",\"new\":\"    if"),
        ("# Answers of a model", &format!("{mend}# Answers of a model")),
    ]);
    let ran = implement(&repo, &["--json"]);
    let task = ran.exits(0).json()["tasks"][0].clone();
    assert_eq!((task["state"].as_str(), &task["record"]["model"]["calls"]), (Some("waiting"), &2.into()), "{ran}");
    assert_eq!(task["record"]["findings"].as_object().map(serde_json::Map::len), Some(1), "{ran}");
}

#[test]
fn over_budget_in_the_middle_keeps_what_is_there_and_lands_nothing() {
    // Of the two edits one can be taken; for the other there is no call left.
    let other = "answer = '{\"reason\":\"both\",\"files\":[{\"path\":\"src/lib.rs\",\"replace\":[{\"old\":\"//! A calculator\",\"new\":\"//! Some calculator\"}]},{\"path\":\"src/share.rs\",\"replace\":[{\"old\":\"nowhere\",\"new\":\"\"}]}]}'\n";
    let rule = "prompt = \"implement/edit@1\"\n";
    let repo = sample(&[
        (rule, &format!("{rule}{other}\n[[rule]]\n{rule}")),
        ("calls_max = 10", "calls_max = 2"),
        ("goal = [\"cargo test --offline --quiet --test share -- --ignored\"]\n", "approve = \"auto\"\n"),
        ("[\"${source}\"]", "[\"${source}\",\"src/lib.rs\"]"),
    ]);
    let ran = implement(&repo, &["--json"]);
    let task = ran.exits(31).json()["tasks"][0].clone();
    assert_eq!(task["state"], "waiting", "{ran}");
    assert_eq!(task["record"]["edits"][0]["path"], "src/lib.rs", "{ran}");
    assert_eq!(task["record"]["findings"]["implement/unfinished"], 1, "{ran}");
    assert!(task["record"]["reason"].as_str().is_some_and(|why| why.contains("calls_max")), "{ran}");
    assert_eq!(repo.git(&["branch", "--list", "lifeos/*"]), "", "nothing lands");
}

#[test]
fn a_run_on_tape_comes_out_the_same_without_a_model() {
    let repo = sample(&[]);
    let tape = repo.scratch().join("run.tape").display().to_string();
    let ran = implement(&repo, &["--json", "--record", &tape]);
    let tree = ran.exits(0).json()["tasks"][0]["record"]["candidate"]["tree"].clone();
    let replayed = repo.lifeos(&["run", "implement", "--replay", &tape, "--json"]);
    assert_eq!(replayed.exits(0).json()["tree"], tree, "{replayed}");
}

#[test]
fn without_an_instruction_or_a_model_it_says_so() {
    let repo = sample(&[]);
    for nothing in [&["check", "implement"][..], &["run", "implement"], &["run", "implement", "--instruction", " "]] {
        repo.lifeos(nothing)
            .exits(2)
            .says("plugin implement needs an instruction")
            .says("--instruction TEXT, or --instruction-file FILE");
    }
    assert_eq!(repo.git(&["for-each-ref", "refs/lifeos/"]), "", "nothing was run, and nothing is on record");
    let file = repo.scratch().join("task.md");
    std::fs::write(&file, INSTRUCTION).expect("a file");
    let checked = repo.lifeos(&["check", "implement", "--instruction-file", &file.display().to_string()]);
    checked.exits(1).says("Ok(number * percent)").says("the model's reason: \"percent multiplies its operands\"");
    repo.lifeos(&["check", "implement", "--instruction-file", "none"]).exits(2).says("no such file");
    std::fs::write(&file, "x".repeat(70_000)).expect("a file");
    repo.lifeos(&["check", "implement", "--instruction-file", &file.display().to_string()]).exits(21);
    let none = sample(&[("[task.implement.model]\ncalls_max = 10\n", "")]);
    none.lifeos(&["check", "implement", "--instruction", "x"]).exits(20).says("needs the capability `model`");
}

#[test]
fn a_pull_request_tells_what_was_asked_what_it_cost_and_what_speaks_for_it() {
    let away = Away::new("pull-request", "", "");
    let config = std::fs::read_to_string(away.repo.path().join("lifeos.toml")).expect("a configuration");
    let remote = &config[config.find("[remote]").expect("a remote")..config.find("[task.t]").expect("a task")];
    let outside = format!("autonomy = \"pull-request\"\nrounds = 2\n{remote}");
    write(&away.repo, &[("rounds = 2\n", &outside)]);
    away.repo.commit("the sample");
    away.push();
    let token = format!("{}={}", away.forge.host(), away.repo.scratch().join("token").display());
    let told = "Make percent work @team.\nCloses #1 [skip ci]\nSigned-off-by: A <a@example.org>\n";
    let ran = implement_so(&away.repo, told, &["--json", "--token", &token]);
    let run = ran.exits(0).json()["tasks"][0]["run"].as_str().expect("a run").to_owned();
    away.lifeos(&["approve", &run]).exits(0).says("/pull/1");
    let pull = away.forge.pulls()[0].clone();
    for words in [
        "> `Make percent work _team.`\\\n> `Closes _1 (skip ci)`\\\n> `Signed-off-by: A _a_example.org_`",
        "an attempt before it did not pass: `_cargo test --offline --quiet --test share -- --ignored_: it ended with status 101`",
        "- `cargo test --offline --quiet --lib --test share`: passed",
        "- tests: 3 ran, on the base 1",
        "the goal, which is met now, was not on the base",
        "spend: 3 calls of `script`",
        "- prompt: `implement/plan` 1 `sha256:",
        "- prompt: `implement/repair` 1 `sha256:",
        "| `src/share.rs` changed | +5 -2 |",
    ] {
        assert!(pull.body.contains(words), "{words}: {}", pull.body);
    }
    for sign in ["@team", "#1", "[skip", "<a@"] {
        assert!(!pull.body.contains(sign) && !pull.title.contains(sign), "{sign}: {}", pull.body);
    }
    let message = away.there(&["log", "-1", "--format=%B", "lifeos/implement"]);
    assert!(!message.contains("percent") && !message.contains("team"), "no text of an instruction in a commit: {message}");
}
