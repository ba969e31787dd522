//! Case 63 again: what the grant `list` shows is names and nothing else.

use crate::rig::{TestRepo, hostile};

/// The `options` that make the hostile plugin try each path.
fn options(paths: &[&str]) -> String {
    let paths = serde_json::to_string(paths).expect("JSON");
    format!("options = {{paths = {paths}}}")
}

#[test]
fn case_63_a_name_that_may_be_listed_is_a_name_and_nothing_else() {
    let repo = TestRepo::new(&[("docs/a.md", "a\n"), ("img/x.png", "hidden words\n"), ("secret/there.md", "hidden words\n")]);
    std::os::unix::fs::symlink("x.png", repo.path().join("img/link.png")).expect("a link");
    let rows = [
        ("docs/a.md", "File"),
        ("docs", "Folder"),
        ("docs/none.md", "NotFound"),
        ("img/x.png", "File"),
        ("img/link.png", "Symlink"),
        ("img", "Folder"),
        ("img/none.png", "NotFound"),
        ("imgs", "NotGranted"),
        ("secret", "NotGranted"),
        ("secret/there.md", "NotGranted"),
        ("secret/none.md", "NotGranted"),
        ("../docs", "InvalidPath"),
        ("docs/", "InvalidPath"),
        ("/docs", "InvalidPath"),
        ("", "InvalidPath"),
    ];
    let grant = "list = ['img/**']\nread = ['docs/**']\nedit = ['**']";
    let paths = rows.map(|(path, _)| path);
    repo.task(&hostile("stat"), &format!("{grant}\n{}", options(&paths)));
    let expected: String = rows.iter().map(|(path, answer)| format!("info: {path:?} {answer}\n")).collect();
    assert_eq!(repo.lifeos(&["check", "t", "--json"]).exits(0).log(), expected);
    repo.task(&hostile("list"), &format!("{grant}\n{}", options(&["**"])));
    let listed = "info: ** (1 pages): docs/a.md:File img/link.png:Symlink img/x.png:File\n";
    assert_eq!(repo.lifeos(&["check", "t", "--json"]).log(), listed);
    repo.task(&hostile("probe"), &format!("{grant}\n{}", options(&["img/x.png"])));
    let ran = repo.lifeos(&["check", "t", "--json"]);
    let denied = "read=NotGranted past=NotGranted create=NotGranted change=NotGranted delete=NotGranted\n";
    assert_eq!(ran.log(), format!("info: \"img/x.png\" {denied}"));
    ran.keeps_quiet_about("hidden words");
}
