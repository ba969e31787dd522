//! Links that lead nowhere, in another case, or to an id that is not there;
//! and who links to whom. It finds where a broken link should lead if that is
//! beyond doubt, and leaves the writing to [`crate::repair`].

use std::cell::Cell;
use std::collections::BTreeMap;

use lifeos_sdk::Severity;

use crate::facts::{Kind, Link};
use crate::issue::{Change, Fix, Issue};
use crate::place;
use crate::resolve::{Form, Found, Resolver};
use crate::set::Doc;
use crate::site::Profile;
use crate::slug;
use crate::target::{Local, Target};

/// File names that say nothing of the content: a file of the same name
/// elsewhere is another one.
const GENERIC: [&str; 38] = [
    "image",
    "img",
    "picture",
    "photo",
    "figure",
    "fig",
    "screenshot",
    "screen",
    "diagram",
    "logo",
    "icon",
    "banner",
    "cover",
    "thumbnail",
    "charter",
    "roadmap",
    "governance",
    "security",
    "notes",
    "glossary",
    "readme",
    "index",
    "_index",
    "summary",
    "toc",
    "changelog",
    "license",
    "contributing",
    "intro",
    "introduction",
    "overview",
    "faq",
    "usage",
    "setup",
    "install",
    "getting-started",
    "main",
    "mod",
];

/// Endings of files that are looked for under the name of a missing one.
const MOVABLE: [&str; 10] = ["md", "markdown", "mdx", "png", "jpg", "jpeg", "gif", "svg", "webp", "avif"];

/// How many pairs of ids a run compares to find renamed headings.
const COMPARISONS_MAX: usize = 200_000;

/// What the links of a set show.
#[derive(Default)]
pub(crate) struct Judged {
    pub(crate) issues: Vec<Issue>,
    /// For each document whether another one, or a navigation, leads to it.
    pub(crate) linked: Vec<bool>,
    /// Folders that are linked as such.
    pub(crate) folders: Vec<String>,
    /// For each document whether a navigation lists it.
    pub(crate) listed: Vec<bool>,
    /// How many links were not judged, by profile and form.
    pub(crate) unresolved: BTreeMap<(Profile, Form), usize>,
    /// Where those are, if that is wanted.
    pub(crate) notes: Vec<Issue>,
}

/// Judges all links.
pub(crate) fn judge(resolver: &Resolver<'_>, report_unresolved: bool) -> Judged {
    let count = resolver.set.docs.len();
    let judged = Judged { linked: vec![false; count], listed: vec![false; count], ..Judged::default() };
    let mut judge = Judge { resolver, judged, report_unresolved, comparisons: Cell::new(0) };
    for (at, doc) in resolver.set.docs.iter().enumerate() {
        resolver.files.begin(at);
        let mut known: Vec<Option<(Kind, Found)>> = vec![None; doc.facts.targets.len()];
        for link in &doc.facts.links {
            let slot = &mut known[link.target as usize];
            if slot.as_ref().is_none_or(|(kind, _)| *kind != link.kind) {
                *slot = Some((link.kind, resolver.resolve(doc, link)));
            }
            if let Some((_, found)) = slot {
                judge.link(at, doc, link, found);
            }
        }
    }
    judge.judged
}

/// Whether a document is the navigation of its site.
pub(crate) fn is_navigation(doc: &Doc<'_>, profile: Profile) -> bool {
    doc.is_nav || profile == Profile::Mdbook && place::split(doc.path).1 == "SUMMARY.md"
}

struct Judge<'a> {
    resolver: &'a Resolver<'a>,
    judged: Judged,
    report_unresolved: bool,
    comparisons: Cell<usize>,
}

