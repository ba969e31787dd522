//! Documents that nothing links to, and documents that the navigation leaves
//! out. It looks only where linking is the custom: a collection that people
//! search, or a site whose menus are made of folders, has no orphans.

use crate::globs;
use crate::issue::Issue;
use crate::links::{Judged, is_navigation};
use crate::options::{Options, Orphans};
use crate::place;
use crate::set::{Doc, Set};
use crate::site::Profile;

/// A smaller set of documents has no custom.
const DOCUMENTS_MIN: usize = 10;

/// Of ten documents, how many others must link to for it to be the custom.
const LINKED_OF_TEN: usize = 8;

/// One site's documents.
struct Group {
    has_index: bool,
    /// Documents that should be linked.
    members: Vec<usize>,
}

/// Finds both; `lines` is told what was left out.
pub(crate) fn find(set: &Set<'_>, included: &[bool], judged: &Judged, options: &Options, lines: &mut Vec<String>) -> Vec<Issue> {
    let mut issues = Vec::new();
    if let Some(doc) = set.docs.iter().find(|doc| doc.facts.unknown) {
        lines.push(format!("orphans not looked for: what {} links to is not known", doc.path));
        return issues;
    }
    let linked = linked(set, included, judged);
    for (site, group) in groups(set, options).into_iter().enumerate() {
        if group.members.is_empty() {
            continue;
        }
        let profile = set.sites.get(site).profile;
        let is_custom = is_custom(&group, profile, &linked, options.orphans);
        if !is_custom && options.orphans == Orphans::Auto {
            lines.push(format!(
                "orphans not looked for in {}/ ({}, {} documents): linking is not the custom there",
                set.sites.get(site).source.trim_end_matches('/'),
                profile.name(),
                group.members.len()
            ));
        }
        for at in group.members {
            if !linked[at] && is_custom {
                issues.push(orphan(set, at));
            } else if group.has_index && options.indexes && is_unlisted(set, included, judged, at) {
                issues.push(unlisted(set, at));
            }
        }
    }
    issues
}

fn orphan(set: &Set<'_>, at: usize) -> Issue {
    let message = format!("nothing links to {}", set.docs[at].path);
    Issue::warning("orphan/document", at, message, "link to it from where readers look for it, or remove it")
}

fn unlisted(set: &Set<'_>, at: usize) -> Issue {
    let message = match set.site_of(&set.docs[at]).profile {
        Profile::Mdbook => "linked, but not listed in SUMMARY.md: the book is made without it".to_owned(),
        _ => "linked, but not listed in the navigation".to_owned(),
    };
    Issue::warning("index/unlisted", at, message, "list it, or link to another document")
}

/// Which documents others lead to. Who links to a folder shows what is in it.
fn linked(set: &Set<'_>, included: &[bool], judged: &Judged) -> Vec<bool> {
    let folders: std::collections::HashSet<&str> = judged.folders.iter().map(String::as_str).collect();
    let is_shown = |doc: &Doc<'_>| folders.contains(place::split(doc.path).0.trim_end_matches('/'));
    set.docs.iter().enumerate().map(|(at, doc)| judged.linked[at] || included[at] || is_shown(doc)).collect()
}

fn groups(set: &Set<'_>, options: &Options) -> Vec<Group> {
    let mut groups: Vec<Group> = (0..set.sites.len()).map(|_| Group { has_index: false, members: Vec::new() }).collect();
    for (at, doc) in set.docs.iter().enumerate() {
        let group = &mut groups[doc.site];
        if is_navigation(doc, set.site_of(doc).profile) {
            group.has_index |= !doc.facts.links.is_empty();
        } else if !doc.is_foreign && !is_allowed(doc.path, options) {
            group.members.push(at);
        }
    }
    groups
}

fn is_allowed(path: &str, options: &Options) -> bool {
    path.starts_with('.') || path.contains("/.") || place::is_template(path) || globs::any(&options.orphans_allowed, path)
}

fn is_custom(group: &Group, profile: Profile, linked: &[bool], wanted: Orphans) -> bool {
    let share = group.members.iter().filter(|at| linked[**at]).count() * 10;
    let is_usual = share >= group.members.len() * LINKED_OF_TEN;
    match (wanted, profile) {
        (Orphans::Always, _) => true,
        (Orphans::Never, _) | (_, Profile::Hugo | Profile::Docusaurus | Profile::Other) => false,
        // Without a navigation of its own the site's menu is made of the files.
        (_, Profile::Mkdocs) => is_usual && group.has_index,
        _ => is_usual && (group.has_index || group.members.len() >= DOCUMENTS_MIN),
    }
}

fn is_unlisted(set: &Set<'_>, included: &[bool], judged: &Judged, at: usize) -> bool {
    let (doc, site) = (&set.docs[at], set.site_of(&set.docs[at]));
    // A docfx page may be reached from tables of others, thousands of them by
    // design; the other generators leave out what is not listed, or warn.
    let is_complete = site.profile == Profile::Mdbook || site.profile == Profile::Mkdocs && !site.generated;
    is_complete && judged.linked[at] && !judged.listed[at] && !included[at] && doc.path.starts_with(&site.source)
}
