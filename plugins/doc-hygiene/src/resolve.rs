//! Where a link leads. The rule that decides arguments: a form that the
//! document's profile does not know for certain is unresolved, never broken.

use std::borrow::Cow;

use crate::facts::{Kind, Link};
use crate::place;
use crate::set::{Doc, Set};
use crate::site::{Profile, Site};
use crate::slug;
use crate::target::{Local, Target};
use crate::tree::{Files, Known};

mod pages;

/// Images, which every generator takes from where the link says.
const IMAGES: [&str; 7] = ["png", "jpg", "jpeg", "gif", "svg", "webp", "bmp"];

/// A form that is not judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Form {
    Template,
    /// Out of the site, or out of the repository.
    Outside,
    /// An address on the finished site.
    Address,
    /// The owner does not show what is there.
    Hidden,
    /// Pages that are made at build time.
    Generated,
    /// Ids that come from elsewhere.
    Ids,
}

impl Form {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Template => "template",
            Self::Outside => "outside",
            Self::Address => "address",
            Self::Hidden => "hidden",
            Self::Generated => "generated",
            Self::Ids => "ids",
        }
    }
}

/// Where a link leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Another host or scheme.
    External,
    Document(usize),
    /// The document is there and has no such id.
    NoAnchor(usize, String),
    File,
    Folder(String),
    Unresolved(Form),
    /// Nothing is there: the path that was looked for.
    Broken(String),
}

/// Resolves the links of a set.
pub(crate) struct Resolver<'a> {
    pub(crate) set: &'a Set<'a>,
    pub(crate) files: &'a Files<'a>,
    /// Documents whose content others put in.
    pub(crate) included: Vec<bool>,
}

impl<'a> Resolver<'a> {
    pub(crate) fn new(set: &'a Set<'a>, files: &'a Files<'a>) -> Self {
        let mut made = Self { set, files, included: vec![false; set.docs.len()] };
        for (at, doc) in set.docs.iter().enumerate() {
            files.begin(at);
            for link in doc.facts.links.iter().filter(|link| link.kind == Kind::Include) {
                if let Found::Document(at) = made.resolve(doc, link) {
                    made.included[at] = true;
                }
            }
        }
        made
    }

    /// Where a link of a document leads.
    pub(crate) fn resolve(&self, doc: &Doc<'_>, link: &Link) -> Found {
        self.destination(doc, link.kind, doc.facts.text(doc.facts.targets[link.target as usize]))
    }

    /// Whether a destination would lead to a document or a file.
    pub(crate) fn leads(&self, doc: &Doc<'_>, kind: Kind, text: &str) -> bool {
        matches!(self.destination(doc, kind, text), Found::Document(_) | Found::File)
    }

    fn destination(&self, doc: &Doc<'_>, kind: Kind, text: &str) -> Found {
        let local = match Target::parse(text) {
            Target::External => return Found::External,
            Target::Template => return Found::Unresolved(Form::Template),
            Target::Local(local) => local,
        };
        match (self.path(doc, kind, &local), local.fragment) {
            (Found::Document(at), Some(fragment)) => self.anchor(doc, at, fragment),
            (found, _) => found,
        }
    }

    fn path(&self, doc: &Doc<'_>, kind: Kind, local: &Local<'_>) -> Found {
        if local.path.is_empty() {
            return self.set.at(doc.path).map_or(Found::File, Found::Document);
        }
        let site = self.set.site_of(doc);
        let mut missing = None;
        let mut outcome = None;
        for base in pages::bases(site, doc.path, kind, &local.path) {
            let Some(path) = place::joined(&base, pages::rest(site, &local.path)) else {
                outcome.get_or_insert(Form::Outside);
                continue;
            };
            match self.at(&path) {
                Some(Found::Unresolved(form)) => {
                    outcome.get_or_insert(form);
                }
                Some(found) => return self.within(site, kind, &path, found),
                None => {
                    missing.get_or_insert(path);
                }
            }
        }
        let Some(missing) = missing else { return Found::Unresolved(outcome.unwrap_or(Form::Outside)) };
        if let Some(at) = pages::alternatives(site, doc.path, &local.path).iter().find_map(|path| self.set.at(path)) {
            return as_page(site, at);
        }
        if self.set.redirected.contains(&missing) {
            return Found::File;
        }
        match outcome.or_else(|| self.doubt(doc, kind, &local.path, &missing)) {
            Some(form) => Found::Unresolved(form),
            None => Found::Broken(missing),
        }
    }

