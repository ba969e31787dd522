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
        if kind == "task" {
            asks(&folder.join(kind));
        }
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

const ASKS_PY: &str = r#"
from sdk import log, model, repo, rounds


def run(options, input):
    schema = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
    try:
        asked = model.user("name {{text}}", text=repo.read("a.md").text)
        answer = model.ask("title@1", model.system("Be short."), asked, schema=schema)
        log.write(f"title: {answer['title']}, first round: {not rounds.previous()}")
    except model.Refused as refused:
        log.write(f"refused: {refused.kind}")
"#;

const ASKS_JS: &str = r"
import { write } from './sdk/log.js';
import { Refused, ask, system, user } from './sdk/model.js';
import { read } from './sdk/repo.js';
import { previous } from './sdk/rounds.js';

export function run() {
  const schema = { type: 'object', properties: { title: { type: 'string' } }, required: ['title'] };
  try {
    const { title } = ask('title@1', [system('Be short.'), user('name {{text}}', { text: read('a.md').text })], { schema });
    write(`title: ${title}, first round: ${previous() ? 'False' : 'True'}`);
  } catch (refused) {
    if (!(refused instanceof Refused)) throw refused;
    write(`refused: ${refused.kind}`);
  }
}
";

/// A task asks a model in its language, and learns why nobody answers.
fn asks(folder: &Path) {
    let write = |path: &str, text: &str| {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    };
    let manifest = std::fs::read_to_string(folder.join("lifeos-plugin.toml")).expect("a manifest");
    let optional = "optional = true\n";
    write("lifeos-plugin.toml", &format!("{manifest}\n[capabilities.model]\n{optional}[capabilities.rounds]\n{optional}"));
    let (source, text) = if folder.join("app.py").exists() { ("app.py", ASKS_PY) } else { ("plugin.js", ASKS_JS) };
    write(source, text);
    std::fs::remove_dir_all(folder.join("cases")).expect("cases");
    for (case, expected) in
        [("asked", "log: info: title: of hello, first round: True\n"), ("alone", "log: info: refused: not-granted\n")]
    {
        write(&format!("cases/{case}/before/a.md"), "hello\n");
        write(&format!("cases/{case}/expected.txt"), expected);
    }
    let answer = r#"{"title": "of ${x}"}"#;
    write("cases/asked/model.toml", &format!("[[rule]]\nmatches = 'name (?<x>\\w+)'\nanswer = '{answer}'\n"));
    let component = builds(folder);
    let mut test = crate::authoring::lifeos(folder, &["plugin", "test", "--no-standard", "--component"]);
    crate::authoring::ran(test.arg(component)).exits(0).says("2 passed, 0 failed");
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
