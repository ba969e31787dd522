//! The same run everywhere: threads, order and cache change no tree id, and
//! doc hygiene over a folder of documents gives what was agreed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lifeos::candidate::Candidate;
use lifeos::check::CheckedEdit;
use lifeos::config::Config;
use lifeos::event::Events;
use lifeos::examine::{Job, Machine, Proposal, examine};
use lifeos::gate::Jail;
use lifeos::plugin::official;
use lifeos::repo::Repo;
use lifeos::sealed::SealedFolder;
use lifeos::wasm::{Compiler, Runtime};

use crate::rig::components::CACHE;
use crate::rig::{LIFEOS, TestRepo, bless, expect_file, workspace};

const TASK: &str =
    "[task.docs]\nplugin = 'doc-hygiene'\nread = ['**']\nedit = ['**/*.md']\nhistory = true\nlimits.edit_files_max = 1000\n";

/// Documents that all have something to repair, each in its own way.
fn documents() -> TestRepo {
    let repo = TestRepo::new(&[]);
    for number in 0..40 {
        let stamp = if number % 3 == 0 { "---\nlastmod: 2020-01-01\n---\n" } else { "" };
        let text = format!(
            "{stamp}# Title {number}\n* one\n* two\n\n\n\ntext{}\n## Next\n| a|b |\n|-|-|\n|{number}|2|",
            " ".repeat(number % 4)
        );
        repo.write(&format!("docs/{}/{number}.md", number % 5), text);
    }
    repo.config(TASK);
    repo
}

fn machine(cache: Option<&Path>, threads: usize, shuffle: Option<u64>) -> Machine {
    Machine {
        runtime: Runtime::new().expect("an engine"),
        cache: cache.map(|path| SealedFolder::open(path).expect("a cache")),
        compiler: Compiler { program: PathBuf::from(LIFEOS), arguments: vec!["__compile".to_owned()] },
        remembers: false,
        answers: None,
        threads,
        shows: false,
        traces: true,
        folds: false,
        jail: Jail {
            program: PathBuf::from(LIFEOS),
            readable: Vec::new(),
            links: Vec::new(),
            environment: BTreeMap::new(),
            unconfined: false,
        },
        scratch: std::env::temp_dir(),
        shuffle,
    }
}

/// What a run came to: the candidate's tree, the findings, and each new text.
struct Outcome {
    tree: String,
    findings: String,
    texts: Vec<(String, String)>,
}

impl Outcome {
    /// Asserts that nothing differs, and names the first document that does.
    #[track_caller]
    fn assert_same(&self, other: &Self, when: &str) {
        for (one, two) in self.texts.iter().zip(&other.texts) {
            assert_eq!(one, two, "{when}");
        }
        assert_eq!((&self.tree, &self.findings), (&other.tree, &other.findings), "{when}");
    }
}

fn examined(repo: &TestRepo, machine: &Machine) -> Outcome {
    let repo = Repo::discover(&repo.path()).expect("a repository");
    let base = repo.pin(repo.head().expect("a head")).expect("a base");
    let config = Config::parse(&format!("version = 1\n{TASK}")).expect("a configuration");
    let plugin = official::read("doc-hygiene").expect("the official plugin is inside: run `just test`");
    let examined = examine(&repo, base, &Job::new(&config.tasks["docs"], &plugin, None), machine, &Events::nobody());
    let examined = examined.unwrap_or_else(|error| panic!("{error}"));
    let Proposal::Checked(checked) = examined.proposal else { panic!("no edits") };
    let text = |edit: &CheckedEdit| edit.texts(&repo).expect("texts").new.unwrap_or_default();
    let texts = checked.edits().iter().map(|edit| (edit.path().to_string(), text(edit))).collect();
    let candidate = Candidate::build(&checked, &repo).expect("a candidate");
    let findings = serde_json::to_string(&examined.findings).expect("JSON");
    Outcome { tree: candidate.tree().to_string(), findings, texts }
}

#[test]
fn case_24_the_official_digest_is_that_of_the_official_bytes() {
    for name in official::names() {
        let plugin = official::read(name).expect("an official plugin");
        assert_eq!(plugin.digest, lifeos::digest::Digest::of(&plugin.bytes), "{name}: build.rs digested other bytes");
    }
}

#[test]
fn threads_order_and_cache_change_nothing() {
    let repo = documents();
    let expected = examined(&repo, &machine(Some(&CACHE), 1, None));
    assert!(expected.findings.contains("stamp/outdated") && expected.texts.len() == 40, "{}", expected.findings);
    for (threads, shuffle) in [(1, Some(1)), (2, None), (2, Some(2)), (8, None), (8, Some(3)), (64, Some(4))] {
        let found = examined(&repo, &machine(Some(&CACHE), threads, shuffle));
        expected.assert_same(&found, &format!("{threads} threads, order {shuffle:?}"));
    }
    expected.assert_same(&examined(&repo, &machine(None, 2, None)), "without a cache");
    let own = repo.scratch().join("cache");
    std::fs::create_dir(&own).expect("a folder");
    std::fs::set_permissions(&own, std::os::unix::fs::PermissionsExt::from_mode(0o700)).expect("mode");
    for temperature in ["cold", "warm"] {
        expected.assert_same(&examined(&repo, &machine(Some(&own), 2, None)), &format!("with a {temperature} cache"));
    }
}

