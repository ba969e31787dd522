//! Cases 36, 37, 47 to 52 and 59 to 66: what becomes of bytes.

use crate::rig::{Ran, TestRepo, hostile, peak};

const GRANT: &str = "read = ['**']\nedit = ['**']";

/// Checks with a danger over some files.
#[track_caller]
fn check(danger: &str, files: &[(&str, &str)], table: &str) -> Ran {
    let repo = TestRepo::new(files);
    repo.task(&hostile(danger), &format!("{GRANT}\n{table}"));
    repo.lifeos(&["check", "t", "--json"])
}

/// Lands one replacement in `a.md` and gives its bytes after.
#[track_caller]
fn landed(before: &[u8], find: &str, text: &str) -> Vec<u8> {
    let repo = TestRepo::new(&[]);
    repo.write("a.md", before);
    let options = format!("options = {{paths = ['a.md'], find = '{find}', text = '{text}'}}");
    repo.task(&hostile("sane-edit"), &format!("{GRANT}\napprove = 'auto'\n{options}"));
    repo.lifeos(&["run", "t"]).exits(0);
    repo.show("lifeos/t", "a.md")
}

#[test]
fn case_36_37_the_checkout_is_never_opened() {
    let repo = TestRepo::new(&[("a.md", "a\n"), ("b.md", "b\n"), ("c.md", "c\n")]);
    let options = "options = {paths = ['a.md', 'b.md', 'c.md'], find = '', text = 'x'}";
    repo.task(&hostile("sane-edit"), &format!("{GRANT}\napprove = 'auto'\n{options}"));
    for name in ["a.md", "b.md", "c.md"] {
        std::fs::remove_file(repo.path().join(name)).expect("a file");
    }
    std::fs::hard_link(repo.outside().join("canary.txt"), repo.path().join("a.md")).expect("a hard link");
    let made = std::process::Command::new("mkfifo").arg(repo.path().join("b.md")).status().expect("mkfifo");
    assert!(made.success());
    std::os::unix::fs::symlink("/dev/zero", repo.path().join("c.md")).expect("a link");
    let started = std::time::Instant::now();
    repo.lifeos(&["run", "t"]).exits(0);
    assert!(started.elapsed().as_secs() < 3);
    for (name, text) in [("a.md", "xa\n"), ("b.md", "xb\n"), ("c.md", "xc\n")] {
        assert_eq!(repo.show("lifeos/t", name), text.as_bytes());
    }
}

#[test]
fn case_47_a_huge_file_is_not_read() {
    let repo = TestRepo::new(&[]);
    repo.write("huge.md", vec![b'a'; 200 << 20]);
    repo.write("small.md", "12345678901");
    let options = "options = {paths = ['huge.md', 'small.md']}";
    repo.task(&hostile("probe"), &format!("{GRANT}\nlimits.read_bytes_max = 10\n{options}"));
    let (ran, bytes) = peak(&repo, &["check", "t", "--json"]);
    assert_eq!(ran.log().matches("read=TooLarge(10)").count(), 2, "{ran}");
    assert!(bytes < 150 << 20, "{bytes} bytes");
}

#[test]
fn case_48_bytes_that_are_no_text_stay() {
    let repo = TestRepo::new(&[]);
    repo.write("zero.md", b"a\0b");
    repo.write("latin.md", b"caf\xe9");
    repo.task(&hostile("probe"), &format!("{GRANT}\noptions = {{paths = ['zero.md', 'latin.md']}}"));
    assert_eq!(repo.lifeos(&["check", "t", "--json"]).log().matches("read=NotText").count(), 2);
}

#[test]
fn case_49_50_every_other_byte_is_kept() {
    assert_eq!(landed(b"a\r\nb\r\nc", "b", "B"), b"a\r\nB\r\nc");
    assert_eq!(landed(b"a\nb\r\nc\r", "a", "A"), b"A\nb\r\nc\r");
    assert_eq!(landed(b"\xef\xbb\xbfa\nb", "b", "B"), b"\xef\xbb\xbfa\nB");
    assert_eq!(landed(b"a  \n\n\n\nb\t", "b", "B"), b"a  \n\n\n\nB\t");
}

#[test]
fn case_52_filtered_paths_and_pointers_are_left_alone() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";
    let repo = TestRepo::new(&[("big.bin", "a\n"), ("pointer.md", pointer), ("sub/x.md", "a\n"), ("sub/y.txt", "a\n")]);
    let options = "options = {paths = ['big.bin', 'sub/x.md', 'sub/new.md', 'pointer.md', 'sub/y.txt']}";
    repo.task(&hostile("probe"), &format!("{GRANT}\n{options}"));
    repo.write(".gitattributes", "*.bin filter=lfs\n");
    repo.write("sub/.gitattributes", "*.md filter=crypt\n");
    repo.git(&["add", ".gitattributes", "sub/.gitattributes"]);
    repo.commit_index("filters");
    let log = repo.lifeos(&["check", "t", "--json"]).exits(20).log();
    let rows =
        ["change=Filtered delete=Filtered", "change=Filtered delete=Filtered", "create=Filtered", "read=NotAFile", "read=\"a"];
    for (line, row) in log.lines().zip(rows) {
        assert!(line.contains(row), "{line}");
    }
}

