//! Which generator reads a document: sites by their configuration files, each
//! governing its folder. It reads of those files what decides where documents
//! are and how ids are made, and nothing else.

use lifeos_sdk::Document;
use serde::Deserialize;

use crate::place;

/// How destinations are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Profile {
    Plain,
    Github,
    Mdbook,
    Hugo,
    Docfx,
    Mkdocs,
    Docusaurus,
    /// A generator whose rules are not known here.
    Other,
}

impl Profile {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Github => "github",
            Self::Mdbook => "mdbook",
            Self::Hugo => "hugo",
            Self::Docfx => "docfx",
            Self::Mkdocs => "mkdocs",
            Self::Docusaurus => "docusaurus",
            Self::Other => "other",
        }
    }
}

/// The option `site`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum Choice {
    #[default]
    Auto,
    Set(Profile),
}

impl TryFrom<String> for Choice {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let known = || SETTABLE.map(Profile::name).join(", ");
        let set = SETTABLE.into_iter().find(|profile| profile.name() == name).map(Self::Set);
        let auto = (name == "auto").then_some(Self::Auto);
        auto.or(set).ok_or_else(|| format!("site: there is no profile `{name}`; it is auto, or one of {}", known()))
    }
}

/// The profiles that an owner may name.
const SETTABLE: [Profile; 7] =
    [Profile::Plain, Profile::Github, Profile::Mdbook, Profile::Hugo, Profile::Docfx, Profile::Mkdocs, Profile::Docusaurus];

/// Folders whose documents Python-Markdown or Pandoc reads, each with a `/` at
/// its end: indentation and tables mean other things to them than to CommonMark.
pub(crate) fn unformatted_folders(config: &[Document], choice: Choice) -> Vec<String> {
    let of = |file: &Document| match (mkdocs_root(&file.path), place::split(&file.path)) {
        (Some(root), _) => vec![mkdocs(root, &file.text).source],
        (None, (root, "_quarto.yml")) => vec![root.to_owned()],
        _ => Vec::new(),
    };
    match choice {
        Choice::Set(Profile::Mkdocs) => vec![String::new()],
        _ => config.iter().flat_map(of).collect(),
    }
}

/// A site. Folders end in `/`, the repository's root is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Site {
    pub(crate) profile: Profile,
    /// The folder of the configuration.
    pub(crate) root: String,
    /// The folder of the documents.
    pub(crate) source: String,
    /// Whether pages, or for mdBook ids, may be made at build time.
    pub(crate) generated: bool,
    /// Whether ids are made in a way of its own.
    pub(crate) ids_unknown: bool,
}

/// All sites of a repository, the innermost first, the repository itself last.
#[derive(Debug)]
pub(crate) struct Sites(Vec<Site>);

impl Sites {
    /// Finds the sites. `has` tells whether there are documents in a folder.
    pub(crate) fn find(config: &[Document], choice: Choice, has: impl Fn(&str) -> bool) -> Self {
        let mut sites: Vec<Site> = config.iter().flat_map(|file| read(file, &has)).collect();
        let mut rest = Profile::Github;
        if let Choice::Set(profile) = choice {
            sites.retain(|site| site.profile == profile);
            rest = profile;
        }
        // What lies beside a site's configuration serves the site in a way of its own.
        let roots: Vec<String> = sites.iter().map(|site| site.root.clone()).filter(|root| !root.is_empty()).collect();
        sites.extend(roots.into_iter().flat_map(|root| other(&root)));
        sites.sort_by(|a, b| b.source.len().cmp(&a.source.len()).then_with(|| a.profile.cmp(&b.profile)));
        sites.dedup_by(|later, first| later.source == first.source && later.profile == first.profile);
        sites.push(site(rest, "", String::new()));
        Self(sites)
    }

