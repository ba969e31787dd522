//! `-C DIR`: as in git, every path of the command line is taken from DIR,
//! wherever lifeos was started.

use crate::rig::components::CACHE;
use crate::rig::{Ran, TestRepo, hostile};

/// The repository as it is called from where these tests start.
const DIR: &str = "../../../repo";

/// A repository with a task that has something to propose.
fn repository() -> TestRepo {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    let options = "options = {paths = ['b.md'], text = 'b'}";
    repo.task(&hostile("create"), &format!("read = ['**']\nedit = ['**']\n{options}"));
    repo
}

/// Starts lifeos in a folder from which the paths of these tests lead nowhere.
#[track_caller]
fn from_afar(repo: &TestRepo, arguments: &[&str]) -> Ran {
    let folder = repo.scratch().join("a/b");
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut command = repo.bare_command(&["-C", DIR]);
    if !arguments.contains(&"--cache-dir") {
        command.arg("--cache-dir").arg(&*CACHE);
    }
    repo.ran(&command.args(arguments).current_dir(folder).output().expect("the program starts"))
}

#[test]
fn what_is_read_is_looked_for_in_the_folder() {
    let repo = repository();
    let rows: &[&[&str]] = &[
        &["--config", "none.file", "check", "t"],
        &["--config", "none.file", "plugin", "suggest", "t"],
        &["--token", "example.org=none.file", "sync"],
        &["run", "t", "--replay", "none.file"],
        &["run", "t", "--gate-read", "none.file"],
        &["plugin", "audit", "none.file/x.wasm"],
        &["plugin", "diff", "none.file/x.wasm", "none.wasm"],
        &["plugin", "diff", "doc-hygiene", "doc-hygiene", "--replay", "none.file"],
        &["plugin", "build", "none.file"],
        &["plugin", "test", "none.file"],
        &["plugin", "test", "--component", "none.file"],
    ];
    for row in rows {
        let ran = from_afar(&repo, row);
        assert_ne!(ran.code, Some(0), "{row:?}");
        assert!(ran.stderr.contains(&format!("{DIR}/none.file")), "{row:?}\n{ran}");
    }
}

#[test]
fn what_is_written_is_put_where_the_folder_says() {
    let repo = repository();
    let rows: &[(&str, &[&str])] = &[
        ("cache", &["--cache-dir", "../scratch/cache", "check", "t"]),
        ("t.tape", &["run", "t", "--record", "../scratch/t.tape"]),
        ("page.html", &["review", "--html", "../scratch/page.html"]),
        ("new/one/Cargo.toml", &["plugin", "new", "one", "--in", "../scratch/new"]),
        (
            "junit.xml",
            &["plugin", "test", "--no-standard", "--junit", "../scratch/junit.xml", "--component", "../scratch/h.wasm"],
        ),
    ];
    std::fs::copy(hostile("nothing"), repo.scratch().join("h.wasm")).expect("a component");
    for (made, row) in rows {
        let ran = from_afar(&repo, row);
        assert!(repo.scratch().join(made).exists(), "{row:?}\n{ran}");
    }
}
