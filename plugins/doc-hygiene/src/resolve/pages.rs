//! Where each profile looks for a destination: folders to look in, and the
//! documents behind an address on the finished site.

use std::borrow::Cow;

use crate::facts::Kind;
use crate::place;
use crate::site::{Profile, Site};

/// The folders that a destination may be relative to, in order.
pub(super) fn bases<'s>(site: &'s Site, from: &'s str, kind: Kind, written: &str) -> Vec<Cow<'s, str>> {
    let own = Cow::Borrowed(place::split(from).0);
    let source = Cow::Borrowed(site.source.as_str());
    let under = |folder: &str| Cow::Owned(format!("{}{folder}", site.root));
    let is_absolute = written.starts_with('/');
    if rest(site, written).len() != written.len() && !is_absolute {
        return vec![Cow::Borrowed(&site.root)];
    }
    match (site.profile, is_absolute) {
        (Profile::Mkdocs, _) if kind == Kind::Nav => vec![source],
        (Profile::Plain | Profile::Github | Profile::Other, true) => vec![Cow::Borrowed("")],
        (Profile::Hugo, true) => vec![source, under("static/"), under("assets/")],
        (Profile::Hugo, false) if kind == Kind::Ref => vec![own, source],
        (Profile::Hugo, false) => vec![own, source, under("static/"), under("assets/")],
        (Profile::Docusaurus, true) => vec![source, under("static/")],
        (Profile::Docusaurus, false) => vec![own, source],
        (_, true) => vec![source],
        (_, false) => vec![own],
    }
}

/// The destination without the sign for the site's root.
pub(super) fn rest<'a>(site: &Site, written: &'a str) -> &'a str {
    let sign = match site.profile {
        Profile::Docfx => "~/",
        Profile::Docusaurus => "@site/",
        _ => return written,
    };
    written.strip_prefix(sign).unwrap_or(written)
}

/// The documents that an address on the finished site may stand for.
pub(super) fn alternatives(site: &Site, from: &str, written: &str) -> Vec<String> {
    let (folder, name) = place::split(from);
    let stem = name.split('.').next().unwrap_or(name);
    let is_index = matches!(stem, "index" | "_index" | "README");
    let page = if is_index { folder.to_owned() } else { format!("{folder}{stem}/") };
    let language = from.strip_prefix(&site.source).and_then(|rest| rest.split_once('/')).map_or("", |(first, _)| first);
    let bases: Vec<String> = match (site.profile, written.starts_with('/')) {
        (Profile::Docfx, true) => return published(site, written),
        (Profile::Docfx, false) => return Vec::new(),
        (Profile::Mdbook, true) => return Vec::new(),
        (Profile::Hugo | Profile::Docusaurus, true) => {
            vec![site.source.clone(), format!("{}{language}/", site.source), site.root.clone()]
        }
        (_, true) => vec![site.source.clone()],
        (Profile::Hugo | Profile::Docusaurus | Profile::Mkdocs, false) => vec![page, folder.to_owned(), site.source.clone()],
        (_, false) => vec![folder.to_owned()],
    };
    let bare = written.strip_suffix(".html").or_else(|| written.strip_suffix(".htm")).unwrap_or(written);
    let bare = bare.strip_suffix(".md").filter(|_| site.profile == Profile::Hugo).unwrap_or(bare);
    let paths = bases.iter().filter_map(|base| place::joined(base, bare));
    paths.flat_map(|path| documents(site, &path)).collect()
}

/// A page of a docfx site by its address, whose first part stands for the
/// site's root.
fn published(site: &Site, written: &str) -> Vec<String> {
    let rest = written.trim_start_matches('/').split_once('/').map_or("", |(_, rest)| rest);
    place::joined(&site.root, rest).map(|path| format!("{path}.md")).into_iter().collect()
}

fn documents(site: &Site, path: &str) -> Vec<String> {
    let page = std::iter::once(format!("{path}.md"));
    match site.profile {
        Profile::Mdbook => page.chain(path.strip_suffix("index").map(|folder| format!("{folder}README.md"))).collect(),
        _ => page.chain(names(path)).collect(),
    }
}

/// The documents that a folder stands for on the finished site.
pub(super) fn indexes(site: &Site, path: &str) -> Vec<String> {
    match site.profile {
        Profile::Hugo | Profile::Mkdocs | Profile::Docusaurus => names(path).collect(),
        _ => Vec::new(),
    }
}

fn names(path: &str) -> impl Iterator<Item = String> {
    let join = move |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
    ["index.md", "_index.md", "README.md"].into_iter().map(join)
}
