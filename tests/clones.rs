//! The record of two clones: each goes on by itself, and nothing is lost when
//! they meet.

use std::path::PathBuf;

use crate::rig::{Ran, TestRepo, hostile};

/// Two clones of one bare repository.
struct Clones {
    repo: TestRepo,
    second: PathBuf,
}

fn clones() -> Clones {
    let repo = TestRepo::new(&[("a.md", "a\n"), ("b.md", "a\n")]);
    let table = |name: &str, path: &str| {
        let options = format!("options = {{paths = ['{path}'], find = 'a', text = 'b'}}");
        repo.table(name, &hostile("sane-edit"), &format!("read = ['**']\nedit = ['**/*.md']\n{options}"))
    };
    repo.config(&format!("{}{}", table("t", "a.md"), table("u", "b.md")));
    let (bare, second) = (repo.scratch().join("there.git"), repo.scratch().join("second"));
    let text = |path: &PathBuf| path.display().to_string();
    repo.git(&["clone", "--quiet", "--bare", ".", &text(&bare)]);
    repo.git(&["remote", "add", "origin", &text(&bare)]);
    repo.git(&["clone", "--quiet", &text(&bare), &text(&second)]);
    Clones { repo, second }
}

impl Clones {
    #[track_caller]
    fn first(&self, arguments: &[&str]) -> Ran {
        let mut command = self.repo.command(arguments);
        command.env("PATH", "/usr/local/bin:/usr/bin:/bin");
        self.repo.guarded(command)
    }

    #[track_caller]
    fn second(&self, arguments: &[&str]) -> Ran {
        let mut command = self.repo.command(arguments);
        command.current_dir(&self.second).env("PATH", "/usr/local/bin:/usr/bin:/bin");
        for (key, value) in [("user.name", "Other"), ("user.email", "other@example.org")] {
            self.repo.git(&["-C", &self.second.display().to_string(), "config", key, value]);
        }
        self.repo.ran(&command.output().expect("the program starts"))
    }

    fn run_of(ran: &Ran, task: &str) -> String {
        let runs = ran.json()["runs"].as_array().expect("runs").clone();
        let found = runs.iter().find(|run| run["task"] == task).unwrap_or_else(|| panic!("no run of {task}\n{ran}"));
        found["run"].as_str().expect("an id").to_owned()
    }
}

#[test]
fn two_machines_at_once_lose_nothing() {
    let clones = clones();
    clones.first(&["run", "t"]).exits(0);
    clones.second(&["run", "u"]).exits(0);
    clones.first(&["sync"]).exits(0).says("received 0 records and 0 candidates, sent 1 record");
    clones.second(&["sync"]).exits(0).says("received 1 record and 1 candidate, sent 2 records");
    clones.first(&["sync"]).exits(0).says("received 2 records and 1 candidate, sent 0 records");
    let (first, second) = (clones.first(&["log", "--json"]), clones.second(&["log", "--json"]));
    assert_eq!(first.json()["runs"], second.json()["runs"], "both know the same");
    assert_eq!(first.json()["runs"].as_array().map(Vec::len), Some(2));
    clones.first(&["verify"]).exits(0).says("3 records").says("whole and true");
    clones.second(&["verify"]).exits(0).says("3 records").says("whole and true");
    // What one made the other approves.
    let run = Clones::run_of(&first, "u");
    clones.first(&["approve", &run]).exits(0).says("is landed");
    let run = Clones::run_of(&second, "t");
    clones.second(&["approve", &run]).exits(0).says("is landed");
    for _ in 0..2 {
        clones.first(&["sync"]).exits(0);
        clones.second(&["sync"]).exits(0);
    }
    let (first, second) = (clones.first(&["log", "--json"]), clones.second(&["log", "--json"]));
    assert_eq!(first.json()["runs"], second.json()["runs"]);
    clones.first(&["verify"]).exits(0);
    clones.first(&["sync"]).exits(0).says("received 0 records and 0 candidates, sent 0 records");
}

#[test]
fn a_no_on_one_machine_is_a_no_on_both() {
    let clones = clones();
    clones.first(&["run", "t"]).exits(0);
    clones.first(&["sync"]).exits(0);
    clones.second(&["sync"]).exits(0);
    let run = clones.repo.only_run();
    clones.first(&["approve", &run]).exits(0);
    clones.second(&["reject", &run, "--why", "no"]).exits(0);
    clones.first(&["sync"]).exits(0);
    clones.second(&["sync"]).exits(0);
    clones.first(&["sync"]).exits(0);
    // The branch moved before the no came; the record tells of both.
    for ran in [clones.first(&["log", "--json"]), clones.second(&["log", "--json"])] {
        let line = ran.json()["runs"][0].clone();
        assert_eq!((line["state"].as_str(), line["why"].as_str()), (Some("landed"), Some("no")), "{ran}");
    }
}

