//! All documents of a run with their facts, findable by path, and the ids each
//! of them has. It judges no link.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

use lifeos_sdk::{Document, Summary};

use crate::facts::{self, Facts, Word, toc_file};
use crate::site::{Choice, Site, Sites};
use crate::{place, redirects};

/// Folders of texts that were written elsewhere or to be wrong.
const FOREIGN: [&str; 12] = [
    "node_modules",
    "vendor",
    "third_party",
    "third-party",
    "fixtures",
    "__fixtures__",
    "test",
    "tests",
    "__tests__",
    "testsuite",
    "testdata",
    "__snapshots__",
];

/// Whether a path lies in such a folder.
pub(crate) fn is_foreign(path: &str) -> bool {
    place::split(path).0.split('/').any(|folder| FOREIGN.contains(&folder))
}

/// One document.
pub(crate) struct Doc<'a> {
    pub(crate) path: &'a str,
    pub(crate) facts: Facts<'a>,
    pub(crate) site: usize,
    /// Whether it is a navigation file and no document for readers.
    pub(crate) is_nav: bool,
    /// Whether its mistakes are not this repository's.
    pub(crate) is_foreign: bool,
}

/// The set.
pub(crate) struct Set<'a> {
    pub(crate) docs: Vec<Doc<'a>>,
    pub(crate) sites: Sites,
    /// Paths that are gone and lead to others.
    pub(crate) redirected: HashSet<String>,
    by_path: HashMap<&'a str, usize>,
    /// The names of all folders with documents in them, once they are needed.
    folders: OnceCell<HashSet<String>>,
    /// The ids of each document in order, once they are needed.
    anchors: Vec<OnceCell<Vec<Word>>>,
}

impl<'a> Set<'a> {
    pub(crate) fn new(summaries: &'a [Summary], config: &[Document], choice: Choice) -> Self {
        let has = |folder: &str| {
            let at = summaries.partition_point(|summary| summary.path.as_str() < folder);
            summaries.get(at).is_some_and(|summary| summary.path.starts_with(folder))
        };
        let sites = Sites::find(config, choice, has);
        let docs: Vec<Doc<'a>> = summaries.iter().map(|summary| doc(summary, &sites)).collect();
        let by_path = docs.iter().enumerate().map(|(at, doc)| (doc.path, at)).collect();
        let anchors = docs.iter().map(|_| OnceCell::new()).collect();
        Self { docs, sites, redirected: redirects::read(config), by_path, folders: OnceCell::new(), anchors }
    }

    pub(crate) fn at(&self, path: &str) -> Option<usize> {
        self.by_path.get(path).copied()
    }

    /// Whether a folder of this name has documents in it, wherever it is.
    pub(crate) fn has_folder(&self, name: &str) -> bool {
        let names = || self.docs.iter().flat_map(|doc| place::split(doc.path).0.split('/')).map(str::to_owned).collect();
        self.folders.get_or_init(names).contains(name)
    }

    pub(crate) fn site_of(&self, doc: &Doc<'_>) -> &Site {
        self.sites.get(doc.site)
    }

    /// Whether a document has an id, in the comparable form.
    pub(crate) fn has_anchor(&self, at: usize, key: &str) -> bool {
        let facts = &self.docs[at].facts;
        let ids = self.anchors[at].get_or_init(|| {
            let mut ids: Vec<Word> = facts.slugs.iter().chain(&facts.ids).copied().collect();
            ids.sort_unstable_by_key(|word| facts.text(*word));
            ids
        });
        ids.binary_search_by_key(&key, |word| facts.text(*word)).is_ok()
    }
}

fn doc<'a>(summary: &'a Summary, sites: &Sites) -> Doc<'a> {
    let path = summary.path.as_str();
    Doc {
        path,
        facts: facts::decoded(&summary.data),
        site: sites.of(path),
        is_nav: toc_file::notation(path).is_some(),
        is_foreign: is_foreign(path),
    }
}
