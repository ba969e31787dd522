//! Cases 1, 2, 12 to 16 and 22 to 27: components that are refused before they
//! run, or stopped while they start.

use std::path::Path;

use crate::rig::components::{MANIFEST, task_wat, wat, wat_with};
use crate::rig::{LIFEOS, Ran, TestRepo, hostile};

/// Checks with a component, made of bytes.
#[track_caller]
fn check(component: &[u8], table: &str) -> Ran {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    repo.task_of(component, table);
    repo.lifeos(&["check", "t"])
}

/// A component of the world `task` that imports one instance.
fn importing(name: &str) -> String {
    task_wat(&format!("(import \"{name}\" (instance))"), "", "", "")
}

#[test]
fn a_component_of_text_runs() {
    check(&wat(&task_wat("", "", "", "")), "").exits(0);
}

#[test]
fn case_1_2_forbidden_imports_are_named() {
    let rows = [
        "wasi:filesystem/types@0.2.6",
        "wasi:filesystem/preopens@0.2.6",
        "wasi:sockets/tcp@0.2.6",
        "wasi:sockets/ip-name-lookup@0.2.6",
        "wasi:http/outgoing-handler@0.2.6",
        "wasi:cli/environment@0.3.0",
        "lifeos:task/shell@0.1.0",
        "evil:corp/shell",
    ];
    for name in rows {
        check(&wat(&importing(name)), "").exits(20).says(name).says("which no task can be granted");
    }
    let function = task_wat("(import \"system\" (func (param \"command\" string)))", "", "", "");
    check(&wat(&function), "").exits(20).says("`system`");
}

#[test]
fn an_import_that_is_not_declared_is_named() {
    for (interface, capability) in [("repo", "read"), ("history", "history"), ("edits", "edit")] {
        let name = format!("lifeos:task/{interface}@0.1.0");
        let ran = check(&wat(&importing(&name)), "");
        ran.exits(20).says(&name).says(&format!("[capabilities.{capability}]"));
    }
}

#[test]
fn a_declared_capability_that_is_not_granted_is_named() {
    let manifest = MANIFEST.replace("{}", r#"{"read": {"globs": ["docs/**"]}}"#);
    let component = wat_with(&task_wat("", "", "", ""), &manifest);
    check(&component, "").exits(20).says("`read`").says("[task.t]: read = [\"docs/**\"]");
    check(&component, "read = ['**']").exits(0);
}

#[test]
fn case_12_a_core_module_is_not_a_component() {
    let module = ::wat::parse_str("(module (func (export \"run\")))").expect("a module");
    check(&module, "").exits(2).says("core WebAssembly module").says("component");
}

#[test]
fn case_13_broken_bytes_are_told_apart_from_components() {
    let whole = std::fs::read(hostile()).expect("a component");
    let random: Vec<u8> = (0_u32..5000).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let header = b"\0asm\x0d\0\x01\0".to_vec();
    let absurd = [header.clone(), vec![0, 0xff, 0xff, 0xff, 0xff, 0x0f]].concat();
    for bytes in [&b""[..], b"\0", b"\0asm", &header, &absurd, &random, b"#!/bin/sh\n"] {
        check(bytes, "").exits(2);
    }
    for percent in [1, 10, 50, 90, 99] {
        check(&whole[..whole.len() * percent / 100], "").exits(2);
    }
}

#[test]
fn case_13_every_flipped_byte_is_an_error_or_the_same_plugin() {
    let whole = wat(&task_wat("", "", "", ""));
    for at in (0..whole.len()).step_by(whole.len() / 24) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        let ran = check(&bytes, "");
        assert!(matches!(ran.code, Some(0 | 2 | 20 | 21 | 23)), "byte {at}\n{ran}");
        ran.keeps_quiet_about("panicked");
    }
}

#[test]
fn case_14_native_code_is_refused_by_type() {
    check(&std::fs::read(LIFEOS).expect("the program")[..4096], "").exits(20).says("precompiled native code");
}

#[test]
fn case_16_another_version_of_the_contract_is_named() {
    for version in ["0.2.0", "1.0.0"] {
        let ran = check(&wat(&importing(&format!("lifeos:task/repo@{version}"))), "");
        ran.exits(2).says(&format!("lifeos:task@{version}")).says("lifeos:task@0.1.0");
    }
}

