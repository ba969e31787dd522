//! All stale places of all documents: names that a document has used since the
//! code still had them, and that the code has no more. Each with the commit that
//! took the name away; without one nothing is reported.

pub(crate) mod paths;
pub(crate) mod tell;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use lifeos_sdk::Document;

use crate::code::base::{Base, Seen};
use crate::code::define::line_for;
use crate::code::heir::{self, Heir};
use crate::document::mention::{Kind, Mention, mentions};
use crate::document::quote::quotes;
use crate::options::{is_runner, is_source};
use crate::place::{Host, Moment, Past};
use crate::survey::paths::Gone;
use crate::words::{has, runs};

/// A place in a document that no longer holds, and what proves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stale {
    pub(crate) mention: Mention,
    pub(crate) proof: Proof,
}

/// What took a name away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proof {
    pub(crate) end: Moment,
    /// The file that had the name; of a path, the whole path.
    pub(crate) file: String,
    /// The line that made the name; none of a path.
    pub(crate) line: Option<String>,
    /// What it is called now, as the document would write it.
    pub(crate) heir: Heir,
}

/// A document with its stale places, in their order.
pub(crate) struct Found<'b> {
    pub(crate) document: &'b Document,
    pub(crate) stale: Vec<Stale>,
}

/// What is looked for: a name, since when a document uses it.
type Question = (Kind, String, Moment);

/// Names that are looked for in one go.
type Names<'n> = BTreeSet<(Kind, &'n str)>;

/// Finds the stale places of all documents.
pub(crate) fn survey<'b>(base: &'b Base, host: &dyn Host, past: &Past<'_>) -> Vec<Found<'b>> {
    let programs = base.programs(host);
    let named = |document: &Document| mentions(&document.text, &quotes(&document.text), &programs);
    let named: Vec<Vec<Mention>> = base.documents.iter().map(named).collect();
    let seen = base.look(host, &named.iter().flatten().collect::<Vec<_>>());
    let mut asked: Vec<Vec<(Mention, Moment)>> = Vec::new();
    for (document, mentions) in base.documents.iter().zip(named) {
        let suspects = mentions.into_iter().filter(|mention| is_suspect(mention, base, &seen));
        asked.push(dated(document, suspects.collect(), past));
    }
    let names: Vec<Question> = asked
        .iter()
        .flatten()
        .filter(|(one, _)| one.kind != Kind::Path)
        .map(|(one, since)| (one.kind, one.name.clone(), since.clone()))
        .collect();
    let ends = ends(&names, base, host, past);
    let mut all = Vec::new();
    for (document, asked) in base.documents.iter().zip(asked) {
        let proven = asked.into_iter().filter_map(|(mention, since)| {
            let proof = match mention.kind {
                Kind::Path => of_path(paths::gone(&mention.name, &document.path, &since, base, &seen, past)?, &mention),
                kind => ends.get(&(kind, mention.name.clone(), since.commit)).cloned()?,
            };
            Some(Stale { mention, proof })
        });
        let stale: Vec<Stale> = proven.collect();
        if !stale.is_empty() {
            all.push(Found { document, stale });
        }
    }
    all
}

fn is_suspect(mention: &Mention, base: &Base, seen: &Seen) -> bool {
    match mention.kind {
        Kind::Path => !base.has_path(&mention.name),
        _ => !seen.has(mention),
    }
}

/// Names with the moment since when a document uses them.
fn dated(document: &Document, mentions: Vec<Mention>, past: &Past<'_>) -> Vec<(Mention, Moment)> {
    let mut known: BTreeMap<(Kind, String), Option<Moment>> = BTreeMap::new();
    let mut dated = Vec::new();
    for mention in mentions {
        let key = (mention.kind, mention.name.clone());
        let since = known.entry(key).or_insert_with(|| {
            let word = if mention.kind == Kind::Flag { format!("--{}", mention.name) } else { mention.name.clone() };
            past.said_since(&document.path, &|text| has(text, &word))
        });
        if let Some(since) = since.clone() {
            dated.push((mention, since));
        }
    }
    dated
}

fn of_path(gone: Gone, mention: &Mention) -> Proof {
    let written = |heir: &str| paths::written(&mention.name, &gone, heir);
    let heir = match &gone.heir {
        Heir::Certain(path) => written(path).map(Heir::Certain),
        Heir::Likely(path) => written(path).map(Heir::Likely),
        Heir::Unknown(_) => None,
    };
    let heir = heir.unwrap_or_else(|| Heir::Unknown(gone.heir.all().into_iter().map(str::to_owned).collect()));
    Proof { end: gone.end, file: gone.path, line: None, heir }
}