    /// What is at a path; none if nothing is.
    fn at(&self, path: &str) -> Option<Found> {
        if let Some(at) = self.set.at(path) {
            return Some(Found::Document(at));
        }
        if path.is_empty() {
            return Some(Found::Folder(String::new()));
        }
        match self.files.known(path) {
            Known::File => Some(Found::File),
            Known::Folder => Some(Found::Folder(path.to_owned())),
            Known::Hidden => Some(Found::Unresolved(Form::Hidden)),
            Known::Missing => None,
        }
    }

    /// What was found, if the site reaches it.
    fn within(&self, site: &Site, kind: Kind, path: &str, found: Found) -> Found {
        let is_own = path.starts_with(&site.source) || kind == Kind::Include;
        if let Found::Folder(path) = &found
            && let Some(at) = pages::indexes(site, path).iter().find_map(|path| self.set.at(path))
        {
            return Found::Document(at);
        }
        match site.profile {
            Profile::Mdbook | Profile::Mkdocs if !is_own => Found::Unresolved(Form::Outside),
            _ => found,
        }
    }

    /// Why a missing path is not called broken.
    fn doubt(&self, doc: &Doc<'_>, kind: Kind, written: &str, missing: &str) -> Option<Form> {
        let site = self.set.site_of(doc);
        if place::is_template(doc.path) {
            return Some(Form::Template);
        }
        if site.generated && site.profile != Profile::Mdbook {
            return Some(Form::Generated);
        }
        if kind == Kind::Ref {
            return self.ref_doubt(written);
        }
        let extension = place::extension(written);
        let is = |wanted: &[&str]| extension.as_deref().is_some_and(|extension| wanted.contains(&extension));
        let is_markdown = is(&["md", "markdown"]);
        let is_absolute = written.starts_with('/');
        let knows = match site.profile {
            Profile::Plain => !is_absolute,
            Profile::Github if is(&["html", "htm"]) => false,
            Profile::Github if is_absolute => self.has_root_of(missing, 0),
            Profile::Github => extension.is_some() || written.contains('/') || is_shouted(written),
            Profile::Mdbook if kind == Kind::Include => true,
            Profile::Mdbook => !is_absolute && missing.starts_with(&site.source) && (is_markdown || is(&IMAGES)),
            Profile::Hugo => is_markdown && kind == Kind::Link,
            Profile::Docfx => match written.strip_prefix("~/") {
                Some(rest) => self.has_root_of(&format!("{}{rest}", site.root), site.root.len()),
                None if kind == Kind::Snippet && !self.files.in_other_case(missing).is_empty() => false,
                None => !is_absolute && extension.is_some() && !is(&["html", "htm", "aspx"]) && missing.starts_with(&site.source),
            },
            Profile::Mkdocs => {
                let is_file = is_markdown || kind == Kind::Link && extension.is_some() && !is(&["html"]);
                !is_absolute && is_file && kind != Kind::Html && missing.starts_with(&site.source)
            }
            Profile::Docusaurus => {
                !is_absolute && kind == Kind::Link && (is_markdown || is(&["mdx"]) || is(&IMAGES) && written.starts_with('.'))
            }
            Profile::Other => !is_absolute && kind == Kind::Link && is_markdown,
        };
        let is_page_of_another = kind == Kind::Include && !matches!(site.profile, Profile::Mdbook | Profile::Docfx);
        (!knows || is_page_of_another).then_some(Form::Address)
    }

