//! Cases 29 to 46 and 53 to 63: what a plugin can reach, by every door.

use std::os::unix::ffi::OsStrExt as _;

use crate::rig::{Ran, TestRepo, hostile, hostile_files};

/// The `options` that make the hostile plugin try each path.
fn options(paths: &[&str]) -> String {
    let paths = serde_json::to_string(paths).expect("JSON");
    format!("options = {{paths = {paths}}}")
}

/// Probes paths in a repository, granted everything that a glob can grant.
#[track_caller]
fn probe(repo: &TestRepo, paths: &[&str]) -> Ran {
    let options = options(paths);
    repo.task(
        &hostile("probe"),
        &format!("read = ['**', '**/.*', '.*/**']\nedit = ['**', '**/.*', '.*/**']\nhistory = true\n{options}"),
    );
    repo.lifeos(&["check", "t", "--json"])
}

/// Asserts that every probed path got the same answers.
#[track_caller]
fn assert_each(ran: &Ran, paths: &[&str], answers: &str) {
    let log = ran.log();
    assert_eq!(log.lines().count(), paths.len(), "{log}");
    for (line, path) in log.lines().zip(paths) {
        assert!(line.ends_with(answers), "{path:?} got {line}");
    }
}

const INVALID: &str = " read=InvalidPath past=InvalidPath create=InvalidPath change=InvalidPath delete=InvalidPath";

#[test]
fn case_29_read_outside() {
    let paths = ["../x", "a/../../x", "..", "a/..", "../outside/canary.txt"];
    assert_each(probe(&TestRepo::new(&[]), &paths).exits(20), &paths, INVALID);
}

#[test]
fn case_30_absolute_paths_of_any_system() {
    let paths = ["/etc/passwd", "C:\\x", "\\\\host\\s\\x", "\\\\?\\C:\\x", "C:x", "a\\b"];
    assert_each(probe(&TestRepo::new(&[]), &paths).exits(20), &paths, INVALID);
}

#[test]
fn case_31_paths_that_are_none() {
    let paths = ["", ".", "a//b", "a/./b", "a/", "/", "a\0b", "a\nb", "LONG", "aux", "x/NUL.md", "a ", "a."];
    assert_each(probe(&TestRepo::new(&[]), &paths).exits(20), &paths, INVALID);
}

#[test]
fn case_32_a_link_is_a_link() {
    let repo = TestRepo::new(&[]);
    std::os::unix::fs::symlink("/etc/passwd", repo.path().join("p.md")).expect("a link");
    std::os::unix::fs::symlink(repo.outside().join("canary.txt"), repo.path().join("q.md")).expect("a link");
    let paths = ["p.md", "q.md"];
    let answers = " read=NotAFile past=1 revisions create=AlreadyExists change=NotAFile delete=NotAFile";
    assert_each(probe(&repo, &paths).exits(20), &paths, answers);
    repo.task(&hostile("list"), &format!("read = ['**']\n{}", options(&["*.md"])));
    assert_eq!(repo.lifeos(&["check", "t", "--json"]).log(), "info: *.md (1 pages): p.md:Symlink q.md:Symlink\n");
}

