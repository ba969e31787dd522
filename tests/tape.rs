//! Runs on tape, and played again: the same tree, or one word for what is
//! wrong.

use std::path::{Path, PathBuf};

use lifeos::tape::Tape;
use lifeos::trace::{Call, Short};
use wasm_encoder::{ComponentSection as _, CustomSection};

use crate::rig::{Ran, TestRepo, hostile, hostile_files};

const DOCUMENTS: &str = "read = ['**']\nedit = ['**/*.md']";

/// A repository with two documents, and a run of its task on tape.
struct Taped {
    repo: TestRepo,
    tape: PathBuf,
}

impl Taped {
    fn of(component: &Path, table: &str) -> Self {
        let repo = TestRepo::new(&[("a.md", "a\n"), ("b.md", "b\n"), ("c.txt", "c\n")]);
        repo.task(component, table);
        let tape = repo.scratch().join("t.tape");
        repo.lifeos(&["run", "t", "--record", tape.to_str().expect("text")]).exits(0).says("on tape: ");
        Self { repo, tape }
    }

    fn documents() -> Self {
        Self::of(&hostile_files("sane-edit"), DOCUMENTS)
    }

    fn replay(&self, more: &[&str]) -> Ran {
        self.repo.lifeos(&[&["run", "t", "--replay", self.tape.to_str().expect("text")], more].concat())
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.tape).expect("a tape")
    }

    fn read(&self) -> Tape {
        Tape::read(self.text().as_bytes()).expect("a tape")
    }

    /// Puts other lines in the place of the tape's.
    fn put(&self, lines: &[&str]) {
        std::fs::write(&self.tape, lines.join("\n") + "\n").expect("a tape");
    }

    /// Seals the tape anew with other calls, and forgets the record that tells of
    /// the old seal.
    fn reseal(&self, change: impl FnOnce(&mut Vec<Call>)) {
        let Tape { header, mut calls, mut end, .. } = self.read();
        change(&mut calls);
        calls.iter_mut().zip(0..).for_each(|(call, at)| call.sequence = at);
        end.calls = calls.len() as u64;
        let (_, bytes) = Tape::new(header, &calls, end).expect("a tape");
        std::fs::write(&self.tape, bytes).expect("a tape");
        self.repo.git(&["update-ref", "-d", "refs/lifeos/ledger"]);
    }

    /// Asserts that a replay fails with this code and this word.
    #[track_caller]
    fn assert_refused(&self, code: i32, reason: &str) -> Ran {
        self.replay(&[]).exits(code).says(&format!("{reason}: "));
        let ran = self.replay(&["--json"]);
        assert_eq!(ran.exits(code).json()["reason"], reason, "{ran}");
        ran
    }
}

#[test]
fn a_replay_comes_to_the_same_tree_and_writes_nothing() {
    for (component, table) in [
        (hostile_files("sane-edit"), DOCUMENTS),
        (hostile("sane-edit"), "read = ['**']\nedit = ['**']\noptions = {paths = ['a.md'], find = 'a', text = 'b'}"),
    ] {
        let place = Taped::of(&component, table);
        let run = place.repo.only_run();
        let candidate = place.repo.rev(&format!("refs/lifeos/runs/{run}^{{tree}}"));
        let state = || (place.repo.git(&["for-each-ref"]), place.repo.git(&["count-objects", "-v"]));
        let before = state();
        let ran = place.replay(&["--json"]);
        assert_eq!(ran.exits(0).json()["tree"], candidate, "{ran}");
        assert_eq!(ran.json()["seal"], place.read().seal.to_string());
        assert_eq!(state(), before, "a replay wrote something");
        let shown = place.repo.lifeos(&["show", &run, "--json"]).json();
        assert_eq!(shown["record"]["tape"], place.read().seal.to_string());
        // HEAD is somewhere else now.
        place.repo.write("a.md", "other\n");
        place.repo.commit("later");
        place.replay(&[]).exits(0).says(&candidate);
    }
}

#[test]
fn a_run_with_nothing_to_do_is_played_again_too() {
    let place = Taped::of(&hostile("nothing"), "read = ['**']");
    place.replay(&[]).exits(0).says("no change");
}

