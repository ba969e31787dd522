//! Links of each profile against labels written by hand: `fixtures/PROFILE`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use lifeos_sdk::{Document, Summary};

use crate::facts::gather;
use crate::facts::toc_file;
use crate::resolve::{Found, Resolver};
use crate::set::Set;
use crate::site::{Choice, Profile};
use crate::source::Source;
use crate::tree::Files;
use crate::tree::tests::Fake;

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { walk(&path, found) } else { found.push(path) }
    }
}

/// The files of a profile's folder, and its labels.
fn fixture(profile: &str) -> (BTreeMap<String, String>, Vec<String>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(profile);
    let mut paths = Vec::new();
    walk(&root, &mut paths);
    let name = |path: &Path| path.strip_prefix(&root).expect("below").display().to_string();
    let mut files: BTreeMap<String, String> =
        paths.iter().map(|path| (name(path), fs::read_to_string(path).expect("text"))).collect();
    let labels = files.remove("labels.txt").expect("labels");
    (files, labels.lines().map(str::to_owned).collect())
}

fn word(found: &Found) -> &'static str {
    match found {
        Found::External => "external",
        Found::Document(_) => "document",
        Found::NoAnchor(..) => "no-anchor",
        Found::File => "file",
        Found::Folder(_) => "folder",
        Found::Unresolved(_) => "unresolved",
        Found::Broken(_) => "broken",
    }
}

fn summaries(files: &BTreeMap<String, String>) -> Vec<Summary> {
    let summary = |(path, text): (&String, &String)| {
        let source = Source::new(text);
        let data = match toc_file::notation(path) {
            Some(notation) => gather::navigation(&source, notation).encoded(),
            None if path.ends_with(".md") => gather::gather(&source, gather::Wanted::default()).facts.encoded(),
            None => return None,
        };
        Some(Summary { path: path.clone(), data })
    };
    files.iter().filter_map(summary).collect()
}

fn check(profile: &str, choice: Choice) {
    let (files, mut labels) = fixture(profile);
    let summaries = summaries(&files);
    let document = |(path, text): (&String, &String)| Document {
        path: path.clone(),
        id: String::new(),
        text: text.clone(),
        editable: false,
    };
    let config: Vec<Document> = files.iter().map(document).collect();
    let set = Set::new(&summaries, &config, choice);
    let fake = Fake(files.clone());
    let tree = Files::new(&fake);
    let resolver = Resolver::new(&set, &tree);
    let mut rows = Vec::new();
    for doc in &set.docs {
        for link in &doc.facts.links {
            let line = files[doc.path][..link.place.start as usize].matches('\n').count() + 1;
            rows.push(format!("{}:{line} {}", doc.path, word(&resolver.resolve(doc, link))));
        }
    }
    // Links of the documents that are only led to are not labelled.
    let labelled: Vec<&str> = labels.iter().filter_map(|label| label.split_once(':')).map(|(path, _)| path).collect();
    rows.retain(|row| labelled.iter().any(|path| row.strip_prefix(path).is_some_and(|rest| rest.starts_with(':'))));
    rows.sort();
    labels.sort();
    let differing: Vec<_> = rows.iter().filter(|row| !labels.contains(row)).collect();
    assert!(differing.is_empty(), "{profile}: {differing:#?}");
    assert_eq!(rows.len(), labels.len(), "{profile}");
}

#[test]
fn every_profile_resolves_as_labelled() {
    for profile in ["github", "mdbook", "hugo", "docfx", "mkdocs", "docusaurus", "other"] {
        check(profile, Choice::Auto);
    }
    check("plain", Choice::Set(Profile::Plain));
}
