//! Whole surveys over histories made for them.

use crate::code::base::Base;
use crate::options::Options;
use crate::place::Past;
use crate::place::tests::Made;
use crate::survey::survey;
use crate::survey::tell::finding;

/// Rule and message of all findings over a history.
fn found(made: &Made) -> Vec<(String, String)> {
    let base = Base::read(made, &Options::default()).expect("a repository");
    let past = Past::new(made);
    let all = survey(&base, made, &past);
    let findings = all.iter().flat_map(|found| found.stale.iter().map(|stale| finding(found.document, stale, false)));
    findings.map(|finding| (finding.rule, finding.message)).collect()
}

#[track_caller]
fn check(made: &Made, expected: &[(&str, &str)]) {
    let found = found(made);
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for ((rule, message), (wanted, words)) in found.iter().zip(expected) {
        assert!(rule == wanted && message.contains(words), "{rule}: {message}");
    }
}

const PARSER: &str = "fn parser() {\n    option(\"--colour\", \"how\");\n    option(\"--fast\", \"how\");\n}\n";

fn renamed() -> String {
    PARSER.replace("--colour", "--color")
}

#[test]
fn a_renamed_flag_is_found_with_its_commit() {
    let made = Made::default()
        .commit(&[("src/a.rs", Some(PARSER)), ("a.md", Some("Pass `--colour` or `--fast`.\n"))])
        .commit(&[("src/a.rs", Some(&renamed()))]);
    let words = "commit 000000000 took `option(\"--colour\", \"how\");` out of src/a.rs; it is `--color` now";
    check(&made, &[("doc-sync/renamed-flag", words)]);
}

#[test]
fn what_the_history_does_not_prove_is_not_reported() {
    // Never there; there in a test alone; gone before the document spoke of it; still there in another file.
    let never = Made::default().commit(&[("src/a.rs", Some(PARSER)), ("a.md", Some("`--quiet`\n"))]);
    check(&never, &[]);
    let test = Made::default()
        .commit(&[("tests/a.rs", Some(PARSER)), ("a.md", Some("`--colour`\n"))])
        .commit(&[("tests/a.rs", Some("x\n"))]);
    check(&test, &[]);
    let before = Made::default()
        .commit(&[("src/a.rs", Some(PARSER))])
        .commit(&[("src/a.rs", Some(&renamed()))])
        .commit(&[("a.md", Some("`--colour`\n"))]);
    check(&before, &[]);
    let moved = Made::default()
        .commit(&[("src/a.rs", Some(PARSER)), ("a.md", Some("`--colour`\n"))])
        .commit(&[("src/a.rs", Some("x\n")), ("src/b.rs", Some(PARSER))]);
    check(&moved, &[]);
    let told = Made::default()
        .commit(&[
            ("src/a.rs", Some(PARSER)),
            ("CHANGELOG.md", Some("`--colour`\n")),
            ("a.md", Some("`--colour` is deprecated.\n")),
        ])
        .commit(&[("src/a.rs", Some(&renamed()))]);
    check(&told, &[]);
}

#[test]
fn a_document_that_changed_elsewhere_is_still_stale() {
    let made = Made::default()
        .commit(&[("src/a.rs", Some(PARSER)), ("a.md", Some("`--colour`\n"))])
        .commit(&[("src/a.rs", Some(&renamed()))])
        .commit(&[("a.md", Some("`--colour`\n\nMore.\n"))]);
    check(&made, &[("doc-sync/renamed-flag", "--color")]);
}

#[test]
fn paths_are_moved_or_gone() {
    let text = "//! A file of some length, so that it is known again.\n\npub fn read_all() {}\n";
    let other = "//! Another file of some length, which goes for good.\n\npub fn write() {}\n";
    let said = "See `src/a.rs`, `src/b.rs`, `src/never.rs` and `path/to/c.rs`.\n";
    let made = Made::default().commit(&[("src/a.rs", Some(text)), ("src/b.rs", Some(other)), ("a.md", Some(said))]).commit(&[
        ("src/a.rs", None),
        ("src/b.rs", None),
        ("src/io/a.rs", Some(text)),
    ]);
    check(&made, &[("doc-sync/moved-path", "moved src/a.rs to `src/io/a.rs`"), ("doc-sync/gone-path", "removed src/b.rs")]);
}

