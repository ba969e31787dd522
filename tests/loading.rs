//! Cases 1, 2, 12 to 16 and 22 to 27: components that are refused before they
//! run, or stopped while they start.

use std::path::Path;

use crate::rig::components::{MANIFEST, bare_wat, hostile_wat, hostile_wat_with};
use crate::rig::{LIFEOS, Ran, TestRepo, hostile};

/// Checks with a component, made of bytes.
#[track_caller]
fn check(component: &[u8], table: &str) -> Ran {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    repo.task_of(component, table);
    repo.lifeos(&["check", "t"])
}

#[test]
fn a_component_of_text_runs() {
    check(&hostile_wat("calm"), "").exits(0);
    // What a host function is made to panic in, at the foot of `wasm/state.rs`: here it does not.
    check(&hostile_wat("call-log"), "").exits(0).says("said");
}

#[test]
fn case_1_2_forbidden_imports_are_named() {
    let rows = [
        ("import-filesystem-types", "wasi:filesystem/types@0.2.6"),
        ("import-filesystem-preopens", "wasi:filesystem/preopens@0.2.6"),
        ("import-sockets", "wasi:sockets/tcp@0.2.6"),
        ("import-name-lookup", "wasi:sockets/ip-name-lookup@0.2.6"),
        ("import-http", "wasi:http/outgoing-handler@0.2.6"),
        ("import-next-wasi", "wasi:cli/environment@0.3.0"),
        ("import-lifeos-shell", "lifeos:task/shell@0.1.0"),
        ("import-foreign", "evil:corp/shell"),
    ];
    for (danger, name) in rows {
        check(&hostile_wat(danger), "").exits(20).says(name).says("which no task can be granted");
    }
    check(&hostile_wat("import-function"), "").exits(20).says("`system`");
}

#[test]
fn an_import_that_is_not_declared_is_named() {
    let rows = [
        ("undeclared-repo", "lifeos:task/repo@0.1.0", "read"),
        ("undeclared-history", "lifeos:task/history@0.1.0", "history"),
        ("undeclared-edits", "lifeos:task/edits@0.1.0", "edit"),
    ];
    for (danger, name, capability) in rows {
        let ran = check(&hostile_wat(danger), "");
        ran.exits(20).says(name).says(&format!("[capabilities.{capability}]"));
    }
}

#[test]
fn a_declared_capability_that_is_not_granted_is_named() {
    let manifest = MANIFEST.replace("{}", r#"{"read": {"globs": ["docs/**"]}}"#);
    let component = hostile_wat_with("calm", &manifest);
    check(&component, "").exits(20).says("`read`").says("[task.t]: read = [\"docs/**\"]");
    check(&component, "read = ['**']").exits(0);
}

#[test]
fn case_12_a_core_module_is_not_a_component() {
    let module = bare_wat("core-module");
    check(&module, "").exits(2).says("core WebAssembly module").says("component");
}

#[test]
fn case_13_broken_bytes_are_told_apart_from_components() {
    let whole = std::fs::read(hostile("everything")).expect("a component");
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
    let whole = hostile_wat("calm");
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
    for (danger, version) in [("contract-0.2.0", "0.2.0"), ("contract-1.0.0", "1.0.0")] {
        let ran = check(&hostile_wat(danger), "");
        ran.exits(2).says(&format!("lifeos:task@{version}")).says("lifeos:task@0.1.0");
    }
}

#[test]
fn a_component_without_a_manifest_or_a_world_is_refused() {
    check(&bare_wat("calm"), "").exits(2).says("no manifest");
    check(&hostile_wat("no-world"), "").exits(2).says("neither `run`");
    check(&hostile_wat("other-run"), "").exits(23).says("outside the contract");
}

#[test]
fn case_22_handles_are_bounded() {
    check(&hostile_wat("handles"), "").exits(21).says("handles_max");
}

#[test]
fn case_24_only_the_pinned_bytes_run() {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    let path = repo.task_of(&hostile_wat("calm"), "");
    repo.lifeos(&["run", "t"]).exits(0);
    let other = hostile_wat_with("calm", &MANIFEST.replace("\"wat\"", "\"other\""));
    std::fs::write(&path, &other).expect("another component");
    let digest = lifeos::digest::Digest::of(&other).to_string();
    for verb in ["check", "run"] {
        repo.lifeos(&[verb, "t"]).exits(20).says("but the task pins").says(&digest);
    }
}

#[test]
fn an_unpinned_component_may_check_and_not_run() {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    let path = repo.task_of(&hostile_wat("calm"), "");
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
    let slow = "limits.seconds_max = 1\nlimits.fuel_max = 9000000000000";
    check(&hostile_wat("loop-in-start"), slow).exits(21).says("limits.seconds_max = 1");
    check(&hostile_wat("loop-in-start"), "limits.fuel_max = 100000").exits(21).says("limits.fuel_max = 100000");
    check(&hostile_wat("greedy-memory"), "").exits(21).says("memory_bytes_max");
}

#[test]
fn case_26_tables_do_not_grow_for_ever() {
    check(&hostile_wat("table-grow"), "").exits(21).says("table_elements_max");
    check(&hostile_wat("table-huge"), "").exits(21).says("table_elements_max");
}

#[test]
fn case_27_proposals_that_are_off_are_named() {
    let rows = [
        ("proposal-shared-memory", "threads"),
        ("proposal-atomics", "threads"),
        ("proposal-memory64", "memory64"),
        ("proposal-gc", "gc"),
        ("proposal-exceptions", "exceptions"),
        ("proposal-tail-call", "tail call"),
        ("proposal-function-references", "function references"),
        ("proposal-relaxed-simd", "relaxed"),
        ("proposal-async", "async"),
    ];
    for (danger, proposal) in rows {
        let ran = check(&hostile_wat(danger), "");
        ran.exits(2);
        let said = ran.stderr.to_lowercase().replace(['-', '_'], " ");
        assert!(said.contains(proposal), "{proposal} is not named\n{ran}");
    }
}