#[test]
fn a_damaged_record_there_does_not_come_here() {
    let clones = clones();
    clones.first(&["run", "t"]).exits(0);
    let before = clones.repo.rev("refs/lifeos/ledger");
    forge(&clones, "{not json");
    clones.first(&["sync"]).exits(50).says("is damaged");
    assert_eq!(clones.repo.rev("refs/lifeos/ledger"), before);
    clones.first(&["sync", "nowhere"]).exits(2).says("no remote `nowhere`");
}

#[test]
fn one_task_on_two_machines_is_one_run_with_two_candidates() {
    let clones = clones();
    clones.first(&["run", "u"]).exits(0);
    clones.first(&["run", "t"]).exits(0);
    clones.second(&["run", "t"]).exits(0);
    for _ in 0..2 {
        clones.first(&["sync"]).exits(0);
        clones.second(&["sync"]).exits(0);
    }
    clones.first(&["verify"]).exits(0).says("whole and true").keeps_quiet_about("not in the repository");
    clones.second(&["verify"]).exits(0).says("whole and true").keeps_quiet_about("not in the repository");
    let run = Clones::run_of(&clones.first(&["log", "--json"]), "t");
    clones.second(&["approve", &run]).exits(0).says("is landed");
    clones.second(&["sync"]).exits(0);
    clones.first(&["sync"]).exits(0);
    clones.first(&["verify"]).exits(0).says("whole and true");
}

#[test]
fn what_nobody_pushed_is_not_published_along() {
    let clones = clones();
    clones.repo.write("secret.env", "PASSWORD=hunter2\n");
    clones.repo.commit("private");
    clones.first(&["run", "t"]).exits(0);
    clones.first(&["sync"]).exits(0).says("sent 1 record").says("not sent: 1 candidate on commits that are not there");
    let bare = clones.repo.scratch().join("there.git").display().to_string();
    assert_eq!(clones.repo.git(&["--git-dir", &bare, "for-each-ref", "refs/lifeos/runs"]), "");
    let objects = clones.repo.git(&["--git-dir", &bare, "cat-file", "--batch-all-objects", "--batch-check"]);
    assert!(!objects.contains(&clones.repo.rev("HEAD:secret.env")), "a blob that nobody pushed is there");
    clones.second(&["sync"]).exits(0);
    clones.second(&["verify"]).exits(0).says("its candidate is not in the repository");
}

#[test]
fn a_record_of_another_form_there_does_not_come_here() {
    let clones = clones();
    clones.first(&["run", "t"]).exits(0);
    let before = clones.repo.rev("refs/lifeos/ledger");
    let record = clones.repo.git(&["cat-file", "blob", "refs/lifeos/ledger:record.json"]);
    let run = clones.repo.only_run();
    for (from, to) in [
        (run.as_str(), "../../x"),
        ("\"task\": \"t\"", "\"task\": \"a\u{1b}b\""),
        ("\"digest\": \"sha256:", "\"digest\": \"sha256:0; sh"),
        ("\"name\": \"hostile\"", "\"name\": \"x closes #1\""),
    ] {
        let text = record.replace(from, to);
        assert_ne!(text, record, "{from}");
        forge(&clones, &text);
        clones.first(&["sync"]).exits(50).says("is damaged");
        assert_eq!(clones.repo.rev("refs/lifeos/ledger"), before);
    }
    forge(&clones, &format!("{record}{}", " ".repeat(17 << 20)));
    clones.first(&["sync"]).exits(50).says("it is too large");
}

/// Makes an entry of this text the newest of the record there.
fn forge(clones: &Clones, text: &str) {
    let path = clones.repo.scratch().join("entry");
    std::fs::write(&path, text).expect("a file");
    let id = clones.repo.git(&["hash-object", "-w", &path.display().to_string()]);
    std::fs::write(&path, format!("100644 blob {id}\trecord.json\n")).expect("a file");
    let input = std::fs::File::open(&path).expect("a file");
    let output = clones.repo.git_command().arg("mktree").stdin(input).output().expect("git");
    let tree = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let commit = clones.repo.git(&["commit-tree", "-m", "x", &tree]);
    clones.repo.git(&["push", "--quiet", "--force", "origin", &format!("{commit}:refs/lifeos/ledger")]);
}
