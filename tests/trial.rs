//! `plugin test`: what a case expects is held, every key of `case.toml` counts,
//! and what is accepted is written where it belongs and nowhere else.

use std::path::{Path, PathBuf};

use crate::rig::{Ran, TestRepo, hostile, hostile_files, workspace};

/// A plugin's folder with cases, made of paths below `cases/` and texts.
pub(crate) struct Author {
    pub(crate) repo: TestRepo,
    pub(crate) component: PathBuf,
}

impl Author {
    pub(crate) fn of(component: PathBuf, files: &[(&str, &str)]) -> Self {
        let author = Self { repo: TestRepo::nowhere(), component };
        files.iter().for_each(|(path, text)| author.write(path, text));
        author
    }

    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.cases().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    fn cases(&self) -> PathBuf {
        self.repo.scratch().join("cases")
    }

    fn read(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.cases().join(path)).ok()
    }

    /// Tries the cases and asserts that nothing outside of their folder changed.
    #[track_caller]
    pub(crate) fn test(&self, arguments: &[&str]) -> Ran {
        let mut command = self.repo.command(&["plugin", "test"]);
        command.arg(self.repo.scratch()).arg("--component").arg(&self.component).args(arguments);
        self.repo.guarded(command)
    }
}

const PATH: &str = "options = {paths = ['a.md']}";

/// What a hostile plugin makes of two files with this `case.toml`.
#[track_caller]
fn with(danger: &str, sheet: &str) -> Ran {
    let files = [("one/before/a.md", "a\n"), ("one/before/b.md", "b\n"), ("one/case.toml", sheet)];
    Author::of(hostile(danger), &files).test(&["--no-standard"])
}

#[test]
fn every_key_of_a_case_counts() {
    // Each key without and with it, and what is found only then.
    let list = "options = {paths = ['**']}";
    let rows: &[(&str, &str, &str, &str, &str)] = &[
        ("read", "probe", PATH, "read = ['b.md']", "read=NotGranted"),
        ("list", "list", list, "read = []\nlist = ['b.md']", "(1 pages): b.md:File"),
        ("edit", "probe", PATH, "edit = ['b.md']", "change=NotGranted"),
        ("history", "probe", PATH, "history = false", "past=NotGranted"),
        ("instruction", "tell-instruction", "", "instruction = 'do it'", "instruction: Some(\"do it\")"),
        ("limits", "nothing", "", "limits.fuel_max = 100", "the run failed: the plugin went over limits.fuel_max = 100"),
        ("fails", "nothing", "", "fails = 'too much'", "the run did not fail; it had to, with `too much`"),
    ];
    for (key, danger, without, with_it, found) in rows {
        with(danger, without).keeps_quiet_about(found);
        with(danger, &format!("{without}\n{with_it}")).exits(1).says(found);
        assert!(with_it.contains(key));
    }
    with("nothing", "").exits(0).says("1 passed, 0 failed, 0 skipped");
    with("need-option", "").exits(1).says("the plugin gave up: options: missing field `needed`");
    with("nothing", "limits.fuel_max = 100\nfails = 'limits.fuel_max'").exits(0);
    with("nothing", "limits.fuel_max = 100\nfails = 'other'").exits(1).says("in other words than `other`");
}

#[test]
fn the_past_of_a_case_counts() {
    let probe = |files: &[(&str, &str)]| {
        let all = [&[("one/before/a.md", "a\n"), ("one/case.toml", PATH)], files].concat();
        Author::of(hostile("probe"), &all).test(&["--no-standard"])
    };
    probe(&[]).exits(1).says("past=1 revisions");
    probe(&[("one/past/a.md", "old\n")]).exits(1).says("past=2 revisions");
}

#[test]
fn a_task_over_documents_takes_no_instruction() {
    let sheet = "instruction = 'do'\nfails = 'takes no instruction'";
    Author::of(hostile_files("sane-edit"), &[("one/case.toml", sheet)]).test(&["--no-standard"]).exits(0);
}