#[test]
fn case_59_stale_edits_are_refused_by_name() {
    let ran = check("stale-edit", &[("a.md", "a\n")], "options = {paths = ['a.md']}");
    assert_eq!(ran.exits(20).log().matches("Problem::Stale").count(), 2, "{ran}");
    assert_eq!(ran.json()["refused"][0]["path"], "a.md");
}

#[test]
fn lies_about_spans_are_refused() {
    let ran = check("wrong-spans", &[("a.md", "aé bc\n")], "options = {paths = ['a.md']}");
    assert_eq!(ran.exits(20).log().matches("SpanOutsideText").count(), 4, "{ran}");
    let ran = check("overlapping-spans", &[("a.md", "abcdef\n")], "options = {paths = ['a.md']}");
    assert_eq!(ran.exits(20).log().matches("SpansOverlap").count(), 3, "{ran}");
}

#[test]
fn a_second_edit_of_one_file_is_refused() {
    let ran = check("same-file-twice", &[("a.md", "a\n")], "options = {paths = ['a.md']}");
    ran.exits(20).says("another edit of this run concerns the same path");
    assert_eq!(ran.json()["edits"].as_array().map(Vec::len), Some(1), "{ran}");
}

#[test]
fn case_60_two_tasks_and_one_file_make_two_candidates() {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    let table = |name: &str| {
        let options = format!("options = {{paths = ['a.md'], find = 'a', text = '{name}'}}");
        repo.table(name, &hostile("sane-edit"), &format!("{GRANT}\napprove = 'auto'\n{options}"))
    };
    repo.config(&["one", "two"].map(table).concat());
    repo.lifeos(&["run", "--all"]).exits(0);
    for name in ["one", "two"] {
        assert_eq!(repo.show(&format!("lifeos/{name}"), "a.md"), format!("{name}\n").as_bytes());
        assert_eq!(repo.rev(&format!("lifeos/{name}^")), repo.rev("HEAD"));
    }
}

#[test]
fn case_61_deleting_the_documentation_is_over_a_limit() {
    let text = "words\n".repeat(100);
    for danger in ["delete-all", "empty-all"] {
        let repo = TestRepo::new(&[("a.md", text.as_str()), ("b.md", &text)]);
        repo.task(&hostile(danger), "read = ['*.md']\nedit = ['*.md']");
        repo.lifeos(&["run", "t"]).exits(21).says("limits.removed_percent_max = 30");
        assert_eq!(repo.rev("refs/lifeos/runs"), "");
        repo.task(&hostile(danger), "read = ['*.md']\nedit = ['*.md']\nlimits.removed_percent_max = 100");
        repo.lifeos(&["run", "t"]).exits(0).says("waits for approval (2 files");
    }
}

#[test]
fn case_62_over_the_file_cap_the_whole_is_refused() {
    let repo = TestRepo::new(&[]);
    repo.task(&hostile("many-files"), &format!("{GRANT}\noptions = {{count = 51}}"));
    repo.lifeos(&["run", "t"]).exits(21).says("limits.edit_files_max = 50");
    assert_eq!(repo.git(&["for-each-ref", "refs/lifeos/runs"]), "", "a part of the proposal became a candidate");
    repo.task(&hostile("many-files"), &format!("{GRANT}\noptions = {{count = 50}}"));
    repo.lifeos(&["run", "t"]).exits(0).says("(50 files");
}

#[test]
fn case_62_over_the_byte_cap_the_whole_is_refused() {
    let repo = TestRepo::new(&[]);
    let options = "options = {paths = ['a.md', 'b.md'], text = '12345678'}";
    repo.task(&hostile("create"), &format!("{GRANT}\nlimits.edit_bytes_max = 15\n{options}"));
    repo.lifeos(&["run", "t"]).exits(21).says("limits.edit_bytes_max = 15").says("to allow more, set limits.edit_bytes_max");
    assert_eq!(repo.git(&["for-each-ref", "refs/lifeos/runs"]), "");
}

#[test]
fn case_66_hidden_characters_are_not_added() {
    let ran = check("hidden-characters", &[("a.md", "a\n")], "options = {paths = ['a.md']}");
    assert_eq!(ran.exits(20).log().matches("HiddenCharacters").count(), 5, "{ran}");
    let kept = "a\u{200d}b\n";
    assert_eq!(landed(kept.as_bytes(), "b", "c"), "a\u{200d}c\n".as_bytes());
}
