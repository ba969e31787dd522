//! `--json`: every document a verb prints, held against its schema, and the
//! schema files held against the program.

use serde_json::Value;

use crate::rig::{Ran, TestRepo, expect_file, hostile, workspace};

const NAMES: &[&str] = &[
    "error",
    "init",
    "check",
    "run",
    "status",
    "log",
    "verify",
    "budget",
    "show",
    "review",
    "approve",
    "reject",
    "land",
    "rollback",
    "promote",
    "demote",
    "sync",
    "explain",
    "doctor",
    "plugin-new",
    "plugin-build",
    "plugin-test",
    "plugin-audit",
    "plugin-diff",
    "plugin-add",
    "plugin-list",
    "plugin-fetch",
    "plugin-remove",
    "replay",
    "plugin-diff-commits",
    "plugin-diff-replay",
    "plugin-suggest",
];

#[test]
fn the_schema_files_are_the_program_s() {
    let repo = TestRepo::nowhere();
    for name in NAMES {
        let schema = repo.lifeos(&["__schema", name]);
        expect_file(&workspace().join(format!("docs/schema/{name}.json")), &schema.exits(0).stdout);
    }
    repo.lifeos(&["__schema", "none"]).exits(2);
}

/// Asserts that standard output is one document of a schema.
#[track_caller]
pub(crate) fn fits(ran: &Ran, name: &str) -> Value {
    let path = workspace().join(format!("docs/schema/{name}.json"));
    let schema = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let schema: Value = serde_json::from_str(&schema).expect("a schema is JSON");
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler.add_resource("schema.json", schema).expect("a schema");
    let schema = compiler.compile("schema.json", &mut schemas).expect("a schema");
    let value = ran.json();
    if let Err(error) = schemas.validate(&value, schema) {
        panic!("{name}: {error:#}\n{ran}");
    }
    assert_eq!(value["schema"], format!("lifeos/{name}@1"), "{ran}");
    value
}

fn repo() -> TestRepo {
    let repo = TestRepo::new(&[("a.md", "a\n"), ("Makefile", "a\n")]);
    let edit = "options = {paths = ['a.md'], find = 'a', text = 'b'}";
    let bad = "options = {paths = ['a.md']}";
    let tables =
        [("t", "sane-edit", edit), ("second", "sane-edit", edit), ("panics", "panic", ""), ("bad", "control-sequences", bad)];
    let table = |(name, danger, rest)| {
        repo.table(name, &hostile(danger), &format!("read = ['**']\nedit = ['**']\nhistory = true\n{rest}"))
    };
    repo.config(&tables.map(table).concat());
    repo
}

#[test]
fn every_verb_prints_its_schema() {
    let repo = repo();
    let run = |arguments: &[&str]| repo.lifeos(&[arguments, &["--json"]].concat());
    fits(run(&["init"]).exits(0), "init");
    fits(run(&["status"]).exits(0), "status");
    fits(run(&["check", "t"]).exits(1), "check");
    fits(run(&["check", "bad"]).exits(20), "check");
    let ran = fits(run(&["run", "--all"]).exits(10), "run");
    assert_eq!(ran["tasks"].as_array().map(Vec::len), Some(4));
    let id = |task: &str| {
        let task = ran["tasks"].as_array().expect("tasks").iter().find(|ran| ran["task"] == task).expect("a task");
        task["run"].as_str().expect("an id").to_owned()
    };
    fits(run(&["status"]).exits(0), "status");
    fits(run(&["show", &id("t")]).exits(0), "show");
    fits(run(&["show", &id("bad")]).exits(0), "show");
    fits(run(&["review", &id("t")]).exits(0), "review");
    fits(run(&["review", &id("bad")]).exits(0), "review");
    assert_eq!(fits(run(&["review"]).exits(0), "review")["review"], Value::Null);
    fits(run(&["approve", &id("t")]).exits(0), "approve");
    fits(run(&["reject", &id("second"), "--why", "no"]).exits(0), "reject");
    fits(run(&["rollback", &id("t")]).exits(0), "rollback");
    fits(run(&["promote", "t", "--why", "yes"]).exits(0), "promote");
    fits(run(&["demote", "t", "--why", "no"]).exits(0), "demote");
    let tape = repo.scratch().join("t.tape").display().to_string();
    fits(run(&["run", "t", "--record", &tape]).exits(0), "run");
    fits(run(&["run", "t", "--replay", &tape]).exits(0), "replay");
    let component = hostile("sane-edit").display().to_string();
    fits(run(&["plugin", "diff", "--replay", &tape, &component, &component]).exits(0), "plugin-diff-replay");
    fits(run(&["plugin", "suggest", "t"]).exits(0), "plugin-suggest");
    fits(run(&["log"]).exits(0), "log");
    fits(run(&["verify"]).exits(0), "verify");
    fits(run(&["explain"]).exits(0), "explain");
    fits(run(&["explain", "MD022"]).exits(0), "explain");
    fits(run(&["doctor"]).exits(0), "doctor");
    fits(run(&["plugin", "audit", "t"]).exits(0), "plugin-audit");
    fits(run(&["plugin", "audit", "doc-hygiene"]).exits(0), "plugin-audit");
    fits(run(&["plugin", "diff", "doc-hygiene", "t"]).exits(1), "plugin-diff");
}

