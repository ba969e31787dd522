//! `check --new-since`: only what an older commit did not have.

use crate::rig::{Ran, TestRepo};

const TASK: &str = "[task.docs]\nplugin = 'doc-hygiene'\nread = ['**/*.md']\nedit = ['**/*.md']\n\
    limits.edit_files_max = 10000\nlimits.edit_bytes_max = 100000000\nlimits.removed_percent_max = 100\n";

/// A document with a finding that is never mended in each of so many lines.
fn document(name: &str, findings: usize) -> String {
    let long = "word ".repeat(30);
    let lines: String = (0..findings).map(|line| format!("\n{name} {line} {}\n", long.trim_end())).collect();
    format!("# {name}\n{lines}")
}

/// A large old repository: 5,000 findings in 50 documents.
fn old() -> TestRepo {
    let repo = TestRepo::new(&[]);
    for number in 0..50 {
        repo.write(&format!("docs/{number}.md"), document(&format!("Document {number}"), 100));
    }
    repo.config(TASK);
    repo
}

#[track_caller]
fn check(repo: &TestRepo) -> Ran {
    repo.lifeos(&["check", "docs", "--new-since", "HEAD~1"])
}

#[test]
fn one_new_finding_among_five_thousand_old_ones_is_one_finding() {
    let repo = old();
    let all = repo.lifeos(&["check", "docs", "--no-diff"]);
    assert_eq!(all.exits(1).stdout.lines().count(), 5000, "{all}");
    let text = document("Document 7", 100).replace("\nDocument 7 50 ", "\n#Not a heading\n\nDocument 7 50 ");
    repo.write("docs/7.md", text);
    repo.commit("one more");
    let ran = check(&repo);
    ran.exits(1).says("not shown: 5000 findings");
    let lines: Vec<&str> = ran.stdout.lines().filter(|line| line.contains(": warning ") || line.contains(": error ")).collect();
    assert!(lines.len() == 1 && lines[0].starts_with("docs/7.md:103:2: ") && lines[0].contains("MD018"), "{ran}");
}

#[test]
fn lines_and_files_that_only_moved_bring_nothing_new() {
    let repo = old();
    repo.write(
        "docs/7.md",
        format!("# Document 7\n\nA short line.\n{}", document("", 0).replace("# \n", "")) + &document("Document 7", 100)[13..],
    );
    repo.write("docs/8.md", {
        let text = document("Document 8", 100);
        let (head, tail) = text.split_at(text.find("\nDocument 8 50 ").expect("the middle"));
        let (title, head) = head.split_at(head.find('\n').expect("a line") + 1);
        format!("{title}{tail}{head}")
    });
    repo.git(&["mv", "docs/9.md", "docs/moved.md"]);
    repo.commit("moved");
    let ran = check(&repo);
    assert_eq!(ran.exits(0).says("not shown: 5000 findings").stdout, "", "{ran}");
    let json = repo.lifeos(&["check", "docs", "--new-since", "HEAD~1", "--json"]);
    let json = json.exits(0).json();
    assert_eq!(
        (json["since"]["known"].as_u64(), json["since"]["commit"].as_str()),
        (Some(5000), Some(repo.rev("HEAD~1").as_str()))
    );
}

#[test]
fn a_line_that_is_still_too_long_is_not_new() {
    let repo = old();
    repo.write("docs/7.md", document("Document 7", 100).replace("\nDocument 7 50 word", "\nDocument 7 50 another word"));
    repo.commit("rewritten");
    check(&repo).exits(0);
}

#[test]
fn an_edit_is_shown_only_with_a_new_finding() {
    let repo = TestRepo::new(&[("old.md", "# One\ntext\n"), ("new.md", "# Two\n\ntext\n")]);
    repo.config(TASK);
    repo.write("new.md", "# Two\ntext\n");
    repo.commit("one more");
    let ran = check(&repo);
    ran.exits(1).says("+++ b/new.md").keeps_quiet_about("old.md");
}

#[test]
fn a_revision_that_is_none_is_named() {
    let repo = old();
    let ran = repo.lifeos(&["check", "docs", "--new-since", "nowhere"]);
    ran.exits(2).says("`nowhere` names no commit of this clone");
}
