//! Plugins in Python and JavaScript. Their tools come from the installers of
//! these languages, so this is not among the tests that need nothing: `just
//! test-languages` runs it.

use std::path::Path;

use crate::authoring::{builds, does_what_its_cases_say, folder, imports, new};
use crate::book::follow;
use crate::rig::TestRepo;

/// Follows the page, then makes both kinds with the tools that it installed.
#[track_caller]
fn works(language: &str, title: &str, tools: &str) {
    let folder = folder(language);
    let printed = follow(title, &folder, false);
    assert!(printed.contains("imports: lifeos:task/types@0.1.0 lifeos:task/repo@0.1.0 lifeos:task/log@0.1.0\n"), "{printed}");
    let installed = folder.join(format!("tidy-{language}")).join(tools);
    for (kind, lent) in [("file-task", "types repo log"), ("task", "types repo edits findings log")] {
        new(&folder, &[kind, "--kind", kind, "--lang", language.replace("py", "python").as_str()]).exits(0);
        std::os::unix::fs::symlink(&installed, folder.join(kind).join(tools)).expect("a link");
        let component = builds(&folder.join(kind));
        assert_eq!(imports(&component).join(" "), lent);
        assert_eq!(does_what_its_cases_say(&folder.join(kind), &component), 2);
        denies_other_options(&component, kind);
        breaks(&folder.join(kind));
    }
}

/// An option that is misspelled, or of another type, ends the run and names itself.
fn denies_other_options(component: &Path, kind: &str) {
    for (options, named) in [("wrod = 'X'", "there is no `wrod`"), ("word = 1\nfolder = 1", "options: ")] {
        let repo = TestRepo::new(&[("a.md", "a\n")]);
        repo.task(component, &format!("read = ['**']\nedit = ['**']\n[task.t.options]\n{options}"));
        repo.lifeos(&["check", "t"]).exits(if kind == "task" { 23 } else { 2 }).says(named);
    }
}

/// A mistake of the author ends the build, and the old component stays.
fn breaks(folder: &Path) {
    let source = ["app.py", "plugin.js"].map(|name| folder.join(name)).into_iter().find(|path| path.exists()).expect("a source");
    std::fs::write(source, "import nothing_of_that_name, from").expect("a file");
    let built = folder.join("target/plugins").join(folder.file_name().expect("a name")).with_extension("wasm");
    let before = std::fs::read(&built).expect("a component");
    crate::authoring::ran(&mut crate::authoring::lifeos(folder, &["plugin", "build"])).exits(23).says("could not build");
    assert!(std::fs::read(&built).expect("a component") == before);
}

#[test]
#[ignore = "needs pip and the network: just test-languages"]
fn languages_python_builds_and_does_what_its_cases_say() {
    works("py", "A plugin in Python", ".venv");
}

#[test]
#[ignore = "needs npm and the network: just test-languages"]
fn languages_javascript_builds_and_does_what_its_cases_say() {
    works("js", "A plugin in JavaScript", "node_modules");
}
