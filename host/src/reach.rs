//! What a run reached, folded to folder and ending: small, and without loss
//! where a trace ends at its bound. It is made from a whole trace and kept
//! beside the record; what it says of grants is in `reach/narrow` and
//! `reach/unused`.

pub mod fold;
pub mod narrow;
pub mod unused;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use crate::glob::Globs;
use crate::path::RepoPath;
use crate::policy::{self, Capability, Policy};
use crate::repo::Base;
use crate::trace::{Call, Outcome};
use fold::Fold;

/// The name of the file beside a record.
pub const FILE: &str = "reach.json";
/// Patterns of one capability; beyond that they are folded further.
const PATTERNS_MAX: usize = 200;
/// Different subjects of refusals that are kept for one capability.
const DENIED_MAX: usize = 100;
/// Different patterns that a plugin may list by before everything that it may
/// list counts as listed.
const LISTINGS_MAX: usize = 100;
/// Entries that are looked at for what an unused pattern could have reached.
const ENTRIES_SEEN_MAX: usize = 200_000;

/// Patterns, and how many paths each stands for.
pub type Patterns = BTreeMap<String, u64>;

/// What one run reached, or several.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reached {
    /// Names that were listed or looked up, there or not.
    pub list: Patterns,
    /// Files that were read or handed over, or would have been if they were there.
    pub read: Patterns,
    /// Files that an edit was taken for.
    pub edit: Patterns,
    /// Files whose history was read.
    pub history: Patterns,
    /// What was asked for and not granted, by capability.
    pub denied: BTreeMap<String, Patterns>,
    /// The granted patterns by capability, and what came of each; of `history`
    /// and `model` the one pattern `**`.
    pub granted: BTreeMap<String, BTreeMap<String, Use>>,
}

/// What came of a granted pattern.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Use {
    /// There was nothing that it matches.
    #[default]
    Empty,
    /// There was something, and nobody wanted it.
    Idle,
    /// Something was reached by it.
    Reached,
}

/// Paths as they were reached, by capability.
#[derive(Default)]
struct Paths<'t> {
    read: BTreeSet<&'t str>,
    edit: BTreeSet<&'t str>,
    history: BTreeSet<&'t str>,
    list: BTreeSet<&'t str>,
    listings: BTreeSet<&'t str>,
    denied: BTreeMap<&'t str, Patterns>,
}

impl Reached {
    /// Folds a whole trace.
    #[must_use]
    pub fn of(trace: &[Call], base: &Base, policy: &Policy) -> Self {
        let mut paths = Paths::default();
        trace.iter().for_each(|call| paths.add(call, base, policy));
        paths.list.extend(listed(&paths.listings, base, policy));
        let policy::Reach { list, read, edit, history, model, .. } = &policy.granted;
        let asked = if trace.iter().any(|call| call.capability == "model") { Use::Reached } else { Use::Idle };
        let Paths { history: past, .. } = &paths;
        let told = if past.is_empty() { Use::Idle } else { Use::Reached };
        Self {
            list: folded(&paths.list, list),
            read: folded(&paths.read, read),
            edit: folded(&paths.edit, edit),
            history: folded(past, read),
            granted: BTreeMap::from([
                ("list".to_owned(), used(&paths.list, list, base)),
                ("read".to_owned(), used(&paths.read, read, base)),
                ("edit".to_owned(), used(&paths.edit, edit, base)),
                ("history".to_owned(), history.then(|| ("**".to_owned(), told)).into_iter().collect()),
                ("model".to_owned(), model.then(|| ("**".to_owned(), asked)).into_iter().collect()),
            ]),
            denied: paths.denied.into_iter().map(|(capability, asked)| (capability.to_owned(), asked)).collect(),
        }
    }

    /// Adds what another run reached.
    pub fn add(&mut self, other: Self) {
        let Self { list, read, edit, history, denied, granted } = other;
        let all = [(&mut self.list, list), (&mut self.read, read), (&mut self.edit, edit), (&mut self.history, history)];
        all.into_iter().for_each(|(patterns, others)| add_up(patterns, others));
        denied.into_iter().for_each(|(capability, asked)| add_up(self.denied.entry(capability).or_default(), asked));
        for (capability, patterns) in granted {
            let known = self.granted.entry(capability).or_default();
            for (pattern, used) in patterns {
                let known = known.entry(pattern).or_default();
                *known = used.max(*known);
            }
        }
    }

