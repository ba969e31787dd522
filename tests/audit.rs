//! `plugin audit`: what a component can do is told from its bytes, and nothing
//! of it runs.

use std::process::Stdio;
use std::time::{Duration, Instant};

use lifeos::digest::Digest;
use lifeos::glob::Globs;
use lifeos::plugin::audit::{Audit, Grant, Pin};
use lifeos::policy::{Capability, Limits, Reach, Unused};
use serde_json::Value;

use crate::rig::components::{MANIFEST, add_manifest, hostile_wat, std_guest, task_wat, wat, wat_with};
use crate::rig::{Ran, TestRepo, hostile, hostile_files};

const ALL: &str = "read = ['**']\nedit = ['**']\nlist = ['**']\nhistory = true";

/// A component beside a repository with one task.
struct Case {
    repo: TestRepo,
    path: String,
    old: Digest,
}

fn case(component: &[u8], table: &str) -> Case {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    let path = repo.task_of(component, table).display().to_string();
    Case { repo, path, old: Digest::of(component) }
}

impl Case {
    fn file(&self) -> Ran {
        self.repo.lifeos(&["plugin", "audit", &self.path, "--json"])
    }

    fn task(&self) -> Ran {
        self.repo.lifeos(&["plugin", "audit", "t", "--json"])
    }
}

/// Rule and subject of every finding.
pub(crate) fn rules(ran: &Ran) -> Vec<(String, String)> {
    let word = |value: &Value| value.as_str().expect("a word").to_owned();
    let findings = ran.json()["findings"].as_array().expect("findings").clone();
    findings.iter().map(|finding| (word(&finding["rule"]), word(&finding["subject"]))).collect()
}

/// The one finding of a rule, with its fix in words.
#[track_caller]
pub(crate) fn fix(ran: &Ran, rule: &str) -> String {
    let findings = ran.json()["findings"].as_array().expect("findings").clone();
    let found: Vec<_> = findings.iter().filter(|finding| finding["rule"] == rule).collect();
    assert_eq!(found.len(), 1, "{rule}\n{ran}");
    let fix = &found[0]["fix"];
    let verb = if fix["add"] == true { "add" } else { "drop" };
    format!("{verb} {} {} {}", fix["file"], fix["table"], fix["line"]).replace('"', "").replace('\\', "'")
}

fn importing(name: &str) -> String {
    task_wat(&format!("(import \"{name}\" (instance))"), "", "", "")
}

pub(crate) fn declaring(capabilities: &str) -> String {
    MANIFEST.replace("{}", capabilities)
}

#[test]
fn the_four_sets_stand_side_by_side() {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    let table =
        format!("{ALL}\nrounds = 1\ngate = ['true']\noptions = {{paths = ['a.md'], find = 'a', text = 'b'}}\nmodel = {{}}");
    repo.asking("[[rule]]\nanswer = 'x'\n", &repo.table("t", &hostile("everything"), &table));
    repo.lifeos(&["run", "t"]).exits(0);
    let ran = repo.lifeos(&["plugin", "audit", "t", "--json"]);
    let audit = ran.exits(0).json();
    assert_eq!((audit["within"].as_bool(), audit["runs"].as_u64()), (Some(true), Some(1)));
    assert_eq!(audit["findings"], Value::Array(Vec::new()));
    let row = |name: &str| {
        let rows = audit["capabilities"].as_array().expect("rows");
        rows.iter().find(|row| row["capability"] == name).unwrap_or_else(|| panic!("{name}\n{ran}")).clone()
    };
    assert_eq!(row("edit")["imported"], serde_json::json!(["edits#propose"]));
    assert_eq!(row("edit")["used"]["allowed"], 1);
    assert_eq!(row("read")["imported"], serde_json::json!(["repo#read-file"]));
    assert_eq!(row("read")["used"]["allowed"], 1);
    assert_eq!(row("list")["granted"], serde_json::json!(["**"]));
    assert_eq!(row("history")["imported"], serde_json::json!(["history#revisions", "history#texts"]));
    assert_eq!(row("history")["used"]["allowed"], 0);
    assert_eq!(row("model")["imported"], serde_json::json!(["model#complete"]));
    assert_eq!(row("rounds")["imported"], serde_json::json!(["rounds#previous"]));
    repo.write("lifeos.toml", "version = 1\n[task.t]\nplugin = 'x'\n");
    repo.lifeos(&["plugin", "audit", "t"])
        .exits(0)
        .says("differs from that of the commit")
        .says("within the grant of task t")
        .says("used      1 call in 1 recorded run");
}