    /// The number of the site that a document belongs to.
    pub(crate) fn of(&self, path: &str) -> usize {
        if let Some(root) = mkdocs_root(path)
            && let Some(own) = self.0.iter().position(|site| site.profile == Profile::Mkdocs && site.root == root)
        {
            return own;
        }
        let is_for_readers = is_shouted(place::split(path).1);
        let governs = |site: &Site| path.starts_with(&site.source) && !(is_for_readers && site.profile == Profile::Other);
        self.0.iter().position(governs).unwrap_or(self.0.len() - 1)
    }

    pub(crate) fn get(&self, number: usize) -> &Site {
        &self.0[number]
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Whether a document is one that people read in the repository: `README.md`.
fn is_shouted(name: &str) -> bool {
    name.bytes().take_while(|next| *next != b'.').all(|next| next.is_ascii_uppercase() || matches!(next, b'_' | b'-'))
}

fn mkdocs_root(path: &str) -> Option<&str> {
    let (root, name) = place::split(path);
    name.starts_with("mkdocs.y").then_some(root)
}

fn site(profile: Profile, root: &str, source: String) -> Site {
    Site { profile, root: root.to_owned(), source, generated: false, ids_unknown: false }
}

/// The sites that a configuration file sets up.
fn read(file: &Document, has: &impl Fn(&str) -> bool) -> Vec<Site> {
    let (root, name) = place::split(&file.path);
    let (stem, _) = name.split_once('.').unwrap_or((name, ""));
    let text = &file.text;
    match (name, stem) {
        ("book.toml", _) => vec![mdbook(root, text)],
        ("docfx.json", _) => vec![site(Profile::Docfx, root, root.to_owned())],
        (_, "mkdocs") => vec![mkdocs(root, text)],
        (_, "docusaurus") => docusaurus(root, text),
        ("_config.yml" | "conf.py" | "_quarto.yml" | "antora.yml" | "mint.json" | "docs.json", _) => other(root),
        (_, "astro" | "gatsby-config") => other(root),
        (_, "config") if root.ends_with(".vitepress/") || root.ends_with(".vuepress/") => other(parent(root)),
        (_, "hugo" | "config") => hugo(root, text, has).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn other(root: &str) -> Vec<Site> {
    vec![site(Profile::Other, root, root.to_owned())]
}

fn parent(folder: &str) -> &str {
    place::split(folder.trim_end_matches('/')).0
}

fn mdbook(root: &str, text: &str) -> Site {
    let table: toml::Table = toml::from_str(text).unwrap_or_default();
    let source = table.get("book").and_then(|book| book.get("src")).and_then(toml::Value::as_str).unwrap_or("src");
    let source = place::joined(root, source).unwrap_or_else(|| format!("{root}src"));
    let mut found = site(Profile::Mdbook, root, folder(source));
    let built_in = ["links", "index"];
    let preprocessors = table.get("preprocessor").and_then(toml::Value::as_table);
    found.generated = preprocessors.is_some_and(|all| all.keys().any(|name| !built_in.contains(&name.as_str())));
    found
}

fn mkdocs(root: &str, text: &str) -> Site {
    let source = scalar(text, "docs_dir").unwrap_or("docs");
    let source = place::joined(root, source).unwrap_or_else(|| format!("{root}docs"));
    let mut found = site(Profile::Mkdocs, root, folder(source));
    let makers = [
        "gen-files",
        "macros",
        "monorepo",
        "multirepo",
        "i18n",
        "blog",
        "mkdocstrings",
        "awesome-pages",
        "literate-nav",
        "hooks:",
    ];
    found.generated = makers.iter().any(|maker| text.contains(maker));
    found.ids_unknown = text.contains("slugify");
    found
}

fn docusaurus(root: &str, text: &str) -> Vec<Site> {
    let usual = ["docs", "blog", "i18n", "versioned_docs", "src/pages", "community"].map(str::to_owned);
    let set = text.split("path:").skip(1).filter_map(|rest| {
        let rest = rest.trim_start();
        let quote = rest.chars().next().filter(|first| matches!(first, '"' | '\'' | '`'))?;
        rest[1..].split(quote).next().map(str::to_owned)
    });
    let folders = usual.into_iter().chain(set).filter_map(|path| place::joined(root, &path));
    folders.map(|source| site(Profile::Docusaurus, root, folder(source))).collect()
}

fn hugo(root: &str, text: &str, has: &impl Fn(&str) -> bool) -> Option<Site> {
    let root = root.strip_suffix("config/_default/").unwrap_or(root);
    let content = scalar(text, "contentDir").or_else(|| scalar(text, "contentdir")).unwrap_or("content");
    let source = folder(place::joined(root, content)?);
    let mut found = site(Profile::Hugo, root, source);
    found.ids_unknown = text.contains("autoHeadingIDType") || text.contains("autoheadingidtype");
    has(&found.source).then_some(found)
}

/// A top-level scalar of YAML, TOML or JSON on a line of its own.
fn scalar<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let rest = line.trim_start_matches([' ', '"']).strip_prefix(key)?.trim_start_matches(['"', ' ']);
        let value = rest.strip_prefix([':', '='])?.split(" #").next()?;
        let value = value.trim().trim_matches([',', '"', '\'']);
        (!value.is_empty()).then_some(value)
    })
}

fn folder(path: String) -> String {
    if path.is_empty() || path.ends_with('/') { path } else { path + "/" }
}

#[cfg(test)]
mod tests {
    use lifeos_sdk::Document;

