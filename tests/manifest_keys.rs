//! One case for each key of a plugin's manifest: with one value it allows, with
//! another it denies. A key without a case fails.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::rig::components::add_manifest;
use crate::rig::{TestRepo, hostile, hostile_files, workspace};

/// A key, what is put there, and what comes of it.
struct Row {
    key: &'static str,
    /// What the plugin does.
    danger: &'static str,
    /// Whether it is one over documents.
    files: bool,
    allow: Value,
    /// Null takes the key away.
    deny: Value,
    table: &'static str,
    allowed: (i32, &'static str),
    denied: (i32, &'static str),
}

const ALL: &str = "list = ['**']\nread = ['**']\nedit = ['**']\nhistory = true\n";

/// What a plugin does, and the rest of its task's table.
type Does = (&'static str, &'static str);

fn row(key: &'static str, values: [Value; 2], (danger, table): Does, ends: [(i32, &'static str); 2]) -> Row {
    let [allow, deny] = values;
    Row { key, danger, files: false, allow, deny, table, allowed: ends[0], denied: ends[1] }
}

fn over_files(row: Row) -> Row {
    Row { files: true, ..row }
}

const NOTHING: Does = ("nothing", "");
const EDIT: Does = ("sane-edit", "options = {paths = ['a.md'], find = 'a', text = 'b'}");
const PROBE: Does = ("probe", "options = {paths = ['a.md']}");
const LIST: Does = ("list", "options = {paths = ['**']}");

fn texts() -> Vec<Row> {
    vec![
        row("name", [json!("other-name"), json!("Bad Name")], NOTHING, [(0, "other-name"), (2, "name: 1 to 40")]),
        row("version", [json!("1.2.3+x"), json!("")], NOTHING, [(0, "1.2.3+x"), (2, "version: 1 to 40")]),
        row("description", [json!("x"), json!("a\nb")], NOTHING, [(0, ""), (2, "description: one line")]),
        row("instruction", [json!("optional"), json!("required")], NOTHING, [(0, ""), (2, "plugin keys needs an instruction")]),
        row("rules", [json!({"a/b": "x"}), json!({"a/b": "x\ny"})], NOTHING, [(0, ""), (2, "rules: a/b: one line")]),
        over_files(row(
            "documents",
            [json!(["*.md"]), json!(["docs/*.md"])],
            ("sane-edit", ""),
            [(1, "\"documents\": 1"), (0, "\"documents\": 0")],
        )),
        over_files(row(
            "config",
            [json!(["hostile.cfg"]), json!(["other.cfg"])],
            ("tell-config", ""),
            [(1, "hostile.cfg=on"), (1, "\"message\": \"\"")],
        )),
    ]
}

fn capabilities() -> Vec<Row> {
    let scope = |globs: &str| json!({"globs": [globs], "optional": true});
    let (wide, narrow) = (json!(["**"]), json!(["docs/**"]));
    vec![
        row("capabilities.list", [scope("**"), Value::Null], LIST, [(0, "b.txt:"), (0, "(1 pages): a.md:File\\n")]),
        row("capabilities.list.globs", [wide.clone(), narrow.clone()], LIST, [(0, "b.txt:"), (0, "(1 pages): a.md:File\\n")]),
        row("capabilities.read", [scope("**"), Value::Null], PROBE, [(20, "read=\\\"a\\\\n\\\""), (20, "read=NotGranted")]),
        row(
            "capabilities.read.globs",
            [wide.clone(), narrow.clone()],
            PROBE,
            [(20, "read=\\\"a\\\\n\\\""), (20, "read=NotGranted")],
        ),
        row("capabilities.edit", [scope("**"), Value::Null], EDIT, [(1, "+b"), (20, "does not declare `capabilities.edit`")]),
        row("capabilities.edit.globs", [wide, narrow], EDIT, [(1, "+b"), (20, "not within the edit globs")]),
        row(
            "capabilities.history",
            [json!({"optional": true}), Value::Null],
            PROBE,
            [(20, " revisions"), (20, "does not declare `capabilities.history`")],
        ),
        row(
            "capabilities.model",
            [json!({"optional": true}), Value::Null],
            ("ask", ""),
            [(0, "refused: "), (20, "does not declare `capabilities.model`")],
        ),
        row(
            "capabilities.rounds",
            [json!({"optional": true}), Value::Null],
            ("tell-round", ""),
            [(0, "round: none"), (20, "does not declare `capabilities.rounds`")],
        ),
    ]
}

