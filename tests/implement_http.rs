//! The official plugin `implement` with a model over HTTP: by configuration alone,
//! in both languages. How it does its work is in `implement`.

use std::time::Instant;

use lifeos::model::Provider as _;
use lifeos::model::scripted::Scripted;
use serde_json::json;

use crate::implement::{implement, runs, sample};
use crate::rig::http::Request;
use crate::rig::model::{Model, Says, asked};
use crate::rig::{TestRepo, workspace};

/// A file that no task may read, and what stands in it.
const SECRET: (&str, &str) = ("notes/plans.txt", "canary-of-the-plans");

/// Says what the script of the sample says; the first answer asks for one file more.
fn says(request: &Request) -> Says {
    let text = asked(request);
    let prompt = match () {
        () if text.contains("Say which files you need") => "implement/plan@1",
        () if text.contains("did not pass over them") => "implement/repair@1",
        () => "implement/edit@1",
    };
    let script = std::fs::read_to_string(workspace().join("tests/sample/calculator/model.toml")).expect("the script");
    let script = Scripted::parse("s", &script).expect("rules");
    let body = json!({"prompt": prompt, "messages": [{"text": text}]}).to_string();
    let answer = script.send(body.as_bytes(), Instant::now()).unwrap_or_else(|failure| panic!("{}", failure.error));
    Says::text(answer.text.replace("\"tests/share.rs\"]", &format!("\"tests/share.rs\",\"{}\"]", SECRET.0)))
}

/// The sample, whose model is at this endpoint.
fn away(model: &Model, provider: &str) -> TestRepo {
    let table =
        "[model]\nprovider = \"scripted\"\nname = \"script\"\nscript = \"model.toml\"\nprice = { input = 1.0, output = 2.0 }\n";
    let repo = sample(&[(table, &model.table(provider, ""))]);
    repo.write(SECRET.0, SECRET.1);
    repo.commit("a secret");
    repo
}

#[test]
fn case_69_a_model_over_http_makes_the_test_pass_and_sees_no_more_than_is_granted() {
    for provider in ["openai", "anthropic"] {
        let model = Model::start(|request, _| says(request));
        let repo = away(&model, provider);
        let tape = repo.scratch().join("run.tape").display().to_string();
        let ran = implement(&repo, &["--json", "--record", &tape]);
        let task = ran.exits(0).json()["tasks"][0].clone();
        assert_eq!(task["state"], "waiting", "{provider}: {ran}");
        let states: Vec<String> = runs(&repo).into_iter().map(|(_, state)| state).collect();
        assert_eq!(states, ["waiting", "red"], "{provider}: one round of repair");
        let requests = model.requests();
        assert_eq!(requests.len(), 3, "{provider}: a plan, its edits, their repair");
        assert!(requests[1].text().contains(SECRET.0), "{provider}: it was asked for");
        assert!(requests.iter().all(|request| !request.text().contains(SECRET.1)), "{provider}: what is not granted was sent");
        assert!(requests[2].text().contains("left: Ok(3000.0)"), "{provider}: what the tests printed is told");
        let before = requests.len();
        let replayed = repo.lifeos(&["run", "implement", "--replay", &tape, "--json"]);
        assert_eq!(replayed.exits(0).json()["tree"], task["record"]["candidate"]["tree"], "{provider}: {replayed}");
        assert_eq!(model.requests().len(), before, "{provider}: a replay asks nobody");
    }
}

#[test]
fn a_model_that_goes_away_in_the_middle_leaves_nothing_landed() {
    let model = Model::start(|request, before| match before {
        0 => says(request),
        _ => Says::refusal(401, "invalid_key", "no such key"),
    });
    let repo = away(&model, "openai");
    let ran = implement(&repo, &["--json"]);
    let task = ran.exits(30).json()["tasks"][0].clone();
    assert_eq!((task["state"].as_str(), &task["record"]["edits"]), (Some("nothing"), &json!([])), "{ran}");
    assert_eq!(task["record"]["findings"]["implement/unfinished"], 1, "{ran}");
}
