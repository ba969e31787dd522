//! What the standard cases are asked with: paths made from the manifest's globs,
//! the author's own files, and many files of one kind.

use std::collections::BTreeSet;

use crate::glob::Globs;
use crate::path::RepoPath;
use crate::plugin::manifest::ManifestError;
use crate::plugin::{Plugin, World};
use crate::policy::Limits;
use crate::trial::TrialError;
use crate::trial::case::{Case, Given};
use crate::trial::files::{File, Files, Mode};
use crate::trial::sample;

/// Paths of one kind.
const PATHS_MAX: usize = 8;
/// Files of the crowd.
const CROWD_MAX: usize = 12;
/// Fuel of each call and for each document: a plugin that never ends costs seconds here, not minutes.
const FUEL_MAX: u64 = 2_000_000_000;
/// Cases of the author that are asked about, where each costs several runs.
const FEW: usize = 8;

/// Files, and what the plugin is given with them.
pub(super) struct Base {
    /// What it is, for people.
    pub(super) name: String,
    pub(super) files: Files,
    pub(super) given: Given,
}

/// See the header.
pub(super) struct Inputs {
    /// Everything declared, and options, instruction and script of the first case that has some and is not to fail.
    pub(super) given: Given,
    /// Paths that the plugin wants and may read.
    pub(super) paths: Vec<RepoPath>,
    /// Paths of configuration files.
    pub(super) config: Vec<RepoPath>,
    /// A text such as the author has.
    pub(super) text: String,
    /// The author's cases, and at the end many files.
    pub(super) bases: Vec<Base>,
    wanted: Wanted,
}

/// Which files a plugin wants to see.
struct Wanted {
    patterns: Vec<String>,
    documents: Option<Globs>,
    readable: Globs,
}

impl Inputs {
    pub(super) fn new(plugin: &Plugin, cases: &[Case]) -> Result<Self, TrialError> {
        let wanted = Wanted::by(plugin)?;
        let good = || cases.iter().filter(|case| case.fails.is_none());
        let options = good().map(|case| &case.given.options).find(|options| *options != "{}");
        let instruction = good().find_map(|case| case.given.instruction.clone());
        let options = options.cloned().unwrap_or_else(|| "{}".to_owned());
        let script = good().find_map(|case| case.given.script.clone());
        let given = Given { instruction, script, ..Given::declared(&plugin.manifest, options)? }.frugal();
        let own: Vec<(&String, &str)> = cases.iter().flat_map(|case| wanted.texts(&case.before)).collect();
        let mut paths = apart(wanted.patterns.iter().filter_map(|pattern| sample::path(pattern, "sample")));
        paths.retain(|path| wanted.takes(path.as_str()));
        let mut ends: BTreeSet<&str> = BTreeSet::new();
        let first_of_kind = own.iter().filter(|(path, _)| ends.insert(path.rsplit('.').next().unwrap_or(path)));
        paths.extend(first_of_kind.filter_map(|(path, _)| RepoPath::new(path).ok()));
        let paths = apart(paths);
        let config = apart(plugin.manifest.config.iter().filter_map(|pattern| sample::path(pattern, "sample")));
        let text = own.first().map_or("sample\n", |(_, text)| text).to_owned();
        let mut bases: Vec<Base> = good().map(Base::of).collect();
        let crowd = wanted.crowd(&own);
        if !crowd.is_empty() {
            bases.push(Base { name: "files made from the globs".to_owned(), files: crowd, given: given.clone() });
        }
        Ok(Self { given, paths, config, text, bases, wanted })
    }

    /// A file of these bytes at each path.
    pub(super) fn each(&self, paths: &[RepoPath], bytes: &[u8]) -> Files {
        paths.iter().map(|path| (path.to_string(), File::plain(bytes))).collect()
    }

