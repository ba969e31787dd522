//! The house rules as tests: headers, floors, and the one door for each danger.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Rust files below a folder of the project: path from there, and text.
pub(crate) fn sources(folder: &str) -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            match entry.extension().and_then(|extension| extension.to_str()) {
                Some("rs") => found.push(entry),
                None if entry.is_dir() && !entry.ends_with("target") => walk(&entry, found),
                _ => {}
            }
        }
    }
    let folder = root().join(folder);
    let mut found = Vec::new();
    walk(&folder, &mut found);
    found.sort();
    let text = |path: &PathBuf| fs::read_to_string(path).expect("a source file");
    let name = |path: &PathBuf| path.strip_prefix(&folder).expect("below the folder").display().to_string();
    found.iter().map(|path| (name(path), text(path))).collect()
}

/// The code of a file without its unit tests.
fn code(text: &str) -> &str {
    text.split("\n#[cfg(test)]").next().unwrap_or(text)
}

/// The folders of code that have floors.
const FLOORED: [&str; 3] = ["host/src", "plugins/doc-hygiene/src", "plugins/doc-sync/src"];

/// The top-level module a file of such a folder belongs to.
fn module(file: &str) -> &str {
    file.split(['/', '.']).next().unwrap_or(file)
}

/// Module to floor, as ARCHITECTURE.md says under the folder's name.
fn floors(folder: &str) -> BTreeMap<String, u32> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let title = format!("## Floors of `{folder}`\n");
    let section = text.split_once(&title).unwrap_or_else(|| panic!("no section `{title}`")).1;
    let section = section.split("\n## ").next().unwrap_or(section);
    let mut floors = BTreeMap::new();
    for row in section.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let Ok(floor) = cells[1].parse::<u32>() else { continue };
        for name in cells[2].split(',') {
            floors.insert(name.trim().trim_matches('`').to_owned(), floor);
        }
    }
    floors
}

#[test]
fn every_file_says_what_it_is() {
    for folder in ["host", "plugins", "tests"] {
        for (file, text) in sources(folder) {
            assert!(text.starts_with("//! "), "{folder}/{file} has no `//!` header");
        }
    }
}

#[test]
fn files_import_only_from_floors_below() {
    let uses = regex::Regex::new(r"\b(?:crate|lifeos)::([a-z_]+)").expect("a pattern");
    for (folder, file, text) in floored() {
        let (floors, from) = (floors(folder), module(&file));
        if (folder, from) == ("host/src", "lib") {
            continue;
        }
        let floor = *floors.get(from).unwrap_or_else(|| panic!("{folder}/{file} is not in the table of ARCHITECTURE.md"));
        for (_, [to]) in uses.captures_iter(code(&text)).map(|found| found.extract()) {
            let Some(other) = floors.get(to) else { continue };
            assert!(to == from || *other < floor, "{folder}/{file} (floor {floor}) imports {to} (floor {other})");
        }
        assert!(!code(&text).contains("use super::*"), "{folder}/{file} imports everything from its parent");
    }
}

/// Folder, file and text of all code that has floors.
fn floored() -> impl Iterator<Item = (&'static str, String, String)> {
    FLOORED.into_iter().flat_map(|folder| sources(folder).into_iter().map(move |(file, text)| (folder, file, text)))
}

#[test]
fn the_tables_of_floors_name_files_that_exist() {
    for folder in FLOORED {
        for name in floors(folder).keys() {
            assert!(root().join(folder).join(name).with_extension("rs").exists(), "there is no {folder}/{name}.rs");
        }
    }
}