#[test]
fn every_failure_prints_its_schema() {
    let repo = repo();
    let nowhere = TestRepo::nowhere();
    let rows: &[(&[&str], i32)] = &[
        (&["check", "none"], 2),
        (&["check", "panics"], 23),
        (&["run", "none"], 2),
        (&["show", "none"], 2),
        (&["review", "none"], 2),
        (&["review", "--html", "-"], 2),
        (&["approve", "none"], 2),
        (&["reject", "none", "--why", "no"], 2),
        (&["reject", "none", "--why", ""], 2),
        (&["land", "none"], 2),
        (&["rollback", "none"], 2),
        (&["promote", "none"], 2),
        (&["demote", "none", "--why", "no"], 2),
        (&["sync", "none"], 2),
        (&["explain", "none"], 2),
        (&["plugin", "new", "A"], 2),
        (&["plugin", "build", "none"], 2),
        (&["plugin", "test", "none"], 2),
        (&["plugin", "audit", "none"], 2),
        (&["plugin", "diff", "none", "t"], 2),
        (&["plugin", "suggest", "t"], 2),
        (&["plugin", "diff", "none", "none"], 2),
        (&["run", "t", "--replay", "none"], 2),
        (&["run", "t", "--replay", "lifeos.toml"], 2),
        (&["check", "t", "--config", "none.toml"], 2),
    ];
    for (arguments, code) in rows {
        let failed = fits(repo.lifeos(&[arguments, ["--json"].as_slice()].concat()).exits(*code), "error");
        assert_eq!(failed["code"], *code);
    }
    for verb in [["init"].as_slice(), &["status"], &["log"], &["show", "x"], &["check", "t"], &["run", "t"], &["approve", "x"]] {
        fits(nowhere.lifeos(&[verb, &["--json"]].concat()).exits(40), "error");
    }
    fits(nowhere.lifeos(&["doctor", "--json"]).exits(2), "doctor");
    fits(repo.lifeos(&["run", "panics", "--json"]).exits(23), "run");
}

#[test]
fn plugin_new_prints_its_schema() {
    let repo = TestRepo::nowhere();
    let mut command = repo.command(&["plugin", "new", "tidy", "--json"]);
    command.current_dir(repo.scratch());
    let value = fits(repo.guarded(command).exits(0), "plugin-new");
    for file in value["files"].as_array().expect("files") {
        let path = repo.scratch().join("tidy").join(file.as_str().expect("a path"));
        assert!(path.is_file(), "{}", path.display());
    }
}

#[test]
fn the_verbs_that_let_plugins_in_print_their_schemas() {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    repo.write("h.wasm", std::fs::read(hostile("everything")).expect("a component"));
    let run = |arguments: &[&str]| repo.unguarded(&[arguments, &["--json"]].concat());
    fits(run(&["plugin", "add", "h.wasm", "--task", "t"]).exits(0), "plugin-add");
    fits(run(&["plugin", "list"]).exits(0), "plugin-list");
    fits(run(&["plugin", "fetch"]).exits(0), "plugin-fetch");
    repo.write("h.wasm", std::fs::read(crate::rig::hostile_files("sane-edit")).expect("a component"));
    fits(run(&["plugin", "list"]).exits(0), "plugin-list");
    fits(run(&["plugin", "add", "h.wasm", "--yes"]).exits(0), "plugin-add");
    fits(run(&["plugin", "remove", "hostile"]).exits(0), "plugin-remove");
    for arguments in [["plugin", "add", "none"], ["plugin", "fetch", "none"], ["plugin", "remove", "none"]] {
        fits(run(&arguments).exits(2), "error");
    }
}

#[test]
fn plugin_build_prints_its_schema() {
    let repo = TestRepo::nowhere();
    let folder = workspace().join("tests/plugins/hostile");
    let output = repo.scratch().join("built.wasm");
    let module = crate::rig::target().join("wasm32-unknown-unknown/release/examples/everything.wasm");
    let mut command = std::process::Command::new(crate::rig::LIFEOS);
    command.args(["plugin", "build", "--json", "--no-compile"]).arg(&folder).arg("--output").arg(&output);
    command.arg("--module").arg(module);
    let built = command.output().expect("the program starts");
    let value = fits(repo.ran(&built).exits(0), "plugin-build");
    let bytes = std::fs::read(&output).expect("a component");
    assert_eq!(value["plugin"]["digest"], lifeos::digest::Digest::of(&bytes).to_string());
    assert_eq!(value["bytes"], bytes.len());
}