    /// Some of the author's cases, and the crowd.
    pub(super) fn few(&self) -> impl Iterator<Item = &Base> {
        let own = self.bases.len().saturating_sub(1);
        self.bases.iter().enumerate().filter(move |(at, _)| *at < FEW || *at == own).map(|(_, base)| base)
    }

    /// Files without every second one that the plugin wants, the first of them included.
    pub(super) fn half(&self, files: &Files) -> Files {
        let mut half = files.clone();
        let wanted: Vec<&String> = files.keys().filter(|path| self.wanted.takes(path)).step_by(2).collect();
        wanted.into_iter().for_each(|path| drop(half.remove(path)));
        half
    }
}

impl Given {
    /// The same with no more fuel than the standard cases spend.
    fn frugal(self) -> Self {
        let Limits { fuel_max, document_fuel_max, .. } = self.limits;
        let (fuel_max, document_fuel_max) = (fuel_max.min(FUEL_MAX), document_fuel_max.min(FUEL_MAX));
        Self { limits: Limits { fuel_max, document_fuel_max, ..self.limits }, ..self }
    }
}

impl Base {
    fn of(case: &Case) -> Self {
        Self { name: format!("cases/{}", case.name), files: case.before.clone(), given: case.given.clone().frugal() }
    }
}

impl Wanted {
    fn by(plugin: &Plugin) -> Result<Self, TrialError> {
        let manifest = &plugin.manifest;
        let is_fed = plugin.world == World::FileTask;
        let read = manifest.capabilities.read.as_ref().map_or(Vec::new(), |scope| scope.globs.clone());
        let documents = is_fed.then(|| Globs::new(&manifest.documents)).transpose().map_err(ManifestError::from)?;
        let patterns = if is_fed { manifest.documents.clone() } else { read };
        Ok(Self { patterns, documents, readable: manifest.reach()?.read })
    }

    fn takes(&self, path: &str) -> bool {
        self.documents.as_ref().is_none_or(|documents| documents.matches(path)) && self.readable.matches(path)
    }

    /// Files of a case that are texts the plugin wants.
    fn texts<'f>(&self, files: &'f Files) -> impl Iterator<Item = (&'f String, &'f str)> {
        let texts = files.iter().filter(|(path, file)| file.mode != Mode::Link && self.takes(path));
        texts.filter_map(|(path, file)| Some((path, std::str::from_utf8(&file.bytes).ok()?)))
    }

    /// Many files with the texts of the author's, or made up.
    fn crowd(&self, own: &[(&String, &str)]) -> Files {
        let open: Vec<&String> = self.patterns.iter().filter(|pattern| sample::is_open(pattern)).take(PATHS_MAX).collect();
        let made = (1..=CROWD_MAX).filter_map(|number| {
            let pattern = open.get(number % open.len().max(1))?;
            sample::path(pattern, &format!("sample-{number}"))
        });
        let made = apart_up_to(made.filter(|path| self.takes(path.as_str())), CROWD_MAX);
        let text = |at: usize| match own.get(at % own.len().max(1)) {
            Some((_, text)) => (*text).to_owned(),
            None => format!("sample {at}\n"),
        };
        made.iter().enumerate().map(|(at, path)| (path.to_string(), File::plain(text(at)))).collect()
    }
}

fn apart(paths: impl IntoIterator<Item = RepoPath>) -> Vec<RepoPath> {
    apart_up_to(paths, PATHS_MAX)
}

/// The first so many paths that can stand side by side.
fn apart_up_to(paths: impl IntoIterator<Item = RepoPath>, most: usize) -> Vec<RepoPath> {
    let mut kept: Vec<RepoPath> = Vec::new();
    let is_below = |one: &RepoPath, other: &RepoPath| one.folders().any(|folder| folder == other.as_str());
    for path in paths {
        let clashes = |other: &RepoPath| *other == path || is_below(other, &path) || is_below(&path, other);
        if kept.len() < most && !kept.iter().any(clashes) {
            kept.push(path);
        }
    }
    kept
}
