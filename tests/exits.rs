//! One case for each exit code, and none forgotten.

use std::collections::BTreeSet;

use crate::rig::{TestRepo, hostile, workspace};

const GRANT: &str = "read = ['**']\nedit = ['**']";
const EDIT: &str = "options = {paths = ['a.md'], find = 'a', text = 'b'}";

/// A question that costs more than may be spent.
const ASK: &str = "options = {text = 'x'}
[task.t.model]
tokens_max = 10
[model]
provider = 'scripted'
script = 'script.toml'
name = 's'";

/// Exit code, word, arguments, what the task's plugin does, and the task's table.
const ROWS: &[(i32, &str, &[&str], &str, &str)] = &[
    (0, "done", &["run", "t"], "sane-edit", EDIT),
    (1, "findings", &["check", "t"], "sane-edit", EDIT),
    (2, "usage", &["run", "unknown"], "sane-edit", EDIT),
    (3, "nothing", &["run", "t", "--detailed-exitcode"], "nothing", ""),
    (4, "waiting", &["run", "t", "--detailed-exitcode"], "sane-edit", EDIT),
    (10, "partial", &["run", "t", "good"], "panic", ""),
    (20, "denied", &["run", "t"], "create", "options = {paths = ['Makefile'], text = 'x'}"),
    (21, "limit", &["run", "t"], "nothing", "limits.fuel_max = 1000"),
    (22, "gate", &["run", "t", "--unconfined-gate"], "sane-edit", "gate = ['false']"),
    (23, "plugin", &["run", "t"], "panic", ""),
    (30, "remote", &["sync", "broken"], "sane-edit", EDIT),
    (31, "budget", &["run", "t"], "ask", ASK),
    (40, "repo", &["-C", "/", "run", "t"], "sane-edit", EDIT),
    (41, "busy", &["run", "t"], "sane-edit", EDIT),
    (50, "io", &["run", "t", "--cache-dir", "/dev/null/x"], "sane-edit", EDIT),
];

#[test]
fn every_exit_code_has_its_case() {
    for (code, word, arguments, danger, table) in ROWS {
        let repo = TestRepo::new(&[("a.md", "a\n"), ("script.toml", "")]);
        let good = repo.table("good", &hostile("nothing"), "");
        repo.config(&format!("{}{good}", repo.table("t", &hostile(danger), &format!("{GRANT}\n{table}"))));
        repo.git(&["remote", "add", "broken", "/nowhere.git"]);
        let lock = (*word == "busy").then(|| {
            repo.write(".git/lifeos/run.lock", "");
            std::fs::File::open(repo.path().join(".git/lifeos/run.lock")).expect("the lock")
        });
        lock.iter().for_each(|lock| lock.lock().expect("held"));
        let own_cache = arguments.contains(&"--cache-dir");
        let mut command = if own_cache { repo.bare_command(arguments) } else { repo.command(arguments) };
        command.env("PATH", "/usr/local/bin:/usr/bin:/bin");
        let ran = repo.guarded(command);
        assert_eq!(ran.code, Some(*code), "{word}\n{ran}");
    }
}

#[test]
fn the_table_of_exit_codes_is_complete() {
    let source = std::fs::read_to_string(workspace().join("host/src/cli/exit.rs")).expect("exit.rs");
    let arms = source.lines().filter_map(|line| line.trim().strip_prefix("Self::")?.strip_suffix(',')?.split_once(" => "));
    let known: BTreeSet<i32> = arms.clone().filter_map(|(_, code)| code.parse().ok()).collect();
    let words: BTreeSet<&str> = arms.filter_map(|(_, word)| word.strip_prefix('"')?.strip_suffix('"')).collect();
    let elsewhere = std::fs::read_to_string(workspace().join("tests/cases_not_here.md")).expect("cases_not_here.md");
    for code in known {
        let covered = ROWS.iter().any(|row| row.0 == code) || elsewhere.contains(&format!("| exit {code} "));
        assert!(covered, "exit code {code} has no case");
    }
    for (_, word, ..) in ROWS {
        assert!(words.contains(word), "{word} is no exit class");
    }
}