const EDIT: &str = "options = {paths = ['a.md'], find = 'a', text = 'b'}";

#[test]
fn what_differs_is_shown() {
    let author = Author::of(hostile("sane-edit"), &[("one/before/a.md", "a\nkept\n"), ("one/case.toml", EDIT)]);
    let told = "log: info: a.md: Ok(())\n";
    author.write("one/expected.txt", told);
    let ran = author.test(&["--no-standard"]);
    ran.exits(1).says("FAILED   cases/one").says("after/a.md differs\n--- expected\n+++ found\n@@ -1,2 +1,2 @@\n-a\n+b\n kept\n");
    ran.keeps_quiet_about("expected.txt").says("0 passed, 1 failed, 0 skipped");
    author.write("one/after/a.md", "b\nkept\n");
    author.test(&["--no-standard"]).exits(0).says("ok       cases/one");
    author.write("one/after/c.md", "c\n");
    author.test(&["--no-standard"]).exits(1).says("after/c.md is missing").says("+++ found: no file");
    std::fs::remove_file(author.cases().join("one/after/c.md")).expect("removed");
    author.write("one/expected.txt", format!("{told}more\n"));
    author.test(&["--no-standard"]).exits(1).says("expected.txt differs").says("-more");
    std::fs::remove_file(author.cases().join("one/expected.txt")).expect("removed");
    author.test(&["--no-standard"]).exits(1).says("+log: info: a.md: Ok(())");
}

#[test]
fn files_that_are_no_plain_text_stay_what_they_are() {
    let author = Author::of(hostile("sane-edit"), &[("one/case.toml", EDIT), ("one/expected.txt", "log: info: a.md: Ok(())\n")]);
    author.write("one/before/bytes.bin", [0, 255, 13, 10]);
    author.write("one/before/a.md", "a\r\n");
    let mode = |path: &str, mode| {
        let mode: std::fs::Permissions = std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(author.cases().join(path), mode).expect("a mode");
    };
    mode("one/before/a.md", 0o755);
    std::os::unix::fs::symlink(author.repo.outside().join("canary.txt"), author.cases().join("one/before/link.md"))
        .expect("a link");
    author.test(&["--no-standard", "--bless"]).exits(0).says("blessed  cases/one").says("+ after/link.md");
    author.test(&["--no-standard"]).exits(0);
    let link = std::fs::read_link(author.cases().join("one/after/link.md")).expect("a link");
    assert_eq!(link, author.repo.outside().join("canary.txt"));
    assert_eq!(std::fs::read(author.cases().join("one/after/bytes.bin")).ok(), Some(vec![0, 255, 13, 10]));
    mode("one/after/a.md", 0o644);
    author.test(&["--no-standard"]).exits(1).says("after/a.md: mode 100644 expected, 100755 found");
    author.write("one/after/bytes.bin", [0]);
    author.test(&["--no-standard"]).exits(1).says("after/bytes.bin: no text: 1 bytes expected, 4 bytes found");
    author.write("one/case.toml", "options = {paths = ['link.md']}");
    author.test(&["--no-standard"]).exits(1).says("link.md: Refusal::NotAFile");
}

#[test]
fn what_is_accepted_is_written_whole() {
    let author = Author::of(hostile("sane-edit"), &[("one/before/a.md", "a\n"), ("one/case.toml", EDIT)]);
    author.write("one/after/old/gone.md", "gone\n");
    author.write("two/before/a.md", "a\n");
    author.write("two/case.toml", "options.paths = ['gone.md']");
    author.write("three/case.toml", "fails = 'no'");
    let ran = author.test(&["--no-standard", "--bless"]);
    ran.exits(1).says("- after/old/gone.md").says("+ after/a.md").says("+ expected.txt").says("1 passed, 2 failed, 0 skipped");
    assert_eq!(author.read("one/after/a.md").as_deref(), Some("b\n"));
    assert_eq!(author.read("one/expected.txt").as_deref(), Some("log: info: a.md: Ok(())\n"));
    assert!(!author.cases().join("one/after/old").exists());
    assert!(!author.cases().join("two/after").exists() && !author.cases().join("two/expected.txt").exists());
    author.test(&["--no-standard", "--case", "one"]).exits(0);
    author.write("one/case.toml", "");
    author.test(&["--no-standard", "--case", "cases/one", "--bless"]).exits(0).says("~ after/a.md").says("- expected.txt");
    assert_eq!((author.read("one/after/a.md").as_deref(), author.read("one/expected.txt")), (Some("a\n"), None));
}