#[test]
fn case_35_modes_and_links_stay_what_they_are() {
    let repo = TestRepo::new(&[("tool.sh", "a\n"), ("a.md", "a\n")]);
    std::os::unix::fs::symlink("a.md", repo.path().join("link.md")).expect("a link");
    std::fs::set_permissions(repo.path().join("tool.sh"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("mode");
    let options = "options = {paths = ['tool.sh', 'a.md'], find = 'a', text = 'b'}";
    repo.task(&hostile("sane-edit"), &format!("read = ['**']\nedit = ['**']\napprove = 'auto'\n{options}"));
    repo.lifeos(&["run", "t"]).exits(0);
    let modes = |rev: &str| repo.git(&["ls-tree", rev, "--format=%(objectmode) %(path)"]);
    assert_eq!(modes("lifeos/t"), modes("HEAD"));
    assert_eq!(repo.show("lifeos/t", "tool.sh"), b"b\n");
}

#[test]
fn case_38_39_git_s_own_folder_in_any_spelling() {
    let paths = [
        ".git/config",
        ".git/hooks/pre-commit",
        ".git",
        "a/.git/x",
        ".GIT/x",
        "git~1/x",
        ".git./x",
        ".git /x",
        ".git::$INDEX_ALLOCATION/x",
        ".g\u{200c}it/x",
    ];
    assert_each(probe(&TestRepo::new(&[]), &paths).exits(20), &paths, INVALID);
}

#[test]
fn case_41_protected_paths_are_named_as_such() {
    let always = ["lifeos.toml", "docs/lifeos.toml", "LIFEOS.TOML", ".gitmodules", ".gitattributes", "a/.gitattributes"];
    let unless_named = [
        ".github/workflows/x.yml",
        "CODEOWNERS",
        "docs/CODEOWNERS",
        "Cargo.toml",
        "sub/Cargo.lock",
        "AGENTS.md",
        "CLAUDE.md",
        "package.json",
        ".env",
        ".gitignore",
        "tests/a.rs",
        "a/Tests/b.md",
        "Makefile",
        ".cargo/config.toml",
        ".husky/pre-commit",
    ];
    let all = [always.as_slice(), &unless_named].concat();
    let repo = TestRepo::new(&[]);
    let ran = probe(&repo, &all);
    assert_each(ran.exits(20), &all, " create=Protected change=Protected delete=Protected");
    for path in &all {
        assert!(ran.json()["refused"].to_string().contains(&format!("{path:?}")), "{path} is not named");
    }
    // Only the owner's own words reach one, and never lifeos's or git's own.
    let named = serde_json::to_string(&[all.as_slice(), &["plain.md"]].concat()).expect("JSON");
    let probes = |paths: &[&str]| format!("read = {named}\nedit = {named}\n{}", options(paths));
    repo.task(&hostile("probe"), &probes(&always));
    assert_each(&repo.lifeos(&["check", "t", "--json"]), &always, " create=Protected change=Protected delete=Protected");
    repo.task(&hostile("probe"), &probes(&unless_named[..4]));
    assert_each(&repo.lifeos(&["check", "t", "--json"]), &unless_named[..4], " create=Accepted change=NotFound delete=NotFound");
}

#[test]
fn case_43_names_that_some_file_systems_take_for_one() {
    let repo = TestRepo::new(&[("README.md", "a\n"), ("Docs/a.md", "a\n"), ("file", "a\n"), ("caf\u{e9}.md", "a\n")]);
    let rows = [
        ("readme.md", "CollidesWith(\"README.md\")"),
        ("docs/b.md", "CollidesWith(\"Docs\")"),
        ("cafe\u{301}.md", "CollidesWith(\"caf\u{e9}.md\")"),
        ("file/x.md", "AlreadyExists"),
        ("Docs", "AlreadyExists"),
        ("README.md", "AlreadyExists"),
    ];
    let log = probe(&repo, &rows.map(|(path, _)| path)).exits(20).log();
    for (line, (path, answer)) in log.lines().zip(rows) {
        assert!(line.contains(&format!(" create={answer} ")), "{path}: {line}");
    }
}

#[test]
fn two_creations_that_collide_with_each_other_are_refused() {
    let repo = TestRepo::new(&[]);
    for paths in [["new.md", "NEW.md"], ["a/b.md", "A/c.md"], ["x", "x/y.md"]] {
        repo.task(&hostile("create"), &format!("edit = ['**']\n{}", options(&paths)));
        let ran = repo.lifeos(&["check", "t"]);
        assert_eq!(ran.code, Some(20), "{paths:?}\n{ran}");
    }
}

#[test]
fn case_45_46_strange_names_are_data() {
    let repo = TestRepo::new(&[("a.md", "a\n"), ("-rf.md", "a\n"), ("--output=x.md", "a\n"), ("$(touch x).md", "a\n")]);
    let names: [&[u8]; 4] = [b"latin\xe9.md", b"new\nline.md", b"esc\x1b[31m.md", b"tab\t.md"];
    for name in names {
        std::fs::write(repo.path().join(std::ffi::OsStr::from_bytes(name)), "a\n").expect("a file");
    }
    repo.task(&hostile_files("sane-edit"), "read = ['**']\nedit = ['**']\napprove = 'auto'");
    let ran = repo.lifeos(&["check", "t", "--json"]);
    assert_eq!(ran.exits(1).json()["skipped"]["name-not-portable"], 4, "{ran}");
    repo.lifeos(&["check", "t"]).exits(1).says("b/--output=x.md").says("skipped: 4 files (name-not-portable)");
    repo.lifeos(&["run", "t"]).exits(0).says("(4 files");
    assert_eq!(repo.show("lifeos/t", "-rf.md"), b"sane: a\n");
    let untouched =
        |rev: &str| repo.git(&["ls-tree", rev]).lines().filter(|line| line.contains('"')).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(untouched("lifeos/t"), untouched("HEAD"));
    assert_eq!(untouched("HEAD").len(), 4);
}

#[test]
fn case_53_a_submodule_is_not_entered() {
    let repo = TestRepo::new(&[(".gitmodules", "[submodule \"sub\"]\n\tpath = sub\n\turl = /nowhere\n")]);
    let paths = ["sub", "sub/x.md", ".gitmodules"];
    let options = options(&paths);
    repo.task(&hostile("probe"), &format!("read = ['**']\nedit = ['**']\n{options}"));
    let head = repo.rev("HEAD");
    repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{head},sub")]);
    repo.commit_index("a submodule");
    let log = repo.lifeos(&["check", "t", "--json"]).exits(20).log();
    let rows = [
        "read=NotAFile past=NotGranted create=AlreadyExists change=NotAFile delete=NotAFile",
        "read=NotFound past=NotGranted create=AlreadyExists change=NotFound delete=NotFound",
        "create=Protected change=Protected delete=Protected",
    ];
    for (line, row) in log.lines().zip(rows) {
        assert!(line.ends_with(row), "{line}");
    }
}

#[test]
fn case_54_long_listings_come_in_pages() {
    let repo = TestRepo::new(&[]);
    (0..2500).for_each(|number| repo.write(&format!("many/{number}.md"), "a\n"));
    repo.task(&hostile("list"), &format!("read = ['many/**']\n{}", options(&["**", "**/1.md", "none/**"])));
    let log = repo.lifeos(&["check", "t", "--json"]).exits(0).log();
    assert_eq!(log, "info: ** (3 pages): 2500 entries\ninfo: **/1.md (1 pages): many/1.md:File\ninfo: none/** (1 pages): \n");
}

#[test]
fn case_55_the_glob_table() {
    let files = ["docs/x.md", "docs/a/b.md", ".hidden.md", "docs/.h/x.md", "a[b.md", "x.MD"];
    let repo = TestRepo::new(&files.map(|file| (file, "a\n")));
    let rows = [
        ("['docs/*.md']", "docs/x.md"),
        ("['docs/**']", "docs/a/b.md docs/x.md"),
        ("['**/*.md']", "a[b.md docs/a/b.md docs/x.md"),
        ("['**/.h/*']", "docs/.h/x.md"),
        ("['.*.md']", ".hidden.md"),
        ("['a[[]b.md']", "a[b.md"),
        ("['*.[mM][dD]']", "a[b.md x.MD"),
        ("['docs']", ""),
        ("[]", ""),
    ];
    for (read, expected) in rows {
        repo.task(&hostile("list"), &format!("read = {read}\n{}", options(&["**", "**/.*", "**/.*/**"])));
        let log = repo.lifeos(&["check", "t", "--json"]).exits(0).log();
        let mut found: Vec<&str> = log.split_ascii_whitespace().filter_map(|word| word.strip_suffix(":File")).collect();
        found.sort_unstable();
        assert_eq!(found.join(" "), expected, "{read}");
    }
    for pattern in ["{a,b}", "a\\\\b", "/a", "a/", "../a", "a**", "[a", ""] {
        repo.task(&hostile("nothing"), &format!("read = [\"{pattern}\"]"));
        repo.lifeos(&["check", "t"]).exits(2).says("[task.t] read: bad pattern").says("docs/configuration.md");
    }
}

#[test]
fn a_listing_pattern_is_a_hostile_value_too() {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    let long = "*a".repeat(120);
    repo.task(&hostile("list"), &format!("read = ['**']\n{}", options(&["{a}", "", "/", "[z-a]", "a\0b", &long, "**/**/**/**"])));
    let log = repo.lifeos(&["check", "t", "--json"]).exits(0).log();
    assert_eq!(log.matches("InvalidPath").count(), 5, "{log}");
}

#[test]
fn case_57_what_is_not_committed_is_not_there() {
    let repo = TestRepo::new(&[("a.md", "a\n"), (".gitignore", "ignored.md\n")]);
    let paths = ["ignored.md", "untracked.md"];
    repo.task(
        &hostile("probe"),
        &format!("read = ['**', '**/.*']\nedit = ['none']\n{}", options(&[&paths[..], &[".env"]].concat())),
    );
    for path in ["ignored.md", "untracked.md", ".env"] {
        repo.write(path, crate::rig::CANARY);
    }
    let ran = repo.lifeos(&["check", "t", "--json"]);
    assert_eq!(ran.exits(20).log().matches("read=NotFound").count(), 3, "{ran}");
}

#[test]
fn case_63_a_forbidden_path_gives_nothing_away() {
    let repo = TestRepo::new(&[("docs/a.md", "a\n"), ("secret/there.md", "hidden words\n"), ("Secret.md", "a\n")]);
    let paths = ["secret/there.md", "secret/none.md", "Secret.md", "none.md"];
    repo.task(&hostile("probe"), &format!("read = ['docs/**']\nedit = ['docs/**']\nhistory = true\n{}", options(&paths)));
    let ran = repo.lifeos(&["check", "t", "--json"]);
    let denied = " read=NotGranted past=NotGranted create=NotGranted change=NotGranted delete=NotGranted";
    assert_each(ran.exits(20), &paths, denied);
    ran.keeps_quiet_about("hidden words");
    repo.task(&hostile("list"), &format!("read = ['docs/**']\n{}", options(&["**", "secret/**", "secret/there.md"])));
    assert!(!repo.lifeos(&["check", "t", "--json"]).log().contains("there.md:"));
}

#[test]
fn case_63_a_finding_on_a_forbidden_path_has_no_position() {
    let repo = TestRepo::new(&[("docs/a.md", "a\n"), ("secret/hidden.md", "a\n")]);
    repo.task(&hostile_files("foreign-finding"), "read = ['docs/**']");
    let ran = repo.lifeos(&["check", "t", "--json"]);
    assert_eq!(ran.exits(1).json()["findings"][0]["position"], serde_json::Value::Null, "{ran}");
}
