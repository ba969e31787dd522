//! The whole way of doc hygiene: findings, gate, one approval, one pull request
//! on a forge, merged there by people, and back. Prints what was said, for
//! `--nocapture`.
#![expect(clippy::print_stdout, reason = "what was said is the log of the whole way")]

use crate::gate::is_isolated;
use crate::rig::{Away, Ran};

const MESSY: &str = "# Guide\n\nSome text  \nSee [two](two.md) and [gone](Two.md).\n\n\n\n* a\n* b\n";

/// The owner's configuration.
fn configured(away: &Away) {
    let (api, name) = (away.forge.api(), away.forge.repository());
    away.repo.write("docs/guide.md", MESSY);
    away.repo.write("docs/two.md", "# Two\n\nBack to the [guide](guide.md).\n");
    away.repo.write("check.sh", "grep -q '^# Guide' docs/guide.md || exit 1\necho 'ok: the guide has its title'\n");
    away.repo.config(&format!(
        "gate = ['sh check.sh']\n[remote]\nbranch = 'main'\n[remote.forge]\nkind = 'github'\napi = '{api}'\nrepository = '{name}'\n\
         labels = ['docs']\n[task.docs]\nplugin = 'doc-hygiene'\nread = ['**/*.md']\nlist = ['**']\nedit = ['docs/**/*.md']\n\
         approve = 'person'\nautonomy = 'pull-request'\n"
    ));
    away.push();
}

#[track_caller]
fn said(away: &Away, arguments: &[&str]) -> Ran {
    let unconfined: &[&str] = if !is_isolated() && arguments[0] == "run" { &["--unconfined-gate"] } else { &[] };
    let ran = away.lifeos(&[arguments, unconfined].concat());
    println!("$ lifeos {}\n{}{}", arguments.join(" "), ran.stdout, ran.stderr);
    ran
}

#[test]
fn doc_hygiene_from_findings_to_a_pull_request_and_back() {
    let away = Away::new("pull-request", "", "");
    configured(&away);
    said(&away, &["run", "docs"]).exits(0).says("waits for approval");
    let run = away.repo.only_run();
    said(&away, &["review", &run]).exits(0).says("check.sh").says("passed").says("docs/guide.md");
    assert!(away.forge.requests().is_empty(), "nothing leaves before approval");
    said(&away, &["approve", &run]).exits(0).says("is open: branch origin/lifeos/docs").says("/pull/1");
    println!("== the forge");
    away.forge.requests().iter().for_each(|request| println!("{} {}", request.method, request.path));
    let pulls = away.forge.pulls();
    assert_eq!((pulls.len(), pulls[0].head.as_str()), (1, away.candidate(&run).as_str()));
    assert!(pulls[0].body.contains("passed the gate (1 command"), "{}", pulls[0].body);
    println!("{}\n\n{}", pulls[0].title, pulls[0].body);
    println!("== the remote repository\n{}", away.there(&["log", "--oneline", "--all", "--stat"]));
    // People merge it there.
    away.there(&["update-ref", "refs/heads/main", &away.candidate(&run)]);
    said(&away, &["land", &run]).exits(0).says("is landed: branch origin/main");
    let before = away.repo.rev("HEAD^{tree}");
    away.repo.git(&["pull", "--quiet", "origin", "main"]);
    let unconfined: &[&str] = if is_isolated() { &[] } else { &["--unconfined-gate"] };
    let ran = away.lifeos(&[&["rollback", &run], unconfined].concat());
    ran.exits(0).says("is open").says("/pull/2").says("one level down");
    let back = away.rev("refs/heads/lifeos/docs");
    assert_eq!(away.there(&["rev-parse", &format!("{back}^{{tree}}")]), before);
    said(&away, &["log"]).exits(0);
    said(&away, &["verify"]).exits(0).says("whole and true");
}

#[test]
fn what_people_merged_is_told_before_a_newer_run_takes_its_place() {
    let away = Away::new("pull-request", "approve = 'auto'", "");
    away.lifeos(&["run", "t"]).exits(0).says("is open");
    let first = away.repo.only_run();
    away.there(&["update-ref", "refs/heads/main", &away.candidate(&first)]);
    away.repo.git(&["pull", "--quiet", "origin", "main"]);
    away.repo.write("a.md", "a\n");
    away.repo.commit("it is back");
    away.push();
    away.lifeos(&["run", "t"]).exits(0).says("is open");
    let line = |run: &str| {
        let runs = away.lifeos(&["log", "--json"]).json()["runs"].as_array().expect("runs").clone();
        runs.iter().find(|line| line["run"] == run).expect("the run")["state"].as_str().expect("a state").to_owned()
    };
    assert_eq!(line(&first), "landed");
    away.lifeos(&["verify"]).exits(0).says("whole and true");
}

#[test]
fn git_ends_with_the_run_that_asked_for_it() {
    let away = Away::new("pull-request", "approve = 'auto'", "no forge");
    // Whole once it has its name: the hook tells who it is, and stays.
    let told = away.repo.scratch().join("hook");
    let name = told.display();
    away.hook("pre-receive", &format!("echo $$ > '{name}.new'; mv '{name}.new' '{name}'; exec sleep 60"));
    let mut command = away.repo.command(&["run", "t"]);
    command.env("PATH", "/usr/local/bin:/usr/bin:/bin");
    let mut child = command.spawn().expect("the program starts");
    wait("the hook was not started", || told.exists());
    let hook = std::fs::read_to_string(&told).expect("its id");
    let words = |process: &str| std::fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
    wait("the hook did not stay", || words(hook.trim()).starts_with(b"sleep"));
    crate::rig::kill(&child, rustix::process::Signal::KILL);
    child.wait().expect("an end");
    wait("git or what it started outlived the run", || words(hook.trim()).is_empty());
    let bare = away.there(&["rev-parse", "--absolute-git-dir"]);
    let asked = |process: std::fs::DirEntry| {
        let words = words(&process.file_name().to_string_lossy());
        String::from_utf8_lossy(&words).contains(&bare)
    };
    wait("git outlived the run", || !std::fs::read_dir("/proc").expect("/proc").flatten().any(asked));
    assert_eq!(away.rev("refs/heads/lifeos/t"), "");
    away.hook("pre-receive", "exit 0");
    away.lifeos(&["run", "t"]).exits(0).says("is open");
}

/// Waits until something holds; fails with these words when it does not come.
#[track_caller]
fn wait(failure: &str, holds: impl Fn() -> bool) {
    let until = std::time::Instant::now() + std::time::Duration::from_secs(50);
    while !holds() {
        assert!(std::time::Instant::now() < until, "{failure}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
