//! `lifeos plugin add`, `list` and `remove`, over components that lie in the
//! repository: names, paths, new tasks, and what is not let in.

use std::path::Path;

use crate::lock::{FILE, calling, component, listed, text};
use crate::rig::components::{MANIFEST, task_wat, wat_with};
use crate::rig::{Ran, TestRepo, hostile};

#[test]
fn names_are_the_lock_s_own() {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    repo.write("x.wasm", component("{}"));
    let add = |arguments: &[&str]| repo.lifeos(&[&["plugin", "add"], arguments].concat());
    add(&["x.wasm", "--name", "doc-hygiene"]).exits(2).says("the name of an official plugin");
    for name in ["", "A", "a/b", "..", "a.wasm", "-a", &"x".repeat(41), "a\u{1b}[31m"] {
        add(&["x.wasm", &format!("--name={name}")]).exits(2).says("1 to 40 of a-z 0-9 -");
    }
    add(&["doc-hygiene"]).exits(2).says("there is nothing to add");
    add(&["wat"]).exits(2).says("lifeos.lock has no plugin wat");
    add(&["none.wasm"]).exits(2).says("none.wasm");
    add(&["."]).exits(2);
    repo.unguarded(&["plugin", "add", "x.wasm", "--name", "mine"]).exits(0);
    repo.config("[task.t]\nplugin = 'mime'\n");
    repo.lifeos(&["check", "t"]).exits(2).says("did you mean `mine`?");
    add(&["mime"]).exits(2).says("did you mean `mine`?");
    repo.config("[task.t]\nplugin = 'https://example.org/x.wasm'\n");
    repo.lifeos(&["check", "t"]).exits(2).says("lifeos.lock has no plugin from https://example.org/x.wasm");
    // One source is one entry: it keeps its name, and cannot have two.
    repo.unguarded(&["plugin", "add", "./x.wasm"]).exits(0).says("mine 0.1.0");
    add(&["x.wasm", "--name", "other"]).exits(2).says("have one source");
    // A name that a newer lifeos carries itself is told of, and nothing of that name runs.
    repo.write("lifeos.lock", text(&repo).replace("plugin.mine", "plugin.doc-hygiene"));
    repo.config("[task.t]\nplugin = 'doc-hygiene'\n");
    repo.lifeos(&["check", "t"]).exits(20).says("doc-hygiene is an official plugin of this lifeos, and one of lifeos.lock");
}

#[test]
fn a_component_outside_of_the_repository_is_told_of() {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    let place = repo.scratch().join("x.wasm");
    std::fs::write(&place, component("{}")).expect("a component");
    let place = place.display().to_string();
    repo.config(&format!("[task.t]\nplugin = '{place}'\n"));
    repo.lifeos(&["run", "t"]).exits(20).says("runs a component that is not pinned").says("lifeos plugin add");
    repo.unguarded(&["plugin", "add", &place]).exits(0).says("outside of the repository");
    repo.commit("lock");
    repo.lifeos(&["run", "t"]).exits(0);
    repo.lifeos(&["plugin", "list"]).exits(0).says("outside of the repository");
    assert_eq!(listed(&repo, "wat")["is_outside"], true);
    std::fs::remove_file(Path::new(&repo.scratch().join("x.wasm"))).expect("gone");
    repo.lifeos(&["run", "t"]).exits(2);
    repo.lifeos(&["plugin", "fetch"]).exits(2);
}

#[test]
fn a_new_task_is_granted_what_is_declared_and_nothing_that_was_there_changes() {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    repo.write(FILE, component(r#"{"read": {"globs": ["docs/**", "a.md"]}, "edit": {"globs": ["docs/**"]}, "history": {}}"#));
    let before = "# Mine.\nversion = 1 # of this form\n\n[task.other]\nplugin = 'doc-hygiene'   # kept";
    repo.write("lifeos.toml", before);
    let added = repo.unguarded(&["plugin", "add", FILE, "--task", "t", "--json"]);
    let value = added.exits(0).json();
    assert_eq!((value["name"].as_str(), value["tasks"][0].as_str()), (Some("wat"), Some("t")));
    let after = std::fs::read_to_string(repo.path().join("lifeos.toml")).expect("lifeos.toml");
    assert!(after.starts_with(before) && after.ends_with(value["table"].as_str().expect("a table")), "{after}");
    repo.commit("task");
    repo.lifeos(&["run", "t"]).exits(0);
    repo.unguarded(&["plugin", "add", FILE, "--task", "t"]).exits(0).says("the same bytes").says("audit/unused-grant");
    repo.lifeos(&["plugin", "add", FILE, "--task", "other"]).exits(2).says("the task other has another plugin");
    for odd in ["No Name", "x]\nedit = [\"**\"]\n[task.y", ""] {
        repo.lifeos(&["plugin", "add", FILE, &format!("--task={odd}")]).exits(2).says("a task's name is");
    }
    assert_eq!(std::fs::read_to_string(repo.path().join("lifeos.toml")).expect("lifeos.toml"), after);
}

#[test]
fn what_would_not_load_is_not_let_in() {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    let rows = [
        (wat_with(&task_wat("(import \"wasi:http/types@0.2.6\" (instance))", "", "", ""), MANIFEST), 20, "wasi:http"),
        (calling("edits", "{}"), 20, "does not declare `capabilities.edit`"),
        (
            wat_with(
                &task_wat("(import \"lifeos:task/repo@0.1.0\" (instance (export \"no-such\" (func))))", "", "", ""),
                MANIFEST,
            ),
            20,
            "repo",
        ),
        (
            wat_with(
                &task_wat("(import \"lifeos:task/log@0.1.0\" (instance (export \"no-such\" (func))))", "", "", ""),
                MANIFEST,
            ),
            2,
            "no-such",
        ),
        (b"\0asm\x01\0\0\0".to_vec(), 2, "core WebAssembly module"),
    ];
    for (bytes, code, words) in rows {
        repo.write("x.wasm", bytes);
        repo.lifeos(&["plugin", "add", "./x.wasm"]).exits(code).says(words);
    }
}

#[test]
fn the_functions_of_a_plugin_are_listed_and_a_removed_one_is_gone() {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    repo.write("h.wasm", std::fs::read(hostile("everything")).expect("a component"));
    repo.config(
        "[task.t]
plugin = 'hostile'
",
    );
    repo.unguarded(&["plugin", "add", "h.wasm"]).exits(0).says("propose    propose to change, create or delete files");
    let plugin = listed(&repo, "hostile");
    let imports = plugin["imports"].as_array().expect("imports").clone();
    assert!(imports.contains(&"lifeos:task/edits@0.1.0#propose".into()), "{plugin}");
    assert_eq!((&plugin["is_here"], &plugin["is_compiled"]), (&true.into(), &true.into()));
    repo.lifeos(&["plugin", "remove", "hostil"]).exits(2).says("did you mean `hostile`?");
    let held =
        std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(repo.path().join(".git/lifeos/run.lock"));
    let held = held.expect("the lock of runs");
    held.lock().expect("held");
    repo.lifeos(&["plugin", "remove", "hostile"]).exits(41);
    drop(held);
    let removed: Ran = repo.unguarded(&["plugin", "remove", "hostile"]);
    removed.exits(0).says("still in lifeos.toml").says("t");
    repo.commit("removed");
    repo.lifeos(&["run", "t"]).exits(2).says("no plugin named `hostile`");
}