/// The commits that took names away, file by file; of several the last.
fn ends(questions: &[Question], base: &Base, host: &dyn Host, past: &Past<'_>) -> BTreeMap<(Kind, String, String), Proof> {
    let mut ends: BTreeMap<(Kind, String, String), Proof> = BTreeMap::new();
    if questions.is_empty() {
        return ends;
    }
    // Many names are used since the same moment: each file is looked at once for all of them.
    let mut moments: BTreeMap<&str, (&Moment, Names<'_>)> = BTreeMap::new();
    for (kind, name, since) in questions {
        moments.entry(&since.commit).or_insert_with(|| (since, BTreeSet::new())).1.insert((*kind, name));
    }
    for file in base.code.iter().filter(|path| is_source(path) || is_runner(path)) {
        // Nothing was taken out of a file that one commit made.
        if past.revisions(file).len() < 2 {
            continue;
        }
        let mut words = Words::default();
        for (since, names) in moments.values() {
            for (kind, name) in words.made_in(file, names, since, past) {
                let Some(proof) = end_in(file, kind, name, since, host, past) else { continue };
                let known = ends.entry((kind, name.to_owned(), since.commit.clone())).or_insert_with(|| proof.clone());
                if known.end.seconds < proof.end.seconds {
                    *known = proof;
                }
            }
        }
    }
    ends
}

/// The words of the revisions of one file, each read once for all moments.
#[derive(Default)]
struct Words(BTreeMap<usize, HashSet<String>>);

impl Words {
    /// The names whose words stood in a file at a moment, if it changed since.
    fn made_in<'n>(&mut self, file: &str, names: &Names<'n>, since: &Moment, past: &Past<'_>) -> Vec<(Kind, &'n str)> {
        let is_of_file = |(kind, _): &&(Kind, &str)| is_runner(file) == (*kind == Kind::Command);
        let later = past.changes_since(file, since);
        if known_at(file, later, past).is_none() || !names.iter().any(|name| is_of_file(&name)) {
            return Vec::new();
        }
        let words = self.0.entry(later).or_insert_with(|| words_at(file, later, past));
        let stands = |(kind, name): &&(Kind, &str)| {
            words.contains(*name)
                || words.contains(name.replace('-', "_").as_str())
                || *kind == Kind::Command && !words.is_empty()
        };
        names.iter().filter(is_of_file).filter(stands).copied().collect()
    }
}

/// The revision of a file before its newest `later` ones, if it changed after that. Of a file that was made later,
/// often of parts of others, it is the first one.
fn known_at(file: &str, later: usize, past: &Past<'_>) -> Option<usize> {
    let first = past.revisions(file).len().checked_sub(1)?;
    Some(later.min(first)).filter(|at| *at > 0)
}

/// The words of a file before its newest `later` revisions.
fn words_at(file: &str, later: usize, past: &Past<'_>) -> HashSet<String> {
    let then = known_at(file, later, past).and_then(|at| past.revisions(file).get(at).cloned());
    let texts = then.and_then(|then| past.texts(file, &then.commit));
    let text = texts.as_ref().and_then(|texts| texts.1.as_deref()).unwrap_or_default();
    runs(text).flat_map(|run| run.text.split('-').chain([run.text])).map(str::to_owned).collect()
}

/// The commit after a moment that took a name out of a file which made it then.
fn end_in(file: &str, kind: Kind, name: &str, since: &Moment, host: &dyn Host, past: &Past<'_>) -> Option<Proof> {
    let later = known_at(file, past.changes_since(file, since), past)?;
    let revisions = past.revisions(file);
    let then = revisions.get(later)?;
    let texts = past.texts(file, &then.commit)?;
    line_for(kind, name, texts.1.as_deref()?)?;
    for (at, revision) in revisions[..later].iter().enumerate() {
        let texts = past.texts(file, &revision.commit)?;
        let (Some(before), Some(after)) = (&texts.0, &texts.1) else { continue };
        let Some(line) = line_for(kind, name, before) else { continue };
        if line_for(kind, name, after).is_some() {
            return None;
        }
        let now = host.read(file).ok()?.text;
        let heir = heir::of(kind, name, line, (before, after), &now);
        let line = Some(line.trim().to_owned());
        return Some(Proof { end: past.moment(file, at)?, file: file.to_owned(), line, heir });
    }
    None
}

#[cfg(test)]
mod tests;