#[test]
fn a_file_that_changed_after_it_got_another_name_is_found() {
    let text = "//! A file of some length, so that it is known again.\n\npub fn read_all() {}\n";
    // The host follows a file that moved unchanged: its revisions are those of the new name.
    let moved = Made::default()
        .commit(&[("src/old.rs", Some(text)), ("src/io/new.rs", Some(text)), ("a.md", Some("See `src/old.rs`.\n"))])
        .commit(&[("src/old.rs", None)])
        .commit(&[("src/io/new.rs", Some("//! Another text.\n"))]);
    check(&moved, &[("doc-sync/moved-path", "to `src/io/new.rs`")]);
}

#[test]
fn a_path_is_written_from_where_the_document_stands() {
    let text = "//! A file of some length, so that it is known again.\n\npub fn read_all() {}\n";
    let made = Made::default()
        .commit(&[("docs/x/a.py", Some(text)), ("docs/a.md", Some("Run `x/a.py`.\n"))])
        .commit(&[("docs/x/a.py", None), ("docs/y/a.py", Some(text))]);
    check(&made, &[("doc-sync/moved-path", "to `y/a.py`")]);
}

#[test]
fn symbols_and_commands_are_found() {
    let made = Made::default()
        .commit(&[
            ("src/a.rs", Some("pub fn read_all() {}\npub struct TextReader;\n")),
            ("Makefile", Some("docs: x\n\tmdbook\n")),
            ("a.md", Some("`TextReader::read_all()`, then `make docs`.\n")),
        ])
        .commit(&[("src/a.rs", Some("pub fn load() {}\npub struct TextReader;\n")), ("Makefile", Some("book: x\n\tmdbook\n"))]);
    check(
        &made,
        &[
            ("doc-sync/renamed-symbol", "it is `load` now"),
            ("doc-sync/renamed-command", "took `docs: x` out of Makefile; it is `book` now"),
        ],
    );
}

#[test]
fn a_name_in_a_file_that_was_made_later_is_found() {
    let text = "pub fn read_all() {}\npub struct TextReader;\n";
    let made = Made::default()
        .commit(&[("src/old.rs", Some(text)), ("a.md", Some("`TextReader::read_all()`\n"))])
        .commit(&[("src/old.rs", None), ("src/new.rs", Some(&format!("//! More.\n{text}")))])
        .commit(&[("src/new.rs", Some("//! More.\npub fn load() {}\npub struct TextReader;\n"))]);
    check(&made, &[("doc-sync/renamed-symbol", "it is `load` now")]);
}

#[test]
fn a_name_without_a_folder_is_one_beside_the_document() {
    let text = "//! A file of some length, so that it is known again.\n\npub fn read_all() {}\n";
    let made = Made::default()
        .commit(&[("main.rs", Some(text)), ("docs/init.md", Some("It makes `main.rs`.\n")), ("a.md", Some("See `main.rs`.\n"))])
        .commit(&[("main.rs", None), ("src/main_loop.rs", Some(text))]);
    check(&made, &[("doc-sync/moved-path", "to `src/main_loop.rs`")]);
}

#[test]
fn prose_elsewhere_does_not_keep_a_name() {
    let made = Made::default()
        .commit(&[("src/a.rs", Some(PARSER)), ("a.md", Some("`--colour`\n")), ("CHANGES.rst", Some("--colour\n"))])
        .commit(&[("src/a.rs", Some(&renamed()))]);
    check(&made, &[("doc-sync/renamed-flag", "--color")]);
}

#[test]
fn flags_of_other_programs_are_not_ours() {
    let text = "fn run() {\n    Command::new(\"git\").arg(\"--no-pager\");\n}\n";
    let made = Made::default()
        .commit(&[("src/a.rs", Some(text)), ("a.md", Some("`git --no-pager log` and `--no-pager`\n"))])
        .commit(&[("src/a.rs", Some("fn run() {}\n"))]);
    check(&made, &[]);
}