#[test]
fn remembered_answers_change_nothing() {
    let repo = documents();
    let own = repo.scratch().join("cache");
    let remembering = |threads| Machine { remembers: true, ..machine(Some(&own), threads, None) };
    let results = || -> PathBuf {
        let files = std::fs::read_dir(&own).expect("a cache").flatten().map(|entry| entry.path());
        let mut files = files.filter(|path| path.to_string_lossy().contains("/results-"));
        files.next().expect("a file of answers")
    };
    let expected = examined(&repo, &machine(Some(&CACHE), 1, None));
    for (threads, when) in [(2, "cold"), (2, "warm"), (1, "warm, on one thread")] {
        expected.assert_same(&examined(&repo, &remembering(threads)), when);
    }
    let kept = std::fs::read(results()).expect("the answers");
    std::fs::remove_file(results()).expect("the answers");
    expected.assert_same(&examined(&repo, &remembering(2)), "with the answers deleted");
    let (other, place) = (documents(), results());
    let mut command = other.bare_command(&["check", "docs", "--cache-dir"]);
    command.arg(&own);
    other.guarded(command).exits(1);
    let all = std::fs::read_dir(&own).expect("a cache").flatten().map(|entry| entry.path());
    let foreign = all.filter(|path| *path != place && path.to_string_lossy().contains("/results-")).collect::<Vec<_>>();
    std::fs::copy(&foreign[0], &place).expect("a copy");
    assert_ne!(std::fs::read(&place).expect("the answers"), kept);
    expected.assert_same(&examined(&repo, &remembering(2)), "with the answers of another in their place");
}

#[test]
fn the_program_comes_to_the_same_tree_as_the_library() {
    let repo = documents();
    let tree = examined(&repo, &machine(Some(&CACHE), 2, None)).tree;
    for threads in ["1", "8"] {
        let ran = repo.lifeos(&["run", "docs", "--json", "--threads", threads]);
        assert_eq!(ran.exits(0).json()["tasks"][0]["record"]["candidate"]["tree"], tree, "{ran}");
    }
}

/// Files below a folder, by their names.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let name = entry.file_name().into_string().expect("a name");
        if entry.path().is_dir() {
            found.extend(files(&entry.path()).into_iter().map(|(below, bytes)| (format!("{name}/{below}"), bytes)));
        } else {
            found.push((name, std::fs::read(entry.path()).expect("a file")));
        }
    }
    found.sort();
    found
}

/// Runs one folder of `tests/cases`: `before` is committed, `expected.txt` is
/// what `check` prints, `after` is what lands, and then nothing is left to do.
fn run_case(case: &Path) {
    let repo = TestRepo::unborn();
    files(&case.join("before")).iter().for_each(|(name, bytes)| repo.write(name, bytes));
    let config = std::fs::read_to_string(case.join("lifeos.toml")).expect("lifeos.toml");
    repo.write("lifeos.toml", config);
    repo.commit("before");
    let ran = repo.lifeos(&["check", "docs"]);
    assert!(matches!(ran.code, Some(0 | 1)), "{}\n{ran}", case.display());
    expect_file(&case.join("expected.txt"), &ran.stdout);
    repo.lifeos(&["run", "docs"]).exits(0);
    let branch = if repo.rev("lifeos/docs").is_empty() { "HEAD" } else { "lifeos/docs" };
    let names = repo.git(&["ls-tree", "-r", "--name-only", branch]);
    let names: Vec<&str> = names.lines().filter(|name| *name != "lifeos.toml").collect();
    let landed: Vec<_> = names.iter().map(|name| ((*name).to_owned(), repo.show(branch, name))).collect();
    if bless() {
        for (name, bytes) in &landed {
            let path = case.join("after").join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, bytes).expect("a file");
        }
    }
    assert_eq!(landed.len(), files(&case.join("after")).len(), "{}: files", case.display());
    for ((name, found), (other, expected)) in landed.iter().zip(files(&case.join("after"))) {
        assert_eq!(*name, other, "{}", case.display());
        let (found, expected) = (String::from_utf8_lossy(found), String::from_utf8_lossy(&expected));
        assert_eq!(found, expected, "{}: {name}", case.display());
    }
    repo.git(&["checkout", "--quiet", "--detach", branch]);
    repo.lifeos(&["run", "docs", "--detailed-exitcode"]).exits(3);
}

#[test]
fn every_case_folder_comes_out_as_agreed() {
    let folder = workspace().join("tests/cases");
    let mut cases: Vec<_> = std::fs::read_dir(folder).expect("cases").flatten().map(|entry| entry.path()).collect();
    cases.retain(|path| path.is_dir());
    cases.sort();
    assert!(cases.len() > 4);
    cases.iter().for_each(|case| run_case(case));
}