#[test]
fn a_changed_dropped_added_or_moved_line_is_tampering() {
    let place = Taped::documents();
    let text = place.text();
    let lines: Vec<&str> = text.lines().collect();
    let changed = lines[1].replace("\"bytes_out\":2", "\"bytes_out\":3");
    assert_ne!(changed, lines[1]);
    let (last, middle) = (lines.len() - 1, &lines[1..lines.len() - 1]);
    let around = |middle: Vec<&str>| {
        [vec![lines[0].to_owned()], middle.iter().map(ToString::to_string).collect(), vec![lines[last].to_owned()]].concat()
    };
    let rows = [
        around([&[changed.as_str()], &middle[1..]].concat()),
        around(middle[1..].to_vec()),
        around([middle, &middle[..1]].concat()),
        around([&middle[1..2], &middle[..1], &middle[2..]].concat()),
    ];
    for row in rows {
        place.put(&row.iter().map(String::as_str).collect::<Vec<_>>());
        place.assert_refused(2, "tape-tampered");
    }
    place.put(&lines[..last]);
    place.assert_refused(2, "tape-truncated");
    std::fs::write(&place.tape, &text[..text.len() - 9]).expect("a tape");
    place.assert_refused(2, "tape-truncated");
    place.put(&["{}"]);
    place.assert_refused(2, "tape-unreadable");
    std::fs::write(&place.tape, &text).expect("a tape");
    place.replay(&[]).exits(0);
}

#[test]
fn a_tape_that_was_sealed_anew_is_not_that_of_the_record() {
    let place = Taped::documents();
    let record = place.repo.rev("refs/lifeos/ledger");
    place.reseal(|calls| calls[0].answer = Short::default());
    place.repo.git(&["update-ref", "refs/lifeos/ledger", &record]);
    place.assert_refused(2, "tape-tampered").says("the ledger tells of");
}

#[test]
fn a_run_that_does_something_else_parts_from_its_tape() {
    type Change = fn(&mut Vec<Call>);
    let rows: [(&str, Change); 6] = [
        ("tape-mismatch", |calls| calls[0].answer = Short::default()),
        ("tape-mismatch", |calls| calls[1].argument = Short::default()),
        ("tape-miss", |calls| drop(calls.remove(1))),
        ("tape-miss", |calls| drop(calls.pop())),
        ("tape-leftover", |calls| {
            let extra = Call { subject: "more.md".to_owned(), ..calls[1].clone() };
            calls.insert(1, extra);
        }),
        ("tape-leftover", |calls| calls.extend(calls.last().cloned())),
    ];
    for (reason, change) in rows {
        let place = Taped::documents();
        place.reseal(change);
        place.assert_refused(23, reason).says("call ");
    }
    let place = Taped::documents();
    let Tape { header, calls, mut end, .. } = place.read();
    end.tree = Some("0".repeat(40));
    std::fs::write(&place.tape, Tape::new(header, &calls, end).expect("a tape").1).expect("a tape");
    place.repo.git(&["update-ref", "-d", "refs/lifeos/ledger"]);
    place.assert_refused(23, "tape-tree");
}

