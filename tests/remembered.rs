//! Remembered answers: they save work and change nothing, whatever somebody
//! does to the file that they are in.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::rig::{Ran, TestRepo, hostile_files};

const FILES: [(&str, &str); 3] = [("one.md", "a\n"), ("two.md", "a\n"), ("three.md", "a\n")];

/// A repository with the hostile plugin over three documents, and a cache of its own.
struct Remembering {
    repo: TestRepo,
    cache: PathBuf,
}

impl Remembering {
    fn of(danger: &str) -> Self {
        let repo = TestRepo::new(&FILES);
        repo.task(&hostile_files(danger), "read = ['**']\nedit = ['**/*.md']");
        let cache = repo.scratch().join("cache");
        Self { repo, cache }
    }

    /// The official plugin with the repository's history.
    fn official(files: &[(&str, &str)]) -> Self {
        let repo = TestRepo::new(files);
        repo.config("[task.t]\nplugin = 'doc-hygiene'\nread = ['**/*.md']\nedit = ['**/*.md']\nhistory = true\n");
        let cache = repo.scratch().join("cache");
        Self { repo, cache }
    }

    #[track_caller]
    fn check(&self, more: &[&str]) -> Ran {
        let mut command = self.repo.bare_command(&["check", "t", "--json", "--cache-dir"]);
        command.arg(&self.cache).args(more);
        self.repo.guarded(command)
    }

    /// Checks and gives the report, with the counts of the cache beside it.
    #[track_caller]
    fn report(&self, more: &[&str]) -> (Value, [u64; 2]) {
        let ran = self.check(more);
        let mut report = ran.json();
        let cache = report["cache"].take();
        (report, ["hits", "misses"].map(|name| cache[name].as_u64().unwrap_or_else(|| panic!("{name}\n{ran}"))))
    }

    #[track_caller]
    fn assert_counts(&self, hits: u64, misses: u64) -> Value {
        let (report, counts) = self.report(&[]);
        assert_eq!(counts, [hits, misses], "hits and misses");
        report
    }

    fn file(&self) -> PathBuf {
        let files = results(&self.cache);
        assert_eq!(files.len(), 1, "one file for a component and its options: {files:?}");
        files[0].clone()
    }
}

fn results(cache: &Path) -> Vec<PathBuf> {
    files(cache, |name| name.starts_with("results-"))
}

fn code(cache: &Path) -> Vec<PathBuf> {
    files(cache, |name| name.bytes().take_while(u8::is_ascii_hexdigit).count() == 64)
}

fn files(cache: &Path, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let files = std::fs::read_dir(cache).expect("a cache").flatten().map(|entry| entry.path());
    files.filter(|path| path.file_name().is_some_and(|name| wanted(&name.to_string_lossy()))).collect()
}

#[test]
fn an_unchanged_document_is_not_asked_about_again() {
    let place = Remembering::of("sane-edit");
    let cold = place.assert_counts(0, 3);
    assert_eq!(place.assert_counts(3, 0), cold);
    assert_eq!(place.report(&["--no-cache"]), (cold, [0, 3]));
    place.repo.write("two.md", "b\n");
    place.repo.commit("one of three");
    place.assert_counts(2, 1);
    place.repo.write("two.md", "a\n");
    place.repo.commit("as it was");
    place.assert_counts(3, 0);
}

#[test]
fn options_limits_and_configuration_files_are_part_of_the_question() {
    let place = Remembering::of("need-option");
    let tables = [
        "edit = ['**/*.md']\noptions.needed = 'one'",
        "edit = ['**/*.md']\noptions.needed = 'two'",
        "edit = ['**/*.md']\noptions.needed = 'one'\nlimits.document_fuel_max = 1000000000",
        "edit = ['one.md']\noptions.needed = 'one'",
    ];
    for (table, counts) in tables.iter().zip([[0, 3], [0, 3], [0, 3], [1, 2]]) {
        place.repo.task(&hostile_files("need-option"), &format!("read = ['**']\n{table}"));
        assert_eq!(place.report(&[]).1, counts, "{table}");
    }
    place.repo.write("hostile.cfg", "x\n");
    place.repo.commit("configuration");
    place.assert_counts(0, 3);
}

#[test]
fn an_answer_that_rests_on_another_file_is_not_kept() {
    let place = Remembering::of("quote-other");
    let quoted = |report: &Value| report["findings"][0]["message"].clone();
    assert_eq!(quoted(&place.assert_counts(0, 3)), json!("a\\n"));
    place.repo.write("two.md", "b\n");
    place.repo.commit("another text");
    assert_eq!(quoted(&place.assert_counts(1, 2)), json!("b\\n"), "one.md is asked about each time");
}

#[test]
fn a_conclusion_is_drawn_from_the_tree_that_is_there() {
    let place = Remembering::of("count-in-conclude");
    let told = |report: &Value| report["findings"][0]["message"].clone();
    assert_eq!(told(&place.assert_counts(0, 3)), json!("3 documents, 4 files"));
    assert_eq!(told(&place.assert_counts(3, 0)), json!("3 documents, 4 files"));
    place.repo.write("picture.png", "");
    place.repo.commit("a file that is no document");
    assert_eq!(told(&place.assert_counts(3, 0)), json!("3 documents, 5 files"));
}

