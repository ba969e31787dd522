//! `docs/authoring.md` as a reader follows it: its files are written and its
//! commands run, in order, from an empty folder.

use std::path::Path;
use std::process::Command;

use crate::authoring::folder;
use crate::rig::{LIFEOS, target, workspace};

/// A section of the page, with what is below it.
fn section(title: &str) -> String {
    let page = std::fs::read_to_string(workspace().join("docs/authoring.md")).expect("docs/authoring.md");
    let begin = page.split_once(&format!("\n## {title}\n")).unwrap_or_else(|| panic!("no section {title}")).1;
    begin.split("\n## ").next().unwrap_or(begin).to_owned()
}

/// A shell script of a section: commands that stand behind `$ `, and files that have a title.
fn script(section: &str) -> String {
    let mut script = "set -eu\n".to_owned();
    for block in section.split("```").skip(1).step_by(2) {
        let (about, body) = block.split_once('\n').expect("a block has lines");
        if about == "console" {
            let commands = body.lines().map(|line| line.strip_prefix("$ ").unwrap_or_else(|| panic!("no command: {line}")));
            commands.for_each(|command| script.push_str(&format!("{command}\n")));
        } else if let Some((path, rest)) = about.split_once("title=\"").and_then(|(_, rest)| rest.split_once('"')) {
            let end = if rest.contains("variables") { "END" } else { "'END'" };
            script.push_str(&format!("cat > {path} <<{end}\n{body}END\n"));
        }
    }
    script
}

/// Runs a section in an empty folder and gives what it printed.
pub(crate) fn follow(title: &str, folder: &Path, offline: bool) -> String {
    let path = std::env::join_paths(
        [Path::new(LIFEOS).parent().expect("a folder").to_owned()]
            .into_iter()
            .chain(std::env::split_paths(&std::env::var_os("PATH").expect("a PATH"))),
    );
    let mut shell = Command::new("sh");
    shell.current_dir(folder).args(["-c", &script(&section(title))]).env("PATH", path.expect("a PATH"));
    shell.env("XDG_CACHE_HOME", target().join("authoring/cache")).env("CARGO_NET_OFFLINE", offline.to_string());
    // What does not change with the page is built once.
    shell.env("CARGO_BUILD_BUILD_DIR", target().join("authoring/parts"));
    let output = shell.output().expect("a shell");
    let [printed, said] = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success(), "{title}\n{printed}\n{said}");
    printed + &said
}

#[test]
fn the_page_for_authors_leads_to_a_plugin_that_works() {
    let folder = folder("page");
    let printed = follow("A plugin in Rust", &folder, true);
    assert!(printed.contains("imports: lifeos:task/types@0.1.0 lifeos:task/log@0.1.0\n"), "{printed}");
    assert!(printed.contains("list.txt:2:1: warning tab: a tab"), "{printed}");
    assert!(printed.contains("-\tapples\n+  apples\n"), "{printed}");
}

#[test]
fn the_page_for_authors_shows_what_looks_at_the_whole_set() {
    let printed = follow("What needs the whole set", &folder("set"), true);
    assert!(printed.contains("ok       cases/twice"), "{printed}");
    assert!(printed.contains(" 0 failed"), "{printed}");
}