    /// A Hugo reference is broken only if no file anywhere bears its name.
    fn ref_doubt(&self, written: &str) -> Option<Form> {
        let name = place::split(written.trim_end_matches('/')).1;
        let stem = name.strip_suffix(".md").unwrap_or(name);
        if !self.files.has_names() {
            return Some(Form::Hidden);
        }
        let is_borne = [format!("{stem}.md"), stem.to_owned()].iter().any(|name| !self.files.named(name).is_empty())
            || self.set.has_folder(stem);
        is_borne.then_some(Form::Address)
    }

    /// Whether the first folder of a path, after so many bytes of it, is one of
    /// this repository: an address on a site rarely begins like that.
    fn has_root_of(&self, missing: &str, after: usize) -> bool {
        missing[after..]
            .split_once('/')
            .is_some_and(|(first, _)| self.files.known(&missing[..after + first.len()]) == Known::Folder)
    }

    fn anchor(&self, doc: &Doc<'_>, at: usize, fragment: Cow<'_, str>) -> Found {
        let target = &self.set.docs[at];
        let site = self.set.site_of(target);
        let key = slug::key(fragment.strip_prefix("user-content-").unwrap_or(&fragment));
        if is_always_there(site.profile, &fragment) || self.set.has_anchor(at, &key) {
            return Found::Document(at);
        }
        let is_own_of_included = self.included[at] && target.path == doc.path;
        if place::is_template(doc.path) {
            return Found::Unresolved(Form::Template);
        }
        if target.facts.open || target.is_nav || site.ids_unknown || is_own_of_included || site.profile == Profile::Other {
            return Found::Unresolved(Form::Ids);
        }
        match site.profile {
            // No heading makes such an id; a preprocessor may.
            Profile::Mdbook if site.generated && fragment.contains(|next: char| next == '.' || next.is_ascii_uppercase()) => {
                Found::Unresolved(Form::Ids)
            }
            Profile::Mkdocs => self.mkdocs_anchor(at, &key, &fragment),
            _ => Found::NoAnchor(at, fragment.into_owned()),
        }
    }

    fn mkdocs_anchor(&self, at: usize, key: &str, fragment: &str) -> Found {
        let facts = &self.set.docs[at].facts;
        let base = key.rsplit_once('_').filter(|(_, number)| number.parse::<u32>().is_ok()).map_or(key, |(base, _)| base);
        let slugs = || facts.slugs.iter().map(|slug| facts.text(*slug));
        if slugs().any(|slug| slug::collapsed(slug) == slug::collapsed(key) || slug::collapsed(slug) == base) {
            return Found::Document(at);
        }
        match slugs().all(str::is_ascii) {
            true => Found::NoAnchor(at, fragment.to_owned()),
            false => Found::Unresolved(Form::Ids),
        }
    }
}

/// Whether a word is written as `LICENSE` is. Another lone word is rather the
/// name of a page or no address at all.
fn is_shouted(word: &str) -> bool {
    word.bytes().all(|next| next.is_ascii_uppercase() || matches!(next, b'_' | b'-'))
}

/// Whether a fragment leads somewhere in every document.
fn is_always_there(profile: Profile, fragment: &str) -> bool {
    let is_line = fragment.strip_prefix('L').is_some_and(|rest| rest.starts_with(|next: char| next.is_ascii_digit()));
    fragment.is_empty()
        || fragment == "top"
        || fragment.contains(":~:")
        || is_line
        || fragment.starts_with("fn") && fragment[2..].starts_with(['-', ':', 'r'])
        || fragment.starts_with("footnote")
        || fragment.starts_with("tab/") && profile == Profile::Docfx
        || fragment.contains(['/', '='])
}

/// What a document found behind an address is taken for: what GitHub shows is
/// files, so there the address is for another site.
fn as_page(site: &Site, at: usize) -> Found {
    match site.profile {
        Profile::Plain | Profile::Github | Profile::Other => Found::Unresolved(Form::Address),
        _ => Found::Document(at),
    }
}

#[cfg(test)]
mod tests;