#[test]
fn limits_count_what_is_remembered() {
    let place = Remembering::official(&[("a.md", "---\nlastmod: 2026-01-02\n---\n\n# One\n\nText.\n")]);
    place.check(&[]).exits(0);
    place.check(&[]).exits(0);
    let text = std::fs::read_to_string(place.repo.path().join("lifeos.toml")).expect("a configuration");
    place.repo.write("lifeos.toml", format!("{text}limits.calls_max = 0\n"));
    place.repo.commit("no calls at all");
    place.check(&[]).exits(21).says("calls_max");
    place.check(&["--no-cache"]).exits(21).says("calls_max");
}

#[test]
fn an_answer_from_history_holds_as_long_as_that_history() {
    let text = |date: &str, words: &str| format!("---\nlastmod: {date}\n---\n\n# One\n\n{words}\n");
    let place = Remembering::official(&[("a.md", &text("2026-01-02", "Text.")), ("b.md", "# Two\n\nText.\n")]);
    place.assert_counts(0, 2);
    place.repo.write("b.md", "# Two\n\nOther text.\n");
    place.repo.commit("another document");
    place.assert_counts(1, 1);
    // The same blob again, but by way of another text.
    place.repo.write("a.md", text("2026-01-02", "Other text."));
    place.repo.commit("away");
    place.repo.write("a.md", text("2026-01-02", "Text."));
    place.repo.commit("and back");
    place.assert_counts(1, 1);
    let (cold, _) = place.report(&["--no-cache"]);
    assert_eq!(place.assert_counts(2, 0), cold);
}

#[test]
fn a_conclusion_from_history_holds_for_its_commit() {
    let text = "---\nlastmod: 2020-01-02\n---\n\n# One\n\n[Two](B.md)\n";
    let place = Remembering::official(&[("a.md", text), ("b.md", "# Two\n\n[One](a.md)\n")]);
    let first = place.assert_counts(0, 2);
    // Without compiled code, whoever asks the plugin leaves some.
    code(&place.cache).iter().for_each(|path| std::fs::remove_file(path).expect("code"));
    assert_eq!(place.assert_counts(2, 0), first);
    assert_eq!(code(&place.cache), Vec::<PathBuf>::new(), "nobody was asked");
    place.repo.git(&["reset", "--quiet", "--soft", "HEAD~1"]);
    place.repo.git(&["commit", "--quiet", "--amend", "--no-edit", "--date=2021-03-04T12:00:00Z"]);
    let (warm, _) = place.report(&[]);
    assert_ne!(warm["edits"], first["edits"], "the same tree, and another history");
    assert_eq!(place.report(&["--no-cache"]).0, warm);
}

#[test]
fn case_90_a_file_that_somebody_touched_is_not_used() {
    let place = Remembering::of("sane-edit");
    let expected = place.assert_counts(0, 3);
    let file = place.file();
    let whole = std::fs::read(&file).expect("the file");
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes
    };
    let cut = whole[..whole.len() - 1].to_vec();
    for bytes in [flipped(0), flipped(40), flipped(whole.len() - 1), cut, Vec::new(), b"x".repeat(100)] {
        std::fs::write(&file, bytes).expect("the file");
        assert_eq!(place.assert_counts(0, 3), expected);
    }
    std::fs::remove_file(&file).expect("the file");
    assert_eq!(place.assert_counts(0, 3), expected);
    assert_eq!(place.assert_counts(3, 0), expected);
    std::fs::remove_file(place.cache.join("key")).expect("the key");
    assert_eq!(place.assert_counts(0, 3), expected);
}

#[test]
fn case_90_answers_of_another_plugin_or_repository_are_not_used() {
    let place = Remembering::of("sane-edit");
    let expected = place.assert_counts(0, 3);
    let file = place.file();
    let others = [Remembering::of("remember"), Remembering::of("sane-edit")];
    for other in &others {
        other.assert_counts(0, 3);
        let key = |cache: &Path| cache.join("key");
        // Even with the same key: a seal is for one name, and a name for one repository and question.
        std::fs::copy(key(&place.cache), key(&other.cache)).expect("the key");
        other.assert_counts(0, 3);
        std::fs::copy(other.file(), &file).expect("a copy");
        assert_eq!(place.assert_counts(0, 3), expected);
        place.assert_counts(3, 0);
    }
}

#[test]
fn a_cache_that_cannot_be_written_costs_time_only() {
    let place = Remembering::of("sane-edit");
    let expected = place.assert_counts(0, 3);
    std::fs::remove_file(place.file()).expect("the file");
    let mode = |mode| std::fs::set_permissions(&place.cache, std::os::unix::fs::PermissionsExt::from_mode(mode)).expect("mode");
    mode(0o500);
    let mut command = place.repo.bare_command(&["check", "t", "--json", "--cache-dir"]);
    command.arg(&place.cache);
    let ran = place.repo.guarded(crate::rig::unprivileged(&command));
    mode(0o700);
    assert_eq!(ran.json()["findings"], expected["findings"], "{ran}");
    assert!(results(&place.cache).is_empty());
}
