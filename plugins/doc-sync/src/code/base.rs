//! What is there today: the documents, the code, the programs it makes, and
//! which of the names that documents use stand in it. What is not told apart for
//! sure counts as there.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash as _, Hasher as _};

use lifeos_sdk::{Document, Refusal};

use crate::code::define::{derives_flags, may_be_flag, may_have_command};
use crate::document::mention::{Kind, Mention};
use crate::options::{Options, is_prose, is_runner, tells_of_the_past};
use crate::place::Host;
use crate::words::runs;

/// Documents and files of code of one run.
const DOCUMENTS_MAX: usize = 5_000;
const FILES_MAX: usize = 50_000;

/// The repository as it is.
pub(crate) struct Base {
    /// All paths whose names may be known.
    pub(crate) paths: BTreeSet<String>,
    /// Documents that tell of today.
    pub(crate) documents: Vec<Document>,
    /// Paths of the code.
    pub(crate) code: Vec<String>,
    /// What was left out, for the log.
    pub(crate) skipped: Vec<String>,
}

/// What a look at all code told.
#[derive(Default)]
pub(crate) struct Seen {
    /// Names of the documents that stand in the code, by kind.
    there: BTreeSet<(Kind, String)>,
    /// Paths by the digest of their text.
    by_text: BTreeMap<u64, Vec<String>>,
}

impl Base {
    pub(crate) fn read(host: &dyn Host, options: &Options) -> Result<Self, String> {
        let documents = listed(host, &options.documents)?;
        let skip = listed(host, &options.skip)?;
        let mut paths = listed(host, &["**".to_owned(), ".*/**".to_owned(), "**/.*".to_owned()])?;
        let code = listed(host, &options.code)?;
        paths.extend(code.iter().chain(&documents).cloned());
        let mut skipped = Vec::new();
        let told: Vec<&String> = documents.iter().filter(|path| !skip.contains(*path) && !tells_of_the_past(path)).collect();
        if told.len() > DOCUMENTS_MAX {
            skipped.push(format!("{} documents are over the bound of {DOCUMENTS_MAX}", told.len() - DOCUMENTS_MAX));
        }
        let mut read = Vec::new();
        for path in told.into_iter().take(DOCUMENTS_MAX) {
            match host.read(path) {
                Ok(document) => read.push(document),
                Err(Refusal::NotGranted | Refusal::NotAFile) => {}
                Err(refusal) => skipped.push(format!("{path}: {}", String::from(refusal))),
            }
        }
        let code: Vec<String> = code.difference(&documents).take(FILES_MAX).cloned().collect();
        Ok(Self { paths, documents: read, code, skipped })
    }

    /// The programs that the project makes, by the manifests of its packages.
    pub(crate) fn programs(&self, host: &dyn Host) -> BTreeSet<String> {
        let is_manifest =
            |path: &&String| ["Cargo.toml", "package.json", "pyproject.toml"].iter().any(|name| is_named(path, name));
        let mut programs: BTreeSet<String> = BTreeSet::new();
        for path in self.code.iter().filter(is_manifest).take(500) {
            if let Ok(document) = host.read(path) {
                programs.extend(names_in(&document));
            }
        }
        let go = self.code.iter().filter_map(|path| path.strip_suffix("/main.go")?.rsplit('/').next());
        programs.extend(go.map(str::to_owned));
        programs
    }

    /// Looks at all code for these names.
    pub(crate) fn look(&self, host: &dyn Host, mentions: &[&Mention]) -> Seen {
        let of = |kind| mentions.iter().filter(move |one| one.kind == kind).map(|one| one.name.as_str()).collect();
        let mut missing = Missing { symbols: of(Kind::Symbol), flags: of(Kind::Flag), commands: of(Kind::Command) };
        let mut seen = Seen::default();
        for Document { path, text, .. } in &self.documents {
            seen.by_text.entry(digest(text)).or_default().push(path.clone());
        }
        for path in &self.code {
            let Ok(document) = host.read(path) else { continue };
            if !is_prose(path) {
                missing.look(path, &document.text, &mut seen.there);
            }
            seen.by_text.entry(digest(&document.text)).or_default().push(path.clone());
        }
        seen
    }