impl Judge<'_> {
    fn link(&mut self, at: usize, doc: &Doc<'_>, link: &Link, found: &Found) {
        match found {
            Found::External | Found::File => {}
            Found::Folder(path) => self.judged.folders.push(path.clone()),
            Found::Document(to) => self.uses(at, doc, *to),
            Found::Unresolved(form) => self.unresolved(at, doc, link, *form),
            Found::NoAnchor(to, fragment) => {
                self.uses(at, doc, *to);
                if !doc.is_foreign {
                    let issue = self.no_anchor(at, link, *to, fragment);
                    self.judged.issues.push(issue);
                }
            }
            Found::Broken(missing) => {
                for path in self.resolver.files.in_other_case(missing) {
                    if let Some(to) = self.resolver.set.at(path) {
                        self.uses(at, doc, to);
                    }
                }
                if !doc.is_foreign {
                    let issue = self.broken(at, doc, link, missing);
                    self.judged.issues.push(issue);
                }
            }
        }
    }

    fn uses(&mut self, from: usize, doc: &Doc<'_>, to: usize) {
        if from == to {
            return;
        }
        self.judged.linked[to] = true;
        if is_navigation(doc, self.resolver.set.site_of(doc).profile) {
            self.judged.listed[to] = true;
        }
    }

    fn unresolved(&mut self, at: usize, doc: &Doc<'_>, link: &Link, form: Form) {
        let profile = self.resolver.set.site_of(doc).profile;
        *self.judged.unresolved.entry((profile, form)).or_default() += 1;
        if self.report_unresolved {
            let message = format!("`{}` is not judged: {} in profile {}", written(doc, link), form.name(), profile.name());
            let issue = Issue::warning("link/unresolved", at, message, "nothing needs to be done").at(link.place);
            self.judged.notes.push(Issue { severity: Severity::Note, ..issue });
        }
    }

    fn no_anchor(&self, at: usize, link: &Link, to: usize, fragment: &str) -> Issue {
        let target = &self.resolver.set.docs[to];
        let near = self.near(to, fragment);
        let message = match &near {
            Some(near) => format!("{} has no `#{fragment}`; near is `#{near}`", target.path),
            None => format!("{} has no `#{fragment}`", target.path),
        };
        // Some generators write ids in a form of their own, of which only the comparable one is known.
        let is_sure = !matches!(self.resolver.set.site_of(target).profile, Profile::Mkdocs | Profile::Other);
        let fix = near.filter(|_| is_sure && is_fixable(link));
        let fix = fix.map(|near| Fix { place: link.place, change: Change::Fragment(near) });
        let help = "link to a heading that is there, or give the place an id";
        Issue { fix, ..Issue::warning("link/anchor", at, message, help).at(link.place) }
    }

    /// The one heading of a document whose id is near.
    fn near(&self, to: usize, fragment: &str) -> Option<String> {
        let facts = &self.resolver.set.docs[to].facts;
        let key = slug::key(fragment);
        let spent = self.comparisons.get() + facts.slugs.len();
        if spent > COMPARISONS_MAX {
            return None;
        }
        self.comparisons.set(spent);
        let mut near = facts.slugs.iter().map(|slug| facts.text(*slug)).filter(|slug| slug::near(slug, &key));
        let first = near.next()?;
        near.next().is_none().then(|| first.to_owned())
    }

    fn broken(&self, at: usize, doc: &Doc<'_>, link: &Link, missing: &str) -> Issue {
        let written = written(doc, link);
        let files = self.resolver.files;
        let in_other_case = files.in_other_case(missing);
        if let [first, rest @ ..] = in_other_case.as_slice() {
            let message = format!("`{written}` is written in another case: the file is {first}");
            let fix = if rest.is_empty() { self.path_fix(doc, link, first) } else { None };
            let help = "write the path as the file is named: most servers and file systems tell cases apart";
            return Issue { fix, ..Issue::warning("link/case", at, message, help).at(link.place) };
        }
        let moved = self.moved(missing).filter(|path| *path != doc.path && !crate::set::is_foreign(path));
        let message = match moved {
            Some(path) => format!("`{written}` leads nowhere: there is no {missing}, but {path}"),
            None => format!("`{written}` leads nowhere: there is no {missing}"),
        };
        let fix = moved.and_then(|path| self.path_fix(doc, link, path));
        let help = "link to what is there, or take the link out";
        Issue { severity: Severity::Error, fix, ..Issue::warning("link/broken", at, message, help).at(link.place) }
    }

    /// The one file that bears the name, if the name says what is in it.
    fn moved(&self, missing: &str) -> Option<&str> {
        let name = place::split(missing).1;
        let stem = name.split('.').next().unwrap_or(name).to_ascii_lowercase();
        // Only a document or an image is what its name says, wherever it is.
        let is_one = place::extension(name).is_some_and(|extension| MOVABLE.contains(&extension.as_str()));
        // `image1` says no more than `image`.
        let word = stem.trim_end_matches(|next: char| next.is_ascii_digit() || matches!(next, '-' | '_' | ' '));
        if word.is_empty() || GENERIC.contains(&word) || !is_one {
            return None;
        }
        match self.resolver.files.named(name).as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }

    /// The fix that leads to a path, if the link then leads there.
    fn path_fix(&self, doc: &Doc<'_>, link: &Link, path: &str) -> Option<Fix> {
        let text = written(doc, link);
        let Target::Local(Local { path: old, fragment }) = Target::parse(text) else { return None };
        let site = self.resolver.set.site_of(doc);
        let new = if old.starts_with('/') {
            (site.profile == Profile::Github).then(|| format!("/{path}"))?
        } else if let Some(sign) = ["~/", "@site/"].into_iter().find(|sign| old.starts_with(sign)) {
            format!("{sign}{}", path.strip_prefix(site.root.as_str())?)
        } else {
            let relative = place::relative(place::split(doc.path).0, path);
            if old.starts_with("./") && !relative.starts_with("../") { format!("./{relative}") } else { relative }
        };
        let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
        let leads = self.resolver.leads(doc, link.kind, &format!("{}{fragment}", crate::repair::encoded(&new, false)));
        (leads && is_fixable(link)).then_some(Fix { place: link.place, change: Change::Path(new) })
    }
}

fn is_fixable(link: &Link) -> bool {
    link.exact && !matches!(link.kind, Kind::Ref | Kind::Nav)
}

fn written<'d>(doc: &'d Doc<'_>, link: &Link) -> &'d str {
    doc.facts.text(doc.facts.targets[link.target as usize])
}