fn optional() -> Vec<Row> {
    let row = |key, table, words| row(key, [json!(true), json!(false)], table, [(0, ""), (20, words)]);
    vec![
        row("capabilities.list.optional", ("nothing", "list = []"), "needs the capability `list`"),
        row("capabilities.read.optional", ("nothing", "read = []"), "needs the capability `read`"),
        row("capabilities.edit.optional", ("nothing", "edit = []"), "needs the capability `edit`"),
        row("capabilities.history.optional", ("nothing", "history = false"), "needs the capability `history`"),
        row("capabilities.model.optional", ("nothing", ""), "needs the capability `model`"),
        row("capabilities.rounds.optional", ("nothing", ""), "needs the capability `rounds`"),
    ]
}

fn limits() -> Vec<Row> {
    let row = |key, allow: u64, deny: u64, table, allowed, denied| {
        row(key, [json!(allow), json!(deny)], table, [allowed, (21, denied)])
    };
    let many = ("many-findings", "options = {count = 5}");
    let all = ("delete-all", "read = ['*.md']\nlimits.removed_percent_max = 100");
    let read = crate::manifest_keys::row(
        "limits.read_bytes_max",
        [json!(2), json!(1)],
        PROBE,
        [(20, "read=\\\"a\\\\n\\\""), (20, "read=TooLarge(1)")],
    );
    vec![
        read,
        row("limits.edit_files_max", 1, 0, EDIT, (1, "+b"), "edit_files_max"),
        row("limits.edit_bytes_max", 2, 1, EDIT, (1, "+b"), "edit_bytes_max"),
        row("limits.removed_percent_max", 100, 10, all, (1, "-a"), "removed_percent_max"),
        row("limits.calls_max", 100, 1, PROBE, (20, "read="), "limits.calls_max = 1"),
        row("limits.findings_max", 5, 4, many, (1, "hostile/many"), "limits.findings_max = 4"),
        row("limits.memory_bytes_max", 64 << 20, 1 << 16, NOTHING, (0, ""), "memory_bytes_max"),
        row("limits.fuel_max", 1_000_000_000, 1000, NOTHING, (0, ""), "limits.fuel_max = 1000"),
        over_files(row(
            "limits.document_fuel_max",
            1_000_000_000,
            10,
            ("sane-edit", ""),
            (1, "sane"),
            "limits.document_fuel_max = 10",
        )),
        // Whatever it is, it ends no later than promised.
        crate::manifest_keys::row(
            "limits.seconds_max",
            [json!(2), json!(1)],
            ("endless-loop", "limits.fuel_max = 9000000000000"),
            [(21, "limits.seconds_max = 2"), (21, "limits.seconds_max = 1")],
        ),
    ]
}

fn rows() -> Vec<Row> {
    [texts(), capabilities(), optional(), limits()].into_iter().flatten().collect()
}

/// A manifest with a value at a key.
fn manifest(row: &Row, value: &Value) -> Value {
    let scope = json!({"globs": ["**"], "optional": true});
    let mut manifest = json!({"name": "keys", "version": "0.1.0", "description": "", "limits": {}, "capabilities":
        {"list": scope, "read": scope, "edit": scope, "history": {"optional": true},
        "model": {"optional": true}, "rounds": {"optional": true}}});
    if row.files {
        manifest["documents"] = json!(["**/*.md"]);
    }
    if row.key.starts_with("capabilities.list") {
        // What may be read may be listed as well.
        manifest["capabilities"]["read"]["globs"] = json!(["*.md"]);
    }
    let (table, key) = row.key.rsplit_once('.').unwrap_or(("", row.key));
    let pointer = if table.is_empty() { String::new() } else { format!("/{}", table.replace('.', "/")) };
    let place = manifest.pointer_mut(&pointer).and_then(Value::as_object_mut).expect("a table");
    match value {
        Value::Null => drop(place.remove(key)),
        value => drop(place.insert(key.to_owned(), value.clone())),
    }
    manifest
}