    /// Whether a path leads somewhere today, from wherever it is meant.
    pub(crate) fn has_path(&self, path: &str) -> bool {
        let is_end = |known: &String| known.strip_suffix(path).is_some_and(|before| before.is_empty() || before.ends_with('/'));
        self.paths.contains(path) || self.paths.iter().any(is_end)
    }
}

impl Seen {
    pub(crate) fn has(&self, mention: &Mention) -> bool {
        self.there.contains(&(mention.kind, mention.name.clone()))
    }

    /// The files that have this very text today.
    pub(crate) fn with_text(&self, text: &str) -> &[String] {
        self.by_text.get(&digest(text)).map_or(&[], Vec::as_slice)
    }
}

/// Names that were not met up to now.
struct Missing<'m> {
    symbols: BTreeSet<&'m str>,
    flags: BTreeSet<&'m str>,
    commands: BTreeSet<&'m str>,
}

impl Missing<'_> {
    fn look(&mut self, path: &str, text: &str, there: &mut BTreeSet<(Kind, String)>) {
        let derives = derives_flags(text);
        // Once over the text, whatever the number of names.
        for run in runs(text) {
            for word in run.text.split('-') {
                if self.symbols.remove(word) {
                    there.insert((Kind::Symbol, word.to_owned()));
                }
            }
            for name in may_be_flag(run, derives) {
                // A parser may make `--no-x` of `x`.
                for name in [format!("no-{name}"), name.into_owned()] {
                    if self.flags.remove(name.as_str()) {
                        there.insert((Kind::Flag, name));
                    }
                }
            }
        }
        if is_runner(path) || path.ends_with(".mk") || path.ends_with(".just") {
            self.commands.retain(|name| {
                let is_met = may_have_command(text, name);
                if is_met {
                    there.insert((Kind::Command, (*name).to_owned()));
                }
                !is_met
            });
        }
    }
}

fn listed(host: &dyn Host, patterns: &[String]) -> Result<BTreeSet<String>, String> {
    let mut paths = BTreeSet::new();
    for pattern in patterns {
        paths.extend(host.list(pattern).map_err(|refusal| format!("{pattern}: {}", String::from(refusal)))?);
    }
    Ok(paths)
}

fn is_named(path: &str, name: &str) -> bool {
    path.rsplit('/').next() == Some(name)
}

/// Names of programs in a manifest: of packages, and of what `[[bin]]`, `bin` and `scripts` list.
fn names_in(manifest: &Document) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_scripts = false;
    for line in manifest.text.lines().map(str::trim) {
        if line.starts_with('[') {
            is_scripts = line.ends_with("scripts]");
        }
        let Some((key, value)) = line.split_once(if manifest.path.ends_with(".json") { ':' } else { '=' }) else { continue };
        let plain = |text: &str| text.trim_matches(|char: char| " \",'".contains(char)).to_owned();
        if plain(key) == "name" {
            names.push(plain(value));
        } else if is_scripts {
            names.push(plain(key));
        }
    }
    // A package of a scope has its programs by the last part.
    names.into_iter().map(|name| name.rsplit('/').next().unwrap_or_default().to_owned()).filter(|name| !name.is_empty()).collect()
}

fn digest(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_named_by_manifests() {
        let names = |path: &str, text: &str| {
            names_in(&Document { path: path.to_owned(), id: String::new(), text: text.to_owned(), editable: false })
        };
        assert_eq!(names("Cargo.toml", "[package]\nname = \"tool-lib\"\n[[bin]]\nname = 'tool'\n"), ["tool-lib", "tool"]);
        assert_eq!(names("package.json", "{\n  \"name\": \"@a/tool\",\n  \"version\": \"1\"\n}"), ["tool"]);
        assert_eq!(names("pyproject.toml", "[project]\nname = \"lib\"\n[project.scripts]\ntool = \"a:b\"\n"), ["lib", "tool"]);
    }
}