    /// What was reached by a capability.
    #[must_use]
    pub fn by(&self, capability: Capability) -> &Patterns {
        match capability {
            Capability::List => &self.list,
            Capability::Read => &self.read,
            Capability::Edit => &self.edit,
            Capability::History => &self.history,
            Capability::Model | Capability::Rounds => const { &Patterns::new() },
        }
    }
}

fn add_up(patterns: &mut Patterns, others: Patterns) {
    others.into_iter().for_each(|(pattern, count)| *patterns.entry(pattern).or_default() += count);
}

impl<'t> Paths<'t> {
    fn add(&mut self, call: &'t Call, base: &'t Base, policy: &Policy) {
        let subject = call.subject.as_str();
        if matches!(call.reason.as_deref(), Some("not-granted" | "invalid-path" | "protected")) {
            return self.deny(call);
        }
        match (&*call.capability, &*call.function) {
            ("list", "list-files") => {
                self.listings.insert(subject);
            }
            ("list", _) => {
                self.list.insert(subject);
                // A folder is known by a name below it.
                let below = RepoPath::new(subject).map(|path| base.below(&path)).unwrap_or_default();
                self.list.extend(below.iter().find(|entry| policy.may_list(&entry.path)).map(|entry| entry.path.as_str()));
            }
            ("read", _) => {
                self.read.insert(subject);
            }
            ("history", _) => {
                self.history.insert(subject);
                // History is that of files that may be read.
                self.read.insert(subject);
            }
            ("edit", _) if call.outcome == Outcome::Allowed => {
                self.edit.insert(subject);
                // What is there already is changed only where it may be read.
                self.read.extend(RepoPath::new(subject).ok().filter(|path| base.entry(path).is_some()).map(|_| subject));
            }
            _ => {}
        }
    }

    fn deny(&mut self, call: &'t Call) {
        let asked = self.denied.entry(&call.capability).or_default();
        if asked.len() < DENIED_MAX || asked.contains_key(&call.subject) {
            *asked.entry(call.subject.clone()).or_default() += 1;
        }
    }
}

/// Every name that listings by these patterns can have told.
fn listed<'b>(patterns: &BTreeSet<&str>, base: &'b Base, policy: &Policy) -> Vec<&'b str> {
    let wanted: Vec<&str> = patterns.iter().copied().collect();
    let parts: Vec<Globs> = wanted.chunks(crate::glob::PATTERNS_MAX).filter_map(|part| Globs::new(part).ok()).collect();
    let is_wanted = |path: &str| patterns.len() > LISTINGS_MAX || parts.iter().any(|globs| globs.matches(path));
    let names = base.entries.iter().filter(|entry| is_wanted(entry.path.as_str()) && policy.may_list(&entry.path));
    if patterns.is_empty() { Vec::new() } else { names.map(|entry| entry.path.as_str()).collect() }
}

/// Paths folded to folder and ending, but for those that the grant writes out;
/// further where there would be too many.
fn folded(paths: &BTreeSet<&str>, granted: &Globs) -> Patterns {
    let mut groups = HashMap::<(&str, &str, bool), u64>::new();
    for path in paths {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let ending = fold::ending(name).filter(|_| !granted.names(path));
        *groups.entry((folder, ending.unwrap_or(name), ending.is_some())).or_default() += 1;
    }
    let folds = groups.into_iter().map(|((folder, last, is_ending), count)| (Fold::new(folder, last, is_ending), count));
    let folds: Vec<(Fold, u64)> = folds.collect();
    let at = |height: u8| {
        let mut patterns = Patterns::new();
        folds.iter().for_each(|(fold, count)| *patterns.entry(fold.raised(height).to_string()).or_default() += count);
        patterns
    };
    let fitting = (0..=fold::HEIGHT_MAX).map(at).find(|patterns| patterns.len() <= PATTERNS_MAX);
    fitting.unwrap_or_else(|| at(fold::HEIGHT_MAX).into_iter().take(PATTERNS_MAX).collect())
}

/// The granted patterns, and what came of each.
fn used(paths: &BTreeSet<&str>, granted: &Globs, base: &Base) -> BTreeMap<String, Use> {
    let mut used = vec![Use::Empty; granted.patterns().len()];
    let there = base.entries.iter().take(ENTRIES_SEEN_MAX).map(|entry| (entry.path.as_str(), Use::Idle));
    for (path, came) in paths.iter().map(|path| (*path, Use::Reached)).chain(there) {
        // What was reached comes first, so nothing that comes now says more.
        if used.iter().all(|used| *used >= came) {
            break;
        }
        granted.matching(path).for_each(|at| used[at] = came.max(used[at]));
    }
    granted.patterns().iter().cloned().zip(used).collect()
}
