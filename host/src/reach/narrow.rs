//! The narrowest grant that would have sufficed for what was reached, within
//! the present one. The rule is in `docs/tape.md`.

use std::collections::BTreeMap;

use super::fold::Fold;
use super::{Patterns, Reached};
use crate::glob::{self, Globs};
use crate::ledger::record::ReachText;
use crate::plugin::manifest::Manifest;
use crate::policy::{Capability, Reach};
use crate::repo::Base;

/// Patterns of one capability; with more, those of one ending become one.
pub const PATTERNS_MAX: usize = 12;

/// The narrowest grant that sufficed for `reached`; what the plugin cannot do
/// without stays, with a sentence for each capability that is kept for it.
#[must_use]
pub fn narrowed(reached: &Reached, granted: &Reach, manifest: &Manifest, base: &Base) -> (ReachText, Vec<String>) {
    let mut kept = Vec::new();
    let is_needed = |capability| manifest.need(capability).is_some_and(|need| !need.optional);
    let mut keeps = |capability: Capability, is_used: bool| {
        let stays = !is_used && granted.has(capability) && is_needed(capability);
        kept.extend(stays.then(|| format!("{capability} was not used and stays: the plugin does not start without")));
        stays
    };
    let mut patterns = |capability: Capability, reached: &Patterns| {
        let present = granted.globs(capability)?;
        let wanted = within(reached, present, base);
        Some(if keeps(capability, !wanted.is_empty()) { present.patterns().to_vec() } else { wanted })
    };
    let read = patterns(Capability::Read, &reached.read).unwrap_or_default();
    let edit = patterns(Capability::Edit, &reached.edit).unwrap_or_default();
    // Names of files that may be read need no grant of their own.
    let readable = Globs::new(&read).unwrap_or_else(|_| Globs::none());
    let names: Patterns = reached.list.iter().filter(|(name, _)| !covers(&readable, &Fold::parse(name))).map(pair).collect();
    let list = patterns(Capability::List, &names).unwrap_or_default();
    let is_told = !reached.history.is_empty();
    let history = granted.history && (is_told || keeps(Capability::History, is_told));
    // What these two cost is not a matter of paths; the owner decides.
    let (model, rounds) = (granted.model, granted.rounds);
    (ReachText { list, read, edit, history, model, rounds }, kept)
}

fn pair((name, count): (&String, &u64)) -> (String, u64) {
    (name.clone(), *count)
}

/// Patterns for what was reached, none of which covers what the grant does not.
fn within(reached: &Patterns, granted: &Globs, base: &Base) -> Vec<String> {
    let mut found = Vec::new();
    for group in grouped(reached.keys().map(|pattern| Fold::parse(pattern)).collect()) {
        let whole = Fold::common(&group).filter(|_| group.len() > 1);
        match whole.filter(|whole| covers(granted, whole)) {
            Some(whole) => found.push(whole.to_string()),
            None => group.iter().for_each(|fold| found.extend(one(fold, granted, base))),
        }
    }
    found.sort_unstable();
    found.dedup();
    found.truncate(if found.len() > glob::PATTERNS_MAX { 0 } else { found.len() });
    let is_whole = found.is_empty() && !reached.is_empty();
    if is_whole || found.iter().eq(sorted(granted).iter()) { granted.patterns().to_vec() } else { found }
}

fn sorted(granted: &Globs) -> Vec<String> {
    let mut patterns = granted.patterns().to_vec();
    patterns.sort_unstable();
    patterns
}

/// Kin are put together, the largest family first, until there are few enough.
fn grouped(folds: Vec<Fold>) -> Vec<Vec<Fold>> {
    let mut count = folds.len();
    let mut families = BTreeMap::<_, Vec<Fold>>::new();
    folds.into_iter().for_each(|fold| families.entry(fold.kin()).or_default().push(fold));
    let mut families: Vec<Vec<Fold>> = families.into_values().collect();
    families.sort_by_key(|family| std::cmp::Reverse(family.len()));
    let mut groups = Vec::new();
    for family in families {
        if count > PATTERNS_MAX && family.len() > 1 {
            count -= family.len() - 1;
            groups.push(family);
        } else {
            groups.extend(family.into_iter().map(|fold| vec![fold]));
        }
    }
    groups
}

/// One pattern, if the grant covers it; otherwise those of the grant that meet it.
fn one(fold: &Fold, granted: &Globs, base: &Base) -> Vec<String> {
    let pattern = fold.to_string();
    if covers(granted, fold) {
        return vec![pattern];
    }
    let Ok(globs) = Globs::new(&[&pattern]) else { return granted.patterns().to_vec() };
    let mut met = vec![false; granted.patterns().len()];
    let paths = base.entries.iter().map(|entry| entry.path.as_str()).filter(|path| globs.matches(path));
    paths.for_each(|path| granted.matching(path).for_each(|at| met[at] = true));
    granted.patterns().iter().zip(met).filter(|(_, met)| *met).map(|(pattern, _)| pattern.clone()).collect()
}

/// Whether the grant covers all that a pattern matches. Of patterns with `?` or
/// `[ ]` only an equal one is known to.
fn covers(granted: &Globs, fold: &Fold) -> bool {
    let pattern = fold.to_string();
    let all = granted.patterns();
    let plain: Vec<&String> = all.iter().filter(|pattern| !pattern.contains(['?', '['])).collect();
    all.contains(&pattern) || Globs::new(&plain).is_ok_and(|plain| fold.witnesses().iter().all(|witness| plain.matches(witness)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn globs(patterns: &[&str]) -> Globs {
        Globs::new(patterns).expect("globs")
    }

    #[test]
    fn a_pattern_is_covered_by_wider_ones_alone() {
        let rows: &[(&[&str], &str, bool)] = &[
            (&["**"], "docs/*.md", true),
            (&["**"], "**/*.md", true),
            (&["docs/**"], "docs/**/*.md", true),
            (&["docs/**"], "**/*.md", false),
            (&["**/*.md"], "*.md", true),
            (&["*.md", "*/*.md"], "**/*.md", false),
            (&["docs/a*.md"], "docs/*.md", false),
            (&["**"], ".github/*.yml", false),
            (&[".github/**"], ".github/*.yml", true),
            (&["[ab].md"], "a.md", false),
            (&["[ab].md", "a.md"], "a.md", true),
            (&["x?.md"], "x?.md", true),
        ];
        for (granted, pattern, expected) in rows {
            assert_eq!(covers(&globs(granted), &Fold::parse(pattern)), *expected, "{granted:?} over {pattern}");
        }
    }

    #[test]
    fn families_become_one_only_when_there_are_too_many() {
        let few = (0..PATTERNS_MAX).map(|at| Fold::parse(&format!("d{at}/*.md"))).collect::<Vec<_>>();
        assert_eq!(grouped(few.clone()).len(), PATTERNS_MAX);
        let more = few.into_iter().chain([Fold::parse("e/*.md"), Fold::parse("LICENSE")]).collect();
        let groups = grouped(more);
        assert_eq!((groups.len(), groups[0].len()), (2, PATTERNS_MAX + 1));
        assert_eq!(Fold::common(&groups[0]).expect("kin").to_string(), "**/*.md");
    }
}