#[test]
fn a_tape_of_something_else_is_refused_with_both_digests() {
    let place = Taped::documents();
    let header = place.read().header;
    let config = std::fs::read_to_string(place.repo.path().join("lifeos.toml")).expect("a configuration");
    let other = place.repo.scratch().join("other.toml");
    std::fs::write(&other, config.replace("edit = ['**/*.md']", "edit = ['a.md']")).expect("a file");
    let other = other.to_str().expect("text").to_owned();
    place.replay(&["--config", &other]).exits(2).says("tape-other: ").says("grant").says(&header.grant.to_string());
    let path = place.repo.scratch().join("component.wasm");
    let mut bytes = std::fs::read(hostile_files("sane-edit")).expect("a component");
    std::fs::write(&path, &bytes).expect("a component");
    let place = Taped::of(&path, DOCUMENTS);
    let pinned = place.read().header.plugin.digest;
    CustomSection { name: "note".into(), data: b"other".into() }.append_to_component(&mut bytes);
    std::fs::write(&path, &bytes).expect("a component");
    let found = lifeos::digest::Digest::of(&bytes).to_string();
    place.replay(&[]).exits(2).says("tape-other: ").says("component").says(&pinned).says(&found);
    let empty = TestRepo::new(&[("x.md", "x\n")]);
    empty.task(&hostile_files("sane-edit"), DOCUMENTS);
    let ran = empty.lifeos(&["run", "t", "--replay", place.tape.to_str().expect("text"), "--json"]);
    assert_eq!(ran.exits(2).json()["reason"], "tape-other", "{ran}");
    ran.says("no such commit");
    place.repo.lifeos(&["run", "u", "--replay", place.tape.to_str().expect("text")]).exits(2).says("tape-other: ").says("task");
}

#[test]
fn a_tape_is_kept_where_it_may_be_and_nowhere_else() {
    let place = Taped::documents();
    let refs = place.repo.git(&["for-each-ref"]);
    let notes = place.repo.scratch().join("notes.txt");
    std::fs::write(&notes, "mine\n").expect("a file");
    let record = |file: &str| place.repo.lifeos(&["run", "t", "--record", file]);
    record(notes.to_str().expect("text")).exits(2).says("is there already and is no tape");
    assert_eq!(std::fs::read_to_string(&notes).expect("a file"), "mine\n");
    for inside in [".git/t.tape", ".git/hooks/post-commit", ".git"] {
        record(inside).exits(2).says("git's own folder");
    }
    record("missing/t.tape").exits(50);
    assert_eq!(place.repo.git(&["for-each-ref"]), refs, "something was started");
    place.repo.lifeos(&["run", "t", "u", "--record", "x"]).exits(2).says("for one task");
    let before = place.text();
    record(place.tape.to_str().expect("text")).exits(0);
    assert_eq!(place.text(), before, "the same run is the same tape");
}

#[test]
fn a_run_that_fails_leaves_no_tape() {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    repo.task(&hostile("panic"), "");
    let tape = repo.scratch().join("t.tape");
    repo.lifeos(&["run", "t", "--record", tape.to_str().expect("text")]).exits(23);
    assert_eq!(std::fs::read_dir(repo.scratch()).expect("a folder").count(), 0);
}

#[test]
fn two_components_are_compared_over_a_tape() {
    let [documents, free] =
        [hostile_files("sane-edit"), hostile("sane-edit")].map(|path| path.to_str().expect("text").to_owned());
    let place = Taped::documents();
    let diff = |place: &Taped, old: &str, new: &str| {
        let tape = place.tape.to_str().expect("text").to_owned();
        place.repo.lifeos(&["plugin", "diff", "--replay", &tape, old, new])
    };
    diff(&place, &documents, &documents).exits(0).says("same: calls, findings and edits");
    let ran = diff(&place, &documents, &free);
    ran.exits(1).says("first different call: tape-leftover").says("calls to read: 2 before, 0 now");
    ran.says("only the old one changes a.md:\n--- a/a.md\n+++ b/a.md\n@@ -1 +1 @@\n-sane: a\n+a\n");
    diff(&place, &free, &documents).exits(2).says("tape-other");
    place.reseal(|calls| calls[0].answer = Short::default());
    diff(&place, &documents, &documents).exits(2).says("tape-mismatch");
    let table = "read = ['**']\nedit = ['**']\noptions = {paths = ['c.txt'], find = 'c', text = 'd'}";
    let place = Taped::of(&hostile("sane-edit"), table);
    diff(&place, &free, &documents).exits(1).says("the new one does not come to an end: the plugin does not take its options");
    place.repo.lifeos(&["plugin", "diff", &free, &free]).exits(0).says("the same component");
    let place = Taped::of(
        &hostile("sane-edit"),
        "read = ['**']
edit = ['**']",
    );
    diff(&place, &free, &documents).exits(1).says("tape-miss").says("only the new one changes b.md:\n");
}