#[test]
fn a_task_over_documents_reads_and_edits_without_an_import() {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    repo.task(&hostile_files("sane-edit"), "read = ['**']\nedit = ['**']");
    let audit = repo.lifeos(&["plugin", "audit", "t", "--json"]);
    let rows = audit.json()["capabilities"].clone();
    assert_eq!(rows[1]["imported"][0], "documents handed to `check`");
    assert_eq!(rows[2]["imported"], serde_json::json!(["answers of `check` and `conclude`"]));
    assert!(!rules(&audit).iter().any(|(rule, _)| rule == "audit/unused-grant"), "{audit}");
}

#[test]
fn each_import_that_is_not_lent_is_named_with_its_rule() {
    let rows = [
        ("wasi:filesystem/types@0.2.6", "audit/forbidden-import"),
        ("wasi:cli/command@0.2.6", "audit/forbidden-import"),
        ("evil:corp/shell", "audit/forbidden-import"),
        ("lifeos:task/shell@0.1.0", "audit/forbidden-import"),
        ("lifeos:task/repo@0.2.0", "audit/other-version"),
        ("lifeos:task/repo@0.1.0", "audit/undeclared-import"),
    ];
    for (name, rule) in rows {
        let ran = case(&wat(&importing(name)), "").file();
        assert_eq!(rules(ran.exits(20)), [(rule.to_owned(), name.to_owned())], "{ran}");
    }
}

