//! `plugin diff`: what a newer version can that an older one could not.

use crate::rig::components::{MANIFEST, add_manifest, task_wat, wat_with};
use crate::rig::{Ran, TestRepo};

/// A component that imports these functions of an interface of its own.
fn component(functions: &str, manifest: &str) -> Vec<u8> {
    let outer = if functions.is_empty() { String::new() } else { format!("(import \"a:b/c@1.0.0\" (instance {functions}))") };
    wat_with(&task_wat(&outer, "", "", ""), manifest)
}

fn manifest(rest: &str) -> String {
    MANIFEST.replace("\"capabilities\": {}", rest)
}

fn diff(old: &[u8], new: &[u8], more: &[&str]) -> Ran {
    let repo = TestRepo::nowhere();
    let paths = ["old.wasm", "new.wasm"].map(|name| repo.scratch().join(name).display().to_string());
    std::fs::write(&paths[0], old).expect("the old one");
    std::fs::write(&paths[1], new).expect("the new one");
    repo.lifeos(&[&["plugin", "diff", &paths[0], &paths[1]], more].concat())
}

#[track_caller]
fn lines(ran: &Ran, expected: &[&str]) {
    let found: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(found, expected, "{ran}");
}

const GO: &str = r#"(export "go" (func (param "x" u32)))"#;

#[test]
fn one_import_one_glob_one_limit_and_one_signature_are_four_lines() {
    let old = component(
        GO,
        &manifest(r#""capabilities": {"edit": {"globs": ["docs/*.md"]}}, "limits": {"calls_max": 10, "seconds_max": 5}"#),
    );
    let new = component(
        r#"(export "go" (func (param "x" u64))) (export "more" (func))"#,
        &manifest(r#""capabilities": {"edit": {"globs": ["docs/**"]}}, "limits": {"calls_max": 20, "seconds_max": 5}"#),
    );
    let ran = diff(&old, &new, &[]);
    lines(
        ran.exits(1),
        &[
            "wider     import: a:b/c@1.0.0#go: func(x: u32) -> func(x: u64)",
            "wider     import: + a:b/c@1.0.0#more: func()",
            "wider     capabilities.edit: + `docs/**`",
            "wider     limits.calls_max: 10 -> 20",
        ],
    );
    // The other way round it is narrower but for the signature, of which nobody can tell.
    lines(
        diff(&new, &old, &[]).exits(1),
        &[
            "wider     import: a:b/c@1.0.0#go: func(x: u64) -> func(x: u32)",
            "narrower  import: - a:b/c@1.0.0#more",
            "narrower  capabilities.edit: - `docs/**`",
            "narrower  limits.calls_max: 20 -> 10",
        ],
    );
}

#[test]
fn a_rebuilt_pair_is_the_same() {
    let one = component(GO, MANIFEST);
    let ran = diff(&one, &component(GO, MANIFEST), &[]);
    lines(ran.exits(0).says("the same component"), &[]);
    let renamed = task_wat(&format!("(import \"a:b/c@1.0.0\" (instance {GO}))"), "(func $other)", "", "(nop)");
    lines(diff(&one, &wat_with(&renamed, MANIFEST), &[]).exits(0).says("other bytes, which can the same"), &[]);
}

#[test]
fn each_part_of_a_manifest_is_wider_one_way_and_narrower_the_other() {
    let rows = [
        (r#""capabilities": {}"#, r#""capabilities": {"history": {}}"#, "capabilities.history: declared now"),
        (r#""capabilities": {}"#, r#""capabilities": {"list": {"globs": ["a"]}}"#, "capabilities.list: declared now: `a`"),
        (
            r#""capabilities": {"read": {"globs": ["a"], "optional": true}}"#,
            r#""capabilities": {"read": {"globs": ["a"]}}"#,
            "capabilities.read: optional -> needed",
        ),
        (r#""documents": ["a/*.md"]"#, r#""documents": ["a/*.md", "b"]"#, "documents: + `b`"),
        (r#""config": ["a"]"#, r#""config": ["a", "b"]"#, "config: + `b`"),
        (r#""limits": {"fuel_max": 5}"#, r#""limits": {}"#, "limits.fuel_max: 5 -> no promise"),
    ];
    for (old, new, words) in rows {
        let (old, new) = (component("", &manifest(old)), component("", &manifest(new)));
        lines(diff(&old, &new, &[]).exits(1), &[&format!("wider     {words}")]);
        let back = diff(&new, &old, &[]);
        assert!(back.exits(0).stdout.starts_with("narrower") && back.stdout.lines().count() == 1, "{back}");
    }
}

#[test]
fn types_behind_equal_words_are_told() {
    let of = |field: &str| {
        let types = format!(r#"(type $r (record (field "{field}" u32))) (export "row" (type $row (eq $r)))"#);
        component(&format!(r#"{types} (export "go" (func (param "x" $row)))"#), MANIFEST)
    };
    diff(&of("a"), &of("b"), &[]).exits(1).says("with other types behind the names");
    diff(&of("a"), &of("a"), &[]).exits(0);
}

#[test]
fn inert_imports_are_told_and_are_not_wider() {
    let inert = |name: &str| {
        let outer = format!("(import \"{name}\" (instance (export \"f\" (func (result u32)))))");
        wat_with(&task_wat(&outer, "", "", ""), MANIFEST)
    };
    let bare = component("", MANIFEST);
    let ran = diff(&bare, &inert("wasi:clocks/wall-clock@0.2.6"), &[]);
    lines(ran.exits(0), &["same      import: + wasi:clocks/wall-clock@0.2.6#f (gives nothing)"]);
    diff(&bare, &inert("wasi:sockets/tcp@0.2.6"), &[]).exits(1).says("wider     import: + wasi:sockets/tcp@0.2.6#f");
}

#[test]
fn whatever_is_not_compared_exits_with_2() {
    let good = component("", MANIFEST);
    let mut bad = good.clone();
    add_manifest(&mut bad, MANIFEST);
    for bytes in [&b"\x7fELF...."[..], b"no", &bad, &wat_with(&task_wat("", "", "", ""), "{\"name\": 1}")] {
        let failed = diff(&good, bytes, &["--json"]);
        assert_eq!(failed.exits(2).json()["schema"], "lifeos/error@1");
        diff(bytes, &good, &[]).exits(2);
    }
}

#[test]
fn an_official_plugin_is_as_wide_as_itself() {
    let repo = TestRepo::new(&[]);
    repo.config("[task.docs]\nplugin = 'doc-hygiene'\nread = ['**']\n");
    let ran = repo.lifeos(&["plugin", "diff", "doc-hygiene", "docs"]);
    lines(ran.exits(0).says("the same component"), &[]);
}