    use super::{Choice, Profile, Sites};

    fn sites(files: &[(&str, &str)], choice: Choice) -> Sites {
        let config: Vec<Document> = files
            .iter()
            .map(|(path, text)| Document {
                path: (*path).to_owned(),
                id: String::new(),
                text: (*text).to_owned(),
                editable: false,
            })
            .collect();
        Sites::find(&config, choice, |folder| folder == "web/content/")
    }

    fn check(files: &[(&str, &str)], path: &str, profile: Profile, source: &str) {
        let sites = sites(files, Choice::Auto);
        let site = sites.get(sites.of(path));
        assert_eq!((site.profile, site.source.as_str()), (profile, source), "{path}");
    }

    #[test]
    fn the_innermost_site_decides() {
        let files = [
            ("docs/docfx.json", "{}"),
            ("docs/book/book.toml", "[book]\nsrc = \"./text\"\n"),
            ("docs/other/book.toml", ""),
            ("web/hugo.toml", ""),
            ("config.toml", "x = 1"),
            ("py/mkdocs.yml", "site_name: x\ndocs_dir: 'pages' # y\n"),
            ("js/docusaurus.config.js", "docs: { path: '../guides' }"),
            ("ruby/_config.yml", ""),
        ];
        check(&files, "README.md", Profile::Github, "");
        check(&files, "docs/a.md", Profile::Docfx, "docs/");
        check(&files, "docs/book/text/a.md", Profile::Mdbook, "docs/book/text/");
        check(&files, "docs/other/src/a.md", Profile::Mdbook, "docs/other/src/");
        check(&files, "web/content/a.md", Profile::Hugo, "web/content/");
        check(&files, "content/a.md", Profile::Github, "");
        check(&files, "py/pages/a.md", Profile::Mkdocs, "py/pages/");
        check(&files, "py/mkdocs.yml", Profile::Mkdocs, "py/pages/");
        check(&files, "guides/a.md", Profile::Docusaurus, "guides/");
        check(&files, "js/README.md", Profile::Github, "");
        check(&files, "ruby/a.md", Profile::Other, "ruby/");
    }

    #[test]
    fn the_owner_may_choose() {
        let chosen = sites(&[("docs/docfx.json", "{}")], Choice::Set(Profile::Plain));
        assert_eq!(chosen.get(chosen.of("docs/a.md")).profile, Profile::Plain);
        let read = |text: &str| serde_json::from_str::<Choice>(text);
        assert_eq!(read("\"auto\"").ok(), Some(Choice::Auto));
        assert_eq!(read("\"hugo\"").ok(), Some(Choice::Set(Profile::Hugo)));
        assert!(read("\"other\"").is_err() && read("\"x\"").is_err());
    }
}
