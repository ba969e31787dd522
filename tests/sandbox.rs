//! Cases 3 to 20: a plugin against time, memory, the terminal and the system.

use std::time::{Duration, Instant};

use crate::rig::components::{add_manifest, hostile_wat, hostile_wat_with, std_guest};
use crate::rig::{Ran, TestRepo, hostile, peak};

/// A small repository whose task `t` has a danger.
fn repo(danger: &str, table: &str) -> TestRepo {
    let repo = TestRepo::new(&[("a.md", "aé bc\n"), ("b.md", "b\n")]);
    repo.task(&hostile(danger), &format!("read = ['**']\nedit = ['**']\n{table}"));
    repo
}

#[track_caller]
fn check(danger: &str, table: &str) -> Ran {
    let repo = repo(danger, table);
    let ran = repo.lifeos(&["check", "t", "--json"]);
    assert_eq!(repo.rev("refs/lifeos/ledger"), "", "check wrote a record");
    ran
}

#[test]
fn case_3_20_a_std_guest_finds_nothing_and_the_same_twice() {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    repo.task_of(&std_guest(), "");
    let first = repo.lifeos(&["check", "t", "--json"]).exits(0).log();
    for line in ["environment: []", "arguments: []", "clock: 1767323045", "elapsed: 0ns"] {
        assert!(first.contains(line), "{line}: {first}");
    }
    assert_eq!(repo.lifeos(&["check", "t", "--json"]).log(), first);
}

#[test]
fn case_4_an_endless_loop_is_stopped_in_time() {
    let started = Instant::now();
    check("endless-loop", "limits.seconds_max = 1\nlimits.fuel_max = 9000000000000").exits(21).says("limits.seconds_max = 1");
    assert!(started.elapsed() < Duration::from_secs(10));
    check("endless-loop", "limits.fuel_max = 1000000").exits(21).says("limits.fuel_max = 1000000");
}

#[test]
fn case_4_other_tasks_still_run() {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    let table = |name, danger, rest: &str| repo.table(name, &hostile(danger), &format!("read = ['**']\nedit = ['**']\n{rest}"));
    let bad = table("bad", "endless-loop", "limits.fuel_max = 1000000");
    let good = table("good", "sane-edit", "options = {paths = ['a.md'], find = 'a', text = 'b'}");
    repo.config(&format!("{bad}{good}"));
    let ran = repo.lifeos(&["run", "--all"]);
    ran.exits(10).says("bad: the plugin went over limits.fuel_max").says("good: run ");
}

#[test]
fn case_5_memory_stops_at_the_cap() {
    check("hoard-memory", "").exits(21).says("limits.memory_bytes_max = 268435456");
    let (calm, hoarding) = (repo("nothing", ""), repo("hoard-memory", "limits.memory_bytes_max = 33554432"));
    let (ran, least) = peak(&calm, &["check", "t"]);
    ran.exits(0);
    let (ran, most) = peak(&hoarding, &["check", "t"]);
    ran.exits(21).says("limits.memory_bytes_max = 33554432");
    assert!(most < least + (32 << 20) + (64 << 20), "{least} bytes at rest, {most} bytes hoarding");
}

#[test]
fn case_6_7_a_trap_names_its_kind_and_keeps_nothing() {
    // A frame in linear memory meets its bound before the stack does.
    check("recurse", "").exits(23).says("out of bounds memory access");
    check("panic", "").exits(23).says("unreachable").says("; it panicked at ").says("on purpose");
    check("give-up", "options.text = 'too hard'").exits(23).says("the plugin gave up: giving up\\\\u{1b}[31m: too hard");
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    repo.task_of(&hostile_wat("deep-recursion"), "");
    repo.lifeos(&["check", "t"]).exits(23).says("call stack exhausted");
}

#[test]
fn a_finding_outside_the_contract_ends_the_task() {
    check("bad-rule", "options.text = 'no spaces'").exits(23).says("rule id");
    check("bad-rule", "options.text = ''").exits(23).says("rule id");
}

#[test]
fn case_8_what_a_call_hands_over_is_bounded() {
    for danger in ["huge-string", "many-empty-strings"] {
        let repo = repo(danger, "limits.memory_bytes_max = 1073741824");
        let (ran, bytes) = peak(&repo, &["check", "t"]);
        ran.exits(21).says("transfer_bytes_max");
        assert!(bytes < (700 << 20), "{danger}: {bytes} bytes");
    }
}

#[test]
fn case_10_a_million_calls_are_too_many() {
    check("million-calls", "").exits(21).says("limits.calls_max = 100000");
    check("million-calls", "limits.calls_max = 7").exits(21).says("limits.calls_max = 7");
    check("many-findings", "options.count = 11\nlimits.findings_max = 10").exits(21).says("limits.findings_max = 10");
    check("many-findings", "options.count = 10\nlimits.findings_max = 10").exits(1);
}

#[test]
fn case_17_nothing_is_remembered_from_run_to_run() {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    repo.config(&["one", "two"].map(|name| repo.table(name, &hostile("remember"), "")).concat());
    for _ in 0..2 {
        let ran = repo.lifeos(&["check", "one", "--json"]);
        assert_eq!(ran.exits(0).log(), "info: calls before this one: 0\n");
    }
    let ran = repo.lifeos(&["run", "--all"]);
    assert_eq!(ran.exits(0).stderr.matches("calls before this one: 0").count(), 2, "{ran}");
}

#[test]
fn case_18_control_sequences_are_shown_inert() {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    repo.task(&hostile("control-sequences"), "read = ['**']\nedit = ['**']\noptions = {paths = ['a.md']}");
    // That nothing raw comes through is asserted of every run.
    repo.lifeos(&["check", "t"]).exits(20).says("\\u{1b}]52;c;aGk=\\u{7}");
    repo.lifeos(&["check", "t", "--json"]).exits(20);
    repo.lifeos(&["run", "t"]).exits(20).says("\\u{202e}olleh");
    let run = repo.only_run();
    for arguments in [vec!["show", &run], vec!["show", &run, "--json"], vec!["show", &run, "--trace"], vec!["log"]] {
        repo.lifeos(&arguments).exits(0);
    }
}

#[test]
fn case_20_the_clock_is_the_base_commit() {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    repo.task(&hostile("clock"), "");
    for _ in 0..2 {
        assert_eq!(repo.lifeos(&["check", "t", "--json"]).log(), "info: now: 1767323045\n");
    }
}

#[test]
fn the_manifest_is_one_and_a_right_one() {
    let mut bytes = std_guest();
    add_manifest(&mut bytes, "{}");
    let repo = TestRepo::new(&[]);
    repo.task_of(&bytes, "");
    repo.lifeos(&["check", "t"]).exits(2).says("more than one manifest");
    repo.task_of(&hostile_wat_with("calm", "{}"), "");
    repo.lifeos(&["check", "t"]).exits(2).says("manifest is wrong");
}