/// A component whose manifest is replaced: it is the last section.
fn component(row: &Row, manifest: &Value) -> Vec<u8> {
    let mut bytes = std::fs::read(if row.files { hostile_files(row.danger) } else { hostile(row.danger) }).expect("a component");
    let name = b"\x0flifeos:manifest";
    let at = bytes.windows(name.len()).rposition(|window| window == name).expect("a manifest");
    // In front of the name stand the size, two bytes of it, and the section's number.
    assert_eq!(bytes[at - 3], 0, "a custom section");
    bytes.truncate(at - 3);
    add_manifest(&mut bytes, &manifest.to_string());
    bytes
}

fn check(row: &Row, value: &Value, (code, words): (i32, &str)) {
    let repo = TestRepo::new(&[("a.md", "a\n"), ("b.txt", "b\n"), ("hostile.cfg", "on\n")]);
    let own: Vec<&str> = row.table.lines().filter_map(|line| line.split_once(' ').map(|(key, _)| key)).collect();
    let granted = ALL.lines().filter(|line| !own.contains(&line.split(' ').next().unwrap_or_default()));
    let granted: String = granted.map(|line| format!("{line}\n")).collect();
    repo.task_of(&component(row, &manifest(row, value)), &format!("{granted}{}", row.table));
    let ran = repo.lifeos(&["check", "t", "--json"]);
    assert_eq!(ran.code, Some(code), "{} = {value}\n{ran}", row.key);
    assert!(ran.stdout.contains(words), "{} = {value}: no {words}\n{ran}", row.key);
}

#[test]
fn a_key_allows_with_one_value_and_denies_with_another() {
    for row in rows() {
        check(&row, &row.allow, row.allowed);
        check(&row, &row.deny, row.denied);
    }
}

/// Files of `config` are read under the grant `read`, whether or not `capabilities.read` is there.
#[test]
fn a_grant_for_files_of_config_alone_has_an_effect() {
    let config = over_files(row("config", [json!(["hostile.cfg"]), Value::Null], ("tell-config", ""), [(0, ""); 2]));
    let mut manifest = manifest(&config, &config.allow);
    manifest["capabilities"]["read"] = Value::Null;
    let repo = TestRepo::new(&[("a.md", "a\n"), ("hostile.cfg", "on\n")]);
    repo.task_of(&component(&config, &manifest), ALL);
    repo.lifeos(&["check", "t", "--json"]).exits(1).says("hostile.cfg=on");
    let ran = repo.lifeos(&["plugin", "audit", "t", "--json"]);
    let audit = ran.exits(0).json();
    assert_eq!(audit["capabilities"][1]["declared"], json!(["hostile.cfg"]), "{ran}");
    assert_eq!(audit["capabilities"][1]["optional"], true, "{ran}");
    let findings = audit["findings"].as_array().expect("findings");
    assert!(!findings.iter().any(|finding| finding["subject"] == "read"), "{ran}");
}

/// The fields of a type in a source file, as serde reads them.
pub(crate) fn fields(file: &str, of: &str) -> Vec<String> {
    let source = std::fs::read_to_string(workspace().join(file)).expect("a source file");
    let body = source.split_once(&format!("struct {of} {{")).expect("the type").1.split_once("\n}").expect("its end").0;
    let (mut names, mut is_read) = (Vec::new(), true);
    for line in body.lines().map(str::trim) {
        if line.starts_with("#[") {
            is_read &= !line.contains("skip_deserializing");
        } else if let Some((name, _)) = line.split_once(':').filter(|_| !line.starts_with("//")) {
            names.extend(std::mem::replace(&mut is_read, true).then(|| name.trim_start_matches("pub ").to_owned()));
        }
    }
    names
}

#[test]
fn every_key_has_a_case() {
    let of = |name: &str| fields("host/src/plugin/manifest.rs", name);
    let mut keys: BTreeSet<String> = of("Manifest").into_iter().filter(|key| key != "capabilities" && key != "limits").collect();
    for capability in of("Capabilities") {
        let is_plain = ["history", "model", "rounds"].contains(&capability.as_str());
        let inner = of(if is_plain { "Plain" } else { "Scope" });
        keys.extend(inner.iter().map(|key| format!("capabilities.{capability}.{key}")));
        keys.insert(format!("capabilities.{capability}"));
    }
    keys.extend(fields("host/src/policy.rs", "Ceilings").into_iter().map(|key| format!("limits.{key}")));
    let rows: BTreeSet<String> = rows().iter().map(|row| row.key.to_owned()).collect();
    assert_eq!(rows, keys);
}