#[test]
fn nothing_is_accepted_through_a_link() {
    let author = Author::of(hostile("sane-edit"), &[("one/before/a.md", "a\n"), ("one/case.toml", EDIT)]);
    std::os::unix::fs::symlink(author.repo.outside(), author.cases().join("one/after")).expect("a link");
    author.test(&["--no-standard", "--bless"]).exits(2).says("case one: after:");
    std::fs::remove_file(author.cases().join("one/after")).expect("removed");
    let canary = author.repo.outside().join("canary.txt");
    std::os::unix::fs::symlink(canary, author.cases().join("one/expected.txt")).expect("a link");
    author.test(&["--no-standard", "--bless"]).exits(2).says("case one: expected.txt:");
}

#[test]
fn a_case_that_is_none_is_told_apart() {
    let rows: &[(&str, &str, &str)] = &[
        ("one/befor/a.md", "", "case one: `befor` is no part of a case"),
        ("one/case.toml", "option.a = 1", "did you mean `options`?"),
        ("one/case.toml", "edit = ['/x']", "case one: case.toml: edit: bad pattern `/x`"),
        ("one/case.toml", "limits.gate_seconds_max = 1", "a case has no gate"),
        ("one/before/.git/config", "", "cannot have a file of this name"),
        ("o ne/before/a.md", "", "the name of a case is"),
    ];
    for (path, text, words) in rows {
        Author::of(hostile("nothing"), &[(path, text)]).test(&[]).exits(2).says(words);
    }
    let both = [("one/case.toml", "fails = 'x'"), ("one/expected.txt", "x\n")];
    Author::of(hostile("nothing"), &both).test(&[]).exits(2).says("a run that fails keeps nothing");
    let author = Author::of(hostile("nothing"), &[("wrapped-table/case.toml", "")]);
    author.test(&["--case", "wraped-table"]).exits(2).says("did you mean `wrapped-table`?");
    author.test(&["--case", "standard/wrapped-table"]).exits(2);
    author.test(&["--case", "standard/limits"]).exits(0).says("1 passed, 0 failed, 0 skipped");
}

#[test]
fn a_component_that_is_missing_or_old_is_told() {
    let repo = TestRepo::nowhere();
    let manifest = workspace().join("tests/plugins/hostile/lifeos-plugin.toml");
    std::fs::copy(manifest, repo.path().join("lifeos-plugin.toml")).expect("a manifest");
    let ran = repo.lifeos(&["plugin", "test"]);
    ran.exits(2).says("$REPO/target/plugins/hostile.wasm").says("build it: lifeos plugin build .").says("--component FILE");
    repo.write("cases/one/case.toml", "");
    repo.write("target/plugins/hostile.wasm", std::fs::read(hostile("nothing")).expect("a component"));
    repo.lifeos(&["plugin", "test", "--no-standard"]).exits(0).keeps_quiet_about("older");
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(60);
    repo.write("src/lib.rs", "");
    let source = std::fs::File::options().append(true).open(repo.path().join("src/lib.rs")).expect("a source");
    source.set_modified(later).expect("a time");
    repo.lifeos(&["plugin", "test", "--no-standard"]).exits(0).says("the component is older than ./src/lib.rs");
    // What did not change is not written again; what cargo built tells.
    repo.write("Cargo.toml", "[package]\nname = 'hos-tile'\n");
    repo.write("target/wasm32-unknown-unknown/release/hos_tile.wasm", "");
    let module = repo.path().join("target/wasm32-unknown-unknown/release/hos_tile.wasm");
    std::fs::File::options().append(true).open(module).expect("a module").set_modified(later).expect("a time");
    repo.lifeos(&["plugin", "test", "--no-standard"]).exits(0).keeps_quiet_about("older");
    let text = std::fs::read_to_string(repo.path().join("lifeos-plugin.toml")).expect("a manifest");
    repo.write("lifeos-plugin.toml", text.replace("0.1.0", "0.1.1"));
    repo.lifeos(&["plugin", "test", "--no-standard"]).exits(0).says("another manifest than lifeos-plugin.toml");
}

