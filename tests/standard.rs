//! The standard cases of `plugin test`: for each there is a plugin that fails it,
//! and those that behave pass all that concern them.

use crate::rig::components::{MANIFEST, task_wat, wat_with};
use crate::rig::{Ran, hostile, hostile_files};
use crate::trial::Author;

/// Asks one standard case about a plugin with this danger, over two documents.
#[track_caller]
fn asks(component: std::path::PathBuf, case: &str, options: &str) -> Ran {
    let sheet = format!("options = {{{options}}}");
    let files = [("one/before/a.md", "a\n"), ("one/before/b.md", "b\n"), ("one/before/c.md", "c\n"), ("one/case.toml", &sheet)];
    Author::of(component, &files).test(&["--case", &format!("standard/{case}")])
}

#[test]
fn every_standard_case_can_fail() {
    let rows: &[(&str, bool, &str, &str, &str)] = &[
        ("empty-repository", false, "need-file", "", "on an empty repository: the plugin stopped with a trap"),
        ("not-utf8", false, "trust-read", "", "on files of bytes that are not UTF-8: the plugin stopped with a trap"),
        ("huge-file", false, "trust-read", "", "on a file of more than 1048576 bytes: the plugin stopped with a trap"),
        ("denied-read", false, "trust-read", "paths = ['a.md']", "on cases/one: the plugin stopped with a trap"),
        ("denied-edit", false, "sane-edit", "paths = ['a.md']", "on cases/one: refused: a.md: not within the edit globs"),
        ("denied-edit", true, "edit-though-not-editable", "", "on cases/one: refused: a.md: not within the edit globs"),
        ("order-and-threads", true, "tell-order", "", "cases/one, 1 threads, order 1 differs"),
        ("second-run", true, "sane-edit", "", "a second run of cases/one/a.md differs"),
        ("limits", false, "trust-propose", "paths = ['a.md']", "on cases/one with no edit: the plugin stopped with a trap"),
        ("limits", true, "bad-rule", "", "the plugin answered outside the contract"),
        ("repeat", true, "tell-order", "", "cases/one, half of it remembered differs"),
    ];
    for (case, is_fed, danger, options, words) in rows {
        let component = if *is_fed { hostile_files(danger) } else { hostile(danger) };
        asks(component, case, options).exits(1).says(&format!("FAILED   standard/{case}")).says(words);
    }
    let asked: std::collections::BTreeSet<&str> = rows.iter().map(|(case, ..)| *case).collect();
    assert_eq!(asked, lifeos::trial::standard::names().collect());
}

#[test]
fn a_plugin_that_behaves_passes() {
    for (component, counts) in [
        (hostile("nothing"), "7 passed, 0 failed, 2 skipped"),
        (hostile_files("count-in-conclude"), "8 passed, 0 failed, 1 skipped"),
    ] {
        let author = Author::of(component, &[("one/before/a.md", "a\n")]);
        author.test(&["--bless", "--case", "one"]).exits(0);
        let ran = author.test(&[]);
        let (passed, _) = counts.split_once(' ').expect("a number");
        let all = passed.parse::<u32>().expect("a number") + 1;
        ran.exits(0)
            .says(&counts.replacen(passed, &all.to_string(), 1))
            .says("skipped  standard/second-run: no case changes a file");
    }
}

#[test]
fn a_case_that_cannot_apply_says_why() {
    let component = wat_with(&task_wat("", "", "", ""), MANIFEST);
    let author = Author::of(std::path::PathBuf::new(), &[]);
    let path = author.repo.outside().join("wat.wasm");
    std::fs::write(&path, component).expect("a component");
    let ran = Author { component: path, ..author }.test(&[]);
    ran.exits(0)
        .says("skipped  standard/not-utf8: no path in reach")
        .says("skipped  standard/denied-edit: it declares no `edit`");
    ran.says("skipped  standard/denied-read: it declares neither").says("standard/order-and-threads: a task in free form");
    ran.says("ok       standard/empty-repository").says("the plugin has no case of its own");
}

#[test]
fn a_plugin_that_refuses_its_options_passes_nothing() {
    for component in [hostile("need-option"), hostile_files("need-option")] {
        let ran = Author::of(component, &[]).test(&[]);
        ran.exits(0).says("0 passed, 0 failed, 9 skipped").says("options: missing field `needed`").says("the options {}");
    }
    // A case that is to fail has no options that are of use.
    let bad = "options.other = 'x'\nfails = 'unknown field'";
    let good = "options.needed = 'x'";
    let files = [("a/case.toml", bad), ("b/case.toml", good), ("b/expected.txt", "log: info: x\n")];

    Author::of(hostile("need-option"), &files).test(&[]).exits(0).says("ok       standard/limits");
}
