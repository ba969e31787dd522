//! Cases 113 to 124: ends that nobody planned, and systems that refuse.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::rig::guard::assert_sound;
use crate::rig::{TestRepo, below_shell, hostile, hostile_files, kill, unprivileged};

fn sane(more: &str) -> TestRepo {
    let repo = TestRepo::new(&[("a.md", "a\n"), ("b.md", "b\n")]);
    let options = "options = {paths = ['a.md'], find = 'a', text = 'b'}";
    repo.task(&hostile("sane-edit"), &format!("read = ['**']\nedit = ['**']\n{more}\n{options}"));
    repo
}

/// Starts a run, lets `moment` choose when to kill it, and asserts that the
/// repository is as it was or as approved, and that the next run works.
fn killed(repo: &TestRepo, moment: impl Fn(&TestRepo)) {
    let before = repo.watched();
    let old = repo.rev("lifeos/t");
    let mut command = repo.command(&["run", "t"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
    moment(repo);
    kill(&child, Signal::KILL);
    child.wait().expect("an end");
    assert_sound(&repo.path());
    let found = repo.rev("lifeos/t");
    assert!(found == old || repo.show("lifeos/t", "a.md") == b"b\n", "a half-made candidate was published");
    repo.unguarded(&["status"]).exits(0);
    repo.lifeos(&["run", "t"]).exits(0);
    assert_eq!(repo.rev("lifeos/t^"), repo.rev("HEAD"), "the next run did not land");
    repo.assert_unchanged(&before);
}

#[test]
fn case_98_113_kill_at_any_moment() {
    let repo = sane("approve = 'auto'");
    let started = Instant::now();
    repo.lifeos(&["run", "t"]).exits(0);
    let whole = started.elapsed();
    for step in 0..24_u32 {
        repo.write("b.md", format!("{step}\n"));
        repo.commit("next");
        killed(&repo, |_| std::thread::sleep(whole * step / 22));
    }
}

#[test]
fn case_113_kill_while_refs_move() {
    let repo = sane("approve = 'auto'");
    let waits: [&dyn Fn(&TestRepo) -> bool; 3] = [
        &|repo| repo.path().join(".git/lifeos/intent").exists(),
        &|repo| repo.path().join(".git/refs/heads/lifeos").exists(),
        &|repo| std::fs::read_dir(repo.path().join(".git/refs/lifeos/runs")).is_ok_and(|runs| runs.count() > 0),
    ];
    for (step, seen) in waits.iter().cycle().take(9).enumerate() {
        repo.write("b.md", format!("{step}\n"));
        repo.commit("next");
        for folder in ["refs/lifeos/runs", "refs/heads/lifeos", "refs/lifeos"] {
            let names = repo.git(&["for-each-ref", "--format=%(refname)", folder]);
            names.lines().for_each(|name| drop(repo.git(&["update-ref", "-d", name])));
        }
        killed(&repo, |repo| {
            let until = Instant::now() + Duration::from_secs(5);
            while !seen(repo) && Instant::now() < until {
                std::hint::spin_loop();
            }
        });
    }
}

#[test]
fn case_118_what_cannot_be_written_is_named() {
    let repo = sane("");
    let git = repo.path().join(".git");
    let mode = |mode| std::fs::set_permissions(&git, std::fs::Permissions::from_mode(mode)).expect("mode");
    mode(0o500);
    let ran = repo.guarded(unprivileged(&repo.command(&["run", "t"])));
    mode(0o755);
    ran.exits(50).says("$REPO/.git/lifeos").says("Permission denied");
    repo.write(".git/lifeos", "a file where a folder should be");
    repo.lifeos(&["run", "t"]).exits(50).says("$REPO/.git/lifeos");
}

#[test]
fn case_118_a_read_only_object_database_publishes_nothing() {
    let repo = sane("approve = 'auto'");
    let objects = repo.path().join(".git/objects");
    let chmod = |mode: &str| {
        let done = std::process::Command::new("chmod").args(["-R", mode]).arg(&objects).status().expect("chmod");
        assert!(done.success());
    };
    chmod("a-w");
    let ran = repo.guarded(unprivileged(&repo.command(&["run", "t"])));
    chmod("u+w");
    ran.exits(50);
    assert_eq!(repo.rev("lifeos/t"), "");
    repo.lifeos(&["run", "t"]).exits(0).says("landed");
}

#[test]
fn case_119_few_descriptors_are_enough() {
    let repo = TestRepo::unborn();
    (0..60).for_each(|number| repo.write(&format!("{number}.md"), "a\n"));
    let options = "limits.edit_files_max = 100";
    repo.task(&hostile_files("sane-edit"), &format!("read = ['**']\nedit = ['**']\napprove = 'auto'\n{options}"));
    let started = Instant::now();
    let ran = repo.guarded(below_shell("ulimit -n 64", &repo.command(&["run", "t", "--threads", "32"])));
    assert!(matches!(ran.code, Some(0 | 50)), "{ran}");
    assert!(started.elapsed() < Duration::from_secs(20));
    let ran = repo.guarded(below_shell("ulimit -n 64", &repo.command(&["check", "t", "--threads", "2"])));
    ran.exits(1);
}

#[test]
fn case_120_a_signal_stops_a_run_at_once() {
    for signal in [Signal::INT, Signal::TERM] {
        let repo = sane("");
        repo.task(&hostile("endless-loop"), "limits.fuel_max = 9000000000000000000\nlimits.seconds_max = 60");
        let before = repo.watched();
        let mut child = repo.command(&["run", "t"]).spawn().expect("the program starts");
        std::thread::sleep(Duration::from_millis(400));
        let sent = Instant::now();
        kill(&child, signal);
        let status = child.wait().expect("an end");
        assert!(!status.success() && sent.elapsed() < Duration::from_secs(10), "{status}");
        repo.assert_unchanged(&before);
        assert_eq!(repo.git(&["for-each-ref", "refs/lifeos/runs"]), "");
        repo.task(&hostile("nothing"), "");
        repo.lifeos(&["run", "t"]).exits(0);
    }
}

#[test]
fn case_121_122_a_damaged_record_stops_the_next_run() {
    for (text, code, words) in
        [("{not json", 50, "is damaged"), ("{\"schema\": 2}", 2, "has schema 2"), ("{\"schema\": 1}", 50, "is damaged")]
    {
        let repo = sane("");
        repo.write("record.json", text);
        let tree = ["hash-object", "-w", "record.json"];
        let blob = repo.git(&tree);
        std::fs::remove_file(repo.path().join("record.json")).expect("a file");
        std::fs::write(repo.scratch().join("tree"), format!("100644 blob {blob}\trecord.json\n")).expect("a file");
        let input = std::fs::File::open(repo.scratch().join("tree")).expect("a file");
        let output = repo.git_command().arg("mktree").stdin(input).output().expect("git runs");
        let tree = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let commit = repo.git(&["commit-tree", "-m", "damaged", &tree]);
        repo.git(&["update-ref", "refs/lifeos/ledger", &commit]);
        for arguments in [["status"].as_slice(), &["log"], &["run", "t"]] {
            repo.lifeos(arguments).exits(code).says(words);
        }
        assert_eq!(repo.rev("refs/lifeos/ledger"), commit, "case 122: the state was touched");
        assert_eq!(repo.rev("lifeos/t"), "");
    }
}

#[test]
fn case_123_an_environment_as_cron_gives_it() {
    let repo = sane("approve = 'auto'");
    let mut command = repo.command(&["run", "t"]);
    command.env_clear().env("PATH", "/bin").env("LANG", "C");
    repo.guarded(command).exits(0).says("landed");
    let mut bare = repo.bare_command(&["check", "t"]);
    bare.env_clear();
    repo.guarded(bare).exits(1).says("no cache folder is known").says("--cache-dir");
}

#[test]
fn case_124_output_that_cannot_be_written_is_an_error() {
    let repo = sane("");
    for arguments in [["run", "t"].as_slice(), &["status"], &["check", "t", "--json"], &["init"], &["doctor", "--json"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
        let mut command = repo.command(arguments);
        command.stdout(full).stderr(Stdio::piped());
        let output = command.spawn().and_then(|child| child.wait_with_output()).expect("the program runs");
        repo.ran(&output).exits(50).says("standard output");
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let repo = sane("");
    let mut child =
        repo.command(&["check", "t"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program starts");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("an end").code(), Some(1));
}