#[test]
fn reports_tell_the_same_in_every_form() {
    let author = Author::of(
        hostile("control-sequences"),
        &[("bad/case.toml", ""), ("good/case.toml", "limits.fuel_max = 100\nfails = 'limits'")],
    );
    let file = author.repo.scratch().join("report.xml");
    let junit = ["--junit", file.to_str().expect("a path"), "--json"];
    let value = crate::json::fits(author.test(&junit).exits(1), "plugin-test");
    let outcomes: Vec<&str> =
        value["cases"].as_array().expect("cases").iter().filter_map(|case| case["outcome"].as_str()).collect();
    let count = |outcome: &str| outcomes.iter().filter(|found| **found == outcome).count();
    assert_eq!((&value["failed"], &value["skipped"]), (&count("failed").into(), &count("skipped").into()));
    assert!(count("failed") >= 1 && count("skipped") >= 1 && outcomes.len() == 11, "{value}");
    let report = std::fs::read_to_string(file).expect("a report");
    assert!(!report.contains(|char: char| char.is_control() && char != '\n'), "{report}");
    let heads = [format!("<testsuite name=\"hostile\" tests=\"11\" failures=\"{}\"", count("failed"))];
    for part in heads.iter().map(String::as_str).chain(["classname=\"cases\"", "classname=\"standard\"", "<skipped message="]) {
        assert!(report.contains(part), "{part}\n{report}");
    }
    assert_eq!(report.matches("<failure message=").count(), count("failed"));
}

#[test]
fn the_cases_of_the_official_plugins_hold() {
    for (plugin, cases, skipped) in [("doc-hygiene", 17, 0), ("doc-sync", 13, 1), ("license-header", 13, 0), ("implement", 11, 1)]
    {
        let repo = TestRepo::nowhere();
        let folder: &Path = &workspace().join("plugins").join(plugin);
        let mut command = repo.command(&["plugin", "test", "--json"]);
        command.arg(folder).env("CARGO_TARGET_DIR", crate::rig::target());
        let json = repo.guarded(command).exits(0).json();
        assert_eq!((&json["failed"], &json["skipped"]), (&0.into(), &skipped.into()), "{json}");
        assert!(json["passed"].as_u64() >= Some(cases), "{json}");
    }
}

#[test]
fn a_case_has_a_model_of_its_own_or_none() {
    let sheet = "options = {paths = ['a.md'], text = 'Say it.'}";
    let files = [("one/before/a.md", "a\n"), ("one/case.toml", sheet)];
    let author = Author::of(hostile("ask"), &files);
    author.test(&["--no-standard"]).exits(1).says("refused: the owner grants no model");
    author.write("one/model.toml", "[[rule]]\nmatches = 'Say (?<what>\\w+)'\nanswer = 'said ${what}'\n");
    author.test(&["--no-standard"]).exits(1).says("log: info: answer: said it");
    author.write("one/expected.txt", "log: info: answer: said it\n");
    author.test(&["--no-standard"]).exits(0);
    author.write("one/model.toml", "[[rule]]\nmatches = '('\nanswer = ''\n");
    author.test(&["--no-standard"]).exits(2).says("model.toml: rule 1: matches:");
}