/// Each danger has one door: a pattern, and the files that may hold it.
#[test]
fn dangers_have_one_door() {
    let doors: &[(&str, &[&str])] = &[
        (r"\b(e?print(ln)?!|std::io::stdout|anstream::)", &["cli/term.rs", "wasm/compile.rs", "gate/supervisor.rs"]),
        (r"\benv::(set_var|remove_var|set_current_dir)\(", &[]),
        (r"\benv::(vars?|vars?_os|args?|args_os|current_\w+|home_dir|temp_dir)\(", &["cli/open.rs", "cli/term.rs"]),
        (r"\buse std::env", &[]),
        (
            r"\bfs::(write|rename|copy|hard_link|remove_\w+)\(|\bFile::create|\bOpenOptions::new\(|\bNamedTempFile\b|\bpersist\w*\(",
            &[
                "cli/file.rs",
                "gate/folder.rs",
                "gate/namespaces.rs",
                "lock.rs",
                "remote.rs",
                "remote/child.rs",
                "sealed.rs",
                "trial/files.rs",
                "trial/ground.rs",
                "writing.rs",
            ],
        ),
        (r"\bunsafe \{", &["repo.rs", "wasm/cache.rs", "gate/cell.rs", "gate/namespaces.rs"]),
        (r"\.(reference|reference_matching|reference_symbolic|set_head\w*|checkout_\w+|set_target)\(", &["refs.rs"]),
        (r"\bmove_branch\(", &["refs.rs", "land.rs"]),
        (r"\b(move_own|publish)(::<\w+>)?\(", &["refs.rs", "ledger.rs", "waiting.rs", "sync.rs"]),
        (r"\bPush \{", &["remote.rs", "land/outside.rs", "sync.rs"]),
        (
            r"\bCommand::new\(",
            &[
                "wasm/compile.rs",
                "cli/keys/asked.rs",
                "cli/plugin/build/toolchain.rs",
                "gate/cell.rs",
                "gate/jail.rs",
                "gate/supervisor.rs",
                "remote/child.rs",
            ],
        ),
        (r"\bAmbient|ambient_authority\(\)", &["lock.rs", "sealed.rs", "gate/folder.rs", "trial/files.rs"]),
        (r"\bstd::process::exit\(", &[]),
        (r"\bworkdir\(", &["repo.rs", "cli/open.rs", "cli/init.rs", "cli/doctor.rs", "cli/locked.rs", "cli/plugin/checkout.rs"]),
        (r"\bCheckedEdit \{\s*path", &["check.rs"]),
        (r"\bSystemTime::now", &["cli/open.rs"]),
        (
            r"\b(reqwest|rustls)::",
            &[
                "http.rs",
                "http/answer.rs",
                "http/resolver.rs",
                "forge/call.rs",
                "fetch/http.rs",
                "fetch/oci.rs",
                "model/anthropic.rs",
                "model/hosted.rs",
                "model/openai.rs",
                "model/transport.rs",
                "token.rs",
            ],
        ),
        (r"\bClient::builder\(", &["http.rs"]),
        (r"\bFetcher::new\(", &["cli/plugin/bring.rs"]),
    ];
    for (pattern, files) in doors {
        let pattern = regex::Regex::new(pattern).expect("a pattern");
        for (file, text) in sources("host/src") {
            let holds = pattern.is_match(code(&text));
            assert!(!holds || files.contains(&file.as_str()), "{file} holds `{pattern}`, whose door is {files:?}");
        }
    }
}

#[test]
fn only_the_wasm_folder_names_the_runtime() {
    for (file, text) in sources("host/src") {
        assert!(module(&file) == "wasm" || !code(&text).contains("wasmtime"), "{file} names wasmtime");
    }
}

#[test]
fn files_stay_small() {
    for folder in ["host/src", "plugins"] {
        for (file, text) in sources(folder) {
            let lines = code(&text).lines().count();
            assert!(lines <= 420, "{folder}/{file} has {lines} lines");
        }
    }
}

#[test]
fn the_project_speaks_of_itself_alone() {
    let words =
        regex::Regex::new(r"(?i)(^|[^a-z0-9_.-])/(work|farm)/|\bcrates\.io\b|registry\.npmjs|pypi\.org").expect("a pattern");
    let files = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "Justfile", "justw", ".ci/run", "deny.toml"];
    let mut texts: Vec<_> =
        files.iter().map(|file| ((*file).to_owned(), fs::read_to_string(root().join(file)).expect("a file"))).collect();
    texts.extend(["host", "plugins"].iter().flat_map(|folder| sources(folder)));
    for (file, text) in texts {
        assert!(!words.is_match(&text), "{file} speaks of a machine or a registry");
    }
}

#[test]
fn every_link_of_the_documents_leads_somewhere() {
    let link = regex::Regex::new(r"\]\(([^)#:]+)\)").expect("a pattern");
    let mut documents = vec![root().join("README.md"), root().join("ARCHITECTURE.md")];
    documents.extend(fs::read_dir(root().join("docs")).expect("docs").map(|entry| entry.expect("an entry").path()));
    for document in documents.iter().filter(|path| path.extension().is_some_and(|extension| extension == "md")) {
        let text = fs::read_to_string(document).expect("a document");
        for (_, [target]) in link.captures_iter(&text).map(|found| found.extract()) {
            let path = document.parent().expect("a folder").join(target);
            assert!(path.exists(), "{} links to {target}, which is not there", document.display());
        }
    }
}

#[test]
fn the_table_of_folders_names_every_file_below_one() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let section = text.split_once("## Folders of `host/src`\n").expect("the table").1.split("\n## ").next().unwrap_or_default();
    for (file, _) in sources("host/src") {
        let parts: Vec<&str> = file.trim_end_matches(".rs").split('/').collect();
        let [folder, .., name] = parts.as_slice() else { continue };
        if *folder == "cli" {
            continue;
        }
        let row = section.lines().find(|row| row.split('|').nth(1).is_some_and(|cell| cell.contains(&format!("`{folder}`"))));
        let row = row.unwrap_or_else(|| panic!("{folder}/ has no row"));
        assert!(row.contains(&format!("`{name}`")), "{file} is not in the row of {folder}/");
    }
}