#[test]
fn a_function_that_the_contract_does_not_have_is_named() {
    let manifest = declaring(r#"{"read": {"globs": ["**"]}}"#);
    let rows = [
        (r#"(export "write-file" (func (param "path" string)))"#, "lifeos:task/repo@0.1.0#write-file", "does not have it"),
        (r#"(export "read-file" (func (param "path" string)))"#, "lifeos:task/repo@0.1.0#read-file", "with other types"),
    ];
    for (function, subject, words) in rows {
        let outer = format!("(import \"lifeos:task/repo@0.1.0\" (instance {function}))");
        let case = case(&wat_with(&task_wat(&outer, "", "", ""), &manifest), "read = ['**']");
        let ran = case.file();
        assert!(rules(ran.exits(20).says(words)).contains(&("audit/unknown-function".to_owned(), subject.to_owned())), "{ran}");
        // What the audit refuses does not load either, and is named there as well.
        case.repo
            .lifeos(&["check", "t"])
            .exits(2)
            .says("lifeos:task/repo@0.1.0")
            .says(subject.split('#').nth(1).expect("a name"));
    }
}

#[test]
fn what_is_too_much_is_counted_under_its_own_rule() {
    let functions: String = (0..150).map(|at| format!("(export \"f{at}\" (func))")).collect();
    let imports = format!("(import \"lifeos:task/log@0.1.0\" (instance {functions}))(import \"evil:corp/shell\" (instance))");
    let ran = case(&wat(&task_wat(&imports, "", "", "")), "").file();
    let found = rules(ran.exits(20).says("and 50 more of this kind"));
    let of = |rule: &str| found.iter().filter(|(found, _)| found == rule).count();
    assert_eq!((of("audit/unknown-function"), of("audit/forbidden-import")), (101, 1), "{ran}");
}

#[test]
fn a_grant_of_no_use_is_told_once() {
    let globs = || Globs::new(&["*.md"]).expect("globs");
    let reach = Reach { list: Globs::none(), read: globs(), edit: globs(), history: true, model: false, rounds: false };
    let capabilities = vec![Capability::Edit, Capability::History];
    let component = std::fs::read(hostile_files("sane-edit")).expect("a component");
    let idle = Some(Unused { runs: 5, capabilities, patterns: Vec::new() });
    let grant = Grant { task: "t", reach: &reach, limits: &Limits::default(), pin: Pin::NotNeeded, uses: None, idle };
    let audit = Audit::of(&component, Digest::of(&component), Some(&grant)).expect("a component");
    let found: Vec<_> = audit.findings.iter().map(|finding| (finding.rule, finding.subject.as_str())).collect();
    assert_eq!(found, [("audit/idle-grant", "edit"), ("audit/unused-grant", "history")]);
    assert_eq!(audit.findings[0].fix.as_ref().expect("a fix").line, "edit = [\"*.md\"]");
}

#[test]
fn a_component_without_manifest_or_world_is_told_as_far_as_it_goes() {
    let bare = ::wat::parse_str("(component (import \"wasi:http/types@0.2.6\" (instance)))").expect("a component");
    let ran = case(&bare, "").file();
    let names: Vec<String> = rules(ran.exits(20)).into_iter().map(|(rule, _)| rule).collect();
    assert_eq!(names, ["audit/forbidden-import", "audit/no-manifest", "audit/no-world"], "{ran}");
    let mut two = wat(&task_wat("", "", "", ""));
    add_manifest(&mut two, MANIFEST);
    let case = case(&two, "");
    assert_eq!(rules(case.file().exits(20).says("more than one manifest")).len(), 1);
    case.repo.lifeos(&["check", "t"]).exits(2).says("more than one manifest");
}

#[test]
fn what_is_no_component_exits_with_2() {
    for bytes in [&b""[..], b"\0asm\x01\0\0\0", b"\0asm\x0d\0\x01\0\x07\xff", b"\x7fELF....", b"#!/bin/sh\n"] {
        case(bytes, "").file().exits(2);
    }
    let repo = TestRepo::nowhere();
    repo.lifeos(&["plugin", "audit", "./gone.wasm"]).exits(2).says("gone.wasm");
    repo.lifeos(&["plugin", "audit", "nothing"]).exits(2).says("is no plugin");
}

#[test]
fn the_line_to_add_or_to_drop_is_told() {
    let needs = declaring(r#"{"read": {"globs": ["docs/**"]}}"#);
    let component = wat_with(&task_wat("", "", "", ""), &needs);
    assert_eq!(fix(case(&component, "").task().exits(20), "audit/not-granted"), "add lifeos.toml [task.t] read = ['docs/**']");
    let ran = case(&component, "read = ['**']").task();
    assert_eq!(fix(ran.exits(0), "audit/unused-grant"), "drop lifeos.toml [task.t] read = ['**']");
    let ran = case(&wat(&task_wat("", "", "", "")), "edit = ['**']\nhistory = true").task();
    assert_eq!(rules(ran.exits(0)).len(), 2, "{ran}");
    ran.says("does not declare").says("has no effect");
    let optional = needs.replace("]}", "], \"optional\": true}");
    let ran = case(&wat_with(&task_wat("", "", "", ""), &optional), "").task();
    assert_eq!(fix(ran.exits(0), "audit/optional-not-granted"), "add lifeos.toml [task.t] read = ['docs/**']");
    let ran = case(&wat(&importing("lifeos:task/edits@0.1.0")), "").file();
    assert_eq!(fix(ran.exits(20), "audit/undeclared-import"), "add lifeos-plugin.toml [capabilities.edit] globs = ['**']");
}

#[test]
fn a_component_is_held_against_a_task_before_it_is_the_task_s() {
    let other = wat_with(&task_wat("", "", "", ""), &declaring(r#"{"edit": {"globs": ["*.md"]}}"#));
    let case = case(&wat(&task_wat("", "", "", "")), "edit = ['docs/**']");
    let path = case.repo.scratch().join("other.wasm");
    std::fs::write(&path, &other).expect("another component");
    let path = path.display().to_string();
    case.repo.lifeos(&["plugin", "audit", &path, "--task", "t"]).exits(0).says("granted   docs/**");
    case.repo.lifeos(&["plugin", "audit", &path, "--task", "x"]).exits(2).says("there is no task `x`");
    // Under the task's own name its bytes are the pinned ones or none.
    std::fs::write(&case.path, &other).expect("other bytes");
    let ran = case.task();
    assert!(fix(ran.exits(20), "audit/other-bytes").contains(&Digest::of(&other).to_string()), "{ran}");
    let [old, new] = [case.old, Digest::of(&other)].map(|digest| format!("digest = \"{digest}\""));
    assert_eq!(ran.json()["findings"][0]["fix"]["replaces"], old, "{ran}");
    case.repo.lifeos(&["plugin", "audit", "t"]).says(&format!("change in lifeos.toml, [task.t]: {old} to {new}"));
    case.repo.config(&format!("[task.t]\nplugin = '{}'\nedit = ['**']\n", case.path));
    assert!(fix(case.task().exits(20), "audit/not-pinned").starts_with("add lifeos.toml [task.t] digest = 'sha256:"));
}

#[test]
fn an_audit_runs_nothing_compiles_nothing_and_starts_nothing() {
    let component = hostile_wat("loop-in-start");
    let case = case(&component, "limits.seconds_max = 1");
    let cache = case.repo.scratch().join("cache");
    let begin = Instant::now();
    let children = |arguments: &[&str]| {
        let mut command = case.repo.bare_command(arguments);
        command.arg("--cache-dir").arg(&cache).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the program starts");
        let list = format!("/proc/{0}/task/{0}/children", child.id());
        let mut seen = false;
        while child.try_wait().expect("a child").is_none() {
            seen |= !std::fs::read_to_string(&list).unwrap_or_default().is_empty();
            std::thread::sleep(Duration::from_micros(200));
        }
        seen
    };
    assert!(!children(&["plugin", "audit", &case.path]) && !children(&["plugin", "audit", "t"]));
    assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", begin.elapsed());
    assert!(!cache.exists(), "an audit made a cache folder");
    assert!(children(&["check", "t"]) && cache.exists(), "this test would not see a child");
}

#[test]
fn a_guest_of_another_toolchain_shows_what_is_inert() {
    let ran = case(&std_guest(), "").file();
    let imports = ran.exits(0).json()["imports"].as_array().expect("imports").clone();
    let inert: Vec<_> = imports.iter().filter(|import| import["capability"] == "inert").collect();
    assert!(
        inert.len() > 3 && inert.iter().all(|import| import["allows"].as_str().expect("words").starts_with("inert")),
        "{ran}"
    );
}

#[test]
fn case_27_proposals_that_are_off_are_told_as_far_as_types_tell() {
    for danger in ["proposal-shared-memory", "proposal-memory64", "proposal-gc", "proposal-exceptions"] {
        let case = case(&hostile_wat(danger), "");
        let ran = case.file();
        assert_eq!(rules(ran.exits(20).says("off here")), [("audit/would-not-load".to_owned(), String::new())], "{ran}");
        case.repo.lifeos(&["check", "t"]).exits(2);
    }
}

#[test]
fn a_task_wins_over_an_official_plugin_and_says_so() {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    repo.lifeos(&["plugin", "audit", "doc-hygiene"]).exits(0).says("doc-hygiene: doc-hygiene").says("--task TASK");
    repo.config(&repo.table("doc-hygiene", &hostile("nothing"), ALL));
    let ran = repo.lifeos(&["plugin", "audit", "doc-hygiene"]);
    ran.exits(0).says("the task is meant").says("doc-hygiene: hostile");
}