#[test]
fn a_component_without_a_manifest_or_a_world_is_refused() {
    let bare = ::wat::parse_str(task_wat("", "", "", "")).expect("a component");
    check(&bare, "").exits(2).says("no manifest");
    check(&wat("(component)"), "").exits(2).says("neither `run`");
    let run = "(component (core module $m (func (export \"f\"))) (core instance $i (instantiate $m)) (func $f (canon lift (core func $i \"f\"))) (export \"run\" (func $f)))";
    check(&wat(run), "").exits(23).says("outside the contract");
}

#[test]
fn case_22_handles_are_bounded() {
    let outer = "(type $r (resource (rep i32))) (core func $new (canon resource.new $r))";
    let fields = "(import \"h\" \"new\" (func $new (param i32) (result i32)))";
    let body = "(local $n i32) (loop $more (drop (call $new (i32.const 1))) (local.set $n (i32.add (local.get $n) (i32.const 1))) (br_if $more (i32.lt_u (local.get $n) (i32.const 200000))))";
    let with = "(with \"h\" (instance (export \"new\" (func $new))))";
    check(&wat(&task_wat(outer, fields, with, body)), "").exits(21).says("handles_max");
}

#[test]
fn case_24_only_the_pinned_bytes_run() {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    let path = repo.task_of(&wat(&task_wat("", "", "", "")), "");
    repo.lifeos(&["run", "t"]).exits(0);
    let other = wat(&task_wat("", "", "", "(nop)"));
    std::fs::write(&path, &other).expect("another component");
    let digest = lifeos::digest::Digest::of(&other).to_string();
    for verb in ["check", "run"] {
        repo.lifeos(&[verb, "t"]).exits(20).says("but the task pins").says(&digest);
    }
}

#[test]
fn an_unpinned_component_may_check_and_not_run() {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    let path = repo.task_of(&wat(&task_wat("", "", "", "")), "");
    repo.config(&format!("[task.t]\nplugin = '{}'\n", path.display()));
    repo.lifeos(&["check", "t"]).exits(0);
    repo.lifeos(&["run", "t"]).exits(20).says("not pinned").says("digest = \"sha256:");
    assert_eq!(repo.rev("refs/lifeos/ledger"), "");
}

#[test]
fn a_component_that_is_no_file_is_named() {
    let repo = TestRepo::new(&[]);
    for path in ["./gone.wasm", "/dev/null", "/", "/dev/zero"] {
        repo.config(&format!("[task.t]\nplugin = '{path}'\n"));
        repo.lifeos(&["check", "t"]).exits(2).says(Path::new(path).file_name().map_or("/", |name| name.to_str().expect("text")));
    }
}

#[test]
fn case_25_limits_hold_while_it_starts() {
    let start = "(func $loop (loop (br 0))) (start $loop)";
    check(&wat(&task_wat("", start, "", "")), "limits.seconds_max = 1\nlimits.fuel_max = 9000000000000")
        .exits(21)
        .says("limits.seconds_max = 1");
    check(&wat(&task_wat("", start, "", "")), "limits.fuel_max = 100000").exits(21).says("limits.fuel_max = 100000");
    let greedy = task_wat("", "", "", "").replace("(export \"memory\") 1)", "(export \"memory\") 16384)");
    check(&wat(&greedy), "").exits(21).says("memory_bytes_max");
}

#[test]
fn case_26_tables_do_not_grow_for_ever() {
    let body = "(drop (table.grow $t (ref.null func) (i32.const 0x7fffffff)))";
    check(&wat(&task_wat("", "(table $t 1 funcref)", "", body)), "").exits(21).says("table_elements_max");
    check(&wat(&task_wat("", "(table $t 4000000000 funcref)", "", "")), "").exits(21).says("table_elements_max");
}

#[test]
fn case_27_proposals_that_are_off_are_named() {
    let rows = [
        ("threads", "(memory $s 1 1 shared)"),
        ("threads", "(func (param i32) (drop (i32.atomic.load (local.get 0))))"),
        ("memory64", "(memory $l i64 1)"),
        ("gc", "(type (struct (field i32)))"),
        ("exceptions", "(tag $t (param i32))"),
        ("tail call", "(func $f (return_call $f))"),
        ("function references", "(type $f (func)) (func (param (ref $f)))"),
        ("relaxed", "(func (param v128) (drop (i8x16.relaxed_swizzle (local.get 0) (local.get 0))))"),
    ];
    for (proposal, fields) in rows {
        let ran = check(&wat(&task_wat("", fields, "", "")), "");
        ran.exits(2);
        let said = ran.stderr.to_lowercase().replace(['-', '_'], " ");
        assert!(said.contains(proposal), "{proposal} is not named\n{ran}");
    }
}
