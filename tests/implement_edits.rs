//! The official plugin `implement`: what it makes of a model's answers, good and bad.

use serde_json::{Value, json};

use crate::rig::{Ran, TestRepo};

const CONFIG: &str = "[model]
provider = 'scripted'
name = 's'
script = 'model.toml'
[task.t]
plugin = 'implement'
read = ['**']
edit = ['**']
model = {}
";

/// Rules that answer these prompts so.
fn rules(answers: &[(&str, &Value)]) -> String {
    let rule = |(prompt, answer): &(&str, &Value)| format!("[[rule]]\nprompt = 'implement/{prompt}@'\nanswer = '''{answer}'''\n");
    answers.iter().map(rule).collect()
}

/// A run over two files, whose model plans to change both and answers so.
fn run(table: &str, answers: &[(&str, &Value)]) -> (TestRepo, Ran) {
    let repo = TestRepo::new(&[("src/a.rs", "fn a() {}\r\nfn b() {}\r\n"), ("src/b.rs", "// one\n// two\n// one\n")]);
    let plan = json!({"reason": "both", "change": ["src/a.rs", "src/b.rs"], "read": ["src/none.rs"]});
    repo.write("model.toml", rules(&[&[("plan", &plan)], answers].concat()));
    repo.config(&format!("{CONFIG}{table}"));
    let ran = repo.lifeos(&["run", "t", "--instruction", "Do it.", "--json"]);
    (repo, ran)
}

fn edit(files: Value) -> Value {
    json!({"reason": "as told", "files": files})
}

fn replace(path: &str, old: &str, new: &str) -> Value {
    json!({"path": path, "replace": [{"old": old, "new": new}]})
}

/// Path and text of the run's candidate.
#[track_caller]
fn changed(repo: &TestRepo, ran: &Ran) -> Vec<(String, String)> {
    let record = ran.json()["tasks"][0]["record"].clone();
    let commit = record["candidate"]["commit"].as_str().unwrap_or_else(|| panic!("no candidate\n{ran}")).to_owned();
    let paths = repo.git(&["diff", "--name-only", "main", &commit]);
    let text = |path: &str| String::from_utf8(repo.show(&commit, path)).expect("text");
    paths.lines().map(|path| (path.to_owned(), text(path))).collect()
}

fn findings(ran: &Ran) -> Value {
    ran.json()["tasks"][0]["record"]["findings"].clone()
}

#[test]
fn several_files_are_changed_and_made_with_the_line_ends_they_have() {
    let files = json!([
        replace("src/a.rs", "fn a() {}\nfn b() {}", "fn a() {}\n\nfn b() {}"),
        {"path": "src/c.rs", "text": "fn c() {}"},
        {"path": "src/b.rs", "text": "// three\n", "replace": null},
    ]);
    let (repo, ran) = run("", &[("edit", &edit(files))]);
    ran.exits(0);
    let expected = [("src/a.rs", "fn a() {}\r\n\r\nfn b() {}\r\n"), ("src/b.rs", "// three\n"), ("src/c.rs", "fn c() {}\n")];
    assert_eq!(changed(&repo, &ran), expected.map(|(path, text)| (path.to_owned(), text.to_owned())), "{ran}");
    assert_eq!(findings(&ran), json!({"implement/plan": 1}));
    let run = ran.json()["tasks"][0]["run"].as_str().expect("a run").to_owned();
    repo.lifeos(&["review", &run]).exits(0).says("it would change \"src/a.rs\", \"src/b.rs\", \"src/c.rs\"").says("as told");
}

#[test]
fn what_cannot_be_taken_is_asked_for_once_more() {
    let first = edit(json!([replace("src/a.rs", "a()", "z()"), replace("src/b.rs", "// one\n", "")]));
    let mended = edit(json!([replace("src/b.rs", "// one\n// two\n", "// two\n"), replace("src/a.rs", "b()", "y()")]));
    let (repo, ran) = run("", &[("edit", &first), ("mend", &mended)]);
    ran.exits(0);
    let (a, b) = ("fn z() {}\r\nfn b() {}\r\n".to_owned(), "// two\n// one\n".to_owned());
    let expected = [("src/a.rs".to_owned(), a), ("src/b.rs".to_owned(), b)];
    assert_eq!(changed(&repo, &ran), expected, "what was taken is not changed again: {ran}");
    assert_eq!(findings(&ran), json!({"implement/plan": 1}));
    let (repo, ran) = run("", &[("edit", &first), ("mend", &first)]);
    ran.exits(0);
    assert_eq!(changed(&repo, &ran).len(), 1, "{ran}");
    assert_eq!(findings(&ran), json!({"implement/plan": 1, "implement/refused": 1}));
}

#[test]
fn what_the_host_refuses_is_told_to_the_model_and_to_the_owner() {
    let files = json!([replace("src/a.rs", "a()", "z()"), {"path": "Makefile", "text": "all:\n"}]);
    let (repo, ran) = run("", &[("edit", &edit(files)), ("mend", &edit(json!([])))]);
    ran.exits(20);
    assert_eq!(changed(&repo, &ran).len(), 1, "the other edit stands: {ran}");
    let refused = &ran.json()["tasks"][0]["record"]["refused"];
    assert_eq!(refused[0]["path"], "Makefile", "{ran}");
    assert_eq!(findings(&ran), json!({"implement/plan": 1}), "the model gave it up");
    // A protected file is known as such before it is proposed.
    let files = json!([replace("lifeos.toml", "version = 1", "version = 2")]);
    let (_, ran) = run("", &[("edit", &edit(files.clone())), ("mend", &edit(files))]);
    ran.exits(0);
    assert_eq!(findings(&ran), json!({"implement/plan": 1, "implement/refused": 1}), "{ran}");
}

#[test]
fn a_file_that_was_not_seen_is_not_written_over() {
    let blind = edit(json!([{"path": "src/b.rs", "text": "gone\n"}]));
    let (repo, ran) = run("options.files_max = 1\n", &[("edit", &blind), ("mend", &edit(json!([])))]);
    ran.exits(0);
    assert_eq!(ran.json()["tasks"][0]["state"], "nothing", "{ran}");
    let seen = edit(json!([{"path": "src/b.rs", "text": "// two\n"}]));
    drop(repo);
    let (repo, ran) = run("options.files_max = 1\n", &[("edit", &blind), ("mend", &seen)]);
    ran.exits(0);
    assert_eq!(changed(&repo, &ran), [("src/b.rs".to_owned(), "// two\n".to_owned())], "it was shown then: {ran}");
}

#[test]
fn an_answer_that_is_none_and_an_option_that_is_out_of_bounds_end_the_run() {
    let (_, ran) = run("", &[("edit", &json!({"files": "none"}))]);
    ran.exits(23).says("implement/edit@1: the model's answer was not of the schema");
    let (_, ran) = run("options.files_max = 0\n", &[]);
    ran.exits(23).says("options.files_max: must be 1 to 200");
    let (_, ran) = run("", &[("edit", &edit(json!([])))]);
    ran.exits(0);
    assert_eq!(findings(&ran), json!({"implement/plan": 1}), "nothing is to be done: {ran}");
}
